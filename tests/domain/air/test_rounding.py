import csv
import math
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.rounding import NotANumber, carry_up, decimal_of, half_even, half_even_array, plain

SHARED = Path(os.environ.get("ECOBUREAU_SHARED", Path(__file__).resolve().parents[4] / "shared" / "data"))


@pytest.mark.parametrize(
    ("text", "digits", "shown"),
    [
        ("0.1003", 3, "0.100"),
        ("0.125", 2, "0.12"),
        ("0.135", 2, "0.14"),
        ("0.1250001", 2, "0.13"),
        ("2.5", 0, "2"),
        ("3.5", 0, "4"),
        ("-2.5", 0, "-2"),
        ("-3.5", 0, "-4"),
        ("-0.4", 0, "0"),
        ("1.005", 2, "1.00"),
        ("1.015", 2, "1.02"),
        ("0.5", 0, "0"),
        ("1.5", 0, "2"),
        ("25", -1, "20"),
        ("35", -1, "40"),
        ("4", 1, "4.0"),
        ("1e3", 1, "1000.0"),
        ("123456789012345678901234.5", 0, "123456789012345678901234"),
    ],
)
def test_a_half_goes_to_the_even_digit(text: str, digits: int, shown: str) -> None:
    assert format(half_even(text, digits), "f") == shown


def test_a_float_means_its_shortest_text() -> None:
    # The binary expansion of 2.675 lies below the half, that of 1.005 too; their texts are exact halves.
    assert half_even(2.675, 2) == Decimal("2.68")
    assert half_even(1.005, 2) == Decimal("1.00")
    assert half_even(0.285, 2) == Decimal("0.28")
    assert half_even_array([2.675, 1.005, 0.285], 2).tolist() == [2.68, 1.0, 0.28]


def test_a_fraction_is_rounded_once_from_its_exact_value() -> None:
    assert half_even(Fraction(1, 3), 2) == Decimal("0.33")
    assert half_even(Fraction(5, 2), 0) == 2
    # 0.4549… rounds to 0.45; through 0.455 it would have become 0.46.
    assert half_even(Fraction("0.4549"), 2) == Decimal("0.45")


@pytest.mark.parametrize(
    "bad", ["", "abc", "nan", "inf", "-Infinity", "1,5", float("nan"), float("inf"), None, "1.2.3"]
)
def test_what_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(NotANumber):
        half_even(bad, 0)  # type: ignore[arg-type]


@given(st.integers(-(10**9), 10**9), st.integers(0, 5), st.integers(0, 4))
def test_many_are_rounded_as_one(steps: int, decimals: int, digits: int) -> None:
    value = float(Decimal(steps).scaleb(-decimals))
    assert half_even_array([value], digits)[0] == float(half_even(value, digits))


@given(st.floats(-1e15, 1e15, allow_nan=False), st.integers(-3, 6))
def test_many_are_rounded_as_one_for_any_float(value: float, digits: int) -> None:
    found = half_even_array(np.array([value]), digits)[0]
    wanted = float(half_even(value, digits))
    assert found == wanted
    assert math.copysign(1, found) == 1 or found < 0


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=6))
def test_a_rounded_value_is_never_further_than_half_a_step(value: Decimal) -> None:
    assert abs(half_even(value, 2) - value) <= Decimal("0.005")


def test_missing_values_stay_missing_and_shapes_stay() -> None:
    found = half_even_array(np.array([[1.25, np.nan], [0.35, 7.0]]), 1)
    assert found.shape == (2, 2)
    assert np.isnan(found[0, 1])
    assert found[0, 0] == 1.2
    texts = half_even_array(["1.25", "", None, "0.00000000000000000051"], 1)
    assert texts[0] == 1.2
    assert np.isnan(texts[1:3]).all()
    with pytest.raises(NotANumber):
        half_even_array(["1.25", "x"], 1)


def test_carrying_up() -> None:
    assert [carry_up(Fraction(n, 1000)) for n in (0, 1, 999, 1000, 1001)] == [0, 1, 1, 1, 2]


def test_plain_texts() -> None:
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(Fraction(1, 3)) == "0.333333"
    assert plain(Fraction(50)) == "50"
    assert plain(0.1) == "0.1"
    assert plain(7.0) == "7"
    assert decimal_of(7) == 7


@pytest.mark.skipif(not (SHARED / "water_national_auto.csv").exists(), reason="published tables are not here")
def test_every_published_pair_of_raw_and_shown_value() -> None:
    pairs: dict[int, list[tuple[str, str]]] = {}
    with (SHARED / "water_national_auto.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name, raw in row.items():
                shown = row.get(name.removesuffix("_raw"), "")
                if name.endswith("_raw") and raw and shown:
                    pairs.setdefault(len(shown.partition(".")[2]), []).append((raw, shown))
    assert sum(len(some) for some in pairs.values()) == 114_070
    for digits, some in pairs.items():
        assert all(half_even(raw, digits) == Decimal(shown) for raw, shown in some)
        found = half_even_array(np.array([float(raw) for raw, _ in some]), digits)
        assert (found == np.array([float(shown) for _, shown in some])).all()
