"""The whole process of a plant as one stack of plots on one time axis: power, inlet, treatment, outlet, flow, mass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.clock import beijing
from ecobureau.domain.detection.types import OutletFacts, OutletSeries
from ecobureau.domain.emission.outlet import STATE_FACTORS
from ecobureau.web.core.charts import Band, Chart, FlagRun, LimitLine, Plot, Point
from ecobureau.web.detection import accounting, reading
from ecobureau.web.detection.models import ChainLink, FindingRow, PermittedAmount
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Outlet
from ecobureau.web.telemetry.charts import MARKS
from ecobureau.words import say

RANGES = (3, 7, 30)
_UNIT = {Outlet.Medium.AIR: "mg/m3", Outlet.Medium.WATER: "mg/L"}
_FLOW = {Outlet.Medium.AIR: ("a00000", "m3/s"), Outlet.Medium.WATER: ("w00000", "L/s")}
_FIRST = ("w01018", "w21003", "w21011", "a21002", "a21026", "a34013")


@dataclass(frozen=True, slots=True)
class Missing:
    """A link of the chain that nothing reports for: its role, words, and whether a link would mend it."""

    role: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Process:
    """The page of a chain: chart (None without any value), missing links, choices of factors."""

    chart: Chart | None
    missing: list[Missing]
    factor: str
    choices: list[tuple[str, str]]
    month_kg: float | None
    permitted_kg: float | None


def process_of(outlet: Outlet, at: datetime, days: int, factor: str = "") -> Process:
    """Return the chain of an outlet over the last `days` days before the hour of `at`.

    Args:
        factor: the pollutant shown; default the first with a limit.
    """
    end = at.replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(days=days)
    found = reading.inputs([outlet.pk], start, end)
    roles = set(ChainLink.objects.filter(outlet=outlet).values_list("role", flat=True))
    if not found:
        return Process(None, _missing(None, roles, ""), factor, [], None, None)
    series, facts, _declared = found[0]
    codes = _pollutants(series, facts)
    factor = factor if factor in codes else next(iter(codes), "")
    names = sources.factors([*codes])
    choices = [(code, sources.factor_label(names.get(code), code, _lang())) for code in codes]
    plots = _measured(outlet, series, facts, factor, dict(choices).get(factor, factor))
    mass, kg, permitted = _mass(outlet, factor, start, end) if factor else (None, None, None)
    if mass is not None:
        plots.append(mass)
    chart = Chart(
        name=_("{name} 近 {days} 天全流程").format(name=dict(choices).get(factor, ""), days=days).strip(),
        start=start,
        end=end,
        plots=plots,
        bands=_findings(outlet, factor, start, end),
        subtitle=_("小时均值，按起始时间标；各环节共用一条时间轴"),
        source=f"{outlet.name} {outlet.code}",
    )
    return Process(chart, _missing(series, roles, factor), factor, choices, kg, permitted)


def _lang() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


def _pollutants(series: OutletSeries, facts: OutletFacts) -> list[str]:
    known = [code for code in series.avg if code not in STATE_FACTORS and not code.startswith("pw_")]
    limited = {code for code, one in facts.factors.items() if one.limit is not None}
    rank = {code: at for at, code in enumerate(_FIRST)}
    return sorted(known, key=lambda code: (code not in limited, rank.get(code, len(rank)), code))


def _measured(outlet: Outlet, series: OutletSeries, facts: OutletFacts, factor: str, name: str) -> list[Plot]:
    medium = Outlet.Medium(outlet.medium)
    unit, (flow, flow_unit) = _UNIT[medium], _FLOW[medium]
    plots = []
    if "pw_prod" in series.avg:
        plots.append(_plot(_("生产用电"), "kW", series, "pw_prod", place=4))
    if series.inlet is not None and factor in series.inlet.avg:
        plots.append(_plot(_("进口 {name}").format(name=name), unit, series.inlet, factor, place=2))
    if "pw_treat" in series.avg:
        plots.append(_plot(_("治污用电"), "kW", series, "pw_treat", place=3))
    if factor:
        plots.append(_concentration(outlet, series, facts, factor, name, unit))
    if flow in series.avg:
        plots.append(_plot(_("流量"), flow_unit, series, flow, place=5, decimals=2))
    return plots


def _concentration(outlet: Outlet, series: OutletSeries, facts: OutletFacts, factor: str, name: str, unit: str) -> Plot:
    known = facts.factors.get(factor)
    limit = known.limit if known else None
    converted = outlet.o2_ref is not None and bool(np.isfinite(series.zs[factor]).any())
    words = _("出口 {name}（折算）") if converted else _("出口 {name}")
    lines = [] if limit is None else [LimitLine(limit, _("许可限值 {limit}").format(limit=f"{limit:g}"))]
    return _plot(
        words.format(name=name), unit, series, factor, place=1, converted=converted, limits=lines, marks=True, main=True
    )


def _plot(
    name: str,
    unit: str,
    series: OutletSeries,
    factor: str,
    *,
    place: int,
    decimals: int = 1,
    converted: bool = False,
    limits: Sequence[LimitLine] = (),
    marks: bool = False,
    main: bool = False,
) -> Plot:
    values = series.zs[factor] if converted else series.avg[factor]
    flags = series.flag[factor]
    points = []
    for at, value in enumerate(values):
        begin = _time(int(series.t[at]))
        known = None if np.isnan(value) else round(float(value), 6)
        points.append(Point(begin, begin + timedelta(seconds=series.step_s), known, str(flags[at])))
    return Plot(
        name=name,
        unit=unit,
        points=points,
        decimals=decimals,
        limits=limits,
        flags=_runs(points) if marks else (),
        series=place,
        main=main,
    )


def _time(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _runs(points: Sequence[Point]) -> list[FlagRun]:
    runs: list[list[Any]] = []
    for point in points:
        if not point.flag:
            continue
        if runs and runs[-1][2] == point.flag and runs[-1][1] == point.start:
            runs[-1][1] = point.end
        else:
            runs.append([point.start, point.end, point.flag])
    return [FlagRun(start, end, flag, MARKS.get(flag, "")) for start, end, flag in runs]


def permit_of(outlet_id: int, factor: str, day: date) -> PermittedAmount | None:
    """Return what is permitted a month, else a year, on a day."""
    held = PermittedAmount.objects.filter(outlet_id=outlet_id, factor_id=factor, valid_from__lte=day)
    rows = held.exclude(valid_to__lt=day)
    return rows.order_by("period", "-valid_from").first()


def _mass(
    outlet: Outlet, factor: str, start: datetime, end: datetime
) -> tuple[Plot | None, float | None, float | None]:
    """Return the plot of what the month has come to by each hour, the amount now, and what is permitted, kg."""
    first = beijing(start).date().replace(day=1)
    found = accounting.account(outlet, factor, accounting.quarter_begin(first), end)
    if found is None or not found.hours.has_flow:
        return None, None, None
    month, total, points = (0, 0), 0.0, []
    for hour in found.listed(accounting.first_moment(first), end):
        local = beijing(hour.start)
        if (local.year, local.month) != month:
            month, total = (local.year, local.month), 0.0
        total += hour.kg if hour.kg is not None else hour.substitute or 0.0
        if hour.start >= start:
            points.append(Point(hour.start, hour.start + timedelta(hours=1), round(total, 3), hour.mark))
    permit = permit_of(outlet.pk, factor, beijing(end).date())
    lines, permitted = [], None
    if permit is not None:
        monthly = permit.period == PermittedAmount.Period.MONTH
        permitted = float(permit.kg) / (1 if monthly else 12)
        words = _("月许可 {kg} kg") if monthly else _("年许可的十二分之一 {kg} kg")
        lines = [LimitLine(permitted, words.format(kg=f"{permitted:,.0f}"), permit.source)]
    plot = Plot(
        name=_("当月累计排放"), unit="kg", points=points, decimals=1, limits=lines, series=6, area=True, kind="step"
    )
    return plot, total if points else None, permitted


def _findings(outlet: Outlet, factor: str, start: datetime, end: datetime) -> list[Band]:
    rows = FindingRow.objects.filter(outlet=outlet, start_at__lt=end, end_at__gt=start).order_by("start_at")
    spans: list[list[Any]] = []
    for row in rows:
        if row.factors and factor not in row.factors and not any(str(one).startswith("pw_") for one in row.factors):
            continue
        words = f"{row.pattern} {say(f'detection.{row.pattern}.title')}"
        if spans and row.start_at <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], row.end_at)
            if words not in spans[-1][2]:
                spans[-1][2].append(words)
        else:
            spans.append([row.start_at, row.end_at, [words]])
    return [
        Band(max(begin, start), min(last, end), "suspect", _("疑似 {what}").format(what=" ".join(words[:2])))
        for begin, last, words in spans
    ]


def _missing(series: OutletSeries | None, roles: set[str], factor: str) -> list[Missing]:
    there = {
        ChainLink.Role.PRODUCTION: series is not None and "pw_prod" in series.avg,
        ChainLink.Role.INLET: series is not None and series.inlet is not None and factor in series.inlet.avg,
        ChainLink.Role.TREATMENT: series is not None and "pw_treat" in series.avg,
    }
    return [
        Missing(
            role,
            str(ChainLink.Role(role).label),
            _("已登记，但这段时间没有收到数据") if role in roles else _("没有接入"),
        )
        for role, known in there.items()
        if not known
    ]
