"""What an outlet has emitted: hours of the store through the rules of the standard, hour by hour with its frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from ecobureau.clock import BEIJING, beijing
from ecobureau.domain import units
from ecobureau.domain.emission.days import Days, days_of
from ecobureau.domain.emission.grid import Samples, State
from ecobureau.domain.emission.marks import Meaning, meaning_of
from ecobureau.domain.emission.outlet import (
    GAS_FLOW,
    GAS_O2,
    WATER_FLOW,
    FactorHours,
    FactorSpec,
    OutletHours,
    OutletSpec,
    outlet_hours,
)
from ecobureau.domain.emission.permit import Forecast, Share, against, forecast
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.substitution import Way
from ecobureau.domain.emission.times import day_number, period_days, period_index
from ecobureau.domain.emission.totals import Total
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.detection import reading
from ecobureau.web.detection.models import ChainLink, PermittedAmount
from ecobureau.web.sources.models import Outlet, Station
from ecobureau.web.statistics.emission import days as statistics
from ecobureau.web.statistics.emission.limits import UNITS
from ecobureau.web.statistics.emission.source import OutletHour
from ecobureau.web.telemetry.selectors import store

_EAST = 8 * 60
_FLOW = {Outlet.Medium.AIR: (GAS_FLOW, "m3/s"), Outlet.Medium.WATER: (WATER_FLOW, "L/s")}


@dataclass(frozen=True, slots=True)
class Account:
    """What one outlet emitted of one factor since the first hour that was read.

    Attributes:
        hours, one: of the outlet and of the factor; days: the same by day; rules: those in force on the last day.
        frames: (factor, hour since 1970 in Beijing) -> raw frame and mark.
    """

    outlet: Outlet
    factor: str
    hours: OutletHours
    one: FactorHours
    days: Days
    rules: EmissionRules
    frames: Mapping[tuple[str, int], tuple[int, str]]

    def listed(self, since: datetime, until: datetime) -> list[OutletHour]:
        """Return the hours of [since, until)."""
        flow = _FLOW[Outlet.Medium(self.outlet.medium)][0]
        out = []
        for at in range(self.hours.count):
            number = self.hours.first_hour + at
            start = hour_start(number)
            if not since <= start < until:
                continue
            frame, mark = self.frames.get((self.factor, number), (None, ""))
            cause, way = int(self.one.hours.cause[at]), int(self.one.substitute.way[at])
            out.append(
                OutletHour(
                    start=start,
                    concentration=_number(self.one.hours.mean[at]),
                    converted=_number(self.one.converted[at]),
                    flow=_number(self.hours.flow[at]),
                    mark=mark,
                    state=f"emission.state.{State(int(self.one.rate_state[at])).code}",
                    cause=f"emission.mark.{Meaning(cause).code}" if cause else "",
                    kg=_number(self.one.kg[at]),
                    substitute=_number(self.one.kg_substitute[at]),
                    way=f"emission.way.{Way(way).code}" if way else "",
                    run=int(self.one.substitute.run[at]),
                    there=int(self.one.substitute.there[at]),
                    capture=_number(self.one.capture[at]),
                    raw_id=frame,
                    flow_raw_id=self.frames.get((flow, number), (None, ""))[0],
                )
            )
        return out


def _number(value: object) -> float | None:
    found = float(value)  # type: ignore[arg-type]
    return None if np.isnan(found) else found


def hour_start(number: int) -> datetime:
    """Return the start of an hour counted since 1970-01-01 00:00 in Beijing."""
    return datetime.fromtimestamp(number * 3600 - _EAST * 60, UTC)


def hour_number(moment: datetime) -> int:
    """Return the hour since 1970-01-01 00:00 in Beijing that a moment lies in."""
    return (int(moment.timestamp()) // 60 + _EAST) // 60


def first_moment(day: date) -> datetime:
    """Return the begin of a day in Beijing."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def account(outlet: Outlet, factor: str, since: date, end: datetime) -> Account | None:
    """Compute what an outlet emitted of a factor from the begin of a day until `end`; None where no value came.

    Args:
        since: better the first day of a quarter, by which the standard judges the capture; end: aware.
    """
    return accounts(outlet, [factor], since, end).get(factor)


