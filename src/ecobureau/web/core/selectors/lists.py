"""Many records: list, board, statistics, search. One way of filtering for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import QueryDict

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, columns, parts, registry, search
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.filters import RecordFilter, filterset
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.registry import Column, Kind
from ecobureau.web.core.selectors.basics import clock_badges, visible
from ecobureau.words import say

PAGE_SIZE = 50
COUNT_LIMIT = 10_000
MAP_LIMIT = 500
BOARD_LIMIT = 30
_RANK = Case(
    *(When(level=level, then=Value(rank)) for rank, level in enumerate(("red", "orange", "yellow", "blue"))),
    default=Value(9),
    output_field=IntegerField(),
)


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


@dataclass(frozen=True, slots=True)
class OnMap:
    """What the map of a kind shows: its filters, the newest MAP_LIMIT records with a place, how many have none.

    `without_place` stops counting at COUNT_LIMIT; `more` says that records with a place were left out.
    """

    filters: RecordFilter
    records: list[Any]
    more: bool
    without_place: int


def on_map(viewer: Viewer, kind: Kind, params: QueryDict) -> OnMap:
    """Return the records of the list under `params` that have a place.

    Raises:
        Refused: as `found`.
    """
    filters, queryset = found(viewer, kind, params)
    placed = list(queryset.filter(lon__isnull=False, lat__isnull=False)[: MAP_LIMIT + 1])
    without = queryset.order_by().filter(Q(lon__isnull=True) | Q(lat__isnull=True))[:COUNT_LIMIT].count()
    return OnMap(filters, placed[:MAP_LIMIT], len(placed) > MAP_LIMIT, without)


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
    made = []
    if len(text.strip()) < 2:
        return []
    for kind in registry.kinds():
        if access.may_somewhere(viewer, "view", kind):
            records = list(search.matching(visible(viewer, kind), text).order_by("-created_at")[:limit])
            if records:
                made.append((kind, records, addresses.of_list(kind, {"q": text})))
    return made
