"""What the shape patterns share: which factors, resolution, cycles of water analysers, runs, windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.detection.masks import running_top
from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.types import Bools, Case, Finding, Floats, Ints

HOUR_S = 3600
STATE = frozenset(
    {
        "pw_prod",
        "pw_treat",
        "a00000",
        "a01011",
        "a01012",
        "a01013",
        "a01014",
        "a19001",
        "w00000",
        "w01001",
        "w01010",
        "w01009",
        "w01014",
    }
)
"""Factors that tell the state of a plant or its water, not an amount of pollution."""
PH = "w01001"
FLOW = {"gas": "a00000", "water": "w00000"}
MAD = 1.4826


def pollutants(case: Case) -> list[str]:
    """Return the pollutants that the outlet measures, sorted."""
    return sorted(factor for factor in case.series.avg if factor not in STATE)


def judged(case: Case, factor: str) -> Floats:
    """(n,) what the limit is compared with: converted values where a reference O2 is registered, else the mean."""
    facts = case.facts.factors.get(factor)
    zs = case.series.zs.get(factor)
    if facts is not None and facts.o2_ref is not None and zs is not None and np.isfinite(zs).any():
        return zs
    return case.series.avg[factor]


def limit_of(case: Case, factor: str) -> float | None:
    """Return the registered limit of a factor, None where there is none."""
    facts = case.facts.factors.get(factor)
    return facts.limit if facts is not None else None


def resolution_of(case: Case, factor: str) -> float:
    """Return the smallest step of the values: registered, or seen in the first days; cached."""
    key = f"resolution:{factor}"
    if key not in case.cache:
        facts = case.facts.factors.get(factor)
        seen = _seen_resolution(case.series.avg[factor][: 240 * case.series.per_hour])
        known = facts.resolution if facts is not None and facts.resolution else None
        case.cache[key] = min(known, seen) if known and seen else (known or seen or 1e-9)
    value = case.cache[key]
    assert isinstance(value, float)
    return value


def _seen_resolution(values: Floats) -> float:
    levels = np.unique(np.round(values[np.isfinite(values)], 6))
    if len(levels) < 2:
        return 0.0
    return float(np.min(np.diff(levels)))


def trace_of(case: Case, factor: str) -> float:
    """Return the level up to which a value counts as trace: a few per cent of limit and of the usual level; cached.

    A running plant whose pollutant is gone reads its detection limit: flat, and of no weight for shapes.
    """
    key = f"trace:{factor}"
    if key not in case.cache:
        limit = limit_of(case, factor) or 0.0
        head = case.series.avg[factor][: 240 * case.series.per_hour]
        head = head[np.isfinite(head) & (head > 0)]
        usual = quick.median(head) if len(head) else 0.0
        case.cache[key] = max(2.0 * resolution_of(case, factor), 0.03 * limit, 0.06 * usual)
    value = case.cache[key]
    assert isinstance(value, float)
    return value


def scale_of(values: Floats) -> float:
    """Return the robust scale 1.4826 MAD of the finite values, NaN for none."""
    good = values[np.isfinite(values)]
    if not len(good):
        return float("nan")
    return MAD * quick.deviation(good, quick.median(good))


def discharging(case: Case) -> Bools:
    """(n,) water flows: an analyser repeats its last value while nothing is discharged. Always true for gas."""
    key = "discharging"
    if key not in case.cache:
        series = case.series
        flow = series.avg.get(FLOW[series.kind])
        if series.kind == "gas" or flow is None or not np.isfinite(flow).any():
            case.cache[key] = np.ones(len(series), dtype=bool)
        else:
            usual = running_top(flow, 75.0)
            case.cache[key] = np.isnan(flow) | (flow > 0.05 * usual)
    out = case.cache[key]
    assert isinstance(out, np.ndarray)
    return out


def usable(case: Case, factor: str) -> Bools:
    """(n,) what may be judged of a factor: marked N, no stop, and running; water where flow is known: while it flows.

    A works that treats what is stored runs on when production stops, so water goes by its flow, not by the load.
    """
    if case.series.kind == "gas" or not _has_flow(case):
        return case.masks.use(factor)
    masks = case.masks
    return masks.ok[factor] & ~masks.inst_by.get(factor, masks.inst) & ~masks.stop & discharging(case)


def _has_flow(case: Case) -> bool:
    flow = case.series.avg.get(FLOW[case.series.kind])
    return flow is not None and bool(np.isfinite(flow).any())


def cycle_of(case: Case, factor: str) -> int:
    """Samples in one cycle of the analyser: 1 for gas; for water the commonest length of repeats in the first days."""
    if case.series.kind == "gas":
        return 1
    key = f"shape.cycle:{factor}"
    if key not in case.cache:
        values, use = case.series.avg[factor], usable(case, factor)
        lengths = [b - a for a, b in runs_of_equal(values, use, 0.5 * resolution_of(case, factor), 600)]
        longest = 4 * case.series.per_hour
        case.cache[key] = 1
        if len(lengths) >= 8:
            counts = np.bincount(np.minimum(lengths, longest + 1), minlength=longest + 2)[1 : longest + 1]
            case.cache[key] = int(np.argmax(counts * np.arange(1, longest + 1))) + 1
    value = case.cache[key]
    assert isinstance(value, int)
    return value


def runs_of_equal(values: Floats, use: Bools, within: float, most: int | None = None) -> list[tuple[int, int]]:
    """Return runs [a, b) of neighbouring usable samples that differ by no more than `within`, one sample at least."""
    count = len(values) if most is None else min(len(values), most)
    good = use[:count] & np.isfinite(values[:count])
    if not good.any():
        return []
    joined = np.zeros(count, dtype=bool)
    joined[1:] = good[1:] & good[:-1] & (np.abs(np.diff(values[:count])) <= within)
    starts = np.flatnonzero(good & ~joined)
    breaks = np.flatnonzero(~joined | ~good)
    ends = breaks[np.minimum(np.searchsorted(breaks, starts, side="right"), len(breaks) - 1)]
    ends = np.where(ends <= starts, count, ends)
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class Cycles:
    """One value an analyser cycle.

    Attributes:
        at: (m,) index of the last sample of the cycle, at which its value is known to be new or not.
        first: (m,) index of its first sample; value: (m,); use: (m,) may be judged.
    """

    at: Ints
    first: Ints
    value: Floats
    use: Bools


def cycles(case: Case, factor: str, values: Floats | None = None) -> Cycles:
    """Collapse repeats inside one analyser cycle to one value; gas comes back as it is; cached for the plain values."""
    if values is not None and values is not case.series.avg[factor]:
        return _cycles(case, factor, values)
    key = f"shape.cycles:{factor}"
    if key not in case.cache:
        case.cache[key] = _cycles(case, factor, case.series.avg[factor])
    out = case.cache[key]
    assert isinstance(out, Cycles)
    return out


def _cycles(case: Case, factor: str, values: Floats) -> Cycles:
    raw = values
    use, length = usable(case, factor), cycle_of(case, factor)
    count = len(raw)
    index = np.arange(count, dtype=np.int64)
    if length == 1:
        return Cycles(index, index, raw, use & np.isfinite(raw))
    half = 0.5 * resolution_of(case, factor)
    first: list[int] = []
    last: list[int] = []
    for a, b in runs_of_equal(raw, use, half):
        # A run that is a little longer than a cycle is one cycle and a jittered edge, not two equal ones.
        pieces = max(1, (b - a + length // 2 - 1) // length) if length > 1 else b - a
        edges = np.minimum(a + length * np.arange(pieces + 1), b)
        edges[-1] = b
        first.extend(int(one) for one in edges[:-1])
        last.extend(int(one) - 1 for one in edges[1:])
    at, begin = np.array(last, dtype=np.int64), np.array(first, dtype=np.int64)
    return Cycles(at, begin, raw[begin] if len(begin) else np.zeros(0), np.ones(len(at), dtype=bool))


def usable_cycles(seen: Cycles) -> Cycles:
    """Return only the cycles that may be judged."""
    return Cycles(seen.at[seen.use], seen.first[seen.use], seen.value[seen.use], seen.use[seen.use])


def blocks(mask: Bools) -> Iterator[tuple[int, int]]:
    """Yield [a, b) of every block of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        yield int(a), int(b)


