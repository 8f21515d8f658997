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
from ecobureau.web.core import parts
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk import files, monitor
from ecobureau.web.outfalls import selectors as outfalls
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Station
from ecobureau.web.statistics.emission import selectors as emission

PAGE_SIZE = 50
_ANALYSED = ("21", "22", "23")
"""System codes ST of stations that the analyses of the statistics know: surface water, air, noise."""


def _statistics(pk: int | None) -> str:
    """Return the address of the emission statistics of an outlet or enterprise, empty where there are none."""
    return reverse("statistics:emission_series", args=[pk]) if pk is not None else ""


def _device_links(stations: Iterable[Station]) -> list[tuple[str, str]]:
    return [(station.name, reverse("desk:devices", args=[station.pk])) for station in stations]


def _data(request: HttpRequest, stations: list[Station], limits: Any, present: str) -> dict[str, Any]:
    """Return the data side of a file: values and chart where they show, whether the devices speak everywhere."""
    if present in ("", "all", "upkeep"):
        return monitor.context(stations, limits, request.GET.get("range", ""), request.GET.get("factor", ""))
    return {"device": monitor.state_of([station.pk for station in stations], now())}


@require_GET
@signed_in
def outlet_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything known about one outlet: values, limits, charts, clues, what its devices told."""
    viewer = viewer_in(request)
    found = sources.outlet_file(viewer, pk)
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="outlet")
    present = files.tab_of("outlet", request.GET.get("tab", ""))
    context = files.context(viewer, "outlet", found.outlet, present, stations=found.stations)
    context |= _data(request, list(found.stations), found.limits, present)
    context |= {
        "what": "outlet",
        "file": found,
        "instruments": found.instruments,
        "title": f"{found.outlet.name} {found.outlet.code}",
        "crumbs": [
            parts.Tab(_("排口"), reverse("desk:outlets")),
            parts.Tab(
                found.enterprise.short_name or found.enterprise.name, reverse("desk:firm", args=[found.enterprise.pk])
            ),
            parts.Tab(found.outlet.code, current=True),
        ],
        "outfalls": outfalls.of_outlet(viewer, pk),
        "device_links": _device_links(found.stations),
        "chain_url": reverse("detection:chain", args=[pk]) if found.outlet.medium in ("air", "water") else "",
        "statistics_url": _statistics(emission.of_outlet(pk)),
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
    statistics_url = _statistics(emission.of_outlet(station.outlet_id)) if station.outlet_id else ""
    present = files.tab_of("station", request.GET.get("tab", ""))
    context = files.context(viewer, "station", station, present, stations=[station])
    context |= _data(request, [station], limits, present)
    context |= {
        "what": "station",
        "station": station,
        "instruments": list(station.instruments.select_related("factor").order_by("factor_id", "-valid_from")),
        "file": outlet,
        "title": station.name,
        "crumbs": [parts.Tab(_("站点"), reverse("desk:stations")), parts.Tab(station.code, current=True)],
        "device_links": _device_links([station]),
        "loggers": list(station.loggers.all()),
        "analysis_url": reverse("statistics:analysis_station", args=[pk])
        if station.st in _ANALYSED or statistics_url
        else "",
        "statistics_url": statistics_url,
    }
    return render(request, "desk/outlet.html", context)


@require_GET
@signed_in
def firm_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The enterprise file 一企一档: everything known of it, tab by tab."""
    viewer = viewer_in(request)
    firm = sources.enterprise(viewer, pk)
    if firm is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="enterprise")
    present = files.tab_of("enterprise", request.GET.get("tab", ""))
    context = files.context(viewer, "enterprise", firm, present)
    context |= {
        "what": "enterprise",
        "firm": firm,
        "title": firm.name,
        "outlets": list(firm.outlets.all()),
        "watchers": sources.stations_of(viewer, pk),
        "outfalls": outfalls.of_firm(viewer, pk),
        "statistics_url": _statistics(emission.of_enterprise(pk)),
        "limits": sources.limits_of_enterprise(pk) if present in ("limits", "all") else [],
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
