"""One record: what may be done, how far it is, what has happened, what lies with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Transition, verbs_for
from ecobureau.domain.workflow import refusal as flow_refusal
from ecobureau.web.core import access, addresses, parts, people, placenames, positions, registry, services
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Attachment, History, Link, Record, Share
from ecobureau.web.core.refusals import sentence
from ecobureau.web.core.registry import Kind
from ecobureau.web.core.selectors.basics import visible
from ecobureau.words import say


@dataclass(frozen=True, slots=True)
class Verb:
    """A button: the transition, where it leads, and why it would be refused now (empty: it would not)."""

    move: Transition
    url: str
    hindrance: str = ""

    @property
    def name(self) -> str:
        return say(self.move.name)


def verbs(viewer: Viewer, record: Record) -> list[Verb]:
    """Return what the viewer may do now, the primary verb first; what only lacks reason or data counts as possible."""
    kind = registry.kind_of(type(record))
    roles = access.roles_at(viewer, "act", record)
    moves = verbs_for(kind.flow, record.state, roles, record.level)
    if not moves:
        return []
    context = services.context_of(record, viewer, at=now())
    made = []
    for move in moves:
        refusal = flow_refusal(kind.flow, record.state, move.verb, context)
        told = refusal is not None and refusal.code in ("core.four_eyes",)
        hindrance = sentence(refusal.code, refusal.params) if refusal is not None and told else ""
        made.append(Verb(move, addresses.of_verb(record, move.verb), hindrance))
    return made


def missing_papers(viewer: Viewer, record: Record, move: Transition) -> list[tuple[str, int, int]]:
    """Return (name, least, present) of each paper that the verb still lacks."""
    context = services.context_of(record, viewer, at=now())
    wanted = ((paper, context.papers.get(paper.kind, 0)) for paper in move.papers_for(context))
    return [(say(paper.name), paper.least, have) for paper, have in wanted if have < paper.least]


def steps(record: Record) -> list[parts.Step]:
    """Return the stepper: the main road, done up to the present state, and the present side state if it is one."""
    kind = registry.kind_of(type(record))
    here = kind.flow.state(record.state)
    # What changes no state (a clue that goes on, a note) has entered none.
    entries = History.objects.filter(kind=kind.code, object_id=record.pk).exclude(from_state=F("to_state"))
    entered = dict(entries.order_by("seq").values_list("to_state", "at"))
    road = kind.flow.main_road()
    reached = here.step or max((state.step for state in road if state.code in entered), default=0)
    made = []
    for state in road:
        if state.code == here.code:
            mood: parts.StepState = "done" if here.final else "current"
        else:
            mood = "done" if state.step <= reached and (state.code in entered or state.step < reached) else "future"
        at = entered.get(state.code)
        made.append(parts.Step(say(state.name), mood, _short(at) if at and mood != "future" else ""))
    if not here.step:
        made.insert(
            reached, parts.Step(say(here.name), "side", _short(entered[here.code]) if here.code in entered else "")
        )
    return made


def _short(at: datetime) -> str:
    return beijing(at).strftime("%m-%d %H:%M")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the history as read: what was done, by whom, from where to where, with which words."""

    seq: int
    at: datetime
    at_device: datetime | None
    verb: str
    name: str
    from_state: str
    to_state: str
    actor_id: int | None
    actor: str
    reason: str
    note: str
    data: Mapping[str, Any]
    changes: Mapping[str, Any]
    papers: Sequence[Mapping[str, Any]]
    hash: str
    erased: bool


_KERNEL_VERBS = {"create": "core.verb.create", "amend": "core.verb.amend", "share": "core.verb.share"}
_KERNEL_VERBS |= {
    "unshare": "core.verb.unshare",
    "withdraw_paper": "core.verb.withdraw_paper",
    "accept_time": "core.verb.accept_time",
}


def verb_name(kind: Kind, verb: str) -> str:
    """Return the word of a verb, of the flow or the kernel, in the language in force."""
    name = next((move.name for move in kind.flow.transitions if move.verb == verb), _KERNEL_VERBS.get(verb, verb))
    return say(name)


def _reason_name(kind: Kind, verb: str, reason: str) -> str:
    closed = [*kind.flow.pause_reasons, *(each for move in kind.flow.transitions for each in move.reasons)]
    closed = [each for move in kind.flow.transitions if move.verb == verb for each in move.reasons] or closed
    return next((say(each.name) for each in closed if each.code == reason), reason)


