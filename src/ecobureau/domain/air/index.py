"""The air quality index of one hour or one day, with its derivation: HJ 633, both editions.

Exact fractions throughout: the sub-index is carried up (进位取整), and a float would be off by one now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ecobureau.domain.air.params import ITEMS, AirRules, Category, Kind
from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.rounding import Number, carry_up, fraction_of, half_even, plain


class Note(StrEnum):
    """Why a report has no index, or what to know about it; each is a message code."""

    NO_DATA = "air.note.no_data"
    NO_PM = "air.note.no_pm"
    NA = "air.note.na"
    PARTIAL = "air.note.partial"
    BEYOND = "air.note.beyond"


@dataclass(frozen=True, slots=True)
class AirReport:
    """The index of an hour or a day.

    Attributes:
        kind, edition: which report, by which edition of HJ 633.
        aqi: the index; None when there is none or it must not be published (`notes` says why).
        primary: items that make the index when it is above 50, ties together.
        exceeding: items above 100 (2012 edition only).
        category: class of the index, None without one.
        iaqi: sub-index by item; None where the item is missing or has none.
        missing: items without a concentration.
        beyond: items above their last breakpoint.
        notes: message codes.
    """

    kind: Kind
    edition: str
    aqi: int | None
    primary: tuple[str, ...]
    exceeding: tuple[str, ...]
    category: Category | None
    iaqi: Mapping[str, int | None]
    missing: tuple[str, ...]
    beyond: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    index: int | None
    steps: tuple[Step, ...]
    beyond: bool = False


def iaqi(column: str, concentration: Number, rules: AirRules) -> int | None:
    """Return the sub-index of a concentration (HJ 633-2012 4.2, HJ 633-2026 4.2).

    Args:
        column: column of breakpoints, for example `pm2_5_24h`, `o3_8h`, `co_1h`.
        concentration: ug/m3, CO mg/m3; not negative.
        rules: edition in force.

    Returns:
        Whole number 0 to 500; None above the last breakpoint where the edition has no sub-index of that column.

    Raises:
        KeyError: there is no such column.
        ValueError: the concentration is negative or no number.
    """
    return _part(column, column.rsplit("_", 1)[0], concentration, rules, told=False).index


def iaqi_derivation(column: str, concentration: Number, rules: AirRules) -> Derivation:
    """Return how `iaqi` comes about. Arguments and errors as there."""
    item = column.rsplit("_", 1)[0]
    part = _part(column, item, concentration, rules)
    return Derivation(part.steps, (_input(item, concentration),))


def _part(column: str, item: str, concentration: Number, rules: AirRules, *, told: bool = True) -> _Part:
    value = fraction_of(concentration)
    if value < 0:
        raise ValueError(f"negative concentration: {item} {concentration}")
    steps: list[Step] = []
    digits = rules.input_digits.get(item)
    if digits is not None:
        rounded = half_even(value, digits)
        if told:
            params = {"item": _name(item), "value": plain(value), "digits": digits}
            steps.append(Step(rules.source, rules.clause("aqi.input_digits"), "air.step.rounded", params, rounded))
        value = Fraction(rounded)
    points = rules.breakpoints[column]
    if value > points[-1]:
        return _beyond(column, item, value, rules, steps)
    at = next(at for at in range(1, len(points)) if value <= points[at])
    low, high = points[at - 1], points[at]
    index_low, index_high = rules.levels[at - 1], rules.levels[at]
    exact = Fraction(index_high - index_low) / (high - low) * (value - low) + index_low
    index = carry_up(exact)
    if not told:
        return _Part(index, ())
    clause = rules.clause(f"aqi.breakpoints.{column}")
    steps.append(
        Step(
            rules.source,
            clause,
            "air.step.segment",
            {
                "item": _name(item),
                "value": plain(value),
                "low": plain(low),
                "high": plain(high),
                "index_low": index_low,
                "index_high": index_high,
            },
            exact,
        )
    )
    steps.append(Step(rules.source, clause, "air.step.carried", {"item": _name(item), "value": plain(exact)}, index))
    return _Part(index, tuple(steps))


def _beyond(column: str, item: str, value: Fraction, rules: AirRules, steps: list[Step]) -> _Part:
    found = rules.beyond[column].index or None
    params = {
        "item": _name(item),
        "value": plain(value),
        "last": plain(rules.breakpoints[column][-1]),
        "index": "—" if found is None else found,
    }
    key = f"aqi.beyond.{column}"
    clause = rules.clause(key if key in rules.entries else "aqi.beyond.other")
    steps.append(Step(rules.source, clause, "air.step.beyond", params, found))
    return _Part(found, tuple(steps), beyond=True)


def air_report(kind: Kind, values: Mapping[str, Number | None], rules: AirRules) -> AirReport:
    """Return the index of an hour or a day from its concentrations.

    Args:
        kind: hourly (1-hour means of all six items; the hour is labelled by its end) or daily (24-hour means, ozone
            as the day's highest 8-hour mean; natural day 00:00 to 24:00, Asia/Shanghai).
        values: concentration by item (`ITEMS`), ug/m3, CO mg/m3; None or absent = missing. The columns `so2_24h`
            (hourly) and `o3_1h` (daily, the day's highest) are used where the 2012 edition turns to them.
        rules: edition in force on the record's day.

    Raises:
        ValueError: a concentration is negative or no number.
    """
    return _report(Kind(kind), values, rules, told=False)[0]


def air_report_derivation(kind: Kind, values: Mapping[str, Number | None], rules: AirRules) -> Derivation:
    """Return how the index of `air_report` comes about. Arguments and errors as there."""
    return _report(Kind(kind), values, rules, told=True)[1]


def _report(
    kind: Kind, values: Mapping[str, Number | None], rules: AirRules, *, told: bool
) -> tuple[AirReport, Derivation]:
    parts: dict[str, _Part] = {}
    inputs: list[Input] = []
    for item in ITEMS:
        value = values.get(item)
        if told:
            inputs.append(_input(item, value))
        if value is not None:
            parts[item] = _item_part(kind, item, value, values, rules, inputs, told=told)
    indices = {item: parts[item].index if item in parts else None for item in ITEMS}
    missing = tuple(item for item in ITEMS if item not in parts)
    beyond = tuple(item for item in ITEMS if item in parts and parts[item].beyond)
    steps = [step for item in ITEMS if item in parts for step in parts[item].steps]
    present = {item: index for item, index in indices.items() if index is not None}
    aqi, notes = _published(present, missing, rules, steps)
    if beyond:
        notes = (*notes, Note.BEYOND)
    primary: tuple[str, ...] = ()
    category = None
    if aqi is not None:
        primary = _primary(aqi, present, rules, steps)
        category = category_of(aqi, rules)
        params = {"aqi": aqi, "level": category.level, "top": category.top}
        clause = rules.clause(f"aqi.category.{category.level}")
        steps.append(Step(rules.source, clause, "air.step.category", params, Code(category.word)))
    limit = rules.exceeding_above
    exceeding = tuple(item for item, index in present.items() if limit is not None and index > limit)
    report = AirReport(
        kind, rules.edition, aqi, primary, exceeding, category, indices, missing, beyond, notes
    )  # fmt: skip
    return report, Derivation(tuple(steps), tuple(inputs))


def _item_part(
    kind: Kind,
    item: str,
    value: Number,
    values: Mapping[str, Number | None],
    rules: AirRules,
    inputs: list[Input],
    *,
    told: bool,
) -> _Part:
    column = rules.columns[kind][item]
    part = _part(column, item, value, rules, told=told)
    instead = rules.beyond[column].instead if part.beyond else ""
    other = values.get(instead) if instead else None
    if other is None:
        return part
    inputs.append(Input(f"air.column.{instead}", plain(fraction_of(other)), _unit(item)))
    second = _part(instead, item, other, rules)
    return _Part(second.index, part.steps + second.steps, beyond=True)


def _published(
    present: Mapping[str, int], missing: tuple[str, ...], rules: AirRules, steps: list[Step]
) -> tuple[int | None, tuple[Note, ...]]:
    clause = rules.clause("aqi.missing")
    if not present:
        steps.append(Step(rules.source, clause, "air.step.no_data"))
        return None, (Note.NO_DATA,)
    low, high = rules.range
    top = max(present.values())
    highest = min(max(top, low), high)
    ties = [_name(item) for item, index in present.items() if index == top]
    key = "aqi.range" if highest != top else "aqi.levels"
    steps.append(Step(rules.source, rules.clause(key), "air.step.highest", {"items": ties}, highest))
    rule = rules.missing
    if rule.rule == "one_of" and all(item in missing for item in rule.items):
        steps.append(Step(rules.source, clause, "air.step.no_pm", {"items": [_name(item) for item in rule.items]}))
        return None, (Note.NO_PM,)
    if not missing:
        return highest, ()
    names = [_name(item) for item in missing]
    if rule.rule == "above" and highest <= rule.publish_above:
        steps.append(Step(rules.source, clause, "air.step.na", {"items": names, "limit": rule.publish_above}))
        return None, (Note.NA,)
    steps.append(Step(rules.source, clause, "air.step.partial", {"items": names}, highest))
    return highest, (Note.PARTIAL,)


def _primary(aqi: int, present: Mapping[str, int], rules: AirRules, steps: list[Step]) -> tuple[str, ...]:
    clause = rules.clause("aqi.primary_above")
    limit = rules.primary_above
    if aqi <= limit:
        steps.append(Step(rules.source, clause, "air.step.no_primary", {"aqi": aqi, "limit": limit}))
        return ()
    highest = max(present.values())
    found = tuple(item for item in ITEMS if present.get(item) == highest)
    names = [_name(item) for item in found]
    steps.append(Step(rules.source, clause, "air.step.primary", {"aqi": aqi, "limit": limit, "items": names}, names))
    return found


def category_of(aqi: int, rules: AirRules) -> Category:
    """Return the class of an index, with colour and health words (HJ 633-2012 table 2, HJ 633-2026 tables 1, 2).

    Raises:
        ValueError: `aqi` is negative.
    """
    if aqi < 0:
        raise ValueError(f"negative index: {aqi}")
    return next((one for one in rules.categories if aqi <= one.top), rules.categories[-1])


def _input(item: str, value: Number | None) -> Input:
    text = "" if value is None else plain(fraction_of(value))
    return Input(f"air.item.{item}", text, _unit(item), valid=value is not None)


def _name(item: str) -> Code:
    return Code(f"air.item.{item}")


def _unit(item: str) -> str:
    return "mg/m3" if item == "co" else "ug/m3"
