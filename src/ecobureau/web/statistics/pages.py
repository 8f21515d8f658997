"""The pages of the air statistics: ranking, a series' year, a day with its derivation."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.domain.air import YearOnYear
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics import selectors
from ecobureau.web.statistics.media import MediumPages, given_period
from ecobureau.web.statistics.models import AirIndexDay, Day, Item, Medium, Series, Span
from ecobureau.web.statistics.pages_common import (
    Cell,
    RuleLine,
    asked_period,
    asked_year,
    rule_lines,
    told,
    year_calendar,
)
from ecobureau.web.statistics.spans import after, last_of
from ecobureau.words import say

AIR = MediumPages(
    Medium.AIR,
    selectors.READER,
    {"place": lambda: _("城市或区县"), "point": lambda: _("点位")},
    overview=lambda: _("排名"),
    nothing=lambda: _("这一期没有统计值"),
    why=lambda: _("有了小时或日数据，统计值会自动算出。"),
    home="home",
    spans=Span,
)
SHOWN = ("pm2_5", "pm10", "o3", "no2", "so2", "co")
_REASONS = {1: "air.note.no_data", 2: "air.note.no_pm", 3: "air.note.na"}


@require_GET
@signed_in
def ranking_page(request: HttpRequest) -> HttpResponse:
    """Places or points ranked by composite index over a month, quarter or year."""
    viewer, when = viewer_in(request), asked_period(request, Span.values, "month")
    kind = "point" if request.GET.get("kind") == "point" else "place"
    rule = in_force.composite_on(last_of(when.span, when.start))
    context = {
        **AIR.context(request, when, kind),
        "title": _("空气质量排名"),
        "csv": "",
        "more_links": [(reverse("statistics:reviews"), _("数据审核"))],
        "rows": [
            {"line": line, "figures": [line.figures.get(item) for item in SHOWN]}
            for line in selectors.ranking(viewer, when.span, when.start, kind)
        ],
        "heads": [Item(item).label for item in SHOWN],
        "basis": "" if rule is None else _basis(rule_lines([rule.entry])[0]),
    }
    return render(request, "statistics/ranking.html", context)


@require_GET
@signed_in
def series_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A point's or place's year: calendar of indices, figures by item, and the comparison with the year before."""
    viewer, series, when = viewer_in(request), AIR.series(request, pk), asked_year(request)
    start, base = when.start, when.before
    summary, figures = selectors.summary(viewer, pk, "year", start)
    compared = selectors.compared(viewer, pk, "year", start, base) if summary else None
    explained = selectors.good_days_explained(viewer, pk, "year", start)
    composite = selectors.composite_explained(viewer, pk, "year", start)
    days = {row.day: row for row in selectors.indices(viewer, pk, start, after("year", start))}
    context = {
        **AIR.of_series(request, when, series),
        "year": start.year,
        "calendar": year_calendar(days, start.year, _cell),
        "summary": summary,
        "composite": "—" if summary is None or summary.composite is None else f"{summary.composite:.2f}",
        "figures": [(figures[item], _stage_words(figures[item].stage)) for item in SHOWN if item in figures],
        "compared": compared,
        "rule_words": _rule_words(compared) if compared else {},
        "day_numbers": range(1, 32),
        "base_year": base.year,
        "derivations": [
            (name, told(one)) for name, one in ((_("优良天数"), explained), (_("综合指数"), composite)) if one
        ],
    }
    return render(request, "statistics/series.html", context)


@require_GET
@signed_in
def day_page(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """A day of a series: index and daily figures with their derivations from the hours, revisions, reviews."""
    viewer, series, when = viewer_in(request), AIR.series(request, pk), given_period("day", day)
    on, until = when.start, when.start + timedelta(days=1)
    rows = selectors.READER.days(viewer, pk, on)
    index = next(iter(selectors.indices(viewer, pk, on, until)), None)
    derivation = selectors.index_derivation(viewer, pk, on) if index else None
    context = {
        **AIR.of_series(request, when, series),
        **AIR.changes(viewer, series, when),
        "day": on,
        "before": when.before.isoformat(),
        "after": until.isoformat(),
        "index": index,
        "why_none": say(_REASONS[index.reason]) if index and index.reason in _REASONS else "",
        "steps": told(derivation) if derivation else [],
        "items": [_item(viewer, series, on, rows[item]) for item in SHOWN if item in rows],
        "revisions": selectors.revisions(viewer, pk, on, until),
    }
    return render(request, "statistics/day.html", context)


# --- what pages show --------------------------------------------------------------------------------------------------


def _basis(rule: RuleLine) -> str:
    rested, words = _("综合指数依据"), _("指数越小越好，并列同名次。")
    return f"{rested} {rule.source} {rule.clause} · {rule.flag}。{words}"


def _item(viewer: Any, series: Series, day: date, row: Day) -> dict[str, Any]:
    derivation = selectors.day_derivation(viewer, series.pk, day, row.item)
    return {
        "row": row,
        "name": Item(row.item).label,
        "unit": "mg/m³" if row.item == "co" else "µg/m³",
        "steps": told(derivation) if derivation else [],
        "hours": [(one.at, one.value) for one in derivation.inputs] if derivation else [],
    }


def _cell(row: AirIndexDay) -> Cell:
    return Cell(row.day, "—" if row.aqi is None else str(row.aqi), level=row.level)


def _rule_words(compared: YearOnYear) -> dict[str, str]:
    """Return the names of the rules that each line of a comparison was computed by."""
    names = {"ranking2018": _("环办监测〔2018〕19号"), "ranking2026": _("2026 年做法（待核对）"), "hj663": "HJ 663"}
    lines = {"as_published": compared.as_published, "new_rule": compared.new_rule, "old_rule": compared.old_rule}
    return {line: " → ".join(names.get(one, one) for one in change.rule.split(" > ")) for line, change in lines.items()}


def _stage_words(stage: str) -> str:
    known = {"2012": "GB 3095-2012", "2026 transition": _("GB 3095-2026 过渡限值"), "2026 final": "GB 3095-2026"}
    return known.get(stage, stage)
