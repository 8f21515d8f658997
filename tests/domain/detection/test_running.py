"""Patterns of the running system: golden case, harmless twin, only the past, later, other units, gaps, ten minutes."""

from __future__ import annotations

import numpy as np
import pytest

from domain.detection.running_cases import SCENES, Scene, again, grown, moved, told
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.types import NoOpinion

every = pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.pattern)


@every
def test_the_golden_case_is_told(scene: Scene) -> None:
    plant = scene.plant()
    scene.golden(plant)
    (one, *_rest) = told(scene, plant)
    assert one.pattern == scene.pattern
    assert one.numbers
    assert 1 <= one.severity <= 5


@every
def test_the_harmless_twin_stays_silent(scene: Scene) -> None:
    plant = scene.plant()
    scene.twin(plant)
    assert told(scene, plant) == []


@every
def test_only_the_past_counts(scene: Scene) -> None:
    plant = scene.plant()
    scene.golden(plant)
    first = min(told(scene, plant), key=lambda one: one.raised_at)
    if scene.pattern == "P33":
        # Peers are weeks of others: the record ends with the week in which it was raised.
        assert (first.raised_at - plant.t0) % (7 * 86_400) == 0
        return
    opinion = load_all()[scene.pattern].look(again(plant, first.raised_at))
    assert not isinstance(opinion, NoOpinion)
    assert any(one.raised_at == first.raised_at for one in opinion)


@every
def test_later_by_weeks_it_is_the_same(scene: Scene) -> None:
    plant, later = scene.plant(), scene.plant()
    scene.golden(plant)
    scene.golden(later)
    shift = 35 * 86_400
    want = [(one.start + shift, one.raised_at + shift) for one in told(scene, plant)]
    assert [(one.start, one.raised_at) for one in told(scene, moved(later, shift))] == want


@every
def test_in_other_units_it_is_the_same(scene: Scene) -> None:
    plant, scaled = scene.plant(), scene.plant()
    scene.golden(plant)
    scene.golden(scaled)
    grown(scaled, 4.0)
    want = [(one.start, one.raised_at) for one in told(scene, plant)]
    assert [(one.start, one.raised_at) for one in told(scene, scaled, scaled=4.0)] == want


@every
def test_gaps_do_not_hide_it(scene: Scene) -> None:
    plant = scene.plant()
    scene.golden(plant)
    holes = np.random.default_rng(5).random(len(plant.values["pw_prod"])) < 0.03
    holes[plant.h(100)] = False
    for x in plant.values.values():
        x[holes] = np.nan
    assert told(scene, plant)


@every
def test_every_ten_minutes_it_is_found_too(scene: Scene) -> None:
    plant = scene.plant(600)
    scene.golden(plant)
    assert told(scene, plant, 600)
