"""P03, P12, P13: how values behave just under the limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.caps import clipped_exactly
from ecobureau.domain.detection.shape.common import (
    Cycles,
    cycle_of,
    cycles,
    join_factors,
    judged,
    limit_of,
    pollutants,
    squash,
    time_of,
    usable_cycles,
)
from ecobureau.domain.detection.types import Case, Finding, Floats, NoOpinion, Opinion, Params
from ecobureau.domain.late import stats


def _limited(case: Case) -> list[tuple[str, float, Cycles]]:
    out = []
    for factor in pollutants(case):
        limit = limit_of(case, factor)
        if limit:
            out.append((factor, limit, usable_cycles(cycles(case, factor, judged(case, factor)))))
    return out


def _window(case: Case, seen: Cycles, days: float) -> int:
    if len(seen.at) < 2:
        return 2
    spacing = float(np.median(np.diff(seen.at)))
    return max(2, round(days * 24 * case.series.per_hour / max(1.0, spacing)))


@detector(id="P03", title="detection.P03.title", inputs=("pollutants", "limit"), group="shape", cost="O(n)")
def clipped(case: Case, p: Params) -> Opinion:
    """Limit clipping: the upper tail is cut just under the limit and piles up in [0.9, 1) of it, none above.

    A log-normal law with the autocorrelation of the values below 0.85 of the limit says how many should lie in the band
    and above the limit. Statistic: values in the band over expected ones; needs values above the limit expected and
    none seen. Strict control shows autocorrelated values in the band; clipping shows independent ones and a thin gap
    below.
    Source: 环发〔2015〕175号.
    """
    limited = _limited(case)
    if not limited:
        return NoOpinion("detection.none.no_limit")
    found = clipped_exactly(case, p)
    for factor, limit, seen in limited:
        for days in (p["first_d"], p["quick_d"], p["window_d"]):
            found.extend(_piled(case, factor, limit, seen, days, p))
    return join_factors(found)


def _piled(case: Case, factor: str, limit: float, seen: Cycles, days: float, p: Params) -> list[Finding]:
    """Windows in which the band under the limit holds far more than the law of the rest allows."""
    x = seen.value / limit
    width = _window(case, seen, days)
    every = max(1, width // 16)
    best: dict[int, tuple[float, float, int, int]] = {}
    ends = np.arange(width // 2, len(x) + 1, every)
    begins = np.maximum(0, ends - width)
    inside = np.concatenate([[0], np.cumsum((x >= p["band"]) & (x < 1.0))])
    above = np.concatenate([[0], np.cumsum(x >= 1.0)])
    worth = (inside[ends] - inside[begins] >= p["least_band"]) & (above[ends] == above[begins])
    for end in ends[worth].tolist():
        part = x[max(0, end - width) : end]
        told = _bunching(part, p)
        if told is not None:
            best[end] = told
    return _windows_to_findings(case, factor, limit, seen, best, every, p)


def _bunching(part: Floats, p: Params) -> tuple[float, float, int, int] | None:
    """(bunching B, expected above the limit, in band, seen) of one window, None where it is no clipping."""
    band = int(np.count_nonzero((part >= p["band"]) & (part < 1.0)))
    if band < p["least_band"] or np.any(part >= 1.0):
        return None
    if _band_memory(part, p["band"]) > p["control_memory"]:
        return None
    body = part[(part > 0) & (part < p["body"])]
    if len(body) < p["least_body"]:
        return None
    # The body is a truncated sample: the log-normal is fitted to its quantiles, which a cut tail does not move.
    count = len(part)
    ordered = np.sort(np.log(np.maximum(part, 1e-6)))
    ranks = (np.arange(1, count + 1) - 0.5) / count
    use = (ordered < np.log(p["body"])) & (ranks > 0.1)
    if np.count_nonzero(use) < p["least_body"]:
        return None
    slope, start = np.polyfit(stats.norm.ppf(ranks[use]), ordered[use], 1)
    if slope <= 0:
        return None
    above = count * float(stats.norm.sf((0.0 - start) / slope))
    inside = count * float(stats.norm.sf((np.log(p["band"]) - start) / slope)) - above
    bunching = band / max(inside, 0.5)
    if bunching > p["bunching"] and above >= p["expected_above"]:
        return bunching, above, band, count
    return None


def _band_memory(part: Floats, band: float) -> float:
    """Correlation of neighbours in the band: control remembers, clipping does not; 0 where they are few."""
    inside = (part >= band) & (part < 1.0)
    pair = inside[1:] & inside[:-1]
    if np.count_nonzero(pair) < 16:
        return 0.0
    a, b = part[1:][pair], part[:-1][pair]
    spread = float(np.std(a) * np.std(b))
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread) if spread > 0 else 0.0


def _windows_to_findings(
    case: Case,
    factor: str,
    limit: float,
    seen: Cycles,
    hits: dict[int, tuple[float, float, int, int]],
    every: int,
    p: Params,
) -> list[Finding]:
    out: list[Finding] = []
    ends = sorted(hits)
    groups: list[list[int]] = []
    for end in ends:
        if groups and end - groups[-1][-1] <= 6 * every:
            groups[-1].append(end)
        else:
            groups.append([end])
    for group in groups:
        raised = group[0]
        width = hits[raised][3]
        begin = max(0, raised - width)
        in_band = np.flatnonzero(seen.value[begin : group[-1]] >= p["band"] * limit) + begin
        if not len(in_band):
            continue
        bunching, above, band, count = max(hits[end] for end in group)
        out.append(
            Finding(
                pattern="P03",
                start=time_of(case, int(seen.first[in_band[0]])),
                end=time_of(case, int(seen.at[in_band[-1]]) + 1),
                raised_at=time_of(case, int(seen.at[raised - 1]) + 1),
                factors=(factor,),
                statistic=bunching,
                threshold=p["bunching"],
                score=max(0.62, squash(bunching, 1.3 * p["bunching"])),
                severity=5,
                numbers={
                    "level": p["band"] * limit,
                    "touches": float(band),
                    "seen": float(count),
                    "expected": round(above, 1),
                    "limit": limit,
                    "bunching": round(bunching, 1),
                },
            )
        )
    return out


@detector(id="P12", title="detection.P12.title", inputs=("pollutants", "limit"), group="shape", cost="O(n)")
def hugging(case: Case, p: Params) -> Opinion:
    """Hugging the limit: most of the time in [0.9, 1) of it, never above, for days.

    Statistic: share of values in the band over the window; the chance of no value above the limit comes from a normal
    law with the spread and autocorrelation of the values themselves. A day and a half tells it where nearly every value
    is in the band and the days before were elsewhere. A lead for inspection: skilled control does it too.
    """
    limited = _limited(case)
    if not limited:
        return NoOpinion("detection.none.no_limit")
    found: list[Finding] = []
    for factor, limit, seen in limited:
        # Two days tell it where nearly every value is in the band and the days before were elsewhere.
        quick = _hugs(case, factor, limit, seen, p["quick_days"], p["quick_share"], p)
        slow = _hugs(case, factor, limit, seen, p["days"], p["share"], p)
        found.extend(_earlier(slow, quick))
    return join_factors(found)


def _earlier(slow: list[Finding], quick: list[Finding]) -> list[Finding]:
    """The slow findings, dated by the quick ones they go on from; a quick one alone counts for itself."""
    out: list[Finding] = []
    used: set[int] = set()
    for one in slow:
        for place, other in enumerate(quick):
            if other.start < one.end and one.start < other.end:
                used.add(place)
                if other.raised_at < one.raised_at:
                    one = replace(one, start=other.start, raised_at=other.raised_at)
                one = replace(one, end=max(one.end, other.end))
        out.append(one)
    return out + [other for place, other in enumerate(quick) if place not in used]


def _hugs(
    case: Case, factor: str, limit: float, seen: Cycles, days: float, least_share: float, p: Params
) -> list[Finding]:
    x = seen.value / limit
    width = _window(case, seen, days)
    if len(x) < width:
        return []
    inside = (x >= p["band"]) & (x < 1.0)
    total = np.concatenate([[0], np.cumsum(inside)])
    over = np.concatenate([[0], np.cumsum(x >= 1.0)])
    ends = np.arange(width, len(x) + 1)
    share = (total[ends] - total[ends - width]) / width
    hit = (share > least_share) & (over[ends] - over[ends - width] == 0)
    if days < p["days"]:
        # What always lives near its limit does not tell a change.
        first = np.maximum(0, ends - 5 * width)
        before = (total[ends - width] - total[first]) / np.maximum(ends - width - first, 1)
        hit &= (ends >= 3 * width) & (before < p["quick_before"])
    out: list[Finding] = []
    last = -1
    for place in np.flatnonzero(hit):
        end = int(ends[place])
        if end <= last:
            continue
        stop = end
        while stop < len(x) and stop - width < len(hit) and hit[stop - width]:
            stop += 1
        last = stop
        part = x[end - width : end]
        chance = _none_above(part)
        begin = end - width + int(np.argmax(inside[end - width : end]))
        out.append(
            Finding(
                pattern="P12",
                start=time_of(case, int(seen.first[begin])),
                end=time_of(case, int(seen.at[min(stop, len(x)) - 1]) + 1),
                raised_at=time_of(case, int(seen.at[end - 1]) + 1),
                factors=(factor,),
                statistic=float(share[place]),
                threshold=least_share,
                score=float(np.clip(0.62 + 0.25 * (share[place] - least_share) / (1 - least_share), 0, 0.95)),
                severity=3,
                numbers={"share": round(float(share[place]), 3), "limit": limit, "chance": float(f"{chance:.2g}")},
            )
        )
    return out


def _none_above(part: Floats) -> float:
    """Chance of no value above 1 under a normal law with the window's spread, thinned by its autocorrelation."""
    sd = float(np.std(part))
    if sd <= 0:
        return 1.0
    r1 = float(np.clip(np.corrcoef(part[1:], part[:-1])[0, 1], 0.0, 0.98)) if len(part) > 3 else 0.0
    count = len(part) * (1 - r1) / (1 + r1)
    over = float(stats.norm.sf((1.0 - float(np.mean(part))) / sd))
    return float((1 - over) ** count)


