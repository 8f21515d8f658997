"""Wind at the air stations, as arrows for the map: they point where the air goes to, with speed and time written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.clock import beijing, now
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.core.access import Viewer
from ecobureau.web.sources import selectors as sources
from ecobureau.web.telemetry import selectors as telemetry

SPEED, FROM = "a01007", "a01008"
"""Factors of HJ 212: wind speed in m/s, and the direction the wind comes from in degrees clockwise from north."""
AIR = "22"
OLDEST = timedelta(hours=3)
"""Wind that was measured longer ago says nothing of the air now: no arrow, and the layer says how many are missing."""
MOST = 60


def arrows(viewer: Viewer, at: datetime | None = None) -> tuple[list[dict[str, Any]], str]:
    """Return the wind as marks of the map, and a note with the newest time and how many stations told nothing.

    Args:
        at: as it was at that instant (hourly means); default: the newest values.
    """
    rows = list(sources.stations(viewer, st=AIR).filter(lon__isnull=False)[:MOST])
    places = {row.pk: row for row in rows}
    instant = at or now()
    found = _newest(viewer, list(places)) if at is None else _then(list(places), at)
    fresh = {key: wind for key, wind in found.items() if instant - wind[2] <= OLDEST}
    made = [_mark(places[key], *wind) for key, wind in sorted(fresh.items())]
    if not rows:
        return [], ""
    newest = max((wind[2] for wind in fresh.values()), default=None)
    note = f"{len(made)} · {beijing(newest):%H:%M}" if newest else "0"
    silent = len(rows) - len(made)
    return made, note + (" · " + _("{n} 站没有风").format(n=silent) if silent else "")


Wind = tuple[float, float, datetime]
"""Speed, direction it comes from, end of the period."""


def _newest(viewer: Viewer, ids: list[int]) -> dict[int, Wind]:
    periods: dict[tuple[int, datetime], dict[str, float]] = defaultdict(dict)
    for row in telemetry.latest(viewer, ids, (Kind.RT, Kind.MINUTE, Kind.HOUR)):
        if row.code in (SPEED, FROM) and row.value is not None and row.flag == "N":
            length = timedelta(0) if row.kind is Kind.RT else timedelta(seconds=row.interval_s)
            periods[row.station_id, row.start + length][row.code] = row.value
    return _latest_whole(periods)


def _then(ids: Iterable[int], at: datetime) -> dict[int, Wind]:
    """Return the hour of each station that ended last before an instant; the caller has narrowed the stations."""
    periods: dict[tuple[int, datetime], dict[str, float]] = defaultdict(dict)
    for station in ids:
        span = (at - OLDEST - timedelta(hours=1), at)
        found = read.series(telemetry.store(), station, None, Kind.HOUR, None, (SPEED, FROM), *span)
        for code, points in found.items():
            for point in points:
                if point.end <= at and point.value is not None and point.flag == "N":
                    periods[station, point.end][code] = point.value
    return _latest_whole(periods)


def _latest_whole(periods: Mapping[tuple[int, datetime], Mapping[str, float]]) -> dict[int, Wind]:
    """Return of each station the newest period that has both speed and direction."""
    made: dict[int, Wind] = {}
    for (station, end), told in sorted(periods.items()):
        if SPEED in told and FROM in told:
            made[station] = (told[SPEED], told[FROM], end)
    return made


def _mark(station: Any, speed: float, comes_from: float, end: datetime) -> dict[str, Any]:
    name = _("{station} 风速 {speed} m/s，{time}").format(
        station=station.name, speed=f"{speed:.1f}", time=f"{beijing(end):%H:%M}"
    )
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(station.lon, 6), round(station.lat, 6)]},
        "properties": {
            "kind": "wind",
            "id": f"wind:{station.pk}",
            "towards": round((comes_from + 180) % 360),
            "value": f"{speed:.1f}",
            "name": name,
        },
    }
