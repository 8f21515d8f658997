"""Statistics of HJ 663 for one series, exact, with derivations: means, validity, percentiles, attainment, good days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ecobureau.domain.air.assess import AirStatistics
from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.rounding import Number, fraction_of, half_even, plain

MEAN_ITEMS = ("so2", "no2", "pm10", "pm2_5")
"""Items that have an annual mean limit beside the percentile; CO and O3 are assessed by the percentile alone."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic.

    Attributes:
        value: rounded by GB/T 8170 to the digits of the item; None when nothing was there.
        exact: the same before rounding.
        count: how many values went into it; `valid`: whether they are as many as the standard asks.
    """

    value: Decimal | None
    exact: Fraction | None
    count: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """One item over a year.

    Attributes:
        item: the item; `valid`: whether the year has enough valid days.
        mean: annual mean (None for CO and O3); `percentile`: of the daily values, at `percent`.
        mean_multiple, percentile_multiple: exceedance multiples, None when the limit is met.
        meets: whether all statistics meet the limits; None without any value.
        days, days_over: days with a value, and those above the day limit; `rate`: attainment rate in percent.
    """

    item: str
    grade: int
    stage: str
    valid: bool
    mean: Figure | None
    percent: int
    percentile: Figure
    mean_multiple: Decimal | None
    percentile_multiple: Decimal | None
    meets: bool | None
    days: int
    days_over: int
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class GoodDays:
    """Days by class of the index.

    Attributes:
        days: days with an index; `good`: those up to 100; `heavy`: those above 200; `excluded`: days left out.
        rate: good days in percent of days, rounded; None without a day.
    """

    days: int
    good: int
    heavy: int
    excluded: int
    rate: Decimal | None


def hour_valid(minutes: int, rules: AirStatistics) -> bool:
    """Whether an hour with so many minutes of sampling counts (GB 3095 table 4)."""
    return minutes >= rules.hour_minutes


def mean(values: Iterable[Number | None], item: str, rules: AirStatistics, *, need: int = 1) -> Figure:
    """Return the arithmetic mean of those values that are there.

    Args:
        values: ug/m3 (CO mg/m3), None = missing or invalid.
        item: item, which sets the digits.
        need: how many values make it valid.
    """
    exact = [fraction_of(value) for value in values if value is not None]
    if not exact:
        return Figure(None, None, 0, False)
    found = sum(exact, Fraction(0)) / len(exact)
    return Figure(half_even(found, rules.digits[item]), found, len(exact), len(exact) >= need)


def day_mean(hours: Sequence[Number | None], item: str, rules: AirStatistics) -> Figure:
    """Return the 24-hour mean of a natural day from its hourly values (GB 3095 table 4).

    Args:
        hours: hourly means ending 01:00 … 24:00 (Asia/Shanghai), None = missing or invalid.
        item: item; for ozone see `ozone.mda8`.
    """
    return mean(hours, item, rules, need=rules.day_hours)


def day_mean_derivation(hours: Sequence[Number | None], item: str, rules: AirStatistics) -> Derivation:
    """Return how the value of `day_mean` comes about."""
    found = day_mean(hours, item, rules)
    inputs = tuple(_input(item, value, f"{at:02d}") for at, value in enumerate(hours, 1))
    count = {"count": found.count, "needed": rules.day_hours}
    return Derivation(
        (rules.step("valid.day_hours", "air.step.hours", count, found.valid), *_mean_steps(found, item, rules)), inputs
    )


def city_value(points: Sequence[Number | None], item: str, rules: AirStatistics) -> Figure:
    """Return a city's value of an hour or day: the mean over its assessed points (HJ 663-2013 4, 5).

    Valid when at least the share `points_share` of the points has a value.
    """
    found = mean(points, item, rules)
    enough = bool(points) and Fraction(found.count, len(points)) >= rules.points_share
    return Figure(found.value, found.exact, found.count, enough and found.count > 0)


def month_valid(days: int, month: int, rules: AirStatistics) -> bool:
    """Whether a month (1 to 12) with so many valid days counts."""
    return days >= rules.month_needs(month)


def season_valid(months: Sequence[bool], rules: AirStatistics) -> bool:
    """Whether a season counts, given which of its months do."""
    return sum(months) >= rules.season_months


def year_valid(days_by_month: Mapping[int, int], rules: AirStatistics) -> bool:
    """Whether a year counts: enough valid days in all, and in each of its twelve months (GB 3095 table 4).

    Args:
        days_by_month: valid days by month 1 to 12.
    """
    months = all(month_valid(days_by_month.get(month, 0), month, rules) for month in range(1, 13))
    return months and sum(days_by_month.values()) >= rules.year_days


def percentile(values: Iterable[Number | None], percent: int) -> Fraction | None:
    """Return the exact percentile of those values that are there (HJ 663-2013 appendix A).

    Args:
        values: None = missing.
        percent: 0 to 100.

    Returns:
        The percentile by linear interpolation, None without a value.

    >>> percentile([10, 20, 30, 40], 90)
    Fraction(37, 1)
    """
    ranked = sorted(fraction_of(value) for value in values if value is not None)
    if not ranked:
        return None
    at, rest = divmod((len(ranked) - 1) * percent, 100)
    above = ranked[min(at + 1, len(ranked) - 1)]
    return ranked[at] + (above - ranked[at]) * Fraction(rest, 100)


def exceedance_multiple(value: Number, limit: Number, rules: AirStatistics) -> Decimal | None:
    """Return (C - S)/S rounded, None when the value meets the limit; a value equal to it does."""
    concentration, bound = fraction_of(value), fraction_of(limit)
    return None if concentration <= bound else half_even((concentration - bound) / bound, rules.digits["multiple"])


def rate(part: int, whole: int, rules: AirStatistics) -> Decimal | None:
    """Return `part` of `whole` in percent, rounded to the digits of rates; None of nothing."""
    return None if whole == 0 else half_even(Fraction(100 * part, whole), rules.digits["rate"])


def day_period(item: str) -> str:
    """Return the period of the limit that an item's daily value is held against: `mda8` for ozone, else `day`."""
    return "mda8" if item == "o3" else "day"


