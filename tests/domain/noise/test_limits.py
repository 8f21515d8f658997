"""Limits at and around each bound, by edition; sudden noise at night; background; indoors; city statistics."""

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.noise import (
    NoiseRules,
    NoLimit,
    Weather,
    area_level,
    calibration_holds,
    explain_background,
    explain_city,
    explain_verdict,
    hour_is_valid,
    judge_indoor,
    judge_level,
    judge_night_lmax,
    limit_pair,
    period_is_valid,
    road_level,
    subtract_background,
    weather_reason,
    zone_attainment,
    zone_map,
)
from ecobureau.rulepacks import load
from ecobureau.words import templates

GB3096 = {"0": (50, 40), "1": (55, 45), "2": (60, 50), "3": (65, 55), "4a": (70, 55), "4b": (70, 60)}
BOUNDARY = {"0": (50, 40), "1": (55, 45), "2": (60, 50), "3": (65, 55), "4": (70, 55)}
CASES = [("gb3096", zone, pair) for zone, pair in GB3096.items()]
CASES += [(name, zone, pair) for name in ("gb12348", "gb22337") for zone, pair in BOUNDARY.items()]
CASES += [("gb12523", "", (70, 55))]


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return load("noise", tmp_path_factory.mktemp("none"))


@pytest.fixture(scope="module")
def rules(pack):
    return NoiseRules.from_pack(pack, date(2026, 1, 1))


@pytest.mark.parametrize(("standard", "zone", "pair"), CASES)
def test_a_level_at_the_limit_is_within_and_past_it_over(rules, standard, zone, pair):
    for part, limit in zip(("day", "night"), pair, strict=True):
        assert judge_level(float(limit), part, rules, standard, zone).within
        past = judge_level(limit + 0.1, part, rules, standard, zone)
        assert (past.within, past.over) == (False, Decimal("0.1"))


def test_rounding_before_the_verdict_is_a_setting(rules):
    assert not judge_level(60.5, "day", rules, "gb12348", "2").within
    assert judge_level(60.5, "day", rules, "gb12348", "2", rounded=True).within
    assert not judge_level(60.6, "day", rules, "gb12348", "2", rounded=True).within


@pytest.mark.parametrize("standard", ["gb12348", "gb22337", "gb12523"])
def test_indoors_ten_are_taken_off(rules, standard):
    zone = "" if standard == "gb12523" else "2"
    limit = limit_pair(rules, standard, zone).night
    assert judge_level(limit - 10, "night", rules, standard, zone, indoors=True).within
    assert not judge_level(limit - 9.9, "night", rules, standard, zone, indoors=True).within
    with pytest.raises(NoLimit):
        judge_level(40.0, "night", rules, "gb3096", "2", indoors=True)


def test_construction_limits_follow_the_edition_of_the_day(pack):
    old = NoiseRules.from_pack(pack, date(2025, 12, 31)).construction.entry
    new = NoiseRules.from_pack(pack, date(2026, 1, 1)).construction.entry
    assert (old.source, old.flag, new.source, new.flag) == ("GB 12523-2011", "certain", "GB 12523-2025", "likely")


@pytest.mark.parametrize(
    ("standard", "zone", "kind", "limit"),
    [
        ("gb12348", "2", "frequent", 60.0),
        ("gb12348", "2", "occasional", 65.0),
        ("gb3096", "1", None, 60.0),
        ("gb12523", "", None, 70.0),
    ],
)
def test_lmax_at_night(rules, standard, zone, kind, limit):
    assert judge_night_lmax(limit, rules, standard, zone, kind).within
    assert not judge_night_lmax(limit + 0.1, rules, standard, zone, kind).within


@pytest.mark.parametrize(("standard", "kind"), [("gb12348", None), ("gb3096", "frequent"), ("gb22337", None)])
def test_lmax_rules_that_are_not_there_are_refused(rules, standard, kind):
    with pytest.raises(NoLimit):
        judge_night_lmax(60.0, rules, standard, "2", kind)


def test_zones_that_are_not_there_are_refused(rules):
    for standard, zone in (("gb3096", "4"), ("gb12348", "4a"), ("gb22337", "9")):
        with pytest.raises(NoLimit):
            limit_pair(rules, standard, zone)


@pytest.mark.parametrize(
    ("room", "zone", "day", "night"),
    [
        ("A", "0", 40, 30),
        ("A", "1", 40, 30),
        ("A", "2", 45, 35),
        ("A", "4", 45, 35),
        ("B", "0", 40, 30),
        ("B", "1", 45, 35),
        ("B", "3", 50, 40),
    ],
)
def test_structure_borne_noise_indoors(rules, room, zone, day, night):
    for part, limit in (("day", day), ("night", night)):
        assert judge_indoor(limit, part, rules, room, zone).within
        assert not judge_indoor(limit + 0.1, part, rules, room, zone).within
    with pytest.raises(NoLimit):
        judge_indoor(30, "day", rules, "C", zone)


