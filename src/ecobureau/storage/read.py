"""Readers of the telemetry store. All are bounded: they raise `TooMany` rather than leave something out in silence.

Every function takes an open psycopg connection (any isolation, inside a transaction or not) and only reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from psycopg import Connection

from ecobureau.clock import BEIJING
from ecobureau.storage import rawcodec, rollup, shape, wire
from ecobureau.storage.merge import is_complete
from ecobureau.storage.rows import BACKFILLED, MERGED, REKEYED, REVISED
from ecobureau.storage.types import PRINCIPAL, Kind, Reading

MOST_FRAMES = 50_000
MOST_ROWS = 5_000

Db = Connection[Any]


class TooMany(ValueError):
    """The answer would be longer than the bound: ask for a shorter time or fewer stations."""


@dataclass(slots=True)
class Point:
    """One factor of one frame.

    Attributes:
        start, end: the period, UTC (equal for real-time data); received_at: to the second.
        reading: all statistics with their decimals, and the mark.
        revised: some value of the frame was rewritten (see `revisions`); complete: all packets of a split message came.
        raw_id: the raw frame that gave the factor its present value.
    """

    start: datetime
    end: datetime
    reading: Reading
    backfilled: bool
    revised: bool
    complete: bool
    rekeyed: bool
    raw_id: int
    received_at: datetime

    @property
    def code(self) -> str:
        return self.reading.code

    @property
    def flag(self) -> str:
        return self.reading.flag

    @property
    def value(self) -> float | None:
        """The factor's own value: avg, else rtd, else data."""
        return next((self.reading.value(s) for s in PRINCIPAL if s in self.reading.stats), None)

    @property
    def converted(self) -> float | None:
        """The converted value (折算), where the device sent one."""
        return next((self.reading.value(s) for s in ("zs_avg", "zs_rtd") if s in self.reading.stats), None)

    def text(self, stat: str | None = None) -> str | None:
        """A statistic as it was sent (`1.230`); without a name the factor's own value."""
        stat = stat or next((s for s in PRINCIPAL if s in self.reading.stats), "")
        if stat not in self.reading.stats:
            return None
        at = self.reading.stats.index(stat)
        return shape.text_of(self.reading.values[at], self.reading.decimals[at])


@dataclass(slots=True)
class LatestValue:
    """The newest value of one series; `unit` and texts as sent."""

    station_id: int
    st: str
    kind: Kind
    interval_s: int
    code: str
    unit: str
    start: datetime
    received_at: datetime
    value: float | None
    text: str | None
    converted: float | None
    converted_text: str | None
    flag: str
    backfilled: bool
    raw_id: int


@dataclass(slots=True)
class StreamState:
    """When a station's stream last spoke: start of its newest period, and when the last frame of it came."""

    station_id: int
    st: str
    kind: Kind
    interval_s: int
    newest: datetime
    received_at: datetime


@dataclass(slots=True)
class RawFrame:
    """One frame as received; `intact` is False where the bytes do not give the digest taken at receipt."""

    id: int
    received_at: datetime
    station_id: int
    run_id: int
    session_id: int | None
    sha256: bytes
    cn: str
    outcome: str
    reason: str
    deviations: tuple[str, ...]
    raw: bytes
    intact: bool


@dataclass(slots=True)
class Rolled:
    """Hour or day of one series. `n` values, `valid` of them with a valid mark; mean and extremes"
    " over the valid ones."""

    station_id: int
    stream_id: int
    code: str
    start: datetime
    n: int
    valid: int
    mean: float | None
    low: float | None
    high: float | None
    converted_mean: float | None
    converted_high: float | None
    cou: float | None


@dataclass(slots=True)
class Revised:
    """One value that a later frame rewrote; `stat` is `flag` for a mark."""

    id: int
    station_id: int
    st: str
    kind: Kind
    interval_s: int
    start: datetime
    code: str
    stat: str
    old: str | None
    new: str | None
    old_raw_id: int
    new_raw_id: int
    made_at: datetime


@dataclass(slots=True)
class EventRow:
    id: int
    station_id: int
    at: datetime
    kind: str
    fields: dict[str, Any]
    raw_id: int
    received_at: datetime


@dataclass(slots=True)
class ParameterRow:
    """A parameter with its validity: from `valid_from` until before `valid_to` (None: still)."""

    id: int
    station_id: int
    device: str
    name: str
    value: str
    valid_from: datetime
    valid_to: datetime | None
    raw_id: int
    received_at: datetime


@dataclass(slots=True)
class Stranger:
    """One content in quarantine, seen `frames` times; an `overflow` row counts what one peer sent beyond the lid."""

    id: int
    overflow: bool
    reason: str
    peer: str
    mn: str
    cn: str
    raw: bytes
    frames: int
    first_at: datetime
    last_at: datetime


# -- layouts and streams ----------------------------------------------------------------------------------------------


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


def _stream_ids(conn: Db, st: str | None, kind: Kind, interval_s: int | None) -> list[int]:
    return [
        id_
        for id_, (its_st, its_kind, its_interval) in streams(conn).items()
        if its_kind is kind and st in (None, its_st) and interval_s in (None, its_interval)
    ]


def _bounded(rows: list[Any], limit: int) -> list[Any]:
    if len(rows) > limit:
        raise TooMany(f"more than {limit} rows")
    return rows


