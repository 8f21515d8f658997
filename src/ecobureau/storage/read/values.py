"""What the readers of the telemetry store hand out, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from ecobureau.storage import shape
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
