"""From the store and the registry to what the detectors read: an outlet's aligned series, facts and declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from ecobureau.clock import beijing
from ecobureau.domain import units
from ecobureau.domain.detection.run import Input
from ecobureau.domain.detection.types import (
    Declaration,
    FactorFacts,
    Floats,
    OutletFacts,
    OutletSeries,
    ParameterChange,
)
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.detection.filings import Filings, filings_of
from ecobureau.web.detection.models import ChainLink, CurbOrder, PermittedAmount
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Outlet, Station
from ecobureau.web.telemetry.selectors import store

HOUR_S = 3600
_KINDS = {Outlet.Medium.AIR: "gas", Outlet.Medium.WATER: "water"}
_UNITS = {"a00000": "m3/s", "w00000": "L/s", "a01013": "kPa"}
_POWER = {ChainLink.Role.PRODUCTION: "pw_prod", ChainLink.Role.TREATMENT: "pw_treat"}


@dataclass(slots=True)
class Grid:
    """Values of one outlet on a regular grid while they are gathered."""

    t: np.ndarray
    step_s: int
    avg: dict[str, Floats] = field(default_factory=dict)
    zs: dict[str, Floats] = field(default_factory=dict)
    flag: dict[str, np.ndarray] = field(default_factory=dict)
    revised: dict[str, np.ndarray] = field(default_factory=dict)
    arrived: Floats | None = None

    def put(self, factor: str, points: Iterable[read.Point], unit: str, *, add: bool = False) -> None:
        """Lay the points of a factor on the grid, in `unit` where theirs can be turned into it.

        Args:
            add: add to what is there (twin devices), else put it in place.
        """
        n = len(self.t)
        if n == 0:
            return
        fresh = factor not in self.avg
        avg = self.avg.setdefault(factor, np.full(n, np.nan))
        zs = self.zs.setdefault(factor, np.full(n, np.nan))
        flag = self.flag.setdefault(factor, np.full(n, "", dtype="<U1"))
        revised = self.revised.setdefault(factor, np.zeros(n, dtype=bool))
        if self.arrived is None:
            self.arrived = np.full(n, np.nan)
        first, scales = int(self.t[0]), {}
        for point in points:
            at = (int(point.start.timestamp()) - first) // self.step_s
            if not 0 <= at < n:
                continue
            value = point.value
            if value is None:
                continue
            sent = point.reading.unit
            if sent not in scales:
                scales[sent] = float(units.factor(sent, unit) or 1) if sent and unit else 1.0
            there = avg[at] if add and not fresh and not np.isnan(avg[at]) else 0.0
            avg[at] = there + value * scales[sent]
            if point.converted is not None:
                zs[at] = point.converted
            flag[at] = (point.flag or "N")[:1]
            revised[at] = point.revised
            self.arrived[at] = np.fmax(self.arrived[at], point.received_at.timestamp())

    def series(
        self, outlet_id: str, kind: str, inlet: Grid | None, changes: tuple[ParameterChange, ...]
    ) -> OutletSeries:
        """Return the finished series; every mark of a value that never came is empty."""
        return OutletSeries(
            outlet_id=outlet_id,
            kind="gas" if kind == "gas" else "water",
            step_s=self.step_s,
            t=self.t,
            avg=self.avg,
            zs=self.zs,
            flag=self.flag,
            inlet=inlet.series(f"{outlet_id}-IN", kind, None, ()) if inlet is not None and inlet.avg else None,
            revised=self.revised,
            arrived=self.arrived,
            parameters=changes,
        )


def grid(start: datetime, end: datetime, step_s: int) -> np.ndarray:
    """Return the starts (epoch s) of the samples of [start, end) that lie on multiples of the step in Beijing."""
    first = -(-int(start.timestamp()) // step_s) * step_s
    return np.arange(first, int(end.timestamp()) - step_s + 1, step_s, dtype=np.int64)


def inputs(outlet_ids: Iterable[int], start: datetime, end: datetime, step_s: int = HOUR_S) -> list[Input]:
    """Return what the detectors read of outlets for samples within [start, end); outlets without any value fall out.

    Args:
        step_s: 3600 takes the hourly values, anything less the minute values of that interval.
    """
    ids = sorted(set(outlet_ids))
    known = Outlet.objects.filter(pk__in=ids, medium__in=list(_KINDS)).select_related("enterprise")
    outlets = {row.pk: row for row in known}
    chain: dict[int, list[ChainLink]] = {}
    first, last = beijing(start).date(), beijing(end).date()
    rows = ChainLink.objects.filter(outlet_id__in=outlets).exclude(valid_to__lt=first).exclude(valid_from__gt=last)
    for link in rows.order_by("outlet_id", "role", "pk"):
        if not link.void:
            chain.setdefault(link.outlet_id, []).append(link)
    stations: dict[int, list[int]] = {}
    for pk, outlet_id in Station.objects.filter(outlet_id__in=outlets).order_by("pk").values_list("pk", "outlet_id"):
        stations.setdefault(outlet_id, []).append(pk)
    filings = filings_of(stations, start, end)
    facts = facts_of(outlets, chain, end)
    declared = declarations_of(outlets, start, end)
    out: list[Input] = []
    for pk, outlet in outlets.items():
        links = chain.get(pk, [])
        series = series_of(outlet, stations.get(pk, []), links, start, end, step_s, filings.get(pk))
        if any(np.isfinite(values).any() for values in series.avg.values()):
            out.append((series, facts[pk], declared.get(pk, ())))
    return out


def presence(start: datetime, end: datetime, step_s: int = HOUR_S) -> dict[int, np.ndarray]:
    """Return for every outlet with a station in use whether any hourly row came for each sample of [start, end).

    Meters and inlets that are links of the outlet's chain do not count: (n,) each, on the grid of `grid`.
    """
    t = grid(start, end, step_s)
    linked = set(ChainLink.objects.values_list("outlet_id", "station_id"))
    stations: dict[int, int] = {}
    rows = Station.objects.filter(active=True, outlet__active=True, outlet__medium__in=list(_KINDS))
    for pk, outlet_id in rows.order_by("pk").values_list("pk", "outlet_id"):
        if (outlet_id, pk) not in linked:
            stations[pk] = outlet_id
    out = {outlet_id: np.zeros(len(t), dtype=bool) for outlet_id in stations.values()}
    if not len(t):
        return out
    for station_id, starts in read.starts(store(), list(stations), Kind.HOUR, HOUR_S, start, end).items():
        at = (np.array(starts, dtype=np.int64) - t[0]) // step_s
        out[stations[station_id]][at[(at >= 0) & (at < len(t))]] = True
    return out


def series_of(
    outlet: Outlet,
    station_ids: list[int],
    links: list[ChainLink],
    start: datetime,
    end: datetime,
    step_s: int,
    filings: Filings | None = None,
) -> OutletSeries:
    """Return one outlet's aligned series, with power and inlet from its chain; `filings`: None = nothing is filed."""
    mine = Grid(grid(start, end, step_s), step_s)
    changes: list[ParameterChange] = []
    for station_id in station_ids:
        of_station = [link for link in links if link.station_id == station_id]
        for factor, points in _points(station_id, None, start, end, step_s).items():
            own = [one for one in points if not taken(of_station, factor, one.start)] if of_station else points
            if own:
                mine.put(factor, own, _UNITS.get(factor, ""))
        if not any(not link.factor and link.holds_on(beijing(end).date()) for link in of_station):
            changes += _changes(station_id, start, end, filings)
    inlet = Grid(mine.t, step_s)
    for link in links:
        wanted = [link.factor] if link.factor else None
        found = _points(link.station_id, wanted, start, end, step_s)
        power = _POWER.get(ChainLink.Role(link.role))
        for factor, every in found.items():
            points = [one for one in every if link.holds_on(beijing(one.start).date())]
            if not points:
                continue
            if power is not None:
                mine.put(power, points, "", add=True)
            else:
                inlet.put(factor, points, _UNITS.get(factor, ""))
    return mine.series(str(outlet.pk), _KINDS[Outlet.Medium(outlet.medium)], inlet, tuple(changes))


