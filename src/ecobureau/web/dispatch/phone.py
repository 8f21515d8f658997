"""The phone of those who go: my tasks, and one task in four steps (accept, go, look and record, hand in)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues.snapshot import has_series
from ecobureau.web.core import addresses, parts, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.pages.details import file_rows
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import selectors
from ecobureau.web.dispatch.flow import BY_PROGRAM, HAND_BACK_REASONS, papers_for
from ecobureau.web.dispatch.models import Task
from ecobureau.words import say

_FIELD = (Role.GRID_WORKER, Role.ENFORCEMENT_OFFICER)
MOST = 60


@require_GET
@signed_in
def list_page(request: HttpRequest) -> HttpResponse:
    """My tasks: what I have in hand and what my unit has not taken yet; then what I have handed in."""
    viewer = viewer_in(request)
    request.live_topics = ["list:task", "list:help", "list:supervision"]  # type: ignore[attr-defined]
    mine = list(selectors.in_hand(viewer)[:MOST])
    done = list(selectors.handed_in(viewer)[:10])
    asked = _asked_cards(selectors.asked(viewer, MOST))
    context = {"cards": _cards(mine), "asked": asked, "done": _cards(done), "here": reverse("dispatch:phone")}
    template = "dispatch/_phone_list.html" if request.GET.get("part") == "list" else "dispatch/phone_list.html"
    return render(request, template, context)


def _cards(found: list[Task]) -> list[parts.ClueCard]:
    kind = registry.get("task")
    clocks = kernel.clock_badges(kind, found)
    return [
        parts.ClueCard(
            key=f"task:{task.pk}",
            level=task.level,
            title=task.heading,
            place=f"{say(kind.flow.state(task.state).name)} · {task.get_task_kind_display()}",
            url=reverse("dispatch:phone_task", args=[task.number]),
            clock=next(iter(clocks.get(task.pk, ())), None),
        )
        for task in found
    ]


def _asked_cards(found: Sequence[Any]) -> list[parts.ClueCard]:
    """Return help and orders as cards that lead to their own pages."""
    made: list[parts.ClueCard] = []
    for code in dict.fromkeys(each.KIND for each in found):
        kind = registry.get(code)
        rows = [each for each in found if code == each.KIND]
        clocks = kernel.clock_badges(kind, rows)
        made += [
            parts.ClueCard(
                key=f"{code}:{each.pk}",
                level=each.level,
                title=each.heading,
                place=f"{say(kind.name)} · {say(kind.flow.state(each.state).name)} · {each.demand}",
                url=addresses.of(each),
                clock=next(iter(clocks.get(each.pk, ())), None),
            )
            for each in rows
        ]
    return made


def _papers(viewer: Viewer, task: Task) -> list[dict[str, Any]]:
    have = kernel.attachments(task)
    return [
        {
            "kind": paper.kind,
            "by_program": paper.kind == BY_PROGRAM,
            "name": say(paper.name),
            "least": paper.least,
            "have": sum(1 for each in have if each.paper == paper.kind),
        }
        for paper in papers_for(task.task_kind, has_series(task.clue))
    ]


@require_GET
@signed_in
def task_page(request: HttpRequest, number: str) -> HttpResponse:
    """One task on the phone; what can be done now stands at the foot."""
    viewer = viewer_in(request)
    task = selectors.task(viewer, number)
    if task is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="phone task")
    request.live_topics = [f"record:task:{task.pk}"]  # type: ignore[attr-defined]
    kind = registry.get("task")
    verbs = {verb.move.verb: verb for verb in kernel.verbs(viewer, task)}
    context = {
        "task": task,
        "title": task.heading,
        "reason": clue_evidence.reason(task.clue) if task.clue is not None else "",
        "subject": clue_evidence.subject_name(task.clue) if task.clue is not None else "",
        "state_name": say(kind.flow.state(task.state).name),
        "steps": kernel.steps(task),
        "clocks": kernel.clock_badges(kind, [task]).get(task.pk, [])[:2],
        "verbs": verbs,
        "field": viewer.has(*_FIELD),
        "reasons": [(reason.code, say(reason.name)) for reason in HAND_BACK_REASONS],
        "papers": _papers(viewer, task),
        "files": file_rows(kernel.attachments(task), kind),
        "collecting": task.state in ("accepted", "onsite", "evidence") and ("submit" in verbs or "arrive" in verbs),
        "two_officers": task.task_kind == Task.TaskKind.ENFORCEMENT_VISIT,
        "here": reverse("dispatch:phone_task", args=[number]),
        "geo": f"geo:{task.lat},{task.lon}" if task.lat is not None and task.lon is not None else "",
    }
    return render(request, "dispatch/phone_task.html", context)
