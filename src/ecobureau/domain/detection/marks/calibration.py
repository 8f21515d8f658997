"""P23: calibration that is missing or without end."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding, mean_of, samples
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.spells import Spell, joined
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params


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
    episodes = joined(marked, 1)
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
