"""Layouts, streams, series and their gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from ecobureau.clock import BEIJING
from ecobureau.storage import shape, wire
from ecobureau.storage.merge import is_complete
from ecobureau.storage.read.values import (
    MOST_FRAMES,
    Db,
    Point,
    TooMany,
)
from ecobureau.storage.rows import BACKFILLED, MERGED, REKEYED, REVISED
from ecobureau.storage.types import Kind


@lru_cache(maxsize=64)
def _memory(database: tuple[str, int, str]) -> dict[int, shape.Layout]:
    return {}


def layouts(conn: Db, ids: Iterable[int]) -> dict[int, shape.Layout]:
    """Return layouts by id; they never change, so each process reads each of them once."""
    known = _memory((conn.info.host, conn.info.port, conn.info.dbname))
    wanted = set(ids)
    missing = [id_ for id_ in wanted if id_ not in known]
    if missing:
        for id_, *row in wire.run(
            conn,
            "SELECT id, factors, units, dialects, slot_factor, slot_stat, slot_decimals FROM layout WHERE"
            " id = ANY (%s)",
            (missing,),
        ):
            known[id_] = shape.make_layout(id_, shape.key_from_columns(*row))
    return {id_: known[id_] for id_ in wanted}


def streams(conn: Db) -> dict[int, tuple[str, Kind, int]]:
    """Return every stream: id -> (system code, kind, interval in seconds)."""
    rows = wire.run(conn, "SELECT id, st, kind, interval_s FROM stream").fetchall()
    return {id_: (st, Kind(kind), interval_s) for id_, st, kind, interval_s in rows}


def stream_ids(conn: Db, st: str | None, kind: Kind, interval_s: int | None) -> list[int]:
    return [
        id_
        for id_, (its_st, its_kind, its_interval) in streams(conn).items()
        if its_kind is kind and st in (None, its_st) and interval_s in (None, its_interval)
    ]


def bounded(rows: list[Any], limit: int) -> list[Any]:
    if len(rows) > limit:
        raise TooMany(f"more than {limit} rows")
    return rows


def series(
    conn: Db,
    station_id: int,
    st: str | None,
    kind: Kind,
    interval_s: int | None,
    factors: Collection[str] | None,
    start: datetime,
    end: datetime,
    limit: int = MOST_FRAMES,
) -> dict[str, list[Point]]:
    """Return the points of a station whose period starts in [start, end), by factor, in order of time.

    Args:
        st: system code, or None for all; interval_s: one interval, or None for all of the kind.
        factors: codes wanted, or None for all that came.
        limit: most frames read.

    Raises:
        TooMany: more frames than `limit` lie in that time.
    """
    ids = stream_ids(conn, st, kind, interval_s)
    out: dict[str, list[Point]] = {code: [] for code in factors or ()}
    if not ids:
        return out
    kinds = streams(conn)
    table = "frame_rt" if kind is Kind.RT else "frame_period"
    rows = bounded(
        wire.run(
            conn,
            "SELECT stream_id, start, raw_id, layout_id, lag, note, v, wide, marks, exact, parts"
            f" FROM {table} WHERE station_id = %s AND stream_id = ANY (%s) AND start >= %s AND start < %s"
            " ORDER BY start, stream_id LIMIT %s",
            (station_id, ids, start, end, limit + 1),
        ).fetchall(),
        limit,
    )
    shapes = layouts(conn, {row[3] for row in rows})
    sources = _sources(conn, station_id, ids, [row[1] for row in rows if row[5] & MERGED])
    for stream_id, begin, raw_id, layout_id, lag, note, v, wide, marks, exact, parts in rows:
        finish = begin if kind is Kind.RT else begin + timedelta(seconds=kinds[stream_id][2])
        for reading in shape.unpack(shapes[layout_id], v, wide, marks, exact):
            if factors is not None and reading.code not in out:
                continue
            point = Point(
                begin,
                finish,
                reading,
                bool(note & BACKFILLED),
                bool(note & REVISED),
                is_complete(parts),
                bool(note & REKEYED),
                sources.get((stream_id, begin, reading.code), raw_id),
                finish + timedelta(seconds=lag),
            )
            out.setdefault(reading.code, []).append(point)
    return out


def _sources(
    conn: Db, station_id: int, streams_: Sequence[int], starts: Sequence[datetime]
) -> dict[tuple[int, datetime, str], int]:
    """Return the raw frames that gave single factors of merged rows their present values."""
    if not starts:
        return {}
    rows = wire.run(
        conn,
        "SELECT stream_id, start, raw_id, factors FROM frame_source WHERE station_id = %s AND stream_id = ANY (%s)"
        " AND start = ANY (%s) ORDER BY raw_id",
        (station_id, list(streams_), list(starts)),
    ).fetchall()
    return {(stream, start, code): raw_id for stream, start, raw_id, codes in rows for code in codes}


def gaps(
    conn: Db, station_id: int, st: str, kind: Kind, interval_s: int, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the stretches in [start, end) for which no frame of a regular stream is there, joined where they touch.

    Periods begin at multiples of the interval counted from midnight in Beijing; for real-time data a frame anywhere in
    the interval counts.

    Raises:
        ValueError: the interval is not positive. TooMany: more than `MOST_FRAMES` periods.
    """
    if interval_s <= 0:
        raise ValueError("gaps need the interval of the stream")
    if (end - start).total_seconds() / interval_s > MOST_FRAMES:
        raise TooMany(f"more than {MOST_FRAMES} periods")
    step = timedelta(seconds=interval_s)
    midnight = start.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + ((start - midnight) // step) * step
    if at < start:
        at += step
    ids = stream_ids(conn, st, kind, interval_s)
    table = "frame_rt" if kind is Kind.RT else "frame_period"
    rows = wire.run(
        conn,
        f"SELECT start FROM {table} WHERE station_id = %s AND stream_id = ANY (%s) AND start >= %s AND start < %s",
        (station_id, ids, start, end),
    ).fetchall()
    there = {(row[0] - midnight) // step for row in rows}
    out: list[tuple[datetime, datetime]] = []
    while at + step <= end:
        if (at - midnight) // step not in there:
            begin = at.astimezone(start.tzinfo)
            if out and out[-1][1] == begin:
                out[-1] = (out[-1][0], begin + step)
            else:
                out.append((begin, begin + step))
        at += step
    return out


def starts(
    conn: Db, station_ids: Collection[int], kind: Kind, interval_s: int, start: datetime, end: datetime
) -> dict[int, list[int]]:
    """Return of each station the begins (epoch s, in no order) of the periods that came for [start, end).

    The stations may be a whole city's: one array a station, no values. A station of which nothing came is left out.
    """
    rows = wire.run(
        conn,
        "SELECT f.station_id, array_agg(extract(epoch FROM f.start)::bigint) FROM frame_period f"
        " WHERE f.station_id = ANY (%s) AND f.stream_id = ANY (%s) AND f.start >= %s AND f.start < %s GROUP BY 1",
        (list(station_ids), stream_ids(conn, None, kind, interval_s), start, end),
    )
    return dict(rows.fetchall())


@dataclass(frozen=True, slots=True)
class DaySign:
    """What the store holds of one Beijing day of a station: how many periods, and a digest of values and marks."""

    station_id: int
    day: date
    periods: int
    digest: int


def day_signs(
    conn: Db, station_ids: Collection[int], kind: Kind, interval_s: int, start: datetime, end: datetime
) -> list[DaySign]:
    """Return the signs of the days of stations in [start, end), by station and day.

    A sign becomes another when any value, mark or layout of a period of the day does.
    """
    rows = wire.run(
        conn,
        "SELECT f.station_id, (f.start AT TIME ZONE interval '08:00')::date, count(*),"
        " sum(hashtextextended(concat_ws('|', extract(epoch FROM f.start), f.layout_id, f.v, f.wide, f.marks,"
        " encode(f.exact, 'hex')), 0)) FROM frame_period f"
        " WHERE f.station_id = ANY (%s) AND f.stream_id = ANY (%s) AND f.start >= %s AND f.start < %s"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        (list(station_ids), stream_ids(conn, None, kind, interval_s), start, end),
    )
    return [DaySign(station, day, periods, int(digest)) for station, day, periods, digest in rows.fetchall()]
