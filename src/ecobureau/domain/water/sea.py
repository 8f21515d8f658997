"""Sea water: inorganic nitrogen (GB 3097-1997)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ecobureau.domain.explain import Derivation, Input, Step
from ecobureau.domain.rounding import fraction_of, plain
from ecobureau.domain.rules import Entry, RulePack
from ecobureau.domain.water.classes import is_value


def inorganic_nitrogen(nitrate_n: float, nitrite_n: float, ammonia_n: float) -> float:
    """Return the inorganic nitrogen: the sum of nitrate, nitrite and ammonia, all as N in mg/L, reckoned exactly.

    Raises:
        ValueError: one is missing or below zero; two of three are no sum.

    >>> inorganic_nitrogen(0.15, 0.02, 0.03)
    0.2
    """
    parts = (nitrate_n, nitrite_n, ammonia_n)
    if not all(is_value(one) for one in parts):
        raise ValueError(f"three concentrations are needed: {parts!r}")
    return float(sum((fraction_of(one) for one in parts), Fraction(0)))


def sea_limits(pack: RulePack, on: date) -> Entry:
    """Return the entry of the four limits of inorganic nitrogen in force on the day `on`."""
    return pack.at("gb3097.inorganic_nitrogen", on)


def sea_class(value: float, limits: Entry) -> int:
    """Return the class by inorganic nitrogen: 1 … 4, 5 = worse than class 4. A value at a limit is in the better class.

    Raises:
        ValueError: no concentration; TypeError: the entry holds no list.
    """
    if not is_value(value):
        raise ValueError(f"no concentration: {value!r}")
    if not isinstance(limits.value, list):
        raise TypeError(limits.key)
    return 1 + sum(value > float(bound) for bound in limits.value)


def explain_sea(nitrate_n: float, nitrite_n: float, ammonia_n: float, limits: Entry) -> Derivation:
    """Return how the class by inorganic nitrogen came about."""
    value = inorganic_nitrogen(nitrate_n, nitrite_n, ammonia_n)
    found = sea_class(value, limits)
    inputs = tuple(
        Input(name, plain(one), "mg/L")
        for name, one in (
            ("water.item.nitrate_n", nitrate_n),
            ("water.item.nitrite_n", nitrite_n),
            ("water.item.nh3n", ammonia_n),
        )
    )
    steps = (
        Step(limits.source, limits.clause, "water.step.sea_sum", {"value": plain(value)}, plain(value)),
        Step(limits.source, limits.clause, "water.step.sea_class", {"value": plain(value), "class": found}, found),
    )
    return Derivation(steps, inputs)
