"""What is late, and what will be within two hours: tasks, help and supervision orders in one list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, placenames, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import selectors
from ecobureau.words import say

KINDS = ("task", "help", "supervision", "clue")
OWN = {"clue": "act"}
"""Kinds of which only those are listed that wait for the viewer's own office: a clue's clock waits for triage."""
MOST = 100


@require_GET
@signed_in
def soon_page(request: HttpRequest) -> HttpResponse:
    """The list; with `part=list` its rows alone, for news."""
    viewer = viewer_in(request)
    if not any(access.may_somewhere(viewer, "view", registry.get(code)) for code in KINDS):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="soon")
    request.live_topics = [f"list:{code}" for code in KINDS]  # type: ignore[attr-defined]
    context = sections(viewer)
    template = "dispatch/_soon.html" if request.GET.get("part") == "list" else "dispatch/soon.html"
    return render(request, template, context)


def _route(viewer: Viewer, record: Any) -> str:
    """Return where the viewer gives a task to somebody else; '' where that cannot be."""
    move = registry.kind_of(type(record)).flow.transition(record.state, "route")
    if move is None or not move.roles_for(record.level) & access.roles_at(viewer, "act", record, shared=False):
        return ""
    return addresses.of_verb(record, "route")


def sections(viewer: Viewer) -> dict[str, Any]:
    """Return what is late and what is nearly, most pressing first, and how many there are beyond what is shown."""
    at = now()
    rows: list[dict[str, Any]] = []
    total = 0
    for code in KINDS:
        kind = registry.get(code)
        found, count = selectors.clocks_due(viewer, at, code, MOST, OWN.get(code, "view"))
        total += count
        badges = kernel.clock_badges(kind, found)
        rows += [
            {
                "record": each,
                "due": each.due,
                "url": addresses.of(each),
                "kind": say(kind.name),
                "state": say(kind.flow.state(each.state).name),
                "unit": placenames.name_of(each.owner_unit) if each.owner_unit else "",
                "clock": next(iter(badges.get(each.pk, ())), None),
                "route": _route(viewer, each),
            }
            for each in found
        ]
    rows = sorted(rows, key=lambda row: row["due"])[:MOST]
    late = [row for row in rows if row["due"] <= at]
    return {"late": late, "soon": rows[len(late) :], "total": total, "more": total - len(rows)}
