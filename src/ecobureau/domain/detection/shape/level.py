"""P05 and P06: a level that moved from one moment on, by a factor or by a difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecobureau.domain.detection.model.expected import Expected
from ecobureau.domain.detection.model.outlet import expected_of
from ecobureau.domain.detection.model.spells import trailing_median
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    join_factors,
    pollutants,
    resolution_of,
    scale_of,
    squash,
    time_of,
    usable,
)
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, NoOpinion, Opinion, Params


@dataclass(frozen=True, slots=True)
class Shift:
    """A lasting move of one factor against its expected value.

    Attributes:
        first, stop: half-open range of samples; raised: sample with which it was certain.
        ln_k: median ln(value / expected) less its own past level; offset: median of value - expected, in the factor's unit.
        z: move in scales of the outlet's own past moves; spread: spread of neighbours' differences against the past.
        floor_share, floor_before: share of values at the floor; abrupt: share of the move made within the first hours.
    """

    factor: str
    first: int
    stop: int
    raised: int
    ln_k: float
    offset: float
    z: float
    spread: float
    floor_share: float
    floor_before: float
    abrupt: float


def shifts_of(case: Case, factor: str, p: Params) -> list[Shift]:
    """Return lasting moves of a factor against the data model; cached, because P05 and P06 read the same."""
    key = f"shifts:{factor}"
    if key not in case.cache:
        expected = expected_of(case, factor)
        case.cache[key] = [] if isinstance(expected, NoOpinion) else _shifts(case, factor, expected, p)
    out = case.cache[key]
    assert isinstance(out, list)
    return out


def _shifts(case: Case, factor: str, expected: Expected, p: Params) -> list[Shift]:
    series = case.series
    use = usable(case, factor) & expected.known
    ratio = np.where(use, expected.ln_ratio, np.nan)
    width = round(p["hours"] * series.per_hour)
    every = max(1, series.per_hour)
    middle = trailing_median(ratio, width, int(p["filled"] * width), every)
    past_level, past_scale = _past(middle, case, p)
    move = middle - past_level
    with np.errstate(invalid="ignore", divide="ignore"):
        z = move / np.maximum(past_scale, p["least_scale"])
    hit = (np.abs(move) > p["ln_k"]) & (np.abs(z) > p["z"]) & np.isfinite(z)
    hit &= ~_after_stop(case, p)
    out: list[Shift] = []
    where = np.flatnonzero(hit)
    groups = np.split(where, np.flatnonzero(np.diff(where) > width // 2) + 1) if len(where) else []
    for group in groups:
        need = round(p["hold_h"] * series.per_hour)
        if group[-1] - group[0] < need:
            continue
        raised = int(group[np.searchsorted(group, group[0] + need)])
        sign = float(np.sign(move[raised]))
        first = _begin(ratio, past_level, int(group[0]), width, sign, abs(float(move[raised])))
        stop = int(group[-1]) + 1
        stop = max(raised + 1, stop - width // 3)
        out.append(_shift(case, factor, expected, ratio, use, first, stop, raised, past_level, z, p))
    return out


def _past(middle: Floats, case: Case, p: Params) -> tuple[Floats, Floats]:
    """(n,) level and scale of the rolling medians in the past, lagging by the hold-off."""
    series = case.series
    hold = round(p["holdoff_h"] * series.per_hour)
    every = max(1, 6 * series.per_hour)
    least = round(p["past_least_h"] * series.per_hour)
    level, scale = np.full(len(middle), np.nan), np.full(len(middle), np.nan)
    for at in range(0, len(middle), every):
        past = middle[max(0, at - hold - 45 * 24 * series.per_hour) : max(0, at - hold)]
        past = past[np.isfinite(past)]
        if len(past) < least:
            level[at : at + every], scale[at : at + every] = 0.0, p["first_scale"]
            continue
        centre = float(np.median(past))
        level[at : at + every] = np.clip(centre, -p["ln_k"], p["ln_k"])
        scale[at : at + every] = max(scale_of(past), 0.5 * float(np.quantile(np.abs(past - centre), 0.95)))
    return level, scale


def _begin(ratio: Floats, level: Floats, seen: int, width: int, sign: float, size: float) -> int:
    """Index at which the level moved: the split of the time around the first hit that parts it best."""
    a, b = max(0, seen - 2 * width), seen + 1
    part = ratio[a:b] - level[seen]
    good = np.isfinite(part)
    inside = np.where(good, (sign * part > 0.5 * size).astype(float) - 0.5, 0.0)
    # Latest start of a mostly moved tail.
    tail = np.cumsum(inside[::-1])[::-1]
    return a + int(np.argmax(tail))


def _after_stop(case: Case, p: Params) -> Bools:
    hours = round(p["after_stop_h"] * case.series.per_hour)
    recent = np.cumsum(case.masks.stop.astype(np.int64))
    before = np.concatenate([np.zeros(min(hours, len(recent)), dtype=np.int64), recent[:-hours]]) if hours else recent
    out: Bools = (recent - before) > 0
    return out


def _shift(
    case: Case,
    factor: str,
    expected: Expected,
    ratio: Floats,
    use: Bools,
    first: int,
    stop: int,
    raised: int,
    level: Floats,
    z: Floats,
    p: Params,
) -> Shift:
    values = case.series.avg[factor]
    window = slice(first, raised + 1)
    before = slice(max(0, first - round(p["before_h"] * case.series.per_hour)), first)
    good, old = use[window], use[before]
    ln_k = float(np.nanmedian(ratio[window][good])) - float(level[raised]) if good.any() else 0.0
    offset = float(np.nanmedian((values - expected.center)[window][good])) if good.any() else 0.0
    floor = max(2.0 * resolution_of(case, factor), p["floor_share_of_usual"] * _usual(values[before], old))
    return Shift(
        factor=factor,
        first=first,
        stop=stop,
        raised=raised,
        ln_k=ln_k,
        offset=offset,
        z=float(z[raised]),
        spread=_step(values[window], good) / max(1e-9, _step(values[before], old)),
        floor_share=float(np.mean(values[window][good] <= floor)) if good.any() else 0.0,
        floor_before=float(np.mean(values[before][old] <= floor)) if old.any() else 0.0,
        abrupt=_abrupt(ratio, first, raised, case.series.per_hour),
    )


def _usual(values: Floats, good: Bools) -> float:
    return float(np.median(values[good])) if good.any() else 0.0


def _step(values: Floats, good: Bools) -> float:
    """Robust size of the differences of neighbours; of those that moved, since analysers repeat within a cycle."""
    steps = np.diff(values)[good[1:] & good[:-1]]
    steps = np.abs(steps[np.abs(steps) > 0])
    return float(np.median(steps)) if len(steps) >= 6 else float("nan")


def _abrupt(ratio: Floats, first: int, raised: int, per_hour: int) -> float:
    """Share of the whole move that was made by the first half day after the start, against the half day before."""
    half = 12 * per_hour
    before, after = ratio[max(0, first - half) : first], ratio[first : first + half]
    late = ratio[max(first, raised + 1 - half) : raised + 1]
    far = ratio[max(0, first - 6 * half) : first]
    if not all(np.isfinite(part).sum() >= 3 for part in (before, after, late, far)):
        return 1.0
    whole = float(np.nanmedian(late) - np.nanmedian(far))
    return float(np.nanmedian(after) - np.nanmedian(before)) / whole if abs(whole) > 1e-6 else 1.0


def _is_offset(one: Shift, p: Params) -> bool:
    """A difference rather than a factor: down, with values at the floor, or with the scatter of before."""
    if one.ln_k >= 0:
        return False
    if one.floor_share > one.floor_before + p["floor_share"]:
        return True
    if not np.isfinite(one.spread) or one.spread <= 0:
        return False
    # Scatter of a scaled series shrinks by the factor, that of a shifted one stays: which is nearer, in logs?
    return abs(np.log(one.spread)) < p["offset_lean"] * abs(np.log(one.spread) - one.ln_k)


@detector(
    id="P05", title="detection.P05.title", inputs=("pollutants", "data model"), group="shape", cost="O(n), the model"
)
def slope(case: Case, p: Params) -> Opinion:
    """Slope tampering: the level is multiplied by a factor from one moment on, relative scatter unchanged.

    Statistic: running median of ln(value / expected value of the data model) against its own past level, in scales of its
    own past moves. A move that came gradually is drift (P30); a difference instead of a factor is P06; all pollutants by
    one factor is dilution (P08).
    Source: HJ 75-2017, 生态环境监测条例 art. 25(5).
    """
    return _moves(case, p, "P05")


@detector(
    id="P06", title="detection.P06.title", inputs=("pollutants", "data model"), group="shape", cost="O(n), the model"
)
def offset(case: Case, p: Params) -> Opinion:
    """Offset tampering: a fixed amount is taken off, many values fall to the floor, scatter unchanged in absolute terms.

    Same moves as P05, told apart by the share of values at the floor and by the size of neighbours' differences.
    A step of less than 3 % of the range at a calibration is a corrected zero drift.
    Source: HJ 75-2017, 生态环境监测条例 art. 25(5).
    """
    return _moves(case, p, "P06")


def _moves(case: Case, p: Params, pattern: str) -> Opinion:
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    shared = case.params.part("P05")
    opinions = [expected_of(case, factor) for factor in factors]
    if all(isinstance(one, NoOpinion) for one in opinions):
        return NoOpinion("detection.none.no_model")
    found: list[Finding] = []
    for factor in factors:
        for one in shifts_of(case, factor, shared):
            down = _is_offset(one, case.params.part("P06"))
            if down == (pattern == "P06") and one.abrupt > shared["abrupt"]:
                finding = _told(case, one, pattern, p, shared)
                if finding is not None:
                    found.append(finding)
    return join_factors(found)


def _told(case: Case, one: Shift, pattern: str, p: Params, shared: Params) -> Finding | None:
    facts = case.facts.factors.get(one.factor)
    if pattern == "P06" and facts is not None and facts.range_max:
        flags = case.series.flag[one.factor][max(0, one.first - 6 * case.series.per_hour) : one.first + 1]
        if abs(one.offset) < p["zero_share"] * facts.range_max and np.isin(flags, ["C"]).any():
            return None
    strength = min(abs(one.z) / shared["z"], abs(one.ln_k) / shared["ln_k"])
    score = max(0.62, squash(strength, 1.3))
    counter: tuple[str, ...] = ()
    if one.ln_k > 0:
        # Nobody tampers upwards: a raised level is a fault or a true change.
        score *= shared["upward"]
        counter = ("detection.counter.upward",)
    expected = expected_of(case, one.factor)
    assert isinstance(expected, Expected)
    window = slice(one.first, one.raised + 1)
    return Finding(
        pattern=pattern,
        start=time_of(case, one.first),
        end=time_of(case, one.stop),
        raised_at=time_of(case, one.raised + 1),
        factors=(one.factor,),
        statistic=abs(one.z),
        threshold=shared["z"],
        score=score,
        severity=5 if one.ln_k < 0 else 3,
        numbers={
            "k": round(float(np.exp(one.ln_k)), 3),
            "percent": round(100 * (1 - float(np.exp(one.ln_k))), 1),
            "offset": round(one.offset, 3),
            "z": round(abs(one.z), 1),
            "usual": round(float(np.nanmedian(expected.center[window])), 3),
            "seen": round(float(np.nanmedian(case.series.avg[one.factor][window])), 3),
            "floor": round(one.floor_share, 3),
        },
        counter=counter,
    )
