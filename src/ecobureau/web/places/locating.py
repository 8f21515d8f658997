"""Many points at once: the same answer as `selectors.locate`, with the polygons of a day read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import shapely
from django.db.models import Q

from ecobureau.domain.geo import Shape, read_shape
from ecobureau.web.places.models import Area, Level, Organisation
from ecobureau.web.places.selectors import SNAP_M, Located

_REACH_DEG = 0.001
_DEPTH = (Level.GRID, Level.DISTRICT, Level.CITY)


@dataclass(frozen=True, slots=True)
class _Piece:
    shape: Shape
    unit: Organisation


class Locator:
    """Finds the grid and district of points by the polygons in force on the day `on` (Asia/Shanghai).

    Reads every polygon once; worth it from about a hundred points on.
    """

    def __init__(self, on: date) -> None:
        in_force = Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gte=on))
        areas = Area.objects.filter(in_force).select_related("organisation__parent").order_by("organisation__path")
        self._pieces = [_Piece(read_shape(area.polygon), area.organisation) for area in areas]
        self._tree = shapely.STRtree([piece.shape.geometry for piece in self._pieces])
        self.has_areas = bool(self._pieces)

    def locate(self, lon: float, lat: float) -> Located:
        """Return where a point lies; `org_path` is empty outside the city.

        Args:
            lon, lat: degrees, WGS 84 / CGCS2000.
        """
        point = shapely.Point(lon, lat)
        inside = [self._pieces[place] for place in self._tree.query(point, predicate="within")]
        found = _deepest([(0.0, piece) for piece in inside])
        if found is not None and found.level == Level.GRID:
            return _located(found)
        box = shapely.box(lon - _REACH_DEG, lat - _REACH_DEG, lon + _REACH_DEG, lat + _REACH_DEG)
        near = [self._pieces[place] for place in self._tree.query(box)]
        gaps = [(piece.shape.distance_m(lon, lat), piece) for piece in near]
        found = _deepest([(gap, piece) for gap, piece in gaps if gap <= SNAP_M])
        return Located("") if found is None else _located(found)


def _deepest(close: list[tuple[float, _Piece]]) -> Organisation | None:
    """Return the nearest grid, else the nearest district, else the city; of two as near, the first by path."""
    for level in _DEPTH:
        held = [(gap, piece.unit.path, piece.unit) for gap, piece in close if piece.unit.level == level]
        if held:
            return min(held, key=lambda each: each[:2])[2]
    return None


def _located(unit: Organisation) -> Located:
    if unit.level == Level.GRID:
        above = unit.parent
        return Located(unit.path, above.path if above else "", unit.path, above.name if above else "", unit.name)
    if unit.level == Level.DISTRICT:
        return Located(unit.path, unit.path, "", unit.name)
    return Located(unit.path)


def division_codes() -> dict[str, str]:
    """Return the division code of every unit that has one, by path."""
    return dict(Organisation.objects.exclude(division_code="").values_list("path", "division_code"))
