"""A small district with people in their offices, for the tests of hands, help and supervision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from web.people import person

DISTRICT, GRID, WATER = "/wuhan/jiangan/", "/wuhan/jiangan/g1/", "/wuhan/jiangan/water/"
HOUSING = "/wuhan/housing/"
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """A clock that stands at 2026-11-23 (a Monday) 09:00 in Asia/Shanghai."""
    manual = ManualClock(MONDAY)
    with use_clock(manual):
        yield manual


@pytest.fixture
def office(db: None, clock: ManualClock) -> dict[str, Any]:
    """Users by name: duty, chief (city); dispatcher, head (district); worker, mate (grid); water, housing (heads)."""
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市级中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸分中心")
    grid = places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    places.make_organisation(SYSTEM, parent=district, code="water", level="department", name="江岸水务")
    places.make_organisation(SYSTEM, parent=top, code="housing", level="department", name="市城建")
    given = {
        "duty": ("duty_officer", "/wuhan/"),
        "chief": ("leader", "/wuhan/"),
        "dispatcher": ("dispatcher", DISTRICT),
        "head": ("unit_head", DISTRICT),
        "worker": ("grid_worker", GRID, [GRID]),
        "mate": ("grid_worker", GRID, [GRID]),
        "water": ("unit_head", WATER),
        "housing": ("unit_head", HOUSING),
    }
    people = {name: person(name, role) for name, role in given.items()}
    for name in ("worker", "mate"):
        places.add_member(SYSTEM, grid, people[name], valid_from=date(2026, 1, 1))
    roster = places.make_roster(SYSTEM, grid, "日班")
    places.add_shift(SYSTEM, roster, people["worker"], starts=MONDAY, ends=MONDAY + timedelta(hours=11))
    return people


@pytest.fixture
def who(office: dict[str, Any]) -> Callable[[str], Viewer]:
    """Return the viewer of a person by name."""
    return lambda name: viewer_of(office[name])


@pytest.fixture
def task(office: dict[str, Any], who: Callable[[str], Viewer]) -> Task:
    """A task of the grid that `worker` has accepted."""
    made: Task = kernel.create(
        "task", SYSTEM, title="河边有异味", org_path=GRID, grid=GRID, owner_unit=GRID, order="看看排口"
    )
    tasks.accept(made, who("worker"))
    return made
