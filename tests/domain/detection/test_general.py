"""The general detector on made processes."""

from __future__ import annotations

import numpy as np
import pytest

from ecobureau.domain.detection.model.general import general, trailing_mean, trailing_median


def _process(seed: int = 1, n: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([5 + rng.normal(0, 1, n), rng.normal(100, 4, n), rng.normal(0, 0.1, n)])


def test_a_shift_is_found_and_its_channel_named() -> None:
    rows = _process()
    rows[600:800, 1] += 6.0
    found = general(rows, 400)
    assert found.alarm[630:800].mean() > 0.95
    assert found.alarm[:600].mean() < 0.02
    assert found.alarm[880:].mean() < 0.05
    assert np.bincount(found.channel[640:800]).argmax() == 1


def test_an_honest_process_is_left_in_peace() -> None:
    assert np.mean([general(_process(seed), 400).alarm.mean() for seed in range(8)]) < 0.03


def test_a_channel_that_only_wanders_is_left_out() -> None:
    rows = np.column_stack([_process(), np.cumsum(np.random.default_rng(3).normal(0.05, 0.05, 1000))])
    found = general(rows, 400)
    assert found.left_out == (3,)
    assert found.alarm.mean() < 0.05


def test_units_do_not_matter() -> None:
    rows = _process()
    rows[600:800, 0] += 1.5
    plain, other = general(rows, 400), general(rows * [1000.0, 0.01, 5.0] + [7.0, -3.0, 0.0], 400)
    assert np.array_equal(plain.alarm, other.alarm)


def test_only_the_past_counts() -> None:
    rows = _process()
    rows[600:, 0] += 3
    whole, cut = general(rows, 400), general(rows[:700], 400)
    assert np.allclose(whole.score[:700], cut.score)


def test_gaps_are_bridged_and_a_dead_channel_says_nothing() -> None:
    rows = np.column_stack([_process(), np.full(1000, np.nan)])
    rows[500:520, 0] = np.nan
    found = general(rows, 400)
    assert np.isfinite(found.score).all()
    assert found.alarm.mean() < 0.05


def test_a_channel_that_stood_still_raises_when_it_moves() -> None:
    rows = np.column_stack([_process(), np.full(1000, 7.0)])
    rows[600:, 3] = 8.0
    assert general(rows, 400).alarm[640:].mean() > 0.95


@pytest.mark.parametrize(("rows", "learn"), [(np.zeros(10), 5), (np.zeros((300, 2)), 100), (np.zeros((300, 2)), 400)])
def test_senseless_input_is_refused(rows: np.ndarray, learn: int) -> None:
    with pytest.raises(ValueError):
        general(rows, learn)


def test_trailing_helpers() -> None:
    assert trailing_mean(np.array([[1.0], [3.0], [5.0]]), 2).ravel().tolist() == [1.0, 2.0, 4.0]
    assert trailing_median(np.array([1.0, 9.0, 2.0]), 3).tolist() == [1.0, 5.0, 2.0]
