"""The only readers of records for pages and API. Each takes the viewer and goes through the door."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import QueryDict

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Transition, verbs_for
from ecobureau.domain.workflow import refusal as flow_refusal
from ecobureau.web.core import access, addresses, clocks, columns, parts, people, registry, services
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.filters import RecordFilter, filterset
from ecobureau.web.core.models import Attachment, Clock, History, Link, Notice, Record, SavedView
from ecobureau.web.core.refusals import refuse, sentence
from ecobureau.web.core.registry import Column, Kind
from ecobureau.words import say

PAGE_SIZE = 50
COUNT_LIMIT = 10_000
BOARD_LIMIT = 30
_RANK = Case(
    *(When(level=level, then=Value(rank)) for rank, level in enumerate(("red", "orange", "yellow", "blue"))),
    default=Value(9),
    output_field=IntegerField(),
)


def get(viewer: Viewer, kind: Kind, number: str, action: str = "view") -> Any:
    """Return the record of that number.

    Raises:
        Refused: `core.not_found`, or the viewer may not do `action` on it.
    """
    record = kind.records().select_related("owner_person", *kind.related).filter(number=number).first()
    if record is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what=kind.code)
    found = access.allowed(viewer, action, record)
    if found is not None:
        refuse(found, actor=viewer.user_id, what=f"{action} {number}")
    return record


def visible(viewer: Viewer, kind: Kind, action: str = "view") -> QuerySet[Any]:
    """Return every record of the kind on which the viewer may do `action`."""
    return access.scope(viewer, action, kind.records())


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list.

    Attributes:
        filters: the bound filter set; records: those of the page; total: how many match, at most COUNT_LIMIT;
        more_than: there are more than that. page, pages: from 1. sort: key of the column, with '-' for falling.
        clocks: record id → badges, the most urgent first.
    """

    filters: RecordFilter
    records: list[Any]
    total: int
    more_than: bool
    page: int
    pages: int
    sort: str
    columns: tuple[Column, ...]
    clocks: Mapping[int, list[parts.ClockBadge]] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE_SIZE + 1 if self.records else 0

    @property
    def last(self) -> int:
        return (self.page - 1) * PAGE_SIZE + len(self.records)


def found(viewer: Viewer, kind: Kind, params: QueryDict, action: str = "view") -> tuple[RecordFilter, QuerySet[Any]]:
    """Return the filters of `params` and the records they leave, sorted; one way for list, board, export and API.

    A filter value that makes no sense leaves nothing (its error stands in the filter's form).

    Raises:
        Refused: the viewer has not signed in, or no role that counts for this kind.
    """
    if not access.may_somewhere(viewer, action, kind):
        code = "core.sign_in" if viewer.user_id is None else "core.no_access"
        refuse(Refusal(code), actor=viewer.user_id, what=f"{action} {kind.plural}")
    filters = filterset(kind, viewer, params, visible(viewer, kind, action))
    queryset = filters.qs if filters.is_valid() else filters.queryset.none()
    return filters, _sorted(kind, queryset, params.get("sort", "")).select_related("owner_person", *kind.related)


def _sorted(kind: Kind, queryset: QuerySet[Any], sort: str) -> QuerySet[Any]:
    column = next((each for each in columns.columns(kind) if each.key == sort.lstrip("-") and each.sort), None)
    if column is None:
        return queryset.order_by("-created_at", "-id")
    sign = "-" if sort.startswith("-") else ""
    if "level_rank" in column.sort:
        queryset = queryset.annotate(level_rank=_RANK)
    return queryset.order_by(*(f"{sign}{name}" for name in column.sort), "-id")