def assess_year(item: str, days: Mapping[date, Number | None], rules: AirStatistics, *, grade: int = 2) -> Assessment:
    """Assess an item over a year (HJ 663: annual mean and percentile of the daily values).

    Args:
        item: one of the six items.
        days: valid daily values by day (24-hour means; MDA8 for ozone), ug/m3, CO mg/m3; None = not valid. A day left
            out by an exclusion must not be in it.
        rules: rules in force on the last day of the year.
        grade: 1 or 2.
    """
    return _assess(item, days, rules, grade)[0]


def assess_year_derivation(
    item: str, days: Mapping[date, Number | None], rules: AirStatistics, *, grade: int = 2
) -> Derivation:
    """Return how the verdict of `assess_year` comes about. Arguments as there."""
    return _assess(item, days, rules, grade)[1]


def _assess(
    item: str, days: Mapping[date, Number | None], rules: AirStatistics, grade: int
) -> tuple[Assessment, Derivation]:
    there = {day: fraction_of(value) for day, value in sorted(days.items()) if value is not None}
    by_month = {month: sum(day.month == month for day in there) for month in range(1, 13)}
    valid = year_valid(by_month, rules)
    percent, digits = rules.percentile[item], rules.digits[item]
    exact = percentile(there.values(), percent)
    high = Figure(None if exact is None else half_even(exact, digits), exact, len(there), valid)
    low = mean(there.values(), item, rules) if item in MEAN_ITEMS else None
    average = None if low is None else Figure(low.value, low.exact, low.count, valid)
    bound = rules.limit(item, day_period(item), grade)
    over = sum(half_even(value, digits) > bound for value in there.values())
    of_mean = _multiple(average, item, "annual", rules, grade)
    of_high = _multiple(high, item, day_period(item), rules, grade)
    meets = None
    if high.value is not None:
        meets = high.value <= bound and (
            average is None or average.value is None or average.value <= rules.limit(item, "annual", grade)
        )
    ok = rate(len(there) - over, len(there), rules)
    found = Assessment(
        item, grade, rules.stage, valid, average, percent, high, of_mean, of_high, meets, len(there), over, ok
    )  # fmt: skip
    return found, _assess_steps(found, there, rules)


def _multiple(figure: Figure | None, item: str, period: str, rules: AirStatistics, grade: int) -> Decimal | None:
    if figure is None or figure.value is None:
        return None
    return exceedance_multiple(figure.value, rules.limit(item, period, grade), rules)


def _assess_steps(found: Assessment, there: Mapping[date, Fraction], rules: AirStatistics) -> Derivation:
    item, grade = found.item, found.grade
    count = {"count": found.days, "needed": rules.year_days, "month": rules.month_days, "february": rules.february_days}
    steps = [rules.step("valid.year_days", "air.step.year_days", count, found.valid)]
    if found.mean is not None:
        steps += _mean_steps(found.mean, item, rules)
        steps += _limit_steps(found.mean, item, "annual", grade, rules)
    if found.percentile.exact is not None:
        at, rest = divmod((found.days - 1) * found.percent, 100)
        params = {"percent": found.percent, "count": found.days, "rank": at + 1, "share": plain(Fraction(rest, 100))}
        steps.append(rules.step("statistic.percentile", "air.step.percentile", params, found.percentile.exact))
        steps += _rounded_steps(found.percentile, item, rules)
        steps += _limit_steps(found.percentile, item, day_period(item), grade, rules)
    steps.append(rules.step("limit.stage", "air.step.meets", {"item": _name(item), "grade": grade}, found.meets))
    return Derivation(tuple(steps), tuple(_input(item, value, day.isoformat()) for day, value in there.items()))


