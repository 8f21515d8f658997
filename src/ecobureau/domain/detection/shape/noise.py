"""P02 and P11: values that stand still but for an artificial or instrument noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    PH,
    Rolling,
    cycles,
    join_factors,
    lagged_quantiles,
    pollutants,
    resolution_of,
    rolling,
    squash,
    time_of,
    usable,
    usable_cycles,
)
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, Ints, NoOpinion, Opinion, Params


def _statistics(case: Case, factor: str, hours: float, least: float) -> tuple[Rolling, Ints, Ints, int]:
    """Rolling statistics a cycle; (…, index of the cycle's last sample, of its first, cycles a window)."""
    seen = usable_cycles(cycles(case, factor))
    spacing = float(np.median(np.diff(seen.at))) if len(seen.at) > 2 else 1.0
    width = max(8, round(hours * case.series.per_hour / max(1.0, spacing)))
    use = np.ones(len(seen.value), dtype=bool)
    return rolling(seen.value, use, width, int(least * width)), seen.at, seen.first, width


@detector(id="P02", title="detection.P02.title", inputs=("pollutants",), group="shape", cost="O(n)")
def constant_with_noise(case: Case, p: Params) -> Opinion:
    """Constant plus artificial noise: spread far below the outlet's own, and no memory from one value to the next.

    Over trailing windows: relative spread against the lowest the outlet showed before (quantile of its own history,
    lagging by the hold-off), and correlation of neighbours against its own. Both must fall out of the outlet's own
    history.
    Source: 环发〔2015〕175号.
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    found: list[Finding] = []
    for factor in factors:
        found.extend(_noise_of(case, factor, p))
    return [_jointly(one, found, p) for one in join_factors(found)]


def _jointly(one: Finding, found: list[Finding], p: Params) -> Finding:
    """What one factor shows weakly, two at the same time show well: certain once the second one does."""
    ratio = float(one.numbers["spread"]) / max(1e-9, float(one.numbers["usual"]))
    if len(one.factors) < 2 or one.score >= 0.6 or ratio > p["strong_ratio"]:
        return one
    parts = sorted(part.raised_at for part in found if part.start < one.end and one.start < part.end)
    return replace(one, score=p["joint_score"], counter=(), raised_at=parts[1])


def _noise_of(case: Case, factor: str, p: Params) -> list[Finding]:
    stat, at, first, width = _statistics(case, factor, p["hours"], p["filled"])
    if len(at) < 3 * width:
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = stat.sd_line / np.abs(stat.mean)
    hold = width
    every, least = max(1, width // 2), width
    least_ever, low, usual = lagged_quantiles(spread, (0.0, 0.05, 0.5), hold=hold, every=every, least=least)
    memory_low, memory = lagged_quantiles(stat.r1, (0.05, 0.5), hold=hold, every=every, least=least)
    z = (np.arctanh(np.clip(memory, -0.95, 0.95)) - np.arctanh(np.clip(stat.r1, -0.95, 0.95))) * np.sqrt(
        np.maximum(stat.count - 3, 1)
    )
    fresh = (memory > p["memory_least"]) & ~(resolution_of(case, factor) > p["coarse"] * stat.sd)
    weak = fresh & (spread < np.minimum(p["spread_ratio"] * usual, p["low_ratio"] * low)) & (z > p["memory_z"])
    weak &= (stat.r1 < memory_low) & (stat.r1 < p["white"])
    strong = weak & (spread < p["strong_ratio"] * usual) & (spread < p["strong_low"] * least_ever)
    strong &= z > p["strong_z"]
    out = _findings(case, "P02", (factor,), strong, at, first, width, _numbers(stat, spread, usual, memory), z, p, 4)
    for one in _findings(
        case, "P02", (factor,), weak, at, first, width, _numbers(stat, spread, usual, memory), z, p, 4
    ):
        if not any(one.start < other.end and other.start < one.end for other in out):
            out.append(replace(one, score=p["weak_score"], counter=("detection.counter.one_factor",)))
    return out


def _numbers(stat: Rolling, spread: Floats, usual: Floats, memory: Floats) -> dict[str, Floats]:
    return {"mean": stat.mean, "spread": spread, "usual": usual, "r1": stat.r1, "memory": memory}


def _findings(
    case: Case,
    pattern: str,
    factors: tuple[str, ...],
    hit: Bools,
    at: Ints,
    first: Ints,
    width: int,
    numbers: dict[str, Floats],
    strength: Floats,
    p: Params,
    severity: int,
) -> list[Finding]:
    """Windows that end at hits, joined; the window begins where the first one's did."""
    out: list[Finding] = []
    where = np.flatnonzero(hit)
    groups = np.split(where, np.flatnonzero(np.diff(where) > width // 2) + 1) if len(where) else []
    for group in groups:
        if len(group) < p["least_hits"]:
            continue
        raised = int(group[int(p["least_hits"]) - 1])
        begin, end = max(0, int(group[0]) - width + 1), int(group[-1])
        value = float(np.median(strength[group]))
        out.append(
            Finding(
                pattern=pattern,
                start=time_of(case, int(first[begin])),
                end=time_of(case, int(at[end]) + 1),
                raised_at=time_of(case, int(at[raised]) + 1),
                factors=factors,
                statistic=value,
                threshold=p["threshold"],
                score=squash(value, p["threshold"])
                if pattern == "P11"
                else max(0.62, squash(value, 1.3 * p["threshold"])),
                severity=severity,
                numbers={name: round(float(values[raised]), 4) for name, values in numbers.items()},
            )
        )
    return out


@detector(id="P11", title="detection.P11.title", inputs=("water pollutants", "flow"), group="shape", cost="O(n)")
def bucket(case: Case, p: Params) -> Opinion:
    """Bucket sample or short-circuited sampling: every water factor stands within the analyser's repeatability.

    Over a trailing day the spread of every factor about a straight line (a bucket ages slowly) is below 3 % or one
    step of resolution, and far below what the outlet ever showed before. At least three factors, together.
    Source: 生态环境监测条例 art. 25(4), 环发〔2015〕175号.
    """
    if case.series.kind != "water":
        return NoOpinion("detection.none.water_only")
    factors = [factor for factor in pollutants(case) if np.isfinite(case.series.avg[factor]).any()]
    if len(factors) < p["factors"]:
        return NoOpinion("detection.none.few_factors", {"count": float(len(factors))})
    count = len(case.series)
    still = np.zeros((len(factors), count), dtype=bool)
    known = np.zeros((len(factors), count), dtype=bool)
    ratio = np.full((len(factors), count), np.nan)
    spread_at = np.full((len(factors), count), np.nan)
    memory_at = np.full((len(factors), count), np.nan)
    frozen = np.zeros((len(factors), count), dtype=bool)
    for row, factor in enumerate(factors):
        stat, at, _first, width = _statistics(case, factor, p["hours"], p["filled"])
        if len(at) < width:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = stat.sd_line / np.abs(stat.mean)
            grain = resolution_of(case, factor) / np.abs(stat.mean)
        every = max(1, width // 2)
        low, usual = lagged_quantiles(spread, (0.1, 0.5), hold=width, every=every, least=width)
        bound = np.maximum(p["spread"], p["grains"] * grain)
        calm = (spread < bound) & (spread < p["low_ratio"] * np.where(np.isfinite(low), low, np.inf))
        _hold(still[row], at, calm)
        _hold(known[row], at, np.isfinite(spread) & np.isfinite(usual))
        _hold(ratio[row], at, spread / usual)
        _hold(spread_at[row], at, spread)
        _hold(memory_at[row], at, stat.r1)
        _hold(frozen[row], at, _repeats(case, factor) >= p["frozen_cycles"])
    voices = known.sum(axis=0)
    # Values that do not change at all are a flat line (P01); a bucket still shows the analyser's own scatter.
    dead = (known & ((spread_at < 1e-9) | frozen)).sum(axis=0) >= p["share"] * np.maximum(voices, 1)
    share = np.where(voices > 0, (still & known).sum(axis=0) / np.maximum(voices, 1), 0.0)
    hit = (voices >= p["factors"]) & (share >= p["share"]) & ~dead
    with np.errstate(invalid="ignore"):
        median_ratio = quick.row_medians(np.where(known, ratio, np.nan).T)
        median_spread = quick.row_medians(np.where(known, spread_at, np.nan).T)
    index = np.arange(count, dtype=np.int64)
    width = round(p["hours"] * case.series.per_hour)
    strength = _acid_still(case, p, width) * -2.0 * np.log(np.maximum(median_ratio, 1e-3)) * np.maximum(voices, 1)
    memory = np.nanmean(np.where(known, memory_at, np.nan), axis=0)
    numbers = {"r1": memory, "spread": median_spread, "usual": median_spread / np.maximum(median_ratio, 1e-9)}
    found = _findings(case, "P11", tuple(factors), hit, index, index, width, numbers, strength, p, 5)
    # Little below what the outlet showed before: a still basin does that too.
    return [replace(one, counter=("detection.counter.calm",)) if one.score < 0.6 else one for one in found]


def _repeats(case: Case, factor: str) -> Ints:
    """How many cycles before each usable one read exactly what it reads."""
    value = usable_cycles(cycles(case, factor)).value
    place = np.arange(len(value), dtype=np.int64)
    fresh = np.concatenate([[True], np.abs(np.diff(value)) > 1e-9])[: len(value)]
    out: Ints = place - np.maximum.accumulate(np.where(fresh, place, 0))
    return out


def _acid_still(case: Case, p: Params, width: int) -> Floats:
    """(n,) 1 where pH is not measured; more where it stands still as well; less where it moves on: a basin."""
    out = np.ones(len(case.series))
    values = case.series.avg.get(PH)
    if values is None or not np.isfinite(values).any():
        return out
    stat = rolling(values, usable(case, PH), width, int(p["filled"] * width))
    (usual,) = lagged_quantiles(stat.sd_line, (0.5,), hold=width, every=max(1, width // 2), least=width)
    with np.errstate(invalid="ignore"):
        moves = stat.sd_line > np.maximum(p["acid_ratio"] * usual, 1.2 * resolution_of(case, PH))
        still = stat.sd_line < p["acid_still"] * usual
    out[still] = p["surer_acid"]
    out[moves] = p["doubt_acid"]
    return out


def _hold(out: np.ndarray, at: Ints, values: np.ndarray) -> None:
    """Write a value known at the end of each cycle into every sample up to the next cycle's end, a day at most."""
    for a, b, value in zip(at, [*at[1:].tolist(), len(out)], values, strict=True):
        out[a : min(b, a + 24)] = value
