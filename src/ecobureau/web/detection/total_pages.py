"""The pages of totals: what outlets have used of their permitted amounts, burn-down, hours with frames, permits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core import audit, parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.charts import Chart, LimitLine, Plot, Point
from ecobureau.web.core.export import safe
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import accounting, chain, selectors, totals
from ecobureau.web.detection.forms import AmountChangeForm, AmountForm, EndForm
from ecobureau.web.detection.models import PermittedAmount
from ecobureau.web.detection.page_parts import crumbs, edit, lang
from ecobureau.web.places.door import may_change, must_change
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Outlet
from ecobureau.words import say

LINES = 20
CSV_LINES = 100
PERIODS = ("month", "quarter", "year")


@require_GET
@signed_in
def totals_page(request: HttpRequest) -> HttpResponse:
    """Outlets with permitted amounts: what they have used of the month and the year."""
    viewer = viewer_in(request)
    words = request.GET.get("q", "").strip()[:60]
    page = Paginator(selectors.permitted_pairs(viewer, words), LINES).get_page(request.GET.get("page"))
    lines = selectors.lines(viewer, page.object_list, lang())
    lines.sort(key=lambda one: one.worst, reverse=True)
    context = {"lines": lines, "page": page, "words": words, "may_change": viewer.has(Role.ADMINISTRATOR)}
    return render(request, "detection/totals.html", context)


@require_GET
@signed_in
def totals_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same as CSV, every line, piece by piece; who took it stands in the audit."""
    viewer = viewer_in(request)
    pairs = selectors.permitted_pairs(viewer, request.GET.get("q", "").strip()[:60])
    audit.write(viewer, "detection.totals", kind="outlet", lines=len(pairs))
    answer = StreamingHttpResponse(_csv(viewer, pairs, lang()), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="totals-{beijing(now()):%Y%m%d%H%M}.csv"'
    return answer


def _csv(viewer: Viewer, pairs: Sequence[tuple[int, str]], language: str) -> Iterator[str]:
    text = io.StringIO()
    out = csv.writer(text)

    def taken() -> str:
        found = text.getvalue()
        text.seek(0)
        text.truncate()
        return found

    # The language of the request is no longer in force when the pieces are made.
    with translation.override("en" if language == "en" else "zh-hans"):
        text.write("\ufeff")
        heads = [_("企业"), _("排口"), _("监测因子"), _("周期"), _("许可排放量（kg）"), _("已排放（kg）")]
        heads += [_("其中替代（kg）"), _("已用（％）"), _("预测下限（kg）"), _("预测（kg）"), _("预测上限（kg）")]
        out.writerow([*heads, _("未计入的小时")])
    yield taken()
    for begin in range(0, len(pairs), CSV_LINES):
        with translation.override("en" if language == "en" else "zh-hans"):
            for line in selectors.lines(viewer, pairs[begin : begin + CSV_LINES], language):
                for one in (line.month, line.year):
                    if one is not None:
                        out.writerow(_csv_row(line, one))
        yield taken()


def _csv_row(line: selectors.Line, one: accounting.Standing) -> list[Any]:
    ahead = one.ahead
    forecast = [f"{ahead.low_kg:.1f}", f"{ahead.middle_kg:.1f}", f"{ahead.high_kg:.1f}"] if ahead else [""] * 3
    return [
        safe(line.outlet.enterprise.name),
        safe(line.outlet.code),
        safe(line.name),
        str(one.permit.get_period_display()),
        one.permit.kg,
        one.share.total_kg,
        one.total.substituted_kg if one.total else "",
        f"{one.percent:.2f}",
        *forecast,
        one.total.lost if one.total else "",
    ]


@require_GET
@signed_in
def total_page(request: HttpRequest, pk: int, factor: str) -> HttpResponse:
    """What is left of the permitted amount of an outlet and factor, and every hour of a day with its frames."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    if factor not in sources.factors([factor]):
        refuse(Refusal("core.not_found", {"number": factor}), actor=viewer.user_id, what="factor")
    line = selectors.lines(viewer, [(pk, factor)], lang())[0]
    at = now().replace(minute=0, second=0, microsecond=0)
    today = beijing(at).date()
    period = request.GET.get("period", "")
    if period not in PERIODS:
        period = "year" if line.year else "month"
    first, until = accounting.span_of(period, today)
    rows = totals.days(pk, factor, first, until)
    standing = {"month": line.month, "year": line.year}.get(period)
    day = _asked_day(request.GET.get("day", ""), first, today)
    found, listed = _hours(outlet, factor, day, at)
    context = {
        "outlet": outlet,
        "line": line,
        "standing": standing,
        "period": period,
        "periods": [(one, words) for one, words in zip(PERIODS, (_("本月"), _("本季度"), _("今年")), strict=True)],
        "total": accounting.sum_of(rows, period) if rows else None,
        "chart": _burn_down(line, standing, rows, until) if rows else None,
        "made_at": totals.made_at(pk, factor),
        "changes": totals.changes(pk, factor),
        "hours": listed,
        "has_flow": found is None or found.hours.has_flow,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "amounts": selectors.amounts(outlet, factor),
        "today": today,
        "may_change": may_change(viewer, outlet.org_path),
        "crumbs": [
            parts.Tab(_("总量"), reverse("detection:totals")),
            *crumbs(outlet)[1:],
            parts.Tab(line.name, current=True),
        ],
    }
    return render(request, "detection/total.html", context)


def _asked_day(text: str, first: date, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if first <= day <= today else today


def _hours(
    outlet: Outlet, factor: str, day: date, at: datetime
) -> tuple[accounting.Account | None, list[dict[str, Any]]]:
    """Return the hours of a day with their states, computed as the daily totals are: with the quarter before."""
    quarter = accounting.quarter_begin(day)
    since = accounting.quarter_begin(quarter - timedelta(days=1))
    end = min(at, accounting.first_moment(accounting.span_of("quarter", day)[1]))
    found = accounting.account(outlet, factor, since, end)
    if found is None:
        return None, []
    begin = accounting.first_moment(day)
    listed = found.listed(begin, begin + timedelta(days=1))
    return found, [{"hour": hour, "state": say(hour.state, cause=hour.mark or "—")} for hour in listed]


def _burn_down(
    line: selectors.Line,
    standing: accounting.Standing | None,
    days: Sequence[accounting.DayTotal],
    until: date,
) -> Chart:
    left = float(standing.permit.kg) if standing else 0.0
    remaining, daily, used = [], [], 0.0
    for one in days:
        begin = accounting.first_moment(one.day)
        end = begin + timedelta(days=1)
        used += one.kg
        remaining.append(Point(begin, end, round((left - used) if standing else used, 3) if one.known else None))
        daily.append(Point(begin, end, round(one.kg, 3) if one.known else None))
    words = _("剩余许可量") if standing else _("累计排放量")
    lines = [LimitLine(0.0, _("许可用完"), standing.permit.source)] if standing else []
    plots = [
        Plot(name=words, unit="kg", points=remaining, limits=lines, main=True, area=True, zero=used < left),
        Plot(name=_("每日排放"), unit="kg", points=daily, series=3),
    ]
    name = (_("{name} 许可量余额") if standing else _("{name} 排放量")).format(name=line.name)
    first, last = accounting.first_moment(days[0].day), accounting.first_moment(until)
    return Chart(name, first, last, plots, subtitle=_("按自然日，含按标准替代的小时；右端为本期末"))


# --- permitted amounts ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@signed_in
def amount_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a permitted amount."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    must_change(viewer, outlet.org_path)
    first = beijing(now()).date().replace(month=1, day=1)
    form = AmountForm(request.POST or None, initial={"factor": request.GET.get("factor", ""), "valid_from": first})
    title = _("登记许可排放量")
    context = {"title": title, "outlet": outlet, "crumbs": crumbs(outlet, parts.Tab(title, current=True))}
    return edit(
        request,
        form,
        lambda: chain.set_amount(viewer, outlet, **form.cleaned_data),
        reverse("detection:totals"),
        context,
    )


@require_http_methods(["GET", "POST"])
@signed_in
def amount_change_page(request: HttpRequest, pk: int, amount: int) -> HttpResponse:
    """Let another amount hold from a day on."""
    viewer = viewer_in(request)
    outlet, row = _amount(viewer, pk, amount)
    initial = {"since": beijing(now()).date(), "kg": row.kg.normalize(), "source": row.source}
    form = AmountChangeForm(request.POST or None, initial=initial)
    return edit(
        request,
        form,
        lambda: chain.change_amount(viewer, row, **form.cleaned_data),
        reverse("detection:total", args=[pk, row.factor_id]),
        _under_total(outlet, row, _("修改许可排放量")),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def amount_end_page(request: HttpRequest, pk: int, amount: int) -> HttpResponse:
    """End a permitted amount on a day."""
    viewer = viewer_in(request)
    outlet, row = _amount(viewer, pk, amount)
    form = EndForm(request.POST or None, initial={"last": beijing(now()).date()})
    return edit(
        request,
        form,
        lambda: chain.end_amount(viewer, row, **form.cleaned_data),
        reverse("detection:total", args=[pk, row.factor_id]),
        _under_total(outlet, row, _("结束许可排放量")),
    )


def _amount(viewer: Viewer, pk: int, amount: int) -> tuple[Outlet, PermittedAmount]:
    outlet = selectors.outlet(viewer, pk)
    must_change(viewer, outlet.org_path)
    row = selectors.amount(outlet, amount)
    if row is None:
        raise Http404
    return outlet, row


def _under_total(outlet: Outlet, row: PermittedAmount, title: str) -> dict[str, Any]:
    total_tab = parts.Tab(row.factor_id, reverse("detection:total", args=[outlet.pk, row.factor_id]))
    return {"title": title, "outlet": outlet, "crumbs": crumbs(outlet, total_tab, parts.Tab(title, current=True))}
