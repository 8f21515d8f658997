"""Beijing hours and days as whole numbers since 1970-01-01, and the calendar periods they lie in."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from ecobureau.domain.emission.bulk import Ints

EPOCH = date(1970, 1, 1)
PERIODS = ("day", "month", "quarter", "year")


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Return the day of a day number."""
    return EPOCH + timedelta(days=int(number))


def months_of_days(days: Ints) -> Ints:
    """Return months since 1970-01 of day numbers."""
    found: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


def quarter_of_hours(first_hour: int, count: int) -> Ints:
    """Return quarters since 1970 of `count` hours from `first_hour` on."""
    return months_of_days((first_hour + np.arange(count, dtype=np.int64)) // 24) // 3


def period_index(days: Ints, period: str) -> Ints:
    """Return the number of the period of each day: days, months, quarters or years since 1970.

    Raises:
        ValueError: no such period.
    """
    if period == "day":
        return days
    months = months_of_days(days)
    if period in ("month", "quarter", "year"):
        return months // {"month": 1, "quarter": 3, "year": 12}[period]
    raise ValueError(period)


def period_name(index: int, period: str) -> str:
    """Return a period as text: `2025-03-01`, `2025-03`, `2025-Q1`, `2025`."""
    if period == "day":
        return day_of(index).isoformat()
    if period == "month":
        return f"{1970 + index // 12}-{index % 12 + 1:02d}"
    if period == "quarter":
        return f"{1970 + index // 4}-Q{index % 4 + 1}"
    return str(1970 + index)


def period_days(index: int, period: str) -> tuple[date, date]:
    """Return the first day of a period and the day after its last."""
    months = {"month": 1, "quarter": 3, "year": 12}
    if period == "day":
        return day_of(index), day_of(index + 1)
    width = months[period]
    return _month(index * width), _month((index + 1) * width)


def _month(index: int) -> date:
    return date(1970 + index // 12, index % 12 + 1, 1)
