"""What hangs on several records at once: records bound to them, their files; and what the audit says of a thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from ecobureau.web.core import access, addresses, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Attachment, Audit, Link, Record
from ecobureau.web.core.registry import Kind

Ids = Mapping[str, Collection[int]]


@dataclass(frozen=True, slots=True)
class Bound:
    """A record that is bound to one of several, as the viewer may see it."""

    kind: Kind
    record: Record
    url: str


def _any_of(kind_field: str, id_field: str, ids: Ids) -> Q:
    wanted = Q(pk__in=())
    for kind, some in ids.items():
        if some:
            wanted |= Q(**{kind_field: kind, f"{id_field}__in": list(some)})
    return wanted


def bound_to(viewer: Viewer, ids: Ids, most: int = 100) -> list[Bound]:
    """Return the records of other kinds that are bound to any of these (kind → ids), newest first.

    One question for the links and one for each kind found.
    """
    rows = Link.objects.filter(_any_of("from_kind", "from_id", ids) | _any_of("to_kind", "to_id", ids))
    found: dict[str, set[int]] = {}
    for row in rows.order_by("-at")[: most * 2]:
        for kind, pk in ((row.from_kind, row.from_id), (row.to_kind, row.to_id)):
            if kind not in ids:
                found.setdefault(kind, set()).add(pk)
    made: list[Bound] = []
    for kind_code, pks in found.items():
        its = registry.get(kind_code)
        records = access.scope(viewer, "view", its.records().filter(pk__in=pks)).select_related(*its.related)
        made += [Bound(its, record, addresses.of(record)) for record in records]
    return sorted(made, key=lambda each: each.record.created_at, reverse=True)[:most]


def files_of(ids: Ids, most: int = 60) -> list[Attachment]:
    """Return the newest files of records (kind → ids) that the caller may see."""
    wanted = _any_of("kind", "object_id", ids)
    return list(Attachment.objects.filter(wanted, withdrawn_at=None).order_by("-received_at", "-pk")[:most])


def changes_of(kind: str, object_id: int, most: int = 60) -> list[Audit]:
    """Return what the audit holds of changes to a thing of the registry, newest first: looks and exports left out."""
    wanted: Any = Q(what__startswith="registry.") | Q(what__startswith="code.")
    return list(Audit.objects.filter(wanted, kind=kind, object_id=object_id).order_by("-pk")[:most])
