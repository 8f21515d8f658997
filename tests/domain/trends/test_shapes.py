"""Quantiles, boxes, cycles, roses and comparisons: golden numbers and what must hold of any series."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecobureau.domain.air.statistics import percentile
from ecobureau.domain.noise import leq
from ecobureau.domain.trends import (
    TrendRules,
    box,
    classes,
    compare,
    cycle,
    place_in_calendar,
    pollution_rose,
    quantiles,
    same_days,
    sector_of,
    wind_rose,
)
from ecobureau.rulepacks import load

NAN = math.nan
EDGES = (0.3, 1.6, 3.4, 5.5, 8.0, 10.8)
NUMBERS = st.lists(st.integers(0, 400).map(float), min_size=1, max_size=60)


# --- quantiles and boxes ----------------------------------------------------------------------------------------------


@given(NUMBERS, st.integers(0, 100))
@settings(max_examples=80, deadline=None)
def test_quantiles_are_those_of_hj_663(values: list[float], percent: int) -> None:
    exact = percentile(values, percent)
    assert exact is not None
    assert quantiles([*values, NAN], [percent / 100])[0] == pytest.approx(float(exact))


def test_a_box_by_hand() -> None:
    found = box([2.0, 4.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 30.0, NAN])
    assert found is not None
    # k = 1 + 8p: third, fifth and seventh value; reach 1.5 · (8 − 4) = 6
    assert (found.q1, found.median, found.q3) == (4.0, 6.0, 8.0)
    assert (found.low, found.high, found.outliers) == (2.0, 9.0, (30.0,))
    assert (found.n, found.least, found.most) == (9, 2.0, 30.0)
    assert found.mean == pytest.approx(75 / 9)
    assert box([1.0, 2.0, NAN, 3.0]) is None
    step = box([0.0] * 6 + [1.0, 1.0])
    assert step is not None
    assert (step.q3, step.high, step.outliers) == (0.25, 0.25, (1.0, 1.0))
    assert box([], need=0) is None


@given(st.lists(st.integers(-100, 100).map(float), min_size=5, max_size=40), st.integers(-9, 9))
@settings(max_examples=60, deadline=None)
def test_a_box_moves_with_its_values(values: list[float], shift: int) -> None:
    found, moved = box(values), box([one + shift for one in values])
    assert found is not None
    assert moved is not None
    assert found.least <= found.low <= found.q1 <= found.median <= found.q3 <= found.high <= found.most
    assert (moved.median, moved.low, moved.high) == (found.median + shift, found.low + shift, found.high + shift)
    assert len(moved.outliers) == len(found.outliers)


# --- cycles -----------------------------------------------------------------------------------------------------------


def hours_of(day: date, count: int) -> np.ndarray:
    return (day - date(1970, 1, 1)).days * 24 + np.arange(count)


def test_classes_are_local_hours_and_weekdays() -> None:
    monday = hours_of(date(2026, 11, 23), 48)
    assert classes(monday, "hour")[[0, 8, 24]].tolist() == [0, 8, 0]
    assert classes(monday, "weekday")[[0, 23, 24]].tolist() == [0, 0, 1]


def test_a_daily_cycle_with_gaps() -> None:
    hours = hours_of(date(2026, 5, 4), 24 * 5)
    values = (hours % 24).astype(float)
    values[2::24] = NAN
    values[3] = NAN
    found = cycle(hours, values, "hour", need=5)
    assert [one.n for one in found[:5]] == [5, 5, 0, 4, 5]
    assert (found[2].mean, found[3].mean) == (None, None)
    assert (found[7].mean, found[7].q1, found[7].median, found[7].q3) == (7.0, 7.0, 7.0, 7.0)
    assert sum(one.n for one in found) == np.isfinite(values).sum()


def test_sound_is_averaged_as_energy() -> None:
    hours = hours_of(date(2026, 5, 4), 48)
    levels = np.full(48, 50.0)
    levels[24:] = 60.0
    found = cycle(hours, levels, "hour", averaging="energy", need=2)
    assert found[0].mean == pytest.approx(leq([50.0, 60.0]))
    assert found[0].mean == pytest.approx(57.404, abs=1e-3)
    assert found[0].median == 55.0
    week = cycle(hours, levels, "weekday", averaging="energy")
    assert [one.mean for one in week[:3]] == [pytest.approx(50.0), pytest.approx(60.0), None]


# --- roses ------------------------------------------------------------------------------------------------------------


def test_a_wind_rose_by_hand() -> None:
    """Ten hours: 2 calm, 3 from the north (one at 350°), 4 from the east, 1 from the south-west; two not valid."""
    speed = np.array([0.0, 0.2, 0.3, 2.0, 3.4, 1.0, 2.0, 4.0, 12.0, 6.0, NAN, 3.0])
    direction = np.array([90.0, NAN, 0.0, 350.0, 360.0, 90.0, 90.0, 100.0, 80.0, 225.0, 10.0, 400.0])
    found = wind_rose(speed, direction, EDGES)
    assert (found.n, found.calms) == (10, 2)
    assert found.counts[0].tolist() == [1, 1, 1, 0, 0, 0]
    assert found.counts[4].tolist() == [1, 1, 1, 0, 0, 1]
    assert found.counts[10].tolist() == [0, 0, 0, 1, 0, 0]
    assert found.counts.sum() == 8
    assert found.prevailing == 4
    assert found.mean_speed[4] == pytest.approx(19 / 4)
    assert found.mean_speed[1] is None
    assert found.calm_share == 0.2


@given(
    st.lists(st.tuples(st.integers(-1, 150), st.integers(-10, 370)), max_size=80),
    st.sampled_from([8, 16, 36]),
)
@settings(max_examples=100, deadline=None)
def test_shares_sum_to_one(hours: list[tuple[int, int]], sectors: int) -> None:
    speed = np.array([NAN if one < 0 else one / 10 for one, _ in hours])
    direction = np.array([float(one) for _, one in hours])
    found = wind_rose(speed, direction, EDGES, sectors=sectors)
    assert found.counts.sum() + found.calms == found.n
    if found.n:
        assert found.shares.sum() + found.calm_share == pytest.approx(1.0)
    else:
        assert found.prevailing is None


@given(st.floats(0, 360), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_turning_the_wind_turns_the_rose(angle: float, turns: int) -> None:
    # keep off the edges of sectors, where rounding decides
    if abs((angle + 11.25) % 22.5) < 1e-6 or abs((angle + 11.25) % 22.5 - 22.5) < 1e-6:
        return
    first, second = sector_of(np.array([angle, (angle + turns * 22.5) % 360.0])).tolist()
    assert (second - first) % 16 == turns % 16


def test_a_pollution_rose_by_hand() -> None:
    """20 hours from the west at 80 … 99, 30 from the east at 10 … 39, 12 calm at 50: the top tenth lies west."""
    speed = np.concatenate([np.full(20, 2.0), np.full(30, 4.0), np.zeros(12), [2.0]])
    direction = np.concatenate([np.full(20, 270.0), np.full(30, 90.0), np.full(12, NAN), [90.0]])
    values = np.concatenate([80.0 + np.arange(20), 10.0 + np.arange(30), np.full(12, 50.0), [NAN]])
    found = pollution_rose(speed, direction, values, EDGES)
    west, east = found.sectors[12], found.sectors[4]
    assert (found.n, west.n, east.n, found.calm.n) == (62, 20, 30, 12)
    assert (west.mean, west.median, east.mean) == (89.5, 89.5, 24.5)
    assert west.p90 == pytest.approx(80 + 19 * 0.9)
    assert west.cells == (None, 89.5, None, None, None, None)
    assert west.cell_counts == (0, 20, 0, 0, 0, 0)
    # k = 1 + 61 · 0.9 = 55.9 of the ascending values: between the 55th (92) and the 56th (93)
    assert found.threshold == pytest.approx(92.9)
    assert (west.high, west.cpf, east.cpf, found.calm.cpf) == (7, 7 / 20, 0.0, 0.0)
    assert found.share_high == pytest.approx(7 / 62)
    assert found.sectors[0].n == 0
    assert found.sectors[0].mean is None


def test_thin_sectors_have_no_figure() -> None:
    found = pollution_rose(np.full(9, 2.0), np.zeros(9), np.arange(9.0), EDGES, need=10)
    assert found.sectors[0].n == 9
    assert (found.sectors[0].mean, found.sectors[0].cpf) == (None, None)
    empty = pollution_rose(np.zeros(0), np.zeros(0), np.zeros(0), EDGES)
    assert (empty.n, empty.threshold, empty.share_high) == (0, None, None)


def test_bad_roses_are_refused() -> None:
    with pytest.raises(ValueError, match="rise"):
        wind_rose(np.zeros(2), np.zeros(2), (0.3, 0.3))
    with pytest.raises(ValueError, match="rise"):
        wind_rose(np.zeros(2), np.zeros(2), ())
    with pytest.raises(ValueError, match="one length"):
        pollution_rose(np.zeros(2), np.zeros(2), np.zeros(3), EDGES)


# --- comparisons ------------------------------------------------------------------------------------------------------


def test_the_same_stretch_of_other_years() -> None:
    assert same_days(date(2026, 3, 1), date(2026, 6, 1), 2025) == (date(2025, 3, 1), date(2025, 6, 1))
    assert same_days(date(2025, 12, 1), date(2026, 2, 1), 2023) == (date(2023, 12, 1), date(2024, 2, 1))
    assert same_days(date(2024, 2, 29), date(2024, 3, 2), 2023) == (date(2023, 3, 1), date(2023, 3, 2))
    assert place_in_calendar(date(2026, 1, 5), date(2025, 12, 1)) == (1, 1, 5)


def test_a_comparison_uses_days_that_all_have() -> None:
    now = {(0, 1, 1): 10.0, (0, 1, 2): 20.0, (0, 1, 3): 90.0}
    base = {(0, 1, 1): 20.0, (0, 1, 2): 40.0, (0, 2, 29): 7.0}
    one, two = compare([now, base])
    assert (one.days, one.mean, one.matched, one.matched_mean) == (3, 40.0, 2, 15.0)
    assert (one.difference, one.percent) == (-15.0, -50.0)
    assert (two.days, two.matched_mean, two.difference, two.percent) == (3, 30.0, None, None)
    assert [side.matched_mean for side in compare([now, base], need=3)] == [None, None]
    assert compare([]) == []
    assert compare([now, {}])[0].difference is None


def test_levels_are_compared_as_energy_and_without_percent() -> None:
    one, two = compare([{(0, 1, 1): 60.0, (0, 1, 2): 50.0}, {(0, 1, 1): 50.0, (0, 1, 2): 50.0}], averaging="energy")
    assert one.matched_mean == pytest.approx(leq([50.0, 60.0]))
    assert one.difference == pytest.approx(leq([50.0, 60.0]) - 50.0)
    assert (one.percent, two.difference) == (None, None)


def test_the_pack_names_a_source_for_every_convention() -> None:
    rules = TrendRules.from_pack(load("trends"), date(2026, 11, 23))
    assert rules.edges == EDGES
    assert all(entry.source and entry.clause and entry.flag for entry in rules.entries.values())
