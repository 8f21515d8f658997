"""The only readers of the registry of sources.

Lists and files take the viewer. What the judge, the gateway's pages and the simulator's loader ask for by id does not:
they show nothing to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet

from ecobureau import clock
from ecobureau.clock import beijing
from ecobureau.domain.geo import distance_m
from ecobureau.domain.hj212.sm4 import BadKey, key_from_hex
from ecobureau.domain.noise import Hours, hours_on
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.secret import WrongKey, unseal
from ecobureau.web.core.access import Viewer
from ecobureau.web.places import selectors as places
from ecobureau.web.places.door import visible
from ecobureau.web.sources.models import Enterprise, Factor, Instrument, Limit, Logger, Notice, Outlet, Station

MOST = 500


# --- lists ------------------------------------------------------------------------------------------------------------


def search(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    """Narrow a list of named rows: part of the name, start of its initials (`jaq`), or start of the code or number."""
    words = words.strip()
    if not words:
        return rows
    wanted = Q(name__icontains=words) | Q(code__istartswith=words)
    if words.isascii() and words.replace(" ", "").isalnum():
        wanted |= Q(initials__contains=words.replace(" ", "").lower()) | Q(name_sort__istartswith=words.lower())
    return rows.filter(wanted)


def enterprises(viewer: Viewer, words: str = "", *, district: str = "") -> QuerySet[Enterprise]:
    """Return the enterprises the viewer may see, in Chinese order, with `outlet_count`."""
    rows = Enterprise.objects.filter(visible(viewer), org_path__startswith=district or "/")
    return search(rows, words).annotate(outlet_count=Count("outlets")).order_by("name_sort", "pk")


def outlets(viewer: Viewer, words: str = "", *, district: str = "") -> QuerySet[Outlet]:
    """Return the outlets the viewer may see, in Chinese order of enterprise and outlet."""
    rows = Outlet.objects.filter(visible(viewer), org_path__startswith=district or "/").select_related("enterprise")
    words = words.strip()
    if words:
        by_owner = search(Enterprise.objects.all(), words).values("pk")
        rows = rows.filter(Q(pk__in=search(Outlet.objects.all(), words).values("pk")) | Q(enterprise__in=by_owner))
    return rows.order_by("enterprise__name_sort", "code")


def stations(
    viewer: Viewer, words: str = "", *, district: str = "", st: str = "", active: bool | None = True
) -> QuerySet[Station]:
    """Return the stations the viewer may see, in Chinese order, with outlet, enterprise and loggers at hand.

    The latest values stand in telemetry: join them there by the stations' ids.

    Args:
        words: part of the name, its initials, or the start of the station's code or of a logger's MN.
        district: path below which they lie; st: system code; active: None = both.
    """
    rows = Station.objects.filter(visible(viewer), org_path__startswith=district or "/")
    if st:
        rows = rows.filter(st=st)
    if active is not None:
        rows = rows.filter(active=active)
    if words.strip():
        by_mn = Logger.objects.filter(mn__istartswith=words.strip()).values("station_id")
        by_name = search(Station.objects.all(), words).values("pk")
        rows = rows.filter(Q(pk__in=by_name) | Q(pk__in=by_mn))
    return rows.select_related("outlet__enterprise").prefetch_related("loggers").order_by("name_sort", "pk")


def district_names(rows: Iterable[Any]) -> dict[str, str]:
    """Return the names of the districts and grids that rows with `org_path` lie in, by path, in one query."""
    paths = {row.org_path for row in rows}
    paths |= {"/" + "/".join(path.strip("/").split("/")[:2]) + "/" for path in paths}
    return places.names_of(paths)


# --- one thing --------------------------------------------------------------------------------------------------------


def station(viewer: Viewer, station_id: int) -> Station | None:
    """Return a station the viewer may see, with outlet and enterprise, or None."""
    return (
        Station.objects.filter(visible(viewer), pk=station_id)
        .select_related("outlet__enterprise", "outlet__site")
        .prefetch_related("loggers", "instruments")
        .first()
    )


def enterprise(viewer: Viewer, enterprise_id: int) -> Enterprise | None:
    """Return an enterprise the viewer may see with its sites and outlets, or None."""
    return (
        Enterprise.objects.filter(visible(viewer), pk=enterprise_id)
        .prefetch_related("sites", Prefetch("outlets", Outlet.objects.order_by("code")))
        .first()
    )


def stations_of(viewer: Viewer, enterprise_id: int) -> list[Station]:
    """Return the stations at an enterprise's outlets that the viewer may see, by code."""
    rows = Station.objects.filter(visible(viewer), outlet__enterprise_id=enterprise_id)
    return list(rows.select_related("outlet").order_by("outlet__code", "code"))


