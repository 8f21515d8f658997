"""Arithmetic of sound levels: energy means, percentiles, day-night level. Levels in dB(A).

One routine reckons many groups at once; the scalar functions are that routine on one group, so both give the same
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.explain import Derivation, Input, Step
from ecobureau.domain.rounding import plain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_HOURS, NIGHT_HOURS = 16, 8
"""Lengths of day and night; a night is eight hours wherever it begins."""


class NoLevels(ValueError):
    """There is no level to reckon with."""


@dataclass(frozen=True, slots=True)
class Described:
    """Statistics of groups of levels, each array of shape (groups,).

    Attributes:
        leq: 10 lg of the mean energy. l10, l50, l90: levels exceeded 10, 50, 90 % of the time. lmin, lmax.
        sd: standard deviation (n - 1), NaN for a single level. count: levels in the group.
    """

    leq: Floats
    l10: Floats
    l50: Floats
    l90: Floats
    sd: Floats
    lmin: Floats
    lmax: Floats
    count: Ints


def describe_groups(levels: Floats, groups: Ints) -> tuple[Ints, Described]:
    """Return the groups that occur, in ascending order, and their statistics.

    Args:
        levels: shape (n,), finite, in dB(A), each for the same length of time.
        groups: shape (n,), the group of each level.

    Returns:
        The groups (k,), and their statistics.

    Raises:
        NoLevels: a level is not finite.

    Source: GB 3096-2008 (Leq, percentiles by descending order: L10 is the ascending 90th percentile, linear between).
    """
    if not np.isfinite(levels).all():
        raise NoLevels("levels must be finite")
    order = np.lexsort((levels, groups))
    sorted_levels, sorted_groups = levels[order], groups[order]
    starts = np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]]) if len(levels) else np.array([], int)
    counts = np.diff(np.r_[starts, len(levels)]).astype(np.int64)
    if not len(starts):
        empty = np.array([], dtype=np.float64)
        return starts.astype(np.int64), Described(empty, empty, empty, empty, empty, empty, empty, counts)
    energy = np.add.reduceat(np.power(10.0, sorted_levels / 10.0), starts)
    leq = 10.0 * np.log10(energy / counts)
    mean = np.add.reduceat(sorted_levels, starts) / counts
    square = np.add.reduceat((sorted_levels - np.repeat(mean, counts)) ** 2, starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.where(counts > 1, np.sqrt(square / (counts - 1)), np.nan)
    ranks = [_ranked(sorted_levels, starts, counts, share) for share in (0.9, 0.5, 0.1)]
    lmin, lmax = sorted_levels[starts], sorted_levels[starts + counts - 1]
    return sorted_groups[starts], Described(leq, ranks[0], ranks[1], ranks[2], sd, lmin, lmax, counts)


def _ranked(levels: Floats, starts: Ints, counts: Ints, share: float) -> Floats:
    place = (counts - 1) * share
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, counts - 1)
    below, above = levels[starts + low], levels[starts + high]
    found: Floats = below + (above - below) * (place - low)
    return found


def describe(levels: Sequence[float] | Floats) -> Described:
    """Return the statistics of one series (arrays of one element).

    Raises:
        NoLevels: no level, or one is not finite.
    """
    given = np.asarray(levels, dtype=np.float64)
    if not given.size:
        raise NoLevels("no levels")
    return describe_groups(given, np.zeros(given.size, dtype=np.int64))[1]


def leq(levels: Sequence[float] | Floats) -> float:
    """Return the equivalent level of levels of equal length: 10 lg(mean(10^(L/10))).

    Raises:
        NoLevels: no level, or one is not finite.

    >>> round(leq([50.0, 60.0]), 2), leq([55.0])
    (57.4, 55.0)
    """
    return float(describe(levels).leq[0])


def percentile_level(levels: Sequence[float] | Floats, share: float) -> float:
    """Return L_N: the level that is exceeded `share` percent of the time (0 … 100).

    Raises:
        NoLevels: no level, or one is not finite. ValueError: share out of 0 … 100.

    >>> percentile_level([40.0, 50.0, 60.0], 50)
    50.0
    """
    if not 0 <= share <= 100:
        raise ValueError(f"share {share!r} is not within 0 … 100")
    given = np.sort(np.asarray(levels, dtype=np.float64))
    if not given.size or not np.isfinite(given).all():
        raise NoLevels("no levels, or not finite")
    return float(_ranked(given, np.array([0]), np.array([given.size]), 1.0 - share / 100.0)[0])


def weighted_leq(levels: Sequence[float], weights: Sequence[float]) -> float:
    """Return the energy mean of levels over stretches of different length.

    Raises:
        NoLevels: no level or no length. ValueError: lengths differ or a weight is below zero.
    """
    if len(levels) != len(weights) or any(weight < 0 for weight in weights):
        raise ValueError("each level needs one length, not below zero")
    whole = math.fsum(weights)
    if not whole:
        raise NoLevels("no levels")
    pairs = zip(levels, weights, strict=True)
    return 10.0 * math.log10(math.fsum(weight * 10.0 ** (level / 10.0) for level, weight in pairs) / whole)


def ldn(ld: float, ln: float, penalty: float = 10.0) -> float:
    """Return the day-night level: 16 h of Ld and 8 h of Ln raised by the penalty, as energy over 24 h.

    >>> round(ldn(60.0, 50.0), 6)
    60.0
    """
    return weighted_leq((ld, ln + penalty), (DAY_HOURS, NIGHT_HOURS))


def explain_leq(levels: Sequence[float]) -> Derivation:
    """Return how an equivalent level came about."""
    found = describe(levels)
    value = float(found.leq[0])
    params: dict[str, object] = {"count": len(levels), "leq": plain(value, 3)}
    return Derivation(
        (Step("GB 3096-2008", "Leq", "noise.step.leq", params, repr(value)),),
        (Input("noise.input.levels", str(len(levels)), "dB"),),
    )


def explain_ldn(ld: float, ln: float, penalty: float = 10.0) -> Derivation:
    """Return how a day-night level came about."""
    value = ldn(ld, ln, penalty)
    params: dict[str, object] = {
        "ld": plain(ld, 1),
        "ln": plain(ln, 1),
        "penalty": plain(penalty),
        "ldn": plain(value, 1),
    }
    inputs = (Input("noise.input.ld", plain(ld), "dB"), Input("noise.input.ln", plain(ln), "dB"))
    return Derivation((Step("GB 3096-2008", "Ldn", "noise.step.ldn", params, repr(value)),), inputs)
