"""Ambient air: from hours to days, indices, months, quarters and years, by the functions of the domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

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
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.exclusions import Excluded
from ecobureau.web.statistics.models import AirIndexDay, AirSummary, Day, Figure, Span
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.rollup_days import Causes, Columns, DayFigure, Key, point_days, write_days
from ecobureau.web.statistics.spans import after, days_of, first_of
from ecobureau.web.statistics.writing import put_rows


def compute(keys: Collection[Key], places: Causes, causes: Causes) -> None:
    """Compute the figures of days of air, and all longer ones that they lie in.

    Args:
        keys: days of series of air; places: (place, day) that these days count towards, with why.
    """
    write_days(point_days(keys, in_force.statistics_on, _day_figures), causes)
    write_days(_place_days(places), places)
    touched = {*keys, *places}
    _write_indices(touched)
    _write_spans(touched)


def _day_figures(item: str, hours: NDArray[np.float64], rules: AirStatistics) -> Columns:
    if item == "o3":
        found = mda8_array(hours, rules)
        return found.value, found.valid, found.windows, found.total, found.parts
    means, valid, counts = day_means(hours, item, rules)
    return means, valid, counts, steps_of(hours)[0].sum(axis=1), counts


def _place_days(keys: Collection[Key]) -> dict[tuple[int, date, str], DayFigure]:
    if not keys:
        return {}
    places, days = {one for one, _ in keys}, {day for _, day in keys}
    members = Membership(places)
    assessed = {(place, day): len(members.points(place, day)) for place, day in keys}
    values: dict[tuple[int, date, str], list[Fraction]] = defaultdict(list)
    rows = Day.objects.filter(series__in=list(members.places_of), day__in=days)
    for point, day, item, value, valid, total, parts in rows.values_list(
        "series_id", "day", "item", "value", "valid", "total", "parts"
    ):
        for place in members.places_of[point] if members.counts(point, day) else ():
            if (place, day) in keys:
                some = values[place, day, item]
                if valid and value is not None:
                    some.append(Fraction(total, parts * SCALE) if parts else Fraction(repr(value)))
    figures = _left_alone(keys)
    for (place, day, item), some in values.items():
        rules = in_force.statistics_on(day)
        if rules is None:
            continue
        padded: list[Fraction | None] = [*some, *[None] * (assessed[place, day] - len(some))]
        mean = city_value(padded, item, rules)
        value = None if mean.value is None else float(mean.value)
        figures[place, day, item] = DayFigure(value, mean.valid, mean.count)
    return figures


def _left_alone(keys: Collection[Key]) -> dict[tuple[int, date, str], DayFigure]:
    """Return an empty figure for all that had been computed from points, should none of them count any more."""
    rows = Day.objects.filter(series__in={one for one, _ in keys}, day__in={day for _, day in keys}, parts=0)
    alone = rows.exclude(count=0, valid=True).values_list("series_id", "day", "item")
    return {(place, day, item): DayFigure(None, False, 0) for place, day, item in alone if (place, day) in keys}


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
    put_rows(rows, unique=["series", "day"], fields=["aqi", "level", "primary", "missing", "reason", "edition"])


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
    out = Excluded(series, days[0], days[-1])
    for one, at in row_of.items():
        for item in ITEMS if out.marks(one) else ():
            arrays[item][at, [column_of[day] for day in out.for_item(one, item, rules)]] = np.nan
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
    put_rows(
        figures,
        unique=["span", "start", "series", "item"],
        fields=[
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
    )
    _write_summaries(span, start, series, days, rules, composites(statistic, rule), rule.name, out)


def _write_summaries(
    span: str,
    start: date,
    series: list[int],
    days: list[date],
    rules: AirStatistics,
    composite: NDArray[np.float64],
    rule: str,
    out: Excluded,
) -> None:
    row_of = {one: at for at, one in enumerate(series)}
    column_of = {day: at for at, day in enumerate(days)}
    indices = np.full((len(series), len(days)), -1, np.int16)
    rows = AirIndexDay.objects.filter(series__in=series, day__gte=days[0], day__lte=days[-1], aqi__isnull=False)
    for one, day, aqi in rows.values_list("series_id", "day", "aqi"):
        indices[row_of[one], column_of[day]] = aqi or 0
    left_out = dict.fromkeys(series, 0)
    for one, at in row_of.items():
        columns = [column_of[day] for day in out.for_good_days(one, rules)]
        left_out[one] = int((indices[at, columns] >= 0).sum()) if columns else 0
        indices[at, columns] = -1
    good = good_days_arrays(indices, rules)
    put_rows(
        [
            AirSummary(
                series_id=one,
                span=span,
                start=start,
                days=int(good.days[at]),
                good=int(good.good[at]),
                heavy=int(good.heavy[at]),
                excluded=left_out[one],
                good_rate=_or_none(good.rate[at]),
                composite=_or_none(composite[at]),
                rule=rule,
            )
            for one, at in row_of.items()
        ],
        unique=["span", "start", "series"],
        fields=["days", "good", "heavy", "excluded", "good_rate", "composite", "rule"],
    )


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)
