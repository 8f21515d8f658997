"""What is computed for one outlet in the detectors' own process: patterns, week's features, the refit of its weekday.

Nothing here touches the database: inputs are handed in, results handed back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ecobureau.domain.detection.fleet.peers import PEERS, features_of
from ecobureau.domain.detection.marks.gaps import SILENT_SHARE
from ecobureau.domain.detection.model.expected import DAY_S, ModelCard, fit_expected
from ecobureau.domain.detection.model.outlet import cycle_of, default_inputs, inputs_of, pollutants, settings_of
from ecobureau.domain.detection.run import Input, OutletResult, case_of, detect_case
from ecobureau.domain.detection.types import Bools, Case, Floats, OutletSeries, Params

Features = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Task:
    """One outlet to look at.

    Attributes:
        one: series, facts, declarations; patterns: ids, None = all.
        silent: (n,) share of the other outlets that are silent at each sample, None = nobody compared.
        peers: features of the weeks of the outlets of the same industry, oldest week first.
        weeks: hand back this outlet's own features; refit: fit the data model of its pollutants anew; boost: try
            boosted quantiles beside the robust line in that.
    """

    one: Input
    patterns: tuple[str, ...] | None = None
    silent: Floats | None = None
    peers: tuple[Features, ...] = ()
    weeks: bool = False
    refit: bool = False
    boost: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A refit and the seconds it took."""

    card: ModelCard
    took_s: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a task."""

    result: OutletResult
    features: Features = field(default_factory=dict)
    cards: tuple[Card, ...] = ()


def look(task: Task, params: Params) -> Looked:
    """Look at one outlet.

    Args:
        params: all packs of detection with the city's own values.
    """
    series, facts, declarations = task.one
    weeks = _empty_weeks(series)
    skip = weeks * _week(series)
    case = case_of(_without_first(series, skip), facts, declarations, params)
    if task.silent is not None:
        case.cache[SILENT_SHARE] = task.silent[skip:]
    if task.peers:
        case.cache[PEERS] = [{name: _array(values[weeks:]) for name, values in one.items()} for one in task.peers]
    result = detect_case(case, task.patterns)
    features: dict[str, list[float | None]] = {}
    with np.errstate(all="ignore"):
        if task.weeks:
            features = {name: _plain(values, weeks) for name, values in features_of(case).items()}
        cards = tuple(refits(case, boost=task.boost)) if task.refit else ()
    return Looked(result, features, cards)


def _week(series: OutletSeries) -> int:
    return 7 * 24 * series.per_hour


def _empty_weeks(series: OutletSeries) -> int:
    """Return how many whole weeks pass before the first row: what a young outlet has not yet said is no silence."""
    present = series.present
    return int(np.argmax(present)) // _week(series) if present.any() else 0


def _without_first(series: OutletSeries, count: int) -> OutletSeries:
    """Return a series without its first samples, without copying them; patterns learn from the first days there are."""
    if not count:
        return series
    cut = slice(count, None)
    return replace(
        series,
        t=series.t[cut],
        avg={key: values[cut] for key, values in series.avg.items()},
        zs={key: values[cut] for key, values in series.zs.items()},
        flag={key: values[cut] for key, values in series.flag.items()},
        inlet=None if series.inlet is None else _without_first(series.inlet, count),
        revised={key: values[cut] for key, values in series.revised.items()},
        arrived=None if series.arrived is None else series.arrived[cut],
    )


def refits(case: Case, *, boost: bool) -> list[Card]:
    """Fit the data model of each pollutant anew on the newest days before the hold-off.

    With `boost` the robust line is tried against boosted quantiles on the last fifth of the rows; the card says what
    each missed by. A pollutant without inputs or with too little clean history has no card.
    """
    series, out = case.series, []
    span = series.end - int(series.t[0]) if len(series) else 0
    settings = settings_of(case.params.part("model"))
    for factor in pollutants(series):
        columns = inputs_of(series, default_inputs(series, factor))
        if not columns or span < settings.min_d * DAY_S:
            continue
        # One refit, at the end: the first opinion of a model comes after 1.5 times its least history.
        once = replace(settings, min_d=(span - series.step_s) / 1.5 / DAY_S, boost=boost)
        began = time.perf_counter()
        # One thread: the trees are small, and threads that wait for one another keep the machine from the judge.
        with threadpool_limits(1):
            found = fit_expected(
                factor,
                series.t,
                series.avg[factor],
                columns,
                case.masks.use(factor),
                once,
                cycle=cycle_of(case, factor),
            )
        if found is not None and found.cards:
            out.append(Card(found.cards[-1], time.perf_counter() - began))
    return out


def silent_shares(present: Bools) -> Floats:
    """Return for each outlet the share of the others that are silent at each sample, (outlets, n).

    Args:
        present: (outlets, n) a row came; an outlet counts from its first row on. The same as
            `domain.detection.fleet.network.silent_shares` where all lie on one grid, in one step.
    """
    begun = np.maximum.accumulate(present, axis=1) if present.size else present
    never = ~present.any(axis=1, keepdims=True)
    quiet = ~present & (begun | never)
    others = max(1, len(present) - 1)
    shares: Floats = (quiet.sum(axis=0)[None, :] - quiet) / others
    return shares


def _plain(values: Floats, before: int) -> list[float | None]:
    nothing: list[float | None] = [None] * before
    return nothing + [None if np.isnan(one) else round(float(one), 6) for one in values]


def _array(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)
