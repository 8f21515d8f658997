"""Raw frames, rewrites, what devices told, what lies in quarantine."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ecobureau.storage import rawcodec, wire
from ecobureau.storage.read.series import bounded
from ecobureau.storage.read.values import (
    MOST_ROWS,
    Db,
    EventRow,
    ParameterRow,
    RawFrame,
    Revised,
    Stranger,
    TooMany,
)
from ecobureau.storage.types import Kind

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


def digests(conn: Db, ids: Collection[int]) -> dict[int, bytes]:
    """Return the SHA-256 that raw frames had at receipt, by id; ids that do not exist are left out."""
    found = wire.run(conn, "SELECT id, sha256 FROM raw_frame WHERE id = ANY (%s)", (list(ids),)).fetchall()
    return {id_: bytes(digest) for id_, digest in found}


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
    return [Revised(row[0], row[1], row[2], Kind(row[3]), *row[4:]) for row in bounded(rows, limit)]


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
    return [ParameterRow(*row) for row in bounded(rows, limit)]


def quarantine(conn: Db, *, before: datetime | None = None, limit: int = 100) -> list[Stranger]:
    """Return contents in quarantine, last seen first, at most `limit`; `before` pages on."""
    rows = wire.run(
        conn,
        "SELECT id, overflow, reason, peer, mn, cn, raw, frames, first_at, last_at FROM quarantine"
        " WHERE %s::timestamptz IS NULL OR last_at < %s ORDER BY last_at DESC, id DESC LIMIT %s",
        (before, before, min(limit, MOST_ROWS)),
    ).fetchall()
    return [Stranger(*row) for row in rows]