def limits_of_enterprise(enterprise_id: int, on: date | None = None) -> list[Limit]:
    """Return the limits in force at all outlets of an enterprise on a day (default today in Asia/Shanghai)."""
    day = on or clock.beijing(clock.now()).date()
    rows = Limit.objects.filter(outlet__enterprise_id=enterprise_id, valid_from__lte=day)
    rows = rows.exclude(valid_to__lt=day).select_related("outlet", "factor")
    return list(rows.order_by("outlet__code", "factor_id", "field", "period", "kind"))


def logger(viewer: Viewer, logger_id: int) -> Logger | None:
    """Return a logger of a station the viewer may see, or None. Its secrets stay sealed."""
    found = Logger.objects.filter(pk=logger_id).select_related("station").first()
    return found if found is not None and station(viewer, found.station_id) is not None else None


def sm4_keys(station_id: int) -> dict[str, bytes]:
    """Return MN → SM4 key of a station's loggers that encrypt, to read its raw frames. A key that cannot be opened
    (sealed with another key file) is left out: the frame is then shown as it came."""
    found: dict[str, bytes] = {}
    rows = Logger.objects.filter(station_id=station_id, sm4_key_sealed__isnull=False)
    for mn, sealed in rows.values_list("mn", "sm4_key_sealed"):
        with suppress(WrongKey, BadKey):
            found[mn] = key_from_hex(unseal(bytes(sealed or b"")))
    return found


def counts(viewer: Viewer) -> dict[str, int]:
    """Return how many enterprises, outlets, stations and loggers the viewer may see."""
    seen = visible(viewer)
    return {
        "enterprises": Enterprise.objects.filter(seen).count(),
        "outlets": Outlet.objects.filter(seen).count(),
        "stations": Station.objects.filter(seen).count(),
        "loggers": Logger.objects.filter(station__in=Station.objects.filter(seen)).count(),
    }


@dataclass(frozen=True, slots=True)
class OutletFile:
    """The outlet file 一口一档 as it was on a day."""

    outlet: Outlet
    enterprise: Enterprise
    on: date
    limits: tuple[Limit, ...]
    earlier_limits: tuple[Limit, ...]
    stations: tuple[Station, ...]
    instruments: tuple[Instrument, ...]
    notices: tuple[Notice, ...]
    factors: Mapping[str, Factor]
    place: str


def outlet_file(viewer: Viewer, outlet_id: int, on: date | None = None) -> OutletFile | None:
    """Return the file of an outlet the viewer may see, as of a day (default today in Asia/Shanghai), or None."""
    outlet = Outlet.objects.filter(visible(viewer), pk=outlet_id).select_related("enterprise", "site").first()
    if outlet is None:
        return None
    on = on or clock.beijing(clock.now()).date()
    limits = list(outlet.limits.select_related("factor").order_by("factor_id", "field", "period", "kind", "valid_from"))
    watchers = list(outlet.stations.prefetch_related("loggers").order_by("code"))
    instruments = list(
        Instrument.objects.filter(station__in=watchers).select_related("factor").order_by("factor_id", "-valid_from")
    )
    return OutletFile(
        outlet=outlet,
        enterprise=outlet.enterprise,
        on=on,
        limits=tuple(row for row in limits if _in_force(row, on)),
        earlier_limits=tuple(row for row in limits if row.valid_to is not None and row.valid_to < on),
        stations=tuple(watchers),
        instruments=tuple(row for row in instruments if _in_force(row, on)),
        notices=tuple(outlet.notices.order_by("-starts")[:20]),
        factors={row.factor_id: row.factor for row in limits} | {row.factor_id: row.factor for row in instruments},
        place=district_names([outlet]).get(outlet.org_path, ""),
    )