def accounts(
    outlet: Outlet, factors: Collection[str], since: date, end: datetime, *, frames: bool = True
) -> dict[str, Account]:
    """Compute what an outlet emitted of several factors, reading its hours once; factors without a value fall out.

    Args:
        since, end: as for `account`; frames: keep the raw frame of every hour.
    """
    medium = Outlet.Medium(outlet.medium)
    oxygen = [GAS_O2] if medium is Outlet.Medium.AIR and outlet.o2_ref is not None else []
    found = _read(outlet, [*factors, *oxygen], first_moment(since), end)
    wanted = [factor for factor in sorted(factors) if factor in found]
    if not wanted:
        return {}
    rules = rules_on(beijing(end - timedelta(seconds=1)).date())
    flow, flow_unit = _FLOW[medium]
    reviewed = statistics.invalid_hours([outlet.pk], first_moment(since), end).get(outlet.pk, [])
    samples: dict[str, Samples] = {}
    behind: dict[tuple[str, int], tuple[int, str]] = {}
    for code, points in found.items():
        out = [one for one in reviewed if one.item in ("", code)]
        samples[code] = _samples(points, flow_unit if code == flow else UNITS[medium], rules, out)
        if frames:
            behind |= {(code, hour_number(one.start)): (one.raw_id, one.flag) for one in points}
    # Hours before the outlet reported anything are no missing data.
    begun = min(points[0].start for code, points in found.items() if code not in oxygen)
    window = (hour_number(max(first_moment(since), begun)), hour_number(end - timedelta(seconds=1)) + 1)
    gas = medium is Outlet.Medium.AIR
    spec = OutletSpec("gas" if gas else "water", {one: FactorSpec(o2_ref=outlet.o2_ref) for one in wanted if gas})
    hours = outlet_hours(samples, spec, rules, window=window, stops=_stops(outlet, first_moment(since), end))
    return {
        factor: Account(
            outlet, factor, hours, hours.factors[factor], days_of(hours, factor, rules, spec.kind), rules, behind
        )
        for factor in wanted
    }


def rules_on(day: date) -> EmissionRules:
    """Return the rules of accounting in force on a day."""
    return EmissionRules.from_pack(load("emission"), day)


def _read(outlet: Outlet, factors: Collection[str], start: datetime, end: datetime) -> dict[str, list[read.Point]]:
    codes = [*factors, _FLOW[Outlet.Medium(outlet.medium)][0]]
    # An inlet station may be registered at the same outlet: what is a link of the chain is not the outlet itself.
    inlets: dict[int, list[ChainLink]] = {}
    for link in ChainLink.objects.filter(outlet=outlet, role=ChainLink.Role.INLET):
        inlets.setdefault(link.station_id, []).append(link)
    out: dict[str, list[read.Point]] = {}
    for pk in Station.objects.filter(outlet=outlet).order_by("pk").values_list("pk", flat=True):
        links = inlets.get(pk, [])
        for code, points in read.series(store(), pk, None, Kind.HOUR, 3600, codes, start, end).items():
            own = [one for one in points if not reading.taken(links, code, one.start)] if links else points
            if own:
                out.setdefault(code, own)
    return out


