"""The table of working days: the State Council's arrangement, the law's own days where it is not out yet, the city's.

In the order of their weight:
1. the city's own free and worked days (`calendar.city_rest`, `calendar.city_work` of the pack `sla`);
2. an official arrangement in the pack `calendar` (`calendar.official.<year>`): how a city adds a year that the library
   does not hold yet;
3. the library `chinesecalendar`;
4. the days that the law itself gives (`calendar.statutory.<year>`): no worked weekends, since nobody has named
   any. Such a year is not official, and `doctor` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import chinese_calendar

from ecobureau.domain.rules import NoRule
from ecobureau.domain.workflow import Calendar
from ecobureau.rulepacks import load


@dataclass(frozen=True, slots=True)
class Years:
    """Where the days of each year come from.

    Attributes:
        official: years with an arrangement of the State Council; statutory: years with the law's own days alone.
        rest: weekdays that are free; work: weekends that are worked.
    """

    official: frozenset[int]
    statutory: frozenset[int]
    rest: frozenset[date]
    work: frozenset[date]


@lru_cache(maxsize=1)
def years() -> Years:
    """Return the national days of every year that anything is known of."""
    rest, work = set(chinese_calendar.constants.holidays), set(chinese_calendar.constants.workdays)
    official, statutory = {day.year for day in rest}, set()
    pack = load("calendar")
    for key in pack.keys("calendar.official."):
        year = int(key.rpartition(".")[2])
        table = pack.at(key, date.max).value
        if not isinstance(table, dict):
            raise ValueError(f"calendar: {key} must be a table of rest and work")
        rest = {day for day in rest if day.year != year} | set(_days(f"{key}.rest", table.get("rest", [])))
        work = {day for day in work if day.year != year} | set(_days(f"{key}.work", table.get("work", [])))
        official.add(year)
    for key in pack.keys("calendar.statutory."):
        year = int(key.rpartition(".")[2])
        if year not in official:
            rest |= set(_days(key, pack.at(key, date.max).value))
            statutory.add(year)
    return Years(frozenset(official), frozenset(statutory), frozenset(rest), frozenset(work))


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """Return the working days of the city. Years that nothing is known of count plain weekdays."""
    known = years()
    return Calendar(
        years=known.official | known.statutory,
        rest=known.rest,
        work=known.work,
        city={
            **dict.fromkeys(_city_days("calendar.city_rest"), False),
            **dict.fromkeys(_city_days("calendar.city_work"), True),
        },
    )


def is_official(year: int) -> bool:
    """Say whether the year's holidays have been arranged officially, so that its working days are certain."""
    return year in years().official


def kind_of_day(day: date) -> str:
    """Return `work`, `weekend`, `holiday` (a free weekday, or a free day of the city) or `make_up` (worked weekend)."""
    worked, weekend = calendar().is_workday(day), day.weekday() >= 5
    if worked:
        return "make_up" if weekend else "work"
    named = not weekend or day in years().rest or day in calendar().city
    return "holiday" if named else "weekend"


def forget() -> None:
    """Read the tables anew: the city has changed its overlay (and for tests)."""
    years.cache_clear()
    calendar.cache_clear()


def _city_days(key: str) -> list[date]:
    try:
        return _days(key, load("sla").at(key, date.max).value)
    except NoRule:
        return []


def _days(key: str, value: object) -> list[date]:
    if not isinstance(value, list) or not all(isinstance(day, date) for day in value):
        raise ValueError(f"{key} must be a list of dates")
    return list(value)
