"""One outlet: from samples to hours with converted concentration, rate, validity and substitutes. Bulk, on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from ecobureau.domain.emission import bulk
from ecobureau.domain.emission.bulk import Floats, Ints
from ecobureau.domain.emission.grid import (
    NEUTRAL,
    Bytes,
    Cells,
    Hours,
    Samples,
    State,
    five_minute_means,
    hours_of,
    lay,
    step_of,
    weighted_hours,
)
from ecobureau.domain.emission.outlet_types import (
    AIR_PRESSURE,
    FURNACE,
    GAS_FLOW,
    GAS_HUMIDITY,
    GAS_O2,
    GAS_PRESSURE,
    GAS_TEMPERATURE,
    GAS_VELOCITY,
    LARGEST_KG,
    MEASURED,
    STATE_FACTORS,
    WATER_FLOW,
    FactorHours,
    FactorSpec,
    OutletHours,
    OutletSpec,
)
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.substitution import Substituted, Way, gas_hours, out_of_control, water_hours
from ecobureau.domain.emission.times import day_of, quarter_of_hours

__all__ = [
    "FURNACE",
    "FactorHours",
    "FactorSpec",
    "GAS_FLOW",
    "GAS_O2",
    "MEASURED",
    "OutletHours",
    "OutletSpec",
    "STATE_FACTORS",
    "WATER_FLOW",
    "captures",
    "outlet_hours",
]


def outlet_hours(
    samples: Mapping[str, Samples],
    spec: OutletSpec,
    rules: EmissionRules,
    *,
    window: tuple[int, int] | None = None,
    checks: Mapping[str, Sequence[tuple[int, bool]]] | None = None,
    manual: Mapping[str, Floats] | None = None,
    stops: Sequence[tuple[int, int]] = (),
    rules_on: Callable[[date], EmissionRules] | None = None,
) -> OutletHours:
    """Compute the hours of one outlet.

    Args:
        samples: by factor code.
        spec: what is known of the outlet; rules: rules in force.
        window: first hour and hour after the last; default: from the first sample to the last.
        checks: by factor, hour and whether passed of each calibration check, in order: out-of-control windows.
        manual: by factor, mean of the day's hand samples for each hour where they are enough (water), else NaN.
        rules_on: rules by day, for what changed within the span (gaps of waste water); default: `rules` throughout.
        stops: declared shutdowns, first hour and hour after the last: hours without samples in them are stopped.

    Raises:
        ValueError: no samples and no window.
    """
    unique: dict[str, Samples] = {}
    repeats = 0
    for factor in sorted(samples):
        unique[factor], twice = samples[factor].unique()
        repeats += twice
    first, last = window if window is not None else _span(unique)
    count = last - first
    cells = {f: lay(one, first, count, spec.steps.get(f) or step_of(one.minutes)) for f, one in unique.items()}
    steps = {f: spec.steps.get(f) or step_of(one.minutes) for f, one in unique.items()}
    water = spec.kind == "water"
    hours = {f: hours_of(one, rules, negative_is_bad=_bad_below_zero(f, water)) for f, one in cells.items()}
    hours = _with_stops(hours, stops, first, count)
    flow, flow_state, has_flow = _flow(hours, spec, rules, count)

    def rules_at(position: int) -> EmissionRules:
        return rules if rules_on is None else rules_on(day_of((first + position) // 24))

    result: dict[str, FactorHours] = {}
    for factor, one in hours.items():
        own = one
        if water and factor in cells and WATER_FLOW in cells and factor not in rules.unweighted | {WATER_FLOW}:
            own = replace(one, mean=weighted_hours(cells[factor], cells[WATER_FLOW], one))
        if checks and factor in checks:
            own, last_good = _under_checks(own, checks[factor], first, count)
        else:
            last_good = None
        base = _Base(factor, spec.of(factor), steps[factor], own, flow, flow_state, has_flow, last_good, first)
        by_hand = (manual or {}).get(factor)
        result[factor] = (
            _water(base, rules, rules_at, by_hand) if water else _gas(base, hours.get(GAS_O2), cells, rules)
        )
    furnace = {f: five_minute_means(cells[f]) for f in FURNACE if f in cells and cells[f].value.shape[1] % 12 == 0}
    return OutletHours(first, count, flow, flow_state, has_flow, result, repeats, furnace)


def _span(samples: Mapping[str, Samples]) -> tuple[int, int]:
    times = [one.minutes for one in samples.values() if len(one.minutes)]
    if not times:
        raise ValueError("no samples")
    return min(int(one[0]) for one in times) // 60, max(int(one[-1]) for one in times) // 60 + 1


def _bad_below_zero(factor: str, water: bool) -> bool:
    # Water temperature may fall below zero; a flow never, nor a concentration in water.
    return (water and factor != "w01010") or factor in (GAS_FLOW, GAS_VELOCITY)


def _with_stops(
    hours: Mapping[str, Hours], stops: Sequence[tuple[int, int]], first: int, count: int
) -> dict[str, Hours]:
    # Nothing measured where the outlet stands still: by its own marks on another factor, or by a declaration.
    stopped = np.zeros(count, dtype=bool)
    for begin, end in stops:
        stopped[max(0, begin - first) : max(0, min(count, end - first))] = True
    for one in hours.values():
        stopped |= one.state == State.STOPPED
    absent = np.uint8(State.STOPPED)
    return {
        factor: replace(one, state=np.where(stopped & (one.state == State.MISSING), absent, one.state).astype(np.uint8))
        for factor, one in hours.items()
    }


def _under_checks(hours: Hours, checks: Sequence[tuple[int, bool]], first: int, count: int) -> tuple[Hours, Ints]:
    mask, last_good = out_of_control([(at - first, passed) for at, passed in checks], count)
    mask &= ~np.isin(hours.state, NEUTRAL)
    state = np.where(mask, np.uint8(State.OUT_OF_CONTROL), hours.state).astype(np.uint8)
    return replace(hours, state=state, mean=np.where(mask, np.nan, hours.mean)), np.where(mask, last_good, -1)


def _flow(hours: Mapping[str, Hours], spec: OutletSpec, rules: EmissionRules, count: int) -> tuple[Floats, Bytes, bool]:
    if spec.kind == "water":
        own = hours.get(WATER_FLOW)
        if own is None:
            return np.full(count, np.nan), np.full(count, State.NO_FLOW, dtype=np.uint8), False
        nothing = (own.state == State.OK) & (own.mean == 0)
        return own.mean * 3.6, np.where(nothing, np.uint8(State.NO_DISCHARGE), own.state).astype(np.uint8), True
    own = hours.get(GAS_FLOW)
    wet: Floats
    if own is not None:
        if spec.flow_state == "standard":
            return own.mean * 3600, own.state, True
        wet = own.mean * 3600
    elif spec.area is not None and GAS_VELOCITY in hours:
        own = hours[GAS_VELOCITY]
        wet = bulk.flow_actual(spec.area, spec.kv * own.mean)
    else:
        return np.full(count, np.nan), np.full(count, State.NO_FLOW, dtype=np.uint8), False
    dry = _to_standard(wet, hours, rules, count)
    lost = np.isnan(dry) & np.isin(own.state, MEASURED)
    return dry, np.where(lost, np.uint8(State.NO_FLOW), own.state).astype(np.uint8), True


def _to_standard(wet: Floats, hours: Mapping[str, Hours], rules: EmissionRules, count: int) -> Floats:
    nothing = np.full(count, np.nan)

    def mean(factor: str, otherwise: Floats = nothing) -> Floats:
        return hours[factor].mean if factor in hours else otherwise

    ba = mean(AIR_PRESSURE, np.full(count, rules.pressure))
    return bulk.flow_standard(wet, mean(GAS_TEMPERATURE), mean(GAS_PRESSURE), ba, mean(GAS_HUMIDITY), rules)


@dataclass(frozen=True, slots=True)
class _Base:
    factor: str
    spec: FactorSpec
    step: int
    hours: Hours
    flow: Floats
    flow_state: Bytes
    has_flow: bool
    last_good: Ints | None
    first: int


def _rate_state(base: _Base) -> Bytes:
    # What the emission of an hour is, from its concentration and the flow: both must be there.
    c, q = base.hours.state, base.flow_state
    both = np.isin(c, MEASURED) & np.isin(q, MEASURED)
    partial = both & ((c == State.PARTIAL_STOP) | (q == State.PARTIAL_STOP))
    conditions = (
        (c == State.STOPPED) | (q == State.STOPPED),
        q == State.NO_DISCHARGE,
        partial,
        both,
        np.isin(c, MEASURED),
    )
    answers = (State.STOPPED, State.NO_DISCHARGE, State.PARTIAL_STOP, State.OK, State.NO_FLOW)
    return np.select(conditions, [np.uint8(one) for one in answers], c).astype(np.uint8)


def _mass(base: _Base, kg: Floats, state: Bytes) -> Floats:
    # An hour that was stopped in part emitted in its remaining minutes only.
    running = np.where(state == State.PARTIAL_STOP, 1 - base.hours.stopped / 60, 1.0)
    measured = np.isin(state, MEASURED)
    return np.where(np.isin(state, NEUTRAL), 0.0, np.where(measured, kg * running, np.nan))


def _impossible(kg: Floats, state: Bytes) -> tuple[Floats, Bytes]:
    # A slip of the pen (1e300) must not spoil a year's sum: such an hour is invalid.
    wild = ~np.isnan(kg) & ~(np.abs(kg) <= LARGEST_KG)
    return np.where(wild, np.nan, kg), np.where(wild, np.uint8(State.INVALID), state).astype(np.uint8)


def captures(state: Bytes, first_hour: int) -> Floats:
    """Return for each hour the capture rate of its quarter, over the hours there are; NaN = none operated."""
    quarter = quarter_of_hours(first_hour, len(state))
    index = quarter - quarter[0] if len(quarter) else quarter
    neutral = np.isin(state, NEUTRAL)
    good = np.isin(state, MEASURED)
    operating = np.bincount(index, weights=~neutral)
    valid = np.bincount(index, weights=good)
    with np.errstate(all="ignore"):
        rate: Floats = valid / operating
    return rate[index]


def _gas(base: _Base, o2: Hours | None, cells: Mapping[str, Cells], rules: EmissionRules) -> FactorHours:
    spec, hours = base.spec, base.hours
    pollutant = spec.mass
    if not pollutant:
        return _bare(base)
    means = np.where(hours.state == State.OK, hours.mean, np.nan)
    converted, convert_state = _converted(base, means, o2, cells, rules)
    state = _rate_state(base) if base.has_flow else _no_flow(hours)
    concentration = hours.mean * spec.scale
    kg, state = _impossible(_mass(base, bulk.rate(concentration, base.flow, rules), state), state)
    good, neutral = np.isin(state, MEASURED), np.isin(state, NEUTRAL)
    capture = captures(state if base.has_flow else hours.state, base.first)
    if base.has_flow:
        substitute = gas_hours(kg, good, neutral, capture, base.last_good, rules)
    else:
        substitute = Substituted.none(len(kg))
    return FactorHours(
        base.factor,
        spec,
        base.step,
        hours,
        converted,
        convert_state,
        state,
        kg,
        good & (concentration < 0),
        substitute,
        substitute.value,
        capture,
    )


def _no_flow(hours: Hours) -> Bytes:
    measured = np.isin(hours.state, MEASURED)
    return np.where(measured, np.uint8(State.NO_FLOW), hours.state).astype(np.uint8)


def _converted(
    base: _Base, means: Floats, o2: Hours | None, cells: Mapping[str, Cells], rules: EmissionRules
) -> tuple[Floats, Bytes]:
    spec = base.spec
    made = np.zeros(len(means), dtype=np.uint8)
    reported = np.where(base.hours.state == State.OK, base.hours.zs, np.nan)
    if spec.o2_ref is None:
        return reported, np.where(np.isnan(reported), 0, 2).astype(np.uint8)
    if o2 is None:
        made[~np.isnan(means)] = 4
        return reported, np.where(np.isnan(reported), made, 2).astype(np.uint8)
    oxygen = np.where(o2.state == State.OK, o2.mean, np.nan)
    if rules.convert_from == "samples" and cells[base.factor].value.shape == cells[GAS_O2].value.shape:
        value = _by_samples(cells[base.factor], cells[GAS_O2], spec, rules)
        value = np.where(np.isnan(means) | np.isnan(oxygen), np.nan, value)
    else:
        value = bulk.converted(means, oxygen, spec.o2_ref, rules, o2_air=spec.o2_air)
    air = rules.o2_air if spec.o2_air is None else spec.o2_air
    there = ~np.isnan(means)
    conditions = (~there, np.isnan(oxygen), oxygen >= air, means < 0)
    return value, np.select(conditions, [0, 4, 3, 5], 1).astype(np.uint8)


def _by_samples(c: Cells, o2: Cells, spec: FactorSpec, rules: EmissionRules) -> Floats:
    assert spec.o2_ref is not None
    both = (c.mark == 0) & (o2.mark == 0)
    value = bulk.converted(c.value, o2.value, spec.o2_ref, rules, o2_air=spec.o2_air)
    value = np.where(both, value, np.nan)
    count = (~np.isnan(value)).sum(axis=1)
    with np.errstate(all="ignore"):
        out: Floats = np.nansum(value, axis=1) / count
    return np.where(count * c.step >= rules.hour_minutes, out, np.nan)


def _bare(base: _Base) -> FactorHours:
    count = len(base.hours.mean)
    nothing = np.full(count, np.nan)
    return FactorHours(
        base.factor,
        base.spec,
        base.step,
        base.hours,
        nothing,
        np.zeros(count, dtype=np.uint8),
        base.hours.state,
        nothing,
        np.zeros(count, dtype=bool),
        Substituted.none(count),
        nothing,
        captures(base.hours.state, base.first),
    )


def _water(
    base: _Base, rules: EmissionRules, rules_at: Callable[[int], EmissionRules], manual: Floats | None
) -> FactorHours:
    hours = base.hours
    nothing_flows = base.flow_state == State.NO_DISCHARGE
    if base.factor != WATER_FLOW:
        quiet = nothing_flows & (hours.state != State.STOPPED)
        state = np.where(quiet, np.uint8(State.NO_DISCHARGE), hours.state).astype(np.uint8)
        hours = replace(hours, state=state, mean=np.where(quiet, np.nan, hours.mean))
    good, neutral = np.isin(hours.state, MEASURED), np.isin(hours.state, NEUTRAL)
    ph = base.factor == rules.ph_factor
    substitute = water_hours(hours.mean, good, neutral, rules_at, ph=ph, manual=manual)
    base = replace(base, hours=hours)
    has_mass = base.spec.mass and base.has_flow and base.factor not in rules.unweighted | {WATER_FLOW}
    bare = replace(_bare(base), substitute=substitute)
    if not has_mass:
        return bare
    state = _rate_state(base)
    kg, state = _impossible(_mass(base, hours.mean * base.spec.scale * base.flow / 1000, state), state)
    # What is missing may be the concentration, the flow or both; each by its own rule.
    flow_good = np.isin(base.flow_state, (State.OK, State.PARTIAL_STOP, State.NO_DISCHARGE))
    flow_filled = water_hours(base.flow, flow_good, base.flow_state == State.STOPPED, rules_at, ph=False)
    flow = np.where(flow_good, base.flow, flow_filled.value)
    concentration = np.where(good, hours.mean, substitute.value)
    lost = ~np.isin(state, MEASURED) & ~np.isin(state, NEUTRAL)
    with np.errstate(over="ignore"):
        kg_substitute = np.where(lost, concentration * base.spec.scale * flow / 1000, np.nan)
    kg_substitute = np.where(kg_substitute <= LARGEST_KG, kg_substitute, np.nan)
    way = np.where(lost & good & ~np.isnan(kg_substitute), np.uint8(Way.FLOW_SPAN), substitute.way).astype(np.uint8)
    return replace(
        bare,
        rate_state=state,
        kg=kg,
        substitute=replace(substitute, way=way),
        kg_substitute=kg_substitute,
        capture=captures(state, base.first),
    )
