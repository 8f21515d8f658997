"""A small city with two years of air and water for tests of reports: hours go in, roll-ups come out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import Series
from ecobureau.web.statistics.services import DayOfHours

AIR = {"so2": 8.0, "no2": 34.0, "pm10": 70.0, "pm2_5": 40.0, "co": 0.8, "o3": 90.0}
WATER = {"ph": 7.6, "do": 7.8, "codmn": 3.6, "nh3n": 0.42, "tp": 0.09, "tn": 1.4}


@dataclass(frozen=True, slots=True)
class City:
    """The series of a medium: city, districts, points; of water the rivers too."""

    city: Series
    districts: list[Series]
    points: list[Series]
    rivers: list[Series]


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def drain() -> None:
    while rollup.drain():
        pass


def air(*spans: Iterable[date], districts: int = 2, points: int = 2) -> City:
    """Make a city of air with hours on all days of the spans: point k is a little worse than point k-1."""
    city = services.put_series(kind="place", code="city", name="江城市", org_path="/wuhan/")
    names = ["江岸区", "青山区", "洪山区", "江夏区", "武昌区", "汉阳区"][:districts]
    paths = ["jiangan", "qingshan", "hongshan", "jiangxia", "wuchang", "hanyang"]
    made, stations = [], []
    for name, path in zip(names, paths, strict=False):
        place = services.put_series(kind="place", code=path, name=name, org_path=f"/wuhan/{path}/", parent=city)
        made.append(place)
        for number in range(points):
            stations.append(
                services.put_series(
                    kind="point",
                    code=f"{path}{number}",
                    name=f"{name[:2]}{['花桥', '钢花', '东湖'][number]}",
                    org_path=f"/wuhan/{path}/",
                    parent=place,
                )
            )
    rows = [
        DayOfHours(point.pk, item, day, hours(level, item, day, order))
        for span in spans
        for day in span
        for order, point in enumerate(stations)
        for item, level in AIR.items()
    ]
    services.put_hours(rows, source="测试")
    drain()
    return City(city, made, stations, [])


def hours(level: float, item: str, day: date, order: int) -> list[float | None]:
    """Return hours that swing with the day of the year and are a little higher from point to point."""
    swing = 1 + 0.75 * math.sin(day.toordinal() / 3.1) + order * 0.06 + (0.08 if day.year == 2025 else 0.0)
    digits = 1 if item == "co" else 0
    return [round(max(1.0 if item != "co" else 0.1, level * swing * (0.8 + 0.02 * hour)), digits) for hour in range(24)]


def water(*spans: Iterable[date]) -> City:
    """Make a city of water: four sections of two districts on a river and a lake."""
    city = services.put_series(medium="water", kind="place", code="city", name="江城市", org_path="/wuhan/")
    river = services.put_series(medium="water", kind="river", code="r", name="府河", org_path="/wuhan/", body="river")
    lake = services.put_series(medium="water", kind="river", code="l", name="汤逊湖", org_path="/wuhan/", body="lake")
    made, sections = [], []
    for name, path in (("江岸区", "jiangan"), ("江夏区", "jiangxia")):
        place = services.put_series(
            medium="water", kind="place", code=path, name=name, org_path=f"/wuhan/{path}/", parent=city
        )
        made.append(place)
        for number in range(2):
            body = "lake" if path == "jiangxia" and number else "river"
            sections.append(
                services.put_series(
                    medium="water",
                    kind="point",
                    code=f"w{path}{number}",
                    name=f"{name[:2]}{['朱家河口', '湖心'][number]}",
                    org_path=f"/wuhan/{path}/",
                    parent=place,
                    river=lake if body == "lake" else river,
                    body=body,
                )
            )
    rows = []
    for span in spans:
        for day in span:
            for order, section in enumerate(sections):
                for item, level in WATER.items():
                    rows.append(DayOfHours(section.pk, item, day, _water_hours(level, item, day, order)))
    services.put_hours(rows, source="测试")
    drain()
    return City(city, made, sections, [river, lake])


def _water_hours(level: float, item: str, day: date, order: int) -> list[float | None]:
    factor = 1 + order * 0.5 + 0.3 * math.sin(day.toordinal() / 5) + (0.3 if day.year == 2025 else 0)
    value = level if item == "ph" else level / factor if item == "do" else level * factor
    return [round(value, 3) if hour % 4 == 0 else None for hour in range(24)]
