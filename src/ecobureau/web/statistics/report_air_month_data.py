"""What the monthly air report reads: a month's roll-ups and days of many series, in four queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from ecobureau.domain.air import ITEMS, CompositeRule, YearOnYear, composite, ranks, year_on_year
from ecobureau.web.statistics import report_air_data as data
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import AirSeries, AirSummary, Figure
from ecobureau.web.statistics.spans import after


@dataclass(frozen=True, slots=True)
class Month:
    """A month of some series: roll-ups, and the days behind them."""

    start: date
    summaries: Mapping[int, AirSummary]
    figures: Mapping[tuple[int, str], Figure]
    index: Mapping[int, Mapping[date, data.Index]]
    values: Mapping[int, Mapping[date, Mapping[str, data.Value]]]

    @property
    def last(self) -> date:
        """Return the last day."""
        return after("month", self.start) - timedelta(days=1)

    def value(self, series: int, item: str) -> float | None:
        """Return the statistic that stands for an item: its mean, of CO and O3 the percentile."""
        row = self.figures.get((series, item))
        if row is None:
            return None
        return row.percentile if item in ("co", "o3") else row.mean

    def statistics(self, series: int) -> dict[str, Decimal | None]:
        """Return the statistics of a series by item, as the composite index takes them."""
        found = {item: self.value(series, item) for item in ITEMS}
        return {item: None if value is None else Decimal(repr(value)) for item, value in found.items()}

    def valid_days(self, series: int, item: str) -> int:
        """Return how many days have a valid figure of an item."""
        return sum(item in one and one[item].valid for one in self.values[series].values())


def month(series: Sequence[AirSeries], start: date) -> Month:
    """Read a month of series."""
    keys = [one.pk for one in series]
    last = after("month", start) - timedelta(days=1)
    summaries = AirSummary.objects.filter(span="month", start=start, series__in=keys)
    figures = Figure.objects.filter(span="month", start=start, series__in=keys)
    return Month(
        start,
        {row.series_id: row for row in summaries},
        {(row.series_id, row.item): row for row in figures},
        data.indices(series, start, last),
        data.values(series, start, last),
    )


def ranked(series: Sequence[AirSeries], found: Month) -> list[tuple[int | None, AirSeries, float | None]]:
    """Return series by composite index, the best first: rank (ties share one), series, index."""
    totals = [found.summaries[one.pk].composite if one.pk in found.summaries else None for one in series]
    lines = list(zip(ranks(totals), series, totals, strict=True))
    return sorted(lines, key=lambda line: (line[0] is None, line[0], line[1].name))


def composite_of(found: Month, series: int, rule: CompositeRule) -> Decimal | None:
    """Return the composite index of a series by a rule, whatever rule was in force then."""
    return composite(found.statistics(series), rule).total


def compared(series: int, now: Month, base: Month) -> YearOnYear | None:
    """Return the composite index of two months under both rules; None where there is nothing to compare."""
    rule_now, rule_base = in_force.composite_on(now.last), in_force.composite_on(base.last)
    if rule_now is None or rule_base is None or series not in now.summaries or series not in base.summaries:
        return None
    return year_on_year(now.statistics(series), base.statistics(series), rule_now, rule_base)
