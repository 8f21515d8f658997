"""What somebody does on a visit besides the verbs of the task: asking for help, the track, a check begun by oneself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.visits import Point, within_visit
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.rulepacks import load
from ecobureau.web.core import access, audit, notices, people
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import flow, selectors
from ecobureau.web.dispatch.models import Task, TrackPart
from ecobureau.web.sources import codes
from ecobureau.words import say

_FIELD = (Role.GRID_WORKER, Role.ENFORCEMENT_OFFICER)
ON_SITE = ("onsite", "evidence")


@transaction.atomic
def ask_help(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Ask the office for help from the site: the dispatchers and heads of the place hear of it, else the duty officers.

    Raises:
        Refused: what flow and door say.
    """
    entry = kernel.perform(task, "ask_help", actor, reason=reason, **act)
    at = now()
    heard = {*people.holders(Role.DISPATCHER, task.org_path, at), *people.holders(Role.UNIT_HEAD, task.org_path, at)}
    heard |= set(people.holders(Role.DUTY_OFFICER, task.org_path, at)) if not heard or reason == "danger" else set()
    why = next(say(each.name) for each in flow.HELP_REASONS if each.code == reason)
    params = {"title": task.heading, "who": actor.name, "why": why}
    notices.send(sorted(heard), task, "dispatch.notice.help_wanted", params, at)
    return entry


def _rule(key: str) -> int:
    return int(str(load("visits").at(key, beijing(now()).date()).value))


def delete_on(at: datetime) -> Any:
    """Return the day (Asia/Shanghai) on which a track received at an instant is deleted."""
    return (beijing(at) + timedelta(days=_rule("track.keep_days"))).date()


@transaction.atomic
def keep_track(task: Task, actor: Viewer, *, uuid: UUID, points: Sequence[Point]) -> TrackPart | None:
    """Keep a piece of the track of a visit: of the person who has the task, between arrival and submission alone.

    Args:
        uuid: the phone's, so that sending twice keeps it once. points: by the phone's clock.

    Returns:
        What was kept; None where no point lies within the visit.

    Raises:
        Refused: no access, somebody else's task, no visit is going on, or more points than a visit may have.
    """
    Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    task.refresh_from_db()
    earlier = TrackPart.objects.filter(uuid=uuid).first()
    if earlier is not None:
        if (earlier.task_id, earlier.person_id) != (task.pk, actor.user_id):
            refuse(Refusal("core.uuid_taken"), actor=actor.user_id, what=f"track {task.number}")
        return earlier
    found = access.allowed(actor, "attach", task)
    arrival = selectors.arrival(task)
    if found is None and task.owner_person_id != actor.user_id:
        found = Refusal("dispatch.somebody_elses")
    if found is None and (task.state not in ON_SITE or arrival is None):
        found = Refusal("dispatch.no_visit", {"number": task.number})
    most = _rule("track.most_points")
    if found is None and len(points) + sum(len(each.points) for each in task.track.all()) > most:
        found = Refusal("dispatch.track_full", {"most": most})
    if found is not None:
        refuse(found, actor=actor.user_id, what=f"track {task.number}")
    assert arrival is not None and actor.user_id is not None
    at = now()
    inside = within_visit(points, arrival, at)
    if not inside:
        return None
    rows = [[each.at.isoformat(), round(each.lon, 6), round(each.lat, 6), each.accuracy_m] for each in inside]
    return TrackPart.objects.create(
        uuid=uuid, task=task, person_id=actor.user_id, points=rows, received_at=at, delete_on=delete_on(at)
    )


@transaction.atomic
def delete_old_tracks() -> int:
    """Delete the tracks whose day has come; the audit says how many. Safe to run twice."""
    due = TrackPart.objects.filter(delete_on__lte=beijing(now()).date())
    tasks = due.values("task_id").distinct().count()
    count, _each = due.delete()
    if count:
        audit.write(SYSTEM, "track.delete", kind="task", parts=count, tasks=tasks)
    return count


def unit_for(actor: Viewer, place: str) -> tuple[str, str] | None:
    """Return (unit, kind of task) by which a person may check something at a place by themselves; None: not there."""
    for grant in actor.grants:
        if grant.role == Role.GRID_WORKER:
            held = next((grid for grid in grant.grid_ids if grid and place.startswith(grid)), None)
            if held is not None:
                return held, Task.TaskKind.GRID_CHECK
        elif grant.role == Role.ENFORCEMENT_OFFICER and place.startswith(grant.ground):
            return grant.org_path, Task.TaskKind.ENFORCEMENT_VISIT
    return None


@transaction.atomic
def start_check(actor: Viewer, what: str, object_id: int) -> Task:
    """Begin a check of a thing whose code was scanned: a task in one's own hands, accepted at once.

    One who is checking the thing already gets that task.

    Raises:
        Refused: there is no such thing, it is not to be seen by this person, or lies outside their ground.
    """
    subject = codes.subject(what)
    where = subject.where(object_id) if subject is not None and subject.where is not None else None
    if subject is None or where is None or not subject.visible(actor, object_id):
        refuse(Refusal("core.not_found", {"number": str(object_id)}), actor=actor.user_id, what=f"check {what}")
    ground = unit_for(actor, where.org_path)
    if ground is None or not actor.has(*_FIELD):
        refuse(Refusal("dispatch.not_your_ground"), actor=actor.user_id, what=f"check {what} {object_id}")
    going = selectors.own_checks(actor, what, object_id).first()
    if going is not None:
        return going
    unit, kind = ground
    task: Task = kernel.create(
        "task",
        SYSTEM,
        title=say("dispatch.own_check", None, name=where.title)[:200],
        level="blue",
        org_path=where.org_path,
        grid=unit if kind == Task.TaskKind.GRID_CHECK else "",
        lon=where.lon,
        lat=where.lat,
        owner_unit=unit,
        owner_person_id=actor.user_id,
        task_kind=kind,
        about_what=what,
        about_id=object_id,
        data={"begun_by": actor.user_id, "about": f"{what}:{object_id}"},
    )
    kernel.perform(task, "accept", actor, changes={"owner_person_id": actor.user_id, "accepted_at": now()})
    return task


def points_of(rows: object) -> list[Point]:
    """Read points as a phone sends them: `[[ISO instant, lon, lat, accuracy or null], …]`.

    Raises:
        ValueError: not of that form, no zone, or no place on earth.
    """
    if not isinstance(rows, list):
        raise ValueError("not a list")
    made: list[Point] = []
    for row in rows:
        try:
            text, lon, lat, accuracy = row
            at = datetime.fromisoformat(str(text))
            place = float(lon), float(lat), None if accuracy is None else round(float(accuracy), 1)
        except (TypeError, ValueError) as error:
            raise ValueError(f"not a point: {row!r}"[:200]) from error
        good = at.tzinfo is not None and abs(place[0]) <= 180 and abs(place[1]) <= 90 and (place[2] or 0) >= 0
        if not good:
            raise ValueError(f"not a point: {row!r}"[:200])
        made.append(Point(at, *place))
    return made
