"""P22 marks that come too often and when values are high, P23 calibration that is missing or without end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ecobureau.domain.detection.marks.limits import limit_values
from ecobureau.domain.detection.model.facts import finding, mean_of, samples
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, runs_of
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
    for a, b in _joined(all_of, samples(case, 1) + 1):
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


def _joined(mask: Bools, gap: int) -> list[tuple[int, int]]:
    """Return runs of `mask`, those less than `gap` samples apart as one."""
    out: list[tuple[int, int]] = []
    for a, b in runs_of(mask):
        if out and a - out[-1][1] < gap:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def _abused(case: Case, p: Params, factor: str, routine: Bools) -> list[Finding]:
    series, facts = case.series, case.facts.factors[factor]
    per_day = samples(case, 24)
    values = limit_values(case, factor, facts)
    good = np.where(case.masks.ok[factor] & case.masks.run & ~case.masks.stop, values, np.nan)
    marked = _set_by_hand(case, factor)
    episodes = [(a, b) for a, b in _joined(marked, samples(case, 1) + 1) if routine[a:b].mean() < 0.5]
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


@detector(id="P23", title="detection.P23.title", inputs=("rows marked C",), group="flags", cost="O(n)")
def calibration(case: Case, p: Params) -> Opinion:
    """Find calibration that has not come for longer than the outlet's regime, or comes too often a day.

    The regime is the outlet's own since the record began; where the one that was due may have been hidden by missing
    rows or another mark, the next date counts.
    """
    series = case.series
    names = [f for f in pollutants(series) if f in case.facts.factors] or list(pollutants(series))
    if not names:
        return NoOpinion("detection.no_inputs", {"factor": "P23"})
    marked = np.zeros(len(series), dtype=bool)
    for factor in names:
        marked |= series.flag[factor] == "C"
    episodes = _joined(marked, 1)
    return _missing(case, p, episodes, names) + _frequent(case, p, episodes, names)


def _missing(case: Case, p: Params, episodes: list[tuple[int, int]], names: list[str]) -> list[Finding]:
    """Days of operation since the last C, against the regime the outlet showed before."""
    series = case.series
    found: list[Finding] = []
    per_day = samples(case, 24)
    starts = [a for a, _b in episodes]
    for k, (_a, b) in enumerate(episodes):
        regime = np.diff(np.array(starts[: k + 1], dtype=np.float64))
        # Several on one day are one date of the rhythm.
        regime = regime[regime >= samples(case, 12)]
        if len(regime) < p["least_intervals"]:
            continue
        usual = float(np.median(regime))
        # A rhythm of a day or two that has long been kept is missed sooner than the week that always counts.
        kept = len(regime) >= p["kept_intervals"]
        days = min(p["days"] * per_day, p["times_kept"] * usual) if kept else p["days"] * per_day
        # A daily purge under C may come and go: the longest interval of the whole record stays allowed.
        allowed = max(days, p["times_known"] * usual, p["times_longest"] * float(regime.max()))
        by_clock, around = _by_the_clock(case, names, starts[: k + 1], usual, p)
        if by_clock > allowed:
            around = samples(case, 12)
        allowed = min(allowed, by_clock)
        while _hidden(case, names, b + round(usual * (allowed // usual)), around) and allowed < 4 * usual:
            # The one that was due may have come while nothing arrived or the device was in other hands.
            allowed += usual
        due = b + int(allowed)
        until = starts[k + 1] if k + 1 < len(starts) else len(series)
        if until <= due or due >= len(series) or not series.present[b:due].mean() > 0.5:
            continue
        spell = Spell(b + int(usual), until, due)
        found.append(
            finding(
                case,
                "P23",
                spell,
                factors=tuple(names),
                statistic=allowed / per_day,
                threshold=p["days"],
                score=0.7,
                severity=3,
                group="flags",
                numbers={
                    "kind": "missing",
                    "days": (until - b) / per_day,
                    "regime": float(np.median(regime)) / per_day,
                },
                counter=("detection.counter.own_regime",),
            )
        )
    return found


def _by_the_clock(case: Case, names: list[str], starts: list[int], usual: float, p: Params) -> tuple[float, int]:
    """Return the samples without a C that a rhythm kept to the hour allows, infinity where it is not kept so.

    The second is how many samples around its time the one that is due may come.
    The one that was due is missed a few hours after its hour, where that is no more than the rule asks; of a rhythm
    that is shorter and has long been kept, two in a row. One that stayed out before may stay out again, unless nothing
    could be seen of it then.
    """
    dates = [
        a for a, before in zip(starts, [-samples(case, 24), *starts], strict=False) if a - before >= samples(case, 12)
    ]
    regime = np.diff(np.array(dates, dtype=np.float64))
    if len(regime) < max(1.0, p["regular_intervals"]):
        return float("inf"), 0
    times = np.maximum(1.0, np.round(regime / usual))
    off, kept = regime - times * usual, p["regular_h"] * case.series.per_hour
    # One that came too soon now and then is an extra one; none may have come late.
    stray = max(float(off.max()), float(np.abs(off[np.abs(off) <= kept]).max(initial=0.0)))
    if stray > kept or float(np.mean(np.abs(off) > kept)) > p["extra_share"]:
        return float("inf"), 0
    around = int(stray) + samples(case, 2)
    slack = p["slack_h"] * case.series.per_hour + stray
    for j in np.flatnonzero(times > 1):
        dues = [dates[j] + round(m * usual) for m in range(1, int(times[j]))]
        if all(_hidden(case, names, due, around) for due in dues):
            times[j] = 1.0
    whole, longest = p["days"] * samples(case, 24), float(times.max()) * usual
    if len(regime) >= p["exact_intervals"] and usual < p["days_short"] * samples(case, 24):
        return longest + usual + slack, around
    return max(whole, longest) + slack, around


def _hidden(case: Case, names: list[str], due: int, half: int) -> bool:
    """Rows are missing or most carry another mark within `half` samples of `due`: a C there would not show."""
    part = slice(max(0, due - half), due + half)
    other = np.mean([np.isin(case.series.flag[factor][part], ("D", "B", "M", "F")) for factor in names], axis=0)
    return bool((~case.series.present[part] | (other >= 0.5)).any())


def _frequent(case: Case, p: Params, episodes: list[tuple[int, int]], names: list[str]) -> list[Finding]:
    """More calibrations within a day than allowed, unless that is the regime."""
    found: list[Finding] = []
    per_day = samples(case, 24)
    starts = [a for a, _b in episodes]
    most = int(p["most_a_day"])
    k = most
    while k < len(starts):
        first = starts[k - most]
        past = sum(1 for a in starts if a < first) / max(first / per_day, 1.0)
        if starts[k] - first >= per_day or past > 0.5 * most:
            k += 1
            continue
        last = k
        while last + 1 < len(starts) and starts[last + 1] - starts[last] < per_day:
            last += 1
        spell = Spell(first, episodes[last][1], starts[k])
        values = {f: _alike(case, f, episodes[k - most : k + 1]) for f in names}
        found.append(
            finding(
                case,
                "P23",
                spell,
                factors=tuple(names),
                statistic=float(most + 1),
                threshold=p["most_a_day"],
                score=0.8,
                severity=3,
                group="flags",
                numbers={
                    "kind": "frequent",
                    "times": float(last - (k - most) + 1),
                    "days": (spell.stop - first) / per_day,
                    "alike": 100 * max(values.values(), default=0.0),
                },
                counter=("detection.counter.own_regime",),
            )
        )
        k = last + most + 1
    return found


def _alike(case: Case, factor: str, episodes: list[tuple[int, int]]) -> float:
    """Return the share of calibrations that read the very same value."""
    values = [round(mean_of(case.series.avg[factor], slice(a, b)), 3) for a, b in episodes]
    known = [v for v in values if v == v]
    return max((known.count(v) for v in known), default=0) / len(known) if known else 0.0
