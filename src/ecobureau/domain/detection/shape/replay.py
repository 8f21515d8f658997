"""P09: a block that equals an earlier block, or is one in disguise."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.profile import nearest_earlier
from ecobureau.domain.detection.model.score import profile_key
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import join_factors, pollutants, resolution_of, squash, time_of
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, Ints, NoOpinion, Opinion, Params


@detector(id="P09", title="detection.P09.title", inputs=("pollutants", "resolution"), group="shape", cost="O(n^2)")
def replay(case: Case, p: Params) -> Opinion:
    """Replay of history: twelve hours and more equal an earlier stretch of the same outlet, value for value.

    Every shift of whole hours is compared, and of finer steps those of the liveliest factors. A stretch counts
    where neighbours in time agree to the resolution, and its surprise is the sum of -ln P(agree), P from the
    outlet's own values at the same distance of levels; constant stretches (P01) do not count: at least six distinct
    values are needed. A replay in disguise, scaled, shifted or with a little noise on it, is told by the matrix
    profile of the hours: nearest earlier stretch of a day, at one and the same distance in time again and again,
    and closer than two honest stretches of this instrument ever were.
    Source: 环发〔2015〕175号; statistic: matrix profile, with raw distances by differences of shifted series, and of
    standardised stretches.
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
    worth = _worth_a_look(stack, np.arange(width, count - width, per_hour), width)
    for lag, columns in [*worth, *_odd(stack, case, width, int(p["like_factors"]))]:
        for begin, end, surprise, distinct, agreeing in _stretches(columns, lag, width, p):
            best.append(_finding(case, begin, end, lag, surprise, distinct, agreeing, width, p))
    return _with_disguised(_nearest_only(best), _disguised(case, stack, p))


def _disguised(case: Case, stack: list[_Column], p: Params) -> list[Finding]:
    """Stretches that are an earlier one times a factor, plus a constant, with little noise."""
    out: list[Finding] = []
    width = round(p["like_hours"])
    for column in _liveliest(stack, int(p["like_factors"])):
        hours = _hours(np.where(column.use, column.values, np.nan), case.series.per_hour)
        if len(hours) < 4 * width:
            continue
        distance, where = nearest_earlier(_tame(hours, width), width)
        case.cache[profile_key(column.factor)] = (distance, width)
        out += _copies(case, column.factor, hours, distance, where, width, p)
    return join_factors(out)


def _liveliest(stack: list[_Column], most: int) -> list[_Column]:
    """The factors that change most often: their shapes tell most."""
    return sorted(stack, key=lambda one: (-int(one.changed.sum()), one.factor))[:most]


def _hours(values: Floats, per_hour: int) -> Floats:
    """Means of the hours; a single missing one is bridged."""
    count = len(values) // per_hour
    block = values[: count * per_hour].reshape(count, per_hour)
    known = np.isfinite(block)
    total = np.where(known, block, 0.0).sum(axis=1)
    out: Floats = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
    hole = np.zeros(count, dtype=bool)
    hole[1:-1] = np.isnan(out[1:-1]) & np.isfinite(out[:-2]) & np.isfinite(out[2:])
    at = np.flatnonzero(hole)
    out[at] = 0.5 * (out[at - 1] + out[at + 1])
    return out


