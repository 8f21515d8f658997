"""Polygons: bad ones are refused, cells cover the whole without overlap and are the same on every run."""

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecobureau.domain.geo import cut_cells, gcj02_to_wgs84, read_shape

SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
HOLED = {
    "type": "Polygon",
    "coordinates": [
        [[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]],
        [[114.4, 30.4], [114.6, 30.4], [114.6, 30.6], [114.4, 30.6], [114.4, 30.4]],
    ],
}


def districts():
    text = files("ecobureau.rulepacks").joinpath("geo/wuhan_districts.geojson").read_text(encoding="utf-8")
    return {feature["properties"]["name"]: feature["geometry"] for feature in json.loads(text)["features"]}


def test_edge_belongs_to_the_shape_and_a_hole_does_not():
    shape = read_shape(HOLED)
    assert shape.holds(114.0, 30.5)
    assert not shape.holds(114.5, 30.5)
    assert shape.distance_m(114.5, 30.5) > 1000
    assert shape.distance_m(114.1, 30.1) == 0
    assert shape.holds(*shape.centre)


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "polygon.kind"),
        ({}, "polygon.kind"),
        ("rubbish", "polygon.kind"),
        ({"type": "Polygon", "coordinates": []}, "polygon.broken"),
        ({"type": "Polygon", "coordinates": [[[1, 2]]]}, "polygon.broken"),
        ({"type": "Polygon"}, "polygon.broken"),
        ({"type": "Polygon", "coordinates": "x"}, "polygon.broken"),
        ({"type": "MultiPolygon", "coordinates": [[["a", "b"]]]}, "polygon.broken"),
    ],
)
def test_bad_polygons_are_refused(geometry, why):
    with pytest.raises(ValueError, match=why):
        read_shape(geometry)


def test_a_bow_tie_is_mended():
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    shape = read_shape(bow)
    assert shape.geometry.is_valid
    assert shape.geometry.area == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["江岸区", "蔡甸区", "汉南区"])
def test_cells_of_a_real_district(name):
    whole = read_shape(districts()[name]).moved(gcj02_to_wgs84)
    cells = cut_cells(whole, 12)
    assert len(cells) == 12
    assert sum(cell.geometry.area for cell in cells) == pytest.approx(whole.geometry.area, rel=1e-9)
    for i, one in enumerate(cells):
        for two in cells[i + 1 :]:
            assert one.geometry.intersection(two.geometry).area < 1e-12
    assert [cell.to_geojson() for cell in cells] == [cell.to_geojson() for cell in cut_cells(whole, 12)]
    sizes = [cell.area_km2 for cell in cells]
    assert max(sizes) < 4 * min(sizes)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 16), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_every_point_of_the_whole_lies_in_a_cell(count, across, up):
    cells = cut_cells(read_shape(SQUARE), count)
    assert len(cells) == count
    assert any(cell.distance_m(114 + across, 30 + up) < 1 for cell in cells)


def test_no_cells_is_refused():
    with pytest.raises(ValueError, match=r"cells\.count"):
        cut_cells(read_shape(SQUARE), 0)
