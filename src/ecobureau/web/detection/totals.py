"""The only writer of daily totals: what an outlet emitted of each factor on each day, kept up to date hour by hour.

Months, quarters and years are sums of these rows. What the store holds of a day is told by a sign (how many hours, and
a digest of their values and marks); only days whose sign or basis (rules, declared stops, inlets) became another are
looked at again, with the days whose substitutes rest on them.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

import numpy as np
from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain import units
from ecobureau.domain.emission.grid import NEUTRAL
from ecobureau.domain.emission.outlet import MEASURED, STATE_FACTORS
from ecobureau.domain.emission.over import over_days
from ecobureau.domain.emission.times import day_of
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.detection import accounting, reading
from ecobureau.web.detection.accounting import Account
from ecobureau.web.detection.models import ChainLink, DailyTotal, PermittedAmount, TotalChange
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Limit, Outlet, Station
from ecobureau.web.statistics.emission import days as statistics
from ecobureau.web.statistics.emission.days import OutletDay
from ecobureau.web.statistics.emission.limits import UNITS, bounds_of, limits_on
from ecobureau.web.statistics.services_data import LATE_AFTER
from ecobureau.web.telemetry.selectors import store

log = logging.getLogger("ecobureau.detection")
CHUNK = 50
_MADE = 2
"""Part of every basis: raised when days come to hold more, so that all are computed anew."""
SHORT_DAYS = 40
"""How far back the hourly look goes; the nightly one goes back to the quarter before the year."""
CLOSED_AFTER = timedelta(hours=2)
"""A day is closed so long after its end: what changes it then is written down with its reason."""
_FIELDS = (
    "measured_ug", "substituted_ug", "stopped", "quiet", "operating", "measured", "substituted", "lost", "flow", "sign",
    "basis",
)  # fmt: skip
Cause = DailyTotal.Cause
_HANDED = {
    Cause.NEW: "new",
    Cause.LATE: "late",
    Cause.REVISED: "revised",
    Cause.RULES: "rules",
    Cause.NEIGHBOUR: "neighbour",
    Cause.INVALIDATED: "invalidated",
    Cause.RESTORED: "restored",
}
"""What the statistics call each cause."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a day before it is computed; the sign begins with the count of its hours in the store."""

    sign: str
    basis: str


def refresh(outlet_ids: Iterable[int], until: datetime, *, since: date | None = None) -> int:
    """Bring the daily totals of outlets up to date with the store.

    Args:
        until: aware; hours that end by then count. since: first day looked at, default 40 days before.

    Returns:
        How many rows were written. An outlet that cannot be computed is logged and stops no other.
    """
    today = beijing(until - timedelta(seconds=1)).date()
    first = since or today - timedelta(days=SHORT_DAYS)
    ids, written = sorted(set(outlet_ids)), 0
    for begin in range(0, len(ids), CHUNK):
        outlets = {row.pk: row for row in Outlet.objects.filter(pk__in=ids[begin : begin + CHUNK])}
        factors = _reported(counted_factors(outlets))
        told = _told(outlets, first, until)
        for pk, outlet in outlets.items():
            if not factors.get(pk) or not told.get(pk):
                continue
            try:
                written += _refresh_one(outlet, factors[pk], told[pk], until)
            except Exception:
                log.exception("totals of outlet %s could not be brought up to date", pk)
    return written


def whole_year(until: datetime) -> date:
    """Return how far back a nightly look goes: the begin of the year, and at least the quarter before."""
    today = beijing(until).date()
    return accounting.quarter_begin(today.replace(month=1, day=1) - timedelta(days=1))


def counted_factors(outlets: Collection[int]) -> dict[int, list[str]]:
    """Return the factors of outlets that have a mass: permitted by amount, or limited as a concentration."""
    found: dict[int, set[str]] = {}
    pairs = list(PermittedAmount.objects.filter(outlet_id__in=outlets).values_list("outlet_id", "factor_id"))
    for pk, code in pairs:
        found.setdefault(pk, set()).add(code)
    limited = list(Limit.objects.filter(outlet_id__in=outlets).values_list("outlet_id", "factor_id").distinct())
    known = sources.factors({code for _pk, code in limited})
    for pk, code in limited:
        unit = known[code].unit if code in known else ""
        if code not in STATE_FACTORS and any(units.factor(unit, one) for one in ("mg/m3", "mg/L") if unit):
            found.setdefault(pk, set()).add(code)
    return {pk: sorted(codes) for pk, codes in found.items()}


