"""Levels: energy means, percentiles, day and night, series with gaps; scalar = bulk."""

import math
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.noise import (
    BadHours,
    Hours,
    NoiseRules,
    NoLevels,
    describe,
    describe_groups,
    explain_ldn,
    explain_leq,
    interval_of,
    ldn,
    leq,
    once,
    percentile_level,
    periods,
    weighted_leq,
)
from ecobureau.domain.noise.series import DAY, HOUR, MINUTE, SECOND
from ecobureau.rulepacks import load

LEVELS = st.lists(st.floats(20, 120), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    return NoiseRules.from_pack(load("noise", tmp_path_factory.mktemp("none")), date(2026, 1, 1))


def test_leq_is_the_energy_mean():
    assert leq([60.0, 60.0, 60.0]) == pytest.approx(60.0, abs=1e-12)
    assert leq([50.0, 60.0]) == pytest.approx(10 * math.log10((1e5 + 1e6) / 2), abs=1e-12)
    assert explain_leq([60.0]).result == repr(leq([60.0]))


@given(LEVELS)
def test_leq_lies_above_the_arithmetic_mean_and_within_the_levels(levels):
    found = leq(levels)
    assert min(levels) - 1e-9 <= found <= max(levels) + 1e-9
    assert found >= math.fsum(levels) / len(levels) - 1e-9


@given(LEVELS, st.floats(-10, 10))
def test_raising_all_levels_raises_every_figure_by_as_much(levels, step):
    one, other = describe(levels), describe([level + step for level in levels])
    for name in ("leq", "l10", "l50", "l90", "lmin", "lmax"):
        assert getattr(other, name)[0] == pytest.approx(getattr(one, name)[0] + step, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(20, 120)), min_size=1, max_size=80))
def test_groups_at_once_give_the_numbers_of_each_alone(pairs):
    groups, levels = np.array([one for one, _ in pairs]), np.array([level for _, level in pairs])
    keys, bulk = describe_groups(levels, groups)
    assert keys.tolist() == sorted(set(groups.tolist()))
    for at, key in enumerate(keys.tolist()):
        alone = describe(levels[groups == key])
        for name in ("leq", "l10", "l50", "l90", "sd", "lmin", "lmax", "count"):
            one, other = getattr(bulk, name)[at], getattr(alone, name)[0]
            assert one == other or (math.isnan(one) and math.isnan(other))
        assert bulk.lmin[at] <= bulk.l90[at] <= bulk.l50[at] <= bulk.l10[at] <= bulk.lmax[at]


@given(LEVELS)
def test_percentiles_are_those_of_the_ascending_order(levels):
    found = describe(levels)
    for name, share in (("l10", 90), ("l50", 50), ("l90", 10)):
        assert getattr(found, name)[0] == pytest.approx(float(np.percentile(levels, share)), abs=1e-9)
        assert percentile_level(levels, 100 - share) == pytest.approx(getattr(found, name)[0], abs=1e-9)
    if len(levels) > 1:
        assert found.sd[0] == pytest.approx(float(np.std(levels, ddof=1)), abs=1e-9)


def test_l10_is_high_and_l90_low():
    hundred = [float(level) for level in range(1, 102)]
    found = describe(hundred)
    assert (found.l10[0], found.l50[0], found.l90[0]) == (91.0, 51.0, 11.0)


def test_ldn():
    assert ldn(60.0, 50.0) == pytest.approx(60.0, abs=1e-12)
    assert ldn(55.0, 45.0) == pytest.approx(10 * math.log10((16 * 10**5.5 + 8 * 10**5.5) / 24), abs=1e-12)
    assert float(explain_ldn(60.0, 55.0).result) == ldn(60.0, 55.0)
    assert weighted_leq([60.0, 60.0], [1.0, 3.0]) == pytest.approx(60.0)


@pytest.mark.parametrize("levels", [[], [math.nan], [math.inf]])
def test_no_level_is_refused(levels):
    with pytest.raises(NoLevels):
        leq(levels)
    with pytest.raises(NoLevels):
        percentile_level(levels, 10)


def test_bad_weights_and_shares_are_refused():
    with pytest.raises(ValueError, match="length"):
        weighted_leq([60.0], [1.0, 2.0])
    with pytest.raises(NoLevels):
        weighted_leq([60.0], [0.0])
    with pytest.raises(ValueError, match="share"):
        percentile_level([1.0], 101)


@pytest.mark.parametrize(
    ("day", "night", "code"),
    [
        ("06:00", "23:00", "noise.hours.length"),
        ("six", "22:00", "noise.hours.form"),
        ("06:61", "22:00", "noise.hours.form"),
    ],
)
def test_a_night_must_be_eight_hours(day, night, code):
    with pytest.raises(BadHours) as refused:
        Hours.of(day, night)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("hours", "clock", "part", "noise_day"),
    [
        (("06:00", "22:00"), (5, 59), "night", 21),
        (("06:00", "22:00"), (6, 0), "day", 22),
        (("06:00", "22:00"), (21, 59), "day", 22),
        (("06:00", "22:00"), (22, 0), "night", 22),
        (("06:00", "22:00"), (0, 0), "night", 21),
        (("06:30", "22:30"), (6, 29), "night", 21),
        (("08:00", "24:00"), (23, 59), "day", 22),
        (("08:00", "24:00"), (0, 0), "night", 21),
    ],
)
def test_parts_of_the_day_at_every_edge(hours, clock, part, noise_day):
    found, local = Hours.of(*hours), datetime(2025, 3, 22, *clock)  # noqa: DTZ001 -- local time without a zone
    assert found.part_at(local) == part
    assert found.noise_day(local) == date(2025, 3, noise_day)


