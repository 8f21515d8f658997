"""The pages of the water statistics: overview, months of a year, ranking, a series' year, a period with derivations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.domain.rounding import half_even, plain
from ecobureau.domain.water import WaterClass
from ecobureau.web.core import registry
from ecobureau.web.core.access import Viewer, may_somewhere
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import explain_water, selectors_water
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.explain_parts import Explained, Part
from ecobureau.web.statistics.media import MediumPages, explained_words, given_period, listed, part_words, year_of
from ecobureau.web.statistics.models import AnySpan, Day, Figure, Medium, Series, WaterItem, WaterSummary
from ecobureau.web.statistics.pages_common import Cell, Period, as_file, asked_period, asked_year, rule_lines, told
from ecobureau.web.statistics.selectors_series import value_of
from ecobureau.web.statistics.selectors_water import Line
from ecobureau.web.statistics.services_data import UNITS
from ecobureau.web.statistics.spans import last_of
from ecobureau.web.statistics.water_words import DIGITS, SHOWN
from ecobureau.words import say

WATER = MediumPages(
    Medium.WATER,
    selectors_water.READER,
    {"point": lambda: _("断面"), "place": lambda: _("城市或区县"), "river": lambda: _("河流湖库")},
    overview=lambda: _("地表水总览"),
    nothing=lambda: _("没有可看的断面"),
    why=lambda: _("水质自动站登记后，有了小时数据，统计值会自动算出。"),
)
_PAGES: dict[str, Callable[[], str]] = {
    "water": lambda: _("总览"),
    "water_months": lambda: _("水质月历"),
    "water_ranking": lambda: _("排名"),
}


@require_GET
@signed_in
def overview_page(request: HttpRequest) -> HttpResponseBase:
    """Sections, places or rivers in a period: class, target, what decides it, how far it is over."""
    viewer, when, kind = viewer_in(request), asked_period(request, AnySpan.values, "month"), WATER.kind(request)
    lines = selectors_water.overview(viewer, when.span, when.start, kind)
    if "format" in request.GET:
        cells = [_cells(line, kind) for line in lines]
        return as_file(request, "water", f"{_('地表水')} {when.words}", _heads(kind), cells)
    shares = selectors_water.all_shares(lines) if kind == "point" else None
    context = {
        **_several(request, when, kind, "water"),
        "title": _("地表水水质"),
        "rows": [_row(line, kind) for line in lines],
        "items": [(WaterItem(item).label, item) for item in SHOWN],
        "shares": shares,
        "counts": list(enumerate(shares.counts, 1)) if shares else [],
        "good": _percent(shares.good) if shares else None,
        "bad": _percent(shares.bad) if shares else None,
        "wanted": sum(line.met is not None for line in lines),
        "met": sum(line.met is True for line in lines),
    }
    return render(request, "statistics/water.html", context)


@require_GET
@signed_in
def months_page(request: HttpRequest) -> HttpResponseBase:
    """The class of each month of a year, section by section (水质月历)."""
    viewer, when, kind = viewer_in(request), asked_year(request), WATER.kind(request)
    rows = selectors_water.matrix(viewer, when.start.year, kind)
    if "format" in request.GET:
        heads = [_("名称"), *(_("{month} 月").format(month=month) for month in range(1, 13)), _("全年"), _("目标")]
        cells = [
            [row.series.name, *(_short(one, kind) for one in (*row.months, row.year)), _roman(row.target)]
            for row in rows
        ]
        return as_file(request, "water-months", f"{_('水质月历')} {when.words}", heads, cells)
    context = {
        **_several(request, when, kind, "water_months"),
        "title": _("水质月历"),
        "rows": [
            {
                "row": row,
                "months": [
                    (when.start.replace(month=at), one, _short(one, kind)) for at, one in enumerate(row.months, 1)
                ],
                "year": _short(row.year, kind),
                "target": row.target,
            }
            for row in rows
        ],
        "months": range(1, 13),
    }
    return render(request, "statistics/water_months.html", context)


@require_GET
@signed_in
def ranking_page(request: HttpRequest) -> HttpResponseBase:
    """Places, rivers or sections by water index, ties alike, with the change against the year before."""
    when, kind = asked_period(request, AnySpan.values, "month"), WATER.kind(request, "place")
    lines = selectors_water.ranking(viewer_in(request), when.span, when.start, kind)
    if "format" in request.GET:
        rows = [[line.rank, *_cells(line, kind)] for line in lines]
        return as_file(request, "water-ranking", f"{_('水质排名')} {when.words}", [_("名次"), *_heads(kind)], rows)
    rules = in_force.water_on(last_of(when.span, when.start))
    context = {
        **_several(request, when, kind, "water_ranking"),
        "title": _("水质排名"),
        "rows": [_row(line, kind) for line in lines],
        "rules": [] if rules is None else rule_lines([rules.index.entry, rules.auto.entries["cwqi.decimals"]]),
    }
    return render(request, "statistics/water_ranking.html", context)


@require_GET
@signed_in
def series_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A section's, place's or river's year: months, quarters, the year, and the year before."""
    viewer, series, when = viewer_in(request), WATER.series(request, pk), asked_year(request)
    year = year_of(when, partial(WATER.reader.periods, viewer, pk))
    this, last = (selectors_water.summary(viewer, pk, "year", start) for start in (when.start, when.before))
    context = {
        **WATER.of_series(request, when, series),
        **year.shown(lambda row: _told(row, series.kind), lambda row: _cell(row, series.kind)),
        "year": _told(this, series.kind),
        "last": _told(last, series.kind),
        "target": selectors_water.targets_of([pk], when.start.year).get(pk),
        "more_links": _samples(viewer),
    }
    return render(request, "statistics/water_series.html", context)


