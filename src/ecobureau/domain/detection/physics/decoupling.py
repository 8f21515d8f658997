"""P26: what leaves no longer follows the load."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, spells_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, NoOpinion, Opinion, Params

_LINKED = ("a00000", "a01011", "w00000", "a19001", "a01012")


@detector(
    id="P26",
    title="detection.P26.title",
    inputs=("production power", "flow, O2, T, concentrations"),
    group="power",
    cost="O(n log n)",
)
def decoupling(case: Case, p: Params) -> Opinion:
    """Find days in which a factor that followed the load (|rank correlation| > 0.6) follows it no more (< 0.2).

    Judged every quarter of a day on the trailing window, only while the load itself moves; the difference to the past
    must also be significant: Fisher's z over the number of independent samples.
    """
    series = case.series
    if "pw_prod" not in series.avg:
        return NoOpinion("detection.no_power")
    names = [f for f in (*_LINKED, *pollutants(series)) if f in series.avg]
    if not names:
        return NoOpinion("detection.no_inputs", {"factor": "P26"})
    load = _hourly(np.where(case.masks.known & case.masks.run, series.avg["pw_prod"], np.nan), series.per_hour)
    lost: dict[str, tuple[Bools, Floats, Floats]] = {}
    for factor in names:
        values = _hourly(np.where(case.masks.use(factor), series.avg[factor], np.nan), series.per_hour)
        lost[factor] = _lost(load, values, p)
    if not any(np.isfinite(past).any() for _hit, _now, past in lost.values()):
        return NoOpinion("detection.no_history", {"factor": names[0]})
    linked = np.sum([np.isfinite(past) & (past > p["linked"]) for _h, _n, past in lost.values()], axis=0)
    gone = np.sum([hit for hit, _n, _p in lost.values()], axis=0)
    # One of many links may fail by chance or by a change of the plant; most of them must.
    hit = (gone >= 1) & (gone >= p["least_share"] * linked)
    judged = linked >= 1
    window = int(p["window_h"])
    found = []
    for spell in spells_of(hit, judged, need=max(1, int(p["hold_h"])), share=0.9, gap=24):
        at = spell.raised
        named = tuple(f for f, (h, _n, _p) in lost.items() if h[at])
        if not named:
            continue
        now = float(np.mean([lost[f][1][at] for f in named]))
        past = float(np.mean([lost[f][2][at] for f in named]))
        per = series.per_hour
        # The window turns when about half of it lies in the new state; it ends likewise.
        first = max(0, spell.first - int(0.75 * window))
        stop = max(first + 1, spell.stop - int(0.3 * window)) if spell.stop - spell.first > window else spell.stop
        whole = Spell(first * per, min(len(series), stop * per), min(len(series) - 1, at * per + per - 1))
        found.append(
            finding(
                case,
                "P26",
                whole,
                factors=named,
                statistic=now,
                threshold=p["loose"],
                score=0.65 + 0.1 * min(3, len(named)),
                severity=4,
                group="power",
                numbers={"now": now, "past": past, "days": window / 24},
                counter=("detection.counter.load_moved",),
            )
        )
    return found


def _hourly(x: Floats, per_hour: int) -> Floats:
    """Return means of every full hour, NaN where fewer than half the samples are there."""
    if per_hour == 1:
        return x
    count = len(x) // per_hour
    block = x[: count * per_hour].reshape(count, per_hour)
    n = np.isfinite(block).sum(axis=1)
    with np.errstate(all="ignore"):
        return np.where(n * 2 >= per_hour, np.nansum(block, axis=1) / np.maximum(n, 1), np.nan)


def _lost(load: Floats, values: Floats, p: Params) -> tuple[Bools, Floats, Floats]:
    """Return where the link is lost, |r| now and |r| of the past, hourly (m,) each."""
    m = len(load)
    window, every = int(p["window_h"]), int(p["every_h"])
    now, past, hit = np.full(m, np.nan), np.full(m, np.nan), np.zeros(m, dtype=bool)
    history: list[tuple[int, float]] = []
    for end in range(window, m + 1, every):
        part = slice(end - window, end)
        r, n = _rank_correlation(load[part], values[part], p["load_sd"], int(p["least_share_rows"] * window))
        if not np.isfinite(r):
            continue
        # Half-overlapping windows of the past, older than the window and the hold-off.
        older = [value for at, value in history if at <= end - window - 24 * p["holdoff_d"]]
        history.append((end, r))
        if len(older) < p["least_windows"]:
            continue
        level = float(np.median(older))
        # The weakest tenth of the past tells how far the link drifts honestly.
        low = float(np.quantile(np.abs(older), 0.1))
        sign = np.sign(level) or 1.0
        here, usual = float(sign * r), abs(level)
        effective = max(5.0, n / p["independent"])
        gap = (np.arctanh(min(usual, 0.99)) - np.arctanh(np.clip(here, -0.99, 0.99))) * np.sqrt(effective - 3)
        lost = usual > p["linked"] and here < p["loose"] and gap > p["scales"] and here < low - p["below_past"]
        stop = min(m, end - 1 + every)
        now[end - 1 : stop], past[end - 1 : stop], hit[end - 1 : stop] = here, usual, lost
    return hit, now, past


def _rank_correlation(a: Floats, b: Floats, least_sd: float, least: int) -> tuple[float, int]:
    """Return Spearman's r of the finite pairs and their number; NaN where they are few or the load hardly moves."""
    both = np.isfinite(a) & np.isfinite(b)
    n = int(both.sum())
    if n < max(8, least):
        return float("nan"), n
    x, y = a[both], b[both]
    if float(x.std()) < least_sd * max(float(np.abs(x).mean()), 1e-9):
        return float("nan"), n
    if float(y.std()) <= 1e-12:
        return 0.0, n
    rx, ry = _ranks(x), _ranks(y)
    return float(np.corrcoef(rx, ry)[0, 1]), n


def _ranks(x: Floats) -> Floats:
    """Return ranks, ties by their mean."""
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle = ends - (counts - 1) / 2.0
    ranks: Floats = middle[inverse]
    return ranks