def _mean_steps(figure: Figure, item: str, rules: AirStatistics) -> list[Step]:
    if figure.exact is None:
        return []
    step = rules.step("statistic.digits", "air.step.mean", {"item": _name(item), "count": figure.count}, figure.exact)
    return [step, *_rounded_steps(figure, item, rules)]


def _rounded_steps(figure: Figure, item: str, rules: AirStatistics) -> list[Step]:
    if figure.exact is None:
        return []
    params = {"value": plain(figure.exact), "digits": rules.digits[item]}
    return [rules.step("statistic.digits", "air.step.half_even", params, figure.value)]


def _limit_steps(figure: Figure, item: str, period: str, grade: int, rules: AirStatistics) -> list[Step]:
    if figure.value is None:
        return []
    bound = rules.limit(item, period, grade)
    multiple = exceedance_multiple(figure.value, bound, rules)
    params = {"value": plain(figure.value), "limit": plain(bound), "grade": grade}
    key = f"limit.{item}.{period}"
    if multiple is None:
        return [rules.step(key, "air.step.within", params, True)]
    return [rules.step(key, "air.step.over", {**params, "multiple": plain(multiple)}, False)]


def good_days(indices: Mapping[date, int | None], rules: AirStatistics, *, excluded: Collection[date] = ()) -> GoodDays:
    """Count good days (优良天数) and their rate.

    Args:
        indices: daily index by day, None = none.
        rules: rules in force on the last day of the period.
        excluded: days left out of both sides of the rate (`exclusion.excluded_days`).
    """
    left_out = {day for day in indices if day in excluded}
    counted = [index for day, index in indices.items() if index is not None and day not in left_out]
    good = sum(index <= rules.good_top for index in counted)
    heavy = sum(index > rules.heavy_above for index in counted)
    return GoodDays(len(counted), good, heavy, len(left_out), rate(good, len(counted), rules))


def good_days_derivation(
    indices: Mapping[date, int | None], rules: AirStatistics, *, excluded: Collection[date] = ()
) -> Derivation:
    """Return how the rate of `good_days` comes about. Arguments as there."""
    found = good_days(indices, rules, excluded=excluded)
    inputs = tuple(
        Input(
            "air.index",
            "" if index is None else str(index),
            valid=index is not None and day not in excluded,
            reason="air.reason.excluded" if day in excluded else "",
            at=day.isoformat(),
        )
        for day, index in sorted(indices.items())
    )
    params = {"good": found.good, "days": found.days, "top": rules.good_top, "excluded": found.excluded}
    return Derivation((rules.step("statistic.good_top", "air.step.good_days", params, found.rate),), inputs)


def moving_mean(years: Sequence[Number | None], item: str, rules: AirStatistics) -> Figure:
    """Return the mean of the newest years' annual figures (三年滑动平均, a switch of the 2026 edition).

    Args:
        years: annual figures, oldest first; the last `moving_years` are taken.

    Raises:
        ValueError: the edition in force has no moving mean.
    """
    if rules.moving_years is None:
        raise ValueError(f"no moving mean on {rules.on.isoformat()}")
    return mean(years[-rules.moving_years :], item, rules, need=rules.moving_years)


def at_reference(value: Number, item: str, measured: AirStatistics, wanted: AirStatistics) -> Fraction:
    """Return a gas concentration at the reference temperature of another date (2018 amendment of GB 3095-2012).

    Particles are given at actual conditions and stay as they are.

    Args:
        value: concentration at the reference state of `measured`.
    """
    exact = fraction_of(value)
    if item not in ("so2", "no2", "co", "o3", "nox"):
        return exact
    return exact * _kelvin(measured) / _kelvin(wanted)


def _kelvin(rules: AirStatistics) -> Fraction:
    state = rules.entries["state.gas"].value
    if not isinstance(state, Mapping):
        raise TypeError(f"not a table: {state!r}")
    return fraction_of(state["temperature"])


def _name(item: str) -> Code:
    return Code(f"air.item.{item}")


def _input(item: str, value: Number | None, at: str) -> Input:
    text = "" if value is None else plain(fraction_of(value))
    return Input(f"air.item.{item}", text, "mg/m3" if item == "co" else "ug/m3", value is not None, at=at)
