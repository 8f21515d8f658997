"""Classes of GB 3838-2002: at and around every limit, publication by missing items, scalar = bulk."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.water import (
    TABLE_1,
    WaterClass,
    assess,
    assess_array,
    assess_auto,
    assess_auto_array,
    explain_class,
    item_class,
    item_class_array,
)
from ecobureau.words import say, templates

# GB 3838-2002 table 1, transcribed a second time by hand: item -> limits of I … V.
GOLDEN = {
    "do": (7.5, 6, 5, 3, 2),
    "codmn": (2, 4, 6, 10, 15),
    "cod": (15, 15, 20, 30, 40),
    "bod5": (3, 3, 4, 6, 10),
    "nh3n": (0.15, 0.5, 1.0, 1.5, 2.0),
    "tp": (0.02, 0.1, 0.2, 0.3, 0.4),
    "tn": (0.2, 0.5, 1.0, 1.5, 2.0),
    "cu": (0.01, 1.0, 1.0, 1.0, 1.0),
    "zn": (0.05, 1.0, 1.0, 2.0, 2.0),
    "f": (1.0, 1.0, 1.0, 1.5, 1.5),
    "se": (0.01, 0.01, 0.01, 0.02, 0.02),
    "as": (0.05, 0.05, 0.05, 0.1, 0.1),
    "hg": (0.00005, 0.00005, 0.0001, 0.001, 0.001),
    "cd": (0.001, 0.005, 0.005, 0.005, 0.01),
    "cr6": (0.01, 0.05, 0.05, 0.05, 0.1),
    "pb": (0.01, 0.01, 0.05, 0.05, 0.1),
    "cn": (0.005, 0.05, 0.2, 0.2, 0.2),
    "phenol": (0.002, 0.002, 0.005, 0.01, 0.1),
    "oil": (0.05, 0.05, 0.05, 0.5, 1.0),
    "las": (0.2, 0.2, 0.2, 0.3, 0.3),
    "sulfide": (0.05, 0.1, 0.2, 0.5, 1.0),
    "fecal_coliform": (200, 2000, 10000, 20000, 40000),
}
LAKE_TP = (0.01, 0.025, 0.05, 0.1, 0.2)
AUTO = {"ph": 7.0, "do": 8.0, "codmn": 1.0, "nh3n": 0.1, "tp": 0.01}
CASES = [(item, "river", limits) for item, limits in GOLDEN.items()] + [("tp", "lake", LAKE_TP)]


def _best_class_of_limit(limits, at):
    return 1 + limits.index(limits[at])


def _worst_class_past(limits, at):
    later = [step for step in range(5) if limits[step] != limits[at] and step > at]
    return 1 + later[0] if later else 6


@pytest.mark.parametrize(("item", "body", "limits"), CASES)
def test_a_limit_belongs_to_the_better_class_and_the_next_number_does_not(rules, item, body, limits):
    for at, limit in enumerate(limits):
        assert item_class(item, limit, rules, body) == _best_class_of_limit(limits, at)
        past = math.nextafter(limit, 0.0 if item == "do" else math.inf)
        assert item_class(item, past, rules, body) == _worst_class_past(limits, at)


def test_every_item_of_the_table_is_golden_here():
    assert set(GOLDEN) == set(TABLE_1) - {"temp", "ph"}


@pytest.mark.parametrize(("value", "wanted"), [(6.0, 1), (9.0, 1), (7.3, 1), (5.999, 6), (9.001, 6), (0.0, 6)])
def test_ph_is_within_or_worse_than_five(rules, value, wanted):
    assert item_class("ph", value, rules) == wanted


def test_the_worst_item_sets_the_class(rules):
    found = assess_auto(AUTO | {"codmn": 5.0, "tp": 0.15}, rules)
    assert (found.water_class, found.deciding) == (WaterClass.III, ("codmn", "tp"))
    assert assess_auto(AUTO, rules).water_class == WaterClass.I
    assert assess_auto(AUTO, rules).deciding == ()


def test_unrounded_values_decide(rules):
    assert assess_auto(AUTO | {"tp": 0.1003}, rules).water_class == WaterClass.III
    assert assess_auto(AUTO | {"tp": 0.100}, rules).water_class == WaterClass.II


def test_total_nitrogen_never_moves_the_class(rules):
    for body in ("river", "lake"):
        assert assess_auto(AUTO | {"tn": 99.0}, rules, body=body).water_class == WaterClass.I
        assert assess(AUTO | {"tn": 99.0, "fecal_coliform": 1e6}, rules, body=body).water_class == WaterClass.I
    assert assess(AUTO | {"tn": 99.0}, rules, body="lake").apart == {"tn": WaterClass.WORSE}
    assert assess(AUTO | {"tn": 99.0}, rules).apart == {}


@pytest.mark.parametrize("item", ["ph", "do", "codmn", "nh3n"])
@pytest.mark.parametrize("gone", [None, math.nan, -0.1, math.inf])
def test_no_class_without_one_of_the_four(rules, item, gone):
    found = assess_auto(AUTO | {item: gone}, rules)
    assert (found.water_class, found.reason) == (None, "water.none.required")
    assert item in found.missing


@pytest.mark.parametrize("gone", [None, math.nan, -1.0])
def test_only_phosphorus_missing_leaves_the_four(rules, gone):
    found = assess_auto(AUTO | {"tp": gone, "nh3n": 1.2}, rules)
    assert (found.water_class, found.missing) == (WaterClass.IV, ("tp",))


def test_further_items_count_where_they_have_a_value(rules):
    values = AUTO | {"cod": 25.0, "hg": 0.002}
    assert assess_auto(values, rules).water_class == WaterClass.I
    assert assess_auto(values, rules, more=("cod",)).water_class == WaterClass.IV
    assert assess_auto(values, rules, more=("cod", "hg", "tn")).deciding == ("hg",)
    assert assess_auto(AUTO, rules, more=("cod",)).water_class == WaterClass.I


def test_saturation_of_oxygen_makes_class_one_only_when_handed_in(rules):
    assert item_class("do", 6.5, rules) == WaterClass.II
    assert item_class("do", 6.5, rules, saturation=90.0) == WaterClass.I
    assert item_class("do", 6.5, rules, saturation=89.9) == WaterClass.II


@pytest.mark.parametrize("value", [-0.001, math.nan, math.inf])
def test_what_is_no_concentration_is_refused(rules, value):
    with pytest.raises(ValueError, match="no concentration"):
        item_class("cod", value, rules)


def test_nothing_measured_is_no_class(rules):
    assert assess({}, rules).reason == "water.none.no_item"
    with pytest.raises(ValueError, match="no item"):
        assess_array({"turbidity": np.array([1.0])}, rules)


def test_decimal_limits_and_texts_meet(rules):
    for item, limits in GOLDEN.items():
        for limit in limits:
            assert item_class(item, float(Decimal(str(limit))), rules) == item_class(item, limit, rules)


_VALUE = st.one_of(
    st.none(), st.floats(-1, 50, allow_nan=False), st.sampled_from([v for g in GOLDEN.values() for v in g])
)
_ROW = st.fixed_dictionaries(dict.fromkeys(("ph", "do", "codmn", "nh3n", "tp", "cod", "hg"), _VALUE))


@given(st.lists(st.tuples(_ROW, st.booleans()), min_size=1, max_size=30))
def test_bulk_is_the_scalar_form(rules, rows):
    values = {item: np.array([math.nan if row[item] is None else row[item] for row, _ in rows]) for item in rows[0][0]}
    lake = np.array([is_lake for _, is_lake in rows])
    auto = assess_auto_array(values, rules, lake=lake, more=("cod", "hg"))
    for at, (row, is_lake) in enumerate(rows):
        body = "lake" if is_lake else "river"
        one = assess_auto(row, rules, body=body, more=("cod", "hg"))
        assert int(auto.classes[at]) == (one.water_class or 0)
        if one.water_class:
            assert auto.deciding(at) == one.deciding
        for item, found in auto.by_item.items():
            assert found[at] == one.by_item.get(item, 0)


@given(st.sampled_from([item for item in GOLDEN if item != "do"]), st.floats(0, 100), st.floats(0, 100))
def test_more_pollution_is_never_better(rules, item, one, other):
    low, high = sorted((one, other))
    assert item_class(item, low, rules) <= item_class(item, high, rules)
    assert item_class("do", low, rules) >= item_class("do", high, rules)


def test_lakes_have_stricter_phosphorus_row_by_row(rules):
    found = item_class_array("tp", np.array([0.02, 0.02]), rules, np.array([False, True]))
    assert found.tolist() == [1, 2]


def test_the_derivation_names_every_item_and_ends_with_the_class(rules):
    found, how = explain_class(AUTO | {"tp": 0.15, "nh3n": None}, rules, items=rules.auto_items)
    assert how.result == found.water_class.roman == "Ⅲ"
    assert [one.valid for one in how.inputs] == [True, True, True, False, True]
    known = templates()
    assert all(step.text_code in known and step.clause for step in how.steps)
    _, none = explain_class(AUTO | {"do": None}, rules, items=rules.auto_items, required=rules.auto_required)
    assert none.result is None
    assert none.steps[-1].text_code == "water.none.required"
    assert say("water.none.required", "en", items="DO") == "DO missing: no class is published"
