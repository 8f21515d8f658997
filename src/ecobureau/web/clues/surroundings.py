"""What lies round a clue: sensitive places, and the wind as measured nearest in place and time."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import cos, radians

from ecobureau.clock import beijing
from ecobureau.domain.geo import bearing_deg, distance_m
from ecobureau.domain.risk import Near, Weights, Wind
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.clues.models import SensitivePlace
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.sources import selectors as sources
from ecobureau.web.telemetry.selectors import store

SPEED, FROM = "a01007", "a01008"
"""Factors of HJ 212: wind speed in m/s, and the direction the wind comes from in degrees clockwise from north."""
AIR = "22"
MOST_PLACES = 50
MOST_STATIONS = 3
_M_PER_DEG = 111_195.0


def sensitive_near(lon: float, lat: float, weights: Weights) -> list[Near]:
    """Return the sensitive places in force within their kind's radius of a point, nearest first."""
    widest = max(weights.radius_m.values(), default=0.0)
    tall = widest / _M_PER_DEG
    wide = tall / max(0.01, cos(radians(lat)))
    boxed = SensitivePlace.objects.filter(
        active=True, lon__range=(lon - wide, lon + wide), lat__range=(lat - tall, lat + tall)
    )
    found = [
        Near(
            place.kind,
            place.name,
            distance_m(lon, lat, place.lon, place.lat),
            bearing_deg(lon, lat, place.lon, place.lat),
        )
        for place in boxed
    ]
    near = [place for place in found if place.distance_m < weights.radius_m.get(place.kind, 0.0)]
    return sorted(near, key=lambda place: place.distance_m)[:MOST_PLACES]


def wind_at(lon: float, lat: float, at: datetime, weights: Weights) -> Wind | None:
    """Return the newest hourly wind by `at` that was measured nearest to a point, None where none is known.

    Asked are the nearest air stations within the pack's distance; a value must be valid (mark N) and not older than the
    pack's hours.
    """
    rows = sources.stations(SYSTEM, st=AIR).filter(lon__isnull=False, lat__isnull=False).order_by()
    reach = weights.wind_station_km * 1000
    placed = rows.values_list("pk", "name", "lon", "lat")
    near = sorted((distance_m(lon, lat, x or 0.0, y or 0.0), pk, name) for pk, name, x, y in placed)
    for away, pk, name in near[:MOST_STATIONS]:
        if away > reach:
            break
        found = _of_station(pk, at, timedelta(hours=weights.wind_oldest_h))
        if found is not None:
            speed, comes_from, end = found
            return Wind(speed, comes_from % 360.0, name, away / 1000, beijing(end).strftime("%m-%d %H:%M"))
    return None


def _of_station(station: int, at: datetime, oldest: timedelta) -> tuple[float, float, datetime] | None:
    """Return speed, direction and end of the newest whole hour of a station that began by `at`."""
    span = (at - oldest - timedelta(hours=1), at + timedelta(seconds=1))
    found = read.series(store(), station, None, Kind.HOUR, None, (SPEED, FROM), *span)
    told: dict[datetime, dict[str, float]] = {}
    for code, points in found.items():
        for point in points:
            if point.value is not None and point.flag == "N":
                told.setdefault(point.end, {})[code] = point.value
    whole = [end for end, values in told.items() if SPEED in values and FROM in values]
    if not whole:
        return None
    end = max(whole)
    return told[end][SPEED], told[end][FROM], end
