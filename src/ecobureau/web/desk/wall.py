"""The wall of the duty room (1920×1080 and 3840×2160, read at five metres): what is worst, who has it, what is late.

The same numbers as the desk and the lists they open. Nothing scrolls, nothing is folded: what does not fit is counted
in words, feeds that are silent are named on top, and a page that gets no news any more says so itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from ecobureau.clock import now
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import addresses, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.parts import span_words
from ecobureau.web.desk import feeds, wall_numbers
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.places import selectors as places
from ecobureau.web.sources import selectors as sources
from ecobureau.words import say

MOST_CLUES, MOST_TASKS, MOST_FEEDS = 5, 4, 2


def _worst(viewer: Viewer, at: datetime) -> dict[str, Any]:
    """The open clues, worst first: how long, who has them, what runs out."""
    kind, task_kind = registry.get("clue"), registry.get("task")
    found, total = clues.worst(viewer, MOST_CLUES)
    held = dispatch.held_by(viewer, found)
    clocks = kernel.clock_badges(kind, found)
    task_clocks = kernel.clock_badges(task_kind, held.values())
    names = places.names_of({clue.org_path for clue in found} | {task.owner_unit for task in held.values()})
    rows = []
    for clue in found:
        task = held.get(clue.pk)
        badges = task_clocks.get(task.pk, ()) if task is not None else clocks.get(clue.pk, ())
        state = task_kind.flow.state(task.state).name if task is not None else kind.flow.state(clue.state).name
        rows.append(
            {
                "clue": clue,
                "title": clue_evidence.title(clue),
                "place": names.get(clue.org_path, ""),
                "state": say(state),
                "who": _who(task, names) if task is not None else "",
                "age": span_words(at - clue.first_at),
                "clock": next(iter(badges), None),
                "url": addresses.of(clue),
            }
        )
    return {"rows": rows, "more": total - len(rows), "total": total, "url": addresses.of_list(kind, {"open": "1"})}


def _who(task: Any, names: dict[str, str]) -> str:
    return " ".join(filter(None, (names.get(task.owner_unit, task.owner_unit), str(task.owner_person or ""))))


def _tasks(viewer: Viewer, at: datetime) -> dict[str, Any]:
    kind = registry.get("task")
    found, total = dispatch.due_soon(viewer, at, MOST_TASKS)
    clocks = kernel.clock_badges(kind, found)
    names = places.names_of({task.owner_unit for task in found})
    rows = [
        {
            "title": task.heading,
            "who": _who(task, names),
            "clock": next(iter(clocks.get(task.pk, ())), None),
            "url": addresses.of(task),
        }
        for task in found
    ]
    return {"rows": rows, "more": total - len(rows), "total": total, "url": reverse("dispatch:soon")}


def _silent(viewer: Viewer, at: datetime) -> dict[str, Any]:
    """The feeds that are late, the longest silent first, named up to MOST_FEEDS."""
    health = feeds.health()
    mine = {row.pk: row.name for row in sources.stations(viewer).filter(pk__in=list(health.late_since))}
    never = datetime.min.replace(tzinfo=at.tzinfo)
    late = sorted(mine, key=lambda pk: (health.late_since[pk] or never, mine[pk]))
    rows = []
    for pk in late[:MOST_FEEDS]:
        last = health.late_since[pk]
        rows.append({"name": mine[pk], "span": span_words(at - last) if last is not None else ""})
    return {"rows": rows, "more": len(late) - len(rows), "total": len(late), "url": f"{reverse('desk:feeds')}?late=1"}


@require_GET
@signed_in
def wall_page(request: HttpRequest) -> HttpResponse:
    """The wall; dark unless `?theme=light` asks for the day's look."""
    viewer, at = viewer_in(request), now()
    request.eb_theme = "light" if request.GET.get("theme") == "light" else "dark"  # type: ignore[attr-defined]
    bars, more_bars = wall_numbers.bars(viewer)
    context = {
        "at": at,
        "worst": _worst(viewer, at),
        "tasks": _tasks(viewer, at),
        "silent": _silent(viewer, at),
        "steps": wall_numbers.steps(viewer),
        "bars": bars,
        "more_bars": more_bars,
        "numbers": [*wall_numbers.slow(viewer, get_language() or ""), *wall_numbers.duties(viewer)],
        "air": wall_numbers.air_of_city(viewer),
        "health": feeds.health(),
        "here": reverse("desk:wall"),
    }
    part = request.GET.get("part") == "all"
    return render(request, "desk/_wall.html" if part else "desk/wall.html", context)
