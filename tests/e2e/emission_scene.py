"""Two outlets with a year of figures in the registry and a month of hours in the store, for looking at their pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from ecobureau.clock import now
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.detection import totals
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import rollup
from ecobureau.web.statistics.models import Series
from web.detection.plants import UNITS, make_plant, ordinary, write


class Scene(NamedTuple):
    """Series of a stack and of its city."""

    stack: int
    city: int


def make_outlets(url: str) -> Scene:
    """Make a boiler with SO2 and NOx and a waste-water outlet; both lose hours, one runs over its limit."""
    UNITS.update({"w01018": "mg/L", "w00000": "L/s"})
    hour = now().replace(minute=0, second=0, microsecond=0)
    plant = make_plant(hour.date())
    for code, limit in (("a21026", "35"), ("a21002", "50")):
        sources.set_limit(
            SYSTEM, plant.outlet, code, value=limit, source="排污许可证", valid_from=date(2020, 1, 2), field="avg"
        )
    water = sources.make_outlet(SYSTEM, plant.outlet.enterprise, code="DW001", name="废水总排口", medium="water")
    drain = sources.make_station(SYSTEM, code="W0001", name="江北热电废水", st="32", outlet=water)
    sources.set_limit(
        SYSTEM, water, "w01018", value="100", source="排污许可证", valid_from=date(2020, 1, 1), field="avg"
    )
    count = 24 * 28
    values = ordinary(count)
    first = hour - timedelta(hours=count)
    for begin, end, flag in (
        (0, 200, "N"),
        (200, 212, "F"),
        (212, 420, "N"),
        (429, count - 40, "N"),
        (count - 38, count, "N"),
    ):
        part = {code: row[begin:end] for code, row in values.items()}
        write(url, plant.stack, first + timedelta(hours=begin), part, flag)
    for begin, end in ((0, 300), (303, count)):
        size = end - begin
        part = {"w01018": [60.0 + (at % 24) * 2 for at in range(size)], "w00000": [12.0] * size}
        write(url, drain, first + timedelta(hours=begin), part)
    totals.refresh([plant.outlet.pk, water.pk], hour)
    while rollup.drain():
        pass
    stack = Series.objects.get(outlet=plant.outlet)
    return Scene(stack.pk, Series.objects.get(medium="emission", code="/wuhan/").pk)