def rolling_sum(values: NDArray[np.float64] | Bools, width: int) -> Floats:
    """(n,) sum of the last `width` samples, fewer at the start."""
    total = np.concatenate([[0.0], np.cumsum(values.astype(np.float64))])
    index = np.arange(1, len(values) + 1)
    out: Floats = total[index] - total[np.maximum(index - width, 0)]
    return out


def time_of(case: Case, index: int) -> int:
    """Epoch seconds at which sample `index` starts; past the last one, at which the series ends."""
    series = case.series
    return int(series.t[0]) + index * series.step_s


def join_factors(findings: list[Finding], share: float = 0.5) -> list[Finding]:
    """Return findings of one pattern where those of several factors at the same time have become one."""
    out: list[Finding] = []
    for one in sorted(findings, key=lambda finding: (finding.start, finding.end)):
        for place, other in enumerate(out):
            both = min(one.end, other.end) - max(one.start, other.start)
            if both >= share * min(one.end - one.start, other.end - other.start):
                out[place] = _together(other, one)
                break
        else:
            out.append(one)
    return out


def _together(a: Finding, b: Finding) -> Finding:
    best, other = (a, b) if a.score >= b.score else (b, a)
    doubt = (1.0 - best.score) * (1.0 - 0.5 * other.score)
    # What is too weak to be told alone does not date what is told.
    raised = best.raised_at if other.score < 0.6 <= best.score else min(a.raised_at, b.raised_at)
    return Finding(
        pattern=best.pattern,
        start=min(a.start, b.start),
        end=max(a.end, b.end),
        raised_at=raised,
        factors=tuple(sorted({*a.factors, *b.factors})),
        statistic=best.statistic,
        threshold=best.threshold,
        score=1.0 - doubt,
        severity=max(a.severity, b.severity),
        numbers=best.numbers,
        counter=tuple(dict.fromkeys(a.counter + b.counter)),
        group=best.group,
    )


