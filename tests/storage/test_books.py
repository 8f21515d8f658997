"""Books, sessions, commands, the judge's queue and the re-key job."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ecobureau.storage import books, commands, queue, read, rekey, sessions
from ecobureau.storage.commands import State
from ecobureau.storage.types import Kind, Outcome
from ecobureau.storage.writer import Writer
from storage_frames import NOON, frame, other

Conn = psycopg.Connection[Any]
DAY = date(2026, 3, 10)


def write(writer: Writer, run: int, n: int, received: int) -> None:
    batch = [frame({"a34013": {"avg": "1"}}, NOON + timedelta(minutes=10 * i), run=run) for i in range(n)]
    writer.write(batch, {(7, DAY): received})


def verdict(conn: Conn) -> tuple[str, int]:
    (line,) = books.balance(conn, DAY)
    return line.verdict, line.difference


def test_books_of_a_run_from_start_to_end(writer: Writer, conn: Conn) -> None:
    run = books.start_run(conn, "gateway-1", "host", 4711, NOON)
    write(writer, run, 3, 5)
    assert verdict(conn) == ("open", 2)
    writer.write([other("control", b"1", run_id=run), other("control", b"2", run_id=run)])
    books.end_run(conn, run, NOON + timedelta(hours=1))
    (line,) = books.balance(conn, DAY)
    assert (line.verdict, line.difference, line.run_state) == ("balanced", 0, "ended")
    assert line.outcomes == {Outcome.STORED: 3, Outcome.CONTROL: 2}


def test_what_a_crash_cut_off_is_shown_as_that(writer: Writer, conn: Conn) -> None:
    run = books.start_run(conn, "gateway-1", "host", 4711, NOON)
    write(writer, run, 3, 5)
    assert books.mark_crashed(conn, NOON + timedelta(seconds=60)) == []
    assert books.mark_crashed(conn, NOON + timedelta(minutes=5)) == [run]
    assert verdict(conn) == ("cut_off", 2)
    (line,) = books.balance(conn, DAY)
    assert line.balances


def test_the_check_can_fail(writer: Writer, conn: Conn, owner: Conn) -> None:
    run = books.start_run(conn, "gateway-1", "host", 4711, NOON)
    write(writer, run, 3, 2)
    assert verdict(conn) == ("broken", -1)
    books.heartbeat(conn, run, NOON, {(7, DAY): 4})
    books.heartbeat(conn, run, NOON, {(7, DAY): 2})  # late: a count never goes back
    books.end_run(conn, run, NOON)
    assert verdict(conn) == ("broken", 1)
    assert not books.balance(conn, DAY)[0].balances
    assert books.recount(conn, DAY) == []
    owner.execute("UPDATE frame_counter SET frames = frames + 1")
    assert books.recount(conn, DAY) == [(run, 7, "stored", 4, 3)]


def test_frames_count_on_the_day_they_were_received_in_beijing(writer: Writer, conn: Conn) -> None:
    run = books.start_run(conn, "gateway-1", "host", 4711, NOON)
    midnight = NOON + timedelta(hours=12)
    writer.write([other("control", b"1", run_id=run, received=midnight - timedelta(microseconds=1)),
                  other("control", b"2", run_id=run, received=midnight)])  # fmt: skip
    assert [line.settled for day in (DAY, DAY + timedelta(days=1)) for line in books.balance(conn, day)] == [1, 1]


def test_the_newest_connection_wins(conn: Conn) -> None:
    first = sessions.open_session(conn, 1, 7, "MN7", "10.0.0.1:1", NOON)
    assert sessions.heartbeat(conn, [first], NOON) == set()
    second = sessions.open_session(conn, 2, 7, "MN7", "10.0.0.1:2", NOON + timedelta(seconds=5))
    assert sessions.heartbeat(conn, [first, second], NOON + timedelta(seconds=6)) == {first}
    assert sessions.holders(conn)[7].id == second
    sessions.close_session(conn, first, NOON + timedelta(seconds=7), "x")
    assert {s.id: s.reason for s in sessions.history(conn, 7)} == {second: "", first: sessions.SUPERSEDED}
    sessions.close_session(conn, second, NOON + timedelta(seconds=8))
    assert sessions.holders(conn, [7]) == {}


def test_a_crashed_run_gives_its_stations_back(conn: Conn) -> None:
    run = books.start_run(conn, "gateway-1", "host", 4711, NOON)
    sessions.open_session(conn, run, 7, "MN7", "", NOON)
    books.mark_crashed(conn, NOON + timedelta(minutes=5))
    assert sessions.holders(conn) == {}


def test_a_command_goes_to_the_process_that_holds_the_socket_and_to_no_other(connect: Any) -> None:
    conn, rival = connect(), connect()
    rival.execute("LISTEN eb_command")
    mine = sessions.open_session(conn, 1, 7, "MN7", "", NOON)
    command = commands.ask(conn, 7, "1012", {"SystemTime": "20260310120000"}, 5, NOON)
    assert len(list(rival.notifies(timeout=1, stop_after=1))) == 1
    assert commands.take(conn, {8: mine}, NOON) == []
    with conn.transaction():
        (taken,) = commands.take(conn, {7: mine}, NOON)
        assert commands.take(rival, {7: mine}, NOON) == []
    assert (taken.id, taken.state, taken.params) == (command, State.SENT, {"SystemTime": "20260310120000"})
    second = commands.ask(conn, 7, "3012", {}, 5, NOON)
    assert commands.take(conn, {7: mine}, NOON) == []
    commands.move(conn, command, State.ACCEPTED, NOON, qn_rtn="1", qn="20260310120000001")
    commands.move(conn, command, State.DONE, NOON + timedelta(seconds=1), exe_rtn="1")
    found = commands.get(conn, command)
    assert found is not None
    assert [s.state for s in found[1]] == [State.QUEUED, State.SENT, State.ACCEPTED, State.DONE]
    assert (found[0].qn_rtn, found[0].exe_rtn, found[0].qn) == ("1", "1", "20260310120000001")
    assert [c.id for c in commands.take(conn, {7: mine}, NOON)] == [second]


def test_a_session_that_was_lost_gets_no_command(conn: Conn) -> None:
    lost = sessions.open_session(conn, 1, 7, "MN7", "", NOON)
    kept = sessions.open_session(conn, 2, 7, "MN7", "", NOON)
    commands.ask(conn, 7, "3012", {}, 5, NOON)
    assert commands.take(conn, {7: lost}, NOON) == []
    assert len(commands.take(conn, {7: kept}, NOON)) == 1


def test_moves_that_do_not_exist_are_refused_and_change_nothing(conn: Conn) -> None:
    command = commands.ask(conn, 7, "3012", {}, 5, NOON)
    for state in (State.ACCEPTED, State.DONE, State.QUEUED):
        with pytest.raises(commands.NotAllowed):
            commands.move(conn, command, state, NOON)
    assert commands.expire(conn, NOON + timedelta(minutes=11)) == [command]
    with pytest.raises(commands.NotAllowed):
        commands.move(conn, command, State.SENT, NOON)
    found = commands.get(conn, command)
    assert found is not None
    assert found[0].state is State.TIMED_OUT
    assert [s.state for s in found[1]] == [State.QUEUED, State.TIMED_OUT]


def test_an_expired_command_is_not_taken(conn: Conn) -> None:
    mine = sessions.open_session(conn, 1, 7, "MN7", "", NOON)
    commands.ask(conn, 7, "3012", {}, 5, NOON)
    assert commands.take(conn, {7: mine}, NOON + timedelta(minutes=10)) == []


def test_work_of_a_judge_that_fails_comes_back(writer: Writer, connect: Any) -> None:
    writer.write([frame({"a34013": {"avg": "1"}}, station=s) for s in (7, 8)])
    one, two = connect(), connect()
    with pytest.raises(RuntimeError), one.transaction():
        (lost,) = queue.take(one, 1)
        assert [d.station_id for d in queue.take(two)] == [15 - lost.station_id]
        raise RuntimeError
    assert queue.waiting(two) == 1
    (work,) = queue.take(two)
    assert (work.station_id, work.st, work.kind, work.interval_s, work.start, work.cause) == (
        lost.station_id, "31", Kind.MINUTE, 600, NOON, "new",
    )  # fmt: skip
    assert queue.waiting(two) == 0


# -- re-key -----------------------------------------------------------------------------------------------------------

TEN = timedelta(minutes=10)


def starts(conn: Conn) -> list[tuple[datetime, str | None]]:
    found = read.series(
        conn, 7, "31", Kind.MINUTE, 600, ["a34013"], NOON - timedelta(days=40), NOON + timedelta(days=2)
    )
    return [(p.start, p.text()) for p in found["a34013"]]


def fill(writer: Writer) -> None:
    writer.write([frame({"a34013": {"avg": f"{n}.0"}}, NOON + n * TEN) for n in range(20)])
    writer.write([frame({"a34013": {"avg": "99.0"}}, NOON + 2 * TEN)])
    writer.write([frame({"a34013": {"avg": "7.7"}}, NOON, station=8)])


def test_a_re_key_moves_frames_revisions_latest_and_roll_ups_and_leaves_a_trace(writer: Writer, conn: Conn) -> None:
    fill(writer)
    job = rekey.rekey(
        conn, 7, Kind.MINUTE, -TEN, NOON, NOON + timedelta(days=1), asked_by=3, reason="end-stamped", at=NOON
    )
    assert job.frames == 20
    assert starts(conn) == [(NOON + (n - 1) * TEN, "99.0" if n == 2 else f"{n}.0") for n in range(20)]
    (revision,) = read.revisions(conn, 7, NOON - TEN, NOON + timedelta(days=1))
    assert revision.start == NOON + TEN
    assert [v.start for v in read.latest(conn, [7])] == [NOON + 18 * TEN]
    hours = read.rollups(conn, [7], Kind.MINUTE, "hour", NOON - timedelta(hours=1), NOON + timedelta(hours=5))
    assert [h.n for h in hours] == [1, 6, 6, 6, 1]
    point = read.series(conn, 7, "31", Kind.MINUTE, 600, None, NOON - TEN, NOON)["a34013"][0]
    assert point.rekeyed
    assert point.received_at == NOON + TEN + timedelta(seconds=2)
    (written,) = rekey.jobs(conn, 7)
    assert (written.reason, written.asked_by, written.shift) == ("end-stamped", 3, -TEN)
    assert [d.cause for d in queue.take(conn)][-1] == "revised"
    assert [v.text for v in read.latest(conn, [8])] == ["7.7"]


def test_there_and_back_is_as_before(writer: Writer, conn: Conn) -> None:
    fill(writer)
    before = starts(conn)
    hours = read.rollups(conn, [7], Kind.MINUTE, "hour", NOON - timedelta(hours=1), NOON + timedelta(hours=5))
    shift = timedelta(days=-31)
    rekey.rekey(conn, 7, Kind.MINUTE, shift, NOON, NOON + timedelta(days=1), asked_by=3, reason="x", at=NOON)
    rekey.rekey(
        conn, 7, Kind.MINUTE, -shift, NOON + shift, NOON + shift + timedelta(days=1), asked_by=3, reason="y", at=NOON
    )
    assert starts(conn) == before
    assert read.rollups(conn, [7], Kind.MINUTE, "hour", NOON - timedelta(hours=1), NOON + timedelta(hours=5)) == hours
    assert len(rekey.jobs(conn)) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "  "}, "reason"),
        ({"shift": timedelta(0)}, "shift"),
        ({"shift": timedelta(milliseconds=500)}, "shift"),
        ({"station_id": 99}, "nothing"),
        ({"from_at": NOON + TEN}, "taken"),
    ],
)
def test_a_re_key_that_cannot_be_is_refused_whole(
    writer: Writer, conn: Conn, change: dict[str, Any], code: str
) -> None:
    fill(writer)
    before = starts(conn)
    job: dict[str, Any] = {
        "station_id": 7, "kind": Kind.MINUTE, "shift": -TEN, "from_at": NOON, "to_at": NOON + timedelta(days=1),
        "asked_by": 3, "reason": "end-stamped", "at": NOON, **change,
    }  # fmt: skip
    with pytest.raises(rekey.Refused) as refused:
        rekey.rekey(conn, **job)
    assert refused.value.code == f"storage.rekey.{code}"
    assert starts(conn) == before
    assert rekey.jobs(conn) == []
