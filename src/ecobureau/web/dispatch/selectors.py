"""The only readers of tasks, and the proposal of who should go."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from ecobureau.clock import beijing, now
from ecobureau.domain.geo import distance_m
from ecobureau.domain.visits import Point
from ecobureau.domain.workflow import Role
from ecobureau.domain.workflow.routing import Candidate, Proposal, on_shift_first, propose
from ecobureau.rulepacks import load
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import access, addresses, parts, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Clock, History
from ecobureau.web.dispatch import routing_words
from ecobureau.web.dispatch.models import Help, Supervision, Task, TrackPart
from ecobureau.web.places import selectors as places
from ecobureau.web.places.models import Organisation
from ecobureau.words import say

_GROUND_FIRST = ("grid", "department", "district", "city")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the dispatch sheet opens with.

    Attributes:
        task_kind: kind of task that the scenario asks for; duty: duty code it was routed by.
        freeze_first: whether "freeze a data copy first" is ticked (K01–K03).
        proposals: who should go, best first; minutes: limits that will run, clock code → minutes.
    """

    task_kind: str
    duty: str
    freeze_first: bool
    proposals: Sequence[Proposal]
    minutes: Mapping[str, int]


def tasks(viewer: Viewer) -> QuerySet[Task]:
    """Return the tasks the viewer may see."""
    return access.scope(viewer, "view", Task.objects.select_related("clue", "owner_person"))


def task(viewer: Viewer, number: str) -> Task | None:
    """Return one task by its number if the viewer may see it."""
    return tasks(viewer).filter(number=number).first()


def tasks_of(viewer: Viewer, clue: Clue) -> list[Task]:
    """Return the tasks of a clue that the viewer may see, oldest first."""
    return list(tasks(viewer).filter(clue=clue).order_by("created_at"))


def held_by(viewer: Viewer, of: Sequence[Clue]) -> dict[int, Task]:
    """Return clue id → its newest task that is not done with, of those that the viewer sees; in one query."""
    found = tasks(viewer).filter(clue_id__in=[clue.pk for clue in of], closed_at__isnull=True).order_by("created_at")
    return {task.clue_id: task for task in found if task.clue_id is not None}


def _own_units(viewer: Viewer, at: datetime) -> list[str]:
    """Return the units whose tasks are the person's to take on: those of membership, and the grids of their duty."""
    member = [unit.path for unit in places.units_of(viewer.user_id, beijing(at).date())] if viewer.user_id else []
    grids = {grid for grant in viewer.grants if grant.role == Role.GRID_WORKER for grid in grant.grid_ids}
    return [*member, *sorted(grids.difference(member))]


def in_hand(viewer: Viewer) -> QuerySet[Task]:
    """Return what waits for this person: own open tasks, and those of their units that nobody has accepted."""
    at = now()
    units = _own_units(viewer, at)
    open_tasks = tasks(viewer).filter(closed_at__isnull=True)
    own = open_tasks.filter(owner_person_id=viewer.user_id, state__in=["dispatched", "accepted", "onsite", "evidence"])
    free = open_tasks.filter(owner_person__isnull=True, owner_unit__in=units, state="dispatched")
    return (own | free).order_by("created_at")


def arrival(task: Task) -> datetime | None:
    """Return when the person arrived on the visit that is going on: by the phone's clock, else by the server's."""
    entry = History.objects.filter(kind=task.KIND, object_id=task.pk, verb="arrive").order_by("-seq").first()
    return (entry.at_device or entry.at) if entry is not None else None


def help_asked(task: Task) -> datetime | None:
    """Return when somebody on site last asked the office for help about a task."""
    entry = History.objects.filter(kind=task.KIND, object_id=task.pk, verb="ask_help").order_by("-seq").first()
    return entry.at if entry is not None else None


def own_checks(viewer: Viewer, what: str, object_id: int) -> QuerySet[Task]:
    """Return the person's open tasks about a thing, oldest first: begun by themselves or sent because of a clue."""
    about = Q(about_what=what, about_id=object_id) | Q(clue__subject=f"{what}:{object_id}")
    if what == "outlet":
        about |= Q(clue__outlet_id=object_id)
    return in_hand(viewer).filter(about)


