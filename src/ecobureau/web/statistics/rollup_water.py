"""Surface water: from hours to days, months, quarters and years, and the class of each, by the domain's functions.

A month is the mean of its valid hours, a quarter or year the mean of its months. Places and rivers get the shares of
classes of their sections. A class that changes after it had been computed is kept as a revision with its cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.rounding import half_even
from ecobureau.domain.water import AutoDay, Body, WaterClass, day_values, item_class, mean, month_value, multiple
from ecobureau.web.statistics import revised, water_samples
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import Day, Figure, Series, Span, WaterSummary
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.revised import Why
from ecobureau.web.statistics.rollup_days import Causes, Columns, Key, point_days, write_days
from ecobureau.web.statistics.rules import WaterInForce
from ecobureau.web.statistics.spans import first_of, last_of
from ecobureau.web.statistics.water_classes import place_class, point_class
from ecobureau.web.statistics.writing import put_rows

STAGE = "GB 3838-2002"
_Slot = tuple[str, date]
"""A span and its first day."""


def compute(keys: Collection[Key], places: Causes, causes: Causes) -> None:
    """Compute the figures and classes of days of water, and all longer ones that they lie in.

    Args:
        keys: days of series of water; places: (place or river, day) that these days count towards, with why.
    """
    points = [key for key in keys if key not in places]
    write_days(point_days(points, in_force.water_on, _day_figures), causes)
    bodies = bodies_of({one for one, _ in points})
    wanted: dict[_Slot, set[int]] = defaultdict(set)
    why: dict[tuple[int, str, date], tuple[str, str]] = {}
    for key in points:
        for span in ("day", *Span.values):
            wanted[span, first_of(span, key[1])].add(key[0])
            why[key[0], span, first_of(span, key[1])] = causes[key]
    order = {"day": 0, "month": 1, "quarter": 2, "year": 3}
    for (span, start), some in sorted(wanted.items(), key=lambda pair: (order[pair[0][0]], pair[0][1])):
        _write_points(span, start, {one: bodies[one] for one in sorted(some)}, why)
    above: dict[_Slot, set[int]] = defaultdict(set)
    for (place, day), cause in places.items():
        for span in ("day", *Span.values):
            above[span, first_of(span, day)].add(place)
            why[place, span, first_of(span, day)] = cause
    members = Membership({place for place, _ in places})
    for (span, start), some in sorted(above.items(), key=lambda pair: (order[pair[0][0]], pair[0][1])):
        _write_places(span, start, sorted(some), members, why)


# --- days -------------------------------------------------------------------------------------------------------------


def _day_figures(_item: str, hours: NDArray[np.float64], rules: WaterInForce) -> Columns:
    found = day_values(hours, rules.auto)
    return found.value, found.valid, found.count, found.total, found.count


# --- points -----------------------------------------------------------------------------------------------------------


def _write_points(span: str, start: date, bodies: Mapping[int, Body], why: Why) -> None:
    rules = in_force.water_on(last_of(span, start))
    if rules is None:
        return
    means: dict[int, dict[str, float | None]] = {one: {} for one in bodies}
    valid: dict[int, bool] = {}
    days: dict[int, int] = {}
    if span == "day":
        rows = Day.objects.filter(series__in=bodies, day=start)
        for one, item, value, good in rows.values_list("series_id", "item", "value", "valid"):
            means[one][item] = value if good else None
            valid[one], days[one] = True, 1
        # A day on which a sample was taken and no station measured has no class of its own.
        bodies = {one: body for one, body in bodies.items() if one in days}
    else:
        figures = _figures(span, start, bodies, rules)
        _write_figures(figures, span, start, bodies)
        for figure in figures:
            means[figure.series_id][figure.item] = figure.mean
            if figure.item in rules.classes.auto_items:
                valid[figure.series_id] = valid.get(figure.series_id, True) and figure.valid
            days[figure.series_id] = max(days.get(figure.series_id, 0), figure.days)
    rows_made = []
    for one, body in bodies.items():
        found = point_class(means[one], body, rules)
        rows_made.append(
            WaterSummary(
                series_id=one,
                span=span,
                start=start,
                water_class=None if found.water_class is None else int(found.water_class),
                deciding=list(found.deciding),
                over=[
                    {
                        "item": each.item,
                        "class": int(each.water_class),
                        "multiple": None if each.multiple is None else str(each.multiple),
                    }
                    for each in found.over
                ],
                reason=found.reason,
                valid=bool(valid.get(one, False)),
                days=days.get(one, 0),
                counts=[0] * 6,
                cwqi=found.cwqi,
                tli=found.tli,
            )
        )
    _write_summaries(rows_made, why)


def _figures(span: str, start: date, bodies: Mapping[int, Body], rules: WaterInForce) -> list[Figure]:
    last = last_of(span, start)
    days: dict[tuple[int, str], dict[date, AutoDay]] = defaultdict(dict)
    rows = Day.objects.filter(series__in=bodies, day__gte=start, day__lte=last)
    for one, item, day, value, valid, count, total in rows.values_list(
        "series_id", "item", "day", "value", "valid", "count", "total"
    ):
        days[one, item][day] = AutoDay(value, valid, count, 0, total)
    months = _month_means(bodies, start, last) if span != "month" else {}
    samples = water_samples.accepted(bodies, start, last) if span == "month" else {}
    found = []
    for one, item in {**days, **samples, **months}:
        some, origin = days.get((one, item), {}), "auto"
        if span == "month":
            month = month_value(list(some.values()), (last - start).days + 1, rules.auto)
            value, valid, parts = month.value, month.valid, month.hours
            if not valid and (one, item) in samples:
                results = water_samples.flat(samples[one, item])
                value, valid, parts, origin = mean(results), True, len(results), "manual"
        else:
            by_month = months.get((one, item), {})
            value, parts = mean([each for each, _ in by_month.values()]), len(by_month)
            valid = parts == {"quarter": 3, "year": 12}[span] and all(good for _, good in by_month.values())
        figure = _figure(one, span, start, item, value, valid, parts, some, bodies[one], rules)
        figure.origin = origin
        found.append(figure)
    return found


def _month_means(
    series: Iterable[int], first: date, last: date
) -> dict[tuple[int, str], dict[date, tuple[float, bool]]]:
    """Return the monthly means of points in a period: (series, item) → month → mean and whether it is valid."""
    found: dict[tuple[int, str], dict[date, tuple[float, bool]]] = defaultdict(dict)
    rows = Figure.objects.filter(series__in=series, span="month", start__gte=first, start__lte=last, mean__isnull=False)
    for one, item, month, value, valid in rows.values_list("series_id", "item", "start", "mean", "valid"):
        found[one, item][month] = (value or 0.0, valid)
    return found


def _figure(
    series: int,
    span: str,
    start: date,
    item: str,
    value: float | None,
    valid: bool,
    parts: int,
    days: Mapping[date, AutoDay],
    body: Body,
    rules: WaterInForce,
) -> Figure:
    known = [one.value for one in days.values() if one.valid and one.value is not None]
    wanted = rules.classes.exceed_class
    judged = item in rules.classes.monthly_items
    over = sum(item_class(item, one, rules.classes, body) > wanted for one in known) if judged else 0
    worse = judged and value is not None and item_class(item, value, rules.classes, body) > wanted
    times = None
    if worse and value is not None and item not in rules.classes.no_multiple:
        limit = rules.classes.limits(item, body).values[wanted - 1]
        times = float(multiple(value, limit, rules.classes.multiple_decimals))
    rate = float(half_even((len(known) - over) * 100 / len(known), 1)) if known and judged else None
    return Figure(
        series_id=series,
        span=span,
        start=start,
        item=item,
        valid=valid,
        days=len(known),
        days_over=over,
        mean=value,
        mean_multiple=times,
        meets=None if value is None or not judged else not worse,
        rate=rate,
        stage=STAGE,
        parts=parts,
    )


def _write_figures(figures: list[Figure], span: str, start: date, points: Collection[int]) -> None:
    kept = {(figure.series_id, figure.item) for figure in figures}
    known = Figure.objects.filter(span=span, start=start, series__in=points).values_list("pk", "series_id", "item")
    gone = [pk for pk, one, item in known if (one, item) not in kept]
    if gone:
        Figure.objects.filter(pk__in=gone).delete()
    put_rows(
        figures,
        unique=["span", "start", "series", "item"],
        fields=["valid", "days", "days_over", "mean", "mean_multiple", "meets", "rate", "stage", "parts", "origin"],
    )


# --- places and rivers ------------------------------------------------------------------------------------------------


def _write_places(span: str, start: date, places: list[int], members: Membership, why: Why) -> None:
    last = last_of(span, start)
    rules = in_force.water_on(last)
    if rules is None:
        return
    points_of = {place: members.points(place, last) for place in places}
    everyone = {one for some in points_of.values() for one in some}
    bodies, means = bodies_of(everyone), means_of(span, start, everyone)
    rows = []
    for place, points in points_of.items():
        found = place_class({one: means[one] for one in points if one in means}, bodies, rules)
        rows.append(
            WaterSummary(
                series_id=place,
                span=span,
                start=start,
                water_class=None if found.water_class is None else int(found.water_class),
                over=[{"item": item, "share": share} for item, share in found.main],
                reason="" if sum(found.counts) else "water.none.no_item",
                valid=True,
                days=len(points),
                counts=list(found.counts),
                good_rate=found.good,
                bad_rate=found.bad,
                grade=found.grade,
                method=found.method,
                cwqi=found.cwqi,
            )
        )
    _write_summaries(rows, why)


def means_of(span: str, start: date, points: Collection[int]) -> dict[int, dict[str, float | None]]:
    """Return the means of points over a period by item; of a day only what is valid."""
    found: dict[int, dict[str, float | None]] = defaultdict(dict)
    rows: Iterable[tuple[int, str, float | None]]
    if span == "day":
        rows = Day.objects.filter(series__in=points, day=start, valid=True).values_list("series_id", "item", "value")
    else:
        rows = Figure.objects.filter(series__in=points, span=span, start=start).values_list("series_id", "item", "mean")
    for one, item, value in rows:
        found[one][item] = value
    return found


# --- both -------------------------------------------------------------------------------------------------------------


def bodies_of(points: Collection[int]) -> dict[int, Body]:
    """Return by which limits each point is judged, river or lake."""
    rows = Series.objects.filter(pk__in=points).values_list("pk", "body")
    return {one: "lake" if body == "lake" else "river" for one, body in rows}


def result_words(row: WaterSummary) -> str:
    """Return what a summary says in short, as revisions keep it: the class, or the shares of good and bad."""
    if row.good_rate is not None:
        return f"Ⅰ～Ⅲ {row.good_rate:g} % / 劣Ⅴ {row.bad_rate:g} %"
    return "" if row.water_class is None else WaterClass(row.water_class).roman


def _write_summaries(rows: list[WaterSummary], why: Why) -> None:
    if not rows:
        return
    span, start = rows[0].span, rows[0].start
    known = {
        one.series_id: one
        for one in WaterSummary.objects.select_for_update().filter(
            span=span, start=start, series__in=[row.series_id for row in rows]
        )
    }
    pairs = [(known[row.series_id], row) for row in rows if row.series_id in known]
    revised.keep(pairs, why, result_words, lambda row: row.water_class)
    put_rows(
        rows,
        unique=["span", "start", "series"],
        fields=[
            "water_class",
            "deciding",
            "over",
            "reason",
            "valid",
            "days",
            "counts",
            "good_rate",
            "bad_rate",
            "grade",
            "method",
            "cwqi",
            "tli",
        ],
    )
