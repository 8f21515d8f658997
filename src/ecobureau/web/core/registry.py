"""The kinds of record this program knows. An app registers its kind once, when Django starts (`AppConfig.ready`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from ecobureau.domain.workflow import Flow, Paper, checked
from ecobureau.web.core.access import DEFAULT_ACCESS, AccessTable, Viewer
from ecobureau.web.core.models import Clock, Record


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list, the export and the API.

    Attributes:
        key: name in addresses and API; name: Chinese source text of its head.
        value: record → plain value (text, number, datetime, None); default: the attribute `key`.
        sort: field names it sorts by; empty = not sortable.
        shown: in the list by default; export and API hold every column.
    """

    key: str
    name: str
    value: Callable[[Any], Any] | None = None
    sort: tuple[str, ...] = ()
    shown: bool = True

    def of(self, record: Any) -> Any:
        """Return the record's value."""
        return self.value(record) if self.value else getattr(record, self.key)


@dataclass(frozen=True, slots=True)
class Statistic:
    """A number on the kind's statistics page; it opens the list with `query`.

    Attributes:
        key: stable name; name: Chinese source text; query: filters of the list, for example `{"state": "new"}`.
        definition: Chinese source text of what is counted.
    """

    key: str
    name: str
    query: Mapping[str, str]
    definition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of record: everything the kernel's pages, API and services need to know of it.

    Attributes:
        code: stable name; plural: first part of its addresses (`/<plural>/<number>/`); prefix: of its numbers.
        name, name_plural: Chinese source texts.
        access: who may do what (see `access.DEFAULT_ACCESS`).
        papers: kinds of attachment it takes.
        verbs: verb → the app's service function `(record, actor, **act)`; others go to `services.perform`.
        forms: verb → Django form whose cleaned data goes to the service as keyword arguments; `create` for new ones.
        pages: verb → name of the page that does it in place of the kernel's form (takes the number).
        create: the app's service function for new records (`(actor, **cleaned)`); None = no page to make one.
        imports: fields of the `create` form that a CSV or XLSX file may fill; empty = no import.
        columns: further columns behind the common ones; columns_only: in place of them.
        filters: a `django_filters.FilterSet` in place of the kernel's own.
        related: field names for select_related in lists.
        detail: (viewer, record) → further template context of the detail page.
        tell: the data of a history entry → what the timeline says of them beyond verb, reason and note ('' = nothing).
        templates: `list`, `detail`, `board`, `form` → template names in place of the kernel's.
        statistics: numbers beside those by state and level, which every kind has.
        bulk: verbs that may be done to several records of the list at once.
        undo: bulk verb → the verb that takes it back; offered for a while after it was done.
        on_clock: called when a warn point fires: (record, clock, percent, tell). Runs in the tick's transaction.
        live_of: further live topics for a change of this record.
    """

    code: str
    plural: str
    prefix: str
    name: str
    name_plural: str
    model: type[Record]
    flow: Flow
    access: AccessTable = field(default_factory=lambda: DEFAULT_ACCESS)
    papers: tuple[Paper, ...] = ()
    verbs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    forms: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    create: Callable[..., Any] | None = None
    imports: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    columns_only: tuple[Column, ...] = ()
    filters: Any = None
    related: tuple[str, ...] = ()
    detail: Callable[[Viewer, Any], Mapping[str, Any]] | None = None
    tell: Callable[[Mapping[str, Any]], str] | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    statistics: tuple[Statistic, ...] = ()
    bulk: tuple[str, ...] = ()
    undo: Mapping[str, str] = field(default_factory=dict)
    on_clock: Callable[[Any, Clock, int, str], None] | None = None
    live_of: Callable[[Any], Sequence[str]] | None = None

    def records(self) -> QuerySet[Any]:
        """Return the queryset of all records of this kind, for the kernel's services and selectors alone."""
        return self.model._default_manager.all()


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known.

    Raises:
        BadFlow: its flow contradicts itself.
        ValueError: another kind has its code, plural or prefix, or model and flow carry other codes.
    """
    checked(kind.flow)
    if kind.code != kind.model.KIND or kind.flow.kind != kind.code:
        raise ValueError(f"kind {kind.code!r}: model says {kind.model.KIND!r}, flow says {kind.flow.kind!r}")
    if kind.imports and kind.create is None:
        raise ValueError(f"kind {kind.code!r}: it takes files but has no create service")
    for other in _kinds.values():
        if other.code != kind.code and (other.plural == kind.plural or other.prefix == kind.prefix):
            raise ValueError(f"kind {kind.code!r}: plural or prefix is taken by {other.code!r}")
    for verb in (
        *kind.verbs,
        *kind.bulk,
        *kind.undo,
        *kind.undo.values(),
        *kind.pages,
        *(verb for verb in kind.forms if verb != "create"),
    ):
        if verb not in kind.flow.verbs():
            raise ValueError(f"kind {kind.code!r}: {verb!r} is no verb of its flow")
    _kinds[kind.code] = kind
    return kind


def extend(code: str, verb: str, *, service: Callable[..., Any], form: Any, page: str) -> Kind:
    """Let a higher app do a verb of a kind that stands below it: its service and form (API), and its page.

    Raises:
        KeyError: no such kind. ValueError: the flow has no such verb.
    """
    kind = get(code)
    return register(
        replace(
            kind,
            verbs={**kind.verbs, verb: service},
            forms={**kind.forms, verb: form},
            pages={**kind.pages, verb: page},
        )
    )


def unregister(code: str) -> None:
    """Forget a kind (for tests)."""
    _kinds.pop(code, None)


def get(code: str) -> Kind:
    """Return the kind of that code.

    Raises:
        KeyError: it is not registered.
    """
    return _kinds[code]


def by_plural(plural: str) -> Kind | None:
    """Return the kind whose addresses begin with `/<plural>/`."""
    return next((kind for kind in _kinds.values() if kind.plural == plural), None)


def kind_of(model: type[Record]) -> Kind:
    """Return the kind of a model."""
    return _kinds[model.KIND]


def kinds() -> Iterator[Kind]:
    """Yield every registered kind, in order of registration."""
    yield from _kinds.values()
