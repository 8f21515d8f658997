"""Marks of automatic monitoring (标记规则): device marks on values, and production-state marks on spans of time.

Ministry announcement 2022 no. 21: marks are made by hour, by 12:00 of the next day; data that nobody marked stand as
they are. The waste-to-energy rule (2019 no. 50) has its own states and yearly hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import IntEnum

from ecobureau.domain.emission.rules import PREFIX, EmissionRules
from ecobureau.domain.rules import NoRule, RulePack

BEIJING = timezone(timedelta(hours=8))


class Meaning(IntEnum):
    """What a device mark says of a value. Only NORMAL counts; STOPPED is not missing.

    BAD_VALUE and REVIEWED (found invalid by a data review) are no device's marks: they come of the value and of people.
    """

    NORMAL = 0
    STOPPED = 1
    MAINTENANCE = 2
    FAULT = 3
    CALIBRATION = 4
    OVER_RANGE = 5
    UNDER_RANGE = 6
    COMMS = 7
    MANUAL = 8
    POWER = 9
    GAS_PARAMETER = 10
    OTHER = 11
    BAD_VALUE = 12
    REVIEWED = 13
    ABSENT = 255

    @property
    def code(self) -> str:
        """Name in tables and the end of its message code `emission.mark.…`."""
        return self.name.lower()


def meaning_of(flag: str, rules: EmissionRules) -> Meaning:
    """Return what a mark as sent means; unknown marks never count (`OTHER`).

    >>> from datetime import date
    >>> from ecobureau.rulepacks import load
    >>> rules = EmissionRules.from_pack(load("emission"), date(2025, 1, 1))
    >>> [meaning_of(flag, rules).code for flag in ("N", "f", "", "?")]
    ['normal', 'stopped', 'normal', 'other']
    """
    mark = flag.strip().upper()
    if not mark:
        return Meaning.NORMAL if rules.unmarked_counts else Meaning.OTHER
    found = dict(rules.marks).get(mark)
    return Meaning[found.upper()] if found is not None else Meaning.OTHER


def marking_due(day: date, due_hour: int) -> datetime:
    """Return until when the hours of `day` may be marked by hand: `due_hour` o'clock of the next day, Beijing time."""
    return datetime.combine(day + timedelta(days=1), time(due_hour), BEIJING)


def marked_in_time(day: date, marked_at: datetime, due_hour: int) -> bool:
    """Whether a mark on hours of `day` was made in time; the very moment still is. `marked_at` is aware."""
    return marked_at <= marking_due(day, due_hour)


@dataclass(frozen=True, slots=True)
class StateMark:
    """A production-state mark over a span of time.

    Attributes:
        state: `cold_start`, `hot_start`, `stop`, `fault`, `drying`, `start`, `cooling`.
        start, end: aware, end not included.
        marked_at: when it was made, aware.
    """

    state: str
    start: datetime
    end: datetime
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Exemption:
    """What a production-state mark does to an exceedance finding.

    Attributes:
        exempt_from, exempt_to: the part of the span that is no ground for a finding (None = none).
        reason: message code `emission.exempt.…`.
        factors: factors it holds for; empty = all.
    """

    exempt_from: datetime | None
    exempt_to: datetime | None
    reason: str
    factors: frozenset[str] = frozenset()

    def covers(self, at: datetime, factor: str) -> bool:
        """Whether the hour that begins at `at` is exempt for `factor`."""
        inside = self.exempt_from is not None and self.exempt_to is not None and self.exempt_from <= at < self.exempt_to
        return inside and (not self.factors or factor in self.factors)


def exemption(mark: StateMark, trade: str, pack: RulePack) -> Exemption:
    """Judge one production-state mark of a plant of `trade` (`boiler`, `cement`, `sinter`, `incineration` …).

    The span counts up to the hours the trade's rule allows; nothing counts when it was marked late (each natural day
    of the span has its own due time; the first decides here) or where the trade has no such window.
    """
    day = mark.start.astimezone(BEIJING).date()
    try:
        window = pack.at(f"{PREFIX}mark.window.{trade}.{mark.state}", day).value
        due = int(str(pack.at(f"{PREFIX}mark.due_hour", day).value))
    except NoRule:
        return Exemption(None, None, "emission.exempt.no_rule")
    assert isinstance(window, dict)
    if not marked_in_time(day, mark.marked_at, due):
        return Exemption(None, None, "emission.exempt.late")
    hours = float(window["hours"])
    end = mark.end if hours == 0 else min(mark.end, mark.start + timedelta(hours=hours))
    reason = "emission.exempt.whole" if end == mark.end else "emission.exempt.first_hours"
    return Exemption(mark.start, end, reason, frozenset(window["factors"]))


@dataclass(frozen=True, slots=True)
class YearHours:
    """Hours of faults and accidents of one line in one calendar year against what the year allows (h)."""

    used: float
    allowed: float

    @property
    def left(self) -> float:
        return max(0.0, self.allowed - self.used)

    @property
    def over(self) -> bool:
        """Using exactly what is allowed is not over."""
        return self.used > self.allowed


def year_hours(spans: Sequence[tuple[datetime, datetime]], year: int, allowed: float) -> YearHours:
    """Add up the hours of `spans` (aware, end not included) inside the calendar year, Beijing time; overlaps once."""
    first, last = datetime(year, 1, 1, tzinfo=BEIJING), datetime(year + 1, 1, 1, tzinfo=BEIJING)
    used, reached = timedelta(), first
    for start, end in sorted(spans):
        begin, stop = max(start, reached), min(end, last)
        if stop > begin:
            used += stop - begin
            reached = stop
    return YearHours(used / timedelta(hours=1), allowed)
