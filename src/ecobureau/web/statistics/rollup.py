"""From hours to days, months, quarters and years: only what is dirty, by the functions of the domain.

`drain` is run by the worker. It takes what late, revised or reviewed hours left behind and computes it anew; no two
workers do so at once. A day's figure that changes is kept as a revision with its cause.
"""

from __future__ import annotations

from django.db import connection, transaction

from ecobureau.web.statistics import rollup_air, rollup_noise, rollup_water
from ecobureau.web.statistics.emission import rollup as rollup_emission
from ecobureau.web.statistics.models import Dirty, Medium, Series
from ecobureau.web.statistics.rollup_days import Causes, Key, hours_of
from ecobureau.web.statistics.services_data import places_above

__all__ = ["BATCH", "compute", "drain", "hours_of"]

BATCH = 4_000
"""Dirty days in one transaction."""
_LOCK = 7_203_301
_ROOMS = (
    (Medium.AIR, rollup_air),
    (Medium.WATER, rollup_water),
    (Medium.NOISE, rollup_noise),
    (Medium.EMISSION, rollup_emission),
)


def drain() -> int:
    """Compute a batch of what is dirty.

    Returns:
        How many dirty rows were taken; 0 when there are none or another worker is at it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            row = cursor.fetchone()
        if not row or not row[0]:
            return 0
        dirty = list(Dirty.objects.order_by("pk")[:BATCH])
        if not dirty:
            return 0
        causes = {(one.series_id, one.day): (one.cause, one.reason) for one in dirty}
        compute(causes)
        Dirty.objects.filter(pk__in=[one.pk for one in dirty]).delete()
    return len(dirty)


def compute(causes: Causes) -> None:
    """Compute the figures of days, and all longer ones that they lie in.

    Args:
        causes: (series, day) to cause and reason of the revision, should a figure change.
    """
    known = Series.objects.select_related("parent__parent__parent", "river__parent").in_bulk(
        {series for series, _ in causes}
    )
    for medium, room in _ROOMS:
        keys = [key for key in causes if key[0] in known and known[key[0]].medium == medium]
        if keys:
            room.compute(keys, _places_of(keys, known, causes), causes)


def _places_of(keys: list[Key], known: dict[int, Series], causes: Causes) -> Causes:
    """Return the enterprises, places, rivers and basins whose days these are or count towards."""
    places: dict[Key, tuple[str, str]] = {}
    for series, day in keys:
        one = known[series]
        above = places_above(one) if one.kind == Series.Kind.POINT else {one.pk}
        places |= {(place, day): causes[series, day] for place in above}
    return places
