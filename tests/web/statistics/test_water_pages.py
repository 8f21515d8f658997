"""The pages of the water statistics, as people of different places and roles see them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core.models import Audit
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import Review, Series
from ecobureau.web.statistics.services import DayOfHours
from web.people import person

pytestmark = pytest.mark.django_db
CLEAN = {"ph": 7.6, "do": 8.1, "codmn": 3.2, "nh3n": 0.31, "tp": 0.08, "tn": 1.6}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(datetime(2026, 5, 27, 1, tzinfo=UTC))):
        yield


def settle() -> None:
    while rollup.drain():
        pass


def section(parent: Series, name: str, days: int = 20, **levels: float) -> Series:
    made = services.put_series(
        medium="water", kind="point", code=name, name=name, org_path="/wuhan/jiangan/", parent=parent, body="river"
    )
    services.put_hours(
        [
            DayOfHours(made.pk, item, date(2026, 5, 1) + timedelta(days=at), [level] * 24)
            for item, level in {**CLEAN, **levels}.items()
            for at in range(days)
        ],
        source="测试",
    )
    return made


@pytest.fixture
def place() -> Series:
    return services.put_series(medium="water", kind="place", code="c", name="江岸区", org_path="/wuhan/jiangan/")


@pytest.fixture
def points(place: Series) -> list[Series]:
    made = [section(place, "谌家矶"), section(place, "朱家河", nh3n=1.4), section(place, "府河口", days=4)]
    settle()
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


def test_overview_of_sections_places_and_rivers(points: list[Series], place: Series) -> None:
    leader = client("leader", "leader", "/wuhan/")
    for span in ("day", "month", "quarter", "year"):
        text = text_of(leader, "/statistics/water/", span=span, start="2026-05-03")
        assert "谌家矶" in text
        assert "氨氮（0.4）" in text
    text = text_of(leader, "/statistics/water/", span="month", start="2026-05-01")
    assert "66.7" in text
    assert "仅供参考" in text
    assert f"/statistics/water/{points[0].pk}/month/2026-05-01/" in text
    text = text_of(leader, "/statistics/water/", kind="place")
    assert "江岸区" in text
    assert "氨氮（33.3%）" in text
    assert "没有可看的断面" in text_of(leader, "/statistics/water/", kind="river")
    for bad in ({"span": "week"}, {"kind": "sea"}, {"start": "gestern"}, {"format": "pdf"}):
        assert leader.get("/statistics/water/", bad).status_code == 404


def test_months_and_ranking_with_ties(points: list[Series], place: Series) -> None:
    leader = client("leader", "leader", "/wuhan/")
    assert "谌家矶" in text_of(leader, "/statistics/water/months/")
    assert "66.7" in text_of(leader, "/statistics/water/months/", kind="place")
    answer = leader.get("/statistics/water/ranking/", {"kind": "point"})
    ranked = [(row["line"].rank, row["line"].series.name) for row in answer.context["rows"]]
    assert sorted(ranked) == [(1, "府河口"), (1, "谌家矶"), (3, "朱家河")]
    assert "不能与全国排名相比" in answer.content.decode()


def test_a_series_and_each_period_open_their_derivation(points: list[Series], place: Series) -> None:
    leader = client("leader", "leader", "/wuhan/")
    pk = points[1].pk
    assert f"/statistics/water/{pk}/day/2026-05-06/" in text_of(leader, f"/statistics/water/{pk}/")
    periods = (("day", "2026-05-03"), ("month", "2026-05-01"), ("quarter", "2026-04-01"), ("year", "2026-01-01"))
    for span, start in periods:
        text = text_of(leader, f"/statistics/water/{pk}/{span}/{start}/")
        assert "取最差项目的类别：Ⅳ，定类项目 氨氮" in text
        assert "（1.4 − 1）÷ 1 = 0.4 倍" in text
        assert "本系统建议" in text or span in ("quarter", "year")
        of_place = text_of(leader, f"/statistics/water/{place.pk}/{span}/{start}/")
        assert "3 个断面中 Ⅰ～Ⅲ 类占 66.7%，劣Ⅴ类占 0.0%" in of_place
        assert "谌家矶" in of_place
    assert "有 6 个 4 小时时段有有效值" in text_of(leader, f"/statistics/water/{pk}/day/2026-05-06/")
    assert "这一期没有数据" in text_of(leader, f"/statistics/water/{pk}/day/2026-04-01/")
    assert f"/statistics/water/{place.pk}/month/2026-05-01/" in text_of(leader, f"/statistics/water/{place.pk}/")
    for bad in ("week/2026-05-01", "month/2026-05-02", "day/morgen"):
        assert leader.get(f"/statistics/water/{pk}/{bad}/").status_code == 404


def test_in_english(points: list[Series], place: Series) -> None:
    reader = client("anna", "leader", "/wuhan/", "en")
    for path in (
        "/statistics/water/",
        "/statistics/water/months/",
        "/statistics/water/ranking/",
        f"/statistics/water/{points[1].pk}/",
    ):
        text_of(reader, path)
    assert "The worst item sets the class: Ⅳ" in text_of(reader, f"/statistics/water/{points[1].pk}/month/2026-05-01/")


def test_tables_as_files(points: list[Series]) -> None:
    leader = client("leader", "leader", "/wuhan/")
    for path in ("/statistics/water/", "/statistics/water/months/", "/statistics/water/ranking/"):
        for kind in ("point", "place"):
            answer = leader.get(path, {"format": "csv", "kind": kind})
            assert ("谌家矶" if kind == "point" else "江岸区") in b"".join(answer.streaming_content).decode()
    answer = leader.get("/statistics/water/", {"format": "xlsx"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    rows = {row[0]: row for row in sheet.iter_rows(values_only=True)}
    assert (rows["朱家河"][2], rows["朱家河"][5]) == ("Ⅳ", "氨氮")
    assert Audit.objects.filter(what="statistics.export").count() == 7


def test_other_places_are_not_shown(points: list[Series], place: Series) -> None:
    away = client("away", "leader", "/wuhan/qingshan/")
    assert "谌家矶" not in text_of(away, "/statistics/water/")
    assert "谌家矶" not in text_of(away, "/statistics/water/months/")
    for pk in (points[0].pk, place.pk):
        assert away.get(f"/statistics/water/{pk}/").status_code == 404
        assert away.get(f"/statistics/water/{pk}/month/2026-05-01/").status_code == 404
    assert away.post(f"/statistics/reviews/new/{points[0].pk}/").status_code == 404
    assert Client().get("/statistics/water/").status_code == 302


def test_hours_of_water_are_reviewed_like_those_of_air(points: list[Series]) -> None:
    officer = client("officer", "duty_officer", "/wuhan/jiangan/")
    form = {"item": "nh3n", "starts": "2026-05-06T00:00", "ends": "2026-05-06T20:00", "reason": "校准"}
    assert officer.post(f"/statistics/reviews/new/{points[1].pk}/", form).status_code == 302
    assert Review.objects.get().item == "nh3n"
    text = text_of(officer, "/statistics/reviews/")
    assert f"/statistics/water/{points[1].pk}/" in text
    assert "氨氮" in text
    assert officer.post(f"/statistics/reviews/new/{points[1].pk}/", {**form, "item": "co"}).status_code == 302
    assert Review.objects.count() == 1


def test_more_sections_cost_no_more_queries(points: list[Series], place: Series) -> None:
    leader = client("leader", "leader", "/wuhan/")
    paths = ["/statistics/water/", "/statistics/water/months/", "/statistics/water/ranking/?kind=point"]

    def counts() -> list[int]:
        found = []
        for path in paths:
            leader.get(path)
            with CaptureQueriesContext(connection) as seen:
                leader.get(path)
            found.append(len(seen))
        return found

    before = counts()
    for at in range(5):
        section(place, f"新{at}", days=1)
    settle()
    assert counts() == before
    assert max(before) <= 25
