"""Distances and directions on the mean sphere: good to 0.5 %, which routing and merging need."""

from __future__ import annotations

from math import asin, atan2, cos, degrees, radians, sin, sqrt

MEAN_RADIUS_M = 6371008.8


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance in metres between two points in degrees."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * MEAN_RADIUS_M * asin(sqrt(min(1.0, half)))


def bearing_deg(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the first direction from point 1 to point 2 in degrees, 0 = north, clockwise, below 360."""
    phi1, phi2, turn = radians(lat1), radians(lat2), radians(lon2 - lon1)
    east = sin(turn) * cos(phi2)
    north = cos(phi1) * sin(phi2) - sin(phi1) * cos(phi2) * cos(turn)
    return degrees(atan2(east, north)) % 360.0
