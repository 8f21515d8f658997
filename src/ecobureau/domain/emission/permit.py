"""Accounting against the permitted amounts (超总量排污): what counts, what is over, what the year will come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import sqrt

from ecobureau.domain.emission.figure import Figure, figure
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.totals import Total, automatic_usable, kilograms


@dataclass(frozen=True, slots=True)
class Share:
    """A total against its permitted amount.

    Attributes:
        total_kg, permitted_kg: amounts; share: total / permitted (None when nothing is permitted);
        excess_kg: amount above the permitted one, else 0; multiple: excess / permitted;
        over: total > permitted (an equal amount is not over); warning: greatest warning share reached, 0 = none.
    """

    total_kg: Decimal
    permitted_kg: Decimal
    share: Fraction | None
    excess_kg: Decimal
    multiple: Fraction | None
    over: bool
    warning: float


def against(total_kg: Decimal, permitted_kg: Decimal, rules: EmissionRules) -> Share:
    """Set a total against what is permitted (both kg).

    Raises:
        ValueError: a negative permitted amount.
    """
    if permitted_kg < 0:
        raise ValueError(f"permitted {permitted_kg} kg")
    excess = max(Decimal(0), total_kg - permitted_kg)
    share = Fraction(total_kg) / Fraction(permitted_kg) if permitted_kg else None
    reached = [one for one in rules.warn if share is None or share >= Fraction(repr(one))]
    multiple = Fraction(excess) / Fraction(permitted_kg) if permitted_kg else None
    warning = max(reached, default=0.0) if total_kg > 0 else 0.0
    return Share(total_kg, permitted_kg, share, excess, multiple, total_kg > permitted_kg, warning)


@dataclass(frozen=True, slots=True)
class Accounted:
    """What counts for one quarter.

    Attributes:
        kg: amount that counts, None where nothing can be accounted.
        way: `automatic` (measured and substituted), `manual`, `factors`, `direct` (no abatement), `none`.
        reason: message code `emission.account.…`.
    """

    kg: Decimal | None
    way: str
    reason: str


def account_quarter(
    total: Total | None,
    rules: EmissionRules,
    *,
    must_automatic: bool,
    manual_kg: Decimal | None = None,
    factors_kg: Decimal | None = None,
    direct_kg: Decimal | None = None,
) -> Accounted:
    """Choose what counts for a quarter: automatic, else (where it was required and is missing) direct discharge,
    else manual data, else factors.

    Args:
        total: what the monitor gave, None = no monitor; rules: rules in force.
        must_automatic: the permit requires automatic monitoring here.
        manual_kg, factors_kg: amounts by hand samples and by emission factors with abatement.
        direct_kg: amount by factors without abatement (直排), for "should have monitored but did not".
    """
    if total is not None and automatic_usable(total, rules) is not False:
        return Accounted(total.total_kg, "automatic", "emission.account.automatic")
    if must_automatic:
        code = "emission.account.direct" if direct_kg is not None else "emission.account.direct_unknown"
        return Accounted(direct_kg, "direct" if direct_kg is not None else "none", code)
    if manual_kg is not None:
        return Accounted(manual_kg, "manual", "emission.account.manual")
    if factors_kg is not None:
        return Accounted(factors_kg, "factors", "emission.account.factors")
    return Accounted(None, "none", "emission.account.none")


def direct_discharge(product: Decimal, factor_kg: Decimal) -> Decimal:
    """Return the direct discharge (kg): product or fuel used times its factor without abatement (kg per unit)."""
    if product < 0 or factor_kg < 0:
        raise ValueError(f"{product} * {factor_kg}")
    return product * factor_kg


@dataclass(frozen=True, slots=True)
class Rolling:
    """Twelve consecutive months: index of the last month since 1970-01, and their sum in micrograms."""

    last: int
    micrograms: int

    @property
    def total_kg(self) -> Decimal:
        return kilograms(self.micrograms)


def rolling(months: Mapping[int, int], width: int) -> list[Rolling]:
    """Return the sums over every `width` consecutive months that are all there.

    Args:
        months: micrograms by month since 1970-01; width: 12 by the pack.
    """
    out = []
    for last in sorted(months):
        window = [months.get(one) for one in range(last - width + 1, last + 1)]
        if all(one is not None for one in window):
            out.append(Rolling(last, sum(one for one in window if one is not None)))
    return out


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a period will come to, kg: the middle and the ends of the range; `days_left`: days not yet counted."""

    low_kg: float
    middle_kg: float
    high_kg: float
    days_left: int


def forecast(daily_kg: Sequence[float], days_left: int, rules: EmissionRules) -> Forecast | None:
    """Carry the daily emissions on to the end of the period.

    The rest is days_left times the daily mean; its spread takes in that days are alike one after another (first-order
    autocorrelation) and that the mean itself is not known exactly. Our own method, no standard's.

    Args:
        daily_kg: emission of each day so far, in order; days_left: days to come.

    Returns:
        Range by the pack's z (90 %); None with fewer days than the pack asks for.
    """
    count = len(daily_kg)
    so_far = sum(daily_kg)
    if count < max(2, rules.forecast_days):
        return None
    mean = so_far / count
    deviations = [one - mean for one in daily_kg]
    square = sum(one * one for one in deviations)
    variance = square / (count - 1)
    lagged = sum(a * b for a, b in pairwise(deviations))
    alike = min(0.95, max(0.0, lagged / square)) if square > 0 else 0.0
    stretch = (1 + alike) / (1 - alike)
    spread = rules.forecast_z * sqrt(variance * stretch * (days_left + days_left * days_left / count))
    middle = so_far + mean * days_left
    return Forecast(max(so_far, middle - spread), middle, middle + spread, days_left)


def reached_on(daily: Sequence[tuple[date, Decimal]], permitted_kg: Decimal) -> date | None:
    """Return the day on which the running total first stood above the permitted amount, None = it never did."""
    total = Decimal(0)
    for day, amount in daily:
        total += amount
        if total > permitted_kg:
            return day
    return None


def explained(share: Share, name: str) -> Figure:
    """Return the share with its derivation; `name` of the period."""
    value = None if share.share is None else float(share.share)
    params = {"period": name, "total": share.total_kg, "permitted": share.permitted_kg}
    return figure(value, "34", "emission.step.permit", params, rule="排污许可管理条例")
