"""What the judge looks up: series, limits, ranges, and what may speak in the plant's favour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from ecobureau.clock import beijing
from ecobureau.domain import judging
from ecobureau.domain.noise import hours_on
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Factor, Instrument, Limit
from ecobureau.web.sources.selectors import Watched

OXYGEN, FLOWS = "a19001", ("w00000", "a00000")
_EVENT_KINDS = {
    "2062": "check",
    "3011": "calibration",
    "2081": "restart",
    "3020": "parameter",
    "3021": "parameter",
    "2041": "power",
}


@lru_cache(maxsize=8)
def params(on: date) -> judging.Params:
    """Return the judge's parameters on a day."""
    return judging.read_params(load("judging"), load("scenario_kinds"), on)


@dataclass(slots=True)
class Lookup:
    """Everything of the registry that a batch of stations needs, in a handful of queries.

    Attributes:
        watched: station id → what it is; limits: outlet id → limits; ranges: station id → instruments;
        notices: outlet id → declared spans; factors: code → factor; on: the day whose hours of day and night count.
    """

    watched: Mapping[int, Watched]
    limits: Mapping[int, list[Limit]]
    ranges: Mapping[int, list[Instrument]]
    notices: Mapping[int, list[Any]]
    factors: Mapping[str, Factor]
    on: date

    def where(self, station_id: int) -> judging.Where | None:
        found = self.watched.get(station_id)
        if found is None:
            return None
        name = " ".join(filter(None, (found.enterprise_name, found.outlet_code))) if found.outlet_id else ""
        return judging.Where(found.station_id, found.st, found.name, found.outlet_id, name)

    def limit_spans(self, station_id: int, factor: str) -> list[judging.LimitSpan]:
        found = self.watched[station_id]
        if found.outlet_id is None:
            rows = sources.zone_limits(found.noise_zone, self.on)
        else:
            rows = self.limits.get(found.outlet_id, [])
        return [_limit(row, self.on) for row in rows if row.factor_id == factor]

    def range_spans(self, station_id: int, factor: str) -> list[judging.RangeSpan]:
        return [
            judging.RangeSpan(
                row.range_low,
                row.range_high,
                row.unit,
                row.valid_from,
                row.valid_to,
                f"{row.maker} {row.model}".strip(),
            )
            for row in self.ranges.get(station_id, [])
            if row.factor_id == factor and (row.range_low is not None or row.range_high is not None)
        ]

    def declared(self, station_id: int) -> tuple[judging.Declared, ...]:
        found = self.watched[station_id]
        rows = self.notices.get(found.outlet_id, []) if found.outlet_id is not None else []
        return tuple(judging.Declared(row.kind, row.starts, row.ends, row.filed_at, row.reason) for row in rows)

    def word(self, factor: str) -> str:
        return sources.factor_label(self.factors.get(factor), factor)


def look_up(station_ids: Iterable[int], start: datetime, end: datetime) -> Lookup:
    """Return what the registry says of stations for facts in [start, end]."""
    watched = sources.watched(station_ids)
    outlets = [each.outlet_id for each in watched.values() if each.outlet_id is not None]
    first, last = beijing(start).date(), beijing(end).date()
    return Lookup(
        watched,
        sources.limits_of(outlets, first, last),
        sources.instruments_of(watched, first, last),
        sources.notices_of(outlets, start, end),
        sources.factors(),
        last,
    )


def _daily(part: str, on: date) -> tuple[int, int] | None:
    if part not in ("day", "night"):
        return None
    hours = hours_on(load("noise"), on)
    return (hours.day, hours.night) if part == "day" else (hours.night, hours.day)


def _limit(row: Limit, on: date) -> judging.LimitSpan:
    return judging.LimitSpan(
        field=row.field,
        kind=row.kind,  # type: ignore[arg-type]
        value=float(row.value),
        unit=row.unit,
        first_day=row.valid_from,
        last_day=row.valid_to,
        period=row.period,
        text=judging.shown(float(row.value)),
        source=row.source,
        clause=row.clause,
        flag=row.flag,
        ref=row.pk,
        part="" if row.hours == Limit.Hours.ANY else row.hours,  # type: ignore[arg-type]
        daily=_daily(row.hours, on),
    )


def series(
    station_id: int, st: str | None, kind: Kind, interval_s: int | None, start: datetime, end: datetime
) -> dict[str, list[judging.Point]]:
    """Return the points of a stream whose period starts in [start, end], by factor, ready for the judge."""
    connection.ensure_connection()
    until = end + timedelta(microseconds=1)
    found = read.series(connection.connection, station_id, st, kind, interval_s, None, start, until)
    oxygen = {point.start: point.value for point in found.get(OXYGEN, [])}
    flows = {point.start: point.value for code in FLOWS for point in found.get(code, [])}
    return {code: [_point(point, oxygen, flows) for point in points] for code, points in found.items()}


def _point(
    point: read.Point, oxygen: Mapping[datetime, float | None], flows: Mapping[datetime, float | None]
) -> judging.Point:
    flow = flows.get(point.start)
    return judging.Point(
        start=point.start,
        end=point.end,
        values=dict(zip(point.reading.stats, point.reading.values, strict=True)),
        flag=point.flag,
        unit=point.reading.unit,
        decimals=max(point.reading.decimals, default=None),
        backfilled=point.backfilled,
        ref=str(point.raw_id),
        o2=oxygen.get(point.start),
        discharging=None if flow is None else flow > 0,
    )


def context(
    lookup: Lookup, station_id: int, factor: str, kind: Kind, points: Sequence[judging.Point], on: date
) -> judging.Context:
    """Return what may speak in the plant's favour: declarations, events of the device, neighbours."""
    rule = params(on)
    start, end = points[0].start, points[-1].end
    span = timedelta(seconds=rule.favour_window_s)
    connection.ensure_connection()
    events = read.events(connection.connection, station_id, start - span, end + span, kinds=list(_EVENT_KINDS))
    return judging.Context(
        declared=lookup.declared(station_id),
        events=tuple(judging.DeviceEvent(row.at, _EVENT_KINDS[row.kind]) for row in events),
        neighbours=_neighbours(station_id, factor, kind, rule.neighbours_m),
    )


def _neighbours(station_id: int, factor: str, kind: Kind, within_m: float) -> tuple[judging.Neighbour, ...]:
    near = sources.neighbours(station_id, within_m=within_m)
    if not near:
        return ()
    connection.ensure_connection()
    newest = {
        row.station_id: row.value
        for row in read.latest(connection.connection, [each.station_id for each in near], [kind])
        if row.code == factor
    }
    return tuple(judging.Neighbour(each.name, newest[each.station_id]) for each in near if each.station_id in newest)
