"""The pages of the noise statistics: overview of points and zones, a series' year, a period with derivations."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.domain.rounding import plain
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import explain_noise, selectors_noise
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.explain_parts import Part
from ecobureau.web.statistics.media import MediumPages, explained_words, given_period, part_words, year_of
from ecobureau.web.statistics.models import AnySpan, Day, Figure, Medium, NoiseItem, NoiseSummary, Series
from ecobureau.web.statistics.pages_common import Cell, as_file, asked_period, asked_year, rule_lines
from ecobureau.web.statistics.rollup_noise import days_in
from ecobureau.web.statistics.selectors_noise import Line, rate
from ecobureau.web.statistics.selectors_series import value_of
from ecobureau.web.statistics.spans import last_of

HOURS_SHOWN = ("leq", "l10", "l50", "l90", "lmax", "lmin", "wind")

NOISE = MediumPages(
    Medium.NOISE,
    selectors_noise.READER,
    {"point": lambda: _("站点"), "place": lambda: _("城市和区县（按功能区）")},
    overview=lambda: _("声环境总览"),
    nothing=lambda: _("没有可看的声环境站点"),
    why=lambda: _("声环境自动站登记后，有了小时数据，统计值会自动算出。"),
    analysis=lambda series: f"n{series.station_id}" if series.station_id else "",
)
_RULE_KEYS = ("hours", "auto.hour_minutes", "auto.period_share", "auto.span_mean", "auto.span_share", "auto.zone_mean")


@require_GET
@signed_in
def overview_page(request: HttpRequest) -> HttpResponseBase:
    """Points with their levels against the limits of their zone, or places with attainment zone by zone."""
    viewer, when, kind = viewer_in(request), asked_period(request, AnySpan.values, "month"), NOISE.kind(request)
    lines = selectors_noise.overview(viewer, when.span, when.start, kind)
    if "format" in request.GET:
        heads = _point_heads() if kind == "point" else _place_heads()
        cells = [_point_cells(line) if kind == "point" else _place_cells(line) for line in lines]
        return as_file(request, "noise", f"{_('声环境')} {when.words}", heads, cells)
    rules = in_force.noise_on(last_of(when.span, when.start))
    whole = selectors_noise.counted(line.summary for line in lines if kind == "point" or not line.zone)
    context = {
        **NOISE.context(request, when, kind),
        "title": _("声环境"),
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
    viewer, series, when = viewer_in(request), NOISE.series(request, pk), asked_year(request)
    year = year_of(when, partial(selectors_noise.periods, viewer, pk))
    context = {
        **NOISE.of_series(request, when, series),
        **year.shown(_told, _cell),
        "lines": [_told(one) for one in selectors_noise.summaries(viewer, pk, "year", when.start)],
        "legend": _("✓ 达标；昼、夜：该时段有超标；—：没有有效的昼间或夜间。"),
    }
    return render(request, "statistics/noise_series.html", context)


@require_GET
@signed_in
def period_page(request: HttpRequest, pk: int, span: str, start: str) -> HttpResponseBase:
    """A period of a point or place: its figures, each with its derivation, hours of a day, and what was revised."""
    viewer, series, when = viewer_in(request), NOISE.series(request, pk), given_period(span, start)
    of, point = (viewer, pk, span, when.start), series.kind == Series.Kind.POINT
    values = NOISE.reader.figures(*of) if point else {}
    explained = explain_noise.explained(*of)
    context = {
        **NOISE.of_series(request, when, series),
        **explained_words(explained, lambda part: _part(part, values)),
        **NOISE.changes(viewer, series, when, opens="06:00"),
        "lines": [_told(one) for one in selectors_noise.summaries(*of)],
        "member_heads": [_("参与评价的站点"), _("功能区")],
        "members": [] if explained is None else [(one, [zone]) for one, zone in explained.sections],
        "hours": _hours(viewer, pk, when.start) if span == "day" and point else [],
        "hour_heads": [NoiseItem(item).label for item in HOURS_SHOWN],
    }
    return render(request, "statistics/noise_period.html", context)


# --- what pages show --------------------------------------------------------------------------------------------------


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
    mark, words = _mark(row)
    over = row.day_within < row.day_total or row.night_within < row.night_total
    return Cell(row.start, mark, words, tone="orange" if over else "")


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


def _hours(viewer: Viewer, pk: int, day: date) -> list[dict[str, Any]]:
    found = selectors_noise.hours(viewer, pk, day, HOURS_SHOWN)
    if not found:
        return []
    none: list[float | None] = [None] * 24
    return [
        {"at": f"{at:02d}:00", "values": [_level(found.get(item, none)[at]) for item in HOURS_SHOWN]}
        for at in range(24)
    ]


def _part(part: Part, values: dict[str, Figure | Day]) -> dict[str, Any]:
    row = values.get(part.item)
    value = value_of(row)
    return part_words(
        part,
        "" if value is None else plain(value, 1),
        "" if value is None else "dB(A)",
        valid=row is None or row.valid,
        inputs=part.item in ("ld", "ln", "peak"),
    )
