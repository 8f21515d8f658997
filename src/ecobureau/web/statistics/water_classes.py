"""What the means of a section, and of the sections of a place, come to. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecobureau.domain.rounding import half_even
from ecobureau.domain.water import (
    Assessment,
    Body,
    Exceedance,
    NoIndex,
    WaterClass,
    WaterRules,
    assess_auto,
    basin,
    city_index,
    class_shares,
    exceedances,
    main_pollutants,
    tli,
    water_index,
)
from ecobureau.web.statistics.rules import WaterInForce

Means = Mapping[str, float | None]


def sampled_items(means: Means, rules: WaterRules) -> tuple[str, ...]:
    """Return the items of the monthly assessment beyond those of automatic stations that means have a value for."""
    return tuple(item for item in rules.monthly_items if item not in rules.auto_items and means.get(item) is not None)


def sampled_of(sections: Iterable[Means], rules: WaterRules) -> tuple[str, ...]:
    """Return the items sampled by hand that any of some sections has."""
    found = {item for means in sections for item in sampled_items(means, rules)}
    return tuple(item for item in rules.monthly_items if item in found)


def judged(means: Means, body: Body, rules: WaterRules) -> Assessment:
    """Return the class of means: of the five automatic items, with those sampled by hand that there are."""
    return assess_auto(means, rules, body=body, more=sampled_items(means, rules))


def automatic(means: Means, rules: WaterRules) -> dict[str, float | None]:
    """Return the means of the automatic items alone, of which the index is made."""
    return {item: value for item, value in means.items() if item in rules.auto_items}


@dataclass(frozen=True, slots=True)
class PointClass:
    """What a point's values of a period come to: class and index by the rules, and the items over the limit."""

    water_class: WaterClass | None
    deciding: tuple[str, ...]
    over: tuple[Exceedance, ...]
    reason: str
    cwqi: float | None
    tli: float | None


def point_class(means: Means, body: Body, rules: WaterInForce) -> PointClass:
    """Return class, index and exceedances of a point's means."""
    found = judged(means, body, rules.classes)
    items = tuple(found.by_item)
    over = main_pollutants(exceedances(means, rules.classes, body=body, items=items), rules.classes)
    return PointClass(
        found.water_class,
        found.deciding,
        over,
        found.reason,
        _index(means, body, rules) if found.water_class is not None else None,
        tli(means, rules.trophic) if body == "lake" else None,
    )


def _index(means: Means, body: Body, rules: WaterInForce) -> float | None:
    try:
        found = water_index(automatic(means, rules.classes), rules.classes, rules.index, body)
    except NoIndex:
        return None
    return None if found is None else float(half_even(found.value, rules.auto.index_decimals))


@dataclass(frozen=True, slots=True)
class PlaceClass:
    """What the sections of a place come to; `counts` of classes I … worse than V among those with a class."""

    counts: tuple[int, ...]
    good: float | None
    bad: float | None
    grade: str
    method: str
    water_class: WaterClass | None
    main: tuple[tuple[str, float], ...]
    cwqi: float | None


def place_class(sections: Mapping[int, Means], bodies: Mapping[int, Body], rules: WaterInForce) -> PlaceClass:
    """Return shares, grade and index of a place or river.

    Args:
        sections: point → means; sections without a class do not count.
    """
    classes = {one: judged(means, bodies[one], rules.classes).water_class for one, means in sections.items()}
    known = [one for one in sections if classes[one] is not None]
    shares = class_shares([classes[one] for one in known])
    kinds: list[Body] = [bodies[one] for one in known]
    grade, method, water_class = "", "", None
    main: tuple[tuple[str, float], ...] = ()
    if len(known) >= rules.sections.min_sections or len(set(kinds)) == 1:
        found = basin(
            [sections[one] for one in known],
            rules.classes,
            rules.sections,
            bodies=kinds,
            items=(*rules.classes.auto_items, *sampled_of(sections.values(), rules.classes)),
        )
        grade, method, water_class = found.grade or "", found.method, found.water_class
        main = tuple((item, float(half_even(share * 100, 1))) for item, share in found.main)
    try:
        index = city_index(
            [automatic(sections[one], rules.classes) for one in known if bodies[one] == "river"],
            [automatic(sections[one], rules.classes) for one in known if bodies[one] == "lake"],
            rules.classes,
            rules.index,
        )
    except NoIndex:
        index = None
    percent = [shares.percent(one, rules.sections.decimals) for one in (shares.good, shares.bad)]
    good, bad = (None if one is None else float(one) for one in percent)
    cwqi = None if index is None else float(half_even(index.value, rules.auto.index_decimals))
    return PlaceClass(shares.counts, good, bad, grade, method, water_class, main, cwqi)
