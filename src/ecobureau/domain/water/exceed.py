"""How far a value stands over the limit, and which pollutants are named first (环办〔2011〕22号)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.rounding import fraction_of, half_even, plain
from ecobureau.domain.water.classes import is_value, item_class
from ecobureau.domain.water.rules import Body, WaterClass, WaterRules


@dataclass(frozen=True, slots=True)
class Exceedance:
    """One item over the limit of the class wanted.

    Attributes:
        item: code; `water_class`: the item's own class.
        multiple: (C - S) / S, rounded to one decimal; None for pH and dissolved oxygen, which have none.
        value, limit: in mg/L.
    """

    item: str
    water_class: WaterClass
    multiple: Decimal | None
    value: float
    limit: float


def multiple(value: float, limit: float, decimals: int = 1) -> Decimal:
    """Return (C - S) / S by GB/T 8170, reckoned exactly; below zero where the limit is kept.

    Args:
        value, limit: in one unit; a float stands for its shortest decimal text.

    >>> multiple(1.25, 1.0), multiple(0.23, 0.2)
    (Decimal('0.2'), Decimal('0.2'))
    """
    bound = fraction_of(limit)
    return half_even((fraction_of(value) - bound) / bound, decimals)


def exceedances(
    values: Mapping[str, float | None],
    rules: WaterRules,
    *,
    body: Body = "river",
    items: Sequence[str] | None = None,
    wanted: WaterClass | None = None,
) -> tuple[Exceedance, ...]:
    """Return the items worse than the class wanted, in the order of the standard.

    Args:
        values: item → value in mg/L, None where missing.
        items: items that are looked at; default the 21 of the monthly assessment.
        wanted: class whose limits must be kept; default class III.
    """
    target = rules.exceed_class if wanted is None else wanted
    found = []
    for item in rules.monthly_items if items is None else items:
        value = values.get(item)
        if value is None or not is_value(value):
            continue
        own = item_class(item, value, rules, body)
        if own <= target:
            continue
        limits = rules.limits(item, body)
        bound = limits.values[target - 1] if limits.sense != "range" else limits.values[int(value > limits.values[0])]
        times = None if item in rules.no_multiple else multiple(value, bound, rules.multiple_decimals)
        found.append(Exceedance(item, own, times, value, bound))
    return tuple(found)


def main_pollutants(over: Sequence[Exceedance], rules: WaterRules) -> tuple[Exceedance, ...]:
    """Return the pollutants to name: by class, then by multiple, the first three.

    Cyanide and heavy metals over the limit always come first and are all named.
    """
    ordered = sorted(over, key=lambda one: (-one.water_class, -(one.multiple or Decimal(0))))
    first = [one for one in ordered if one.item in rules.main_first]
    rest = [one for one in ordered if one.item not in rules.main_first]
    return tuple(first + rest[: max(0, rules.main_count - len(first))])


def explain_exceedance(one: Exceedance, rules: WaterRules, body: Body = "river") -> Derivation:
    """Return how the multiple of one exceedance came about."""
    limits = rules.limits(one.item, body)
    unit = "" if limits.unit == "1" else limits.unit
    name = Code(f"water.item.{one.item}")
    params: dict[str, object] = {"item": name, "value": plain(one.value), "limit": plain(one.limit), "unit": unit}
    entry = rules.entries["assess.no_multiple_items" if one.multiple is None else "assess.multiple_decimals"]
    code = "water.step.over" if one.multiple is None else "water.step.multiple"
    shown = None if one.multiple is None else str(one.multiple)
    if shown is not None:
        params["multiple"] = shown
    return Derivation((Step(entry.source, entry.clause, code, params, shown),), (Input(name, plain(one.value), unit),))
