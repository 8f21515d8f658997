"""Rounding of figures: GB/T 8170-2008 (四舍六入五成双) and carrying up, on decimals and never on binary expansions.

A float handed in stands for its shortest decimal text (`repr`), which is what an instrument or a file said.
Every figure is rounded once, from the unrounded value (GB/T 8170-2008 3.3, 不得连续修约).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Number = str | Decimal | int | float | Fraction
Floats = NDArray[np.float64]

_WIDE = Context(prec=200)
_SAFE_TEXT = 15
"""Digits up to which a decimal text and its nearest float stand for each other."""


class NotANumber(ValueError):
    """A text or value is no finite decimal number."""


def decimal_of(value: str | Decimal | int | float) -> Decimal:
    """Return the decimal that `value` stands for; a float stands for its shortest text.

    Raises:
        NotANumber: `value` is no finite number.

    >>> decimal_of(0.1)
    Decimal('0.1')
    """
    if isinstance(value, Decimal):
        found = value
    else:
        try:
            found = Decimal(repr(float(value)) if isinstance(value, float) else value)
        except (InvalidOperation, ValueError, TypeError) as error:
            raise NotANumber(f"not a number: {value!r}") from error
    if not found.is_finite():
        raise NotANumber(f"not a finite number: {value!r}")
    return found


def fraction_of(value: Number) -> Fraction:
    """Return the exact fraction that `value` stands for; a float stands for its shortest text.

    Raises:
        NotANumber: `value` is no finite number.
    """
    return value if isinstance(value, Fraction) else Fraction(decimal_of(value))


def half_even(value: Number, digits: int) -> Decimal:
    """Round to `digits` decimals by GB/T 8170-2008: an exact half goes to the even digit.

    Args:
        value: decimal text, decimal, whole number, float (its shortest text) or exact fraction, in any unit.
        digits: decimals to keep; negative rounds to tens, hundreds …

    Returns:
        The rounded value with exactly `digits` decimals (none when `digits` < 0); never a negative zero.

    Raises:
        NotANumber: `value` is no finite number.

    >>> half_even("0.125", 2), half_even(2.675, 2), half_even("0.1251", 2)
    (Decimal('0.12'), Decimal('2.68'), Decimal('0.13'))
    """
    exact = fraction_of(value)
    steps = exact * Fraction(10) ** digits
    low = steps.numerator // steps.denominator
    rest = steps - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1)
    whole = low + int(up)
    return Decimal(whole).scaleb(-digits, _WIDE) if digits > 0 else Decimal(whole * 10**-digits)


def half_even_array(values: Sequence[Any] | NDArray[Any], digits: int) -> Floats:
    """Round many values as `half_even` does.

    Args:
        values: array of any shape of floats (each stands for its shortest text), or of texts, decimals; None, an
            empty text and NaN are missing.
        digits: decimals to keep, -15 to 15.

    Returns:
        Floats of the same shape, each the float nearest to the scalar result; NaN where missing.

    Raises:
        NotANumber: a text is no number.

    >>> half_even_array([0.125, 2.675, float("nan")], 2).tolist()
    [0.12, 2.68, nan]
    """
    given = np.asarray(values)
    if given.dtype.kind in "iuf":
        return _round_floats(given.astype(np.float64), digits)
    flat = [_one(value, digits) for value in given.ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(given.shape)


def _one(value: Any, digits: int) -> float:
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return float("nan")
    return float(half_even(value, digits))


def _round_floats(values: Floats, digits: int) -> Floats:
    # The float nearest to the half between two neighbours is found by one exact division; a value that equals it is
    # the half itself, since decimals of up to 15 digits and their nearest floats stand for each other.
    scale = float(10 ** abs(digits))
    with np.errstate(invalid="ignore", over="ignore"):
        low = np.floor(values * scale if digits >= 0 else values / scale)
        twice = 2.0 * low + 1.0
        half = twice * 5.0 / (scale * 10.0) if digits >= 0 else twice * scale / 2.0
        up = (values > half) | ((values == half) & (np.mod(low, 2.0) == 1.0))
        whole = low + up
        out: Floats = whole / scale if digits >= 0 else whole * scale
        large = np.isfinite(values) & (np.abs(low) >= 10.0 ** (_SAFE_TEXT - 1))
    for at in np.flatnonzero(large):
        out.flat[at] = _one(float(values.flat[at]), digits)
    return out + 0.0


def carry_up(value: Fraction) -> int:
    """Carry up to the next whole number (进位取整): a fraction, however small, counts as one more.

    >>> carry_up(Fraction(201, 4)), carry_up(Fraction(50))
    (51, 50)
    """
    return -((-value.numerator) // value.denominator)


def plain(value: Decimal | Fraction | int | float, digits: int | None = None) -> str:
    """Return a figure as text without an exponent; with `digits`, rounded by `half_even` first.

    A fraction without end is shown with six decimals when `digits` is not given.

    >>> plain(Fraction(1, 3)), plain(Decimal("1E+2")), plain(35.0), plain(Decimal("4"), 1)
    ('0.333333', '100', '35', '4.0')
    """
    if digits is not None:
        return format(half_even(value, digits), "f")
    if isinstance(value, Fraction):
        return _plain_fraction(value)
    text = format(decimal_of(value), "f")
    return text.removesuffix(".0") if isinstance(value, float) else text


def _plain_fraction(value: Fraction) -> str:
    rounded = half_even(value, 6)
    text = format(rounded, "f").rstrip("0").rstrip(".")
    return text or "0"
