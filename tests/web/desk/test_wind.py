"""Wind on the map: arrows where the air goes to, from whole and fresh values only; and the map as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.storage import books, partitions
from ecobureau.storage.types import Kind
from ecobureau.storage.writer import Writer
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from storage_frames import frame
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
PLACE = "/wuhan/jiangan/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as manual:
        assert isinstance(manual, ManualClock)
        yield manual


@pytest.fixture
def stations(clock: ManualClock) -> list[Any]:
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    return [
        sources.make_station(
            SYSTEM, code=f"A{n}", name=f"空气{n}", st="22", org_path=PLACE, lon=114.3 + n / 10, lat=30.6
        )
        for n in range(3)
    ]


@pytest.fixture
def tell(database_url: str, stations: list[Any]) -> Iterator[Any]:
    """Write an hour of a station: `tell(n, hours_ago, speed, direction, flag)`; None leaves the factor out."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        partitions.ensure_ahead(conn, NOON)
        run = books.start_run(conn, "gateway", "test", 1, NOON)

        def write(n: int, ago: int, speed: str | None, direction: str | None, flag: str = "N") -> None:
            told = {"a01007": speed, "a01008": direction}
            texts = {code: {"avg": text, "flag": flag} for code, text in told.items() if text is not None}
            begin = NOON - timedelta(hours=ago)
            Writer(conn).write(
                [frame(texts, begin, station=stations[n].pk, kind=Kind.HOUR, run=run, st="22", cn="2061")]
            )

        yield write


def winds(client: Any, at: str = "") -> dict[str, tuple[int, str]]:
    body = client.get("/map/marks.json", {"at": at} if at else {}).json()
    found = [each["properties"] for each in body["features"] if each["properties"]["kind"] == "wind"]
    return {each["name"].split()[0]: (each["towards"], each["value"]) for each in found}


def test_an_arrow_points_where_the_air_goes_to(client: Any, tell: Any) -> None:
    tell(0, 1, "3.2", "45")
    tell(1, 1, "1.0", "270", "D")
    tell(2, 1, "2.0", None)
    client.force_login(person("duty", ("duty_officer", PLACE)))
    assert winds(client) == {"空气0": (225, "3.2")}, "a fault's value and a speed without direction draw nothing"
    (layer,) = [each for each in client.get("/map/marks.json").json()["layers"] if each["kind"] == "wind"]
    assert layer["note"] == "1 · 12:00 · 2 站没有风"


def test_old_wind_is_no_wind(client: Any, tell: Any, clock: ManualClock) -> None:
    tell(0, 1, "3.2", "45")
    client.force_login(person("duty", ("duty_officer", PLACE)))
    clock.advance(timedelta(hours=3, seconds=1))
    assert winds(client) == {}


def test_who_may_not_see_the_station_gets_no_arrow(client: Any, tell: Any) -> None:
    tell(0, 1, "3.2", "45")
    client.force_login(person("q", ("duty_officer", "/wuhan/qingshan/")))
    assert winds(client) == {}


def test_the_slider_shows_wind_and_clues_as_they_were(client: Any, tell: Any, clock: ManualClock) -> None:
    tell(0, 10, "1.5", "0")
    tell(0, 1, "3.2", "45")
    clue = kernel.create(
        "clue", SYSTEM, title="早上的", org_path=PLACE, lon=114.3, lat=30.6, first_at=NOON, last_at=NOON
    )
    Clue.objects.filter(pk=clue.pk).update(created_at=NOON - timedelta(hours=9), closed_at=NOON - timedelta(hours=2))
    Clue.objects.filter(pk=clue.pk).update(state="dismissed")
    client.force_login(person("duty", ("duty_officer", PLACE)))

    def clues(at: str) -> int:
        body = client.get("/map/marks.json", {"at": at} if at else {}).json()
        return sum(each["properties"]["kind"] == "clue" for each in body["features"])

    then = (NOON - timedelta(hours=8)).isoformat()
    assert (winds(client, then), clues(then)) == ({"空气0": (180, "1.5")}, 1)
    assert (winds(client), clues("")) == ({"空气0": (225, "3.2")}, 0)
    assert clues((NOON - timedelta(hours=10)).isoformat()) == 0
    for bad in ("yesterday", "2026-11-22T03:00:00", (NOON + timedelta(hours=1)).isoformat(), "2020-01-01T00:00:00Z"):
        assert client.get("/map/marks.json", {"at": bad}).status_code == 422
