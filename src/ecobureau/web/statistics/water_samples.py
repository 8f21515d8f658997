"""Accepted samples of sections, as months of surface water take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from ecobureau.web.statistics.models import WaterSample

Results = dict[date, list[float]]
"""Results that count, by day of sampling."""


def accepted(points: Collection[int], first: date, last: date) -> dict[tuple[int, str], Results]:
    """Return the results of accepted samples taken from `first` to `last`: (series, item) → day → values."""
    found: dict[tuple[int, str], Results] = defaultdict(dict)
    rows = WaterSample.objects.filter(
        series__in=points, taken_on__gte=first, taken_on__lte=last, state="accepted"
    ).order_by("taken_on", "pk")
    for series, day, values in rows.values_list("series_id", "taken_on", "values"):
        for item, result in values.items():
            found[series, item].setdefault(day, []).append(float(result["value"]))
    return found


def flat(results: Results) -> list[float]:
    """Return results in order of their days."""
    return [value for day in sorted(results) for value in results[day]]
