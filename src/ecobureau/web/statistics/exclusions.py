"""Days that the statistics of air leave out: accepted marks of sand-dust and special events."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from ecobureau.domain.air import AirStatistics
from ecobureau.domain.air.exclusion import DayMark as Mark
from ecobureau.domain.air.exclusion import excluded_days, without
from ecobureau.web.statistics.models import DayMark, Series

SWITCHED_ON = ("dust", "special")
"""Accepting a mark is what switches its exclusion on, day by day; a kind that an edition does not know does nothing."""


class Excluded:
    """The marks in force for some series over some days."""

    def __init__(self, series: Collection[int], first: date, last: date) -> None:
        marks = list(
            DayMark.objects.filter(state=DayMark.State.ACCEPTED, first__lte=last, last__gte=first).order_by("pk")
        )
        paths = dict(Series.objects.filter(pk__in=series).values_list("pk", "org_path")) if marks else {}
        self._marks = {
            one: [each for mark in marks if path.startswith(mark.org_path) for each in _days(mark, first, last)]
            for one, path in paths.items()
        }

    def marks(self, series: int) -> list[Mark]:
        """Return the marked days of a series."""
        return self._marks.get(series, [])

    def for_item(self, series: int, item: str, rules: AirStatistics) -> frozenset[date]:
        """Return the days that an item's statistics leave out."""
        marks = self.marks(series)
        if not marks:
            return frozenset()
        days = {mark.day: None for mark in marks}
        return frozenset(days.keys() - without(item, days, marks, SWITCHED_ON, rules).keys())

    def for_good_days(self, series: int, rules: AirStatistics) -> frozenset[date]:
        """Return the days that good-day statistics leave out."""
        marks = self.marks(series)
        return excluded_days(marks, SWITCHED_ON, rules) if marks else frozenset()


def _days(mark: DayMark, first: date, last: date) -> Iterable[Mark]:
    day = max(first, mark.first)
    while day <= min(last, mark.last):
        yield Mark(day, mark.kind, mark.reason)
        day += timedelta(days=1)
