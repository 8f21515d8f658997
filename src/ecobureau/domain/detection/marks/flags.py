"""P22: marks that come too often, and when values are high."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ecobureau.domain.detection.marks.limits import limit_values
from ecobureau.domain.detection.model.facts import finding, samples
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, joined
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params
from ecobureau.domain.late import stats

# Marks the plant sets itself and that take values out of the judgement.
_SET: Final = ("M", "D", "S", "C")


@detector(
    id="P22",
    title="detection.P22.title",
    inputs=("marks", "values", "limits"),
    group="flags",
    cost="O(n + k^3) with k episodes of marks",
)
def abused_marks(case: Case, p: Params) -> Opinion:
    """Find marks M, C, D, S that a factor is given just when its values are high, or far more often than before.

    Every episode of marks says how high the last values before it stood among those of the week before (0 lowest, 1
    highest); by chance these ranks are spread evenly, and Fisher's combination tells how far they are not. Calibration
    of all factors at the usual clock time is routine and left out. Values beyond the limit inside the marks add to it.
    Marks of hours at one clock hour day after day, as never before, tell it too; less than a working day of marked
    hours does not.
    """
    names = [f for f in pollutants(case.series) if f in case.facts.factors]
    if not names:
        return NoOpinion("detection.no_inputs", {"factor": "P22"})
    found: list[Finding] = []
    routine = _routine(case, names)
    for factor in names:
        found += _abused(case, p, factor, routine)
    return _one_for_all(found)


def _set_by_hand(case: Case, factor: str) -> Bools:
    return np.isin(case.series.flag[factor], _SET)


def _routine(case: Case, names: list[str]) -> Bools:
    """(n,) inside an episode in which every factor is marked and C comes at a clock time known from before."""
    series = case.series
    all_of = np.all([_set_by_hand(case, f) for f in names], axis=0)
    calibrated = np.any([series.flag[f] == "C" for f in names], axis=0)
    out = np.zeros(len(series), dtype=bool)
    hours: dict[int, int] = {}
    starts: list[int] = []
    for a, b in joined(all_of, samples(case, 1) + 1):
        if not calibrated[a:b].any():
            continue
        # Far sooner than the regime asks for is no routine.
        regime = np.diff(starts)[-8:]
        if len(regime) >= 2 and a - starts[-1] < 0.4 * float(np.median(regime)):
            continue
        starts.append(a)
        hour = int(series.hour_of_day[a])
        usual = not hours or any(abs((hour - h + 12) % 24 - 12) <= 1 for h in hours)
        if usual:
            hours[hour] = hours.get(hour, 0) + 1
            out[a:b] = True
        elif len(hours) < 3:
            # A regime may have another hour at first sight: it is known from the second time on.
            hours[hour] = 1
    return out


def _abused(case: Case, p: Params, factor: str, routine: Bools) -> list[Finding]:
    series, facts = case.series, case.facts.factors[factor]
    per_day = samples(case, 24)
    values = limit_values(case, factor, facts)
    good = np.where(case.masks.ok[factor] & case.masks.run & ~case.masks.stop, values, np.nan)
    marked = _set_by_hand(case, factor)
    episodes = [(a, b) for a, b in joined(marked, samples(case, 1) + 1) if routine[a:b].mean() < 0.5]
    told = values if facts.range_max is None else np.where(values < 0.999 * facts.range_max, values, np.nan)
    ranks = [
        _higher(_rank(good, a, samples(case, 2), 7 * per_day), _rank_inside(told, good, a, b, routine, 7 * per_day))
        for a, b in episodes
    ]
    inside = series.flag[factor] != "C"
    over = marked & inside & (values > facts.limit) if facts.limit else np.zeros(len(series), dtype=bool)
    found: list[Finding] = []
    done = -1
    for k, (a, b) in enumerate(episodes):
        if a <= done:
            continue
        window = [i for i in range(k + 1) if episodes[i][0] > done and a - episodes[i][0] < p["window_d"] * per_day]
        # A fraud begins among ordinary marks: the last episodes alone may tell it.
        best: tuple[float, int] | None = None
        for first in range(len(window) - int(p["episodes"]) + 1):
            part = window[first:]
            known = [ranks[i] for i in part if np.isfinite(ranks[i])]
            if len(known) < p["episodes"] or float(np.median(known)) < p["high_rank"]:
                continue
            if _purges(case, p, [episodes[i] for i in part]):
                continue
            chance = float(stats.chi2.sf(-2 * np.sum(np.log(np.clip(1 - np.array(known), 1e-3, 1.0))), 2 * len(known)))
            chance *= len(window)
            if best is None or chance < best[0]:
                best = (chance, part[0])
        start = best[1] if best else window[0]
        while start < k and not (
            ranks[start] >= p["high_rank"] and episodes[start + 1][0] - episodes[start][0] < 3 * per_day
        ):
            start += 1
        span = (b - episodes[start][0]) / per_day
        count = len([i for i in window if i >= start])
        hours = sum(episodes[i][1] - episodes[i][0] for i in window if i >= start) / series.per_hour
        over_h = float(over[episodes[window[0]][0] : b].sum()) / series.per_hour
        often = _far_more_often(case, p, episodes, window, k)
        if often is None:
            often = _every_day(case, p, episodes, window, k, routine)
        if best is not None and best[0] < p["chance"]:
            score = 0.85
        elif over_h >= p["over_h"] and count >= 2 and best is not None and best[0] < 0.2:
            score = 0.8
        elif often is not None:
            start, score = often, 0.7
            span, count = (b - episodes[start][0]) / per_day, k - start + 1
            hours = sum(e[1] - e[0] for e in episodes[start : k + 1]) / series.per_hour
        else:
            continue
        if hours < p["least_marked_h"]:
            continue
        last = k
        while last + 1 < len(episodes) and episodes[last + 1][0] - episodes[last][1] < 2 * per_day:
            last += 1
        raised = b - 1 if b < len(series) else len(series) - 1
        spell = Spell(episodes[start][0], episodes[last][1], raised)
        done = spell.stop
        past = float(marked[: episodes[start][0]].mean()) if episodes[start][0] else 0.0
        found.append(
            finding(
                case,
                "P22",
                spell,
                factors=(factor,),
                statistic=best[0] if best else 1.0,
                threshold=p["chance"],
                score=score,
                severity=4,
                group="flags",
                numbers={
                    "percent": 100 * hours / max(24.0 * span, 24.0),
                    "times": float(count),
                    "marked": hours,
                    "past": 100 * past,
                    "over": over_h,
                    "chance": f"{min(1.0, best[0] if best else 1.0):.1e}",
                },
                counter=("detection.counter.regular_calibration",),
            )
        )
    return found


def _rank(values: Floats, at: int, back: int, window: int) -> float:
    """Return where the highest of the last `back` values before `at` stands among the maxima of its past, 0..1."""
    before = values[max(0, at - back) : at]
    past = values[max(0, at - window) : max(0, at - back)]
    past = past[np.isfinite(past)]
    before = before[np.isfinite(before)]
    if not len(before) or len(past) < 24:
        return float("nan")
    share = float((past < before.max()).mean() + 0.5 * (past == before.max()).mean())
    # The highest of m values is high by itself: its rank to the power m is spread evenly.
    return share ** len(before)


def _rank_inside(values: Floats, good: Floats, a: int, b: int, routine: Bools, window: int) -> float:
    """Return where the middle of the marked values stands among the good ones before, NaN for zero or span readings."""
    inside = values[a:b][~routine[a:b]]
    inside = inside[np.isfinite(inside)]
    past = good[max(0, a - window) : a]
    past = past[np.isfinite(past)]
    # A single reading or a stuck one is a purge or a fault; zero is a calibration.
    if len(inside) < 2 or len(past) < 24 or (inside <= 0).any() or inside.std() < 1e-9:
        return float("nan")
    return float((past < np.median(inside)).mean())


def _purges(case: Case, p: Params, episodes: list[tuple[int, int]]) -> bool:
    """Short marks that mostly begin at one clock hour: values that are high at that hour every day are no cause."""
    longest = samples(case, p["purge_h"])
    hours = [int(case.series.hour_of_day[a]) for a, b in episodes if b - a <= longest]
    alike = max((sum(abs((one - other + 12) % 24 - 12) <= 1 for other in hours) for one in hours), default=0)
    return alike >= max(3.0, p["purge_share"] * len(episodes))


def _higher(one: float, other: float) -> float:
    """Return the higher of two ranks as one that is spread evenly by chance: the square of the higher of two."""
    if not np.isfinite(one) or not np.isfinite(other):
        return one if np.isfinite(one) else other
    return max(one, other) ** 2


def _far_more_often(case: Case, p: Params, episodes: list[tuple[int, int]], window: list[int], k: int) -> int | None:
    """Return the first of the last episodes when they come far denser than ever before, else None."""
    need = int(p["often"])
    if k + 1 < need or k - need + 1 not in window:
        return None
    first = k - need + 1
    per_day = samples(case, 24)
    # A purge or check of an hour at a fixed time is a regime, not an abuse.
    if min(b - a for a, b in episodes[first : k + 1]) < samples(case, 2):
        return None
    days = (episodes[k][1] - episodes[first][0]) / per_day
    before = episodes[first][0] / per_day
    if before < p["prior_d"] or days > p["often_d"]:
        return None
    rate = (first + p["prior_starts"] * p["prior_d"]) / (before + p["prior_d"])
    chance = float(stats.poisson.sf(need - 2, max(days, 0.5) * rate))
    return first if chance < p["often_chance"] else None


def _every_day(
    case: Case, p: Params, episodes: list[tuple[int, int]], window: list[int], k: int, routine: Bools
) -> int | None:
    """Return the first of the last episodes when they come day after day at one clock hour, as they never did before.

    An hour a day is a purge; what takes hours out of every day at its own hour is looked at.
    """
    hour, day = case.series.hour_of_day, case.series.day

    def alike(i: int) -> bool:
        a, b = episodes[i]
        apart = abs((int(hour[a]) - int(hour[episodes[k][0]]) + 12) % 24 - 12)
        # Care after a daily calibration or purge belongs to it.
        checked = any(
            bool((case.series.flag[f][a:b] == "C").any()) for f in case.facts.factors if f in case.series.flag
        )
        if routine[max(0, a - 1) : b + 1].any() or (checked and b - a < samples(case, 6)):
            return False
        return apart <= 1 and b - a >= samples(case, 2)

    same = [i for i in range(k + 1) if alike(i)]
    # Three hours and more out of every day tell it a day sooner.
    long = len(same) >= 3 and all(episodes[i][1] - episodes[i][0] >= samples(case, 3) for i in same[-3:])
    need = 3 if long else int(p["daily"])
    last = same[-need:]
    if len(last) < need or last[0] not in window or int(day[episodes[k][0]] - day[episodes[last[0]][0]]) > need:
        return None
    earlier = [i for i in same[:-need] if episodes[last[0]][0] - episodes[i][0] <= samples(case, 24 * 14)]
    # Known from before, or from the very beginning of the record: a regime.
    if len(earlier) > 1 or episodes[last[0]][0] < samples(case, 24 * 5):
        return None
    return last[0]


def _one_for_all(found: list[Finding]) -> list[Finding]:
    """Join findings of several factors that overlap: one abuse, all factors named."""
    out: list[Finding] = []
    for one in sorted(found, key=lambda f: f.start):
        if out and one.start < out[-1].end:
            last = out[-1]
            best = last if last.score >= one.score else one
            factors = last.factors + tuple(f for f in one.factors if f not in last.factors)
            out[-1] = replace(
                best,
                start=min(last.start, one.start),
                end=max(last.end, one.end),
                raised_at=min(last.raised_at, one.raised_at),
                factors=factors,
            )
        else:
            out.append(one)
    return out
