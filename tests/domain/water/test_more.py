"""Multiples, means, sections, indices, lakes, black waters, sea, effluent."""

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.water import (
    Blackness,
    NoIndex,
    Shares,
    SourceVerdict,
    WaterClass,
    attainment_rate,
    basin,
    below_detection,
    city_index,
    class_shares,
    drinking_source,
    effluent_grade,
    enters_change_ranking,
    exceedances,
    explain_effluent,
    explain_exceedance,
    explain_index,
    explain_mean,
    explain_point,
    explain_sea,
    explain_shares,
    explain_tli,
    explain_trend,
    grade_of_shares,
    index_change,
    inorganic_nitrogen,
    item_blackness,
    main_pollutants,
    mean,
    month_mean,
    multiple,
    point_blackness,
    rural_black,
    sea_class,
    sea_limits,
    section_grade,
    share_trend,
    single_index,
    tli,
    tli_array,
    tli_item,
    trophic_grade,
    water_index,
    year_mean,
)
from ecobureau.domain.water.index import IndexRules
from ecobureau.words import templates

DAY = date(2026, 1, 1)

CLEAN = {"ph": 7.0, "do": 8.0, "codmn": 1.0, "cod": 10.0, "bod5": 1.0, "nh3n": 0.1, "tp": 0.01}


@pytest.mark.parametrize(
    ("value", "limit", "wanted"),
    [
        (1.25, 1.0, "0.2"),
        (1.35, 1.0, "0.4"),
        (0.23, 0.2, "0.2"),
        (1.0, 1.0, "0.0"),
        (12.0, 6.0, "1.0"),
        (0.2003, 0.2, "0.0"),
    ],
)
def test_multiples_are_rounded_half_to_even_on_exact_decimals(value, limit, wanted):
    assert str(multiple(value, limit)) == wanted


def test_oxygen_and_ph_are_over_without_a_multiple(rules):
    over = exceedances(CLEAN | {"do": 4.0, "ph": 9.5, "nh3n": 1.5}, rules)
    assert [(one.item, one.multiple) for one in over] == [("ph", None), ("do", None), ("nh3n", Decimal("0.5"))]
    assert over[0].limit == 9.0
    assert exceedances(CLEAN | {"ph": 5.0}, rules)[0].limit == 6.0
    assert exceedances(CLEAN | {"nh3n": 0.6}, rules, wanted=WaterClass.II)[0].limit == 0.5


def test_metals_come_first_then_class_then_multiple(rules):
    values = CLEAN | {"cod": 35.0, "bod5": 5.0, "nh3n": 1.9, "tp": 0.5, "hg": 0.0002, "cn": 0.3}
    named = [one.item for one in main_pollutants(exceedances(values, rules), rules)]
    assert named == ["cn", "hg", "tp"]
    plain = [one.item for one in main_pollutants(exceedances(values | {"hg": None, "cn": None}, rules), rules)]
    assert plain == ["tp", "nh3n", "cod"]


def test_half_the_limit_stands_for_below_detection(rules):
    assert below_detection(0.025, rules) == 0.0125


def test_a_mean_that_equals_a_limit_is_found_equal_to_it(rules):
    assert mean([0.1, 0.2, 0.3]) == 0.2
    assert mean([0.7, 0.1, 0.1, None, -1.0, math.nan]) == 0.3
    assert month_mean([{"tp": 0.1}, {"tp": 0.3, "do": None}]) == {"tp": 0.2, "do": None}
    assert year_mean([{"tp": 0.1}, {"tp": 0.3}]) == {"tp": 0.2}
    assert explain_mean("tp", [0.1, None, 0.3]).result == "0.2"


@given(st.lists(st.decimals("0", "100", places=4), min_size=1, max_size=12))
def test_a_mean_lies_between_and_does_not_depend_on_order(values):
    given_values = [float(one) for one in values]
    found = mean(given_values)
    assert found is not None
    assert min(given_values) <= found <= max(given_values)
    assert found == mean(reversed(given_values))


@pytest.mark.parametrize(
    ("item", "limit"), [("sulfate", 250.0), ("chloride", 250.0), ("nitrate_n", 10.0), ("fe", 0.3), ("mn", 0.1)]
)
def test_table_two_is_met_at_its_limit_and_not_past_it(rules, item, limit):
    assert drinking_source(CLEAN | {item: limit}, rules).attained is True
    past = drinking_source(CLEAN | {item: math.nextafter(limit, math.inf)}, rules)
    assert (past.attained, past.failing) == (False, (item,))


