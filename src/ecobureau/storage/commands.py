"""Commands to devices: queued by the web, taken by the gateway that holds the socket, followed to their end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from ecobureau.storage import wire


class State(StrEnum):
    """queued → sent → accepted (9011) → done (9012); or refused, failed, timed_out."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


NEXT: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENT, State.REFUSED, State.FAILED, State.TIMED_OUT}),
    State.SENT: frozenset({State.ACCEPTED, State.REFUSED, State.DONE, State.FAILED, State.TIMED_OUT}),
    State.ACCEPTED: frozenset({State.DONE, State.FAILED, State.TIMED_OUT}),
    State.REFUSED: frozenset(),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.TIMED_OUT: frozenset(),
}
"""Moves that are allowed; some devices answer with 9012 only, without 9011."""

OPEN = (State.QUEUED, State.SENT, State.ACCEPTED)


class NotAllowed(ValueError):
    """The command is not in a state from which it could go there."""


@dataclass(slots=True)
class Command:
    """One command.

    Attributes:
        params: CP keys and values; asked_by: user id; frames: uploads that answered it.
        qn: request number as sent; qn_rtn, exe_rtn: answer and result as the device gave them.
    """

    id: int
    station_id: int
    cn: str
    params: dict[str, str]
    asked_by: int
    asked_at: datetime
    state: State
    changed_at: datetime
    expires_at: datetime
    session_id: int | None
    qn: str
    qn_rtn: str
    exe_rtn: str
    frames: int


@dataclass(slots=True)
class Step:
    """One step of a command's way."""

    at: datetime
    state: State
    note: str


_COLUMNS = (
    "id, station_id, cn, params, asked_by, asked_at, state, changed_at, expires_at, session_id, qn,"
    " qn_rtn, exe_rtn, frames"
)


def _command(row: Any) -> Command:
    command = Command(*row)
    command.state = State(row[6])
    return command


def ask(
    conn: Connection[Any],
    station_id: int,
    cn: str,
    params: Mapping[str, str],
    asked_by: int,
    at: datetime,
    valid_for: timedelta = timedelta(minutes=10),
) -> int:
    """Queue a command and wake the gateways; returns its id. Permission and audit are the caller's duty.

    Args:
        conn: may be inside the caller's transaction; gateways learn of it when that commits.
        valid_for: how long it may wait for the device to be on line.
    """
    row = wire.run(
        conn,
        "INSERT INTO command (station_id, cn, params, asked_by, asked_at, state, changed_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, 'queued', %s, %s) RETURNING id",
        (station_id, cn, Jsonb(dict(params)), asked_by, at, at, at + valid_for),
    ).fetchone()
    if row is None:
        raise RuntimeError("the command was not queued")
    _step(conn, int(row[0]), State.QUEUED, at, "")
    wire.run(conn, "NOTIFY eb_command")
    return int(row[0])


def take(conn: Connection[Any], session_by_station: Mapping[int, int], at: datetime, limit: int = 50) -> list[Command]:
    """Take queued commands for stations whose socket this process holds; they are `sent` from now on.

    Args:
        session_by_station: station -> session id of this process. A station whose session is no longer open, or that
            has
            another command under way, is left alone: one exchange at a time.
    """
    with conn.transaction():
        rows = wire.run(
            conn,
            f"SELECT {_COLUMNS} FROM command c WHERE id IN (SELECT min(id) FROM command WHERE state = 'queued'"
            "  AND station_id = ANY (%(stations)s) AND expires_at > %(at)s GROUP BY station_id)"
            " AND state = 'queued'"
            " AND EXISTS (SELECT 1 FROM gateway_session s WHERE s.id = ANY (%(sessions)s) AND s.closed_at IS NULL"
            "  AND s.station_id = c.station_id)"
            " AND NOT EXISTS (SELECT 1 FROM command o WHERE o.station_id = c.station_id"
            "  AND o.state IN ('sent', 'accepted'))"
            " ORDER BY id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED",
            {
                "stations": list(session_by_station),
                "sessions": list(session_by_station.values()),
                "at": at,
                "limit": limit,
            },
        ).fetchall()
        taken = [_command(row) for row in rows]
        for command in taken:
            command.session_id = session_by_station[command.station_id]
            move(conn, command.id, State.SENT, at, session_id=command.session_id)
            command.state = State.SENT
    return taken


