"""Treated water of town sewage works: which grade of GB 18918-2002 a daily mean meets (1A, 1B, 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rounding import plain
from ecobureau.domain.rules import RulePack
from ecobureau.domain.water.classes import is_value

Grade = Literal["1A", "1B", "2"]
GRADES: tuple[Grade, ...] = ("1A", "1B", "2")
ITEMS = ("ph", "cod", "bod5", "ss", "tn", "nh3n", "tp")


@dataclass(frozen=True, slots=True)
class EffluentRules:
    """Limits of table 1 in mg/L by item and grade; `cold` at 12 degC or below, `old` for works built before 2006."""

    version: str
    limits: Mapping[str, Mapping[str, float]]
    cold: Mapping[str, float]
    old: Mapping[str, float]
    ph: tuple[float, ...]
    cold_temp: float
    old_before: int
    source: str

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> EffluentRules:
        """Read the rules in force on the day `on` (Asia/Shanghai)."""
        at = PackReader(pack, on)
        return cls(
            pack.version,
            {item: at.table(f"gb18918.{item}") for item in ITEMS if item != "ph"},
            at.table("gb18918.nh3n_cold"),
            at.table("gb18918.tp_old"),
            at.numbers("gb18918.ph"),
            at.number("gb18918.cold_temp"),
            int(at.number("gb18918.old_before")),
            at.entry("gb18918.cod").source,
        )

    def limit(self, item: str, grade: Grade, temp: float | None = None, built: int | None = None) -> float | None:
        """Return the limit of an item other than pH; None where the grade has none."""
        if item == "nh3n" and temp is not None and temp <= self.cold_temp:
            return self.cold.get(grade)
        if item == "tp" and built is not None and built < self.old_before:
            return self.old.get(grade)
        return self.limits[item].get(grade)


def effluent_grade(
    values: Mapping[str, float | None], rules: EffluentRules, *, temp: float | None = None, built: int | None = None
) -> tuple[Grade | None, Mapping[str, tuple[str, ...]]]:
    """Return the best grade that every measured item meets, and the items over each grade's limits.

    Args:
        values: daily means (24-h composite) in mg/L by `ITEMS`, None where not measured.
        temp: water temperature in degC; ammonia nitrogen has wider limits at 12 degC and below.
        built: year of building; phosphorus has wider limits before 2006.

    Returns:
        The grade, None when class 2 is not met or nothing was measured; grade → items over.
    """
    measured = {item: value for item in ITEMS if (value := values.get(item)) is not None and is_value(value)}
    over: dict[str, tuple[str, ...]] = {}
    for grade in GRADES:
        over[grade] = tuple(item for item, value in measured.items() if _over(item, value, grade, rules, temp, built))
    met = next((grade for grade in GRADES if not over[grade]), None) if measured else None
    return met, over


def _over(item: str, value: float, grade: Grade, rules: EffluentRules, temp: float | None, built: int | None) -> bool:
    if item == "ph":
        return not rules.ph[0] <= value <= rules.ph[1]
    limit = rules.limit(item, grade, temp, built)
    return limit is not None and value > limit


def explain_effluent(
    values: Mapping[str, float | None], rules: EffluentRules, *, temp: float | None = None, built: int | None = None
) -> Derivation:
    """Return how the grade of an effluent came about."""
    met, over = effluent_grade(values, rules, temp=temp, built=built)
    inputs = tuple(
        Input(f"water.item.{item}", plain(float(values[item] or 0.0)), "" if item == "ph" else "mg/L")
        for item in ITEMS
        if is_value(values.get(item))
    )
    steps = tuple(
        Step(
            rules.source,
            "4.1.3",
            "water.step.effluent_over" if over[grade] else "water.step.effluent_met",
            {"grade": grade, "items": [Code(f"water.item.{item}") for item in over[grade]]},
            not over[grade],
        )
        for grade in GRADES
    )
    return Derivation((*steps, Step(rules.source, "4.1.3", "water.step.effluent", {"grade": met or "-"}, met)), inputs)
