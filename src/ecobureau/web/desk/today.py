"""Home of those who sign, inspect or lead: what waits for me, and how the bureau stands today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ecobureau.domain.workflow import Role
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import addresses, parts, placenames, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.desk import figures
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.dispatch.models import Task
from ecobureau.words import say

MOST = 50


def task_cards(found: list[Task]) -> list[parts.ClueCard]:
    """Return cards of tasks with their most urgent clock."""
    kind = registry.get("task")
    clocks = kernel.clock_badges(kind, found)
    return [
        parts.ClueCard(
            key=f"task:{task.pk}",
            level=task.level,
            title=task.heading,
            place=f"{task.number} · {say(kind.flow.state(task.state).name)}",
            url=addresses.of(task),
            clock=next(iter(clocks.get(task.pk, ())), None),
        )
        for task in found
    ]


def to_sign(viewer: Viewer) -> tuple[list[parts.ClueCard], list[parts.ClueCard]]:
    """Return what waits for this person's signature: tasks handed in, dismissals proposed."""
    tasks = task_cards(list(dispatch.to_review(viewer).order_by("submitted_at")[:MOST]))
    found = list(clues.to_sign(viewer)[:MOST]) if viewer.has(Role.UNIT_HEAD) else []
    clocks = kernel.clock_badges(registry.get("clue"), found)
    why = clues.why_dismissed(found)
    dismissals = [
        parts.ClueCard(
            key=f"clue:{clue.pk}",
            level=clue.level,
            title=clue_evidence.title(clue),
            place=f"{clue.number} · {clue_evidence.subject_name(clue) or placenames.name_of(clue.org_path)}",
            url=addresses.of(clue),
            clock=next(iter(clocks.get(clue.pk, ())), None),
            why=why.get(clue.pk, ""),
            risk=clue.risk,
        )
        for clue in found
    ]
    return tasks, dismissals


@require_GET
@signed_in
def today_page(request: HttpRequest) -> HttpResponse:
    """What waits for me now; then the figures of the day, each with its definition and its list."""
    viewer = viewer_in(request)
    request.live_topics = ["list:task", "list:clue"]  # type: ignore[attr-defined]
    tasks, dismissals = to_sign(viewer)
    context: dict[str, Any] = {
        "mine": task_cards(list(dispatch.in_hand(viewer)[:MOST])),
        "review": tasks,
        "dismissals": dismissals,
        "figures": figures.of_today(viewer),
        "signs": viewer.has(Role.UNIT_HEAD, Role.LEADER),
        "part": request.GET.get("part", ""),
        "here": reverse("desk:today"),
    }
    template = "desk/_today.html" if request.GET.get("part") == "work" else "desk/today.html"
    return render(request, template, context)


@require_GET
@signed_in
def review_page(request: HttpRequest) -> HttpResponse:
    """What waits for my signature."""
    tasks, dismissals = to_sign(viewer_in(request))
    return render(request, "desk/review.html", {"review": tasks, "dismissals": dismissals})
