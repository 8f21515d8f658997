"""What people see of the air statistics: the viewer's places, and how each figure came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Length

from ecobureau.domain.air import (
    AirStatistics,
    CompositeRule,
    Kind,
    YearOnYear,
    air_report_derivation,
    composite_derivation,
    day_mean_derivation,
    good_days_derivation,
    mda8_derivation,
    ranks,
    year_on_year,
)
from ecobureau.domain.air.statistics import assess_year_derivation
from ecobureau.domain.explain import Derivation
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import visible
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.exclusions import Excluded
from ecobureau.web.statistics.models import (
    AirIndexDay,
    AirSeries,
    AirSummary,
    Day,
    Figure,
    Review,
    Revision,
    Series,
)
from ecobureau.web.statistics.rollup import hours_of
from ecobureau.web.statistics.selectors_series import Reader
from ecobureau.web.statistics.spans import after


def series(viewer: Viewer, kind: str | None = None) -> QuerySet[AirSeries]:
    """Return the series that the viewer may see, of one kind or all."""
    rows = AirSeries.objects.filter(visible(viewer))
    return rows.filter(kind=kind) if kind else rows


READER = Reader(series, AirSummary, ())


def one_of_any(viewer: Viewer, series_id: int) -> Series | None:
    """Return a series of whichever medium, None when there is none or the viewer may not see it."""
    return Series.objects.filter(visible(viewer), pk=series_id).first()


class ItemFigure(NamedTuple):
    """An item's statistics as a ranking shows them."""

    item: str
    mean: float | None
    percentile: float | None
    valid: bool
    meets: bool | None


class Summed(NamedTuple):
    """A period's good days and composite index as a ranking shows them."""

    composite: float | None
    days: int
    good: int
    heavy: int
    good_rate: float | None
    rule: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A line of a ranking: rank (None: no index), series, summary, and the items' figures by name."""

    rank: int | None
    series_id: int
    name: str
    code: str
    summary: Summed
    figures: dict[str, ItemFigure]


def ranking(viewer: Viewer, span: str, start: date, kind: str = "place") -> list[Ranked]:
    """Return the series of a kind ranked by composite index, the best first; ties share a rank."""
    seen = series(viewer, kind)
    rows = list(
        AirSummary.objects.filter(span=span, start=start, series__in=seen).values_list(
            "series_id", "series__name", "series__code", *Summed._fields
        )
    )
    figures: dict[int, dict[str, ItemFigure]] = {}
    for series_id, *some in Figure.objects.filter(span=span, start=start, series__in=seen).values_list(
        "series_id", *ItemFigure._fields
    ):
        figures.setdefault(series_id, {})[some[0]] = ItemFigure(*some)
    lines = [
        Ranked(rank, series_id, name, code, Summed(*rest), figures.get(series_id, {}))
        for rank, (series_id, name, code, *rest) in zip(ranks([row[3] for row in rows]), rows, strict=True)
    ]
    return sorted(lines, key=lambda line: (line.rank is None, line.rank, line.name))


def indices(viewer: Viewer, series_id: int, start: date, end: date) -> list[AirIndexDay]:
    """Return the daily indices of a series for days in [start, end); nothing of a series that is not the viewer's."""
    rows = AirIndexDay.objects.filter(series__in=series(viewer).filter(pk=series_id), day__gte=start, day__lt=end)
    return list(rows.order_by("day"))


def newest_of_places(viewer: Viewer) -> AirIndexDay | None:
    """Return the newest daily index of the topmost place that has one; None where no place has any."""
    rows = AirIndexDay.objects.filter(series__in=series(viewer, Series.Kind.PLACE), aqi__isnull=False).select_related(
        "series"
    )
    return rows.order_by(Length("series__org_path"), "series__org_path", "-day").first()


def summary(viewer: Viewer, series_id: int, span: str, start: date) -> tuple[AirSummary | None, dict[str, Figure]]:
    """Return a series' summary over a period and the figures by item."""
    of = {"series__in": series(viewer).filter(pk=series_id), "span": span, "start": start}
    return AirSummary.objects.filter(**of).first(), {row.item: row for row in Figure.objects.filter(**of)}


