"""Arrays and rows in PostgreSQL's binary form, packed whole: ten times cheaper than adapting value by value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from struct import Struct, error, pack
from typing import Any, ClassVar

from psycopg import Connection, Cursor
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.rows import TupleRow, tuple_row

PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEAD = Struct(">iiIii")


def micros(instant: datetime) -> int:
    """Return microseconds since 2000-01-01 UTC, as PostgreSQL counts them."""
    span = instant - PG_EPOCH
    return (span.days * 86400 + span.seconds) * 1_000_000 + span.microseconds


NULL = b"\xff\xff\xff\xff"
"""A null element of an array, or a null column of a row."""


class Packed:
    """A one-dimensional array, already in binary form."""

    __slots__ = ("data",)
    oid: ClassVar[int] = 0
    element: ClassVar[int] = 0

    def __init__(self, data: bytes) -> None:
        self.data = data


class Int2s(Packed):
    oid = 1005
    element = 21


class Int4s(Packed):
    oid = 1007
    element = 23


class Int8s(Packed):
    oid = 1016
    element = 20


class Float8s(Packed):
    oid = 1022
    element = 701


class Bools(Packed):
    oid = 1000
    element = 16


class Texts(Packed):
    oid = 1009
    element = 25


class Byteas(Packed):
    oid = 1001
    element = 17


class Times(Packed):
    oid = 1185
    element = 1184


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> bytes:
        return obj.data


def register(conn: Connection[Any]) -> None:
    """Let a connection take `Packed` parameters."""
    for kind in (Int2s, Int4s, Int8s, Float8s, Bools, Texts, Byteas, Times):
        dumper = type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": kind.oid})
        conn.adapters.register_dumper(kind, dumper)


def _fixed(values: Sequence[Any], code: str, size: int, element: int) -> bytes:
    n = len(values)
    if not n:
        return pack(">iiI", 0, 0, element)
    flat: list[Any] = [size] * (2 * n)
    flat[1::2] = values
    try:
        return _HEAD.pack(1, 0, element, n, 1) + pack(">" + f"i{code}" * n, *flat)
    except error:
        if None not in values:
            raise
    body = b"".join(NULL if v is None else pack(f">i{code}", size, v) for v in values)
    return _HEAD.pack(1, 1, element, n, 1) + body


def joined(kind: type[Packed], n: int, pieces: Sequence[bytes]) -> Packed:
    """Return an array of n elements, each in its binary form with its length before it, `NULL` for nulls."""
    return (
        kind(_HEAD.pack(1, 1, kind.element, n, 1) + b"".join(pieces)) if n else kind(pack(">iiI", 0, 0, kind.element))
    )


def dense(kind: type[Packed], n: int, pieces: Sequence[bytes]) -> Packed:
    """Return an array of n elements without nulls; a piece holds some of them, each with its length before it."""
    return (
        kind(_HEAD.pack(1, 0, kind.element, n, 1) + b"".join(pieces)) if n else kind(pack(">iiI", 0, 0, kind.element))
    )


def int2s(values: Sequence[int]) -> Int2s:
    return Int2s(_fixed(values, "h", 2, 21))


def int4s(values: Sequence[int | None]) -> Int4s:
    return Int4s(_fixed(values, "i", 4, 23))


def int8s(values: Sequence[int | None]) -> Int8s:
    return Int8s(_fixed(values, "q", 8, 20))


def float8s(values: Sequence[float | None]) -> Float8s:
    return Float8s(_fixed(values, "d", 8, 701))


def bools(values: Sequence[bool]) -> Bools:
    return Bools(_fixed(values, "?", 1, 16))


def times(values: Sequence[int]) -> Times:
    """Array of timestamptz from microseconds (`micros`)."""
    return Times(_fixed(values, "q", 8, 1184))


def _varying(values: Sequence[bytes | None], element: int) -> bytes:
    if not values:
        return pack(">iiI", 0, 0, element)
    pieces = [_HEAD.pack(1, 1 if None in values else 0, element, len(values), 1)]
    for value in values:
        if value is None:
            pieces.append(NULL)
        else:
            pieces.append(len(value).to_bytes(4, "big"))
            pieces.append(value)
    return b"".join(pieces)


def texts(values: Sequence[str | None]) -> Texts:
    return Texts(_varying([None if v is None else v.encode() for v in values], 25))


def byteas(values: Sequence[bytes | None]) -> Byteas:
    return Byteas(_varying(values, 17))


def run(conn: Connection[Any], statement: str, params: Any = None) -> Cursor[TupleRow]:
    """Execute with parameters bound by the server and results in binary form, whatever the connection's own cursors do.

    So a reader gives the same values on a plain connection and on one that belongs to Django.
    """
    cursor = Cursor(conn, row_factory=tuple_row)
    cursor.execute(statement, params, binary=True)
    return cursor
