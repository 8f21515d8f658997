"""What the statistics ask of the registry: stations without a series, and the places a path lies in."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from ecobureau.web.places.models import Level, Organisation
from ecobureau.web.sources.models import Station

MEDIA = {"22": "air", "21": "water", "23": "noise"}
"""Medium by the system code ST of stations of ambient air, surface water and the sound environment (HJ 212)."""


def stations_without_series() -> QuerySet[Station]:
    """Return the active stations of air, surface water and noise that no series follows yet."""
    return Station.objects.filter(st__in=MEDIA, active=True, statistics_series__isnull=True).order_by("pk")


def zones_of(station_ids: Iterable[int]) -> dict[int, str]:
    """Return the functional zones (GB 3096) that the registry gives stations."""
    return dict(Station.objects.filter(pk__in=list(station_ids)).values_list("pk", "noise_zone"))


def places_above(org_path: str) -> list[Organisation]:
    """Return the city and the district that a path lies in, the city first; fewer where there are fewer."""
    steps = [step for step in org_path.split("/") if step]
    paths = ["/" + "/".join(steps[:count]) + "/" for count in range(1, len(steps) + 1)]
    found = Organisation.objects.filter(path__in=paths, level__in=(Level.CITY, Level.DISTRICT), active=True)
    return sorted(found, key=lambda unit: len(unit.path))
