"""Trophic state of lakes and reservoirs: TLI(Σ) (环办〔2011〕22号)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rounding import plain
from ecobureau.domain.rules import RulePack

Floats = NDArray[np.float64]
ITEMS = ("chla", "tp", "tn", "sd", "codmn")
"""Chlorophyll a in mg/m3 (a file in mg/L is multiplied by 1000 first), transparency SD in m, the others in mg/L."""


@dataclass(frozen=True, slots=True)
class TrophicRules:
    """Coefficients a, b and weight of each item; `bounds` between the grades.

    A bound belongs to the lower of its two grades, but the first (30) to the higher.
    """

    version: str
    a: Mapping[str, float]
    b: Mapping[str, float]
    weight: Mapping[str, float]
    bounds: tuple[float, ...]
    grades: tuple[str, ...]
    source: str
    clause: str

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> TrophicRules:
        """Read the rules in force on the day `on` (Asia/Shanghai); W_j = r_j² / Σ r²."""
        at = PackReader(pack, on)
        tables = {item: at.table(f"tli.{item}") for item in ITEMS}
        whole = math.fsum(table["r"] ** 2 for table in tables.values())
        entry = at.entry("tli.bounds")
        return cls(
            pack.version,
            {item: table["a"] for item, table in tables.items()},
            {item: table["b"] for item, table in tables.items()},
            {item: table["r"] ** 2 / whole for item, table in tables.items()},
            at.numbers("tli.bounds"),
            at.texts("tli.grades"),
            entry.source,
            entry.clause,
        )


def tli_item(item: str, value: float, rules: TrophicRules) -> float:
    """Return TLI of one item: 10 (a + b ln x).

    Raises:
        ValueError: the value is not above zero.
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{item}: {value!r} is not above zero")
    return 10.0 * (rules.a[item] + rules.b[item] * float(np.log(value)))


def tli(values: Mapping[str, float | None], rules: TrophicRules) -> float | None:
    """Return TLI(Σ); None unless all five items have a value above zero.

    Args:
        values: by `ITEMS`, in the units given there.
    """
    total = 0.0
    for item in ITEMS:
        value = values.get(item)
        if value is None or not (math.isfinite(value) and value > 0):
            return None
        total += rules.weight[item] * tli_item(item, value, rules)
    return total


def tli_array(values: Mapping[str, Floats], rules: TrophicRules) -> Floats:
    """Return TLI(Σ) of many lakes, NaN where an item is missing; the same numbers as `tli`.

    Args:
        values: item → shape (n,), all five.
    """
    first = np.asarray(values[ITEMS[0]], dtype=float)
    total = np.zeros(first.shape)
    for item in ITEMS:
        given = np.asarray(values[item], dtype=float)
        usable = np.where(np.isfinite(given) & (given > 0), given, np.nan)
        total = total + rules.weight[item] * (10.0 * (rules.a[item] + rules.b[item] * np.log(usable)))
    return total


def trophic_grade(value: float, rules: TrophicRules) -> str:
    """Return oligotrophic | mesotrophic | light | moderate | heavy; the upper bound belongs to the lower grade.

    Below 30 oligotrophic, 30 to 50 mesotrophic, up to 60 light, up to 70 moderate, above heavy eutrophication.
    """
    if value < rules.bounds[0]:
        return rules.grades[0]
    return rules.grades[1 + sum(value > bound for bound in rules.bounds[1:])]


def explain_tli(values: Mapping[str, float | None], rules: TrophicRules) -> Derivation:
    """Return how TLI(Σ) and its grade came about."""
    inputs, steps = [], []
    for item in ITEMS:
        value = values.get(item)
        usable = value is not None and math.isfinite(value) and value > 0
        shown = "" if value is None or not math.isfinite(value) else plain(value)
        inputs.append(Input(f"water.item.{item}", shown, "", usable, "" if usable else "water.input.missing"))
        if usable and value is not None:
            part = plain(tli_item(item, value, rules), 4)
            params: dict[str, object] = {
                "item": Code(f"water.item.{item}"),
                "value": shown,
                "a": plain(rules.a[item]),
                "b": plain(rules.b[item]),
                "tli": part,
                "weight": plain(rules.weight[item], 4),
            }
            steps.append(Step(rules.source, rules.clause, "water.step.tli", params, part))
    found = tli(values, rules)
    if found is None:
        steps.append(Step(rules.source, rules.clause, "water.none.tli", {}, None))
    else:
        grade = trophic_grade(found, rules)
        code = Code(f"water.trophic.{grade}")
        shown = plain(found, 1)
        steps.append(Step(rules.source, rules.clause, "water.step.tli_sum", {"tli": shown, "grade": code}, shown))
    return Derivation(tuple(steps), tuple(inputs))