@pytest.mark.parametrize(
    ("gap", "correction"),
    [
        (10.1, "0"),
        (10.0, "1"),
        (6.0, "1"),
        (5.6, "1"),
        (5.5, "1"),
        (5.4, "2"),
        (4.0, "2"),
        (3.5, "2"),
        (3.4, "3"),
        (3.0, "3"),
    ],
)
def test_background_is_taken_off_by_the_whole_difference(rules, gap, correction):
    found = subtract_background(60.0, 60.0 - gap, rules)
    assert found.correction == Decimal(correction)
    assert found.level == Decimal("60.0") - Decimal(correction)


@pytest.mark.parametrize("gap", [2.9, 0.0, -5.0])
def test_background_too_near_gives_no_result(rules, gap):
    found = subtract_background(60.0, 60.0 - gap, rules)
    assert found.level is None
    assert explain_background(60.0, 60.0 - gap, rules).steps[0].text_code == "noise.step.background_near"


def test_derivations_have_words(rules):
    known = templates()
    ways = [
        explain_verdict(judge_level(61.0, "day", rules, "gb3096", "2"), "day"),
        explain_verdict(judge_level(59.0, "day", rules, "gb3096", "2"), "day"),
        explain_background(60.0, 55.0, rules),
        explain_background(60.0, 40.0, rules),
        explain_city("area", [(50.0, 0.0)], "day", rules),
        explain_city("road", [(68.0, 1.0)], "day", rules),
        explain_city("area", [], "day", rules),
    ]
    for way in ways:
        assert {step.text_code for step in way.steps} <= known.keys()
        assert {one.name for one in way.inputs} <= known.keys()


AREA = [(50.0, 1), (50.1, 2), (55.0, 2), (55.1, 3), (60.0, 3), (60.1, 4), (65.0, 4), (65.1, 5)]
ROAD = [(68.0, 1), (68.1, 2), (70.0, 2), (70.1, 3), (72.0, 3), (72.1, 4), (74.0, 4), (74.1, 5)]


@pytest.mark.parametrize(("level", "grade"), AREA)
def test_grades_of_area_noise(rules, level, grade):
    assert area_level([level], "day", rules).grade == grade
    assert area_level([level - 10], "night", rules).grade == grade


@pytest.mark.parametrize(("level", "grade"), ROAD)
def test_grades_of_road_noise(rules, level, grade):
    assert road_level([(level, 3.0)], "day", rules).grade == grade
    assert road_level([(level - 10, 3.0)], "night", rules).grade == grade


def test_city_means(rules):
    assert area_level([50.0, 50.1], "day", rules).level == Decimal("50.0")
    assert area_level([50.1, 50.2], "day", rules).level == Decimal("50.2")
    assert road_level([(70.0, 3.0), (60.0, 1.0)], "day", rules).level == Decimal("67.5")
    assert area_level([], "day", rules) is None
    assert road_level([(70.0, 0.0)], "day", rules) is None
    with pytest.raises(ValueError, match="below zero"):
        road_level([(70.0, -1.0)], "day", rules)


def test_attainment_of_zones(rules):
    found = zone_attainment([("2", 60.0), ("2", 60.1), ("4a", 70.0)], "day", rules)
    assert (found.rate("2"), found.rate("4a"), found.rate(), found.rate("0")) == (
        Fraction(1, 2),
        Fraction(1),
        Fraction(2, 3),
        None,
    )


@given(st.lists(st.tuples(st.sampled_from(list(GB3096)), st.floats(0, 1e4)), min_size=1))
def test_shares_of_a_zone_map_sum_to_one(areas):
    found = zone_map([(zone, area, 1) for zone, area in areas])
    whole = sum(one.share for one in found)
    assert whole == (1 if any(area for _, area in areas) else 0)
    assert sum(one.people for one in found) == len(areas)


def test_zone_map_without_people_and_bad_areas():
    assert zone_map([("1", 2.0, None), ("1", 1.0, 5)])[0].people is None
    with pytest.raises(ValueError, match="below zero"):
        zone_map([("1", -1.0, None)])


@pytest.mark.parametrize(
    ("weather", "automatic", "wanted"),
    [
        (Weather(), True, ""),
        (Weather(wind=5.0), True, ""),
        (Weather(wind=5.1), True, "noise.out.wind"),
        (Weather(wind=5.0), False, "noise.out.wind"),
        (Weather(wind=4.9), False, ""),
        (Weather(wet=True), True, "noise.out.wet"),
        (Weather(thunder=True), True, "noise.out.thunder"),
    ],
)
def test_weather_that_rules_a_level_out(rules, weather, automatic, wanted):
    assert weather_reason(weather, rules, automatic=automatic) == wanted


def test_validity_at_its_bounds(rules):
    assert calibration_holds(94.0, 94.5, rules)
    assert not calibration_holds(94.0, 94.51, rules)
    assert hour_is_valid(45, rules)
    assert not hour_is_valid(math.nextafter(45, 0), rules)
    assert period_is_valid(12, 16, rules)
    assert not period_is_valid(5, 8, rules)
