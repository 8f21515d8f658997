"""The pages of detection: the chain of a plant, totals against permits, patterns with replay, passes, verdicts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import audit, parts
from ecobureau.web.core.charts import Chart, LimitLine, Plot, Point
from ecobureau.web.core.export import safe
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.detection import accounting, chain, door, process, replay, selectors, settings, verdicts
from ecobureau.web.detection.forms import AmountForm, LinkForm, PatternForm, ReplayForm, VerdictForm
from ecobureau.web.places.door import may_change, must_change
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.forms import add_problems
from ecobureau.web.sources.models import Outlet
from ecobureau.words import say

LINES = 20
MOST_LINES = 200


def _lang() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


def _crumbs(outlet: Outlet, *last: parts.Tab) -> list[parts.Tab]:
    return [
        parts.Tab(_("排口"), reverse("desk:outlets")),
        parts.Tab(f"{outlet.name} {outlet.code}", reverse("desk:outlet", args=[outlet.pk])),
        *last,
    ]


# --- the whole process ------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def chain_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The chain of a plant on one time axis, with its findings and the month's amount against the permit."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in [str(one) for one in process.RANGES] else 7
    found = process.process_of(outlet, now(), days, request.GET.get("factor", ""))
    context = {
        "outlet": outlet,
        "process": found,
        "days": days,
        "ranges": process.RANGES,
        "links": selectors.links(outlet),
        "may_change": may_change(viewer, outlet.org_path),
        "share": None if not found.permitted_kg else 100 * (found.month_kg or 0.0) / found.permitted_kg,
        "crumbs": _crumbs(outlet, parts.Tab(_("全流程"), current=True)),
    }
    return render(request, "detection/chain.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def link_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect a station to the chain."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    must_change(viewer, outlet.org_path)
    form = LinkForm(request.POST or None, initial={"role": request.GET.get("role", "prod")})

    def write() -> Any:
        return chain.add_link(viewer, outlet, **form.cleaned_data)

    back = reverse("detection:chain", args=[pk])
    context = {
        "title": _("接入环节"),
        "outlet": outlet,
        "stations": selectors.stations_near(viewer, outlet),
        "crumbs": _crumbs(outlet, parts.Tab(_("全流程"), back), parts.Tab(_("接入环节"), current=True)),
    }
    return _edit(request, form, write, back, context)


@require_POST
@signed_in
def unlink(request: HttpRequest, pk: int, link: int) -> HttpResponse:
    """Take a station out of the chain."""
    viewer = viewer_in(request)
    row = selectors.link(selectors.outlet(viewer, pk), link)
    if row is None:
        raise Http404
    chain.remove_link(viewer, row)
    messages.success(request, _("已取消接入"))
    return redirect("detection:chain", pk=pk)


def _edit(
    request: HttpRequest, form: Any, write: Callable[[], Any], back: str, context: dict[str, Any]
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            write()
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, _("已保存"))
            return redirect(back)
    context |= {"form": form, "back": back}
    return render(request, "detection/edit.html", context, status=422 if request.method == "POST" else 200)


# --- totals -----------------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def totals_page(request: HttpRequest) -> HttpResponse:
    """Outlets with permitted amounts: what they have used of the month and the year."""
    viewer = viewer_in(request)
    words = request.GET.get("q", "").strip()[:60]
    page = Paginator(selectors.permitted_pairs(viewer, words), LINES).get_page(request.GET.get("page"))
    lines = selectors.lines(viewer, page.object_list, _lang())
    lines.sort(key=lambda one: one.worst, reverse=True)
    context = {"lines": lines, "page": page, "words": words, "may_change": viewer.has(Role.ADMINISTRATOR)}
    return render(request, "detection/totals.html", context)


@require_GET
@signed_in
def totals_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV, at most MOST_LINES lines; who took it stands in the audit."""
    viewer = viewer_in(request)
    pairs = selectors.permitted_pairs(viewer, request.GET.get("q", "").strip()[:60])[:MOST_LINES]
    text = io.StringIO()
    text.write("\ufeff")
    out = csv.writer(text)
    heads = [_("企业"), _("排口"), _("监测因子"), _("周期"), _("许可排放量（kg）"), _("已排放（kg）"), _("已用（％）")]
    out.writerow([*heads, _("预测下限（kg）"), _("预测（kg）"), _("预测上限（kg）"), _("未计入的小时")])
    for line in selectors.lines(viewer, pairs, _lang()):
        for one in (line.month, line.year):
            if one is None:
                continue
            ahead = one.ahead
            out.writerow(
                [safe(line.outlet.enterprise.name), safe(line.outlet.code), safe(line.name)]
                + [str(one.permit.get_period_display()), one.permit.kg, one.share.total_kg, f"{one.percent:.2f}"]
                + ([f"{ahead.low_kg:.1f}", f"{ahead.middle_kg:.1f}", f"{ahead.high_kg:.1f}"] if ahead else [""] * 3)
                + [one.total.lost if one.total else ""]
            )
    audit.write(viewer, "detection.totals", kind="outlet", lines=len(pairs))
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="totals-{beijing(now()):%Y%m%d%H%M}.csv"'
    return answer


