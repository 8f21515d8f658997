"""One map 一张图: open clues, stations and outlets over the districts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk import wind
from ecobureau.web.places import selectors as places
from ecobureau.web.sources import selectors as sources

MOST_CLUES = 500
BACK_HOURS = 24
"""How far back the time slider goes."""


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


def marks(viewer: Viewer, at: datetime | None = None) -> list[dict[str, Any]]:
    """Return everything with a place that the viewer may see: clues, outlets, and stations that stand alone.

    Args:
        at: the clues that were open at that instant; default: those open now.
    """
    shown = clues.by_place(viewer) if at is None else clues.open_at(viewer, at)
    made = _clue_marks(shown.order_by("-risk")[:MOST_CLUES])
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
    return render(request, "desk/map.html", {"rows": rows, "title": _("一张图"), "back_hours": BACK_HOURS})


@require_GET
@signed_in
def marks_view(request: HttpRequest) -> JsonResponse:
    """The marks and the wind as GeoJSON; `at` (ISO 8601, within BACK_HOURS) as they were then."""
    viewer, at = viewer_in(request), _instant(request.GET.get("at", ""))
    made = marks(viewer, at)
    air, note = wind.arrows(viewer, at)
    present = {feature["properties"]["kind"] for feature in made}
    layers: list[dict[str, str]] = [{"kind": kind} for kind in ("clue", "outlet", "station") if kind in present]
    if note:
        layers.append({"kind": "wind", "note": note})
    return JsonResponse({"type": "FeatureCollection", "features": [*made, *air], "layers": layers})


def _instant(text: str) -> datetime | None:
    """Return the instant of an address, None for the present.

    Raises:
        Refused: no instant with its zone, in the future, or longer ago than the slider goes.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    age = now() - at if at is not None and at.tzinfo is not None else None
    if at is None or age is None or not timedelta(0) <= age <= timedelta(hours=BACK_HOURS + 1):
        refuse(Refusal("desk.map.at", {"given": text[:40], "hours": BACK_HOURS}), what="map")
    return at


@require_GET
@signed_in
def base_view(request: HttpRequest) -> JsonResponse:
    """The districts as GeoJSON."""
    return JsonResponse(base(), headers={"Cache-Control": "private, max-age=300"})
