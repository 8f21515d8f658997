"""The daily list: what ran so late on a day that the city centre was told (SLA pack `task.escalate.200`)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, clocks, placenames, registry
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import selectors_daily
from ecobureau.words import say


@require_GET
@signed_in
def daily_page(request: HttpRequest) -> HttpResponse:
    """The list of a day, `?day=YYYY-MM-DD` (Asia/Shanghai); without one, or with another text, of today."""
    viewer = viewer_in(request)
    if not any(access.may_somewhere(viewer, "view", registry.get(code)) for code in selectors_daily.KINDS):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="daily list")
    today = beijing(now()).date()
    day = min(_asked(request.GET.get("day", "")) or today, today)
    context = {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "rows": [_row(point, record) for point, record in selectors_daily.of_day(viewer, day)],
    }
    return render(request, "dispatch/daily.html", context)


def _asked(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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
    }
