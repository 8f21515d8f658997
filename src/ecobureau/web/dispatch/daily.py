"""The daily list: what ran so late on a day that the city centre was told (SLA pack `task.escalate.200`)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, audit, clocks, placenames, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import Column, Document, Table, Text, as_pdf, as_xlsx, download
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import selectors_daily
from ecobureau.words import say

_FORMS = {"pdf": as_pdf, "xlsx": as_xlsx}


def _may(viewer: Viewer, action: str) -> bool:
    return any(access.may_somewhere(viewer, action, registry.get(code)) for code in selectors_daily.KINDS)


@require_GET
@signed_in
def daily_page(request: HttpRequest) -> HttpResponse:
    """The list of a day, `?day=YYYY-MM-DD` (Asia/Shanghai); without one, or with another text, of today."""
    viewer = viewer_in(request)
    if not _may(viewer, "view"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="daily list")
    today = beijing(now()).date()
    day = _day(request.GET.get("day", ""))
    context = {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "rows": [_row(point, record) for point, record in selectors_daily.of_day(viewer, day)],
        "may_export": _may(viewer, "export"),
    }
    return render(request, "dispatch/daily.html", context)


@require_POST
@signed_in
def daily_file(request: HttpRequest, form: str) -> HttpResponse:
    """The list of a day as PDF or workbook, for a purpose that is written down; what the person may take away."""
    viewer = viewer_in(request)
    if not _may(viewer, "export"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="export daily list")
    purpose = request.POST.get("purpose", "").strip()
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what="export daily list")
    day = _day(request.POST.get("day", ""))
    rows = [_row(point, record) for point, record in selectors_daily.of_day(viewer, day, "export")]
    audit.write(viewer, "export", kind="daily", purpose=purpose, form=form, day=day.isoformat(), rows=len(rows))
    mark = say(
        "core.export.mark",
        None,
        who=viewer.name,
        at=f"{beijing(now()):%Y-%m-%d %H:%M:%S}",
        purpose=purpose,
        rows=len(rows),
    )
    made = document(day, rows, viewer.name, mark, request.build_absolute_uri("/").rstrip("/"))
    return download(_FORMS[form](made), f"{_('超时日报')}{day:%Y%m%d}", form)


def document(day: date, rows: list[dict[str, Any]], author: str, mark: str, host: str = "") -> Document:
    """Return the list as a paper.

    Args:
        rows: as of the page. mark: who took it and what for. host: put before the addresses of the records.
    """
    columns = (
        Column(_("报告时间"), weight=0.9),
        Column(_("超过时限"), weight=0.8),
        Column(_("等级"), weight=0.8),
        Column(_("编号"), weight=2.1),
        Column(_("标题"), weight=2.6),
        Column(_("种类"), weight=0.9),
        Column(_("现在的状态"), weight=1.2),
        Column(_("承办单位"), weight=1.3),
        Column(_("时限"), weight=1.4),
        Column(_("地址"), weight=2.2),
    )
    table = Table(
        columns,
        [
            (
                f"{beijing(row['at']):%H:%M}",
                f"{row['percent']}%",
                row["record"].get_level_display(),
                row["record"].number,
                row["record"].heading,
                row["kind"],
                row["state"],
                row["unit"] or None,
                row["limit"],
                f"{host}{row['url']}",
            )
            for row in rows
        ],
        sheet=_("超时日报"),
        empty=_("这一天没有超过时限两倍的事项"),
    )
    how = _("当天超过时限两倍、已报市中心的事项；之后办结的也留在单上。")
    title = f"{_('超时日报')} {day:%Y-%m-%d}"
    return Document(title, author, now(), [Text(how, soft=True), table], mark=mark, wide=True)


def _day(text: str) -> date:
    """Return the day asked for, none after today."""
    today = beijing(now()).date()
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


def _row(point: Any, record: Any) -> dict[str, Any]:
    kind = registry.kind_of(type(record))
    spec = kind.flow.clock(point.clock.code)
    return {
        "at": point.at,
        "percent": point.percent,
        "record": record,
        "url": addresses.of(record),
        "kind": say(kind.name),
        "state": say(kind.flow.state(record.state).name),
        "unit": placenames.name_of(record.owner_unit) if record.owner_unit else "",
        "clock": clocks.badge(point.clock, spec, now()),
        "limit": f"{say(spec.name)} {beijing(point.clock.due_at):%m-%d %H:%M}",
    }