def revisions(viewer: Viewer, series_id: int, start: date, end: date) -> QuerySet[Revision]:
    """Return how daily figures of a series changed after they had been computed, newest first."""
    return Revision.objects.filter(series__in=series(viewer).filter(pk=series_id), day__gte=start, day__lt=end)


def reviews(viewer: Viewer, state: str | None = None) -> QuerySet[Review]:
    """Return the reviews of the viewer's series, newest first."""
    rows = Review.objects.filter(visible(viewer, column="series__org_path")).select_related(
        "series", "proposed_by", "decided_by", "restored_by"
    )
    return rows.filter(state=state) if state else rows


def sees_review(viewer: Viewer, review_id: int) -> bool:
    """Say whether there is such a review of a series that the viewer may see."""
    return reviews(viewer).filter(pk=review_id).exists()


# --- how figures came about -------------------------------------------------------------------------------------------


def day_derivation(viewer: Viewer, series_id: int, day: date, item: str) -> Derivation | None:
    """Return how a point's daily figure comes about from its hours, computed anew; None when there are no hours."""
    rules = in_force.statistics_on(day)
    if rules is None or READER.one(viewer, series_id) is None:
        return None
    hours = hours_of([(series_id, day)]).get(item, {}).get((series_id, day))
    if hours is None:
        return None
    values = [None if hour != hour else hour for hour in hours.tolist()]
    return mda8_derivation(values, rules) if item == "o3" else day_mean_derivation(values, item, rules)


def index_derivation(viewer: Viewer, series_id: int, day: date) -> Derivation | None:
    """Return how a day's index comes about from the daily figures, computed anew."""
    rules = in_force.index_on(day)
    if rules is None or READER.one(viewer, series_id) is None:
        return None
    rows = Day.objects.filter(series=series_id, day=day, valid=True)
    return air_report_derivation(Kind.DAILY, {row.item: row.value for row in rows}, rules)


def figure_derivation(viewer: Viewer, series_id: int, year: int, item: str) -> Derivation | None:
    """Return how an item's assessment of a year comes about from its daily figures, computed anew."""
    rules = in_force.statistics_on(date(year, 12, 31))
    if rules is None or READER.one(viewer, series_id) is None:
        return None
    rows = Day.objects.filter(
        series=series_id, item=item, valid=True, day__gte=date(year, 1, 1), day__lte=date(year, 12, 31)
    )
    return assess_year_derivation(item, dict(rows.values_list("day", "value")), rules)


def good_days_explained(viewer: Viewer, series_id: int, span: str, start: date) -> Derivation | None:
    """Return how a good-day rate comes about from the daily indices, computed anew."""
    rules = _rules_of(span, start)
    if rules is None or READER.one(viewer, series_id) is None:
        return None
    end = after(span, start)
    rows = indices(viewer, series_id, start, end)
    out = Excluded([series_id], start, end - timedelta(days=1)).for_good_days(series_id, rules)
    return good_days_derivation({row.day: row.aqi for row in rows}, rules, excluded=out)


def composite_explained(viewer: Viewer, series_id: int, span: str, start: date) -> Derivation | None:
    """Return how a composite index comes about from the statistics, computed anew."""
    rule = in_force.composite_on(after(span, start) - timedelta(days=1))
    if rule is None or READER.one(viewer, series_id) is None:
        return None
    return composite_derivation(_statistics(series_id, span, start), rule)


def compared(viewer: Viewer, series_id: int, span: str, start: date, base: date) -> YearOnYear | None:
    """Return the composite index of a period against a base period, under both rules where they differ."""
    rules: list[CompositeRule | None] = [
        in_force.composite_on(after(span, first) - timedelta(days=1)) for first in (start, base)
    ]
    now, then = rules
    if now is None or then is None or READER.one(viewer, series_id) is None:
        return None
    return year_on_year(_statistics(series_id, span, start), _statistics(series_id, span, base), now, then)


def _statistics(series_id: int, span: str, start: date) -> dict[str, Decimal | None]:
    rows = Figure.objects.filter(series=series_id, span=span, start=start)
    found: dict[str, Decimal | None] = {}
    for row in rows:
        value = row.percentile if row.item in ("co", "o3") else row.mean
        found[row.item] = None if value is None else Decimal(repr(value))
    return found


def _rules_of(span: str, start: date) -> AirStatistics | None:
    return in_force.statistics_on(after(span, start) - timedelta(days=1))
