"""What is kept up with every batch, so that pages never read history: latest values, counters, work for the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from struct import pack
from typing import Any

from psycopg import Cursor

from ecobureau.storage import wire
from ecobureau.storage.rows import BACKFILLED, Row
from ecobureau.storage.shape import Principal, unpack_marks
from ecobureau.storage.types import Outcome

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
    f"INSERT INTO latest AS l ({_LATEST_COLUMNS}) SELECT {_LATEST_COLUMNS} FROM {_LATEST_FROM}"
    f" ON CONFLICT (station_id, stream_id, factor) DO UPDATE SET {_LATEST_SET} WHERE l.start <= excluded.start"
)


def latest(cursor: Cursor[Any], rows: Iterable[Row]) -> None:
    """Put the newest value of every series in place; an older frame never takes the place of a newer one."""
    newest: dict[tuple[int, int, int], Row] = {}
    for row in rows:
        key = (row.station, row.stream, row.layout.id)
        seen = newest.get(key)
        if seen is None or seen.start <= row.start:
            newest[key] = row
    if not newest:
        return
    chosen = _one_a_series(sorted(newest.values(), key=lambda r: r.key))
    cursor.execute(_LATEST, _latest_params(chosen), prepare=True)


def _one_a_series(rows: Sequence[Row]) -> list[tuple[Row, Sequence[Principal]]]:
    """Return rows with their factors; where layouts of one stream share a factor, the newer row has it."""
    streams = Counter((r.station, r.stream) for r in rows)
    out: list[tuple[Row, Sequence[Principal]]] = []
    taken: set[tuple[int, int, str]] = set()
    for row in reversed(rows):
        principals: Sequence[Principal] = row.layout.principals
        if streams[row.station, row.stream] > 1:
            principals = [p for p in principals if (row.station, row.stream, p.code) not in taken]
            taken.update((row.station, row.stream, p.code) for p in principals)
        out.append((row, principals))
    out.reverse()
    return out


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


def count(cursor: Cursor[Any], frames: Mapping[tuple[int, int, int, Outcome], int]) -> None:
    """Add to the counters of outcomes: (day of receipt since 2000-01-01, run, station, outcome) -> frames."""
    if not frames:
        return
    keys = sorted(frames)
    cursor.execute(
        "INSERT INTO frame_counter AS c (day, run_id, station_id, outcome, frames)"
        " SELECT date '2000-01-01' + day, run_id, station_id, outcome, frames"
        " FROM unnest(%s::int4[], %s::int4[], %s::int4[], %s::text[], %s::int8[]) AS u(day, run_id,"
        " station_id, outcome, frames)"
        " ON CONFLICT (day, run_id, station_id, outcome) DO UPDATE SET frames = c.frames + excluded.frames",
        (
            wire.int4s([k[0] for k in keys]),
            wire.int4s([k[1] for k in keys]),
            wire.int4s([k[2] for k in keys]),
            wire.texts([k[3].value for k in keys]),
            wire.int8s([frames[k] for k in keys]),
        ),
        prepare=True,
    )


def count_received(cursor: Cursor[Any], run_id: int, received: Mapping[tuple[int, date], int]) -> None:
    """Add frames counted at the socket of a run: (station, day of receipt) -> frames."""
    keys = sorted(key for key, frames in received.items() if frames)
    if not keys:
        return
    cursor.execute(
        "INSERT INTO gateway_received AS g (day, run_id, station_id, frames)"
        " SELECT day::date, %s, station_id, frames FROM unnest(%s::text[], %s::int4[], %s::int8[])"
        " AS u(day, station_id, frames)"
        " ON CONFLICT (day, run_id, station_id) DO UPDATE SET frames = g.frames + excluded.frames",
        (
            run_id,
            wire.texts([k[1].isoformat() for k in keys]),
            wire.int4s([k[0] for k in keys]),
            wire.int8s([received[k] for k in keys]),
        ),
        prepare=True,
    )


def dirty(
    cursor: Cursor[Any],
    changed: Iterable[tuple[Row, str]],
    streams: Mapping[int, tuple[str, str, int]],
    made_at: datetime,
) -> None:
    """Tell the judge what changed: one row a station, stream and cause, and one wake-up."""
    spans: dict[tuple[int, int, str], list[int]] = {}
    for row, cause in changed:
        span = spans.get((row.station, row.stream, cause))
        if span is None:
            spans[row.station, row.stream, cause] = [row.start, row.end]
        else:
            span[0] = min(span[0], row.start)
            span[1] = max(span[1], row.end)
    if not spans:
        return
    keys = list(spans)
    kinds = [streams[k[1]] for k in keys]
    cursor.execute(
        "INSERT INTO dirty (station_id, st, kind, interval_s, start_at, end_at, cause, made_at)"
        " SELECT u.*, %s FROM unnest(%s::int4[], %s::text[], %s::text[], %s::int4[], %s::timestamptz[],"
        " %s::timestamptz[], %s::text[]) AS u",
        (
            made_at,
            wire.int4s([k[0] for k in keys]),
            wire.texts([kind[0] for kind in kinds]),
            wire.texts([kind[1] for kind in kinds]),
            wire.int4s([kind[2] for kind in kinds]),
            wire.times([spans[k][0] for k in keys]),
            wire.times([spans[k][1] for k in keys]),
            wire.texts([k[2] for k in keys]),
        ),
        prepare=True,
    )
    cursor.execute("NOTIFY eb_dirty")
