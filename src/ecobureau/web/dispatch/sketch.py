"""A small drawing of the surroundings of a task, as part of the page: it is there without network and weighs little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, radians
from typing import Any

from ecobureau.web.places import selectors as places

WIDE, HIGH = 600, 360
REACH_M = 1200
_METRES = 111_195
"""Of one degree of latitude."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the page draws: `shapes` are (class, path, name); the place is at (x, y); `scale` is units per degree of
    latitude; `bar` is the length of 500 m."""

    shapes: tuple[tuple[str, str, str], ...]
    x: float
    y: float
    scale: float
    bar: float


def _rings(geometry: dict[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    kind, parts = geometry.get("type"), geometry.get("coordinates", [])
    for polygon in parts if kind == "MultiPolygon" else [parts] if kind == "Polygon" else []:
        yield from polygon


def _near(rings: Iterable[Sequence[Sequence[float]]], lon: float, lat: float, around: float) -> bool:
    """Say whether the box of the rings comes within `around` degrees of latitude of the place."""
    xs = [(point[0], point[1]) for ring in rings for point in ring]
    wide = around / cos(radians(lat))
    return bool(xs) and (
        min(x for x, _y in xs) <= lon + wide
        and max(x for x, _y in xs) >= lon - wide
        and min(y for _x, y in xs) <= lat + around
        and max(y for _x, y in xs) >= lat - around
    )


def around(lon: float, lat: float, on: date) -> Sketch:
    """Return the drawing of the surroundings of a place: districts and grids with their names.

    Args:
        lon, lat: degrees WGS 84. on: day (Asia/Shanghai) whose outlines count.
    """
    scale = (HIGH / 2) / (REACH_M / _METRES)
    turn = cos(radians(lat))
    shapes: list[tuple[str, str, str]] = []
    for level in ("district", "grid"):
        for feature in places.outlines(on, level=level)["features"]:
            rings = list(_rings(feature["geometry"]))
            if not _near(rings, lon, lat, REACH_M * 1.5 / _METRES):
                continue
            drawn = "".join(
                "M"
                + "L".join(
                    f"{WIDE / 2 + (p[0] - lon) * turn * scale:.0f} {HIGH / 2 - (p[1] - lat) * scale:.0f}" for p in ring
                )
                + "Z"
                for ring in rings
            )
            shapes.append((level, drawn, str(feature["properties"]["name"])))
    return Sketch(tuple(shapes), WIDE / 2, HIGH / 2, scale, 500 / _METRES * scale)
