"""Order statistics of short arrays without numpy's general machinery, which costs more than the sorting itself.

`numpy.median` of a hundred values takes some 40 us, most of it to find out what it was handed; the detectors ask for
hundreds of thousands of such medians a night.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SORT_UP_TO = 400


def median(x: Floats) -> float:
    """Return the median of `x` (n,), the same number as `numpy.median`; NaN for no value and for any NaN."""
    n = x.size
    if n == 0:
        return float("nan")
    k = n // 2
    s = np.sort(x) if n <= _SORT_UP_TO else np.partition(x, (k, n - 1) if n % 2 else (k - 1, k, n - 1))
    # NaN sorts last.
    if s[-1] != s[-1]:
        return float("nan")
    return float(s[k]) if n % 2 else 0.5 * (float(s[k - 1]) + float(s[k]))


def nanmedian(x: Floats) -> float:
    """Return the median of the values of `x` (n,) that are no NaN; NaN where there is none."""
    return median(x[~np.isnan(x)])


def nanmean(x: Floats) -> float:
    """Return the mean of the values of `x` (n,) that are no NaN; NaN where there is none."""
    known = x[~np.isnan(x)]
    return float(known.mean()) if known.size else float("nan")


def deviation(x: Floats, middle: float) -> float:
    """Return the median distance of `x` (n,) from `middle`."""
    return median(np.abs(x - middle))


def quantile(x: Floats, share: float) -> float:
    """Return the quantile of `x` (n,) by linear interpolation, as `numpy.quantile`; NaN for no value."""
    n = x.size
    if n == 0:
        return float("nan")
    at = share * (n - 1)
    low = int(at)
    high = min(low + 1, n - 1)
    s = np.sort(x) if n <= _SORT_UP_TO else np.partition(x, (low, high))
    return float(s[low] + (s[high] - s[low]) * (at - low))


def row_medians(x: Floats) -> Floats:
    """Return the median of the values of every row of `x` (m, w) that are no NaN, (m,); NaN for a row without one."""
    out = np.full(len(x), np.nan)
    counts = np.count_nonzero(~np.isnan(x), axis=1)
    rows = np.flatnonzero(counts)
    if rows.size:
        # Sorting puts NaN last.
        ordered, c, index = np.sort(x[rows], axis=1), counts[rows], np.arange(len(rows))
        out[rows] = 0.5 * (ordered[index, (c - 1) // 2] + ordered[index, c // 2])
    return out


def moves(x: Floats, least: float = 1e-9) -> NDArray[np.bool_]:
    """Return for every column of `x` (n, k) whether its values, NaN aside, differ by more than `least`, (k,)."""
    if not len(x):
        return np.zeros(x.shape[1], dtype=bool)
    apart: NDArray[np.bool_] = np.fmax.reduce(x, axis=0) - np.fmin.reduce(x, axis=0) > least
    return apart
