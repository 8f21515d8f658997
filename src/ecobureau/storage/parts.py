"""Packets of split messages: joined from the database, never from memory alone.

A packet with DataTime is stored at once; its row knows which packets it has seen. A packet without DataTime waits in
`pending_part` until another packet of its message tells the time, and is given up by `expire`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, Cursor
from psycopg.types.json import Jsonb

from ecobureau.storage import wire
from ecobureau.storage.rollup import DAY, EAST
from ecobureau.storage.rows import from_micros
from ecobureau.storage.types import Arrival, Outcome, Part, Reading
from ecobureau.storage.upkeep import count

TOGETHER = timedelta(minutes=2)
"""How far apart the packets of one message may arrive."""

EXPIRED = "part.expired"
_LOCK = 0x65625054


@dataclass(slots=True)
class Join:
    """A packet that found the time of its message."""

    raw_id: int
    arrival: int
    start: int
    part: Part
    stream: int
    station: int
    waited: bool


def readings_to_json(readings: Sequence[Reading]) -> list[Any]:
    return [[r.code, r.unit, list(r.stats), list(r.values), list(r.decimals), r.flag, r.dialect] for r in readings]


def readings_from_json(rows: Sequence[Any]) -> list[Reading]:
    """Undo `readings_to_json`."""
    return [Reading(c, u, tuple(s), tuple(v), tuple(d), flag, dialect) for c, u, s, v, d, flag, dialect in rows]


def lock(cursor: Cursor[Any], stations: Sequence[int]) -> None:
    """Let one writer at a time join the packets of a station."""
    for station in sorted(set(stations)):
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, station))


def find_start(cursor: Cursor[Any], arrival: Arrival, stream: int) -> int | None:
    """Return the period start told by another packet of this packet's message, which has not got this packet yet.

    The newest message first; microseconds since 2000.
    """
    part = arrival.part
    if part is None or arrival.station_id is None:
        raise ValueError("a part without packet numbers or station")
    row = cursor.execute(
        "SELECT start FROM pending_part WHERE station_id = %s AND stream_id = %s AND cn = %s AND pnum = %s"
        " AND received_at BETWEEN %s AND %s AND start IS NOT NULL GROUP BY start"
        " HAVING bool_and(pno <> %s OR qn = %s AND qn <> '') ORDER BY max(received_at) DESC, start DESC LIMIT 1",
        (
            arrival.station_id, stream, arrival.cn, part.pnum, arrival.received_at - TOGETHER,
            arrival.received_at + TOGETHER, part.pno, arrival.qn,
        ),
    ).fetchone()  # fmt: skip
    return wire.micros(row[0]) if row else None


def waiting(cursor: Cursor[Any], arrival: Arrival, stream: int, start: int) -> list[Join]:
    """Return the waiting packets that belong to a packet with DataTime: one a number, none that the message has."""
    part = arrival.part
    if part is None or arrival.station_id is None:
        raise ValueError("a part without packet numbers or station")
    rows = cursor.execute(
        "SELECT DISTINCT ON (w.pno) w.raw_id, w.pno, w.readings FROM pending_part w WHERE w.station_id = %(station)s"
        " AND w.stream_id = %(stream)s AND w.cn = %(cn)s AND w.pnum = %(pnum)s AND w.outcome = 'pending_part'"
        " AND w.received_at BETWEEN %(low)s AND %(high)s AND w.pno <> %(pno)s"
        " AND NOT EXISTS (SELECT 1 FROM pending_part h WHERE h.station_id = w.station_id AND h.stream_id = w.stream_id"
        " AND h.cn = w.cn AND h.pnum = w.pnum AND h.start = %(start)s AND h.pno = w.pno)"
        " ORDER BY w.pno, w.received_at, w.raw_id",
        {
            "station": arrival.station_id,
            "stream": stream,
            "cn": arrival.cn,
            "pnum": part.pnum,
            "pno": part.pno,
            "start": from_micros(start),
            "low": arrival.received_at - TOGETHER,
            "high": arrival.received_at + TOGETHER,
        },
    ).fetchall()
    return [
        Join(
            raw_id, -1, start,
            Part(part.pnum, pno, part.st, part.kind, part.interval_s, readings_from_json(readings)),
            stream, arrival.station_id, True,
        )
        for raw_id, pno, readings in rows
    ]  # fmt: skip


def keep(cursor: Cursor[Any], arrival: Arrival, raw_id: int, stream: int, start: int | None, outcome: Outcome) -> None:
    """Write down a packet: with the start it has or found, or waiting."""
    part = arrival.part
    if part is None:
        raise ValueError("not a packet of a split message")
    waits = outcome is Outcome.PENDING_PART
    cursor.execute(
        "INSERT INTO pending_part (raw_id, station_id, stream_id, cn, qn, pnum, pno, start, readings, received_at,"
        " run_id, outcome, settled_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            raw_id, arrival.station_id, stream, arrival.cn, arrival.qn, part.pnum, part.pno,
            None if start is None else from_micros(start), Jsonb(readings_to_json(part.readings)) if waits else None,
            arrival.received_at, arrival.run_id, outcome.value, None if waits else arrival.received_at,
        ),
    )  # fmt: skip


def settle(cursor: Cursor[Any], raw_id: int, start: int, outcome: Outcome, at: datetime) -> None:
    """Give a waiting packet its final outcome, in the row and in the counters of the day it was received."""
    row = cursor.execute(
        "UPDATE pending_part SET start = %s, outcome = %s, settled_at = %s, readings = NULL"
        " WHERE raw_id = %s AND outcome = 'pending_part' RETURNING received_at, run_id, station_id",
        (from_micros(start), outcome.value, at, raw_id),
    ).fetchone()
    if row:
        _recount(cursor, [(row[0], row[1], row[2])], outcome)


def _recount(cursor: Cursor[Any], rows: Sequence[tuple[datetime, int, int]], outcome: Outcome) -> None:
    moved: dict[tuple[int, int, int, Outcome], int] = {}
    for received_at, run_id, station_id in rows:
        day = (wire.micros(received_at) + EAST) // DAY
        for which, step in ((Outcome.PENDING_PART, -1), (outcome, 1)):
            key = (day, run_id, station_id, which)
            moved[key] = moved.get(key, 0) + step
    count(cursor, moved)


def expire(conn: Connection[Any], now: datetime, after: timedelta = TOGETHER * 2) -> int:
    """Refuse packets that waited longer than `after` for the time of their message; returns how many.

    Args:
        conn: a connection of its own (autocommit); now: the instant to reckon from.
    """
    wire.register(conn)
    with conn.transaction(), conn.cursor() as cursor:
        rows = cursor.execute(
            "UPDATE pending_part SET outcome = 'refused', reason = %s, settled_at = %s, readings = NULL"
            " WHERE raw_id IN (SELECT raw_id FROM pending_part WHERE outcome = 'pending_part' AND received_at < %s"
            " ORDER BY received_at LIMIT 1000 FOR UPDATE SKIP LOCKED)"
            " RETURNING received_at, run_id, station_id",
            (EXPIRED, now, now - after),
        ).fetchall()
        _recount(cursor, rows, Outcome.REFUSED)
    return len(rows)
