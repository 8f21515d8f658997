"""One record: its page, its verbs, its files, its chain; and making a new one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, attachments, media, selectors, services
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import KERNEL_FIELDS, FileForm, create_form, verb_form
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.middleware import wants_json
from ecobureau.web.core.models import Attachment, Record
from ecobureau.web.core.pages.common import kind_at, signed_in, template, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.core.registry import Kind
from ecobureau.words import say


def file_rows(found: list[Attachment], kind: Kind) -> list[dict[str, Any]]:
    """Return what pages show of files."""
    names = {paper.kind: say(paper.name) for paper in kind.papers}
    return [
        {
            "file": each,
            "paper": names.get(each.paper, each.paper),
            "url": addresses.of_file(each),
            "original": addresses.of_file(each, original=True),
            "picture": bool(each.shared_sha256),
        }
        for each in found
    ]


def detail_context(request: HttpRequest, kind: Kind, record: Any) -> dict[str, Any]:
    """Return the template context of a record's page; a kind's own pages build on it."""
    viewer = viewer_in(request)
    request.live_topics = [f"record:{kind.code}:{record.pk}"]  # type: ignore[attr-defined]
    found = selectors.verbs(viewer, record)
    clocks = selectors.clock_badges(kind, [record], done=True).get(record.pk, [])
    context: dict[str, Any] = {
        "kind": kind,
        "name": say(kind.name),
        "list_name": say(kind.name_plural),
        "record": record,
        "state": kind.flow.state(record.state),
        "state_name": say(kind.flow.state(record.state).name),
        "verbs": found,
        "primary": next((verb for verb in found if verb.move.primary), None),
        "clocks": [clock for clock in clocks if clock.state != "done"],
        "clocks_done": [clock for clock in clocks if clock.state == "done"],
        "steps": selectors.steps(record),
        "timeline": selectors.timeline(record),
        "files": file_rows(selectors.attachments(record), kind),
        "may_attach": not access.allowed(viewer, "attach", record) and not kind.flow.state(record.state).final,
        "papers": [(paper.kind, say(paper.name)) for paper in kind.papers],
        "links": selectors.linked(viewer, record),
        "shares": selectors.shares(record),
        "may_share": access.may_share(viewer, record),
        "list_url": addresses.of_list(kind),
    }
    if kind.detail is not None:
        context |= kind.detail(viewer, record)
    return context


@require_GET
@signed_in
def detail_page(request: HttpRequest, plural: str, number: str) -> HttpResponse:
    """The page of a record."""
    kind = kind_at(plural)
    record = selectors.get(viewer_in(request), kind, number)
    return render(request, template(kind, "detail"), detail_context(request, kind, record))


def act_on(kind: Kind, record: Record, verb: str, viewer: Viewer, cleaned: dict[str, Any]) -> Any:
    """Call the service of a verb with a form's cleaned data."""
    common = {
        "reason": cleaned.get("reason") or None,
        "note": cleaned.get("note", ""),
        "client_uuid": cleaned.get("client_uuid"),
        "expect_version": cleaned.get("version"),
        "at_device": cleaned.get("at_device"),
    }
    own = {name: value for name, value in cleaned.items() if name not in KERNEL_FIELDS}
    if verb in kind.verbs:
        return kind.verbs[verb](record, viewer, **common, **own)
    return services.perform(record, verb, viewer, data=own, **common)


