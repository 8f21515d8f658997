"""The rules of the air index as values, taken from the rule pack `air` for one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any, cast

from ecobureau.domain.rounding import fraction_of
from ecobureau.domain.rules import Entry, RulePack

ITEMS = ("so2", "no2", "pm10", "pm2_5", "co", "o3")
"""The six items of the index. Ties for the primary pollutant are listed in this order, as the published tables do."""

COLUMNS = (
    "so2_24h",
    "so2_1h",
    "no2_24h",
    "no2_1h",
    "pm10_24h",
    "co_24h",
    "co_1h",
    "o3_1h",
    "o3_8h",
    "pm2_5_24h",
)
"""The columns of breakpoints: item and averaging time."""


class Kind(StrEnum):
    """Which report: of an hour, or of a natural day."""

    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Beyond:
    """What counts above the last breakpoint: an index (0 = none), or another column's index in its place."""

    index: int
    instead: str


@dataclass(frozen=True, slots=True)
class Category:
    """A class of the index.

    Attributes:
        level: 1 to 6; `top`: highest index in it.
        rgb: its colour.
        word, effect, advice: message codes of its name, what it does to health, and what to do.
    """

    level: int
    top: int
    rgb: tuple[int, int, int]
    word: str
    effect: str
    advice: str


@dataclass(frozen=True, slots=True)
class Missing:
    """When an index is published although items are missing.

    Attributes:
        rule: `one_of`: one of `items` must be there; `above`: only an index above `publish_above` is published.
    """

    rule: str
    items: tuple[str, ...]
    publish_above: int


@dataclass(frozen=True)
class AirRules:
    """The index rules in force on one day.

    Attributes:
        edition: `2012` or `2026`; `source`: the standard's number.
        levels: index at each breakpoint; `breakpoints`: concentrations by column (ug/m3, CO mg/m3).
        beyond: what counts above the last breakpoint, by column.
        columns: column of each item by kind of report.
        input_digits: decimals to which an item's concentration is rounded first; an item not in it is taken as it is.
        range: lowest and highest index; `primary_above`: index above which there is a primary pollutant;
            `exceeding_above`: sub-index above which an item exceeds, None where the edition has no such thing.
        missing: when an index is published although items are missing.
        zero_is_missing: items of which a daily mean of 0 in an archive says that there is none or that it was left out.
        entries: the pack's entries behind the values, by key: source, clause, flag, dates.
    """

    edition: str
    source: str
    levels: tuple[int, ...]
    breakpoints: Mapping[str, tuple[Fraction, ...]]
    beyond: Mapping[str, Beyond]
    columns: Mapping[Kind, Mapping[str, str]]
    input_digits: Mapping[str, int]
    range: tuple[int, int]
    primary_above: int
    exceeding_above: int | None
    missing: Missing
    zero_is_missing: tuple[str, ...]
    categories: tuple[Category, ...]
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> AirRules:
        """Return the rules in force on the day `on` (Asia/Shanghai).

        Args:
            pack: the rule pack `air`.
            on: day of the record.

        Raises:
            NoRule: no edition is in force on that day.
        """
        entries = {"aqi.edition": pack.at("aqi.edition", on)}
        for key in pack.keys("aqi."):
            entry = _maybe(pack, key, on)
            if entry is not None:
                entries[key] = entry

        def value(key: str) -> Any:
            return (entries[key] if key in entries else pack.at(key, on)).value

        other = value("aqi.beyond.other")
        missing = value("aqi.missing")
        over = value("aqi.exceeding_above") if "aqi.exceeding_above" in entries else None
        low, high = value("aqi.range")
        return cls(
            edition=str(value("aqi.edition")),
            source=str(value("aqi.source")),
            levels=tuple(value("aqi.levels")),
            breakpoints={name: _fractions(value(f"aqi.breakpoints.{name}")) for name in COLUMNS},
            beyond={
                name: Beyond(**(value(f"aqi.beyond.{name}") if f"aqi.beyond.{name}" in entries else other))
                for name in COLUMNS
            },
            columns={kind: cast("dict[str, str]", dict(value(f"aqi.columns.{kind}"))) for kind in Kind},
            input_digits=dict(value("aqi.input_digits")),
            range=(low, high),
            primary_above=value("aqi.primary_above"),
            exceeding_above=over,
            missing=Missing(missing["rule"], tuple(missing["items"]), missing["publish_above"]),
            zero_is_missing=tuple(value("aqi.zero_is_missing")),
            categories=tuple(
                _category(level, value(f"aqi.category.{level}"), value(f"aqi.health.{level}")) for level in range(1, 7)
            ),
            entries=entries,
        )

    @classmethod
    def of_edition(cls, pack: RulePack, edition: str) -> AirRules:
        """Return the rules of an edition, whatever the day.

        Raises:
            KeyError: there is no such edition.
        """
        return cls.from_pack(pack, first_day(pack, edition))

    def clause(self, key: str) -> str:
        """Return the clause of one of the entries behind these rules, empty when it has none."""
        return self.entries[key].clause if key in self.entries else ""


def editions(pack: RulePack) -> dict[str, date]:
    """Return the editions of the index and the first day of each."""
    newest = pack.at("aqi.editions", date.max)
    return dict(cast("Mapping[str, date]", newest.value))


def first_day(pack: RulePack, edition: str) -> date:
    """Return the first day of an edition.

    Raises:
        KeyError: there is no such edition.
    """
    return editions(pack)[edition]


def _maybe(pack: RulePack, key: str, on: date) -> Entry | None:
    try:
        return pack.at(key, on)
    except KeyError:
        return None


def _fractions(values: list[Any]) -> tuple[Fraction, ...]:
    return tuple(fraction_of(value) for value in values)


def _category(level: int, said: dict[str, Any], health: dict[str, str]) -> Category:
    red, green, blue = said["rgb"]
    return Category(level, said["top"], (red, green, blue), said["word"], health["effect"], health["advice"])
