"""How every medium is read: the viewer's series of it, and what one of them came to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import visible
from ecobureau.web.statistics.models import Day, Figure, Medium, Series, SpanRevision

POINT, PLACE = "point", "place"
MOST_REVISIONS = 50

Summary = TypeVar("Summary", bound=Model)
AnySeries = TypeVar("AnySeries", bound=Series)


def of_medium(viewer: Viewer, medium: Medium, kind: str | None = None) -> QuerySet[Series]:
    """Return the series of a medium in the viewer's places, of one kind or all."""
    rows = Series.objects.filter(visible(viewer), medium=medium)
    return rows.filter(kind=kind) if kind else rows


@dataclass(frozen=True, slots=True)
class Reader(Generic[Summary]):
    """How a medium is read; each medium declares one. Of a series that is not the viewer's there is nothing.

    Attributes:
        series: the series that a viewer may see, of one kind or all. summaries: model of what periods came to.
        beside: what is read along with a series.
    """

    series: Callable[[Viewer, str | None], QuerySet[Series]]
    summaries: type[Summary]
    beside: tuple[str, ...] = ("parent",)

    def one(self, viewer: Viewer, series_id: int) -> Series | None:
        """Return a series, None when there is none or the viewer may not see it."""
        return self.series(viewer, None).filter(pk=series_id).select_related(*self.beside).first()

    def own(self, viewer: Viewer, series_id: int) -> QuerySet[Summary]:
        """Return all summaries of a series."""
        return self.summaries._default_manager.filter(**self._of(viewer, series_id))

    def periods(
        self, viewer: Viewer, series_id: int, span: str, start: date, end: date, **narrow: Any
    ) -> list[Summary]:
        """Return the summaries over the periods that begin in [start, end), by time.

        Args:
            narrow: which of several summaries of one period, as a filter.
        """
        rows = self.own(viewer, series_id).filter(span=span, start__gte=start, start__lt=end, **narrow)
        return list(rows.order_by("start"))

    def figures(self, viewer: Viewer, series_id: int, span: str, start: date) -> dict[str, Figure | Day]:
        """Return a point's figures over a day, month, quarter or year by item."""
        if span == "day":
            return {**self.days(viewer, series_id, start)}
        return {row.item: row for row in Figure.objects.filter(**self._of(viewer, series_id), span=span, start=start)}

    def days(self, viewer: Viewer, series_id: int, day: date) -> dict[str, Day]:
        """Return the daily figures of a series by item."""
        return {row.item: row for row in Day.objects.filter(**self._of(viewer, series_id), day=day)}

    def revisions(self, viewer: Viewer, series_id: int, span: str, start: date) -> list[SpanRevision]:
        """Return how the figures of a period changed after they had been computed, newest first."""
        rows = SpanRevision.objects.filter(**self._of(viewer, series_id), span=span, start=start)
        return list(rows[:MOST_REVISIONS])

    def _of(self, viewer: Viewer, series_id: int) -> Mapping[str, Any]:
        return {"series__in": self.series(viewer, None).filter(pk=series_id).values("pk")}


def widest_first(rows: Iterable[AnySeries]) -> list[AnySeries]:
    """Return places with those before whose area is the wider."""
    return sorted(rows, key=lambda one: (one.org_path.count("/"), one.org_path, one.name))


def with_below(places: Sequence[AnySeries], series_id: int | None) -> tuple[AnySeries, list[AnySeries]] | None:
    """Return one of some places, without an id the first, and those below it; None when there is none."""
    chosen = next((one for one in places if series_id in (None, one.pk)), None)
    if chosen is None:
        return None
    return chosen, [one for one in places if one.pk != chosen.pk and one.org_path.startswith(chosen.org_path)]


def value_of(row: Figure | Day | None) -> float | None:
    """Return the value of a day, or the mean of a longer period."""
    return row.mean if isinstance(row, Figure) else None if row is None else row.value


def by_start(rows: Collection[Summary]) -> dict[date, Summary]:
    """Return summaries by the first day of their period."""
    return {row.start: row for row in rows}  # type: ignore[attr-defined]
