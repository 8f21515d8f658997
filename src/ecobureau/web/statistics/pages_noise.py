"""The pages of the noise statistics: overview of points and zones, a series' year, a period with derivations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, now
from ecobureau.domain.rounding import plain
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import explain_noise, selectors_noise, services
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.explain_parts import Part
from ecobureau.web.statistics.forms import ProposeForm
from ecobureau.web.statistics.models import AnySpan, NoiseItem, NoiseSummary, Series
from ecobureau.web.statistics.pages_common import (
    Cell,
    Period,
    as_file,
    asked_date,
    asked_period,
    other_format,
    period,
    rule_lines,
    tabs,
    told,
    told_inputs,
    year_calendar,
)
from ecobureau.web.statistics.rollup_noise import days_in
from ecobureau.web.statistics.selectors_noise import Line, rate
from ecobureau.web.statistics.spans import after, first_of, last_of
from ecobureau.words import say

HOURS_SHOWN = ("leq", "l10", "l50", "l90", "lmax", "lmin", "wind")

_KINDS: dict[str, Callable[[], str]] = {
    "point": lambda: _("站点"),
    "place": lambda: _("城市和区县（按功能区）"),
}
_RULE_KEYS = ("hours", "auto.hour_minutes", "auto.period_share", "auto.span_mean", "auto.span_share", "auto.zone_mean")


@require_GET
@signed_in
def overview_page(request: HttpRequest) -> HttpResponseBase:
    """Points with their levels against the limits of their zone, or places with attainment zone by zone."""
    viewer, when = viewer_in(request), asked_period(request, AnySpan.values, "month")
    kind = request.GET.get("kind", "point")
    if kind not in selectors_noise.KINDS:
        raise Http404
    lines = selectors_noise.overview(viewer, when.span, when.start, kind)
    if "format" in request.GET:
        heads = _point_heads() if kind == "point" else _place_heads()
        cells = [_point_cells(line) if kind == "point" else _place_cells(line) for line in lines]
        return as_file(request, "noise", f"{_('声环境')} {when.words}", heads, cells)
    rules = in_force.noise_on(last_of(when.span, when.start))
    whole = selectors_noise.counted(line.summary for line in lines if kind == "point" or not line.zone)
    context = {
        **_common(request, when, kind),
        "rows": [_row(line) for line in lines],
        "whole": whole,
        "day_rate": rate(whole.day_within, whole.day_total) or None,
        "night_rate": rate(whole.night_within, whole.night_total) or None,
        "rules": []
        if rules is None
        else rule_lines([*(pair.entry for pair in rules.zones.values()), *(rules.entries[key] for key in _RULE_KEYS)]),
    }
    return render(request, "statistics/noise.html", context)


@require_GET
@signed_in
def series_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A point's or place's year: months, quarters, the year before, and a calendar of days and nights."""
    viewer, series = viewer_in(request), _series(request, pk)
    when = period("year", asked_date(request, beijing(now()).date()))
    first, until = when.start, after("year", when.start)
    before = {one.start.month: one for one in selectors_noise.periods(viewer, pk, "month", when.before, first)}
    months = {one.start.month: one for one in selectors_noise.periods(viewer, pk, "month", first, until)}
    days = {one.start: one for one in selectors_noise.periods(viewer, pk, "day", first, until)}
    context = {
        **_common(request, when, series.kind),
        "series": series,
        "place": series.kind != Series.Kind.POINT,
        "zones": [_told(one) for one in selectors_noise.summaries(viewer, pk, "year", first)],
        "months": [(date(first.year, at, 1), _told(months.get(at)), _told(before.get(at))) for at in range(1, 13)],
        "quarters": [_told(one) for one in selectors_noise.periods(viewer, pk, "quarter", first, until)],
        "calendar": year_calendar(days, first.year, _cell),
        "analysis": f"medium=noise&object=n{series.station_id}" if series.station_id else "",
        "day_numbers": range(1, 32),
    }
    return render(request, "statistics/noise_series.html", context)


@require_GET
@signed_in
def period_page(request: HttpRequest, pk: int, span: str, start: str) -> HttpResponseBase:
    """A period of a point or place: its figures, each with its derivation, hours of a day, and what was revised."""
    viewer, series = viewer_in(request), _series(request, pk)
    try:
        on = date.fromisoformat(start)
    except ValueError as error:
        raise Http404 from error
    if span not in AnySpan.values or not 2000 <= on.year <= 2100 or first_of(span, on) != on:
        raise Http404
    when, place = period(span, on), series.kind != Series.Kind.POINT
    explained = explain_noise.explained(viewer, pk, span, on)
    values: dict[str, Any] = {}
    if not place:
        values = dict(
            selectors_noise.days(viewer, pk, on) if span == "day" else selectors_noise.figures(viewer, pk, span, on)
        )
    context = {
        **_common(request, when, series.kind),
        "series": series,
        "place": place,
        "summaries": [_told(one) for one in selectors_noise.summaries(viewer, pk, span, on)],
        "parts": [] if explained is None else [_part(one, values) for one in explained.parts],
        "rules": [] if explained is None else rule_lines(explained.rules),
        "points": [] if explained is None else explained.sections,
        "hours": _hours(request, pk, on) if span == "day" and not place else [],
        "hour_heads": [NoiseItem(item).label for item in HOURS_SHOWN],
        "revisions": selectors_noise.revisions(viewer, pk, span, on),
        "form": ProposeForm(
            initial={"starts": f"{on}T06:00", "ends": f"{on + timedelta(days=1)}T06:00"}, medium="noise"
        ),
        "may_propose": span == "day" and not place and services.may_propose(viewer, series),
    }
    return render(request, "statistics/noise_period.html", context)


