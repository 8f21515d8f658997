"""The main pages ask the database the same number of questions for 5 records as for 50."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.places import services as places
from ecobureau.web.places.selectors import organisation
from ecobureau.web.sources.models import Outlet
from web.desk.growing import AT, DISTRICT, GRID, count, grow
from web.people import person

pytestmark = pytest.mark.django_db

PAGES: dict[str, tuple[str, str, Callable[[], str]]] = {
    "duty desk": ("duty_officer", DISTRICT, lambda: "/desk/"),
    "queue alone": ("duty_officer", DISTRICT, lambda: "/desk/?part=queue"),
    "clue list": ("duty_officer", DISTRICT, lambda: "/clues/"),
    "task list": ("dispatcher", DISTRICT, lambda: "/tasks/"),
    "task board": ("dispatcher", DISTRICT, lambda: "/tasks/board/"),
    "clue API": ("duty_officer", DISTRICT, lambda: "/api/clues/"),
    "outlets": ("duty_officer", DISTRICT, lambda: "/outlets/"),
    "stations": ("duty_officer", DISTRICT, lambda: "/stations/"),
    "firms": ("duty_officer", DISTRICT, lambda: "/firms/"),
    "outlet": ("duty_officer", DISTRICT, lambda: f"/outlets/{Outlet.objects.order_by('pk').first().pk}/"),
    "map": ("duty_officer", DISTRICT, lambda: "/map/"),
    "map marks": ("duty_officer", DISTRICT, lambda: "/map/marks.json"),
    "feeds": ("administrator", "/", lambda: "/feeds/"),
    "today": ("unit_head", DISTRICT, lambda: "/today/"),
    "review": ("unit_head", DISTRICT, lambda: "/review/"),
    "phone list": ("grid_worker", DISTRICT, lambda: "/m/"),
}


def test_pages_ask_as_much_for_fifty_as_for_five(client: Any, city: None) -> None:
    duty = viewer_of(person("duty", ("duty_officer", DISTRICT)))
    users = {
        name: person(f"reader {place}", (role, place_, [GRID] if role == "grid_worker" else []))
        for place, (name, (role, place_, _address)) in enumerate(PAGES.items())
    }
    grid = organisation(GRID)
    assert grid is not None
    for user in users.values():
        places.add_member(SYSTEM, grid, user, valid_from=AT.date() - timedelta(days=1))
    asked: dict[int, dict[str, tuple[int, list[str]]]] = {}
    for amount in (5, 50):
        grow(amount, duty)
        asked[amount] = {}
        for name, (_role, _place, address) in PAGES.items():
            client.force_login(users[name])
            count(client, address())
            asked[amount][name] = count(client, address())
    grown = {
        name: (few[0], asked[50][name][0], sorted(set(asked[50][name][1]) - set(few[1]))[:3])
        for name, few in asked[5].items()
        if asked[50][name][0] != few[0]
    }
    assert not grown, "\n".join(f"{name}: {found}" for name, found in grown.items())