def squash(value: float, threshold: float) -> float:
    """Return a score: 0.6 at the threshold, towards 1 far above it, towards 0 far below."""
    if threshold <= 0 or not np.isfinite(value):
        return 0.0
    return float(1.0 - 0.4 ** max(0.0, value / threshold))


@dataclass(frozen=True, slots=True)
class Rolling:
    """Statistics of the last `width` samples up to each one, all (n,); NaN with fewer than `least` values.

    Attributes:
        count: values; mean; sd: about the mean; sd_line: about a straight line in time; r1: correlation of neighbours;
        step: sd of differences of neighbours, divided by sqrt 2.
    """

    count: Floats
    mean: Floats
    sd: Floats
    sd_line: Floats
    r1: Floats
    step: Floats


def rolling(values: Floats, use: Bools, width: int, least: int) -> Rolling:
    """Return the rolling statistics of `values` where `use`; O(n) by running sums."""
    good = use & np.isfinite(values)
    shift = quick.median(values[good]) if good.any() else 0.0
    x = np.where(good, values - shift, 0.0)
    time = np.arange(len(values), dtype=np.float64)
    n = rolling_sum(good, width)
    n = np.where(n >= max(3, least), n, np.nan)
    sx, sxx = rolling_sum(x, width), rolling_sum(x * x, width)
    st, stt, stx = (rolling_sum(np.where(good, part, 0.0), width) for part in (time, time * time, time * x))
    mean = sx / n
    var = np.maximum(sxx / n - mean**2, 0.0)
    tvar = stt / n - (st / n) ** 2
    cov = stx / n - st / n * mean
    with np.errstate(invalid="ignore", divide="ignore"):
        line = np.maximum(var - np.where(tvar > 0, cov**2 / tvar, 0.0), 0.0)
    pair = np.zeros(len(x), dtype=bool)
    pair[1:] = good[1:] & good[:-1]
    delta = np.zeros(len(x))
    delta[1:] = np.where(pair[1:], np.diff(x), 0.0)
    pairs = rolling_sum(pair, width)
    with np.errstate(invalid="ignore", divide="ignore"):
        pairs = np.where(pairs >= max(3, least // 2), pairs, np.nan)
        step2 = rolling_sum(delta**2, width) / pairs
        # By the mean square of differences, which a slow trend hardly moves: r1 = 1 - E d^2 / (2 var).
        r1 = np.where(var > 0, 1.0 - step2 / (2 * var), np.nan)
    return Rolling(n, mean + shift, np.sqrt(var), np.sqrt(line), r1, np.sqrt(step2 / 2))


def lagged_quantiles(x: Floats, quantiles: tuple[float, ...], *, hold: int, every: int, least: int) -> list[Floats]:
    """(n,) each: quantiles of what ended `hold` samples ago, renewed every `every`-th sample; NaN while few."""
    out = [np.full(len(x), np.nan) for _one in quantiles]
    good = np.isfinite(x)
    for at in range(0, len(x), every):
        until = max(0, at - hold)
        past = x[:until][good[:until]]
        if len(past) < least:
            continue
        past.sort()
        for place, quantile in enumerate(quantiles):
            out[place][at : at + every] = past[round(quantile * (len(past) - 1))]
    return out


def spread_out(case: Case, seen: Cycles, values: Floats) -> Floats:
    """(n,) a value known a cycle, held at every sample from its cycle's end to the next one's."""
    out = np.full(len(case.series), np.nan)
    if not len(seen.at):
        return out
    place = np.searchsorted(seen.at, np.arange(len(out)), side="right") - 1
    good = place >= 0
    out[good] = values[place[good]]
    return out


def hits_to_windows(hit: Bools, bridge: int) -> list[tuple[int, int]]:
    """Return [first, last] of hits where neighbours are at most `bridge` samples apart."""
    where = np.flatnonzero(hit)
    if not len(where):
        return []
    parts = np.split(where, np.flatnonzero(np.diff(where) > bridge) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]
