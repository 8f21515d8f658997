"""Patterns that need the running system: peers, months of history, arrivals, parameters. A golden case and its twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from domain.detection.link_plant import GAS, PARAMS, Plant, gas
from domain.detection.link_tales import look
from ecobureau.domain.detection.fleet.peers import PEERS, features_of
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.run import case_of
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, ParameterChange

Change = Callable[[Plant], None]
PEERS_DAYS, YEAR = 28, 42


@dataclass(frozen=True)
class Scene:
    """One pattern of the running system: days of the record, what happens, and its harmless twin."""

    pattern: str
    days: int
    golden: Change
    twin: Change

    def plant(self, step: int = 3600, seed: int = 7) -> Plant:
        return gas(self.days, step, seed)


def case_with_peers(plant: Plant, step: int, scaled: float = 1.0) -> Case:
    """The case among eight others of its industry, as the nightly pass hands it over."""
    case = plant.case()
    others = []
    for seed in range(31, 39):
        other = gas(PEERS_DAYS, step, seed)
        grown(other, scaled)
        others.append(features_of(other.case()))
    case.cache[PEERS] = others
    return case


def grown(plant: Plant, k: float) -> None:
    """The same plant told in other units: concentrations and their limits, flow and power."""
    for f in plant.values:
        if f in GAS or f.startswith(("pw_", "a00000", "a01011")):
            plant.values[f] = plant.values[f] * k
    plant.limits = {f: limit * k for f, limit in plant.limits.items()}


def told(scene: Scene, plant: Plant, step: int = 3600, scaled: float = 1.0) -> list[Finding]:
    case = case_with_peers(plant, step, scaled) if scene.pattern == "P33" else plant.case()
    if scene.pattern == "P35":
        return look("P35", case)
    with np.errstate(all="ignore"):
        opinion = load_all()[scene.pattern].look(case)
    assert not isinstance(opinion, NoOpinion), opinion
    return opinion


def moved(plant: Plant, seconds: int) -> Plant:
    """The same plant later."""
    plant.t0 += seconds
    if "arrived" in plant.extra:
        plant.extra["arrived"] = np.asarray(plant.extra["arrived"]) + seconds
    if "parameters" in plant.extra:
        changes = plant.extra["parameters"]
        assert isinstance(changes, tuple)
        plant.extra["parameters"] = tuple(replace(one, at=one.at + seconds) for one in changes)
    return plant


def again(plant: Plant, until: float) -> Case:
    """The case that ends at `until`."""
    case = plant.case()
    return case_of(case.series.until(until), case.facts, case.declarations, PARAMS)


# --- golden and twin -------------------------------------------------------------------------------------------------


def unlike_the_others(p: Plant) -> None:
    for f in GAS:
        p.values[f] = p.values[f] * 0.1
    p.values["a19001"] = p.values["a19001"] + 4.0
    p.values["pw_treat"] = p.values["pw_treat"] * 0.2


def one_of_them(_p: Plant) -> None:
    """As the others of its industry."""


def another_fingerprint(p: Plant) -> None:
    """From the fifth week on O2, flow and values belong to another boiler."""
    s = p.span(28 * 24, 42 * 24)
    p.values["a19001"][s] = 20.0 - p.values["a19001"][s]
    p.values["a00000"][s] = 2500.0 / p.values["a00000"][s]
    p.values["a21026"][s] = p.values["a21026"][s] ** 0.3


def arrivals(p: Plant) -> None:
    """Rows that come five seconds after their hour."""
    n = len(p.values["pw_prod"])
    p.extra["arrived"] = p.t0 + p.step * np.arange(1.0, n + 1) + 5.0


def rewritten(p: Plant) -> None:
    arrivals(p)
    revised = np.zeros(len(p.values["pw_prod"]), dtype=bool)
    revised[p.h(100)] = True
    p.extra["revised"] = {"a21026": revised}


def slope_changed(p: Plant) -> None:
    p.extra["parameters"] = (ParameterChange(p.t0 + 100 * 3600.0, "a21026", "slope", "1.00", "0.62", filed=False),)


def slope_filed(p: Plant) -> None:
    p.extra["parameters"] = (ParameterChange(p.t0 + 100 * 3600.0, "a21026", "slope", "1.00", "0.62", filed=True),)


SCENES = [
    Scene("P33", PEERS_DAYS, unlike_the_others, one_of_them),
    Scene("P34", YEAR, another_fingerprint, one_of_them),
    Scene("P35", 10, rewritten, arrivals),
    Scene("P36", 10, slope_changed, slope_filed),
]
