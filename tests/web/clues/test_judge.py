"""From a stored frame to a clue: the writer leaves a dirty mark, the judge opens, extends and ends the clue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.db import connection

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.clues import judge
from ecobureau.web.clues.models import Clue, JudgeFault, RuleState
from ecobureau.web.core import history
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
BODY = "91420100MA4KABCD1"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def station(clock: ManualClock) -> Any:
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    unit = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2020, 1, 1))
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", lon=114.5, lat=30.5)
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    made = sources.make_station(SYSTEM, code="G0001", name="江北热电1号烟气", st="31", outlet=outlet)
    sources.make_logger(
        SYSTEM, made, mn="010000A8900016F000169DC0", password="123456", accept_from=NOON - timedelta(days=30)
    )
    sources.set_limit(
        SYSTEM, outlet, "a21002", value="50", source="排污许可证（测试）", valid_from=date(2026, 1, 1), field="avg"
    )
    return made


@pytest.fixture
def store(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as conn:
        run = books.start_run(conn, "test", "here", 1, NOON)
        writer = Writer(conn)

        def write(station: Any, values: Sequence[tuple[datetime, str, str]], code: str = "a21002") -> None:
            batch = []
            for start, value, flag in values:
                raw = f"{start.isoformat()} {code}={value}{flag}".encode()
                reading = Reading.of(code, "mg/m3", {"avg": value}, flag)
                end = start + timedelta(minutes=10)
                period = Period(station.pk, "31", Kind.MINUTE, 600, start, end, [reading])
                batch.append(
                    Arrival(end, raw, sha256(raw).digest(), run, station.pk, "MN", "2051", "data", period=period)
                )
            writer.write(batch)

        yield write


def minutes(first: datetime, *values: str, flag: str = "N") -> list[tuple[datetime, str, str]]:
    return [(first + timedelta(minutes=10 * step), value, flag) for step, value in enumerate(values)]


def drain() -> None:
    while judge.drain(200):
        pass


def test_values_over_the_limit_open_one_clue_that_grows_and_ends(station: Any, store: Any, clock: ManualClock) -> None:
    store(station, minutes(NOON, "42.1", "61.0", "62.5", "63.0", "64.0", "61.5", "60.0"))
    drain()
    clue = Clue.objects.get()
    assert (clue.rule, clue.factor, clue.outlet_id, clue.scenario) == ("R-OVER", "a21002", station.outlet_id, "K01")
    assert "64" in clue.title or "62.5" in clue.title
    assert clue.org_path == "/wuhan/jiangan/"
    kinds = set(clue.evidence.values_list("kind", flat=True))
    assert {"rule", "number", "series", "frame", "favour"} <= kinds
    store(station, minutes(NOON + timedelta(minutes=70), "66.0", "67.0"))
    drain()
    clue.refresh_from_db()
    assert Clue.objects.count() == 1
    assert clue.last_at == NOON + timedelta(minutes=90)
    store(station, minutes(NOON + timedelta(minutes=90), *["30.0"] * 12))
    drain()
    clue.refresh_from_db()
    assert clue.ended_at is not None
    assert clue.state == "new", "a person closes it, not the machine"
    assert history.verify_chain("clue", clue.pk).ok


def test_marked_values_and_values_at_the_limit_open_nothing(station: Any, store: Any) -> None:
    store(station, minutes(NOON, *["80.0"] * 6, flag="C"))
    store(station, minutes(NOON + timedelta(hours=2), *["50.0"] * 6))
    drain()
    assert not Clue.objects.exists()


def test_the_same_frames_again_change_nothing(station: Any, store: Any) -> None:
    frames = minutes(NOON, *["61.0"] * 7)
    store(station, frames)
    drain()
    before = (Clue.objects.get().version, RuleState.objects.count())
    store(station, frames)
    drain()
    assert (Clue.objects.get().version, RuleState.objects.count()) == before


def test_a_rewritten_value_is_a_clue_of_its_own(station: Any, store: Any) -> None:
    store(station, minutes(NOON, "44.0", "48.0"))
    drain()
    store(station, minutes(NOON, "20.0"))
    drain()
    assert list(Clue.objects.values_list("rule", flat=True)) == ["R-REVISED"]


def test_a_value_outside_the_instruments_range(station: Any, store: Any) -> None:
    store(station, minutes(NOON, *["-35.0"] * 7))
    drain()
    assert Clue.objects.get().rule == "R-RANGE"


def test_silence_opens_a_clue_and_speaking_again_ends_it(station: Any, store: Any, clock: ManualClock) -> None:
    silent = Clue.objects.filter(rule__in=("R-OFFLINE", "R-NODATA"))
    store(station, minutes(NOON - timedelta(minutes=10), "40.0"))
    judge.tick()
    assert not silent.exists()
    clock.advance(timedelta(hours=6))
    judge.tick()
    assert not silent.exists(), "no gateway has listened: nothing can be said of the device"
    gateway_lives(clock)
    judge.tick()
    clue = silent.get()
    store(station, minutes(NOON + timedelta(hours=5, minutes=50), "41.0"))
    judge.tick()
    clue.refresh_from_db()
    assert clue.ended_at is not None
    assert silent.count() == 1


def test_nothing_is_due_while_a_stop_is_declared(station: Any, store: Any, clock: ManualClock) -> None:
    sources.declare(SYSTEM, station.outlet, "stop", starts=NOON - timedelta(days=2), reason="年检")
    store(station, minutes(NOON - timedelta(hours=2), *["40.0"] * 12))
    judge.tick()
    assert not Clue.objects.filter(rule="R-MISSING").exists()


def gateway_lives(clock: ManualClock) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update gateway_run set heartbeat_at = %s", [clock.now()])


def test_devices_get_their_full_time_after_the_bureau_was_away(station: Any, store: Any, clock: ManualClock) -> None:
    silent = Clue.objects.filter(rule__in=("R-OFFLINE", "R-NODATA"))
    store(station, minutes(NOON - timedelta(minutes=10), "40.0"))
    clock.advance(timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute("update gateway_run set started_at = %s, heartbeat_at = %s", [clock.now()] * 2)
    clock.advance(timedelta(seconds=60))
    gateway_lives(clock)
    judge.tick()
    assert not silent.exists()
    clock.advance(timedelta(hours=6))
    gateway_lives(clock)
    judge.tick()
    assert silent.exists()


def test_missing_values_are_counted_from_when_data_was_due(station: Any, store: Any, clock: ManualClock) -> None:
    store(station, minutes(NOON - timedelta(hours=2), *["40.0"] * 12))
    judge.tick()
    assert Clue.objects.get(rule="R-MISSING").factor == "a21002"


def test_what_cannot_be_judged_is_set_aside_and_holds_up_nobody(
    station: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ecobureau.web.clues.judge import run

    real = run._judge_stream

    def fails_on_so2(lookup: Any, memory: Any, station_id: int, stream: Any, kind: Any, series: Any, at: Any) -> None:
        if "a21026" in series:
            raise RuntimeError("no opinion")
        real(lookup, memory, station_id, stream, kind, series, at)

    monkeypatch.setattr(run, "_judge_stream", fails_on_so2)
    store(station, minutes(NOON - timedelta(days=2), "10.0"), code="a21026")
    store(station, minutes(NOON, *["61.0"] * 7))
    while judge.judge_waiting():
        pass
    assert JudgeFault.objects.get().error == "RuntimeError: no opinion"
    assert Clue.objects.get().factor == "a21002"
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from dirty")
        assert cursor.fetchone() == (0,)
