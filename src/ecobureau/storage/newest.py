"""The newest frame of every stream, packed in `stream_state`: what lists and maps read, and the lock of the roll-ups.

A factor that the newest frame does not hold (two sorts of frames in one stream, a factor that fell silent) has its
newest value in `latest_rest`. So every series has one newest value, at the price of one row a frame, not one a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import pack
from typing import Any

from psycopg import Cursor

from ecobureau.storage import rows as packed
from ecobureau.storage import wire
from ecobureau.storage.catalog import Catalog
from ecobureau.storage.rollup import HOUR
from ecobureau.storage.rows import BACKFILLED, Row
from ecobureau.storage.shape import Principal, unpack_marks
from ecobureau.storage.types import Kind

Place = tuple[int, int]
"""station, stream"""

_FRAME = ("newest", "raw_id", "layout_id", "lag", "note", "v", "marks", "wide", "exact")
_SELECT = (
    " SELECT station_id, stream_id, newest, received_at, hour, hour, raw_id, layout_id, lag, note,"
    " CASE WHEN n >= 0 THEN (%(v)s::int4[])[o:o + n - 1] END, marks, wide::float8[], exact"
    " FROM unnest(%(station)s::int4[], %(stream)s::int4[], %(newest)s::timestamptz[], %(received)s::timestamptz[],"
    " %(hour)s::timestamptz[], %(raw)s::int8[], %(layout)s::int4[], %(lag)s::int4[], %(note)s::int2[], %(o)s::int4[],"
    " %(n)s::int4[], %(marks)s::text[], %(wide)s::text[], %(exact)s::bytea[])"
    " AS u(station_id, stream_id, newest, received_at, hour, raw_id, layout_id, lag, note, o, n, marks, wide, exact)"
)
_INTO = (
    "INSERT INTO stream_state AS s (station_id, stream_id, newest, received_at, open_hour, was_open, raw_id, layout_id,"
    f" lag, note, v, marks, wide, exact){_SELECT} ON CONFLICT (station_id, stream_id) DO UPDATE SET"
)
_TIMES = (
    " received_at = greatest(s.received_at, excluded.received_at), was_open = s.open_hour,"
    " open_hour = greatest(s.open_hour, excluded.open_hour)"
)
_TAKE = ", ".join(f"{name} = excluded.{name}" for name in _FRAME)
_RETURNING = " RETURNING station_id, stream_id, was_open"
SAME = f"{_TIMES}, {_TAKE} WHERE s.layout_id = excluded.layout_id AND s.newest <= excluded.newest"
"""How a newest frame takes the place of an older one with the same factors."""
_SAME = f"{_INTO}{SAME}{_RETURNING}"
_REPLACE = f"{_INTO}{_TIMES}, {_TAKE}{_RETURNING}"
_TOUCH = f"{_INTO}{_TIMES}{_RETURNING}"
_HELD = (
    "SELECT s.* FROM unnest(%s::int4[], %s::int4[]) AS u(station_id, stream_id) CROSS JOIN LATERAL (SELECT station_id,"
    " stream_id, newest, raw_id, layout_id, lag, note, v, wide, marks, exact FROM stream_state s"
    " WHERE s.station_id = u.station_id AND s.stream_id = u.stream_id OFFSET 0 FOR UPDATE) s"
)
_LATEST_COLUMNS = (
    "station_id, stream_id, factor, layout_id, start, received_at, raw_id, value, zs_value, decimals, zs_decimals,"
    " flag, backfilled"
)
_LATEST_FROM = (
    "unnest(%(station)s::int4[], %(stream)s::int4[], %(factor)s::text[], %(layout)s::int4[], %(start)s::timestamptz[],"
    " %(received)s::timestamptz[], %(raw)s::int8[], %(value)s::float8[], %(zs)s::float8[], %(dec)s::int2[],"
    f" %(zsdec)s::int2[], %(flag)s::text[], %(late)s::bool[]) AS u({_LATEST_COLUMNS})"
)
_LATEST_SET = ", ".join(f"{name} = excluded.{name}" for name in _LATEST_COLUMNS.replace(" ", "").split(",")[3:])
_LATEST = (
    f"INSERT INTO latest_rest AS l ({_LATEST_COLUMNS}) SELECT {_LATEST_COLUMNS} FROM {_LATEST_FROM}"
    f" ON CONFLICT (station_id, stream_id, factor) DO UPDATE SET {_LATEST_SET} WHERE l.start <= excluded.start"
)


def keep(cursor: Cursor[Any], catalog: Catalog, touched: Mapping[Place, Sequence[Row]]) -> dict[Place, int]:
    """Put the newest frames in place and lock their streams; an older frame never takes the place of a newer one.

    Args:
        touched: rows that changed, by station and stream, in the order received.

    Returns:
        The hour (microseconds) that each stream had open before.
    """
    top = [newest_of(touched[place]) for place in sorted(touched)]
    opened = _write(cursor, _SAME, top)
    return opened | settle(cursor, catalog, touched, top, opened)


def settle(
    cursor: Cursor[Any],
    catalog: Catalog,
    touched: Mapping[Place, Sequence[Row]],
    top: Sequence[Row],
    opened: Mapping[Place, int],
) -> dict[Place, int]:
    """Sort out the streams that are not among `opened`, or whose frames differ in their factors; returns the hour that
    each of the former had open before."""
    unlike = [
        row
        for row in top
        if (row.station, row.stream) not in opened
        or any(other.layout is not row.layout for other in touched[row.station, row.stream])
    ]
    if not unlike:
        return {}
    found = _settle(cursor, catalog, unlike, touched)
    return {place: hour for place, hour in found.items() if place not in opened}


def newest_of(rows: Iterable[Row]) -> Row:
    """Return the newest of some rows of a stream; of two with one start the later."""
    best: Row | None = None
    for row in rows:
        if best is None or row.start >= best.start:
            best = row
    if best is None:
        raise ValueError("a stream without rows")
    return best


def _write(cursor: Cursor[Any], statement: str, rows: Sequence[Row]) -> dict[Place, int]:
    if not rows:
        return {}
    starts = [row.start for row in rows]
    parameters = {
        **packed.columns(rows),
        "newest": wire.times(starts),
        "received": wire.times([row.received for row in rows]),
        "hour": wire.times([start - start % HOUR for start in starts]),
    }
    cursor.execute(statement, parameters, prepare=True)
    return {(station, stream): wire.micros(hour) for station, stream, hour in cursor.fetchall()}


def _settle(
    cursor: Cursor[Any], catalog: Catalog, tops: Sequence[Row], touched: Mapping[Place, Sequence[Row]]
) -> dict[Place, int]:
    """Streams whose frames differ in their factors or came late: sort out factor by factor whose value is newest."""
    replace: list[Row] = []
    touch: list[Row] = []
    rest: list[tuple[Row, Sequence[Principal]]] = []
    held = _held(cursor, catalog, tops)
    for row in tops:
        place = (row.station, row.stream)
        before = held[place]
        top = row if row.start >= before.start else before
        others = [other for other in (before, *touched[place]) if other is not top]
        rest += _rest(top, sorted(others, key=lambda other: other.start))
        (replace if top is row else touch).append(row)
    opened = {**_write(cursor, _TOUCH, touch), **_write(cursor, _REPLACE, replace)}
    rest = [(row, principals) for row, principals in rest if principals]
    if rest:
        cursor.execute(_LATEST, _latest_params(rest), prepare=True)
    if replace:
        _forget(cursor, replace)
    return opened


def _held(cursor: Cursor[Any], catalog: Catalog, rows: Sequence[Row]) -> dict[Place, Row]:
    cursor.execute(
        _HELD, (wire.int4s([r.station for r in rows]), wire.int4s([r.stream for r in rows])), binary=True, prepare=True
    )
    kinds = {row.stream: row.kind for row in rows}
    out: dict[Place, Row] = {}
    for station, stream, newest, raw_id, layout_id, lag, note, v, wide, marks, exact in cursor.fetchall():
        start = wire.micros(newest)
        seconds = 0 if kinds[stream] is Kind.RT else catalog.stream_key(stream)[2]
        end = start + seconds * 1_000_000
        out[station, stream] = Row(
            station, stream, start, raw_id, catalog.layout(layout_id), lag, note, v, wide, marks, exact, None,
            kinds[stream], end + lag * 1_000_000, end, -1,
        )  # fmt: skip
    return out


def _rest(top: Row, others: Sequence[Row]) -> list[tuple[Row, Sequence[Principal]]]:
    """Return of each older row the factors that no newer one holds."""
    taken = {p.code for p in top.layout.principals}
    out: list[tuple[Row, Sequence[Principal]]] = []
    for row in reversed(others):
        mine = [p for p in row.layout.principals if p.code not in taken]
        taken.update(p.code for p in mine)
        out.append((row, mine))
    return out


def _forget(cursor: Cursor[Any], rows: Sequence[Row]) -> None:
    """Take out of `latest_rest` what the newest frames now hold."""
    pairs = [(row, p.code) for row in rows for p in row.layout.principals]
    cursor.execute(
        "DELETE FROM latest_rest r USING unnest(%s::int4[], %s::int4[], %s::text[]) AS u(station_id, stream_id, factor)"
        " WHERE r.station_id = u.station_id AND r.stream_id = u.stream_id AND r.factor = u.factor",
        (
            wire.int4s([row.station for row, _code in pairs]),
            wire.int4s([row.stream for row, _code in pairs]),
            wire.texts([code for _row, code in pairs]),
        ),
    )


_PLAIN_MARK = len(b"N").to_bytes(4, "big") + b"N"


class _Block:
    """What a layout contributes to every frame's latest values, in binary form already."""

    __slots__ = ("codes", "decimals", "n", "numbers", "slots", "zs", "zs_decimals", "zs_slots")

    def __init__(self, principals: Sequence[Principal], scales: Sequence[float]) -> None:
        self.n = len(principals)
        self.codes = b"".join(len(p.code.encode()).to_bytes(4, "big") + p.code.encode() for p in principals)
        self.decimals = b"".join(pack(">ih", 2, p.decimals) for p in principals)
        self.zs_decimals = b"".join(pack(">ih", 2, p.zs_decimals) for p in principals)
        self.slots = [(p.slot, scales[p.slot]) for p in principals]
        self.zs_slots = [(p.zs_slot, scales[p.zs_slot]) for p in principals]
        self.numbers = all(p.slot >= 0 for p in principals)
        self.zs = any(p.zs_slot >= 0 for p in principals)


