"""The composite index (环境空气质量综合指数), rankings with ties, and year on year under both rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecobureau.domain.air.params import ITEMS
from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.rounding import Number, fraction_of, half_even, plain
from ecobureau.domain.rules import Entry, RulePack

RULES = ("hj663", "ranking2018", "ranking2026")


@dataclass(frozen=True)
class CompositeRule:
    """How the composite index is put together.

    Attributes:
        name: `ranking2018`, `hj663` or `ranking2026`; `entry`: the pack's entry: source, clause, flag, dates.
        form: `single`: statistic / limit; `worst`: the larger of mean / annual limit and percentile / day limit.
        limits: annual limits (CO: day, O3: MDA8) by item; `day_limits`: of form `worst`.
        weights: by item; `digits`: decimals of the index.
    """

    name: str
    form: str
    digits: int
    limits: Mapping[str, Fraction]
    day_limits: Mapping[str, Fraction]
    weights: Mapping[str, Fraction]
    entry: Entry

    @classmethod
    def from_pack(cls, pack: RulePack, on: date, name: str | None = None) -> CompositeRule:
        """Return a rule by name, or the one that rankings use on the day `on`.

        Args:
            pack: the rule pack `air`.
            on: last day of the period (Asia/Shanghai); with `name` only the newest entry up to it is taken, or the
                oldest, so that either rule can be asked for on any day.
            name: one of `RULES`.

        Raises:
            NoRule: no rule is in force on that day.
            KeyError: there is no such rule.
        """
        chosen = name or str(pack.at("composite.rule", on).value)
        entry = pack.at(f"composite.{chosen}", on if name is None else date.max)
        said = cast("Mapping[str, Any]", entry.value)
        return cls(
            chosen,
            said["form"],
            said["digits"],
            _fractions(said["limits"]),
            _fractions(said.get("day_limits", {})),
            _fractions(said["weights"]),
            entry,
        )


@dataclass(frozen=True, slots=True)
class Composite:
    """A composite index.

    Attributes:
        total: rounded sum, None when an item is missing; `exact`: before rounding.
        singles: weighted single index by item, exact, None where missing.
        largest: items with the largest single index.
        rule: name of the rule.
    """

    total: Decimal | None
    exact: Fraction | None
    singles: Mapping[str, Fraction | None]
    largest: tuple[str, ...]
    rule: str


def composite(
    values: Mapping[str, Number | None],
    rule: CompositeRule,
    *,
    percentiles: Mapping[str, Number | None] | None = None,
) -> Composite:
    """Return the composite index of a month or year; the smaller the better.

    Args:
        values: statistic by item as published: means of SO2, NO2, PM10, PM2.5; the 95th percentile of CO (mg/m3) and
            the 90th of MDA8 ozone; ug/m3. None = missing.
        rule: limits, weights and form.
        percentiles: of SO2, NO2, PM10, PM2.5, which the form `worst` needs.

    Raises:
        ValueError: the form needs percentiles and they are not given.
    """
    return _composite(values, rule, percentiles)[0]


def composite_derivation(
    values: Mapping[str, Number | None],
    rule: CompositeRule,
    *,
    percentiles: Mapping[str, Number | None] | None = None,
) -> Derivation:
    """Return how the index of `composite` comes about. Arguments and errors as there."""
    return _composite(values, rule, percentiles)[1]


def _composite(
    values: Mapping[str, Number | None], rule: CompositeRule, percentiles: Mapping[str, Number | None] | None
) -> tuple[Composite, Derivation]:
    if rule.form == "worst" and percentiles is None:
        raise ValueError("this form of the index needs percentiles")
    singles: dict[str, Fraction | None] = {}
    steps: list[Step] = []
    for item in ITEMS:
        singles[item] = _single(item, values.get(item), rule, percentiles or {}, steps)
    there = {item: value for item, value in singles.items() if value is not None}
    inputs = tuple(
        Input(f"air.item.{item}", _text(values.get(item)), "mg/m3" if item == "co" else "ug/m3", item in there)
        for item in ITEMS
    )
    largest = tuple(item for item, value in there.items() if value == max(there.values()))
    if len(there) < len(ITEMS):
        missing = [Code(f"air.item.{item}") for item in ITEMS if item not in there]
        steps.append(_step(rule, "air.step.composite_missing", {"items": missing}))
        return Composite(None, None, singles, largest, rule.name), Derivation(tuple(steps), inputs)
    exact = sum(there.values(), Fraction(0))
    total = half_even(exact, rule.digits)
    steps.append(_step(rule, "air.step.composite_sum", {"value": plain(exact), "digits": rule.digits}, total))
    return Composite(total, exact, singles, largest, rule.name), Derivation(tuple(steps), inputs)


def _single(
    item: str,
    value: Number | None,
    rule: CompositeRule,
    percentiles: Mapping[str, Number | None],
    steps: list[Step],
) -> Fraction | None:
    if value is None:
        return None
    share = fraction_of(value) / rule.limits[item]
    if rule.form == "worst" and item not in ("co", "o3"):
        high = percentiles.get(item)
        if high is None:
            return None
        share = max(share, fraction_of(high) / rule.day_limits[item])
    weight = rule.weights[item]
    params = {
        "item": Code(f"air.item.{item}"),
        "value": _text(value),
        "limit": plain(rule.limits[item]),
        "weight": plain(weight),
    }
    code = "air.step.single_worst" if rule.form == "worst" else "air.step.single"
    steps.append(_step(rule, code, params, share * weight))
    return share * weight


def composites(values: Mapping[str, ArrayLike], rule: CompositeRule) -> NDArray[np.float64]:
    """Return the composite index of many places; the bulk form of `composite` for the form `single`.

    Args:
        values: arrays of n figures by item, all six, with at most 3 decimals; NaN = missing.
        rule: a rule of the form `single`.

    Returns:
        n indices rounded to the rule's digits, NaN where an item is missing.

    Raises:
        ValueError: another form, or values with more than 3 decimals.
    """
    if rule.form != "single":
        raise ValueError("the bulk form knows the form single")
    # All single indices over one common denominator, so that the sum is a whole number.
    factors = {item: rule.weights[item] / rule.limits[item] for item in ITEMS}
    common = int(np.lcm.reduce([factor.denominator for factor in factors.values()]))
    arrays = {item: np.asarray(values[item], dtype=np.float64) for item in ITEMS}
    missing = np.any([np.isnan(array) for array in arrays.values()], axis=0)
    total = np.zeros(missing.shape, np.int64)
    for item, array in arrays.items():
        filled = np.where(missing, 0.0, array)
        steps = np.rint(filled * 1000)
        if not (steps / 1000 == filled).all():
            raise ValueError(f"values with more than 3 decimals: {item}")
        total += steps.astype(np.int64) * int(factors[item] * common)
    over = common * 1000
    up = total * 10**rule.digits
    low = up // over
    rest = 2 * (up - low * over)
    whole = low + ((rest > over) | ((rest == over) & (low % 2 == 1)))
    found: NDArray[np.float64] = np.where(missing, np.nan, whole / 10.0**rule.digits)
    return found


def ranks(figures: Sequence[Decimal | float | None]) -> list[int | None]:
    """Rank figures, the smallest first; equal ones share a rank (并列) and the next rank skips.

    Args:
        figures: as published, that is rounded; None = not ranked.

    >>> ranks([Decimal("3.10"), Decimal("2.98"), None, Decimal("3.10"), Decimal("4.02")])
    [2, 1, None, 2, 4]
    """
    ordered = sorted(figure for figure in figures if figure is not None)
    first: dict[Decimal | float, int] = {}
    for at, figure in enumerate(ordered, 1):
        first.setdefault(figure, at)
    return [None if figure is None else first[figure] for figure in figures]


def ranks_array(figures: ArrayLike) -> NDArray[np.int64]:
    """Rank many figures as `ranks` does; NaN = not ranked, which gives 0."""
    given = np.asarray(figures, dtype=np.float64)
    ordered = np.sort(given[~np.isnan(given)])
    found: NDArray[np.int64] = np.where(np.isnan(given), 0, np.searchsorted(ordered, given, side="left") + 1)
    return found


def change_ranks(
    rates: Sequence[Decimal | None], *, attained: Sequence[bool] | None = None, improving: bool = True
) -> list[int | None]:
    """Rank places by how their index changed; ties share a rank.

    Args:
        rates: change rate of each place in percent, as published; None = not ranked.
        attained: places whose six items all meet grade 2: they leave the ranking of deterioration (2017 plan).
        improving: True ranks the largest fall of the index first, False the largest rise.

    >>> change_ranks([Decimal("-5.0"), Decimal("2.0"), Decimal("3.1")], attained=[False, False, True], improving=False)
    [2, 1, None]
    """
    left = attained or [False] * len(rates)
    kept = [None if rate is None or (out and not improving) else rate for rate, out in zip(rates, left, strict=True)]
    return ranks([None if rate is None else rate if improving else -rate for rate in kept])


@dataclass(frozen=True, slots=True)
class Change:
    """A figure now and in the base period under one rule.

    Attributes:
        rule: what both were computed by; `now`, `base`: the figures; `difference`: now - base.
        rate: difference / base in percent, 1 decimal; None without both or over zero.
    """

    rule: str
    now: Decimal | None
    base: Decimal | None
    difference: Decimal | None
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class YearOnYear:
    """A comparison that says which rule was used.

    Attributes:
        as_published: each period under the rule in force then (`rule` names both: `base > now`); of two different
            rules, so it has no rate.
        new_rule, old_rule: both periods under the rule of the newer, and of the base period.
        same_rule: whether the two are one rule.
    """

    as_published: Change
    new_rule: Change
    old_rule: Change
    same_rule: bool


def change(rule: str, now: Decimal | None, base: Decimal | None) -> Change:
    """Return the change of a figure; the rate in percent is rounded to 1 decimal."""
    if now is None or base is None:
        return Change(rule, now, base, None, None)
    share = None if base == 0 else half_even(Fraction(now - base) / Fraction(base) * 100, 1)
    return Change(rule, now, base, now - base, share)


def year_on_year(
    now: Mapping[str, Number | None],
    base: Mapping[str, Number | None],
    rule_now: CompositeRule,
    rule_base: CompositeRule,
) -> YearOnYear:
    """Compare the composite index of two periods, under both rules where they differ (form `single`).

    Args:
        now, base: statistics by item, as for `composite`.
        rule_now, rule_base: rule in force at the end of each period.
    """
    new = change(rule_now.name, composite(now, rule_now).total, composite(base, rule_now).total)
    old = change(rule_base.name, composite(now, rule_base).total, composite(base, rule_base).total)
    same = rule_now.name == rule_base.name
    mixed = Change(f"{rule_base.name} > {rule_now.name}", new.now, old.base, None, None)
    return YearOnYear(new if same else mixed, new, old, same)


def _fractions(table: Mapping[str, Any]) -> dict[str, Fraction]:
    return {item: fraction_of(value) for item, value in table.items()}


def _text(value: Number | None) -> str:
    return "" if value is None else plain(fraction_of(value))


def _step(rule: CompositeRule, code: str, params: Mapping[str, object], result: object = None) -> Step:
    return Step(rule.entry.source, rule.entry.clause, code, params, result)