@require_GET
@signed_in
def period_page(request: HttpRequest, pk: int, span: str, start: str) -> HttpResponseBase:
    """A period of a section, place or river: its figures, each with its derivation, and what was revised."""
    viewer, series, when = viewer_in(request), WATER.series(request, pk), given_period(span, start)
    of = (viewer, pk, span, when.start)
    explained, summary = explain_water.explained(*of), selectors_water.summary(*of)
    values = WATER.reader.figures(*of) if series.kind == Series.Kind.POINT else {}
    context = {
        **WATER.of_series(request, when, series),
        **explained_words(explained, lambda part: _part(part, values)),
        **WATER.changes(viewer, series, when),
        "summary": summary,
        "short": _short(summary, series.kind),
        "why_none": _why(summary, explained),
        "over": _over(summary),
        "deciding": _names(summary.deciding) if summary else "",
        "target": selectors_water.targets_of([pk], when.start.year).get(pk),
        "member_heads": [_("参与评价的断面"), _("水体类型"), _("类别")],
        "members": [] if explained is None else [(one, [one.get_body_display(), at]) for one, at in explained.sections],
    }
    return render(request, "statistics/water_period.html", context)


# --- what pages show --------------------------------------------------------------------------------------------------


def _several(request: HttpRequest, when: Period, kind: str, page: str) -> dict[str, Any]:
    """Return what the pages of several series know."""
    return {
        **WATER.context(request, when, kind),
        "pages": [
            (f"{reverse(f'statistics:{name}')}?kind={kind}&start={when.start}", words(), name == page)
            for name, words in _PAGES.items()
        ],
        "more_links": _samples(viewer_in(request)),
        "one_span": page == "water_months",
    }


def _samples(viewer: Viewer) -> list[tuple[str, str]]:
    """Return the way to the samples, for those who may see them."""
    if not may_somewhere(viewer, "view", registry.get("water_sample")):
        return []
    return [(reverse("core:list", args=["water-samples"]), _("手工监测样品"))]


def _told(row: WaterSummary | None, kind: str) -> dict[str, Any] | None:
    """Return a summary as the table of a year shows it; None without one."""
    return None if row is None else {"row": row, "short": _short(row, kind), "over": _over(row)}


def _roman(number: int | None) -> str:
    return "" if number is None else WaterClass(number).roman


def _short(row: WaterSummary | None, kind: str) -> str:
    if row is None:
        return ""
    if kind == Series.Kind.POINT:
        return _roman(row.water_class)
    return "" if row.good_rate is None else f"{row.good_rate:.1f}"


def _names(items: list[str]) -> str:
    return listed(say(f"water.item.{item}") for item in items)


