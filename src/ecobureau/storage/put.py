"""The short way of a batch: frames that meet nobody, with all that belongs to them, in one statement.

Nearly every batch is of this sort: its keys are new, its raw frames, newest frames, counters and the judge's queue
follow without a look at anything else. The statement inserts the rows first. Only when all of them went in it does the
rest; otherwise it says so, and `storage.writer` goes on from there with what met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from ecobureau.storage import newest, rawframes, rows, upkeep, wire
from ecobureau.storage.direct import Direct, Value, int8
from ecobureau.storage.rows import Row
from ecobureau.storage.types import Kind

HOUR = 3600 * 1_000_000
SINCE_1970 = int(wire.PG_EPOCH.timestamp()) * 1_000_000

_U = (
    "u AS MATERIALIZED (SELECT start, raw_id, station_id, stream_id, layout_id, lag, note,"
    " CASE WHEN n >= 0 THEN (%(v)s::int4[])[o:o + n - 1] END AS v, marks, wide::float8[] AS wide, exact, received_at,"
    " hour, rt, top FROM unnest(%(start)s::timestamptz[], %(raw)s::int8[], %(station)s::int4[], %(stream)s::int4[],"
    " %(layout)s::int4[], %(lag)s::int4[], %(note)s::int2[], %(o)s::int4[], %(n)s::int4[], %(marks)s::text[],"
    " %(wide)s::text[], %(exact)s::bytea[], %(received)s::timestamptz[], %(hour)s::timestamptz[], %(rt)s::bool[],"
    " %(top)s::bool[]) AS u(start, raw_id, station_id, stream_id, layout_id, lag, note, o, n, marks, wide, exact,"
    " received_at, hour, rt, top))"
)
_FRAME = "start, raw_id, station_id, stream_id, layout_id, lag, note, v, marks, wide, exact"
_STATE = (
    "s AS (INSERT INTO stream_state AS s (station_id, stream_id, newest, received_at, open_hour, was_open, raw_id,"
    " layout_id, lag, note, v, marks, wide, exact) SELECT station_id, stream_id, start, received_at, hour, hour,"
    " raw_id, layout_id, lag, note, v, marks, wide, exact FROM u WHERE top AND (SELECT ok FROM done)"
    f" ON CONFLICT (station_id, stream_id) DO UPDATE SET {newest.SAME}"
    " RETURNING station_id, stream_id, was_open, open_hour)"
)
_DIRTY = (
    "d AS (INSERT INTO dirty (station_id, st, kind, interval_s, start_at, end_at, cause, made_at)"
    " SELECT g.station_id, t.st, t.kind, t.interval_s, g.low,"
    " CASE WHEN t.kind = 'rt' THEN g.high ELSE g.high + t.interval_s * interval '1 second' END,"
    " CASE WHEN g.late THEN 'late' ELSE 'new' END, (%(made)s::timestamptz[])[1]"
    " FROM (SELECT station_id, stream_id, note & 1 = 1 AS late, min(start) AS low, max(start) AS high FROM u"
    " WHERE (SELECT ok FROM done) GROUP BY 1, 2, 3) g"
    " CROSS JOIN LATERAL (SELECT * FROM stream t WHERE t.id = g.stream_id OFFSET 0) t)"
)
_RAW = (
    "w AS MATERIALIZED (SELECT id, received_at, station_id, session_id, codec, sha256, cn, outcome, reason, deviations,"
    " raw FROM unnest(%(id)s::int8[], %(at)s::timestamptz[], %(of)s::int4[], %(session)s::int8[], %(codec)s::int2[],"
    " %(sha256)s::bytea[], %(cn)s::text[], %(outcome)s::text[], %(reason)s::text[], %(deviations)s::text[],"
    " %(bytes)s::bytea[]) AS w(id, received_at, station_id, session_id, codec, sha256, cn, outcome, reason, deviations,"
    " raw) WHERE (SELECT ok FROM done)),"
    " r AS (INSERT INTO raw_frame (id, received_at, station_id, run_id, session_id, codec, sha256, cn, outcome, reason,"
    " deviations, raw) SELECT id, received_at, station_id, %(run)s::int8, session_id, codec, sha256, cn, outcome,"
    " reason, deviations, raw FROM w),"
    " c AS (INSERT INTO frame_counter AS c (day, run_id, station_id, outcome, frames)"
    " SELECT (received_at AT TIME ZONE interval '8 hours')::date, %(run)s::int8, station_id, outcome, count(*) FROM w"
    " GROUP BY 1, 3, 4 ORDER BY 1, 3, 4"
    " ON CONFLICT (day, run_id, station_id, outcome) DO UPDATE SET frames = c.frames + excluded.frames)"
)
_BATCH = (
    "b AS (INSERT INTO gateway_batch (run_id, batch, outcomes) SELECT %(run)s::int8, %(batch)s::int8, %(told)s::bytea"
    f" WHERE (SELECT ok FROM done) ON CONFLICT (run_id) DO UPDATE SET {upkeep.NEWEST_BATCH})"
)
_RECEIVED = (
    "g AS (INSERT INTO gateway_received AS g (day, run_id, station_id, frames)"
    " SELECT date '2000-01-01' + day, %(run)s::int8, station_id, frames"
    " FROM unnest(%(days)s::int4[], %(stations)s::int4[], %(frames)s::int8[]) AS x(day, station_id, frames)"
    f" WHERE (SELECT ok FROM done) ON CONFLICT (day, run_id, station_id) DO UPDATE SET {upkeep.GREATER})"
)


@lru_cache(maxsize=16)
def _statement(rt: bool, period: bool, received: bool, batch: bool) -> str:
    """Return the statement for the tables that have rows."""
    parts, counts = [], []
    if rt or period:
        parts.append(_U)
    for table, wanted, which in (("frame_rt", rt, "rt"), ("frame_period", period, "NOT rt")):
        if not wanted:
            continue
        only = f" WHERE {which}" if rt and period else ""
        parts.append(
            f"{table}_in AS (INSERT INTO {table} ({_FRAME}) SELECT {_FRAME} FROM u{only}"
            " ON CONFLICT (station_id, stream_id, start) DO NOTHING RETURNING 1)"
        )
        counts.append(f"(SELECT count(*) FROM {table}_in)")
    parts.append(f"done AS MATERIALIZED (SELECT {' + '.join(counts) or '0'} = %(rows)s::int8 AS ok)")
    if rt or period:
        parts += [_STATE, _DIRTY]
    parts.append(_RAW)
    if received:
        parts.append(_RECEIVED)
    if batch:
        parts.append(_BATCH)
    if not (rt or period):
        return f"WITH {', '.join(parts)} SELECT ok::int, 0, NULL, NULL, NULL, NULL FROM done"
    return (
        f"WITH {', '.join(parts)} SELECT ok::int, found, stations, streams, opened,"
        " CASE WHEN ok THEN pg_notify('eb_dirty', '')::text END FROM done, (SELECT count(*) AS found,"
        " array_agg(station_id) FILTER (WHERE tell) AS stations, array_agg(stream_id) FILTER (WHERE tell) AS streams,"
        " array_agg((extract(epoch FROM was_open) * 1000000)::int8) FILTER (WHERE tell) AS opened FROM"
        " (SELECT *, was_open <> open_hour OR count(*) OVER () < %(tops)s::int8 AS tell FROM s) x) y"
    )


@dataclass(slots=True)
class Put:
    """What became of a batch.

    Attributes:
        ok: everything is in; otherwise the rows that are new are, and nothing else.
        all_tops: every newest frame took its place.
        opened: the hour (microseconds) that a stream had open before, where it is another one than its newest
            frame's; of all streams whose newest frame took its place unless `all_tops`.
    """

    ok: bool
    all_tops: bool
    opened: dict[newest.Place, int]


def put(
    direct: Direct,
    data: Sequence[Row],
    tops: Sequence[bool],
    kept: Sequence[rawframes.Kept],
    run_id: int,
    made_at: int,
    received: Mapping[tuple[int, date], int],
    batch: tuple[int, bytes] | None = None,
) -> Put:
    """Write a batch in one statement, inside the transaction at hand.

    Args:
        data: rows in order of their key, one a key. tops: which of them are the newest of their stream.
        kept: raw frames with their outcomes. made_at: of the work for the judge, microseconds since 2000.
        received: frames counted at the socket so far in this run. batch: its number in the run and what became of its
            frames, to be kept.
    """
    params: dict[str, Value] = {**rawframes.columns(kept), "run": int8(run_id), "rows": int8(len(data))}
    rt = [row.kind is Kind.RT for row in data]
    if data:
        starts = [row.start for row in data]
        params.update(rows.columns(data))
        params["start"] = wire.times(starts)
        params["received"] = wire.times([row.received for row in data])
        params["hour"] = wire.times([start - start % HOUR for start in starts])
        params["rt"] = wire.bools(rt)
        params["top"] = wire.bools(tops)
        params["tops"] = int8(sum(tops))
        params["made"] = wire.times([made_at])
    if received:
        params.update(upkeep.received_columns(received))
    if batch is not None:
        params["batch"], params["told"] = int8(batch[0]), batch[1]
    statement = _statement(any(rt), not all(rt), bool(received), batch is not None)
    ok, found, stations, streams, opened, _told = direct.call(statement, params)
    places = zip(_numbers(stations), _numbers(streams), _numbers(opened), strict=True)
    return Put(
        ok == b"1",
        int(found or 0) == sum(tops),
        {(station, stream): hour - SINCE_1970 for station, stream, hour in places},
    )


def _numbers(array: bytes | None) -> list[int]:
    """Return the numbers of an array as the server writes it: {1,2}."""
    return [int(text) for text in array[1:-1].split(b",")] if array else []
