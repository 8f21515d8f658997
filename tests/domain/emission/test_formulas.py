"""HJ 212-2017 annex D, equations 18 to 34: golden cases worked out by hand, guards, and scalar = bulk."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecobureau.domain.emission import bulk, gas, means, water
from ecobureau.domain.emission.figure import Figure
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.words import say


def close(one: Figure, value: float) -> None:
    assert one.value == pytest.approx(value, rel=1e-12)
    assert one.derivation.result == one.value
    assert not one.reason


def test_18_standard_state(rules: EmissionRules):
    close(gas.standard_state(100, 120, -0.5, 100, rules), 146.59644375724778)
    # At the standard state itself nothing changes.
    close(gas.standard_state(100, 0, 0, 101.325, rules), 100)


def test_19_dry_basis(rules: EmissionRules):
    close(gas.dry(100, 8), 108.69565217391305)
    close(gas.dry(6, 10), 6.666666666666667)
    close(gas.dry(100, 0), 100)


@pytest.mark.parametrize("humidity", [100, 100.5, -0.1])
def test_19_has_no_value_outside_the_range_of_humidity(humidity: float):
    assert gas.dry(100, humidity).value is None
    assert gas.dry(100, humidity).reason == gas.IMPOSSIBLE


def test_20_ppm(rules: EmissionRules):
    close(gas.from_ppm(100, 64, rules), 285.7142857142857)
    close(gas.from_ppm(100, 30, rules), 133.92857142857142)


def test_21_nox_from_masses(rules: EmissionRules):
    close(gas.nox_as_no2(60, 10, rules), 102)


def test_22_nox_from_shares(rules: EmissionRules):
    close(gas.nox_from_ppm(100, 5, rules), 215.625)
    # "ppm * 2.05"
    assert gas.nox_from_ppm(1, 0, rules).value == pytest.approx(2.05, abs=0.005)


def test_23_minute_needs_12_samples(rules: EmissionRules):
    close(means.minute_mean([10.0] * 11 + [22.0], rules), 11)
    assert means.minute_mean([10.0] * 11 + [None], rules).value is None
    assert means.minute_mean([10.0] * 11, rules).reason == means.TOO_FEW


def test_24_hour_needs_45_minutes(rules: EmissionRules):
    close(means.hour_mean([1.0] * 44 + [46.0] + [None] * 15, rules), 2)
    assert means.hour_mean([1.0] * 44 + [None] * 16, rules).value is None
    close(means.hour_mean([1.0, 2.0, 3.0, 4.0, 5.0, None], rules, step=10), 3)
    assert means.hour_mean([1.0, 2.0, 3.0, 4.0, None, None], rules, step=10).value is None


def test_25_day_needs_20_hours(rules: EmissionRules):
    close(means.day_mean([1.0] * 19 + [21.0] + [None] * 4, rules), 2)
    assert means.day_mean([1.0] * 19 + [None] * 5, rules).value is None


def test_25_day_with_stops_by_share_of_operating_hours(rules: EmissionRules):
    # 12 hours of operation: 9 of them are enough (HJ/T 75-2007, a parameter).
    assert means.day_mean([1.0] * 9 + [None] * 15, rules, stopped_hours=12).value == 1
    assert means.day_mean([1.0] * 8 + [None] * 16, rules, stopped_hours=12).value is None


def test_month_needs_25_days_february_23(rules: EmissionRules):
    assert means.month_mean([2.0] * 25 + [None] * 6, 2025, 1, rules).value == 2
    assert means.month_mean([2.0] * 24 + [None] * 7, 2025, 1, rules).value is None
    assert means.month_mean([2.0] * 23 + [None] * 5, 2025, 2, rules).value == 2
    assert means.month_mean([2.0] * 22 + [None] * 6, 2025, 2, rules).value is None
    with pytest.raises(ValueError, match="2025-02"):
        means.month_mean([2.0] * 29, 2025, 2, rules)


def test_26_excess_air(rules: EmissionRules):
    close(gas.excess_air(6, rules), 1.4)
    close(gas.excess_air(9, rules), 1.75)
    assert gas.excess_air(21, rules).reason == gas.O2_HIGH


def test_27_by_excess_air_is_the_same_number(rules: EmissionRules):
    close(gas.converted_by_excess_air(50, 1.75, 1.4), 62.5)
    assert gas.converted_by_excess_air(-1, 1.75, 1.4).value == -1


def test_28_converted(rules: EmissionRules):
    close(gas.converted(50, 9, 6, rules), 62.5)
    close(gas.converted(50, 6, 6, rules), 50)


@pytest.mark.parametrize("o2", [21, 21.0001, 25])
def test_28_no_value_at_the_oxygen_of_air(o2: float, rules: EmissionRules):
    found = gas.converted(50, o2, 6, rules)
    assert found.value is None and found.reason == gas.O2_HIGH
    with pytest.raises(ValueError, match="o2_high"):
        float(found)


def test_28_guards(rules: EmissionRules):
    assert gas.converted(50, 9, 6, rules, stopped=True).reason == gas.STOPPED
    assert gas.converted(50, None, 6, rules).reason == gas.NO_O2
    assert gas.converted(None, 9, 6, rules).reason == gas.NO_VALUE
    kept = gas.converted(-2, 18, 6, rules)
    assert kept.value == -2 and kept.reason == gas.NEGATIVE_KEPT


def test_28_gb_18484_takes_the_oxygen_of_the_combustion_air(rules: EmissionRules):
    # (21 - 11) / (phi0 - O2): enriched air with 40 % oxygen, 20 % left in the stack.
    close(gas.converted(50, 20, 11, rules, o2_air=40), 25)
    assert gas.converted(50, 40, 11, rules, o2_air=40).reason == gas.O2_HIGH


def test_29_to_32_flows(rules: EmissionRules):
    close(gas.velocity(1.05, 10), 10.5)
    close(gas.flow_actual(12, 10.5), 453600)
    close(gas.flow_standard(453600, 120, -0.5, 100, 8, rules), 284667.205632243)
    close(gas.day_flow([100.0, None, 50.5]), 150.5)
    assert gas.day_flow([None]).reason == gas.NO_FLOW
    assert gas.flow_standard(453600, -273, 0, 100, 8, rules).reason == gas.IMPOSSIBLE


def test_33_rate_takes_the_measured_concentration(rules: EmissionRules):
    close(gas.rate(40, 250000, rules), 10)
    assert gas.rate(40, None, rules).reason == gas.NO_FLOW
    assert gas.rate(None, 250000, rules).reason == gas.NO_VALUE
    none = gas.rate(-3, 250000, rules)
    assert none.value == 0 and none.reason == "emission.reason.negative_zero"


def test_34_day_sums_hours_without_the_misprinted_factor():
    close(gas.day_mass([10.0, None, 2.5]), 12.5)


def test_water_volume_load_and_weighted_mean(rules: EmissionRules):
    close(water.volume(20, 600), 12)
    close(water.load(50, 72), 3.6)
    assert water.load(-1, 72).value is None
    # 10 mg/L in 1 part, 40 mg/L in 3 parts of the water.
    close(water.weighted_mean([10, 40], [1, 3]), 32.5)
    assert water.weighted_mean([10, 40], [0, 0]).reason == water.NO_DISCHARGE
    assert water.weighted_mean([10, 40], [None, None]).value == 25
    assert water.weighted_mean([10, 40, None], [1, None, 5]).value == 10


def test_water_day_needs_its_share_of_slots(rules: EmissionRules):
    assert water.day_mean([10.0] * 9 + [None] * 3, [1.0] * 12, 12, rules).value == 10
    assert water.day_mean([10.0] * 8 + [None] * 4, [1.0] * 12, 12, rules).reason == means.TOO_FEW
    assert water.day_mean([None], [0.0], 0, rules).reason == water.NO_DISCHARGE


def test_ph_is_a_range():
    assert water.ph_range([7.1, None, 6.2, 8.4]) == (6.2, 8.4)
    assert water.ph_range([None]) is None


def test_every_step_speaks_both_languages(rules: EmissionRules):
    figures = [
        gas.standard_state(100, 120, -0.5, 100, rules),
        gas.dry(100, 8),
        gas.from_ppm(100, 64, rules),
        gas.nox_as_no2(60, 10, rules),
        gas.nox_from_ppm(100, 5, rules),
        gas.excess_air(6, rules),
        gas.converted_by_excess_air(50, 1.75, 1.4),
        gas.converted(50, 22, 6, rules),
        gas.velocity(1.05, 10),
        gas.flow_actual(12, 10.5),
        gas.flow_standard(453600, 120, -0.5, 100, 8, rules),
        gas.day_flow([100.0]),
        gas.rate(40, 250000, rules),
        gas.day_mass([1.0]),
        means.hour_mean([1.0] * 60, rules),
        water.volume(20, 600),
        water.load(50, 72),
        water.weighted_mean([10], [1]),
        water.removal_rate(400, 100),
    ]
    for one in figures:
        for step in one.derivation.steps:
            assert step.rule and step.clause
            for lang in ("zh", "en"):
                text = say(step.text_code, lang, **step.params)
                assert text and not text.startswith("emission.")
        for given_input in one.derivation.inputs:
            assert say(given_input.name, "en") != given_input.name
        if one.reason:
            assert say(one.reason, "en") != one.reason


FINITE = st.floats(-50, 5000, allow_nan=False)
O2 = st.floats(0, 24, allow_nan=False)


@settings(deadline=None)
@given(st.lists(st.tuples(FINITE, O2, FINITE), min_size=1, max_size=20))
def test_bulk_gives_the_numbers_of_the_scalar_form(rows: list[tuple[float, float, float]]):
    rules = _rules()
    c, o2, q = (np.array(one) for one in zip(*rows, strict=True))
    pairs = [
        (bulk.converted(c, o2, 6, rules), [gas.converted(a, b, 6, rules) for a, b, _ in rows]),
        (bulk.converted(c, o2, 11, rules, o2_air=23), [gas.converted(a, b, 11, rules, o2_air=23) for a, b, _ in rows]),
        (bulk.rate(c, q, rules), [gas.rate(a, b, rules) for a, _, b in rows]),
        (bulk.dry(c, o2), [gas.dry(a, b) for a, b, _ in rows]),
        (bulk.from_ppm(c, 64, rules), [gas.from_ppm(a, 64, rules) for a, *_ in rows]),
        (bulk.nox_as_no2(c, q, rules), [gas.nox_as_no2(a, b, rules) for a, _, b in rows]),
        (bulk.nox_from_ppm(c, q, rules), [gas.nox_from_ppm(a, b, rules) for a, _, b in rows]),
        (bulk.excess_air(o2, rules), [gas.excess_air(b, rules) for _, b, _ in rows]),
        (bulk.standard_state(c, q, o2, q, rules), [gas.standard_state(a, q_, o, q_, rules) for a, o, q_ in rows]),
        (
            bulk.flow_standard(q, c, o2 - 2, o2 + 90, o2, rules),
            [gas.flow_standard(q_, a, o - 2, o + 90, o, rules) for a, o, q_ in rows],
        ),
        (bulk.flow_actual(3.5, c), [gas.flow_actual(3.5, a) for a, *_ in rows]),
    ]
    for array, figures in pairs:
        for one, figure in zip(array.tolist(), figures, strict=True):
            assert (math.isnan(one) and figure.value is None) or one == figure.value


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.floats(0, 20.9), st.floats(0, 20.9))
def test_conversion_grows_with_oxygen_and_agrees_with_excess_air(c: float, o2: float, more: float):
    rules = _rules()
    low, high = sorted((o2, more))
    one, other = gas.converted(c, low, 6, rules), gas.converted(c, high, 6, rules)
    assert float(one) <= float(other)
    alpha, alpha_ref = float(gas.excess_air(low, rules)), float(gas.excess_air(6, rules))
    assert float(one) == pytest.approx(float(gas.converted_by_excess_air(c, alpha, alpha_ref)), rel=1e-9)


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.floats(-20, 300), st.floats(-5, 5), st.floats(80, 105), st.floats(0, 40))
def test_mass_does_not_depend_on_the_state_it_is_told_in(c: float, ts: float, ps: float, ba: float, humidity: float):
    # Concentration and flow both at stack conditions, wet, give the same kg as both at the standard state, dry.
    rules = _rules()
    flow = 100000.0
    dry = float(gas.dry(float(gas.standard_state(c, ts, ps, ba, rules)), humidity))
    standard = float(gas.flow_standard(flow, ts, ps, ba, humidity, rules))
    assert float(gas.rate(dry, standard, rules)) == pytest.approx(c * flow * 1e-6, rel=1e-9)


def _rules() -> EmissionRules:
    from datetime import date

    from ecobureau.rulepacks import load

    return EmissionRules.from_pack(load("emission"), date(2025, 6, 1))
