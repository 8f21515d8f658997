"""The only writers of tasks. One function a verb; the clue behind a task follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.clues import selectors as clue_selectors
from ecobureau.web.clues import services as clues
from ecobureau.web.clues import snapshot
from ecobureau.web.clues.models import Clue
from ecobureau.web.clues.snapshot import has_series
from ecobureau.web.core import access, attachments, notices, people, positions
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Clock, History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import checklists, joint, selectors, telling, upstream
from ecobureau.web.dispatch.flow import BY_PROGRAM, ROUTING
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import selectors as places


def _check_unit(actor: Viewer, place: str, unit: str, person: int | None, at: datetime) -> None:
    """Refuse a unit that is none, lies neither within the actor's places nor answers for `place`, or lacks `person`."""
    organisation = places.organisation(unit)
    if organisation is None or not places.in_use(organisation, beijing(at).date()):
        refuse(Refusal("dispatch.no_such_unit", {"unit": unit}), actor=actor.user_id, what="route")
    within = any(grant.role in ROUTING and unit.startswith(grant.org_path) for grant in actor.grants)
    if not within and not places.answers_for(organisation, place):
        refuse(Refusal("dispatch.unit_elsewhere", {"unit": str(organisation)}), actor=actor.user_id, what="route")
    if person is None:
        return
    there = {member.person_id for member in places.members(unit, beijing(at).date())}
    there |= {duty.person_id for duty in places.on_duty(unit, at)}
    if person not in there:
        refuse(
            Refusal("dispatch.person_not_of_unit", {"person": str(person), "unit": str(organisation)}),
            actor=actor.user_id,
            what="route",
        )


@transaction.atomic
def send(
    clue: Clue,
    actor: Viewer,
    *,
    unit: str,
    person: int | None = None,
    task_kind: str = Task.TaskKind.GRID_CHECK,
    order: str = "",
    keep_data_first: bool = False,
    route_why: Sequence[Any] = (),
    route_override: str = "",
    note: str = "",
    client_uuid: UUID | None = None,
    expect_version: int | None = None,
) -> Task:
    """Make a task of a clue and send it to a unit, or to one person of it.

    Args:
        unit: path of the unit; person: id of somebody of it, None where the unit decides itself.
        keep_data_first: freeze a copy of the data before anybody at the plant is told (workflow reference 1.5).
        route_why: what routing said for it, each `[code, params]`; route_override: why not the unit it proposed.
        client_uuid: sent twice, it makes one task: the second call returns it.

    Raises:
        Refused: the clue may not be dispatched, the unit has nothing to do with its place, or the person is not of it.
    """
    Clue.objects.select_for_update(no_key=True).get(pk=clue.pk)
    earlier = Task.objects.filter(client_uuid=client_uuid).first() if client_uuid is not None else None
    if earlier is not None:
        if (earlier.created_by_id, earlier.clue_id) != (actor.user_id, clue.pk):
            refuse(Refusal("core.uuid_taken"), actor=actor.user_id, what=f"dispatch {clue.number}")
        return earlier
    at = now()
    _check_unit(actor, clue.org_path, unit, person, at)
    task: Task = kernel.create(
        "task",
        actor,
        title=clue.title,
        level=clue.level,
        org_path=clue.org_path,
        grid=clue.grid,
        lon=clue.lon,
        lat=clue.lat,
        owner_unit=unit,
        owner_person_id=person,
        clue_id=clue.pk,
        task_kind=task_kind,
        order=order,
        keep_data_first=keep_data_first,
        route_why=list(route_why),
        route_override=route_override,
        note=note,
        client_uuid=client_uuid,
    )
    clues.hand_to_task(clue, actor, task=task.number, expect_version=expect_version)
    kernel.link(task, "task_of", clue, actor)
    if keep_data_first:
        clues.add_evidence(clue, [clue_selectors.frozen_copy(clue)])
    _tell_owner(task, at)
    upstream.tell(clue, at)
    return task