def _samples(
    points: list[read.Point], unit: str, rules: EmissionRules, reviewed: Sequence[statistics.Invalid] = ()
) -> Samples:
    scales: dict[str, float] = {}
    values = []
    for point in points:
        sent = point.reading.unit
        if sent not in scales:
            scales[sent] = float(units.factor(sent, unit) or 1) if sent else 1.0
        values.append(np.nan if point.value is None else point.value * scales[sent])
    return Samples(
        minutes=np.array([int(one.start.timestamp()) // 60 + _EAST for one in points], dtype=np.int64),
        value=np.array(values, dtype=np.float64),
        mark=np.array([_mark(one, rules, reviewed) for one in points], dtype=np.uint8),
        zs=np.array([np.nan if one.converted is None else one.converted for one in points], dtype=np.float64),
    )


def _mark(point: read.Point, rules: EmissionRules, reviewed: Sequence[statistics.Invalid]) -> Meaning:
    meaning = meaning_of(point.flag, rules)
    # What stood still needs no review, and a review makes no hour that nothing came for.
    if meaning is not Meaning.STOPPED and any(one.starts < point.end and one.ends > point.start for one in reviewed):
        return Meaning.REVIEWED
    return meaning


def _stops(outlet: Outlet, start: datetime, end: datetime) -> list[tuple[int, int]]:
    declared = reading.declarations_of([outlet.pk], start, end).get(outlet.pk, ())
    return [
        ((one.start // 60 + _EAST) // 60, -(-(one.end // 60 + _EAST) // 60)) for one in declared if one.type == "stop"
    ]


# --- against what is permitted ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A day of an outlet and factor as it stands in the roll-up; counts are hours, masses whole micrograms."""

    day: date
    measured_ug: int
    substituted_ug: int
    stopped: int
    quiet: int
    operating: int
    measured: int
    substituted: int
    lost: int

    @property
    def kg(self) -> float:
        """Mass, measured and substituted."""
        return (self.measured_ug + self.substituted_ug) / 1e9

    @property
    def known(self) -> bool:
        """Whether something is known: measured, substituted, or nothing was to be measured."""
        return self.measured + self.substituted > 0 or self.lost == 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a month or year stands against its permitted amount.

    Attributes:
        permit: what is permitted; total: hours behind the amount, None = no value yet; share: against it.
        ahead: what the period will come to, None with too few days; until: first day after the period.
    """

    permit: PermittedAmount
    total: Total | None
    share: Share
    ahead: Forecast | None
    until: date

    @property
    def percent(self) -> float:
        """Used share, per cent."""
        return 100 * float(self.share.share or 0)

    @property
    def bar(self) -> int:
        """Length of the bar, per cent."""
        return round(min(100.0, self.percent))

    @property
    def ahead_percents(self) -> tuple[float, float, float] | None:
        """Low, middle and high end of what the period will come to, per cent of the permitted amount."""
        if self.ahead is None:
            return None
        permitted = float(self.permit.kg)
        low, middle, high = self.ahead.low_kg, self.ahead.middle_kg, self.ahead.high_kg
        return 100 * low / permitted, 100 * middle / permitted, 100 * high / permitted

    @property
    def warning(self) -> int:
        """Greatest warning share reached, per cent; 0 = none."""
        return round(100 * self.share.warning)


def span_of(period: str, day: date) -> tuple[date, date]:
    """Return the first day of the month, quarter or year that a day lies in, and the day after its last."""
    index = int(period_index(np.array([day_number(day)]), period)[0])
    return period_days(index, period)


def standing(permit: PermittedAmount, days: Sequence[DayTotal], today: date) -> Standing:
    """Set what the days of the running month or year add up to against its permit.

    Args:
        days: of one outlet and factor, in order; days outside the period are left out.
    """
    first, until = span_of(permit.period, today)
    mine = [one for one in days if first <= one.day < until]
    rules = rules_on(today)
    total = sum_of(mine, permit.period) if mine else None
    share = against(total.total_kg if total else Decimal(0), permit.kg, rules)
    # Days before the first value tell nothing of a usual day, nor does the day that is not over.
    ahead = forecast([one.kg for one in mine if one.day < today], (until - today).days, rules)
    return Standing(permit, total, share, ahead if mine else None, until)


def sum_of(days: Sequence[DayTotal], period: str) -> Total:
    """Add up days of one month, quarter or year.

    Raises:
        ValueError: no days.
    """
    if not days:
        raise ValueError("no days")

    def add(name: str) -> int:
        return sum(int(getattr(one, name)) for one in days)

    operating, stopped, quiet = add("operating"), add("stopped"), add("quiet")
    return Total(
        period=period,
        index=int(period_index(np.array([day_number(days[0].day)]), period)[0]),
        days=len(days),
        hours=operating + stopped + quiet,
        stopped=stopped,
        quiet=quiet,
        operating=operating,
        valid=add("measured"),
        substituted=add("substituted"),
        lost=add("lost"),
        measured_ug=add("measured_ug"),
        substituted_ug=add("substituted_ug"),
        should=0,
        received=0,
        valid_items=0,
    )


def quarter_begin(day: date) -> date:
    """Return the first day of the quarter of a day."""
    return span_of("quarter", day)[0]
