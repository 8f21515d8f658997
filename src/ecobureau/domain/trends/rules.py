"""The conventions of the analyses as values, taken from the rule pack `trends`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ecobureau.domain.rules import Entry, RulePack

KEYS = (
    "wind.edges",
    "wind.sectors",
    "rose.need",
    "rose.high_share",
    "cycle.need",
    "box.need",
    "trend.confidence",
    "trend.need",
    "month.share",
    "mass.share",
    "day.share",
    "compare.need",
)


@dataclass(frozen=True, slots=True)
class TrendRules:
    """What the analyses go by.

    Attributes:
        edges: lower edges of the classes of wind speed, m/s; below the first it is calm. sectors: wind directions.
        rose_need: hours a sector or cell needs. high_share: quantile from which on a value is high.
        cycle_need, box_need: values that a class or box needs. confidence: of tests and intervals.
        need_days, need_months: values that a trend needs. month_share: valid days of a month, day_share: valid hours of
            a day of noise, mass_share: known hours of a day's mass, each as a share. compare_need: valid days of a side
            of a comparison.
        entries: the pack's entries by key: source, clause, flag.
    """

    edges: tuple[float, ...]
    sectors: int
    rose_need: int
    high_share: float
    cycle_need: int
    box_need: int
    confidence: float
    need_days: int
    need_months: int
    month_share: float
    mass_share: float
    day_share: float
    compare_need: int
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> TrendRules:
        """Return the conventions in force on a day.

        Raises:
            NoRule: there are none. TypeError: a value is not of its kind.
        """
        entries = {key: pack.at(key, on) for key in KEYS}
        need = entries["trend.need"].value
        edges = entries["wind.edges"].value
        if not isinstance(need, Mapping) or not isinstance(edges, list):
            raise TypeError("trend.need must be a table and wind.edges a list")

        def number(key: str) -> float:
            value = entries[key].value
            if not isinstance(value, int | float):
                raise TypeError(f"{key} must be a number")
            return float(value)

        return cls(
            edges=tuple(float(edge) for edge in edges),
            sectors=int(number("wind.sectors")),
            rose_need=int(number("rose.need")),
            high_share=number("rose.high_share"),
            cycle_need=int(number("cycle.need")),
            box_need=int(number("box.need")),
            confidence=number("trend.confidence"),
            need_days=int(need["days"]),
            need_months=int(need["months"]),
            month_share=number("month.share"),
            mass_share=number("mass.share"),
            day_share=number("day.share"),
            compare_need=int(number("compare.need")),
            entries=entries,
        )
