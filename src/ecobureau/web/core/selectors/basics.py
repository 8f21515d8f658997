"""Getting at records: one by number, all within a scope, and their clocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, clocks, parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Clock, Record
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.registry import Kind


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