def _latest_params(chosen: Sequence[tuple[Row, Sequence[Principal]]]) -> dict[str, Any]:
    names = (
        "station",
        "stream",
        "factor",
        "layout",
        "start",
        "received",
        "raw",
        "value",
        "zs",
        "dec",
        "zsdec",
        "flag",
        "late",
    )
    parts: dict[str, list[bytes]] = {name: [] for name in names}
    add = {name: pieces.append for name, pieces in parts.items()}
    total = 0
    for row, principals in chosen:
        block = row.layout.block if principals is row.layout.principals else None
        if block is None:
            block = _Block(principals, row.layout.scales)
            if principals is row.layout.principals:
                row.layout.block = block
        n = block.n
        total += n
        add["station"](pack(">ii", 4, row.station) * n)
        add["stream"](pack(">ii", 4, row.stream) * n)
        add["factor"](block.codes)
        add["layout"](pack(">ii", 4, row.layout.id) * n)
        add["start"](pack(">iq", 8, row.start) * n)
        add["received"](pack(">iq", 8, row.received) * n)
        add["raw"](pack(">iq", 8, row.raw_id) * n)
        add["late"](pack(">i?", 1, bool(row.note & BACKFILLED)) * n)
        add["value"](_numbers(row, block.slots))
        add["zs"](_numbers(row, block.zs_slots) if block.zs else wire.NULL * n)
        if row.exact is None:
            add["dec"](block.decimals)
            add["zsdec"](block.zs_decimals)
        else:
            add["dec"](b"".join(pack(">ih", 2, row.exact[p.slot] if p.slot >= 0 else 0) for p in principals))
            add["zsdec"](b"".join(pack(">ih", 2, row.exact[p.zs_slot] if p.zs_slot >= 0 else 0) for p in principals))
        if row.marks is None:
            add["flag"](_PLAIN_MARK * n)
        else:
            marks = [mark.encode() for mark in unpack_marks(row.marks, len(row.layout.codes))]
            add["flag"](b"".join(len(marks[p.factor]).to_bytes(4, "big") + marks[p.factor] for p in principals))
    kinds = {
        "station": wire.Int4s, "stream": wire.Int4s, "factor": wire.Texts, "layout": wire.Int4s, "start": wire.Times,
        "received": wire.Times, "raw": wire.Int8s, "value": wire.Float8s, "zs": wire.Float8s, "dec": wire.Int2s,
        "zsdec": wire.Int2s, "flag": wire.Texts, "late": wire.Bools,
    }  # fmt: skip
    return {name: wire.joined(kinds[name], total, pieces) for name, pieces in parts.items()}


def _numbers(row: Row, slots: Sequence[tuple[int, float]]) -> bytes:
    """Return the values of some slots as elements of a float8 array; slot -1 and missing numbers are null."""
    if row.v is not None:
        ints = row.v
        values = [None if at < 0 or ints[at] is None else ints[at] / scale for at, scale in slots]  # type: ignore[operator]
    else:
        floats = row.wide or []
        values = [None if at < 0 else floats[at] for at, _scale in slots]
    if None in values:
        return b"".join(wire.NULL if x is None else pack(">id", 8, x) for x in values)
    flat: list[Any] = [8] * (2 * len(values))
    flat[1::2] = values
    return pack(">" + "id" * len(values), *flat)
