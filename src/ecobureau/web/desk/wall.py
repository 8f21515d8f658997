"""The wall of the duty room (1920×1080, read at five metres): what is worst, where it is, who has it, what is late.

The same numbers as the desk and the home page, from the same selectors. Nothing scrolls, nothing is folded: what does
not fit is counted in words.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ecobureau.clock import now
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import addresses, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.desk import feeds, figures
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.places import selectors as places
from ecobureau.words import say

MOST_CLUES, MOST_TASKS = 5, 6


def _worst(viewer: Viewer) -> dict[str, Any]:
    kind = registry.get("clue")
    found, total = clues.worst(viewer, MOST_CLUES)
    clocks = kernel.clock_badges(kind, found)
    names = places.names_of({clue.org_path for clue in found})
    rows = [
        {
            "clue": clue,
            "title": clue_evidence.title(clue),
            "place": names.get(clue.org_path, ""),
            "state": say(kind.flow.state(clue.state).name),
            "clock": next(iter(clocks.get(clue.pk, ())), None),
            "url": addresses.of(clue),
        }
        for clue in found
    ]
    return {"rows": rows, "more": total - len(rows), "total": total}


def _tasks(viewer: Viewer) -> dict[str, Any]:
    kind = registry.get("task")
    found, total = dispatch.due_soon(viewer, now(), MOST_TASKS)
    clocks = kernel.clock_badges(kind, found)
    names = places.names_of({task.owner_unit for task in found})
    rows = [
        {
            "task": task,
            "title": task.heading,
            "who": " ".join(filter(None, (names.get(task.owner_unit, ""), str(task.owner_person or "")))),
            "clock": next(iter(clocks.get(task.pk, ())), None),
            "url": addresses.of(task),
        }
        for task in found
    ]
    states = dispatch.by_state(viewer)
    steps = [("dispatched", states), ("accepted", states), ("onsite", states), ("submitted", states)]
    counts = [(say(kind.flow.state(code).name), found_.get(code, 0)) for code, found_ in steps]
    return {"rows": rows, "more": total - len(rows), "total": total, "counts": counts}


@require_GET
@signed_in
def wall_page(request: HttpRequest) -> HttpResponse:
    """The wall; dark unless `?theme=light` asks for the day's look."""
    viewer = viewer_in(request)
    request.eb_theme = "light" if request.GET.get("theme") == "light" else "dark"  # type: ignore[attr-defined]
    context = {
        "worst": _worst(viewer),
        "tasks": _tasks(viewer),
        "figures": [figure for figure in figures.of_today(viewer) if figure.key != "waiting"],
        "health": feeds.health(),
        "here": reverse("desk:wall"),
    }
    part = request.GET.get("part") == "all"
    return render(request, "desk/_wall.html" if part else "desk/wall.html", context)