@require_GET
@signed_in
def total_page(request: HttpRequest, pk: int, factor: str) -> HttpResponse:
    """What is left of the permitted amount of an outlet and factor, and every hour of a day with its frames."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    if factor not in sources.factors([factor]):
        refuse(Refusal("core.not_found", {"number": factor}), actor=viewer.user_id, what="factor")
    line = selectors.lines(viewer, [(pk, factor)], _lang())[0]
    at = now().replace(minute=0, second=0, microsecond=0)
    today = beijing(at).date()
    year = line.year is not None and request.GET.get("period") != "month"
    year = year or line.month is None
    first = today.replace(month=1, day=1) if year else today.replace(day=1)
    found = accounting.account(outlet, factor, accounting.quarter_begin(first), at)
    asked = request.GET.get("day", "")
    days = [] if found is None else found.daily_kg(first, today + timedelta(days=1))
    day = next((one for one, _kg in days if one.isoformat() == asked), today)
    begin = accounting.first_moment(day)
    standing = line.year if year else line.month
    context = {
        "outlet": outlet,
        "line": line,
        "standing": standing,
        "year": year,
        "chart": _burn_down(line, standing, days, found.known_days()) if found is not None and days else None,
        "hours": [] if found is None else _hour_rows(found, begin),
        "has_flow": found is not None and found.hours.has_flow,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "amounts": selectors.amounts(outlet, factor),
        "may_change": may_change(viewer, outlet.org_path),
        "crumbs": [
            parts.Tab(_("总量"), reverse("detection:totals")),
            *_crumbs(outlet)[1:],
            parts.Tab(line.name, current=True),
        ],
    }
    return render(request, "detection/total.html", context)


def _hour_rows(found: accounting.Account, begin: Any) -> list[dict[str, Any]]:
    return [
        {"hour": hour, "state": say(hour.state, cause=hour.mark or "—")}
        for hour in found.listed(begin, begin + timedelta(days=1))
    ]


def _burn_down(line: selectors.Line, standing: accounting.Standing | None, days: list[Any], known: set[Any]) -> Chart:
    left = float(standing.permit.kg) if standing else 0.0
    remaining, daily, used = [], [], 0.0
    for day, kg in days:
        begin = accounting.first_moment(day)
        end = begin + timedelta(days=1)
        used += kg
        told = day in known
        remaining.append(Point(begin, end, round((left - used) if standing else used, 3) if told else None))
        daily.append(Point(begin, end, round(kg, 3) if told else None))
    first = accounting.first_moment(days[0][0])
    until = accounting.first_moment(standing.until) if standing else daily[-1].end
    words = _("剩余许可量") if standing else _("累计排放量")
    lines = [LimitLine(0.0, _("许可用完"), standing.permit.source)] if standing else []
    plots = [
        Plot(name=words, unit="kg", points=remaining, limits=lines, main=True, area=True, zero=used < left),
        Plot(name=_("每日排放"), unit="kg", points=daily, series=3),
    ]
    name = _("{name} 许可量余额").format(name=line.name)
    return Chart(name, first, until, plots, subtitle=_("按自然日，含按标准替代的小时；右端为本期末"))


@require_http_methods(["GET", "POST"])
@signed_in
def amount_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a permitted amount."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    must_change(viewer, outlet.org_path)
    first = beijing(now()).date().replace(month=1, day=1)
    form = AmountForm(request.POST or None, initial={"factor": request.GET.get("factor", ""), "valid_from": first})

    def write() -> Any:
        return chain.set_amount(viewer, outlet, **form.cleaned_data)

    title = _("登记许可排放量")
    context = {"title": title, "outlet": outlet, "crumbs": _crumbs(outlet, parts.Tab(title, current=True))}
    return _edit(request, form, write, reverse("detection:totals"), context)


# --- patterns and passes ----------------------------------------------------------------------------------------------


@require_GET
@signed_in
def patterns_page(request: HttpRequest) -> HttpResponse:
    """Every pattern with its record."""
    door.must_see(viewer_in(request))
    return render(request, "detection/patterns.html", {"rows": selectors.patterns(), "night": selectors.last_night()})


@require_http_methods(["GET", "POST"])
@signed_in
def pattern_page(request: HttpRequest, pattern: str) -> HttpResponse:
    """One pattern: parameters with their sources, the city's own values, replay."""
    viewer = viewer_in(request)
    door.must_see(viewer)
    found = next(iter(selectors.patterns(pattern)), None)
    if found is None:
        raise Http404
    note = found.setting.note if found.setting else ""
    initial = {"enabled": found.enabled, "note": note}
    form = PatternForm(found.parameters, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST":
        door.must_set(viewer)
        if form.is_valid():
            data = form.cleaned_data
            settings.set_pattern(viewer, pattern, enabled=data["enabled"], params=form.params, note=data["note"])
            messages.success(request, _("已保存"))
            return redirect("detection:pattern", pattern=pattern)
    context = {
        "row": found,
        "form": form,
        "replay_form": ReplayForm(),
        "replays": selectors.replays(pattern),
        "may_set": viewer.has(Role.ADMINISTRATOR),
        "crumbs": [parts.Tab(_("检测模式"), reverse("detection:patterns")), parts.Tab(pattern, current=True)],
    }
    return render(request, "detection/pattern.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@signed_in
def replay_view(request: HttpRequest, pattern: str) -> HttpResponse:
    """Ask for a replay and go to where its progress is seen."""
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(one) for problems in form.errors.values() for one in problems))
        return redirect("detection:pattern", pattern=pattern)
    one = replay.ask(viewer_in(request), pattern, form.cleaned_data["days"])
    return redirect("detection:pass", pk=one.pk)


