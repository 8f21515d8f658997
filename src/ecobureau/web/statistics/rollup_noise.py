"""The sound environment: from hours to days and nights, months, quarters and years, and attainment of zones.

A night counts to the date on which it begins, so hours of one day bear on two dates. A month, quarter or year of a
point is the energy mean of its valid days; its attainment, and that of a place zone by zone, counts point-days and
point-nights. Each day is judged by the limits of its date in the zone that the point had when it was first judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from django.db.models import Sum
from numpy.typing import NDArray

from ecobureau.domain.noise import (
    DayItem,
    DayLevel,
    Hours,
    NoiseRules,
    day_levels,
    night_peak,
    span_is_valid,
)
from ecobureau.domain.rounding import half_even
from ecobureau.web.statistics import revised
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import Day, Figure, NoiseSummary, Series, Span
from ecobureau.web.statistics.noise_attainment import Counts, judged_day, keeps, result_words, span_levels, zone_mean
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.revised import Why
from ecobureau.web.statistics.rollup_days import Causes, DayFigure, Key, hours_of, write_days
from ecobureau.web.statistics.spans import after, days_of, first_of
from ecobureau.web.statistics.writing import put_rows

STAGE = "GB 3096-2008"
ITEMS: tuple[DayItem, ...] = ("ld", "ln", "ldn", "peak")
HOUR_ITEMS = ("leq", "lmax", "wind")
_DAY = timedelta(days=1)
_SPANS = ("day", *Span.values)
Floats = NDArray[np.float64]


def compute(keys: Collection[Key], places: Causes, causes: Causes) -> None:
    """Compute the figures of days of noise and of the dates whose night they end, and all longer ones.

    Args:
        keys: days of series of noise; places: (place, day) that these days count towards, with why.
    """
    points = _with_night_before({key: causes[key] for key in keys if key not in places})
    above = _with_night_before(places)
    write_days(_days(points), points)
    order = {span: at for at, span in enumerate(_SPANS)}
    for (span, start), (some, why) in sorted(_slots(points).items(), key=lambda one: (order[one[0][0]], one[0][1])):
        if span == "day":
            _judge_days(start, some, why)
        else:
            _write_points(span, start, some, why)
    members = Membership({place for place, _ in above})
    for (span, start), (some, why) in sorted(_slots(above).items(), key=lambda one: (order[one[0][0]], one[0][1])):
        _write_places(span, start, some, members, why)


def _with_night_before(keys: Causes) -> dict[Key, tuple[str, str]]:
    return {(series, day - _DAY): why for (series, day), why in keys.items()} | dict(keys)


def _slots(keys: Causes) -> dict[tuple[str, date], tuple[list[int], Why]]:
    """Return the periods that days lie in, with the series to compute there and why."""
    found: dict[tuple[str, date], dict[int, tuple[str, str]]] = defaultdict(dict)
    for (series, day), cause in keys.items():
        for span in _SPANS:
            found[span, first_of(span, day)][series] = cause
    return {
        (span, start): (sorted(some), {(one, span, start): cause for one, cause in some.items()})
        for (span, start), some in found.items()
    }


# --- days -------------------------------------------------------------------------------------------------------------


def _days(keys: Collection[Key]) -> dict[tuple[int, date, str], DayFigure]:
    figures: dict[tuple[int, date, str], DayFigure] = {}
    known = Day.objects.filter(series__in={one for one, _ in keys}, day__in={day for _, day in keys})
    for series, day, item in known.values_list("series_id", "day", "item"):
        if (series, day) in keys:
            figures[series, day, item] = DayFigure(None, False, 0)
    for series, day, item, level in levels_of(keys):
        figures[series, day, item] = DayFigure(level.value, level.valid, level.hours)
    return figures


def levels_of(keys: Collection[Key]) -> Iterator[tuple[int, date, str, DayLevel]]:
    """Yield the levels of days from the hours that count: series, date, item, level."""
    wanted = set(keys)
    around = {(series, day + at * _DAY) for series, day in wanted for at in (-1, 0, 1)}
    hours = hours_of(around, HOUR_ITEMS)
    by_series: dict[int, list[date]] = defaultdict(list)
    for series, day in sorted(around):
        by_series[series].append(day)
    for series, days in by_series.items():
        for run in _runs(days):
            rules = in_force.noise_on(run[-1])
            if rules is None:
                continue
            leq, lmax = (_row(hours, series, run, item, rules) for item in ("leq", "lmax"))
            found = day_levels(run[0], leq, rules, hours_on)
            for day in run:
                if (series, day) not in wanted:
                    continue
                for item, level in found.get(day, {}).items():
                    yield series, day, item, level
                peak = night_peak(run[0], lmax, day, rules, hours_on)
                if peak is not None:
                    yield series, day, "peak", peak


def hours_on(day: date) -> Hours:
    """Return the hours of day and night on a date."""
    rules = in_force.noise_on(day)
    return rules.hours if rules is not None else Hours.of("06:00", "22:00")


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    run: list[date] = []
    for day in days:
        if run and day != run[-1] + _DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _row(
    hours: Mapping[str, Mapping[Key, Floats]], series: int, run: Sequence[date], item: str, rules: NoiseRules
) -> Floats:
    """Return the hours of consecutive days in one row, those out that strong wind rules out (HJ 906)."""
    none = np.full(24, np.nan)
    row = np.concatenate([hours.get(item, {}).get((series, day), none) for day in run])
    wind = np.concatenate([hours.get("wind", {}).get((series, day), none) for day in run])
    with np.errstate(invalid="ignore"):
        row[wind > rules.auto_wind] = np.nan
    return row


def _judge_days(day: date, series: list[int], why: Why) -> None:
    rules = in_force.noise_on(day)
    if rules is None:
        return
    known = _known("day", day, series)
    zones = dict(Series.objects.filter(pk__in=series).values_list("pk", "zone"))
    levels: dict[int, dict[str, float]] = defaultdict(dict)
    there = set()
    for one, item, value, valid in Day.objects.filter(series__in=series, day=day).values_list(
        "series_id", "item", "value", "valid"
    ):
        there.add(one)
        if valid and value is not None:
            levels[one][item] = value
    rows = []
    for one in series:
        old = next(iter(known.get(one, {}).values()), None)
        if one not in there and old is None:
            continue
        zone = (old.zone if old is not None else "") or zones[one]
        counts = judged_day(levels[one], zone, rules)
        rows.append(
            NoiseSummary(
                series_id=one,
                span="day",
                start=day,
                zone=zone,
                points=int(bool(counts.day_total or counts.night_total)),
                valid="ld" in levels[one] and "ln" in levels[one],
                **{item: levels[one].get(item) for item in ("ld", "ln", "ldn")},
                **counts.as_fields(),
            )
        )
    _write(rows, known, why)


# --- months, quarters, years of points --------------------------------------------------------------------------------


def _write_points(span: str, start: date, series: list[int], why: Why) -> None:
    last = after(span, start) - _DAY
    rules = in_force.noise_on(last)
    if rules is None:
        return
    length = (last - start).days + 1
    known = _known(span, start, series)
    values: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    days = Day.objects.filter(series__in=series, day__gte=start, day__lte=last, valid=True, value__isnull=False)
    for one, item, value in days.order_by("day").values_list("series_id", "item", "value"):
        values[one][item].append(value or 0.0)
    counts: dict[int, Counts] = defaultdict(Counts)
    zones: dict[int, str] = {}
    for row in NoiseSummary.objects.filter(series__in=series, span="day", start__gte=start, start__lte=last).order_by(
        "start"
    ):
        counts[row.series_id].add(row)
        zones[row.series_id] = row.zone or zones.get(row.series_id, "")
    figures, rows = [], []
    for one in series:
        if one not in zones and one not in known:
            continue
        zone, counted, own = zones.get(one, ""), counts[one], values[one]
        levels = span_levels(own, rules)
        figures += [
            _figure(one, span, start, item, own.get(item, []), levels.get(item), length, zone, counted, rules)
            for item in ITEMS
        ]
        rows.append(
            NoiseSummary(
                series_id=one,
                span=span,
                start=start,
                zone=zone,
                points=int(bool(counted.day_total or counted.night_total)),
                valid=all(span_is_valid(len(own.get(item, [])), length, rules) for item in ("ld", "ln")),
                **{item: levels.get(item) for item in ("ld", "ln", "ldn")},
                **counted.as_fields(),
            )
        )
    _write_figures(figures)
    _write(rows, known, why)


def _figure(
    series: int,
    span: str,
    start: date,
    item: DayItem,
    days: Sequence[float],
    level: float | None,
    length: int,
    zone: str,
    counts: Counts,
    rules: NoiseRules,
) -> Figure:
    total, within = {
        "ld": (counts.day_total, counts.day_within),
        "ln": (counts.night_total, counts.night_within),
        "peak": (counts.peak_total, counts.peak_within),
    }.get(item, (0, 0))
    meets = None
    if level is not None and zone in rules.zones and item in ("ld", "ln"):
        meets = keeps(level, "day" if item == "ld" else "night", zone, rules)
    return Figure(
        series_id=series,
        span=span,
        start=start,
        item=item,
        valid=span_is_valid(len(days), length, rules),
        days=len(days),
        days_over=total - within,
        mean=level,
        meets=meets,
        rate=float(half_even(Fraction(within * 100, total), 1)) if total else None,
        stage=STAGE,
        parts=len(days),
    )


def _write_figures(figures: list[Figure]) -> None:
    put_rows(
        figures,
        unique=["span", "start", "series", "item"],
        fields=["valid", "days", "days_over", "mean", "meets", "rate", "stage", "parts"],
    )


# --- places -----------------------------------------------------------------------------------------------------------


def _write_places(span: str, start: date, places: list[int], members: Membership, why: Why) -> None:
    last = start if span == "day" else after(span, start) - _DAY
    rules = in_force.noise_on(last)
    if rules is None:
        return
    points_of = {place: set(members.points(place, last)) for place in places}
    own: dict[int, list[NoiseSummary]] = {}
    everyone = {one for some in points_of.values() for one in some}
    rows_of_points = list(NoiseSummary.objects.filter(series__in=everyone, span=span, start=start))
    for place in places:
        own[place] = [row for row in rows_of_points if row.series_id in points_of[place] and row.zone in rules.zones]
    counts = _counted(span, start, last, own)
    known = _known(span, start, places)
    rows: list[NoiseSummary] = []
    for place in places:
        whole, points = Counts(), 0
        for zone in sorted({row.zone for row in own[place]} | set(counts[place])):
            of_zone = [row for row in own[place] if row.zone == zone and row.points]
            some = counts[place].get(zone, Counts())
            whole.add(some)
            points += len(of_zone)
            means = {item: zone_mean(of_zone, item, rules) for item in ("ld", "ln", "ldn")}
            rows.append(
                NoiseSummary(
                    series_id=place, span=span, start=start, zone=zone, points=len(of_zone), **means, **some.as_fields()
                )
            )
        if own[place] or counts[place] or place in known:
            rows.append(
                NoiseSummary(series_id=place, span=span, start=start, zone="", points=points, **whole.as_fields())
            )
    _write(rows, known, why)


def _counted(
    span: str, start: date, last: date, own: Mapping[int, Sequence[NoiseSummary]]
) -> dict[int, dict[str, Counts]]:
    """Return what counts towards places, zone by zone: of a day its points', of a longer span the place's days."""
    found: dict[int, dict[str, Counts]] = {place: {} for place in own}
    if span == "day":
        for place, rows in own.items():
            for row in rows:
                found[place].setdefault(row.zone, Counts()).add(row)
        return found
    names = [one.name for one in fields(Counts)]
    sums = NoiseSummary.objects.filter(series__in=own, span="day", start__gte=start, start__lte=last).exclude(zone="")
    summed = sums.values("series_id", "zone").annotate(**{f"sum_{name}": Sum(name) for name in names})
    for series, zone, *whole in summed.values_list("series_id", "zone", *(f"sum_{name}" for name in names)):
        found[series][zone] = Counts(*whole)
    return found


# --- all --------------------------------------------------------------------------------------------------------------


def days_in(span: str, start: date) -> int:
    """Return how many days a span has."""
    return 1 if span == "day" else len(days_of(span, start))


def _known(span: str, start: date, series: Collection[int]) -> dict[int, dict[str, NoiseSummary]]:
    found: dict[int, dict[str, NoiseSummary]] = defaultdict(dict)
    for row in NoiseSummary.objects.select_for_update().filter(span=span, start=start, series__in=series):
        found[row.series_id][row.zone] = row
    return found


def _write(rows: list[NoiseSummary], known: Mapping[int, Mapping[str, NoiseSummary]], why: Why) -> None:
    """Write summaries of one period; rows of zones that are no more go, what changed is kept."""
    kept = {(row.series_id, row.zone) for row in rows}
    gone = [old.pk for some in known.values() for old in some.values() if (old.series_id, old.zone) not in kept]
    pairs = [(known[row.series_id][row.zone], row) for row in rows if row.zone in known.get(row.series_id, {})]
    revised.keep(pairs, why, result_words, lambda row: None)
    NoiseSummary.objects.filter(pk__in=gone).delete()
    names = [one.name for one in fields(Counts)]
    put_rows(rows, unique=["span", "start", "series", "zone"], fields=["points", *names, "ld", "ln", "ldn", "valid"])
