"""The model of expected values for one case: which inputs a factor has, computed once and kept in the case's cache."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecobureau.domain.detection.model.expected import Expected, Settings, fit_expected, hours_of_day
from ecobureau.domain.detection.model.robust import Floats
from ecobureau.domain.detection.types import Case, NoOpinion, OutletSeries, Params

FLOW: Final = {"gas": "a00000", "water": "w00000"}
# Inputs that enter as logarithms: a load that doubles acts as a factor.
_IN_LOGS: Final = ("pw_prod", "pw_treat", "a00000", "w00000", "a01011")
# Values that tell the state of the plant, not what leaves it.
STATE: Final = frozenset(
    {"pw_prod", "pw_treat", "a00000", "w00000", "a01011", "a01012", "a01013", "a01014", "a19001", "w01001", "w01010"}
)


def pollutants(series: OutletSeries) -> tuple[str, ...]:
    """Return the concentrations of a series, sorted: every factor that is not a value of the plant's state."""
    return tuple(sorted(factor for factor in series.avg if factor not in STATE))


def settings_of(params: Params) -> Settings:
    """Return how the model is kept, from the part `model` of the packs; a missing key keeps its default."""
    names = {"window_d", "min_d", "holdoff_d", "refit_d", "early_refit_d", "huber_k", "ridge", "margin"}
    names |= {"quarantine_scales", "quarantine_d", "boost_gain"}
    found: dict[str, float] = {name: params[name] for name in names if name in params}
    rows = int(params["min_rows"]) if "min_rows" in params else Settings().min_rows
    boost = bool(params.raw("boost")) if "boost" in params else False
    return Settings(**found, min_rows=rows, boost=boost)


def default_inputs(series: OutletSeries, factor: str) -> tuple[str, ...]:
    """Return the inputs of the whole model of a factor: load, treatment, O2, flow, T, inlet (now, day's mean), hour."""
    wanted = ["pw_prod", "pw_treat"]
    if series.kind == "gas":
        wanted += ["a19001", "a00000", "a01012"]
    else:
        wanted += ["w00000"]
    if factor == "a01011" or factor == "a00000":
        wanted = [name for name in wanted if name not in ("a00000", "a01011")]
    named = [name for name in wanted if name != factor and name in series.avg]
    if series.inlet is not None and factor in series.inlet.avg:
        named += [f"in:{factor}", f"in24:{factor}"]
    return (*named, "hour")


def inputs_of(series: OutletSeries, names: tuple[str, ...]) -> dict[str, Floats]:
    """Return the input columns of a model, transformed: name -> (n,).

    Args:
        names: factor codes, `in:<factor>` for the inlet, `in24:<factor>` for its trailing day's mean, `hour`.
    """
    columns: dict[str, Floats] = {}
    for name in names:
        if name == "hour":
            columns.update(hours_of_day(series.hour_of_day))
        elif name.startswith("in"):
            kind, factor = name.split(":", 1)
            source = series.inlet.avg.get(factor) if series.inlet is not None else None
            if source is None:
                continue
            values = _ln(source)
            columns[name] = values if kind == "in" else trailing_mean(values, 24 * series.per_hour)
        elif name in series.avg:
            columns[name] = _ln(series.avg[name]) if name in _IN_LOGS else series.avg[name]
    return columns


def expected_of(case: Case, factor: str, inputs: tuple[str, ...] | None = None) -> Expected | NoOpinion:
    """Return what `factor` should have read at every step of the case.

    Args:
        inputs: names as for `inputs_of`; default `default_inputs`.

    Returns:
        the opinion, or NoOpinion `detection.no_factor`, `detection.no_inputs` or `detection.no_history`.
    """
    series = case.series
    if factor not in series.avg:
        return NoOpinion("detection.no_factor", {"factor": factor})
    names = default_inputs(series, factor) if inputs is None else inputs
    key = f"expected:{factor}:{','.join(names)}"
    if key not in case.cache:
        columns = inputs_of(series, names)
        # Without any link to the plant an hourly pattern alone is no model of the plant's state, but still a baseline.
        if not columns:
            case.cache[key] = NoOpinion("detection.no_inputs", {"factor": factor})
        else:
            found = fit_expected(
                factor,
                series.t,
                series.avg[factor],
                columns,
                case.masks.use(factor),
                settings_of(case.params.part("model")),
                cycle=cycle_of(case, factor),
            )
            case.cache[key] = found if found is not None else NoOpinion("detection.no_history", {"factor": factor})
    result = case.cache[key]
    assert isinstance(result, Expected | NoOpinion)
    return result


def cycle_of(case: Case, factor: str) -> int:
    """Return the samples in one cycle of the analyser: the usual length of a run of equal values in the first days."""
    if case.series.kind == "gas" or factor in STATE:
        return 1
    key = f"cycle:{factor}"
    if key not in case.cache:
        values = case.series.avg[factor]
        head = values[case.masks.use(factor) & np.isfinite(values)][: 5 * 24 * case.series.per_hour]
        lengths = run_lengths(head)
        case.cache[key] = int(np.clip(np.median(lengths), 1, 6 * case.series.per_hour)) if lengths.size else 1
    cycle = case.cache[key]
    assert isinstance(cycle, int)
    return cycle


def run_lengths(x: Floats) -> Floats:
    """Return the lengths of runs of equal neighbours of `x` (n,), in order."""
    if len(x) == 0:
        return np.zeros(0)
    edges = np.flatnonzero(np.r_[True, np.diff(x) != 0, True])
    return np.diff(edges).astype(np.float64)


def trailing_mean(x: Floats, width: int) -> Floats:
    """Return the mean of the last `width` samples up to each one, (n,); NaN where fewer than a quarter are there."""
    good = np.isfinite(x)
    total = np.cumsum(np.r_[0.0, np.where(good, x, 0.0)])
    count = np.cumsum(np.r_[0, good])
    last = np.arange(1, len(x) + 1)
    first = np.maximum(last - width, 0)
    n = count[last] - count[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (total[last] - total[first]) / n
    return np.where(n >= max(1, width // 4), mean, np.nan)


def _ln(x: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), np.where(np.isnan(x), np.nan, -20.0))