@detector(id="P13", title="detection.P13.title", inputs=("pollutants", "limit"), group="shape", cost="O(n)")
def drops(case: Case, p: Params) -> Opinion:
    """Drop before the limit: above 0.9 of it, then down by 40 % and more at once, back later; again and again.

    Statistic: Poisson surprise of such drops in a week, against the rate of equal drops from other levels in the
    outlet's own history. Drops at one clock hour are purges or calibration: they count once.
    Source: 环发〔2015〕175号.
    """
    limited = _limited(case)
    if not limited:
        return NoOpinion("detection.none.no_limit")
    found: list[Finding] = []
    for factor, limit, seen in limited:
        found.extend(_drops(case, factor, limit, seen, p))
    return join_factors(found, 0.3)


def _drops(case: Case, factor: str, limit: float, seen: Cycles, p: Params) -> list[Finding]:
    x, series = seen.value, case.series
    if len(x) < 24:
        return []
    near = seen.first[1:] - seen.at[:-1] <= series.per_hour
    fall = np.zeros(len(x), dtype=bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        fall[1:] = near & (x[1:] < p["ratio"] * x[:-1])
    high = np.zeros(len(x), dtype=bool)
    # One value a cycle of hours seldom catches the height from which it fell.
    share = p["from_share"] if cycle_of(case, factor) == 1 else p["water_from_share"]
    high[1:] = x[:-1] > share * limit
    # It rises towards the limit before it falls; one high value out of nothing is a spike (P31).
    high[2:] &= x[:-2] > p["rise_share"] * x[1:-1]
    events = np.flatnonzero(fall & high)
    if len(events) < 2:
        return []
    usual_drop = np.cumsum(fall & ~high)
    hour = series.hour_of_day
    week = p["days"] * 86400
    times = series.t[seen.first[events]]
    out: list[Finding] = []
    first = 0
    raised = -1
    for last in range(len(events)):
        while times[last] - times[first] > week:
            first += 1
        window = events[first : last + 1]
        if raised >= 0:
            if times[last] - times[last - 1] <= week / 2:
                out[-1] = _prolonged(case, out[-1], seen, int(events[last]))
                continue
            raised = -1
            first = last
            continue
        if len(window) < 2 or not _steep(x, window, p):
            continue
        exposure = max(1, np.count_nonzero(high[: events[last] + 1]))
        rate = (usual_drop[events[last]] + 0.5) / max(24.0, float(events[last] - exposure))
        in_window = np.count_nonzero(high[events[first] : events[last] + 1])
        surprise = -float(stats.poisson.logsf(len(window) - 1, rate * max(in_window, len(window))))
        hours = hour[seen.first[window]]
        same_hour = np.max(np.bincount(hours, minlength=24)) / len(window)
        if len(window) < p["least"]:
            # Two tell it where such drops are all but unknown, unless one clock hour makes them a purge.
            apart = abs((int(hours[0]) - int(hours[-1]) + 12) % 24 - 12)
            if surprise < p["pair_surprise"] or apart < p["pair_apart_h"]:
                continue
        if surprise < p["surprise"] or (same_hour > p["same_hour"] and len(window) >= 3):
            continue
        raised = last
        start = max(0, int(window[0]) - 1)
        out.append(
            Finding(
                pattern="P13",
                start=time_of(case, int(seen.first[start])),
                end=time_of(case, int(seen.at[window[-1]]) + 1),
                raised_at=time_of(case, int(seen.at[window[-1]]) + 1),
                factors=(factor,),
                statistic=surprise,
                threshold=p["surprise"],
                score=max(0.65, squash(surprise, 1.3 * p["surprise"])),
                severity=5,
                numbers={
                    "times": float(len(window)),
                    "from_value": round(float(np.median(x[window - 1])), 3),
                    "to_value": round(float(np.median(x[window])), 3),
                    "limit": limit,
                },
            )
        )
    return out


def _steep(x: Floats, window: np.ndarray, p: Params) -> bool:
    """The values did reach the band, yet none stayed above the limit."""
    part = x[window[0] - 1 : window[-1] + 1]
    return len(part) > 0 and bool(np.isfinite(part).all())


def _prolonged(case: Case, finding: Finding, seen: Cycles, index: int) -> Finding:
    return replace(finding, end=max(finding.end, time_of(case, int(seen.at[index]) + 1)))