def _in_force(row: Any, on: date) -> bool:
    return bool(row.valid_from <= on and (row.valid_to is None or on <= row.valid_to))


# --- for the judge ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watched:
    """What the judge needs to know of a station."""

    station_id: int
    code: str
    name: str
    st: str
    active: bool
    org_path: str
    lon: float | None
    lat: float | None
    outlet_id: int | None
    outlet_code: str
    outlet_name: str
    enterprise_id: int | None
    enterprise_name: str
    o2_ref: float | None
    noise_zone: str = ""


def watched(station_ids: Iterable[int]) -> dict[int, Watched]:
    """Return what the judge needs to know of stations, by id, in one query."""
    rows = Station.objects.filter(pk__in=list(station_ids)).select_related("outlet__enterprise")
    return {row.pk: _watched(row) for row in rows}


def watched_at(station_id: int | None, outlet_id: int | None) -> list[Watched]:
    """Return the stations of an outlet, or the one station where there is no outlet, ordered by code."""
    rows = Station.objects.filter(outlet_id=outlet_id) if outlet_id is not None else Station.objects.none()
    if station_id is not None:
        rows |= Station.objects.filter(pk=station_id)
    return [_watched(row) for row in rows.select_related("outlet__enterprise").order_by("code")]


def _watched(row: Station) -> Watched:
    outlet = row.outlet
    return Watched(
        station_id=row.pk,
        code=row.code,
        name=row.name,
        st=row.st,
        active=row.active,
        org_path=row.org_path,
        lon=row.lon,
        lat=row.lat,
        outlet_id=row.outlet_id,
        outlet_code=outlet.code if outlet else "",
        outlet_name=outlet.name if outlet else "",
        enterprise_id=outlet.enterprise_id if outlet else None,
        enterprise_name=(outlet.enterprise.short_name or outlet.enterprise.name) if outlet else "",
        o2_ref=outlet.o2_ref if outlet else None,
        noise_zone=row.noise_zone,
    )


def holds_at(limit: Limit, at: datetime) -> bool:
    """Whether a limit of the day or the night alone holds at an instant; any other always does."""
    return limit.hours == Limit.Hours.ANY or noise_hours(at).part_at(beijing(at)) == limit.hours


def zone_limits(zone: str, on: date) -> list[Limit]:
    """Return the limits of a functional zone of the sound environment on a day, as unsaved rows without an outlet.

    They stand in the profile `noise_zone_<zone>` of the pack `limits`; a station of the sound environment has no outlet
    whose limits could bind it.

    Args:
        zone: 0, 1, 2, 3, 4a or 4b (GB 3096); any other text has none.
    """
    try:
        entry = load("limits").at(f"limits.noise_zone_{zone}", on)
    except NoRule:
        return []
    rows = entry.value["rows"] if isinstance(entry.value, dict) else []
    return [
        Limit(
            factor_id=row["factor"],
            period=row["period"],
            hours=row["hours"],
            value=Decimal(str(row["value"])),
            unit=row["unit"],
            source=entry.source,
            clause=entry.clause,
            flag=entry.flag,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
        )
        for row in rows
    ]


def noise_hours(at: datetime) -> Hours:
    """Return when day and night of noise begin on the day of an instant: the city's own, else the national ones."""
    return hours_on(load("noise"), beijing(at).date())


