"""Shifted coordinates: the way back is exact, far places are left alone, nonsense is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.geo import (
    bd09_to_wgs84,
    bearing_deg,
    distance_m,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

CHINA = (st.floats(73.5, 135.0), st.floats(18.0, 53.5))


@given(*CHINA)
def test_gcj02_there_and_back(lon, lat):
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))
    assert back == pytest.approx((lon, lat), abs=1e-7)


@given(*CHINA)
def test_bd09_there_and_back(lon, lat):
    back = bd09_to_wgs84(*wgs84_to_bd09(lon, lat))
    assert back == pytest.approx((lon, lat), abs=1e-7)


@given(*CHINA)
def test_the_shift_is_some_hundred_metres(lon, lat):
    assert 10 < distance_m(lon, lat, *wgs84_to_gcj02(lon, lat)) < 1500


def test_known_pair_of_beijing():
    """The pair that the public implementations print for Tiananmen's neighbourhood."""
    assert wgs84_to_gcj02(116.404, 39.915) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)


@pytest.mark.parametrize("point", [(-0.1276, 51.5074), (139.69, 35.68), (0.0, 0.0)])
def test_outside_nothing_moves(point):
    assert wgs84_to_gcj02(*point) == point
    assert gcj02_to_wgs84(*point) == point
    assert bd09_to_wgs84(*point) == point


@pytest.mark.parametrize("pair", [(math.nan, 30.0), (181.0, 30.0), (114.0, 91.0)])
def test_no_place_is_refused(pair):
    with pytest.raises(ValueError, match="not a place"):
        to_wgs84(*pair, "gcj02")


def test_unknown_system_is_refused():
    with pytest.raises(ValueError, match="beijing54"):
        to_wgs84(114.0, 30.0, "beijing54")


def test_distance_and_direction():
    assert distance_m(114.0, 30.0, 114.0, 31.0) == pytest.approx(111195, rel=1e-4)
    assert bearing_deg(114.0, 30.0, 114.0, 31.0) == pytest.approx(0.0)
    assert bearing_deg(114.0, 30.0, 115.0, 30.0) == pytest.approx(90.0, abs=0.3)
