"""What can still be afforded until the end of the year: days over, and the mean of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from ecobureau.domain.rounding import Number, fraction_of


def allowed_bad_days(bad: int, days: int, remaining: int, reached: Callable[[int, int], bool]) -> int | None:
    """Return how many of the remaining days may still be bad (还能再超 N 天); None: the target is out of reach.

    Args:
        bad: bad days so far among `days` counted ones. remaining: days to come, all taken as counted.
        reached: (good, counted) → whether the year reaches the target, by the rounding of the official rate.

    >>> allowed_bad_days(20, 200, 165, lambda good, counted: good >= 0.9 * counted)
    16
    >>> allowed_bad_days(40, 200, 165, lambda good, counted: good >= 0.9 * counted) is None
    True
    """
    counted = days + remaining
    if not reached(counted - bad, counted):
        return None
    low, high = 0, remaining
    while low < high:
        middle = (low + high + 1) // 2
        if reached(counted - bad - middle, counted):
            low = middle
        else:
            high = middle - 1
    return low


def allowed_mean(values: Sequence[Number], remaining: int, target: Number, *, least: bool = False) -> Fraction | None:
    """Return the mean that the rest of the year must keep, exact; None where nothing remains.

    Zero or below: out of reach. The target is taken as it stands, without what rounding would forgive.

    Args:
        values: so far, one for each day or month. remaining: days or months to come.
        target: bound of the year's mean. least: the mean must not be below it (dissolved oxygen).

    >>> allowed_mean([40, 44], 2, 35)
    Fraction(28, 1)
    """
    if remaining <= 0:
        return None
    bound = fraction_of(target)
    rest = (bound * (len(values) + remaining) - sum((fraction_of(one) for one in values), Fraction(0))) / remaining
    return max(rest, Fraction(0)) if least else rest


def allowed_over_days(values: Sequence[Number], remaining: int, target: Number, percent: int) -> int | None:
    """Return how many of the remaining days may still be over, so that a percentile keeps its target; None: too many.

    The percentile lies between two ranked values; both must keep the target, which is on the safe side.

    Args:
        values: daily values so far. percent: of the percentile, HJ 663 appendix A.

    >>> allowed_over_days([100.0] * 180 + [170.0] * 10, 175, 160, 90)
    26
    """
    counted = len(values) + remaining
    if not counted:
        return None
    at, rest = divmod((counted - 1) * percent, 100)
    must_keep = at + 1 + (1 if rest else 0)
    over = sum(fraction_of(one) > fraction_of(target) for one in values)
    left = counted - must_keep - over
    return None if left < 0 else min(left, remaining)