def test_drinking_sources_by_number_and_by_water(rules):
    good, bad = drinking_source(CLEAN, rules), drinking_source(CLEAN | {"nh3n": 1.1}, rules)
    unknown = drinking_source({}, rules)
    assert unknown.attained is None
    assert attainment_rate([good, bad, unknown]) == Fraction(1, 2)
    assert attainment_rate([good, bad], [30.0, 10.0]) == Fraction(3, 4)
    assert attainment_rate([unknown]) is None
    with pytest.raises(ValueError, match="volumes"):
        attainment_rate([SourceVerdict(True, (), ())], [1.0, 2.0])


@pytest.mark.parametrize(
    ("water_class", "wanted"),
    list(zip(WaterClass, ["excellent", "excellent", "good", "light", "moderate", "heavy"], strict=True)),
)
def test_grade_of_a_section(grades, water_class, wanted):
    assert section_grade(water_class, grades) == wanted


@pytest.mark.parametrize(
    ("good", "bad", "total", "wanted"),
    [
        (9, 0, 10, "excellent"),
        (899, 0, 1000, "good"),
        (75, 0, 100, "good"),
        (749, 0, 1000, "light"),
        (60, 19, 100, "light"),
        (60, 20, 100, "moderate"),
        (60, 39, 100, "moderate"),
        (60, 40, 100, "heavy"),
        (0, 100, 100, "heavy"),
    ],
)
def test_grade_of_shares_at_every_bound(grades, good, bad, total, wanted):
    shares = Shares((good, 0, 0, total - good - bad, 0, bad))
    assert grade_of_shares(shares, grades) == wanted
    assert explain_shares(shares, grades).result == wanted


@given(st.lists(st.sampled_from([*WaterClass, None]), min_size=1))
def test_shares_sum_to_one(classes):
    shares = class_shares(classes)
    if shares.total:
        assert sum(shares.exact(one) for one in WaterClass) == 1
        assert shares.total == sum(one is not None for one in classes)
    else:
        assert shares.good is None


def test_shares_are_shown_with_one_decimal():
    shares = class_shares([WaterClass.II] * 2 + [WaterClass.WORSE])
    assert (shares.percent(shares.good), shares.percent(shares.bad)) == (Decimal("66.7"), Decimal("33.3"))
    assert shares.percent(None) is None


def test_few_sections_take_the_class_of_the_means(rules, grades):
    found = basin([CLEAN, CLEAN | {"nh3n": 3.9}], rules, grades)
    assert (found.method, found.water_class, found.grade) == ("means", WaterClass.V, "moderate")
    assert found.main == (("nh3n", Fraction(1, 2)),)
    many = basin([CLEAN] * 4 + [CLEAN | {"nh3n": 3.9}], rules, grades)
    assert (many.method, many.grade) == ("shares", "good")
    assert basin([{}], rules, grades).grade is None
    with pytest.raises(ValueError, match="mixed"):
        basin([CLEAN, CLEAN], rules, grades, bodies=["river", "lake"])


@pytest.mark.parametrize(
    ("good", "bad", "direction", "extent"),
    [
        (10, 0, "same", "none"),
        (11, 0, "better", "some"),
        (15, -5, "better", "some"),
        (15, -6, "better", "marked"),
        (-11, 0, "worse", "some"),
        (-15, 6, "worse", "marked"),
    ],
)
def test_trend_of_shares(grades, good, bad, direction, extent):
    before = Shares((40, 0, 0, 40, 0, 20))
    after = Shares((40 + good, 0, 0, 40 - good - bad, 0, 20 + bad))
    found = share_trend(before, after, grades)
    assert (found.direction, found.extent) == (direction, extent)
    assert explain_trend(found).result == direction
    assert share_trend(Shares((0,) * 6), after, grades) is None


@pytest.mark.parametrize(
    ("item", "value", "wanted"),
    [
        ("cod", 20.0, Fraction(1)),
        ("nh3n", 0.5, Fraction(1, 2)),
        ("do", 10.0, Fraction(1, 2)),
        ("ph", 6.0, Fraction(1)),
        ("ph", 7.0, Fraction(0)),
        ("ph", 8.0, Fraction(1, 2)),
        ("ph", 9.0, Fraction(1)),
    ],
)
def test_single_index(rules, cwqi, item, value, wanted):
    assert single_index(item, value, rules, cwqi) == wanted