def track_of(viewer: Viewer, task: Task) -> list[TrackPart]:
    """Return the pieces of a task's track that are still kept, oldest first; nothing for who may not see the task."""
    if access.allowed(viewer, "view", task) is not None:
        return []
    return list(task.track.order_by("pk"))


def points_in(part: TrackPart) -> list[Point]:
    """Return the points of a kept piece of a track."""
    return [Point(datetime.fromisoformat(at), lon, lat, accuracy) for at, lon, lat, accuracy in part.points]


def asked(viewer: Viewer, most: int) -> list[Help | Supervision]:
    """Return the help and orders that wait for this person or their units, the orders first, each oldest first."""
    at = now()
    units = _own_units(viewer, at)
    mine = Q(owner_person_id=viewer.user_id) | Q(owner_unit__in=units)
    found: list[Help | Supervision] = []
    for model, states in ((Supervision, ("issued", "signed")), (Help, ("asked", "accepted"))):
        rows = model.objects.filter(mine, state__in=states).select_related("task__clue", "owner_person")
        found += list(access.scope(viewer, "view", rows).order_by("created_at")[:most])
    return found[:most]


def to_review(viewer: Viewer) -> QuerySet[Task]:
    """Return what has been handed in and lies within the viewer's reach to sign."""
    return access.scope(viewer, "act", Task.objects.select_related("clue", "owner_person")).filter(state="submitted")


def to_decide(viewer: Viewer) -> QuerySet[Task]:
    """Return what was handed back and waits for a dispatcher's decision within the viewer's reach."""
    return access.scope(viewer, "act", Task.objects.select_related("clue", "owner_person")).filter(state="handed_back")


def plan(clue: Clue, at: datetime | None = None, task_kind: str | None = None) -> Plan:
    """Return who should go for a clue, why, and which limits will run.

    Args:
        at: instant; default now. task_kind: in place of the one that the scenario table names.
    """
    at = at or now()
    day = beijing(at).date()
    scenario = _scenario(clue.scenario, day)
    kind = task_kind or str(scenario.get("task", "grid_check"))
    of_matter = (
        scenarios.duties_of(clue.scenario, clue.matter, day) if clue.matter and scenario.get("by_matter") else []
    )
    duties = of_matter or (
        ["grid"] if kind == "grid_check" else [str(each) for each in scenario.get("duties") or ["enforcement"]]
    )
    candidates = _candidates(clue, duties, at)
    proposals: list[Proposal] = []
    for duty in (*duties, "command"):
        proposals += propose(candidates, duty, _GROUND_FIRST)
    proposals = on_shift_first(proposals)
    steps = (("accept", "accept"), ("arrive", "arrive"), ("first_result", "result"), ("close", "close"))
    minutes = {clock: _minutes(clue, key, day) for clock, key in steps}
    return Plan(kind, duties[0], bool(scenario.get("freeze_data_first")), proposals, minutes)


def _minutes(clue: Clue, step: str, day: date) -> int:
    own = scenarios.own_limit(clue.scenario, clue.level, step, day)
    if own is not None:
        return own.minutes
    entry = load("sla").at(f"task.sla.{clue.level}.{step}", day)
    return int(str(entry.value)) * scenarios.MINUTES[entry.unit]


def reasons_for(plan: Plan, unit: str, person: int | None) -> list[list[Any]]:
    """Return what speaks for a unit or person, each `[code, params]`; empty where routing did not propose it."""
    for proposal in plan.proposals:
        if (proposal.candidate.unit, proposal.candidate.person) == (unit, person):
            return [[why.code, dict(why.params)] for why in proposal.reasons]
    return []


def was_sent(client_uuid: UUID | None) -> bool:
    """Say whether a submission of that id has made a task already."""
    return client_uuid is not None and Task.objects.filter(client_uuid=client_uuid).exists()


def _scenario(code: str, day: Any) -> Mapping[str, Any]:
    """Return what the scene kind says on a day, as the pack and the city's changes have it."""
    return scenarios.value(code, day)