def move(
    conn: Connection[Any],
    command_id: int,
    state: State,
    at: datetime,
    *,
    note: str = "",
    qn: str | None = None,
    qn_rtn: str | None = None,
    exe_rtn: str | None = None,
    session_id: int | None = None,
) -> None:
    """Bring a command to its next state and write the step down.

    Raises:
        NotAllowed: that move does not exist from the state it is in; nothing is changed.
    """
    sources = [before.value for before, after in NEXT.items() if state in after]
    with conn.transaction():
        moved = wire.run(
            conn,
            "UPDATE command SET state = %s, changed_at = %s, qn = coalesce(%s, qn), qn_rtn = coalesce(%s, qn_rtn),"
            " exe_rtn = coalesce(%s, exe_rtn), session_id = coalesce(%s, session_id)"
            " WHERE id = %s AND state = ANY (%s)",
            (state.value, at, qn, qn_rtn, exe_rtn, session_id, command_id, sources),
        ).rowcount
        if not moved:
            raise NotAllowed(f"command {command_id} cannot become {state.value}")
        _step(conn, command_id, state, at, note)


def _step(conn: Connection[Any], command_id: int, state: State, at: datetime, note: str) -> None:
    wire.run(
        conn,
        "INSERT INTO command_event (command_id, at, state, note) VALUES (%s, %s, %s, %s)",
        (command_id, at, state.value, note),
    )


def set_qn(conn: Connection[Any], command_id: int, qn: str) -> None:
    """Note the request number under which a command went out."""
    wire.run(conn, "UPDATE command SET qn = %s WHERE id = %s", (qn, command_id))


def count_frame(conn: Connection[Any], command_id: int, frames: int = 1) -> None:
    """Count uploads that answered a command."""
    wire.run(conn, "UPDATE command SET frames = frames + %s WHERE id = %s", (frames, command_id))


def expire(conn: Connection[Any], now: datetime, under_way: timedelta = timedelta(minutes=30)) -> list[int]:
    """Time out commands that waited too long for their device, or whose exchange nobody carries"
    " on; returns their ids."""
    with conn.transaction():
        rows = wire.run(
            conn,
            "UPDATE command SET state = 'timed_out', changed_at = %s WHERE id IN (SELECT id FROM command"
            " WHERE (state = 'queued' AND expires_at <= %s) OR (state IN ('sent', 'accepted') AND changed_at < %s)"
            " ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id",
            (now, now, now - under_way),
        ).fetchall()
        for (id_,) in rows:
            _step(conn, id_, State.TIMED_OUT, now, "")
    return [row[0] for row in rows]


def get(conn: Connection[Any], command_id: int) -> tuple[Command, list[Step]] | None:
    """Return a command with its steps."""
    row = wire.run(conn, f"SELECT {_COLUMNS} FROM command WHERE id = %s", (command_id,)).fetchone()
    if row is None:
        return None
    steps = wire.run(
        conn, "SELECT at, state, note FROM command_event WHERE command_id = %s ORDER BY id", (command_id,)
    ).fetchall()
    return _command(row), [Step(at, State(state), note) for at, state, note in steps]


def of_stations(conn: Connection[Any], station_ids: Collection[int], limit: int = 100) -> list[Command]:
    """Return the newest commands of stations."""
    rows = wire.run(
        conn,
        f"SELECT {_COLUMNS} FROM command WHERE station_id = ANY (%s) ORDER BY asked_at DESC, id DESC LIMIT %s",
        (list(station_ids), limit),
    ).fetchall()
    return [_command(row) for row in rows]
