"""A task goes into other hands: another person of the unit, or another department that agrees to take it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core import people
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import History, Share
from ecobureau.web.core.refusals import refuse
from ecobureau.web.dispatch import telling
from ecobureau.web.dispatch.flow import ROUTING
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import selectors as places

RECEIVERS = ("department", "district", "city")
"""Levels of units that a task can be transferred to; a grid gets its tasks from its sub-centre."""
_WHY = "transfer"


@transaction.atomic
def hand_over(task: Task, actor: Viewer, *, person: int | str, reason: str, **act: Any) -> History:
    """Give a task that is in hand to another person of the same unit, who has to accept it anew.

    Raises:
        Refused: the person is not of the unit or has it already, or the flow or the door says so.
    """
    giver, wanted = task.owner_person_id, int(person)
    changes = {"owner_person_id": wanted, "accepted_at": None}
    entry = kernel.perform(
        task, "hand_over", actor, reason=reason, data={"person": wanted, "from": giver}, changes=changes, **act
    )
    if wanted == giver:
        refuse(Refusal("dispatch.same_person"), actor=actor.user_id, what=f"hand over {task.number}")
    at = now()
    if wanted not in colleagues(task.owner_unit):
        params = {"person": people.names([wanted]).get(wanted, str(wanted)), "unit": task.owner_unit}
        refuse(Refusal("dispatch.person_not_of_unit", params), actor=actor.user_id, what=f"hand over {task.number}")
    telling.tell_people(task, [wanted], "dispatch.notice.handed_over", at)
    if giver not in (None, actor.user_id):
        telling.tell_people(task, [giver], "dispatch.notice.taken_from_you", at)
    return entry


def colleagues(unit: str) -> dict[int, str]:
    """Return who is of a unit or on duty for it now: id → name."""
    at = now()
    found = {each.person_id: str(each.person) for each in places.members(unit, beijing(at).date())}
    return found | {duty.person_id: duty.name for duty in places.on_duty(unit, at)}


@transaction.atomic
def transfer(task: Task, actor: Viewer, *, unit: str, reason: str, **act: Any) -> History:
    """Ask another department or sub-centre to take the task; until it answers, the task stays with its owner.

    Raises:
        Refused: no such unit or one that takes no transfers, its present owner, or what flow and door say.
    """
    receiver = places.organisation(unit)
    entry = kernel.perform(
        task, "transfer", actor, reason=reason, data={"unit": unit}, changes={"transfer_to": unit}, **act
    )
    if receiver is None or not receiver.active or receiver.level not in RECEIVERS:
        refuse(Refusal("dispatch.no_receiver", {"unit": unit}), actor=actor.user_id, what=f"transfer {task.number}")
    kernel.share(task, SYSTEM, why=_WHY, org_path=unit, may_act=True)
    at = now()
    # Those on duty may be people who cannot decide: whoever heads the unit hears of it in any case.
    heard = {*telling.people_of(unit, at), *people.holders(Role.UNIT_HEAD, unit, at)}
    telling.tell_people(task, sorted(heard), "dispatch.notice.transfer_asked", at, reason=reason)
    return entry


def _receiver(task: Task, actor: Viewer) -> bool:
    return bool(task.transfer_to) and telling.speaks_for(actor, task.transfer_to, *ROUTING, Role.UNIT_HEAD)


def _end_share(task: Task) -> None:
    running = Share.objects.filter(kind=task.KIND, object_id=task.pk, why=_WHY, ends_at__isnull=True)
    for given in running:
        kernel.unshare(task, SYSTEM, given)


@transaction.atomic
def take_over(task: Task, actor: Viewer, **act: Any) -> History:
    """Agree to a transfer: the task and its supervision orders are the receiving unit's from now on."""
    giver, unit, person = task.owner_unit, task.transfer_to, task.owner_person_id
    changes = {"owner_unit": unit or giver, "owner_person_id": None, "transfer_to": "", "accepted_at": None}
    data = {"receiver": _receiver(task, actor), "from": giver, "unit": unit}
    entry = kernel.perform(task, "take_over", actor, data=data, changes=changes, **act)
    _end_share(task)
    for order in task.supervisions.filter(closed_at__isnull=True):
        kernel.amend(order, SYSTEM, {"owner_unit": unit})
    at = now()
    telling.tell_people(task, [person], "dispatch.notice.transferred", at, unit=str(places.organisation(unit) or unit))
    telling.tell_unit(task, unit, "dispatch.notice.new_task", at)
    return entry


@transaction.atomic
def refuse_transfer(task: Task, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Refuse a transfer: the task stays with the unit that had it, which has to accept it anew."""
    data = {"receiver": _receiver(task, actor), "unit": task.transfer_to}
    changes = {"transfer_to": "", "accepted_at": None}
    entry = kernel.perform(task, "refuse_transfer", actor, reason=reason, data=data, changes=changes, **act)
    _end_share(task)
    at = now()
    heard = people.holders(Role.DISPATCHER, task.org_path, at) or people.holders(Role.DUTY_OFFICER, task.org_path, at)
    telling.tell_people(task, {*heard, task.owner_person_id}, "dispatch.notice.transfer_refused", at, reason=reason)
    return entry