def test_index_of_a_city_weighs_rivers_and_lakes_by_their_sections(rules, cwqi):
    river, lake = {"nh3n": 0.5, "tp": 0.2}, {"nh3n": 0.5, "tp": 0.05}
    assert water_index(river, rules, cwqi).value == Fraction(3, 2)
    assert water_index(lake, rules, cwqi, "lake").value == Fraction(3, 2)
    found = city_index([{"nh3n": 1.0}, {"nh3n": 2.0}], [{"nh3n": 0.5}], rules, cwqi)
    assert found.value == (Fraction(3, 2) * 2 + Fraction(1, 2)) / 3
    assert city_index([], [], rules, cwqi) is None
    assert "cod" in water_index(river, rules, cwqi).missing
    assert index_change(Fraction(9), Fraction(10)) == -10
    assert explain_index(river, rules, cwqi).result == "1.5"


def test_index_refuses_oxygen_at_zero(rules, cwqi):
    with pytest.raises(NoIndex):
        water_index({"do": 0.0}, rules, cwqi)


def test_cities_with_clean_sections_stay_out_of_the_change_ranking(rules, cwqi):
    assert not enters_change_ranking([CLEAN, CLEAN], rules, cwqi)
    assert enters_change_ranking([CLEAN, CLEAN | {"nh3n": 0.6}], rules, cwqi)


def test_the_creek_index_is_a_proposal_of_its_own(pack, rules):
    creek = IndexRules.from_pack(pack, DAY, "creek")
    assert creek.entry.flag == "proposal"
    assert water_index({"nh3n": 2.0, "tp": 0.4, "cod": 99.0}, rules, creek).value == 2


def test_trophic_state(trophic):
    values = {"chla": 10.0, "tp": 0.05, "tn": 1.0, "sd": 1.0, "codmn": 4.0}
    assert [round(one, 4) for one in trophic.weight.values()] == [0.2663, 0.1879, 0.1790, 0.1834, 0.1834]
    assert tli_item("chla", 1.0, trophic) == 25.0
    wanted = 0.26626 * (25 + 10.86 * math.log(10)) + 0.18787 * (94.36 + 16.24 * math.log(0.05))
    wanted += 0.17903 * 54.53 + 0.18342 * 51.18 + 0.18342 * (1.09 + 26.61 * math.log(4))
    assert tli(values, trophic) == pytest.approx(wanted, abs=2e-3)
    assert tli(values | {"sd": None}, trophic) is None
    assert tli(values | {"tp": 0.0}, trophic) is None
    with pytest.raises(ValueError, match="above zero"):
        tli_item("tp", 0.0, trophic)
    bulk = tli_array({item: np.array([value, value, np.nan]) for item, value in values.items()}, trophic)
    assert bulk[0] == bulk[1] == tli(values, trophic)
    assert math.isnan(bulk[2])
    assert explain_tli(values, trophic).result is not None
    assert explain_tli({}, trophic).result is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (29.99, "oligotrophic"),
        (30.0, "mesotrophic"),
        (50.0, "mesotrophic"),
        (50.01, "light"),
        (60.0, "light"),
        (60.01, "moderate"),
        (70.0, "moderate"),
        (70.01, "heavy"),
    ],
)
def test_trophic_grades(trophic, value, wanted):
    assert trophic_grade(value, trophic) == wanted


@pytest.mark.parametrize(
    ("item", "light", "heavy", "worse"),
    [("transparency", 25.0, 10.0, -1), ("do", 2.0, 0.2, -1), ("orp", 50.0, -200.0, -1), ("nh3n", 8.0, 15.0, 1)],
)
def test_black_limits(black, item, light, heavy, worse):
    assert item_blackness(item, light, black) == Blackness.NONE
    assert item_blackness(item, light + worse * 0.01, black) == Blackness.LIGHT
    assert item_blackness(item, heavy, black) == Blackness.LIGHT
    assert item_blackness(item, heavy + worse * 0.01, black) == Blackness.HEAVY


def test_shallow_waters_have_their_own_transparency(black):
    assert item_blackness("transparency", 8.0, black, depth_cm=20.0) == Blackness.NONE
    assert item_blackness("transparency", 7.9, black, depth_cm=20.0) == Blackness.LIGHT
    assert item_blackness("transparency", 8.0, black, depth_cm=25.0) == Blackness.HEAVY


