"""Black-odour waters (城市黑臭水体整治工作指南 2015; rural waters by their own three limits).

A value that equals a limit is on the clean side of it. Nothing but the four measured items is looked at here: whether a
water is a candidate at all is found by walking it and asking people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from fractions import Fraction

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rounding import fraction_of, plain
from ecobureau.domain.rules import Entry, RulePack

URBAN = ("transparency", "do", "orp", "nh3n")
RURAL = ("transparency", "do", "nh3n")


class Blackness(IntEnum):
    """Grades of a black-odour water."""

    NONE = 0
    LIGHT = 1
    HEAVY = 2


@dataclass(frozen=True, slots=True)
class BlackLimit:
    """Bounds of one item: transparency in cm, oxygen and ammonia nitrogen in mg/L, redox potential in mV."""

    light: float
    heavy: float | None
    low_is_bad: bool
    entry: Entry


@dataclass(frozen=True, slots=True)
class BlackRules:
    """The limits of city and country, what a shallow water changes, and the shares that make a point heavy."""

    version: str
    urban: Mapping[str, BlackLimit]
    rural: Mapping[str, BlackLimit]
    shallow_cm: float
    shallow_share: float
    one_share: float
    two_share: float

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> BlackRules:
        """Read the rules in force on the day `on` (Asia/Shanghai)."""
        at = PackReader(pack, on)
        shallow = at.table("black.shallow")

        def limit(key: str) -> BlackLimit:
            table = at.table(key)
            return BlackLimit(table["light"], table.get("heavy"), bool(table["low_is_bad"]), at.entry(key))

        return cls(
            pack.version,
            {item: limit(f"black.{item}") for item in URBAN},
            {item: limit(f"black_rural.{item}") for item in RURAL},
            shallow["depth_cm"],
            shallow["share"],
            at.number("black.heavy_one_share"),
            at.number("black.heavy_two_share"),
        )


def item_blackness(item: str, value: float, rules: BlackRules, depth_cm: float | None = None) -> Blackness:
    """Return the grade of one measured item of a city water.

    Args:
        depth_cm: depth of the water; below 25 cm the limit of transparency is 40 % of the depth, and transparency
            alone then says no more than light.

    Raises:
        KeyError: no such item. ValueError: not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{item}: {value!r}")
    limit = rules.urban[item]
    if item == "transparency" and depth_cm is not None and depth_cm < rules.shallow_cm:
        return Blackness.LIGHT if value < depth_cm * rules.shallow_share else Blackness.NONE
    sign = 1.0 if limit.low_is_bad else -1.0
    if limit.heavy is not None and sign * value < sign * limit.heavy:
        return Blackness.HEAVY
    return Blackness.LIGHT if sign * value < sign * limit.light else Blackness.NONE


@dataclass(frozen=True, slots=True)
class PointVerdict:
    """The grade of a point: heavy shares by item (exact), items that reached light or heavy, and the grade."""

    grade: Blackness | None
    heavy_shares: Mapping[str, Fraction]
    reached: tuple[str, ...]


def point_blackness(samples: Sequence[Mapping[str, float | None]], rules: BlackRules) -> PointVerdict:
    """Return the grade of a point from its samples.

    Heavy: one item heavy in more than 60 % of its samples, or two items each in more than 30 %. Else light when any
    sample reached a limit; none otherwise. None without samples.

    Args:
        samples: item → value; `depth_cm` beside the items gives the depth of the water.
    """
    shares, reached = dict[str, Fraction](), list[str]()
    for item in URBAN:
        found = [
            item_blackness(item, float(one[item] or 0.0), rules, one.get("depth_cm"))
            for one in samples
            if one.get(item) is not None
        ]
        if found:
            shares[item] = Fraction(sum(one == Blackness.HEAVY for one in found), len(found))
            if any(found):
                reached.append(item)
    if not shares:
        return PointVerdict(None, shares, ())
    one, two = fraction_of(rules.one_share), fraction_of(rules.two_share)
    heavy = any(share > one for share in shares.values()) or sum(share > two for share in shares.values()) >= 2
    grade = Blackness.HEAVY if heavy else Blackness.LIGHT if reached else Blackness.NONE
    return PointVerdict(grade, shares, tuple(reached))


def rural_black(values: Mapping[str, float | None], rules: BlackRules) -> tuple[bool, tuple[str, ...]] | None:
    """Return whether a rural water is black and by which items; None when no item was measured."""
    known = {item: value for item in RURAL if (value := values.get(item)) is not None}
    if not known:
        return None
    bad = tuple(
        item
        for item, value in known.items()
        if (value < rules.rural[item].light if rules.rural[item].low_is_bad else value > rules.rural[item].light)
    )
    return bool(bad), bad


def explain_point(samples: Sequence[Mapping[str, float | None]], rules: BlackRules) -> Derivation:
    """Return how the grade of a point came about."""
    found = point_blackness(samples, rules)
    inputs = tuple(
        Input(f"water.item.{item}", plain(float(one[item] or 0.0)), rules.urban[item].entry.unit)
        for one in samples
        for item in URBAN
        if one.get(item) is not None
    )
    steps = [
        Step(
            rules.urban[item].entry.source,
            rules.urban[item].entry.clause,
            "water.step.black_share",
            {"item": Code(f"water.item.{item}"), "share": plain(share * 100, 1)},
            plain(share * 100, 1),
        )
        for item, share in found.heavy_shares.items()
    ]
    if found.grade is not None:
        code = Code(f"water.black.{found.grade.name.lower()}")
        steps.append(Step("black.heavy_one_share", "", "water.step.black", {"grade": code}, found.grade.name.lower()))
    return Derivation(tuple(steps), inputs)
