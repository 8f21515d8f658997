"""What the reports of surface water read: a place, its districts, rivers and sections, and their classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ecobureau.clock import BEIJING
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import rollup_water
from ecobureau.web.statistics.models import Day, Dirty, Figure, Medium, Review, Series, WaterSummary
from ecobureau.web.statistics.selectors_series import of_medium, widest_first, with_below
from ecobureau.web.statistics.spans import first_of, last_of

ITEMS = ("ph", "do", "codmn", "nh3n", "tp", "tn")
"""Items that a section's line shows; total nitrogen is judged apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a report is about, with what lies below it that the viewer may see."""

    place: Series
    districts: list[Series]
    rivers: list[Series]
    sections: list[Series]

    @property
    def shown(self) -> list[Series]:
        """Return the place and its districts."""
        return [self.place, *self.districts]

    @property
    def everyone(self) -> list[Series]:
        """Return all series of the report."""
        return [*self.shown, *self.rivers, *self.sections]


def places(viewer: Viewer) -> list[Series]:
    """Return the places that the viewer may have a report of, the widest first."""
    return widest_first(of_medium(viewer, Medium.WATER, Series.Kind.PLACE))


def place(viewer: Viewer, series_id: int | None) -> Place | None:
    """Return a place with what is below it; without an id the widest; None when there is none."""
    found = with_below(places(viewer), series_id)
    if found is None:
        return None
    chosen, below = found
    sections = of_medium(viewer, Medium.WATER, Series.Kind.POINT).filter(org_path__startswith=chosen.org_path)
    rivers = (
        of_medium(viewer, Medium.WATER, Series.Kind.RIVER)
        .filter(sections__org_path__startswith=chosen.org_path)
        .distinct()
    )
    return Place(
        chosen,
        below,
        list(rivers.order_by("name")),
        list(sections.select_related("river", "parent").order_by("org_path", "name")),
    )


@dataclass(frozen=True, slots=True)
class Period:
    """The classes of all series over one day or month, and the means behind those of the sections."""

    span: str
    start: date
    summaries: Mapping[int, WaterSummary]
    means: Mapping[int, Mapping[str, float | None]]

    @property
    def last(self) -> date:
        """Return the last day."""
        return last_of(self.span, self.start)

    def water_class(self, series: int) -> int:
        """Return a section's class, 0 without one."""
        row = self.summaries.get(series)
        return row.water_class or 0 if row is not None else 0


def period(of: Place, span: str, start: date) -> Period:
    """Read a day or month."""
    rows = WaterSummary.objects.filter(span=span, start=start, series__in=[one.pk for one in of.everyone])
    means = rollup_water.means_of(span, start, [one.pk for one in of.sections])
    return Period(span, start, {row.series_id: row for row in rows}, means)


def before(span: str, start: date) -> date:
    """Return the first day of the period before."""
    return start - timedelta(days=1) if span == "day" else first_of(span, start - timedelta(days=1))


def run(place_: Series, span: str, last: date, count: int) -> list[tuple[date, WaterSummary | None]]:
    """Return the newest periods up to one, oldest first, each with what there is."""
    starts = [last]
    while len(starts) < count:
        starts.append(before(span, starts[-1]))
    starts.reverse()
    rows = {row.start: row for row in WaterSummary.objects.filter(series=place_, span=span, start__in=starts)}
    return [(start, rows.get(start)) for start in starts]


def hours(of: Place, day: date) -> dict[int, dict[str, tuple[int, bool]]]:
    """Return how many valid values a day's figure of each section and item has, and whether it counts."""
    found: dict[int, dict[str, tuple[int, bool]]] = {one.pk: {} for one in of.sections}
    for pk, item, count, valid in Day.objects.filter(series__in=found, day=day).values_list(
        "series_id", "item", "count", "valid"
    ):
        found[pk][item] = count, valid
    return found


def month_days(of: Place, start: date) -> dict[int, dict[str, tuple[int, bool]]]:
    """Return how many days a month's figure of each section and item has, and whether it counts."""
    found: dict[int, dict[str, tuple[int, bool]]] = {one.pk: {} for one in of.sections}
    for pk, item, count, valid in Figure.objects.filter(series__in=found, span="month", start=start).values_list(
        "series_id", "item", "days", "valid"
    ):
        found[pk][item] = count, valid
    return found


def open_reviews(of: Place, first: date, last: date) -> list[Review]:
    """Return the reviews of a stretch that nobody has decided yet."""
    since = datetime.combine(first, time(), BEIJING)
    until = datetime.combine(last + timedelta(days=1), time(), BEIJING)
    rows = Review.objects.filter(series__in=[one.pk for one in of.sections], state=Review.State.PROPOSED)
    return list(rows.filter(starts__lt=until, ends__gt=since).select_related("series").order_by("starts", "pk"))


def waiting(series: Iterable[Series], first: date, last: date) -> int:
    """Return how many days of a stretch are still to be computed."""
    rows = Dirty.objects.filter(series__in=[one.pk for one in series], day__gte=first, day__lte=last)
    return rows.values("series_id", "day").distinct().count()
