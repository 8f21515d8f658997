"""The pages of the emission statistics: ranking, a series' year, a period with derivations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing
from ecobureau.domain import units
from ecobureau.domain.rounding import plain
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.sources.models import Outlet
from ecobureau.web.statistics.emission import explain, limits, selectors, source, tables
from ecobureau.web.statistics.emission.selectors import Line, Sums
from ecobureau.web.statistics.emission.words import kg_of, percent, rates
from ecobureau.web.statistics.explain_parts import Part
from ecobureau.web.statistics.media import MediumPages, given_period, part_words, year_of
from ecobureau.web.statistics.models import AnySpan, EmissionSummary, Medium, Series
from ecobureau.web.statistics.pages_common import Cell, Period, as_file, asked_period, asked_year, rule_lines
from ecobureau.web.statistics.spans import last_of
from ecobureau.words import say

LINES = 100
EMISSION = MediumPages(
    Medium.EMISSION,
    selectors.READER,
    {"point": lambda: _("排放口"), "firm": lambda: _("企业"), "place": lambda: _("城市或区县")},
    overview=lambda: _("排放总览"),
    nothing=lambda: _("这一期没有排放数据"),
    why=lambda: _("排放口的自动站有了小时数据，且因子有限值或许可排放量，统计值会自动算出。"),
    nothing_here=lambda: _("这一期没有排放数据"),
)
_ORDERS: dict[str, Callable[[], str]] = {
    "rate": lambda: _("按传输有效率"),
    "mass": lambda: _("按排放量"),
}


@require_GET
@signed_in
def overview_page(request: HttpRequest) -> HttpResponseBase:
    """Outlets, enterprises or places ranked by the rate of transmission and validity, or by what they emitted."""
    viewer, when, kind = viewer_in(request), asked_period(request, AnySpan.values, "month"), EMISSION.kind(request)
    by = request.GET.get("by", "rate")
    if by not in selectors.ORDERS:
        raise Http404
    codes = selectors.items(viewer, when.span, when.start, kind)
    item = request.GET.get("item", "")
    if item not in codes:
        item = codes[0] if codes and by == selectors.MASS else ""
    lines = selectors.ranking(viewer, when.span, when.start, kind, by, item)
    names = selectors.factor_names(codes, _lang())
    if "format" in request.GET:
        title = f"{_('污染源排放')} {when.words} {names.get(item, '')}".strip()
        cells = [tables.cells(line, kind, item) for line in lines]
        return as_file(request, "emission", title, tables.heads(kind), cells)
    page = Paginator(lines, LINES).get_page(request.GET.get("page"))
    whole = selectors.total(lines)
    entries = explain.rules_of(Series(), last_of(when.span, when.start))
    context = {
        **EMISSION.context(request, when, kind),
        "title": _("污染源排放"),
        "orders": [(code, words()) for code, words in _ORDERS.items()],
        "by": by,
        "item": item,
        "items": sorted(names.items(), key=lambda pair: pair[1]),
        "keep": f"&by={by}&item={item}",
        "page": page,
        "page_query": f"?span={when.span}&kind={kind}&by={by}&item={item}&start={when.start}",
        "rows": [_row(line, item) for line in page.object_list],
        "whole": None if whole is None else _sums(whole, item),
        "target": percent(selectors.target_on(last_of(when.span, when.start))),
        "rules": rule_lines(one for one in entries if one.key.split(".")[1] in ("transmission", "valid", "substitute")),
    }
    return render(request, "statistics/emission.html", context)


@require_GET
@signed_in
def series_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The year of an outlet, enterprise or place: all factors, then one by months, quarters and days."""
    viewer, series, when = viewer_in(request), EMISSION.series(request, pk), asked_year(request)
    item, names = _item(request, pk)
    year = year_of(when, lambda *asked: selectors.READER.periods(viewer, pk, *asked, item=item))
    if "format" in request.GET:
        rows = [*year.days, *year.months, *year.quarters]
        cells = [[one.get_span_display(), one.start.isoformat(), *tables.figures(one)] for one in rows]
        title = f"{series.name} {when.words} {names.get(item, item)}"
        heads = [_("周期"), _("开始日"), *tables.figure_heads()]
        return as_file(request, "emission-series", title, heads, cells)
    context = {
        **_of_series(request, when, series, item, names),
        **year.shown(lambda row: _told(row, names), _mark),
        "files": True,
        "lines": [_told(one, names) for one in selectors.summaries(viewer, pk, "year", when.start)],
        "legend": _("✓ 数据完整，没有超标；超：有超标小时；缺：有小时无有效数据；停：停运或没有排放。"),
    }
    return render(request, "statistics/emission_series.html", context)