def _reported(factors: Mapping[int, Collection[str]]) -> dict[int, list[str]]:
    """Return, of the factors of outlets, those that their stations report."""
    stations = dict(Station.objects.filter(outlet_id__in=factors).values_list("pk", "outlet_id"))
    came: dict[int, set[str]] = {}
    for value in read.latest(store(), list(stations), [Kind.HOUR]):
        came.setdefault(stations[value.station_id], set()).add(value.code)
    return {pk: [code for code in codes if code in came.get(pk, ())] for pk, codes in factors.items()}


def _told(outlets: Mapping[int, Outlet], first: date, until: datetime) -> dict[int, dict[date, _Told]]:
    """Return what the store, the rules and the registry say of each day of outlets from their first value on."""
    stations = dict(Station.objects.filter(outlet_id__in=outlets).values_list("pk", "outlet_id"))
    seen: dict[int, dict[date, list[str]]] = {}
    counts: dict[tuple[int, date], int] = {}
    for one in read.day_signs(store(), list(stations), Kind.HOUR, 3600, accounting.first_moment(first), until):
        outlet = stations[one.station_id]
        seen.setdefault(outlet, {}).setdefault(one.day, []).append(f"{one.station_id}:{one.periods}:{one.digest}")
        counts[(outlet, one.day)] = one.periods + counts.get((outlet, one.day), 0)
    started = dict(
        DailyTotal.objects.filter(outlet_id__in=outlets, day__lt=first).values_list("outlet_id", "outlet_id").distinct()
    )
    basis = _Basis(outlets, first, until)
    today = beijing(until - timedelta(seconds=1)).date()
    out: dict[int, dict[date, _Told]] = {}
    for outlet, days in seen.items():
        at = first if outlet in started else min(days)
        while at <= today:
            sign = f"{counts.get((outlet, at), 0)}:{_digest('|'.join(days.get(at, [])))}"
            out.setdefault(outlet, {})[at] = _Told(sign, basis.of(outlet, at))
            at += timedelta(days=1)
    return out


class _Basis:
    """What besides values decides a day: rules, declared stops, inlets that are no outlet, reviews, limits."""

    def __init__(self, outlets: Mapping[int, Outlet], first: date, until: datetime) -> None:
        self.version = load("emission").version
        self.stops = reading.declarations_of(list(outlets), accounting.first_moment(first), until)
        self.inlets: dict[int, list[ChainLink]] = {}
        for link in ChainLink.objects.filter(outlet_id__in=outlets, role=ChainLink.Role.INLET).order_by("pk"):
            self.inlets.setdefault(link.outlet_id, []).append(link)
        self.o2 = {pk: outlet.o2_ref for pk, outlet in outlets.items()}
        self.reviews = statistics.invalid_hours(outlets, accounting.first_moment(first), until)
        self.limits = sources.limits_of(outlets, first, beijing(until).date())

    def of(self, outlet: int, day: date) -> str:
        begin = int(accounting.first_moment(day).timestamp())
        stops = sorted(
            (max(one.start, begin), min(one.end, begin + 86400))
            for one in self.stops.get(outlet, ())
            if one.type == "stop" and one.start < begin + 86400 and one.end > begin
        )
        links = [(link.station_id, link.factor) for link in self.inlets.get(outlet, []) if link.holds_on(day)]
        end = accounting.first_moment(day + timedelta(days=1))
        reviews = [
            one.review
            for one in self.reviews.get(outlet, ())
            if one.starts < end and one.ends > accounting.first_moment(day)
        ]
        limits = [
            (one.pk, str(one.value.normalize()), one.unit, one.period, one.field)
            for code in sorted({one.factor_id for one in self.limits.get(outlet, ())})
            for one in limits_on(self.limits.get(outlet, ()), code, day)
        ]
        return _digest(f"{_MADE}|{self.version}|{self.o2[outlet]}|{stops}|{links}|{reviews}|{limits}")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


