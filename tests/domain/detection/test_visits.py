"""What is not worth a visit stays out of the clues; a clue at its `raised_at` stands on what was known then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from domain.detection.link_plant import GAS, Plant, gas, water
from ecobureau.domain.detection.fusion import fuse
from ecobureau.domain.detection.model.spells import spells_of
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.run import case_of, detect_outlet
from ecobureau.domain.detection.types import Case, Clue, Declaration, Finding, NoOpinion

HOUR = 3600


def strong(pattern: str, case: Case) -> list[Finding]:
    with np.errstate(all="ignore"):
        opinion = load_all()[pattern].look(case)
    assert not isinstance(opinion, NoOpinion), opinion
    return [one for one in opinion if one.score >= 0.6]


def clues_of(plant: Plant, until: float | None = None) -> tuple[Clue, ...]:
    case = plant.case()
    series = case.series if until is None else case.series.until(until)
    result = detect_outlet(series, case.facts, case.declarations, case.params, only=ONLY)
    assert not result.failed
    return result.clues


ONLY = ("P08", "P16", "P18", "P20", "P24", "P25", "P26", "P28")


def idle_treatment(p: Plant) -> None:
    p.values["pw_treat"][p.span(600, 640)] *= 0.05


def declared_running(p: Plant) -> None:
    p.declarations.append(Declaration("X", p.t0 + 600 * HOUR, p.t0 + 640 * HOUR, "stop"))


def thinned(p: Plant) -> None:
    part = p.span(600, 640)
    for factor in GAS:
        p.values[factor][part] *= 0.5
    p.values["a19001"][part] = 20.9 - (20.9 - p.values["a19001"][part]) * 0.5


def silent(p: Plant) -> None:
    p.lose(600, 640)


def far_beyond(p: Plant) -> None:
    p.values["a21026"][p.span(600, 620)] = 400.0


@pytest.mark.parametrize("change", [idle_treatment, declared_running, thinned, silent, far_beyond])
def test_a_clue_is_there_in_what_had_come_when_it_was_raised(change: Callable[[Plant], None]) -> None:
    plant = gas(40)
    change(plant)
    whole = [one for one in clues_of(plant) if one.start < plant.t0 + 640 * HOUR and one.end > plant.t0 + 600 * HOUR]
    assert whole
    first = min(whole, key=lambda clue: clue.raised_at)
    then = clues_of(plant, first.raised_at)
    assert any(one.pattern == first.pattern and one.raised_at == first.raised_at for one in then), then


def test_two_false_stops_weeks_apart_are_two() -> None:
    plant = gas(40)
    for day in (20, 32):
        start = plant.t0 + day * 24 * HOUR
        plant.declarations.append(Declaration("X", start, start + 20 * HOUR, "stop"))
    found = strong("P20", plant.case())
    assert len(found) == 2
    assert all(one.end - one.start <= 24 * HOUR for one in found)


def test_hits_that_can_seldom_be_judged_are_not_one_spell() -> None:
    hit = np.zeros(400, dtype=bool)
    hit[20:30] = hit[300:310] = True
    assert len(spells_of(hit, hit, need=4, gap=6)) == 1
    apart = spells_of(hit, hit, need=4, gap=6, apart=24)
    assert [(one.first, one.stop) for one in apart] == [(20, 30), (300, 310)]


def test_a_hairs_breadth_for_three_hours_is_a_notice_and_a_clue_when_it_lasts() -> None:
    for hours, clues in ((3, 0), (12, 1)):
        plant = water(40)
        plant.values["w01018"][plant.span(600, 600 + hours)] = 51.5
        plant.values["w01018"][plant.span(600 + hours, 610 + hours)] = 20.0
        assert len(strong("P28", plant.case())) == clues


def test_three_hours_of_maintenance_at_the_same_hour_day_after_day_are_an_abuse() -> None:
    plant = gas(40)
    for day in range(24, 30):
        plant.mark(24 * day + 18, 24 * day + 21, "M", GAS)
    found = strong("P22", plant.case())
    assert found
    assert found[0].raised_at <= plant.t0 + (26 * 24 + 22) * HOUR


def test_an_hour_of_purge_every_day_is_none() -> None:
    plant = gas(40)
    for day in range(24, 34):
        plant.mark(24 * day + 3, 24 * day + 4, "C", GAS)
    assert strong("P22", plant.case()) == []


def test_two_marked_hours_are_no_abuse() -> None:
    plant = gas(40)
    for day in (25, 26, 27):
        plant.values["a21026"][plant.span(24 * day + 9, 24 * day + 11)] *= 3.0
        plant.mark(24 * day + 11, 24 * day + 12, "M", ("a21026",))
    assert strong("P22", plant.case()) == []


def test_what_stands_still_at_the_weekend_is_not_decoupled() -> None:
    plant = gas(40)
    for week in (3, 4, 5):
        part = plant.span(week * 168, week * 168 + 30)
        rng = np.random.default_rng(week)
        count = part.stop - part.start
        for factor, level in (("pw_prod", 12.0), ("a00000", 2.0), ("a01011", 0.6), ("a19001", 20.7)):
            plant.values[factor][part] = level * (1 + 0.02 * rng.standard_normal(count))
        plant.values["a01012"][part] = 30 + 0.3 * rng.standard_normal(count)
    assert strong("P26", plant.case()) == []


def test_what_only_supports_is_told_alone_when_it_is_a_likely_crime() -> None:
    case = gas(10).case()
    one = Finding("P35", 0, 6 * HOUR, 6 * HOUR, ("a21026",), 1.0, 1.0, 0.9, 5, group="flags")
    fusion = case.params.part("fusion")
    assert fuse("X", [one], fusion)
    assert fuse("X", [replace(one, severity=3)], fusion) == []


def test_rewritten_values_name_their_own_factors() -> None:
    plant = gas(20)
    rows = len(plant.values["a21026"])
    revised = {factor: np.zeros(rows, dtype=bool) for factor in GAS}
    revised["a21002"][300:304] = True
    plant.extra["revised"] = revised
    case = plant.case()
    found = strong("P35", case_of(case.series, case.facts, (), case.params))
    assert [one.factors for one in found] == [("a21002",)]
