"""Targets of a year (目标任务): entered with their source by a person with the right; every change is audited."""

from __future__ import annotations

import math

from django.db import transaction

from ecobureau.clock import now
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import places_of
from ecobureau.web.statistics.models import Medium, Series, Target
from ecobureau.web.statistics.rights import SETS, must, reaches, refused

RANGES = {
    Target.Kind.GOOD_RATE: (0.0, 100.0),
    Target.Kind.HEAVY_DAYS: (0.0, 366.0),
    Target.Kind.PM25_MEAN: (1.0, 1000.0),
    Target.Kind.O3_P90: (1.0, 1000.0),
    Target.Kind.WATER_CLASS: (1.0, 5.0),
    Target.Kind.WATER_GOOD: (0.0, 100.0),
}
"""Values that a target of each kind can have; a class stands as its number."""

WHOLE = {Target.Kind.HEAVY_DAYS, Target.Kind.WATER_CLASS}


def kinds_of(series: Series) -> list[str]:
    """Return the kinds of target that a series can have."""
    if series.medium == Medium.AIR:
        return [Target.Kind.GOOD_RATE, Target.Kind.HEAVY_DAYS, Target.Kind.PM25_MEAN, Target.Kind.O3_P90]
    if series.medium != Medium.WATER:
        return []
    return [Target.Kind.WATER_CLASS if series.kind == Series.Kind.POINT else Target.Kind.WATER_GOOD]


@transaction.atomic
def put_target(viewer: Viewer, series_id: int, *, year: int, kind: str, value: float, source: str) -> Target:
    """Enter or change what a series is to reach in a year.

    Args:
        value: in the unit of the kind; a water class as 1 … 5.
        source: the paper that sets it.

    Raises:
        Refused: `core.no_access`, `statistics.target.kind`, `statistics.target.value`, `statistics.target.source`,
            `statistics.target.year`.
    """
    series = Series.objects.get(pk=series_id)
    must(viewer, series.org_path, SETS)
    if kind not in kinds_of(series):
        refused(viewer, series.code, "statistics.target.kind")
    low, high = RANGES[Target.Kind(kind)]
    if not math.isfinite(value) or not low <= value <= high or (kind in WHOLE and value != int(value)):
        refused(viewer, series.code, "statistics.target.value")
    if not source.strip():
        refused(viewer, series.code, "statistics.target.source")
    if not 2000 <= year <= 2100:
        refused(viewer, series.code, "statistics.target.year")
    old = Target.objects.select_for_update().filter(series=series, year=year, kind=kind).first()
    fields = {"value": value, "source": source.strip()[:200], "entered_by_id": viewer.id, "entered_at": now()}
    if old is None:
        made = Target.objects.create(series=series, year=year, kind=kind, **fields)
    else:
        made = old
        before = {"value": old.value, "source": old.source}
        for name, one in fields.items():
            setattr(made, name, one)
        made.revision += 1
        made.save()
    audit.write(
        viewer,
        "statistics.target.put",
        kind="statistics_target",
        object_id=made.pk,
        series=series.code,
        year=year,
        target=kind,
        value=value,
        source=made.source,
        before=None if old is None else before,
    )
    return made


@transaction.atomic
def drop_target(viewer: Viewer, target_id: int, *, reason: str) -> None:
    """Take a target back; what it was stays in the audit.

    Raises:
        Refused: `core.no_access`, `statistics.target.reason`.
    """
    target = Target.objects.select_for_update(of=("self",)).select_related("series").get(pk=target_id)
    must(viewer, target.series.org_path, SETS)
    if not reason.strip():
        refused(viewer, target.series.code, "statistics.target.reason")
    audit.write(
        viewer,
        "statistics.target.drop",
        kind="statistics_target",
        object_id=target.pk,
        series=target.series.code,
        year=target.year,
        target=target.kind,
        value=target.value,
        source=target.source,
        reason=reason.strip(),
    )
    target.delete()


def may_set_target(viewer: Viewer, series: Series) -> bool:
    """Say whether the viewer may enter targets of a series."""
    return reaches(viewer, series.org_path, SETS)


def settable_places(viewer: Viewer) -> tuple[str, ...]:
    """Return the paths below which the viewer may enter targets."""
    return places_of(viewer, SETS) if viewer.user_id is not None else ()
