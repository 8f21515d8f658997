"""The worker's upkeep: every duty done when it is due, none held up by another that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ecobureau import clock, rulepacks
from ecobureau.clock import ManualClock
from ecobureau.storage import books, commands, seal, sessions
from ecobureau.storage.types import Kind
from ecobureau.storage.verify import verify
from ecobureau.storage.writer import Writer
from ecobureau.web.core import loops
from ecobureau.web.telemetry import upkeep
from ecobureau.web.telemetry.upkeep import LONG, SHORT, Step, Upkeep
from storage_frames import NOON, frame, other, timeless

Conn = psycopg.Connection[Any]
TABLES = (
    "raw_frame, frame_rt, frame_period, layout, layout_factor, stream, latest_rest, rollup_hour, rollup_day,"
    " stream_state,"
    " frame_counter,"
    " gateway_received, gateway_run, gateway_session, revision, frame_source, device_event, parameter, quarantine,"
    " pending_part, dirty, command, command_event, seal, rekey"
)
DAY = date(2026, 3, 10)
TEXTS = {"a34013": {"avg": "1.230"}}


@pytest.fixture
def store(app_database_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Conn]:
    """The application's connection to an empty store; upkeep uses the same role and a data folder of its own."""
    monkeypatch.setenv("DATABASE_URL", app_database_url)
    monkeypatch.setenv("ECOBUREAU_DATA", str(tmp_path))
    rulepacks.load.cache_clear()
    with (
        psycopg.connect(database_url, autocommit=True) as owner,
        psycopg.connect(app_database_url, autocommit=True) as conn,
    ):
        owner.execute(f"TRUNCATE {TABLES} CASCADE")
        yield conn
        owner.execute(f"TRUNCATE {TABLES} CASCADE")
    rulepacks.load.cache_clear()


@pytest.fixture
def time() -> Iterator[ManualClock]:
    manual = ManualClock(NOON)
    with clock.use_clock(manual):
        yield manual


def exists(conn: Conn, table: str) -> bool:
    row = conn.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    return row is not None and bool(row[0])


def outcomes(conn: Conn) -> dict[str, int]:
    rows = conn.execute("select outcome, sum(frames)::int from frame_counter group by 1").fetchall()
    return {name: frames for name, frames in rows if frames}


def test_the_worker_runs_it() -> None:
    assert {"upkeep", "upkeep-long"} <= set(loops.registered())


def test_partitions_stand_ready_long_before_midnight(store: Conn, time: ManualClock) -> None:
    keep = Upkeep(SHORT)
    far = datetime.fromisoformat("2031-05-31T12:00:00+08:00")
    time.set(far)
    keep()
    assert exists(store, "frame_rt_20310601")
    assert exists(store, "raw_frame_203106")
    assert exists(store, "frame_period_203106")
    assert not exists(store, "frame_rt_20310604")
    time.advance(timedelta(hours=12))
    keep()
    assert exists(store, "frame_rt_20310604"), "the new day brings the next one"


def test_a_silent_run_is_marked_and_loses_its_sessions(store: Conn, time: ManualClock) -> None:
    keep = Upkeep(SHORT)
    run = books.start_run(store, "gateway", "here", 1, NOON)
    sessions.open_session(store, run, 7, "MN7", "127.0.0.1:1", NOON)
    keep()
    time.advance(books.SILENT)
    keep()
    assert not books.runs(store)[0].crashed
    time.advance(30)
    keep()
    assert books.runs(store)[0].crashed
    assert sessions.holders(store) == {}
    books.heartbeat(store, run, time.now())
    time.advance(30)
    keep()
    assert not books.runs(store)[0].crashed, "who speaks again is alive again"


def test_packets_and_commands_end(store: Conn, time: ManualClock) -> None:
    Writer(store).write([timeless(TEXTS, (2, 3), NOON)])
    asked = commands.ask(store, 7, "1011", {}, 1, NOON, valid_for=timedelta(minutes=3))
    keep = Upkeep(SHORT)
    keep()
    assert outcomes(store) == {"pending_part": 1}
    time.advance(timedelta(minutes=5))
    keep()
    assert outcomes(store) == {"refused": 1}
    assert books.recount(store, DAY) == []
    command, steps = commands.get(store, asked) or (None, [])
    assert command is not None and command.state == commands.State.TIMED_OUT
    assert [step.state.value for step in steps] == ["queued", "timed_out"]


def test_a_day_that_is_over_is_sealed_and_its_heads_stand_outside(
    store: Conn, time: ManualClock, tmp_path: Path
) -> None:
    Writer(store).write([frame(TEXTS, station=7), frame(TEXTS, station=8)])
    keep, heads = Upkeep(LONG), tmp_path / "heads" / seal.FILE
    keep()
    assert seal.links(store) == []
    midnight = datetime.fromisoformat("2026-03-11T00:00:00+08:00")
    time.set(midnight + timedelta(minutes=2))
    keep()
    assert seal.links(store) == [], "frames under way have their grace"
    time.set(midnight + timedelta(minutes=11))
    keep()
    assert [(link.station_id, link.day) for link in seal.links(store)] == [(7, DAY), (8, DAY)]
    assert len(seal.read_heads(heads)) >= 2
    report = verify(store, heads)
    assert (report.faults, report.unsealed) == ([], 0)

    Writer(store).write([frame({"a34013": {"avg": "9"}}, NOON + timedelta(minutes=10), station=7)])
    time.advance(timedelta(hours=1))
    keep()
    assert [(link.station_id, link.seq) for link in seal.links(store)] == [(7, 0), (8, 0), (7, 1)]
    assert verify(store, heads).faults == []


