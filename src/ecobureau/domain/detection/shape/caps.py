"""P04 and the exact form of P03: values that stop at one exact maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    Cycles,
    cycles,
    join_factors,
    judged,
    limit_of,
    pollutants,
    resolution_of,
    scale_of,
    squash,
    time_of,
    usable_cycles,
)
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params
from ecobureau.domain.late import stats


@dataclass(frozen=True, slots=True)
class Plateau:
    """Values that end at one exact maximum; positions among the usable cycles.

    Attributes:
        first, last, raised: first and last touch, and the touch with which it was certain; level: the maximum.
        touches, seen: how many values touch it among those seen when it was raised; runs: separate touches.
        surprise: -ln of the chance of so many ties at a maximum.
    """

    first: int
    last: int
    raised: int
    level: float
    touches: int
    seen: int
    runs: int
    surprise: float


def plateaus(seen: Cycles, resolution: float, p: Params, window: int, most: float) -> list[Plateau]:
    """Return every plateau of exact maxima.

    The chance of ties comes from the crowd just below the maximum: a smooth tail thins out upwards, so the exact top
    value should not hold more than its share of the values in the tenth of a spread below it.
    """
    x = seen.value
    found: list[Plateau] = []
    levels, counts = np.unique(np.round(x / resolution).astype(np.int64), return_counts=True)
    floor, least = float(np.median(x)) if len(x) else 0.0, p["touches"]
    for level_q, count in zip(levels, counts, strict=True):
        level = float(level_q) * resolution
        if count < least or level >= most or level <= floor * 0.5:
            continue
        found.extend(_of_level(x, level, resolution, p, window))
    found.sort(key=lambda one: (one.first, -one.surprise))
    out: list[Plateau] = []
    for one in found:
        if not any(one.first <= other.last and other.first <= one.last for other in out):
            out.append(one)
    return out


def _of_level(x: np.ndarray, level: float, resolution: float, p: Params, window: int) -> list[Plateau]:
    half, least = 0.5 * resolution, int(p["touches"])
    above = np.flatnonzero(x > level + half)
    touching = np.flatnonzero(np.abs(x - level) <= half)
    # Stretches between values above the level: only those with enough touches matter.
    stretch = np.searchsorted(above, touching)
    counts = np.bincount(stretch, minlength=len(above) + 1)
    out = []
    for one in np.flatnonzero(counts >= least):
        where = touching[stretch == one]
        begin = int(above[one - 1]) + 1 if one > 0 else 0
        found = _certain(x, where, begin, level, resolution, p, window)
        if found is not None:
            out.append(found)
    return out


def _certain(
    x: np.ndarray, where: np.ndarray, begin: int, level: float, resolution: float, p: Params, window: int
) -> Plateau | None:
    least, least_runs, least_share = int(p["touches"]), p["runs"], p["share"]
    long = window * p["least_h"] / (24 * p["window_d"])
    scales, free, need = p["crowd_scales"], p["ties_free"], p["surprise"]
    apart = np.concatenate([[0], np.cumsum(np.diff(where) > 1)])
    spread = -1.0
    for place in range(least - 1, len(where)):
        now = int(where[place])
        origin = max(begin, now - window + 1)
        first = int(np.searchsorted(where, origin))
        touches = place - first + 1
        runs = 1 + int(apart[place] - apart[first])
        if (
            now - where[first] < long
            or touches < least
            or runs < least_runs
            or touches < least_share * (now + 1 - origin)
        ):
            continue
        part = x[origin : now + 1]
        if spread < 0 or place % 4 == 0:
            spread = scale_of(x[: now + 1])
        width = max(scales * spread, 3 * resolution)
        crowd = np.count_nonzero((part < level - 0.5 * resolution) & (part >= level - width))
        expected = crowd * resolution / width + free
        if touches <= expected:
            continue
        surprise = -float(stats.poisson.logsf(touches - 1, expected))
        if surprise > need:
            tail = where[place:]
            gaps = np.flatnonzero(np.diff(tail) > window)
            last = int(tail[gaps[0]]) if len(gaps) else int(tail[-1])
            return Plateau(int(where[first]), last, now, level, touches, len(part), runs, surprise)
    return None


@detector(id="P04", title="detection.P04.title", inputs=("pollutants", "range"), group="shape", cost="O(n log n)")
def capped(case: Case, p: Params) -> Opinion:
    """Range tampering: the values stop at one exact maximum below the registered range, without mark T.

    Statistic: -ln of the chance of so many exact ties at the top, given how thin the tail is just below it.
    A plateau just under the limit is limit clipping (P03), one at the end of the registered range is over-range.
    Source: HJ 75-2017 (range), 生态环境监测条例 art. 25(5).
    """
    return _plateau_findings(case, p, "P04")


def _plateau_findings(case: Case, p: Params, pattern: str) -> Opinion:
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    found: list[Finding] = []
    for factor in factors:
        for converted in (False, True):
            finding = _one(case, factor, p, pattern, converted)
            found.extend(finding)
            if finding:
                break
    return join_factors(found)


def _one(case: Case, factor: str, p: Params, pattern: str, converted: bool) -> list[Finding]:
    raw = case.series.avg[factor]
    values = judged(case, factor) if converted else raw
    if converted and values is raw:
        return []
    whole = cycles(case, factor, values)
    seen = usable_cycles(whole)
    per_cycle = max(1.0, len(values) / max(1, len(whole.value)))
    window = max(8, round(p["window_d"] * 24 * case.series.per_hour / per_cycle))
    facts = case.facts.factors.get(factor)
    limit = limit_of(case, factor)
    top = facts.range_max * p["range_share"] if facts is not None and facts.range_max else float("inf")
    resolution = resolution_of(case, factor) if not converted else 0.001
    out = []
    key = f"plateaus:{factor}:{converted}"
    if key not in case.cache:
        case.cache[key] = plateaus(seen, resolution, case.params.part("P04"), window, top)
    found = case.cache[key]
    assert isinstance(found, list)
    for one in found:
        judged_level = _judged_level(case, factor, seen, one, converted)
        if one.level < p["least_steps"] * resolution:
            continue
        near = limit is not None and p["near_limit"] * limit <= judged_level <= 1.001 * limit
        if near != (pattern == "P03"):
            continue
        out.append(
            Finding(
                pattern=pattern,
                start=time_of(case, int(seen.first[one.first])),
                end=time_of(case, int(seen.at[one.last]) + 1),
                raised_at=time_of(case, int(seen.at[one.raised]) + 1),
                factors=(factor,),
                statistic=one.surprise,
                threshold=p["surprise"],
                score=max(0.65, squash(one.surprise, 1.3 * p["surprise"])),
                severity=5,
                numbers={
                    "level": one.level,
                    "touches": float(one.touches),
                    "seen": float(one.seen),
                    "runs": float(one.runs),
                    "range": facts.range_max if facts is not None and facts.range_max else "?",
                    "limit": limit if limit is not None else "?",
                },
            )
        )
    return out


def _judged_level(case: Case, factor: str, seen: Cycles, one: Plateau, converted: bool) -> float:
    if converted:
        return one.level
    values = judged(case, factor)
    part = values[seen.first[one.first] : seen.at[one.raised] + 1]
    raw = case.series.avg[factor][seen.first[one.first] : seen.at[one.raised] + 1]
    touching = np.abs(raw - one.level) <= 0.5 * resolution_of(case, factor)
    good = part[touching & np.isfinite(part)]
    if not len(good):
        return one.level
    # A cap on the converted value shows as one converted level; a cap on the raw one scatters by O2.
    spread = float(np.std(good)) / max(1e-9, float(np.mean(good)))
    return float(np.mean(good)) if spread < 0.01 else -1.0


def clipped_exactly(case: Case, p: Params) -> list[Finding]:
    """Return plateaus of the judged value just under the limit (the exact form of P03)."""
    opinion = _plateau_findings(case, p, "P03")
    return [] if isinstance(opinion, NoOpinion) else opinion
