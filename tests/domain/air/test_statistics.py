from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from air_rules import statistics_on
from ecobureau.domain.air import (
    ITEMS,
    DayMark,
    OffGrid,
    assess_year,
    assess_year_derivation,
    at_reference,
    city_value,
    day_mean,
    day_mean_derivation,
    day_means,
    exact_means,
    exact_percentiles,
    exceedance_multiple,
    excluded_days,
    good_days,
    good_days_arrays,
    good_days_derivation,
    hour_valid,
    mda8,
    mda8_array,
    mda8_derivation,
    month_valid,
    moving_mean,
    percentile,
    running_8h,
    season_valid,
    spans,
    without,
    year_valid,
    years,
)

RULES = statistics_on(2025)
NEW = statistics_on(2026)
values = st.one_of(st.none(), st.integers(0, 5000).map(lambda tenths: tenths / 10))


def as_array(some: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in some])


def test_an_hour_needs_45_minutes() -> None:
    assert not hour_valid(44, RULES)
    assert hour_valid(45, RULES)


def test_a_day_needs_20_hours() -> None:
    enough = day_mean([10] * 19 + [11] + [None] * 4, "pm10", RULES)
    assert (enough.value, enough.count, enough.valid) == (Decimal(10), 20, True)
    few = day_mean([10] * 19 + [None] * 5, "pm10", RULES)
    assert (few.value, few.count, few.valid) == (Decimal(10), 19, False)
    none = day_mean([None] * 24, "pm10", RULES)
    assert (none.value, none.count, none.valid) == (None, 0, False)


def test_a_mean_is_rounded_once_half_to_even() -> None:
    assert day_mean([10] * 12 + [11] * 12, "pm10", RULES).value == 10
    assert day_mean([11] * 12 + [12] * 12, "pm10", RULES).value == 12
    assert day_mean([Decimal("0.8")] * 12 + [Decimal("0.9")] * 12, "co", RULES).value == Decimal("0.8")


@given(st.lists(values, min_size=24, max_size=24), st.sampled_from(ITEMS))
def test_many_days_are_as_one(hours: list[float | None], item: str) -> None:
    one = day_mean(hours, item, RULES)
    means, valid, counts = day_means([as_array(hours)], item, RULES)
    assert counts[0] == one.count
    assert bool(valid[0]) == one.valid
    assert np.isnan(means[0]) if one.value is None else means[0] == float(one.value)


def test_the_derivation_of_a_day_shows_count_mean_and_rounding() -> None:
    derivation = day_mean_derivation([10] * 12 + [11] * 12, "pm10", RULES)
    assert [step.text_code for step in derivation.steps] == ["air.step.hours", "air.step.mean", "air.step.half_even"]
    assert derivation.steps[1].result == Fraction(21, 2)
    assert derivation.result == 10
    assert len(derivation.inputs) == 24


def test_a_city_needs_half_of_its_points() -> None:
    assert city_value([10, 20, None, None], "pm10", RULES).valid
    assert not city_value([10, None, None], "pm10", RULES).valid
    assert not city_value([], "pm10", RULES).valid


@pytest.mark.parametrize(("month", "days", "valid"), [(1, 26, False), (1, 27, True), (2, 24, False), (2, 25, True)])
def test_months(month: int, days: int, valid: bool) -> None:
    assert month_valid(days, month, RULES) is valid


def test_seasons_and_years() -> None:
    assert season_valid([True, True, True], RULES)
    assert not season_valid([True, True, False], RULES)
    full = dict.fromkeys(range(1, 13), 27)
    assert year_valid(full, RULES)
    assert not year_valid({**full, 7: 26, 8: 31}, RULES)
    assert not year_valid({**full, 2: 25, 3: 27, 4: 27, 1: 27} | {12: 27, 11: 26}, RULES)
    # 27 in eleven months and 25 in February make 322: two short of the year's 324.
    assert not year_valid({**full, 2: 25}, RULES)
    assert year_valid({**full, 2: 25, 3: 29}, RULES)


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [
        (0, Fraction(10)),
        (50, Fraction(30)),
        (90, Fraction(46)),
        (95, Fraction(48)),
        (98, Fraction(246, 5)),
        (100, Fraction(50)),
    ],
)
def test_percentiles(percent: int, wanted: Fraction) -> None:
    assert percentile([50, None, 10, 40, 20, 30], percent) == wanted


