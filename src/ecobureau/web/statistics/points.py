"""Which points counted towards a place on a day (评价点位), after all changes of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from django.db.models import Q

from ecobureau.web.statistics.models import PointChange, Series

_ABOVE = ("parent_id", "parent__parent_id", "parent__parent__parent_id", "river_id", "river__parent_id")


class Membership:
    """The points of some enterprises, places, rivers and basins, and since when each has counted."""

    def __init__(self, places: Collection[int]) -> None:
        rows = Series.objects.filter(
            Q(parent__in=places)
            | Q(parent__parent__in=places)
            | Q(parent__parent__parent__in=places)
            | Q(river__in=places)
            | Q(river__parent__in=places),
            kind=Series.Kind.POINT,
        ).values_list("pk", "assessed", *_ABOVE)
        wanted = set(places)
        self.places_of: dict[int, list[int]] = {}
        """Point → those of the places that it may count towards."""
        self._today: dict[int, bool] = {}
        for point, assessed, *above in rows:
            self.places_of[point] = [place for place in above if place in wanted]
            self._today[point] = assessed
        self._changes: dict[int, list[tuple[date, bool, bool]]] = defaultdict(list)
        changes = PointChange.objects.filter(series__in=self._today).order_by("pk")
        for point, since, before, assessed in changes.values_list("series_id", "since", "before", "assessed"):
            self._changes[point].append((since, before, assessed))

    def counts(self, point: int, day: date) -> bool:
        """Say whether a point counted on a day: by the newest change that had begun by then."""
        changes = self._changes.get(point)
        if not changes:
            return self._today[point]
        found = changes[0][1]
        for since, _, assessed in changes:
            if since <= day:
                found = assessed
        return found

    def points(self, place: int, day: date) -> list[int]:
        """Return the points that counted towards a place on a day."""
        return [point for point, places in self.places_of.items() if place in places and self.counts(point, day)]
