"""The pages of the noise statistics, and how hours of stations come into them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.noise import leq
from ecobureau.storage import partitions
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import Day, Hours, NoiseSummary, Review, Series
from ecobureau.web.statistics.services import DayOfHours
from ecobureau.web.telemetry import services as telemetry
from web.people import person

pytestmark = pytest.mark.django_db
FIRST = date(2026, 5, 1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(datetime(2026, 5, 27, 1, tzinfo=UTC))):
        yield


def point(parent: Series, name: str, zone: str, day: float, night: float, days: int = 20) -> Series:
    made = services.put_series(
        medium="noise", kind="point", code=name, name=name, org_path="/wuhan/jiangan/", parent=parent, zone=zone
    )
    levels = [day if 6 <= hour < 22 else night for hour in range(24)]
    services.put_hours(
        [
            DayOfHours(made.pk, item, FIRST + timedelta(days=at), [one + more for one in levels])
            for item, more in (("leq", 0.0), ("l10", 2.0), ("lmax", 8.0))
            for at in range(days)
        ],
        source="测试",
    )
    return made


@pytest.fixture
def place() -> Series:
    return services.put_series(medium="noise", kind="place", code="c", name="江岸区", org_path="/wuhan/jiangan/")


@pytest.fixture
def points(place: Series) -> list[Series]:
    made = [point(place, "花桥小区", "1", 54.0, 47.3), point(place, "解放大道", "4a", 68.4, 54.0)]
    while rollup.drain():
        pass
    return made


def client(name: str, role: str, org_path: str, language: str = "zh") -> Client:
    user = person(name, (role, org_path))
    user.language = language
    user.save()
    found = Client()
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def text_of(who: Client, path: str, **query: str) -> str:
    answer = who.get(path, query)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_overview_of_points_and_zones(points: list[Series], place: Series) -> None:
    leader = client("leader", "leader", "/wuhan/")
    found = text_of(leader, "/statistics/noise/", start="2026-05-01")
    assert "花桥小区" in found
    assert "47.3" in found
    assert "0/19" in found
    zones = text_of(leader, "/statistics/noise/", start="2026-05-01", kind="place")
    assert "4a" in zones
    assert "江岸区" in zones
    assert "本系统建议" in found
    english = text_of(client("e", "leader", "/wuhan/", "en"), "/statistics/noise/", start="2026-05-01", kind="place")
    assert "Attainment by night" in english
    with CaptureQueriesContext(connection) as queries:
        text_of(leader, "/statistics/noise/", start="2026-05-01")
    assert len(queries) < 25
    assert leader.get("/statistics/noise/", {"kind": "river"}).status_code == 404
    elsewhere = client("far", "leader", "/wuhan/qingshan/")
    assert "花桥小区" not in text_of(elsewhere, "/statistics/noise/", start="2026-05-01")
    assert elsewhere.get(f"/statistics/noise/{points[0].pk}/").status_code == 404


def test_files_hold_what_the_page_shows(points: list[Series]) -> None:
    leader = client("leader", "leader", "/wuhan/")
    answer = leader.get("/statistics/noise/", {"start": "2026-05-01", "format": "xlsx"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    rows = [row for row in sheet.active.iter_rows(values_only=True) if row[0] == "花桥小区"]  # type: ignore[union-attr]
    assert rows[0][1] == "1"
    assert rows[0][7:11] == (20, 20, 0, 19)
    answer = leader.get("/statistics/noise/", {"start": "2026-05-01", "kind": "place", "format": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert any(line.startswith("江岸区,1,1,20,20,100.0,0,19,0.0") for line in lines)


def test_every_figure_opens_its_derivation(points: list[Series], place: Series) -> None:
    leader = client("leader", "leader", "/wuhan/")
    one = points[0].pk
    day = text_of(leader, f"/statistics/noise/{one}/day/2026-05-06/")
    assert "16 个有效小时的能量平均：54.000 dB" in day
    assert "夜间时段 47.3 dB，超过限值 45" in day
    assert "审核" in day
    month = text_of(leader, f"/statistics/noise/{one}/month/2026-05-01/")
    assert "20 个有效日的能量平均" in month
    of_place = text_of(leader, f"/statistics/noise/{place.pk}/month/2026-05-01/")
    assert "1 类区夜间时段：限值 45 dB，达标 0 / 19 点次，0.0 %" in of_place
    assert "花桥小区" in of_place
    for span, start in (("year", "2026-01-01"), ("quarter", "2026-04-01"), ("day", "2026-05-07")):
        text_of(leader, f"/statistics/noise/{place.pk}/{span}/{start}/")
        text_of(leader, f"/statistics/noise/{one}/{span}/{start}/")
    text_of(leader, f"/statistics/noise/{one}/", start="2026-05-01")
    text_of(leader, f"/statistics/noise/{place.pk}/", start="2026-05-01")
    assert leader.get(f"/statistics/noise/{one}/month/2026-05-02/").status_code == 404
    empty = text_of(leader, f"/statistics/noise/{one}/month/2024-05-01/")
    assert "没有数据" in empty


def test_a_review_from_the_page_takes_hours_out(points: list[Series]) -> None:
    officer = client("officer", "duty_officer", "/wuhan/")
    answer = officer.post(
        f"/statistics/reviews/new/{points[0].pk}/",
        {"item": "leq", "starts": "2026-05-06T06:00", "ends": "2026-05-06T18:00", "reason": "设备校准"},
    )
    assert answer.status_code == 302
    head = client("head", "unit_head", "/wuhan/")
    head.post(f"/statistics/reviews/{Review.objects.get().pk}/accept/", {"note": "属实"})
    while rollup.drain():
        pass
    row = Day.objects.get(series=points[0], item="ld", day=date(2026, 5, 6))
    assert (row.valid, row.count) == (False, 4)
    assert "审核认定无效" in text_of(head, f"/statistics/noise/{points[0].pk}/day/2026-05-06/")


def reported(station: int, start: datetime, minutes: int, leq: float) -> Arrival:
    kind = Kind.HOUR if minutes == 60 else Kind.MINUTE
    end = start + timedelta(minutes=minutes)
    readings = [Reading.of("Leq", "dB", {"data": f"{leq:.1f}"}, "N"), Reading.of("LMx", "", {"data": "70.0"}, "N")]
    period = Period(station, "23", kind, minutes * 60, start, end, readings, False)
    raw = f"{station} {start} {minutes}".encode()
    cn = "2061" if minutes == 60 else "2051"
    return Arrival(end, raw, sha256(raw).digest(), 1, station, f"MN{station}", cn, "data", qn="", period=period)


@pytest.mark.django_db(transaction=True)
def test_hours_of_stations_come_in_and_minutes_where_there_are_none() -> None:
    city = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    places.make_organisation(SYSTEM, parent=city, code="jiangan", level="district", name="江岸区分中心")
    first, second = (
        sources.make_station(SYSTEM, code=code, name=code, st="23", org_path="/wuhan/jiangan/", noise_zone=zone).pk
        for code, zone in (("N1", "2"), ("N2", "4a"))
    )
    start = datetime(2026, 5, 25, tzinfo=BEIJING)
    sent = [reported(first, start + timedelta(hours=at), 60, 55.0 + at / 10) for at in range(24)]
    ten = timedelta(minutes=10)
    sent += [reported(second, start + timedelta(hours=3) + at * ten, 10, 60.0 + at) for at in range(6)]
    sent += [reported(second, start + timedelta(hours=5) + at * ten, 10, 60.0) for at in range(4)]
    with telemetry.own_store() as conn:
        partitions.ensure(conn, "frame_period", [start.date()])
        Writer(conn).write(sent)
    for _ in range(2):  # The second time finds nothing new.
        call_command("take_noise_hours", "2026-05-25", "2026-05-25", stdout=io.StringIO())
    one, other = Series.objects.get(station=first), Series.objects.get(station=second)
    assert (one.zone, other.zone) == ("2", "4a")
    assert one.parent is not None and one.parent.code == "/wuhan/jiangan/"
    assert Hours.objects.get(series=one, item="leq").hours == [round(55.0 + at / 10, 1) for at in range(24)]
    assert Hours.objects.get(series=one, item="lmax").hours == [70.0] * 24
    from_minutes = Hours.objects.get(series=other, item="leq")
    assert from_minutes.hours[3] == pytest.approx(leq([60.0 + at for at in range(6)]), abs=1e-9)
    assert [at for at, hour in enumerate(from_minutes.hours) if hour is not None] == [3]
    assert (from_minutes.source, from_minutes.revision) == ("HJ 212 2051", 0)
    assert NoiseSummary.objects.get(series=one, span="day", start=start.date()).day_within == 1