def _tame(hours: Floats, width: int) -> Floats:
    """(n,) bounded logarithms: a single wild value is no shape; NaN where too little moves."""
    head = hours[: 20 * width]
    head = head[np.isfinite(head) & (head > 0)]
    if not len(head):
        return np.full(len(hours), np.nan)
    logs = np.log(np.maximum(hours, 0.5 * quick.quantile(head, 0.02)))
    middle = quick.median(np.log(head))
    spread = max(1.4826 * quick.median(np.abs(np.log(head) - middle)), 1e-6)
    out: Floats = np.clip(logs, middle - 4 * spread, middle + 4 * spread)
    fresh = np.zeros(len(out))
    fresh[1:] = np.abs(np.diff(np.nan_to_num(out))) > 1e-9
    # Stretches that hold few different values are alike by chance: they are left out at their middle.
    total = np.concatenate([[0.0], np.cumsum(fresh)])
    first = np.maximum(np.arange(len(out)) - width // 2, 0)
    last = np.minimum(np.arange(len(out)) + width // 2, len(out))
    return np.where(total[last] - total[first] >= width // 2, out, np.nan)


def _copies(
    case: Case, factor: str, hours: Floats, distance: Floats, where: Ints, width: int, p: Params
) -> list[Finding]:
    """Runs of stretches whose nearest earlier one keeps one distance in time and lies closer than chance."""
    lag = np.where(where >= 0, np.arange(len(where)) - where, 0)
    far = (lag >= width) & np.isfinite(distance)
    # What two honest stretches differ by: the nearest of all that had come until two days before.
    least = np.full(len(distance), np.nan)
    for at in range(round(p["like_history_d"] * 24), len(distance), 12):
        past = distance[: max(0, at - 48)]
        past = past[np.isfinite(past)]
        if len(past) >= 48:
            least[at : at + 12] = quick.quantile(past, p["like_rank"])
    near = far & (distance < p["like_ratio"] * least) & (distance < p["like_most"] * np.sqrt(2.0 * width))
    need = round(p["like_again_h"])
    out: list[Finding] = []
    at = 0
    while at < len(near):
        if not near[at]:
            at += 1
            continue
        stop = at
        while stop + 1 < len(near) and near[stop + 1] and lag[stop + 1] == lag[at]:
            stop += 1
        if stop - at + 1 >= need:
            out.append(_copy(case, factor, hours, (at, stop), int(lag[at]), float(distance[at] / least[at]), need, p))
        at = stop + 1
    return out


def _copy(
    case: Case, factor: str, hours: Floats, run: tuple[int, int], lag: int, ratio: float, need: int, p: Params
) -> Finding:
    width, per_hour = round(p["like_hours"]), case.series.per_hour
    known = run[0] + need - 1
    part = hours[known : known + width]
    back = hours[known - lag : known - lag + width]
    return Finding(
        pattern="P09",
        start=time_of(case, run[0] * per_hour),
        end=time_of(case, min(len(case.series), (run[1] + width) * per_hour)),
        raised_at=time_of(case, min(len(case.series), (known + width) * per_hour)),
        factors=(factor,),
        statistic=1.0 / max(ratio, 1e-3),
        threshold=1.0 / p["like_ratio"],
        score=max(0.65, squash(1.0 / max(ratio, 1e-3), 1.5 / p["like_ratio"])),
        severity=5,
        numbers={
            "kind": "disguised",
            "lag_h": float(lag),
            "times": round(float(np.nanstd(part) / max(float(np.nanstd(back)), 1e-9)), 3),
            "closer": round(1.0 / max(ratio, 1e-3), 1),
        },
    )


def _with_disguised(plain: list[Finding], disguised: list[Finding]) -> list[Finding]:
    """Plain copies, and those in disguise that no plain one tells."""
    rest = [one for one in disguised if not any(one.start < other.end and other.start < one.end for other in plain)]
    return sorted([*plain, *rest], key=lambda finding: finding.start)


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


_LAGS = 1000
"""Lags looked at together: what they need at once stays small."""
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


def _odd(stack: list[_Column], case: Case, width: int, most: int) -> list[tuple[int, list[_Column]]]:
    """Lags that are no whole hours, told by the `most` liveliest factors, with every factor."""
    per_hour, count = case.series.per_hour, len(case.series)
    if per_hour == 1:
        return []
    lags = np.arange(width, count - width)
    lags = lags[lags % per_hour != 0]
    found: list[tuple[int, list[_Column]]] = []
    for first in range(0, len(lags), _LAGS):
        found += _worth_a_look(_liveliest(stack, most), lags[first : first + _LAGS], width)
    return [(lag, stack) for lag, _one in found]


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
