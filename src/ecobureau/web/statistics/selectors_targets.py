"""How far a year's targets are: the figure so far, the year-end range, what can still be afforded.

Days (months) before today with a value are known; today and what follows is still to come; days of the past without a
value are neither. Excluded days are left out on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from ecobureau.clock import beijing, now
from ecobureau.domain.air import AirStatistics, good_days_arrays
from ecobureau.domain.air.exact import exact_means, exact_percentiles
from ecobureau.domain.air.statistics import rate
from ecobureau.domain.rounding import half_even
from ecobureau.domain.rules import Entry
from ecobureau.domain.targets import (
    Forecast,
    ForecastRules,
    allowed_bad_days,
    allowed_mean,
    allowed_over_days,
    forecast,
    forecast_months,
)
from ecobureau.domain.water import Body, WaterClass, class_shares, item_class, year_mean
from ecobureau.rulepacks import load
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import visible
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import Medium, Series, Target
from ecobureau.web.statistics.rules import WaterInForce
from ecobureau.web.statistics.selectors_water import series as water_series
from ecobureau.web.statistics.spans import days_of
from ecobureau.web.statistics.targets_data import YEARS, Data
from ecobureau.web.statistics.water_classes import judged

Means = Mapping[str, float | None]
Sections = Mapping[int, Means]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Something that can still be afforded: message code with its values; `lost`: the target is out of reach."""

    code: str
    params: dict[str, object] = field(default_factory=dict)
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """A target with how far it is.

    Attributes:
        value: the figure so far; None without data. reached: it meets the target as of now.
        known, remaining: days (months) with a value so far, and still to come.
        forecast: the year-end range; None where there is too little.
        allowed: what can still be afforded.
    """

    target: Target
    value: float | None
    reached: bool | None
    known: int
    remaining: int
    forecast: Forecast | None
    allowed: list[Allowed]


def targets(viewer: Viewer, year: int | None = None) -> QuerySet[Target]:
    """Return the targets of the viewer's series."""
    seen = Q(series__in=Series.objects.filter(visible(viewer)).values("pk")) | Q(
        series__in=water_series(viewer).values("pk")
    )
    rows = Target.objects.filter(seen).select_related("series", "entered_by")
    return rows.filter(year=year) if year is not None else rows


def choices(viewer: Viewer) -> QuerySet[Series]:
    """Return the series that the viewer sees and that can have targets, places first."""
    seen = Q(pk__in=Series.objects.filter(visible(viewer)).values("pk")) | Q(pk__in=water_series(viewer).values("pk"))
    return Series.objects.filter(seen).filter(medium__in=(Medium.AIR, Medium.WATER)).order_by("medium", "-kind", "name")


def rules_of_forecast(day: date) -> ForecastRules:
    """Return the numbers of the method in force on a day."""
    return ForecastRules.from_pack(load("targets"), day)


def entries_of_forecast(day: date) -> list[Entry]:
    """Return the entries behind them."""
    return list(rules_of_forecast(day).entries.values())


def outlooks(rows: Iterable[Target]) -> list[Outlook]:
    """Return how far some targets are. All their data are read at once: as many queries for one as for thirty."""
    today, some = beijing(now()).date(), list(rows)
    data = Data(some)
    return [outlook_on(target, target.year, today, data) for target in some]


def outlook_on(target: Target, year: int, today: date, data: Data) -> Outlook:
    """Return how far a target was in a year, as it stood on a day, from data that reach so far."""
    return _OUTLOOKS[Target.Kind(target.kind)](target, year, today, data)


def _remaining(year: int, today: date) -> list[date]:
    return [day for day in days_of("year", date(year, 1, 1)) if day >= today]


def _split(values: Mapping[date, float], year: int, today: date) -> tuple[list[float], dict[date, float]]:
    known = [value for day, value in sorted(values.items()) if day.year == year and day < today]
    return known, {day: value for day, value in values.items() if year - YEARS <= day.year < year}


# --- air --------------------------------------------------------------------------------------------------------------


def _indices(series: int, data: Data, rules: AirStatistics) -> dict[date, float]:
    out = data.out.for_good_days(series, rules)
    return {day: aqi for day, aqi in data.indices.get(series, {}).items() if day not in out}


def _days(series: int, item: str, data: Data, rules: AirStatistics) -> dict[date, float]:
    out = data.out.for_item(series, item, rules)
    return {day: value for day, value in data.days.get((series, item), {}).items() if day not in out}