def taken(links: Iterable[ChainLink], factor: str, at: datetime) -> bool:
    """Return whether a value of a station at a moment belongs to one of its links instead of to the outlet itself.

    A meter may report through the outlet's own station; a link that names no factor takes the station as a whole.
    """
    day = beijing(at).date()
    return any(link.factor in ("", factor) and link.holds_on(day) for link in links)


def _points(
    station_id: int, factors: list[str] | None, start: datetime, end: datetime, step_s: int
) -> dict[str, list[read.Point]]:
    kind = Kind.HOUR if step_s >= HOUR_S else Kind.MINUTE
    return read.series(store(), station_id, None, kind, step_s, factors, start, end)


def _changes(station_id: int, start: datetime, end: datetime, filings: Filings | None) -> list[ParameterChange]:
    """Return the parameters of a station's instruments that took another value within [start, end)."""
    rows = sorted(read.parameters(store(), station_id), key=lambda row: (row.device, row.name, row.valid_from))
    out: list[ParameterChange] = []
    for before, after in pairwise(rows):
        if (before.device, before.name) != (after.device, after.name) or before.value == after.value:
            continue
        if start <= after.valid_from < end:
            moment = after.valid_from
            filed = None if filings is None else filings.hold(station_id, after.device, after.value, moment)
            change = (after.device, after.name, before.value, after.value)
            out.append(ParameterChange(moment.timestamp(), *change, filed=filed))
    return out


