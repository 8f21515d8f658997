"""Running the detectors: masks, every pattern of the registry, fusion."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from ecobureau.domain.detection.fusion import fuse
from ecobureau.domain.detection.masks import masks_of
from ecobureau.domain.detection.registry import Detector, load_all
from ecobureau.domain.detection.types import (
    Case,
    Clue,
    Declaration,
    Finding,
    NoOpinion,
    OutletFacts,
    OutletSeries,
    Params,
)

Input = tuple[OutletSeries, OutletFacts, Sequence[Declaration]]


@dataclass(frozen=True, slots=True)
class OutletResult:
    """What all patterns say of one outlet.

    Attributes:
        findings: by start; clues: what is worth a visit, after fusion.
        silent: pattern -> why it has no opinion; failed: pattern -> text of an error in the detector itself.
    """

    outlet_id: str
    findings: tuple[Finding, ...] = ()
    clues: tuple[Clue, ...] = ()
    silent: Mapping[str, NoOpinion] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def case_of(series: OutletSeries, facts: OutletFacts, declarations: Iterable[Declaration], params: Params) -> Case:
    """Return the case that detectors read: masks computed once, declarations of this outlet alone."""
    own = tuple(one for one in declarations if one.outlet_id == series.outlet_id)
    return Case(series, facts, own, masks_of(series, facts, own, params.part("masks")), params, {})


def detect_outlet(
    series: OutletSeries,
    facts: OutletFacts,
    declarations: Iterable[Declaration],
    params: Params,
    only: Iterable[str] | None = None,
) -> OutletResult:
    """Run every pattern over one outlet and fuse what they find.

    Args:
        series: the outlet on its regular grid; facts, declarations: what is registered and declared.
        params: all packs of detection; only: pattern ids, default all.

    Returns:
        The findings, the clues, and which patterns had no opinion. An error inside one detector leaves the others
        untouched and stands in `failed`.
    """
    return detect_case(case_of(series, facts, declarations, params), only)


def detect_case(case: Case, only: Iterable[str] | None = None) -> OutletResult:
    """Run every pattern over a case, which may know its neighbours (`cache`), and fuse what they find.

    Args:
        only: pattern ids, default all. The rest as `detect_outlet`.
    """
    name = case.series.outlet_id
    if len(case.series) < 2:
        return OutletResult(name, silent={key: NoOpinion("detection.none.short") for key in load_all()})
    wanted = set(only) if only is not None else None
    found: list[Finding] = []
    silent: dict[str, NoOpinion] = {}
    failed: dict[str, str] = {}
    for one in load_all().values():
        if wanted is not None and one.id not in wanted:
            continue
        _look(one, case, found, silent, failed)
    found.sort(key=lambda finding: (finding.start, finding.pattern))
    clues = fuse(name, found, case.params.part("fusion"), model_opinion(case))
    return OutletResult(name, tuple(found), tuple(clues), silent, failed)


def _look(
    one: Detector, case: Case, found: list[Finding], silent: dict[str, NoOpinion], failed: dict[str, str]
) -> None:
    try:
        # Windows without a value make NaN, and that is meant.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            opinion = one.look(case)
    except Exception as error:
        # One pattern that stumbles over odd data must not silence the other thirty-five.
        failed[one.id] = f"{type(error).__name__}: {error}"
        return
    if isinstance(opinion, NoOpinion):
        silent[one.id] = opinion
    else:
        found.extend(opinion)


def model_opinion(case: Case) -> Callable[[Finding], float]:
    """Return the second model's score (0..1) of a finding's window: `model.score.window_score(case, finding)`."""
    if find_spec("ecobureau.domain.detection.model.score") is None:
        return lambda finding: 0.0
    score: Callable[[Case, Finding], float] = import_module("ecobureau.domain.detection.model.score").window_score
    return lambda finding: score(case, finding)


def detect_all(inputs: Iterable[Input], params: Params) -> list[OutletResult]:
    """Run every pattern over every outlet, one after the other, then look at them together."""
    return together([detect_outlet(*one, params) for one in inputs], params)


def together(results: Sequence[OutletResult], params: Params) -> list[OutletResult]:
    """Take out what many outlets show at the same time: a fault of the network, not of a plant.

    A silence that at least `many_at_once` outlets and `many_share` of all begin within an hour of one another is
    nobody's clue; the findings stay.
    """
    fusion = params.part("fusion")
    outside = set(fusion.texts("network_patterns"))
    least = max(fusion["many_at_once"], fusion["many_share"] * len(results))
    slots: dict[tuple[str, int], set[str]] = {}
    for result in results:
        for clue in result.clues:
            if clue.pattern in outside:
                for hour in (clue.start // 3600, clue.start // 3600 + 1):
                    slots.setdefault((clue.pattern, hour), set()).add(result.outlet_id)
    common = {key for key, ids in slots.items() if len(ids) >= least}

    def stays(clue: Clue) -> bool:
        hour = clue.start // 3600
        return (clue.pattern, hour) not in common and (clue.pattern, hour + 1) not in common

    return [replace(result, clues=tuple(clue for clue in result.clues if stays(clue))) for result in results]
