"""The phone of those who go: my tasks, and one task in four steps (accept, go, look and record, hand in)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.rulepacks import load
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues.snapshot import has_series
from ecobureau.web.core import addresses, parts, placenames, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.pages.details import file_rows
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import checklists, selectors, sketch, visits
from ecobureau.web.dispatch.flow import BY_PROGRAM, HAND_BACK_REASONS, HELP_REASONS, papers_for
from ecobureau.web.dispatch.models import Task
from ecobureau.web.sources import codes
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
    context["keep"] = " ".join(reverse("dispatch:phone_task", args=[task.number]) for task in mine[:30])
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


def _stages(task: Task, viewer: Viewer, verbs: Mapping[str, Any]) -> list[str]:
    """Return the stages the person may go through from here, so that the page can go on without network."""
    order = ["dispatched", "accepted", "onsite"]
    stage = "onsite" if task.state == "evidence" else task.state
    wanted = {"dispatched": "accept", "accepted": "arrive", "onsite": "submit"}
    if not viewer.has(*_FIELD) or stage not in order or wanted[stage] not in verbs:
        return []
    return order[order.index(stage) :]


def _sketch(task: Task, day: date) -> sketch.Sketch | None:
    return None if task.lon is None or task.lat is None else sketch.around(task.lon, task.lat, day)


def _questions(task: Task) -> list[dict[str, Any]]:
    return [
        {
            "code": each.code,
            "ask": checklists.ask(each),
            "choices": [(c.code, checklists.said(c)) for c in each.choices],
        }
        for each in checklists.of(task)
    ]


@require_POST
@signed_in
def track_view(request: HttpRequest, number: str) -> JsonResponse:
    """Take in a piece of the track of a visit (`uuid`, `points`: JSON, see `visits.points_of`)."""
    viewer = viewer_in(request)
    task = selectors.task(viewer, number)
    if task is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="track")
    try:
        uuid, points = UUID(request.POST.get("uuid", "")), visits.points_of(json.loads(request.POST.get("points", "")))
    except ValueError as wrong:
        refuse(Refusal("dispatch.bad_track", {"what": str(wrong)[:120]}), actor=viewer.user_id, what="track")
    kept = visits.keep_track(task, viewer, uuid=uuid, points=points)
    return JsonResponse({"kept": len(kept.points) if kept else 0}, status=201)


@require_http_methods(["GET", "POST"])
@signed_in
def scan_page(request: HttpRequest) -> HttpResponse:
    """Scan or type a code on the phone: my tasks at this thing, its file, or begin a check of it."""
    viewer = viewer_in(request)
    text = request.POST.get("code") or request.GET.get("code", "")
    found = codes.find(text) if text else None
    subject = codes.subject(found.what) if found is not None and found.ended_at is None else None
    seen = found is not None and subject is not None and subject.visible(viewer, found.object_id)
    if request.method == "POST":
        if not seen or found is None:
            refuse(Refusal("core.not_found", {"number": text[:40]}), actor=viewer.user_id, what="scan")
        task = visits.start_check(viewer, found.what, found.object_id)
        messages.success(request, say("dispatch.check_begun", None, title=task.heading))
        return redirect("dispatch:phone_task", task.number)
    context: dict[str, Any] = {"given": text[:80], "wrong": bool(text) and not seen, "length": codes.LENGTH}
    if seen and found is not None and subject is not None:
        where = subject.where(found.object_id) if subject.where is not None else None
        own = selectors.own_checks(viewer, found.what, found.object_id)
        context |= {
            "thing": where,
            "kind": say(subject.name),
            "code": codes.spaced(found.code),
            "staff": subject.staff(found.object_id),
            "cards": _cards(list(own[:10])),
            "may_begin": where is not None and visits.unit_for(viewer, where.org_path) is not None,
        }
    return render(request, "dispatch/phone_scan.html", context, status=404 if context["wrong"] else 200)


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
    going = _stages(task, viewer, verbs)
    at = now()
    rules, day = load("visits"), beijing(at).date()
    context = {
        "task": task,
        "title": task.heading,
        "going": going,
        "stage": "onsite" if task.state == "evidence" else task.state,
        "questions": _questions(task) if going else [],
        "help_reasons": [(reason.code, say(reason.name)) for reason in HELP_REASONS],
        "asked_help": selectors.help_asked(task),
        "sketch": _sketch(task, day) if going else None,
        "track_until": visits.delete_on(at),
        "track_kept": selectors.track_of(viewer, task),
        "voice": {"seconds": rules.at("voice.most_seconds", day).value, "mb": rules.at("voice.most_mb", day).value},
        "may_hand_back": bool(going) and "hand_back" in verbs,
        "hotline": settings.DISPATCH_PHONE,
        "told": checklists.told(task),
        "reason": clue_evidence.reason(task.clue) if task.clue is not None else "",
        "subject": clue_evidence.subject_name(task.clue) if task.clue is not None else "",
        "place_name": placenames.name_of(task.org_path),
        "state_name": say(kind.flow.state(task.state).name),
        "steps": kernel.steps(task),
        "clocks": kernel.clock_badges(kind, [task]).get(task.pk, [])[:2],
        "verbs": verbs,
        "field": viewer.has(*_FIELD),
        "reasons": [(reason.code, say(reason.name)) for reason in HAND_BACK_REASONS],
        "papers": _papers(viewer, task),
        "files": file_rows(kernel.attachments(task), kind),
        "two_officers": task.task_kind == Task.TaskKind.ENFORCEMENT_VISIT,
        "here": reverse("dispatch:phone_task", args=[number]),
        "geo": f"geo:{task.lat},{task.lon}" if task.lat is not None and task.lon is not None else "",
    }
    return render(request, "dispatch/phone_task.html", context)
