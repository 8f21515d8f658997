"""Whole outlets against the plain second implementation of `emission_reference`, and cases by hand."""

import csv
import os
import random
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

import emission_reference as reference
from ecobureau.domain.emission import days_of, meaning_of, outlet_hours, totals_of
from ecobureau.domain.emission.grid import Samples, State, step_of
from ecobureau.domain.emission.outlet import FactorSpec, OutletHours, OutletSpec
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.substitution import Way
from ecobureau.domain.emission.times import day_number

FIRST_DAY = day_number(date(2025, 1, 1))
FIRST = FIRST_DAY * 24
DATA = Path(os.environ.get("ECOBUREAU_SHARED", Path(__file__).parents[4] / "shared")) / "data"
Series = dict[str, dict[int, tuple[float | None, str]]]


def samples(series: Series, rules: EmissionRules, step: int = 60) -> dict[str, Samples]:
    """Series by step number as samples."""
    out = {}
    for factor, own in series.items():
        minutes = np.array([FIRST * 60 + at * step for at in own], dtype=np.int64)
        values = np.array([np.nan if value is None else value for value, _ in own.values()])
        marks = np.array([int(meaning_of(flag, rules)) for _, flag in own.values()], dtype=np.uint8)
        out[factor] = Samples(minutes, values, marks, np.full(len(own), np.nan))
    return out


def gas_spec(*factors: str, o2_ref: float | None = 6) -> OutletSpec:
    return OutletSpec("gas", {one: FactorSpec(o2_ref=o2_ref) for one in factors})


def run(series: Series, spec: OutletSpec, rules: EmissionRules, hours: int, step: int = 60) -> OutletHours:
    return outlet_hours(samples(series, rules, step), spec, rules, window=(FIRST, FIRST + hours))


def random_series(seed: int, hours: int, levels: dict[str, float]) -> Series:
    """Series with gaps, marks, negatives and stops."""
    chance = random.Random(seed)
    series: Series = {factor: {} for factor in levels}
    stopped, broken, lost = 0, {}, 0
    for hour in range(hours):
        stopped = stopped - 1 if stopped > 0 else chance.randint(3, 40) if chance.random() < 0.004 else 0
        lost = lost - 1 if lost > 0 else chance.randint(1, 30) if chance.random() < 0.004 else 0
        for factor, level in levels.items():
            left, mark = broken.get(factor, (0, ""))
            if left <= 0 and chance.random() < 0.004:
                left, mark = chance.randint(1, 60), chance.choice("MDCTBS?")
            broken[factor] = (left - 1, mark)
            if lost or chance.random() < 0.002:
                continue
            flag = "F" if stopped else mark if left > 0 else "N"
            value = round(level * chance.uniform(0.7, 1.3), 3)
            if factor.startswith("w") and chance.random() < 0.01:
                value = 0.0 if factor == "w00000" else -value
            elif factor == "a21026" and chance.random() < 0.01:
                value = -0.5
            elif factor == "a19001" and chance.random() < 0.01:
                value = 21.0
            series[factor][hour] = (None if chance.random() < 0.002 else value, flag)
    return series


def same(one: float, other: float | None) -> bool:
    return np.isnan(one) if other is None else bool(np.isclose(one, other, rtol=1e-10, atol=1e-12))


def compare_gas(series: Series, hours: int, rules: EmissionRules, o2_ref: float | None = 6) -> None:
    pollutants = [one for one in series if one not in reference.NOT_POLLUTANTS]
    found = run(series, gas_spec(*pollutants, o2_ref=o2_ref), rules, hours)
    expected = reference.gas(series, hours, o2_ref)
    for factor in pollutants:
        one, rows = found.factors[factor], expected[factor]
        for hour in range(hours):
            row, where = rows[hour], (factor, hour)
            assert same(one.hours.mean[hour], row["avg"]), where
            assert same(one.converted[hour], row["converted"]), where
            assert same(one.kg[hour], row["kg"]), where
            assert same(one.kg_substitute[hour], row.get("substitute")), where
        days = days_of(found, factor, rules, "gas")
        for at in range(len(days.day)):
            day = reference.gas_day(rows, at)
            assert same(days.mean[at], day["avg"]), (factor, at)
            assert same(days.converted[at], day["converted"]), (factor, at)
            assert days.measured_ug[at] / 1e9 == pytest.approx(day["kg"], abs=2e-8)
            assert days.substituted_ug[at] / 1e9 == pytest.approx(day["substituted"], abs=2e-8)


