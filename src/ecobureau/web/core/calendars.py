"""The table of working days: national holidays from the library, the city's own changes from its rule pack."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import chinese_calendar

from ecobureau.domain.rules import NoRule
from ecobureau.domain.workflow import Calendar
from ecobureau.rulepacks import load


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """Return the working days of the city. Years beyond the library's table count plain weekdays."""
    holidays = frozenset(chinese_calendar.constants.holidays)
    return Calendar(
        years=frozenset(day.year for day in holidays),
        rest=holidays,
        work=frozenset(chinese_calendar.constants.workdays),
        city={
            **dict.fromkeys(_city_days("calendar.city_rest"), False),
            **dict.fromkeys(_city_days("calendar.city_work"), True),
        },
    )


def _city_days(key: str) -> list[date]:
    try:
        value = load("sla").at(key, date.max).value
    except NoRule:
        return []
    if not isinstance(value, list) or not all(isinstance(day, date) for day in value):
        raise ValueError(f"sla: {key} must be a list of dates")
    return list(value)