def limits_of(outlet_ids: Iterable[int], first: date, last: date) -> dict[int, list[Limit]]:
    """Return the limits of outlets that are in force on any day of [first, last], by outlet, in one query."""
    rows = (
        Limit.objects.filter(outlet_id__in=list(outlet_ids), valid_from__lte=last)
        .filter(Q(valid_to=None) | Q(valid_to__gte=first))
        .order_by("outlet_id", "factor_id", "valid_from")
    )
    found: dict[int, list[Limit]] = {}
    for row in rows:
        found.setdefault(row.outlet_id, []).append(row)
    return found


def instruments_of(station_ids: Iterable[int], first: date, last: date) -> dict[int, list[Instrument]]:
    """Return the instruments of stations that count on any day of [first, last], by station, in one query."""
    rows = (
        Instrument.objects.filter(station_id__in=list(station_ids), valid_from__lte=last)
        .filter(Q(valid_to=None) | Q(valid_to__gte=first))
        .order_by("station_id", "factor_id", "valid_from")
    )
    found: dict[int, list[Instrument]] = {}
    for row in rows:
        found.setdefault(row.station_id, []).append(row)
    return found


def notices_of(outlet_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, list[Notice]]:
    """Return what was declared about outlets that touches [start, end), by outlet, in one query."""
    rows = (
        Notice.objects.filter(outlet_id__in=list(outlet_ids), starts__lt=end)
        .filter(Q(ends=None) | Q(ends__gt=start))
        .order_by("outlet_id", "starts")
    )
    found: dict[int, list[Notice]] = {}
    for row in rows:
        found.setdefault(row.outlet_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class LoggerPlan:
    """How often a station's logger ought to speak."""

    station_id: int
    mn: str
    rtd_interval_s: int
    minute_interval: int
    accept_from: datetime
    active: bool


def plans(station_ids: Iterable[int] | None = None) -> list[LoggerPlan]:
    """Return the reporting plans of the loggers of stations (None: all active ones)."""
    rows = Logger.objects.select_related("station").order_by("station_id", "mn")
    rows = (
        rows.filter(active=True, station__active=True)
        if station_ids is None
        else rows.filter(station_id__in=list(station_ids))
    )
    return [
        LoggerPlan(
            row.station_id,
            row.mn,
            row.rtd_interval_s,
            row.minute_interval,
            row.accept_from,
            row.active and row.station.active,
        )
        for row in rows
    ]


def neighbours(station_id: int, *, within_m: float, most: int = 8) -> list[Watched]:
    """Return active stations of the same system code near a station, nearest first (for counter-evidence)."""
    here = Station.objects.filter(pk=station_id).first()
    if here is None or here.lon is None or here.lat is None:
        return []
    span = within_m / 80_000
    rows = (
        Station.objects.filter(
            active=True,
            st=here.st,
            lon__range=(here.lon - span, here.lon + span),
            lat__range=(here.lat - span, here.lat + span),
        )
        .exclude(pk=here.pk)
        .select_related("outlet__enterprise")
    )
    near = [(distance_m(here.lon, here.lat, row.lon or 0.0, row.lat or 0.0), row.pk, row) for row in rows]
    return [_watched(row) for gap, _key, row in sorted(near)[:most] if gap <= within_m]


def factors(codes: Iterable[str] | None = None) -> dict[str, Factor]:
    """Return factors by code (None: all)."""
    rows = Factor.objects.all() if codes is None else Factor.objects.filter(pk__in=list(codes))
    return {row.code: row for row in rows.order_by(F("code"))}


def factor_label(factor: Factor | None, code: str, lang: str = "zh") -> str:
    """Return what a factor is called on pages: its short name, else its name, else the code."""
    if factor is None:
        return code
    return (factor.name_en or code) if lang == "en" else (factor.short_zh or factor.name_zh or code)