def _candidates(clue: Clue, duties: Sequence[str], at: datetime) -> list[Candidate]:
    units: dict[str, tuple[Organisation, set[str]]] = {}
    for duty in duties:
        unit = places.organisation(clue.grid) if duty == "grid" and clue.grid else None
        unit = unit or places.department_for(duty, clue.org_path)
        if unit is not None:
            units.setdefault(unit.path, (unit, set()))[1].add(duty)
    for path in _above(clue.org_path):
        above = places.organisation(path)
        if above is not None and above.level in ("district", "city"):
            units.setdefault(above.path, (above, set()))[1].add("command")
    load_of = _loads(list(units))
    found: list[Candidate] = []
    for unit, held in units.values():
        found += _of_unit(unit, frozenset(held), clue, at, load_of)
    return found


def _above(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:depth]) + "/" for depth in range(len(parts), 0, -1)]


def _loads(units: Sequence[str]) -> dict[tuple[str, int | None], int]:
    counted = (
        Task.objects.filter(owner_unit__in=units, closed_at__isnull=True)
        .values_list("owner_unit", "owner_person_id")
        .annotate(n=Count("pk"))
    )
    return {(unit, person): n for unit, person, n in counted}


def _of_unit(
    unit: Organisation,
    duties: frozenset[str],
    clue: Clue,
    at: datetime,
    loads: Mapping[tuple[str, int | None], int],
) -> list[Candidate]:
    distance = None
    if None not in (unit.lon, unit.lat, clue.lon, clue.lat):
        distance = distance_m(unit.lon, unit.lat, clue.lon, clue.lat) / 1000  # type: ignore[arg-type]
    on_duty = places.on_duty(unit, at)
    people = [
        Candidate(
            unit=unit.path,
            unit_name=unit.name,
            level=unit.level,
            duties=duties,
            covers=True,
            on_shift=True,
            open_tasks=loads.get((unit.path, duty.person_id), 0),
            person=duty.person_id,
            person_name=duty.name,
            stand_in=duty.stands_in_for is not None,
            distance_km=distance,
            until=duty.ends,
        )
        for duty in on_duty
    ]
    whole = sum(count for (path, _person), count in loads.items() if path == unit.path)
    itself = Candidate(
        unit=unit.path,
        unit_name=unit.name,
        level=unit.level,
        duties=duties,
        covers=True,
        on_shift=bool(on_duty),
        open_tasks=whole,
        distance_km=distance,
        until=max((duty.ends for duty in on_duty), default=None),
    )
    return [*people, itself]


def last_snapshot(task: Task) -> str:
    """Return the hash of the data in the newest snapshot that the program attached, empty where there is none."""
    acts = History.objects.filter(kind=task.KIND, object_id=task.pk, verb__in=("arrive", "submit")).order_by("-seq")
    told = (json.loads(body)["data"].get("snapshot") for body in acts.values_list("body", flat=True))
    return next((str(each["data_sha256"]) for each in told if each), "")


def helpers_of(viewer: Viewer, task: Task) -> list[Help]:
    """Return the assisting units' matters of a task that the viewer may see, oldest first."""
    found = access.scope(viewer, "view", Help.objects.filter(task=task).select_related("owner_person"))
    return list(found.order_by("pk"))


def orders_of(viewer: Viewer, task: Task) -> list[Supervision]:
    """Return the supervision orders on a task that the viewer may see, newest first."""
    found = access.scope(viewer, "view", Supervision.objects.filter(task=task).select_related("owner_person"))
    return list(found.order_by("-pk"))


def _rows(found: Sequence[Any], said: str) -> list[dict[str, Any]]:
    """Return what hangs on a task as its page shows it; `said` names the column with the answer."""
    names = places.names_of({each.owner_unit for each in found}) if found else {}
    return [
        {
            "record": each,
            "url": addresses.of(each),
            "unit": names.get(each.owner_unit, each.owner_unit),
            "state": say(registry.kind_of(type(each)).flow.state(each.state).name),
            "said": getattr(each, said),
        }
        for each in found
    ]


