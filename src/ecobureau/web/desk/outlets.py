"""The outlet file 一口一档, the station page and the lists that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import parts, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk import monitor
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Station
from ecobureau.words import say

PAGE_SIZE = 50
_ANALYSED = ("21", "22", "23")
"""System codes ST of stations that the analyses of the statistics know: surface water, air, noise."""


def _clue_rows(viewer: Viewer, **about: Any) -> list[dict[str, Any]]:
    flow = registry.get("clue").flow
    return [
        {
            "clue": clue,
            "title": clue_evidence.title(clue),
            "state": say(flow.state(clue.state).name),
            "url": reverse("core:detail", args=["clues", clue.number]),
        }
        for clue in clues.about(viewer, **about)
    ]


def _device_links(stations: Iterable[Station]) -> list[tuple[str, str]]:
    return [(station.name, reverse("desk:devices", args=[station.pk])) for station in stations]


@require_GET
@signed_in
def outlet_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything known about one outlet: values, limits, charts, clues, what its devices told."""
    viewer = viewer_in(request)
    found = sources.outlet_file(viewer, pk)
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="outlet")
    context = monitor.context(
        list(found.stations), found.limits, request.GET.get("range", ""), request.GET.get("factor", "")
    )
    context |= {
        "file": found,
        "title": f"{found.outlet.name} {found.outlet.code}",
        "crumbs": [
            parts.Tab(_("排口"), reverse("desk:outlets")),
            parts.Tab(
                found.enterprise.short_name or found.enterprise.name, reverse("desk:firm", args=[found.enterprise.pk])
            ),
            parts.Tab(found.outlet.code, current=True),
        ],
        "clues": _clue_rows(viewer, outlet_id=pk),
        "device_links": _device_links(found.stations),
        "chain_url": reverse("detection:chain", args=[pk]) if found.outlet.medium in ("air", "water") else "",
    }
    return render(request, "desk/outlet.html", context)


@require_GET
@signed_in
def station_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything known about one station."""
    viewer = viewer_in(request)
    station = sources.station(viewer, pk)
    if station is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="station")
    outlet = sources.outlet_file(viewer, station.outlet_id) if station.outlet_id else None
    limits = outlet.limits if outlet else sources.zone_limits(station.noise_zone, beijing(now()).date())
    context = monitor.context([station], limits, request.GET.get("range", ""), request.GET.get("factor", ""))
    context |= {
        "station": station,
        "file": outlet,
        "title": station.name,
        "crumbs": [parts.Tab(_("站点"), reverse("desk:stations")), parts.Tab(station.code, current=True)],
        "clues": _clue_rows(viewer, station_id=pk),
        "device_links": _device_links([station]),
        "loggers": list(station.loggers.all()),
        "analysis_url": reverse("statistics:analysis_station", args=[pk]) if station.st in _ANALYSED else "",
    }
    return render(request, "desk/outlet.html", context)


@require_GET
@signed_in
def firm_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The enterprise file 一企一档: outlets and open clues."""
    viewer = viewer_in(request)
    firm = sources.enterprise(viewer, pk)
    if firm is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="enterprise")
    outlets = list(firm.outlets.all())
    context = {
        "firm": firm,
        "outlets": outlets,
        "clues": _clue_rows(viewer, outlet_ids=[outlet.pk for outlet in outlets]),
        "crumbs": [parts.Tab(_("企业"), reverse("desk:firms")), parts.Tab(firm.name, current=True)],
    }
    return render(request, "desk/firm.html", context)


_LISTS: dict[str, tuple[Callable[..., Any], str]] = {
    "outlets": (sources.outlets, "desk:outlet"),
    "stations": (sources.stations, "desk:station"),
    "firms": (sources.enterprises, "desk:firm"),
}


@require_GET
@signed_in
def list_page(request: HttpRequest, what: str) -> HttpResponse:
    """A list of outlets, stations or enterprises with search by name, initials or code."""
    viewer = viewer_in(request)
    reader, page_name = _LISTS[what]
    words = request.GET.get("q", "").strip()[:60]
    rows: Any = reader(viewer, words)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    places = sources.district_names(shown)
    context = {
        "what": what,
        "page": page,
        "words": words,
        "rows": [
            {"row": row, "place": places.get(row.org_path, ""), "url": reverse(page_name, args=[row.pk])}
            for row in shown
        ],
    }
    return render(request, "desk/source_list.html", context)
