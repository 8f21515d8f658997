"""P27 and P31: marks of digits, spikes. Supporting evidence and work for the maintenance crew."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.spells import trailing_median
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import cycles as cycles_of
from ecobureau.domain.detection.shape.common import (
    hits_to_windows,
    join_factors,
    pollutants,
    resolution_of,
    rolling_sum,
    squash,
    time_of,
    trace_of,
    usable_cycles,
)
from ecobureau.domain.detection.shape.steps import Walk, walks_of
from ecobureau.domain.detection.types import Case, Finding, Floats, NoOpinion, Opinion, Params
from ecobureau.domain.late import stats


@detector(id="P27", title="detection.P27.title", inputs=("pollutants", "resolution"), group="shape", cost="O(n)")
def digits(case: Case, p: Params) -> Opinion:
    """Digits: the last digits of a window are dealt unlike those of the outlet's own history.

    Statistic: chi-square of the last digit of 300 and more values against the history's own shares. Rounding by the
    logger is in the history too. Supporting evidence only, never a clue alone.
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    found: list[Finding] = []
    for factor in factors:
        found.extend(_digits_of(case, factor, p))
    return join_factors(found)


def _digits_of(case: Case, factor: str, p: Params) -> list[Finding]:
    step = resolution_of(case, factor)
    seen = usable_cycles(cycles_of(case, factor))
    if len(seen.value) < 2 * p["least"]:
        return []
    last = np.round(seen.value / step).astype(np.int64) % 10
    width = int(p["least"])
    hits = np.zeros(len(last), dtype=bool)
    chance = np.ones(len(last))
    counted = np.zeros((len(last) + 1, 10))
    counted[1:] = np.cumsum(last[:, None] == np.arange(10), axis=0)
    ends = np.arange(2 * width, len(last) + 1, max(1, width // 6))
    chance[ends - 1] = _unlike(counted[ends] - counted[ends - width], counted[ends - width])
    hits[ends - 1] = chance[ends - 1] < p["p"]
    out: list[Finding] = []
    for first, stop in hits_to_windows(hits, width // 2):
        out.append(
            Finding(
                pattern="P27",
                start=time_of(case, int(seen.first[first - width + 1])),
                end=time_of(case, int(seen.at[stop]) + 1),
                raised_at=time_of(case, int(seen.at[first]) + 1),
                factors=(factor,),
                statistic=-float(np.log10(max(chance[first], 1e-300))),
                threshold=-float(np.log10(p["p"])),
                score=0.4,
                severity=2,
                numbers={"count": float(width), "p": float(f"{chance[first]:.1e}")},
            )
        )
    return out


def _unlike(now: Floats, past: Floats) -> Floats:
    """Return the chance (m,) that two rows of counts (m, 10) each come from the same shares, by chi-square."""
    both = now + past
    share = both / both.sum(axis=1, keepdims=True)
    there = both > 0
    off = np.zeros(len(now))
    for part in (now, past):
        expected = share * part.sum(axis=1, keepdims=True)
        off += (np.where(there, part - expected, 0.0) ** 2 / np.where(there, expected, 1.0)).sum(axis=1)
    kinds = there.sum(axis=1)
    chance: Floats = np.where(kinds >= 2, stats.chi2.sf(off, np.maximum(kinds - 1, 1)), 1.0)
    return chance


@detector(id="P31", title="detection.P31.title", inputs=("pollutants",), group="shape", cost="O(n)")
def spikes(case: Case, p: Params) -> Opinion:
    """Spikes: single values far off their neighbours, more of them than the outlet usually shows.

    Statistic: values more than five scales off the median of the five around them (Hampel), counted over two days
    against a Poisson law with the outlet's own earlier rate. Right after a calibration they are residue. A jump: the
    level leaves at once for half a day and more, far beyond its scatter, not towards the detection limit.
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    found: list[Finding] = []
    for factor in factors:
        found.extend(_spikes_of(case, factor, p))
    for factor, walk in walks_of(case, case.params.part("step")).items():
        found.extend(_jumps_of(case, factor, walk, p))
    return join_factors(found, 0.3)


def _jumps_of(case: Case, factor: str, walk: Walk, p: Params) -> list[Finding]:
    """A level that leaves at once and stays away for half a day and more, far beyond its scatter, one factor alone."""
    out: list[Finding] = []
    least, width = int(p["jump_blocks"]), walk.blocks.width
    busy = 0
    y = walk.blocks.y
    # Cheap look first: the plain logarithms must leave their two neighbours before by most of the least jump.
    edge = np.full(walk.count + 1, np.nan)
    with np.errstate(invalid="ignore"):
        edge[least + 1 :] = np.abs(y[1 : walk.count - least + 1] - y[: walk.count - least])
    far = np.flatnonzero(edge > 0.5 * p["jump_ln"])
    for end in far[far >= 7 * walk.per_day].tolist():
        if end < busy:
            continue
        found = walk.model_at(end)
        if found is None:
            continue
        model, rest = found
        now, past = rest[end - least : end], rest[end - least - 2 * walk.per_day : end - least]
        if not np.isfinite(now).all() or np.isfinite(past).sum() < walk.per_day:
            continue
        raw = case.series.avg[factor][(end - least) * width : end * width]
        if not quick.nanmedian(raw) > trace_of(case, factor):
            continue
        if _restarted(case, (end - least) * width):
            continue
        level = quick.nanmedian(past)
        z = (now - level) / model.scale
        sign = np.sign(z[0])
        near = past[-2:][np.isfinite(past[-2:])]
        calm = len(near) > 0 and bool((np.abs(near - level) < 0.4 * np.abs(now[0] - level)).all())
        if not calm or (sign * z).min() < p["jump_scales"] or float(np.min(np.abs(now - level))) < p["jump_ln"]:
            continue
        stop = end
        while stop < walk.count and not sign * (rest[stop] - level) < 0.5 * abs(quick.median(now) - level):
            stop += 1
        busy = stop + least
        if not _never_so(rest, now, end - least, sign, walk.per_day, p):
            continue
        # Whether it comes back or stays nobody knows yet; what stays is told by the pattern it grows into.
        longest = end - least + round(p["jump_longest_h"] * case.series.per_hour / width)
        kind, stop = ("left", longest) if stop > longest else ("jump", stop)
        strength = float((sign * z).min())
        size = quick.median(now) - level
        out.append(
            Finding(
                pattern="P31",
                start=time_of(case, (end - least) * width),
                end=time_of(case, stop * width),
                raised_at=time_of(case, end * width),
                factors=(factor,),
                statistic=strength,
                threshold=p["jump_scales"],
                score=max(0.6, squash(strength, 1.3 * p["jump_scales"])),
                severity=2,
                numbers={"kind": kind, "times": 1.0, "usual": 0.0, "ratio": round(float(np.exp(size)), 2)},
            )
        )
    return out


def _never_so(rest: Floats, now: Floats, first: int, sign: float, per_day: int, p: Params) -> bool:
    """Blocks `now` lie beyond nearly all of the weeks before block `first`: the level left, it did not come back."""
    past = rest[max(0, first - round(p["jump_past_d"] * per_day)) : first]
    past = past[np.isfinite(past)]
    edge = quick.quantile(sign * past, p["jump_past_share"])
    return bool((sign * now).min() > edge)


def _restarted(case: Case, first: int) -> bool:
    """The plant stood, or was declared to, within the day before sample `first`."""
    day = slice(max(0, first - 24 * case.series.per_hour), first + 1)
    return bool(case.masks.stop[day].any() or (~case.masks.run[day]).any())


def _spikes_of(case: Case, factor: str, p: Params) -> list[Finding]:
    seen = usable_cycles(cycles_of(case, factor))
    x = seen.value
    if len(x) < 100:
        return []
    # Causal: a value is judged against the two on either side, so it is known two cycles later.
    middle = np.full(len(x), np.nan)
    stack = np.stack([x[i : len(x) - 4 + i] for i in range(5)])
    middle[2:-2] = np.median(np.delete(stack, 2, axis=0), axis=0)
    off = x - middle
    scale = trailing_median(np.abs(off), 240, 60, 6) * 1.4826
    alone = np.zeros(len(x), dtype=bool)
    with np.errstate(invalid="ignore"):
        # The neighbours themselves must be near one another: else it is a step or a slope.
        calm = np.zeros(len(x), dtype=bool)
        around = np.delete(stack, 2, axis=0)
        calm[2:-2] = (around.max(axis=0) - around.min(axis=0)) < p["calm"] * np.abs(off[2:-2])
        alone = calm & (np.abs(off) > p["scales"] * scale) & (np.abs(off) > 4 * resolution_of(case, factor))
    width = max(8, round(p["hours"] * case.series.per_hour / max(1.0, float(np.median(np.diff(seen.at))))))
    count = rolling_sum(alone, width)
    before = np.concatenate([np.zeros(min(width, len(x))), np.cumsum(alone)[:-width]])
    rate = (before + 0.5) / np.maximum(np.arange(len(x)) - width, 3 * width) * width
    surprise: Floats = -stats.poisson.logsf(count - 1, rate)
    hit = (count >= p["least"]) & (surprise > p["surprise"])
    out: list[Finding] = []
    for first, last in hits_to_windows(hit, width):
        inside = np.flatnonzero(alone[max(0, first - width + 1) : last + 1]) + max(0, first - width + 1)
        out.append(
            Finding(
                pattern="P31",
                start=time_of(case, int(seen.first[inside[0]])),
                end=time_of(case, int(seen.at[inside[-1]]) + 1),
                raised_at=time_of(case, int(seen.at[min(first + 2, len(x) - 1)]) + 1),
                factors=(factor,),
                statistic=float(surprise[first]),
                threshold=p["surprise"],
                score=max(0.6, squash(float(surprise[first]), 1.3 * p["surprise"])),
                severity=2,
                numbers={"times": float(len(inside)), "usual": round(float(rate[first]), 2)},
            )
        )
    return out
