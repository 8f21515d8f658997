"""Months, quarters and years of days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta


def first_of(span: str, day: date) -> date:
    """Return the first day of the month, quarter or year that a day lies in; of the span `day` the day itself."""
    if span == "day":
        return day
    if span == "year":
        return day.replace(month=1, day=1)
    month = day.month if span == "month" else day.month - (day.month - 1) % 3
    return day.replace(month=month, day=1)


def after(span: str, start: date) -> date:
    """Return the first day after the day, month, quarter or year that begins on `start`."""
    if span == "day":
        return start + timedelta(days=1)
    months = {"month": 1, "quarter": 3, "year": 12}[span]
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1)


def last_of(span: str, start: date) -> date:
    """Return the last day of a period."""
    return after(span, start) - timedelta(days=1)


def days_of(span: str, start: date) -> list[date]:
    """Return the days of the month, quarter or year that begins on `start`."""
    return list(_days(start, after(span, start)))


def _days(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start += timedelta(days=1)


def year_before(start: date) -> date:
    """Return the first day of the same period a year before; of 29 February the 28th."""
    try:
        return start.replace(year=start.year - 1)
    except ValueError:
        return start.replace(year=start.year - 1, day=28)