def test_old_realtime_days_go_and_evidence_stays(store: Conn, time: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "upkeep.toml").write_text(
        '[pack]\nversion = "city"\n[[entry]]\nkey = "keep.realtime"\nvalue = 2\nsource = "city"\nflag = "proposal"\n'
        "valid_from = 2026-01-01\n"
    )
    Writer(store).write([frame(TEXTS, kind=Kind.RT, cn="2011"), frame(TEXTS)])
    keep = Upkeep(LONG)
    time.set(NOON + timedelta(days=2))
    keep()
    assert exists(store, "frame_rt_20260310")
    time.advance(timedelta(days=1))
    keep()
    assert not exists(store, "frame_rt_20260310")
    assert store.execute("select count(*) from raw_frame").fetchone() == (2,)
    assert store.execute("select count(*) from frame_period").fetchone() == (1,)


def test_quarantine_is_emptied_of_what_nobody_sends_any_more(store: Conn, time: ManualClock) -> None:
    old, fresh = (other("quarantine", raw, reason="station.unknown", station_id=None) for raw in (b"old", b"fresh"))
    days = upkeep.kept_days("keep.quarantine", NOON)
    fresh.received_at = NOON + timedelta(days=days)
    Writer(store).write([old, fresh])
    time.set(NOON + timedelta(days=days, minutes=1))
    Upkeep(LONG)()
    assert store.execute("select raw from quarantine").fetchall() == [(b"fresh",)]


@pytest.mark.parametrize("value", ["0", "-3", '"three"', "true", "1.5"])
def test_a_bad_keeping_rule_deletes_nothing_and_is_told(
    store: Conn, time: ManualClock, tmp_path: Path, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "upkeep.toml").write_text(
        f'[pack]\nversion = "city"\n[[entry]]\nkey = "keep.realtime"\nvalue = {value}\nsource = "city"\n'
        'flag = "proposal"\nvalid_from = 2026-01-01\n'
    )
    Writer(store).write([frame(TEXTS, kind=Kind.RT, cn="2011")])
    time.set(NOON + timedelta(days=1000))
    Upkeep(LONG)()
    assert exists(store, "frame_rt_20260310")
    assert "keep.realtime" in caplog.text
    assert [link.day for link in seal.links(store)] == [DAY], "the other steps ran"


def test_a_step_that_fails_stops_no_other_and_is_tried_again_soon(
    store: Conn, time: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []

    def fail(conn: Conn, at: datetime) -> int:
        ran.append("first")
        conn.execute("select 1 / 0")
        return 0

    def work(conn: Conn, at: datetime) -> int:
        ran.append("second")
        conn.execute("select 1")
        return 0

    hour = timedelta(hours=1)
    keep = Upkeep([Step("first", hour, fail), Step("second", hour, work)])
    keep()
    assert ran == ["first", "second"]
    assert "upkeep step first failed" in caplog.text
    time.advance(upkeep.RETRY)
    keep()
    assert ran == ["first", "second", "first"]
    time.advance(hour)
    keep()
    assert ran == ["first", "second", "first", "first", "second"]


def test_nothing_due_needs_no_connection(store: Conn, time: ManualClock) -> None:
    opened: list[Conn] = []

    def connect() -> Conn:
        opened.append(upkeep.connect())
        return opened[-1]

    keep = Upkeep([Step("only", timedelta(minutes=1), lambda conn, at: 0)], connect)
    keep()
    keep()
    assert len(opened) == 1
    assert opened[0].closed


def test_the_database_away_is_survived(
    store: Conn, time: ManualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The loop starts again and does what was left, once there is a database."""
    here = upkeep.connect
    ways = iter([False, True])

    def connect() -> Conn:
        if not next(ways):
            raise psycopg.OperationalError("away")
        return here()

    async def play() -> list[str]:
        stop, done = asyncio.Event(), []
        running = asyncio.get_running_loop()

        def work(conn: Conn, at: datetime) -> int:
            done.append("done")
            running.call_soon_threadsafe(stop.set)
            return 1

        keep = Upkeep([Step("only", timedelta(minutes=1), work)], connect)
        await loops.keep("upkeep", loops.every_seconds(0.01, keep), stop)
        return done

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(play()) == ["done"]
    assert "the database is away, the loops wait for it: away" in caplog.text
    assert "the database is back after" in caplog.text


def test_upkeep_gives_way_to_a_writer(store: Conn, time: ManualClock, database_url: str) -> None:
    """A table somebody writes to is not waited for without end: the step fails, its turn comes again."""
    Writer(store).write([frame(TEXTS, kind=Kind.RT, cn="2011")])
    days = upkeep.kept_days("keep.realtime", NOON)
    time.set(NOON + timedelta(days=days + 1))
    keep = Upkeep([Step("realtime", timedelta(hours=1), upkeep.drop_realtime)], lambda: _hurried(upkeep.connect()))
    with psycopg.connect(database_url) as busy:
        busy.execute("select count(*) from frame_rt")
        keep()
        assert exists(store, "frame_rt_20260310")
    time.advance(upkeep.RETRY)
    keep()
    assert not exists(store, "frame_rt_20260310")


def _hurried(conn: Conn) -> Conn:
    conn.execute("set lock_timeout = '20ms'")
    return conn
