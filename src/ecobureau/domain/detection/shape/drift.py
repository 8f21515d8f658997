"""P30: an instrument that creeps away."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.outlet import default_inputs, inputs_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.shape.common import pollutants, squash, time_of, usable
from ecobureau.domain.detection.types import Case, Finding, Floats, NoOpinion, Opinion, Params


@detector(
    id="P30", title="detection.P30.title", inputs=("pollutants", "load, O2, flow, inlet"), group="shape", cost="O(n)"
)
def drift(case: Case, p: Params) -> Opinion:
    """Instrument drift: the ratio to what the plant's state explains creeps one way, day after day.

    Over trailing windows ln(value) is fitted on the inputs of the data model and on time; statistic: the trend's change
    over ten days with its error from daily blocks, and the share of days that follow it (Mann-Kendall).
    Source: HJ 75-2017, HJ 355-2019 (drift checks).
    """
    factors = pollutants(case)
    if not factors:
        return NoOpinion("detection.none.no_pollutant")
    out: list[Finding] = []
    for factor in factors:
        out.extend(_of_factor(case, factor, p))
    return out


def _of_factor(case: Case, factor: str, p: Params) -> list[Finding]:
    series = case.series
    values = series.avg[factor]
    good = usable(case, factor) & (values > 0)
    if good.sum() < 100:
        return []
    names = tuple(name for name in default_inputs(series, factor) if name != "hour")
    columns = inputs_of(series, names)
    x = (
        np.column_stack([np.clip(one, -15, None) for one in columns.values()])
        if columns
        else np.zeros((len(series), 0))
    )
    day = 24 * series.per_hour
    width = round(p["days"] * day)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.log(np.where(good, values, np.nan))
    hits: list[tuple[int, float, float, float]] = []
    for end in range(width, len(series) + 1, max(1, day // 2)):
        told = _trend(y[end - width : end], x[end - width : end], good[end - width : end], day, p)
        if told is not None:
            hits.append((end, *told))
    return _findings(case, factor, hits, width, day, p)


def _trend(y: Floats, x: Floats, good: np.ndarray, day: int, p: Params) -> tuple[float, float, float] | None:
    """(ln change in ten days, t of it, Kendall's tau of daily medians) where all pass, else None."""
    whole = good & np.isfinite(y) & np.all(np.isfinite(x), axis=1)
    if whole.sum() < 0.5 * len(y):
        return None
    days = len(y) // day
    block = (np.arange(len(y)) // day)[whole]
    design = x[whole]
    spread = design.std(axis=0)
    design = design[:, spread > 1e-9]
    design = (design - design.mean(axis=0)) / np.maximum(design.std(axis=0), 1e-9)
    target = y[whole]
    time = np.flatnonzero(whole) / day
    # Within days the inputs explain the values; their part is taken off before the days are compared.
    inner = np.column_stack([design, np.ones(len(target)), time])
    beta = np.linalg.lstsq(
        inner.T @ inner + np.diag([1e-2 * len(target)] * design.shape[1] + [0.0, 0.0]), inner.T @ target, rcond=None
    )[0]
    rest = target - design @ beta[: design.shape[1]]
    level = np.array(
        [np.median(rest[block == one]) if np.count_nonzero(block == one) >= day // 4 else np.nan for one in range(days)]
    )
    known = np.isfinite(level)
    if known.sum() < 0.7 * days:
        return None
    index, level = np.flatnonzero(known).astype(float), level[known]
    i, j = np.triu_indices(len(level), 1)
    slopes = (level[j] - level[i]) / (index[j] - index[i])
    slope = float(np.median(slopes))
    tau = float(np.mean(np.sign(level[j] - level[i])))
    residual = level - slope * index
    residual = residual - np.median(residual)
    noise = 1.4826 * float(np.median(np.abs(residual))) + 1e-6
    steps = np.diff(level)
    biggest = float(np.max(np.abs(steps)))
    total = slope * (index[-1] - index[0])
    t = abs(total) / (noise * np.sqrt(12.0 / len(level)) * 3.46 / 2)
    if abs(10 * slope) < p["ln_change"] or abs(tau) < p["tau"] or t < p["t"]:
        return None
    # One jump is no drift.
    if biggest > p["jump_share"] * abs(total):
        return None
    return 10 * slope, t, tau


def _findings(
    case: Case, factor: str, hits: list[tuple[int, float, float, float]], width: int, day: int, p: Params
) -> list[Finding]:
    out: list[Finding] = []
    group: list[tuple[int, float, float, float]] = []
    for hit in [*hits, None]:
        if hit is not None and (not group or hit[0] - group[-1][0] <= day):
            group.append(hit)
            continue
        if len(group) >= p["least_hits"]:
            raised = group[int(p["least_hits"]) - 1]
            change, t, tau = raised[1:]
            begin = group[0][0] - width
            out.append(
                Finding(
                    pattern="P30",
                    start=time_of(case, begin),
                    end=time_of(case, group[-1][0]),
                    raised_at=time_of(case, raised[0]),
                    factors=(factor,),
                    statistic=abs(change),
                    threshold=p["ln_change"],
                    score=max(0.6, squash(min(abs(change) / p["ln_change"], abs(tau) / p["tau"]), 1.2)),
                    severity=2,
                    numbers={
                        "percent": round(100 * (float(np.exp(change)) - 1), 1),
                        "tau": round(tau, 2),
                        "days": round(width / day, 1),
                        "t": round(t, 1),
                    },
                )
            )
        group = [hit] if hit is not None else []
    return out
