"""Quantiles and boxes. Quantiles are linear between ranks (HJ 663 appendix A; Hyndman & Fan 1996, type 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

REACH = 1.5
"""Interquartile ranges that a whisker reaches at most (Tukey 1977)."""

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Box:
    """A box plot's numbers.

    Attributes:
        n: values. q1, median, q3: quartiles, linear between ranks. mean: arithmetic mean.
        low, high: ends of the whiskers: the outermost values within 1.5 interquartile ranges of the box (Tukey), at
            least the box's own ends.
        outliers: values beyond, ascending. least, most: extremes. p5, p95: percentiles.
    """

    n: int
    q1: float
    median: float
    q3: float
    mean: float
    low: float
    high: float
    outliers: tuple[float, ...]
    least: float
    most: float
    p5: float
    p95: float


def quantiles(values: ArrayLike, shares: Sequence[float] = SHARES) -> Floats:
    """Return quantiles of the finite values: k = 1 + (n − 1)·p, linear between the ranks; NaN without a value.

    >>> quantiles([10, 20, 30, 40], [0.9]).tolist()
    [37.0]
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    x = x[np.isfinite(x)]
    if not x.size:
        return np.full(len(shares), np.nan)
    found: Floats = np.quantile(x, shares, method="linear")
    return found


def box(values: ArrayLike, *, need: int = 5) -> Box | None:
    """Return a box plot's numbers of the finite values; None with fewer than `need`."""
    x = np.asarray(values, dtype=np.float64).ravel()
    x = np.sort(x[np.isfinite(x)])
    if len(x) < max(need, 1):
        return None
    p5, q1, median, q3, p95 = (float(one) for one in quantiles(x))
    reach = REACH * (q3 - q1)
    inside = x[(x >= q1 - reach) & (x <= q3 + reach)]
    beyond = x[(x < q1 - reach) | (x > q3 + reach)]
    return Box(
        len(x),
        q1,
        median,
        q3,
        float(x.mean()),
        # An interpolated quartile may lie beyond the outermost value inside; a whisker never ends within the box.
        min(float(inside[0]), q1),
        max(float(inside[-1]), q3),
        tuple(beyond.tolist()),
        float(x[0]),
        float(x[-1]),
        p5,
        p95,
    )