def history(record: Record) -> list[Entry]:
    """Return the record's history, oldest first, in the language in force. The caller has asked the door."""
    kind = registry.kind_of(type(record))
    rows = list(
        History.objects.filter(kind=kind.code, object_id=record.pk).order_by("seq").prefetch_related("personal")
    )
    names = people.names(row.actor_id for row in rows)
    made = []
    for row in rows:
        body = json.loads(row.body)
        words = {each.field: each.value for each in row.personal.all()}
        made.append(
            Entry(
                seq=row.seq,
                at=row.at,
                at_device=row.at_device,
                verb=row.verb,
                name=verb_name(kind, row.verb),
                from_state=say(kind.flow.state(row.from_state).name) if row.from_state else "",
                to_state=say(kind.flow.state(row.to_state).name),
                actor_id=row.actor_id,
                actor=names.get(row.actor_id, "") if row.actor_id is not None else "",
                reason=_reason_name(kind, row.verb, row.reason) if row.reason else "",
                note=words.get("note", ""),
                data=body["data"],
                changes=body["changes"],
                papers=body["papers"],
                hash=row.hash,
                erased=bool(body["digests"].keys() - words.keys()),
            )
        )
    return made


def timeline(record: Record) -> list[parts.Happening]:
    """Return the history as lines of the timeline, newest first."""
    made, kind = [], registry.kind_of(type(record))
    for entry in reversed(history(record)):
        moved = f" · {entry.from_state} → {entry.to_state}" if entry.from_state not in ("", entry.to_state) else ""
        words = [entry.reason, entry.note, say("core.erased") if entry.erased else ""]
        said = positions.words(entry.data, record.lon, record.lat)
        papers = say("core.papers_bound", None, count=len(entry.papers)) if entry.papers else ""
        detail = " · ".join(
            word
            for word in (*words, kind.tell(entry.data) if kind.tell else "", said, _phone_time(entry, said), papers)
            if word
        )
        text = f"**{entry.name}**{moved}"
        made.append(parts.Happening(entry.at, text, entry.actor, entry.hash[:8], detail=detail))
    return made


def _phone_time(entry: Entry, said: str) -> str:
    """Return when the phone did it, where that is another minute than the server's and not said already."""
    if entry.at_device is None or said or abs(entry.at - entry.at_device) < timedelta(minutes=1):
        return ""
    return say("core.at_device", None, time=beijing(entry.at_device).strftime("%m-%d %H:%M:%S"))


def attachments(record: Record, paper: str | None = None) -> list[Attachment]:
    """Return the record's files that have not been withdrawn, in order of arrival."""
    rows = Attachment.objects.filter(kind=record.KIND, object_id=record.pk, withdrawn_at__isnull=True)
    return list((rows.filter(paper=paper) if paper else rows).order_by("received_at", "pk"))


def record_of(attachment: Attachment) -> Any:
    """Return the record of a file. The caller has asked the door."""
    return registry.get(attachment.kind).records().get(pk=attachment.object_id)


@dataclass(frozen=True, slots=True)
class Shared:
    """A share in force: with whom (person or unit) and by whom it was given."""

    share: Share
    who: str
    by: str


def shares(record: Record) -> list[Shared]:
    """Return the shares of a record that are in force, oldest first. The caller has asked the door."""
    running = Q(ends_at__isnull=True) | Q(ends_at__gt=now())
    rows = list(Share.objects.filter(running, kind=record.KIND, object_id=record.pk).order_by("given_at", "pk"))
    names = people.names([row.user_id for row in rows] + [row.given_by for row in rows])
    return [
        Shared(
            row,
            names.get(row.user_id, "") if row.user_id is not None else placenames.name_of(row.org_path),
            names.get(row.given_by, "") if row.given_by is not None else "",
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Linked:
    """A record bound to another: relation, direction, the other record and its address ('' if it may not be seen)."""

    relation: str
    outward: bool
    kind: Kind
    record: Any
    url: str


def linked(viewer: Viewer, record: Record) -> list[Linked]:
    """Return the records bound to this one that the viewer may see."""
    rows = Link.objects.filter(from_kind=record.KIND, from_id=record.pk) | Link.objects.filter(
        to_kind=record.KIND, to_id=record.pk
    )
    made = []
    for row in rows.order_by("at", "pk"):
        outward = (row.from_kind, row.from_id) == (record.KIND, record.pk)
        code, pk = (row.to_kind, row.to_id) if outward else (row.from_kind, row.from_id)
        kind = registry.get(code)
        other = visible(viewer, kind).filter(pk=pk).first()
        if other is not None:
            made.append(Linked(row.relation, outward, kind, other, addresses.of(other)))
    return made
