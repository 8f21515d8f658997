"""From hours to days, indices, months, quarters and years: only what is dirty, by the functions of the domain.

`drain` is run by the worker. It takes what late, revised or reviewed hours left behind and computes it anew; no two
workers do so at once. A day's figure that changes is kept as a revision with its cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from numpy.typing import NDArray

from ecobureau.clock import BEIJING, now
from ecobureau.domain.air import (
    ITEMS,
    AirStatistics,
    Kind,
    air_reports,
    city_value,
    composites,
    day_means,
    good_days_arrays,
    mda8_array,
    spans,
)
from ecobureau.domain.air.exact import SCALE, steps_of
from ecobureau.domain.rounding import half_even_array
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import (
    AirIndexDay,
    AirSeries,
    AirSummary,
    Day,
    Dirty,
    Figure,
    Hours,
    Review,
    Revision,
    Span,
)
from ecobureau.web.statistics.spans import after, days_of, first_of

BATCH = 4_000
"""Dirty days in one transaction."""
_LOCK = 7_203_301
Key = tuple[int, date]


@dataclass(frozen=True, slots=True)
class _Figure:
    value: float | None
    valid: bool
    count: int
    total: int = 0
    parts: int = 0


def drain() -> int:
    """Compute a batch of what is dirty.

    Returns:
        How many dirty rows were taken; 0 when there are none or another worker is at it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            row = cursor.fetchone()
        if not row or not row[0]:
            return 0
        dirty = list(Dirty.objects.order_by("pk")[:BATCH])
        if not dirty:
            return 0
        causes = {(one.series_id, one.day): (one.cause, one.reason) for one in dirty}
        compute(causes)
        Dirty.objects.filter(pk__in=[one.pk for one in dirty]).delete()
    return len(dirty)


def compute(causes: Mapping[Key, tuple[str, str]]) -> None:
    """Compute the figures of days, and all longer ones that they lie in.

    Args:
        causes: (series, day) to cause and reason of the revision, should a figure change.
    """
    ids = {series for series, _ in causes}
    known = AirSeries.objects.select_related("parent").in_bulk(ids)
    keys = [key for key in causes if key[0] in known]
    _write_days(_point_days(keys), causes)
    of_places: dict[Key, tuple[str, str]] = {}
    for series, day in keys:
        one = known[series]
        if one.assessed and one.parent is not None:
            for place in filter(None, (one.parent_id, one.parent.parent_id)):
                of_places[place, day] = causes[series, day]
    own = AirSeries.objects.filter(pk__in=ids, kind=AirSeries.Kind.PLACE)
    own_ids = set(own.values_list("pk", flat=True))
    of_places |= {key: cause for key, cause in causes.items() if key[0] in own_ids}
    _write_days(_place_days(of_places), of_places)
    touched = {*keys, *of_places}
    _write_indices(touched)
    _write_spans(touched)


# --- days -------------------------------------------------------------------------------------------------------------


def hours_of(keys: Collection[Key]) -> dict[str, dict[Key, NDArray[np.float64]]]:
    """Return the hours that count, by item and (series, day): originals without those that a review took out."""
    wanted = set(keys)
    found: dict[str, dict[Key, NDArray[np.float64]]] = defaultdict(dict)
    rows = Hours.objects.filter(series__in={one for one, _ in wanted}, day__in={day for _, day in wanted})
    for series, item, day, hours in rows.values_list("series_id", "item", "day", "hours"):
        if (series, day) in wanted:
            array = np.array([np.nan if hour is None else hour for hour in hours], np.float64)
            found[item][series, day] = half_even_array(array, 6)
    _take_out(found, wanted)
    return found


def _take_out(found: Mapping[str, dict[Key, NDArray[np.float64]]], keys: set[Key]) -> None:
    if not keys:
        return
    low = datetime.combine(min(day for _, day in keys), datetime.min.time(), BEIJING)
    high = datetime.combine(max(day for _, day in keys) + timedelta(days=1), datetime.min.time(), BEIJING)
    reviews = Review.objects.filter(
        state=Review.State.ACCEPTED, series__in={one for one, _ in keys}, starts__lt=high, ends__gt=low
    )
    for review in reviews:
        for item in [review.item] if review.item else ITEMS:
            for (series, day), hours in found.get(item, {}).items():
                if series == review.series_id:
                    hours[_covered(day, review.starts, review.ends)] = np.nan


def _covered(day: date, starts: datetime, ends: datetime) -> NDArray[np.bool_]:
    midnight = datetime.combine(day, datetime.min.time(), BEIJING)
    edges = [midnight + timedelta(hours=hour) for hour in range(25)]
    return np.array([edges[at] < ends and edges[at + 1] > starts for at in range(24)])


