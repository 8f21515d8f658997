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
    system, source = str(spec["system"]), str(spec["outlines"])
    outlines = json.loads(files("ecobureau.rulepacks").joinpath("geo", source).read_text(encoding="utf-8"))
    districts = [_district(feature, system) for feature in outlines["features"]]
    names = ("code", "name", "division_code", "duties")
    made = services.make_organisations(actor, None, [{"level": Level.CITY, **{name: spec[name] for name in names}}])
    city = Organisation.objects.get(path=f"/{spec['code']}/")
    departments = [{"level": Level.DEPARTMENT, **each} for each in _list(pack, "organisation.city_departments", on)]
    made += services.make_organisations(actor, city, [*departments, *(each.spec for each in districts)])
    rule = _Below(_list(pack, "organisation.district_departments", on), _table(pack, "organisation.grids.count", on))
    shapes: list[tuple[Organisation, Shape]] = []
    for district in districts:
        unit = Organisation.objects.get(path=f"{city.path}{district.spec['code']}/")
        more, cells = _below(actor, unit, district, rule)
        made += more
        shapes += [(unit, district.shape), *cells]
    areas = services.set_first_areas(actor, shapes, valid_from=FIRST_DAY, source=source, system=system)
    return Loaded(made, areas)


@dataclass(frozen=True, slots=True)
class _District:
    name: str
    shape: Shape
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Below:
    departments: list[Mapping[str, Any]]
    grids: Mapping[str, Any]


def _district(feature: Mapping[str, Any], system: str) -> _District:
    names = feature["properties"]
    name = str(names["name"])
    lon, lat = to_wgs84(names["centre"][0], names["centre"][1], system)
    spec = {
        "code": sort_key(name.removesuffix("区").removesuffix("县")).replace(" ", ""),
        "level": Level.DISTRICT,
        "name": f"{name}分中心",
        "division_code": names["adcode"],
        "duties": ["dispatch"],
        "lon": lon,
        "lat": lat,
    }
    shape = read_shape(feature["geometry"]).moved(lambda east, north: to_wgs84(east, north, system))
    return _District(name, shape, spec)


def _below(
    actor: Viewer, unit: Organisation, district: _District, rule: _Below
) -> tuple[int, list[tuple[Organisation, Shape]]]:
    """Make the departments and grids of a district; returns how many, and the areas of the grids just made."""
    departments = [
        {"level": Level.DEPARTMENT, **each, "name": f"{district.name}{each['name']}"} for each in rule.departments
    ]
    if unit.children.filter(level=Level.GRID).exists():
        return services.make_organisations(actor, unit, departments), []
    cells = cut_cells(district.shape, _grid_count(district.shape, rule.grids))
    grids = [
        {
            "code": f"g{number:02d}",
            "level": Level.GRID,
            "name": f"{district.name}第{number}网格",
            "lon": round(cell.centre[0], 6),
            "lat": round(cell.centre[1], 6),
        }
        for number, cell in enumerate(cells, start=1)
    ]
    made = services.make_organisations(actor, unit, [*departments, *grids])
    rows = unit.children.filter(level=Level.GRID).order_by("code")
    return made, list(zip(rows, cells, strict=True))


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
