"""The risk of a clue: parts that add up, lifts that never lower, and silence said as silence."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ecobureau.domain import risk
from ecobureau.domain.risk import Near, Wind
from ecobureau.domain.rules import Certainty
from ecobureau.rulepacks import load
from ecobureau.words import say, templates

DAY = date(2026, 11, 22)
WEIGHTS = risk.read_weights(load("risk"), load("scenario_kinds"), DAY)
SCHOOL = Near("school", "育才小学", 200.0, 90.0)
INTAKE = Near("water_intake", "余家头水厂取水口", 500.0, 180.0)
WEST = Wind(3.0, 270.0, "花桥", 2.1, "14:00")
"""Comes from the west and so blows to the east, 90 degrees."""


def of(**values: Any) -> risk.Risk:
    return risk.score(**({"severity": 4, "confidence": 0.5, "medium": "air", "weights": WEIGHTS} | values))


def codes(found: risk.Risk) -> list[str]:
    return [part.code for part in found.parts]


def test_every_weight_is_marked_as_a_proposal() -> None:
    pack = load("risk")
    assert {pack.at(key, DAY).flag for key in pack.keys()} == {Certainty.PROPOSAL}  # noqa: SIM118


def test_without_surroundings_it_is_the_one_table_of_the_house() -> None:
    found = of()
    assert found.score == 40
    assert [part.points for part in found.parts[:2]] == [80, -40]


def test_what_the_judge_has_rated_stands() -> None:
    assert of(rated=90).score == 90


def test_a_school_downwind_lifts_twice_and_an_upwind_one_once() -> None:
    near, down = of(near=[SCHOOL]), of(near=[SCHOOL], wind=WEST)
    up = of(near=[SCHOOL], wind=Wind(3.0, 90.0, "花桥", 2.1, "14:00"))
    assert of().score < near.score == up.score < down.score
    assert "risk.wind.towards" in codes(down) and "risk.wind.away" in codes(up)
    # 40 + 60 * 0.2 * (1 - 200/1000) = 49.6, and 49.6 + 50.4 * 0.2 = 59.68
    assert (near.score, down.score) == (50, 60)


def test_unknown_wind_is_said_and_adds_nothing() -> None:
    found = of(near=[SCHOOL])
    assert next(part for part in found.parts if part.code == "risk.wind.unknown").points == 0


def test_calm_air_blows_nowhere() -> None:
    assert "risk.wind.calm" in codes(of(near=[SCHOOL], wind=Wind(0.3, 270.0, "花桥", 2.1, "14:00")))


def test_a_water_intake_counts_for_water_and_wind_does_not() -> None:
    water, air = of(medium="water", near=[INTAKE], wind=WEST), of(near=[INTAKE])
    assert water.score > air.score == 40
    assert "risk.wind.not_asked" in codes(water) and "risk.near.none" in codes(air)


def test_only_the_nearest_of_a_kind_lifts() -> None:
    assert of(near=[SCHOOL, Near("school", "二小", 900.0, 10.0)]).score == of(near=[SCHOOL]).score


def test_repeats_lift_up_to_their_bound() -> None:
    scores = [of(repeats=n).score for n in range(12)]
    assert scores == sorted(scores) and scores[1] > scores[0] and scores[11] == scores[5]


def test_without_a_point_nothing_is_claimed_of_places_and_wind() -> None:
    assert {"risk.near.no_place", "risk.wind.no_place"} <= set(codes(of(located=False, near=[SCHOOL], wind=WEST)))


@pytest.mark.parametrize(
    "wrong", [{"severity": 0}, {"severity": 6}, {"confidence": 1.1}, {"confidence": -0.1}, {"repeats": -1}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="severity"):
        of(**wrong)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    severity=some.integers(1, 5),
    confidence=some.floats(0, 1),
    repeats=some.integers(0, 500),
    away=some.floats(0, 2000),
    bearing=some.floats(0, 359),
    speed=some.floats(0, 30),
    medium=some.sampled_from(["air", "water", "any"]),
)
def test_parts_add_up_and_stay_within_bounds(
    severity: int, confidence: float, repeats: int, away: float, bearing: float, speed: float, medium: str
) -> None:
    near = [Near(kind, kind, away, bearing) for kind in WEIGHTS.radius_m]
    wind = Wind(speed, 270.0, "s", 1.0, "t")
    plain = of(severity=severity, confidence=confidence, medium=medium)
    found = of(severity=severity, confidence=confidence, repeats=repeats, near=near, wind=wind, medium=medium)
    assert sum(part.points for part in found.parts) == found.score
    assert 0 <= plain.score <= found.score <= 100


def test_every_part_has_a_sentence() -> None:
    known = {code for code in templates() if code.startswith("risk.")}
    for found in (of(), of(near=[SCHOOL], wind=WEST, repeats=2), of(located=False), of(medium="water")):
        for part in found.parts:
            assert part.code in known
            said = {"kind_name": "x"} | dict(part.params)
            assert say(part.code, "en", **said) != say(part.code, "zh", **said)
