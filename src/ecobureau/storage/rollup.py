"""Hourly and daily roll-ups, written when an hour or day closes and again when a late or rewritten frame touches it.

What is still open is not in the tables: `read.rollups` adds the hour from its frames and the day from its hours. The
row of `stream_state` is the lock:
a frame that waits for it sees afterwards that its hour was closed meanwhile, and rolls it up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Cursor

from ecobureau.storage import wire
from ecobureau.storage.rows import Row
from ecobureau.storage.types import Kind

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR
EAST = 8 * HOUR

VALID_MARKS = ("N", "3", "")
"""Marks whose values count: N (HJ 212-2017, table of data marks), 3 (normal, air, HJ/T 212-2005), none sent."""

Bucket = tuple[int, int, int]
"""station, stream, start in microseconds"""

_COLUMNS = "station_id, stream_id, factor, start, n, valid, total, low, high, zs_valid, zs_total, zs_high, cou"


def frames_query(table: str, span: str) -> str:
    """Return the query that rolls up frames; its parameters are those of `bucket_params`.

    First level: every slot of every layout by itself, still as scaled integers; second level: factors, by the slots'
    roles (`shape.roles`).
    """
    return f"""
    SELECT s.station_id, s.stream_id, l.factors[l.slot_factor[s.ord]] AS factor, s.bucket AS start,
      coalesce(sum(s.n) FILTER (WHERE s.role = 1), 0)::int AS n,
      coalesce(sum(s.valid) FILTER (WHERE s.role = 1), 0)::int AS valid,
      sum(s.total / s.scale) FILTER (WHERE s.role = 1) AS total,
      min(s.low / s.scale) FILTER (WHERE s.role IN (1, 3)) AS low,
      max(s.high / s.scale) FILTER (WHERE s.role IN (1, 4)) AS high,
      coalesce(sum(s.valid) FILTER (WHERE s.role = 2), 0)::int AS zs_valid,
      sum(s.total / s.scale) FILTER (WHERE s.role = 2) AS zs_total,
      max(s.high / s.scale) FILTER (WHERE s.role IN (2, 5)) AS zs_high,
      sum(s.total / s.scale) FILTER (WHERE s.role = 6) AS cou
    FROM (
      SELECT b.station_id, b.stream_id, b.bucket, f.layout_id, x.ord::int AS ord, x.role,
        CASE WHEN f.wide IS NULL THEN 10.0::float8 ^ x.decimals ELSE 1 END AS scale,
        count(x.v) AS n,
        count(x.v) FILTER (WHERE m.ok) AS valid,
        sum(x.v) FILTER (WHERE m.ok) AS total,
        min(x.v) FILTER (WHERE m.ok) AS low,
        max(x.v) FILTER (WHERE m.ok) AS high
      FROM unnest(%(station)s::int4[], %(stream)s::int4[], %(start)s::timestamptz[]) AS b(station_id, stream_id, bucket)
      CROSS JOIN LATERAL (SELECT f.layout_id, f.v, f.wide, f.marks FROM {table} f
        WHERE f.station_id = b.station_id AND f.stream_id = b.stream_id
        AND f.start >= b.bucket AND f.start < b.bucket + interval '{span}' OFFSET 0) AS f
      CROSS JOIN LATERAL (SELECT * FROM layout i WHERE i.id = f.layout_id OFFSET 0) AS i
      CROSS JOIN LATERAL unnest(coalesce(f.wide, f.v::float8[]), i.slot_role, i.slot_factor, i.slot_decimals)
        WITH ORDINALITY AS x(v, role, factor, decimals, ord)
      CROSS JOIN LATERAL (SELECT f.marks IS NULL OR (CASE
          WHEN strpos(f.marks, ',') > 0 THEN split_part(f.marks, ',', x.factor)
          WHEN cardinality(i.factors) = 1 THEN f.marks
          ELSE substr(f.marks, x.factor, 1) END) = ANY (%(marks)s::text[]) AS ok) AS m
      WHERE x.role <> 0
      GROUP BY 1, 2, 3, 4, 5, 6, 7
    ) AS s
    JOIN layout l ON l.id = s.layout_id
    GROUP BY 1, 2, 3, 4"""


_SET = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.replace(" ", "").split(",")[4:])


def _into(table: str, query: str) -> str:
    return (
        f"INSERT INTO {table} AS t ({_COLUMNS}) {query}"
        f" ON CONFLICT (station_id, stream_id, start, factor) DO UPDATE SET {_SET} WHERE excluded.n >= t.n"
    )


_HOURS = {table: _into("rollup_hour", frames_query(table, "1 hour")) for table in ("frame_rt", "frame_period")}
_DAYS_FROM_FRAMES = _into("rollup_day", frames_query("frame_period", "24 hours"))
DAYS_FROM_HOURS = """
    SELECT h.station_id, h.stream_id, h.factor, b.bucket, sum(h.n)::int, sum(h.valid)::int, sum(h.total), min(h.low),
      max(h.high), sum(h.zs_valid)::int, sum(h.zs_total), max(h.zs_high), sum(h.cou)
    FROM unnest(%(station)s::int4[], %(stream)s::int4[], %(start)s::timestamptz[]) AS b(station_id, stream_id, bucket)
    CROSS JOIN LATERAL (SELECT * FROM rollup_hour h WHERE h.station_id = b.station_id AND h.stream_id = b.stream_id
      AND h.start >= b.bucket AND h.start < b.bucket + interval '24 hours' OFFSET 0) AS h
    GROUP BY 1, 2, 3, 4"""
_DAYS_FROM_HOURS = _into("rollup_day", DAYS_FROM_HOURS)

_STATE_FROM = (
    "unnest(%(station)s::int4[], %(stream)s::int4[], %(newest)s::timestamptz[], %(received)s::timestamptz[],"
    " %(hour)s::timestamptz[]) AS u(station_id, stream_id, newest, received_at, open_hour)"
)
_STATE = (
    "INSERT INTO stream_state AS s (station_id, stream_id, newest, received_at, open_hour)"
    f" SELECT station_id, stream_id, newest, received_at, open_hour FROM {_STATE_FROM}"
    " ON CONFLICT (station_id, stream_id) DO UPDATE SET newest = greatest(s.newest, excluded.newest),"
    " received_at = greatest(s.received_at, excluded.received_at) RETURNING station_id, stream_id, open_hour"
)


class _Touched:
    """What a batch changed in one stream of one station."""

    __slots__ = ("hours", "kind", "newest", "received")

    def __init__(self, row: Row) -> None:
        self.kind = row.kind
        self.newest = row.start
        self.received = row.received
        self.hours = {row.start - row.start % HOUR}

    def add(self, row: Row) -> None:
        self.newest = max(self.newest, row.start)
        self.received = max(self.received, row.received)
        self.hours.add(row.start - row.start % HOUR)


def keep_up(cursor: Cursor[Any], rows: Iterable[Row]) -> None:
    """Note the newest frame of every stream that changed, and roll up the hours and days that are closed."""
    touched: dict[tuple[int, int], _Touched] = {}
    for row in rows:
        key = (row.station, row.stream)
        seen = touched.get(key)
        if seen is None:
            touched[key] = _Touched(row)
        else:
            seen.add(row)
    if not touched:
        return
    opened = _note(cursor, touched)
    hours: dict[str, list[Bucket]] = {"frame_rt": [], "frame_period": []}
    from_hours: set[Bucket] = set()
    from_frames: set[Bucket] = set()
    forward: list[Bucket] = []
    for (station, stream), change in touched.items():
        before = opened[station, stream]
        now = max(before, change.newest - change.newest % HOUR)
        if now > before:
            forward.append((station, stream, now))
            change.hours.add(before)
        if change.kind is Kind.DAY:
            continue
        closed = [hour for hour in change.hours if hour < now]
        days = {(station, stream, day_start(hour)) for hour in closed if day_start(hour) < day_start(now)}
        if change.kind is Kind.HOUR:
            from_frames |= days
        else:
            from_hours |= days
            hours["frame_rt" if change.kind is Kind.RT else "frame_period"] += [(station, stream, h) for h in closed]
    if forward:
        _open(cursor, sorted(forward))
    for table, buckets in hours.items():
        roll_hours(cursor, table, buckets)
    sum_days(cursor, sorted(from_hours))
    roll_days(cursor, sorted(from_frames))


def day_start(micros: int) -> int:
    """Return midnight in Beijing before an instant (microseconds since 2000 UTC)."""
    return micros - (micros + EAST) % DAY


def roll_hours(cursor: Cursor[Any], table: str, buckets: Sequence[Bucket]) -> None:
    """Roll up hours from their frames."""
    if buckets:
        cursor.execute(_HOURS[table], bucket_params(buckets), prepare=True)


def sum_days(cursor: Cursor[Any], buckets: Sequence[Bucket]) -> None:
    """Roll up days from their hours."""
    if buckets:
        cursor.execute(_DAYS_FROM_HOURS, bucket_params(buckets), prepare=True)


def roll_days(cursor: Cursor[Any], buckets: Sequence[Bucket]) -> None:
    """Roll up days of hour frames."""
    if buckets:
        cursor.execute(_DAYS_FROM_FRAMES, bucket_params(buckets), prepare=True)


def bucket_params(buckets: Sequence[Bucket]) -> Mapping[str, Any]:
    ordered = sorted(buckets)
    return {
        "station": wire.int4s([b[0] for b in ordered]),
        "stream": wire.int4s([b[1] for b in ordered]),
        "start": wire.times([b[2] for b in ordered]),
        "marks": list(VALID_MARKS),
    }


def _note(cursor: Cursor[Any], touched: Mapping[tuple[int, int], _Touched]) -> dict[tuple[int, int], int]:
    """Write the newest frame of each stream, holding its row; returns the hour that was open before."""
    keys = sorted(touched)
    newest = [touched[k].newest for k in keys]
    cursor.execute(
        _STATE,
        {
            "station": wire.int4s([k[0] for k in keys]),
            "stream": wire.int4s([k[1] for k in keys]),
            "newest": wire.times(newest),
            "received": wire.times([touched[k].received for k in keys]),
            "hour": wire.times([n - n % HOUR for n in newest]),
        },
        prepare=True,
    )
    return {(station, stream): wire.micros(hour) for station, stream, hour in cursor.fetchall()}


def _open(cursor: Cursor[Any], forward: Sequence[Bucket]) -> None:
    cursor.execute(
        "UPDATE stream_state s SET open_hour = greatest(s.open_hour, u.hour)"
        " FROM unnest(%s::int4[], %s::int4[], %s::timestamptz[]) AS u(station_id, stream_id, hour)"
        " WHERE s.station_id = u.station_id AND s.stream_id = u.stream_id",
        (
            wire.int4s([f[0] for f in forward]),
            wire.int4s([f[1] for f in forward]),
            wire.times([f[2] for f in forward]),
        ),
        prepare=True,
    )
