"""Sending a clue out. The other verbs of a task are pages of the kernel."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import selectors as clue_selectors
from ecobureau.web.core import addresses
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import selectors, services, sheet
from ecobureau.web.dispatch.forms import SendForm
from ecobureau.words import say


@require_http_methods(["GET", "POST"])
@signed_in
def send_page(request: HttpRequest, number: str) -> HttpResponse:
    """Send a clue out: GET shows everybody who could go, POST does it."""
    viewer = viewer_in(request)
    clue = clue_selectors.clue(viewer, number)
    if clue is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="dispatch")
    if request.method == "GET":
        kind = request.GET.get("task_kind") or None
        plan = selectors.plan(clue, task_kind=kind)
        context = {"clue": clue, "plan": plan, "choices": sheet.rows(plan), "back": addresses.of(clue)}
        return render(request, "dispatch/send.html", context | {"sheet": sheet.sheet_of(clue, plan)})
    form = SendForm(request.POST)
    if not form.is_valid():
        refuse(Refusal("dispatch.bad_form"), actor=viewer.user_id, what=f"dispatch {number}")
    given = form.cleaned_data
    unit, person = given["unit"]
    task = services.send(
        clue,
        viewer,
        unit=unit,
        person=person,
        task_kind=given["task_kind"],
        keep_data_first=given["secure_first"],
        note=given["note"],
        order=given["note"],
        client_uuid=given["client_uuid"],
        expect_version=given["version"],
    )
    messages.success(request, say("dispatch.sent", None, number=task.number, unit=sheet.unit_name(unit)))
    after = request.POST.get("next", "")
    near = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
    return redirect(after if near else addresses.of(clue))
