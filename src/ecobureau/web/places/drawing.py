"""An area as a small drawing: SVG path data, so that an outline can be looked at without a map."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

WIDTH = 480.0
_MOST_POINTS = 4000


@dataclass(frozen=True, slots=True)
class Drawing:
    """Path data in a box of `width` × `height` units, north up."""

    path: str
    width: int
    height: int


def of(polygon: dict[str, Any]) -> Drawing:
    """Return the drawing of a GeoJSON Polygon or MultiPolygon in degrees (WGS 84)."""
    rings = list(_rings(polygon))
    lons = [point[0] for ring in rings for point in ring]
    lats = [point[1] for ring in rings for point in ring]
    west, north = min(lons), max(lats)
    narrow = math.cos(math.radians((min(lats) + north) / 2))
    wide, high = max((max(lons) - west) * narrow, 1e-9), max(north - min(lats), 1e-9)
    scale = WIDTH / max(wide, high)
    step = max(1, sum(len(ring) for ring in rings) // _MOST_POINTS)
    parts = []
    for ring in rings:
        points = [f"{(lon - west) * narrow * scale:.1f},{(north - lat) * scale:.1f}" for lon, lat, *_ in ring[::step]]
        parts.append(f"M{' L'.join(points)}Z")
    return Drawing(" ".join(parts), math.ceil(wide * scale), math.ceil(high * scale))


def _rings(polygon: dict[str, Any]) -> Iterable[list[Any]]:
    whole = polygon["coordinates"]
    for part in whole if polygon["type"] == "MultiPolygon" else [whole]:
        yield from part
