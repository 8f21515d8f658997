"""What the tests of the desk share."""

from __future__ import annotations

import pytest

from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places


@pytest.fixture
def city() -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