@require_GET
@signed_in
def period_page(request: HttpRequest, pk: int, span: str, start: str) -> HttpResponseBase:
    """A period of a series: all factors, one factor's figures each with its derivation, and what was revised."""
    viewer, series, when = viewer_in(request), EMISSION.series(request, pk), given_period(span, start)
    on, (item, names), outlet = when.start, _item(request, pk), series.outlet
    rows = selectors.summaries(viewer, pk, span, on)
    row = next((one for one in rows if one.item == item), None)
    bounds = explain.limits_for(series, limits.of_outlet(series.outlet_id or 0, last_of(span, on)), item, on)
    hours, parts = [], []
    if row is not None and outlet is not None and span == "day":
        keeper = source.accounts()
        hours = keeper.hours(outlet.pk, item, on) if keeper is not None else []
        parts = explain.of_outlet_day(series, row, hours, bounds)
    elif row is not None:
        parts = explain.of_span(series, row, bounds)
    context = {
        **_of_series(request, when, series, item, names),
        **EMISSION.changes(viewer, series, when, item=item, items=list(names.items())),
        "unit": _unit(series),
        "lines": [_told(one, names) for one in rows],
        "parts": [_part(one, row, series) for one in parts],
        "hours": [_hour(one) for one in hours],
        "outlets": [] if outlet else [_told(one, names) for one in selectors.members(viewer, series, item, span, on)],
        "rules": rule_lines(explain.rules_of(series, last_of(span, on))),
    }
    return render(request, "statistics/emission_period.html", context)


# --- what pages show --------------------------------------------------------------------------------------------------


def _lang() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


def _of_series(request: HttpRequest, when: Period, series: Series, item: str, names: dict[str, str]) -> dict[str, Any]:
    more = [] if series.outlet is None else [(reverse("desk:outlet", args=[series.outlet_id]), _("排放口档案"))]
    return {
        **EMISSION.of_series(request, when, series),
        "more_links": more,
        "item": item,
        "names": names,
        "keep": f"&item={item}",
        "query": f"?item={item}",
    }


def _item(request: HttpRequest, pk: int) -> tuple[str, dict[str, str]]:
    """Return the factor that the address asks for, the first without one, and the names of all the series has."""
    codes = selectors.factors_of(viewer_in(request), pk)
    item = request.GET.get("item", "")
    return (item if item in codes else codes[0] if codes else ""), selectors.factor_names(codes, _lang())


def _unit(series: Series) -> str:
    return "" if series.outlet is None else units.spelled(limits.UNITS[Outlet.Medium(series.outlet.medium)])


def _level(value: float | None) -> str:
    return "—" if value is None else plain(value, 3)


def _sums(sums: Sums, item: str) -> dict[str, Any]:
    found = sums.rates
    return {
        "figures": sums.figures,
        "transmission": percent(found.transmission),
        "validity": percent(found.validity),
        "effective": percent(found.effective),
        "reached": found.reached,
        "kg": plain(sums.kg, 3) if item else "",
    }


def _row(line: Line, item: str) -> dict[str, Any]:
    before = None if line.before is None else _sums(line.before, item)
    return {"line": line, "now": _sums(line.now, item), "before": before}


def _told(row: EmissionSummary | None, names: dict[str, str]) -> dict[str, Any] | None:
    """Return a summary as tables show it; None without one."""
    if row is None:
        return None
    found = rates(row, selectors.target_on(last_of(row.span, row.start)))
    return {
        "row": row,
        "name": names.get(row.item, row.item),
        "mean": _level(row.mean),
        "converted": _level(row.converted),
        "kg": plain(kg_of(row), 3),
        "transmission": percent(found.transmission),
        "validity": percent(found.validity),
        "effective": percent(found.effective),
        "missed": found.reached is False,
        "few": not row.valid and row.mean is not None,
    }


def _mark(row: EmissionSummary) -> Cell:
    if row.over or row.over_days:
        return Cell(row.start, _("超"), _("超标 {hours} 小时").format(hours=row.over), tone="orange")
    if not row.operating:
        return Cell(row.start, _("停"), _("停运或没有排放"), tone="soft")
    if row.lost or row.substituted:
        return Cell(row.start, _("缺"), _("{hours} 个小时无有效数据").format(hours=row.lost + row.substituted))
    return Cell(row.start, "✓", _("数据完整，没有超标"))


def _hour(one: source.OutletHour) -> dict[str, Any]:
    cause = say(one.cause) if one.cause else one.mark or "—"
    why = ""
    if one.way:
        capture = "—" if one.capture is None else f"{percent(one.capture)}%"
        why = say(one.way, there=one.there, run=one.run, capture=capture)
    return {
        "at": f"{beijing(one.start):%H:%M}",
        "mean": _level(one.concentration),
        "converted": _level(one.converted),
        "flow": "—" if one.flow is None else plain(one.flow, 1),
        "kg": _level(one.kg if one.kg is not None else one.substitute),
        "filled": one.kg is None and one.substitute is not None,
        "state": say(one.state, cause=cause),
        "why": why,
        "mark": one.mark,
        "raw_id": one.raw_id,
    }


def _part(part: Part, row: EmissionSummary | None, series: Series) -> dict[str, Any]:
    value, unit = "", ""
    if row is not None and part.item in ("mean", "converted"):
        value, unit = _level(getattr(row, part.item)), _unit(series)
    elif row is not None and part.item == "mass":
        value, unit = plain(kg_of(row), 3), "kg"
    elif row is not None and part.item == "rate":
        value, unit = (_told(row, {}) or {})["effective"], "%"
    elif row is not None and part.item == "over":
        value, unit = str(row.over), "h"
    return part_words(part, value, unit, valid=part.item != "mean" or row is None or row.valid)
