"""Totals of one outlet and factor by day, month, quarter and year. Whole micrograms inside, Decimal kg outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from ecobureau.domain.emission.days import Days, sum_by
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.times import period_days, period_index, period_name


@dataclass(frozen=True, slots=True)
class Total:
    """What was emitted in one period.

    Attributes:
        period: `day`, `month`, `quarter`, `year`; index: its number since 1970; name: `2025-03`, `2025-Q1` …
        days: days with data of the outlet's span; hours, stopped, quiet, operating, valid, substituted, lost: hours
            (lost = operating, not measured, not substituted).
        measured_ug, substituted_ug: whole micrograms; should, received, valid_items: samples (transmission rate).
    """

    period: str
    index: int
    days: int
    hours: int
    stopped: int
    quiet: int
    operating: int
    valid: int
    substituted: int
    lost: int
    measured_ug: int
    substituted_ug: int
    should: int
    received: int
    valid_items: int

    @property
    def name(self) -> str:
        return period_name(self.index, self.period)

    @property
    def span(self) -> tuple[date, date]:
        """First day and the day after the last."""
        return period_days(self.index, self.period)

    @property
    def capture(self) -> float | None:
        """Share of the operating hours that were measured."""
        return self.valid / self.operating if self.operating else None

    @property
    def missing_share(self) -> float | None:
        """Share of the operating hours that were not measured."""
        return 1 - self.valid / self.operating if self.operating else None

    @property
    def measured_kg(self) -> Decimal:
        return kilograms(self.measured_ug)

    @property
    def substituted_kg(self) -> Decimal:
        return kilograms(self.substituted_ug)

    @property
    def total_kg(self) -> Decimal:
        return kilograms(self.measured_ug + self.substituted_ug)


def kilograms(micrograms: int) -> Decimal:
    """Return whole micrograms as kg, exactly."""
    return Decimal(int(micrograms)).scaleb(-9)


def automatic_usable(total: Total, rules: EmissionRules) -> bool | None:
    """Whether the automatic data of a quarter may be used for the permit's accounting: at most 25 % missing (pack).

    Exactly 25 % still may. None for other periods and quarters without operation.
    """
    if total.period != "quarter" or not total.operating:
        return None
    return total.operating - total.valid <= rules.quarter_missing * total.operating + 1e-9


def totals_of(days: Days, period: str) -> Iterator[Total]:
    """Add up days by `day`, `month`, `quarter` or `year`, in order.

    Raises:
        ValueError: no such period.
    """
    numbers = period_index(days.day, period)
    if not len(numbers):
        return
    first = int(numbers[0])
    index, size = numbers - first, int(numbers[-1]) - first + 1
    hours = days.operating_hours + days.stopped_hours + days.quiet_hours
    rate_operating = days.rate_valid + days.substituted + days.lost_hours
    columns = [
        sum_by(one.astype(np.int64), index, size).tolist()
        for one in (
            np.ones_like(days.day),
            hours,
            days.stopped_hours,
            days.quiet_hours,
            rate_operating,
            days.rate_valid,
            days.substituted,
            days.lost_hours,
            days.measured_ug,
            days.substituted_ug,
            days.should,
            days.received,
            days.valid_items,
        )
    ]
    for at in range(size):
        yield Total(period, first + at, *(column[at] for column in columns))
