"""The only writers of rectification and hanging accounts: one function a verb."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from ecobureau.clock import now
from ecobureau.domain import workflow
from ecobureau.domain.workflow import Length, Refusal, Role, Unit
from ecobureau.rulepacks import load
from ecobureau.web.core import notices, people, registry
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.calendars import calendar
from ecobureau.web.core.models import History, Record
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import selectors as places
from ecobureau.web.rectification import letters
from ecobureau.web.rectification.models import Hanging, Rectification

_HANDS = (Role.UNIT_HEAD, Role.ENFORCEMENT_OFFICER, Role.DISPATCHER)
_HEARS = (Role.UNIT_HEAD, Role.DISPATCHER, Role.ENFORCEMENT_OFFICER)
_ACCEPTING = "验收单位"


def speaks_for(actor: Viewer, unit: str) -> bool:
    """Say whether the actor belongs to a unit, in a role that may speak for it. Who stands above does not."""
    return any(grant.role in _HANDS and unit and grant.org_path.startswith(unit) for grant in actor.grants)


def _known_unit(unit: str, actor: Viewer, what: str) -> None:
    found = places.organisation(unit)
    if found is None or not found.active:
        refuse(Refusal("rectification.no_unit", {"unit": unit}), actor=actor.user_id, what=what)


def _tell(record: Record, unit: str, code: str, at: datetime, **params: Any) -> None:
    heard = next((found for role in _HEARS if (found := people.holders(role, unit, at))), ())
    notices.send(heard, record, code, {"title": record.heading, **params}, at)


@transaction.atomic
def enter(
    actor: Viewer, *, owner_unit: str, accepting_unit: str, feedback_on: date, due_on: date, **fields: Any
) -> Rectification:
    """Enter an item of an inspection's feedback; the accepting unit may see it and act on it from now on.

    Args:
        owner_unit: who has to mend it; accepting_unit: who accepts it (another one), both as paths.
        feedback_on, due_on: days (Beijing). fields: title, level, org_path, demand, key_steps, source, batch, item.

    Raises:
        Refused: a unit is unknown or both are one, the limit lies before the feedback, or the door says no.
    """
    for unit in (owner_unit, accepting_unit):
        _known_unit(unit, actor, "rectification")
    if accepting_unit == owner_unit:
        refuse(Refusal("rectification.same_unit"), actor=actor.user_id, what="rectification")
    if due_on <= feedback_on:
        refuse(Refusal("rectification.due_before"), actor=actor.user_id, what="rectification")
    made: Rectification = kernel.create(
        "rectification",
        actor,
        owner_unit=owner_unit,
        accepting_unit=accepting_unit,
        feedback_on=feedback_on,
        due_on=due_on,
        **fields,
    )
    if made.version == 1:
        kernel.share(made, SYSTEM, why=_ACCEPTING, org_path=accepting_unit, may_act=True)
        _tell(made, owner_unit, "rectification.notice.entered", now(), due=due_on.isoformat())
    return made


def _as_owner(record: Record, verb: str, actor: Viewer, *, data: dict[str, Any] | None = None, **act: Any) -> History:
    said = {**(data or {}), "owner": speaks_for(actor, record.owner_unit)}
    return kernel.perform(record, verb, actor, data=said, **act)


def submit_plan(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Hand in the plan of the unit that has to mend it."""
    return _as_owner(record, "submit_plan", actor, **act)


def report(record: Rectification, actor: Viewer, *, progress: int, **act: Any) -> History:
    """Say how much of the work is done (0–100 %)."""
    return _as_owner(record, "report", actor, data={"progress": progress}, changes={"progress": progress}, **act)


