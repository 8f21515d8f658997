"""The judge's queue: stretches of streams that changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from ecobureau.storage import wire
from ecobureau.storage.types import Cause, Kind


@dataclass(slots=True, frozen=True)
class Dirty:
    """Frames of a stream whose periods lie in [start, end] changed; for real-time data end is the last instant."""

    id: int
    station_id: int
    st: str
    kind: Kind
    interval_s: int
    start: datetime
    end: datetime
    cause: Cause
    made_at: datetime


def take(conn: Connection[Any], limit: int = 200) -> list[Dirty]:
    """Delete and return waiting work, oldest first, leaving out what another judge holds.

    Call it inside a transaction: the work is gone when that commits and back when it rolls back.
    """
    rows = wire.run(
        conn,
        "DELETE FROM dirty WHERE id IN (SELECT id FROM dirty ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)"
        " RETURNING id, station_id, st, kind, interval_s, start_at, end_at, cause, made_at",
        (limit,),
    ).fetchall()
    return [Dirty(row[0], row[1], row[2], Kind(row[3]), *row[4:]) for row in sorted(rows)]


def waiting(conn: Connection[Any], most: int = 10_000) -> int:
    """Return how much work waits, counted up to `most`."""
    row = wire.run(conn, "SELECT count(*) FROM (SELECT 1 FROM dirty LIMIT %s) d", (most,)).fetchone()
    return int(row[0]) if row else 0
