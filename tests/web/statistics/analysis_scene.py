"""A small city for the analyses: three years of days, weeks of hours, wind, a river, and the sound of a street."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from ecobureau.clock import BEIJING
from ecobureau.storage import partitions
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import services
from ecobureau.web.statistics.models import Day, Hours, Series
from ecobureau.web.telemetry import services as telemetry

JIANGAN = "/wuhan/jiangan/"
YEARS = 3
HOUR_DAYS = 40
WIND_DAYS = 12
GAP = 7
"""Day before the last on which nothing was measured."""


@dataclass(frozen=True)
class Scene:
    """Keys of the objects in addresses, and the pks of the stations."""

    point: str
    other: str
    place: str
    river: str
    section: str
    noise: str
    noise_place: str
    air_station: int
    noise_station: int


def build(today: date, *, frames: bool = True) -> Scene:
    """Make it; with `frames` also what stations reported (needs a test with transactions)."""
    city = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    district = places.make_organisation(SYSTEM, parent=city, code="jiangan", level="district", name="江岸区分中心")
    air = sources.make_station(SYSTEM, code="A1", name="花桥", st="22", org_path=JIANGAN)
    sound = sources.make_station(SYSTEM, code="N1", name="解放大道", st="23", org_path=JIANGAN)
    place = services.put_series(kind="place", code=JIANGAN, name="江岸区", org_path=JIANGAN)
    one = services.put_series(kind="point", code="A1", name="花桥", org_path=JIANGAN, parent=place, station_id=air.pk)
    two = services.put_series(kind="point", code="A2", name="吴家山", org_path=JIANGAN, parent=place)
    river = services.put_series(kind="river", code="fu", name="府河", org_path=JIANGAN, medium="water")
    sections = [
        services.put_series(
            kind="point", code=f"W{at}", name=f"断面{at}", org_path=JIANGAN, medium="water", river=river, body="river"
        )
        for at in (1, 2)
    ]
    _days([one.pk, two.pk, place.pk], ("pm2_5",), today, base=40.0, per_year=-4.0)
    _days([section.pk for section in sections], ("nh3n",), today, base=0.6, per_year=0.0)
    _hours(one, "pm2_5", today)
    _hours(two, "pm2_5", today)
    _hours(sections[0], "nh3n", today)
    if frames:
        _frames(air.pk, sound.pk, today)
    return Scene(
        f"s{one.pk}",
        f"s{two.pk}",
        f"s{place.pk}",
        f"s{river.pk}",
        f"s{sections[0].pk}",
        f"n{sound.pk}",
        f"g{district.pk}",
        air.pk,
        sound.pk,
    )


def _days(series: list[int], items: tuple[str, ...], today: date, *, base: float, per_year: float) -> None:
    rows = []
    for back in range(1, 365 * YEARS + 40):
        day = today - timedelta(days=back)
        season = 1 + 0.4 * math.cos(2 * math.pi * day.timetuple().tm_yday / 365)
        for at, one in enumerate(series):
            for item in items:
                scatter = 1 + 0.1 * math.sin(day.toordinal() ** 2 * 0.7 + 5 * at)
                value = (base - per_year * back / 365) * season * scatter
                digits = 3 if base < 1 else 0
                valid = back != GAP
                rows.append(
                    Day(
                        series_id=one,
                        item=item,
                        day=day,
                        value=round(value, digits),
                        valid=valid,
                        count=24 if valid else 3,
                        total=0,
                        parts=0,
                    )
                )
    Day.objects.bulk_create(rows, batch_size=5_000)


def _hours(series: Series, item: str, today: date) -> None:
    at = datetime.combine(today, datetime.min.time(), BEIJING)
    base = 0.5 if item == "nh3n" else 30.0
    Hours.objects.bulk_create(
        Hours(
            series=series,
            item=item,
            day=today - timedelta(days=back),
            hours=[None if hour == 5 else round(base * (1 + 0.5 * (hour == 8)), 3) for hour in range(24)],
            source="测试",
            updated_at=at,
        )
        for back in range(1, HOUR_DAYS + 1)
        if back != GAP
    )


def _frames(air: int, sound: int, today: date) -> None:
    start = datetime.combine(today - timedelta(days=WIND_DAYS), datetime.min.time(), BEIJING)
    arrivals = []
    for at in range(WIND_DAYS * 24):
        begin = start + timedelta(hours=at)
        # From the east by night, from the west by day, calm at 3; louder by day.
        by_day = 6 <= begin.hour < 22
        speed = "0.1" if begin.hour == 3 else "2.4"
        wind = [
            Reading.of("a01007", "m/s", {"avg": speed}, "N"),
            Reading.of("a01008", "[Arc]deg", {"avg": "270" if by_day else "90"}, "N"),
        ]
        level = [Reading.of("Leq", "dB", {"data": "62.0" if by_day else "52.0"}, "D" if at == 30 else "N")]
        arrivals += [_arrival(air, "22", begin, wind), _arrival(sound, "23", begin, level)]
    with telemetry.own_store() as conn:
        partitions.ensure(
            conn, "frame_period", sorted({(start + timedelta(days=at)).date() for at in range(WIND_DAYS)})
        )
        Writer(conn).write(arrivals)


def _arrival(station: int, st: str, start: datetime, readings: list[Reading]) -> Arrival:
    end = start + timedelta(hours=1)
    period = Period(station, st, Kind.HOUR, 3600, start, end, readings, False)
    raw = f"{station} {start}".encode()
    received = end + timedelta(seconds=5)
    return Arrival(received, raw, sha256(raw).digest(), 1, station, f"MN{st}", "2061", "data", qn="", period=period)
