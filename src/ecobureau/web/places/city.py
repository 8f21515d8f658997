"""Load a city: its tree, its districts' outlines shifted to WGS 84, and grids cut from them. Safe to run again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from django.db import transaction

from ecobureau.domain.geo import Shape, cut_cells, read_shape, to_wgs84
from ecobureau.domain.rules import RulePack
from ecobureau.rulepacks import load
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.places import services
from ecobureau.web.places.models import Level, Organisation
from ecobureau.web.places.names import sort_key

FIRST_DAY = date(2020, 1, 1)
"""First day of the outlines and of the tree that a new city starts with."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a run made; zero where it was there already."""

    units: int
    areas: int


class _Tally:
    def __init__(self, actor: Viewer) -> None:
        self.actor = actor
        self.units = 0
        self.areas = 0

    def unit(self, parent: Organisation | None, level: str, spec: Mapping[str, Any]) -> Organisation:
        path = f"{parent.path if parent else '/'}{spec['code']}/"
        there = Organisation.objects.filter(path=path).first()
        if there:
            return there
        self.units += 1
        return services.make_organisation(self.actor, parent=parent, level=level, **spec)

    def area(self, unit: Organisation, shape: Shape, source: str) -> None:
        if unit.areas.exists():
            return
        self.areas += 1
        services.set_area(self.actor, unit, shape.to_geojson(), valid_from=FIRST_DAY, source=source)


@transaction.atomic
def load_city(actor: Viewer = SYSTEM, *, on: date, pack: RulePack | None = None) -> Loaded:
    """Make the city of the rule pack `matter`: centre, departments, districts, grids and their areas.

    Args:
        actor: who asked; the program itself by default.
        on: day whose entries of the pack count (Asia/Shanghai).
        pack: another pack of the same form.
    """
    pack = pack or load("matter")
    spec = _table(pack, "organisation.city", on)
    outlines = json.loads(
        files("ecobureau.rulepacks").joinpath("geo", str(spec["outlines"])).read_text(encoding="utf-8")
    )
    tally = _Tally(actor)
    city = tally.unit(None, Level.CITY, {key: spec[key] for key in ("code", "name", "division_code", "duties")})
    for department in _list(pack, "organisation.city_departments", on):
        tally.unit(city, Level.DEPARTMENT, department)
    own = _list(pack, "organisation.district_departments", on)
    grids = _table(pack, "organisation.grids.count", on)
    for feature in outlines["features"]:
        _load_district(tally, city, feature, str(spec["system"]), str(spec["outlines"]), own, grids)
    return Loaded(tally.units, tally.areas)


def _load_district(
    tally: _Tally,
    city: Organisation,
    feature: Mapping[str, Any],
    system: str,
    source: str,
    departments: list[Mapping[str, Any]],
    grids: Mapping[str, Any],
) -> None:
    names = feature["properties"]
    shape = read_shape(feature["geometry"]).moved(lambda lon, lat: to_wgs84(lon, lat, system))
    lon, lat = to_wgs84(names["centre"][0], names["centre"][1], system)
    code = sort_key(names["name"].removesuffix("区").removesuffix("县")).replace(" ", "")
    district = tally.unit(
        city,
        Level.DISTRICT,
        {
            "code": code,
            "name": f"{names['name']}分中心",
            "division_code": names["adcode"],
            "duties": ["dispatch"],
            "lon": lon,
            "lat": lat,
        },
    )
    tally.area(district, shape, source)
    for department in departments:
        tally.unit(district, Level.DEPARTMENT, {**department, "name": f"{names['name']}{department['name']}"})
    count = _grid_count(shape, grids)
    if district.children.filter(level=Level.GRID).exists():
        return
    for number, cell in enumerate(cut_cells(shape, count), start=1):
        lon, lat = cell.centre
        grid = tally.unit(
            district,
            Level.GRID,
            {
                "code": f"g{number:02d}",
                "name": f"{names['name']}第{number}网格",
                "lon": round(lon, 6),
                "lat": round(lat, 6),
            },
        )
        tally.area(grid, cell, source)


def _grid_count(shape: Shape, rule: Mapping[str, Any]) -> int:
    wanted = round(shape.area_km2 / float(rule["km2_per_grid"]))
    return max(int(rule["least"]), min(int(rule["most"]), wanted))


def _table(pack: RulePack, key: str, on: date) -> Mapping[str, Any]:
    value = pack.at(key, on).value
    if not isinstance(value, dict):
        raise TypeError(f"{pack.name}: {key} is no table")
    return value


def _list(pack: RulePack, key: str, on: date) -> list[Mapping[str, Any]]:
    value = pack.at(key, on).value
    if not isinstance(value, list):
        raise TypeError(f"{pack.name}: {key} is no list")
    return value