def test_a_percentile_of_little() -> None:
    assert percentile([], 90) is None
    assert percentile([None], 90) is None
    assert percentile([7], 90) == 7


@given(st.lists(values, min_size=1, max_size=40), st.sampled_from([0, 50, 90, 95, 98, 100]))
def test_many_percentiles_are_as_one(some: list[float | None], percent: int) -> None:
    from ecobureau.domain.rounding import half_even

    found, counts = exact_percentiles([as_array(some)], percent, 1)
    one = percentile(some, percent)
    assert counts[0] == sum(value is not None for value in some)
    assert np.isnan(found[0]) if one is None else found[0] == float(half_even(one, 1))


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30))
def test_percentiles_lie_between_the_extremes_and_grow(some: list[int]) -> None:
    found = [percentile(some, percent) for percent in (0, 50, 90, 95, 98, 100)]
    assert found == sorted(found)  # type: ignore[type-var]
    assert (found[0], found[-1]) == (min(some), max(some))


def test_values_off_the_grid_are_refused_not_guessed() -> None:
    with pytest.raises(OffGrid):
        exact_means([[1 / 3, 2.0]], 0)
    with pytest.raises(OffGrid):
        exact_percentiles([[np.inf]], 90, 0)


def test_no_columns_at_all() -> None:
    found, counts = exact_percentiles(np.empty((2, 0)), 90, 0)
    assert np.isnan(found).all()
    assert counts.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("value", "limit", "multiple"),
    [(35, 35, None), (36, 35, "0.03"), (70, 35, "1.00"), ("35.4", 35, "0.01"), (0, 35, None)],
)
def test_a_value_equal_to_the_limit_meets_it(value: object, limit: int, multiple: str | None) -> None:
    wanted = None if multiple is None else Decimal(multiple)
    assert exceedance_multiple(value, limit, RULES) == wanted  # type: ignore[arg-type]


# --- ozone ---------------------------------------------------------------------------------------------------------


def test_the_8_hour_mean_looks_back_over_eight_hours() -> None:
    found = running_8h(list(range(1, 25)), RULES)
    assert found[:7] == [None] * 7
    assert found[7] == Fraction(9, 2)
    assert found[23] == Fraction(41, 2)


def test_an_8_hour_mean_needs_six_hours() -> None:
    assert running_8h([80, None, None, 80, 80, 80, 80, 80], RULES)[7] == 80
    assert running_8h([80, None, None, None, 80, 80, 80, 80], RULES)[7] is None


def test_the_highest_of_a_day() -> None:
    hours: list[float | None] = [50.0] * 12 + [150.0] * 8 + [50.0] * 4
    found = mda8(hours, RULES)
    assert (found.value, found.windows, found.valid, found.ends) == (150, 17, True, 20)
    with pytest.raises(ValueError, match="24"):
        mda8(hours[:23], RULES)


def test_a_day_needs_14_windows_unless_it_is_over_the_limit() -> None:
    thirteen: list[float | None] = [100.0] * 18 + [None] * 6
    assert mda8(thirteen, RULES).windows == 13
    assert not mda8(thirteen, RULES).valid
    over: list[float | None] = [161.0] * 18 + [None] * 6
    assert mda8(over, RULES).valid
    equal: list[float | None] = [160.0] * 18 + [None] * 6
    assert not mda8(equal, RULES).valid
    assert mda8([None] * 24, RULES) == mda8([None] * 20 + [200.0] * 4, RULES)


@given(st.lists(st.one_of(st.none(), st.integers(0, 400)), min_size=24, max_size=24))
def test_many_ozone_days_are_as_one(hours: list[int | None]) -> None:
    from ecobureau.domain.rounding import half_even

    one = mda8(hours, RULES)
    found = mda8_array([as_array(hours)], RULES)  # type: ignore[arg-type]
    assert found.windows[0] == one.windows
    assert bool(found.valid[0]) == one.valid
    if one.value is None:
        assert np.isnan(found.value[0])
        assert (found.ends[0], found.parts[0]) == (0, 0)
    else:
        assert found.value[0] == float(half_even(one.value, 0))
        assert Fraction(int(found.total[0]), int(found.parts[0]) * 10**6) == one.value
        assert found.ends[0] == one.ends


