"""The month's sheet of rectification; everything else is the kernel's."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, audit, registry
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import as_pdf, as_xlsx, download
from ecobureau.web.core.refusals import refuse
from ecobureau.web.rectification import selectors
from ecobureau.words import _, say

_FORMS = {"pdf": as_pdf, "xlsx": as_xlsx}


def _first(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return beijing(now()).date().replace(day=1)


@signed_in
@require_safe
def month_page(request: HttpRequest) -> HttpResponseBase:
    """Show the month's sheet (`?month=2026-11`)."""
    viewer = viewer_in(request)
    kind = registry.get("rectification")
    if not access.may_somewhere(viewer, "view", kind):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=request.path)
    first = _first(request.GET.get("month", ""))
    before = (first - timedelta(days=1)).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return render(
        request,
        "rectification/month.html",
        {
            "document": selectors.sheet(viewer, first),
            "month": f"{first:%Y-%m}",
            "before": f"{before:%Y-%m}",
            "after": f"{after:%Y-%m}" if after <= beijing(now()).date() else "",
            "may_export": access.may_somewhere(viewer, "export", kind),
        },
    )


@signed_in
@require_POST
def month_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Hand out the month's sheet as PDF or workbook; who took it and what for is audited."""
    viewer = viewer_in(request)
    kind = registry.get("rectification")
    purpose = request.POST.get("purpose", "").strip()
    if not access.may_somewhere(viewer, "export", kind):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=request.path)
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what=request.path)
    first = _first(request.POST.get("month", ""))
    data = _FORMS[form](selectors.sheet(viewer, first))
    audit.write(viewer, "export", kind=kind.code, purpose=purpose, sheet=f"{first:%Y-%m}", form=form)
    return download(data, f"{say(_('督察整改月报'))}{first:%Y-%m}", form)