def list_page(viewer: Viewer, kind: Kind, params: QueryDict) -> ListPage:
    """Return the page of the list that `params` (filters, sort, page) ask for."""
    filters, queryset = found(viewer, kind, params)
    counted = queryset.order_by()[: COUNT_LIMIT + 1].count()
    pages = max(1, -(-min(counted, COUNT_LIMIT) // PAGE_SIZE))
    asked = params.get("page", "1")
    page = min(max(int(asked), 1), pages) if asked.isdigit() else 1
    records = list(queryset[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
    return ListPage(
        filters=filters,
        records=records,
        total=min(counted, COUNT_LIMIT),
        more_than=counted > COUNT_LIMIT,
        page=page,
        pages=pages,
        sort=params.get("sort", ""),
        columns=tuple(column for column in columns.columns(kind) if column.shown),
        clocks=clock_badges(kind, records),
    )


def clock_badges(kind: Kind, records: Iterable[Record], *, done: bool = False) -> dict[int, list[parts.ClockBadge]]:
    """Return the badges of the records' clocks in one query: running ones, the most urgent first; with `done` all."""
    at = now()
    rows = Clock.objects.filter(kind=kind.code, object_id__in=[record.pk for record in records])
    if not done:
        rows = rows.filter(stopped_at__isnull=True)
    found_badges: dict[int, list[parts.ClockBadge]] = {}
    for clock in rows.order_by("stopped_at", "due_at", "pk"):
        badge = clocks.badge(clock, kind.flow.clock(clock.code), at)
        found_badges.setdefault(clock.object_id, []).append(badge)
    return found_badges


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
    entries = History.objects.filter(kind=kind.code, object_id=record.pk).order_by("seq").values_list("to_state", "at")
    entered = dict(entries)
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
_KERNEL_VERBS |= {"unshare": "core.verb.unshare", "withdraw_paper": "core.verb.withdraw_paper"}


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
    made = []
    for entry in reversed(history(record)):
        moved = f" · {entry.from_state} → {entry.to_state}" if entry.from_state not in ("", entry.to_state) else ""
        words = [entry.reason, entry.note, say("core.erased") if entry.erased else ""]
        papers = say("core.papers_bound", None, count=len(entry.papers)) if entry.papers else ""
        detail = " · ".join(word for word in (*words, papers) if word)
        text = f"**{entry.name}**{moved}"
        made.append(parts.Happening(entry.at, text, entry.actor, entry.hash[:8], detail=detail))
    return made


def attachments(record: Record, paper: str | None = None) -> list[Attachment]:
    """Return the record's files that have not been withdrawn, in order of arrival."""
    rows = Attachment.objects.filter(kind=record.KIND, object_id=record.pk, withdrawn_at__isnull=True)
    return list((rows.filter(paper=paper) if paper else rows).order_by("received_at", "pk"))


def record_of(attachment: Attachment) -> Any:
    """Return the record of a file. The caller has asked the door."""
    return registry.get(attachment.kind).records().get(pk=attachment.object_id)


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


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A state on the board: its records (the oldest limits first, at most BOARD_LIMIT) and how many there are."""

    state: str
    name: str
    records: list[Any]
    count: int
    url: str


def board(viewer: Viewer, kind: Kind, params: QueryDict) -> tuple[RecordFilter, list[BoardColumn]]:
    """Return the open states with their records, within the filters of `params`."""
    filters, queryset = found(viewer, kind, params)
    counts = dict(queryset.order_by().values_list("state").annotate(n=Count("pk")))
    made = []
    for state in kind.flow.states:
        if state.final or (not state.step and not counts.get(state.code)):
            continue
        here = queryset.filter(state=state.code).annotate(level_rank=_RANK).order_by("level_rank", "created_at", "id")
        url = addresses.of_list(kind, {"state": state.code})
        records = list(here[:BOARD_LIMIT]) if counts.get(state.code) else []
        made.append(BoardColumn(state.code, say(state.name), records, counts.get(state.code, 0), url))
    return filters, made


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the statistics page with its definition and the list it opens."""

    name: str
    value: int
    definition: str
    url: str


def statistics(viewer: Viewer, kind: Kind) -> dict[str, list[Number]]:
    """Return the numbers of a kind within the viewer's scope: by state, by level (open ones), and its own.

    Every number is the count of the list that it opens.
    """
    mine = visible(viewer, kind)
    final = [state.code for state in kind.flow.states if state.final]
    by_state = dict(mine.order_by().values_list("state").annotate(n=Count("pk")))
    by_level = dict(mine.exclude(state__in=final).order_by().values_list("level").annotate(n=Count("pk")))
    states = [
        Number(say(state.name), by_state.get(state.code, 0), "", addresses.of_list(kind, {"state": state.code}))
        for state in kind.flow.states
    ]
    levels = [
        Number(str(name), by_level.get(code, 0), "", addresses.of_list(kind, {"level": code, "open": "1"}))
        for code, name in parts.LEVEL_COLOUR.items()
    ]
    own = [("core.stat.late", {"late": "on"}, "core.stat.late.how")]
    own += [(each.name, dict(each.query), each.definition) for each in kind.statistics]
    others = [
        Number(say(name), _count(viewer, kind, query), say(how) if how else "", addresses.of_list(kind, query))
        for name, query, how in own
    ]
    return {"state": states, "level": levels, "other": others}


def _count(viewer: Viewer, kind: Kind, query: Mapping[str, str]) -> int:
    params = QueryDict(mutable=True)
    for key, value in query.items():
        params.setlist(key, value if isinstance(value, list) else [value])
    return int(found(viewer, kind, params)[1].order_by().count())


def search_all(viewer: Viewer, text: str, limit: int = 10) -> list[tuple[Kind, list[Any], str]]:
    """Return (kind, records, address of the whole list) for every kind in which something matches."""
    from ecobureau.web.core import search

    made = []
    if len(text.strip()) < 2:
        return []
    for kind in registry.kinds():
        if access.may_somewhere(viewer, "view", kind):
            records = list(search.matching(visible(viewer, kind), text).order_by("-created_at")[:limit])
            if records:
                made.append((kind, records, addresses.of_list(kind, {"q": text})))
    return made


def saved_views(viewer: Viewer, kind: Kind) -> list[SavedView]:
    """Return the saved views of the viewer, and those shared with a place they serve."""
    shared = {grant.org_path for grant in viewer.grants}
    rows = SavedView.objects.filter(kind=kind.code, user_id=viewer.user_id) | SavedView.objects.filter(
        kind=kind.code, org_path__in=shared - {""}
    )
    return list(rows.order_by("name", "pk"))


def inbox(viewer: Viewer, *, unread: bool = True, limit: int = 50) -> list[tuple[Notice, str, str]]:
    """Return (notice, sentence, address) of the viewer's notices, newest first."""
    rows = Notice.objects.filter(user_id=viewer.user_id)
    made = []
    for notice in (rows.filter(read_at__isnull=True) if unread else rows).order_by("-at", "-pk")[:limit]:
        from django.urls import reverse

        url = reverse("core:detail", args=[registry.get(notice.kind).plural, notice.number])
        made.append((notice, sentence(notice.code, notice.params), url))
    return made
