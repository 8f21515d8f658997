"""The class of a section by the single factor (GB 3838-2002 5.1; 环办〔2011〕22号): the worst item sets it.

Values are compared as they are, unrounded (GB/T 8170-2008 5, full-value comparison): a value that equals a limit
belongs to the better class. A value that cannot be (not finite, or below zero) is no value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.rounding import plain
from ecobureau.domain.water.rules import Body, Limits, WaterClass, WaterRules

Floats = NDArray[np.float64]
Classes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The class of one sample or mean.

    Attributes:
        water_class: None where there is none; `reason`: message code of why not, with `missing` items.
        by_item: class of every item that counted.
        deciding: items that set the class, in the order of the standard; empty in class I.
        missing: items that were wanted and had no value.
        apart: class of items that are judged apart and never move the class (total nitrogen, coliforms).
    """

    water_class: WaterClass | None
    by_item: Mapping[str, WaterClass]
    deciding: tuple[str, ...]
    missing: tuple[str, ...]
    apart: Mapping[str, WaterClass]
    reason: str = ""


def is_value(value: float | None) -> bool:
    """Whether a concentration (or pH) can count: finite and not below zero."""
    return value is not None and math.isfinite(value) and value >= 0.0


def item_class(
    item: str, value: float, rules: WaterRules, body: Body = "river", saturation: float | None = None
) -> WaterClass:
    """Return the class of one item.

    Args:
        item: code of an item of table 1 with limits.
        value: in mg/L (pH none, coliforms a litre), unrounded.
        body: `river` or `lake` (lakes and reservoirs have their own total phosphorus).
        saturation: measured saturation of oxygen in percent, if it is to count for class I; automatic publication
            does without.

    Raises:
        KeyError: no such item.
        ValueError: no finite value, or below zero.

    Source: GB 3838-2002 table 1.
    """
    if not is_value(value):
        raise ValueError(f"no concentration: {value!r}")
    limits = rules.limits(item, body)
    if limits.sense == "range":
        low, high = limits.values
        return WaterClass.I if low <= value <= high else WaterClass.WORSE
    if item == "do" and saturation is not None and saturation >= rules.saturation:
        return WaterClass.I
    over = sum(value < bound for bound in limits.values) if limits.sense == "min" else _above(value, limits)
    return WaterClass(1 + over)


def _above(value: float, limits: Limits) -> int:
    return sum(value > bound for bound in limits.values)


def assess(
    values: Mapping[str, float | None],
    rules: WaterRules,
    *,
    body: Body = "river",
    items: Sequence[str] | None = None,
    required: Iterable[str] = (),
    saturation: float | None = None,
) -> Assessment:
    """Return the class of one sample, or of means.

    Args:
        values: item code → value, None where missing; below zero counts as missing; unknown codes are ignored.
        items: items that may set the class; default: the 21 of the monthly assessment.
        required: items without which there is no class (automatic stations: `rules.auto_required`).

    Source: GB 3838-2002 5.1; 环办〔2011〕22号 s. 1.
    """
    wanted = rules.monthly_items if items is None else tuple(items)
    by_item = {
        item: item_class(item, float(values[item] or 0.0), rules, body, saturation)
        for item in wanted
        if is_value(values.get(item))
    }
    missing = tuple(item for item in wanted if item not in by_item)
    apart = {
        item: item_class(item, float(values[item] or 0.0), rules, body)
        for item in rules.apart_items
        if item in rules.river and is_value(values.get(item)) and not (item == "tn" and body == "river")
    }
    if not by_item:
        return Assessment(None, by_item, (), missing, apart, "water.none.no_item")
    if any(item not in by_item for item in required):
        return Assessment(None, by_item, (), missing, apart, "water.none.required")
    worst = max(by_item.values())
    deciding = tuple(item for item, one in by_item.items() if one == worst) if worst > WaterClass.I else ()
    return Assessment(worst, by_item, deciding, missing, apart)


def assess_auto(
    values: Mapping[str, float | None], rules: WaterRules, *, body: Body = "river", more: Sequence[str] = ()
) -> Assessment:
    """Return the class of one row of an automatic station by the rule of publication.

    No class without pH, oxygen, permanganate index or ammonia nitrogen; on these four when only total phosphorus is
    missing; total nitrogen never counts (confirmed on published data).

    Args:
        more: further items that the same table carries and that count where they have a value (COD, BOD5, metals).
    """
    extra = tuple(item for item in rules.monthly_items if item in more and item not in rules.auto_items)
    return assess(values, rules, body=body, items=(*rules.auto_items, *extra), required=rules.auto_required)


