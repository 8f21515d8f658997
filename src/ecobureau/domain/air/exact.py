"""Means and percentiles of many series at once, exact to the last digit: whole steps of a millionth, no float sums."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SCALE = 1_000_000
Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]
Bools = NDArray[np.bool_]


class OffGrid(ValueError):
    """A value has more than six decimals, or is infinite or too large: round it first, or use the scalar form."""


def steps_of(values: ArrayLike) -> tuple[Wholes, Bools]:
    """Return values as whole millionths, and which are there.

    Args:
        values: floats of any shape, each standing for its shortest text; NaN = missing.

    Returns:
        Whole numbers of the same shape, 0 where missing, and a mask of those that are there.

    Raises:
        OffGrid: a value has more than six decimals or is not below 10⁹.
    """
    given = np.asarray(values, dtype=np.float64)
    there: Bools = ~np.isnan(given)
    filled = np.where(there, given, 0.0)
    with np.errstate(over="ignore"):
        steps = np.rint(filled * SCALE)
    if not ((steps / SCALE == filled) & (np.abs(filled) < 1e9)).all():
        raise OffGrid("values with more than 6 decimals")
    return steps.astype(np.int64), there


def rounded_ratio(numerators: Wholes, denominators: Wholes, digits: int) -> Floats:
    """Return `numerators / denominators / 10⁶`, rounded half to even to `digits` decimals; NaN over zero.

    Args:
        numerators: sums of whole millionths.
        denominators: what they are divided by, not negative.
        digits: 0 to 6.
    """
    over = denominators * (SCALE // 10**digits)
    safe = np.where(over == 0, 1, over)
    low = numerators // safe
    rest = 2 * (numerators - low * safe)
    whole = low + ((rest > safe) | ((rest == safe) & (low % 2 == 1)))
    found: Floats = np.where(over == 0, np.nan, whole / 10.0**digits)
    return found


def exact_means(values: ArrayLike, digits: int, *, need: int = 1) -> tuple[Floats, Wholes]:
    """Return the mean over the last axis, rounded once by GB/T 8170.

    Args:
        values: floats, NaN = missing.
        digits: decimals of the mean.
        need: how many values must be there.

    Returns:
        Means (NaN where fewer than `need` are there) and how many are there.

    Raises:
        OffGrid: see `steps_of`.
    """
    steps, there = steps_of(values)
    counts: Wholes = there.sum(axis=-1, dtype=np.int64)
    means = rounded_ratio(steps.sum(axis=-1), counts, digits)
    means[counts < need] = np.nan
    return means, counts


def exact_percentiles(values: ArrayLike, percent: int, digits: int) -> tuple[Floats, Wholes]:
    """Return the percentile over the last axis (HJ 663-2013 appendix A), rounded once by GB/T 8170.

    Args:
        values: floats, NaN = missing.
        percent: 0 to 100.
        digits: decimals of the result.

    Returns:
        Percentiles (NaN where nothing is there) and how many values are there.

    Raises:
        OffGrid: see `steps_of`.
    """
    steps, there = steps_of(values)
    counts: Wholes = there.sum(axis=-1, dtype=np.int64)
    if not steps.shape[-1]:
        return np.full(counts.shape, np.nan), counts
    ranked = np.sort(np.where(there, steps, np.iinfo(np.int64).max), axis=-1)
    reach = np.maximum(counts - 1, 0) * percent
    at, rest = reach // 100, reach % 100
    above = np.minimum(at + 1, np.maximum(counts - 1, 0))
    lower = _taken(ranked, np.where(counts == 0, 0, at))
    upper = _taken(ranked, np.where(counts == 0, 0, above))
    lower, upper = np.where(counts == 0, 0, lower), np.where(counts == 0, 0, upper)
    sums = lower * (100 - rest) + upper * rest
    return rounded_ratio(sums, np.where(counts == 0, 0, 100), digits), counts


def _taken(ranked: NDArray[Any], at: NDArray[Any]) -> Wholes:
    found: Wholes = np.take_along_axis(ranked, at[..., np.newaxis], axis=-1)[..., 0]
    return found
