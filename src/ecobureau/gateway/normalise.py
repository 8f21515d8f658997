"""From a good frame of a known station to what is stored: pure functions of frame, settings and time of receipt.

What a command code means for storage, when data are back-filled, and which frames are refused.
Source: HJ 212-2017 6.6.5 (commands), annex C (stamps); reference sections 5, 6, 8 and 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from ecobureau.domain.hj212 import Frame, parse_time, period, surface_water
from ecobureau.domain.hj212.commands import ANSWERS
from ecobureau.domain.hj212.times import BEIJING, to_text
from ecobureau.domain.hj212.watch import LONGEST_BEHIND, clock_deviations
from ecobureau.gateway.content import read_content
from ecobureau.gateway.events import events_of, moment_of, parameters_of, riders_of
from ecobureau.gateway.factors import Translator
from ecobureau.gateway.stations import Station
from ecobureau.storage.types import Event, Kind, Parameter, Part, Period, Reading

PERIODS: dict[str, Kind] = {
    "2011": Kind.RT,
    "2051": Kind.MINUTE,
    "2111": Kind.MINUTE,
    "2061": Kind.HOUR,
    "2031": Kind.DAY,
}
"""Commands whose uploads are measured values of a period (or an instant)."""

FURNACE_MINUTES = 5
END_STAMPED = frozenset({"2051", "2061", "2031"})
REMEMBERED = timedelta(seconds=1)
LATE_LEAST = timedelta(minutes=2)
"""Clocks of loggers and slow links: less than this after its time nothing counts as back-filled."""
NO_CONTENT = frozenset({"1013", "9015", "9021"}) | ANSWERS

Verdict = Literal["data", "control", "event", "part", "refused"]


class Receipt(NamedTuple):
    """When something was received, and how far a device's clock may run ahead of that.

    Attributes:
        at: aware UTC. day: of that instant, in Beijing.
        horizon: DataTime beyond it is refused. horizon_text: about the same as 17 Beijing digits, never later, to
            compare texts without reading them.
        tolerance: the time between `at` and `horizon`.
        floor_text: a QN before it comes from a clock that is years behind, as 17 Beijing digits.
    """

    at: datetime
    day: date
    horizon: datetime
    horizon_text: str
    tolerance: timedelta
    floor_text: str

    @classmethod
    def of(cls, at: datetime, tolerance: timedelta) -> Receipt:
        """Return the receipt of `at`."""
        horizon = at + tolerance
        ahead, behind = (to_text(one, milliseconds=True) for one in (horizon, at - LONGEST_BEHIND))
        return cls(at, at.astimezone(BEIJING).date(), horizon, ahead, tolerance, behind)

    def later(self, at: datetime) -> Receipt:
        """Return the receipt of an instant a little later, making use of this one's texts where they still serve."""
        if not timedelta(0) <= at - self.at < REMEMBERED or at.hour != self.at.hour:
            return Receipt.of(at, self.tolerance)
        return Receipt(at, self.day, at + self.tolerance, self.horizon_text, self.tolerance, self.floor_text)


