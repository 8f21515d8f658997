"""Means, multiples and shares of many values at once, with the very numbers of the scalar forms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.rounding import half_even_array
from ecobureau.domain.water.classes import Classes, Floats
from ecobureau.domain.water.exceed import multiple
from ecobureau.domain.water.means import mean
from ecobureau.domain.water.rules import WaterClass
from ecobureau.domain.water.sections import Shares

Ints = NDArray[np.int64]
_MOST_DECIMALS = 9
_EXACT = float(2**52)
_NEAR = 1e-6
"""How near to a half a quotient of floats may come before it is reckoned exactly."""


def group_means(values: Floats, groups: Ints) -> tuple[Ints, Floats, Ints]:
    """Return the means of groups (months of stations, sections of rivers …), each the number of `means.mean`.

    Args:
        values: shape (n,), in one unit; NaN, not finite and below zero do not count.
        groups: shape (n,), the group of each value.

    Returns:
        The groups in ascending order (k,), their means (k,) with NaN where nothing counts, and how many counted (k,).
    """
    keys, place = np.unique(groups, return_inverse=True)
    usable = np.isfinite(values) & (values >= 0.0)
    kept, where = values[usable], place[usable]
    counts = np.bincount(where, minlength=len(keys)).astype(np.int64)
    found = np.full(len(keys), np.nan)
    scale = _scale(kept)
    if scale is None:
        for at in np.flatnonzero(counts).tolist():
            found[at] = mean(kept[where == at].tolist())
        return keys, found, counts
    sums = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sums, where, np.rint(kept * scale).astype(np.int64))
    for at in np.flatnonzero(counts).tolist():
        found[at] = float(Fraction(int(sums[at]), int(counts[at]) * int(scale)))
    return keys, found, counts


def _scale(values: Floats) -> float | None:
    """Return the power of ten that makes whole numbers of decimals exactly, None where there is none in reach."""
    largest = float(values.max(initial=0.0)) * max(1, values.size)
    for digits in range(_MOST_DECIMALS + 1):
        scale = 10.0**digits
        if largest * scale >= _EXACT:
            return None
        if np.array_equal(np.rint(values * scale) / scale, values):
            return scale
    return None


def multiple_array(values: Floats, limit: float, decimals: int = 1) -> Floats:
    """Return (C - S) / S of many values, rounded as `multiple` does; NaN where there is no value.

    Args:
        values: shape (n,), in the unit of the limit.
    """
    with np.errstate(invalid="ignore"):
        exact = (values - limit) / limit
        found = half_even_array(exact, decimals)
        steps = np.abs(exact) * 10.0**decimals
        near = np.abs(steps - np.floor(steps) - 0.5) < _NEAR
    for at in np.flatnonzero(near):
        found[at] = float(multiple(float(values[at]), limit, decimals))
    return found


def shares_array(classes: Classes) -> Shares:
    """Return the shares of classes as `assess_array` gives them (0 = none, does not count)."""
    counts = np.bincount(classes.astype(np.int64), minlength=WaterClass.WORSE + 1)
    return Shares(tuple(int(one) for one in counts[1:]))