def facts_of(
    outlets: Mapping[int, Outlet], chain: Mapping[int, list[ChainLink]], on: datetime
) -> dict[int, OutletFacts]:
    """Return what is registered of outlets on a day: limits, ranges, permitted amounts, rated powers."""
    day = beijing(on).date()
    limits = sources.limits_of(outlets, day, day)
    stations = dict(Station.objects.filter(outlet_id__in=outlets).values_list("pk", "outlet_id"))
    ranges: dict[tuple[int, str], float] = {}
    for station_id, rows in sources.instruments_of(stations, day, day).items():
        for row in rows:
            if row.range_high is not None and stations[station_id] is not None:
                ranges[(stations[station_id], row.factor_id)] = row.range_high
    permits: dict[tuple[int, str], float] = {}
    in_force = PermittedAmount.objects.filter(outlet_id__in=outlets, valid_from__lte=day).exclude(valid_to__lt=day)
    for amount in in_force.order_by("valid_from"):
        share = 1.0 if amount.period == PermittedAmount.Period.MONTH else 1.0 / 12
        key = (amount.outlet_id, amount.factor_id)
        if amount.period == PermittedAmount.Period.MONTH or key not in permits:
            permits[key] = float(amount.kg) * share
    return {pk: _facts(row, limits.get(pk, []), ranges, permits, chain.get(pk, [])) for pk, row in outlets.items()}


def _facts(
    outlet: Outlet,
    limits: Iterable[object],
    ranges: Mapping[tuple[int, str], float],
    permits: Mapping[tuple[int, str], float],
    links: list[ChainLink],
) -> OutletFacts:
    upper: dict[str, float] = {}
    for row in limits:
        if getattr(row, "kind", "") == "max" and getattr(row, "period", "") in ("hour", "any"):
            code, value = str(getattr(row, "factor_id", "")), float(getattr(row, "value", 0))
            upper[code] = min(value, upper.get(code, value))
    codes = {
        *upper,
        *(code for pk, code in ranges if pk == outlet.pk),
        *(code for pk, code in permits if pk == outlet.pk),
    }
    roles = {link.role for link in links}

    def rated(role: str) -> float | None:
        known = [link.rated_kw for link in links if link.role == role and link.rated_kw]
        return sum(known) if known else None

    return OutletFacts(
        outlet_id=str(outlet.pk),
        kind="gas" if outlet.medium == Outlet.Medium.AIR else "water",
        industry=outlet.enterprise.industry,
        factors={
            code: FactorFacts(
                factor=code,
                limit=upper.get(code),
                range_max=ranges.get((outlet.pk, code)),
                o2_ref=outlet.o2_ref if outlet.medium == Outlet.Medium.AIR else None,
                permit_kg_month=permits.get((outlet.pk, code)),
            )
            for code in codes
        },
        has_inlet=ChainLink.Role.INLET in roles,
        has_power=bool(roles & set(_POWER)),
        rated_prod_kw=rated(ChainLink.Role.PRODUCTION),
        rated_treat_kw=rated(ChainLink.Role.TREATMENT),
    )


def declarations_of(outlet_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, tuple[Declaration, ...]]:
    """Return the declared stops and start-ups and the ordered cuts that touch [start, end), by outlet."""
    ids = list(outlet_ids)
    out: dict[int, list[Declaration]] = {}
    kinds = {"stop": "stop", "start_up": "startup"}
    open_end = end + timedelta(days=1)
    for pk, rows in sources.notices_of(ids, start, end).items():
        for row in rows:
            if row.kind in kinds:
                until = row.ends or open_end
                one = Declaration(str(pk), int(row.starts.timestamp()), int(until.timestamp()), kinds[row.kind])  # type: ignore[arg-type]
                out.setdefault(pk, []).append(one)
    for order in CurbOrder.objects.filter(outlet_id__in=ids, starts__lt=end, ends__gt=start):
        one = Declaration(
            str(order.outlet_id), int(order.starts.timestamp()), int(order.ends.timestamp()), "order_cut", order.share
        )
        out.setdefault(order.outlet_id, []).append(one)
    return {pk: tuple(rows) for pk, rows in out.items()}
