"""Book balance: what came in at the socket against how it ended. Two counts from two places, so that they can differ.

`gateway_received` is counted by the gateway where bytes become frames; `frame_counter` is counted by the writer where
frames get their outcome. For a run that has ended both are equal. What a crash cut off was never answered: it shows as
`cut_off`. More outcomes than frames received, or a difference after an orderly end, means the books are broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from psycopg import Connection

from ecobureau.storage import upkeep, wire
from ecobureau.storage.types import Outcome

SILENT = timedelta(seconds=90)
"""Without a heartbeat for so long a run counts as crashed."""

Verdict = Literal["balanced", "open", "cut_off", "broken"]


@dataclass(slots=True)
class Balance:
    """One line of the books: received = sum of outcomes + difference.

    Attributes:
        station_id: 0 for frames of unknown stations.
        outcomes: frames by outcome; pending parts are those that still wait.
        verdict: `balanced`: no difference; `open`: the run goes on and the rest is on its way; `cut_off`: the run
            crashed
            and the rest was never answered; `broken`: neither.
    """

    day: date
    run_id: int
    station_id: int
    received: int
    outcomes: dict[Outcome, int]
    run_state: Literal["running", "ended", "crashed"]
    verdict: Verdict

    @property
    def settled(self) -> int:
        return sum(self.outcomes.values())

    @property
    def difference(self) -> int:
        """Frames received that have no outcome; negative where there are outcomes nobody received."""
        return self.received - self.settled

    @property
    def balances(self) -> bool:
        return self.verdict != "broken"


@dataclass(slots=True)
class Run:
    """One life of a gateway process."""

    id: int
    process: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    ended_at: datetime | None
    crashed: bool


def start_run(conn: Connection[Any], process: str, host: str, pid: int, at: datetime) -> int:
    """Open a run of a gateway process; returns its id."""
    row = wire.run(
        conn,
        "INSERT INTO gateway_run (process, host, pid, started_at, heartbeat_at) VALUES (%s, %s, %s, %s,"
        " %s) RETURNING id",
        (process, host, pid, at, at),
    ).fetchone()
    if row is None:
        raise RuntimeError("the run was not opened")
    return int(row[0])


def heartbeat(
    conn: Connection[Any],
    run_id: int,
    at: datetime,
    received: Mapping[tuple[int, date], int] | None = None,
    skipped_bytes: int = 0,
) -> None:
    """Say that a run is alive, and enter what the socket counted.

    Args:
        received: (station or 0, Beijing day of receipt) -> frames in all of the run; skipped_bytes: bytes outside any
            frame since the last heartbeat.
    """
    wire.register(conn)
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute(
            "UPDATE gateway_run SET heartbeat_at = greatest(heartbeat_at, %s), skipped_bytes = skipped_bytes + %s,"
            " crashed = false WHERE id = %s AND ended_at IS NULL",
            (at, skipped_bytes, run_id),
        )
        upkeep.count_received(cursor, run_id, received or {})


def note_fault(conn: Connection[Any], run_id: int, text: str, at: datetime) -> None:
    """Write down a fault of the program or the schema that a run met; the newest one stands."""
    wire.run(
        conn,
        "UPDATE gateway_run SET fault = %s, fault_at = %s WHERE id = %s",
        (text.replace("\x00", ""), at, run_id),
    )


def enter_received(conn: Connection[Any], run_id: int, received: Mapping[tuple[int, date], int]) -> None:
    """Enter what the socket counted: (station or 0, Beijing day of receipt) -> frames in all of the run so far."""
    wire.register(conn)
    with conn.transaction(), conn.cursor() as cursor:
        upkeep.count_received(cursor, run_id, received)


def end_run(
    conn: Connection[Any], run_id: int, at: datetime, received: Mapping[tuple[int, date], int] | None = None
) -> None:
    """Close a run in order: every frame it received has its outcome."""
    heartbeat(conn, run_id, at, received)
    wire.run(conn, "UPDATE gateway_run SET ended_at = %s WHERE id = %s AND ended_at IS NULL", (at, run_id))


def mark_crashed(conn: Connection[Any], now: datetime, silent: timedelta = SILENT) -> list[int]:
    """Mark the runs that neither ended nor gave a heartbeat for `silent`; returns their ids.

    Their open sessions are closed too. A run that speaks again is alive again.
    """
    with conn.transaction():
        rows = wire.run(
            conn,
            "UPDATE gateway_run SET crashed = true WHERE ended_at IS NULL AND NOT crashed AND heartbeat_at < %s"
            " RETURNING id",
            (now - silent,),
        ).fetchall()
        ids = [row[0] for row in rows]
        wire.run(
            conn,
            "UPDATE gateway_session SET closed_at = %s, reason = 'session.crashed' WHERE closed_at IS NULL"
            " AND run_id = ANY (%s)",
            (now, ids),
        )
    return ids


def runs(conn: Connection[Any], limit: int = 50) -> list[Run]:
    """Return the newest runs."""
    rows = wire.run(
        conn,
        "SELECT id, process, host, pid, started_at, heartbeat_at, ended_at, crashed FROM gateway_run"
        " ORDER BY id DESC LIMIT %s",
        (limit,),
    ).fetchall()
    return [Run(*row) for row in rows]


def balance(conn: Connection[Any], day: date, station_id: int | None = None) -> list[Balance]:
    """Return the books of a day of receipt (Beijing), one line a run and station."""
    rows = wire.run(
        conn,
        "SELECT k.run_id, k.station_id, coalesce(g.frames, 0), c.outcomes, r.ended_at IS NOT NULL,"
        " coalesce(r.crashed, true)"
        " FROM (SELECT run_id, station_id FROM gateway_received WHERE day = %(day)s"
        "  UNION SELECT run_id, station_id FROM frame_counter WHERE day = %(day)s) k"
        " LEFT JOIN gateway_received g ON g.day = %(day)s AND g.run_id = k.run_id AND g.station_id = k.station_id"
        " LEFT JOIN LATERAL (SELECT jsonb_object_agg(f.outcome, f.frames) AS outcomes FROM frame_counter f"
        "  WHERE f.day = %(day)s AND f.run_id = k.run_id AND f.station_id = k.station_id) c ON true"
        " LEFT JOIN gateway_run r ON r.id = k.run_id"
        " WHERE %(station)s::int IS NULL OR k.station_id = %(station)s ORDER BY 1, 2",
        {"day": day, "station": station_id},
    ).fetchall()
    out = []
    for run_id, station, received, found, ended, crashed in rows:
        outcomes = {Outcome(name): int(frames) for name, frames in (found or {}).items() if frames}
        state: Literal["running", "ended", "crashed"] = "ended" if ended else "crashed" if crashed else "running"
        left = received - sum(outcomes.values())
        out.append(Balance(day, run_id, station, received, outcomes, state, _verdict(left, state)))
    return out


def _verdict(left: int, state: Literal["running", "ended", "crashed"]) -> Verdict:
    if left == 0:
        return "balanced"
    if left > 0 and state == "running":
        return "open"
    if left > 0 and state == "crashed":
        return "cut_off"
    return "broken"


def recount(conn: Connection[Any], day: date) -> list[tuple[int, int, str, int, int]]:
    """Compare the counters of a day with the rows themselves; returns (run, station, outcome, counted, found)
    that differ.

    Reads every raw frame of the day: for `ecobureau verify`, not for pages. Quarantined frames have no raw row.
    """
    begin = datetime.fromisoformat(f"{day.isoformat()}T00:00:00+08:00")
    rows = wire.run(
        conn,
        "SELECT coalesce(f.run_id, c.run_id), coalesce(f.station_id, c.station_id), coalesce(f.outcome, c.outcome),"
        " coalesce(c.frames, 0), coalesce(f.frames, 0) FROM ("
        "  SELECT r.run_id, r.station_id, coalesce(p.outcome, r.outcome) AS outcome, count(*) AS frames"
        " FROM raw_frame r"
        "  LEFT JOIN pending_part p ON p.raw_id = r.id WHERE r.received_at >= %(low)s AND r.received_at < %(high)s"
        "  GROUP BY 1, 2, 3) f"
        " FULL JOIN (SELECT run_id, station_id, outcome, frames FROM frame_counter WHERE day = %(day)s"
        "  AND outcome <> 'quarantined' AND frames <> 0) c USING (run_id, station_id, outcome)"
        " WHERE coalesce(c.frames, 0) <> coalesce(f.frames, 0) ORDER BY 1, 2, 3",
        {"low": begin, "high": begin + timedelta(days=1), "day": day},
    ).fetchall()
    return [(a, b, c, d, e) for a, b, c, d, e in rows]
