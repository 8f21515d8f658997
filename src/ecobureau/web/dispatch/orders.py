"""Supervision orders (督办): a leader wants an answer on a task by a time of its own."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ecobureau.clock import now
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History
from ecobureau.web.dispatch import telling
from ecobureau.web.dispatch.models import Supervision, Task

_RANK = ("red", "orange", "yellow", "blue")


@transaction.atomic
def supervise(task: Task, actor: Viewer, *, grade: str, demand: str, **act: Any) -> History:
    """Put a task under supervision: an order of its own level, with its own clocks, to the unit that has the task.

    Args:
        grade: level of the order (`red` … `blue`), independent of the task's. demand: what is asked.
    """
    said = demand.strip()
    highest = min([grade, task.supervised or grade], key=lambda each: _RANK.index(each) if each in _RANK else 9)
    data = {"grade": grade if grade in _RANK else "", "demand": said}
    entry = kernel.perform(task, "supervise", actor, data=data, changes={"supervised": highest}, **act)
    order: Supervision = kernel.create(
        "supervision",
        SYSTEM,
        title=task.title,
        level=grade,
        org_path=task.org_path,
        grid=task.grid,
        lon=task.lon,
        lat=task.lat,
        owner_unit=task.owner_unit,
        task_id=task.pk,
        demand=said,
        data={"ordered_by": actor.user_id},
    )
    kernel.link(order, "supervises", task, actor)
    at = now()
    heard = {*telling.people_of(task.owner_unit, at), task.owner_person_id}
    telling.tell_people(order, heard, "dispatch.notice.supervised", at)
    return entry


def sign(order: Supervision, actor: Viewer, **act: Any) -> History:
    """Say that the order has been read."""
    return kernel.perform(order, "sign", actor, **act)


@transaction.atomic
def answer(order: Supervision, actor: Viewer, *, answer: str, **act: Any) -> History:
    """Answer the order."""
    said, at = answer.strip(), now()
    changes = {"answer": said, "answered_at": at, "owner_person_id": actor.user_id}
    entry = kernel.perform(order, "answer", actor, data={"answer": said}, changes=changes, **act)
    telling.tell_people(order, [_ordered_by(order)], "dispatch.notice.order_answered", at)
    return entry


def _ordered_by(order: Supervision) -> int | None:
    asked = (
        History.objects.filter(kind="task", object_id=order.task_id, verb="supervise", at__lte=order.created_at)
        .order_by("-seq")
        .values_list("actor_id", flat=True)
    )
    return asked.first()


@transaction.atomic
def press(order: Supervision, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Find the answer wanting and ask again; both clocks start anew."""
    changes = {"pressed": order.pressed + 1, "answered_at": None}
    entry = kernel.perform(order, "press", actor, reason=reason, changes=changes, **act)
    telling.tell_unit(order, order.owner_unit, "dispatch.notice.pressed", now(), reason=reason)
    return entry


@transaction.atomic
def lift(order: Supervision, actor: Viewer, **act: Any) -> History:
    """End the supervision: the answer will do."""
    _lock_task(order)
    entry = kernel.perform(order, "lift", actor, **act)
    _after(order)
    return entry


@transaction.atomic
def withdraw(order: Supervision, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Take the order back."""
    _lock_task(order)
    entry = kernel.perform(order, "withdraw", actor, reason=reason, **act)
    _after(order)
    return entry


def _lock_task(order: Supervision) -> Task:
    """Lock the task first, as whoever ends the task does."""
    return Task.objects.select_for_update(no_key=True).get(pk=order.task_id)


def _after(order: Supervision) -> None:
    """Let the task show the highest order that still runs on it."""
    task = _lock_task(order)
    levels = task.supervisions.filter(closed_at__isnull=True).values_list("level", flat=True)
    kernel.amend(task, SYSTEM, {"supervised": min(levels, key=_RANK.index, default="")})
