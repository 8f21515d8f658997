"""What is kept up with every batch, so that pages never read history: latest values, counters, work for the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from psycopg import Cursor

from ecobureau.storage import wire
from ecobureau.storage.rows import BACKFILLED, Row
from ecobureau.storage.shape import unpack_marks

_LATEST_COLUMNS = (
    "station_id, stream_id, factor, layout_id, start, received_at, raw_id, value, zs_value, decimals, zs_decimals,"
    " flag, backfilled"
)
_LATEST_FROM = (
    "unnest(%(station)s::int4[], %(stream)s::int4[], %(factor)s::text[], %(layout)s::int4[], %(start)s::timestamptz[],"
    " %(received)s::timestamptz[], %(raw)s::int8[], %(value)s::float8[], %(zs)s::float8[], %(dec)s::int2[],"
    f" %(zsdec)s::int2[], %(flag)s::text[], %(late)s::bool[]) AS u({_LATEST_COLUMNS})"
)
_LATEST_SET = ", ".join(f"{name} = u.{name}" for name in _LATEST_COLUMNS.replace(" ", "").split(",")[3:])
_LATEST_UPDATE = (
    f"UPDATE latest l SET {_LATEST_SET} FROM {_LATEST_FROM}"
    " WHERE l.station_id = u.station_id AND l.stream_id = u.stream_id AND l.factor = u.factor AND l.start <= u.start"
)
_LATEST_INSERT = (
    f"INSERT INTO latest AS l ({_LATEST_COLUMNS}) SELECT {_LATEST_COLUMNS} FROM {_LATEST_FROM}"
    " WHERE NOT EXISTS (SELECT 1 FROM latest l WHERE l.station_id = u.station_id AND l.stream_id = u.stream_id"
    " AND l.factor = u.factor)"
    f" ON CONFLICT (station_id, stream_id, factor) DO UPDATE SET {_LATEST_SET.replace('u.', 'excluded.')}"
    " WHERE l.start <= excluded.start"
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
    params = _latest_params(chosen)
    cursor.execute(_LATEST_UPDATE, params, prepare=True)
    if cursor.rowcount < sum(len(principals) for _row, principals in chosen):
        cursor.execute(_LATEST_INSERT, params, prepare=True)


def _one_a_series(rows: Sequence[Row]) -> list[tuple[Row, Sequence[Any]]]:
    """Return rows with their factors; where layouts of one stream share a factor, the newer row has it."""
    streams = Counter((r.station, r.stream) for r in rows)
    out: list[tuple[Row, Sequence[Any]]] = []
    taken: set[tuple[int, int, str]] = set()
    for row in reversed(rows):
        principals: Sequence[Any] = row.layout.principals
        if streams[row.station, row.stream] > 1:
            principals = [p for p in principals if (row.station, row.stream, p.code) not in taken]
            taken.update((row.station, row.stream, p.code) for p in principals)
        out.append((row, principals))
    out.reverse()
    return out


def _latest_params(chosen: Sequence[tuple[Row, Sequence[Any]]]) -> dict[str, Any]:
    station: list[int] = []
    stream: list[int] = []
    factor: list[str] = []
    layout: list[int] = []
    start: list[int] = []
    received: list[int] = []
    raw: list[int] = []
    value: list[float | None] = []
    zs: list[float | None] = []
    dec: list[int] = []
    zsdec: list[int] = []
    flag: list[str] = []
    late: list[bool] = []
    for row, principals in chosen:
        n = len(principals)
        station += [row.station] * n
        stream += [row.stream] * n
        layout += [row.layout.id] * n
        start += [row.start] * n
        received += [row.received] * n
        raw += [row.raw_id] * n
        late += [bool(row.note & BACKFILLED)] * n
        exact, scales, numbers = row.exact, row.layout.scales, row.v
        marks = None if row.marks is None else unpack_marks(row.marks, len(row.layout.codes))
        for p in principals:
            factor.append(p.code)
            flag.append("N" if marks is None else marks[p.factor])
            if exact is None:
                dec.append(p.decimals)
                zsdec.append(p.zs_decimals)
            else:
                dec.append(exact[p.slot] if p.slot >= 0 else 0)
                zsdec.append(exact[p.zs_slot] if p.zs_slot >= 0 else 0)
            value.append(_number(row, numbers, scales, p.slot))
            zs.append(_number(row, numbers, scales, p.zs_slot))
    return {
        "station": wire.int4s(station),
        "stream": wire.int4s(stream),
        "factor": wire.texts(factor),
        "layout": wire.int4s(layout),
        "start": wire.times(start),
        "received": wire.times(received),
        "raw": wire.int8s(raw),
        "value": wire.float8s(value),
        "zs": wire.float8s(zs),
        "dec": wire.int2s(dec),
        "zsdec": wire.int2s(zsdec),
        "flag": wire.texts(flag),
        "late": wire.bools(late),
    }


def _number(row: Row, numbers: list[int | None] | None, scales: Sequence[float], slot: int) -> float | None:
    if slot < 0:
        return None
    if numbers is None:
        return row.wide[slot] if row.wide is not None else None
    number = numbers[slot]
    return None if number is None else number / scales[slot]


def count(cursor: Cursor[Any], frames: Mapping[tuple[date, int, int, str], int]) -> None:
    """Add to the counters of outcomes: (day of receipt, run, station, outcome) -> frames."""
    if not frames:
        return
    keys = sorted(frames)
    cursor.execute(
        "INSERT INTO frame_counter AS c (day, run_id, station_id, outcome, frames)"
        " SELECT day::date, run_id, station_id, outcome, frames"
        " FROM unnest(%s::text[], %s::int4[], %s::int4[], %s::text[], %s::int8[]) AS u(day, run_id,"
        " station_id, outcome, frames)"
        " ON CONFLICT (day, run_id, station_id, outcome) DO UPDATE SET frames = c.frames + excluded.frames",
        (
            wire.texts([k[0].isoformat() for k in keys]),
            wire.int4s([k[1] for k in keys]),
            wire.int4s([k[2] for k in keys]),
            wire.texts([k[3] for k in keys]),
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
