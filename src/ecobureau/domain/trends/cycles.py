"""How values go through the day and the week.

Times are local hours since 1970-01-01 00:00 Asia/Shanghai (which has no summer time), each the start of its hour:
class 8 is 08:00–09:00. Sound levels are averaged as energy (`domain.noise.leq`), all else arithmetically.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.noise import leq
from ecobureau.domain.trends.quantiles import quantiles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Cycle = Literal["hour", "weekday"]
Averaging = Literal["arithmetic", "energy"]

SIZE: dict[Cycle, int] = {"hour": 24, "weekday": 7}
_THURSDAY = 3
"""Weekday of 1970-01-01, Monday = 0."""


@dataclass(frozen=True, slots=True)
class CycleClass:
    """Statistics of one class of a cycle; all but `n` are None where fewer than the needed hours are there.

    Attributes:
        key: hour of day 0 … 23 or weekday 0 (Monday) … 6. n: valid hours.
        mean: arithmetic mean, or equivalent level of sound. q1, median, q3: quartiles, linear between ranks.
    """

    key: int
    n: int
    mean: float | None = None
    q1: float | None = None
    median: float | None = None
    q3: float | None = None


def classes(hours: Ints, cycle: Cycle) -> Ints:
    """Return the class of each hour: hour of day, or weekday with Monday 0."""
    found: Ints = hours % 24 if cycle == "hour" else (hours // 24 + _THURSDAY) % 7
    return found


def average(values: Floats, averaging: Averaging) -> float:
    """Return the mean of finite values, of sound levels the equivalent level.

    Raises:
        NoLevels, ValueError: there is no value.
    """
    if averaging == "energy":
        return leq(values)
    if not values.size:
        raise ValueError("no values")
    return float(values.mean())


def cycle(
    hours: Ints, values: Floats, kind: Cycle, *, averaging: Averaging = "arithmetic", need: int = 3
) -> list[CycleClass]:
    """Return the statistics of every class of a cycle, in order, empty ones too.

    Args:
        hours: shape (n,), local hours since 1970, starts. values: shape (n,), NaN = missing.
        averaging: `energy` for sound levels in dB. need: valid hours below which a class has no statistics.
    """
    of = classes(hours, kind)
    there = np.isfinite(values)
    found = []
    for key in range(SIZE[kind]):
        some = values[there & (of == key)]
        if len(some) < max(need, 1):
            found.append(CycleClass(key, len(some)))
            continue
        q1, median, q3 = (float(one) for one in quantiles(some, (0.25, 0.5, 0.75)))
        found.append(CycleClass(key, len(some), average(some, averaging), q1, median, q3))
    return found
