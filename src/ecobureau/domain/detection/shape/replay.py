"""P09: a block that equals an earlier block."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import pollutants, resolution_of, squash, time_of
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, Ints, NoOpinion, Opinion, Params


@detector(id="P09", title="detection.P09.title", inputs=("pollutants", "resolution"), group="shape", cost="O(n^2)")
def replay(case: Case, p: Params) -> Opinion:
    """Replay of history: twelve hours and more equal an earlier stretch of the same outlet, value for value.

    Every shift of whole hours is compared. A stretch counts where neighbours in time agree to the resolution, and its
    surprise is the sum of -ln P(agree), P from the outlet's own values at the same distance of levels; constant
    stretches (P01) do not count: at least six distinct values are needed.
    Source: 环发〔2015〕175号; statistic: matrix profile with raw distances, by differences of shifted series.
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    series = case.series
    per_hour = series.per_hour
    width = round(p["hours"] * per_hour)
    count = len(series)
    if count < 3 * width:
        return NoOpinion("detection.none.short")
    best: list[Finding] = []
    stack = [_Column(case, factor) for factor in factors]
    for lag, columns in _worth_a_look(stack, np.arange(width, count - width, per_hour), width):
        for begin, end, surprise, distinct, agreeing in _stretches(columns, lag, width, p):
            best.append(_finding(case, begin, end, lag, surprise, distinct, agreeing, width, p))
    return _nearest_only(best)


class _Column:
    """One factor: its values, what may be compared, and how often two unrelated values agree."""

    def __init__(self, case: Case, factor: str) -> None:
        masks = case.masks
        self.factor = factor
        self.values: Floats = case.series.avg[factor]
        self.use: Bools = masks.ok[factor] & np.isfinite(self.values)
        self.within = 0.501 * resolution_of(case, factor)
        good = self.values[self.use]
        self.chance = _chance(good, self.within)
        changed = np.zeros(len(self.values), dtype=bool)
        changed[1:] = np.abs(np.diff(self.values)) > self.within
        self.changed = changed


def _chance(values: Floats, within: float) -> float:
    """Chance that two values of the series, drawn at random, agree."""
    if len(values) < 2:
        return 1.0
    ordered = np.sort(values)
    pairs = np.searchsorted(ordered, ordered + 2 * within, side="right") - np.searchsorted(
        ordered, ordered - 2 * within
    )
    return float(np.clip((pairs.mean() - 1) / (len(values) - 1), 1e-4, 1.0))


_LOOKS = 4
"""Points of a stretch that are compared first; at least two of them must be known and agree, and none differ."""


def _worth_a_look(stack: list[_Column], lags: Ints, width: int) -> list[tuple[int, list[_Column]]]:
    """Lags with the factors that may hold a stretch there, told by a grid of points a quarter of its width apart.

    A stretch of `width` samples that agrees holds four neighbours of that grid, wherever it lies. They rule out most
    lags at a fraction of the comparisons.
    """
    count = len(stack[0].values)
    points = np.arange(0, count, max(1, width // _LOOKS))
    rows = len(points) - _LOOKS + 1
    if not len(lags) or rows < 1:
        return []
    back = points[:, None] - lags[None, :]
    early = back < 0
    back[early] = 0
    worth = np.zeros((len(stack), len(lags)), dtype=bool)
    for place, column in enumerate(stack):
        known = column.use[points][:, None] & column.use[back] & ~early
        with np.errstate(invalid="ignore"):
            equal = known & (np.abs(column.values[points][:, None] - column.values[back]) <= column.within)
        open_ = ~early & (equal | ~known)
        held, agree = open_[:rows], equal[:rows].astype(np.int8)
        for after in range(1, _LOOKS):
            held = held & open_[after : rows + after]
            agree = agree + equal[after : rows + after]
        worth[place] = (held & (agree >= 2)).any(axis=0)
    return [
        (int(lags[at]), [column for place, column in enumerate(stack) if worth[place, at]])
        for at in np.flatnonzero(worth.any(axis=0))
    ]


def _stretches(
    stack: list[_Column], lag: int, width: int, p: Params
) -> list[tuple[int, int, float, int, tuple[str, ...]]]:
    """Runs [begin, end) in which some factors agree with themselves `lag` samples earlier."""
    out: list[tuple[int, int, float, int, tuple[str, ...]]] = []
    for column in stack:
        a, b = column.values[lag:], column.values[:-lag]
        both = column.use[lag:] & column.use[:-lag]
        with np.errstate(invalid="ignore"):
            equal = both & (np.abs(a - b) <= column.within)
        # Missing samples inside a copied block neither prove nor disprove it.
        apart = both & ~equal
        if np.count_nonzero(equal) < width // 2:
            continue
        edges = np.concatenate([[-1], np.flatnonzero(apart), [len(equal)]])
        long = np.flatnonzero(np.diff(edges) > width)
        for place in long:
            first, last = int(edges[place]) + 1, int(edges[place + 1])
            inside = np.flatnonzero(equal[first:last]) + first
            if len(inside) < width * p["filled"]:
                continue
            distinct = int(np.count_nonzero(column.changed[lag + inside])) + 1
            surprise = -distinct * float(np.log(column.chance))
            if distinct >= p["distinct"] and surprise > p["surprise"]:
                begin, end = lag + int(inside[0]), lag + int(inside[-1]) + 1
                out.append((begin, end, surprise, distinct, (column.factor,)))
    return out


def _finding(
    case: Case,
    begin: int,
    end: int,
    lag: int,
    surprise: float,
    distinct: int,
    factors: tuple[str, ...],
    width: int,
    p: Params,
) -> Finding:
    step = case.series.step_s
    return Finding(
        pattern="P09",
        start=time_of(case, begin),
        end=time_of(case, end),
        raised_at=time_of(case, min(end, begin + width)),
        factors=factors,
        statistic=surprise,
        threshold=p["surprise"],
        score=max(0.7, squash(surprise, p["surprise"])),
        severity=5,
        numbers={"lag_h": lag * step / 3600, "count": float(end - begin), "distinct": float(distinct)},
    )


def _nearest_only(found: list[Finding]) -> list[Finding]:
    """One finding a stretch: factors copied together are one, a second source of the same stretch is left out."""
    out: list[Finding] = []
    for one in sorted(found, key=lambda finding: -finding.statistic):
        for place, other in enumerate(out):
            both = min(one.end, other.end) - max(one.start, other.start)
            if both > 0.5 * (one.end - one.start):
                if one.numbers["lag_h"] == other.numbers["lag_h"]:
                    factors = tuple(sorted({*other.factors, *one.factors}))
                    out[place] = _widened(other, one, factors)
                break
        else:
            out.append(one)
    return sorted(out, key=lambda finding: finding.start)


def _widened(a: Finding, b: Finding, factors: tuple[str, ...]) -> Finding:
    from dataclasses import replace

    return replace(
        a,
        start=min(a.start, b.start),
        end=max(a.end, b.end),
        raised_at=min(a.raised_at, b.raised_at),
        factors=factors,
        score=min(0.99, 1 - (1 - a.score) * (1 - 0.5 * b.score)),
    )
