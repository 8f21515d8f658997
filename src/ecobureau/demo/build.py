"""Builds the city of a plan in the database, through the services: tree, enterprises, stations."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from ecobureau import clock
from ecobureau.demo.plans import CityPlan, EnterprisePlan, EnvironmentPlan
from ecobureau.domain.geo import Shape, read_shape
from ecobureau.simulator.factors import FACTORS
from ecobureau.simulator.plan import PROFILES, StationPlan
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places.city import load_city
from ecobureau.web.places.models import Area, Level, Organisation
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Outlet, Station

SOURCE = "演示排污许可证（虚构）"
UNITS_OF_AIR = {
    "a34004": "ug/m3",
    "a34002": "ug/m3",
    "a21026": "ug/m3",
    "a21004": "ug/m3",
    "a05024": "ug/m3",
    "a21005": "mg/m3",
}
"""Units that air stations send; the table of HJ 212-2017 prints others."""

NOISE_ZONES = {"street": "4a", "homes": "1"}


def load_districts(on: date) -> dict[str, str]:
    """Make the tree of the city if it is not there; return its districts: name without 区 -> division code."""
    load_city(SYSTEM, on=on)
    rows = Organisation.objects.filter(level=Level.DISTRICT).order_by("division_code")
    return {row.name.removesuffix("分中心").removesuffix("区"): row.division_code for row in rows}


@transaction.atomic
def build_sources(plan: CityPlan, now: datetime) -> None:
    """Make enterprises, outlets, limits, stations, instruments and loggers of the plan."""
    ground = _Ground(plan.seed)
    first = clock.beijing(now).date() - timedelta(days=400)
    accept_from = now - timedelta(days=plan.history["days"] + 2)
    for enterprise in plan.enterprises:
        _make_enterprise(plan, enterprise, ground, first, accept_from)
    for one in plan.environment:
        _make_environment(plan, one, ground, first, accept_from)


class _Ground:
    """Picks places inside a district's grids."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed + 1)
        self._cells: dict[str, list[Shape]] = {}
        for area in Area.objects.filter(organisation__level=Level.GRID).select_related("organisation__parent"):
            above = area.organisation.parent
            assert above is not None, "a grid lies in a district"
            district = above.name.removesuffix("分中心").removesuffix("区")
            self._cells.setdefault(district, []).append(read_shape(area.polygon))

    def place(self, district: str) -> dict[str, float]:
        """Return a point well inside one of the district's grids, as `lon`, `lat`."""
        shape = self._rng.choice(self._cells[district])
        box = shape.box
        for _try in range(200):
            lon = box.min_lon + (box.max_lon - box.min_lon) * self._rng.uniform(0.15, 0.85)
            lat = box.min_lat + (box.max_lat - box.min_lat) * self._rng.uniform(0.15, 0.85)
            if shape.holds(lon, lat):
                return {"lon": round(lon, 6), "lat": round(lat, 6)}
        lon, lat = shape.centre
        return {"lon": round(lon, 6), "lat": round(lat, 6)}


def _make_enterprise(plan: CityPlan, one: EnterprisePlan, ground: _Ground, first: date, accept_from: datetime) -> None:
    place = ground.place(one.district)
    row = sources.make_enterprise(
        SYSTEM,
        code=one.code,
        name=one.name,
        short_name=one.name.removeprefix("演示"),
        industry=one.industry,
        industry_code=one.industry_code,
        key_unit=True,
        permit_number=f"{one.code}001P",
        contact=plan.names["contact"],
        **place,
    )
    for number, outlet in enumerate(one.outlets):
        base = PROFILES[outlet.profile]
        made = sources.make_outlet(
            SYSTEM,
            row,
            code=outlet.code,
            name=outlet.name,
            medium="air" if base["kind"] == "flue" else "water",
            grade="main" if number == 0 else "general",
            o2_ref=base.get("o2_ref"),
            lon=round(place["lon"] + 0.0006 * number, 6),
            lat=round(place["lat"] + 0.0004 * number, 6),
        )
        _limits(plan, made, outlet.profile, first)
        station = _make_station(plan, outlet.station, f"{one.code[8:17]}-{outlet.code}", made, {})
        _instruments(station, outlet.station, first)
        _make_logger(station, outlet.station, accept_from)


def _make_environment(
    plan: CityPlan, one: EnvironmentPlan, ground: _Ground, first: date, accept_from: datetime
) -> None:
    fields: dict[str, Any] = dict(ground.place(one.district))
    if one.station.kind == "river":
        fields["water_body"] = one.station.profile
    if one.station.kind == "noise":
        fields["noise_zone"] = NOISE_ZONES[one.station.profile]
    station = _make_station(plan, one.station, f"ENV-{one.station.mn[-4:]}", None, fields)
    _make_logger(station, one.station, accept_from)


def _make_station(
    plan: CityPlan, one: StationPlan, code: str, outlet: Outlet | None, fields: Mapping[str, Any]
) -> Station:
    operator = plan.names["operator"]
    return sources.make_station(SYSTEM, code=code, name=one.name, st=one.st, outlet=outlet, operator=operator, **fields)


def _limits(plan: CityPlan, outlet: Outlet, profile: str, first: date) -> None:
    table = plan.limits.get(profile, {})
    for code, value in table.items():
        if code == "like":
            continue
        bounds = zip(("min", "max"), value, strict=True) if isinstance(value, list) else [("max", value)]
        for kind, bound in bounds:
            sources.set_limit(
                SYSTEM,
                outlet,
                code,
                value=str(bound),
                kind=kind,
                source=SOURCE,
                clause=f"参照 {table['like']}",
                flag="proposal",
                valid_from=first,
            )


def _instruments(station: Station, plan: StationPlan, first: date) -> None:
    for code in plan.factors:
        spec = FACTORS[code]
        if code in plan.limits or code in ("w01001", "a19001"):
            sources.make_instrument(
                SYSTEM,
                station,
                code,
                valid_from=first,
                maker="演示仪器厂",
                model=f"YS-{code[-3:]}",
                serial=f"{station.code}-{code}"[-40:],
                range_low=spec.low,
                range_high=spec.high,
            )


def _make_logger(station: Station, plan: StationPlan, accept_from: datetime) -> None:
    sources.make_logger(
        SYSTEM,
        station,
        mn=plan.mn,
        password=plan.pw,
        sm4_key=plan.key,
        stamp_rule=plan.stamp,
        accept_from=accept_from,
        edition=plan.edition,
        rtd_interval_s=plan.rtd_interval,
        minute_interval=plan.minute_interval,
        unit_overrides=UNITS_OF_AIR if plan.kind == "air" else {},
    )
