"""P14: nights that differ from days, at equal load."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.outlet import expected_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import (
    join_factors,
    pollutants,
    scale_of,
    squash,
    time_of,
    trace_of,
    usable,
)
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, NoOpinion, Opinion, Params


@detector(id="P14", title="detection.P14.title", inputs=("pollutants", "load", "hour"), group="shape", cost="O(n)")
def night(case: Case, p: Params) -> Opinion:
    """Night mode: night after night the values lie off those of the day before and after, more than the load explains.

    Statistic: median of ln(value / expected) of the night less that of the days around it, against the same of earlier
    nights of this outlet; several nights in a row, each far outside what was usual, or two when both stand far out.
    Where the data model has no opinion the plain values stand in.
    Source: 环境保护法 art. 63.
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    found: list[Finding] = []
    for factor in factors:
        found.extend(_of_factor(case, factor, p))
    return join_factors(found)


def _nights(case: Case, p: Params) -> list[tuple[int, int]]:
    """[a, b) of every night; only those that lie wholly in the series."""
    hour = case.series.hour_of_day
    begin, end = int(p["from_hour"]), int(p["to_hour"])
    dark = (hour >= begin) | (hour < end)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], dark, [False]]).astype(np.int8)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(a, b) for a, b in pairs if a > 0 and b < len(case.series)]


def _contrast(values: Floats, a: int, b: int, side: int, after: int) -> float:
    """Median of the night less that of the hours around it that lie before the night's end plus `after`."""
    dark = values[a:b]
    light = np.concatenate([values[max(0, a - 2 * side) : a], values[b : b + after]])
    dark, light = dark[np.isfinite(dark)], light[np.isfinite(light)]
    if len(dark) < 0.4 * (b - a) or len(light) < 0.5 * side:
        return float("nan")
    return quick.median(dark) - quick.median(light)


def _of_factor(case: Case, factor: str, p: Params) -> list[Finding]:
    series = case.series
    use = usable(case, factor)
    values = series.avg[factor]
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = np.where(use & (values > 0), np.log(np.maximum(values, 1e-9)), np.nan)
    expected = expected_of(case, factor)
    model = None if isinstance(expected, NoOpinion) else np.where(use, expected.ln_ratio, np.nan)
    side, after = round(p["side_h"] * series.per_hour), round(p["after_h"] * series.per_hour)
    nights = _nights(case, p)
    raw = np.array([_contrast(plain, a, b, side, after) for a, b in nights])
    told = raw if model is None else np.array([_contrast(model, a, b, side, after) for a, b in nights])
    ready = [b + after for _, b in nights]
    hits = np.zeros(len(nights))
    size, clear = np.full(len(nights), np.nan), np.zeros(len(nights), dtype=bool)
    for place in range(len(nights)):
        hits[place], size[place], clear[place] = _judge(raw, told, place, hits, p)
    slow = _findings(case, factor, nights, ready, hits, size, clear, p)
    if not hits.any():
        return slow
    begun = _Begun(*_begun(case, plain, model, hits, p))
    return _dated(slow, _two_in_sight(case, factor, nights, ready, hits, size, clear, begun, p))


@dataclass(frozen=True, slots=True)
class _Begun:
    """The first hours of every night: [a, b), sign if they stand far out or 0, ln ratio, whether they stand far out."""

    hours: list[tuple[int, int]]
    hits: Floats
    size: Floats
    clear: Bools


def _begun(
    case: Case, plain: Floats, model: Floats | None, full: Floats, p: Params
) -> tuple[list[tuple[int, int]], Floats, Floats, Bools]:
    """Judge the first hours of every night against the first hours of earlier nights, and the evening before alone."""
    per_hour = case.series.per_hour
    hour = case.series.hour_of_day
    part, side = round(p["begun_h"] * per_hour), round(p["side_h"] * per_hour)
    starts = np.flatnonzero((hour[1:] == int(p["from_hour"])) & (hour[:-1] != int(p["from_hour"]))) + 1
    hours = [(int(a), int(a) + part) for a in starts if a + part <= len(hour)]
    raw = np.array([_contrast(plain, a, b, side, 0) for a, b in hours])
    told = raw if model is None else np.array([_contrast(model, a, b, side, 0) for a, b in hours])
    hits, size, clear = np.zeros(len(hours)), np.full(len(hours), np.nan), np.zeros(len(hours), dtype=bool)
    for place in range(len(hours)):
        hits[place], size[place], clear[place] = _judge(raw, told, place, full[:place], p)
    return hours, hits, size, clear


