"""P30: an instrument that creeps away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import pollutants, squash, time_of
from ecobureau.domain.detection.shape.steps import Walk, walks_of
from ecobureau.domain.detection.types import Case, Finding, Floats, NoOpinion, Opinion, Params


@detector(id="P30", title="detection.P30.title", inputs=("pollutants", "load, O2, inlet"), group="shape", cost="O(n)")
def drift(case: Case, p: Params) -> Opinion:
    """Instrument drift: the ratio to what the plant's state explains creeps one way, day after day.

    Residuals of a line fitted before the window. Statistic: total of a ramp over the window in its own standard error,
    from the autocorrelation of the outlet's own past (generalised least squares); Kendall's tau of daily medians; the
    ramp must tell the window better than any single step does, and the plain values must creep too. A small drift and
    what a calibration has already put right are findings for the maintenance record, not clues.
    Source: HJ 75-2017, HJ 355-2019 (drift checks).
    """
    if not pollutants(case):
        return NoOpinion("detection.none.no_pollutant")
    out: list[Finding] = []
    for factor, walk in walks_of(case, case.params.part("step")).items():
        out.extend(_of_factor(case, factor, walk, p))
    return out


def _of_factor(case: Case, factor: str, walk: Walk, p: Params) -> list[Finding]:
    hits: list[tuple[int, int, float, float, float]] = []
    stride = walk.per_day
    for end in range(round((p["days"] + p["before_d"]) * walk.per_day), walk.count + 1, stride):
        for days in (p["days"], p["days_long"]):
            told = _ramp(walk, end, round(days * walk.per_day), p)
            if told is not None and not _disturbed(case, walk, end - round(days * walk.per_day), end):
                hits.append(told)
                break
    return _findings(case, factor, walk, hits, p) + _resets(case, factor, walk, p)


def _resets(case: Case, factor: str, walk: Walk, p: Params) -> list[Finding]:
    """Drifts that a calibration took back at once: a slow ramp and, at a mark C, a step of its size the other way."""
    width = walk.blocks.width
    marked = np.unique(np.flatnonzero(case.series.flag[factor] == "C") // width)
    firsts = marked[np.concatenate([[True], np.diff(marked) > 4])] if len(marked) else marked
    out: list[Finding] = []
    for mark in firsts.tolist():
        after = mark + 2 + round(p["after_reset_blocks"])
        found = walk.model_at(mark - round(p["days"] * walk.per_day)) if after <= walk.count else None
        if found is None:
            continue
        rest = found[1]
        before, behind = rest[mark - walk.per_day : mark], rest[mark + 1 : after]
        if np.isfinite(before).sum() < 4 or np.isfinite(behind).sum() < 4:
            continue
        back = quick.nanmedian(behind) - quick.nanmedian(before)
        noise = found[0].scale * np.sqrt(1 / 4 + 1 / 8)
        if abs(back) < p["ln_total"] or abs(back) < p["reset_scales"] * noise:
            continue
        best = _ramp_before(walk, mark, back, p)
        if best is not None and not _disturbed(case, walk, mark - best[1], mark - 1):
            found_late = _told(case, factor, walk, mark - best[1], mark, after, best, p)
            # The calibration has mended it: a line for the maintenance record, nothing left to visit.
            out.append(replace(found_late, score=p["mended_score"], counter=("detection.counter.mended",)))
    return out


def _ramp_before(walk: Walk, mark: int, back: float, p: Params) -> tuple[int, int, float, float, float] | None:
    """The best ramp that ends at a calibration and is undone by the step `back` there."""
    loose = Params(
        {
            "ln_total": 0.5 * p["ln_total"],
            "z": p["reset_z"],
            "tau": p["reset_tau"],
            "over_step": 0.0,
            "plain_share": p["plain_share"],
        }
    )
    best = None
    for days in (p["days"], 0.5 * (p["days"] + p["days_long"]), p["days_long"], 1.3 * p["days_long"]):
        told = _ramp(walk, mark, round(days * walk.per_day), loose)
        if told is None or np.sign(told[2]) == np.sign(back) or not 0.5 < abs(told[2] / back) < 2.0:
            continue
        if best is None or abs(told[3]) > abs(best[3]):
            best = told
    return best


def _disturbed(case: Case, walk: Walk, begin: int, end: int) -> bool:
    """A declared stop or a step inside the window: what comes after it is another level, not a creeping one."""
    width = walk.blocks.width
    stopped = bool(case.masks.stop[begin * width : end * width].any())
    return stopped or bool(walk.spoilt[max(0, begin - walk.per_day) : end].any())


def _ramp(walk: Walk, end: int, width: int, p: Params) -> tuple[int, int, float, float, float] | None:
    """(end, window, ln total, z, tau) of the ramp over the window before block `end`, None where it is none."""
    begin = end - width
    if begin < 0:
        return None
    found = walk.model_at(begin + walk.per_day)
    if found is None:
        return None
    model, rest = found
    first = max(0, begin - 3 * walk.per_day)
    index = np.flatnonzero(np.isfinite(rest[first:end])) + first
    if len(index) < 0.6 * (end - first):
        return None
    y = np.clip(rest[index], -1.5, 1.5)
    early, late = rest[begin : begin + 2 * walk.per_day], rest[end - 2 * walk.per_day : end]
    if not abs(quick.nanmean(late) - quick.nanmean(early)) > 0.4 * p["ln_total"]:
        return None
    days = _daily(rest[begin:end], walk.per_day)
    if len(days) < 0.7 * width / walk.per_day or abs(days[-1] - days[0]) < 0.6 * p["ln_total"]:
        return None
    i, j = np.triu_indices(len(days), 1)
    tau = float(np.mean(np.sign(days[j] - days[i])))
    if abs(tau) < p["tau"]:
        return None
    try:
        root = np.linalg.cholesky(model.covariance(index))
    except np.linalg.LinAlgError:
        return None
    ramp = np.clip((index - begin) / width, 0.0, 1.0)
    places = np.arange(begin + 4, end - 4, 2)
    steps = (index[:, None] >= places[None, :]).astype(float)
    white = np.linalg.solve(root, np.column_stack([y, np.ones(len(index)), ramp, steps]))
    mean = white[:, 1]
    target = white[:, 0] - mean * (mean @ white[:, 0]) / (mean @ mean)
    shapes = white[:, 2:] - np.outer(mean, mean @ white[:, 2:]) / (mean @ mean)
    norm = np.maximum((shapes**2).sum(axis=0), 1e-12)
    size = shapes.T @ target / norm
    z = size * np.sqrt(norm)
    total = float(size[0])
    if abs(total) < p["ln_total"] or abs(z[0]) < p["z"] or abs(z[0]) < p["over_step"] * np.abs(z[1:]).max():
        return None
    if np.sign(total) != np.sign(tau):
        return None
    # What only the residual shows is the model's drift, not the instrument's.
    plain = _daily(walk.blocks.y[begin:end], walk.per_day)
    if len(plain) < 4:
        return None
    rise = quick.median(plain[-3:]) - quick.median(plain[:3])
    if rise * np.sign(total) < p["plain_share"] * abs(total):
        return None
    return end, width, total, float(z[0]), tau


def _daily(rest: Floats, per_day: int) -> Floats:
    count = len(rest) // per_day
    part = rest[len(rest) - count * per_day :].reshape(count, per_day)
    known = np.isfinite(part).sum(axis=1) >= per_day // 3
    return quick.row_medians(np.where(np.isfinite(part), part, np.nan)[known])


def _findings(
    case: Case, factor: str, walk: Walk, hits: list[tuple[int, int, float, float, float]], p: Params
) -> list[Finding]:
    out: list[Finding] = []
    group: list[tuple[int, int, float, float, float]] = []
    for hit in [*hits, None]:
        if hit is not None and (not group or hit[0] - group[-1][0] <= 2 * walk.per_day):
            group.append(hit)
            continue
        if len(group) >= p["least_hits"]:
            raised = group[int(p["least_hits"]) - 1]
            begin = group[0][0] - group[0][1]
            out.append(_told(case, factor, walk, begin, group[-1][0], raised[0], raised, p))
        group = [hit] if hit is not None else []
    return out


def _told(
    case: Case,
    factor: str,
    walk: Walk,
    begin: int,
    end: int,
    raised: int,
    ramp: tuple[int, int, float, float, float],
    p: Params,
) -> Finding:
    """The finding of a ramp over blocks [begin, end)."""
    _end, width, total, z, tau = ramp
    blocks, last = walk.blocks.width, len(case.series)
    return Finding(
        pattern="P30",
        start=time_of(case, begin * blocks),
        end=time_of(case, min(end * blocks, last)),
        raised_at=time_of(case, min(raised * blocks, last)),
        factors=(factor,),
        statistic=abs(z),
        threshold=p["z"],
        # Less is an order for the maintenance crew, which the finding gives; a visit it is not.
        score=max(0.62, squash(abs(z), 1.3 * p["z"])) if abs(total) >= p["visit_ln"] else p["mended_score"],
        severity=2,
        numbers={
            "percent": round(100 * (float(np.exp(total)) - 1), 1),
            "tau": round(tau, 2),
            "days": round(width / walk.per_day, 1),
            "z": round(abs(z), 1),
        },
    )
