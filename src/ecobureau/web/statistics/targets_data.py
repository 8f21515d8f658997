"""What the outlooks of targets read: indices, days and months of this year and of some before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from ecobureau.web.statistics.exclusions import Excluded
from ecobureau.web.statistics.models import AirIndexDay, Day, Figure, Target
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.rollup_water import bodies_of

YEARS = 3
"""How many earlier years a forecast looks at."""


class Data:
    """What the outlooks of some targets need, read by kind of target for all series together.

    Args:
        back: how many years before the targets' own are looked at as if they were it.
    """

    def __init__(self, targets: Sequence[Target], back: int = 0) -> None:
        years = [target.year for target in targets] or [2000]
        self._first, self._last = date(min(years) - back - YEARS, 1, 1), date(max(years), 12, 31)
        by_kind: dict[str, set[int]] = defaultdict(set)
        for target in targets:
            by_kind[target.kind].add(target.series_id)
        kind = Target.Kind
        air = by_kind[kind.GOOD_RATE] | by_kind[kind.HEAVY_DAYS] | by_kind[kind.PM25_MEAN] | by_kind[kind.O3_P90]
        self.out = Excluded(air, self._first, self._last)
        self.indices = self._read_indices(by_kind[kind.GOOD_RATE] | by_kind[kind.HEAVY_DAYS])
        self.days = {
            **self._read_days("pm2_5", by_kind[kind.PM25_MEAN]),
            **self._read_days("o3", by_kind[kind.O3_P90]),
        }
        places = by_kind[kind.WATER_GOOD]
        self.members = Membership(places)
        points = by_kind[kind.WATER_CLASS] | set(self.members.places_of)
        self.months = self._read_months(points)
        self.bodies = bodies_of(points)

    def _read_indices(self, series: set[int]) -> dict[int, dict[date, float]]:
        found: dict[int, dict[date, float]] = defaultdict(dict)
        if series:
            rows = AirIndexDay.objects.filter(
                series__in=series, day__gte=self._first, day__lte=self._last, aqi__isnull=False
            )
            for one, day, aqi in rows.values_list("series_id", "day", "aqi"):
                found[one][day] = float(aqi or 0)
        return found

    def _read_days(self, item: str, series: set[int]) -> dict[tuple[int, str], dict[date, float]]:
        found: dict[tuple[int, str], dict[date, float]] = defaultdict(dict)
        if series:
            rows = Day.objects.filter(
                series__in=series,
                item=item,
                day__gte=self._first,
                day__lte=self._last,
                valid=True,
                value__isnull=False,
            )
            for one, day, value in rows.values_list("series_id", "day", "value"):
                found[one, item][day] = value or 0.0
        return found

    def _read_months(self, points: set[int]) -> dict[date, dict[int, dict[str, float | None]]]:
        found: dict[date, dict[int, dict[str, float | None]]] = defaultdict(lambda: defaultdict(dict))
        if points:
            rows = Figure.objects.filter(series__in=points, span="month", start__gte=self._first, start__lte=self._last)
            for one, item, month, value in rows.values_list("series_id", "item", "start", "mean"):
                found[month][one][item] = value
        return found

    def sections(self, points: Sequence[int]) -> dict[date, dict[int, dict[str, float | None]]]:
        """Return the monthly means of some sections, months without any of them left out."""
        wanted = set(points)
        return {
            month: here
            for month, some in self.months.items()
            if (here := {one: means for one, means in some.items() if one in wanted})
        }
