"""The year-end range of a figure: what is known, completed by the same season of earlier years.

Each earlier year, moved by up to half a month to either side, is one way the rest of the year may go; its days keep
their order, so that spells stay spells. The figure is computed for each way by the very function that computes the
year's, and the range is that of the ways between two quantiles. Without earlier years the days of this year, taken in a
circle, stand in. There is no trend in it and no chance: the same data give the same range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from ecobureau.domain.rules import Entry, RulePack

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ForecastRules:
    """The numbers of the method.

    Attributes:
        shift_days, shift_months: how far the same season is moved to either side.
        coverage: share of a window that must have data, 0 … 1.
        own_days, own_months: how much of this year stands in where there is no history.
        low, middle, high: quantiles of the range.
        entries: by key, for the page.
    """

    shift_days: int
    shift_months: int
    coverage: float
    own_days: int
    own_months: int
    low: float
    middle: float
    high: float
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> ForecastRules:
        """Read the rules in force on a day (Asia/Shanghai).

        Raises:
            NoRule: an entry is missing on that day.
        """
        keys = ("shift_days", "shift_months", "coverage", "own_days", "own_months", "quantiles")
        entries = {key: pack.at(f"forecast.{key}", on) for key in keys}
        low, middle, high = (float(one) for one in _list(entries["quantiles"].value))
        return cls(
            int(str(entries["shift_days"].value)),
            int(str(entries["shift_months"].value)),
            float(str(entries["coverage"].value)),
            int(str(entries["own_days"].value)),
            int(str(entries["own_months"].value)),
            low,
            middle,
            high,
            entries,
        )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("forecast.quantiles is no list")
    return value


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a figure is going.

    Attributes:
        low, middle, high: of the figure at the end of the year, by quantiles over the ways.
        ways: how many; reaching: how many of them meet the target.
        method: `history` (earlier years), `own` (days of this year), `known` (nothing is left of the year).
        years: the earlier years that were used.
    """

    low: float
    middle: float
    high: float
    ways: int
    reaching: int
    method: str
    years: tuple[int, ...]


def windows(
    remaining: Sequence[date], history: Mapping[date, Value], rules: ForecastRules
) -> list[tuple[int, list[Value]]]:
    """Return the ways that the remaining days may go by earlier years: year and its values in order.

    Args:
        remaining: the days of the year that have no value yet, in order, all in one year.
        history: value by day of earlier years.
    """
    if not remaining or not history:
        return []
    first = date(remaining[0].year, 1, 1)
    found = []
    for year in sorted({day.year for day in history}):
        if year >= first.year:
            continue
        begin = date(year, 1, 1)
        for shift in range(-rules.shift_days, rules.shift_days + 1):
            days = [begin + (day - first) + timedelta(days=shift) for day in remaining]
            values = [history[day] for day in days if day in history]
            if len(values) >= rules.coverage * len(remaining):
                found.append((year, values))
    return found


def own_windows(known: Sequence[Value], count: int, least: int) -> list[list[Value]]:
    """Return the ways that `count` further values may go by those known, taken in a circle from each of them on."""
    if len(known) < least or not count:
        return []
    return [[known[(start + at) % len(known)] for at in range(count)] for start in range(len(known))]


def forecast(
    known: Sequence[Value],
    remaining: Sequence[date],
    history: Mapping[date, Value],
    figures: Callable[[Sequence[Sequence[Value]]], Sequence[float | None]],
    meets: Callable[[float], bool],
    rules: ForecastRules,
) -> Forecast | None:
    """Return the year-end range of a figure.

    Args:
        known: this year's values so far, in order of the days.
        remaining: the days that are still to come, in order; days of the past without a value are in neither.
        history: value by day of earlier years.
        figures: many years' values → the figure of each as it is published; None where there is none.
        meets: whether a figure reaches the target.

    Returns:
        None where there is too little to say anything.
    """
    past = windows(remaining, history, rules)
    return _of_ways(known, len(remaining), past, rules.own_days, figures, meets, rules)


def forecast_months(
    known: Sequence[Value],
    remaining: Sequence[date],
    history: Mapping[date, Value],
    figures: Callable[[Sequence[Sequence[Value]]], Sequence[float | None]],
    meets: Callable[[float], bool],
    rules: ForecastRules,
) -> Forecast | None:
    """Return the same of a figure that is made of months.

    Args:
        known: this year's months so far. remaining: first days of the months to come. history: by first day of the
            month. figures, meets, rules: as for `forecast`.
    """
    past = month_windows(remaining, history, rules)
    return _of_ways(known, len(remaining), past, rules.own_months, figures, meets, rules)


def month_windows(
    remaining: Sequence[date], history: Mapping[date, Value], rules: ForecastRules
) -> list[tuple[int, list[Value]]]:
    """Return what `windows` returns, of months; a month stands as its first day."""
    if not remaining or not history:
        return []
    this = remaining[0].year
    found = []
    for year in sorted({month.year for month in history if month.year < this}):
        for shift in range(-rules.shift_months, rules.shift_months + 1):
            months = [_month(year * 12 + month.month - 1 + shift) for month in remaining]
            values = [history[month] for month in months if month in history]
            if len(values) >= rules.coverage * len(remaining):
                found.append((year, values))
    return found


def _month(number: int) -> date:
    year, month = divmod(number, 12)
    return date(year, month + 1, 1)


def _of_ways(
    known: Sequence[Value],
    count: int,
    past: Sequence[tuple[int, list[Value]]],
    least: int,
    figures: Callable[[Sequence[Sequence[Value]]], Sequence[float | None]],
    meets: Callable[[float], bool],
    rules: ForecastRules,
) -> Forecast | None:
    if not count:
        value = figures([known])[0] if known else None
        return None if value is None else Forecast(value, value, value, 1, int(meets(value)), "known", ())
    ways = [values for _, values in past] or own_windows(known, count, least)
    found = [value for value in figures([[*known, *way] for way in ways]) if value is not None] if ways else []
    if not found:
        return None
    return middle_of(found, meets, rules, "history" if past else "own", tuple(sorted({year for year, _ in past})))


def middle_of(
    figures: Sequence[float], meets: Callable[[float], bool], rules: ForecastRules, method: str, years: tuple[int, ...]
) -> Forecast:
    """Return the range of figures, one for each way; a quantile is the figure whose rank is nearest, never between."""
    ranked = sorted(figures)
    low, middle, high = (ranked[round(share * (len(ranked) - 1))] for share in (rules.low, rules.middle, rules.high))
    return Forecast(low, middle, high, len(ranked), sum(meets(one) for one in ranked), method, years)
