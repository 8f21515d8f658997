"""The search of the top bar finds enterprises, outlets and stations, of the viewer's own places alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from web.people import person

pytestmark = pytest.mark.django_db
BODY = "91420100MA4KABCD1"


def test_things_are_found_where_they_may_be_seen(client: Any) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    square = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
    for code in ("jiangan", "qingshan"):
        district = places.make_organisation(SYSTEM, parent=top, code=code, level="district", name=code)
        if code == "jiangan":
            places.set_area(SYSTEM, district, square, valid_from=date(2020, 1, 1))
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电", lon=114.5, lat=30.5)
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    sources.make_station(SYSTEM, code="G0001", name="江北热电1号", st="31", outlet=outlet)
    client.force_login(person("in", ("duty_officer", "/wuhan/jiangan/")))
    page = client.get("/search/?q=江北").content.decode()
    assert "江北热电</a>" in page and "1号锅炉排气筒 DA001</a>" in page and "江北热电1号</a>" in page
    assert "1号锅炉排气筒 DA001</a>" in client.get("/search/?q=1号锅炉").content.decode()
    client.force_login(person("out", ("duty_officer", "/wuhan/qingshan/")))
    page = client.get("/search/?q=江北").content.decode()
    assert "热电</a>" not in page and "没有找到" in page
