"""What goes into the judge and what comes out of it.

All instants are aware datetimes in UTC. A `Point` of a period covers [start, end); a real-time point has
start == end. Days (of limits, instruments) are days in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

StreamKind = Literal["rt", "minute", "hour", "day"]
Level = Literal["red", "orange", "yellow", "blue"]
Phase = Literal["open", "extend", "end"]
EvidenceKind = Literal["rule", "number", "series", "frame", "favour", "note"]

_BEIJING = timezone(timedelta(hours=8))


def civil_day(instant: datetime) -> date:
    """Return the day in Asia/Shanghai on which an instant lies."""
    return instant.astimezone(_BEIJING).date()


def within_daily(daily: tuple[int, int], instant: datetime) -> bool:
    """Whether an instant lies within a part of the day given in minutes of the day in Asia/Shanghai, [first, last)."""
    local = instant.astimezone(_BEIJING)
    first, last = daily
    minute = local.hour * 60 + local.minute
    return first <= minute < last if first < last else minute >= first or minute < last


@dataclass(frozen=True, slots=True)
class Stream:
    """The series a point belongs to: kind of data and its interval in seconds (0 = unknown)."""

    kind: StreamKind
    interval_s: int

    @property
    def code(self) -> str:
        """Stable short name, for example `hour:3600`."""
        return f"{self.kind}:{self.interval_s}"


@dataclass(frozen=True, slots=True)
class Where:
    """Whose data it is. `station_name` and `outlet_name` are names for people; `st` is the system code."""

    station_id: int
    st: str
    station_name: str = ""
    outlet_id: int | None = None
    outlet_name: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one factor.

    Attributes:
        start, end: the period, or twice the instant.
        values: statistics by name (rtd, avg, zs_rtd, zs_avg …); None where the device sent no number.
        flag: data mark as sent, empty where none was.
        unit: unit the values stand in.
        decimals: digits after the point as sent, None = unknown.
        backfilled: sent later than it should have been.
        ref: what the raw frame is called in the store, None where not at hand.
        o2: oxygen in percent of the same period (dry), for the conversion when the device did not convert.
        discharging: False where flow says that nothing flowed out; None = not known.
    """

    start: datetime
    end: datetime
    values: Mapping[str, float | None]
    flag: str = "N"
    unit: str = ""
    decimals: int | None = None
    backfilled: bool = False
    ref: str | None = None
    o2: float | None = None
    discharging: bool | None = None


@dataclass(frozen=True, slots=True)
class LimitSpan:
    """A limit with its days in force.

    Attributes:
        field: statistic it binds: avg | zs_avg | rtd | zs_rtd; period: hour | day | any; kind: max | min.
        value: threshold in `unit`; text: the same as written.
        source, clause, flag: where it stands written, and how sure we are of it.
        first_day, last_day: days in force, None = open.
        ref: what the registry calls it.
        part: day | night where the limit holds for that part of every day alone (noise); then `daily` gives its
            minutes of the day in Asia/Shanghai, [first, last), over midnight where the last is not above the first.
    """

    field: str
    kind: Literal["max", "min"]
    value: float
    unit: str
    first_day: date
    last_day: date | None = None
    period: str = "hour"
    text: str = ""
    source: str = ""
    clause: str = ""
    flag: str = ""
    ref: int | None = None
    part: Literal["", "day", "night"] = ""
    daily: tuple[int, int] | None = None

    def in_force(self, on: date) -> bool:
        return self.first_day <= on and (self.last_day is None or on <= self.last_day)

    def holds_at(self, instant: datetime) -> bool:
        """Whether the limit binds at an instant: its day is in force, and its part of the day."""
        if not self.in_force(civil_day(instant)):
            return False
        return self.daily is None or within_daily(self.daily, instant)


@dataclass(frozen=True, slots=True)
class RangeSpan:
    """The measuring range of an instrument with its days, in `unit`."""

    low: float | None
    high: float | None
    unit: str
    first_day: date
    last_day: date | None = None
    name: str = ""

    def in_force(self, on: date) -> bool:
        return self.first_day <= on and (self.last_day is None or on <= self.last_day)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the enterprise or its operator declared: stop | maintenance | calibration | start_up."""

    kind: str
    starts: datetime
    ends: datetime | None
    filed_at: datetime
    reason: str = ""

    def touches(self, first: datetime, last: datetime) -> bool:
        return self.starts <= last and (self.ends is None or self.ends >= first)


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """What a device reported of itself: calibration | check | door | restart | parameter | power …"""

    at: datetime
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The same factor at another station at the same time; `usual` is its value at other times, if known."""

    name: str
    value: float | None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What may speak in the plant's favour. An empty list means looked for and not found; None means not looked for.

    `points`: the series round the episode with marks that do not count as well; None = only the points just judged.
    """

    declared: tuple[Declared, ...] | None = None
    events: tuple[DeviceEvent, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    points: tuple[Point, ...] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece: kind, message code and plain parameters. `at` is the instant of the fact.

    `favour` pieces say in `params["result"]`: for (speaks for the plant), none (looked for, not found), unknown.
    """

    kind: EvidenceKind
    code: str
    at: datetime
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says. A person decides; this is a proposal.

    Attributes:
        rule: R-OVER, R-RANGE, R-MISSING, R-OFFLINE, R-NODATA, R-REVISED, R-UNIT.
        phase: open (begin or join a clue), extend (the same matter goes on), end (it has passed).
        where, factor, stream: what it is about; factor is empty for a whole station.
        field: statistic; bound: max | min | empty.
        first_at, last_at: start of the first and end of the last period that it rests on.
        value, threshold, unit: the worst number and what it is compared with.
        severity (1-5), confidence (0-1), risk (0-100), level: see the rule pack `scenario_kinds`.
        scenario: kind of scene K01 … K11.
        title_code, reason_code, params: message codes of the short and the long text, and their parameters; a text
            parameter may itself be a code of the catalogue.
        evidence: what it rests on and what was checked in the plant's favour.
        late: found in back-filled data only.
        points: number of bad points so far.
    """

    rule: str
    phase: Phase
    where: Where
    factor: str
    stream: Stream | None
    first_at: datetime
    last_at: datetime
    title_code: str
    reason_code: str
    params: Mapping[str, Any]
    severity: int
    confidence: float
    risk: int
    level: Level
    scenario: str
    field: str = ""
    bound: str = ""
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    evidence: tuple[Evidence, ...] = ()
    late: bool = False
    points: int = 1


def shown(value: float | None, decimals: int | None = None) -> str:
    """Return a number as people read it: with its own decimals, else without idle zeros, never in powers of ten."""
    if value is None:
        return "-"
    if decimals is not None:
        return f"{value:.{decimals}f}"
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def instant_text(instant: datetime) -> str:
    """Return an instant as people in Beijing read it: 2026-11-22 08:00."""
    return instant.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M")
