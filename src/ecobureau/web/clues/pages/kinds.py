"""The tables of scene kinds and matters: as in force, one entry with its changes, proposing and deciding a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.domain.rules import NoRule
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.clues import pool, scenarios, services
from ecobureau.web.clues.forms import KindForm, MatterForm
from ecobureau.web.clues.models import RuleChange
from ecobureau.web.clues.scenarios import InForce
from ecobureau.web.clues.services import rule_changes
from ecobureau.web.core import parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.parts import span_words
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.words import _ as word
from ecobureau.words import say

_FORMS: Mapping[str, Any] = {"scenario_kinds": KindForm, "matter": MatterForm}
_CLOCKS = (
    ("triage", word("研判")),
    ("accept", word("签收")),
    ("arrive", word("到场")),
    ("result", word("初步结果")),
    ("close", word("办结")),
)
_UNITS = {"min": "clues.unit.min", "h": "clues.unit.h", "d": "clues.unit.d"}


def _must_read(viewer: Viewer) -> None:
    if not rule_changes.may_read(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="scene kinds")


@require_GET
@signed_in
def list_page(request: HttpRequest) -> HttpResponse:
    """The scene kinds and the matter table in force on a day, and the changes that wait."""
    viewer = viewer_in(request)
    _must_read(viewer)
    on = _day(request)
    waiting = [_change_row(viewer, change) for change in pool.changes().filter(state=RuleChange.State.PROPOSED)[:50]]
    context = {
        "on": on,
        "kinds": [_kind_row(each, on) for each in scenarios.kinds(on).values()],
        "matters": [_matter_row(each) for each in scenarios.matters(on).values()],
        "waiting": waiting,
        "may_change": rule_changes.may_change(viewer),
    }
    return render(request, "clues/kinds.html", context)


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return scenarios.today()


def _duties(codes: tuple[str, ...]) -> str:
    return parts.listed(say(f"duty.{code}") for code in codes) or "—"


def _kind_row(each: InForce, on: date) -> dict[str, Any]:
    level = str(each.value.get("level") or "yellow")
    return {
        "row": each,
        "level": level,
        "duties": _("按事项") if each.value.get("by_matter") else _duties(each.texts("duties")),
        "limits": _limits(level, on, each.code),
        "matters": parts.listed(scenarios.matter_name(code) for code in each.texts("matters")) or "—",
        "url": reverse("clues:kind", args=["scenario_kinds", each.code]),
    }


def _matter_row(each: InForce) -> dict[str, Any]:
    return {
        "row": each,
        "duties": _duties(each.texts("duties")),
        "help": _duties(each.texts("help")),
        "url": reverse("clues:kind", args=["matter", each.code]),
    }


def _limits(level: str, on: date, code: str) -> str:
    """Return the time limits that run for a scene kind at a level, in one line; its own are marked."""
    pack, told = load("sla"), []
    for key, name in _CLOCKS:
        own = scenarios.own_limit(code, level, key, on)
        if own is not None:
            span = span_words(timedelta(minutes=own.minutes))
            told.append(_("{step} {span}（本情形）").format(step=say(name), span=span))
            continue
        try:
            entry = pack.at(f"task.sla.{level}.{key}", on)
        except NoRule:
            continue
        span = say(_UNITS[entry.unit], None, n=entry.value) if entry.unit in _UNITS else f"{entry.value} {entry.unit}"
        told.append(f"{say(name)} {span}")
    return " · ".join(told)


def _words(key: str, value: Any) -> str:
    """Return a value of an entry as people read it."""
    named = dict(getattr(KindForm.base_fields.get(key), "choices", ()))
    if isinstance(value, str) and value in named:
        return str(named[value])
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list | tuple):
        told = [scenarios.matter_name(str(one)) if key == "matters" else say(f"duty.{one}") for one in value]
        return parts.listed(told) or "—"
    return "—" if value in (None, "") else str(value)


def _change_row(viewer: Viewer, change: RuleChange) -> dict[str, Any]:
    labels = _FORMS[change.pack].base_fields
    code = change.key.removeprefix(scenarios.PREFIX[change.pack])
    waits = change.state == RuleChange.State.PROPOSED
    return {
        "change": change,
        "code": code,
        "url": reverse("clues:kind", args=[change.pack, code]),
        "differences": [
            (str(labels[key].label) if key in labels else key, _words(key, old), _words(key, new))
            for key, (old, new) in rule_changes.difference(change).items()
        ],
        "may_decide": waits and rule_changes.may_change(viewer) and change.proposed_by != viewer.user_id,
        "own": waits and change.proposed_by == viewer.user_id,
    }


@require_http_methods(["GET", "POST"])
@signed_in
def entry_page(request: HttpRequest, pack: str, code: str) -> HttpResponse:
    """One scene kind or matter: as in force, every change there was, and proposing another."""
    viewer = viewer_in(request)
    _must_read(viewer)
    found = scenarios.in_force(pack, scenarios.today()).get(code) if pack in scenarios.PREFIX else None
    if found is None:
        raise Http404
    form = None
    if rule_changes.may_change(viewer):
        form = _FORMS[pack](request.POST or None, initial=dict(found.value))
    if request.method == "POST":
        if form is None:
            refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"{pack} {code}")
        if form.is_valid() and _proposed(viewer, pack, found, form):
            messages.success(request, _("已提出，须由另一人批准后生效"))
            return redirect("clues:kind", pack, code)
    key = f"{scenarios.PREFIX[pack]}{code}"
    context = {
        "pack": pack,
        "found": found,
        "facts": [
            (str(field.label), _words(name, found.value.get(name)))
            for name, field in _FORMS[pack].base_fields.items()
            if name in found.value or name in ("by_matter", "freeze_data_first", "notify_upstream", "help")
        ],
        "limits": _limits(str(found.value.get("level") or "yellow"), scenarios.today(), code)
        if pack != "matter"
        else "",
        "form": form,
        "changes": [_change_row(viewer, change) for change in pool.changes(pack, key)[:50]],
        "crumbs": [parts.Tab(_("情形与事项"), reverse("clues:kinds")), parts.Tab(f"{code} {found.name}", current=True)],
    }
    return render(request, "clues/kind.html", context, status=422 if request.method == "POST" else 200)


def _proposed(viewer: Viewer, pack: str, found: InForce, form: Any) -> bool:
    given = dict(form.cleaned_data)
    valid_from, why = given.pop("valid_from"), given.pop("why")
    # What a form cannot hold (the code) stays; what was never set and is not set now is left out.
    value = {**found.value, **{key: each for key, each in given.items() if each or key in found.value}}
    try:
        services.propose_change(viewer, pack, found.code, value=value, valid_from=valid_from, why=why)
    except Refused as refused:
        form.add_error(None, refused.text())
        return False
    return True


@require_POST
@signed_in
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse a change."""
    viewer = viewer_in(request)
    approve = request.POST.get("decision") == "approve"
    services.decide_change(viewer, pk, approve=approve, why=request.POST.get("why", "")[:200])
    messages.success(request, _("已批准") if approve else _("已退回，未生效"))
    return redirect("clues:kinds")
