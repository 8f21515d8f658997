"""What the outlet and station pages show of the data: newest values, charts, marks, what the devices told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.storage import read, sessions
from ecobureau.storage.read import LatestValue
from ecobureau.storage.types import Kind
from ecobureau.web.core import parts
from ecobureau.web.core.charts import Chart
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Factor, Limit, Station
from ecobureau.web.telemetry import charts

RANGES = {"6h": timedelta(hours=6), "48h": timedelta(hours=48), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_RANGE_KIND = {"6h": Kind.MINUTE, "48h": Kind.HOUR, "7d": Kind.HOUR, "30d": Kind.DAY}
_FRESH = {Kind.RT: timedelta(minutes=10), Kind.MINUTE: timedelta(minutes=40), Kind.HOUR: timedelta(hours=2)}
_ORDER = {Kind.MINUTE: 0, Kind.RT: 1, Kind.HOUR: 2, Kind.DAY: 3}
_FIRST_FACTORS = ("w01018", "w21003", "w21011", "w21001", "w01001", "a21026", "a21002", "a34013", "a34004", "a34002")
_EVENT_WORDS = {
    "2081": lambda: _("数采仪开机"),
    "2062": lambda: _("自动标样核查"),
    "3020": lambda: _("现场机信息"),
    "3019": lambda: _("设备唯一标识"),
    "2021": lambda: _("设备运行状态"),
    "2041": lambda: _("设备运行时间"),
    "3015": lambda: _("超标留样"),
}


def range_words(key: str) -> str:
    """Return the words of a range button."""
    return {"6h": _("6 小时"), "48h": _("48 小时"), "7d": _("7 天"), "30d": _("30 天")}[key]


def newest(station_ids: Sequence[int]) -> dict[str, LatestValue]:
    """Return the newest value of each factor of the stations, minute data before real-time, hour and day."""
    connection.ensure_connection()
    found: dict[str, LatestValue] = {}
    for row in read.latest(connection.connection, station_ids):
        known = found.get(row.code)
        if known is None or (_ORDER[row.kind], -row.start.timestamp()) < (_ORDER[known.kind], -known.start.timestamp()):
            found[row.code] = row
    return found


def values(
    rows: Mapping[str, LatestValue], limits: Sequence[Limit], factors: Mapping[str, Factor], at: datetime
) -> list[parts.Value]:
    """Return the cards of the newest values, those with a limit first."""
    lang = _lang()
    bound: dict[str, Limit] = {}
    for limit in limits:
        row = rows.get(limit.factor_id)
        if row is None or limit.kind != "max" or limit.period not in ("hour", "any"):
            continue
        if sources.holds_at(limit, row.start):
            bound[limit.factor_id] = limit
    codes = sorted(rows, key=lambda code: (code not in bound, _rank(code), code))
    return [
        _value(rows[code], bound.get(code), sources.factor_label(factors.get(code), code, lang), at) for code in codes
    ]


def _lang() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


def _rank(code: str) -> int:
    return _FIRST_FACTORS.index(code) if code in _FIRST_FACTORS else len(_FIRST_FACTORS)


def _value(row: LatestValue, limit: Limit | None, name: str, at: datetime) -> parts.Value:
    converted = limit is not None and limit.field.startswith("zs_") and row.converted is not None
    number = row.converted if converted else row.value
    text = row.converted_text if converted else row.text
    top = float(limit.value) if limit is not None else None
    stale = at - row.received_at > _FRESH.get(row.kind, timedelta(days=2))
    flag = "stale" if stale else row.flag if row.flag in parts.FLAGS else "valid"
    if flag == "valid" and number is not None and top is not None and number > top:
        flag = "over"
    note = ""
    if limit is not None:
        words = _("许可 {limit}") if limit.outlet_id is not None else _("限值 {limit}")
        note = words.format(limit=f"{top:g}")
    when = row.start.astimezone(BEIJING).strftime("%H:%M")
    return parts.Value(
        label=f"{_('{name}（折算）').format(name=name) if converted else name} · {when}",
        value=text,
        unit=row.unit,
        flag=flag,
        note=note,
        share=number / (top * 1.5) if number is not None and top else None,
        limit_share=1 / 1.5 if top else None,
    )


def chart_of(station: Station, codes: Sequence[str], key: str, at: datetime, first: str = "") -> Chart | None:
    """Return the chart of a station for a range, None where it has no factors."""
    if not codes:
        return None
    ordered = sorted(codes, key=lambda code: (code != first, _rank(code), code))
    name = _("近 {span}").format(span=range_words(key))
    return charts.chart(station.pk, ordered, at - RANGES[key], at, name=name, kind=_RANGE_KIND[key])


def state_of(station_ids: Sequence[int], at: datetime) -> dict[str, Any]:
    """Return whether the stations' devices are connected, and when they last spoke."""
    connection.ensure_connection()
    spoken = [row.received_at for row in read.stream_states(connection.connection, station_ids)]
    open_now = sessions.holders(connection.connection, station_ids)
    last = max(spoken, default=None)
    alive = any(at - each.heartbeat_at < timedelta(seconds=90) for each in open_now.values())
    return {"online": alive, "last": last, "last_words": beijing(last).strftime("%m-%d %H:%M") if last else "—"}


def device_news(station_ids: Sequence[int], at: datetime, most: int = 8) -> list[parts.Happening]:
    """Return what the devices told of themselves in the last 30 days, newest first."""
    connection.ensure_connection()
    rows = [
        row
        for station in station_ids
        for row in read.events(connection.connection, station, at - timedelta(days=30), at, limit=200)
    ]
    rows.sort(key=lambda row: row.at, reverse=True)
    return [
        parts.Happening(row.at, _EVENT_WORDS.get(row.kind, lambda: _("设备事件"))(), detail=_fields(row.fields))
        for row in rows[:most]
    ]


def _fields(fields: Mapping[str, Any]) -> str:
    return "；".join(_said(key, value) for key, value in list(fields.items())[:4])[:160]


def _said(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return "，".join(f"{key}-{part} {text}" for part, text in value.items())
    return f"{key} {str(value).strip('/')}"


def context(stations: Sequence[Station], limits: Sequence[Limit], key: str, factor: str) -> dict[str, Any]:
    """Return the template context of the data side of an outlet or station page."""
    at = now()
    ids = [station.pk for station in stations]
    rows = newest(ids)
    factors = sources.factors(rows)
    key = key if key in RANGES else "48h"
    return {
        "values": values(rows, limits, factors, at),
        "data_chart": chart_of(stations[0], list(rows), key, at, factor) if stations else None,
        "ranges": [(each, range_words(each), each == key) for each in RANGES],
        "range": key,
        "factor": factor,
        "device": state_of(ids, at),
        "device_news": device_news(ids, at),
        "factor_choices": [(code, sources.factor_label(factors.get(code), code, _lang())) for code in sorted(rows)],
    }
