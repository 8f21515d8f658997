"""The shifted coordinate systems of Chinese web maps, and the way back.

GCJ-02 shifts WGS 84 by some hundred metres inside China; BD-09 shifts GCJ-02 once more. The forward formulas are the
publicly known ones; they have no closed inverse, so the way back is by iteration down to 1e-10 degrees.
"""

from __future__ import annotations

from enum import StrEnum
from math import atan2, cos, hypot, pi, sin, sqrt

_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = pi * 3000.0 / 180.0
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_CLOSE_DEG = 1e-10
_MOST_STEPS = 30

Point = tuple[float, float]


class System(StrEnum):
    """A coordinate system in which a pair may be handed in."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def in_shifted_area(lon: float, lat: float) -> bool:
    """Say whether the web maps shift this point: inside the rectangle round China."""
    return _WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH


def _ripple(x: float, y: float) -> float:
    return (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0


def _shift_m(x: float, y: float) -> tuple[float, float]:
    root = sqrt(abs(x))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + _ripple(x, y)
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + _ripple(x, y)
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    return east, north


def _shifted(lon: float, lat: float) -> Point:
    east, north = _shift_m(lon - 105.0, lat - 35.0)
    phi = lat / 180.0 * pi
    magic = 1.0 - _ECCENTRICITY2 * sin(phi) ** 2
    root = sqrt(magic)
    dlat = north * 180.0 / ((_SEMI_MAJOR_M * (1.0 - _ECCENTRICITY2)) / (magic * root) * pi)
    dlon = east * 180.0 / (_SEMI_MAJOR_M / root * cos(phi) * pi)
    return lon + dlon, lat + dlat


def wgs84_to_gcj02(lon: float, lat: float) -> Point:
    """Return the GCJ-02 pair of a WGS 84 pair in degrees; outside the shifted area the same pair."""
    return _shifted(lon, lat) if in_shifted_area(lon, lat) else (lon, lat)


def gcj02_to_wgs84(lon: float, lat: float) -> Point:
    """Return the WGS 84 pair of a GCJ-02 pair in degrees: the exact inverse, by iteration (below 1e-7 degrees).

    Outside the shifted area the same pair.
    """
    if not in_shifted_area(lon, lat):
        return lon, lat
    x, y = lon, lat
    for _step in range(_MOST_STEPS):
        there_x, there_y = _shifted(x, y)
        dx, dy = there_x - lon, there_y - lat
        x, y = x - dx, y - dy
        if abs(dx) < _CLOSE_DEG and abs(dy) < _CLOSE_DEG:
            break
    return x, y


def gcj02_to_bd09(lon: float, lat: float) -> Point:
    """Return the BD-09 pair of a GCJ-02 pair in degrees."""
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BD_TURN)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_TURN)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> Point:
    """Return the GCJ-02 pair of a BD-09 pair in degrees, by iteration."""
    x, y = lon - 0.0065, lat - 0.006
    for _step in range(_MOST_STEPS):
        there_x, there_y = gcj02_to_bd09(x, y)
        dx, dy = there_x - lon, there_y - lat
        x, y = x - dx, y - dy
        if abs(dx) < _CLOSE_DEG and abs(dy) < _CLOSE_DEG:
            break
    return x, y


def wgs84_to_bd09(lon: float, lat: float) -> Point:
    """Return the BD-09 pair of a WGS 84 pair in degrees; outside the shifted area the same pair."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)) if in_shifted_area(lon, lat) else (lon, lat)


def bd09_to_wgs84(lon: float, lat: float) -> Point:
    """Return the WGS 84 pair of a BD-09 pair in degrees; outside the shifted area the same pair."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat)) if in_shifted_area(lon, lat) else (lon, lat)


def to_wgs84(lon: float, lat: float, system: System | str) -> Point:
    """Return a pair of the named system as WGS 84 / CGCS2000.

    Raises:
        ValueError: unknown system, or a pair that is no place on Earth (NaN, |lat| > 90, |lon| > 180).
    """
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise ValueError(f"not a place: {lon}, {lat}")
    match System(system):
        case System.GCJ02:
            return gcj02_to_wgs84(lon, lat)
        case System.BD09:
            return bd09_to_wgs84(lon, lat)
        case System.WGS84:
            return lon, lat
