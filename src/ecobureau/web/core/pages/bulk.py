"""One verb on several records: first what will change and what cannot, then each by itself."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Transition
from ecobureau.domain.workflow import refusal as flow_refusal
from ecobureau.web.core import access, addresses, selectors, services
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import verb_form
from ecobureau.web.core.pages.common import kind_at, signed_in, viewer_in
from ecobureau.web.core.pages.details import act_on
from ecobureau.web.core.refusals import Refused, refuse, sentence
from ecobureau.web.core.registry import Kind
from ecobureau.words import say

LIMIT = 100
UNDO_SECONDS = 600
_SALT = "ecobureau.undo"
_LATER = frozenset({"core.reason_missing", "core.reason_unknown", "core.data_missing"})


def _row(kind: Kind, viewer: Viewer, record: Any, verb: str) -> dict[str, Any]:
    """Return what the verb would do to a record, or why it cannot."""
    row: dict[str, Any] = {"record": record, "url": addresses.of(record)}
    found = access.allowed(viewer, "act", record)
    if found is None:
        found = flow_refusal(kind.flow, record.state, verb, services.context_of(record, viewer, at=now()))
    if found is not None and found.code not in _LATER:
        return row | {"why": sentence(found.code, found.params)}
    move = kind.flow.transition(record.state, verb)
    assert move is not None
    target = move.target or record.state
    return row | {"from": say(kind.flow.state(record.state).name), "to": say(kind.flow.state(target).name)}


def _form(kind: Kind, move: Transition, request: HttpRequest, viewer: Viewer, confirmed: bool) -> forms.Form:
    form = verb_form(kind, move, 0, request.POST if confirmed else None, viewer=viewer)
    form.fields.pop("version")
    return form


@require_POST
@signed_in
def bulk_page(request: HttpRequest, plural: str, verb: str) -> HttpResponse:
    """Show what will change; with `confirm` do it, each record in its own transaction, and tell what was refused."""
    kind, viewer = kind_at(plural), viewer_in(request)
    move = next((each for each in kind.flow.transitions if each.verb == verb), None)
    if move is None or verb not in kind.bulk:
        refuse(Refusal("core.no_such_verb", {"verb": verb}), actor=viewer.user_id, what=f"bulk {verb}")
    numbers = list(dict.fromkeys(request.POST.getlist("number")))
    if not numbers or len(numbers) > LIMIT:
        refuse(Refusal("core.bulk_count", {"limit": LIMIT}), actor=viewer.user_id, what=f"bulk {verb}")
    records = list(selectors.visible(viewer, kind).filter(number__in=numbers).order_by("number"))
    rows = [_row(kind, viewer, record, verb) for record in records]
    ready, refused = [row for row in rows if "why" not in row], [row for row in rows if "why" in row]
    confirmed = request.POST.get("confirm") == "1"
    form = _form(kind, move, request, viewer, confirmed)
    done: list[dict[str, Any]] = []
    if confirmed and form.is_valid():
        for row in ready:
            number = row["record"].number
            seen = request.POST.get(f"version-{number}", "")
            given = {**form.cleaned_data, "version": int(seen) if seen.isdigit() else None}
            given["client_uuid"] = _own_uuid(form.cleaned_data.get("client_uuid"), number)
            try:
                act_on(kind, row["record"], verb, viewer, given)
                done.append(row)
            except Refused as found:
                refused.append({**row, "why": found.text()})
        ready = []
    context = {
        "kind": kind,
        "verb_name": say(move.name),
        "form": form,
        "ready": ready,
        "refused": refused,
        "done": done,
    }
    context["back"] = addresses.of_list(kind)
    context |= _undo_offer(kind, viewer, verb, done)
    status = 422 if confirmed and not form.is_valid() else 200
    return render(request, "core/bulk.html", context, status=status)


def _undo_offer(kind: Kind, viewer: Viewer, verb: str, done: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page needs to offer that a verb be taken back: a signed list of what was done, at which version.

    A verb without inverse in its flow has none; there the list shown before it is done must do.
    """
    inverse = kind.undo.get(verb)
    if inverse is None or not done:
        return {}
    acts = {row["record"].number: row["record"].version for row in done}
    body = {"k": kind.code, "u": viewer.user_id, "v": inverse, "done": acts}
    name = next(say(move.name) for move in kind.flow.transitions if move.verb == inverse)
    return {"undo": signing.dumps(body, salt=_SALT), "undo_name": name, "undo_minutes": UNDO_SECONDS // 60}


@require_POST
@signed_in
def undo_page(request: HttpRequest, plural: str) -> HttpResponse:
    """Take a bulk verb back within UNDO_SECONDS; records that somebody has touched since stay as they are."""
    kind, viewer = kind_at(plural), viewer_in(request)
    try:
        body = signing.loads(request.POST.get("undo", ""), salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        body = {}
    if (body.get("k"), body.get("u")) != (kind.code, viewer.user_id):
        refuse(Refusal("core.undo_late", {"minutes": UNDO_SECONDS // 60}), actor=viewer.user_id, what="undo")
    verb, versions = str(body["v"]), dict(body["done"])
    move = next(each for each in kind.flow.transitions if each.verb == verb)
    done: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for record in selectors.visible(viewer, kind).filter(number__in=list(versions)).order_by("number"):
        row = {"record": record, "url": addresses.of(record)}
        given = {"version": versions[record.number], "note": say("core.undo_note")}
        try:
            act_on(kind, record, verb, viewer, given)
            done.append(row)
        except Refused as found:
            refused.append({**row, "why": found.text()})
    context = {"kind": kind, "verb_name": say(move.name), "done": done, "refused": refused}
    return render(request, "core/bulk.html", context | {"back": addresses.of_list(kind)})


def _own_uuid(submission: UUID | None, number: str) -> UUID | None:
    """Return an id for one record of a submission, the same whenever it is sent again."""
    return uuid5(NAMESPACE_URL, f"{submission}/{number}") if submission is not None else None
