"""The hours that count, and the writing of daily figures with the revision of what changes; air and water alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ecobureau.clock import BEIJING, now
from ecobureau.domain.rounding import half_even_array
from ecobureau.web.statistics.models import Cause, Day, Hours, Review, Revision
from ecobureau.web.statistics.writing import put_rows

Key = tuple[int, date]
"""A series and a day."""

Causes = Mapping[Key, tuple[str, str]]
"""Why days are computed: cause and reason of the revision, should a figure change."""


Columns = tuple[NDArray[Any], ...]
"""What days came to, figure by figure."""

Rules = TypeVar("Rules")


@dataclass(frozen=True, slots=True)
class DayFigure:
    """What `Day` keeps of an item: figure, validity, how many values it is of, and the exact sum behind it."""

    value: float | None
    valid: bool
    count: int
    total: int = 0
    parts: int = 0


def hours_of(
    keys: Collection[Key], items: Collection[str] | None = None, *, reviewed: bool = True
) -> dict[str, dict[Key, NDArray[np.float64]]]:
    """Return the hours that count, by item and (series, day): originals without those that a review took out.

    Args:
        items: only these. reviewed: False: the originals as they came.
    """
    wanted = set(keys)
    found: dict[str, dict[Key, NDArray[np.float64]]] = defaultdict(dict)
    rows = Hours.objects.filter(series__in={one for one, _ in wanted}, day__in={day for _, day in wanted})
    if items is not None:
        rows = rows.filter(item__in=items)
    for series, item, day, hours in rows.values_list("series_id", "item", "day", "hours"):
        if (series, day) in wanted:
            array = np.array([np.nan if hour is None else hour for hour in hours], np.float64)
            found[item][series, day] = half_even_array(array, 6)
    if reviewed:
        _take_out(found, wanted)
    return found


def point_days(
    keys: Collection[Key],
    rules_on: Callable[[date], Rules | None],
    compute: Callable[[str, NDArray[np.float64], Rules], Columns],
) -> dict[tuple[int, date, str], DayFigure]:
    """Return the daily figures of points from their hours, each day under the rules of that day.

    Args:
        compute: value, validity, count, total and parts of days of an item, from hours of shape (days, 24).
    """
    figures: dict[tuple[int, date, str], DayFigure] = {}
    for item, by_key in hours_of(keys).items():
        groups: dict[int, tuple[Rules, list[Key]]] = {}
        for key in by_key:
            rules = rules_on(key[1])
            if rules is not None:
                groups.setdefault(id(rules), (rules, []))[1].append(key)
        for rules, some in groups.values():
            columns = compute(item, np.array([by_key[key] for key in some]), rules)
            for (series, day), value, *rest in zip(some, *(column.tolist() for column in columns), strict=True):
                figures[series, day, item] = DayFigure(None if value != value else value, *rest)
    return figures


def _take_out(found: Mapping[str, dict[Key, NDArray[np.float64]]], keys: set[Key]) -> None:
    if not keys:
        return
    low = datetime.combine(min(day for _, day in keys), datetime.min.time(), BEIJING)
    high = datetime.combine(max(day for _, day in keys) + timedelta(days=1), datetime.min.time(), BEIJING)
    reviews = Review.objects.filter(
        state=Review.State.ACCEPTED, series__in={one for one, _ in keys}, starts__lt=high, ends__gt=low
    )
    for review in reviews:
        for item in [review.item] if review.item else list(found):
            for (series, day), hours in found.get(item, {}).items():
                if series == review.series_id:
                    hours[_covered(day, review.starts, review.ends)] = np.nan


def _covered(day: date, starts: datetime, ends: datetime) -> NDArray[np.bool_]:
    midnight = datetime.combine(day, datetime.min.time(), BEIJING)
    edges = [midnight + timedelta(hours=hour) for hour in range(25)]
    return np.array([edges[at] < ends and edges[at + 1] > starts for at in range(24)])


def write_days(figures: Mapping[tuple[int, date, str], DayFigure], causes: Causes) -> None:
    """Write daily figures by (series, day, item); what new data do not explain leaves a revision."""
    if not figures:
        return
    series, days = {key[0] for key in figures}, {key[1] for key in figures}
    known = {
        (one.series_id, one.day, one.item): one
        for one in Day.objects.select_for_update().filter(series__in=series, day__in=days)
    }
    rows: list[Day] = []
    revisions: list[Revision] = []
    at = now()
    for (one, day, item), figure in figures.items():
        old = known.get((one, day, item))
        if old is not None and _same(old, figure):
            continue
        rows.append(
            Day(
                series_id=one,
                item=item,
                day=day,
                value=figure.value,
                valid=figure.valid,
                count=figure.count,
                total=figure.total,
                parts=figure.parts,
                revision=0 if old is None else old.revision + 1,
            )
        )
        cause, reason = causes[one, day]
        if old is not None and cause != Cause.NEW and (old.value, old.valid) != (figure.value, figure.valid):
            revisions.append(
                Revision(
                    series_id=one,
                    item=item,
                    day=day,
                    before=old.value,
                    before_valid=old.valid,
                    after=figure.value,
                    after_valid=figure.valid,
                    cause=cause,
                    reason=reason,
                    at=at,
                )
            )
    put_rows(rows, unique=["series", "day", "item"], fields=["value", "valid", "count", "total", "parts", "revision"])
    Revision.objects.bulk_create(revisions, batch_size=2_000)


def _same(old: Day, new: DayFigure) -> bool:
    return (old.value, old.valid, old.count, old.total, old.parts) == (
        new.value,
        new.valid,
        new.count,
        new.total,
        new.parts,
    )
