"""Writing the evidence: every frame of a known station with its outcome, never to be changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, pack
from typing import Any, NamedTuple

from psycopg import Cursor

from ecobureau.storage import rows, wire
from ecobureau.storage.types import Arrival, Outcome

UNKNOWN = 0
"""Station of frames that belong to none."""

_COLUMNS = "id, received_at, station_id, run_id, session_id, codec, sha256, cn, outcome, reason, deviations, raw"
_INSERT = (
    f"INSERT INTO raw_frame ({_COLUMNS})"
    " SELECT * FROM unnest(%(id)s::int8[], %(at)s::timestamptz[], %(of)s::int4[], %(run)s::int4[], %(session)s::int8[],"
    " %(codec)s::int2[], %(sha256)s::bytea[], %(cn)s::text[], %(outcome)s::text[], %(reason)s::text[],"
    " %(deviations)s::text[], %(bytes)s::bytea[])"
)
_COPY = f"COPY raw_frame ({_COLUMNS}) FROM STDIN BINARY"
_HEAD = Struct(">hiqiqiiii")
_MIDDLE = Struct(">ihi")


class Kept(NamedTuple):
    """A frame to be kept: its id, when it came (microseconds since 2000), codec and stored bytes, outcome."""

    arrival: Arrival
    id: int
    at: int
    codec: int
    stored: bytes
    outcome: Outcome


def insert(cursor: Cursor[Any], frames: Sequence[Kept]) -> None:
    """Write a few frames by one prepared statement, which unlike COPY can be sent without waiting."""
    if frames:
        runs = wire.int4s([frame.arrival.run_id for frame in frames])
        cursor.execute(_INSERT, {**columns(frames), "run": runs}, prepare=True)


def columns(frames: Sequence[Kept]) -> dict[str, wire.Packed]:
    """Return the columns of frames as arrays."""
    arrivals = [frame.arrival for frame in frames]
    return {
        "id": wire.int8s([frame.id for frame in frames]),
        "at": wire.times([frame.at for frame in frames]),
        "of": wire.int4s([a.station_id or UNKNOWN for a in arrivals]),
        "session": wire.int8s([a.session_id for a in arrivals]),
        "codec": wire.int2s([frame.codec for frame in frames]),
        "sha256": wire.byteas([a.sha256 for a in arrivals]),
        "cn": wire.texts([plain(a.cn) or "-" for a in arrivals]),
        "outcome": wire.texts([frame.outcome.value for frame in frames]),
        "reason": wire.texts([plain(a.reason) or None for a in arrivals]),
        "deviations": wire.texts([plain(",".join(a.deviations)) or None for a in arrivals]),
        "bytes": wire.byteas([frame.stored for frame in frames]),
    }


def copy(cursor: Cursor[Any], frames: Sequence[Kept]) -> None:
    """Write many frames by COPY."""
    if frames:
        with cursor.copy(_COPY) as out:
            out.write(b"".join((rows.COPY_HEAD, *map(_row, frames), rows.COPY_TAIL)))


def plain(text: str) -> str:
    """Return a text without the character that no text column takes."""
    return text.replace("\x00", "")


def _text(text: str) -> bytes:
    if not text:
        return wire.NULL
    data = plain(text).encode()
    return len(data).to_bytes(4, "big") + data


_OUTCOMES = {outcome: _text(outcome.value) for outcome in Outcome}


def _row(frame: Kept) -> bytes:
    """Return a frame in the binary form of COPY."""
    arrival, id_, at, codec, stored, outcome = frame
    return b"".join(
        (
            _HEAD.pack(12, 8, id_, 8, at, 4, arrival.station_id or UNKNOWN, 4, arrival.run_id),
            wire.NULL if arrival.session_id is None else pack(">iq", 8, arrival.session_id),
            _MIDDLE.pack(2, codec, len(arrival.sha256)),
            arrival.sha256,
            _text(arrival.cn or "-"),
            _OUTCOMES[outcome],
            _text(arrival.reason),
            _text(",".join(arrival.deviations)) if arrival.deviations else wire.NULL,
            len(stored).to_bytes(4, "big"),
            stored,
        )
    )
