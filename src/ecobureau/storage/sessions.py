"""Which gateway process holds the socket of which station. The newest connection wins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from ecobureau.storage import wire

SUPERSEDED = "session.superseded"


@dataclass(slots=True)
class Session:
    id: int
    run_id: int
    station_id: int
    mn: str
    peer: str
    opened_at: datetime
    heartbeat_at: datetime
    closed_at: datetime | None
    reason: str


_COLUMNS = "id, run_id, station_id, mn, peer, opened_at, heartbeat_at, closed_at, reason"


def open_session(conn: Connection[Any], run_id: int, station_id: int, mn: str, peer: str, at: datetime) -> int:
    """Take a station's socket for this process and return the session's id; whoever held it loses it.

    The loser learns it from `heartbeat`, which no longer finds its session open.
    """
    with conn.transaction():
        wire.run(conn, "SELECT pg_advisory_xact_lock(%s, %s)", (0x65625345, station_id))
        wire.run(
            conn,
            "UPDATE gateway_session SET closed_at = %s, reason = %s WHERE station_id = %s AND closed_at IS NULL",
            (at, SUPERSEDED, station_id),
        )
        row = wire.run(
            conn,
            "INSERT INTO gateway_session (run_id, station_id, mn, peer, opened_at, heartbeat_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
            (run_id, station_id, mn, peer, at, at),
        ).fetchone()
    if row is None:
        raise RuntimeError("the session was not opened")
    return int(row[0])


def heartbeat(conn: Connection[Any], session_ids: Collection[int], at: datetime) -> set[int]:
    """Say that sessions are alive; returns the ids that are no longer theirs: close those sockets."""
    rows = wire.run(
        conn,
        "UPDATE gateway_session SET heartbeat_at = greatest(heartbeat_at, %s) WHERE id = ANY (%s) AND closed_at IS NULL"
        " RETURNING id",
        (at, list(session_ids)),
    ).fetchall()
    return set(session_ids) - {row[0] for row in rows}


def close_session(conn: Connection[Any], session_id: int, at: datetime, reason: str = "") -> None:
    """Give a station's socket up; a session that is closed already stays as it is."""
    wire.run(
        conn,
        "UPDATE gateway_session SET closed_at = %s, reason = %s WHERE id = %s AND closed_at IS NULL",
        (at, reason, session_id),
    )


def holders(conn: Connection[Any], station_ids: Collection[int] | None = None) -> dict[int, Session]:
    """Return the open session of each station that has one."""
    rows = wire.run(
        conn,
        f"SELECT {_COLUMNS} FROM gateway_session WHERE closed_at IS NULL AND (%s OR station_id = ANY (%s))",
        (station_ids is None, list(station_ids or ())),
    ).fetchall()
    return {row[2]: Session(*row) for row in rows}


def history(conn: Connection[Any], station_id: int, limit: int = 100) -> list[Session]:
    """Return the newest sessions of a station."""
    rows = wire.run(
        conn,
        f"SELECT {_COLUMNS} FROM gateway_session WHERE station_id = %s ORDER BY opened_at DESC, id DESC LIMIT %s",
        (station_id, limit),
    ).fetchall()
    return [Session(*row) for row in rows]
