"""Change points of residuals: where a level moved for good, and where it began to creep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ruptures
from numpy.typing import NDArray

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.robust import Bools, Floats, scale_of


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one level between change points.

    Attributes:
        first, last: half-open range of indices; level: median; rows: finite values in it.
    """

    first: int
    last: int
    level: float
    rows: int


def blocks_of(x: Floats, *, least: int = 3, penalty: float = 3.0) -> list[Block]:
    """Return the levels of `x` (n,) by Pelt with a squared loss and penalty `penalty * ln n * s^2`.

    Args:
        x: values, NaN left out; s is the robust scale of neighbours' differences / sqrt 2, so that a step counts once.
        least: least finite values of a level.
    """
    good = np.flatnonzero(np.isfinite(x))
    if len(good) < 2 * least:
        return [Block(0, len(x), float(np.median(x[good])), len(good))] if len(good) else []
    values = x[good]
    s = max(scale_of(np.diff(values)) / np.sqrt(2), 1e-9)
    # Pelt with jump 1 on medians of six hours: a few hundred values.
    ends = (
        ruptures.KernelCPD(kernel="linear", min_size=least)
        .fit(values[:, None] / s)
        .predict(pen=penalty * np.log(len(values)))
    )
    found, first = [], 0
    for end in ends:
        part = values[first:end]
        last = int(good[end]) if end < len(good) else len(x)
        found.append(Block(int(good[first]) if first else 0, last, float(np.median(part)), len(part)))
        first = end
    return found


def medians_of(x: Floats, use: Bools, width: int, least: int) -> Floats:
    """Return the median of every full block of `width` samples of `x` where `use`; NaN with under `least` values."""
    count = len(x) // width
    y = np.where(use, x, np.nan)[: count * width].reshape(count, width)
    n = np.isfinite(y).sum(axis=1)
    out = np.full(count, np.nan)
    rows = n >= max(1, least)
    if rows.any():
        out[rows] = quick.row_medians(y[rows])
    return out


def cusum(z: Floats, *, slack: float = 0.5, limit: float = 6.0) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return Page's upper and lower sums of standardised residuals (n,) and the indices where either passes `limit`.

    NaN leaves both sums as they are; a sum starts anew after an alarm.
    """
    up, down = np.zeros(len(z)), np.zeros(len(z))
    high = low = 0.0
    alarms = []
    for i, value in enumerate(z.tolist()):
        if value == value:
            value = min(max(value, -limit), limit)
            high, low = max(0.0, high + value - slack), max(0.0, low - value - slack)
        up[i], down[i] = high, low
        if high > limit or low > limit:
            alarms.append(i)
            high = low = 0.0
    return up, down, np.array(alarms, dtype=np.intp)