def _point_days(keys: Collection[Key]) -> dict[tuple[int, date, str], _Figure]:
    figures: dict[tuple[int, date, str], _Figure] = {}
    for item, by_key in hours_of(keys).items():
        groups: dict[int, tuple[AirStatistics, list[Key]]] = {}
        for key in by_key:
            rules = in_force.statistics_on(key[1])
            if rules is not None:
                groups.setdefault(id(rules), (rules, []))[1].append(key)
        for rules, some in groups.values():
            array = np.array([by_key[key] for key in some])
            for (series, day), figure in zip(some, _figures(item, array, rules), strict=True):
                figures[series, day, item] = figure
    return figures


def _figures(item: str, hours: NDArray[np.float64], rules: AirStatistics) -> list[_Figure]:
    if item == "o3":
        found = mda8_array(hours, rules)
        columns = (found.value, found.valid, found.windows, found.total, found.parts)
    else:
        means, valid, counts = day_means(hours, item, rules)
        columns = (means, valid, counts, steps_of(hours)[0].sum(axis=1), counts)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [_Figure(None if value != value else value, *rest) for value, *rest in rows]


def _place_days(keys: Collection[Key]) -> dict[tuple[int, date, str], _Figure]:
    if not keys:
        return {}
    places, days = {one for one, _ in keys}, {day for _, day in keys}
    places_of = _places_of_points(places)
    assessed: dict[int, int] = defaultdict(int)
    for above in places_of.values():
        for place in above:
            assessed[place] += 1
    values: dict[tuple[int, date, str], list[Fraction]] = defaultdict(list)
    rows = Day.objects.filter(series__in=list(places_of), day__in=days)
    for point, day, item, value, valid, total, parts in rows.values_list(
        "series_id", "day", "item", "value", "valid", "total", "parts"
    ):
        for place in places_of[point]:
            if (place, day) in keys:
                some = values[place, day, item]
                if valid and value is not None:
                    some.append(Fraction(total, parts * SCALE) if parts else Fraction(repr(value)))
    figures: dict[tuple[int, date, str], _Figure] = {}
    for (place, day, item), some in values.items():
        rules = in_force.statistics_on(day)
        if rules is None:
            continue
        padded: list[Fraction | None] = [*some, *[None] * (assessed[place] - len(some))]
        mean = city_value(padded, item, rules)
        value = None if mean.value is None else float(mean.value)
        figures[place, day, item] = _Figure(value, mean.valid, mean.count)
    return figures


def _places_of_points(places: Collection[int]) -> dict[int, list[int]]:
    """Return the assessed points that count towards some places, directly or through a place between, with those."""
    points = AirSeries.objects.filter(
        Q(parent__in=places) | Q(parent__parent__in=places), kind=AirSeries.Kind.POINT, assessed=True
    )
    return {
        point: [place for place in (parent, above) if place is not None and place in places]
        for point, parent, above in points.values_list("pk", "parent_id", "parent__parent_id")
    }


def _write_days(figures: Mapping[tuple[int, date, str], _Figure], causes: Mapping[Key, tuple[str, str]]) -> None:
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
        if old is not None and (old.value, old.valid) != (figure.value, figure.valid):
            cause, reason = causes[one, day]
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
    Day.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["series", "day", "item"],
        update_fields=["value", "valid", "count", "total", "parts", "revision"],
        batch_size=2_000,
    )
    Revision.objects.bulk_create(revisions, batch_size=2_000)


def _same(old: Day, new: _Figure) -> bool:
    return (old.value, old.valid, old.count, old.total, old.parts) == (
        new.value,
        new.valid,
        new.count,
        new.total,
        new.parts,
    )


# --- indices ----------------------------------------------------------------------------------------------------------


def _write_indices(keys: Collection[Key]) -> None:
    values = _valid_days({one for one, _ in keys}, {day for _, day in keys})
    groups: dict[int, list[Key]] = defaultdict(list)
    for key in keys:
        rules = in_force.index_on(key[1])
        if rules is not None:
            groups[id(rules)].append(key)
    rows: list[AirIndexDay] = []
    for some in groups.values():
        rules = in_force.index_on(some[0][1])
        assert rules is not None
        arrays = {item: np.array([values.get((*key, item), np.nan) for key in some]) for item in ITEMS}
        found = air_reports(Kind.DAILY, arrays, rules)
        columns = (found.aqi, found.level, found.primary, found.missing, found.reason)
        for (series, day), (aqi, level, primary, missing, reason) in zip(
            some, zip(*(column.tolist() for column in columns), strict=True), strict=True
        ):
            rows.append(
                AirIndexDay(
                    series_id=series,
                    day=day,
                    aqi=None if aqi < 0 else aqi,
                    level=level,
                    primary=primary,
                    missing=missing,
                    reason=reason,
                    edition=rules.edition,
                )
            )
    AirIndexDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["series", "day"],
        update_fields=["aqi", "level", "primary", "missing", "reason", "edition"],
        batch_size=2_000,
    )