def compare_water(series: Series, hours: int, rules: EmissionRules) -> None:
    found = run(series, OutletSpec("water"), rules, hours)
    expected, flow = reference.water(series, hours)
    for factor, rows in expected.items():
        one = found.factors[factor]
        weighs = factor not in reference.NO_WEIGHT
        for hour in range(hours):
            row, where = rows[hour], (factor, hour)
            assert same(one.hours.mean[hour], row["avg"]), where
            if weighs:
                assert same(one.kg[hour], row["kg"]), where
                assert same(one.kg_substitute[hour], row.get("substitute")), where
        days = days_of(found, factor, rules, "water")
        for at in range(len(days.day)):
            day = reference.water_day(rows, flow, at, factor)
            assert same(days.mean[at], day["avg"]), (factor, at)
            if weighs:
                assert days.measured_ug[at] / 1e9 == pytest.approx(day["kg"], abs=2e-8)


GAS_LEVELS = {"a34013": 5.0, "a21026": 20.0, "a21002": 35.0, "a19001": 8.0, "a00000": 60.0}
WATER_LEVELS = {"w01018": 30.0, "w21003": 1.5, "w01001": 7.2, "w00000": 50.0}


@pytest.mark.parametrize("seed", range(6))
def test_gas_agrees_with_the_second_implementation(seed: int, rules: EmissionRules):
    compare_gas(random_series(seed, 24 * 130, GAS_LEVELS), 24 * 130, rules)


@pytest.mark.parametrize("seed", range(6))
def test_water_agrees_with_the_second_implementation(seed: int, rules: EmissionRules):
    compare_water(random_series(seed, 24 * 130, WATER_LEVELS), 24 * 130, rules)


needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder with published data is not here")


@needs_data
def test_gas_turbine_hours_agree(rules: EmissionRules):
    chance, series, hours = random.Random(7), {one: {} for one in ("a21005", "a21002", "a19001", "a00000")}, 0
    with (DATA / "cems_gas_turbine_hourly.csv").open(encoding="utf-8") as stream:
        for hours, row in enumerate(csv.DictReader(stream), 1):
            at = hours - 1
            if chance.random() < 0.03:
                continue
            flag = "M" if at % 500 < 9 else "N"
            series["a21005"][at] = (float(row["co_mg_m3"]), flag)
            series["a21002"][at] = (float(row["nox_mg_m3"]), flag)
            series["a19001"][at] = (14 + chance.random(), "N")
            series["a00000"][at] = (float(row["energy_yield_mwh"]) * 10, "N")
    assert hours == 7411
    compare_gas(series, hours, rules, o2_ref=15)


