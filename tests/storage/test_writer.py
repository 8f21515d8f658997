"""The writer on a real database: outcomes, merges, revisions, upkeep, boundaries, rights, crashes and races."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ecobureau.storage import partitions, read
from ecobureau.storage.types import Event, Kind, Outcome, Parameter
from ecobureau.storage.writer import Writer
from storage_frames import NOON, frame, other, readings

Conn = psycopg.Connection[Any]
DAY = date(2026, 3, 10)


def points(conn: Conn, code: str = "a34013", kind: Kind = Kind.MINUTE, station: int = 7) -> list[read.Point]:
    far = timedelta(days=400)
    return read.series(conn, station, "31", kind, None, [code], NOON - far, NOON + far)[code]


def count(conn: Conn, table: str) -> int:
    row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row
    return int(row[0])


def test_a_frame_comes_back_with_its_digits_mark_and_evidence(writer: Writer, conn: Conn) -> None:
    sent = frame({"a34013": {"avg": "1.230", "min": "1.2", "max": "9", "flag": "D"}})
    assert writer.write([sent]) == [Outcome.STORED]
    (point,) = points(conn)
    assert point.start == NOON
    assert point.end == NOON + timedelta(minutes=10)
    assert [point.text(s) for s in ("avg", "min", "max")] == ["1.230", "1.2", "9"]
    assert (point.value, point.flag, point.backfilled, point.revised) == (1.23, "D", False, False)
    raw = read.raw_frame(conn, point.raw_id)
    assert raw is not None
    assert (raw.raw, raw.sha256, raw.outcome, raw.intact) == (sent.raw, sent.sha256, "stored", True)
    assert point.received_at == sent.received_at


def test_a_resend_is_a_duplicate_in_another_batch_and_in_the_same(writer: Writer, conn: Conn) -> None:
    sent = frame({"a34013": {"avg": "1.230"}})
    assert writer.write([sent, sent]) == [Outcome.STORED, Outcome.DUPLICATE]
    assert writer.write([sent]) == [Outcome.DUPLICATE]
    assert len(points(conn)) == 1
    assert count(conn, "raw_frame") == 3
    assert count(conn, "dirty") == 1


def test_other_factors_of_a_key_are_merged_with_their_own_evidence(writer: Writer, conn: Conn) -> None:
    first, second = frame({"a34013": {"avg": "1"}}), frame({"a21026": {"avg": "2.50", "flag": "T"}})
    assert writer.write([first]) == [Outcome.STORED]
    assert writer.write([second]) == [Outcome.STORED]
    (a,), (b,) = points(conn), points(conn, "a21026")
    assert (a.text(), a.flag, b.text(), b.flag) == ("1", "N", "2.50", "T")
    for point, sent in ((a, first), (b, second)):
        raw = read.raw_frame(conn, point.raw_id)
        assert raw is not None
        assert raw.raw == sent.raw
    assert count(conn, "frame_period") == 1


def test_a_differing_value_is_a_revision_and_both_stay_visible(writer: Writer, conn: Conn) -> None:
    first = frame({"a34013": {"avg": "1.230"}, "a21026": {"avg": "5"}})
    second = frame({"a34013": {"avg": "9.9"}, "a21026": {"avg": "5"}})
    assert writer.write([first]) == [Outcome.STORED]
    assert writer.write([second]) == [Outcome.REVISED]
    (point,) = points(conn)
    assert (point.text(), point.revised) == ("9.9", True)
    (row,) = read.revisions(conn, 7, NOON, NOON + timedelta(hours=1))
    assert (row.code, row.stat, row.old, row.new) == ("a34013", "avg", "1.230", "9.9")
    old, new = read.raw_frame(conn, row.old_raw_id), read.raw_frame(conn, row.new_raw_id)
    assert old is not None
    assert new is not None
    assert (old.raw, new.raw) == (first.raw, second.raw)
    assert point.raw_id == row.new_raw_id
    assert [r[0] for r in conn.execute("SELECT cause FROM dirty ORDER BY id")] == ["new", "revised"]


def test_a_resend_of_a_rewritten_version_does_not_bring_it_back(writer: Writer, conn: Conn) -> None:
    first, second = frame({"a34013": {"avg": "1"}}), frame({"a34013": {"avg": "2"}})
    assert writer.write([first]) == [Outcome.STORED]
    assert writer.write([second, first]) == [Outcome.REVISED, Outcome.DUPLICATE]
    assert writer.write([first]) == [Outcome.DUPLICATE]
    assert points(conn)[0].text() == "2"
    again = frame({"a34013": {"avg": "1"}}, raw=b"the device writes the first value once more")
    assert writer.write([again]) == [Outcome.REVISED]
    assert points(conn)[0].text() == "1"
    assert len(read.revisions(conn, 7, NOON, NOON + timedelta(hours=1))) == 2


def test_numbers_beyond_32_bits_and_15_decimals(writer: Writer, conn: Conn) -> None:
    writer.write([frame({"w00000": {"cou": "123456789012.345", "avg": "0.123456789012345"}, "a": {"avg": "-"}})])
    (point,) = points(conn, "w00000")
    assert point.text("cou") == "123456789012.345"
    assert point.text("avg") == "0.123456789012345"
    (empty,) = points(conn, "a")
    assert (empty.value, empty.text()) == (None, None)


def test_a_device_that_drops_zeros_makes_few_layouts_and_keeps_its_digits(writer: Writer, conn: Conn) -> None:
    sent = [f"{n}.{n % 7}{n % 3}{n % 5}".rstrip("0") for n in range(200)]
    pairs = [
        frame({"a34013": {"avg": a, "min": b}}, NOON + timedelta(minutes=10 * n))
        for n, (a, b) in enumerate(zip(sent, reversed(sent), strict=True))
    ]
    writer.write(pairs)
    assert [p.text("avg") for p in points(conn)] == [t.rstrip(".") for t in sent]
    assert [p.text("min") for p in points(conn)] == [t.rstrip(".") for t in reversed(sent)]
    assert count(conn, "layout") <= 12


def test_every_verdict_has_its_outcome_and_the_counters_say_so(writer: Writer, conn: Conn) -> None:
    batch = [
        frame({"a34013": {"avg": "1"}}),
        other("control", b"heartbeat"),
        other("refused", b"future", reason="gateway.data_time.future"),
        other("quarantine", b"stranger", station_id=None, reason="gateway.unknown", peer="10.0.0.9:4711"),
        other("event", b"boot", events=(Event(7, NOON, "2081", {"RestartTime": "20260310120000"}),)),
        other("event", b"boot again", events=(Event(7, NOON, "2081", {"RestartTime": "20260310120000"}),)),
    ]
    outcomes = writer.write(batch, {(7, DAY): 5, (0, DAY): 1})
    assert outcomes == [
        Outcome.STORED, Outcome.CONTROL, Outcome.REFUSED, Outcome.QUARANTINED, Outcome.STORED, Outcome.DUPLICATE,
    ]  # fmt: skip
    assert {(s, o): n for _d, s, o, n in read.counters(conn, None, DAY, DAY)} == {
        (7, "stored"): 2, (7, "control"): 1, (7, "refused"): 1, (7, "duplicate"): 1, (0, "quarantined"): 1,
    }  # fmt: skip
    refused = read.raw_frames(conn, 7, NOON - timedelta(hours=1), NOON + timedelta(hours=1), outcome="refused")
    assert [(r.raw, r.reason) for r in refused] == [(b"future", "gateway.data_time.future")]
    assert [(e.kind, e.fields) for e in read.events(conn, 7, NOON, NOON + timedelta(seconds=1))] == [
        ("2081", {"RestartTime": "20260310120000"})
    ]
    assert count(conn, "raw_frame") == 5


def test_a_refused_frame_with_data_is_never_data(writer: Writer, conn: Conn) -> None:
    from dataclasses import replace

    bad = replace(frame({"a34013": {"avg": "1"}}), verdict="refused", reason="gateway.data_time.future")
    assert writer.write([bad]) == [Outcome.REFUSED]
    assert points(conn) == []
    assert count(conn, "latest") == count(conn, "dirty") == 0


def test_parameters_have_their_validity_whatever_the_order_of_reports(writer: Writer, conn: Conn) -> None:
    def told(hour: int, value: str) -> Any:
        at = NOON + timedelta(hours=hour)
        return other("event", f"{hour}{value}".encode(), parameters=(Parameter(7, "a34013", "i13001", value, at),))

    assert writer.write([told(0, "100"), told(1, "100"), told(4, "200")]) == [
        Outcome.STORED, Outcome.DUPLICATE, Outcome.STORED,
    ]  # fmt: skip
    assert writer.write([told(2, "150")]) == [Outcome.STORED]
    hours = [
        (p.value, (p.valid_from - NOON) // timedelta(hours=1), p.valid_to and (p.valid_to - NOON) // timedelta(hours=1))
        for p in read.parameters(conn, 7)
    ]
    assert hours == [("100", 0, 2), ("150", 2, 4), ("200", 4, None)]
    assert [p.value for p in read.parameters(conn, 7, NOON + timedelta(hours=3))] == ["150"]


def test_quarantine_counts_a_content_once_and_puts_a_lid_on_a_flood(writer: Writer, conn: Conn) -> None:
    def stranger(n: int) -> Any:
        return other(
            "quarantine", f"junk {n}".encode(), station_id=None, reason="gateway.crc", peer=f"10.0.0.9:{n + 1000}"
        )

    writer.write([stranger(1)] * 3)
    (row,) = read.quarantine(conn)
    assert (row.raw, row.frames, row.peer, row.overflow) == (b"junk 1", 3, "10.0.0.9", False)
    writer.write([stranger(n) for n in range(100)])
    rows = read.quarantine(conn)
    kept = [r for r in rows if not r.overflow]
    assert len(kept) == 20
    assert sum(r.frames for r in rows) == 103
    assert count(conn, "raw_frame") == 0


# -- upkeep -----------------------------------------------------------------------------------------------------------


def test_only_newer_values_become_the_latest(writer: Writer, conn: Conn) -> None:
    ten = timedelta(minutes=10)
    writer.write([frame({"a34013": {"avg": "2.00"}, "a21026": {"avg": "7", "zs_avg": "8.1"}}, NOON + ten)])
    writer.write([frame({"a34013": {"avg": "1"}}, NOON)])
    writer.write(
        [frame({"a34013": {"avg": "3.5", "flag": "D"}}, NOON + 2 * ten), frame({"a34013": {"avg": "0"}}, NOON - ten)]
    )
    found = {v.code: v for v in read.latest(conn, [7])}
    assert (found["a34013"].text, found["a34013"].flag, found["a34013"].start) == ("3.5", "D", NOON + 2 * ten)
    assert (found["a21026"].text, found["a21026"].converted_text, found["a21026"].unit) == ("7", "8.1", "mg/m3")
    writer.write([frame({"a34013": {"avg": "4"}}, NOON + 2 * ten)])
    assert {v.code: v.text for v in read.latest(conn, [7])}["a34013"] == "4"
    (state,) = read.stream_states(conn, [7])
    assert state.newest == NOON + 2 * ten


def test_each_series_has_one_newest_value_however_its_factors_come(writer: Writer, conn: Conn) -> None:
    """Against the plain rule: of each factor the value with the newest start, the last written"
    " where starts are equal."""
    import random

    chance = random.Random(11)
    truth: dict[str, tuple[datetime, str, str]] = {}
    for step in range(120):
        batch = []
        for _ in range(chance.randint(1, 3)):
            start = NOON + timedelta(minutes=10 * chance.randint(0, 30))
            codes = chance.sample(["a", "b", "c", "d"], chance.randint(1, 3))
            sent = {code: {"avg": f"{step}.{chance.randint(0, 99)}", "flag": chance.choice("ND")} for code in codes}
            batch.append(frame(sent, start, raw=repr((step, start, sent)).encode()))
        for arrival, outcome in zip(batch, writer.write(batch), strict=True):
            assert outcome in (Outcome.STORED, Outcome.REVISED)
            assert arrival.period is not None
            for reading in arrival.period.readings:
                before = truth.get(reading.code)
                if before is None or before[0] <= arrival.period.start:
                    text = f"{reading.values[0]:.{reading.decimals[0]}f}"
                    truth[reading.code] = (arrival.period.start, text, reading.flag)
        found = read.latest(conn, [7])
        assert {v.code: (v.start, v.text, v.flag) for v in found} == truth
        rows = conn.execute("SELECT factor, start, value, flag FROM latest WHERE station_id = 7").fetchall()
        assert {row[0]: (row[1], row[2], row[3]) for row in rows} == {v.code: (v.start, v.value, v.flag) for v in found}
        assert len(rows) == len(found)