def _rows(ways: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    array = np.full((len(ways), max((len(way) for way in ways), default=0)), np.nan)
    for at, way in enumerate(ways):
        array[at, : len(way)] = way
    return array


def _or_none(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else float(value) for value in values.tolist()]


def _nothing(target: Target, remaining: int) -> Outlook:
    return Outlook(target, None, None, 0, remaining, None, [])


def _air_rules(year: int) -> AirStatistics | None:
    return in_force.statistics_on(date(year, 12, 31))


def _good_rate(target: Target, year: int, today: date, data: Data) -> Outlook:
    rules, rest = _air_rules(year), _remaining(year, today)
    if rules is None:
        return _nothing(target, len(rest))
    known, history = _split(_indices(target.series_id, data, rules), year, today)

    def figures(ways: Sequence[Sequence[float]]) -> list[float | None]:
        indices = np.nan_to_num(_rows(ways), nan=-1).astype(np.int16)
        return _or_none(good_days_arrays(indices, rules).rate)

    def reached(good: int, counted: int) -> bool:
        share = rate(good, counted, rules)
        return share is not None and float(share) >= target.value

    value = figures([known])[0] if known else None
    bad = sum(one > rules.good_top for one in known)
    left = allowed_bad_days(bad, len(known), len(rest), reached)
    allowed = (
        Allowed("statistics.allowed.lost", {}, lost=True)
        if left is None
        else Allowed("statistics.allowed.bad", {"days": left, "remaining": len(rest)})
    )
    range_ = forecast(known, rest, history, figures, lambda one: one >= target.value, rules_of_forecast(today))
    return Outlook(target, value, _met(value, target, least=True), len(known), len(rest), range_, [allowed])


def _heavy_days(target: Target, year: int, today: date, data: Data) -> Outlook:
    rules, rest = _air_rules(year), _remaining(year, today)
    if rules is None:
        return _nothing(target, len(rest))
    known, history = _split(_indices(target.series_id, data, rules), year, today)

    def figures(ways: Sequence[Sequence[float]]) -> list[float | None]:
        return [float(sum(one > rules.heavy_above for one in way)) for way in ways]

    value = figures([known])[0] if known else None
    left = int(target.value - (value or 0))
    allowed = (
        Allowed("statistics.allowed.lost", {}, lost=True)
        if left < 0
        else Allowed("statistics.allowed.heavy", {"days": min(left, len(rest)), "remaining": len(rest)})
    )
    range_ = forecast(known, rest, history, figures, lambda one: one <= target.value, rules_of_forecast(today))
    return Outlook(target, value, _met(value, target), len(known), len(rest), range_, [allowed])


def _pm25_mean(target: Target, year: int, today: date, data: Data) -> Outlook:
    rules, rest = _air_rules(year), _remaining(year, today)
    if rules is None:
        return _nothing(target, len(rest))
    known, history = _split(_days(target.series_id, "pm2_5", data, rules), year, today)

    def figures(ways: Sequence[Sequence[float]]) -> list[float | None]:
        return _or_none(exact_means(_rows(ways), rules.digits["pm2_5"])[0])

    value = figures([known])[0] if known else None
    mean = allowed_mean(known, len(rest), target.value)
    range_ = forecast(known, rest, history, figures, lambda one: one <= target.value, rules_of_forecast(today))
    allowed = [] if mean is None else [_mean_left(mean, len(rest), 1)]
    return Outlook(target, value, _met(value, target), len(known), len(rest), range_, allowed)


def _mean_left(mean: Fraction, remaining: int, digits: int) -> Allowed:
    if mean <= 0:
        return Allowed("statistics.allowed.lost", {}, lost=True)
    return Allowed("statistics.allowed.mean", {"mean": str(half_even(mean, digits)), "remaining": remaining})


def _o3_p90(target: Target, year: int, today: date, data: Data) -> Outlook:
    rules, rest = _air_rules(year), _remaining(year, today)
    if rules is None:
        return _nothing(target, len(rest))
    known, history = _split(_days(target.series_id, "o3", data, rules), year, today)
    percent = rules.percentile["o3"]

    def figures(ways: Sequence[Sequence[float]]) -> list[float | None]:
        return _or_none(exact_percentiles(_rows(ways), percent, rules.digits["o3"])[0])

    value = figures([known])[0] if known else None
    left = allowed_over_days(known, len(rest), target.value, percent)
    allowed = (
        Allowed("statistics.allowed.lost", {}, lost=True)
        if left is None
        else Allowed("statistics.allowed.over", {"days": left, "remaining": len(rest), "value": f"{target.value:g}"})
    )
    range_ = forecast(known, rest, history, figures, lambda one: one <= target.value, rules_of_forecast(today))
    return Outlook(target, value, _met(value, target), len(known), len(rest), range_, [allowed])


def _met(value: float | None, target: Target, *, least: bool = False) -> bool | None:
    if value is None:
        return None
    return value >= target.value if least else value <= target.value


# --- water ------------------------------------------------------------------------------------------------------------


def _months_left(year: int, today: date) -> list[date]:
    return [month for at in range(1, 13) if (month := date(year, at, 1)) >= today.replace(day=1)]


def _year_class(months: Sequence[Means], body: Body, rules: WaterInForce) -> WaterClass | None:
    return judged(year_mean(months), body, rules.classes).water_class if months else None


def _water_class(target: Target, year: int, today: date, data: Data) -> Outlook:
    rules, rest = in_force.water_on(date(year, 12, 31)), _months_left(year, today)
    if rules is None:
        return _nothing(target, len(rest))
    body = data.bodies[target.series_id]
    all_months = {month: some[target.series_id] for month, some in data.sections([target.series_id]).items()}
    known = [some for month, some in sorted(all_months.items()) if month.year == year and month < today.replace(day=1)]
    history = {month: some for month, some in all_months.items() if year - YEARS <= month.year < year}

    def figures(ways: Sequence[Sequence[Means]]) -> list[float | None]:
        found = [_year_class(way, body, rules) for way in ways]
        return [None if one is None else float(one) for one in found]

    value = figures([known])[0] if known else None
    range_ = forecast_months(known, rest, history, figures, lambda one: one <= target.value, rules_of_forecast(today))
    allowed = _concentrations(known, len(rest), WaterClass(int(target.value)), body, rules)
    return Outlook(target, value, _met(value, target), len(known), len(rest), range_, allowed)


def _concentrations(
    known: Sequence[Means], remaining: int, wanted: WaterClass, body: Body, rules: WaterInForce
) -> list[Allowed]:
    """Return the mean that each item at or over the class wanted must keep in the months to come."""
    means = year_mean(known)
    found = []
    for item in rules.classes.auto_items:
        value = means.get(item)
        limits = rules.classes.limits(item, body)
        if value is None or limits.sense == "range" or wanted >= len(limits.values) + 1:
            continue
        if item_class(item, value, rules.classes, body) < wanted:
            continue
        bound = limits.values[wanted - 1]
        values = [one for month in known if (one := month.get(item)) is not None]
        mean = allowed_mean(values, remaining, bound, least=limits.sense == "min")
        if mean is None:
            continue
        if limits.sense == "max" and mean <= 0:
            found.append(Allowed("statistics.allowed.item_lost", {"item": f"water.item.{item}"}, lost=True))
        else:
            code = "statistics.allowed.item_least" if limits.sense == "min" else "statistics.allowed.item"
            shown = str(half_even(mean, 3))
            found.append(Allowed(code, {"item": f"water.item.{item}", "mean": shown, "remaining": remaining}))
    return found


def _water_good(target: Target, year: int, today: date, data: Data) -> Outlook:
    rules, rest = in_force.water_on(date(year, 12, 31)), _months_left(year, today)
    if rules is None:
        return _nothing(target, len(rest))
    points = data.members.points(target.series_id, min(today, date(year, 12, 31)))
    bodies = data.bodies
    all_months = data.sections(points)
    known = [some for month, some in sorted(all_months.items()) if month.year == year and month < today.replace(day=1)]
    history = {month: some for month, some in all_months.items() if year - YEARS <= month.year < year}

    def classes(way: Sequence[Sections]) -> list[WaterClass | None]:
        return [_year_class([one[pk] for one in way if pk in one], bodies[pk], rules) for pk in points]

    def figures(ways: Sequence[Sequence[Sections]]) -> list[float | None]:
        shares = [class_shares(classes(way)) for way in ways]
        found = [one.percent(one.good, rules.sections.decimals) for one in shares]
        return [None if one is None else float(one) for one in found]

    value = figures([known])[0] if known else None
    range_ = forecast_months(known, rest, history, figures, lambda one: one >= target.value, rules_of_forecast(today))
    allowed = []
    if points:
        good = sum(one is not None and one <= WaterClass.III for one in classes(known)) if known else 0
        left = allowed_bad_days(
            0, 0, len(points), lambda some, whole: float(half_even(Fraction(100 * some, whole), 1)) >= target.value
        )
        needed = len(points) - (left or 0)
        params: dict[str, object] = {"needed": needed, "sections": len(points), "good": good}
        allowed.append(Allowed("statistics.allowed.sections", params))
    return Outlook(target, value, _met(value, target, least=True), len(known), len(rest), range_, allowed)


_OUTLOOKS = {
    Target.Kind.GOOD_RATE: _good_rate,
    Target.Kind.HEAVY_DAYS: _heavy_days,
    Target.Kind.PM25_MEAN: _pm25_mean,
    Target.Kind.O3_P90: _o3_p90,
    Target.Kind.WATER_CLASS: _water_class,
    Target.Kind.WATER_GOOD: _water_good,
}