class Meaning(NamedTuple):
    """What a frame is to storage.

    Attributes:
        verdict: the arrival's verdict. reason: why it is refused, a stable code.
        deviations: codes, those of the frame and those that need station or clock.
        period, events, parameters, part: the content, by verdict.
        live: False for back-fill.
    """

    verdict: Verdict
    reason: str
    deviations: tuple[str, ...]
    period: Period | None = None
    events: tuple[Event, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    part: Part | None = None
    live: bool = True


def normalise(frame: Frame, station: Station, factors: Translator, receipt: Receipt) -> Meaning:
    """Return what `frame` (known station, right password; its error is None or `cp`) is to storage.

    Args:
        station: the sender's settings. factors: its translator of factor codes.
        receipt: when it came.
    """
    deviations = _deviations(frame, station, receipt)
    if not frame.ok:
        return Meaning("refused", f"frame.{frame.error}", deviations)
    cn = frame.cn or ""
    if cn in NO_CONTENT:
        return Meaning("control", "", deviations)
    if cn in PERIODS:
        return _measured(frame, cn, station, factors, receipt, deviations)
    at = moment_of(frame, receipt.at)
    if at > receipt.horizon:
        return Meaning("refused", "data_time.future", _with(deviations, "data_time.future"))
    events = events_of(frame, station, at)
    parameters = parameters_of(frame, station, at)
    return Meaning("event" if events else "control", "", deviations, events=events, parameters=parameters)


def _measured(
    frame: Frame,
    cn: str,
    station: Station,
    factors: Translator,
    receipt: Receipt,
    deviations: tuple[str, ...],
) -> Meaning:
    """What a frame of measured values is: data, a packet without a time, events alone, or refused."""
    kind, interval = PERIODS[cn], interval_of(cn, station)
    st = frame.st or station.st
    stamp_text = frame.text("DataTime")
    if stamp_text is None and frame.is_split:
        readings, _ = read_content(frame.cp, factors)
        return Meaning("part", "", deviations, part=_part(frame, st, kind, interval, readings))
    if stamp_text is None:
        return Meaning("refused", "data_time.missing", deviations)
    found = when(cn, stamp_text, station.stamp_rule, station.minute_interval)
    if found is None:
        return Meaning("refused", "data_time.malformed", deviations)
    stamp, start, end = found
    if stamp > receipt.horizon:
        return Meaning("refused", "data_time.future", _with(deviations, "data_time.future"))
    if start < station.accept_from:
        return Meaning("refused", "data_time.before_accept_from", deviations)
    late = frame.rf == "1" or receipt.at - end > max(interval, LATE_LEAST)
    readings, others = read_content(frame.cp, factors)
    events = riders_of(others, station, start) if others else ()
    if not readings:
        if events:
            return Meaning("event", "", deviations, events=events, live=not late)
        return Meaning("refused", "cp.no_values", deviations)
    content = Period(station.station_id, st, kind, int(interval.total_seconds()), start, end, readings, late)
    part = _part(frame, st, kind, interval, readings) if frame.pnum is not None and frame.is_split else None
    return Meaning("data", "", deviations, content, events, part=part, live=not late)


def _part(frame: Frame, st: str, kind: Kind, interval: timedelta, readings: Sequence[Reading]) -> Part:
    return Part(int(frame.pnum or 1), int(frame.pno or 1), st, kind, int(interval.total_seconds()), readings)


class When(NamedTuple):
    """What a DataTime stands for: its moment, start and end of the period (aware UTC; equal for an instant)."""

    stamp: datetime
    start: datetime
    end: datetime


@lru_cache(maxsize=16384)
def when(cn: str, text: str, stamp_rule: Literal["start", "end"], minute_interval: int) -> When | None:
    """Return what a DataTime stands for after the station's stamp rule, cut to whole minutes, hours or Beijing days;
    None where the text names no time.

    Remembered, because many stations send the same times.
    """
    stamp = parse_time(text)[0]
    if stamp is None:
        return None
    kind = PERIODS[cn]
    if kind is Kind.RT:
        return When(stamp, stamp, stamp)
    begin = stamp.replace(second=0, microsecond=0)
    if kind is Kind.DAY:
        begin = begin.astimezone(BEIJING).replace(hour=0, minute=0).astimezone(UTC)
    elif kind is Kind.HOUR:
        begin = begin.replace(minute=0)
    if cn == "2111":
        start, end = period("2051", begin, stamp=stamp_rule, minutes=FURNACE_MINUTES)
    else:
        start, end = period(cn, begin, stamp=stamp_rule, minutes=minute_interval)
    return When(stamp, start, end)


def interval_of(cn: str, station: Station) -> timedelta:
    """Return the length of the periods that a data command reports; for 2011 the time between two frames."""
    kind = PERIODS[cn]
    if kind is Kind.RT:
        return timedelta(seconds=station.rtd_interval_s)
    if kind is Kind.MINUTE:
        return timedelta(minutes=FURNACE_MINUTES if cn == "2111" else station.minute_interval)
    return timedelta(hours=1) if kind is Kind.HOUR else timedelta(days=1)


def _deviations(frame: Frame, station: Station, receipt: Receipt) -> tuple[str, ...]:
    """Codes of the frame's own deviations and of those that only station or clock can tell, each once."""
    codes = [one.code for one in frame.deviations]
    qn = frame.qn or receipt.horizon_text
    if not receipt.floor_text <= qn <= receipt.horizon_text or (frame.text("DataTime") or "") > receipt.horizon_text:
        codes += [one.code for one in clock_deviations(frame, receipt.at, tolerance=receipt.tolerance)]
    if station.edition is not None and _version(frame.flag) not in (station.edition, None):
        codes.append("flag.version_other")
    if station.stamp_rule == "end" and frame.cn in END_STAMPED:
        codes.append("data_time.end_stamped")
    if codes and surface_water.speaks(station.dialect):
        codes = [code for code in codes if not surface_water.ordinary(code, frame.cn)]
    return tuple(dict.fromkeys(codes)) if codes else ()


@lru_cache(maxsize=1024)
def _version(flag: str | None) -> int | None:
    """Version bits of a Flag; 0 where there is none, None where it is no number."""
    if not flag:
        return 0
    return int(flag) >> 2 if flag.isascii() and flag.isdigit() else None


def _with(codes: tuple[str, ...], code: str) -> tuple[str, ...]:
    return codes if code in codes else (*codes, code)