@require_http_methods(["GET", "POST"])
@signed_in
def do_page(request: HttpRequest, plural: str, number: str, verb: str) -> HttpResponse:
    """A verb: its form, and doing it. What is refused shows in the form with everything that was typed."""
    kind, viewer = kind_at(plural), viewer_in(request)
    record = selectors.get(viewer, kind, number)
    move = kind.flow.transition(record.state, verb)
    posted = request.method == "POST"
    if move is None:
        earlier = services.done_with(record, request.POST.get("client_uuid")) if posted else None
        if earlier is not None:
            return redirect(addresses.of(record))
        known = next((each.name for each in kind.flow.transitions if each.verb == verb), None)
        code = "core.not_from_here" if known else "core.no_such_verb"
        params = {"verb": known or verb, "state": kind.flow.state(record.state).name}
        refuse(Refusal(code, params), actor=viewer.user_id, what=f"{number} {verb}")
    if not move.roles_for(record.level) & access.roles_at(viewer, "act", record):
        refuse(Refusal("core.not_your_role", {"verb": move.name}), actor=viewer.user_id, what=f"{number} {verb}")
    if not posted and verb in kind.pages:
        return redirect(addresses.of_verb(record, verb))
    form = verb_form(
        kind,
        move,
        record.version,
        request.POST if posted else None,
        request.FILES if posted else None,
        record=record,
        viewer=viewer,
    )
    refused = None
    if posted and form.is_valid():
        try:
            act_on(kind, record, verb, viewer, form.cleaned_data)
        except Refused as found:
            refused = found
            form.add_error(None, found.text())
        else:
            record.refresh_from_db(fields=["state"])
            now_is = say(kind.flow.state(record.state).name)
            messages.success(request, say("core.done", None, verb=say(move.name), number=record.number, state=now_is))
            after = request.POST.get("next") or request.GET.get("next", "")
            near = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
            # An act may take the record out of the actor's sight (a transfer refused, a task sent elsewhere).
            gone = access.allowed(viewer, "view", record) is not None
            return redirect(after if near else addresses.of_list(kind) if gone else addresses.of(record))
    context = {
        "kind": kind,
        "record": record,
        "move": move,
        "verb_name": say(move.name),
        "form": form,
        "back": addresses.of(record),
        "missing": selectors.missing_papers(viewer, record, move),
        "state_name": say(kind.flow.state(record.state).name),
    }
    if posted and wants_json(request):
        if refused is not None:
            raise refused
        return JsonResponse({"code": "core.form", "errors": form.errors.get_json_data()}, status=422)
    status = 422 if posted else 200
    return render(request, template(kind, "form"), context, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def new_page(request: HttpRequest, plural: str) -> HttpResponse:
    """The form for a new record."""
    kind, viewer = kind_at(plural), viewer_in(request)
    if kind.create is None or not access.may_somewhere(viewer, "create", kind):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"new {kind.code}")
    posted = request.method == "POST"
    form: forms.Form = create_form(
        kind, request.POST if posted else None, request.FILES if posted else None, viewer=viewer
    )
    if posted and form.is_valid():
        try:
            record = kind.create(viewer, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            return redirect(addresses.of(record))
    context = {"kind": kind, "verb_name": say("core.new", None, name=say(kind.name)), "form": form}
    context |= {"back": addresses.of_list(kind), "missing": []}
    return render(request, template(kind, "form"), context, status=422 if posted else 200)


@require_POST
@signed_in
def upload_page(request: HttpRequest, plural: str, number: str) -> HttpResponse:
    """Take in a file of a record; answers with JSON where a script asks for it."""
    kind, viewer = kind_at(plural), viewer_in(request)
    record = selectors.get(viewer, kind, number)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        if wants_json(request):
            return JsonResponse({"code": "core.form", "errors": form.errors.get_json_data()}, status=422)
        refuse(Refusal("core.file_missing"), actor=viewer.user_id, what=number)
    given = form.cleaned_data
    made = attachments.store(
        record,
        viewer,
        given["file"],
        paper=given["paper"],
        uuid=given["uuid"],
        client_sha256=given["sha256"],
        shot_at=given["shot_at"],
        lon=given["lon"],
        lat=given["lat"],
    )
    if wants_json(request):
        return JsonResponse({"uuid": str(made.uuid), "sha256": made.sha256, "size": made.size}, status=201)
    return redirect(addresses.of(record))


@require_POST
@signed_in
def withdraw_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a file out of its record's papers."""
    viewer = viewer_in(request)
    attachment, _, _ = attachments.open_file(viewer, uuid)
    record = selectors.record_of(attachment)
    attachments.withdraw(attachment, viewer, request.POST.get("why", ""))
    return redirect(addresses.of(record))


@require_GET
@signed_in
def file_page(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """A file: the copy for display, or with `?original=1` the bytes as they came."""
    original = request.GET.get("original") == "1"
    attachment, path, content_type = attachments.open_file(viewer_in(request), uuid, original=original)
    inline = not original and content_type.split("/")[0] in ("image", "video", "audio")
    name = attachment.name.rsplit(".", 1)[0] + media.SUFFIX.get(content_type, "")
    response = FileResponse(path.open("rb"), as_attachment=not inline, filename=name, content_type=content_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["ETag"] = f'"{path.name}"'
    return response


@require_GET
@signed_in
def chain_page(request: HttpRequest, plural: str, number: str) -> HttpResponse:
    """The record's chain, checked now, entry by entry."""
    kind, viewer = kind_at(plural), viewer_in(request)
    record = selectors.get(viewer, kind, number)
    report = verify_chain(kind.code, record.pk, record.version)
    faults = [(fault.seq, say(fault.code)) for fault in report.faults]
    context = {"kind": kind, "record": record, "report": report, "faults": faults, "entries": selectors.history(record)}
    return render(request, "core/chain.html", context | {"back": addresses.of(record)})
