"""已在看: who else has a record open. A page beats while it is visible; without a beat its reader is gone.

Only names are told, only to people who may see the record themselves, and nothing of it is kept: the rows are deleted
when the reader leaves or falls silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection

from ecobureau.clock import now
from ecobureau.web.core import live, people, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Presence, Record

BEAT_S = 20
"""Seconds between two beats of a page."""
GONE_AFTER = timedelta(seconds=50)
SWEEP_S = 10.0

_BEAT = """
insert into core_presence (kind, object_id, user_id, seen_at) values (%s, %s, %s, %s)
on conflict (kind, object_id, user_id) do update set seen_at = excluded.seen_at
returning (xmax = 0)
"""


def beat(viewer: Viewer, record: Record) -> list[str]:
    """Note that the viewer has the record open; returns who else has. The caller has asked the door.

    Colleagues are told when somebody comes, not at every beat.
    """
    if viewer.user_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [record.KIND, record.pk, viewer.user_id, now()])
        (new,) = cursor.fetchone()
    if new:
        _tell([record])
    return list(readers(viewer, record.KIND, [record.pk]).get(record.pk, ()))


def leave(viewer: Viewer, record: Record) -> None:
    """Note that the viewer has closed it."""
    gone, _ = Presence.objects.filter(kind=record.KIND, object_id=record.pk, user_id=viewer.id).delete()
    if gone:
        _tell([record])


def readers(viewer: Viewer, kind: str, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return who else has records open, by id. The caller has asked the door."""
    rows = list(
        Presence.objects.filter(kind=kind, object_id__in=list(ids), seen_at__gt=now() - GONE_AFTER)
        .exclude(user_id=viewer.id)
        .order_by("user_id")
        .values_list("object_id", "user_id")
    )
    names = people.names(user for _record, user in rows) if rows else {}
    found: dict[int, tuple[str, ...]] = {}
    for record, user in rows:
        found[record] = (*found.get(record, ()), names.get(user, ""))
    return found


def opened(viewer: Viewer, kind: str) -> frozenset[int]:
    """Return the ids of the records of a kind that the viewer has open."""
    rows = Presence.objects.filter(kind=kind, user_id=viewer.id, seen_at__gt=now() - GONE_AFTER)
    return frozenset(rows.values_list("object_id", flat=True))


def sweep(at: datetime) -> bool:
    """Forget those who have fallen silent, and tell their colleagues. Returns False: there is no hurry."""
    silent = list(Presence.objects.filter(seen_at__lte=at - GONE_AFTER).values_list("pk", "kind", "object_id")[:500])
    if silent:
        Presence.objects.filter(pk__in=[pk for pk, _kind, _id in silent], seen_at__lte=at - GONE_AFTER).delete()
        for kind in {kind for _pk, kind, _id in silent}:
            ids = {id_ for _pk, its, id_ in silent if its == kind}
            _tell(registry.get(kind).records().filter(pk__in=ids))
    return False


def _tell(records: Iterable[Record]) -> None:
    for record in records:
        live.publish(f"presence:{record.KIND}:{record.pk}", record.KIND, record.pk)
        live.publish(f"list:{record.KIND}", record.KIND, record.pk, record.grid or record.org_path)
