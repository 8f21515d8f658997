"""The pages of the air statistics: ranking, a series' year, a day with its derivation, and the data review."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.air import YearOnYear
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics import selectors, services
from ecobureau.web.statistics.emission.selectors import factor_names, factors_of
from ecobureau.web.statistics.forms import DecideForm, ProposeForm
from ecobureau.web.statistics.models import ALL_ITEMS, AirSeries, Day, Item, Medium, Review, Span
from ecobureau.web.statistics.pages_common import asked_date, form_errors, rule_lines, span_words, tabs, told
from ecobureau.web.statistics.spans import after, first_of
from ecobureau.words import say

SHOWN = ("pm2_5", "pm10", "o3", "no2", "so2", "co")
_REASONS = {1: "air.note.no_data", 2: "air.note.no_pm", 3: "air.note.na"}


@require_GET
@signed_in
def ranking_page(request: HttpRequest) -> HttpResponse:
    """Places or points ranked by composite index over a month, quarter or year."""
    viewer = viewer_in(request)
    span = request.GET.get("span", "month")
    if span not in Span.values:
        raise Http404
    kind = "point" if request.GET.get("kind") == "point" else "place"
    today = beijing(now()).date()
    start = first_of(span, asked_date(request, today))
    lines = selectors.ranking(viewer, span, start, kind)
    rule = in_force.composite_on(after(span, start) - timedelta(days=1))
    context = {
        "tabs": tabs("home"),
        "lines": [(line, [line.figures.get(item) for item in SHOWN]) for line in lines],
        "heads": [Item(item).label for item in SHOWN],
        "span": span,
        "spans": Span.choices,
        "kind": kind,
        "start": start,
        "words": span_words(span, start),
        "before": first_of(span, start - timedelta(days=1)),
        "after": after(span, start) if after(span, start) <= today else None,
        "rule": None if rule is None else rule_lines([rule.entry])[0],
    }
    return render(request, "statistics/ranking.html", context)


@require_GET
@signed_in
def series_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A point's or place's year: calendar of indices, figures by item, and the comparison with the year before."""
    viewer = viewer_in(request)
    series = _series(request, pk)
    today = beijing(now()).date()
    start = first_of("year", asked_date(request, today))
    summary, figures = selectors.summary(viewer, pk, "year", start)
    base = start.replace(year=start.year - 1)
    compared = selectors.compared(viewer, pk, "year", start, base) if summary else None
    explained = selectors.good_days_explained(viewer, pk, "year", start)
    composite = selectors.composite_explained(viewer, pk, "year", start)
    context = {
        "tabs": tabs("home"),
        "series": series,
        "year": start.year,
        "before": base,
        "after": start.replace(year=start.year + 1) if start.year < today.year else None,
        "months": _calendar(selectors.indices(viewer, pk, start, after("year", start)), start.year),
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
    viewer = viewer_in(request)
    series = _series(request, pk)
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
    rows = selectors.days(viewer, pk, on)
    index = next(iter(selectors.indices(viewer, pk, on, on + timedelta(days=1))), None)
    derivation = selectors.index_derivation(viewer, pk, on) if index else None
    context = {
        "tabs": tabs("home"),
        "series": series,
        "day": on,
        "before": (on - timedelta(days=1)).isoformat(),
        "after": (on + timedelta(days=1)).isoformat(),
        "index": index,
        "why": say(_REASONS[index.reason]) if index and index.reason in _REASONS else "",
        "steps": told(derivation) if derivation else [],
        "items": [_item(viewer, series, on, rows[item]) for item in SHOWN if item in rows],
        "revisions": selectors.revisions(viewer, pk, on, on + timedelta(days=1)),
        "form": ProposeForm(initial={"starts": f"{on}T00:00", "ends": f"{on + timedelta(days=1)}T00:00"}),
        "may_propose": series.kind == AirSeries.Kind.POINT and services.may_propose(viewer, series),
    }
    return render(request, "statistics/day.html", context)


@require_GET
@signed_in
def reviews_page(request: HttpRequest) -> HttpResponse:
    """The data reviews of the viewer's series, those to be decided first."""
    viewer = viewer_in(request)
    rows = list(selectors.reviews(viewer)[:200])
    rows.sort(key=lambda row: row.state != Review.State.PROPOSED)
    codes = {row.item for row in rows if row.series.medium == Medium.EMISSION and row.item}
    names = {**dict(ALL_ITEMS), **factor_names(codes, "en" if get_language() == "en" else "zh")}
    lines = [
        {
            "row": row,
            "item": names.get(row.item, row.item) if row.item else _("全部项目"),
            "url": f"statistics:{row.series.medium}_series",
            "may_decide": row.state == Review.State.PROPOSED and services.may_decide(viewer, row),
            "may_restore": row.state == Review.State.ACCEPTED and services.may_restore(viewer, row),
        }
        for row in rows
    ]
    return render(request, "statistics/reviews.html", {"tabs": tabs("reviews"), "lines": lines, "form": DecideForm()})


@require_POST
@signed_in
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose that hours of a point do not count."""
    viewer = viewer_in(request)
    series = selectors.one_of_any(viewer, pk)
    if series is None:
        raise Http404
    items = None
    if series.medium == Medium.EMISSION:
        items = list(factor_names(factors_of(viewer, pk), "zh").items())
    form = ProposeForm(request.POST, medium=series.medium, items=items)
    if not form.is_valid():
        form_errors(request, form)
        return redirect(f"statistics:{series.medium}_series", pk=pk)
    services.propose_review(viewer, series, **form.cleaned_data)
    messages.success(request, _("已提出，待另一人复核"))
    return redirect("statistics:reviews")


@require_POST
@signed_in
def decide(request: HttpRequest, review: int, verb: str) -> HttpResponse:
    """Accept, refuse or restore."""
    viewer = viewer_in(request)
    if not selectors.sees_review(viewer, review):
        raise Http404
    note = request.POST.get("note", "")
    if verb in ("accept", "refuse"):
        services.decide_review(viewer, review, accept=verb == "accept", note=note)
    elif verb == "restore":
        services.restore_review(viewer, review, reason=note)
    else:
        raise Http404
    messages.success(request, _("已记录，统计值随后重算"))
    return redirect("statistics:reviews")


# --- what pages show --------------------------------------------------------------------------------------------------


def _series(request: HttpRequest, pk: int) -> AirSeries:
    series = selectors.one(viewer_in(request), pk)
    if series is None:
        raise Http404
    return series


def _item(viewer: Any, series: AirSeries, day: date, row: Day) -> dict[str, Any]:
    derivation = selectors.day_derivation(viewer, series.pk, day, row.item)
    return {
        "row": row,
        "name": Item(row.item).label,
        "unit": "mg/m³" if row.item == "co" else "µg/m³",
        "steps": told(derivation) if derivation else [],
        "hours": [(one.at, one.value) for one in derivation.inputs] if derivation else [],
    }


@dataclass(frozen=True, slots=True)
class _Cell:
    day: str
    aqi: int | None
    level: int


def _calendar(rows: list[Any], year: int) -> list[tuple[int, list[_Cell | None]]]:
    known = {row.day: row for row in rows}
    months: list[tuple[int, list[_Cell | None]]] = []
    for month in range(1, 13):
        found = [known.get(date(year, month, day)) for day in range(1, calendar.monthrange(year, month)[1] + 1)]
        months.append((month, [_Cell(row.day.isoformat(), row.aqi, row.level) if row else None for row in found]))
    return months


def _rule_words(compared: YearOnYear) -> dict[str, str]:
    """Return the names of the rules that each line of a comparison was computed by."""
    names = {"ranking2018": _("环办监测〔2018〕19号"), "ranking2026": _("2026 年做法（待核对）"), "hj663": "HJ 663"}
    lines = {"as_published": compared.as_published, "new_rule": compared.new_rule, "old_rule": compared.old_rule}
    return {line: " → ".join(names.get(one, one) for one in change.rule.split(" > ")) for line, change in lines.items()}


def _stage_words(stage: str) -> str:
    known = {"2012": "GB 3095-2012", "2026 transition": _("GB 3095-2026 过渡限值"), "2026 final": "GB 3095-2026"}
    return known.get(stage, stage)
