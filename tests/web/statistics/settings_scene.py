"""A place with points and three days of values, for tests of what people set."""

from __future__ import annotations

from datetime import date

from django.test import Client

from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import (
    Day,
    Series,
)
from ecobureau.web.statistics.services import DayOfHours
from web.people import person

DAYS = [date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)]
LEVELS = {"so2": 9.0, "no2": 31.0, "pm10": 63.0, "pm2_5": 38.0, "co": 0.7, "o3": 120.0}


def air_point(place: Series, code: str, pm2_5: float) -> Series:
    made = services.put_series(kind="point", code=code, name=code, org_path="/wuhan/jiangan/", parent=place)
    services.put_hours(
        [
            DayOfHours(made.pk, item, day, [level] * 24)
            for day in DAYS
            for item, level in {**LEVELS, "pm2_5": pm2_5}.items()
        ],
        source="测试",
    )
    return made


def settle() -> None:
    while rollup.drain():
        pass


def day_of(series: Series, day: date) -> Day:
    return Day.objects.get(series=series, item="pm2_5", day=day)


def client(name: str, role: str, org_path: str) -> Client:
    found = Client()
    found.force_login(person(name, (role, org_path)), backend="django.contrib.auth.backends.ModelBackend")
    return found
