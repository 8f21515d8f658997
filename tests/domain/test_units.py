"""Units: spellings of one unit, exact steps within a kind, none between kinds."""

from decimal import Decimal

import pytest

from ecobureau.domain.credit_code import check_letter, well_formed
from ecobureau.domain.units import factor, spelled


@pytest.mark.parametrize(
    ("one", "other", "step"),
    [
        ("mg/L", "mg/l", "1"),
        ("ug/L", "μg/L", "1"),
        ("mg/L", "ug/L", "1000"),
        ("ng/m3", "mg/m3", "0.000001"),
        ("m3/s", "L/s", "1000"),
        ("", "无量纲", "1"),
        ("furlong", "furlong", "1"),
    ],
)
def test_steps(one, other, step):
    assert factor(one, other) == Decimal(step)


@pytest.mark.parametrize(("one", "other"), [("mg/L", "mg/m3"), ("mg/L", "1"), ("degC", "kPa"), ("furlong", "m3")])
def test_units_of_other_kinds_are_not_compared(one, other):
    assert factor(one, other) is None


def test_one_spelling():
    assert spelled(" MG/NM3 ") == "mg/m³"
    assert spelled("furlong") == "furlong"


def test_a_public_credit_code_checks():
    """Alibaba (China) Network Technology's code stands in many public documents."""
    assert check_letter("91330100799655058") == "B"
    assert well_formed("91330100799655058B")
    assert not well_formed("91330100799655O58B")
    with pytest.raises(ValueError, match="17"):
        check_letter("123")
