"""One map 一张图: open clues, stations and outlets over the districts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, now
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.places import selectors as places
from ecobureau.web.sources import selectors as sources

MOST_CLUES = 500


def _feature(kind: str, lon: float, lat: float, **facts: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
        "properties": {"kind": kind, **facts},
    }


def _clue_marks(found: Iterable[Clue]) -> list[dict[str, Any]]:
    return [
        _feature(
            "clue",
            clue.lon,
            clue.lat,
            id=f"clue:{clue.pk}",
            level=clue.level,
            name=clue_evidence.title(clue),
            url=reverse("core:detail", args=["clues", clue.number]),
            panel=reverse("core:card", args=["clues", clue.number]),
        )
        for clue in found
        if clue.lon is not None and clue.lat is not None
    ]


def marks(viewer: Viewer) -> list[dict[str, Any]]:
    """Return everything with a place that the viewer may see: clues, outlets, and stations that stand alone."""
    made = _clue_marks(clues.by_place(viewer).order_by("-risk")[:MOST_CLUES])
    for outlet in sources.outlets(viewer).filter(lon__isnull=False, active=True):
        made.append(
            _feature(
                "outlet",
                outlet.lon or 0.0,
                outlet.lat or 0.0,
                id=f"outlet:{outlet.pk}",
                name=outlet.name,
                url=reverse("desk:outlet", args=[outlet.pk]),
            )
        )
    for station in sources.stations(viewer).filter(lon__isnull=False, active=True, outlet__isnull=True):
        made.append(
            _feature(
                "station",
                station.lon or 0.0,
                station.lat or 0.0,
                id=f"station:{station.pk}",
                name=station.name,
                url=reverse("desk:station", args=[station.pk]),
            )
        )
    return made


def base() -> dict[str, Any]:
    """Return the outlines of the districts on today's tree."""
    outlines = places.outlines(beijing(now()).date())
    for feature in outlines["features"]:
        feature["properties"]["kind"] = "district"
    return outlines


@require_GET
@signed_in
def map_page(request: HttpRequest) -> HttpResponse:
    """The map with its list of open clues."""
    viewer = viewer_in(request)
    request.live_topics = ["list:clue", "feed"]  # type: ignore[attr-defined]
    found = list(clues.by_place(viewer).order_by("-risk")[:50])
    rows = [
        {
            "clue": clue,
            "title": clue_evidence.title(clue),
            "subject": clue_evidence.subject_name(clue),
            "url": reverse("core:detail", args=["clues", clue.number]),
        }
        for clue in found
    ]
    return render(request, "desk/map.html", {"rows": rows, "title": _("一张图")})


@require_GET
@signed_in
def marks_view(request: HttpRequest) -> JsonResponse:
    """The marks as GeoJSON."""
    return JsonResponse({"type": "FeatureCollection", "features": marks(viewer_in(request))})


@require_GET
@signed_in
def base_view(request: HttpRequest) -> JsonResponse:
    """The districts as GeoJSON."""
    return JsonResponse(base(), headers={"Cache-Control": "private, max-age=300"})
