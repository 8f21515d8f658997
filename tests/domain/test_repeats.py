"""Whether two reports may be one: place, time, text; and what says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ecobureau.domain.repeats import Bounds, Told, compare, likeness

BOUNDS = Bounds(radius_m=200, hours=24, text=0.75, text_hours=168, text_radius_m=2000)
NOISE = "花桥街工地夜里两点还在施工，打桩声音很大，吵得睡不着"
AGAIN = "花桥街工地夜里两点还在施工打桩，声音太大，吵得人睡不着！"
SMELL = "化工厂附近有刺鼻的臭味，早上最重"


def told(**values: Any) -> Told:
    plain = {"subject": "", "scenario": "K11", "lon": 114.3, "lat": 30.6, "at": 0.0, "text": NOISE, "spoken": True}
    return Told(**(plain | values))


def why(one: Told, other: Told) -> list[str]:
    found = compare(one, other, BOUNDS)
    return [] if found is None else [reason.code for reason in found.reasons]


def test_the_same_words_in_other_order_and_marks_are_alike() -> None:
    assert likeness(NOISE, AGAIN) >= BOUNDS.text
    assert likeness(NOISE, SMELL) < 0.2
    assert likeness("ＡＢＣ１２３ 号", "abc123号") == 1.0


@pytest.mark.parametrize("short", ["", "臭", "很吵。", "的的的的的的"])
def test_too_short_says_nothing(short: str) -> None:
    assert likeness(short, short) == 0.0


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(one=some.text(max_size=40), other=some.text(max_size=40))
def test_likeness_is_the_same_from_both_sides_and_bounded(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0.0 <= likeness(one, other) <= 1.0


def test_the_same_subject_is_enough() -> None:
    assert why(told(subject="outlet:1", lon=None, at=9e6), told(subject="outlet:1", text="x")) == ["repeat.subject"]
    assert why(told(subject="", lon=None, text="甲"), told(subject="", text="乙")) == []


def test_near_in_place_and_time_and_of_one_kind() -> None:
    beside = told(lon=114.301, at=3600.0, text=SMELL)
    assert why(told(), beside) == ["repeat.near"]
    assert why(told(scenario="K07"), beside) == []
    assert why(told(at=-30 * 3600.0), beside) == []
    assert why(told(lon=114.31), beside) == []


def test_alike_words_reach_farther_than_the_radius_but_not_across_the_city() -> None:
    assert why(told(), told(lon=114.31, text=AGAIN, at=48 * 3600.0)) == ["repeat.text"]
    assert why(told(), told(lon=114.5, text=AGAIN)) == []
    assert why(told(), told(lon=114.31, text=AGAIN, at=200 * 3600.0)) == []


def test_sentences_that_rules_make_are_not_compared() -> None:
    assert why(told(spoken=False), told(lon=114.31)) == []


def test_more_reasons_rank_higher() -> None:
    both, near = compare(told(), told(text=AGAIN), BOUNDS), compare(told(), told(text=SMELL), BOUNDS)
    assert both is not None and near is not None
    assert both.score > near.score
    assert [reason.code for reason in both.reasons] == ["repeat.near", "repeat.text"]
