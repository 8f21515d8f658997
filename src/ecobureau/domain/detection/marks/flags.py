"""P22 marks that come too often and when values are high, P23 calibration that is missing or without end."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.stats import binom, fisher_exact

from ecobureau.domain.detection.model.facts import finding, mean_of, samples
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, runs_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params

# Marks the plant sets itself and that take values out of the judgement.
_SET: Final = ("M", "D", "S", "C")


@detector(id="P22", title="detection.P22.title", inputs=("marks", "values", "limits"), group="flags")
def abused_marks(case: Case, p: Params) -> Opinion:
    """Find marks M, C, D, S that take out more hours than the outlet's own past explains, above all when values are high.

    Regular calibration is part of that past. One long fault is one episode: it takes three episodes in a fortnight, or
    values beyond the limit inside the marks, or marks that follow high values (odds ratio).
    """
    series = case.series
    marked, over, level = _marked(case)
    if level is None:
        return NoOpinion("detection.no_inputs", {"factor": "P22"})
    per_day = samples(case, 24)
    episodes = [(a, b) for a, b in _joined(marked, samples(case, 2))]
    found: list[Finding] = []
    done = -1
    for k, (a, b) in enumerate(episodes):
        if a <= done:
            continue
        window = [e for e in episodes[: k + 1] if e[0] > done and a - e[0] < p["window_d"] * per_day]
        for raised in _marks_to_look(a, b, samples(case, p["look_h"])):
            answer = _judge(case, p, window, raised, marked, over, level)
            if answer is None:
                continue
            score, numbers, first = answer
            last = k
            while last + 1 < len(episodes) and episodes[last + 1][0] - episodes[last][1] < 3 * per_day:
                last += 1
            spell = Spell(first, episodes[last][1], raised)
            done = spell.stop
            found.append(
                finding(
                    case,
                    "P22",
                    spell,
                    factors=pollutants(series),
                    statistic=float(numbers["percent"]) / 100,
                    threshold=p["share"],
                    score=score,
                    severity=4,
                    group="flags",
                    numbers=numbers,
                    counter=("detection.counter.regular_calibration",),
                )
            )
            break
    return found


def _marks_to_look(a: int, b: int, every: int) -> list[int]:
    """Return the samples of an episode at which it is looked at: every so often, and its last."""
    return sorted({*range(min(a + every, b) - 1, b, every), b - 1})


def _marked(case: Case) -> tuple[Bools, Bools, Floats | None]:
    """Return where half the pollutants carry a mark, where a marked value is beyond its limit, and value / limit (n,)."""
    series = case.series
    names = [f for f in pollutants(series) if f in case.facts.factors]
    marked, over = np.zeros(len(series), dtype=bool), np.zeros(len(series), dtype=bool)
    if not names:
        return marked, over, None
    level = np.full(len(series), np.nan)
    for factor in names:
        facts = case.facts.factors[factor]
        set_by_hand = np.isin(series.flag[factor], _SET)
        marked |= set_by_hand
        zs = series.zs.get(factor)
        values = series.avg[factor]
        if facts.o2_ref is not None and zs is not None:
            values = np.where(np.isfinite(zs), zs, values)
        if facts.limit:
            level = np.fmax(level, values / facts.limit)
            over |= set_by_hand & (series.flag[factor] != "C") & (values > facts.limit)
    return marked, over, level


def _joined(mask: Bools, gap: int) -> list[tuple[int, int]]:
    """Return runs of `mask`, those less than `gap` samples apart as one."""
    out: list[tuple[int, int]] = []
    for a, b in runs_of(mask):
        if out and a - out[-1][1] < gap:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def _judge(
    case: Case, p: Params, window: list[tuple[int, int]], raised: int, marked: Bools, over: Bools, level: Floats
) -> tuple[float, dict[str, float | str], int] | None:
    """Judge what is known at sample `raised`; return score, numbers and the first sample of the spell."""
    per_day = samples(case, 24)
    first = window[0][0]
    hours = sum(min(b, raised + 1) - a for a, b in window) / case.series.per_hour
    # The own past, one week at least of an ordinary outlet before it is believed.
    past_hours = float(marked[:first].sum()) / case.series.per_hour
    past = (past_hours + p["prior_share"] * p["prior_d"] * 24) / (first / case.series.per_hour + p["prior_d"] * 24)
    span = max(24.0, (raised + 1 - first) / case.series.per_hour)
    share = hours / span
    # Marked hours hang together in episodes: count episodes as trials of a day.
    days = int(np.ceil(span / 24)) + 1
    starts = len(window)
    past_starts = len(_joined(marked[:first], samples(case, 2)))
    rate = (past_starts + p["prior_starts"] * p["prior_d"]) / (first / per_day + p["prior_d"])
    chance = float(binom.sf(starts - 1, max(days, starts) * 4, min(0.9, rate / 4)))
    inside = over[first : raised + 1]
    over_hours = float(inside.sum()) / case.series.per_hour
    odds, odds_p = _odds(case, window, raised, level, p)
    numbers: dict[str, float | str] = {
        "percent": 100 * share,
        "times": float(starts),
        "marked": hours,
        "past": 100 * past,
        "over": over_hours,
        "odds": odds,
    }
    before_high = odds_p < p["odds_p"] and odds > p["odds"]
    often = starts >= p["episodes"] and share > p["share"] and share > 3 * past and chance < p["chance"]
    if over_hours >= p["over_h"] and starts >= 2:
        return 0.9, numbers, first
    if often and before_high:
        return 0.9, numbers, first
    if often and hours >= p["least_h"]:
        return 0.75, numbers, first
    if before_high and starts >= p["episodes"]:
        return 0.75, numbers, first
    return None


def _odds(case: Case, window: list[tuple[int, int]], raised: int, level: Floats, p: Params) -> tuple[float, float]:
    """Return odds ratio and one-sided p of a mark beginning right after a high value, against high values elsewhere."""
    begin = max(0, window[0][0] - samples(case, 24 * 14))
    calm = level[begin : raised + 1]
    good = calm[np.isfinite(calm)]
    if len(good) < 48:
        return 1.0, 1.0
    bar = min(p["high"], max(float(np.quantile(good, 0.9)), 0.3))
    back = samples(case, 2)
    high_before = sum(bool(np.nanmax(np.r_[level[max(0, a - back) : a], -1.0]) > bar) for a, _b in window)
    high = int((good > bar).sum())
    table = [[high_before, len(window) - high_before], [high, len(good) - high]]
    odds, chance = fisher_exact(table, alternative="greater")
    return float(min(odds, 999.0)), float(chance)


@detector(id="P23", title="detection.P23.title", inputs=("rows marked C",), group="flags")
def calibration(case: Case, p: Params) -> Opinion:
    """Find calibration that has not come for longer than the outlet's regime, comes too often a day, or always reads alike."""
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
        regime = np.diff(starts[: k + 1])[-6:]
        if len(regime) < p["least_intervals"]:
            continue
        allowed = max(p["days"] * per_day, p["times_regime"] * float(np.median(regime)), 1.25 * float(regime.max()))
        due = b + int(allowed)
        until = starts[k + 1] if k + 1 < len(starts) else len(series)
        if until <= due or due >= len(series) or not series.present[b:due].mean() > 0.5:
            continue
        spell = Spell(b + int(np.median(regime)), until, due)
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
