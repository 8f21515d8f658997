"""Ranks: ties share, small numbers have none."""

from __future__ import annotations

import pytest

from ecobureau.domain.ranking import ranks


@pytest.mark.parametrize(
    ("values", "high", "wanted"),
    [
        ([], True, []),
        ([90.0, 80.0, 70.0], True, [1, 2, 3]),
        ([90.0, 80.0, 70.0], False, [3, 2, 1]),
        ([80.04, 90.0, 80.0], True, [2, 1, 2]),
        ([90.0, 90.0, 80.0], True, [1, 1, 3]),
        ([None, 5.0], False, [None, 1]),
    ],
)
def test_ranks(values: list[float | None], high: bool, wanted: list[int | None]) -> None:
    assert ranks(values, [10] * len(values), high=high, least=10) == wanted


def test_what_rests_on_too_little_has_no_rank_and_takes_none() -> None:
    assert ranks([100.0, 50.0], [9, 10], high=True, least=10) == [None, 1]
