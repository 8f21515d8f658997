"""Hours that the registry's stations of air, surface water and noise reported, taken over into the statistics."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from ecobureau.clock import BEIJING, now
from ecobureau.domain import units
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.statistics import stations
from ecobureau.web.statistics.emission.days import follow_outlets
from ecobureau.web.statistics.models import Medium, Series
from ecobureau.web.statistics.services_data import UNITS, DayOfHours, place_of, put_days, put_hours, put_series
from ecobureau.web.statistics.services_minutes import take_minutes
from ecobureau.web.telemetry.selectors import store

RECENT = timedelta(days=3)
"""How far back the worker looks for hours that stations reported."""

SOURCE = "HJ 212"
"""How reported hours are named in the statistics."""

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
    "noise": {
        "Leq": "leq",
        "L5": "l5",
        "L10": "l10",
        "L50": "l50",
        "L90": "l90",
        "L95": "l95",
        "LMx": "lmax",
        "LMn": "lmin",
        "a01007": "wind",
    },
}
"""Codes under which stations report the items of each medium; HJ 212 has none for chlorophyll and transparency."""

DAILY = {"a21026": "so2", "a21004": "no2", "a34002": "pm10", "a34004": "pm2_5", "a21005": "co", "a0502408": "o3"}
"""Codes of published daily values of air; ozone as the highest 8-hour mean."""


def take_from_stations(
    start: datetime, end: datetime, medium: str | None = None, *, only: Collection[int] | None = None
) -> int:
    """Take the hourly means that stations reported for [start, end) over into the statistics, a month at a time.

    Args:
        start, end: aware instants; hours that begin in between are taken. medium: `air`, `water` or `noise`, None: all.
        only: these stations of the registry alone.

    Returns:
        How many days of hours were new or changed.
    """
    points = Series.objects.filter(kind=Series.Kind.POINT, station__isnull=False)
    if medium:
        points = points.filter(medium=medium)
    if only is not None:
        points = points.filter(station__in=only)
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
    taken = put_hours([DayOfHours(*key, hours) for key, hours in days.items()], source=SOURCE) if days else 0
    own = {point.start.astimezone(BEIJING) for point in found.get("Leq", [])}
    return taken + (take_minutes(series, start, end, own) if series.medium == Medium.NOISE else 0)


def take_published(start: datetime, end: datetime, *, only: Collection[int] | None = None) -> int:
    """Take daily values of air that were loaded as history over into the statistics; days with hours keep those.

    What loggers report as daily values (2031) is not taken: nobody could say of how many hours it is.

    Args:
        start, end: aware instants; days that begin in between are taken. only: these stations of the registry alone.

    Returns:
        How many daily values were new or changed.
    """
    points = Series.objects.filter(medium=Medium.AIR, kind=Series.Kind.POINT, station__isnull=False)
    if only is not None:
        points = points.filter(station__in=only)
    taken = 0
    for series in points:
        assert series.station_id is not None
        found = read.series(store(), series.station_id, None, Kind.DAY, None, list(DAILY), start, end)
        rows = [
            (series.pk, DAILY[code], point.start.astimezone(BEIJING).date(), value)
            for code, some in found.items()
            for point in some
            if point.backfilled and (value := _usable(point, UNITS["air"][DAILY[code]])) is not None
        ]
        taken += put_days(rows, source=SOURCE) if rows else 0
    return taken


def take_recent() -> int:
    """Follow the registry's stations and take what they reported lately; run by the worker."""
    follow_stations()
    follow_outlets()
    at = now()
    return take_from_stations(at - RECENT, at)


@transaction.atomic
def follow_stations() -> int:
    """Make a series for each active station of air, water or noise that has none, counting towards its places.

    The functional zone of a station of noise is brought up to date: it holds for days that are judged from now on.

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
            parent=place_of(medium, station.org_path),
            station_id=station.pk,
            body=(station.water_body or "river") if medium == Medium.WATER else "",
            zone=station.noise_zone if medium == Medium.NOISE else "",
        )
    _follow_zones()
    return len(missing)


def _follow_zones() -> None:
    followed = list(Series.objects.filter(medium=Medium.NOISE, station__isnull=False).only("station_id", "zone"))
    zones = stations.zones_of(one.station_id for one in followed if one.station_id is not None)
    moved = [one for one in followed if one.zone != zones.get(one.station_id or 0, one.zone)]
    for one in moved:
        one.zone = zones[one.station_id or 0]
    Series.objects.bulk_update(moved, ["zone"])


def _usable(point: read.Point, unit: str) -> float | None:
    """Return a reported hour in the unit of the statistics; None when its mark or unit says that it does not count."""
    value = point.value
    step = units.factor(point.reading.unit or unit, unit)
    if value is None or value < 0 or step is None or point.flag not in ("", "N"):
        return None
    return float(Decimal(repr(value)) * step)
