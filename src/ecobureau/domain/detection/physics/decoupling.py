"""P26: what leaves no longer follows the load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.facts import finding
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, spells_of
from ecobureau.domain.detection.physics.standstill import values_at_standstill
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params

# Values of one instrument or one nature count as one link.
_FLOWS: Final = ("a00000", "a01011", "w00000")
_LINKS: Final = (("a00000", "a01011"), ("w00000",), ("a19001",), ("a01012",))


@detector(
    id="P26",
    title="detection.P26.title",
    inputs=("production power", "flow, O2, T, concentrations"),
    group="power",
    cost="O(n w log w)",
)
def decoupling(case: Case, p: Params) -> Opinion:
    """Find days in which what followed the load (rank correlation) follows it no more, while the load does move.

    Judged every quarter of a day on trailing windows of 30 and 72 hours. The loss against the same windows of the past
    is Fisher's z over the number of independent samples, summed over the links; one link alone needs the long window.
    Of rank correlation and plain correlation the stronger counts; hours that P21 tells are left out.
    """
    series = case.series
    if "pw_prod" not in series.avg:
        return NoOpinion("detection.no_power")
    links = [tuple(f for f in link if f in series.avg) for link in (*_LINKS, *((f,) for f in pollutants(series)))]
    links = [link for link in links if link]
    if not links:
        return NoOpinion("detection.no_inputs", {"factor": "P26"})
    # Stops belong to it: what follows the load ends with it. A row marked F tells a standing flow as well as any.
    told = case.masks.known & ~case.masks.stop & ~_values_at_standstill(case)
    load = _hourly(np.where(told, series.avg["pw_prod"], np.nan), series.per_hour)
    values = [_hourly(_told(case, link[0]), series.per_hour) for link in links]
    found: list[Finding] = []
    spoke = False
    raw = p.raw("windows_h")
    for width in [int(w) for w in raw] if isinstance(raw, list | tuple) else [72]:
        looks = [_look(load, value, width, p) for value in values]
        spoke |= any(np.isfinite(look.past).any() for look in looks)
        found += _spells(case, p, links, looks, width)
    if not spoke:
        return NoOpinion("detection.no_history", {"factor": links[0][0]})
    return found


def _values_at_standstill(case: Case) -> Bools:
    """(n,) hours that P21 tells: what does not follow the load there is another event, whatever the window."""
    out = np.zeros(len(case.series), dtype=bool)
    opinion = values_at_standstill(case, case.params.part("P21"))
    if isinstance(opinion, NoOpinion):
        return out
    for one in opinion:
        # Only from when it was raised on: before, nobody knew.
        out |= (case.series.t >= one.start) & (case.series.t < one.end)
    return out


def _told(case: Case, factor: str) -> Floats:
    """Return what the factor told, (n,): rows in order, and flow also where it is marked as stopped."""
    series, m = case.series, case.masks
    ok, stopped = m.ok[factor], series.flag[factor] == "F"
    good = ok | stopped if factor in _FLOWS else ok & ~m.inst_by.get(factor, m.inst)
    return np.where(good, series.avg[factor], np.nan)


@dataclass(frozen=True, slots=True)
class _Look:
    """At the end of every step of `every_h`, (k,) each: correlation now (signed by its past) and its past level.

    Attributes:
        loss: how far it fell, in sd of Fisher's z; moves: correlation of six-hour differences now, same sign.
    """

    now: Floats
    past: Floats
    loss: Floats
    moves: Floats


def _spells(case: Case, p: Params, links: list[tuple[str, ...]], looks: list[_Look], width: int) -> list[Finding]:
    every, per = int(p["every_h"]), case.series.per_hour
    now, past, loss, moves = (
        np.array([getattr(look, name) for look in looks]) for name in ("now", "past", "loss", "moves")
    )
    if not now.shape[1]:
        return []
    linked = np.isfinite(loss) & (past > p["linked"])
    count = linked.sum(axis=0)
    total = np.where(linked, loss, 0.0).sum(axis=0) / np.sqrt(np.maximum(count, 1))
    # A step in the level breaks the correlation of levels, not that of differences: that link still holds.
    low = linked & (now < p["loose"]) & ~(moves > p["quick"])
    strongest = np.where(linked, past, 0.0).max(axis=0)
    led = (low & (past >= strongest - 1e-9)).any(axis=0) & (strongest > p["strong"])
    # A change of the plant may loosen one link; what leaves no longer follows the load when most are lost at once.
    most = (low.sum(axis=0) >= 0.5 * count) & (count >= 1)
    enough = (low.sum(axis=0) >= 2) | (width >= p["alone_h"])
    hit = most & enough & led & (total > p["scales"])
    found = []
    for spell in spells_of(hit, count >= 1, need=1, share=0.0, gap=max(2, width // every)):
        at = spell.raised
        named = tuple(f for k, link in enumerate(links) if low[k, at] for f in link)
        end_h, stop_h = (spell.first + 1) * every, spell.stop * every
        first = max(0, end_h - int(0.8 * width))
        stop = max(end_h, stop_h - int(0.3 * width)) if stop_h - end_h > width else stop_h
        whole = Spell(first * per, min(len(case.series), stop * per), (at + 1) * every * per - 1)
        here, usual = float(np.mean(now[low[:, at], at])), float(np.mean(past[low[:, at], at]))
        found.append(
            finding(
                case,
                "P26",
                whole,
                factors=named,
                statistic=float(total[at]),
                threshold=p["scales"],
                score=0.68 + 0.08 * min(3, int(low[:, at].sum())),
                severity=4,
                group="power",
                numbers={"now": here, "past": usual, "days": (whole.stop - whole.first) / per / 24},
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


def _look(load: Floats, values: Floats, width: int, p: Params) -> _Look:
    """Compare the correlation of every window with those of windows that ended before it began."""
    every = int(p["every_h"])
    r, n = _correlations(load, values, width, every, p["load_sd"], p["least_share_rows"])
    now, past, loss, moves = (np.full(len(r), np.nan) for _ in range(4))
    lag = int(np.ceil((width + 24 * p["holdoff_d"]) / every))
    a_day = max(1, 24 // every)
    level = weakest = sign = 0.0
    known = False
    for k in range(len(r)):
        # The past is looked at anew once a day.
        if k % a_day == 0 or not known:
            older = r[: max(0, k - lag + 1)]
            older = older[np.isfinite(older)]
            known = len(older) >= p["least_windows"]
            if known:
                level = quick.median(older)
                sign = 1.0 if level >= 0 else -1.0
                # The weakest tenth of the past tells how far the link drifts honestly.
                weakest = quick.quantile(sign * older, 0.1)
        if not known or not np.isfinite(r[k]):
            continue
        now[k], past[k], moves[k] = sign * r[k], abs(level), sign
        effective = max(4.0, n[k] / p["independent"])
        usual = min(abs(level), 0.98)
        gap = (np.arctanh(usual) - np.arctanh(np.clip(now[k], -0.98, 0.98))) * np.sqrt(effective - 3)
        loss[k] = gap if now[k] < weakest - p["below_past"] else 0.0
    if (loss > 0).any():
        steps, _n = _correlations(
            _differences(load), _differences(values), width, every, 0.0, 0.5 * p["least_share_rows"]
        )
        moves = moves * steps
    return _Look(now, past, loss, moves)


def _differences(x: Floats) -> Floats:
    """Return x minus itself six hours before, (m,)."""
    out = np.full(len(x), np.nan)
    out[6:] = x[6:] - x[:-6]
    return out


def _correlations(
    load: Floats, values: Floats, width: int, every: int, least_sd: float, least_share: float
) -> tuple[Floats, Floats]:
    """Return Spearman's r of the windows that end with every `every`-th hour, and their rows; NaN where unknown."""
    m = len(load) // every
    r, n = np.full(m, np.nan), np.zeros(m)
    if len(load) < width:
        return r, n
    both = np.isfinite(load) & np.isfinite(values)
    x, y = np.where(both, load, np.nan), np.where(both, values, np.nan)
    ends = np.arange(1, m + 1) * every
    ends = ends[ends >= width]
    rows = np.lib.stride_tricks.sliding_window_view(x, width)[ends - width]
    cols = np.lib.stride_tricks.sliding_window_view(y, width)[ends - width]
    count = np.isfinite(rows).sum(axis=1)
    with np.errstate(all="ignore"):
        moving = np.nanstd(rows, axis=1) > least_sd * np.abs(np.nanmean(rows, axis=1)) + 1e-12
        stuck = np.nanstd(cols, axis=1) <= 1e-9
    good = (count >= max(8, least_share * width)) & moving
    both = np.isfinite(rows[good]) & np.isfinite(cols[good])
    u, v = np.where(both, rows[good], np.nan), np.where(both, cols[good], np.nan)
    ranked, plain = _pearson(_ranks(u), _ranks(v)), _pearson(u, v)
    # Ranks of a window that mostly stands still are noise; the plain values still show that both moved together.
    told = np.where(np.abs(plain) > np.abs(ranked), plain, ranked)
    told[stuck[good]] = 0.0
    where = ends[good] // every - 1
    r[where], n[where] = told, count[good]
    return r, n


def _pearson(a: Floats, b: Floats) -> Floats:
    """Return the correlation along every row of a and b (k, w)."""
    with np.errstate(all="ignore"):
        a = a - np.nanmean(a, axis=1, keepdims=True)
        b = b - np.nanmean(b, axis=1, keepdims=True)
        out: Floats = np.nansum(a * b, axis=1) / np.sqrt(np.nansum(a * a, axis=1) * np.nansum(b * b, axis=1))
    return out


def _ranks(x: Floats) -> Floats:
    """Return the ranks along every row of x (k, w); NaN stays NaN, ties keep their order."""
    order = np.argsort(x, axis=1, kind="stable")
    ranks = np.empty(x.shape)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(x.shape[1], dtype=np.float64), x.shape), axis=1)
    return np.where(np.isfinite(x), ranks, np.nan)