def _two_in_sight(
    case: Case,
    factor: str,
    nights: list[tuple[int, int]],
    ready: list[int],
    hits: Floats,
    size: Floats,
    clear: Bools,
    begun: _Begun,
    p: Params,
) -> list[Finding]:
    """A night that stood far out, and the next one begins as it did: told in the middle of that next night."""
    out: list[Finding] = []
    place_of = {a: place for place, (a, _b) in enumerate(begun.hours)}
    day = 24 * case.series.per_hour
    busy = -1
    for k, (a, b) in enumerate(nights):
        place = place_of.get(a + day)
        if place is None or a < busy or hits[k] == 0 or begun.hits[place] != hits[k]:
            continue
        both = [(size[k], clear[k]), (begun.size[place], begun.clear[place])]
        end = begun.hours[place][1]
        if not all(far or abs(move) > p["clear_ln_ratio"] for move, far in both) or ready[k] > end:
            continue
        if _at_trace(case, factor, [(a, b)]):
            continue
        busy = end
        typical = float(np.median([move for move, _far in both]))
        out.append(_told(case, factor, (a, end), end, typical, 2, p, trace=False))
    return out


def _dated(slow: list[Finding], quick: list[Finding]) -> list[Finding]:
    """The slow findings, dated by the quick ones they go on from; a quick one alone counts for itself."""
    out: list[Finding] = []
    used: set[int] = set()
    for one in slow:
        for place, other in enumerate(quick):
            if other.start < one.end and one.start < other.end:
                used.add(place)
                one = replace(one, start=min(one.start, other.start), raised_at=min(one.raised_at, other.raised_at))
        out.append(one)
    return out + [other for place, other in enumerate(quick) if place not in used]


def _told(
    case: Case,
    factor: str,
    part: tuple[int, int],
    raised: int,
    typical: float,
    count: int,
    p: Params,
    *,
    trace: bool,
) -> Finding:
    """The finding of `count` nights within samples `part`, of the typical ln ratio."""
    score = max(0.62, squash(abs(typical) / p["ln_ratio"] * count / int(p["nights"]), 1.4))
    return Finding(
        pattern="P14",
        start=time_of(case, part[0]),
        end=time_of(case, part[1]),
        raised_at=time_of(case, min(raised, len(case.series))),
        factors=(factor,),
        statistic=float(np.exp(typical)),
        threshold=float(np.exp(np.sign(typical) * p["ln_ratio"])),
        score=score * (p["doubt_trace"] if trace else 1.0),
        severity=4,
        numbers={
            "nights": float(count),
            "ratio": round(float(np.exp(typical)), 2),
            "from_hour": p["from_hour"],
            "to_hour": p["to_hour"],
        },
        counter=("detection.counter.trace",) if trace else (),
    )


def _judge(raw: Floats, told: Floats, place: int, hits: Floats, p: Params) -> tuple[float, float, bool]:
    """(sign of a night that stands out or 0, its ln ratio against earlier nights, whether it stands out far)."""
    clean = np.abs(hits[:place]) < 0.5
    best = (0.0, float("nan"), False)
    sizes, far = [], True
    for values in (told, raw):
        past = values[:place][clean]
        past = past[np.isfinite(past)]
        if not np.isfinite(values[place]):
            continue
        if len(past) < p["least_nights"]:
            continue
        centre = quick.median(past)
        scale = max(scale_of(past), 0.6 * quick.quantile(np.abs(past - centre), 0.9), p["least_scale"])
        move = float(values[place]) - centre
        if abs(move) > p["ln_ratio"] and abs(move) > p["z"] * scale:
            sizes.append(move)
            far &= abs(move) > p["clear_z"] * scale
        else:
            return best
    if sizes and all(np.sign(one) == np.sign(sizes[0]) for one in sizes):
        return float(np.sign(sizes[0])), float(min(sizes, key=abs)), far
    return best


def _at_trace(case: Case, factor: str, nights: list[tuple[int, int]]) -> bool:
    """The nights' values fall to the detection limit: nothing is left to measure, which is not a mode."""
    values, floor = case.series.avg[factor], trace_of(case, factor)
    shares = [float(np.mean(values[a:b][np.isfinite(values[a:b])] <= floor)) for a, b in nights if b > a]
    return bool(np.median(shares) > 0.5) if shares else False


def _findings(
    case: Case,
    factor: str,
    nights: list[tuple[int, int]],
    ready: list[int],
    hits: Floats,
    size: Floats,
    clear: Bools,
    p: Params,
) -> list[Finding]:
    out: list[Finding] = []
    place = 0
    need = int(p["nights"])
    while place < len(nights):
        if hits[place] == 0:
            place += 1
            continue
        sign, members, last = hits[place], [place], place
        for other in range(place + 1, len(nights)):
            if hits[other] == sign:
                members.append(other)
                last = other
            elif other - last >= 2:
                break
        first = members[:2]
        strong = len(first) == 2 and bool(((np.abs(size[first]) > p["clear_ln_ratio"]) | clear[first]).all())
        if len(members) >= need or strong:
            need_here = 2 if strong else need
            raised = members[need_here - 1]
            typical = float(np.median(size[members[:need_here]]))
            trace = _at_trace(case, factor, [nights[one] for one in members[:need]])
            whole = (nights[members[0]][0], nights[members[-1]][1])
            out.append(_told(case, factor, whole, ready[raised], typical, len(members), p, trace=trace))
        place = last + 1
    return out
