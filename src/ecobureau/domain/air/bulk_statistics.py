"""Statistics of HJ 663 for many series at once: the same numbers as the scalar forms, by whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecobureau.domain.air.assess import AirStatistics
from ecobureau.domain.air.exact import SCALE, Bools, Floats, Wholes, exact_means, exact_percentiles, rounded_ratio
from ecobureau.domain.air.statistics import MEAN_ITEMS, day_period
from ecobureau.domain.rounding import half_even_array


@dataclass(frozen=True, slots=True)
class YearArrays:
    """One item over a year for n series (stations, cities).

    Attributes:
        valid: whether the year has enough valid days; `days`, `days_over`: days with a value, above the day limit.
        mean: annual mean, NaN for CO and O3 and without a value; `percentile`: of the daily values.
        mean_multiple, percentile_multiple: exceedance multiples, NaN when the limit is met.
        meets: whether all statistics meet the limits (False without a value: see `days`).
        rate: attainment rate in percent, NaN without a day.
    """

    valid: Bools
    days: Wholes
    days_over: Wholes
    mean: Floats
    percentile: Floats
    mean_multiple: Floats
    percentile_multiple: Floats
    meets: Bools
    rate: Floats


def day_means(hours: ArrayLike, item: str, rules: AirStatistics) -> tuple[Floats, Bools, Wholes]:
    """Return the 24-hour means of many days; the bulk form of `day_mean`.

    Args:
        hours: shape (…, 24), ug/m3 (CO mg/m3) with at most 6 decimals, NaN = missing or invalid.
        item: item, which sets the digits.

    Returns:
        Rounded means (NaN without any hour), whether the day is valid, and the count of hours.
    """
    means, counts = exact_means(hours, rules.digits[item])
    return means, counts >= rules.day_hours, counts


def years(item: str, days: ArrayLike, months: ArrayLike, rules: AirStatistics, *, grade: int = 2) -> YearArrays:
    """Assess an item over a year for many series; the bulk form of `assess_year`.

    Args:
        item: one of the six items.
        days: shape (n, days of the year): valid daily values, NaN = not valid or left out; at most 6 decimals.
        months: month 1 to 12 of each day.
        rules: rules in force on the last day of the year.
        grade: 1 or 2.
    """
    return spans("year", item, days, months, rules, grade=grade)


def spans(
    span: str, item: str, days: ArrayLike, months: ArrayLike, rules: AirStatistics, *, grade: int = 2
) -> YearArrays:
    """Compute an item's statistics over a month, quarter or year for many series.

    Args:
        span: `month`, `quarter` or `year`, which sets when the statistics are valid: a month by its valid days, a
            quarter by its valid months, a year by its valid days and those of each month. The limits held against are
            the annual and daily ones throughout; a verdict (`meets`) is official for a year only.
        item, days, months, rules, grade: as for `years`.

    Raises:
        KeyError: there is no such span.
    """
    given = np.asarray(days, dtype=np.float64)
    digits = rules.digits[item]
    high, counts = exact_percentiles(given, rules.percentile[item], digits)
    valid = _VALID[span](~np.isnan(given), np.asarray(months), rules)
    bound = float(rules.limit(item, day_period(item), grade))
    over = (half_even_array(given, digits) > bound).sum(axis=1, dtype=np.int64)
    meets = high <= bound
    average = np.full(len(given), np.nan)
    of_mean = np.full(len(given), np.nan)
    if item in MEAN_ITEMS:
        average, _ = exact_means(given, digits)
        annual = rules.limit(item, "annual", grade)
        meets &= average <= float(annual)
        of_mean = multiples(average, float(annual), rules)
    of_high = multiples(high, bound, rules)
    share = rates(counts - over, counts, rules)
    return YearArrays(valid, counts, over, average, high, of_mean, of_high, meets, share)


def _valid_months(there: Bools, months: NDArray[np.int64], rules: AirStatistics) -> dict[int, Bools]:
    return {
        month: there[:, months == month].sum(axis=1) >= rules.month_needs(month) for month in np.unique(months).tolist()
    }


def _year_valid(there: Bools, months: NDArray[np.int64], rules: AirStatistics) -> Bools:
    by_month = _valid_months(there, months, rules)
    enough: Bools = there.sum(axis=1) >= rules.year_days
    return enough & _all(by_month) if len(by_month) == 12 else np.zeros(len(there), bool)


def _quarter_valid(there: Bools, months: NDArray[np.int64], rules: AirStatistics) -> Bools:
    counted = np.sum(list(_valid_months(there, months, rules).values()), axis=0)
    valid: Bools = counted >= rules.season_months
    return valid


def _month_valid(there: Bools, months: NDArray[np.int64], rules: AirStatistics) -> Bools:
    return _all(_valid_months(there, months, rules))


def _all(by_month: dict[int, Bools]) -> Bools:
    found: Bools = np.logical_and.reduce(list(by_month.values()))
    return found


_VALID = {"month": _month_valid, "quarter": _quarter_valid, "year": _year_valid}


def multiples(values: Floats, limit: float, rules: AirStatistics) -> Floats:
    """Return exceedance multiples (C - S)/S of rounded figures, NaN where the limit is met."""
    steps = np.rint(np.where(np.isnan(values), 0.0, values) * SCALE).astype(np.int64)
    bound = round(limit * SCALE)
    # (steps - bound)/bound as millionths over a whole number: both sides times 10^6.
    found = rounded_ratio((steps - bound) * SCALE, np.full(steps.shape, bound, np.int64), rules.digits["multiple"])
    return np.where(steps > bound, found, np.nan)


def rates(part: Wholes, whole: Wholes, rules: AirStatistics) -> Floats:
    """Return `part` of `whole` in percent, rounded to the digits of rates; NaN of nothing."""
    return rounded_ratio(part * 100 * SCALE, whole, rules.digits["rate"])


@dataclass(frozen=True, slots=True)
class GoodDayArrays:
    """Days by class for n series: days with an index, good ones, heavily polluted ones, rate in percent (NaN: none)."""

    days: Wholes
    good: Wholes
    heavy: Wholes
    rate: Floats


def good_days_arrays(indices: NDArray[np.int16], rules: AirStatistics, excluded: ArrayLike = False) -> GoodDayArrays:
    """Count good days for many series; the bulk form of `good_days`.

    Args:
        indices: shape (n, days), -1 = none.
        rules: rules in force on the last day of the period.
        excluded: mask that fits `indices`: days left out.
    """
    counted = (indices >= 0) & ~np.asarray(excluded, dtype=bool)
    days = counted.sum(axis=1, dtype=np.int64)
    good = (counted & (indices <= rules.good_top)).sum(axis=1, dtype=np.int64)
    heavy = (counted & (indices > rules.heavy_above)).sum(axis=1, dtype=np.int64)
    return GoodDayArrays(days, good, heavy, rates(good, days, rules))
