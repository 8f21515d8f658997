"""The shift at hand, its papers, and the week's sheet; the record's pages are the kernel's."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, audit, parts, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import as_pdf, as_xlsx, download
from ecobureau.web.core.refusals import Refused, refuse, sentence
from ecobureau.web.handover import selectors, services, things
from ecobureau.web.handover.forms import ShiftForm
from ecobureau.web.handover.report import document
from ecobureau.words import say

_FORMS = {"pdf": as_pdf, "xlsx": as_xlsx}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def shift_page(request: HttpRequest) -> HttpResponseBase:
    """The shift at hand with its numbers; posted, it is handed over."""
    viewer = viewer_in(request)
    asked = selectors.asked_of(viewer, request.GET)
    form = ShiftForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            record = services.sign(viewer, **form.cleaned_data)
            return HttpResponseRedirect(addresses.of(record))
        except Refused as refused:
            problem = sentence(refused.code, refused.params)
    report = selectors.report(viewer, asked.unit, asked.since, asked.until)
    context: dict[str, Any] = {
        "asked": asked,
        "report": report,
        "centres": selectors.centres(viewer),
        "form": form,
        "problem": problem,
        "may_sign": selectors.may_sign(viewer, asked.unit.path),
        "next": [name for _pk, name in selectors.next_on_duty(asked.unit.path, asked.until)],
        "waiting": [(each, addresses.of(each)) for each in selectors.waiting(viewer)],
        "since": f"{beijing(asked.since):%Y-%m-%dT%H:%M}",
        "until": f"{beijing(asked.until):%Y-%m-%dT%H:%M}",
        "list_url": addresses.of_list(registry.get("handover")),
        "may_export": access.may_somewhere(viewer, "export", registry.get("handover")),
        "query": request.GET.urlencode(),
    }
    return render(request, "handover/shift.html", context, status=422 if request.method == "POST" else 200)


def _purpose(request: HttpRequest, viewer: Viewer) -> str:
    purpose = request.POST.get("purpose", "").strip()
    if len(purpose) < 2:
        refuse(Refusal("core.purpose_missing"), actor=viewer.user_id, what=request.path)
    return purpose


def _mark(viewer: Viewer, purpose: str, rows: int) -> str:
    at = f"{beijing(now()):%Y-%m-%d %H:%M:%S}"
    return say("core.export.mark", None, who=viewer.name, at=at, purpose=purpose, rows=rows)


def _may_take(viewer: Viewer) -> None:
    if not access.may_somewhere(viewer, "export", registry.get("handover")):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="export handover")


@signed_in
@require_POST
def shift_file(request: HttpRequest, form: str) -> HttpResponse:
    """The report of the shift at hand, or of a signed one (`number`), as PDF or workbook; audited."""
    viewer = viewer_in(request)
    _may_take(viewer)
    purpose = _purpose(request, viewer)
    number = request.POST.get("number", "")
    more: dict[str, str] = {}
    if number:
        record = kernel.get(viewer, registry.get("handover"), number)
        if (refusal := access.allowed(viewer, "export", record)) is not None:
            refuse(refusal, actor=viewer.user_id, what=f"export {number}")
        report = selectors.frozen(viewer, record)
        watched = parts.listed(f"{each.record.number} {each.record.heading}" for each in kernel.linked(viewer, record))
        more = dict(selectors.signatures(record))
        more |= {_("交班说明"): record.notes or "—", _("下一班要盯的事项"): watched or "—"}
    else:
        asked = selectors.asked_of(viewer, request.GET)
        report = selectors.report(viewer, asked.unit, asked.since, asked.until)
    audit.write(viewer, "export", kind="handover", purpose=purpose, form=form, shift=report.span(), unit=report.unit)
    host = request.build_absolute_uri("/").rstrip("/")
    mark = _mark(viewer, purpose, len(report.lines))
    made = document(report, viewer.name, now(), mark=mark, more=more, host=host)
    return download(_FORMS[form](made), f"{_('值班报告')}{beijing(report.since):%Y%m%d-%H%M}", form)


@signed_in
@require_safe
def things_page(request: HttpRequest, code: str, number: str = "") -> HttpResponse:
    """The rows behind a number that counts no records: of the shift asked for, or as they were at signing."""
    viewer = viewer_in(request)
    thing = things.THINGS.get(code)
    if thing is None:
        refuse(Refusal("core.not_found", {"number": code}), actor=viewer.user_id, what="handover")
    if thing.office and not things.opens_office(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"handover {code}")
    if number:
        report = selectors.frozen(viewer, kernel.get(viewer, registry.get("handover"), number))
    else:
        asked = selectors.asked_of(viewer, request.GET)
        report = selectors.report(viewer, asked.unit, asked.since, asked.until)
    rows = next((line.keys for line in report.lines if line.code == code), ())
    context = {"report": report, "name": say(thing.name), "how": say(thing.how), "rows": rows}
    return render(request, "handover/things.html", context)


@signed_in
@require_safe
def week_page(request: HttpRequest) -> HttpResponse:
    """The week's sheet by district (`?week=` any day of it)."""
    viewer = viewer_in(request)
    found = selectors.week(viewer, selectors.monday_of(request.GET.get("week", "")))
    context = {
        "week": found,
        "heads": [(say(each.name), say(each.how)) for each in found.measures],
        "rates": selectors.rates(found),
        "may_export": access.may_somewhere(viewer, "export", registry.get("handover")),
    }
    return render(request, "handover/week.html", context)


@signed_in
@require_POST
def week_file(request: HttpRequest, form: str) -> HttpResponse:
    """The week's sheet as PDF or workbook; audited."""
    viewer = viewer_in(request)
    _may_take(viewer)
    purpose = _purpose(request, viewer)
    first = selectors.monday_of(request.POST.get("week", ""))
    found = selectors.week(viewer, first, "export")
    audit.write(viewer, "export", kind="handover", purpose=purpose, form=form, week=first.isoformat())
    made = selectors.week_document(found, viewer.name, _mark(viewer, purpose, len(found.rows)))
    return download(_FORMS[form](made), f"{_('值班周报')}{first:%Y%m%d}", form)
