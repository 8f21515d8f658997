"""P05 and P06: a level that moved from one moment on, by a factor or by a difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    join_factors,
    pollutants,
    resolution_of,
    squash,
    time_of,
    trace_of,
    usable,
)
from ecobureau.domain.detection.shape.steps import Step, quiet_before, steps_of
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, NoOpinion, Opinion, Params


@detector(id="P05", title="detection.P05.title", inputs=("pollutants", "load, O2, inlet"), group="shape", cost="O(n)")
def slope(case: Case, p: Params) -> Opinion:
    """Slope tampering: the level is multiplied by a factor from one moment on, relative scatter unchanged.

    Statistic: size of a step in ln(value / expected value) in its own standard error, from the autocorrelation of the
    outlet's own past. A move that came gradually is drift (P30); a difference instead of a factor is P06; all
    pollutants by one factor is dilution (P08). Other pollutants that move by other amounts speak for the process.
    Source: HJ 75-2017, 生态环境监测条例 art. 25(5).
    """
    return _moves(case, p, "P05")


@detector(id="P06", title="detection.P06.title", inputs=("pollutants", "load, O2, inlet"), group="shape", cost="O(n)")
def offset(case: Case, p: Params) -> Opinion:
    """Offset tampering: a fixed amount is taken off; many values fall to the floor, scatter stays as it was.

    Same steps as P05, told apart by the share of values at the floor and by the size of neighbours' differences.
    A step of less than 3 % of the range at a calibration is a corrected zero drift.
    Source: HJ 75-2017, 生态环境监测条例 art. 25(5).
    """
    return _moves(case, p, "P06")


def _moves(case: Case, p: Params, pattern: str) -> Opinion:
    if not pollutants(case):
        return NoOpinion("detection.none.no_pollutant")
    shared, own = case.params.part("P05"), case.params.part("P06")
    found: list[Finding] = []
    for steps in steps_of(case, case.params.part("step")).values():
        for one in steps:
            if one.ln_k >= 0:
                continue
            # Shorter ones are jumps; it is certain once it has lasted.
            hours = shared["least_small_h"]
            if one.factor in shared.texts("wandering"):
                # Nitrification comes and goes by itself: only what is far out and lasts counts.
                if abs(one.z) < shared["clear_z"]:
                    continue
            elif abs(one.ln_k) > shared["clear_ln_k"]:
                hours = shared["least_h"] if abs(one.z) > shared["clear_z"] else shared["least_fair_h"]
            one = replace(one, raised=max(one.raised, one.first + round(hours * case.series.per_hour)))
            if one.stop < min(one.raised, len(case.series)) or one.raised > len(case.series):
                continue
            told = _Shape(case, one)
            if _is_offset(one, told, own) == (pattern == "P06"):
                finding = _told(case, one, told, pattern, shared, own)
                if finding is not None:
                    found.append(finding)
    return join_factors(found)


class _Shape:
    """How a factor scattered and touched the floor before and after a step."""

    def __init__(self, case: Case, one: Step) -> None:
        values, use = case.series.avg[one.factor], usable(case, one.factor)
        long = 10 * 24 * case.series.per_hour
        before, after = slice(max(0, one.first - long), one.first), slice(one.first, min(one.stop, one.raised))
        floor = max(2.0 * resolution_of(case, one.factor), 0.5 * trace_of(case, one.factor))
        self.usual, self.now = _median(values[before], use[before]), _median(values[after], use[after])
        self.high_before, self.high_now = _high(values[before], use[before]), _high(values[after], use[after])
        self.floor_before = _share_at(values[before], use[before], floor)
        self.floor_now = _share_at(values[after], use[after], floor)
        self.parts = _by_quarter(case, one)
        steps = np.diff(values[after])[use[after][1:] & use[after][:-1]]
        self.moves = int(np.count_nonzero(np.abs(steps) > 0))
        clear = use[after] & (values[after] > trace_of(case, one.factor))
        self.clear = _median(values[after], clear)
        self.spread = _step(values[after], use[after]) / max(1e-9, _step(values[before], use[before]))


def _by_quarter(case: Case, one: Step) -> Floats:
    """(4,) ln move of each quarter of the day: tampering does not keep hours, nights of trace and night modes do."""
    values, use, hour = case.series.avg[one.factor], usable(case, one.factor), case.series.hour_of_day // 6
    long, stop = 10 * 24 * case.series.per_hour, min(one.stop, one.raised)
    out = np.full(4, np.nan)
    for quarter in range(4):
        now = values[one.first : stop][(use & (hour == quarter))[one.first : stop]]
        begin = max(0, one.first - long)
        past = values[begin : one.first][(use & (hour == quarter))[begin : one.first]]
        if len(now) >= 3 and len(past) >= 6 and quick.median(past) > 0:
            out[quarter] = np.log(max(quick.median(now), 1e-9) / quick.median(past))
    return out


def _median(values: Floats, good: Bools) -> float:
    return quick.median(values[good]) if good.any() else float("nan")


def _high(values: Floats, good: Bools) -> float:
    return quick.quantile(values[good], 0.85) if good.any() else float("nan")


def _share_at(values: Floats, good: Bools, floor: float) -> float:
    return float(np.mean(values[good] <= floor)) if good.any() else 0.0


def _step(values: Floats, good: Bools) -> float:
    """Size of the differences of neighbours, wild ones bounded; of those that moved: analysers repeat in a cycle."""
    steps = np.diff(values)[good[1:] & good[:-1]]
    steps = np.abs(steps[np.abs(steps) > 0])
    # Of a day's few differences the mean is far surer than the median.
    return float(np.minimum(steps, 4.0 * quick.median(steps)).mean()) if len(steps) >= 6 else float("nan")


def _is_offset(one: Step, told: _Shape, p: Params) -> bool:
    """A difference rather than a factor: values at the floor, or the scatter of before."""
    if told.floor_now > told.floor_before + p["floor_share"]:
        return True
    if not np.isfinite(told.spread) or told.spread <= 0 or not told.usual > 0:
        return False
    # Scatter of a scaled series shrinks by the factor, that of a shifted one stays: which is nearer, in logs?
    k = float(np.log(max(told.now, 1e-9) / told.usual))
    # The size of few differences is uncertain; a factor is what hands find easier to set, so doubt leans that way.
    doubt = p["offset_lean"] / np.sqrt(max(1, told.moves))
    return bool(abs(np.log(told.spread)) + doubt < abs(np.log(told.spread) - k))


def _stood_still(case: Case, near: Bools) -> bool:
    """A plant that never rests stood still for hours, or its instrument was in other hands for long."""
    run = case.masks.run
    first = int(np.argmax(near))
    rests = float(np.mean(~run[:first])) if first else 0.0
    hours = case.series.per_hour
    return bool(np.count_nonzero(~run[near]) >= 4 * hours and rests < 0.03)


def _told(case: Case, one: Step, told: _Shape, pattern: str, shared: Params, own: Params) -> Finding | None:
    series = case.series
    facts = case.facts.factors.get(one.factor)
    flags = series.flag[one.factor]
    near = quiet_before(case, one.first, shared["after_stop_h"])
    # The place of a step is known to within a day or so: a stop just behind it counts as well.
    near[one.first : min(one.raised, one.first + round(shared["after_stop_h"] * series.per_hour))] = True
    counter: list[str] = []
    score = max(0.62, squash(abs(one.z), 1.3 * case.params.part("step")["z"]))
    zero = pattern == "P06" and facts is not None and facts.range_max and np.isin(flags[near], ["C"]).any()
    top = (facts.range_max or 0.0) if facts is not None else 0.0
    if zero and told.usual - told.now < own["zero_share"] * top and told.floor_now <= told.floor_before + 0.02:
        return None
    quarters = told.parts[np.isfinite(told.parts)]
    if len(quarters) >= 3 and np.count_nonzero(quarters > shared["quarter_share"] * one.ln_k) >= 1:
        return None
    scatter = told.spread * (told.usual / max(told.now, 1e-9) if pattern == "P05" else 1.0)
    floored = pattern == "P06" and told.floor_now > told.floor_before + own["floor_share"]
    if np.isfinite(scatter) and not shared["scatter_low"] < scatter < shared["scatter_high"] and not floored:
        return None
    if case.masks.stop[near].any() or _stood_still(case, near):
        score *= shared["doubt_stop"]
        counter.append("detection.counter.after_stop")
    others = np.array([size for size in one.others if np.isfinite(size)])
    moved = np.abs(others) > shared["others_share"] * abs(one.ln_k)
    alike = np.abs(others - one.ln_k) < shared["others_alike"]
    if len(others) and moved.all() and (moved & ~alike).any():
        # All other pollutants moved too, by other amounts: the process or the fuel.
        score *= shared["doubt_others"]
        counter.append("detection.counter.others_moved")
    if told.floor_now > told.floor_before + 0.05 and told.clear > 0.8 * told.usual:
        # What is not at trace is as it always was: hours without the pollutant, not a shifted scale.
        return None
    if told.high_before - told.high_now < shared["high_share"] * (told.usual - told.now):
        # The high values are as high as ever: only some hours are low.
        return None
    if told.now > told.usual * (1 - shared["least_fall"]):
        return None
    return Finding(
        pattern=pattern,
        start=time_of(case, one.first),
        end=time_of(case, one.stop),
        raised_at=time_of(case, one.raised),
        factors=(one.factor,),
        statistic=abs(one.z),
        threshold=case.params.part("step")["z"],
        score=score,
        severity=5,
        numbers={
            "k": round(float(np.exp(one.ln_k)), 3),
            "percent": round(100 * (1 - float(np.exp(one.ln_k))), 1),
            "offset": round(told.usual - told.now, 3),
            "z": round(abs(one.z), 1),
            "usual": round(told.usual, 3),
            "seen": round(told.now, 3),
            "floor": round(told.floor_now, 3),
        },
        counter=tuple(counter),
    )