def _brute(conn: Conn, kind: Kind, hour: datetime) -> tuple[int, int, float | None]:
    chosen = [p for p in points(conn, kind=kind) if hour <= p.start < hour + timedelta(hours=1)]
    valid = [p.value for p in chosen if p.flag in ("N", "3", "") and p.value is not None]
    return len(chosen), len(valid), round(sum(valid) / len(valid), 9) if valid else None


@pytest.mark.parametrize("kind", [Kind.RT, Kind.MINUTE])
def test_roll_ups_equal_the_frames_whatever_the_order(writer: Writer, conn: Conn, kind: Kind) -> None:
    step = timedelta(minutes=10)
    starts = [NOON + n * step for n in range(30)]
    late = [starts.pop(3), starts.pop(8)]
    mark = {2: "D", 9: "3"}
    sent = [
        frame({"a34013": {"avg": f"{n}.{n}", "flag": mark.get(n, "N")}}, start, kind=kind)
        for n, start in enumerate(starts)
    ]
    for at in range(0, len(sent), 5):
        writer.write(sent[at : at + 5])
    for start in late:
        writer.write([frame({"a34013": {"avg": "100"}}, start, kind=kind, backfilled=True)])
    writer.write([frame({"a34013": {"avg": "77.7"}}, starts[0], kind=kind, raw=b"rewritten")])
    rolled = read.rollups(conn, [7], kind, "hour", NOON, NOON + timedelta(hours=6))
    assert len(rolled) == 5
    for row in rolled:
        n, valid, mean = _brute(conn, kind, row.start)
        assert (row.n, row.valid, row.mean and round(row.mean, 9)) == (n, valid, mean)
    days = read.rollups(conn, [7], kind, "day", NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert [d.n for d in days] == [sum(r.n for r in rolled[:-1])]
    assert days[0].high == 100.0


def test_hours_of_hour_frames_roll_up_to_their_day(writer: Writer, conn: Conn) -> None:
    midnight = datetime(2026, 3, 9, 16, tzinfo=UTC)
    writer.write(
        [frame({"a34013": {"avg": str(n)}}, midnight + timedelta(hours=n), kind=Kind.HOUR) for n in range(-1, 25)]
    )
    days = read.rollups(conn, [7], Kind.HOUR, "day", midnight - timedelta(days=2), midnight + timedelta(days=2))
    assert [(d.start, d.n) for d in days] == [
        (midnight - timedelta(days=1), 1), (midnight, 24), (midnight + timedelta(days=1), 1),
    ]  # fmt: skip
    assert days[1].mean == sum(range(24)) / 24


def test_back_filled_frames_are_marked_and_told_as_late(writer: Writer, conn: Conn) -> None:
    writer.write([frame({"a34013": {"avg": "1"}}, backfilled=True, received=NOON + timedelta(hours=5))])
    (point,) = points(conn)
    assert point.backfilled
    assert point.received_at == NOON + timedelta(hours=5)
    assert conn.execute("SELECT cause, start_at, end_at FROM dirty").fetchall() == [
        ("late", NOON, NOON + timedelta(minutes=10))
    ]


def test_the_judge_is_woken_once_a_batch_and_not_for_duplicates(writer: Writer, connect: Any) -> None:
    listener = connect()
    listener.execute("LISTEN eb_dirty")
    batch = [
        frame({"a34013": {"avg": "1"}}, NOON + timedelta(minutes=10 * n), station=s) for n in range(3) for s in (7, 8)
    ]
    writer.write(batch)
    assert len(list(listener.notifies(timeout=1, stop_after=2))) == 1
    writer.write(batch)
    assert list(listener.notifies(timeout=0.2)) == []


# -- boundaries -------------------------------------------------------------------------------------------------------


def test_partitions_begin_at_midnight_in_beijing_by_day_and_by_month(writer: Writer, conn: Conn) -> None:
    midnight = datetime(2026, 2, 28, 16, tzinfo=UTC)
    last = midnight - timedelta(microseconds=1)
    for start in (last, midnight):
        assert writer.write(
            [frame({"a": {"rtd": "1"}}, start, kind=Kind.RT), frame({"a": {"avg": "1"}}, start, kind=Kind.HOUR)]
        ) == [Outcome.STORED, Outcome.STORED]

    def where(table: str) -> list[str]:
        return [r[0] for r in conn.execute(f"SELECT tableoid::regclass::text FROM {table} ORDER BY start")]

    assert where("frame_rt") == ["frame_rt_20260228", "frame_rt_20260301"]
    assert where("frame_period") == ["frame_period_202602", "frame_period_202603"]
    assert len(points(conn, "a", Kind.RT)) == 2


def test_partitions_are_made_on_demand_for_very_old_times(writer: Writer, conn: Conn) -> None:
    old = datetime(2011, 5, 4, tzinfo=UTC)
    assert writer.write([frame({"a": {"avg": "1"}}, old, backfilled=True, received=NOON)]) == [Outcome.STORED]
    assert conn.execute("SELECT to_regclass('frame_period_201105') IS NOT NULL").fetchone() == (True,)


def test_old_real_time_days_go_whole_and_may_come_again(writer: Writer, conn: Conn) -> None:
    for days in range(5):
        writer.write([frame({"a": {"rtd": "1"}}, NOON + timedelta(days=days), kind=Kind.RT)])
    writer.write([frame({"a": {"avg": "1"}}, NOON)])
    with pytest.raises(ValueError, match="at least one day"):
        partitions.drop_old(conn, NOON, 0)
    assert partitions.drop_old(conn, NOON + timedelta(days=4), 2) >= 2
    assert [p.start.day for p in points(conn, "a", Kind.RT)] == [12, 13, 14]
    assert len(points(conn, "a")) == 1
    assert writer.write([frame({"a": {"rtd": "2"}}, NOON, kind=Kind.RT)]) == [Outcome.STORED]
    assert len(points(conn, "a", Kind.RT)) == 4


def test_no_partition_is_made_for_other_tables_or_mad_times(conn: Conn) -> None:
    before = count(conn, "pg_class")
    for table, day in (("latest", DAY), ("frame_rt; drop table layout", DAY), ("frame_rt", date(1900, 1, 1))):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            partitions.ensure(conn, table, [day])
    assert count(conn, "pg_class") == before


# -- rights, crashes, races -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["raw_frame", "layout", "seal", "rekey", "revision"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_change_evidence(writer: Writer, conn: Conn, table: str, verb: str) -> None:
    writer.write([frame({"a34013": {"avg": "1"}}), frame({"a34013": {"avg": "2"}})])
    column = {"raw_frame": "outcome = 'refused'", "layout": "units = '{}'", "seal": "frames = 0", "rekey": "frames = 0"}
    before = count(conn, table)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(verb.format(table, column.get(table, "new_text = 'x'")))
    assert count(conn, table) == before


def test_the_partitions_cannot_be_reached_around_their_parent(writer: Writer, conn: Conn) -> None:
    writer.write([frame({"a34013": {"avg": "1"}})])
    for statement in (
        "UPDATE raw_frame_202603 SET outcome = 'x'",
        "DELETE FROM raw_frame_202603",
        "TRUNCATE raw_frame_202603",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement)
    assert conn.execute("SELECT outcome FROM raw_frame").fetchall() == [("stored",)]


def test_even_the_owner_meets_the_trigger(writer: Writer, owner: Conn) -> None:
    writer.write([frame({"a34013": {"avg": "1"}})])
    for statement in ("UPDATE raw_frame SET outcome = 'x'", "DELETE FROM raw_frame", "DELETE FROM raw_frame_202603"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="evidence"):
            owner.execute(statement)
    assert count(owner, "raw_frame") == 1


def test_a_connection_killed_in_the_middle_leaves_nothing(connect: Any, owner: Conn, monkeypatch: Any) -> None:
    conn = connect()
    writer = Writer(conn)
    writer.write([frame({"a34013": {"avg": "0"}}, NOON - timedelta(hours=1))])
    batch = [frame({"a34013": {"avg": "1"}}, NOON + timedelta(minutes=10 * n)) for n in range(50)]

    def cut(*_args: Any) -> None:
        pid = conn.info.backend_pid
        assert count(conn, "frame_period") == 51
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    monkeypatch.setattr("ecobureau.storage.rollup.close", cut)
    with pytest.raises(psycopg.OperationalError):
        writer.write(batch)
    monkeypatch.undo()
    fresh = connect()
    for table in ("frame_period", "raw_frame", "dirty", "latest"):
        assert count(fresh, table) == 1, table
    again = Writer(fresh)
    assert again.write(batch) == [Outcome.STORED] * 50
    assert count(fresh, "frame_period") == count(fresh, "raw_frame") == 51


def test_what_was_learnt_in_a_failed_transaction_is_forgotten(writer: Writer, conn: Conn, monkeypatch: Any) -> None:
    writer.write([frame({"a34013": {"avg": "1"}})])
    merged = frame({"a21026": {"avg": "2"}})

    def fail(*_args: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("ecobureau.storage.upkeep.count", fail)
    with pytest.raises(RuntimeError):
        writer.write([merged])
    monkeypatch.undo()
    assert points(conn, "a21026") == []
    assert writer.write([merged]) == [Outcome.STORED]
    assert points(conn, "a21026")[0].text() == "2"


@pytest.mark.parametrize("first", [0, 1])
def test_two_writers_on_one_key_lose_nothing(connect: Any, first: int) -> None:
    sent = [
        frame({"a34013": {"avg": "1"}, "a21026": {"avg": "5"}}),
        frame({"a34013": {"avg": "2"}, "a21002": {"avg": "6"}}),
    ]
    writers = [Writer(connect()), Writer(connect())]
    look = connect()
    held, going = threading.Event(), threading.Event()
    outcomes: dict[int, list[Outcome]] = {}
    original = writers[first]._settle

    def pause(*args: Any) -> None:
        held.set()
        assert going.wait(20)
        original(*args)

    writers[first]._settle = pause  # type: ignore[method-assign]

    def run(which: int) -> None:
        outcomes[which] = writers[which].write([sent[which]])

    one = threading.Thread(target=run, args=(first,))
    two = threading.Thread(target=run, args=(1 - first,))
    one.start()
    assert held.wait(20)
    two.start()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not look.execute(waiting).fetchone():
        assert two.is_alive()
    going.set()
    one.join(20)
    two.join(20)
    assert outcomes == {first: [Outcome.STORED], 1 - first: [Outcome.REVISED]}
    assert count(look, "frame_period") == 1
    assert points(look)[0].text() == ("2" if first == 0 else "1")
    assert points(look, "a21026")[0].text() == "5"
    assert points(look, "a21002")[0].text() == "6"
    (row,) = read.revisions(look, 7, NOON, NOON + timedelta(hours=1))
    assert {row.old, row.new} == {"1", "2"}
    assert {v.code: v.text for v in read.latest(look, [7])}["a34013"] == points(look)[0].text()


def test_many_writers_with_the_same_frames_in_other_orders(connect: Any) -> None:
    import random

    sent = [
        frame({code: {"avg": f"{n}.50"}}, NOON + timedelta(minutes=10 * n), station=station)
        for station in range(1, 6) for n in range(12) for code in ("a34013", "a21026")
    ]  # fmt: skip
    failures: list[BaseException] = []

    def run(seed: int) -> None:
        try:
            mine = sent * 2
            random.Random(seed).shuffle(mine)
            writer = Writer(connect())
            for at in range(0, len(mine), 23):
                writer.write(mine[at : at + 23])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    look = connect()
    assert count(look, "frame_period") == 60
    assert count(look, "revision") == 0
    assert count(look, "raw_frame") == 3 * 2 * len(sent)
    stored = sum(n for _d, _s, outcome, n in read.counters(look, None, DAY, DAY) if outcome == "stored")
    assert stored == len(sent)
    for station in range(1, 6):
        for code in ("a34013", "a21026"):
            assert [p.text() for p in points(look, code, station=station)] == [f"{n}.50" for n in range(12)]


def test_any_order_any_batches_any_repeats_end_the_same(connect: Any, owner: Conn) -> None:
    import random

    chance = random.Random(5)
    whole = [
        frame(
            {code: {"avg": f"{n}.{n}0", "max": f"{n + 1}", "flag": "N" if n % 3 else "D"}},
            NOON + timedelta(minutes=10 * n), station=station, kind=kind,
        )
        for n in range(9) for station in (1, 2) for code in ("a", "b") for kind in (Kind.RT, Kind.MINUTE)
    ]  # fmt: skip
    ends = []
    for _ in range(4):
        owner.execute("TRUNCATE frame_rt, frame_period, raw_frame, stream_state, latest_rest, rollup_hour, rollup_day,"
                      " frame_counter, revision, frame_source, dirty")  # fmt: skip
        conn = connect()
        writer = Writer(conn)
        sent = [*whole, *chance.sample(whole, 30)]
        chance.shuffle(sent)
        outcomes: list[Outcome] = []
        while sent:
            size = chance.randint(1, 17)
            outcomes += writer.write(sent[:size])
            del sent[:size]
        assert outcomes.count(Outcome.STORED) == len(whole)
        assert outcomes.count(Outcome.DUPLICATE) == 30
        found = [
            (station, kind, code, p.start, p.text(), p.text("max"), p.flag)
            for station in (1, 2) for kind in (Kind.RT, Kind.MINUTE) for code in ("a", "b")
            for p in points(conn, code, kind, station)
        ]  # fmt: skip
        rolled = [
            (r.station_id, kind, r.code, r.start, r.n, r.valid, r.mean, r.low, r.high)
            for kind in (Kind.RT, Kind.MINUTE) for span in ("hour", "day")
            for r in read.rollups(conn, [1, 2], kind, span, NOON - timedelta(days=1), NOON + timedelta(days=1))
        ]  # fmt: skip
        newest = [(v.station_id, v.kind, v.code, v.start, v.text, v.flag) for v in read.latest(conn, [1, 2])]
        ends.append((found, sorted(rolled), sorted(newest)))
        assert read.revisions(conn, None, NOON - timedelta(days=1), NOON + timedelta(days=1)) == []
    assert len(ends[0][0]) == len(whole)
    assert all(end == ends[0] for end in ends)


def test_large_batches_take_the_other_road_to_the_same_end(writer: Writer, conn: Conn, monkeypatch: Any) -> None:
    batch = [
        frame({"a34013": {"avg": f"{n}.120", "flag": "D" if n % 5 == 0 else "N"}, "w": {"cou": str(n * 10**10)}},
              NOON + timedelta(minutes=10 * n))
        for n in range(40)
    ]  # fmt: skip
    monkeypatch.setattr("ecobureau.storage.rows.COPY_FROM", 10)
    assert writer.write(batch) == [Outcome.STORED] * 40
    assert writer.write(batch[5:25]) == [Outcome.DUPLICATE] * 20
    monkeypatch.undo()
    assert writer.write(batch) == [Outcome.DUPLICATE] * 40
    assert [p.text() for p in points(conn)] == [f"{n}.120" for n in range(40)]
    assert [p.value for p in points(conn, "w")] == [None] * 40
    assert [p.text("cou") for p in points(conn, "w")] == [str(n * 10**10) for n in range(40)]
    assert [p.flag for p in points(conn)] == ["D" if n % 5 == 0 else "N" for n in range(40)]


def test_a_frame_without_factors_and_an_empty_batch_do_no_harm(writer: Writer, conn: Conn) -> None:
    assert writer.write([]) == []
    assert writer.write([frame({})]) == [Outcome.STORED]
    assert writer.write([frame({"a34013": {"avg": "1"}})]) == [Outcome.STORED]
    assert points(conn)[0].text() == "1"


def test_a_writer_wants_a_connection_of_its_own(app_database_url: str) -> None:
    with psycopg.connect(app_database_url) as conn, pytest.raises(ValueError, match="autocommit"):
        Writer(conn)


def test_readers_say_when_there_is_too_much(writer: Writer, conn: Conn) -> None:
    writer.write([frame({"a34013": {"avg": "1"}}, NOON + timedelta(minutes=10 * n)) for n in range(5)])
    with pytest.raises(read.TooMany):
        read.series(conn, 7, "31", Kind.MINUTE, 600, None, NOON, NOON + timedelta(days=1), limit=4)
    with pytest.raises(read.TooMany):
        read.raw_frames(conn, 7, NOON, NOON + timedelta(days=3))
    with pytest.raises(ValueError, match="interval"):
        read.gaps(conn, 7, "31", Kind.MINUTE, 0, NOON, NOON + timedelta(days=1))


def test_gaps_are_the_missing_periods(writer: Writer, conn: Conn) -> None:
    ten = timedelta(minutes=10)
    writer.write([frame({"a": {"avg": "1"}}, NOON + ten * n) for n in (0, 1, 4, 6)])
    assert read.gaps(conn, 7, "31", Kind.MINUTE, 600, NOON, NOON + 8 * ten) == [
        (NOON + 2 * ten, NOON + 4 * ten), (NOON + 5 * ten, NOON + 6 * ten), (NOON + 7 * ten, NOON + 8 * ten),
    ]  # fmt: skip
    midnight = datetime(2026, 3, 9, 16, tzinfo=UTC)
    writer.write([frame({"a": {"avg": "1"}}, midnight, kind=Kind.DAY)])
    assert read.gaps(conn, 7, "31", Kind.DAY, 86400, midnight, midnight + timedelta(days=2)) == [
        (midnight + timedelta(days=1), midnight + timedelta(days=2))
    ]


def test_layouts_are_found_again_by_another_process(writer: Writer, connect: Any) -> None:
    writer.write([frame({"a34013": {"avg": "1.2"}})])
    Writer(connect()).write([frame({"a34013": {"avg": "1.3"}}, NOON + timedelta(minutes=10))])
    assert count(connect(), "layout") == 1
    assert readings({"a": {"avg": "1"}})[0].flag == "N"


def test_a_batch_whose_commit_nobody_heard_of_is_not_written_twice(connect: Any, owner: Conn) -> None:
    batch = [frame({"a34013": {"avg": "1"}}), other("control", b"1"), frame({"a34013": {"avg": "2"}})]
    first = Writer(connect()).write(batch, number=5)
    assert first == [Outcome.STORED, Outcome.CONTROL, Outcome.REVISED]
    assert Writer(connect()).write(batch, number=5) == first
    assert count(owner, "raw_frame") == 3
    again = Writer(connect())
    assert again.write(batch, number=6) == [Outcome.DUPLICATE, Outcome.CONTROL, Outcome.DUPLICATE]
    assert count(owner, "raw_frame") == 6
    plain = [frame({"a34013": {"avg": "1"}}, NOON + timedelta(hours=1))]
    assert again.write(plain, number=7) == [Outcome.STORED]
    assert Writer(connect()).write(plain, number=7) == [Outcome.STORED]
    assert count(owner, "raw_frame") == 7
