"""Days of one factor from its hours: means with validity, ranges, masses. Bulk, on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecobureau.domain.emission import bulk
from ecobureau.domain.emission.bulk import Bools, Floats, Ints
from ecobureau.domain.emission.grid import NEUTRAL, Bytes, State
from ecobureau.domain.emission.outlet import MEASURED, FactorHours, OutletHours
from ecobureau.domain.emission.rules import EmissionRules


@dataclass(frozen=True, slots=True)
class Days:
    """Days of one factor; arrays of one length.

    Attributes:
        day: days since 1970-01-01.
        mean: valid day mean (water: flow-weighted where it has a mass), NaN = not valid; pH has none.
        low, high: least and greatest valid hourly value.
        converted: mean of the converted hours where enough of them are valid.
        valid_hours, converted_hours, stopped_hours, quiet_hours (no discharge), operating_hours: counts.
        needed: valid hours the day needs; valid: whether it has them.
        state: `State` of the day: OK, STOPPED, NO_DISCHARGE, MISSING (nothing at all), SHORT (too few).
        weighted: whether the mean is flow-weighted.
        measured_ug, substituted_ug: micrograms of the measured and of the substituted hours; lost_hours: operating
            hours without either.
        rate_valid, substituted: hours measured, hours substituted.
        flow: m3 of the hours whose flow is known.
        should, received, valid_items: samples that operating hours should bring, that came (each time once), that are
            valid: the counts of the transmission rate.
    """

    day: Ints
    mean: Floats
    low: Floats
    high: Floats
    converted: Floats
    valid_hours: Ints
    converted_hours: Ints
    stopped_hours: Ints
    quiet_hours: Ints
    operating_hours: Ints
    needed: Ints
    valid: Bools
    state: Bytes
    weighted: Bools
    measured_ug: Ints
    substituted_ug: Ints
    rate_valid: Ints
    substituted: Ints
    lost_hours: Ints
    flow: Floats
    should: Ints
    received: Ints
    valid_items: Ints


def days_of(outlet: OutletHours, factor: str, rules: EmissionRules, kind: str, *, by_share: bool = False) -> Days:
    """Sum up the hours of one factor by natural day (Beijing).

    Args:
        outlet: hours of the outlet; factor: code; rules: rules in force; kind: `gas` or `water`.
        by_share: gas days with stops need 75 % of their operating hours (HJ/T 75-2007) instead of 20 hours.
    """
    one = outlet.factors[factor]
    index, day = _days(outlet.first_hour, outlet.count)
    size = len(day)

    def count(mask: Bools) -> Ints:
        found: Ints = np.bincount(index, weights=mask, minlength=size).astype(np.int64)
        return found

    ok = one.hours.state == State.OK
    stopped, quiet = count(one.hours.state == State.STOPPED), count(one.hours.state == State.NO_DISCHARGE)
    hours = np.bincount(index, minlength=size)
    operating = hours - stopped - quiet
    good = count(ok)
    needed = _needed(kind, hours, stopped, operating, rules, by_share)
    valid = (good >= needed) & (good > 0)
    mean, weighted = _mean(outlet, one, ok, index, size, kind, rules)
    converted_ok = ~np.isnan(one.converted) & ok
    converted_hours = count(converted_ok)
    enough = (converted_hours >= needed) & (converted_hours > 0)
    measured = np.isin(one.rate_state, MEASURED)
    filled = ~np.isnan(one.kg_substitute)
    neutral = np.isin(one.rate_state, NEUTRAL)
    running = ~np.isin(one.hours.state, NEUTRAL)
    stopped_items = one.hours.stopped // min(one.step, 60)
    return Days(
        day=day,
        mean=np.where(valid, mean, np.nan),
        low=_extreme(one.hours.mean, ok, index, size, np.minimum, np.inf),
        high=_extreme(one.hours.mean, ok, index, size, np.maximum, -np.inf),
        converted=np.where(enough, _arithmetic(one.converted, converted_ok, index, size), np.nan),
        valid_hours=good,
        converted_hours=converted_hours,
        stopped_hours=stopped,
        quiet_hours=quiet,
        operating_hours=operating,
        needed=needed,
        valid=valid,
        state=_day_state(valid, operating, quiet, good),
        weighted=weighted,
        measured_ug=sum_by(bulk.micrograms(one.kg), index, size),
        substituted_ug=sum_by(bulk.micrograms(one.kg_substitute), index, size),
        rate_valid=count(measured),
        substituted=count(filled),
        lost_hours=count(~measured & ~filled & ~neutral),
        flow=np.bincount(index, weights=np.nan_to_num(outlet.flow), minlength=size).astype(np.float64),
        should=sum_by(np.where(running, one.hours.expected - stopped_items, 0), index, size),
        received=sum_by(np.where(running, one.hours.present - stopped_items, 0), index, size),
        valid_items=sum_by(np.where(running, one.hours.valid // min(one.step, 60), 0), index, size),
    )


def sum_by(values: Ints, index: Ints, size: int) -> Ints:
    """Add whole numbers by index, exactly (`np.bincount` would pass through floats)."""
    out = np.zeros(size, dtype=np.int64)
    np.add.at(out, index, values)
    return out


def _days(first_hour: int, count: int) -> tuple[Ints, Ints]:
    of_hours = (first_hour + np.arange(count, dtype=np.int64)) // 24
    first = first_hour // 24
    last = int(of_hours[-1]) if count else first - 1
    return of_hours - first, np.arange(first, last + 1, dtype=np.int64)


def _needed(kind: str, hours: Ints, stopped: Ints, operating: Ints, rules: EmissionRules, by_share: bool) -> Ints:
    if kind == "water":
        found: Ints = np.maximum(1, np.ceil(rules.water_day_share * operating - 1e-9)).astype(np.int64)
        return found
    if not by_share:
        return np.full(len(hours), rules.day_hours, dtype=np.int64)
    share = np.maximum(1, np.ceil(rules.operating_share * (24 - stopped) - 1e-9))
    return np.where(stopped > 0, share, rules.day_hours).astype(np.int64)


def _arithmetic(values: Floats, mask: Bools, index: Ints, size: int) -> Floats:
    total = np.bincount(index, weights=np.where(mask, values, 0.0), minlength=size)
    with np.errstate(all="ignore"):
        out: Floats = total / np.bincount(index, weights=mask, minlength=size)
    return out


def _mean(
    outlet: OutletHours, one: FactorHours, ok: Bools, index: Ints, size: int, kind: str, rules: EmissionRules
) -> tuple[Floats, Bools]:
    plain = _arithmetic(one.hours.mean, ok, index, size)
    if one.factor == rules.ph_factor:
        return np.full(size, np.nan), np.zeros(size, dtype=bool)
    if kind != "water" or not one.spec.mass or not outlet.has_flow or one.factor in rules.unweighted:
        return plain, np.zeros(size, dtype=bool)
    both = ok & ~np.isnan(outlet.flow)
    weight = np.bincount(index, weights=np.where(both, outlet.flow, 0.0), minlength=size)
    load = np.bincount(index, weights=np.where(both, one.hours.mean * outlet.flow, 0.0), minlength=size)
    with np.errstate(all="ignore"):
        return np.where(weight > 0, load / weight, plain), weight > 0


def _extreme(values: Floats, mask: Bools, index: Ints, size: int, pick: np.ufunc, start: float) -> Floats:
    out = np.full(size, start)
    pick.at(out, index[mask], values[mask])
    return np.where(np.isinf(out), np.nan, out)


def _day_state(valid: Bools, operating: Ints, quiet: Ints, good: Ints) -> Bytes:
    conditions = (valid, (operating == 0) & (quiet > 0), operating == 0, good == 0)
    answers = (State.OK, State.NO_DISCHARGE, State.STOPPED, State.MISSING)
    return np.select(conditions, [int(one) for one in answers], int(State.SHORT)).astype(np.uint8)
