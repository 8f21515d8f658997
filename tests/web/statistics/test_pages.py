"""The pages of the statistics, as people of different places and roles see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import AirSeries, Review
from ecobureau.web.statistics.services import DayOfHours
from web.people import person

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 6)
LEVELS = {"so2": 9.0, "no2": 31.0, "pm10": 63.0, "pm2_5": 38.0, "co": 0.7, "o3": 120.0}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(datetime(2026, 5, 7, 1, tzinfo=UTC))):
        yield


@pytest.fixture
def point() -> AirSeries:
    place = services.put_series(kind="place", code="city", name="江岸区", org_path="/wuhan/jiangan/")
    made = services.put_series(kind="point", code="p1", name="花桥", org_path="/wuhan/jiangan/", parent=place)
    services.put_hours([DayOfHours(made.pk, item, DAY, [level] * 24) for item, level in LEVELS.items()], source="测试")
    while rollup.drain():
        pass
    return made


def client(name: str, role: str, place: str) -> Client:
    found = Client()
    found.force_login(person(name, (role, place)), backend="django.contrib.auth.backends.ModelBackend")
    return found


@pytest.mark.parametrize("span", ["month", "quarter", "year"])
def test_the_ranking(point: AirSeries, span: str) -> None:
    leader = client("leader", "leader", "/wuhan/")
    answer = leader.get("/statistics/", {"span": span})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "江岸区" in text
    # 0.15 + 2·31/40 + 63/60 + 3·38/30 + 0.175 + 2·120/160 = 8.225 → 8.22
    assert "8.22" in text
    assert "2026 年做法（未见正式文件）" in text
    assert "花桥" in leader.get("/statistics/", {"span": span, "kind": "point"}).content.decode()


def test_a_period_without_data_says_so(point: AirSeries) -> None:
    leader = client("leader", "leader", "/wuhan/")
    assert "这一期没有统计值" in leader.get("/statistics/", {"start": "2024-01-01"}).content.decode()
    for bad in ({"span": "week"}, {"start": "gestern"}, {"start": "0001-01-01"}):
        assert leader.get("/statistics/", bad).status_code == 404


def test_a_series_and_a_day(point: AirSeries) -> None:
    leader = client("leader", "leader", "/wuhan/jiangan/")
    text = leader.get(f"/statistics/air/{point.pk}/").content.decode()
    assert f"/statistics/air/{point.pk}/2026-05-06/" in text
    assert "GB 3095-2026 过渡限值" in text
    assert "都按旧规则" in text
    text = leader.get(f"/statistics/air/{point.pk}/2026-05-06/").content.decode()
    assert "HJ 633-2026" in text
    assert "有 24 个有效小时，需要 20 个" in text
    assert "提出数据审核" not in text
    assert "这一天没有数据" in leader.get(f"/statistics/air/{point.pk}/2026-05-01/").content.decode()
    for bad in ("morgen", "1999-12-31", "9999-12-31"):
        assert leader.get(f"/statistics/air/{point.pk}/{bad}/").status_code == 404


def test_in_english(point: AirSeries) -> None:
    user = person("anna", ("leader", "/wuhan/"))
    user.language = "en"
    user.save()
    english = Client()
    english.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    text = english.get(f"/statistics/air/{point.pk}/2026-05-06/").content.decode()
    assert "24 hours are valid, 20 are needed" in text


def test_other_places_are_not_shown(point: AirSeries) -> None:
    away = client("away", "leader", "/wuhan/qingshan/")
    assert "江岸区" not in away.get("/statistics/", {"start": "2026-05-01"}).content.decode()
    for path in (f"/statistics/air/{point.pk}/", f"/statistics/air/{point.pk}/2026-05-06/"):
        assert away.get(path).status_code == 404
    assert away.post(f"/statistics/reviews/new/{point.pk}/").status_code == 404
    assert Client().get("/statistics/").status_code == 302


def test_a_review_by_two_persons(point: AirSeries) -> None:
    officer, head = client("officer", "duty_officer", "/wuhan/jiangan/"), client("head", "unit_head", "/wuhan/")
    day = f"/statistics/air/{point.pk}/2026-05-06/"
    assert "提出数据审核" in officer.get(day).content.decode()
    form = {"item": "pm10", "starts": "2026-05-06T00:00", "ends": "2026-05-06T06:00", "reason": "检修"}
    assert officer.post(f"/statistics/reviews/new/{point.pk}/", form).status_code == 302
    review = Review.objects.get()
    assert review.starts == datetime(2026, 5, 5, 16, tzinfo=UTC)
    assert "认定无效" not in officer.get("/statistics/reviews/").content.decode()
    assert officer.post(f"/statistics/reviews/{review.pk}/accept/").status_code == 403
    assert "认定无效" in head.get("/statistics/reviews/").content.decode()
    assert head.post(f"/statistics/reviews/{review.pk}/accept/", {"note": "同意"}).status_code == 302
    while rollup.drain():
        pass
    text = head.get(day).content.decode()
    assert "有效数据不足" in text
    assert "审核为无效" in text
    review.refresh_from_db()
    assert (review.state, review.decision) == ("accepted", "同意")
    assert head.post(f"/statistics/reviews/{review.pk}/colour/").status_code == 404


def test_a_bad_form_changes_nothing(point: AirSeries) -> None:
    officer = client("officer", "duty_officer", "/wuhan/jiangan/")
    for form in ({}, {"starts": "x", "ends": "y", "reason": "z"}):
        assert officer.post(f"/statistics/reviews/new/{point.pk}/", form).status_code == 302
    leader = client("leader", "leader", "/wuhan/")
    good = {"starts": "2026-05-06T00:00", "ends": "2026-05-06T06:00", "reason": "检修"}
    assert leader.post(f"/statistics/reviews/new/{point.pk}/", good).status_code == 403
    assert Review.objects.count() == 0
