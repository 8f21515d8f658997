"""Which points count towards their places, and on which river a section lies. Earlier days are computed anew."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics.models import Medium, PointChange, Series
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.rights import SETS, must, reaches, refused
from ecobureau.web.statistics.services_data import ALWAYS, change_point, places_above, put_series, soil_places


@transaction.atomic
def set_assessed(
    viewer: Viewer, series_id: int, *, assessed: bool, reason: str, since: date | None = None
) -> PointChange:
    """Let a point count, or not, towards its places since a day; None: since ever. Places are computed anew.

    Raises:
        Refused: `core.no_access`, `statistics.point.reason`, `statistics.point.kind`, `statistics.point.same`.
    """
    series = Series.objects.select_for_update(of=("self",)).select_related("parent").get(pk=series_id)
    must(viewer, series.org_path, SETS)
    if series.kind != Series.Kind.POINT or series.parent is None:
        refused(viewer, series.code, "statistics.point.kind")
    if not reason.strip():
        refused(viewer, series.code, "statistics.point.reason")
    begins = since or ALWAYS
    last = PointChange.objects.filter(series=series).order_by("pk").last()
    if (last is None and series.assessed == assessed) or (
        last is not None and (last.since, last.assessed) == (begins, assessed)
    ):
        refused(viewer, series.code, "statistics.point.same")
    made = change_point(
        series, assessed=assessed, since=begins, reason=reason.strip(), by=viewer.id, before=series.assessed
    )
    members = Membership(places_above(series))
    series.assessed = members.counts(series.pk, beijing(now()).date())
    series.save(update_fields=["assessed"])
    audit.write(
        viewer,
        "statistics.point.assessed",
        kind="statistics_series",
        object_id=series.pk,
        assessed=assessed,
        since=begins.isoformat(),
        reason=reason.strip(),
    )
    return made


@transaction.atomic
def set_section(viewer: Viewer, series_id: int, *, river: str, body: str, basin: str | None = None) -> Series:
    """Say on which river or lake a section lies and by which limits it is judged; its figures are computed anew.

    Args:
        river: name of the river or lake, made if it is new; empty: none.
        basin: name of the basin that the river belongs to, made if it is new; empty: none; None: as it is.
        body: `river` or `lake`, whose limits hold.

    Raises:
        Refused: `core.no_access`, `statistics.point.kind`, `statistics.point.body`.
    """
    series = Series.objects.select_for_update(of=("self",)).select_related("parent").get(pk=series_id)
    must(viewer, series.org_path, SETS)
    if series.kind != Series.Kind.POINT or series.medium != Medium.WATER:
        refused(viewer, series.code, "statistics.point.kind")
    if body not in ("river", "lake"):
        refused(viewer, series.code, "statistics.point.body")
    before, old_body = places_above(series), series.body
    name = river.strip()[:120]
    series.river = _river(series, name, basin) if name else None
    series.body = body
    series.save(update_fields=["river", "body"])
    touched = before | places_above(series)
    if old_body != body:
        soil_places({series.pk, *touched}, series, ALWAYS, reason=f"{old_body} → {body}")
    elif before != places_above(series):
        soil_places(before ^ places_above(series), series, ALWAYS, reason=name)
    audit.write(
        viewer, "statistics.point.section", kind="statistics_series", object_id=series.pk, river=name, body=body
    )
    return series


def _river(series: Series, name: str, basin: str | None = None) -> Series:
    """Return the river of a name within the city of a section; its basin is set too unless it is None.

    A river that moves to another basin takes the days of all its sections along.
    """
    city = "/".join(series.org_path.split("/")[:2]) + "/"
    code = f"{city}:{name}"[:60]
    old = Series.objects.filter(medium=Medium.WATER, code=code).first()
    above = old.parent if old is not None else None
    if basin is not None:
        above = _river(series, basin.strip()[:120]) if basin.strip() and basin.strip() != name else None
    if old is not None and old.parent_id == (above.pk if above is not None else None):
        return old
    made = put_series(medium=Medium.WATER, kind=Series.Kind.RIVER, code=code, name=name, org_path=city, parent=above)
    moved = {one.pk for one in (above, old.parent if old is not None else None) if one is not None}
    for section in Series.objects.filter(river=made):
        soil_places(moved, section, ALWAYS, reason=name)
    return made


def may_set(viewer: Viewer, series: Series) -> bool:
    """Say whether the viewer may set whether a point counts."""
    return reaches(viewer, series.org_path, SETS)