def _series(days=2, step=60, level=lambda hour: 60.0 if 6 <= hour < 22 else 50.0):
    times = np.arange(0, days * 86_400, step, dtype=np.int64) * SECOND
    hours = (times // HOUR) % 24
    return times, np.array([level(int(hour)) for hour in hours])


def _found(times, levels, rules, **more):
    return {(one.kind, one.start): one for one in periods(times, levels, rules, **more)}


def test_day_night_and_ldn_of_a_plain_series(rules):
    found = _found(*_series(), rules)
    day, night, whole = found["Ld", 6 * HOUR], found["Ln", 22 * HOUR], found["Ldn", 6 * HOUR]
    assert (day.leq, night.leq) == (pytest.approx(60.0), pytest.approx(50.0))
    assert (day.end, night.end, whole.end) == (22 * HOUR, 30 * HOUR, 30 * HOUR)
    assert whole.leq == pytest.approx(60.0)
    assert day.count == day.expected == 960
    assert (day.valid, night.valid, whole.valid) == (True, True, True)
    first = found["Ln", -2 * HOUR]
    assert (first.end, first.count, first.share) == (6 * HOUR, 360, 0.75)


def test_the_city_may_move_its_night(rules):
    found = _found(*_series(), rules, hours_of=lambda _: Hours.of("07:00", "23:00"))
    assert found["Ln", 23 * HOUR].end == 31 * HOUR
    assert found["Ln", 23 * HOUR].leq > 50.0
    assert found["Ld", 7 * HOUR].expected == 960


def test_ldn_takes_the_night_before_when_the_next_was_not_measured(rules):
    times, levels = _series(days=1)
    kept = times < 22 * HOUR
    whole = _found(times[kept], levels[kept], rules)["Ldn", -2 * HOUR]
    assert (whole.end, whole.note) == (22 * HOUR, "noise.note.night_before")


@pytest.mark.parametrize(("minutes", "valid"), [(45, True), (44, False)])
def test_an_hour_counts_from_forty_five_minutes(rules, minutes, valid):
    times = np.arange(minutes, dtype=np.int64) * MINUTE
    hour = _found(times, np.full(minutes, 55.0), rules)["hour", 0]
    assert (hour.count, hour.expected, hour.valid) == (minutes, 60, valid)


@pytest.mark.parametrize(("hours", "valid"), [(12, True), (11, False)])
def test_a_day_counts_by_its_valid_hours(rules, hours, valid):
    times = np.arange(hours * 60, dtype=np.int64) * MINUTE + 6 * HOUR
    assert _found(times, np.full(len(times), 55.0), rules)["Ld", 6 * HOUR].valid is valid


def test_an_hour_from_seconds_is_that_of_its_minutes(rules):
    rng = np.random.default_rng(7)
    times = np.arange(3600, dtype=np.int64) * SECOND
    levels = rng.uniform(40, 70, 3600)
    fine = _found(times, levels, rules)
    minutes = [one for one in fine.values() if one.kind == "minute"]
    coarse = _found(np.array([one.start for one in minutes]), np.array([one.leq for one in minutes]), rules)
    assert len(minutes) == 60
    assert coarse["hour", 0].leq == pytest.approx(fine["hour", 0].leq, abs=1e-9)
    assert coarse["minute", 0].l10 is None
    assert coarse["minute", 0].leq == pytest.approx(minutes[0].leq, abs=1e-12)


def test_hourly_values_have_no_minutes(rules):
    times, levels = _series(step=3600)
    found = list(periods(times, levels, rules))
    assert {one.kind for one in found} == {"hour", "Ld", "Ln", "Ldn"}


def test_order_and_repetitions_do_not_matter(rules):
    times, levels = _series(days=1)
    order = np.random.default_rng(3).permutation(len(times))
    doubled = np.r_[times[order], times[:50]], np.r_[levels[order], levels[:50]]
    found_times, found_levels, clash, repeated = once(*doubled)
    assert (found_times.tolist(), found_levels.tolist()) == (times.tolist(), levels.tolist())
    assert (clash.any(), repeated) == (False, 50)


def test_contradicting_rows_count_neither():
    times, levels, clash, repeated = once(np.array([3, 1, 1, 2]), np.array([5.0, 6.0, 7.0, 8.0]))
    assert (times.tolist(), levels.tolist()) == ([2, 3], [8.0, 5.0])
    assert (clash.tolist(), repeated) == ([False, True, True, False], 0)
    assert once(np.array([], dtype=np.int64), np.array([]))[0].size == 0


def test_interval_is_the_most_frequent_step():
    assert interval_of(np.array([0, 1, 2, 3, 9]) * SECOND) == SECOND
    assert interval_of(np.array([5])) is None


def test_gaps_show_in_the_share(rules):
    times, levels = _series(days=1)
    kept = (times < 8 * HOUR) | (times >= 9 * HOUR)
    found = _found(times[kept], levels[kept], rules)
    assert found["Ld", 6 * HOUR].share == 900 / 960
    assert ("hour", 8 * HOUR) not in found
    assert found["Ld", 6 * HOUR].start + 16 * HOUR == 22 * HOUR < DAY
