"""Ozone over eight hours: running means and the day's highest (MDA8), with validity. GB 3095 table 4, HJ 663."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from ecobureau.domain.air.assess import AirStatistics
from ecobureau.domain.air.exact import SCALE, Bools, Floats, Wholes, rounded_ratio, steps_of
from ecobureau.domain.explain import Derivation, Input, Step
from ecobureau.domain.rounding import Number, fraction_of, half_even, plain

WINDOW = 8
HOURS = 24
_COMMON = 840
"""Smallest number that 1 to 8 divide."""


@dataclass(frozen=True, slots=True)
class Mda8:
    """The highest 8-hour mean of a natural day.

    Attributes:
        value: ug/m3, exact; None without any valid 8-hour mean.
        windows: how many of the 17 means (ending 08:00 to 24:00) are valid.
        valid: whether the day counts: enough windows, or fewer and the highest is above the limit.
        ends: hour at whose end the highest mean ends (8 to 24), the first of several; None without one.
    """

    value: Fraction | None
    windows: int
    valid: bool
    ends: int | None


def running_8h(hours: Sequence[Number | None], rules: AirStatistics) -> list[Fraction | None]:
    """Return the 8-hour mean ending at each hour: of this hour and the seven before it.

    Args:
        hours: hourly ozone of consecutive hours, ug/m3, labelled by their end; None = missing or invalid.
        rules: how many hours a window needs.

    Returns:
        One exact mean an hour; None where fewer hours than needed are valid, or fewer than eight hours precede.
    """
    exact = [None if hour is None else fraction_of(hour) for hour in hours]
    found: list[Fraction | None] = []
    for end in range(1, len(exact) + 1):
        window = [value for value in exact[max(0, end - WINDOW) : end] if value is not None]
        enough = end >= WINDOW and len(window) >= rules.eight_hours
        found.append(sum(window, Fraction(0)) / len(window) if enough else None)
    return found


def mda8(hours: Sequence[Number | None], rules: AirStatistics) -> Mda8:
    """Return the highest 8-hour ozone mean of a natural day (日最大 8 小时平均).

    Args:
        hours: the 24 hourly values of the day, those ending 01:00 … 24:00 (Asia/Shanghai), ug/m3; None = missing.
        rules: windows needed, and the limit above which fewer are enough.

    Raises:
        ValueError: not 24 values.
    """
    if len(hours) != HOURS:
        raise ValueError(f"a day has 24 hours, not {len(hours)}")
    means = running_8h(hours, rules)[WINDOW - 1 :]
    valid = [mean for mean in means if mean is not None]
    if not valid:
        return Mda8(None, 0, False, None)
    highest = max(valid)
    over = rules.mda8_over_counts and highest > rules.limit("o3", "mda8")
    ends = WINDOW + next(at for at, mean in enumerate(means) if mean == highest)
    return Mda8(highest, len(valid), len(valid) >= rules.mda8_windows or over, ends)


def mda8_derivation(hours: Sequence[Number | None], rules: AirStatistics) -> Derivation:
    """Return how the value of `mda8` comes about. Arguments and errors as there."""
    found = mda8(hours, rules)
    inputs = tuple(
        Input(
            "air.item.o3", "" if hour is None else plain(fraction_of(hour)), "ug/m3", hour is not None, at=f"{at:02d}"
        )
        for at, hour in enumerate(hours, 1)
    )
    params = {"count": found.windows, "needed": rules.mda8_windows}
    steps = [rules.step("valid.mda8_windows", "air.step.windows", params, found.valid)]
    if found.value is not None and found.ends is not None:
        span = {"first": f"{found.ends - WINDOW:02d}:00", "last": f"{found.ends:02d}:00"}
        steps.append(rules.step("valid.eight_hours", "air.step.mda8", span, found.value))
        digits = rules.digits["o3"]
        rounded = half_even(found.value, digits)
        said = {"value": plain(found.value), "digits": digits}
        steps.append(Step("GB/T 8170-2008", "3", "air.step.half_even", said, rounded))
    return Derivation(tuple(steps), inputs)


@dataclass(frozen=True, slots=True)
class Mda8Arrays:
    """The highest 8-hour means of n days.

    Attributes:
        value: rounded to the digits of ozone, NaN without a valid window; `valid`: whether the day counts.
        windows: valid 8-hour means by day; `ends`: hour at whose end the highest ends, 0 without one.
        total, parts: the exact mean is `total / parts / 10⁶`; parts is 0 without one.
    """

    value: Floats
    valid: Bools
    windows: Wholes
    ends: Wholes
    total: Wholes
    parts: Wholes


def mda8_array(hours: ArrayLike, rules: AirStatistics) -> Mda8Arrays:
    """Return the highest 8-hour mean of many days; the bulk form of `mda8`.

    Args:
        hours: shape (days, 24), ug/m3 with at most 6 decimals, hours ending 01:00 … 24:00; NaN = missing.
        rules: as for `mda8`.

    Raises:
        OffGrid: a value with more than 6 decimals. ValueError: another shape.
    """
    given = np.asarray(hours, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != HOURS:
        raise ValueError(f"shape (days, 24) is needed, not {given.shape}")
    steps, there = steps_of(given)
    counts = _windows(there.astype(np.int64))
    fits = counts >= rules.eight_hours
    # Over one denominator that every count divides, means are compared as whole numbers.
    keys = np.where(fits, _windows(steps) * (_COMMON // np.where(fits, counts, 1)), -1)
    at = keys.argmax(axis=1)
    total = np.take_along_axis(keys, at[:, np.newaxis], axis=1)[:, 0]
    windows: Wholes = fits.sum(axis=1, dtype=np.int64)
    some = windows > 0
    total = np.where(some, total, 0)
    parts: Wholes = np.where(some, _COMMON, 0)
    valid: Bools = windows >= rules.mda8_windows
    if rules.mda8_over_counts:
        limit = rules.limit("o3", "mda8") * SCALE * _COMMON
        valid = valid | (total * limit.denominator > limit.numerator)
    return Mda8Arrays(
        rounded_ratio(total, parts, rules.digits["o3"]),
        valid & some,
        windows,
        np.where(some, at + WINDOW, 0),
        total,
        parts,
    )


def _windows(values: Wholes) -> Wholes:
    summed: Wholes = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    found: Wholes = summed[:, WINDOW:] - summed[:, :-WINDOW]
    return found