def test_the_derivation_of_ozone_names_the_hours() -> None:
    derivation = mda8_derivation([50] * 12 + [151] * 4 + [150] * 4 + [50] * 4, RULES)
    assert derivation.steps[1].params == {"first": "12:00", "last": "20:00"}
    assert derivation.result == 150
    with pytest.raises(ValueError, match="shape"):
        mda8_array([[1.0] * 23], RULES)


# --- years ---------------------------------------------------------------------------------------------------------


def year(value: float, start: date = date(2025, 1, 1), days: int = 365) -> dict[date, float | None]:
    return {start + timedelta(days=at): value for at in range(days)}


def test_a_year_at_the_limits_meets_them() -> None:
    found = assess_year("pm2_5", year(35), RULES)
    assert found.mean is not None
    assert (found.mean.value, found.percentile.value, found.meets, found.valid) == (35, 35, True, True)
    assert (found.days, found.days_over, found.rate) == (365, 0, Decimal("100.0"))
    over = assess_year("pm2_5", year(36), RULES)
    assert (over.meets, over.mean_multiple, over.percentile_multiple) == (False, Decimal("0.03"), None)


def test_the_new_limits_part_2026_from_2025() -> None:
    days = year(31, date(2026, 1, 1))
    assert assess_year("pm2_5", days, RULES).meets is True
    later = assess_year("pm2_5", days, NEW)
    assert (later.meets, later.stage) == (False, "2026 transition")
    assert assess_year("pm2_5", days, statistics_on(2031)).mean_multiple == Decimal("0.24")


def test_ozone_and_co_are_assessed_by_their_percentile_alone() -> None:
    days = year(100)
    high = sorted(days)[:36]
    days |= dict.fromkeys(high, 161.0)
    found = assess_year("o3", days, RULES)
    # (365-1)*0.9 = 327.6: the 328th and 329th of the ascending values are both still 100.
    assert (found.mean, found.percent, found.percentile.value, found.meets) == (None, 90, 100, True)
    assert found.days_over == 36
    days[date(2025, 12, 31)] = 161.0
    assert assess_year("o3", days, RULES).percentile.value == Decimal(137)


def test_without_any_value_nothing_is_said() -> None:
    found = assess_year("pm10", {date(2025, 1, 1): None}, RULES)
    assert (found.valid, found.days, found.meets, found.rate, found.percentile.value) == (False, 0, None, None, None)


@settings(max_examples=25)
@given(st.lists(values, min_size=365, max_size=365), st.sampled_from(ITEMS), st.sampled_from([RULES, NEW]))
def test_many_years_are_as_one(some: list[float | None], item: str, rules) -> None:  # type: ignore[no-untyped-def]
    days = {date(2025, 1, 1) + timedelta(days=at): value for at, value in enumerate(some)}
    one = assess_year(item, days, rules)
    found = years(item, [as_array(some)], [day.month for day in days], rules)
    pairs = [
        (found.mean[0], None if one.mean is None else one.mean.value),
        (found.percentile[0], one.percentile.value),
        (found.mean_multiple[0], one.mean_multiple),
        (found.percentile_multiple[0], one.percentile_multiple),
        (found.rate[0], one.rate),
    ]
    for many, single in pairs:
        assert np.isnan(many) if single is None else many == float(single)
    assert (found.days[0], found.days_over[0], bool(found.valid[0])) == (one.days, one.days_over, one.valid)
    assert bool(found.meets[0]) == bool(one.meets)


def test_months_and_quarters_of_many_series() -> None:
    quarter = [date(2025, 1, 1) + timedelta(days=at) for at in range(90)]
    full = np.full((2, 90), 40.0)
    full[1, 60:65] = np.nan
    months = [day.month for day in quarter]
    found = spans("quarter", "pm10", full, months, RULES)
    assert found.valid.tolist() == [True, False]
    assert found.mean.tolist() == [40, 40]
    march = spans("month", "pm10", full[:, 59:], months[59:], RULES)
    assert march.valid.tolist() == [True, False]
    assert march.days.tolist() == [31, 26]
    assert spans("year", "pm10", full, months, RULES).valid.tolist() == [False, False]
    with pytest.raises(KeyError):
        spans("week", "pm10", full, months, RULES)


