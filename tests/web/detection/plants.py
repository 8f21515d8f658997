"""A boiler with a power meter and hours in the store, for tests of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import psycopg

from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.detection.models import ChainLink, PermittedAmount
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Outlet, Station

BODY = "91420100MA4KABCD1"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
UNITS = {"a21002": "mg/m3", "a21026": "mg/m3", "a19001": "%", "a00000": "m3/s", "kw1": "kW", "kw2": "kW"}


class Plant(NamedTuple):
    """The outlet, the station on its stack, the meter of its production, one that no chain knows."""

    outlet: Outlet
    stack: Station
    meter: Station
    spare: Station


def make_plant(on: date) -> Plant:
    """Make the boiler in district jiangan, with a limit and permitted amounts for NOx."""
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    unit = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2020, 1, 1))
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", lon=114.5, lat=30.5)
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    stack = sources.make_station(SYSTEM, code="G0001", name="江北热电1号烟气", st="31", outlet=outlet)
    meter = sources.make_station(
        SYSTEM, code="E0001", name="江北热电用电", st="31", org_path="/wuhan/jiangan/", lon=114.5, lat=30.5
    )
    spare = sources.make_station(
        SYSTEM, code="E0002", name="脱硝用电", st="31", org_path="/wuhan/jiangan/", lon=114.5, lat=30.5
    )
    sources.set_limit(
        SYSTEM, outlet, "a21002", value="100", source="排污许可证（测试）", valid_from=date(2020, 1, 1), field="avg"
    )
    ChainLink.objects.create(outlet=outlet, role="prod", station=meter, factor="kw1", rated_kw=2000)
    for period, kg in (("month", 4000), ("year", 60000)):
        PermittedAmount.objects.create(
            outlet=outlet, factor_id="a21002", period=period, kg=kg, source="许可证第12页", valid_from=date(2020, 1, 1)
        )
    return Plant(outlet, stack, meter, spare)


def write(url: str, station: Station, start: datetime, values: Mapping[str, Sequence[float]], flag: str = "N") -> None:
    """Write hours of a station from `start` on, through the store's own writer."""
    with psycopg.connect(url, autocommit=True) as conn:
        run = books.start_run(conn, "test", "here", 1, start)
        batch = []
        for step in range(len(next(iter(values.values())))):
            begin = start + timedelta(hours=step)
            readings = [
                Reading.of(code, UNITS[code], {"avg": f"{row[step]:.2f}"}, flag) for code, row in values.items()
            ]
            sent = {code: row[step] for code, row in values.items()}
            raw = f"{station.pk} {flag} {begin.isoformat()} {sent}".encode()
            end = begin + timedelta(hours=1)
            period = Period(station.pk, "31", Kind.HOUR, 3600, begin, end, readings)
            batch.append(Arrival(end, raw, sha256(raw).digest(), run, station.pk, "MN", "2061", "data", period=period))
        Writer(conn).write(batch)


def ordinary(hours: int, seed: int = 7) -> dict[str, list[float]]:
    """Hours of a plant that breathes: load by the hour of day, concentrations that follow it with some memory."""
    rng = np.random.default_rng(seed)
    load = 1.0 + 0.15 * np.sin(np.arange(hours) / 24 * 2 * np.pi) + 0.05 * rng.standard_normal(hours)
    noise = np.zeros(hours)
    for at in range(1, hours):
        noise[at] = 0.7 * noise[at - 1] + 0.08 * rng.standard_normal()
    return {
        "a21002": list(np.round(45 * load * np.exp(noise), 2)),
        "a21026": list(np.round(20 * load * np.exp(np.roll(noise, 5)), 2)),
        "a19001": list(np.round(8 - 2 * (load - 1) + 0.2 * rng.standard_normal(hours), 2)),
        "a00000": list(np.round(30 * load * (1 + 0.02 * rng.standard_normal(hours)), 2)),
    }


def fill(url: str, plant: Plant, until: datetime, hours: int, *, frozen: int = 0) -> None:
    """Write `hours` hours before `until`; the last `frozen` of NOx stand still."""
    rng = np.random.default_rng(7)
    load = 1.0 + 0.15 * np.sin(np.arange(hours) / 24 * 2 * np.pi) + 0.05 * rng.standard_normal(hours)
    noise = np.zeros(hours)
    for at in range(1, hours):
        noise[at] = 0.7 * noise[at - 1] + 0.08 * rng.standard_normal()
    nox = np.round(45 * load * np.exp(noise), 2)
    if frozen:
        nox[-frozen:] = 41.37
    values = {
        "a21002": list(nox),
        "a21026": list(np.round(20 * load * np.exp(np.roll(noise, 5)), 2)),
        "a19001": list(np.round(8 - 2 * (load - 1) + 0.2 * rng.standard_normal(hours), 2)),
        "a00000": list(np.round(30 * load * (1 + 0.02 * rng.standard_normal(hours)), 2)),
    }
    start = until - timedelta(hours=hours)
    write(url, plant.stack, start, values)
    write(url, plant.meter, start, {"kw1": [50 * one for one in values["a00000"]]})