@needs_data
def test_waste_water_of_tilburg_agrees(rules: EmissionRules):
    series: Series = {one: {} for one in ("w21003", "w01009", "w00000")}
    first = None
    with (DATA / "wastewater_tilburg.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            at = int(datetime.fromisoformat(row["time"]).timestamp() // 3600)
            first = at if first is None else first
            for factor, column, scale in (
                ("w21003", "nh4_n", 1),
                ("w01009", "do_1", 1),
                ("w00000", "q_inf_m3h", 1 / 3.6),
            ):
                text = row[column]
                series[factor][at - first] = (float(text) * scale if text else None, "N")
    hours = max(max(own) for own in series.values()) + 1
    compare_water(series, hours, rules)


def flat(hours: int, value: float, flag: str = "N") -> dict[int, tuple[float | None, str]]:
    return dict.fromkeys(range(hours), (value, flag))


def test_ten_minute_samples_need_45_minutes(rules: EmissionRules):
    own = {at: (10.0 + at % 6, "N") for at in range(18)}
    own[3] = (500.0, "C")  # hour 0: 50 valid minutes
    del own[8]  # hour 1: 40 minutes: one missing, one in maintenance
    own[9] = (500.0, "M")
    found = run({"a21026": own, "a00000": flat(18, 10.0)}, gas_spec("a21026"), rules, 3, step=10)
    one = found.factors["a21026"]
    assert one.step == 10
    assert one.hours.mean[0] == pytest.approx((10 + 11 + 12 + 14 + 15) / 5)
    assert one.hours.state.tolist() == [State.OK, State.INVALID, State.OK]
    assert one.hours.valid.tolist() == [50, 40, 60]


def test_stopped_hours_are_zero_and_not_missing(rules: EmissionRules):
    own = flat(48, 10.0) | dict.fromkeys(range(24, 30), (0.3, "F"))
    flow = flat(48, 10.0) | dict.fromkeys(range(24, 30), (0.0, "F"))
    found = run({"a21026": own, "a00000": flow, "a19001": flat(48, 8.0)}, gas_spec("a21026"), rules, 48)
    one = found.factors["a21026"]
    assert set(one.rate_state[24:30].tolist()) == {State.STOPPED}
    assert one.kg[24:30].tolist() == [0.0] * 6
    assert np.isnan(one.converted[24:30]).all()
    assert not one.substitute.way.any()
    year = next(totals_of(days_of(found, "a21026", rules, "gas"), "year"))
    assert (year.stopped, year.operating, year.valid, year.lost) == (6, 42, 42, 0)
    days = days_of(found, "a21026", rules, "gas")
    assert days.valid.tolist() == [True, False]  # 18 valid hours are below 20
    assert days_of(found, "a21026", rules, "gas", by_share=True).valid.tolist() == [True, True]


def test_an_hour_stopped_in_part_counts_its_running_minutes(rules: EmissionRules):
    own = {at: (10.0, "N" if at < 3 else "F") for at in range(6)}
    found = run({"a21026": own, "a00000": flat(6, 10.0)}, gas_spec("a21026"), rules, 1, step=10)
    one = found.factors["a21026"]
    assert one.hours.state[0] == State.PARTIAL_STOP
    assert one.kg[0] == pytest.approx(10 * 36000e-6 / 2)


def test_missing_flow_makes_the_rate_invalid_but_not_the_concentration(rules: EmissionRules):
    flow = flat(30, 10.0)
    flow[25] = (10.0, "D")
    found = run({"a21026": flat(30, 10.0), "a00000": flow, "a19001": flat(30, 9.0)}, gas_spec("a21026"), rules, 30)
    one = found.factors["a21026"]
    assert one.hours.state[25] == State.OK and one.converted[25] == pytest.approx(12.5)
    assert one.rate_state[25] == State.NO_FLOW and np.isnan(one.kg[25])
    assert one.substitute.way[25] == Way.MAX_OF_VALID and one.kg_substitute[25] == pytest.approx(0.36)


def test_no_discharge_is_no_value_and_not_missing(rules: EmissionRules):
    flow = flat(24, 10.0) | dict.fromkeys(range(6), (0.0, "N"))
    found = run({"w01018": flat(24, 40.0), "w00000": flow}, OutletSpec("water"), rules, 24)
    one = found.factors["w01018"]
    assert np.isnan(one.hours.mean[:6]).all() and one.kg[:6].tolist() == [0.0] * 6
    days = days_of(found, "w01018", rules, "water")
    assert (days.quiet_hours[0], days.operating_hours[0], days.needed[0]) == (6, 18, 14)
    assert days.mean[0] == pytest.approx(40)


def test_water_day_is_weighted_by_flow(rules: EmissionRules):
    c = {at: (10.0 if at < 12 else 40.0, "N") for at in range(24)}
    q = {at: (1.0 if at < 12 else 3.0, "N") for at in range(24)}
    days = days_of(run({"w01018": c, "w00000": q}, OutletSpec("water"), rules, 24), "w01018", rules, "water")
    assert days.mean[0] == pytest.approx(32.5)
    assert days.measured_ug[0] / 1e9 == pytest.approx(12 * 3.6 * (10 + 120) / 1000)


def test_water_sampled_every_two_hours_stands_for_its_slot(rules: EmissionRules):
    rows = samples({"w00000": flat(24, 1.0)}, rules)
    minutes = FIRST * 60 + np.arange(12, dtype=np.int64) * 120
    rows["w01018"] = Samples(minutes, np.arange(12.0) + 20, np.zeros(12, dtype=np.uint8), np.full(12, np.nan))
    found = outlet_hours(rows, OutletSpec("water"), rules, window=(FIRST, FIRST + 24))
    assert found.factors["w01018"].step == 120
    assert found.factors["w01018"].hours.mean.tolist() == [20.0 + at // 2 for at in range(24)]


def test_hours_are_weighted_by_flow_within(rules: EmissionRules):
    c = {at: (10.0 if at < 3 else 40.0, "N") for at in range(6)}
    q = {at: (1.0 if at < 3 else 3.0, "N") for at in range(6)}
    found = run({"w01018": c, "w00000": q}, OutletSpec("water"), rules, 1, step=10)
    assert found.factors["w01018"].hours.mean[0] == pytest.approx(32.5)
    assert found.factors["w01018"].kg[0] == pytest.approx(32.5 * 2 * 3.6 / 1000)


def test_ph_is_substituted_by_the_median_only_under_the_old_rule(rules: EmissionRules, old_rules: EmissionRules):
    ph = {at: (value, "N") for at, value in enumerate((7.0, 6.0, 9.0))} | dict.fromkeys((3, 4, 5), (None, "D"))
    series: Series = {"w01001": ph, "w00000": flat(6, 1.0)}
    new = run(series, OutletSpec("water"), rules, 6).factors["w01001"].substitute
    assert new.way[3:].tolist() == [Way.NEVER] * 3 and np.isnan(new.value).all()
    old = run(series, OutletSpec("water"), old_rules, 6).factors["w01001"].substitute
    assert old.way[3:].tolist() == [Way.MEDIAN] * 3 and old.value[3:].tolist() == [7.0] * 3


def test_the_rule_of_the_gap_s_day_is_taken(rules: EmissionRules, old_rules: EmissionRules):
    ph = flat(72, 7.0) | {10: (None, "D"), 60: (None, "D")}
    both = outlet_hours(
        samples({"w01001": ph, "w00000": flat(72, 1.0)}, rules),
        OutletSpec("water"),
        rules,
        rules_on=lambda day: old_rules if day == date(2025, 1, 1) else rules,
    )
    assert both.factors["w01001"].substitute.way[[10, 60]].tolist() == [Way.MEDIAN, Way.NEVER]


def test_out_of_control_reaches_from_the_last_good_check_to_the_next(rules: EmissionRules):
    own = {at: (float(10 + at), "N") for at in range(48)}
    checks = {"a21026": [(FIRST + 12, True), (FIRST + 20, False), (FIRST + 22, True)]}
    found = outlet_hours(
        samples({"a21026": own, "a00000": flat(48, 10.0)}, rules), gas_spec("a21026"), rules, checks=checks
    )
    one = found.factors["a21026"]
    assert np.flatnonzero(one.hours.state == State.OUT_OF_CONTROL).tolist() == list(range(12, 22))
    # 38 of 48 hours are valid: 79 %, so the greatest up to the last good check is taken: hour 11.
    assert one.kg_substitute[15] == pytest.approx(21 * 36000e-6)


def test_repeats_count_once_and_the_last_wins(rules: EmissionRules):
    rows = samples({"a21026": flat(24, 10.0), "a00000": flat(24, 10.0)}, rules)
    own = rows["a21026"]
    again = Samples(*(np.concatenate((one, one[:1])) for one in (own.minutes, own.value, own.mark, own.zs)))
    again.value[-1] = 99.0
    found = outlet_hours(rows | {"a21026": again}, gas_spec("a21026"), rules)
    assert found.repeats == 1
    assert found.factors["a21026"].hours.mean[0] == 99
    total = next(totals_of(days_of(found, "a21026", rules, "gas"), "day"))
    assert (total.should, total.received, total.valid_items) == (24, 24, 24)


def test_the_order_of_rows_does_not_matter(rules: EmissionRules):
    rows = samples(random_series(3, 500, GAS_LEVELS), rules)
    shuffled = {}
    for factor, own in rows.items():
        order = np.random.default_rng(1).permutation(len(own.minutes))
        shuffled[factor] = Samples(own.minutes[order], own.value[order], own.mark[order], own.zs[order])
    one, other = (outlet_hours(each, gas_spec("a21026"), rules) for each in (rows, shuffled))
    for factor in rows:
        np.testing.assert_array_equal(one.factors[factor].kg, other.factors[factor].kg)
        np.testing.assert_array_equal(one.factors[factor].hours.mean, other.factors[factor].hours.mean)


def test_flow_at_stack_conditions_and_from_velocity(rules: EmissionRules):
    state = {"a01012": flat(1, 120.0), "a01013": flat(1, -0.5), "a01014": flat(1, 8.0), "a01006": flat(1, 100.0)}
    series: Series = {"a21026": flat(1, 40.0), "a00000": flat(1, 126.0)} | state
    actual = OutletSpec("gas", flow_state="actual")
    assert run(series, actual, rules, 1).flow[0] == pytest.approx(284667.205632243)
    del series["a00000"]
    series["a01011"] = flat(1, 10.0)
    velocity = OutletSpec("gas", area=12.0, kv=1.05)
    assert run(series, velocity, rules, 1).flow[0] == pytest.approx(284667.205632243)
    del series["a01014"]
    assert np.isnan(run(series, velocity, rules, 1).flow[0])


def test_masses_scale_with_the_unit(rules: EmissionRules):
    series: Series = {"a20057": flat(24, 30.0), "a00000": flat(24, 10.0)}
    micro = OutletSpec("gas", {"a20057": FactorSpec(scale=1e-3)})
    plain, small = (run(series, spec, rules, 24).factors["a20057"].kg for spec in (OutletSpec("gas"), micro))
    np.testing.assert_allclose(small, plain / 1000)


def test_steps_are_found():
    def of(*minutes: int) -> int:
        return step_of(np.array(minutes, dtype=np.int64))

    assert of(0, 60, 120, 240) == 60
    assert of(0, 10, 20, 60) == 10
    assert of(0, 120, 240) == 120
    assert of(0, 1, 2, 3) == 1
    assert of(0) == 60
    assert of(0, 45, 90) == 30
