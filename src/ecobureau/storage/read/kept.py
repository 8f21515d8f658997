"""What is kept up at ingest: newest values, states of streams, roll-ups, counters of frames."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ecobureau.storage import rollup, shape, wire
from ecobureau.storage.read.series import bounded, layouts, stream_ids, streams
from ecobureau.storage.read.values import (
    MOST_FRAMES,
    Db,
    LatestValue,
    Rolled,
    StreamState,
)
from ecobureau.storage.rows import BACKFILLED
from ecobureau.storage.types import Kind


def latest(conn: Db, station_ids: Collection[int], kinds: Collection[Kind] | None = None) -> list[LatestValue]:
    """Return the newest value of every series of the stations, by station, stream and factor."""
    wanted = {id_: key for id_, key in streams(conn).items() if kinds is None or key[1] in kinds}
    scope = (list(station_ids), list(wanted))
    rows = wire.run(
        conn,
        "SELECT station_id, stream_id, newest, raw_id, layout_id, lag, note, v, wide, marks, exact FROM stream_state"
        " WHERE station_id = ANY (%s) AND stream_id = ANY (%s)",
        scope,
    ).fetchall()
    rest = wire.run(
        conn,
        "SELECT station_id, stream_id, factor, layout_id, start, received_at, raw_id, value, zs_value, decimals,"
        " zs_decimals, flag, backfilled FROM latest_rest WHERE station_id = ANY (%s) AND stream_id = ANY (%s)",
        scope,
    ).fetchall()
    shapes = layouts(conn, {row[4] for row in rows} | {row[3] for row in rest})
    found: list[tuple[tuple[int, int, str], LatestValue]] = []
    for station, stream, start, raw_id, layout_id, lag, note, v, wide, marks, exact in rows:
        st, kind, interval = wanted[stream]
        end = start if kind is Kind.RT else start + timedelta(seconds=interval)
        layout = shapes[layout_id]
        flags = None if marks is None else shape.unpack_marks(marks, len(layout.codes))
        for p in layout.principals:
            number, dec = _at(layout, v, wide, exact, p.slot)
            zs_number, zs_dec = _at(layout, v, wide, exact, p.zs_slot)
            value = LatestValue(
                station, st, kind, interval, p.code, layout.key[p.factor][1], start, end + timedelta(seconds=lag),
                number, shape.text_of(number, dec), zs_number, shape.text_of(zs_number, zs_dec),
                shape.NORMAL if flags is None else flags[p.factor], bool(note & BACKFILLED), raw_id,
            )  # fmt: skip
            found.append(((station, stream, p.code), value))
    for station, stream, code, layout_id, start, received, raw_id, number, zs_number, dec, zs_dec, flag, late in rest:
        st, kind, interval = wanted[stream]
        units = {factor[0]: factor[1] for factor in shapes[layout_id].key}
        value = LatestValue(
            station, st, kind, interval, code, units.get(code, ""), start, received, number,
            shape.text_of(number, dec), zs_number, shape.text_of(zs_number, zs_dec), flag, late, raw_id,
        )  # fmt: skip
        found.append(((station, stream, code), value))
    return [value for _key, value in sorted(found, key=lambda pair: pair[0])]


def _at(
    layout: shape.Layout,
    v: Sequence[int | None] | None,
    wide: Sequence[float | None] | None,
    exact: bytes | None,
    slot: int,
) -> tuple[float | None, int]:
    """Return number and decimals of one slot of a packed row; (None, 0) for slot -1."""
    if slot < 0:
        return None, 0
    decimals = exact[slot] if exact is not None else layout.slots[slot][2]
    if wide is not None:
        return wide[slot], decimals
    scaled = v[slot] if v is not None else None
    return None if scaled is None else scaled / layout.scales[slot], decimals


def stream_states(conn: Db, station_ids: Collection[int] | None = None) -> list[StreamState]:
    """Return when each stream last spoke, of some stations or of all."""
    rows = wire.run(
        conn,
        "SELECT t.station_id, s.st, s.kind, s.interval_s, t.newest, t.received_at FROM stream_state t"
        " JOIN stream s ON s.id = t.stream_id WHERE %(all)s OR t.station_id = ANY (%(ids)s)"
        " ORDER BY t.station_id, t.stream_id",
        {"all": station_ids is None, "ids": list(station_ids or ())},
    ).fetchall()
    return [StreamState(a, b, Kind(c), d, e, f) for a, b, c, d, e, f in rows]


def rollups(
    conn: Db,
    station_ids: Collection[int],
    kind: Kind,
    span: str,
    start: datetime,
    end: datetime,
    *,
    st: str | None = None,
    factors: Collection[str] | None = None,
    limit: int = MOST_FRAMES,
) -> list[Rolled]:
    """Return hourly or daily roll-ups of the stations' streams of one kind, whose hour or day starts in [start, end).

    Args:
        kind: rt or minute (hours and days), hour (days); span: `hour` or `day`.

    Returns:
        What is closed from the table; hours still open rolled up from their frames, days still open from their closed
        hours (of hour frames from the frames), here and now.

    Raises:
        ValueError: there is no such roll-up. TooMany: more rows than `limit`.
    """
    if span not in ("hour", "day") or (span == "hour" and kind is Kind.HOUR) or kind is Kind.DAY:
        raise ValueError(f"no roll-up of {kind} frames by {span}")
    ids = stream_ids(conn, st, kind, None)
    rows = wire.run(
        conn,
        "SELECT station_id, stream_id, factor, start, n, valid, total, low, high, zs_valid, zs_total, zs_high, cou"
        f" FROM rollup_{span} WHERE station_id = ANY (%s) AND stream_id = ANY (%s) AND start >= %s AND start < %s"
        " AND (%s OR factor = ANY (%s)) ORDER BY station_id, stream_id, start, factor LIMIT %s",
        (list(station_ids), ids, start, end, factors is None, list(factors or ()), limit + 1),
    ).fetchall()
    rows += _open(conn, station_ids, ids, kind, span, start, end, factors)
    return [
        Rolled(a, b, c, d, n, valid, _mean(total, valid), low, high, _mean(zs, zs_valid), zs_high, cou)
        for a, b, c, d, n, valid, total, low, high, zs_valid, zs, zs_high, cou in bounded(rows, limit)
    ]


def _mean(total: float | None, n: int) -> float | None:
    return None if total is None or not n else total / n


def _open(
    conn: Db,
    station_ids: Collection[int],
    ids: Sequence[int],
    kind: Kind,
    span: str,
    start: datetime,
    end: datetime,
    factors: Collection[str] | None,
) -> list[Any]:
    opened = wire.run(
        conn,
        "SELECT station_id, stream_id, open_hour FROM stream_state WHERE station_id = ANY (%s) AND stream_id = ANY (%s)"
        " AND open_hour >= %s",
        (list(station_ids), list(ids), start),
    ).fetchall()
    low, high = wire.micros(start), wire.micros(end)
    buckets = [(a, b, wire.micros(c)) for a, b, c in opened]
    if span == "day":
        buckets = [(a, b, rollup.day_start(c)) for a, b, c in buckets]
    buckets = [bucket for bucket in buckets if low <= bucket[2] < high]
    if not buckets:
        return []
    wire.register(conn)
    if kind is Kind.HOUR:
        rows = wire.run(conn, rollup.frames_query("frame_period", "24 hours"), rollup.bucket_params(buckets)).fetchall()
    elif span == "day":
        rows = wire.run(conn, rollup.DAYS_FROM_HOURS, rollup.bucket_params(buckets)).fetchall()
    else:
        table = "frame_rt" if kind is Kind.RT else "frame_period"
        query = rollup.frames_query(table, "1 hour")
        rows = wire.run(conn, query, rollup.bucket_params(buckets)).fetchall()
    return [row for row in rows if factors is None or row[2] in factors]


def counters(conn: Db, station_ids: Collection[int] | None, start: date, end: date) -> list[tuple[date, int, str, int]]:
    """Return (day of receipt, station, outcome, frames) for days in [start, end], of some stations or of all."""
    rows = wire.run(
        conn,
        "SELECT day, station_id, outcome, sum(frames)::bigint FROM frame_counter WHERE day BETWEEN %s AND %s"
        " AND (%s OR station_id = ANY (%s)) GROUP BY 1, 2, 3 HAVING sum(frames) <> 0 ORDER BY 1, 2, 3 LIMIT %s",
        (start, end, station_ids is None, list(station_ids or ()), MOST_FRAMES + 1),
    ).fetchall()
    return [(a, b, c, d) for a, b, c, d in bounded(rows, MOST_FRAMES)]
