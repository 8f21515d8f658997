"""What is counted and handed on with every batch: outcomes, frames received, work for the judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from psycopg import Cursor

from ecobureau.storage import wire
from ecobureau.storage.rows import Row
from ecobureau.storage.types import Outcome


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
    """Add frames counted at the socket of a run: (station, day of receipt) -> frames."""
    keys = sorted(key for key, frames in received.items() if frames)
    if not keys:
        return
    cursor.execute(
        "INSERT INTO gateway_received AS g (day, run_id, station_id, frames)"
        " SELECT day::date, %s, station_id, frames FROM unnest(%s::text[], %s::int4[], %s::int8[])"
        " AS u(day, station_id, frames)"
        " ON CONFLICT (day, run_id, station_id) DO UPDATE SET frames = g.frames + excluded.frames",
        (
            run_id,
            wire.texts([k[1].isoformat() for k in keys]),
            wire.int4s([k[0] for k in keys]),
            wire.int8s([received[k] for k in keys]),
        ),
        prepare=True,
    )


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
