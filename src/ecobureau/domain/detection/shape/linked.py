"""P10: one factor that is another one in disguise."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    lagged_quantiles,
    pollutants,
    resolution_of,
    rolling_sum,
    squash,
    time_of,
    usable,
)
from ecobureau.domain.detection.types import Case, Finding, Floats, NoOpinion, Opinion, Params


@detector(id="P10", title="detection.P10.title", inputs=("pairs of pollutants",), group="shape", cost="O(n)")
def linked(case: Case, p: Params) -> Opinion:
    """Linked factors: one is a multiple of another for a day and more, where they were not before.

    Statistic: correlation of the changes of both over a trailing day, with the residual of the best line below 1 % of
    the level (or the resolution); the same of the outlet's own history must be lower. Both must move for it to count.
    Source: 环发〔2015〕175号.
    """
    factors = pollutants(case)
    if len(factors) < 2:
        return NoOpinion("detection.none.few_factors", {"count": float(len(factors))})
    found: list[Finding] = []
    for a, b in combinations(factors, 2):
        found.extend(_pair(case, a, b, p))
    return found


def _pair(case: Case, a: str, b: str, p: Params) -> list[Finding]:
    series = case.series
    use = usable(case, a) & usable(case, b)
    # Hours that may be judged follow one another: a plant of one shift is looked at over some of its days.
    at = np.flatnonzero(use & np.isfinite(series.avg[a]) & np.isfinite(series.avg[b]))
    x, y = series.avg[a][at], series.avg[b][at]
    good = np.ones(len(at), dtype=bool)
    width = round(p["hours"] * series.per_hour)
    if len(at) < 2 * width:
        return []
    r, rest, moves = _rolling_line(x, y, good, width, p["filled"])
    if not np.any(r > p["r_level"]):
        return []
    begun = at[np.maximum(np.arange(len(at)) - width + 1, 0)]
    r_step = _rolling_steps(x, y, good, width, p["filled"])
    grain = max(
        resolution_of(case, b) / max(1e-9, float(np.median(y[good]))),
        resolution_of(case, a) / max(1e-9, float(np.median(x[good]))),
    )
    bound = max(p["rest"], p["grains"] * grain)
    (known,) = lagged_quantiles(rest, (0.02,), hold=width, every=max(1, width // 2), least=width)
    (usual,) = lagged_quantiles(r_step, (0.5,), hold=width, every=max(1, width // 2), least=width)
    hit = (
        (r > p["r_level"])
        & (r_step > p["r"])
        & (rest < bound)
        & (moves > p["moves"] * np.maximum(bound, grain))
        & (usual < p["r_before"])
        & (rest < p["low_ratio"] * known)
        & (at - begun < p["span_h"] * series.per_hour)
    )
    out: list[Finding] = []
    where = np.flatnonzero(hit)
    groups = np.split(where, np.flatnonzero(np.diff(where) > width // 2) + 1) if len(where) else []
    for group in groups:
        first, last = int(group[0]), int(group[-1])
        raised = int(group[min(len(group) - 1, int(p["least_hits"]) - 1)])
        if len(group) < p["least_hits"]:
            continue
        part = slice(max(0, raised - width + 1), raised + 1)
        times = float(np.median(y[part][good[part]]) / max(1e-9, float(np.median(x[part][good[part]]))))
        strength = float(np.median(known[group] / np.maximum(rest[group], 1e-6)))
        score = max(0.65, squash(strength, 1.3 / p["low_ratio"]))
        counter: tuple[str, ...] = ()
        if f"{b}<{a}" in p.texts("part_of") and times > p["part_share"]:
            # Nearly all of the one is the other: they go together by nature.
            score, counter = p["part_score"], ("detection.counter.part_of_whole",)
        out.append(
            Finding(
                pattern="P10",
                start=time_of(case, int(begun[first])),
                end=time_of(case, int(at[last]) + 1),
                raised_at=time_of(case, int(at[raised]) + 1),
                factors=(a, b),
                statistic=float(np.median(r_step[group])),
                threshold=p["r"],
                score=score,
                severity=4,
                counter=counter,
                numbers={
                    "r": round(float(r_step[raised]), 4),
                    "before": round(float(usual[raised]), 3),
                    "rest": round(float(rest[raised]), 4),
                    "times": round(times, 4),
                },
            )
        )
    return out


def _rolling_line(x: Floats, y: Floats, good: np.ndarray, width: int, filled: float) -> tuple[Floats, Floats, Floats]:
    """(n,) correlation, relative residual of y from the line on x, and relative spread of the calmer one."""
    n = rolling_sum(good, width)
    n = np.where(n >= filled * width, n, np.nan)
    mx, my = float(np.median(x[good])), float(np.median(y[good]))
    u, v = np.where(good, x / max(mx, 1e-9), 0.0), np.where(good, y / max(my, 1e-9), 0.0)
    su, sv = rolling_sum(u, width) / n, rolling_sum(v, width) / n
    vu = np.maximum(rolling_sum(u * u, width) / n - su**2, 1e-14)
    vv = np.maximum(rolling_sum(v * v, width) / n - sv**2, 1e-14)
    cov = rolling_sum(u * v, width) / n - su * sv
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cov / np.sqrt(vu * vv)
        rest = np.sqrt(np.maximum(vv * (1 - r**2), 0.0)) / np.abs(sv)
        moves = np.minimum(np.sqrt(vu) / np.abs(su), np.sqrt(vv) / np.abs(sv))
    return r, rest, moves


def _rolling_steps(x: Floats, y: Floats, good: np.ndarray, width: int, filled: float) -> Floats:
    """(n,) correlation of first differences."""
    pair = np.zeros(len(x), dtype=bool)
    pair[1:] = good[1:] & good[:-1]
    dx, dy = np.zeros(len(x)), np.zeros(len(x))
    dx[1:], dy[1:] = np.diff(x), np.diff(y)
    dx, dy = np.where(pair, dx, 0.0), np.where(pair, dy, 0.0)
    n = rolling_sum(pair, width)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = rolling_sum(dx * dy, width) / np.sqrt(rolling_sum(dx * dx, width) * rolling_sum(dy * dy, width))
    return np.where(n >= filled * width * 0.7, r, np.nan)
