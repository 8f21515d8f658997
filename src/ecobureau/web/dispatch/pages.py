"""Sending a clue out. The other verbs of a task are pages of the kernel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import selectors as clue_selectors
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import access, addresses, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.dispatch import acts, selectors, sheet
from ecobureau.web.dispatch.forms import SendForm
from ecobureau.words import say


def _must_be_sendable(viewer: Viewer, clue: Clue, *, repeated: bool) -> None:
    """Refuse those who may not send this clue out before they fill in anything; what may be `repeated` passes."""
    flow = registry.get("clue").flow
    move = next(each for each in flow.transitions if each.verb == "dispatch")
    found: Refusal | None = None
    if not move.roles_for(clue.level) & access.roles_at(viewer, "act", clue):
        found = Refusal("core.not_your_role", {"verb": move.name})
    elif clue.state not in (*move.sources, *((move.target,) if repeated else ())):
        found = Refusal("core.not_from_here", {"verb": move.name, "state": flow.state(clue.state).name})
    if found is not None:
        refuse(found, actor=viewer.user_id, what=f"dispatch {clue.number}")


def _send_form(
    request: HttpRequest, clue: Clue, task_kind: str | None, *, wrong: str = "", chosen: Any = None
) -> HttpResponse:
    """Show everybody who could go; `wrong` says what was missing in what was `chosen`."""
    plan = selectors.plan(clue, task_kind=task_kind)
    context = {
        "clue": clue,
        "plan": plan,
        "choices": sheet.rows(plan),
        "back": addresses.of(clue),
        "sheet": sheet.sheet_of(clue, plan, after=(chosen or {}).get("next", "")),
        "wrong": wrong,
        "chosen": (chosen or {}).get("unit", ""),
        "note": (chosen or {}).get("note", ""),
    }
    return render(request, "dispatch/send.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def send_page(request: HttpRequest, number: str) -> HttpResponse:
    """Send a clue out: GET shows everybody who could go, POST does it."""
    viewer = viewer_in(request)
    clue = clue_selectors.clue(viewer, number)
    if clue is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="dispatch")
    _must_be_sendable(viewer, clue, repeated=request.method == "POST")
    if request.method == "GET":
        return _send_form(request, clue, request.GET.get("task_kind") or None)
    form = SendForm(request.POST)
    if not form.is_valid():
        refuse(Refusal("dispatch.bad_form"), actor=viewer.user_id, what=f"dispatch {number}")
    given = form.cleaned_data
    names = ("unit", "task_kind", "secure_first", "note", "override", "client_uuid")
    try:
        task = acts.send(clue, viewer, **{name: given[name] for name in names}, expect_version=given["version"])
    except Refused as refused:
        if refused.code != "dispatch.override_reason":
            raise
        return _send_form(request, clue, given["task_kind"], wrong=refused.text(viewer.lang), chosen=request.POST)
    messages.success(request, say("dispatch.sent", None, number=task.number, unit=sheet.unit_name(task.owner_unit)))
    after = request.POST.get("next", "")
    near = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
    return redirect(after if near else addresses.of(clue))