def _tell_owner(task: Task, at: datetime, code: str = "dispatch.notice.new_task") -> None:
    heard = [task.owner_person_id] if task.owner_person_id else telling.people_of(task.owner_unit, at)
    notices.send(heard, task, code, {"title": task.title}, at)


@transaction.atomic
def route(task: Task, actor: Viewer, *, unit: str, person: int | None = None, note: str = "", **act: Any) -> History:
    """Send a task that nobody has accepted to another unit or person (city → district → grid)."""
    at = now()
    _check_unit(actor, task.org_path, unit, person, at)
    entry = kernel.perform(
        task,
        "route",
        actor,
        note=note,
        data={"unit": unit, "person": person},
        changes={"owner_unit": unit, "owner_person_id": person},
        **act,
    )
    _tell_owner(task, at)
    return entry


@transaction.atomic
def withdraw(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Take a task back before it is accepted; the clue goes back to triage."""
    entry = kernel.perform(task, "withdraw", actor, reason=reason, changes={"supervised": ""}, **act)
    _tell_owner(task, now(), "dispatch.notice.withdrawn")
    joint.end_with(task, reason=reason)
    clue = _locked_clue(task)
    if clue is not None and clue.state == "tasked" and not _other_open(task):
        clues.take_back(clue, SYSTEM, reason=reason)
    return entry


def _locked_clue(task: Task) -> Clue | None:
    """Return the clue behind a task as it is now, locked: the judge may have extended it since the page was read."""
    if task.clue_id is None:
        return None
    return Clue.objects.select_for_update(no_key=True).get(pk=task.clue_id)


def _other_open(task: Task) -> bool:
    return Task.objects.filter(clue=task.clue, closed_at__isnull=True).exclude(pk=task.pk).exists()


def accept(task: Task, actor: Viewer, **act: Any) -> History:
    """Take the task on. Whoever of the unit accepts first has it; a second one is told so."""
    return kernel.perform(
        task, "accept", actor, changes={"owner_person_id": actor.user_id, "accepted_at": now()}, **act
    )


@transaction.atomic
def hand_back(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Say "not mine" or "cannot get there"; a dispatcher of the place decides."""
    entry = kernel.perform(task, "hand_back", actor, reason=reason, **act)
    at = now()
    deciders = people.holders(Role.DISPATCHER, task.org_path, at) or people.holders(
        Role.DUTY_OFFICER, task.org_path, at
    )
    notices.send(deciders, task, "dispatch.notice.handed_back", {"title": task.title}, at)
    return entry


@transaction.atomic
def insist(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Decide that the task stays where it was."""
    entry = kernel.perform(task, "insist", actor, reason=reason, **act)
    _tell_owner(task, now())
    return entry


def _take_snapshot(task: Task, actor: Viewer, occasion: str, client_uuid: UUID | None) -> dict[str, Any]:
    """Attach what the instruments reported round the clue, made by the program; the act that follows binds it.

    Returns:
        What the history says of it; empty where none was made: another kind of task, no instruments, an act that will
        be refused or was done before, or (on submission) nothing new since the last one.
    """
    if task.task_kind != Task.TaskKind.ENFORCEMENT_VISIT or not has_series(task.clue):
        return {}
    Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    if access.allowed(actor, "act", task) is not None or kernel.done_with(task, client_uuid) is not None:
        return {}
    assert task.clue is not None
    at = now()
    taken = snapshot.take(task.clue, at, task=task.number, occasion=occasion)
    told = {"rows": taken.rows, "sha256": taken.sha256, "data_sha256": taken.data_sha256}
    if occasion == "submit" and selectors.last_snapshot(task) == taken.data_sha256:
        return {}
    name = f"snapshot-{task.number}-{beijing(at):%Y%m%d-%H%M%S}.json"
    file = ContentFile(taken.content, name)
    attachments.store(task, SYSTEM, file, paper=BY_PROGRAM, content_type="application/json")
    return {"snapshot": told}


@transaction.atomic
def arrive(task: Task, actor: Viewer, *, position: Mapping[str, Any] | None = None, **act: Any) -> History:
    """Note the arrival, with the phone's position or why it gave none (`core.positions.position`).

    On an enforcement visit the program secures the instruments' data first.
    """
    data = {"position": dict(position or positions.position(None, None))}
    data |= _take_snapshot(task, actor, "arrive", act.get("client_uuid"))
    return kernel.perform(task, "arrive", actor, data=data, changes={"arrived_at": now()}, **act)


def record(task: Task, actor: Viewer, **act: Any) -> History:
    """Fix the evidence gathered so far into the history."""
    return kernel.perform(task, "record", actor, **act)


@transaction.atomic
def submit(
    task: Task,
    actor: Viewer,
    *,
    result: str,
    officers: Sequence[str] = (),
    checks: Mapping[str, str] | None = None,
    **act: Any,
) -> History:
    """Hand the result in for review.

    Args:
        result: what was found and done. officers: names and certificate numbers of two officers (enforcement visits).
        checks: answers of the checklist, code of the question → code of the answer (`checklists.of`).

    Raises:
        Refused: evidence of this kind of task is missing (the message names it), a question of the checklist has no
            answer, or fewer than two officers.
    """
    present = [each.strip() for each in officers if each.strip()]
    answered = checklists.judge(task, checks or {})
    data = {"result": result.strip(), "officers": present, **answered.data}
    entry = kernel.perform(
        task,
        "submit",
        actor,
        data={**data, **_take_snapshot(task, actor, "submit", act.get("client_uuid"))},
        changes={
            "result": result.strip(),
            "officers": present,
            "submitted_at": now(),
            "checks": answered.rows,
        },
        **act,
    )
    notices.tell("unit_head", task, "dispatch.notice.to_review", {"title": task.title}, now())
    return entry


@transaction.atomic
def send_back(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Return the task to the site: something is missing or wrong."""
    entry = kernel.perform(task, "send_back", actor, reason=reason, changes={"returns": task.returns + 1}, **act)
    if task.owner_person_id:
        notices.send([task.owner_person_id], task, "dispatch.notice.returned", {"title": task.title}, now())
    return entry


@transaction.atomic
def close(task: Task, actor: Viewer, **act: Any) -> History:
    """Sign the task off (销号): not by those who handled it. The clue closes with its last task."""
    entry = kernel.perform(task, "close", actor, changes={"supervised": ""}, **act)
    joint.end_with(task, reason="closed")
    clue = _locked_clue(task)
    if clue is not None and clue.state == "tasked" and not _other_open(task):
        clues.close_with_task(clue, task=task.number)
    return entry


def suspend(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Stop the clocks for a reason of the closed list; only so often, and only for so long (`task.pause_max`)."""
    changes = {"suspensions": task.suspensions + 1}
    return kernel.perform(task, "suspend", actor, reason=reason, changes=changes, **act)


def resume(task: Task, actor: Viewer, **act: Any) -> History:
    """Let the clocks go on."""
    return kernel.perform(task, "resume", actor, **act)


@transaction.atomic
def resume_overdue(pk: int) -> bool:
    """Let a task go on whose pause has lasted as long as it may; returns whether it did. Safe to run twice."""
    task = Task.objects.select_for_update(no_key=True).filter(pk=pk, state="suspended").first()
    limit = Clock.objects.filter(kind="task", object_id=pk, code="pause", stopped_at__isnull=True).first()
    if task is None or limit is None or limit.due_at > now():
        return False
    resume(task, SYSTEM)
    _tell_owner(task, now(), "dispatch.notice.goes_on")
    return True


@transaction.atomic
def reopen(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Open a closed task again within the reopening days; its clue follows."""
    entry = kernel.perform(task, "reopen", actor, reason=reason, **act)
    clue = _locked_clue(task)
    if clue is not None and clue.state in ("closed", "triaged"):
        clues.follow_reopened(clue, task=task.number)
    _tell_owner(task, now())
    return entry
