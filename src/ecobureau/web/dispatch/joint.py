"""Joint handling (联合处置): the unit that has the task leads (牵头), others assist (配合) and answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import telling
from ecobureau.web.dispatch.flow_help import HELP
from ecobureau.web.dispatch.models import Help, Task
from ecobureau.web.places import selectors as places

_OPEN = ("asked", "accepted", "answered")


@transaction.atomic
def call_in(task: Task, actor: Viewer, *, units: Sequence[str], demand: str = "", **act: Any) -> History:
    """Ask other units to assist; each gets its own matter, and sees the task. The lead closes when all have answered.

    Raises:
        Refused: a unit that is none, that leads already or assists already, or what flow and door say.
    """
    wanted = list(dict.fromkeys(units))
    entry = kernel.perform(task, "call_in", actor, data={"units": wanted, "demand": demand}, **act)
    for unit in wanted:
        _ask(task, actor, unit, demand.strip() or task.order or task.title)
    return entry


def _ask(task: Task, actor: Viewer, unit: str, demand: str) -> None:
    organisation = places.organisation(unit)
    found: Refusal | None = None
    if organisation is None or not organisation.active:
        found = Refusal("dispatch.no_such_unit", {"unit": unit})
    elif unit == task.owner_unit:
        found = Refusal("dispatch.leads_already", {"unit": str(organisation)})
    elif task.helpers.filter(owner_unit=unit, state__in=_OPEN).exists():
        found = Refusal("dispatch.helps_already", {"unit": str(organisation)})
    if found is not None:
        refuse(found, actor=actor.user_id, what=f"call in {task.number}")
    made: Help = kernel.create(
        "help",
        SYSTEM,
        title=task.title,
        level=task.level,
        org_path=task.org_path,
        grid=task.grid,
        lon=task.lon,
        lat=task.lat,
        owner_unit=unit,
        task_id=task.pk,
        demand=demand,
        data={"asked_by": actor.user_id},
    )
    kernel.link(made, "help_of", task, actor)
    kernel.share(task, SYSTEM, why="help", org_path=unit)
    kernel.share(made, SYSTEM, why="lead", org_path=task.owner_unit, may_act=True)
    telling.tell_unit(made, unit, "dispatch.notice.help_asked", now(), lead=str(places.organisation(task.owner_unit)))


def _do(help_: Help, verb: str, actor: Viewer, **act: Any) -> History:
    move = next(each for each in HELP.transitions if each.verb == verb)
    receiver = telling.speaks_for(actor, help_.owner_unit, *move.roles)
    return kernel.perform(help_, verb, actor, data={"receiver": receiver, **act.pop("data", {})}, **act)


def accept(help_: Help, actor: Viewer, **act: Any) -> History:
    """Take the assistance on."""
    return _do(help_, "accept", actor, changes={"owner_person_id": actor.user_id}, **act)


@transaction.atomic
def answer(help_: Help, actor: Viewer, *, result: str, **act: Any) -> History:
    """Tell the lead unit what was done."""
    at = now()
    said = result.strip()
    changes = {"result": said, "answered_at": at}
    entry = _do(help_, "answer", actor, data={"result": said}, changes=changes, **act)
    telling.tell_people(help_, [help_.task.owner_person_id], "dispatch.notice.help_answered", at)
    if not help_.task.owner_person_id:
        telling.tell_unit(help_, help_.task.owner_unit, "dispatch.notice.help_answered", at)
    return entry


@transaction.atomic
def decline(help_: Help, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Refuse to assist, with a reason of the closed list."""
    entry = _do(help_, "decline", actor, reason=reason, **act)
    telling.tell_unit(help_, help_.task.owner_unit, "dispatch.notice.help_declined", now())
    return entry


@transaction.atomic
def send_back(help_: Help, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Ask the assisting unit for more."""
    entry = kernel.perform(help_, "return", actor, reason=reason, **act)
    telling.tell_people(help_, [help_.owner_person_id], "dispatch.notice.help_returned", now())
    return entry


@transaction.atomic
def withdraw(help_: Help, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Let the assisting unit off."""
    entry = kernel.perform(help_, "withdraw", actor, reason=reason, **act)
    telling.tell_unit(help_, help_.owner_unit, "dispatch.notice.help_withdrawn", now())
    return entry


def end_with(task: Task, *, reason: str) -> None:
    """End what hangs on a task that ends: answered help is closed, open help withdrawn, orders lifted or withdrawn.

    Part of the transaction that ends the task.
    """
    for help_ in task.helpers.filter(state__in=_OPEN).order_by("pk"):
        if help_.state == "answered":
            kernel.perform(help_, "close", SYSTEM)
        else:
            withdraw(help_, SYSTEM, reason=reason)
    for order in task.supervisions.filter(closed_at__isnull=True).order_by("pk"):
        kernel.perform(order, "withdraw", SYSTEM, reason=reason)