def test_a_point_is_heavy_by_one_item_or_by_two(black):
    def point(do_heavy, nh3n_heavy, total=10):
        return [{"do": 0.1 if at < do_heavy else 5.0, "nh3n": 16.0 if at < nh3n_heavy else 1.0} for at in range(total)]

    assert point_blackness(point(6, 0), black).grade == Blackness.LIGHT
    assert point_blackness(point(7, 0), black).grade == Blackness.HEAVY
    assert point_blackness(point(3, 3), black).grade == Blackness.LIGHT
    assert point_blackness(point(4, 4), black).grade == Blackness.HEAVY
    assert point_blackness(point(4, 3), black).grade == Blackness.LIGHT
    assert point_blackness(point(0, 0), black).grade == Blackness.NONE
    assert point_blackness([], black).grade is None
    assert explain_point(point(7, 0), black).result == "heavy"


def test_rural_black_waters(black):
    assert rural_black({"nh3n": 15.0, "do": 2.0, "transparency": 25.0}, black) == (False, ())
    assert rural_black({"nh3n": 15.1}, black) == (True, ("nh3n",))
    assert rural_black({}, black) is None


@pytest.mark.parametrize(("value", "wanted"), [(0.2, 1), (0.2001, 2), (0.3, 2), (0.4, 3), (0.5, 4), (0.501, 5)])
def test_sea_classes(pack, value, wanted):
    assert sea_class(value, sea_limits(pack, DAY)) == wanted


def test_inorganic_nitrogen_needs_all_three(pack):
    assert inorganic_nitrogen(0.1, 0.07, 0.03) == 0.2
    with pytest.raises(ValueError, match="three"):
        inorganic_nitrogen(0.1, math.nan, 0.03)
    assert explain_sea(0.1, 0.07, 0.03, sea_limits(pack, DAY)).result == 1


EFFLUENT = [
    ("cod", 50.0, 60.0, 100.0),
    ("bod5", 10.0, 20.0, 30.0),
    ("ss", 10.0, 20.0, 30.0),
    ("nh3n", 5.0, 8.0, 25.0),
    ("tp", 0.5, 1.0, 3.0),
]


@pytest.mark.parametrize(("item", "best", "second", "third"), EFFLUENT)
def test_effluent_grades(effluent, item, best, second, third):
    for limit, met, past in ((best, "1A", "1B"), (second, "1B", "2"), (third, "2", None)):
        assert effluent_grade({item: limit}, effluent)[0] == met
        assert effluent_grade({item: math.nextafter(limit, math.inf)}, effluent)[0] == past


def test_effluent_exceptions(effluent):
    assert effluent_grade({"nh3n": 8.0}, effluent, temp=12.0)[0] == "1A"
    assert effluent_grade({"nh3n": 8.0}, effluent, temp=12.1)[0] == "1B"
    assert effluent_grade({"tp": 1.0}, effluent, built=2005)[0] == "1A"
    assert effluent_grade({"tp": 1.0}, effluent, built=2006)[0] == "1B"
    assert effluent_grade({"tn": 25.0}, effluent)[0] == "2"
    assert effluent_grade({"ph": 9.1}, effluent)[0] is None
    assert effluent_grade({}, effluent)[0] is None
    assert explain_effluent({"cod": 55.0}, effluent).result == "1B"


def test_every_code_of_the_derivations_has_words(rules, cwqi, trophic, black, effluent, pack, grades):
    over = exceedances(CLEAN | {"nh3n": 1.5, "do": 1.0}, rules)
    values = {"chla": 10.0, "tp": 0.05, "tn": 1.0, "sd": 1.0, "codmn": 4.0}
    ways = [
        *(explain_exceedance(one, rules) for one in over),
        explain_index(CLEAN, rules, cwqi),
        explain_index({}, rules, cwqi),
        explain_tli(values, trophic),
        explain_point([{"do": 0.1, "orp": -300.0, "transparency": 5.0, "nh3n": 20.0}], black),
        explain_effluent(CLEAN, effluent),
        explain_sea(0.1, 0.1, 0.1, sea_limits(pack, DAY)),
        explain_mean("tp", [0.1]),
        explain_shares(Shares((5, 0, 0, 0, 0, 0)), grades),
    ]
    known = templates()
    for way in ways:
        assert way.steps
        assert {step.text_code for step in way.steps} <= known.keys()
        assert {one.name for one in way.inputs} <= known.keys()
