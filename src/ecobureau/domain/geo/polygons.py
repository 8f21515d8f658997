"""Polygons as GeoJSON: read with clear errors, ask whether they hold a point, cut them into working cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians
from typing import Any, NamedTuple

import shapely
from shapely.geometry import MultiPoint, MultiPolygon, Point, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import voronoi_diagram

from ecobureau.domain.geo.measure import distance_m

_DIGITS = 6
_LATTICE = 40
_SETTLE_ROUNDS = 12


class Box(NamedTuple):
    """A bounding box in degrees."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def holds(self, lon: float, lat: float) -> bool:
        return self.min_lon <= lon <= self.max_lon and self.min_lat <= lat <= self.max_lat


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon or several, made ready for many questions."""

    geometry: Polygon | MultiPolygon

    @property
    def box(self) -> Box:
        return Box(*(float(edge) for edge in self.geometry.bounds))

    @property
    def centre(self) -> tuple[float, float]:
        """A point that surely lies inside: the centroid if it does, else another one."""
        centroid = self.geometry.centroid
        inside = centroid if self.geometry.contains(centroid) else self.geometry.representative_point()
        return float(inside.x), float(inside.y)

    @property
    def area_km2(self) -> float:
        """Area in square kilometres on a local plane, good to about 1 % for a district."""
        return float(_flat(self.geometry).area) / 1e6

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether the point lies inside or on the edge."""
        return bool(self.geometry.covers(Point(lon, lat)))

    def distance_m(self, lon: float, lat: float) -> float:
        """Return how far the point lies from the nearest edge in metres; 0 inside."""
        point = Point(lon, lat)
        if self.geometry.covers(point):
            return 0.0
        near = shapely.shortest_line(self.geometry, point).coords[0]
        return distance_m(near[0], near[1], lon, lat)

    def moved(self, shift: Callable[[float, float], tuple[float, float]]) -> Shape:
        """Return the shape with every corner moved by `shift(lon, lat)`, mended where the move crosses edges."""

        def each(corners: Any) -> Any:
            there = corners.copy()
            there[:] = [shift(lon, lat) for lon, lat in corners.tolist()]
            return there

        return Shape(_areal(shapely.make_valid(shapely.transform(self.geometry, each))))

    def to_geojson(self) -> dict[str, Any]:
        """Return the GeoJSON geometry, rounded to 6 digits (0.1 m)."""
        rounded: dict[str, Any] = _rounded(mapping(self.geometry))
        return rounded


def read_shape(geometry: dict[str, Any]) -> Shape:
    """Return the shape of a GeoJSON Polygon or MultiPolygon; self-crossings are mended.

    Raises:
        ValueError: `polygon.kind` for another geometry, `polygon.broken` for unreadable or empty ones.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError("polygon.kind")
    try:
        made = shape(geometry)
        whole = _areal(made if made.is_valid else shapely.make_valid(made))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ValueError("polygon.broken") from error
    if whole.is_empty:
        raise ValueError("polygon.broken")
    return Shape(whole)


def cut_cells(whole: Shape, count: int) -> list[Shape]:
    """Cut a shape into `count` cells of like size, without gap or overlap, the same on every run.

    Cells are Voronoi cells of points spread over the shape and settled by Lloyd's rounds; they come ordered from
    north to south in rows, and within a row from west to east.

    Args:
        whole: the shape to cut.
        count: number of cells, at least 1.
    """
    if count < 1:
        raise ValueError("cells.count")
    seeds = _spread(whole.geometry, count)
    cells = _cells(whole.geometry, seeds)
    for _round in range(_SETTLE_ROUNDS):
        seeds = [_inner_point(cell) for cell in cells]
        cells = _cells(whole.geometry, seeds)
    box = whole.box
    row = (box.max_lat - box.min_lat) / max(1, round(count**0.5))
    made = [Shape(cell) for cell in cells]
    return sorted(made, key=lambda cell: (int((box.max_lat - cell.centre[1]) / row), cell.centre[0]))


def _spread(geometry: BaseGeometry, count: int) -> list[Point]:
    """Pick `count` lattice points inside, each as far as possible from those before it."""
    left, low, right, high = geometry.bounds
    shapely.prepare(geometry)
    step_x, step_y = (right - left) / _LATTICE, (high - low) / _LATTICE
    lattice = [(left + (i + 0.5) * step_x, low + (j + 0.5) * step_y) for i in range(_LATTICE) for j in range(_LATTICE)]
    inside = [pair for pair in lattice if geometry.contains(Point(pair))]
    first = geometry.representative_point()
    picked = [(float(first.x), float(first.y))]
    narrow = cos(radians((low + high) / 2))
    gaps = {pair: _gap2(pair, picked[0], narrow) for pair in inside}
    while len(picked) < count and gaps:
        far = max(gaps, key=lambda pair: (gaps[pair], pair))
        picked.append(far)
        gaps = {pair: min(gap, _gap2(pair, far, narrow)) for pair, gap in gaps.items() if pair != far}
    return [Point(pair) for pair in picked]


def _gap2(one: tuple[float, float], two: tuple[float, float], narrow: float) -> float:
    return ((one[0] - two[0]) * narrow) ** 2 + (one[1] - two[1]) ** 2


def _cells(geometry: BaseGeometry, seeds: list[Point]) -> list[Polygon | MultiPolygon]:
    if len(seeds) == 1:
        return [_areal(geometry)]
    regions = voronoi_diagram(MultiPoint(seeds), envelope=geometry.envelope.buffer(1.0))
    cells = [_areal(region.intersection(geometry)) for region in regions.geoms]
    return sorted((cell for cell in cells if not cell.is_empty), key=lambda cell: cell.bounds)


def _inner_point(cell: BaseGeometry) -> Point:
    centroid = cell.centroid
    return centroid if cell.contains(centroid) else cell.representative_point()


def _areal(geometry: BaseGeometry) -> Polygon | MultiPolygon:
    """Return only the polygons of a geometry (mending and clipping may leave lines and points)."""
    if isinstance(geometry, Polygon | MultiPolygon):
        return geometry
    parts = [part for part in getattr(geometry, "geoms", ()) if isinstance(part, Polygon | MultiPolygon)]
    merged = shapely.union_all(parts) if parts else Polygon()
    return merged if isinstance(merged, Polygon | MultiPolygon) else Polygon()


def _flat(geometry: BaseGeometry) -> BaseGeometry:
    """Project to metres on a plane through the middle of the geometry."""
    centre = geometry.centroid
    metres = distance_m(0.0, 0.0, 0.0, 1.0)
    narrow = cos(radians(centre.y))
    scale = [metres * narrow, metres]
    return shapely.transform(geometry, lambda corners: corners * scale)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return round(value, _DIGITS) if isinstance(value, float) else value
