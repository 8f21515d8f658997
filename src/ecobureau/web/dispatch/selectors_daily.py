"""What the daily list reads."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from ecobureau.clock import BEIJING
from ecobureau.web.core import access, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import ClockFired

KINDS = ("task", "help", "supervision", "clue")
CENTRE = "city_centre"
"""Whom the last warn point of a clock tells."""


def of_day(viewer: Viewer, day: date, action: str = "view") -> list[tuple[ClockFired, Any]]:
    """Return the warn points of a day that went to the city centre, with the record of each, in their order.

    Args:
        viewer: gets those of records on which they may do `action`. day: in Asia/Shanghai; it begins at midnight.
    """
    begin = datetime.combine(day, time(), BEIJING)
    points = list(
        ClockFired.objects.filter(tell=CENTRE, at__gte=begin, at__lt=begin + timedelta(days=1), clock__kind__in=KINDS)
        .select_related("clock")
        .order_by("at", "pk")
    )
    records: dict[tuple[str, int], Any] = {}
    for code in {point.clock.kind for point in points}:
        kind = registry.get(code)
        wanted = [point.clock.object_id for point in points if point.clock.kind == code]
        seen = access.scope(viewer, action, kind.records().select_related(*kind.related)).filter(pk__in=wanted)
        records |= {(code, record.pk): record for record in seen}
    found = [(point, records.get((point.clock.kind, point.clock.object_id))) for point in points]
    return [(point, record) for point, record in found if record is not None]
