"""Hourly and daily roll-ups, written when an hour or day closes and again when a late or rewritten frame touches it.

What is still open is not in the tables: `read.rollups` adds the hour from its frames and the day from its hours. The
row of `stream_state` is the lock:
a frame that waits for it sees afterwards that its hour was closed meanwhile, and rolls it up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    SELECT (%(station)s::int4[])[s.number] AS station_id, (%(stream)s::int4[])[s.number] AS stream_id,
      l.factors[l.slot_factor[s.ord]] AS factor, (%(start)s::timestamptz[])[s.number] AS start,
      coalesce(sum(s.n) FILTER (WHERE r.role = 1), 0)::int AS n,
      coalesce(sum(s.valid) FILTER (WHERE r.role = 1), 0)::int AS valid,
      sum(s.total / r.scale) FILTER (WHERE r.role = 1) AS total,
      min(s.low / r.scale) FILTER (WHERE r.role IN (1, 3)) AS low,
      max(s.high / r.scale) FILTER (WHERE r.role IN (1, 4)) AS high,
      coalesce(sum(s.valid) FILTER (WHERE r.role = 2), 0)::int AS zs_valid,
      sum(s.total / r.scale) FILTER (WHERE r.role = 2) AS zs_total,
      max(s.high / r.scale) FILTER (WHERE r.role IN (2, 5)) AS zs_high,
      sum(s.total / r.scale) FILTER (WHERE r.role = 6) AS cou
    FROM (
      SELECT c.number, c.layout_id, c.wide, c.ord, count(c.x) AS n,
        count(c.x) FILTER (WHERE c.ok) AS valid,
        sum(c.x) FILTER (WHERE c.ok) AS total,
        min(c.x) FILTER (WHERE c.ok) AS low,
        max(c.x) FILTER (WHERE c.ok) AS high
      FROM (
        SELECT f.number, f.layout_id, f.wide, f.ord, f.x, f.marks IS NULL OR (CASE
            WHEN strpos(f.marks, ',') > 0 THEN split_part(f.marks, ',', f.slot_factor[f.ord])
            WHEN cardinality(f.factors) = 1 THEN f.marks
            ELSE substr(f.marks, f.slot_factor[f.ord], 1) END) = ANY (%(marks)s::text[]) AS ok
        FROM (
          SELECT b.number::int AS number, f.layout_id, f.wide IS NOT NULL AS wide, f.marks, i.slot_factor, i.factors,
            unnest(coalesce(f.wide, f.v::float8[])) AS x,
            generate_series(1, cardinality(coalesce(f.wide, f.v::float8[]))) AS ord
          FROM unnest(%(station)s::int4[], %(stream)s::int4[], %(start)s::timestamptz[])
            WITH ORDINALITY AS b(station_id, stream_id, bucket, number)
          CROSS JOIN LATERAL (SELECT f.layout_id, f.v, f.wide, f.marks FROM {table} f
            WHERE f.station_id = b.station_id AND f.stream_id = b.stream_id
            AND f.start >= b.bucket AND f.start < b.bucket + interval '{span}' OFFSET 0) AS f
          CROSS JOIN LATERAL (SELECT i.slot_factor, i.factors FROM layout i WHERE i.id = f.layout_id OFFSET 0) AS i
        ) AS f
      ) AS c
      GROUP BY 1, 2, 3, 4
    ) AS s
    CROSS JOIN LATERAL (SELECT * FROM layout l WHERE l.id = s.layout_id OFFSET 0) AS l
    CROSS JOIN LATERAL (SELECT l.slot_role[s.ord] AS role,
      CASE WHEN s.wide THEN 1 ELSE 10.0::float8 ^ l.slot_decimals[s.ord] END AS scale) AS r
    WHERE r.role <> 0
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


def close(
    cursor: Cursor[Any], touched: Mapping[tuple[int, int], Sequence[Row]], opened: Mapping[tuple[int, int], int]
) -> None:
    """Roll up the hours and days that are closed.

    Args:
        touched: the rows that changed, by station and stream; opened: the hour each stream had open before.
    """
    hours: dict[str, list[Bucket]] = {"frame_rt": [], "frame_period": []}
    from_hours: set[Bucket] = set()
    from_frames: set[Bucket] = set()
    for (station, stream), rows in touched.items():
        kind = rows[0].kind
        if kind is Kind.DAY:
            continue
        before = opened[station, stream]
        mine = {row.start - row.start % HOUR for row in rows}
        now = max(before, *mine)
        if now > before:
            mine.add(before)
        elif mine == {before}:
            continue
        closed = [hour for hour in mine if hour < now]
        days = {(station, stream, day_start(hour)) for hour in closed if day_start(hour) < day_start(now)}
        if kind is Kind.HOUR:
            from_frames |= days
        else:
            from_hours |= days
            hours["frame_rt" if kind is Kind.RT else "frame_period"] += [(station, stream, h) for h in closed]
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
