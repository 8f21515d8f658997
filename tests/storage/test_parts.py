"""Split messages: any order, any share of packets with DataTime, joined from the database, never left pending."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from ecobureau.storage import books, parts, read
from ecobureau.storage.types import Arrival, Kind, Outcome
from ecobureau.storage.writer import Writer
from storage_frames import NOON, frame, timeless

Conn = psycopg.Connection[Any]
DAY = date(2026, 3, 10)
SECOND = timedelta(seconds=1)
THREE = {1: {"a34013": {"avg": "1.10"}}, 2: {"a21026": {"avg": "2.20"}}, 3: {"a21002": {"avg": "3.30"}}}
ARRIVED = NOON + timedelta(minutes=10, seconds=2)


def packet(number: int, *, timed: bool, late: int = 0) -> Arrival:
    received = ARRIVED + (number + late) * SECOND
    if timed:
        return frame(THREE[number], part=(number, 3), received=received)
    return timeless(THREE[number], (number, 3), received, qn=f"2026031012000053{number}")


def stored(conn: Conn) -> tuple[dict[str, str | None], bool]:
    found = read.series(conn, 7, "31", Kind.MINUTE, 600, None, NOON, NOON + timedelta(minutes=1))
    return {code: p.text() for code, (p,) in found.items()}, all(p.complete for (p,) in found.values())


def final(conn: Conn) -> dict[str, int]:
    return {outcome: n for _day, _station, outcome, n in read.counters(conn, [7], DAY, DAY)}


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
@pytest.mark.parametrize("timed", [{1, 2, 3}, {1}, {3}, {1, 2}])
@pytest.mark.parametrize("together", [True, False])
def test_a_message_of_three_packets(writer: Writer, conn: Conn, order: Any, timed: set[int], together: bool) -> None:
    packets = [packet(number, timed=number in timed) for number in order]
    if together:
        writer.write(packets)
    else:
        for one in packets:
            writer.write([one])
    assert stored(conn) == ({"a34013": "1.10", "a21026": "2.20", "a21002": "3.30"}, True)
    assert final(conn) == {"stored": 3}
    assert books.recount(conn, DAY) == []
    again = writer.write(packets)
    assert Outcome.STORED not in again
    assert stored(conn)[0] == {"a34013": "1.10", "a21026": "2.20", "a21002": "3.30"}
    assert read.revisions(conn, 7, NOON, NOON + timedelta(hours=1)) == []


def test_packets_with_time_are_data_at_once_and_the_row_says_what_is_missing(writer: Writer, conn: Conn) -> None:
    assert writer.write([packet(3, timed=True)]) == [Outcome.STORED]
    assert stored(conn) == ({"a21002": "3.30"}, False)
    writer.write([packet(1, timed=True)])
    assert not stored(conn)[1]
    writer.write([packet(2, timed=True)])
    assert stored(conn)[1]


def test_each_factor_leads_to_the_packet_that_brought_it(writer: Writer, conn: Conn) -> None:
    for number in (2, 1, 3):
        writer.write([packet(number, timed=number == 1)])
    found = read.series(conn, 7, "31", Kind.MINUTE, 600, None, NOON, NOON + timedelta(minutes=1))
    for number, texts in THREE.items():
        (point,) = found[next(iter(texts))]
        raw = read.raw_frame(conn, point.raw_id)
        assert raw is not None
        assert raw.raw == packet(number, timed=number == 1).raw


def test_a_packet_that_waits_in_vain_is_refused_and_the_books_follow(writer: Writer, conn: Conn) -> None:
    assert writer.write([packet(2, timed=False)]) == [Outcome.PENDING_PART]
    assert final(conn) == {"pending_part": 1}
    assert parts.expire(conn, ARRIVED + timedelta(minutes=3)) == 0
    assert parts.expire(conn, ARRIVED + timedelta(minutes=10)) == 1
    assert final(conn) == {"refused": 1}
    assert books.recount(conn, DAY) == []
    (raw,) = read.raw_frames(conn, 7, NOON, NOON + timedelta(hours=1))
    assert (raw.outcome, raw.reason) == ("refused", parts.EXPIRED)
    assert parts.expire(conn, ARRIVED + timedelta(minutes=20)) == 0


def test_packets_of_the_next_message_do_not_fill_this_one(writer: Writer, conn: Conn) -> None:
    writer.write([packet(1, timed=True), packet(2, timed=False)])
    late = timeless({"a21026": {"avg": "9.99"}}, (2, 3), ARRIVED + timedelta(minutes=10), qn="2")
    assert writer.write([late]) == [Outcome.PENDING_PART]
    assert stored(conn) == ({"a34013": "1.10", "a21026": "2.20"}, False)


def test_waiting_packets_survive_the_process(writer: Writer, connect: Any) -> None:
    writer.write([packet(2, timed=False), packet(3, timed=False)])
    writer.conn.close()
    other = connect()
    Writer(other).write([packet(1, timed=True)])
    assert stored(other) == ({"a34013": "1.10", "a21026": "2.20", "a21002": "3.30"}, True)
    assert final(other) == {"stored": 3}
