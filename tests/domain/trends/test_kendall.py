"""Trend tests against scipy, published worked examples, and what must hold of any series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecobureau.domain.trends import (
    TooFew,
    autocorrelation,
    hamed_rao,
    mann_kendall,
    seasonal_kendall,
    seasonal_slope,
    sen_slope,
)
from ecobureau.domain.trends.kendall import MOST, _with_covariance

NAN = math.nan
SERIES = st.lists(st.integers(-50, 50).map(lambda one: one / 4), min_size=5, max_size=25)


def test_the_five_values_of_epa_qa_g9() -> None:
    """EPA QA/G-9, Mann–Kendall for small samples: 5, 6, 11, 8, 10 gives S = 6, one-sided p = 0.117 (table A-11)."""
    found = mann_kendall([5, 6, 11, 8, 10])
    assert (found.s, found.method) == (6, "exact")
    assert found.p / 2 == pytest.approx(0.117, abs=5e-4)


def test_the_fourteen_values_by_hand_of_holy_cross() -> None:
    """J. Little, College of the Holy Cross, "A Mann-Kendall Example (By Hand)": S = 54, Z ≈ 2.9058, one tie."""
    values = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7]
    found = mann_kendall(values)
    assert found.s == 54
    assert found.variance == pytest.approx(14 * 13 * 33 / 18 - 2 * 1 * 9 / 18)
    assert found.z == pytest.approx(2.9058, abs=5e-5)
    assert found.p / 2 == pytest.approx(0.0018, abs=5e-5)


@given(SERIES)
@settings(max_examples=150, deadline=None)
def test_score_and_tau_are_those_of_scipy(values: list[float]) -> None:
    found = mann_kendall(values)
    theirs = stats.kendalltau(range(len(values)), values)
    if np.isnan(theirs.statistic):
        assert (found.s, found.tau) == (0, 0.0)
    else:
        assert found.tau == pytest.approx(theirs.statistic, abs=1e-12)
    if found.method == "exact":
        assert found.p == pytest.approx(stats.kendalltau(range(len(values)), values, method="exact").pvalue, abs=1e-12)


@given(SERIES, st.sampled_from([0.8, 0.9, 0.95]))
@settings(max_examples=150, deadline=None)
def test_sens_slope_is_that_of_scipy(values: list[float], confidence: float) -> None:
    times = np.arange(len(values)) * 1.5
    found = sen_slope(values, times, confidence=confidence)
    theirs = stats.theilslopes(values, times, alpha=confidence)
    assert (found.slope, found.low, found.high) == pytest.approx((theirs[0], theirs[2], theirs[3]), abs=1e-12)


@given(SERIES, st.integers(-20, 20), st.sampled_from([0.5, 2.0, 4.0]))
@settings(max_examples=80, deadline=None)
def test_shift_and_scale_change_the_slope_alone(values: list[float], shift: int, scale: float) -> None:
    moved = [one * scale + shift for one in values]
    assert mann_kendall(moved) == mann_kendall(values)
    assert sen_slope(moved).slope == pytest.approx(scale * sen_slope(values).slope)
    turned = mann_kendall([-one for one in values])
    assert (turned.s, turned.p) == (-mann_kendall(values).s, mann_kendall(values).p)


@given(SERIES)
@settings(max_examples=50, deadline=None)
def test_a_gap_keeps_the_time_axis(values: list[float]) -> None:
    line = [2.0 * at for at in range(len(values))]
    line[1] = NAN
    assert sen_slope(line).slope == 2.0
    with_gap = [*values[:2], NAN, *values[2:]]
    times = [0, 1, *range(3, len(values) + 1)]
    assert mann_kendall(with_gap).s == mann_kendall(values, times).s


def test_equal_times_make_no_pair() -> None:
    found = mann_kendall([10, 22, 21, 30, 22, 30, 40, 40], [1, 1, 1, 2, 3, 3, 4, 5])
    theirs = stats.kendalltau([1, 1, 1, 2, 3, 3, 4, 5], [10, 22, 21, 30, 22, 30, 40, 40])
    assert found.tau == pytest.approx(theirs.statistic)
    # scipy's asymptotic p has no continuity correction
    assert 2 * stats.norm.sf(found.s / math.sqrt(found.variance)) == pytest.approx(theirs.pvalue)
    assert sen_slope([10, 22, 21, 30, 22, 30, 40, 40], [1, 1, 1, 2, 3, 3, 4, 5]).pairs == 24


def test_no_trend_no_score() -> None:
    still = mann_kendall([3.0] * 12)
    assert (still.s, still.p, still.tau) == (0, 1.0, 0.0)
    assert sen_slope([3.0] * 12).slope == 0.0
    assert hamed_rao([3.0] * 12).inflation == 1.0


def test_too_few_and_too_many_are_refused() -> None:
    for values in ([], [1.0, 2.0], [NAN, NAN, NAN, 1.0]):
        with pytest.raises(TooFew) as refused:
            mann_kendall(values)
        assert (refused.value.have, refused.value.need) == (sum(one == one for one in values), 4)
    with pytest.raises(TooFew):
        sen_slope([1.0, 2.0], [5.0, 5.0])
    with pytest.raises(TooFew):
        seasonal_kendall([[1.0, NAN], [NAN, 2.0]], need=2)
    with pytest.raises(ValueError, match="at most"):
        mann_kendall(np.zeros(MOST + 1))
    with pytest.raises(ValueError, match="one length"):
        mann_kendall([1, 2, 3, 4], [1, 2, 3])
    with pytest.raises(ValueError, match="finite"):
        mann_kendall([1, 2, 3, 4], [1, 2, 3, NAN])


def test_autocorrelation_makes_a_trend_less_certain() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=400)
    walked = np.zeros(400)
    for at in range(1, 400):
        walked[at] = 0.8 * walked[at - 1] + noise[at]
    corrected, plain = hamed_rao(walked), mann_kendall(walked)
    # AR(1) with 0.8: the variance of S grows about (1 + 0.8) / (1 − 0.8) = 9 times for long series.
    assert 4 < corrected.inflation < 14
    assert corrected.p > plain.p
    assert corrected.s == plain.s
    lags = autocorrelation(walked)
    assert lags[0][1] == pytest.approx(0.8, abs=0.1)
    assert lags[0][2]
    assert hamed_rao(noise).inflation < 1.6


def test_the_correction_holds_its_size() -> None:
    """Of series without trend but with autocorrelation, the plain test calls a third trends, the corrected few."""
    rng = np.random.default_rng(11)
    wrong = {"plain": 0, "corrected": 0}
    for _ in range(150):
        walked = np.zeros(100)
        for at, one in enumerate(rng.normal(size=99), start=1):
            walked[at] = 0.6 * walked[at - 1] + one
        wrong["plain"] += mann_kendall(walked).p < 0.05
        wrong["corrected"] += hamed_rao(walked).p < 0.05
    assert wrong["plain"] > 30
    assert wrong["corrected"] <= 18


def test_autocorrelation_leaves_gaps_out() -> None:
    wave = np.array([1.0, -1.0] * 20)
    wave[5] = NAN
    (first, second, *_) = autocorrelation(wave, detrend=False)
    assert first[1] < -0.9
    assert second[1] > 0.85
    assert autocorrelation([1.0, 2.0, 3.0]) == []
    assert autocorrelation(np.arange(30.0)) == []


def test_a_season_does_not_look_like_a_trend() -> None:
    season = [30.0, 25, 20, 12, 8, 5, 4, 6, 10, 18, 26, 32]
    blocks = [[base - 1.5 * year for year in range(3)] for base in season]
    found = seasonal_kendall(blocks, need=2)
    assert found.s == -36
    assert found.tau == pytest.approx(-1.0)
    assert found.variance == pytest.approx(12 * 3 * 2 * 11 / 18)
    assert found.p < 0.001
    slope = seasonal_slope(blocks)
    assert slope.slope == pytest.approx(-1.5)
    still = [[base, base, base] for base in season]
    assert seasonal_kendall(still, need=2).p == 1.0


def test_one_block_is_the_plain_test() -> None:
    values = [3.0, 5, 4, 8, 9, 7, 12, 11]
    alone, plain = seasonal_kendall([values]), mann_kendall(values)
    assert (alone.s, alone.variance, alone.z, alone.tau) == (plain.s, plain.variance, plain.z, plain.tau)
    assert seasonal_slope([values]).slope == sen_slope(values).slope
    with pytest.raises(ValueError, match="same years"):
        seasonal_kendall([[1.0, 2], [1.0, 2, 3]])


def test_the_covariance_of_a_block_with_itself_is_its_variance() -> None:
    rng = np.random.default_rng(2)
    block = rng.normal(size=15).round(1)
    block[3] = block[4]
    assert _with_covariance([block]) == pytest.approx(mann_kendall(block).variance)
    twice = seasonal_kendall([block, block], dependent=True)
    assert twice.variance == pytest.approx(4 * mann_kendall(block).variance)
    assert twice.method == "seasonal-dependent"
    assert seasonal_kendall([block, block], dependent=False).variance == pytest.approx(2 * mann_kendall(block).variance)


def test_covariance_of_independent_blocks_with_gaps_is_about_none() -> None:
    rng = np.random.default_rng(5)
    ratios = []
    for _ in range(40):
        blocks = rng.normal(size=(12, 12))
        blocks[rng.random(blocks.shape) < 0.1] = NAN
        plain = seasonal_kendall(list(blocks), dependent=False)
        ratios.append(_with_covariance(list(blocks)) / plain.variance)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.25)
