"""What people see of points that count, and of excluded days."""

from __future__ import annotations

from datetime import date

from django.db.models import Max, Min, Q, QuerySet

from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import visible
from ecobureau.web.statistics.models import Day, DayMark, EmissionSummary, PointChange, Series


def points(viewer: Viewer, medium: str) -> QuerySet[Series]:
    """Return the viewer's points of a medium with the place they count towards."""
    rows = Series.objects.filter(visible(viewer), medium=medium, kind=Series.Kind.POINT)
    return rows.select_related("parent", "river").order_by("parent__name", "name")


def point(viewer: Viewer, series_id: int) -> Series | None:
    """Return a point of whichever medium, None when there is none or the viewer may not see it."""
    rows = Series.objects.filter(visible(viewer), kind=Series.Kind.POINT, pk=series_id)
    return rows.select_related("parent", "river__parent").first()


def changes(series_id: int) -> list[PointChange]:
    """Return when a point began or ceased to count, newest first."""
    return list(PointChange.objects.filter(series=series_id).select_related("by").order_by("-pk")[:50])


def reach(series_id: int) -> tuple[date | None, date | None]:
    """Return the first and last day that a point has figures for."""
    found = Day.objects.filter(series=series_id).aggregate(first=Min("day"), last=Max("day"))
    if found["first"] is None:
        of_outlet = EmissionSummary.objects.filter(series=series_id, span="day")
        found = of_outlet.aggregate(first=Min("start"), last=Max("start"))
    return found["first"], found["last"]


def marks(viewer: Viewer) -> QuerySet[DayMark]:
    """Return the excluded days that bear on the viewer's places, newest first.

    Those of a place above bear on it too: the city's dust days are the district's.
    """
    paths = list(Series.objects.filter(visible(viewer)).values_list("org_path", flat=True).distinct())
    above = {path[: at + 1] for path in paths for at, letter in enumerate(path) if letter == "/" and at}
    rows = DayMark.objects.filter(Q(org_path__in=above) | visible(viewer))
    return rows.select_related("proposed_by", "decided_by", "withdrawn_by")


def mark(viewer: Viewer, mark_id: int) -> DayMark | None:
    """Return excluded days that the viewer may see."""
    return marks(viewer).filter(pk=mark_id).first()


def places(viewer: Viewer) -> list[Series]:
    """Return the places of air that the viewer sees."""
    return list(Series.objects.filter(visible(viewer), medium="air", kind=Series.Kind.PLACE).order_by("org_path"))
