"""Lengths of time, working days and due instants. Days begin at midnight in Asia/Shanghai.

Two ways to count days, never mixed: a span (`day` = 24 hours, for limits of the house) and days of the law
(`legal_day`, `workday`), where the day of the event does not count and the limit ends with its last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_LONGEST_SEARCH = timedelta(days=3660)


class Unit(StrEnum):
    """What a length is counted in."""

    MINUTE = "min"
    HOUR = "h"
    DAY = "d"
    LEGAL_DAY = "legal_day"
    WORKDAY = "workday"


_SPANS = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1)}


class UnknownYear(LookupError):
    """The table of public holidays does not hold that year."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no public holidays known for {year}")
        self.year = year


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time: `value` ≥ 0 in `unit`."""

    value: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"a length is not negative: {self.value}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days: Monday to Friday, but for public holidays and make-up days.

    Attributes:
        years: years whose holidays are known. Before and after them plain weekdays count, and `strict` decides whether
            that is allowed or refused with `UnknownYear`.
        rest: weekdays that are free. work: weekends that are worked (调休).
        city: the city's own changes, day → is it worked; they stand in front.
    """

    years: frozenset[int] = frozenset()
    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    city: Mapping[date, bool] = field(default_factory=dict)
    strict: bool = False

    def is_workday(self, day: date) -> bool:
        """Say whether `day` is worked.

        Raises:
            UnknownYear: strict, and the year's holidays are not known.
        """
        if day in self.city:
            return self.city[day]
        if self.strict and day.year not in self.years:
            raise UnknownYear(day.year)
        if day in self.rest:
            return False
        return day in self.work or day.weekday() < 5

    def after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`; with 0, `day` itself.

        Raises:
            ValueError: negative count, or no working day within ten years.
        """
        if count < 0:
            raise ValueError("working days are counted forwards")
        here, left = day, count
        while left:
            here += timedelta(days=1)
            if here - day > _LONGEST_SEARCH:
                raise ValueError("no working day found within ten years")
            left -= self.is_workday(here)
        return here

    def between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` up to and including `last`; 0 where last ≤ first."""
        return sum(self.is_workday(first + timedelta(days=step)) for step in range(1, (last - first).days + 1))


def beijing_day(instant: datetime) -> date:
    """Return the civil day of an aware instant."""
    return instant.astimezone(BEIJING).date()


def end_of(day: date) -> datetime:
    """Return the instant at which `day` ends (24:00 Asia/Shanghai), in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), BEIJING).astimezone(UTC)


def due(start: datetime, length: Length, calendar: Calendar) -> datetime:
    """Return when a limit that starts at `start` ends, in UTC.

    Spans (`min`, `h`, `d`) end to the second. Days of the law and working days do not count the day of the event and
    end with the last day (Civil Code 201–203); a limit in `legal_day` whose last day is free ends with the next working
    day. A length of 0 days ends with the day of the event.

    Args:
        start: aware instant. calendar: working days.

    Raises:
        ValueError: `start` is naive.
        UnknownYear: the calendar is strict and does not know a year.
    """
    if start.tzinfo is None:
        raise ValueError("a limit starts at an aware instant")
    if length.unit in _SPANS:
        return start.astimezone(UTC) + length.value * _SPANS[length.unit]
    day = beijing_day(start)
    if length.unit is Unit.WORKDAY:
        return end_of(calendar.after(day, length.value))
    last = day + timedelta(days=length.value)
    return end_of(last if calendar.is_workday(last) else calendar.after(last, 1))


def resumed(due_at: datetime, paused_at: datetime, resumed_at: datetime, unit: Unit, calendar: Calendar) -> datetime:
    """Return the new end of a limit after a pause: what was left when it stopped is left when it goes on.

    Spans move by the length of the pause. Limits in days move by the days (or working days) that lie after the day of
    the pause up to the day it goes on; a pause within one day moves nothing.
    """
    if resumed_at <= paused_at:
        return due_at
    if unit in _SPANS:
        return due_at + (resumed_at - paused_at)
    stopped, goes_on = beijing_day(paused_at), beijing_day(resumed_at)
    last = beijing_day(due_at - timedelta(seconds=1))
    if unit is Unit.WORKDAY:
        return end_of(calendar.after(last, calendar.between(stopped, goes_on)))
    moved = last + (goes_on - stopped)
    return end_of(moved if calendar.is_workday(moved) else calendar.after(moved, 1))
