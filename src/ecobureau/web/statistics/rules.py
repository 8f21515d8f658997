"""The rules in force on a day, one object for all days that share every entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from ecobureau.domain.air import AirRules, AirStatistics, CompositeRule
from ecobureau.domain.emission import EmissionRules
from ecobureau.domain.noise import NoiseRules
from ecobureau.domain.rules import Entry, NoRule
from ecobureau.domain.water import AutoRules, IndexRules, SectionRules, TrophicRules, WaterRules
from ecobureau.rulepacks import load

_same: dict[tuple[Any, ...], Any] = {}


@lru_cache(maxsize=20_000)
def statistics_on(day: date) -> AirStatistics | None:
    """Return limits and statistical rules in force on a day; None before the first."""
    try:
        rules = AirStatistics.from_pack(load("air"), day)
    except NoRule:
        return None
    found: AirStatistics = _same.setdefault(("statistics", *_key(rules.entries)), rules)
    return found


@lru_cache(maxsize=20_000)
def index_on(day: date) -> AirRules | None:
    """Return the index rules in force on a day; None before the first."""
    try:
        rules = AirRules.from_pack(load("air"), day)
    except NoRule:
        return None
    found: AirRules = _same.setdefault(("index", *_key(rules.entries)), rules)
    return found


@lru_cache(maxsize=2_000)
def composite_on(day: date) -> CompositeRule | None:
    """Return the rule of the composite index that rankings use on a day; None before the first."""
    try:
        return CompositeRule.from_pack(load("air"), day)
    except NoRule:
        return None


@dataclass(frozen=True, slots=True)
class WaterInForce:
    """All that the statistics of surface water need of the rule pack on one day."""

    classes: WaterRules
    sections: SectionRules
    index: IndexRules
    trophic: TrophicRules
    auto: AutoRules


@lru_cache(maxsize=20_000)
def water_on(day: date) -> WaterInForce | None:
    """Return the rules of surface water in force on a day; None before the first."""
    pack = load("water")
    try:
        rules = WaterRules.from_pack(pack, day)
        found = WaterInForce(
            rules,
            SectionRules.from_pack(pack, day),
            IndexRules.from_pack(pack, day),
            TrophicRules.from_pack(pack, day),
            AutoRules.from_pack(pack, day),
        )
    except NoRule:
        return None
    same: WaterInForce = _same.setdefault(("water", *_key({**rules.entries, **found.auto.entries})), found)
    return same


@lru_cache(maxsize=20_000)
def noise_on(day: date) -> NoiseRules | None:
    """Return the rules of the sound environment in force on a day; None before the first.

    Raises:
        BadHours: hours of day and night that a city has set are wrong.
    """
    try:
        rules = NoiseRules.from_pack(load("noise"), day)
    except NoRule:
        return None
    found: NoiseRules = _same.setdefault(("noise", *_key(rules.entries)), rules)
    return found


@lru_cache(maxsize=2_000)
def emission_on(day: date) -> EmissionRules | None:
    """Return the rules of emission monitoring in force on a day; None before the first."""
    try:
        return EmissionRules.from_pack(load("emission"), day)
    except NoRule:
        return None


def forget() -> None:
    """Forget what was read, after the city's own rules changed."""
    for function in (statistics_on, index_on, composite_on, water_on, noise_on, emission_on):
        function.cache_clear()
    _same.clear()


def _key(entries: Mapping[str, Entry]) -> tuple[Any, ...]:
    return tuple((key, entry.valid_from, entry.national is not None) for key, entry in sorted(entries.items()))