@require_GET
@signed_in
def passes_page(request: HttpRequest) -> HttpResponse:
    """What ran when, how long, over how many outlets, and what failed."""
    door.must_see(viewer_in(request))
    rows = [{"row": one, "took": _took(one)} for one in selectors.passes()]
    return render(request, "detection/passes.html", {"rows": rows})


@require_GET
@signed_in
def pass_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One pass: progress, failures, and what a replay would have opened."""
    viewer = viewer_in(request)
    door.must_see(viewer)
    one = selectors.one_pass(pk)
    if one is None:
        raise Http404
    seen = selectors.outlets_of(
        viewer, [*(row["outlet"] for row in one.result), *(_outlet_id(key) for key in one.failed)]
    )
    result = [row | {"reason": say(row["code"], **row["params"])} for row in one.result if row["outlet"] in seen]
    context = {
        "row": one,
        "took": _took(one),
        "result": result,
        "hidden": len(one.result) - len(result),
        "failed": [(seen.get(int(_outlet_id(key) or 0)), key, text) for key, text in sorted(one.failed.items())],
        "title": say(f"detection.{one.patterns[0]}.title") if one.kind == "replay" and one.patterns else "",
        "here": request.path,
        "crumbs": [
            parts.Tab(_("检测模式"), reverse("detection:patterns")),
            parts.Tab(_("运行记录"), reverse("detection:passes")),
            parts.Tab(str(pk), current=True),
        ],
    }
    part = request.GET.get("part") == "body"
    return render(request, "detection/_pass.html" if part else "detection/pass.html", context)


def _outlet_id(key: str) -> str:
    return key.split(":", 1)[0]


def _took(one: Any) -> str:
    if one.ended_at is None:
        return ""
    return _("{seconds} 秒").format(seconds=f"{(one.ended_at - one.started_at).total_seconds():.1f}")


# --- verdicts ---------------------------------------------------------------------------------------------------------


@require_POST
@signed_in
def verdict_view(request: HttpRequest, number: str) -> HttpResponse:
    """Take what people found out about a clue."""
    viewer = viewer_in(request)
    clue = clues.clue(viewer, number)
    if clue is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="verdict")
    form = VerdictForm(request.POST)
    data = form.cleaned_data if form.is_valid() else {}
    try:
        verdicts.give(viewer, clue, data.get("outcome", ""), data.get("reason", ""))
    except Refused as error:
        if error.code not in ("detection.needs_reason", "detection.no_outcome"):
            raise
        messages.error(request, error.text(_lang()))
    else:
        messages.success(request, _("已记录核实结论"))
    return redirect("core:detail", plural="clues", number=number)
