"""Values that cross the border of the store. All instants are aware datetimes in UTC; periods are half open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Literal

STATS = ("rtd", "avg", "min", "max", "cou", "zs_rtd", "zs_avg", "zs_min", "zs_max", "data")
"""Statistics a factor may carry, by the HJ 212 field: Rtd, Avg, Min, Max, Cou, ZsRtd, ZsAvg, ZsMin, ZsMax, Data."""

PRINCIPAL = ("avg", "rtd", "data")
"""Where a factor's value is looked for, in this order. Its converted value is `zs_` + the same."""

MAX_DECIMALS = 15


class Kind(StrEnum):
    """What a frame speaks of: an instant, or a period of minutes, an hour, a day."""

    RT = "rt"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Outcome(StrEnum):
    """How a frame ended. Every frame has exactly one; a pending part must end in another."""

    STORED = "stored"
    REVISED = "revised"
    DUPLICATE = "duplicate"
    CONTROL = "control"
    PENDING_PART = "pending_part"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


Verdict = Literal["data", "control", "event", "part", "refused", "quarantine"]
Cause = Literal["new", "late", "revised"]


def number(text: str) -> tuple[float | None, int]:
    """Read a number as sent.

    Args:
        text: for example `1.230`, `-0.5`, `1.0E-3`.

    Returns:
        Value and decimals as written (`1.230` → 1.23, 3), at most `MAX_DECIMALS`; (None, 0) where it is no number.
    """
    try:
        value = float(text)
    except ValueError:
        return None, 0
    if value - value != 0 or "_" in text:  # nan and the infinities
        return None, 0
    if "e" in text or "E" in text:
        try:
            exponent = Decimal(text.strip()).as_tuple().exponent
        except InvalidOperation:
            return None, 0
        return value, min(max(-int(exponent), 0), MAX_DECIMALS)
    dot = text.find(".")
    return value, 0 if dot < 0 else min(len(text.rstrip()) - dot - 1, MAX_DECIMALS)


@dataclass(slots=True)
class Reading:
    """What one frame says of one factor.

    Attributes:
        code: factor code of the factor table.
        unit: unit the values stand in, after the station's own overrides.
        stats: statistics sent, names of `STATS`, in the order sent.
        values: one value a statistic, None where the device sent no number.
        decimals: digits after the point as sent, one a statistic.
        flag: data mark as sent; empty where none was.
        dialect: code as sent where it differs from `code` (2005 code, private code), else empty.
    """

    code: str
    unit: str
    stats: tuple[str, ...]
    values: tuple[float | None, ...]
    decimals: tuple[int, ...]
    flag: str = ""
    dialect: str = ""

    @classmethod
    def of(cls, code: str, unit: str, texts: Mapping[str, str], flag: str = "", dialect: str = "") -> Reading:
        """Build a reading from texts as sent, {"avg": "1.230"}."""
        pairs = [number(text) for text in texts.values()]
        return cls(code, unit, tuple(texts), tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), flag, dialect)

    def value(self, stat: str) -> float | None:
        """Return the value of a statistic, None where it was not sent or is no number."""
        return self.values[self.stats.index(stat)] if stat in self.stats else None


@dataclass(slots=True)
class Period:
    """The data of one frame.

    Attributes:
        station_id: registry id of the station.
        st: system code as in the frame, for example `31`.
        interval_s: length of the period in seconds; for real-time data the station's interval, 0 if unknown.
        start: start of the period after the station's stamp rule (for `rt` the instant), UTC.
        end: end of the period, UTC (for `rt` equal to `start`).
        backfilled: sent later than it should have been (RF=1, or received a period late).
    """

    station_id: int
    st: str
    kind: Kind
    interval_s: int
    start: datetime
    end: datetime
    readings: Sequence[Reading]
    backfilled: bool = False


@dataclass(slots=True)
class Part:
    """Which packet of a split message this is.

    Attributes:
        pnum: number of packets; pno: this packet, from 1.
        st, kind, interval_s: the stream it belongs to.
        readings: what the packet says, where it has no DataTime of its own (`Arrival.period` None, verdict `part`).
    """

    pnum: int
    pno: int
    st: str
    kind: Kind
    interval_s: int
    readings: Sequence[Reading]


@dataclass(slots=True)
class Event:
    """Something a device told that is no number: boot (2081), log (3020), state, alarm, calibration check."""

    station_id: int
    at: datetime
    kind: str
    fields: dict[str, Any]


@dataclass(slots=True)
class Parameter:
    """One parameter of a device at an instant: range, slope, serial number …

    Attributes:
        device: analyser (PolId) it belongs to; empty for the logger.
        name: information code, for example `i13001`; value: as sent.
    """

    station_id: int
    device: str
    name: str
    value: str
    at: datetime


@dataclass(slots=True)
class Arrival:
    """One frame as it came off the wire, with what the gateway made of it.

    Attributes:
        received_at: UTC; raw: the bytes as received; sha256: their digest, taken at receipt.
        station_id: None where the station is unknown (verdict `quarantine`).
        verdict: `data` (period), `event` (events, parameters), `part` (packet without DataTime), `control` (heartbeats,
            answers, notices), `refused` (kept, never data; give a reason), `quarantine` (unknown station, bad check).
        reason: message code of a refusal or quarantine.
        live: False on the lane of back-filled data.
    """

    received_at: datetime
    raw: bytes
    sha256: bytes
    run_id: int
    station_id: int | None
    mn: str
    cn: str
    verdict: Verdict
    reason: str = ""
    qn: str = ""
    session_id: int | None = None
    peer: str = ""
    deviations: tuple[str, ...] = ()
    period: Period | None = None
    events: tuple[Event, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    part: Part | None = None
    live: bool = True