# --- what pages show --------------------------------------------------------------------------------------------------


def _common(request: HttpRequest, when: Period, kind: str) -> dict[str, Any]:
    return {
        "tabs": tabs("noise"),
        "when": when,
        "spans": AnySpan.choices,
        "kind": kind,
        "kinds": [(code, words()) for code, words in _KINDS.items()],
        "csv": other_format(request, "csv"),
        "xlsx": other_format(request, "xlsx"),
    }


def _series(request: HttpRequest, pk: int) -> Series:
    series = selectors_noise.one(viewer_in(request), pk)
    if series is None:
        raise Http404
    return series


def _level(value: float | None) -> str:
    return "—" if value is None else plain(value, 1)


def _told(row: NoiseSummary | None) -> dict[str, Any] | None:
    """Return a summary as tables show it; None without one."""
    if row is None:
        return None
    rules = in_force.noise_on(last_of(row.span, row.start))
    day_limit, night_limit = selectors_noise.limits_of(row.zone, rules)
    return {
        "row": row,
        "zone": row.zone,
        **{item: _level(getattr(row, item)) for item in ("ld", "ln", "ldn")},
        "day_limit": day_limit,
        "night_limit": night_limit,
        "day_over": row.ld is not None and day_limit is not None and row.ld > day_limit,
        "night_over": row.ln is not None and night_limit is not None and row.ln > night_limit,
        **{
            f"{part}_rate": rate(getattr(row, f"{part}_within"), getattr(row, f"{part}_total"))
            for part in ("day", "night", "peak")
        },
        "few": not row.valid and row.ld is not None and row.span != "day",
        "days": days_in(row.span, row.start),
    }


def _row(line: Line) -> dict[str, Any]:
    return {"line": line, "now": _told(line.summary), "before": _told(line.before)}


def _zone_words(zone: str) -> str:
    return _("{zone} 类").format(zone=zone) if zone else ""


def _point_heads() -> list[str]:
    return [
        _("站点"),
        _("功能区"),
        "Ld dB(A)",
        _("昼间限值"),
        "Ln dB(A)",
        _("夜间限值"),
        "Ldn dB(A)",
        _("昼间达标天数"),
        _("昼间有效天数"),
        _("夜间达标天数"),
        _("夜间有效天数"),
        _("夜间最大声级达标天数"),
        _("上年同期 Ld"),
        _("上年同期 Ln"),
    ]


def _point_cells(line: Line) -> list[Any]:
    row, old = line.summary, line.before
    return [
        line.series.name,
        line.zone,
        row.ld if row else None,
        line.day_limit,
        row.ln if row else None,
        line.night_limit,
        row.ldn if row else None,
        *((row.day_within, row.day_total, row.night_within, row.night_total, row.peak_within) if row else [0] * 5),
        old.ld if old else None,
        old.ln if old else None,
    ]


def _place_heads() -> list[str]:
    return [
        _("名称"),
        _("功能区"),
        _("站点数"),
        _("昼间达标点次"),
        _("昼间监测点次"),
        _("昼间达标率（％）"),
        _("夜间达标点次"),
        _("夜间监测点次"),
        _("夜间达标率（％）"),
        _("夜间最大声级达标率（％）"),
        _("平均 Ld dB(A)"),
        _("平均 Ln dB(A)"),
        _("上年同期昼间达标率（％）"),
        _("上年同期夜间达标率（％）"),
    ]


def _place_cells(line: Line) -> list[Any]:
    row, old = line.summary, line.before
    cells: list[Any] = [line.series.name, line.zone or _("全部功能区"), row.points if row else 0]
    for part in ("day", "night"):
        within, total = (getattr(row, f"{part}_within"), getattr(row, f"{part}_total")) if row else (0, 0)
        cells += [within, total, rate(within, total)]
    cells.append(rate(row.peak_within, row.peak_total) if row else "")
    cells += [row.ld if row else None, row.ln if row else None]
    cells += [
        rate(old.day_within, old.day_total) if old else "",
        rate(old.night_within, old.night_total) if old else "",
    ]
    return cells


def _cell(row: NoiseSummary) -> Cell:
    """Return a day of the calendar: which part of it was over its limit."""
    return Cell(row.start, *_mark(row))


def _mark(row: NoiseSummary) -> tuple[str, str]:
    day, night = row.day_total - row.day_within, row.night_total - row.night_within
    if not row.day_total and not row.night_total:
        return "—", _("没有有效的昼间或夜间")
    if day and night:
        return _("昼夜"), _("昼间、夜间都超标")
    if day:
        return _("昼"), _("昼间超标")
    if night:
        return _("夜"), _("夜间超标")
    return "✓", _("达标")


def _hours(request: HttpRequest, pk: int, day: date) -> list[tuple[str, list[str]]]:
    found = selectors_noise.hours(viewer_in(request), pk, day, HOURS_SHOWN)
    if not found:
        return []
    none: list[float | None] = [None] * 24
    return [(f"{at:02d}:00", [_level(found.get(item, none)[at]) for item in HOURS_SHOWN]) for at in range(24)]


def _part(part: Part, values: dict[str, Any]) -> dict[str, Any]:
    row = values.get(part.item)
    value = None if row is None else row.mean if hasattr(row, "mean") else row.value
    return {
        "name": say(part.name),
        "item": part.item,
        "value": "" if value is None else plain(value, 1),
        "unit": "dB(A)" if value is not None else "",
        "valid": row is None or row.valid,
        "steps": told(part.derivation),
        "inputs": told_inputs(part.derivation.inputs) if part.item in ("ld", "ln", "peak") else [],
    }
