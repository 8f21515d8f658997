"""The pages of targets: all of a year with how far they are, and one with its method."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.explain import Code
from ecobureau.domain.water import WaterClass
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import selectors_targets, services
from ecobureau.web.statistics.forms import ReasonForm, TargetForm
from ecobureau.web.statistics.models import Medium, Series, Target
from ecobureau.web.statistics.pages_common import as_file, filled, other_format, rule_lines, tabs
from ecobureau.web.statistics.selectors_backtest import backtest_of
from ecobureau.web.statistics.selectors_targets import Allowed, Outlook
from ecobureau.words import say

PAGE = 30
_DIGITS = {
    Target.Kind.GOOD_RATE: 1,
    Target.Kind.HEAVY_DAYS: 0,
    Target.Kind.PM25_MEAN: 0,
    Target.Kind.O3_P90: 0,
    Target.Kind.WATER_GOOD: 1,
}


@require_GET
@signed_in
def targets_page(request: HttpRequest) -> HttpResponseBase:
    """The targets of a year: so far, year-end range, what can still be afforded."""
    viewer, today = viewer_in(request), beijing(now()).date()
    year = _year(request, today.year)
    rows = Paginator(selectors_targets.targets(viewer, year), PAGE)
    shown = rows.get_page(request.GET.get("page"))
    lines = [line_of(one) for one in selectors_targets.outlooks(shown.object_list)]
    if "format" in request.GET:
        heads = [_("对象"), _("指标"), _("目标"), _("至今"), _("年底范围"), _("达到的情形"), _("还能"), _("目标出处")]
        keys = ("name", "kind", "wanted", "value", "range", "reaching", "allowed", "source")
        cells = [[line[key] for key in keys] for line in map(line_of, selectors_targets.outlooks(rows.object_list))]
        return as_file(request, "targets", f"{_('目标任务')} {year}", heads, cells)
    choices = _choices(request)
    context = {
        "tabs": tabs("targets"),
        "year": year,
        "before": year - 1,
        "after": year + 1,
        "lines": lines,
        "page": shown,
        "page_query": f"?year={year}",
        "form": TargetForm(series=choices, initial={"year": year}) if choices else None,
        "csv": other_format(request, "csv"),
        "xlsx": other_format(request, "xlsx"),
    }
    return render(request, "statistics/targets.html", context)


@require_GET
@signed_in
def target_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One target with its range, method, and what can still be afforded."""
    target = _target(request, pk)
    outlook = selectors_targets.outlooks([target])[0]
    entries = selectors_targets.entries_of_forecast(beijing(now()).date())
    context = {
        "tabs": tabs("targets"),
        "target": target,
        "line": line_of(outlook),
        "outlook": outlook,
        "months": target.kind in (Target.Kind.WATER_CLASS, Target.Kind.WATER_GOOD),
        "rules": rule_lines(entries),
        "tried": _tried(target),
        "may_set": services.may_set_target(viewer_in(request), target.series),
        "form": ReasonForm(),
    }
    return render(request, "statistics/target.html", context)


@require_POST
@signed_in
def put_target(request: HttpRequest) -> HttpResponse:
    """Enter or change a target."""
    viewer = viewer_in(request)
    given = filled(request, TargetForm(request.POST, series=_choices(request)))
    if given is None:
        return redirect("statistics:targets")
    made = services.put_target(
        viewer,
        given["series"],
        year=given["year"],
        kind=given["kind"],
        value=given["value"],
        source=given["source"],
    )
    messages.success(request, _("目标已记录"))
    return redirect("statistics:target", pk=made.pk)


@require_POST
@signed_in
def drop_target(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a target back."""
    target = _target(request, pk)
    services.drop_target(viewer_in(request), pk, reason=request.POST.get("reason", ""))
    messages.success(request, _("目标已撤销，审计中留有记录"))
    return redirect(f"/statistics/targets/?year={target.year}")


def _target(request: HttpRequest, pk: int) -> Target:
    target = selectors_targets.targets(viewer_in(request)).filter(pk=pk).first()
    if target is None:
        raise Http404
    return target


def _year(request: HttpRequest, default: int) -> int:
    text = request.GET.get("year", str(default))
    if not text.isdecimal() or not 2000 <= int(text) <= 2100:
        raise Http404
    return int(text)


def _choices(request: HttpRequest) -> list[tuple[int, str]]:
    """Return the series that the viewer may set targets of."""
    viewer = viewer_in(request)
    media = dict(Medium.choices)
    places = services.settable_places(viewer)
    return [
        (row.pk, f"{media[row.medium]} · {row.name}")
        for row in selectors_targets.choices(viewer)
        if row.org_path.startswith(places)
    ]


def line_of(one: Outlook) -> dict[str, Any]:
    """Return a target with how far it is, in the words of the pages."""
    target, range_ = one.target, one.forecast
    return {
        "pk": target.pk,
        "series": target.series,
        "air": target.series.medium == Medium.AIR,
        "place": target.series.kind != Series.Kind.POINT,
        "name": target.series.name,
        "kind": target.get_kind_display(),
        "wanted": _shown(target, target.value),
        "value": "—" if one.value is None else _shown(target, one.value),
        "reached": one.reached,
        "range": "—" if range_ is None else _range(target, range_.low, range_.high),
        "middle": "" if range_ is None else _shown(target, range_.middle),
        "reaching": "—" if range_ is None else f"{range_.reaching} / {range_.ways}",
        "likely": None if range_ is None else 2 * range_.reaching >= range_.ways,
        "method": "" if range_ is None else say(f"statistics.forecast.{range_.method}"),
        "years": "" if range_ is None else _("、").join(str(year) for year in range_.years),
        "allowed": "; ".join(_allowed(each) for each in one.allowed),
        "allowances": [(_allowed(each), each.lost) for each in one.allowed],
        "lost": any(each.lost for each in one.allowed),
        "source": target.source,
    }


def _allowed(one: Allowed) -> str:
    params = {name: say(Code(str(value))) if name == "item" else value for name, value in one.params.items()}
    return say(one.code, **params)


def _shown(target: Target, value: float) -> str:
    if target.kind == Target.Kind.WATER_CLASS:
        return WaterClass(int(value)).roman
    return f"{value:.{_DIGITS[Target.Kind(target.kind)]}f}"


def _tried(target: Target) -> dict[str, Any]:
    """Return the back-test of the forecast in words."""
    found = backtest_of(target)
    return {
        "lines": [
            (
                one.on,
                _range(target, one.forecast.low, one.forecast.high),
                _shown(target, one.actual),
                one.held,
                say(f"statistics.forecast.{one.forecast.method}"),
            )
            for one in found.trials
        ],
        "held": found.held,
        "count": len(found.trials),
        "years": len(found.years),
        "expected": round(found.expected * 100),
    }


def _range(target: Target, low: float, high: float) -> str:
    first, last = _shown(target, low), _shown(target, high)
    return first if first == last else f"{first} ～ {last}"
