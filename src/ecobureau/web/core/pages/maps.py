"""The map of a kind: the records of its list that have a place, under the same filters and through the same door."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, now
from ecobureau.web.core import addresses, basemap, selectors
from ecobureau.web.core.pages.common import kind_at, signed_in, template, viewer_in
from ecobureau.web.core.pages.lists import chips, tabs
from ecobureau.words import say


@require_GET
@signed_in
def map_page(request: HttpRequest, plural: str) -> HttpResponse:
    """The map with its filters; the list inside it says the same in words."""
    kind, viewer = kind_at(plural), viewer_in(request)
    shown = selectors.on_map(viewer, kind, request.GET)
    request.live_topics = [f"list:{kind.code}"]  # type: ignore[attr-defined]
    query = request.GET.urlencode()
    context: dict[str, Any] = {
        "kind": kind,
        "name": say(kind.name_plural),
        "page": SimpleNamespace(filters=shown.filters, sort=""),
        "shown": shown,
        "rows": [
            {"record": record, "url": addresses.of(record), "state": say(kind.flow.state(record.state).name)}
            for record in shown.records
        ],
        "chips": chips(shown.filters, request.GET),
        "tabs": tabs(kind, request, "map"),
        "marks_url": reverse("core:marks", args=[plural]) + (f"?{query}" if query else ""),
    }
    return render(request, template(kind, "map"), context)


@require_GET
@signed_in
def marks_view(request: HttpRequest, plural: str) -> JsonResponse:
    """The records on the map as GeoJSON; a mark carries the shape, colour and character of its level."""
    kind = kind_at(plural)
    shown = selectors.on_map(viewer_in(request), kind, request.GET)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(record.lon, 6), round(record.lat, 6)]},
            "properties": {
                "kind": "clue",
                "id": f"{kind.code}:{record.pk}",
                "level": record.level,
                "name": record.heading,
                "url": addresses.of(record),
                "panel": reverse("core:card", args=[plural, record.number]),
            },
        }
        for record in shown.records
    ]
    layers = [{"kind": "clue", "words": say(kind.name_plural)}] if features else []
    return JsonResponse({"type": "FeatureCollection", "features": features, "layers": layers})


@require_GET
@signed_in
def card_view(request: HttpRequest, plural: str, number: str) -> HttpResponse:
    """What the panel beside the map shows of a record."""
    kind, viewer = kind_at(plural), viewer_in(request)
    record = selectors.get(viewer, kind, number)
    context = {
        "record": record,
        "url": addresses.of(record),
        "state": say(kind.flow.state(record.state).name),
        "clocks": selectors.clock_badges(kind, [record]).get(record.pk, []),
    }
    return render(request, "core/_map_card.html", context)


@require_GET
@signed_in
def base_view(request: HttpRequest) -> JsonResponse:
    """The base map."""
    return JsonResponse(basemap.outlines(beijing(now()).date()), headers={"Cache-Control": "private, max-age=300"})
