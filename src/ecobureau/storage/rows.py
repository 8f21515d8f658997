"""Packed rows on their way into the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from struct import pack
from typing import Any

from psycopg import Connection, Cursor

from ecobureau.storage import wire
from ecobureau.storage.shape import Layout, unpack
from ecobureau.storage.types import Kind, Reading

BACKFILLED, REVISED, MERGED, REKEYED = 1, 2, 4, 8
"""Bits of column `note`."""

COPY_FROM = 4000
"""Rows from which a batch goes by COPY into a temporary table. One INSERT from arrays took 9.7 us of processor time a
row at 625 rows and 9.3 at 4,000, COPY and merge 12.4 and 9.4."""

Key = tuple[int, int, int]
"""station, stream, start in microseconds since 2000"""


@dataclass(slots=True)
class Row:
    """One packed row; times in microseconds since 2000-01-01 UTC."""

    station: int
    stream: int
    start: int
    raw_id: int
    layout: Layout
    lag: int
    note: int
    v: list[int | None] | None
    wide: list[float | None] | None
    marks: str | None
    exact: bytes | None
    parts: str | None
    kind: Kind
    received: int
    end: int
    arrival: int
    readings: Sequence[Reading] = field(default_factory=list)
    cells: bytes | None = None
    """The integers in binary form, where they were packed with those of other rows."""

    @property
    def key(self) -> Key:
        return (self.station, self.stream, self.start)

    def unpacked(self) -> Sequence[Reading]:
        """Return the readings, from the arrival where it is at hand, else from the row."""
        return self.readings or unpack(self.layout, self.v, self.wide, self.marks, self.exact)


def table_of(kind: Kind) -> str:
    return "frame_rt" if kind is Kind.RT else "frame_period"


_COLUMNS = "start, raw_id, station_id, stream_id, layout_id, lag, note, v, marks, wide, exact, parts"
_INSERT = {
    table: (
        f"INSERT INTO {table} ({_COLUMNS})"
        " SELECT start, raw_id, station_id, stream_id, layout_id, lag, note,"
        " CASE WHEN n >= 0 THEN (%(v)s::int4[])[o:o + n - 1] END, marks, wide::float8[], exact, parts"
        " FROM unnest(%(start)s::timestamptz[], %(raw)s::int8[], %(station)s::int4[], %(stream)s::int4[],"
        " %(layout)s::int4[], %(lag)s::int4[], %(note)s::int2[], %(o)s::int4[], %(n)s::int4[], %(marks)s::text[],"
        " %(wide)s::text[], %(exact)s::bytea[], %(parts)s::text[])"
        " AS u(start, raw_id, station_id, stream_id, layout_id, lag, note, o, n, marks, wide, exact, parts)"
        " ON CONFLICT (station_id, stream_id, start) DO NOTHING"
    )
    for table in ("frame_rt", "frame_period")
}


def insert(cursor: Cursor[Any], table: str, rows: Sequence[Row]) -> int:
    """Insert rows whose key is new; returns how many were. Rows must be in key order, one a key."""
    if len(rows) >= COPY_FROM:
        return _insert_by_copy(cursor, table, rows)
    parameters = {**columns(rows), "start": wire.times([r.start for r in rows])}
    cursor.execute(_INSERT[table], {**parameters, "parts": wire.texts([r.parts for r in rows])}, prepare=True)
    return cursor.rowcount


def columns(rows: Sequence[Row]) -> dict[str, wire.Packed]:
    """Return the columns of rows as arrays; `v` holds the integers of all, `o` and `n` say where each row's lie."""
    counts = [-1 if row.v is None else len(row.v) for row in rows]
    offsets = list(accumulate([max(n, 0) for n in counts[:-1]], initial=1)) if counts else []
    return {
        "raw": wire.int8s([r.raw_id for r in rows]),
        "station": wire.int4s([r.station for r in rows]),
        "stream": wire.int4s([r.stream for r in rows]),
        "layout": wire.int4s([r.layout.id for r in rows]),
        "lag": wire.int4s([r.lag for r in rows]),
        "note": wire.int2s([r.note for r in rows]),
        "o": wire.int4s(offsets),
        "n": wire.int4s(counts),
        "v": _numbers(rows),
        "marks": wire.texts([r.marks for r in rows]),
        "wide": wire.texts([_float_array(r.wide) for r in rows]),
        "exact": wire.byteas([r.exact for r in rows]),
    }


def _numbers(rows: Sequence[Row]) -> wire.Packed:
    """Return the integers of all rows as one array."""
    some = [row for row in rows if row.v is not None]
    if any(row.cells is None for row in some):
        return wire.int4s([x for row in some for x in row.v or ()])
    return wire.dense(wire.Int4s, sum(len(row.v or ()) for row in some), [row.cells or b"" for row in some])


