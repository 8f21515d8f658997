"""Places on the map: shifted web-map coordinates, distances, points in polygons, cells cut from a polygon.

Coordinates are (longitude, latitude) in degrees, longitude first as in GeoJSON. CGCS2000 and WGS 84 differ by
centimetres and are one system here.
"""

from ecobureau.domain.geo.measure import bearing_deg, distance_m
from ecobureau.domain.geo.polygons import Box, Shape, cut_cells, read_shape
from ecobureau.domain.geo.shift import System, bd09_to_wgs84, gcj02_to_wgs84, to_wgs84, wgs84_to_bd09, wgs84_to_gcj02

__all__ = [
    "Box",
    "Shape",
    "System",
    "bd09_to_wgs84",
    "bearing_deg",
    "cut_cells",
    "distance_m",
    "gcj02_to_wgs84",
    "read_shape",
    "to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]
