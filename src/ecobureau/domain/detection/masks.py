"""Masks: which samples a detector may judge. Computed once an outlet and handed to every detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.types import (
    PLANT_FACTORS,
    Bools,
    Declaration,
    Floats,
    Masks,
    OutletFacts,
    OutletSeries,
    Params,
)

O2 = "a19001"
FLOW = {"gas": "a00000", "water": "w00000"}


def masks_of(series: OutletSeries, facts: OutletFacts, declarations: Sequence[Declaration], params: Params) -> Masks:
    """Return the masks of a series.

    Args:
        series: the outlet on its regular grid.
        facts: registered facts; only its kind and powers are read.
        declarations: of this outlet (others are ignored).
        params: the part `masks` of the packs: marks, widths in hours, shares of the load.

    Everything is causal but for the widening of instrument marks before their start, which takes back samples that
    a finding may already have used: a detector that raises within that width must not rest on the last hour alone.
    """
    count = len(series)
    marks = np.array(params.texts("instrument_marks"))
    wide = round(params["instrument_widen_h"] * series.per_hour)
    ok: dict[str, Bools] = {}
    inst_by: dict[str, Bools] = {}
    inst = np.zeros(count, dtype=bool)
    for factor, values in series.avg.items():
        flags = series.flag[factor]
        ok[factor] = (flags == "N") & ~np.isnan(values)
        inst_by[factor] = widen(np.isin(flags, marks), wide, wide)
        if factor not in PLANT_FACTORS:
            inst |= inst_by[factor]
    run, known = _running(series, params)
    stop = np.zeros(count, dtype=bool)
    for declared in declarations:
        if declared.outlet_id == series.outlet_id and declared.type in ("stop", "startup"):
            stop |= (series.t + series.step_s > declared.start) & (series.t < declared.end)
    trans = _transitions(run, params, series.per_hour)
    return Masks(ok=ok, inst=inst, run=run, stop=stop, trans=trans, inst_by=inst_by, known=known)


def widen(mask: Bools, before: int, after: int) -> Bools:
    """(n,) `mask` widened by `before` samples to the left and `after` to the right."""
    if not mask.any() or (before <= 0 and after <= 0):
        return mask.copy()
    count = len(mask)
    edges = np.zeros(count + 1, dtype=np.int64)
    where = np.flatnonzero(mask)
    np.add.at(edges, np.maximum(where - before, 0), 1)
    np.add.at(edges, np.minimum(where + after + 1, count), -1)
    wide: Bools = np.cumsum(edges[:count]) > 0
    return wide


def _running(series: OutletSeries, params: Params) -> tuple[Bools, Bools]:
    power = series.avg.get("pw_prod")
    if power is not None and np.isfinite(power).any():
        top = running_top(power, 95.0)
        state = np.where(np.isnan(power), np.nan, (power > params["run_power_share"] * top).astype(float))
        return _carry(state)
    oxygen = series.avg.get(O2)
    if oxygen is not None and np.isfinite(oxygen).any():
        good = series.flag[O2] == "N"
        state = np.where(np.isnan(oxygen) | ~good, np.nan, (oxygen < params["run_o2"]).astype(float))
        return _carry(state)
    flow = series.avg.get(FLOW[series.kind])
    if flow is not None and np.isfinite(flow).any():
        level = running_top(flow, 50.0)
        state = np.where(np.isnan(flow), np.nan, (flow > params["run_flow_share"] * level).astype(float))
        return _carry(state)
    return np.ones(len(series), dtype=bool), np.zeros(len(series), dtype=bool)


def running_top(values: Floats, percent: float, every: int = 24, least: int = 48) -> Floats:
    """(n,) percentile of all values up to each sample, renewed every `every` samples: what was known then.

    Until `least` values are there, the percentile of the first `least` samples stands in.
    """
    count = len(values)
    out = np.full(count, np.nan)
    first = min(count, least)
    for begin in range(0, count, every):
        seen = values[: max(begin, first)]
        seen = seen[~np.isnan(seen)]
        out[begin : begin + every] = quick.quantile(seen, percent / 100)
    filled: Floats = np.nan_to_num(out, nan=0.0)
    return filled


def _carry(state: Floats) -> tuple[Bools, Bools]:
    known = ~np.isnan(state)
    index = np.where(known, np.arange(len(state)), -1)
    last = np.maximum.accumulate(index)
    first = int(np.argmax(known)) if known.any() else 0
    filled = np.where(last >= 0, state[np.maximum(last, 0)], state[first] if known.any() else 1.0)
    run: Bools = filled > 0.5
    return run, known


def _transitions(run: Bools, params: Params, per_hour: int) -> Bools:
    after_start = round(params["after_start_h"] * per_hour)
    after_end = round(params["after_end_h"] * per_hour)
    before = np.concatenate([run[:1], run[:-1]])
    starts, ends = run & ~before, ~run & before
    return widen(starts, 0, after_start - 1) | widen(ends, 0, after_end - 1)
