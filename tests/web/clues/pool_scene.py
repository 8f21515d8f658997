"""A small city for the tests of the pool: two districts, people, clues, tasks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ecobureau.web.accounts.models import User
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.places import services as places
from web.people import person

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
CITY, DISTRICT, OTHER = "/wuhan/", "/wuhan/jiangan/", "/wuhan/qingshan/"
GRID = "/wuhan/jiangan/g1/"
SQUARES = {
    "wuhan": (114.0, 30.0, 115.0, 31.0),
    "jiangan": (114.0, 30.0, 114.5, 31.0),
    "qingshan": (114.5, 30.0, 115.0, 31.0),
}


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return a GeoJSON polygon."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def build_city() -> None:
    """Make the city with two districts that have areas, and a grid of each."""
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    places.set_area(SYSTEM, top, square(*SQUARES["wuhan"]), valid_from=AT.date().replace(year=2020))
    for code, name in (("jiangan", "江岸区"), ("qingshan", "青山区")):
        district = places.make_organisation(SYSTEM, parent=top, code=code, level="district", name=name)
        places.set_area(SYSTEM, district, square(*SQUARES[code]), valid_from=AT.date().replace(year=2020))
        places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name=f"{name}一网格")


def who(role: str, place: str, name: str = "") -> Viewer:
    """Return the viewer of a person with a role at a place; asked again, the same one."""
    username = name or f"{role}-{place.strip('/').replace('/', '-')}"
    known = User.objects.filter(username=username).first()
    return viewer_of(known or person(username, (role, place)))


def a_clue(title: str = "花桥街工地夜里两点还在施工打桩，吵得睡不着", **more: Any) -> Clue:
    """Register a clue as the program."""
    fields: dict[str, Any] = {"org_path": DISTRICT, "scenario": "K11", "lon": 114.3, "lat": 30.6}
    return clues.register(SYSTEM, title=title, **(fields | more))


def closed(clue: Clue) -> Clue:
    """Close a clue as its last task does."""
    Clue.objects.filter(pk=clue.pk).update(state="tasked")
    clue.refresh_from_db()
    clues.close_with_task(clue, task="RW-20261122-0001")
    return clue
