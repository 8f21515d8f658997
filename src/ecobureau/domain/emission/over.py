"""Hours and days above the limits of an outlet: valid means, full value, an equal value passes. Bulk, on arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ecobureau.domain.emission.bulk import Bools, Floats, Ints
from ecobureau.domain.emission.days import Days
from ecobureau.domain.emission.grid import State
from ecobureau.domain.emission.outlet import FactorHours

_DIGITS = 9
"""Decimals that a mean keeps when it is compared: the rest is what the arithmetic of floats leaves."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper limit of a factor on some days.

    Attributes:
        value: mg/m3 or mg/L; converted: it binds the concentration at the reference oxygen.
        period: `hour`, `day` or `any`.
    """

    value: float
    converted: bool
    period: str

    def binds(self, period: str) -> bool:
        """Whether it binds means of a period."""
        return self.period in (period, "any")


Bounds = Callable[[int], Sequence[Bound]]
"""Limits in force on a day (days since 1970-01-01)."""


@dataclass(frozen=True, slots=True)
class OverDays:
    """How many hours of each day had a limit and a value, and broke it; the same of the day's own mean (0 or 1)."""

    judged: Ints
    over: Ints
    day_judged: Ints
    day_over: Ints


def breaks(mean: float, converted: float, bounds: Sequence[Bound], period: str) -> bool | None:
    """Judge one mean against the limits of its period; None: no limit, or no value that one binds.

    Args:
        mean, converted: mg/m3 or mg/L, NaN = none.

    >>> breaks(50.0, 50.1, [Bound(50, True, "hour")], "hour")
    True
    >>> breaks(50.0, float("nan"), [Bound(50, False, "any")], "hour")
    False
    >>> breaks(50.0, 50.1, [Bound(50, True, "day")], "hour") is None
    True
    """
    values = [(converted if one.converted else mean, one.value) for one in bounds if one.binds(period)]
    there = [(value, limit) for value, limit in values if value == value]
    return any(round(value, _DIGITS) > limit for value, limit in there) if there else None


def over_days(one: FactorHours, days: Days, first_hour: int, bounds: Bounds) -> OverDays:
    """Count the hours and days of one factor above its limits.

    Args:
        one: hours of the factor, the first of them `first_hour`; days: its days, of the same hours.
    """
    size = len(days.day)
    judged, over, day_judged, day_over = (np.zeros(size, dtype=np.int64) for _ in range(4))
    ok = one.hours.state == State.OK
    at = (first_hour + np.arange(len(ok), dtype=np.int64)) // 24 - (int(days.day[0]) if size else 0)
    mean, converted = np.where(ok, one.hours.mean, np.nan), np.where(ok, one.converted, np.nan)
    edges = np.searchsorted(at, np.arange(size + 1))
    for index, number in enumerate(days.day):
        limits = bounds(int(number))
        if not limits:
            continue
        own = slice(int(edges[index]), int(edges[index + 1]))
        some, broken = _many(mean[own], converted[own], [limit for limit in limits if limit.binds("hour")])
        judged[index], over[index] = int(some.sum()), int(broken.sum())
        found = breaks(float(days.mean[index]), float(days.converted[index]), limits, "day")
        day_judged[index], day_over[index] = int(found is not None), int(bool(found))
    return OverDays(judged, over, day_judged, day_over)


def _many(mean: Floats, converted: Floats, limits: Sequence[Bound]) -> tuple[Bools, Bools]:
    judged, over = np.zeros(len(mean), dtype=bool), np.zeros(len(mean), dtype=bool)
    for limit in limits:
        value = np.round(converted if limit.converted else mean, _DIGITS)
        judged |= ~np.isnan(value)
        with np.errstate(invalid="ignore"):
            over |= value > limit.value
    return judged, over
