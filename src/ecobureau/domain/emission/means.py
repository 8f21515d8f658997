"""Means and their validity, HJ 212-2017 D.2.2: minute (eq. 23), hour (24), day (25); HJ 76's month. Scalar forms."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence

import numpy as np

from ecobureau.domain.emission.figure import Figure, figure
from ecobureau.domain.emission.rules import EmissionRules

TOO_FEW = "emission.reason.too_few"


def mean_of(values: Sequence[float | None]) -> tuple[float | None, int]:
    """Return the arithmetic mean of the values that are there, and their count; None without any.

    Missing values keep their place, so that the bulk form adds up in the same order.
    """
    there = np.array([one is not None for one in values], dtype=bool)
    count = int(there.sum())
    if not count:
        return None, 0
    filled = np.array([0.0 if one is None else one for one in values], dtype=np.float64)
    return float(filled.sum() / count), count


def minute_mean(samples: Sequence[float | None], rules: EmissionRules) -> Figure:
    """Mean of a minute from its samples of at most 5 s, eq. 23; valid with at least 12 of them (pack)."""
    return _mean(samples, rules.minute_samples, 1, "D.2.2 (23)", "emission.step.minute_mean")


def hour_mean(minutes: Sequence[float | None], rules: EmissionRules, *, step: int = 1) -> Figure:
    """Mean of an hour from its valid minute (or `step`-minute) means, eq. 24.

    Args:
        minutes: the hour's values in order, None where invalid or missing.
        rules: rules in force; step: minutes that one value stands for.

    Returns:
        The mean; no value with fewer than 45 valid minutes (pack).
    """
    return _mean(minutes, rules.hour_minutes, step, "D.2.2 (24)", "emission.step.hour_mean")


def day_mean(hours: Sequence[float | None], rules: EmissionRules, *, stopped_hours: int = 0) -> Figure:
    """Mean of a day from its valid hours, eq. 25.

    Args:
        hours: 24 hourly means, None where invalid, missing or stopped.
        rules: rules in force.
        stopped_hours: hours of shutdown; when given, HJ/T 75-2007's share of the operating hours is asked for instead
            of 20 hours.

    Returns:
        The mean; no value with too few valid hours.
    """
    least = day_hours_needed(rules, stopped_hours)
    return _mean(hours, least, 1, "D.2.2 (25)", "emission.step.day_mean")


def day_hours_needed(rules: EmissionRules, stopped_hours: int = 0) -> int:
    """Return the valid hours that a day needs: 20, or with stops 75 % of the operating hours, carried up (pack)."""
    if stopped_hours <= 0:
        return rules.day_hours
    return max(1, int(np.ceil(rules.operating_share * (24 - stopped_hours) - 1e-9)))


def month_days_needed(year: int, month: int, rules: EmissionRules) -> int:
    """Return the valid days that a month needs (HJ 76-2017 annex B): 25, February 23."""
    return rules.month_days_february if month == 2 else rules.month_days


def month_mean(days: Sequence[float | None], year: int, month: int, rules: EmissionRules) -> Figure:
    """Mean of a month from its valid days.

    Raises:
        ValueError: more days than the month has.
    """
    if len(days) > monthrange(year, month)[1]:
        raise ValueError(f"{year}-{month:02d} has {monthrange(year, month)[1]} days, got {len(days)}")
    least = month_days_needed(year, month, rules)
    return _mean(days, least, 1, "B", "emission.step.month_mean", rule="HJ 76-2017")


def longer_is_valid(valid_months: int, months: int, rules: EmissionRules) -> bool:
    """Whether a quarter or year has enough valid months: the pack's share of all it has."""
    return valid_months >= rules.longer_spans * months - 1e-9


def _mean(
    values: Sequence[float | None], least: int, step: int, clause: str, code: str, *, rule: str = "HJ 212-2017"
) -> Figure:
    mean, count = mean_of(values)
    params = {"count": count * step, "least": least}
    if count * step < least or mean is None:
        return figure(None, clause, code, params, rule=rule, reason=TOO_FEW)
    return figure(mean, clause, code, params, rule=rule)
