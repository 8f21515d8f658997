"""A city with the offices that rectification goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core import attachments
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.places import services as places
from ecobureau.web.rectification import services
from web.files import jpeg
from web.people import person

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DISTRICT, WATER, HOUSING = "/wuhan/jiangan/", "/wuhan/jiangan/water/", "/wuhan/housing/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """A clock that stands at 2026-11-23 (a Monday) 09:00 in Asia/Shanghai."""
    manual = ManualClock(MONDAY)
    with use_clock(manual):
        yield manual


@pytest.fixture
def who(db: None, clock: ManualClock, settings: Any, tmp_path: Any) -> Callable[[str], Viewer]:
    """Return the viewer of a person by name: office, leader, checker of the city; water owns it, housing accepts."""
    settings.MEDIA_ROOT = tmp_path
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市级中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸分中心")
    places.make_organisation(SYSTEM, parent=district, code="water", level="department", name="江岸水务")
    places.make_organisation(SYSTEM, parent=top, code="housing", level="department", name="市城建")
    users = {
        "office": person("office", ("dispatcher", "/wuhan/")),
        "leader": person("leader", ("leader", "/wuhan/")),
        "second": person("second", ("leader", "/wuhan/")),
        "checker": person("checker", ("unit_head", "/wuhan/")),
        "water": person("water", ("unit_head", WATER)),
        "housing": person("housing", ("unit_head", HOUSING)),
        "other": person("other", ("unit_head", "/wuhan/qingshan/")),
    }
    return lambda name: viewer_of(users[name])


@pytest.fixture
def paper() -> Callable[..., None]:
    """Lay a paper with a record."""

    def lay(record: Any, viewer: Viewer, kind: str) -> None:
        attachments.store(record, viewer, SimpleUploadedFile("a.jpg", jpeg()), paper=kind, uuid=uuid4())

    return lay


@pytest.fixture
def entered(who: Callable[[str], Viewer]) -> Any:
    """An item of feedback that Jiang'an's water office has to mend and the city's housing office accepts."""
    return services.enter(
        who("office"),
        title="府河支流沿线生活污水直排",
        level="orange",
        org_path=DISTRICT,
        owner_unit=WATER,
        accepting_unit=HOUSING,
        demand="直排口全部接入管网",
        key_steps="排查、截污、修复管网",
        feedback_on=date(2026, 11, 20),
        due_on=date(2027, 3, 31),
    )
