"""Trends that need no straight line and no normal scatter: Mann–Kendall, Sen's slope, seasonal Kendall, Hamed–Rao.

Sources: Mann (1945); Kendall (1975); Sen (1968); Hirsch, Slack & Smith (1982, seasonal test); Hirsch & Slack (1984,
dependence between seasons); Hamed & Rao (1998, autocorrelation); Gilbert (1987, chapters 16 and 17); Helsel & Frans
(2006, several stations as blocks). NaN is a missing value and is left out; the time axis keeps its gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecobureau.domain.late import stats

Floats = NDArray[np.float64]

EXACT_UP_TO = 33
"""Values up to which the exact distribution of S is used where none are equal (as scipy's `kendalltau` does)."""

MOST = 2_500
"""Most values of one test; the work grows with the square."""


class TooFew(ValueError):
    """Too few values for a test; `have` and `need` say how many there are and are wanted."""

    def __init__(self, have: int, need: int) -> None:
        super().__init__(f"{have} values, {need} are needed")
        self.have = have
        self.need = need


@dataclass(frozen=True, slots=True)
class Kendall:
    """Result of a Mann–Kendall test.

    Attributes:
        s: Kendall's score, rising pairs minus falling ones. variance: of S, corrected for ties and for whatever
            `method` names.
        z: standard score with continuity correction. p: two-sided. tau: tau-b, −1 … 1.
        n: values used. method: `exact`, `normal`, `hamed-rao`, `seasonal` or `seasonal-dependent`.
        inflation: variance over the one of independent values; 1 where nothing was corrected.
    """

    s: int
    variance: float
    z: float
    p: float
    tau: float
    n: int
    method: str
    inflation: float = 1.0


@dataclass(frozen=True, slots=True)
class Slope:
    """Sen's slope per unit of time with its confidence interval.

    Attributes:
        slope, low, high: per unit of time. intercept: value of the line at time 0 (median of value − slope·time).
        confidence: of the interval, e.g. 0.95. pairs: slopes that the median was taken of.
    """

    slope: float
    low: float
    high: float
    intercept: float
    confidence: float
    pairs: int


def mann_kendall(values: ArrayLike, times: ArrayLike | None = None, *, need: int = 4) -> Kendall:
    """Return the Mann–Kendall test of a series, values taken as independent.

    Args:
        values: shape (n,), NaN = missing. times: shape (n,), any unit; default 0, 1, 2 …; equal times make no pair.
        need: values below which there is no test.

    Raises:
        TooFew: fewer values than `need`. ValueError: shapes differ, a time is not finite, or more than `MOST` values.

    >>> mann_kendall([5, 6, 11, 8, 10]).s
    6
    """
    t, x = _series(values, times, need)
    s = _score(x, t)
    variance = _variance(x, t)
    n = len(x)
    pairs = n * (n - 1) / 2
    tied_x, tied_t = _ties(x), _ties(t)
    room = math.sqrt((pairs - _choose2(tied_x)) * (pairs - _choose2(tied_t)))
    tau = s / room if room else 0.0
    z = _standard(s, variance)
    if n <= EXACT_UP_TO and not tied_x.size and not tied_t.size:
        return Kendall(s, variance, z, _exact(n, s), tau, n, "exact")
    return Kendall(s, variance, z, _two_sided(z), tau, n, "normal")


def hamed_rao(values: ArrayLike, *, need: int = 10, confidence: float = 0.95) -> Kendall:
    """Return the Mann–Kendall test of an evenly spaced series with the variance corrected for autocorrelation.

    The autocorrelation is that of the ranks of the series without its Sen slope. Of the lags, up to a quarter of the
    length, the unbroken run from lag 1 counts whose autocorrelation is positive and significant (`confidence`). The
    paper takes every significant lag, chance ones and negative ones too, which lets autocorrelated series without trend
    pass for trends far too often; with the run the share of them stays near the level of the test.

    Args:
        values: shape (n,), evenly spaced, NaN = missing.

    Raises:
        TooFew: fewer than `need` values. ValueError: more than `MOST` values.
    """
    plain = mann_kendall(values, need=need)
    x = np.asarray(values, dtype=np.float64)
    lags = autocorrelation(x, detrend=True, ranks=True, confidence=confidence)
    n = plain.n
    run = takewhile(lambda lag: lag[2] and lag[1] > 0, lags)
    total = sum((n - i) * (n - i - 1) * (n - i - 2) * r for i, r, _ in run if i < n)
    inflation = 1.0 + 2.0 * total / (n * (n - 1) * (n - 2))
    variance = plain.variance * inflation
    z = _standard(plain.s, variance)
    p = plain.p if inflation == 1.0 else _two_sided(z)
    return Kendall(plain.s, variance, z, p, plain.tau, n, "hamed-rao", inflation)


def autocorrelation(
    values: ArrayLike, *, detrend: bool = True, ranks: bool = False, lags: int | None = None, confidence: float = 0.95
) -> list[tuple[int, float, bool]]:
    """Return (lag, autocorrelation, significant) of an evenly spaced series with gaps.

    Args:
        values: shape (n,), NaN = missing; pairs with a gap are left out. detrend: take the Sen slope out first.
        ranks: of the ranks instead of the values. lags: how many; default a quarter of the length.
        confidence: of the two-sided bound z/√n beyond which a lag is significant.
    """
    x = np.asarray(values, dtype=np.float64)
    there = np.isfinite(x)
    n = int(there.sum())
    most = len(x) // 4 if lags is None else min(lags, len(x) - 1)
    if n < 4 or most < 1:
        return []
    rest = x - sen_slope(x, need=2).slope * np.arange(len(x)) if detrend else x.copy()
    if ranks:
        ranked = np.full(len(x), np.nan)
        ranked[there] = stats.rankdata(rest[there])
        rest = ranked
    rest = rest - np.nanmean(rest)
    power = float(np.nansum(rest**2)) / n
    # What only rounding has left of a line is no scatter to correlate.
    if power <= 1e-18 * max(1.0, float(np.nanmax(np.abs(x))) ** 2):
        return []
    bound = float(stats.norm.ppf((1 + confidence) / 2)) / math.sqrt(n)
    found = []
    for lag in range(1, most + 1):
        both = rest[lag:] * rest[:-lag]
        pairs = int(np.isfinite(both).sum())
        # The usual estimate divides by n, not by the pairs; gaps are made up for in proportion.
        r = 0.0 if not pairs else float(np.nansum(both)) / pairs / power * (1 - lag / len(x))
        found.append((lag, r, abs(r) > bound))
    return found


def sen_slope(
    values: ArrayLike,
    times: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    variance: float | None = None,
    need: int = 2,
) -> Slope:
    """Return Sen's slope (Theil–Sen): the median of the slopes of all pairs, with the interval of Sen (1968).

    Args:
        values, times: as `mann_kendall`. confidence: of the interval.
        variance: of S, e.g. one corrected for autocorrelation; default that of independent values.

    Raises:
        TooFew: fewer than `need` values, or no pair of different times.

    >>> sen_slope([1.0, 3.0, 5.0, 7.0]).slope
    2.0
    """
    t, x = _series(values, times, need)
    slopes = _slopes(x, t)
    if not slopes.size:
        raise TooFew(len(np.unique(t)), 2)
    of_s = _variance(x, t) if variance is None else variance
    slope, low, high = _interval(slopes, of_s, confidence)
    return Slope(slope, low, high, float(np.median(x - slope * t)), confidence, len(slopes))


def seasonal_kendall(blocks: Sequence[ArrayLike], *, need: int = 4, dependent: bool | None = None) -> Kendall:
    """Return the seasonal Kendall test: S of each block by itself, added up.

    Args:
        blocks: each one season (or station, or both) over the years, all of the same length and years, NaN = missing.
        need: values below which a block does not count; at least one block must reach it.
        dependent: with the covariance of the blocks (Hirsch & Slack 1984); default: from 10 years on, where the
            estimate of the covariance is good enough.

    Raises:
        TooFew: no block has enough values. ValueError: the blocks differ in length.
    """
    rows = [np.asarray(block, dtype=np.float64) for block in blocks]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("blocks must cover the same years")
    most = max((int(np.isfinite(row).sum()) for row in rows), default=0)
    rows = [row for row in rows if np.isfinite(row).sum() >= need]
    if not rows:
        raise TooFew(most, need)
    years = len(rows[0])
    parts = [mann_kendall(row, need=need) for row in rows]
    s, n = sum(part.s for part in parts), sum(part.n for part in parts)
    independent = sum(part.variance for part in parts)
    room = 0.0
    for row, part in zip(rows, parts, strict=True):
        pairs = part.n * (part.n - 1) / 2
        room += math.sqrt((pairs - _choose2(_ties(row[np.isfinite(row)]))) * pairs)
    tau = s / room if room else 0.0
    with_covariance = years >= 10 if dependent is None else dependent
    variance, method = independent, "seasonal"
    if with_covariance and len(rows) > 1:
        variance, method = max(independent, _with_covariance(rows)), "seasonal-dependent"
    z = _standard(s, variance)
    inflation = variance / independent if independent else 1.0
    return Kendall(s, variance, z, _two_sided(z), tau, n, method, inflation)


def seasonal_slope(
    blocks: Sequence[ArrayLike], *, confidence: float = 0.95, variance: float | None = None, need: int = 2
) -> Slope:
    """Return the seasonal Kendall slope: the median of the slopes of all pairs of the same block, per step (year).

    Args:
        blocks: as `seasonal_kendall`; variance: of S, default the sum over the blocks.

    Raises:
        TooFew: no block has two values.
    """
    rows = [np.asarray(block, dtype=np.float64) for block in blocks]
    rows = [row for row in rows if np.isfinite(row).sum() >= need]
    found, spread = [], 0.0
    for row in rows:
        t, x = _series(row, None, need)
        found.append(_slopes(x, t))
        spread += _variance(x, t)
    slopes = np.concatenate(found) if found else np.zeros(0)
    if not slopes.size:
        raise TooFew(max((int(np.isfinite(row).sum()) for row in rows), default=0), 2)
    slope, low, high = _interval(np.sort(slopes), spread if variance is None else variance, confidence)
    rest = np.concatenate([row - slope * np.arange(len(row)) for row in rows])
    return Slope(slope, low, high, float(np.nanmedian(rest)), confidence, len(slopes))


# --- the parts --------------------------------------------------------------------------------------------------------


def _series(values: ArrayLike, times: ArrayLike | None, need: int) -> tuple[Floats, Floats]:
    x = np.asarray(values, dtype=np.float64)
    t = np.arange(len(x), dtype=np.float64) if times is None else np.asarray(times, dtype=np.float64)
    if x.ndim != 1 or x.shape != t.shape:
        raise ValueError("values and times must be one-dimensional and of one length")
    if not np.isfinite(t).all():
        raise ValueError("every time must be finite")
    there = np.isfinite(x)
    x, t = x[there], t[there]
    if len(x) < need:
        raise TooFew(len(x), need)
    if len(x) > MOST:
        raise ValueError(f"{len(x)} values, at most {MOST} can be tested: use days or months")
    order = np.argsort(t, kind="stable")
    return t[order], x[order]


def _score(x: Floats, t: Floats) -> int:
    total = 0
    for at in range(len(x) - 1):
        later = np.sign(x[at + 1 :] - x[at]) * np.sign(t[at + 1 :] - t[at])
        total += int(later.sum())
    return total


def _slopes(x: Floats, t: Floats) -> Floats:
    first, second = np.triu_indices(len(x), 1)
    apart = t[second] - t[first]
    some = apart > 0
    found: Floats = np.sort((x[second][some] - x[first][some]) / apart[some])
    return found


def _interval(slopes: Floats, variance: float, confidence: float) -> tuple[float, float, float]:
    """Median and interval of sorted slopes; ranks of the limits as in scipy's `theilslopes`."""
    many = len(slopes)
    half = float(stats.norm.ppf((1 + confidence) / 2)) * math.sqrt(max(variance, 0.0))
    lower = max(round((many - half) / 2) - 1, 0)
    upper = min(round((many + half) / 2), many - 1)
    return float(np.median(slopes)), float(slopes[lower]), float(slopes[upper])


def _ties(x: Floats) -> Floats:
    counts = np.unique(x, return_counts=True)[1]
    found: Floats = counts[counts > 1].astype(np.float64)
    return found


def _choose2(ties: Floats) -> float:
    return float((ties * (ties - 1) / 2).sum())


def _variance(x: Floats, t: Floats) -> float:
    """Variance of S under no trend, with ties in the values and in the times (Kendall 1975; Gilbert 1987, 17.2)."""
    n = float(len(x))
    u, v = _ties(x), _ties(t)

    def large(ties: Floats) -> float:
        return float((ties * (ties - 1) * (2 * ties + 5)).sum())

    def cube(ties: Floats) -> float:
        return float((ties * (ties - 1) * (ties - 2)).sum())

    found = (n * (n - 1) * (2 * n + 5) - large(u) - large(v)) / 18
    if v.size and n > 2:
        found += cube(u) * cube(v) / (9 * n * (n - 1) * (n - 2))
    if v.size:
        found += 2 * _choose2(u) * 2 * _choose2(v) / (2 * n * (n - 1))
    return found


def _standard(s: int, variance: float) -> float:
    if s == 0 or variance <= 0:
        return 0.0
    return (s - math.copysign(1, s)) / math.sqrt(variance)


def _two_sided(z: float) -> float:
    return float(2 * stats.norm.sf(abs(z)))


def _exact(n: int, s: int) -> float:
    """Two-sided probability of a score at least as far from 0, counting permutations by their inversions."""
    most = n * (n - 1) // 2
    ways = [1]
    for size in range(2, n + 1):
        sums = [0]
        for count in ways:
            sums.append(sums[-1] + count)
        length = len(ways) + size - 1
        ways = [sums[min(at + 1, len(ways))] - sums[max(at - size + 1, 0)] for at in range(length)]
    fewest = (most - abs(s)) // 2
    return min(1.0, 2 * sum(ways[: fewest + 1]) / math.factorial(n))


def _with_covariance(rows: Sequence[Floats]) -> float:
    """Variance of the sum of S with the covariances of the blocks (Dietz & Killeen; Hirsch & Slack 1984)."""
    data = np.vstack(rows)
    blocks, years = data.shape
    signs = np.nan_to_num(np.sign(data[:, None, :] - data[:, :, None]))
    counts = np.isfinite(data).sum(axis=1).astype(np.float64)
    # Midranks within a block; a missing value gets the middle one.
    ranked = (counts[:, None] + 1 - np.sign(signs).sum(axis=2)) / 2
    flat = signs.reshape(blocks, years * years)
    k = flat @ flat.T / 2
    r = ranked @ ranked.T
    covariance = (k + 4 * r - years * np.outer(counts + 1, counts + 1)) / 3
    return float(covariance.sum())
