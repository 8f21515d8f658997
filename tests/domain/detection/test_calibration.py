"""Isotonic calibration of confidence from verdicts: monotone, drawn to the prior, told honestly."""

from __future__ import annotations

import numpy as np
import pytest

from ecobureau.domain.detection.calibration import (
    Settings,
    Told,
    brier,
    calibrated,
    isotonic,
    reliability,
    wilson,
)

SETTINGS = Settings(least=30, prior=8.0)


def many(count: int, seed: int = 1, power: float = 2.0) -> list[Told]:
    """Verdicts of a detector that is too sure of itself: true with confidence ** power."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(0.5, 1.0, count)
    return [Told(float(one), bool(rng.random() < one**power)) for one in said]


def test_the_fit_is_that_of_scikit_learn() -> None:
    from sklearn.isotonic import IsotonicRegression

    told = many(200)
    x = np.array([one.confidence for one in told])
    theirs = IsotonicRegression(out_of_bounds="clip").fit(x, [float(one.true) for one in told])
    steps = isotonic(told)
    assert list(steps.share) == sorted(steps.share)
    # Ours is straight between the middles of the blocks, theirs between their ends: the blocks are the same.
    assert sorted(set(np.round(theirs.predict(x), 9))) == pytest.approx(np.round(steps.share, 9))


def test_an_overconfident_pattern_is_brought_down_and_keeps_its_order() -> None:
    told = many(600)
    values = [calibrated(one, told, SETTINGS) for one in (0.6, 0.7, 0.8, 0.9)]
    assert values == sorted(values)
    assert values == pytest.approx([0.36, 0.49, 0.64, 0.81], abs=0.12)


def test_few_verdicts_move_it_little_and_none_not_at_all() -> None:
    assert calibrated(0.8, [], SETTINGS) == 0.8
    one = calibrated(0.8, [Told(0.8, False)], SETTINGS)
    assert one == pytest.approx(0.8 * 8 / 9)
    below = [Told(0.8, False)] * 29
    assert calibrated(0.8, below, SETTINGS) == pytest.approx(0.8 * 8 / 37)
    assert calibrated(0.8, below, Settings(30, 8.0, most=0.2)) == pytest.approx(0.6)


def test_reliability_counts_each_clue_once_and_says_how_sure_it_is() -> None:
    told = [Told(0.55, False), Told(0.65, True), Told(0.65, False), Told(1.0, True)]
    bins = reliability(told, [0.0, 0.6, 0.8, 1.0])
    assert [(one.count, one.verified) for one in bins] == [(1, 0.0), (2, 0.5), (1, 1.0)]
    assert sum(one.count for one in bins) == len(told)
    assert all(0 <= one.least <= one.verified <= one.greatest <= 1 for one in bins)
    assert brier(told) == pytest.approx((0.55**2 + 0.35**2 + 0.65**2) / 4) and brier([]) is None


def test_counts_that_cannot_be() -> None:
    with pytest.raises(ValueError):
        wilson(3, 2)
    with pytest.raises(ValueError):
        isotonic([])
