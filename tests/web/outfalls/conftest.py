"""A city of two districts, an enterprise, and people who look after outfalls."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.outfalls import services
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from web.people import person

BODY = "91420100MA4KABCD1"
FIRM = BODY + check_letter(BODY)


def _square(west: float, east: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[[west, 30], [east, 30], [east, 31], [west, 31], [west, 30]]]}


@pytest.fixture
def city(db: None) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    for code, name, number, west in (("jiangan", "江岸区", "420102", 114.0), ("qingshan", "青山区", "420107", 115.0)):
        unit = places.make_organisation(
            SYSTEM, parent=top, code=code, level="district", name=name, division_code=number
        )
        places.set_area(SYSTEM, unit, _square(west, west + 1), valid_from=date(2020, 1, 1))
        grid = places.make_organisation(SYSTEM, parent=unit, code="g1", level="grid", name=f"{name}一网格")
        places.set_area(SYSTEM, grid, _square(west, west + 0.5), valid_from=date(2020, 1, 1))
    sources.sync_factors(SYSTEM)


@pytest.fixture
def firm(city: None) -> Any:
    return sources.make_enterprise(SYSTEM, code=FIRM, name="江北印染有限公司", lon=114.2, lat=30.5, phone="13800000000")


@pytest.fixture
def people(city: None) -> dict[str, Any]:
    """Viewers: `officer`, `head`, `other_head` at the district, `worker` of its grid, `away` of the other district."""
    held = {
        "officer": ("enforcement_officer", "/wuhan/jiangan/"),
        "head": ("unit_head", "/wuhan/jiangan/"),
        "other_head": ("unit_head", "/wuhan/jiangan/"),
        "away": ("unit_head", "/wuhan/qingshan/"),
        "admin": ("administrator", "/wuhan/"),
        "duty": ("duty_officer", "/wuhan/"),
        "worker": ("grid_worker", "/wuhan/jiangan/", ["/wuhan/jiangan/g1/"]),
    }
    return {name: viewer_of(person(name, grant)) for name, grant in held.items()}  # type: ignore[arg-type]


@pytest.fixture
def outfall(city: None) -> Outfall:
    return services.register(SYSTEM, title="解放大道排口", kind_code="GY", water="府河", lon=114.2, lat=30.5)