# -- series -----------------------------------------------------------------------------------------------------------


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
    ids = _stream_ids(conn, st, kind, interval_s)
    out: dict[str, list[Point]] = {code: [] for code in factors or ()}
    if not ids:
        return out
    kinds = streams(conn)
    table = "frame_rt" if kind is Kind.RT else "frame_period"
    rows = _bounded(
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
    ids = _stream_ids(conn, st, kind, interval_s)
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


# -- kept-up tables ---------------------------------------------------------------------------------------------------


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
    ids = _stream_ids(conn, st, kind, None)
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
        for a, b, c, d, n, valid, total, low, high, zs_valid, zs, zs_high, cou in _bounded(rows, limit)
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
    return [(a, b, c, d) for a, b, c, d in _bounded(rows, MOST_FRAMES)]


# -- evidence, events, strangers --------------------------------------------------------------------------------------

_RAW = (
    "SELECT r.id, r.received_at, r.station_id, r.run_id, r.session_id, r.sha256, r.cn, coalesce(p.outcome, r.outcome),"
    " coalesce(p.reason, r.reason, ''), coalesce(r.deviations, ''), r.codec, r.raw"
    " FROM raw_frame r LEFT JOIN pending_part p ON p.raw_id = r.id"
)


def _raw(row: Any) -> RawFrame:
    id_, received_at, station, run_id, session, digest, cn, outcome, reason, deviations, codec, stored = row
    try:
        raw = rawcodec.decode(codec, stored)
    except ValueError:
        raw = b""
    told = tuple(filter(None, deviations.split(",")))
    intact = sha256(raw).digest() == digest
    return RawFrame(id_, received_at, station, run_id, session, digest, cn, outcome, reason, told, raw, intact)


def raw_frame(conn: Db, id_: int) -> RawFrame | None:
    """Return a raw frame by its id, with its final outcome; None where there is none."""
    row = wire.run(conn, f"{_RAW} WHERE r.id = %s", (id_,)).fetchone()
    return _raw(row) if row else None


def raw_frames(
    conn: Db, station_id: int, start: datetime, end: datetime, *, outcome: str | None = None, limit: int = 200
) -> list[RawFrame]:
    """Return the newest raw frames of a station received in [start, end), at most `limit`, newest first.

    Raises:
        TooMany: more than two days asked for.
    """
    if end - start > timedelta(days=2):
        raise TooMany("raw frames are listed for two days at most")
    rows = wire.run(
        conn,
        f"{_RAW} WHERE r.station_id = %s AND r.received_at >= %s AND r.received_at < %s"
        " AND (%s::text IS NULL OR coalesce(p.outcome, r.outcome) = %s) ORDER BY r.received_at DESC,"
        " r.id DESC LIMIT %s",
        (station_id, start, end, outcome, outcome, min(limit, MOST_ROWS)),
    ).fetchall()
    return [_raw(row) for row in rows]


def revisions(
    conn: Db, station_id: int | None, start: datetime, end: datetime, *, by: str = "start", limit: int = MOST_ROWS
) -> list[Revised]:
    """Return rewritten values of a station (None: all), oldest first.

    Args:
        by: `start` reckons [start, end) by the period, `made_at` by when it was rewritten.

    Raises:
        ValueError: another `by`. TooMany: more rows than `limit`.
    """
    if by not in ("start", "made_at"):
        raise ValueError(f"revisions are found by start or made_at, not {by}")
    rows = wire.run(
        conn,
        "SELECT r.id, r.station_id, s.st, s.kind, s.interval_s, r.start, r.factor, r.stat, r.old_text, r.new_text,"
        " r.old_raw_id, r.new_raw_id, r.made_at FROM revision r JOIN stream s ON s.id = r.stream_id"
        f" WHERE (%s::int IS NULL OR r.station_id = %s) AND r.{by} >= %s AND r.{by} < %s ORDER BY r.id LIMIT %s",
        (station_id, station_id, start, end, limit + 1),
    ).fetchall()
    return [Revised(row[0], row[1], row[2], Kind(row[3]), *row[4:]) for row in _bounded(rows, limit)]


def events(
    conn: Db, station_id: int, start: datetime, end: datetime, *, kinds: Collection[str] | None = None, limit: int = 500
) -> list[EventRow]:
    """Return device events at [start, end), newest first, at most `limit`."""
    rows = wire.run(
        conn,
        "SELECT id, station_id, at, kind, fields, raw_id, received_at FROM device_event WHERE station_id = %s"
        " AND at >= %s AND at < %s AND (%s OR kind = ANY (%s)) ORDER BY at DESC, id DESC LIMIT %s",
        (station_id, start, end, kinds is None, list(kinds or ()), min(limit, MOST_ROWS)),
    ).fetchall()
    return [EventRow(*row) for row in rows]


def parameters(conn: Db, station_id: int, at: datetime | None = None, *, limit: int = MOST_ROWS) -> list[ParameterRow]:
    """Return the parameters of a station that held at an instant; without one all stretches, by"
    " device, name and time."""
    rows = wire.run(
        conn,
        "SELECT id, station_id, device, name, value, valid_from, valid_to, raw_id, received_at FROM parameter"
        " WHERE station_id = %s AND (%s::timestamptz IS NULL OR (valid_from <= %s AND (valid_to IS NULL"
        " OR valid_to > %s)))"
        " ORDER BY device, name, valid_from LIMIT %s",
        (station_id, at, at, at, limit + 1),
    ).fetchall()
    return [ParameterRow(*row) for row in _bounded(rows, limit)]


def quarantine(conn: Db, *, before: datetime | None = None, limit: int = 100) -> list[Stranger]:
    """Return contents in quarantine, last seen first, at most `limit`; `before` pages on."""
    rows = wire.run(
        conn,
        "SELECT id, overflow, reason, peer, mn, cn, raw, frames, first_at, last_at FROM quarantine"
        " WHERE %s::timestamptz IS NULL OR last_at < %s ORDER BY last_at DESC, id DESC LIMIT %s",
        (before, before, min(limit, MOST_ROWS)),
    ).fetchall()
    return [Stranger(*row) for row in rows]
