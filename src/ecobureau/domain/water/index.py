"""Water quality index of a city (CWQI, 环办监测〔2017〕51号) and of small waters (creek index). Smaller is better.

The creek index has no national formula: by default it is the CWQI sum over a few items against class V, an entry of
the pack marked as a proposal, which a city sets by its own overlay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rounding import fraction_of, plain
from ecobureau.domain.rules import Entry, RulePack
from ecobureau.domain.water.classes import assess, is_value
from ecobureau.domain.water.means import mean
from ecobureau.domain.water.rules import Body, WaterClass, WaterRules


class NoIndex(ValueError):
    """An index cannot be reckoned; the argument is the item."""


@dataclass(frozen=True, slots=True)
class IndexRules:
    """What an index is made of: its items, the class it is measured by, and the three numbers of pH."""

    version: str
    items: tuple[str, ...]
    standard: WaterClass
    neutral: float
    ph_low: float
    ph_high: float
    change_base: WaterClass
    entry: Entry

    @classmethod
    def from_pack(cls, pack: RulePack, on: date, kind: Literal["cwqi", "creek"] = "cwqi") -> IndexRules:
        """Read the rules of the CWQI or of the creek index in force on the day `on` (Asia/Shanghai)."""
        at = PackReader(pack, on)
        ph = at.table("cwqi.ph")
        return cls(
            pack.version,
            at.texts(f"{kind}.items"),
            WaterClass(int(at.number(f"{kind}.standard_class"))),
            ph["neutral"],
            ph["low"],
            ph["high"],
            WaterClass(int(at.number("cwqi.change_base_class"))),
            at.entry(f"{kind}.items"),
        )


def single_index(item: str, value: float, rules: WaterRules, index: IndexRules, body: Body = "river") -> Fraction:
    """Return the index of one item, exact: C/S; oxygen S/C; pH its distance from 7 over that of the bound.

    Raises:
        NoIndex: no concentration, or oxygen at zero.
    """
    if not is_value(value) or (item == "do" and value == 0):
        raise NoIndex(item)
    measured = fraction_of(value)
    if item == "ph":
        neutral = fraction_of(index.neutral)
        edge = fraction_of(index.ph_low if measured <= neutral else index.ph_high)
        return (measured - neutral) / (edge - neutral)
    bound = fraction_of(rules.limits(item, body).values[index.standard - 1])
    return bound / measured if item == "do" else measured / bound


@dataclass(frozen=True, slots=True)
class Index:
    """An index: exact sum, its parts by item, and the items that had no value and are not in the sum."""

    value: Fraction
    parts: Mapping[str, Fraction]
    missing: tuple[str, ...]


def water_index(
    values: Mapping[str, float | None], rules: WaterRules, index: IndexRules, body: Body = "river"
) -> Index | None:
    """Return the index of one set of (mean) values; None when no item has a value.

    Raises:
        NoIndex: oxygen at zero.
    """
    parts = {
        item: single_index(item, float(values[item] or 0.0), rules, index, body)
        for item in index.items
        if is_value(values.get(item))
    }
    missing = tuple(item for item in index.items if item not in parts)
    return Index(sum(parts.values(), Fraction(0)), parts, missing) if parts else None


@dataclass(frozen=True, slots=True)
class CityIndex:
    """The CWQI of a city with its two halves; None where there is no such water."""

    value: Fraction
    river: Index | None
    lake: Index | None
    rivers: int
    lakes: int


def city_index(
    rivers: Sequence[Mapping[str, float | None]],
    lakes: Sequence[Mapping[str, float | None]],
    rules: WaterRules,
    index: IndexRules,
) -> CityIndex | None:
    """Return the CWQI of a city: means of its river sections and of its lake sections, weighted by their numbers.

    Args:
        rivers, lakes: item → value in mg/L, one mapping a section.

    Source: 环办监测〔2017〕51号; None when no section has data.
    """
    river = water_index(_means(rivers), rules, index, "river") if rivers else None
    lake = water_index(_means(lakes), rules, index, "lake") if lakes else None
    weights = [(one, count) for one, count in ((river, len(rivers)), (lake, len(lakes))) if one is not None]
    if not weights:
        return None
    whole = sum(count for _, count in weights)
    value = sum((one.value * count for one, count in weights), Fraction(0)) / whole
    return CityIndex(value, river, lake, len(rivers), len(lakes))


def _means(sections: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    codes = {item: None for one in sections for item in one}
    return {item: mean(one.get(item) for one in sections) for item in codes}


def index_change(now: Fraction, base: Fraction) -> Fraction:
    """Return the change of an index in percent, exact; below zero is better.

    Raises:
        ZeroDivisionError: the base is zero.
    """
    return (now - base) / base * 100


def enters_change_ranking(
    sections: Sequence[Mapping[str, float | None]], rules: WaterRules, index: IndexRules, body: Body = "river"
) -> bool:
    """Whether a city takes part in the ranking of changes: not when all its sections are class II or better."""
    classes = [assess(one, rules, body=body, items=index.items).water_class for one in sections]
    return any(one is None or one > index.change_base for one in classes)


def explain_index(
    values: Mapping[str, float | None], rules: WaterRules, index: IndexRules, body: Body = "river"
) -> Derivation:
    """Return how an index came about, item by item."""
    found = water_index(values, rules, index, body)
    inputs = tuple(
        Input(f"water.item.{item}", plain(float(values[item] or 0.0)), rules.limits(item, body).unit)
        if found is not None and item in found.parts
        else Input(f"water.item.{item}", "", rules.limits(item, body).unit, False, "water.input.missing")
        for item in index.items
    )
    source, clause = index.entry.source, index.entry.clause
    if found is None:
        return Derivation((Step(source, clause, "water.none.no_item"),), inputs)
    steps = [
        Step(
            source,
            clause,
            "water.step.index_ph" if item == "ph" else "water.step.index_do" if item == "do" else "water.step.index",
            {
                "item": Code(f"water.item.{item}"),
                "value": plain(float(values[item] or 0.0)),
                "limit": "" if item == "ph" else plain(rules.limits(item, body).values[index.standard - 1]),
                "index": plain(part),
            },
            plain(part),
        )
        for item, part in found.parts.items()
    ]
    total = plain(found.value)
    steps.append(Step(source, clause, "water.step.index_sum", {"count": len(found.parts), "index": total}, total))
    return Derivation(tuple(steps), inputs)
