"""Packs, places and short ways to make points."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ecobureau.domain.judging import LimitSpan, Point, Stream, Where, read_params
from ecobureau.rulepacks import load

DAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def params():
    return read_params(load("judging"), load("scenario_kinds"), DAY)


class Make:
    """Short ways to make what the judge takes. Times are hours of 2026-11-22 in Beijing."""

    where = Where(7, "32", "江北污水站", 3, "DW001")
    hour = Stream("hour", 3600)
    rt = Stream("rt", 60)
    minute = Stream("minute", 600)
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    @staticmethod
    def at(hours: float) -> datetime:
        return datetime(2026, 11, 21, 16, tzinfo=UTC) + timedelta(hours=hours)

    def point(self, hours: float, value, flag: str = "N", *, stream: str = "hour", **more) -> Point:
        start = self.at(hours)
        length = {"hour": 3600, "minute": 600, "rt": 0, "day": 86400}[stream]
        name = "rtd" if stream == "rt" else "avg"
        values = more.pop("values", {name: value})
        return Point(start, start + timedelta(seconds=length), values, flag, more.pop("unit", "mg/L"), **more)

    def hours(self, values, first: float = 0, **more) -> list[Point]:
        return [self.point(first + number, value, **more) for number, value in enumerate(values)]

    def rts(self, values, first: float = 0, **more) -> list[Point]:
        return [self.point(first + number / 60, value, stream="rt", **more) for number, value in enumerate(values)]

    @staticmethod
    def limit(value: float = 80, **more) -> LimitSpan:
        fields = {
            "field": "avg",
            "kind": "max",
            "value": value,
            "unit": "mg/L",
            "first_day": date(2024, 1, 1),
            "source": "排污许可证",
        }
        return LimitSpan(**{**fields, **more})


@pytest.fixture(scope="session")
def make():
    return Make()
