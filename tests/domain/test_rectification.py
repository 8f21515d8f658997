"""How a matter with a limit of months stands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.rectification import Colour, Margins, standing

MARGINS = Margins(5, 25)
BEGUN, DUE = date(2026, 1, 1), date(2026, 4, 11)  # a hundred days


@pytest.mark.parametrize(
    ("day", "progress", "colour"),
    [
        (0, 0, Colour.GREEN),
        (5, 0, Colour.GREEN),  # 5 % of the time: at the margin
        (6, 0, Colour.YELLOW),
        (25, 0, Colour.YELLOW),
        (26, 0, Colour.RED),
        (50, 50, Colour.GREEN),
        (100, 90, Colour.YELLOW),  # the last day itself is not late
        (101, 99, Colour.RED),  # late, however little is left
        (500, 100, Colour.GREEN),
    ],
)
def test_colour_by_time_used_against_progress(day: int, progress: int, colour: Colour) -> None:
    found = standing(BEGUN, DUE, BEGUN + timedelta(days=day), progress, MARGINS)
    assert (found.colour, found.used, found.lag) == (colour, day, day - progress)


@given(st.integers(0, 400), st.integers(0, 99), st.integers(1, 300))
def test_more_work_never_looks_worse_and_more_time_never_better(day: int, progress: int, whole: int) -> None:
    order = [Colour.GREEN, Colour.YELLOW, Colour.RED]

    def rank(at: int, done: int) -> int:
        due = BEGUN + timedelta(days=whole)
        return order.index(standing(BEGUN, due, BEGUN + timedelta(days=at), done, MARGINS).colour)

    assert rank(day, progress + 1) <= rank(day, progress) <= rank(day + 1, progress)


@pytest.mark.parametrize("progress", [-1, 101])
def test_progress_is_a_share(progress: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        standing(BEGUN, DUE, BEGUN, progress, MARGINS)
