"""The map of a kind: what the list shows and has a place, nothing else; for those who may see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ecobureau.web.clues.models import Clue
from ecobureau.web.core import selectors
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}


@pytest.fixture
def clues() -> dict[str, Clue]:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    for code in ("jiangan", "qingshan"):
        unit = places.make_organisation(SYSTEM, parent=top, code=code, level="district", name=code)
        places.set_area(SYSTEM, unit, SQUARE, valid_from=AT.date().replace(year=2020))
    made = {}
    for name, place, lon, level in (
        ("red", "/wuhan/jiangan/", 114.31, "red"),
        ("blue", "/wuhan/jiangan/", 114.32, "blue"),
        ("nowhere", "/wuhan/jiangan/", None, "red"),
        ("away", "/wuhan/qingshan/", 114.4, "red"),
    ):
        where = {} if lon is None else {"lon": lon, "lat": 30.6}
        made[name] = kernel.create(
            "clue", SYSTEM, title=name, org_path=place, level=level, first_at=AT, last_at=AT, **where
        )
    return made


def names(client: Any, query: str = "") -> list[str]:
    body = client.get(f"/clues/map/marks.json{query}").json()
    return sorted(feature["properties"]["name"] for feature in body["features"])


def test_the_map_shows_what_the_list_shows_and_has_a_place(client: Any, clues: dict[str, Clue]) -> None:
    client.force_login(person("d", ("dispatcher", "/wuhan/jiangan/")))
    assert names(client) == ["blue", "red"]
    assert names(client, "?level=red") == ["red"]
    assert names(client, "?level=nonsense") == []
    page = client.get("/clues/map/?level=red").content.decode()
    assert "/clues/map/marks.json?level=red" in page and clues["red"].number in page
    assert "图上 1 件，另有 1 件没有位置" in page and clues["away"].number not in page
    assert 'href="/clues/map/?level=red"' in client.get("/clues/?level=red").content.decode()
    (mark,) = client.get("/clues/map/marks.json?level=red").json()["features"]
    assert mark["geometry"]["coordinates"] == [114.31, 30.6]
    card = client.get(mark["properties"]["panel"]).content.decode()
    assert f'href="/clues/{clues["red"].number}/"' in card and "新线索" in card


def test_who_may_not_see_gets_no_mark_and_no_card(client: Any, clues: dict[str, Clue]) -> None:
    client.force_login(person("a", ("administrator", "/")))
    for address in ("/clues/map/", "/clues/map/marks.json", f"/clues/{clues['red'].number}/card/"):
        assert client.get(address).status_code == 403
    client.force_login(person("q", ("dispatcher", "/wuhan/qingshan/")))
    assert names(client) == ["away"]
    assert client.get(f"/clues/{clues['red'].number}/card/").status_code in (403, 404)
    client.logout()
    assert client.get("/clues/map/marks.json").status_code == 302
    assert client.get("/basemap.json").status_code == 302


def test_too_many_are_cut_and_said(client: Any, clues: dict[str, Clue], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors.lists, "MAP_LIMIT", 1)
    client.force_login(person("d", ("dispatcher", "/wuhan/jiangan/")))
    assert len(names(client)) == 1
    assert "只画了最新的 1 件" in client.get("/clues/map/").content.decode()


def test_the_base_is_the_districts(client: Any, clues: dict[str, Clue]) -> None:
    client.force_login(person("d", ("dispatcher", "/wuhan/jiangan/")))
    body = client.get("/basemap.json").json()
    assert {feature["properties"]["kind"] for feature in body["features"]} == {"district"}
