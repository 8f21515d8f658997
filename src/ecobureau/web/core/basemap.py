"""The quiet base under every map: outlines of the districts. The places app draws them; the kernel hands them out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

_EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}
_source: Callable[[date], dict[str, Any]] = lambda _on: _EMPTY  # noqa: E731


def register(source: Callable[[date], dict[str, Any]]) -> None:
    """Install the function that returns the outlines in force on a day as GeoJSON (done once, by the places app)."""
    global _source
    _source = source


def outlines(on: date) -> dict[str, Any]:
    """Return the districts as they are on a day: GeoJSON in WGS 84, each feature of kind `district`."""
    found = _source(on)
    for feature in found["features"]:
        feature["properties"]["kind"] = "district"
    return found
