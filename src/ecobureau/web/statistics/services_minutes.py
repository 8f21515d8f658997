"""Hours of noise from the minutes of stations that report no hourly level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from ecobureau.clock import BEIJING, now
from ecobureau.domain.noise import hour_from_minutes
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import Series
from ecobureau.web.statistics.services_data import DayOfHours, put_hours
from ecobureau.web.telemetry.selectors import store

SOURCE = "HJ 212 2051"
"""How hours that were reckoned from minutes are named in the statistics."""
WAIT = timedelta(hours=1)
"""How long after its end an hour's own value may still come before its minutes are taken instead."""

_LEQ, _MAX, _MIN = "Leq", "LMx", "LMn"


def take_minutes(series: Series, start: datetime, end: datetime, known: Collection[datetime]) -> int:
    """Reckon the hours of [start, end) for which a station of noise reported minutes but no hourly level.

    Leq is the energy mean of the minutes; L10, L50 and L90 are those of the minutes' Leq, which the source tells. An
    hour with fewer valid minutes than the rules ask for is left out.

    Args:
        known: beginnings of the hours that the station reported itself, whatever their mark.

    Returns:
        How many days of hours were new or changed.
    """
    assert series.station_id is not None
    until = min(end, now() - WAIT)
    days: dict[tuple[int, str, date], list[float | None]] = {}
    day = start if _hour(start) == start else _hour(start) + timedelta(hours=1)
    while day < until:
        after = min(day + timedelta(days=1), until)
        _take(series, day, after, known, days)
        day = after
    return put_hours([DayOfHours(*key, hours) for key, hours in days.items()], source=SOURCE) if days else 0


def _take(
    series: Series,
    start: datetime,
    end: datetime,
    known: Collection[datetime],
    days: dict[tuple[int, str, date], list[float | None]],
) -> None:
    hours: dict[datetime, list[read.Point]] = defaultdict(list)
    assert series.station_id is not None
    if all(hour in known for hour in _hours(start, end)):
        return
    found = read.series(store(), series.station_id, None, Kind.MINUTE, None, [_LEQ, _MAX, _MIN], start, end)
    for point in found[_LEQ]:
        if point.flag in ("", "N") and point.value is not None:
            hours[_hour(point.start)].append(point)
    edges = {
        code: {point.start: point.value for point in found[code] if point.flag in ("", "N")} for code in (_MAX, _MIN)
    }
    for hour, points in hours.items():
        rules = in_force.noise_on(hour.date())
        if hour in known or rules is None or hour + timedelta(hours=1) > end:
            continue
        levels = [point.value or 0.0 for point in points]
        made = hour_from_minutes(levels, [(point.end - point.start).total_seconds() for point in points], rules)
        if made is None:
            continue
        row: dict[str, float | None] = {"leq": made.leq, "l10": made.l10, "l50": made.l50, "l90": made.l90}
        for code, item, best in ((_MAX, "lmax", max), (_MIN, "lmin", min)):
            some = [one for point in points if (one := edges[code].get(point.start)) is not None]
            row[item] = best(some) if some else None
        for item, value in row.items():
            if value is not None:
                key = (series.pk, item, hour.date())
                days.setdefault(key, [None] * 24)[hour.hour] = value


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    hour = _hour(start)
    while hour < end:
        yield hour
        hour += timedelta(hours=1)


def _hour(at: datetime) -> datetime:
    return at.astimezone(BEIJING).replace(minute=0, second=0, microsecond=0)