@transaction.atomic
def _refresh_one(outlet: Outlet, factors: Collection[str], told: Mapping[date, _Told], until: datetime) -> int:
    rows = {
        (row.factor, row.day): row
        for row in DailyTotal.objects.filter(outlet=outlet, day__gte=min(told)).select_for_update()
    }
    stale = _stale(rows, told, factors)
    if not stale:
        return 0
    today = max(told)
    # Nothing but the last hours: if they are all there and valid, nothing rests on them and they rest on nothing.
    if stale[0] >= today - timedelta(days=1):
        found = accounting.accounts(outlet, factors, stale[0], until, frames=False)
        if found and all(_plain(one) for one in found.values()):
            return _write(outlet, found, told, rows, stale[0], until, set(stale))
    first = accounting.quarter_begin(stale[0])
    before = accounting.quarter_begin(first - timedelta(days=1))
    written = 0
    while first <= today:
        after = accounting.span_of("quarter", first)[1]
        end = min(until, accounting.first_moment(after))
        found = accounting.accounts(outlet, factors, before, end, frames=False)
        written += _write(outlet, found, told, rows, first, end, set(stale))
        before, first = first, after
    return written


def _stale(
    rows: Mapping[tuple[str, date], DailyTotal], told: Mapping[date, _Told], factors: Collection[str]
) -> list[date]:
    """Return the days that must be computed: new ones, changed ones, all where a factor has no day yet."""
    if {code for code, _day in rows} < set(factors):
        return sorted(told)
    there: dict[date, bool] = {}
    for (_code, day), row in rows.items():
        one = told.get(day)
        same = one is not None and row.sign == one.sign and row.basis == one.basis
        there[day] = there.get(day, True) and same
    return sorted(day for day in told if not there.get(day, False))


def _plain(found: Account) -> bool:
    state = found.one.rate_state
    return bool((np.isin(state, MEASURED) | np.isin(state, NEUTRAL)).all())


def _write(
    outlet: Outlet,
    found: Mapping[str, Account],
    told: Mapping[date, _Told],
    rows: dict[tuple[str, date], DailyTotal],
    first: date,
    until: datetime,
    stale: Collection[date],
) -> int:
    """Write the days from `first` on that became others; closed days leave a line with the reason."""
    limits = sources.limits_of([outlet.pk], first, beijing(until).date()).get(outlet.pk, [])
    handed: list[OutletDay] = []
    fresh: list[DailyTotal] = []
    changed: list[DailyTotal] = []
    notes: list[TotalChange] = []
    at = now()
    for factor, account in found.items():
        days = account.days
        bounds = bounds_of(limits, factor, UNITS[Outlet.Medium(outlet.medium)])
        over = over_days(account.one, days, account.hours.first_hour, bounds)
        for index, number in enumerate(days.day):
            day = day_of(int(number))
            if day < first or day not in told or accounting.first_moment(day) >= until:
                continue
            values = _values(account, index, told[day])
            row = rows.get((factor, day))
            if row is not None and all(getattr(row, name) == value for name, value in values.items()):
                continue
            cause, reason = _cause(row, told[day], day, day in stale, at)
            handed.append(OutletDay(factor, day, statistics.figures_of(days, over, index), _HANDED[cause], reason))
            if row is None:
                row = DailyTotal(outlet=outlet, factor=factor, day=day, made_at=at, **values)
                rows[(factor, day)] = row
                fresh.append(row)
                continue
            note = _note(row, values, cause, reason, at)
            if note is not None:
                notes.append(note)
            for name, value in values.items():
                setattr(row, name, value)
            row.made_at = at
            changed.append(row)
    DailyTotal.objects.bulk_create(fresh)
    DailyTotal.objects.bulk_update(changed, [*_FIELDS, "made_at"], batch_size=200)
    TotalChange.objects.bulk_create(notes)
    statistics.put_outlet_days(outlet, handed)
    return len(fresh) + len(changed)