def _float_array(values: Sequence[float | None] | None) -> str | None:
    if values is None:
        return None
    return "{" + ",".join("NULL" if x is None else repr(x) for x in values) + "}"


COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TAIL = b"\xff\xff"


def _cell(data: bytes | None) -> bytes:
    return wire.NULL if data is None else len(data).to_bytes(4, "big") + data


def copy_row(row: Row) -> bytes:
    """Return a row in the binary form of COPY."""
    return b"".join(
        (
            pack(
                ">hiqiqiiiiiiiiih",
                *(12, 8, row.start, 8, row.raw_id, 4, row.station, 4, row.stream, 4, row.layout.id, 4, row.lag, 2),
                row.note,
            ),
            _cell(None if row.v is None else wire.int4s(row.v).data),
            _cell(None if row.marks is None else row.marks.encode()),
            _cell(None if row.wide is None else wire.float8s(row.wide).data),
            _cell(row.exact),
            _cell(None if row.parts is None else row.parts.encode()),
        )
    )


def _insert_by_copy(cursor: Cursor[Any], table: str, rows: Sequence[Row]) -> int:
    with cursor.copy(f"COPY pg_temp.incoming ({_COLUMNS}) FROM STDIN BINARY") as copy:
        copy.write(b"".join((COPY_HEAD, *map(copy_row, rows), COPY_TAIL)))
    cursor.execute(
        f"INSERT INTO {table} ({_COLUMNS}) SELECT {_COLUMNS} FROM pg_temp.incoming"
        " ON CONFLICT (station_id, stream_id, start) DO NOTHING",
        prepare=True,
    )
    inserted = cursor.rowcount
    cursor.execute("TRUNCATE pg_temp.incoming")
    return inserted


_PLANS = ("plan_cache_mode = force_generic_plan", "enable_seqscan = off")
"""A writer only follows keys. Planned once and by index, it is as fast on an empty or never analysed table as on a full
one. Statements that join keys to a table say the order themselves (LATERAL … OFFSET 0)."""


def prepare(conn: Connection[Any]) -> None:
    """Make the temporary table of large batches and let the connection take packed arrays."""
    wire.register(conn)
    for setting in _PLANS:
        conn.execute(f"SET {setting}")
    conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS incoming (start timestamptz, raw_id bigint, station_id int, stream_id int,"
        " layout_id int, lag int, note smallint, v int[], marks text, wide float8[], exact bytea, parts text)"
    )


def fetch_rivals(cursor: Cursor[Any], table: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Lock and return the stored rows that hold the keys of `rows` with another raw frame, in key order."""
    cursor.execute(
        "SELECT u.station_id, u.stream_id, u.start, f.raw_id, f.layout_id, f.lag, f.note, f.v, f.wide,"
        " f.marks, f.exact,"
        " f.parts FROM unnest(%(a)s::int4[], %(b)s::int4[], %(c)s::timestamptz[], %(d)s::int8[])"
        " AS u(station_id, stream_id, start, raw_id)"
        f" CROSS JOIN LATERAL (SELECT * FROM {table} f WHERE f.station_id = u.station_id AND f.stream_id = u.stream_id"
        " AND f.start = u.start AND f.raw_id <> u.raw_id OFFSET 0 FOR UPDATE) f",
        {
            "a": wire.int4s([r.station for r in rows]),
            "b": wire.int4s([r.stream for r in rows]),
            "c": wire.times([r.start for r in rows]),
            "d": wire.int8s([r.raw_id for r in rows]),
        },
        binary=True,
    )
    return cursor.fetchall()


def from_micros(micros: int) -> datetime:
    """Return the aware instant (UTC) of microseconds since 2000."""
    return wire.PG_EPOCH + timedelta(microseconds=micros)


def update(cursor: Cursor[Any], table: str, rows: Sequence[Row]) -> None:
    """Write back rows that a merge changed."""
    cursor.executemany(
        f"UPDATE {table} SET layout_id = %s, note = %s, v = %s, marks = %s, wide = %s, exact = %s, parts = %s"
        " WHERE station_id = %s AND stream_id = %s AND start = %s",
        [
            (
                r.layout.id,
                r.note,
                None if r.v is None else wire.int4s(r.v),
                r.marks,
                None if r.wide is None else wire.float8s(r.wide),
                r.exact,
                r.parts,
                r.station,
                r.stream,
                from_micros(r.start),
            )
            for r in rows
        ],
    )
