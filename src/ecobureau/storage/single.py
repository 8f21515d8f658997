"""The way of a frame that comes alone: one call to the database, which commits by itself.

A logger that waits for its answer before it speaks again sends every frame alone. A statement for whole batches takes
twice as long to start as such a frame takes to write; and begin and commit are two more ways to and fro.
"""

from __future__ import annotations

from struct import pack

from ecobureau.storage import upkeep, wire
from ecobureau.storage.batch import FIRST_DAY, Batch
from ecobureau.storage.direct import Direct, Value, int8
from ecobureau.storage.put import HOUR
from ecobureau.storage.rawframes import plain
from ecobureau.storage.rows import BACKFILLED
from ecobureau.storage.types import Kind, Outcome

_TYPES = {
    "rt": "bool",
    "start": "timestamptz",
    "raw": "int8",
    "station": "int4",
    "stream": "int4",
    "layout": "int4",
    "lag": "int4",
    "note": "int2",
    "v": "int4[]",
    "marks": "text",
    "wide": "float8[]",
    "exact": "bytea",
    "received": "timestamptz",
    "hour": "timestamptz",
    "st": "text",
    "kind": "text",
    "interval": "int4",
    "until": "timestamptz",
    "cause": "text",
    "run": "int4",
    "session": "int8",
    "codec": "int2",
    "sha256": "bytea",
    "cn": "text",
    "deviations": "text",
    "bytes": "bytea",
    "day": "date",
    "count_day": "date",
    "count_station": "int4",
    "counted": "int8",
    "number": "int8",
    "told": "bytea",
}
_CALL = f"SELECT telemetry_put_one({', '.join(f'%({name})s::{kind}' for name, kind in _TYPES.items())})::int"
_TOLD = upkeep.packed_outcomes([Outcome.STORED])


def fits(work: Batch) -> bool:
    """Say whether a batch is one frame of values, and nothing beside it."""
    if len(work.arrivals) != 1 or len(work.first) != 1 or work.told or work.split or len(work.received) > 1:
        return False
    return work.arrivals[0].verdict == "data" and work.first[0].parts is None


def put(direct: Direct, work: Batch, stream: tuple[str, str, int]) -> bool:
    """Write a batch that `fits`, outside a transaction; it is durable when this returns True.

    Args:
        stream: system type, kind and interval (s) of its stream.

    Returns:
        False where the frame is not simply the next one of its stream. Then nothing was written.

    Raises:
        psycopg.Error: nothing was written.
    """
    return direct.call(_CALL, _params(work, stream)) == [b"1"]


def send(direct: Direct, work: Batch, stream: tuple[str, str, int]) -> bool:
    """Send off what `put` would write, without waiting (see `sent`); False where `put` has to go first."""
    return direct.send(_CALL, _params(work, stream))


def sent(direct: Direct) -> bool | None:
    """Return what `put` would have returned of the batch that was sent, None while the answer is not here."""
    answer = direct.answer()
    return None if answer is None else answer == [b"1"]


def _params(work: Batch, stream: tuple[str, str, int]) -> dict[str, Value]:
    row, arrival = work.first[0], work.arrivals[0]
    st, kind, interval = stream
    codec, stored = work.raw[0]
    params: dict[str, Value] = {
        "rt": b"\x01" if row.kind is Kind.RT else b"\x00",
        "start": int8(row.start),
        "raw": int8(row.raw_id),
        "station": _int4(row.station),
        "stream": _int4(row.stream),
        "layout": _int4(row.layout.id),
        "lag": _int4(row.lag),
        "note": _int2(row.note),
        "v": None if row.v is None else wire.int4s(row.v),
        "marks": None if row.marks is None else row.marks.encode(),
        "wide": None if row.wide is None else wire.float8s(row.wide),
        "exact": row.exact,
        "received": int8(row.received),
        "hour": int8(row.start - row.start % HOUR),
        "st": st.encode(),
        "kind": kind.encode(),
        "interval": _int4(interval),
        "until": int8(row.start if row.kind is Kind.RT else row.start + interval * 1_000_000),
        "cause": b"late" if row.note & BACKFILLED else b"new",
        "run": _int4(arrival.run_id),
        "session": None if arrival.session_id is None else int8(arrival.session_id),
        "codec": _int2(codec),
        "sha256": arrival.sha256,
        "cn": (plain(arrival.cn) or "-").encode(),
        "deviations": plain(",".join(arrival.deviations)).encode() if arrival.deviations else None,
        "bytes": stored,
        "day": _int4(work.days[0]),
        "count_day": None,
        "count_station": None,
        "counted": None,
        "number": None if work.number is None else int8(work.number),
        "told": None if work.number is None else _TOLD,
    }
    for (station, day), frames in work.received.items():
        params["count_day"] = _int4((day - FIRST_DAY).days)
        params["count_station"] = _int4(station)
        params["counted"] = int8(frames)
    return params


def _int4(value: int) -> bytes:
    return pack(">i", value)


def _int2(value: int) -> bytes:
    return pack(">h", value)
