"""The pages of the emission statistics: rankings, a year, a period with derivations, files, reviews."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.web.detection import totals
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import EmissionSummary, Review, Series
from web.detection.plants import Plant, make_plant, write
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
NOX = "a21002"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(NOON.astimezone(UTC))):
        yield


@pytest.fixture
def plant(database_url: str) -> Plant:
    made = make_plant(NOON.date())
    first = NOON - timedelta(hours=108)
    values = [50.0 + at % 5 for at in range(108)]
    values[80] = 120.0
    for begin, end in ((0, 75), (78, 108)):
        part = values[begin:end]
        write(database_url, made.stack, first + timedelta(hours=begin), {NOX: part, "a00000": [36.0] * len(part)})
    settle(made)
    return made


def settle(plant: Plant) -> None:
    totals.refresh([plant.outlet.pk], NOON)
    while rollup.drain():
        pass


def client(name: str, role: str, org_path: str = "/wuhan/", language: str = "zh") -> Client:
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


def test_rankings_by_rate_and_by_mass(plant: Plant) -> None:
    leader = client("leader", "leader")
    with CaptureQueriesContext(connection) as queries:
        found = text_of(leader, "/statistics/emission/")
    assert len(queries) < 25
    # Both years' sums come at once, whatever is ranked.
    assert sum('SUM("statistics_emissionsummary"' in one["sql"] for one in queries.captured_queries) == 1
    assert "江北热电有限公司 1号锅炉排气筒" in found
    # 105 of 108 hours came, all valid.
    assert "97.22" in found
    by_mass = text_of(leader, "/statistics/emission/", by="mass", kind="firm")
    whole = EmissionSummary.objects.get(series__kind="firm", span="month", item=NOX)
    assert f"{(whole.measured_ug + whole.substituted_ug) / 1e9:.3f}" in by_mass
    assert "江岸区" in text_of(leader, "/statistics/emission/", kind="place", span="year")
    english = text_of(client("e", "leader", "/wuhan/", "en"), "/statistics/emission/", by="mass")
    assert "Emissions of sources" in english
    far = client("far", "leader", "/wuhan/qingshan/")
    assert "江北热电" not in text_of(far, "/statistics/emission/")
    series = Series.objects.get(outlet=plant.outlet)
    assert far.get(f"/statistics/emission/{series.pk}/").status_code == 404
    assert leader.get("/statistics/emission/", {"kind": "river"}).status_code == 404
    assert leader.get("/statistics/emission/", {"by": "name"}).status_code == 404
    assert leader.get(f"/statistics/emission/{series.pk}/month/2026-11-02/").status_code == 404


def test_files_hold_what_the_pages_show(plant: Plant) -> None:
    leader = client("leader", "leader")
    answer = leader.get("/statistics/emission/", {"format": "xlsx", "by": "mass"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    rows = [row for row in sheet.active.iter_rows(values_only=True) if row[1] == "江北热电有限公司 1号锅炉排气筒"]  # type: ignore[union-attr]
    assert rows[0][2:5] == (108, 105, 105)
    assert rows[0][7] == "97.22" or rows[0][7] == 97.22
    series = Series.objects.get(outlet=plant.outlet)
    answer = leader.get(f"/statistics/emission/{series.pk}/", {"format": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert any(line.startswith("日,2026-11-21,") for line in lines)
    assert any(line.startswith("季,2026-10-01,") for line in lines)


def test_every_figure_opens_its_derivation(plant: Plant) -> None:
    leader = client("leader", "leader")
    series = Series.objects.get(outlet=plant.outlet)
    day = text_of(leader, f"/statistics/emission/{series.pk}/day/2026-11-21/")
    assert "日均值：21 个有效小时，至少 20 个" in day
    assert "传输率 21 ÷ 24" in day
    assert "取此前" in day  # How the three hours without data were substituted.
    assert "有效小时 21 个" in day
    assert "超过的 1 个" in day
    month = text_of(leader, f"/statistics/emission/{series.pk}/month/2026-11-01/")
    assert "月均值：" in month and "个自然日之和" in month and "仅供参考" in month
    assert "个月之和" in text_of(leader, f"/statistics/emission/{series.pk}/quarter/2026-10-01/")
    firm = series.parent
    assert firm is not None
    assert "1 个排放口之和" in text_of(leader, f"/statistics/emission/{firm.pk}/day/2026-11-21/")
    for pk in (series.pk, firm.pk, firm.parent_id):
        year = text_of(leader, f"/statistics/emission/{pk}/")
        assert "超标 1 小时" in year
        assert "第 4 季度" in year
        assert "?span=year&amp;kind=" in year
        for span, start in (("year", "2026-01-01"), ("month", "2026-11-01"), ("day", "2026-11-20")):
            text_of(leader, f"/statistics/emission/{pk}/{span}/{start}/", item=NOX)
    assert "这一期没有排放数据" in text_of(leader, f"/statistics/emission/{series.pk}/month/2024-05-01/")
    assert "排放统计" in text_of(leader, f"/outlets/{plant.outlet.pk}/")
    # Emissions have no targets; which outlets count is set like points.
    assert services.kinds_of(series) == []
    assert f"medium=emission&amp;object=s{series.pk}" in day
    assert series.name in text_of(leader, "/statistics/points/", medium="emission")
    assert "2026-11-18" in text_of(leader, f"/statistics/points/{series.pk}/")


def test_a_review_from_the_page_takes_hours_out(plant: Plant) -> None:
    series = Series.objects.get(outlet=plant.outlet)
    officer, head = client("officer", "duty_officer"), client("head", "unit_head")
    page = f"/statistics/emission/{series.pk}/day/2026-11-21/"
    assert "提出数据审核" in text_of(officer, page)
    form = {"item": NOX, "starts": "2026-11-21T08:00", "ends": "2026-11-21T09:00", "reason": "校准"}
    assert officer.post(f"/statistics/reviews/new/{series.pk}/", {**form, "item": "leq"}).status_code == 302
    assert not Review.objects.exists()
    assert officer.post(f"/statistics/reviews/new/{series.pk}/", form).status_code == 302
    listed = text_of(head, "/statistics/reviews/")
    assert f"/statistics/emission/{series.pk}/" in listed
    head.post(f"/statistics/reviews/{Review.objects.get().pk}/accept/", {"note": "属实"})
    while rollup.drain():
        pass
    row = EmissionSummary.objects.get(series=series, span="day", start="2026-11-21", item=NOX)
    assert (row.received, row.valid_items, row.over) == (21, 20, 0)
    found = text_of(head, page)
    assert "审核认定无效" in found and "审核为无效 校准" in found
