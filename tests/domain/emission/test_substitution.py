"""Each row of the substitution table, its edges, and scalar = bulk; water's spans, medians and hand samples."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.substitution import (
    Way,
    capture_rate,
    gas_hours,
    gas_value,
    manual_value,
    out_of_control,
    row_for,
    runs,
    water_hours,
    water_value,
)


def test_capture_rate():
    assert capture_rate(2160, 216, 0) == 0.9
    assert capture_rate(2160, 100, 1160) == 0.9
    assert capture_rate(2160, 0, 2160) is None
    with pytest.raises(ValueError, match="2160"):
        capture_rate(2160, 2000, 200)


@pytest.mark.parametrize(
    ("capture", "run", "hours"),
    [
        (1.0, 1, 180),
        (0.90, 24, 180),
        (0.90, 25, 720),
        (0.8999, 1, 2160),
        (0.75, 2000, 2160),
        (0.7499, 1, None),
        (0.0, 1, None),
    ],
)
def test_rows_of_the_table(capture: float, run: int, hours: int | None, rules: EmissionRules):
    row = row_for(capture, run, rules)
    assert (None if row is None else row.last_valid_hours) == hours


def test_the_greatest_of_the_last_180_is_taken(rules: EmissionRules):
    history = [99.0] + [float(at % 7) for at in range(179)] + [5.5]
    assert gas_value(history, 0.95, 1, rules).value == 6
    assert gas_value(history, 0.95, 25, rules).value == 99
    assert gas_value(history, 0.70, 1, rules).reason == "emission.way.low_capture"
    assert gas_value([], 0.95, 1, rules).reason == "emission.way.no_history"


def test_runs_pass_over_stopped_hours():
    bad = np.array([0, 1, 1, 0, 0, 1, 0, 1], dtype=bool)
    neutral = np.array([0, 0, 0, 1, 1, 0, 0, 0], dtype=bool)
    assert [(hours.tolist(), rank) for hours, rank in runs(bad, neutral)] == [([1, 2, 5], 1), ([7], 5)]


@given(
    st.lists(st.sampled_from("gbs"), min_size=1, max_size=120),
    st.floats(0.5, 1),
    st.integers(0, 10**6),
)
def test_bulk_of_gas_gives_the_numbers_of_the_scalar_form(states: list[str], capture: float, seed: int):
    rules = _rules()
    kg = np.random.default_rng(seed).random(len(states))
    good, neutral = (np.array([one == letter for one in states]) for letter in "gs")
    found = gas_hours(np.where(good, kg, np.nan), good, neutral, np.full(len(states), capture), None, rules)
    for hours, _ in runs(~good & ~neutral, neutral):
        history = kg[: hours[0]][good[: hours[0]]].tolist()
        one = gas_value(history, capture, len(hours), rules)
        for at in hours:
            assert found.run[at] == len(hours)
            assert np.isnan(found.value[at]) if one.value is None else found.value[at] == one.value
    assert not found.way[good | neutral].any()


def test_water_takes_the_span_just_before(rules: EmissionRules, old_rules: EmissionRules):
    assert water_value([10.0, 20.0, None], rules).value == 15
    assert water_value([None], rules).reason == "emission.way.no_history"
    assert water_value([7.0, 6.0, 9.0], rules, ph=True).reason == "emission.way.never"
    assert water_value([7.0, 6.0, 9.0], old_rules, ph=True).value == 7


def test_bulk_of_water(rules: EmissionRules):
    values = np.array([5.0, 10.0, 20.0, np.nan, np.nan, 30.0, np.nan])
    good = ~np.isnan(values)
    found = water_hours(values, good, np.zeros(7, dtype=bool), lambda _: rules, ph=False)
    assert found.value[[3, 4, 6]].tolist() == [15.0, 15.0, 30.0]
    assert found.way[[3, 4, 6]].tolist() == [Way.PREVIOUS_SPAN] * 3
    assert (found.run[3], found.there[3]) == (2, 2)


def test_hand_samples_go_first_where_they_are_enough(rules: EmissionRules, old_rules: EmissionRules):
    four = [(timedelta(hours=at), float(at)) for at in (1, 7, 13, 19)]
    assert manual_value(four, rules).value == 10
    assert manual_value(four[:3], rules).value is None
    assert manual_value([*four[:3], (timedelta(hours=19, minutes=1), 1.0)], rules).value is None
    assert manual_value(four, old_rules).value is None
    values = np.array([5.0, np.nan, np.nan])
    by_hand = np.array([np.nan, 8.0, np.nan])
    found = water_hours(values, ~np.isnan(values), np.zeros(3, dtype=bool), lambda _: rules, ph=False, manual=by_hand)
    assert found.value[1:].tolist() == [8.0, 5.0]
    assert found.way[1:].tolist() == [Way.MANUAL, Way.PREVIOUS_SPAN]


def test_out_of_control_windows():
    mask, last = out_of_control([(2, True), (5, False), (6, False), (8, True), (11, False)], 13)
    assert np.flatnonzero(mask).tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert last[[2, 7, 8]].tolist() == [1, 1, 7]
    mask, last = out_of_control([(3, False), (5, True)], 8)
    assert np.flatnonzero(mask).tolist() == [0, 1, 2, 3, 4] and last[0] == -1
    assert not out_of_control([(3, True)], 8)[0].any()


def _rules() -> EmissionRules:
    from datetime import date

    from ecobureau.rulepacks import load

    return EmissionRules.from_pack(load("emission"), date(2025, 6, 1))