def explain_class(
    values: Mapping[str, float | None],
    rules: WaterRules,
    *,
    body: Body = "river",
    items: Sequence[str] | None = None,
    required: Iterable[str] = (),
    saturation: float | None = None,
) -> tuple[Assessment, Derivation]:
    """Return what `assess` returns, and how it came about."""
    found = assess(values, rules, body=body, items=items, required=required, saturation=saturation)
    wanted = rules.monthly_items if items is None else tuple(items)
    inputs = tuple(_input(item, values.get(item), rules, body) for item in wanted)
    steps = [
        _item_step(item, float(values[item] or 0.0), one, rules.limits(item, body))
        for item, one in found.by_item.items()
    ]
    if found.water_class is None:
        lacking = [Code(f"water.item.{item}") for item in wanted if item in required and item in found.missing]
        steps.append(Step("assess.auto_required", _clause(rules), found.reason, {"items": lacking}, None))
    else:
        deciding = [Code(f"water.item.{item}") for item in found.deciding]
        steps.append(
            Step(
                "GB 3838-2002",
                "5.1",
                "water.step.worst" if deciding else "water.step.best",
                {"class": found.water_class.roman, "items": deciding},
                found.water_class.roman,
            )
        )
    return found, Derivation(tuple(steps), inputs)


def _clause(rules: WaterRules) -> str:
    return rules.entries["assess.auto_required"].clause


def _input(item: str, value: float | None, rules: WaterRules, body: Body) -> Input:
    unit = rules.limits(item, body).unit
    name = f"water.item.{item}"
    if value is None:
        return Input(name, "", unit, False, "water.input.missing")
    if not is_value(value):
        text = plain(value) if math.isfinite(value) else ""
        return Input(name, text, unit, False, "water.input.negative" if text else "water.input.missing")
    return Input(name, plain(value), unit)


def _item_step(item: str, value: float, found: WaterClass, limits: Limits) -> Step:
    params: dict[str, object] = {
        "item": Code(f"water.item.{item}"),
        "value": plain(value),
        "unit": "" if limits.unit == "1" else limits.unit,
        "limits": " / ".join(plain(one) for one in limits.values),
        "class": found.roman,
    }
    return Step(limits.entry.source, limits.entry.clause, f"water.step.item_{limits.sense}", params, found.roman)


def item_class_array(item: str, values: Floats, rules: WaterRules, lake: NDArray[np.bool_] | bool = False) -> Classes:
    """Return the classes of many values of one item: 1 … 6, 0 where there is no value.

    Args:
        values: shape (n,), NaN = missing; below zero counts as missing.
        lake: which rows are lakes; shape (n,) or one for all.
    """
    usable = np.isfinite(values) & (values >= 0.0)
    river = _classes(values, rules.river[item])
    where = np.broadcast_to(np.asarray(lake, dtype=bool), values.shape)
    found = np.where(where, _classes(values, rules.lake[item]), river) if where.any() else river
    return np.where(usable, found, 0).astype(np.int8)


def _classes(values: Floats, limits: Limits) -> NDArray[np.int64]:
    if limits.sense == "range":
        low, high = limits.values
        return np.where((values >= low) & (values <= high), int(WaterClass.I), int(WaterClass.WORSE))
    bounds = np.array(limits.values)
    if limits.sense == "min":
        found: NDArray[np.int64] = 1 + len(bounds) - np.searchsorted(bounds[::-1], values, side="right")
    else:
        found = 1 + np.searchsorted(bounds, values, side="left")
    return found


@dataclass(frozen=True, slots=True)
class ClassTable:
    """Classes of many rows.

    Attributes:
        classes: shape (n,), 1 … 6, 0 = none.
        by_item: item → shape (n,), 1 … 6, 0 = no value.
    """

    classes: Classes
    by_item: Mapping[str, Classes]

    def deciding(self, at: int) -> tuple[str, ...]:
        """Return the items that set the class of row `at`; none in class I or without a class."""
        found = self.classes[at]
        if found <= WaterClass.I:
            return ()
        return tuple(item for item, classes in self.by_item.items() if classes[at] == found)


def assess_array(
    values: Mapping[str, Floats],
    rules: WaterRules,
    *,
    lake: NDArray[np.bool_] | bool = False,
    items: Sequence[str] | None = None,
    required: Iterable[str] = (),
) -> ClassTable:
    """Return the classes of many samples at once; the same numbers as `assess` row by row.

    Args:
        values: item → shape (n,), NaN = missing; an item without an array is missing in all rows.
        lake: which rows are lakes; shape (n,) or one for all.
    """
    wanted = rules.monthly_items if items is None else tuple(items)
    present = [item for item in wanted if item in values]
    if not present:
        raise ValueError("no item of the assessment has values")
    by_item = {item: item_class_array(item, np.asarray(values[item], dtype=float), rules, lake) for item in present}
    found = np.max(np.stack([*by_item.values()]), axis=0)
    for item in required:
        found = np.where(by_item[item] > 0, found, 0) if item in by_item else np.zeros_like(found)
    return ClassTable(found.astype(np.int8), by_item)


def assess_auto_array(
    values: Mapping[str, Floats],
    rules: WaterRules,
    *,
    lake: NDArray[np.bool_] | bool = False,
    more: Sequence[str] = (),
) -> ClassTable:
    """Return what `assess_auto` returns, for many rows."""
    extra = tuple(item for item in rules.monthly_items if item in more and item not in rules.auto_items)
    return assess_array(values, rules, lake=lake, items=(*rules.auto_items, *extra), required=rules.auto_required)
