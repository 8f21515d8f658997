"""Charts of stored series: values with their marks, gaps that stay gaps, the limits of their days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ecobureau.clock import BEIJING, beijing
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.core.charts import Band, Chart, FlagRun, LimitLine, Plot, Point
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Limit
from ecobureau.web.sources.selectors import Watched

MOST_PLOTS = 4
_NOT_FROM_ZERO = {"w01001", "a01012", "w01010", "a01001", "a01006", "LA", "Leq"}
_KIND_WORDS = {
    Kind.RT: lazy("实时值（瞬时）"),
    Kind.MINUTE: lazy("分钟均值，按起始时间标"),
    Kind.HOUR: lazy("小时均值，按起始时间标"),
    Kind.DAY: lazy("日均值，按起始时间标"),
}
MARKS = {
    "N": lazy("正常"),
    "F": lazy("停运"),
    "M": lazy("维护"),
    "S": lazy("手工"),
    "D": lazy("故障"),
    "C": lazy("校准"),
    "T": lazy("超量程"),
    "B": lazy("断线"),
}


def kind_for(span: timedelta) -> Kind:
    """Return the kind of data that suits a length of time: real-time below 3 h, minutes below 2 d, hours below 60 d."""
    if span <= timedelta(hours=3):
        return Kind.RT
    if span <= timedelta(days=2):
        return Kind.MINUTE
    return Kind.HOUR if span <= timedelta(days=60) else Kind.DAY


def chart(
    station_id: int,
    factors: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    name: str,
    kind: Kind | None = None,
    suspect: tuple[datetime, datetime, str] | None = None,
    judged: str = "",
) -> Chart:
    """Return the stacked chart of a station's factors, at most MOST_PLOTS.

    Args:
        start, end: aware; points whose period starts in [start, end).
        kind: of data; default by the length of time, the next coarser one where there is none.
        suspect: window of a finding with its words. judged: the factor that it is about; it gets the tall plot.
    """
    connection.ensure_connection()
    found: dict[str, list[read.Point]] = {}
    wanted = Kind.DAY
    for wanted in _coarser(kind or kind_for(end - start)):
        found = read.series(connection.connection, station_id, None, wanted, None, list(factors), start, end)
        if any(found.values()):
            break
    watched = sources.watched([station_id]).get(station_id)
    limits = _limits(watched, start, end)
    names = sources.factors(factors)
    lang = "en" if (get_language() or "").startswith("en") else "zh"
    plots = [
        _plot(
            code,
            sources.factor_label(names.get(code), code, lang),
            found.get(code, []),
            limits,
            wanted,
            place,
            judged,
            (start, end),
        )
        for place, code in enumerate(factors[:MOST_PLOTS], start=1)
    ]
    bands = [Band(suspect[0], suspect[1], "suspect", suspect[2])] if suspect else []
    return Chart(
        name=name,
        start=start,
        end=end,
        plots=plots,
        bands=[*bands, *_gaps(found, wanted)],
        subtitle=_KIND_WORDS[wanted],
        source=watched.name if watched else "",
    )


def _coarser(kind: Kind) -> list[Kind]:
    order = [Kind.RT, Kind.MINUTE, Kind.HOUR, Kind.DAY]
    return order[order.index(kind) :]


def _limits(watched: Watched | None, start: datetime, end: datetime) -> list[Limit]:
    if watched is None:
        return []
    if watched.outlet_id is None:
        return sources.zone_limits(watched.noise_zone, beijing(end).date())
    found = sources.limits_of([watched.outlet_id], beijing(start).date(), beijing(end).date())
    return found.get(watched.outlet_id, [])


def _plot(
    code: str,
    name: str,
    points: Sequence[read.Point],
    limits: Sequence[Limit],
    kind: Kind,
    place: int,
    judged: str,
    span: tuple[datetime, datetime],
) -> Plot:
    bound = [limit for limit in limits if limit.factor_id == code and (limit.period == "day") == (kind is Kind.DAY)]
    converted = any(limit.field.startswith("zs_") for limit in bound) and any(p.converted is not None for p in points)
    drawn = [Point(p.start, p.end, p.converted if converted else p.value, p.flag) for p in points]
    decimals = max((p.reading.decimals[0] for p in points[-20:] if p.reading.decimals), default=1)
    unit = next((p.reading.unit for p in points), bound[0].unit if bound else "")
    return Plot(
        name=_("{name}（折算）").format(name=name) if converted else name,
        unit=unit,
        points=_with_gaps(drawn, kind),
        kind="line" if kind is Kind.RT else "step",
        zero=code not in _NOT_FROM_ZERO,
        decimals=min(decimals, 3),
        limits=[_line(limit, *span) for limit in bound if limit.field.startswith("zs_") == converted],
        flags=_runs(points),
        series=(place - 1) % 6 + 1,
        main=code == judged or (not judged and place == 1),
    )


def _line(limit: Limit, start: datetime, end: datetime) -> LimitLine:
    first = datetime.combine(limit.valid_from, datetime.min.time(), BEIJING)
    last = (
        datetime.combine(limit.valid_to, datetime.min.time(), BEIJING) + timedelta(days=1) if limit.valid_to else None
    )
    value = float(limit.value)
    word = _("许可限值") if limit.kind == "max" else _("许可下限")
    if limit.outlet_id is None:
        word = _("限值")
    source = f"{limit.source} {limit.clause}".strip()
    if limit.hours != Limit.Hours.ANY:
        word = f"{limit.get_hours_display()} · {word}"
    return LimitLine(value, f"{word} {value:g}", source, True, max(first, start), min(last, end) if last else end)


def _usual_step(points: Sequence[Point]) -> timedelta:
    steps = sorted(b.start - a.start for a, b in pairwise(points))
    return steps[len(steps) // 2] if steps else timedelta(0)


def _with_gaps(points: Sequence[Point], kind: Kind) -> list[Point]:
    """Put a missing value into every hole, so that no line is drawn across it."""
    usual = _usual_step(points)
    made: list[Point] = []
    for point in points:
        if made and usual and point.start - made[-1].start > usual * 2:
            hole = made[-1].end if kind is not Kind.RT else made[-1].start + usual
            made.append(Point(hole, point.start, None))
        made.append(point)
    return made


def _gaps(found: dict[str, list[read.Point]], kind: Kind) -> list[Band]:
    points = max(found.values(), key=len, default=[])
    spans = [Point(p.start, p.end, 0.0) for p in points]
    usual = _usual_step(spans)
    if not usual:
        return []
    return [
        Band(a.end if kind is not Kind.RT else a.start + usual, b.start, "gap", _("无数据"))
        for a, b in pairwise(spans)
        if b.start - a.start > usual * 2
    ]


def _runs(points: Sequence[read.Point]) -> list[FlagRun]:
    runs: list[Any] = []
    for point in points:
        flag = point.flag or "N"
        if runs and runs[-1][2] == flag:
            runs[-1][1] = point.end
        else:
            runs.append([point.start, point.end, flag])
    closed = [
        [run[0], runs[place + 1][0] if place + 1 < len(runs) else run[1], run[2]] for place, run in enumerate(runs)
    ]
    return [FlagRun(start, end, flag, MARKS.get(flag, "")) for start, end, flag in closed]