def _values(account: Account, at: int, told: _Told) -> dict[str, object]:
    days = account.days
    measured, substituted, lost = int(days.rate_valid[at]), int(days.substituted[at]), int(days.lost_hours[at])
    return {
        "measured_ug": int(days.measured_ug[at]),
        "substituted_ug": int(days.substituted_ug[at]),
        "stopped": int(days.stopped_hours[at]),
        "quiet": int(days.quiet_hours[at]),
        "operating": measured + substituted + lost,
        "measured": measured,
        "substituted": substituted,
        "lost": lost,
        "flow": float(days.flow[at]),
        "sign": told.sign,
        "basis": told.basis,
    }


def _cause(row: DailyTotal | None, told: _Told, day: date, stale: bool, at: datetime) -> tuple[DailyTotal.Cause, str]:
    """Return why a day is written (again), with the reason that a person gave."""
    if row is None or row.made_at < accounting.first_moment(day + timedelta(days=1)) + CLOSED_AFTER:
        late = accounting.first_moment(day + timedelta(days=1)) + LATE_AFTER < at
        return (Cause.LATE if late else Cause.NEW), ""
    if row.sign != told.sign:
        more = int(told.sign.split(":")[0]) > int(row.sign.split(":")[0])
        return (Cause.LATE if more else Cause.REVISED), ""
    if not stale:
        return Cause.NEIGHBOUR, ""
    reviewed = statistics.decided_since(row.outlet_id, day, row.made_at)
    return (Cause(reviewed[0]), reviewed[1]) if reviewed is not None else (Cause.RULES, "")


def _note(
    row: DailyTotal, values: Mapping[str, object], cause: DailyTotal.Cause, reason: str, at: datetime
) -> TotalChange | None:
    """Return the line about a closed day whose mass became another, with the reason; None where there is none."""
    before = row.measured_ug + row.substituted_ug
    after = int(str(values["measured_ug"])) + int(str(values["substituted_ug"]))
    closed = row.made_at >= accounting.first_moment(row.day + timedelta(days=1)) + CLOSED_AFTER
    if not closed or before == after:
        return None
    return TotalChange(
        outlet_id=row.outlet_id,
        factor=row.factor,
        day=row.day,
        before_ug=before,
        after_ug=after,
        cause=cause,
        reason=reason[:200],
        at=at,
    )


def days(outlet_id: int, factor: str, first: date, until: date) -> list[accounting.DayTotal]:
    """Return the days of [first, until) of an outlet and factor, in order."""
    return of([(outlet_id, factor)], first, until).get((outlet_id, factor), [])


def of(
    pairs: Collection[tuple[int, str]], first: date, until: date
) -> dict[tuple[int, str], list[accounting.DayTotal]]:
    """Return the days of [first, until) of many outlets and factors, in one query."""
    names = ("measured_ug", "substituted_ug", "stopped", "quiet", "operating", "measured", "substituted", "lost")
    wanted = set(pairs)
    rows = DailyTotal.objects.filter(
        outlet_id__in={pk for pk, _code in wanted},
        factor__in={code for _pk, code in wanted},
        day__gte=first,
        day__lt=until,
    )
    out: dict[tuple[int, str], list[accounting.DayTotal]] = {}
    for pk, code, day, *values in rows.order_by("outlet_id", "factor", "day").values_list(
        "outlet_id", "factor", "day", *names
    ):
        if (pk, code) in wanted:
            out.setdefault((pk, code), []).append(accounting.DayTotal(day, *values))
    return out


def made_at(outlet_id: int, factor: str) -> datetime | None:
    """Return when the newest day of an outlet and factor was last computed."""
    row = DailyTotal.objects.filter(outlet_id=outlet_id, factor=factor).order_by("-day").first()
    return row.made_at if row else None


def changes(outlet_id: int, factor: str, most: int = 20) -> list[TotalChange]:
    """Return the newest changes of closed days."""
    return list(TotalChange.objects.filter(outlet_id=outlet_id, factor=factor)[:most])
