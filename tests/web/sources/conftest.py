"""A small city with one enterprise, one outlet and one station."""

from datetime import date

import pytest

from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services

DAY = date(2026, 1, 1)
BODY = "91420100MA4KABCD1"
CODE = BODY + check_letter(BODY)
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}


@pytest.fixture
def town(db):
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    unit = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2020, 1, 1))
    return unit


@pytest.fixture
def enterprise(town):
    return services.make_enterprise(SYSTEM, code=CODE, name="江北热电有限公司", lon=114.5, lat=30.5)


@pytest.fixture
def outlet(enterprise):
    return services.make_outlet(SYSTEM, enterprise, code="DA001", name="1号锅炉排气筒", medium="air", o2_ref=6.0)


@pytest.fixture
def station(outlet):
    return services.make_station(SYSTEM, code="G0001", name="江北热电1号烟气", st="31", outlet=outlet)


@pytest.fixture
def logger(station):
    return services.make_logger(SYSTEM, station, mn="010000A8900016F000169DC0", password="123456")
