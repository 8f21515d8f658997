"""What the pack `water` says on a day, in the form the functions of this room take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Literal

from ecobureau.domain.pack_reader import PackReader, numbers_of
from ecobureau.domain.rules import Entry, RulePack
from ecobureau.domain.water.items import TABLE_1, TABLE_2

Body = Literal["river", "lake"]


class WaterClass(IntEnum):
    """Classes of GB 3838-2002 from best to worst."""

    I = 1  # noqa: E741 -- the standard's own name
    II = 2
    III = 3
    IV = 4
    V = 5
    WORSE = 6

    @property
    def roman(self) -> str:
        """How official tables write the class.

        >>> WaterClass.III.roman, WaterClass.WORSE.roman
        ('Ⅲ', '劣Ⅴ')
        """
        return ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")[self - 1]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one item.

    Attributes:
        item: code of the item.
        sense: `max` not above, `min` not below, `range` within two bounds that hold for all classes.
        values: limits of classes I … V, or the two bounds, in `unit`.
        entry: where they stand written.
    """

    item: str
    sense: Literal["max", "min", "range"]
    values: tuple[float, ...]
    entry: Entry

    @property
    def unit(self) -> str:
        return self.entry.unit


@dataclass(frozen=True, slots=True)
class WaterRules:
    """The rules of assessment of one day.

    Attributes:
        version: of the pack.
        river, lake: limits of table 1 by item (temperature has none); they differ in total phosphorus.
        saturation: share of oxygen saturation that makes class I, in percent.
        source_items: limits of table 2, one value each.
        monthly_items: items of the official monthly class; auto_items: of an automatic station; apart_items: judged
            apart, never part of the class.
        auto_required: items without which an automatic station's class is not published.
        non_detect_share: share of the detection limit that stands for a value below it.
        exceed_class: class whose limits multiples refer to; multiple_decimals: digits of a multiple.
        no_multiple: items without a multiple; main_first: items named first; main_count: how many are named.
        share_decimals: digits of a percentage.
        entries: the entries themselves by key, for derivations.
    """

    version: str
    river: Mapping[str, Limits]
    lake: Mapping[str, Limits]
    saturation: float
    source_items: Mapping[str, Limits]
    monthly_items: tuple[str, ...]
    auto_items: tuple[str, ...]
    apart_items: tuple[str, ...]
    auto_required: tuple[str, ...]
    non_detect_share: float
    exceed_class: WaterClass
    multiple_decimals: int
    no_multiple: frozenset[str]
    main_first: tuple[str, ...]
    main_count: int
    share_decimals: int
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> WaterRules:
        """Read the rules in force on the day `on` (Asia/Shanghai).

        Raises:
            NoRule: an entry is missing on that day.
        """
        at = PackReader(pack, on)
        river = {item: _limits(item, at.entry(f"gb3838.table1.{item}")) for item in TABLE_1 if item != "temp"}
        lake = river | {"tp": _limits("tp", at.entry("gb3838.table1.tp_lake"))}
        return cls(
            version=pack.version,
            river=river,
            lake=lake,
            saturation=at.number("gb3838.table1.do_saturation"),
            source_items={item: _limits(item, at.entry(f"gb3838.table2.{item}")) for item in TABLE_2},
            monthly_items=at.texts("assess.monthly_items"),
            auto_items=at.texts("assess.auto_items"),
            apart_items=at.texts("assess.apart_items"),
            auto_required=at.texts("assess.auto_required"),
            non_detect_share=at.number("assess.non_detect_share"),
            exceed_class=WaterClass(int(at.number("assess.exceed_class"))),
            multiple_decimals=int(at.number("assess.multiple_decimals")),
            no_multiple=frozenset(at.texts("assess.no_multiple_items")),
            main_first=at.texts("assess.main_first"),
            main_count=int(at.number("assess.main_count")),
            share_decimals=int(at.number("assess.share_decimals")),
            entries=at.seen,
        )

    def limits(self, item: str, body: Body = "river") -> Limits:
        """Return the limits of an item of table 1.

        Raises:
            KeyError: no such item, or one without limits (temperature).
        """
        return (self.lake if body == "lake" else self.river)[item]


def _limits(item: str, entry: Entry) -> Limits:
    values = numbers_of(entry)
    if item == "ph":
        return Limits(item, "range", values, entry)
    return Limits(item, "min" if item == "do" else "max", values, entry)