def tell(data: Mapping[str, Any]) -> str:
    """Return what the data of a task's act say beyond the verb: the snapshot, the unit or the order it speaks of."""
    made = data.get("snapshot")
    units = data.get("units") or ([data["unit"]] if data.get("unit") else [])
    if units:
        names = places.names_of(set(units))
        return parts.listed(names.get(unit, unit) for unit in units)
    if data.get("demand"):
        return str(data["demand"])
    if not isinstance(made, Mapping):
        return ""
    return say("dispatch.snapshot", None, rows=made["rows"], sha256=str(made["sha256"])[:12])


def late(viewer: Viewer, at: datetime) -> int:
    """Return how many open tasks the viewer may see have a clock that has run out."""
    overdue = Clock.objects.filter(kind="task", stopped_at__isnull=True, paused_at__isnull=True, due_at__lt=at).values(
        "object_id"
    )
    return tasks(viewer).filter(closed_at__isnull=True, pk__in=overdue).count()


SOON = timedelta(hours=2)


def due_soon(viewer: Viewer, at: datetime, most: int) -> tuple[list[Task], int]:
    """Return the open tasks with a clock that has run out or will within SOON, most pressing first; and how many."""
    running = Clock.objects.filter(
        kind="task", stopped_at__isnull=True, paused_at__isnull=True, object_id=OuterRef("pk")
    )
    first = running.order_by("due_at").values("due_at")[:1]
    found = tasks(viewer).filter(closed_at__isnull=True).annotate(due=Subquery(first)).filter(due__lt=at + SOON)
    return list(found.order_by("due")[:most]), found.order_by().count()


def clocks_due(viewer: Viewer, at: datetime, kind: str, most: int, action: str = "view") -> tuple[list[Any], int]:
    """Return the open records of a kind with a clock that has run out or will within SOON, most pressing first.

    Args:
        action: what the viewer may do with them: `view`, or `act` for those that wait for the viewer's own office.

    Returns:
        The first `most` of them, each with `due` (the end of its next clock), and how many there are.
    """
    found_kind = registry.get(kind)
    running = Clock.objects.filter(kind=kind, stopped_at__isnull=True, paused_at__isnull=True, object_id=OuterRef("pk"))
    first = running.order_by("due_at").values("due_at")[:1]
    rows = access.scope(viewer, action, found_kind.records().select_related(*found_kind.related))
    found = rows.filter(closed_at__isnull=True).annotate(due=Subquery(first)).filter(due__lt=at + SOON)
    return list(found.order_by("due", "pk")[:most]), found.order_by().count()


def by_state(viewer: Viewer) -> dict[str, int]:
    """Return state → how many open tasks the viewer may see are in it."""
    counted = tasks(viewer).filter(closed_at__isnull=True).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(counted)


def handed_in(viewer: Viewer) -> QuerySet[Task]:
    """Return what this person has handed in or closed, newest first."""
    return tasks(viewer).filter(owner_person_id=viewer.user_id, submitted_at__isnull=False).order_by("-submitted_at")


def context(viewer: Viewer, task: Task) -> dict[str, Any]:
    """Return the template context of a task's own page: what was asked, what came back, why it was sent there."""
    held = access.allowed(viewer, "view", task.clue) is None if task.clue is not None else False
    return {
        "task": task,
        "clue": task.clue if held else None,
        "clue_reason": clue_evidence.reason(task.clue) if task.clue is not None else "",
        "subject_name": clue_evidence.subject_name(task.clue) if task.clue is not None else "",
        "why": [routing_words.of_row(row) for row in task.route_why],
        "helpers": _rows(helpers_of(viewer, task), "result"),
        "orders": _rows(orders_of(viewer, task), "answer"),
        "lead": places.names_of({task.owner_unit}).get(task.owner_unit, task.owner_unit),
        "transfer_to": places.names_of({task.transfer_to}).get(task.transfer_to, "") if task.transfer_to else "",
        "leader_next": task.returns >= int(str(task.facts()["returns_before_leader"])) and task.state == "submitted",
    }
