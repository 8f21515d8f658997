"""What the air reports read: a place with its districts and points, and their days, all in a handful of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from ecobureau.clock import BEIJING
from ecobureau.domain.air import (
    ITEMS,
    AirRules,
    Kind,
    air_reports,
)
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import selectors
from ecobureau.web.statistics.models import AirIndexDay, AirSeries, Day, DayMark, Dirty, Review, Series
from ecobureau.web.statistics.selectors_series import widest_first, with_below

SHOWN = ("pm2_5", "pm10", "o3", "no2", "so2", "co")
_BY_PERCENTILE = ("co", "o3")


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a report is about, with the districts and points below it that the viewer may see."""

    place: AirSeries
    districts: list[AirSeries]
    points: list[AirSeries]

    @property
    def shown(self) -> list[AirSeries]:
        """Return the place and its districts."""
        return [self.place, *self.districts]


@dataclass(frozen=True, slots=True)
class Value:
    """A daily figure: `count` is hours, of ozone 8-hour means, of a place its points."""

    value: float | None
    valid: bool
    count: int


@dataclass(frozen=True, slots=True)
class Index:
    """A daily index; `primary` as items."""

    aqi: int | None
    level: int
    primary: tuple[str, ...]
    reason: int
    edition: str


def places(viewer: Viewer) -> list[AirSeries]:
    """Return the places that the viewer may have a report of, the widest first."""
    return widest_first(selectors.series(viewer, "place"))


def place(viewer: Viewer, series_id: int | None) -> Place | None:
    """Return a place with what is below it; without an id the widest; None when there is none."""
    found = with_below(places(viewer), series_id)
    if found is None:
        return None
    chosen, below = found
    points = selectors.series(viewer, "point").filter(org_path__startswith=chosen.org_path)
    return Place(chosen, below, list(points.order_by("org_path", "name")))


def indices(series: Iterable[Series], first: date, last: date) -> dict[int, dict[date, Index]]:
    """Return the daily indices of series by day; every series has an entry."""
    found: dict[int, dict[date, Index]] = {one.pk: {} for one in series}
    rows = AirIndexDay.objects.filter(series__in=found, day__gte=first, day__lte=last)
    for pk, day, aqi, level, mask, reason, edition in rows.values_list(
        "series_id", "day", "aqi", "level", "primary", "reason", "edition"
    ):
        items = tuple(item for bit, item in enumerate(ITEMS) if mask >> bit & 1)
        found[pk][day] = Index(aqi, level, items, reason, edition)
    return found


def values(series: Iterable[Series], first: date, last: date) -> dict[int, dict[date, dict[str, Value]]]:
    """Return the daily figures of series by day and item; every series has an entry."""
    found: dict[int, dict[date, dict[str, Value]]] = {one.pk: {} for one in series}
    rows = Day.objects.filter(series__in=found, day__gte=first, day__lte=last)
    for pk, day, item, value, valid, count in rows.values_list("series_id", "day", "item", "value", "valid", "count"):
        found[pk].setdefault(day, {})[item] = Value(value, valid, count)
    return found


def under(rules: AirRules, days: Mapping[date, Mapping[str, Value]]) -> dict[date, int | None]:
    """Return the daily index of days by one edition, whatever edition was in force then."""
    order = sorted(days)
    arrays = {item: np.array([_number(days[day].get(item)) for day in order], dtype=np.float64) for item in ITEMS}
    reports = air_reports(Kind.DAILY, arrays, rules)
    return {day: (int(aqi) if aqi >= 0 else None) for day, aqi in zip(order, reports.aqi.tolist(), strict=True)}


def number(value: Value | None) -> float | None:
    """Return a daily figure that counts, None where there is none or it is not valid."""
    return None if value is None or not value.valid else value.value


def _number(value: Value | None) -> float:
    found = number(value)
    return float("nan") if found is None else found


def marks(of: Place, first: date, last: date) -> list[DayMark]:
    """Return the accepted marks of sand-dust and special events that touch a place and a stretch."""
    rows = DayMark.objects.filter(state=DayMark.State.ACCEPTED, first__lte=last, last__gte=first).order_by(
        "first", "pk"
    )
    paths = [one.org_path for one in (*of.shown, *of.points)]
    return [row for row in rows if any(path.startswith(row.org_path) for path in paths)]


def open_reviews(series: Iterable[Series], first: date, last: date) -> list[Review]:
    """Return the reviews of a stretch that nobody has decided yet."""
    since = datetime.combine(first, time(), BEIJING)
    until = datetime.combine(last + timedelta(days=1), time(), BEIJING)
    rows = Review.objects.filter(series__in=[one.pk for one in series], state=Review.State.PROPOSED)
    return list(rows.filter(starts__lt=until, ends__gt=since).select_related("series").order_by("starts", "pk"))


def waiting(series: Iterable[Series], first: date, last: date) -> int:
    """Return how many days of a stretch are still to be computed."""
    rows = Dirty.objects.filter(series__in=[one.pk for one in series], day__gte=first, day__lte=last)
    return rows.values("series_id", "day").distinct().count()
