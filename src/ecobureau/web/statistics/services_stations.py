"""Hours that the registry's stations of air and surface water reported, taken over into the statistics."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from ecobureau.clock import BEIJING, now
from ecobureau.domain import units
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.statistics import stations
from ecobureau.web.statistics.models import Medium, Series
from ecobureau.web.statistics.services_data import UNITS, DayOfHours, put_hours, put_series
from ecobureau.web.telemetry.selectors import store

RECENT = timedelta(days=3)
"""How far back the worker looks for hours that stations reported."""

_STEP = timedelta(days=31)

FACTORS = {
    "air": {"a21026": "so2", "a21004": "no2", "a34002": "pm10", "a34004": "pm2_5", "a21005": "co", "a05024": "o3"},
    "water": {
        "w01001": "ph",
        "w01009": "do",
        "w01019": "codmn",
        "w21003": "nh3n",
        "w21011": "tp",
        "w21001": "tn",
    },
}
"""Codes under which stations report the items of each medium; HJ 212 has none for chlorophyll and transparency."""


def take_from_stations(start: datetime, end: datetime, medium: str | None = None) -> int:
    """Take the hourly means that stations reported for [start, end) over into the statistics, a month at a time.

    Args:
        start, end: aware instants; hours that begin in between are taken. medium: `air` or `water`, None: both.

    Returns:
        How many days of hours were new or changed.
    """
    points = Series.objects.filter(kind=Series.Kind.POINT, station__isnull=False)
    if medium:
        points = points.filter(medium=medium)
    taken = 0
    while start < end:
        until = min(start + _STEP, end)
        for series in points:
            taken += _take(series, start, until)
        start = until
    return taken


def _take(series: Series, start: datetime, end: datetime) -> int:
    assert series.station_id is not None
    days: dict[tuple[int, str, date], list[float | None]] = {}
    factors = FACTORS[series.medium]
    found = read.series(store(), series.station_id, None, Kind.HOUR, None, list(factors), start, end)
    for code, points in found.items():
        for point in points:
            local = point.start.astimezone(BEIJING)
            value = _usable(point, UNITS[series.medium][factors[code]])
            if value is not None:
                key = (series.pk, factors[code], local.date())
                days.setdefault(key, [None] * 24)[local.hour] = value
    return put_hours([DayOfHours(*key, hours) for key, hours in days.items()], source="HJ 212") if days else 0


def take_recent() -> int:
    """Follow the registry's stations of air and water and take what they reported lately; run by the worker."""
    follow_stations()
    at = now()
    return take_from_stations(at - RECENT, at)


@transaction.atomic
def follow_stations() -> int:
    """Make a series for each active station of air or surface water that has none, counting towards its places.

    Returns:
        How many points were made.
    """
    missing = list(stations.stations_without_series())
    for station in missing:
        medium = stations.MEDIA[station.st]
        put_series(
            medium=medium,
            kind=Series.Kind.POINT,
            code=station.code,
            name=station.name,
            org_path=station.org_path,
            parent=_place_of(medium, station.org_path),
            station_id=station.pk,
            body=(station.water_body or "river") if medium == Medium.WATER else "",
        )
    return len(missing)


def _place_of(medium: str, org_path: str) -> Series | None:
    """Return the series of the smallest city or district that a path lies in, made with those above it if need be."""
    above: Series | None = None
    for unit in stations.places_above(org_path):
        above = put_series(
            medium=medium, kind=Series.Kind.PLACE, code=unit.path, name=unit.name, org_path=unit.path, parent=above
        )
    return above


def _usable(point: read.Point, unit: str) -> float | None:
    """Return a reported hour in the unit of the statistics; None when its mark or unit says that it does not count."""
    value = point.value
    step = units.factor(point.reading.unit, unit)
    if value is None or value < 0 or step is None or point.flag not in ("", "N"):
        return None
    return float(Decimal(repr(value)) * step)
