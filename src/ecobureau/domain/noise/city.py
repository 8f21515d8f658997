"""Statistics of a city (HJ 640-2012): area and road noise with grades, attainment of zones, shares of a zone map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from ecobureau.domain.explain import Derivation, Input, Step
from ecobureau.domain.noise.rules import DayPart, NoiseRules
from ecobureau.domain.rounding import fraction_of, half_even, plain


@dataclass(frozen=True, slots=True)
class CityLevel:
    """A city's mean level and its grade.

    Attributes:
        level: rounded to one decimal, dB(A); grade: 1 (best) … 5, by the rounded level.
    """

    level: Decimal
    grade: int


def area_level(levels: Sequence[float], part: DayPart, rules: NoiseRules) -> CityLevel | None:
    """Return the area noise of a city: the arithmetic mean of the grid points' Leq. None without points."""
    if not levels:
        return None
    mean = sum((fraction_of(level) for level in levels), Fraction(0)) / len(levels)
    return _graded(mean, rules.area_day, part, rules)


def road_level(roads: Sequence[tuple[float, float]], part: DayPart, rules: NoiseRules) -> CityLevel | None:
    """Return the road noise of a city: the mean of the roads' Leq weighted by their length.

    Args:
        roads: (Leq in dB(A), length in m or km) of each road.

    Raises:
        ValueError: a length is below zero.
    """
    if any(length < 0 for _, length in roads):
        raise ValueError("a road's length is below zero")
    whole = sum((fraction_of(length) for _, length in roads), Fraction(0))
    if not whole:
        return None
    total = sum((fraction_of(level) * fraction_of(length) for level, length in roads), Fraction(0))
    return _graded(total / whole, rules.road_day, part, rules)


def _graded(mean: Fraction, bounds: Sequence[float], part: DayPart, rules: NoiseRules) -> CityLevel:
    level = half_even(mean, rules.decimals)
    lower = Fraction(0) if part == "day" else fraction_of(rules.night_minus)
    return CityLevel(level, 1 + sum(fraction_of(level) > fraction_of(bound) - lower for bound in bounds))


def explain_city(
    kind: Literal["area", "road"], rows: Sequence[tuple[float, float]], part: DayPart, rules: NoiseRules
) -> Derivation:
    """Return how a city's level and grade came about.

    Args:
        rows: (Leq, length); for `area` the lengths do not count.
    """
    found = area_level([level for level, _ in rows], part, rules) if kind == "area" else road_level(rows, part, rules)
    entry = rules.entries[f"hj640.{kind}_day"]
    inputs = tuple(Input("noise.input.level", plain(level), "dB") for level, _ in rows)
    if found is None:
        return Derivation((Step(entry.source, entry.clause, "noise.none.levels"),), inputs)
    params: dict[str, object] = {"count": len(rows), "level": str(found.level), "grade": found.grade}
    return Derivation((Step(entry.source, entry.clause, f"noise.step.{kind}", params, found.grade),), inputs)


@dataclass(frozen=True, slots=True)
class Attainment:
    """Point-periods within their limit and all that were measured, by zone and in total, one part of the day."""

    within: Mapping[str, int]
    total: Mapping[str, int]

    def rate(self, zone: str | None = None) -> Fraction | None:
        """Return the share within the limit, exact, 0 … 1, of a zone or of all; None where nothing was measured."""
        whole = sum(self.total.values()) if zone is None else self.total.get(zone, 0)
        good = sum(self.within.values()) if zone is None else self.within.get(zone, 0)
        return Fraction(good, whole) if whole else None


def zone_attainment(points: Sequence[tuple[str, float]], part: DayPart, rules: NoiseRules) -> Attainment:
    """Return the attainment of functional zones (GB 3096 limits) in one part of the day.

    Args:
        points: (zone, Ld or Ln in dB(A)) of each point and day; zone 0, 1, 2, 3, 4a, 4b.

    Raises:
        KeyError: no such zone.
    """
    within: dict[str, int] = {}
    total: dict[str, int] = {}
    for zone, level in points:
        total[zone] = total.get(zone, 0) + 1
        within[zone] = within.get(zone, 0) + int(level <= rules.zones[zone].at(part))
    return Attainment(within, total)


@dataclass(frozen=True, slots=True)
class ZoneShare:
    """One zone of a zone map: area, share of the whole, people living there (None where not known)."""

    zone: str
    area: float
    share: Fraction
    people: int | None


def zone_map(areas: Sequence[tuple[str, float, int | None]]) -> tuple[ZoneShare, ...]:
    """Return the shares of the zones of a zone map; the shares sum to 1 exactly.

    Args:
        areas: (zone, area in km2 or m2, people or None) of each polygon.

    Raises:
        ValueError: an area is below zero.
    """
    if any(area < 0 for _, area, _ in areas):
        raise ValueError("an area is below zero")
    whole = sum((fraction_of(area) for _, area, _ in areas), Fraction(0))
    found = []
    for zone in sorted({zone for zone, _, _ in areas}):
        own = [(area, people) for name, area, people in areas if name == zone]
        area = sum((fraction_of(one) for one, _ in own), Fraction(0))
        counted = [people for _, people in own]
        people = None if None in counted else sum(one or 0 for one in counted)
        found.append(ZoneShare(zone, float(area), area / whole if whole else Fraction(0), people))
    return tuple(found)
