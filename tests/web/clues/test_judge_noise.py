"""From an hour's Leq of a noise station to a clue: the zone's limits of day and night, and a boundary's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.clues import judge
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.desk import monitor
from ecobureau.web.places import services as places
from ecobureau.web.sources import selectors as sources_read
from ecobureau.web.sources import services as sources
from ecobureau.web.telemetry.charts import chart

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
NIGHT = datetime(2026, 11, 21, 22, tzinfo=BEIJING)
BODY = "91420100MA4KABCD1"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def station(clock: ManualClock) -> Any:
    sources.sync_factors(SYSTEM)
    places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    return _with_logger(sources.make_station(SYSTEM, code="N0001", name="江岸声环境点", st="23", noise_zone="2"))


def _with_logger(made: Any, mn: str = "010000A8900016F000169DC0") -> Any:
    sources.make_logger(SYSTEM, made, mn=mn, password="123456", accept_from=NOON - timedelta(days=30))
    return made


@pytest.fixture
def store(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as conn:
        run = books.start_run(conn, "test", "here", 1, NOON)
        writer = Writer(conn)

        def write(station: Any, first: datetime, *levels: str, kind: Kind = Kind.HOUR, seconds: int = 3600) -> None:
            batch = []
            for at, level in enumerate(levels):
                start = first + at * timedelta(seconds=seconds)
                end = start + timedelta(seconds=seconds)
                raw = f"{station.pk} {kind} {start.isoformat()} {level}".encode()
                reading = Reading.of("Leq", "dB", {"data": level}, "N")
                period = Period(station.pk, station.st, kind, seconds, start, end, [reading])
                batch.append(
                    Arrival(end, raw, sha256(raw).digest(), run, station.pk, "MN", "2061", "data", period=period)
                )
            writer.write(batch)
            while judge.drain(200):
                pass

        yield write


def test_an_hour_over_the_night_limit_of_its_zone_opens_a_clue(station: Any, store: Any) -> None:
    store(station, NIGHT - timedelta(hours=2), "58.0", "58.0")
    assert not Clue.objects.exists(), "58 dB is within the day's 60"
    store(station, NIGHT, "58.0")
    clue = Clue.objects.get()
    assert (clue.rule, clue.factor, clue.scenario, clue.outlet_id) == ("R-OVER", "Leq", "K11", None)
    assert "58" in clue.title and "50" in clue.title and "许可" not in clue.title
    rule = clue.evidence.get(kind="rule")
    assert (rule.params["source"], rule.params["flag"]) == ("GB 3096-2008", "likely")


def test_levels_at_the_limits_open_nothing(station: Any, store: Any) -> None:
    store(station, NIGHT - timedelta(hours=3), "60.0", "60.0", "60.0", "50.0", "50.0")
    assert not Clue.objects.exists()


def test_a_day_over_its_limit_opens_a_clue(station: Any, store: Any) -> None:
    store(station, NIGHT - timedelta(hours=6), "60.1")
    assert "60.1" in Clue.objects.get().title


def test_minutes_are_not_judged_by_the_limits_of_hours(station: Any, store: Any) -> None:
    store(station, NIGHT, *["70.0"] * 6, kind=Kind.MINUTE, seconds=600)
    assert not Clue.objects.exists()


def test_a_station_without_a_zone_is_not_judged(clock: ManualClock, station: Any, store: Any) -> None:
    other = _with_logger(
        sources.make_station(SYSTEM, code="N0002", name="无功能区", st="23"), "010000A8900016F000169DC1"
    )
    store(other, NIGHT, "80.0")
    assert not Clue.objects.exists()


def test_the_city_may_move_its_night(station: Any, store: Any, monkeypatch: Any, tmp_path: Any) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "noise.toml").write_text(
        '[pack]\nname = "noise"\nversion = "city"\n\n[[entry]]\nkey = "hours"\n'
        'value = { day = "07:00", night = "23:00" }\nsource = "市政府公告"\nclause = "1"\n'
        'flag = "certain"\nvalid_from = 2026-01-01\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("ECOBUREAU_DATA", str(tmp_path))
    from ecobureau.rulepacks import load

    load.cache_clear()
    try:
        store(station, NIGHT, "58.0")
        assert not Clue.objects.exists(), "22:00 is day in this city"
        store(station, NIGHT + timedelta(hours=1), "58.0")
        assert Clue.objects.get().factor == "Leq"
    finally:
        monkeypatch.undo()
        load.cache_clear()


def test_a_boundary_has_its_own_limits_of_day_and_night(station: Any, store: Any) -> None:
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", lon=114.5, lat=30.5)
    outlet = sources.make_outlet(SYSTEM, firm, code="ZS001", name="东厂界", medium="noise")
    rows = sources.apply_profile(SYSTEM, outlet, "noise_boundary_3", valid_from=date(2026, 1, 1))
    assert [(row.hours, row.value, row.field, row.flag) for row in rows] == [
        ("day", 65, "avg", "certain"),
        ("night", 55, "avg", "certain"),
    ]
    boundary = _with_logger(
        sources.make_station(SYSTEM, code="N0003", name="东厂界噪声", st="36", outlet=outlet),
        "010000A8900016F000169DC2",
    )
    store(boundary, NIGHT - timedelta(hours=1), "60.0", "55.0")
    assert not Clue.objects.exists()
    store(boundary, NIGHT + timedelta(hours=1), "55.1")
    clue = Clue.objects.get()
    assert clue.outlet_id == outlet.pk
    assert clue.evidence.get(kind="rule").params["limit_ref"] == rows[1].pk


def test_the_stations_page_shows_the_limits_of_its_zone(station: Any, store: Any) -> None:
    store(station, NIGHT, "58.0")
    plot = chart(station.pk, ["Leq"], NIGHT - timedelta(hours=2), NIGHT + timedelta(hours=2), name="x").plots[0]
    assert sorted(line.value for line in plot.limits) == [50.0, 60.0]
    rows = sources_read.zone_limits("2", date(2026, 11, 22))
    assert [(row.hours, row.value, row.pk) for row in rows] == [("day", 60, None), ("night", 50, None)]
    assert sources_read.zone_limits("", date(2026, 11, 22)) == sources_read.zone_limits("9", date(2026, 11, 22)) == []
    cards = monitor.values(monitor.newest([station.pk]), rows, {}, NIGHT + timedelta(hours=1))
    assert [card.flag for card in cards] == ["over"]
    store(station, NIGHT + timedelta(hours=8), "58.0")
    cards = monitor.values(monitor.newest([station.pk]), rows, {}, NIGHT + timedelta(hours=9))
    assert [card.flag for card in cards] == ["valid"], "an hour of the day is compared with the limit of the day"
