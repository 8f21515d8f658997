"""The limits of outlets as the statistics hold days and hours against them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ecobureau.domain import units
from ecobureau.domain.emission.over import Bound, Bounds
from ecobureau.domain.emission.times import day_of
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Limit, Outlet

UNITS = {Outlet.Medium.AIR: "mg/m3", Outlet.Medium.WATER: "mg/L"}
"""Unit in which the statistics keep concentrations of each medium."""

_CONVERTED = (Limit.Statistic.ZS_AVG, Limit.Statistic.ZS_RTD)


def limits_on(limits: Iterable[Limit], factor: str, day: date) -> list[Limit]:
    """Return those upper limits of means of a factor that are in force on a day."""
    return [
        one
        for one in limits
        if one.factor_id == factor
        and one.kind == Limit.Kind.MAX
        and one.field in (Limit.Statistic.AVG, Limit.Statistic.ZS_AVG)
        and one.valid_from <= day
        and (one.valid_to is None or day <= one.valid_to)
    ]


def bounds_of(limits: Iterable[Limit], factor: str, unit: str) -> Bounds:
    """Return the limits of a factor by day, in the unit of its concentrations; limits in other units bind nothing."""
    mine = [one for one in limits if one.factor_id == factor]
    known: dict[int, list[Bound]] = {}

    def at(number: int) -> list[Bound]:
        if number not in known:
            found = [bound(one, unit) for one in limits_on(mine, factor, day_of(number))]
            known[number] = [one for one in found if one is not None]
        return known[number]

    return at


def bound(limit: Limit, unit: str) -> Bound | None:
    """Return a limit in a unit, None when it cannot be turned into it."""
    step = units.factor(limit.unit, unit)
    return None if step is None else Bound(float(limit.value * step), limit.field in _CONVERTED, limit.period)


def of_outlet(outlet_id: int, day: date) -> list[Limit]:
    """Return the limits of an outlet in force on a day."""
    return sources.limits_of([outlet_id], day, day).get(outlet_id, [])
