"""What is counted and handed on with every batch: outcomes, frames received, work for the judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from psycopg import Connection, Cursor
from psycopg.types.numeric import Int8

from ecobureau.storage import wire
from ecobureau.storage.rows import Row
from ecobureau.storage.types import Outcome

FIRST_DAY = wire.PG_EPOCH.date()
GREATER = "frames = greatest(g.frames, excluded.frames) WHERE g.frames < excluded.frames"


def count(cursor: Cursor[Any], frames: Mapping[tuple[int, int, int, Outcome], int]) -> None:
    """Add to the counters of outcomes: (day of receipt since 2000-01-01, run, station, outcome) -> frames."""
    if not frames:
        return
    keys = sorted(frames)
    cursor.execute(
        "INSERT INTO frame_counter AS c (day, run_id, station_id, outcome, frames)"
        " SELECT date '2000-01-01' + day, run_id, station_id, outcome, frames"
        " FROM unnest(%s::int4[], %s::int4[], %s::int4[], %s::text[], %s::int8[]) AS u(day, run_id,"
        " station_id, outcome, frames)"
        " ON CONFLICT (day, run_id, station_id, outcome) DO UPDATE SET frames = c.frames + excluded.frames",
        (
            wire.int4s([k[0] for k in keys]),
            wire.int4s([k[1] for k in keys]),
            wire.int4s([k[2] for k in keys]),
            wire.texts([k[3].value for k in keys]),
            wire.int8s([frames[k] for k in keys]),
        ),
        prepare=True,
    )


def count_received(cursor: Cursor[Any], run_id: int, received: Mapping[tuple[int, date], int]) -> None:
    """Enter frames counted at the socket in all of a run so far: (station, day of receipt) -> frames.

    Said twice, or in another order, it stays the same: a count never goes back.
    """
    if not received:
        return
    cursor.execute(
        "INSERT INTO gateway_received AS g (day, run_id, station_id, frames)"
        " SELECT date '2000-01-01' + day, %(run)s::int8, station_id, frames"
        " FROM unnest(%(days)s::int4[], %(stations)s::int4[], %(frames)s::int8[]) AS u(day, station_id, frames)"
        f" ON CONFLICT (day, run_id, station_id) DO UPDATE SET {GREATER}",
        {"run": Int8(run_id), **received_columns(received)},
        prepare=True,
    )


OUTCOMES = tuple(Outcome)
_NUMBER = {outcome: number for number, outcome in enumerate(OUTCOMES)}
NEWEST_BATCH = "batch = excluded.batch, outcomes = excluded.outcomes"


def packed_outcomes(outcomes: Iterable[Outcome]) -> bytes:
    """Return outcomes as one byte each."""
    return bytes([_NUMBER[outcome] for outcome in outcomes])


def unpacked_outcomes(data: bytes) -> list[Outcome]:
    """Undo `packed_outcomes`."""
    return [OUTCOMES[number] for number in data]


def keep_batch(cursor: Cursor[Any], run_id: int, batch: int, outcomes: bytes) -> None:
    """Note the newest batch of a run and what became of its frames."""
    cursor.execute(
        "INSERT INTO gateway_batch (run_id, batch, outcomes) VALUES (%s, %s, %s)"
        f" ON CONFLICT (run_id) DO UPDATE SET {NEWEST_BATCH}",
        (run_id, batch, outcomes),
    )


def newest_batch(conn: Connection[Any], run_id: int) -> tuple[int, list[Outcome]] | None:
    """Return number and outcomes of the newest batch of a run that is durable; None where there is none."""
    row = wire.run(conn, "SELECT batch, outcomes FROM gateway_batch WHERE run_id = %s", (run_id,)).fetchone()
    return None if row is None else (int(row[0]), unpacked_outcomes(bytes(row[1])))


def received_columns(received: Mapping[tuple[int, date], int]) -> dict[str, wire.Packed]:
    """Return what was received as arrays, in order of key."""
    keys = sorted(received)
    return {
        "days": wire.int4s([(day - FIRST_DAY).days for _station, day in keys]),
        "stations": wire.int4s([station for station, _day in keys]),
        "frames": wire.int8s([received[key] for key in keys]),
    }


def dirty(
    cursor: Cursor[Any],
    changed: Iterable[tuple[Row, str]],
    streams: Mapping[int, tuple[str, str, int]],
    made_at: datetime,
) -> None:
    """Tell the judge what changed: one row a station, stream and cause, and one wake-up."""
    spans: dict[tuple[int, int, str], list[int]] = {}
    for row, cause in changed:
        span = spans.get((row.station, row.stream, cause))
        if span is None:
            spans[row.station, row.stream, cause] = [row.start, row.end]
        else:
            span[0] = min(span[0], row.start)
            span[1] = max(span[1], row.end)
    if not spans:
        return
    keys = list(spans)
    kinds = [streams[k[1]] for k in keys]
    cursor.execute(
        "INSERT INTO dirty (station_id, st, kind, interval_s, start_at, end_at, cause, made_at)"
        " SELECT u.*, %s FROM unnest(%s::int4[], %s::text[], %s::text[], %s::int4[], %s::timestamptz[],"
        " %s::timestamptz[], %s::text[]) AS u",
        (
            made_at,
            wire.int4s([k[0] for k in keys]),
            wire.texts([kind[0] for kind in kinds]),
            wire.texts([kind[1] for kind in kinds]),
            wire.int4s([kind[2] for kind in kinds]),
            wire.times([spans[k][0] for k in keys]),
            wire.times([spans[k][1] for k in keys]),
            wire.texts([k[2] for k in keys]),
        ),
        prepare=True,
    )
    cursor.execute("NOTIFY eb_dirty")
