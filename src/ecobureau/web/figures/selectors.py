"""Reckoning the figures for a viewer: one question a kind of record, whatever they are cut by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Aggregate, Avg, Count, DurationField, ExpressionWrapper, F, QuerySet
from django.http import QueryDict

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core import addresses, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.figures.definitions import FIGURES, KINDS, Figure
from ecobureau.web.figures.slices import BY_CODE as SLICES
from ecobureau.web.figures.slices import Slice

READERS = frozenset(
    {str(role) for role in (Role.DUTY_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD, Role.LEADER, Role.AUDITOR)}
)
"""Who reads figures: the offices that answer for them. Each sees those of the own records alone."""
NARROW = ("level", "source", "scenario", "unit", "district")
"""Filters of the page that narrow all figures."""
DAYS = 30
MOST_ROWS = 400


class Percentile(Aggregate):
    """The continuous percentile of PostgreSQL: `at` between 0 and 1."""

    function = "percentile_cont"
    template = "%(function)s(%(at)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, at: float, **more: Any) -> None:
        super().__init__(expression, at=at, **more)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: first and last day, cut by, narrowed to."""

    since: date
    until: date
    by: Slice | None
    narrow: Mapping[str, str]

    def query(self) -> dict[str, str]:
        """Return it as filters of a list."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat(), **self.narrow}


@dataclass(frozen=True, slots=True)
class Cell:
    """One number: its value (None: nothing to reckon it of), numerator and denominator, and the lists behind both.

    A length has no numerator; its `n` is how many records it was reckoned of.
    """

    figure: Figure
    value: float | None
    counted: int | None
    n: int
    counted_url: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one slice; `key` None is the total."""

    key: Any
    name: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The total, and the rows of the slices; `more` says that there were more rows than are shown."""

    asked: Asked
    total: Row
    rows: tuple[Row, ...]
    more: bool


def must_read(viewer: Viewer) -> None:
    """Refuse whoever does not answer for the figures.

    Raises:
        Refused: `core.sign_in` or `core.no_access`.
    """
    if viewer.user_id is None:
        refuse(Refusal("core.sign_in"), what="figures")
    if not viewer.has(*READERS):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="figures")


def asked_of(params: QueryDict) -> Asked:
    """Return what the parameters of the page ask for; what makes no sense is left out."""
    today = beijing(now()).date()
    until = _day(params.get("until", "")) or today
    since = _day(params.get("since", "")) or until - timedelta(days=DAYS - 1)
    narrow = {name: str(params[name]) for name in NARROW if params.get(name)}
    return Asked(min(since, until), until, SLICES.get(params.get("by", "")), narrow)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def table(viewer: Viewer, asked: Asked, action: str = "view") -> Table:
    """Return the figures within the viewer's sight (or, with `export`, within what may be taken away).

    Raises:
        Refused: the viewer does not read figures, or has no right to `action`.
    """
    must_read(viewer)
    totals: dict[str, dict[str, Any]] = {}
    cut: dict[Any, dict[str, dict[str, Any]]] = {}
    for kind in KINDS:
        found = _records(viewer, kind, asked, action)
        totals[kind] = found.aggregate(**_sums(kind))
        if asked.by is not None and kind in asked.by.keys:
            keyed = found.annotate(slice_key=asked.by.keys[kind]()).values("slice_key")
            for row in keyed.annotate(**_sums(kind)).order_by("slice_key")[: MOST_ROWS + 1]:
                cut.setdefault(_plain_key(asked.by, row["slice_key"]), {})[kind] = row
    names = asked.by.names() if asked.by is not None else {}
    rows = [_row(asked, key, sums, names) for key, sums in _sorted(asked.by, cut)]
    return Table(asked, _row(asked, None, totals), tuple(rows[:MOST_ROWS]), len(rows) > MOST_ROWS)


def _records(viewer: Viewer, kind: str, asked: Asked, action: str) -> QuerySet[Any]:
    """Return the records by the very filters of the lists that the numbers open."""
    params = QueryDict(mutable=True)
    params.update(asked.query())
    return kernel.found(viewer, registry.get(kind), params, action)[1].order_by()


def _sums(kind: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for figure in FIGURES:
        if figure.kind != kind:
            continue
        made[f"{figure.code}_n"] = Count("pk", filter=figure.of())
        if figure.counted is not None:
            made[f"{figure.code}_counted"] = Count("pk", filter=figure.counted())
        elif figure.span is not None:
            made[f"{figure.code}_value"] = _length(figure)
    return made


def _length(figure: Figure) -> Aggregate:
    assert figure.span is not None
    start, end = figure.span
    span = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    if figure.stat == "mean":
        return Avg(span, filter=figure.of())
    return Percentile(span, int(figure.stat.removeprefix("p")) / 100, filter=figure.of())


def _plain_key(by: Slice, key: Any) -> Any:
    return beijing(key).date() if by.span is not None else key


def _sorted(by: Slice | None, cut: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    if by is not None and by.order:
        return sorted(cut.items(), key=lambda item: by.order.index(item[0]) if item[0] in by.order else len(by.order))
    return sorted(cut.items(), key=lambda item: str(item[0]), reverse=by is not None and by.span is not None)


def _row(asked: Asked, key: Any, sums: Mapping[str, Mapping[str, Any]], names: Mapping[Any, str] | None = None) -> Row:
    query, by = asked.query(), asked.by
    name = ""
    if key is not None and by is not None:
        more = by.query(key)
        # A month at the edge of the time asked for holds only the days asked for.
        for edge, pick in (("since", max), ("until", min)):
            if edge in more:
                more[edge] = pick(more[edge], query[edge])
        query = {**query, **more}
        name = (names or {}).get(key) or by.label(key)
    cells = tuple(_cell(figure, sums.get(figure.kind), query, asked, key) for figure in FIGURES)
    return Row(key, name, cells)


def _cell(
    figure: Figure, sums: Mapping[str, Any] | None, query: Mapping[str, str], asked: Asked, key: Any
) -> Cell | None:
    if sums is None:
        if key is not None and asked.by is not None and figure.kind not in asked.by.keys:
            return None
        sums = {}
    n = int(sums.get(f"{figure.code}_n") or 0)
    listed = registry.get(figure.kind)
    url = addresses.of_list(listed, {**query, "figure": f"{figure.code}.of"})
    if figure.counted is None:
        span = sums.get(f"{figure.code}_value")
        return Cell(figure, span.total_seconds() / 60 if span is not None else None, None, n, "", url)
    counted = int(sums.get(f"{figure.code}_counted") or 0)
    value = 100.0 * counted / n if n else None
    counted_url = addresses.of_list(listed, {**query, "figure": f"{figure.code}.counted"})
    return Cell(figure, value, counted, n, counted_url, url)
