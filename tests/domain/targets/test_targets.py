"""Forecast ranges and what can still be afforded."""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.air.statistics import percentile
from ecobureau.domain.targets import (
    ForecastRules,
    afford,
    allowed_bad_days,
    allowed_mean,
    allowed_over_days,
    forecast,
    forecast_months,
    month_windows,
    windows,
)
from ecobureau.rulepacks import load

YEAR = [date(2026, 1, 1) + timedelta(days=at) for at in range(365)]


@pytest.fixture(scope="module")
def rules() -> ForecastRules:
    return ForecastRules.from_pack(load("targets"), date(2026, 6, 1))


def mean_of(rows: Sequence[Sequence[float]]) -> list[float | None]:
    return [sum(values) / len(values) if values else None for values in rows]


def test_the_examples() -> None:
    assert doctest.testmod(afford).failed == 0


def test_the_season_of_earlier_years_completes_the_year(rules: ForecastRules) -> None:
    past = {date(2025, 1, 1) + timedelta(days=at): 20.0 if at < 180 else 60.0 for at in range(365)}
    known, rest = [30.0] * 300, YEAR[300:]
    found = forecast(known, rest, past, mean_of, lambda mean: mean <= 36, rules)
    assert found is not None
    # Windows moved forward past the end of the year have fewer days; all of them are 60.
    assert found.method == "history"
    assert found.years == (2025,)
    assert found.low <= found.middle <= found.high == pytest.approx((300 * 30 + 65 * 60) / 365)
    assert found.ways == 31
    assert found.reaching == 31


def test_windows_keep_the_order_of_days_and_need_three_quarters(rules: ForecastRules) -> None:
    past = {date(2025, 10, 1) + timedelta(days=at): at for at in range(40)}
    rest = [date(2026, 10, 10) + timedelta(days=at) for at in range(20)]
    found = windows(rest, past, rules)
    assert all(values == sorted(values) for _, values in found)
    assert min(len(values) for _, values in found) == 15
    assert windows(rest, {}, rules) == windows([], past, rules) == []
    assert windows(rest, {date(2026, 10, 10): 1}, rules) == []


def test_leap_years(rules: ForecastRules) -> None:
    past = {date(2024, 1, 1) + timedelta(days=at): 1.0 for at in range(366)}
    rest = [date(2026, 2, 20) + timedelta(days=at) for at in range(315)]
    assert len(windows(rest, past, rules)) == 31


def test_without_history_this_year_stands_in_or_nothing_is_said(rules: ForecastRules) -> None:
    known = [10.0] * 20 + [50.0] * 20
    found = forecast(known, YEAR[40:], {}, mean_of, lambda mean: mean <= 30, rules)
    assert found is not None
    assert (found.method, found.ways, found.years) == ("own", 40, ())
    assert 25 < found.low <= found.high < 35
    assert forecast([10.0] * 29, YEAR[29:], {}, mean_of, bool, rules) is None


def test_a_year_that_is_over_is_what_it_is(rules: ForecastRules) -> None:
    found = forecast([10.0, 20.0], [], {}, mean_of, lambda mean: mean <= 10, rules)
    assert found is not None
    assert (found.low, found.high, found.reaching, found.method) == (15, 15, 0, "known")
    assert forecast([], [], {}, mean_of, bool, rules) is None


def test_months_of_earlier_years(rules: ForecastRules) -> None:
    past = {date(2024 + at // 12, at % 12 + 1, 1): float(at) for at in range(24)}
    rest = [date(2026, month, 1) for month in (11, 12)]
    # October to November, November to December, December alone (half a window) of 2024 and with January 2025 …
    found = month_windows(rest, past, rules)
    assert [(year, values) for year, values in found] == [
        (2024, [9.0, 10.0]),
        (2024, [10.0, 11.0]),
        (2024, [11.0, 12.0]),
        (2025, [21.0, 22.0]),
        (2025, [22.0, 23.0]),
    ]
    range_ = forecast_months([10.0] * 10, rest, past, mean_of, lambda mean: mean < 11, rules)
    assert range_ is not None
    assert (range_.ways, range_.reaching, range_.method) == (5, 3, "history")


@given(st.integers(0, 300), st.integers(0, 200), st.integers(0, 166), st.integers(50, 100))
def test_one_more_bad_day_than_allowed_misses_the_rate(bad: int, good: int, remaining: int, target: int) -> None:
    def reached(some: int, counted: int) -> bool:
        return counted > 0 and 100 * some >= target * counted

    left = allowed_bad_days(bad, bad + good, remaining, reached)
    counted = bad + good + remaining
    if left is None:
        assert not reached(counted - bad, counted)
    else:
        assert reached(counted - bad - left, counted)
        assert left == remaining or not reached(counted - bad - left - 1, counted)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=50), st.integers(1, 50), st.integers(1, 100))
def test_the_allowed_mean_gives_the_target(values: list[int], remaining: int, target: int) -> None:
    rest = allowed_mean(values, remaining, target)
    assert rest is not None
    assert (sum(values) + rest * remaining) / (len(values) + remaining) == target
    assert allowed_mean(values, 0, target) is None


@given(st.lists(st.integers(0, 300), max_size=100), st.integers(1, 100), st.integers(50, 250))
def test_the_allowed_days_keep_the_percentile(values: list[int], remaining: int, target: int) -> None:
    left = allowed_over_days(values, remaining, target, 90)
    if left is None:
        return
    high = percentile([*values, *[10_000] * left, *[0] * (remaining - left)], 90)
    assert high is not None
    assert high <= target
