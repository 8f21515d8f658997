"""A frame that comes alone: the short call does all that the way of a batch does, or nothing."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from ecobureau.storage import single
from ecobureau.storage.types import Arrival, Kind, Outcome
from ecobureau.storage.writer import Writer
from storage_frames import NOON, frame

Conn = psycopg.Connection[Any]
DAY = date(2026, 3, 10)
TABLES = {
    "frame_rt": "start, station_id, stream_id, lag, note, v, marks, wide, exact, parts",
    "frame_period": "start, station_id, stream_id, lag, note, v, marks, wide, exact, parts",
    "stream_state": "station_id, stream_id, newest, received_at, open_hour, lag, note, v, marks, wide, exact",
    "dirty": "station_id, st, kind, interval_s, start_at, end_at, cause, made_at",
    "raw_frame": "received_at, station_id, run_id, session_id, codec, sha256, cn, outcome, reason, deviations, raw",
    "frame_counter": "day, run_id, station_id, outcome, frames",
    "gateway_received": "day, run_id, station_id, frames",
    "gateway_batch": "run_id, batch, outcomes",
}


@pytest.fixture
def calls(monkeypatch: Any) -> list[bool]:
    """What each short call returned."""
    found: list[bool] = []
    original = single.put

    def spy(*words: Any) -> bool:
        found.append(original(*words))
        return found[-1]

    monkeypatch.setattr(single, "put", spy)
    return found


def in_one_hour(kind: Kind, minutes: int = 10) -> list[Arrival]:
    return [
        frame(
            {"a34013": {"avg": f"{n}.250", "max": "9" * (3 + 9 * (n == 2)), "flag": "D" if n == 1 else "N"}},
            NOON + timedelta(minutes=minutes * n),
            kind=kind,
        )
        for n in range(5)
    ]


def contents(conn: Conn) -> dict[str, list[Any]]:
    return {
        name: conn.execute(f"SELECT {what} FROM {name} ORDER BY 1, 2, 3").fetchall() for name, what in TABLES.items()
    }


@pytest.mark.parametrize("kind", [Kind.RT, Kind.MINUTE])
def test_the_short_call_leaves_what_a_batch_leaves(
    connect: Any, owner: Conn, calls: list[bool], monkeypatch: Any, kind: Kind
) -> None:
    ends = []
    for fits in (single.fits, lambda _work: False):
        owner.execute(f"TRUNCATE {', '.join(TABLES)}")
        monkeypatch.setattr(single, "fits", fits)
        writer = Writer(connect())
        for number, sent in enumerate(in_one_hour(kind), 1):
            assert writer.write([sent], {(7, DAY): number}, number) == [Outcome.STORED]
        ends.append(contents(owner))
    assert calls == [False, True, True, True, True]  # the first frame of a stream has no newest one to follow
    for name in TABLES:
        assert ends[0][name] == ends[1][name], name
    assert len(ends[0]["frame_rt" if kind is Kind.RT else "frame_period"]) == len(ends[0]["raw_frame"]) == 5


def test_what_is_not_simply_the_next_frame_goes_the_way_of_a_batch(
    writer: Writer, conn: Conn, calls: list[bool]
) -> None:
    first, second, third, *_ = in_one_hour(Kind.MINUTE)
    writer.write([first])
    writer.write([third])
    assert calls == [False, True]
    assert writer.write([second]) == [Outcome.STORED]  # older than the newest
    assert writer.write([third]) == [Outcome.DUPLICATE]
    assert writer.write([frame({"a21026": {"avg": "1"}}, third.period.start)]) == [Outcome.STORED]  # other factors
    later = frame({"a34013": {"avg": "1.250", "max": "999"}}, NOON + timedelta(hours=1))
    assert writer.write([later]) == [Outcome.STORED]  # an hour is over: its roll-up has to be made
    assert calls == [False, True, False, False, False, False]
    assert conn.execute("SELECT count(*) FROM rollup_hour WHERE factor = 'a34013'").fetchone() == (1,)
    assert conn.execute("SELECT sum(frames) FROM frame_counter").fetchone() == (6,)
    assert conn.execute("SELECT count(*) FROM frame_period").fetchone() == (4,)


def test_a_refused_frame_and_one_with_parameters_never_take_it(writer: Writer, calls: list[bool]) -> None:
    sent = in_one_hour(Kind.RT)
    writer.write([sent[0]])
    assert writer.write(sent[1:3]) == [Outcome.STORED] * 2
    assert calls == [False]


def test_a_quicker_writer_makes_the_call_come_to_nothing(connect: Any, owner: Conn, calls: list[bool]) -> None:
    # Another gateway holds the newest frame of the stream; it commits a newer one while the call waits for it.
    first, second, third, *_ = in_one_hour(Kind.RT)
    writer = Writer(connect())
    writer.write([first])
    other = connect()
    outcomes: list[Outcome] = []
    with other.transaction():
        other.execute("UPDATE stream_state SET newest = %s", (third.period.start,))
        thread = threading.Thread(target=lambda: outcomes.extend(writer.write([second])))
        thread.start()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while not owner.execute(waiting).fetchone():
            assert thread.is_alive()
    thread.join(20)
    assert outcomes == [Outcome.STORED]
    assert calls == [False, False]  # the call itself raised, and the frame came again, now behind the newest
    assert owner.execute("SELECT count(*) FROM frame_rt").fetchone() == (2,)
    assert owner.execute("SELECT newest FROM stream_state").fetchone() == (third.period.start,)
    assert owner.execute("SELECT sum(frames) FROM frame_counter").fetchone() == (2,)


def test_a_call_whose_commit_nobody_heard_of_is_not_written_twice(connect: Any, owner: Conn, calls: list[bool]) -> None:
    first, second, *_ = in_one_hour(Kind.RT)
    conn = connect()
    writer = Writer(conn)
    writer.write([first], {}, 1)
    writer.write([second], {}, 2)
    conn.close()
    again = Writer(connect())
    assert again.write([second], {}, 2) == [Outcome.STORED]
    assert calls == [False, True]
    assert owner.execute("SELECT sum(frames) FROM frame_counter").fetchone() == (2,)