def test_the_derivation_of_a_year_ends_in_the_verdict() -> None:
    derivation = assess_year_derivation("pm2_5", year(36), RULES)
    assert derivation.result is False
    codes = [step.text_code for step in derivation.steps]
    assert codes == [
        "air.step.year_days",
        "air.step.mean",
        "air.step.half_even",
        "air.step.over",
        "air.step.percentile",
        "air.step.half_even",
        "air.step.within",
        "air.step.meets",
    ]
    over = derivation.steps[3]
    assert (over.rule, over.params["limit"], over.params["multiple"]) == ("GB 3095-2012", "35", "0.03")


def test_three_year_means_are_of_the_2026_edition() -> None:
    assert moving_mean([40, 30, 31, 32], "pm2_5", NEW).value == 31
    assert not moving_mean([31, 32], "pm2_5", NEW).valid
    with pytest.raises(ValueError, match="no moving mean"):
        moving_mean([30, 31, 32], "pm2_5", RULES)


def test_gases_before_2018_were_given_at_another_temperature() -> None:
    before, after = statistics_on(2018, 8, 31), statistics_on(2018, 9, 1)
    assert at_reference(100, "so2", before, after) == Fraction("27315") / Fraction("29815") * 100
    assert at_reference(100, "pm10", before, after) == 100
    assert at_reference(at_reference(77, "o3", before, after), "o3", after, before) == 77


# --- good days, exclusions ------------------------------------------------------------------------------------------


def test_good_days() -> None:
    indices = {date(2025, 1, day): index for day, index in enumerate([50, 100, 101, 200, 201, None], 1)}
    found = good_days(indices, RULES)
    assert (found.days, found.good, found.heavy, found.rate) == (5, 2, 1, Decimal("40.0"))
    left = good_days(indices, RULES, excluded=[date(2025, 1, 5), date(2030, 1, 1)])
    assert (left.days, left.good, left.heavy, left.excluded, left.rate) == (4, 2, 0, 1, Decimal("50.0"))
    assert good_days({}, RULES).rate is None
    derivation = good_days_derivation(indices, RULES, excluded=[date(2025, 1, 5)])
    assert derivation.result == Decimal("50.0")
    assert [one.valid for one in derivation.inputs] == [True, True, True, True, False, False]


@given(st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=1, max_size=60))
def test_many_good_days_are_as_one(some: list[int | None]) -> None:
    indices = {date(2025, 1, 1) + timedelta(days=at): value for at, value in enumerate(some)}
    one = good_days(indices, RULES, excluded=[date(2025, 1, 2)])
    array = np.array([[-1 if value is None else value for value in some]], np.int16)
    mask = np.zeros(len(some), bool)
    mask[1:2] = True
    found = good_days_arrays(array, RULES, mask)
    assert (found.days[0], found.good[0], found.heavy[0]) == (one.days, one.good, one.heavy)
    assert np.isnan(found.rate[0]) if one.rate is None else found.rate[0] == float(one.rate)


def test_dust_days_are_left_out_only_when_switched_on() -> None:
    day = date(2025, 4, 1)
    marks = [DayMark(day, "dust", "沙尘天气过程公报 2025-04")]
    days: dict[date, float | None] = {day: 900.0, date(2025, 4, 2): 60.0}
    assert without("pm10", days, marks, (), RULES) == days
    assert without("pm10", days, marks, ("dust",), RULES) == {date(2025, 4, 2): 60.0}
    assert without("o3", days, marks, ("dust",), RULES) == days
    assert excluded_days(marks, ("dust",), RULES) == {day}
    assert excluded_days(marks, (), RULES) == frozenset()


def test_special_events_are_of_the_2026_edition() -> None:
    marks = [DayMark(date(2025, 4, 1), "special", "例外事件")]
    assert excluded_days(marks, ("special",), RULES) == frozenset()
    assert excluded_days(marks, ("special",), NEW) == {date(2025, 4, 1)}
    assert without("o3", {date(2025, 4, 1): 200}, marks, ("special",), NEW) == {}


def test_an_exclusion_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="reason"):
        DayMark(date(2025, 4, 1), "dust", " ")
