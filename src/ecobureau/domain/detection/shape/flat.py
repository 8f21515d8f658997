"""P01: the same value for longer than this outlet ever showed by chance."""

from __future__ import annotations

from math import log

import numpy as np

from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    Cycles,
    cycle_of,
    cycles,
    join_factors,
    pollutants,
    resolution_of,
    scale_of,
    squash,
    time_of,
    trace_of,
    usable_cycles,
)
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params


@detector(id="P01", title="detection.P01.title", inputs=("pollutants", "resolution"), group="shape", cost="O(n)")
def flat(case: Case, p: Params) -> Opinion:
    """Exact flat line: repeats to the resolution while the process runs.

    The surprise of a run of L equal values is (L - 1)(-ln P), P the chance of a repeat in the outlet's own history
    before the run (the chance after a repeat, where that is higher). Values at the floor of the instrument, water that
    does not flow, marked hours and stops are left out; water counts analyser cycles.
    Source: HJ 75-2017, HJ 355-2019 data review; 环发〔2015〕175号.
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    found = [finding for factor in factors for finding in _of_factor(case, factor, p)]
    joined = join_factors(found)
    return [one if len(one.factors) < 2 else _several(one) for one in joined]


def _several(finding: Finding) -> Finding:
    from dataclasses import replace

    return replace(finding, severity=4)


def _of_factor(case: Case, factor: str, p: Params) -> list[Finding]:
    series = case.series
    seen = usable_cycles(cycles(case, factor))
    if len(seen.value) < 3:
        return []
    step = resolution_of(case, factor)
    least = round(p["water_cycles"]) if series.kind == "water" else _gas_least(case, p)
    cycle_h = cycle_of(case, factor) * series.step_s / 3600
    floor = max(p["floor_resolutions"] * step, trace_of(case, factor))
    # A reading that only ever stands on a handful of steps repeats by itself for long.
    coarse = scale_of(seen.value[: 240 * series.per_hour]) < p["coarse_steps"] * step
    least_surprise = p["surprise"] * (p["coarse_surprise"] if coarse else 1.0)
    out: list[Finding] = []
    repeats, pairs, after, after_pairs, longest = 0.0, 0.0, 0.0, 0.0, 0
    for a, b, value in _runs(seen, 0.5 * step, round(p["bridge_h"] * series.per_hour)):
        length = b - a
        if value > floor:
            chance = max((repeats + 1) / (pairs + 20), (after + 1) / (after_pairs + 20))
            per_step = -log(min(0.98, chance))
            surprise = (length - 1) * per_step
            need = max(least, int(np.ceil(1 + least_surprise / per_step)), int(np.ceil(p["longest_ratio"] * longest)))
            if length >= need and surprise > least_surprise:
                raised = int(seen.at[a + need - 1]) + 1
                start, end = int(seen.first[a]), int(seen.at[b - 1]) + 1
                out.append(
                    Finding(
                        pattern="P01",
                        start=time_of(case, start),
                        end=time_of(case, end),
                        raised_at=time_of(case, raised),
                        factors=(factor,),
                        statistic=surprise,
                        threshold=p["surprise"],
                        score=max(0.62, squash(surprise, 1.5 * p["surprise"])),
                        severity=3,
                        numbers={
                            "value": float(value),
                            "count": float(length),
                            "cycle_h": round(cycle_h, 2),
                            "chance": round(float(chance), 4),
                            "longest": float(longest),
                        },
                    )
                )
                continue
        # What was flat under a finding teaches nothing of the clean history.
        pairs += length - 1 + 1
        repeats += length - 1
        after_pairs += max(0, length - 1)
        after += max(0, length - 2)
        longest = max(longest, length)
    return out


def _gas_least(case: Case, p: Params) -> int:
    hours = p["gas_hours"] if case.series.step_s >= 3600 else p["gas_hours_fine"]
    return max(2, round(hours * case.series.per_hour))


def _runs(seen: Cycles, within: float, bridge: int) -> list[tuple[int, int, float]]:
    """Runs [a, b) of equal values among the usable cycles."""
    value, first, at = seen.value, seen.first, seen.at
    joined = np.zeros(len(value), dtype=bool)
    # A few hours that may not be judged do not end a run that goes on behind them with the same value.
    joined[1:] = (first[1:] - at[:-1] <= 1 + bridge) & (np.abs(np.diff(value)) <= within)
    starts = np.flatnonzero(~joined)
    stops = np.flatnonzero(~joined)
    ends = np.searchsorted(stops, starts, side="right")
    last = [int(stops[e]) if e < len(stops) else len(value) for e in ends]
    return [(int(a), b, float(value[a])) for a, b in zip(starts, last, strict=True)]