def _over(row: WaterSummary | None) -> str:
    """Return the items over the limit with their multiples, or the main pollutants with their share of sections."""
    if row is None:
        return ""
    words = []
    for one in row.over:
        name = say(f"water.item.{one['item']}")
        more = f"{one['share']:g}%" if "share" in one else one["multiple"] or _("不计倍数")
        words.append(_("{name}（{more}）").format(name=name, more=more))
    return listed(words)


def _row(line: Line, kind: str) -> dict[str, Any]:
    row = line.summary
    return {
        "line": line,
        "values": [_shown(item, line.means.get(item)) for item in SHOWN],
        "deciding": _names(row.deciding) if row else "",
        "over": _over(row),
        "before": _short(line.before, kind),
        "grade": say(f"water.grade.{row.grade}") if row and row.grade else "",
        "trend": say(f"water.trend.{line.trend.direction}") if line.trend else "",
        "cwqi": "" if row is None or row.cwqi is None else f"{row.cwqi:.4f}",
        "before_cwqi": "" if line.before is None or line.before.cwqi is None else f"{line.before.cwqi:.4f}",
    }


def _shown(item: str, value: float | None) -> str:
    return "—" if value is None else plain(value, DIGITS[item])


def _unit(item: str) -> str:
    unit = UNITS["water"].get(item, "mg/L" if item else "")
    return "" if unit == "1" else unit


def _percent(share: Any) -> str | None:
    return None if share is None else str(half_even(share * 100, 1))


def _heads(kind: str) -> list[str]:
    if kind == Series.Kind.POINT:
        items = [f"{WaterItem(item).label} {_unit(item)}".strip() for item in SHOWN]
        return [
            _("断面"),
            _("河流湖库"),
            _("类别"),
            _("目标"),
            _("达标"),
            _("定类项目"),
            _("超标项目（倍数）"),
            _("上年同期"),
            _("水质指数"),
            _("变化率（％）"),
            *items,
        ]
    return [
        _("名称"),
        _("断面数"),
        *(WaterClass(at).roman for at in range(1, 7)),
        _("Ⅰ～Ⅲ 类（％）"),
        _("劣Ⅴ类（％）"),
        _("水质状况"),
        _("主要污染指标（超标断面比例）"),
        _("上年同期 Ⅰ～Ⅲ 类（％）"),
        _("水质指数"),
        _("变化率（％）"),
    ]


def _cells(line: Line, kind: str) -> list[Any]:
    row = line.summary
    if kind == Series.Kind.POINT:
        return [
            line.series.name,
            line.series.river.name if line.series.river else "",
            _short(row, kind),
            _roman(line.target),
            "" if line.met is None else _("是") if line.met else _("否"),
            _names(row.deciding) if row else "",
            _over(row),
            _short(line.before, kind),
            row.cwqi if row else None,
            line.change,
            *(line.means.get(item) for item in SHOWN),
        ]
    return [
        line.series.name,
        sum(row.counts) if row else 0,
        *(row.counts if row else [0] * 6),
        row.good_rate if row else None,
        row.bad_rate if row else None,
        say(f"water.grade.{row.grade}") if row and row.grade else "",
        _over(row),
        line.before.good_rate if line.before else None,
        row.cwqi if row else None,
        line.change,
    ]


def _cell(row: WaterSummary, kind: str) -> Cell:
    """Return a day of the calendar: the class of a section, of a place the share of good ones."""
    if kind == Series.Kind.POINT:
        return Cell(row.start, "", water_class=row.water_class or 0)
    return Cell(row.start, _short(row, kind))


def _why(summary: WaterSummary | None, explained: Explained | None) -> str:
    """Return why there is no class; the first part of the derivation names what is missing."""
    if summary is None or not summary.reason or explained is None or not explained.parts:
        return ""
    steps = told(explained.parts[0].derivation)
    return steps[-1].text if summary.reason == "water.none.required" and steps else say(summary.reason)


def _part(part: Part, values: dict[str, Figure | Day]) -> dict[str, Any]:
    row = values.get(part.item)
    value = value_of(row)
    return part_words(
        part,
        "" if value is None else plain(value, DIGITS.get(part.item, 4)),
        _unit(part.item),
        valid=row is None or row.valid,
        inputs=bool(part.item),
        manual=getattr(row, "origin", "") == "manual",
    )