def self_check(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Say that the unit has checked its work itself."""
    return _as_owner(record, "self_check", actor, **act)


def _as_acceptor(record: Rectification, verb: str, actor: Viewer, **act: Any) -> History:
    return kernel.perform(record, verb, actor, data={"acceptor": speaks_for(actor, record.accepting_unit)}, **act)


def accept(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Accept the work, as the accepting unit."""
    return _as_acceptor(record, "accept", actor, **act)


@transaction.atomic
def refuse_work(record: Rectification, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Refuse the work, as the accepting unit."""
    entry = _as_acceptor(record, "refuse", actor, reason=reason, **act)
    _tell(record, record.owner_unit, "rectification.notice.back", now(), reason=reason)
    return entry


@transaction.atomic
def _back(record: Rectification, verb: str, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Send a matter back to work; its work is not done after all."""
    changes = {"progress": min(record.progress, 90), "publicity_until": None}
    entry = kernel.perform(record, verb, actor, reason=reason, changes=changes, **act)
    _tell(record, record.owner_unit, "rectification.notice.back", now(), reason=reason)
    return entry


def fail(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Find on site that it is not mended."""
    return _back(record, "fail", actor, **act)


def object_to(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Take an objection from the public for founded."""
    return _back(record, "object", actor, **act)


def send_back(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Refuse to close it."""
    return _back(record, "send_back", actor, **act)


def publicise(record: Rectification, actor: Viewer, **act: Any) -> History:
    """Put the result before the public, for the working days of the rule."""
    at = now()
    entry = load("rectification").at("rect.publicity_workdays", workflow.beijing_day(at))
    until = workflow.due(at, Length(int(str(entry.value)), Unit(entry.unit)), calendar())
    data = {"until": until.isoformat()}
    return kernel.perform(record, "publicise", actor, data=data, changes={"publicity_until": until}, **act)


def extend(record: Rectification | Hanging, actor: Viewer, *, due_on: date, reason: str, **act: Any) -> History:
    """Give it another limit, with a reason; the one before stays in the history."""
    changes = {"due_on": due_on}
    return kernel.perform(record, "extend", actor, reason=reason, data={"due_on": due_on}, changes=changes, **act)


@transaction.atomic
def rebound(record: Rectification, actor: Viewer, *, due_on: date, reason: str, **act: Any) -> History:
    """Open it again after a look back: what had been mended has come back."""
    changes = {"due_on": due_on, "progress": 0, "rebounds": record.rebounds + 1, "publicity_until": None}
    entry = kernel.perform(record, "rebound", actor, reason=reason, data={"due_on": due_on}, changes=changes, **act)
    _tell(record, record.owner_unit, "rectification.notice.rebound", now(), reason=reason)
    return entry


@transaction.atomic
def urge(record: Rectification | Hanging, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Send the unit a letter (督办函); it is kept with the record."""
    entry = kernel.perform(record, "urge", actor, reason=reason, **act)
    letters.keep(record, actor, reason, entry.at)
    _tell(record, record.owner_unit, "rectification.notice.urged", entry.at, reason=reason)
    return entry


@transaction.atomic
def hang(actor: Viewer, *, owner_unit: str, hung_on: date, due_on: date, subject: str = "", **fields: Any) -> Hanging:
    """Hang an account: it stays until there is proof.

    Args:
        owner_unit: who answers for it. subject: number of the record it is about, if there is one.
        hung_on, due_on: days (Beijing). fields: title, level, org_path, demand, leader.

    Raises:
        Refused: the unit or the record is unknown, the limit lies before the day it is hung, or the door says no.
    """
    _known_unit(owner_unit, actor, "hanging")
    if due_on <= hung_on:
        refuse(Refusal("rectification.due_before"), actor=actor.user_id, what="hanging")
    about = _record(subject) if subject.strip() else None
    if subject.strip() and about is None:
        refuse(Refusal("rectification.no_record", {"number": subject.strip()}), actor=actor.user_id, what="hanging")
    made: Hanging = kernel.create("hanging", actor, owner_unit=owner_unit, hung_on=hung_on, due_on=due_on, **fields)
    if made.version == 1:
        if about is not None:
            kernel.link(made, "about", about, actor)
        _tell(made, owner_unit, "rectification.notice.hung", now(), due=due_on.isoformat())
    return made


def _record(number: str) -> Record | None:
    wanted = number.strip().upper()
    for kind in registry.kinds():
        if wanted.startswith(f"{kind.prefix}-"):
            return kind.records().filter(number=wanted).first()
    return None


def prove(record: Hanging, actor: Viewer, *, answer: str, **act: Any) -> History:
    """Lay down proof, as the unit that answers for it."""
    return _as_owner(record, "prove", actor, data={"answer": answer}, changes={"answer": answer}, **act)


@transaction.atomic
def refuse_proof(record: Hanging, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Find the proof wanting."""
    entry = kernel.perform(record, "refuse", actor, reason=reason, changes={"refusals": record.refusals + 1}, **act)
    _tell(record, record.owner_unit, "rectification.notice.back", now(), reason=reason)
    return entry
