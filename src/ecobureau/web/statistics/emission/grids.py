"""Values of emissions on even grids of days and hours, gaps as NaN, as the analyses read them.

Concentrations are of outlets alone. Days come from the summaries; hours from whoever keeps the accounts of outlets,
as the days were made from them, with accepted reviews taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from django.db.models import F, Max, Sum
from numpy.typing import NDArray

from ecobureau.clock import BEIJING
from ecobureau.web.statistics.emission import source
from ecobureau.web.statistics.models import EmissionSummary

Floats = NDArray[np.float64]
MEAN, CONVERTED, MASS = "avg", "zs", "kg"
MEASURES = (CONVERTED, MEAN, MASS)
_UG_PER_KG = 1e9
_PARTLY = "emission.state.partial_stop"


@dataclass(frozen=True, slots=True)
class Offered:
    """A factor that a series has figures of; the greatest yearly means and the usual mass of a day, None = none."""

    factor: str
    mean: float | None
    converted: float | None
    kg_day: float | None


@dataclass(slots=True)
class DayGrid:
    """Daily values of a series and what they are of.

    Attributes:
        values: mg/m3, mg/L or kg a day. hours: valid hours behind them. measured, substituted: kg of the days that
            count. fewest, most: outlets behind a day that counts, 0 = no such day.
    """

    values: Floats
    hours: int = 0
    measured: float = 0.0
    substituted: float = 0.0
    fewest: int = 0
    most: int = 0


def offered(series_id: int) -> list[Offered]:
    """Return the factors of a series, by code."""
    rows = (
        EmissionSummary.objects.filter(series=series_id, span="year")
        .order_by("item")
        .values("item")
        .annotate(
            top=Max("mean"),
            top_converted=Max("converted"),
            ug=Sum(F("measured_ug") + F("substituted_ug")),
            of_days=Sum("days"),
        )
    )
    return [
        Offered(
            row["item"],
            row["top"],
            row["top_converted"],
            float(row["ug"]) / _UG_PER_KG / row["of_days"] if row["ug"] and row["of_days"] else None,
        )
        for row in rows
    ]


def having(series_ids: Collection[int], factor: str) -> set[int]:
    """Return those of some series that have figures of a factor."""
    rows = EmissionSummary.objects.filter(series__in=series_ids, item=factor, span="year").order_by()
    return set(rows.values_list("series_id", flat=True))


def day_grids(
    series_ids: Collection[int], factor: str, measure: str, start: date, end: date, share: float
) -> dict[int, DayGrid]:
    """Return the daily values of [start, end): concentrations where the day is valid, masses where enough is known.

    Args:
        measure: one of `MEASURES`. share: hours of a day that must be known (measured, substituted, stopped or without
            discharge) for its mass to count, of 24 for each outlet.
    """
    size = (end - start).days
    found = {one: DayGrid(np.full(size, np.nan)) for one in series_ids}
    rows = EmissionSummary.objects.filter(
        series__in=found, item=factor, span="day", start__gte=start, start__lt=end
    ).only(
        "series_id", "start", "outlets", "mean", "converted", "valid", "measured_ug", "substituted_ug", "measured",
        "substituted", "stopped", "quiet", "valid_hours",
    )  # fmt: skip
    for row in rows.iterator(chunk_size=5_000):
        grid, at = found[row.series_id], (row.start - start).days
        if measure == MASS:
            known = row.measured + row.substituted + row.stopped + row.quiet
            if known < share * 24 * row.outlets:
                continue
            grid.values[at] = (row.measured_ug + row.substituted_ug) / _UG_PER_KG
            grid.hours += row.measured
            grid.measured += row.measured_ug / _UG_PER_KG
            grid.substituted += row.substituted_ug / _UG_PER_KG
            grid.fewest = min(grid.fewest or row.outlets, row.outlets)
            grid.most = max(grid.most, row.outlets)
            continue
        value = row.converted if measure == CONVERTED else row.mean
        if row.valid and value is not None:
            grid.values[at] = value
            grid.hours += row.valid_hours
    return found


def hour_grids(outlets: Mapping[int, int], factor: str, measure: str, start: date, end: date) -> dict[int, Floats]:
    """Return the hours of [start, end) of outlets as grids of 24 · days.

    Concentrations of whole hours; masses as measured, 0 where the outlet stood still or discharged nothing. What was
    substituted is no measurement and is a gap here.

    Args:
        outlets: outlet by its series.
    """
    keeper, low = source.accounts(), datetime.combine(start, time(), BEIJING)
    found = {one: np.full((end - start).days * 24, np.nan) for one in outlets}
    for one, outlet in outlets.items():
        for hour in keeper.span(outlet, factor, start, end) if keeper is not None else ():
            value = _of_hour(hour, measure)
            at = (hour.start - low) // timedelta(hours=1)
            if value is not None and 0 <= at < len(found[one]):
                found[one][at] = value
    return found


def _of_hour(hour: source.OutletHour, measure: str) -> float | None:
    if measure == MASS:
        return hour.kg
    if hour.state == _PARTLY:
        return None
    return hour.converted if measure == CONVERTED else hour.concentration


def summed_hours(
    outlets: Mapping[int, int], factor: str, start: date, end: date, share: float
) -> tuple[Floats, tuple[int, int]]:
    """Return the hourly mass of several outlets together, kg, and of how few and how many outlets a day is.

    An hour counts where at least `share` of the outlets that have a day of the factor on that day are measured or
    stand still.
    """
    size = (end - start).days
    by_series = hour_grids(outlets, factor, MASS, start, end)
    expected = np.zeros(size, dtype=np.int64)
    rows = EmissionSummary.objects.filter(
        series__in=outlets, item=factor, span="day", start__gte=start, start__lt=end
    ).values_list("start", flat=True)
    for day in rows:
        expected[(day - start).days] += 1
    if not by_series:
        return np.full(size * 24, np.nan), (0, 0)
    stacked = np.vstack(list(by_series.values()))
    there, wanted = np.isfinite(stacked).sum(axis=0), np.repeat(expected, 24)
    good = (there > 0) & (wanted > 0) & (there >= share * wanted)
    some = expected[expected > 0]
    return np.where(good, np.nansum(stacked, axis=0), np.nan), (
        (int(some.min()), int(some.max())) if len(some) else (0, 0)
    )
