"""The same stretch of the calendar in different years, and different places over the same days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ecobureau.domain.trends.cycles import Averaging, average


@dataclass(frozen=True, slots=True)
class Compared:
    """One side of a comparison.

    Attributes:
        days: valid days. mean: over all of them. matched: days that every side has (same place in the calendar);
            matched_mean: over these alone. difference, percent: of the matched mean against the first side's base, None
            for the base itself or without enough days.
    """

    days: int
    mean: float | None
    matched: int
    matched_mean: float | None
    difference: float | None = None
    percent: float | None = None


def same_days(start: date, end: date, year: int) -> tuple[date, date]:
    """Return the stretch [start, end) of the calendar, moved so that it begins in `year`.

    29 February becomes 1 March where the year has none.

    >>> same_days(date(2024, 2, 29), date(2024, 3, 2), 2023)
    (datetime.date(2023, 3, 1), datetime.date(2023, 3, 2))
    """
    return _moved(start, year), _moved(end, year + end.year - start.year)


def _moved(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def place_in_calendar(day: date, start: date) -> tuple[int, int, int]:
    """Return (years after the stretch's beginning, month, day): equal for days that are set against each other."""
    return day.year - start.year, day.month, day.day


def compare(
    sides: Sequence[Mapping[tuple[int, int, int], float]], *, averaging: Averaging = "arithmetic", need: int = 1
) -> list[Compared]:
    """Return each side against the last one (the base).

    Args:
        sides: values by place in the calendar (`place_in_calendar`); a missing day is not there. The last is the base.
        averaging: `energy` for sound levels, whose difference has no percent.
        need: valid days below which a side has no mean.
    """
    if not sides:
        return []
    common = set(sides[0]).intersection(*sides[1:]) if len(sides) > 1 else set(sides[0])
    means = [_mean([side[key] for key in sorted(common)], averaging, need) for side in sides]
    base = means[-1]
    found = []
    for at, side in enumerate(sides):
        mean = means[at]
        change = None if mean is None or base is None or at == len(sides) - 1 else mean - base
        percent = None
        if change is not None and averaging == "arithmetic" and base:
            percent = 100 * change / base
        found.append(
            Compared(len(side), _mean(list(side.values()), averaging, need), len(common), mean, change, percent)
        )
    return found


def _mean(values: list[float], averaging: Averaging, need: int) -> float | None:
    return average(np.array(values), averaging) if len(values) >= max(need, 1) else None


def days_between(start: date, end: date) -> list[date]:
    """Return the days of [start, end)."""
    return [start + timedelta(days=at) for at in range((end - start).days)]
