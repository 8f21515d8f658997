"""The only writers of hand-overs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, notices, registry
from ecobureau.web.core import selectors as reading
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.records import Record
from ecobureau.web.core.refusals import refuse
from ecobureau.web.handover import selectors
from ecobureau.web.handover.models import Handover
from ecobureau.web.places import selectors as places

_BREAK = re.compile(r"[\s,，、;；]+")
WATCH = "watch"
"""Relation of a hand-over to what the next shift has to keep an eye on."""


@transaction.atomic
def sign(
    actor: Viewer, *, unit: str, since: datetime, until: datetime, notes: str = "", watch: str = "", **act: Any
) -> Handover:
    """Hand a shift over: keep it as a record, freeze its numbers and sign it as the outgoing person.

    Args:
        unit: path of the city centre or a sub-centre. since, until: of the shift, aware.
        notes: words for the next shift. watch: numbers of records to keep an eye on, parted by blanks or commas.

    Raises:
        Refused: `handover.unit`, `handover.twice`, `handover.early`, `handover.unknown`, or what the door says.
    """
    found = places.organisation(unit)
    if found is None or found.level not in ("city", "district"):
        refuse(Refusal("handover.unit", {"unit": unit}), actor=actor.user_id, what="handover")
    if since > now():
        refuse(Refusal("handover.early"), actor=actor.user_id, what="handover")
    title = f"{found.name} {beijing(since):%Y-%m-%d %H:%M} – {beijing(until):%m-%d %H:%M}"
    fields: dict[str, Any] = {
        "title": title,
        "level": "blue",
        "org_path": unit,
        "owner_unit": unit,
        "starts": since,
        "ends": until,
    }
    try:
        with transaction.atomic():
            record: Handover = kernel.create("handover", actor, owner_person_id=actor.user_id, **fields)
    except IntegrityError:
        refuse(Refusal("handover.twice", {"title": title}), actor=actor.user_id, what="handover")
    hand_over(record, actor, notes=notes, watch=watch, **act)
    return record


@transaction.atomic
def hand_over(record: Handover, actor: Viewer, *, notes: str = "", watch: str = "", **act: Any) -> History:
    """Sign as the outgoing person; the numbers are frozen as they are now. Done again after a refusal.

    Raises:
        Refused: `handover.unknown` (a number that is no record the actor may see), or what flow and door say.
    """
    if (refusal := access.allowed(actor, "act", record)) is not None:
        refuse(refusal, actor=actor.user_id, what=f"hand_over {record.number}")
    unit = places.organisation(record.org_path)
    if unit is None:
        refuse(Refusal("handover.unit", {"unit": record.org_path}), actor=actor.user_id, what="handover")
    watched = _records(actor, watch)
    frozen = selectors.report(actor, unit, record.starts, record.ends, keys=True).frozen()
    changes = {"notes": notes, "report": frozen}
    data = {
        "numbers": {line["code"]: line["n"] for line in frozen["lines"]},
        "watch": [each.number for each in watched],
    }
    entry = kernel.perform(record, "hand_over", actor, changes=changes, data=data, **act)
    for each in watched:
        kernel.link(record, WATCH, each, actor)
    heard = [pk for pk, _name in selectors.next_on_duty(record.org_path, record.ends) if pk != actor.user_id]
    notices.send(heard, record, "handover.notice.waiting", {"title": record.title}, entry.at)
    return entry


@transaction.atomic
def refuse_it(record: Handover, actor: Viewer, *, reason: str = "", **act: Any) -> History:
    """Do not take the shift over, with a reason; who handed it over is told."""
    entry = kernel.perform(record, "refuse", actor, reason=reason, **act)
    back = [record.owner_person_id] if record.owner_person_id else []
    notices.send(back, record, "handover.notice.refused", {"title": record.title, "reason": reason}, entry.at)
    return entry


def _records(actor: Viewer, text: str) -> list[Record]:
    found: list[Record] = []
    for number in dict.fromkeys(part.upper() for part in _BREAK.split(text) if part):
        kind = next((each for each in registry.kinds() if number.startswith(f"{each.prefix}-")), None)
        record = reading.visible(actor, kind).filter(number=number).first() if kind else None
        if record is None:
            refuse(Refusal("handover.unknown", {"number": number}), actor=actor.user_id, what="handover")
        found.append(record)
    return found