def _valid_days(series: Collection[int], days: Collection[date]) -> dict[tuple[int, date, str], float]:
    rows = Day.objects.filter(series__in=series, day__in=days, valid=True, value__isnull=False)
    return {
        (one, day, item): float(value or 0.0)
        for one, day, item, value in rows.values_list("series_id", "day", "item", "value")
    }


# --- months, quarters, years ------------------------------------------------------------------------------------------


def _write_spans(keys: Iterable[Key]) -> None:
    wanted: dict[tuple[str, date], set[int]] = defaultdict(set)
    for series, day in keys:
        for span in Span.values:
            wanted[span, first_of(span, day)].add(series)
    for (span, start), some in sorted(wanted.items()):
        _write_span(span, start, sorted(some))


def _write_span(span: str, start: date, series: list[int]) -> None:
    last = after(span, start) - timedelta(days=1)
    rules, rule = in_force.statistics_on(last), in_force.composite_on(last)
    if rules is None or rule is None:
        return
    days = days_of(span, start)
    months = np.array([day.month for day in days])
    row_of = {one: at for at, one in enumerate(series)}
    column_of = {day: at for at, day in enumerate(days)}
    arrays = {item: np.full((len(series), len(days)), np.nan) for item in ITEMS}
    for (one, day, item), value in _valid_days(series, days).items():
        arrays[item][row_of[one], column_of[day]] = value
    figures: list[Figure] = []
    statistic: dict[str, NDArray[np.float64]] = {}
    for item in ITEMS:
        found = spans(span, item, arrays[item], months, rules)
        statistic[item] = found.percentile if item in ("co", "o3") else found.mean
        for one, at in row_of.items():
            some = int(found.days[at])
            figures.append(
                Figure(
                    series_id=one,
                    span=span,
                    start=start,
                    item=item,
                    valid=bool(found.valid[at]),
                    days=some,
                    days_over=int(found.days_over[at]),
                    mean=_or_none(found.mean[at]),
                    percentile=_or_none(found.percentile[at]),
                    mean_multiple=_or_none(found.mean_multiple[at]),
                    percentile_multiple=_or_none(found.percentile_multiple[at]),
                    meets=bool(found.meets[at]) if some else None,
                    rate=_or_none(found.rate[at]),
                    stage=rules.stage,
                )
            )
    Figure.objects.bulk_create(
        figures,
        update_conflicts=True,
        unique_fields=["span", "start", "series", "item"],
        update_fields=[
            "valid",
            "days",
            "days_over",
            "mean",
            "percentile",
            "mean_multiple",
            "percentile_multiple",
            "meets",
            "rate",
            "stage",
        ],
        batch_size=2_000,
    )
    _write_summaries(span, start, series, days, rules, composites(statistic, rule), rule.name)


def _write_summaries(
    span: str,
    start: date,
    series: list[int],
    days: list[date],
    rules: AirStatistics,
    composite: NDArray[np.float64],
    rule: str,
) -> None:
    row_of = {one: at for at, one in enumerate(series)}
    column_of = {day: at for at, day in enumerate(days)}
    indices = np.full((len(series), len(days)), -1, np.int16)
    rows = AirIndexDay.objects.filter(series__in=series, day__gte=days[0], day__lte=days[-1], aqi__isnull=False)
    for one, day, aqi in rows.values_list("series_id", "day", "aqi"):
        indices[row_of[one], column_of[day]] = aqi or 0
    good = good_days_arrays(indices, rules)
    AirSummary.objects.bulk_create(
        [
            AirSummary(
                series_id=one,
                span=span,
                start=start,
                days=int(good.days[at]),
                good=int(good.good[at]),
                heavy=int(good.heavy[at]),
                good_rate=_or_none(good.rate[at]),
                composite=_or_none(composite[at]),
                rule=rule,
            )
            for one, at in row_of.items()
        ],
        update_conflicts=True,
        unique_fields=["span", "start", "series"],
        update_fields=["days", "good", "heavy", "good_rate", "composite", "rule"],
        batch_size=2_000,
    )


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)
