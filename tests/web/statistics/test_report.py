"""Reports: the same numbers on the page, in the PDF and in the workbook; who may have them; nothing invented."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import openpyxl
import pypdfium2
import pytest
from django.test import Client
from django.utils import translation

from ecobureau.clock import ManualClock, use_clock
from ecobureau.domain.air import Kind, air_report, composite, good_days, percentile
from ecobureau.domain.rounding import half_even
from ecobureau.web.core.models import Audit
from ecobureau.web.core.paper import Chart, Document, Table, Text, as_pdf
from ecobureau.web.statistics import report, services
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import AirIndexDay, Day, Review, WaterSummary
from web.people import person, viewer
from web.statistics.report_city import City, air, days, drain, water

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 12, 1, tzinfo=UTC)
DAY, MONTH = date(2026, 11, 10), date(2026, 11, 1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(NOW)), translation.override("zh-hans"):
        yield


@pytest.fixture
def city() -> City:
    return air(days(date(2026, 11, 1), 10), days(date(2025, 11, 1), 10), points=1)


@pytest.fixture
def streams() -> City:
    return water(days(date(2026, 11, 6), 5), days(date(2025, 11, 6), 5))


def client(name: str, role: str = "leader", place: str = "/wuhan/", language: str = "") -> Client:
    user = person(name, (role, place))
    if language:
        user.language = language
        user.save()
    found = Client()
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def made(of: City, medium: str, period: str, day: date, place: str = "/wuhan/") -> Document:
    who = viewer(person(f"{medium}{period}{place}{day}", ("leader", place)))
    document = report.made(who, report.Asked(medium, period, day, of.city), at=NOW)
    assert document is not None
    return document


def table(document: Document, caption: str) -> Table:
    return next(one for one in document.blocks if isinstance(one, Table) and caption in one.caption)


def words(document: Document) -> str:
    return "".join(one.text for one in document.blocks if isinstance(one, Text))


def letters(text: str) -> str:
    return re.sub(r"\s+", "", text)


def pdf_text(data: bytes) -> str:
    found = pypdfium2.PdfDocument(data)
    text = "".join(found[number].get_textpage().get_text_range() for number in range(len(found)))
    found.close()
    return letters(text)


def address(of: City, medium: str, period: str, day: date) -> str:
    return f"/statistics/reports/{medium}/{period}/{of.city.pk}/{day.isoformat()}/"


@pytest.mark.parametrize(
    ("medium", "period"), [("air", "daily"), ("air", "monthly"), ("water", "daily"), ("water", "monthly")]
)
def test_page_pdf_and_workbook_hold_the_same_numbers(medium: str, period: str, request: pytest.FixtureRequest) -> None:
    of = request.getfixturevalue("city" if medium == "air" else "streams")
    day = DAY if period == "daily" else MONTH
    leader = client("leader")
    document = made(of, medium, period, day)
    page = letters(re.sub(r"<[^>]+>", "", leader.get(address(of, medium, period, day)).content.decode()))
    pdf = leader.post(f"{address(of, medium, period, day)}pdf/", {"purpose": "报送"})
    book = leader.post(f"{address(of, medium, period, day)}xlsx/", {"purpose": "报送"})
    text = pdf_text(pdf.content)
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    cells = {str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value is not None}
    count = 0
    for block in document.blocks:
        if isinstance(block, Text) and block.text:
            assert letters(block.text) in page
            assert letters(block.text) in text.replace("\ufffe", "")
            assert block.text in cells
        if isinstance(block, Table) and block.rows:
            for row, raw in zip(block.texts(), block.rows, strict=True):
                for shown, value, column in zip(row, raw, block.columns, strict=True):
                    assert letters(shown) in page
                    assert letters(shown) in text, (block.caption, shown)
                    value = getattr(value, "value", value)
                    if column.kind == "number" and isinstance(value, int | float):
                        number = float(shown.replace(",", ""))
                        assert f"{number}" in cells or f"{number:.0f}" in cells, (block.caption, shown)
                        count += 1
        if isinstance(block, Chart):
            assert letters(block.name) in page
            assert letters(block.name) in text
    assert count > 15
    assert report.name_of(medium, period) in text


def test_the_daily_air_report_tells_what_the_rules_say(city: City) -> None:
    document = made(city, "air", "daily", DAY)
    values = {row.item: row.value for row in Day.objects.filter(series=city.city, day=DAY)}
    rules = in_force.index_on(DAY)
    assert rules is not None
    found = air_report(Kind.DAILY, values, rules)
    told = words(document)
    assert f"空气质量指数（AQI）为 {found.aqi}" in told
    assert f"PM2.5 {values['pm2_5']:.0f} µg/m³" in told
    lines = {row[0].value: row for row in table(document, "各区空气质量").rows}
    assert lines["江城市"][1].value == found.aqi
    assert set(lines) == {"江城市", "江岸区", "青山区"}
    over = table(document, "超标清单")
    limit = in_force.statistics_on(DAY).limit("pm2_5", "day")  # type: ignore[union-attr]
    named = {(row[0], row[1]) for row in over.rows}
    assert (("江城市", "PM2.5") in named) == (values["pm2_5"] > limit)
    assert "HJ 633-2026" in str(document.blocks)


def test_year_on_year_names_both_standards_and_computes_last_year_anew(city: City) -> None:
    lines = table(made(city, "air", "daily", DAY), "优良天数同比").rows
    assert [line[0] for line in lines] == ["各按当时的标准", "都按今年的标准", "都按上年的标准"]
    assert lines[0][1] == "HJ 633-2026 / HJ 633-2012"
    assert lines[0][-1] == "标准不同，不可比"
    new, old = in_force.index_on(DAY), in_force.index_on(date(2025, 11, 10))
    assert new is not None
    assert old is not None
    for line, rules, year, column in ((1, new, 2025, 5), (2, old, 2026, 2)):
        again = {}
        for at in range(1, 11):
            on = date(year, 11, at)
            values = {row.item: row.value for row in Day.objects.filter(series=city.city, day=on)}
            again[on] = air_report(Kind.DAILY, values, rules).aqi
        assert lines[line][column] == good_days(again, in_force.statistics_on(DAY)).good  # type: ignore[arg-type]


def test_the_monthly_air_report_ranks_by_the_index_of_the_rolled_up_figures(city: City) -> None:
    document = made(city, "air", "monthly", MONTH)
    lines = table(document, "综合指数排名").rows
    assert [line[0] for line in lines] == [1, 2]
    best = city.districts[0]
    assert lines[0][1].value == best.name
    rule = in_force.composite_on(date(2026, 11, 30))
    stats = in_force.statistics_on(date(2026, 11, 30))
    assert rule is not None
    assert stats is not None
    shown = dict(zip(("pm2_5", "pm10", "o3", "no2", "so2", "co"), lines[0][7:], strict=True))
    ozone = [row.value for row in Day.objects.filter(series=best, item="o3", day__gte=MONTH)]
    assert shown["o3"] == half_even(percentile(ozone, stats.percentile["o3"]) or 0, 0)
    assert composite(shown, rule).total == half_even(lines[0][2], rule.digits)
    levels = {row[0]: row[1:] for row in table(document, "各级别天数").rows}
    assert sum(levels["江城市"]) == AirIndexDay.objects.filter(series=city.city, day__gte=MONTH).count()
    assert "本月数据尚不完整，截至2026-11-10" in words(document)
    assert [line[0] for line in table(document, "综合指数同比").rows] == ["各按当时的规则", "都按新规则", "都按旧规则"]


def test_what_is_missing_or_not_reviewed_is_said(city: City) -> None:
    officer = viewer(person("officer", ("duty_officer", "/wuhan/")))
    point = city.points[0]
    noon = datetime(2026, 11, 10, 2, tzinfo=UTC)
    services.propose_review(officer, point, item="pm10", starts=noon, ends=noon.replace(hour=8), reason="检修")
    document = made(city, "air", "daily", DAY)
    assert "尚有数据未复核或未汇总" in words(document)
    assert table(document, "尚未复核").rows[0][-1] == "检修"
    head = viewer(person("head", ("unit_head", "/wuhan/")))
    services.decide_review(head, Review.objects.get().pk, accept=True, note="同意")
    drain()
    again = made(city, "air", "monthly", MONTH)
    validity = {row[0]: row for row in table(again, "各点位有效日数").rows}
    assert validity[point.name][2] == "9"
    lines = {row[0]: row for row in table(made_again(city), "各点位有效数据").rows}
    assert lines[point.name][2] == "18（不足）"
    assert lines[point.name][-1] == "PM10"


def made_again(of: City) -> Document:
    who = viewer(person("again", ("leader", "/wuhan/")))
    found = report.made(who, report.Asked("air", "daily", DAY, of.city), at=NOW)
    assert found is not None
    return found


def test_dust_days_are_left_out_with_their_document(city: City) -> None:
    before = table(made(city, "air", "daily", DAY), "今年累计").rows[0]
    proposer, head = (viewer(person(name, ("unit_head", "/wuhan/"))) for name in ("asks", "decides"))
    mark = services.propose_mark(
        proposer, "/wuhan/", kind="dust", first=DAY, last=DAY, reason="沙尘过境", source="监测〔2026〕9 号"
    )
    services.decide_mark(head, mark.pk, accept=True, note="同意")
    drain()
    document = made_again(city)
    after = table(document, "今年累计").rows[0]
    assert (after[2], after[3]) == (before[2] - 1, 1)
    assert table(document, "沙尘").rows == [[DAY, DAY, "沙尘天气", "沙尘过境", "监测〔2026〕9 号"]]


def test_the_water_report_follows_the_roll_ups(streams: City) -> None:
    document = made(streams, "water", "monthly", MONTH)
    row = WaterSummary.objects.get(series=streams.city, span="month", start=MONTH)
    told = words(document)
    assert f"Ⅰ～Ⅲ类 {sum(row.counts[:3])} 个，占 {row.good_rate:.1f}%" in told
    assert f"城市水质指数为 {row.cwqi:.4f}" in told
    lines = {line[0]: line for line in table(document, "断面水质类别").rows}
    for section in streams.points:
        own = WaterSummary.objects.get(series=section, span="month", start=MONTH)
        then = WaterSummary.objects.get(series=section, span="month", start=date(2025, 11, 1))
        line = lines[section.name]
        assert line[2].level == own.water_class
        assert line[4].level == then.water_class
        assert line[3].level == 0
        change = (then.water_class or 0) - (own.water_class or 0)
        assert line[5] == ("持平" if not change else f"好转 {change} 类" if change > 0 else f"变差 {-change} 类")
    shares = table(document, "各区断面类别").rows
    assert sum(shares[0][1:7]) == len(streams.points)
    over = [line for line in table(document, "超Ⅲ类清单").rows if line[0] == streams.points[3].name]
    assert over
    daily = made(streams, "water", "daily", DAY)
    assert "与前一日相比，Ⅰ～Ⅲ类比例" in words(daily)


def test_everybody_gets_reports_of_the_own_places_only(city: City) -> None:
    away = client("away", "leader", "/wuhan/qingshan/")
    text = away.get("/statistics/reports/").content.decode()
    assert "青山区" in text
    assert "江岸区" not in text
    assert away.get(address(city, "air", "daily", DAY)).status_code == 404
    assert away.post(f"{address(city, 'air', 'daily', DAY)}pdf/", {"purpose": "看看"}).status_code == 404
    own = away.get(address(SimpleNamespace(city=city.districts[1]), "air", "daily", DAY)).content.decode()  # type: ignore[arg-type]
    assert "江岸花桥" not in own
    assert Client().get(address(city, "air", "daily", DAY)).status_code == 302
    assert not Audit.objects.filter(what="export").exists()


def test_a_file_needs_a_purpose_and_leaves_a_line_in_the_audit(city: City) -> None:
    leader = client("leader")
    there = f"{address(city, 'air', 'daily', DAY)}pdf/"
    assert leader.get(there).status_code == 405
    for purpose in ("", " 看 "):
        assert leader.post(there, {"purpose": purpose}).status_code in (400, 403, 409, 422)
    assert not Audit.objects.filter(what="export").exists()
    answer = leader.post(there, {"purpose": "报送市政府"})
    assert answer.status_code == 200
    assert "%E6%B1%9F%E5%9F%8E%E5%B8%82" in answer["Content-Disposition"]
    line = Audit.objects.get(what="export")
    assert (line.purpose, line.detail["form"]) == ("报送市政府", "pdf")
    assert "报送市政府" in pdf_text(answer.content)
    assert leader.post(there.replace("pdf", "docx"), {"purpose": "报送"}).status_code == 404


def test_bad_addresses_say_that_there_is_nothing(city: City) -> None:
    leader = client("leader")
    for bad in (
        f"/statistics/reports/noise/daily/{city.city.pk}/2026-11-10/",
        f"/statistics/reports/air/weekly/{city.city.pk}/2026-11-10/",
        f"/statistics/reports/air/daily/{city.city.pk}/gestern/",
        f"/statistics/reports/air/daily/{city.city.pk}/0001-01-01/",
        "/statistics/reports/air/daily/999999/2026-11-10/",
        "/statistics/reports/?medium=noise",
        "/statistics/reports/?place=999999",
        "/statistics/reports/go/?medium=air&period=daily&place=x&day=2026-11-10",
    ):
        assert leader.get(bad).status_code == 404, bad
    assert "这一期不能编制报告" in leader.get(address(city, "air", "daily", date(2005, 1, 1))).content.decode()
    empty = leader.get(address(city, "air", "daily", date(2026, 6, 1))).content.decode()
    assert "没有可发布的 AQI" in empty
    went = leader.get(
        "/statistics/reports/go/", {"medium": "air", "period": "monthly", "place": city.city.pk, "day": "2026-11-10"}
    )
    assert went["Location"] == address(city, "air", "monthly", MONTH)


def test_the_list_has_what_there_is_newest_first(city: City) -> None:
    leader = client("leader")
    text = leader.get("/statistics/reports/").content.decode()
    assert text.index("2026-11-10/") < text.index("2026-11-09/") < text.index("2025-11-10/")
    text = leader.get("/statistics/reports/", {"period": "monthly"}).content.decode()
    assert "综合指数" in text
    assert "还没有报告" in leader.get("/statistics/reports/", {"medium": "water"}).content.decode()


def test_reports_are_the_same_each_time_and_in_english_without_chinese_sentences(city: City) -> None:
    who = viewer(person("reader", ("leader", "/wuhan/")))
    asked = report.Asked("air", "monthly", MONTH, city.city)
    first, second = (report.made(who, asked, at=NOW) for _time in range(2))
    assert first is not None
    assert second is not None
    assert as_pdf(first) == as_pdf(second)
    with translation.override("en"):
        english = report.made(who, asked, at=NOW)
    assert english is not None
    told = words(english).replace("江城市", "").replace("江岸区", "").replace("青山区", "")
    assert not re.search(r"[\u4e00-\u9fff]", told.replace("环办监测〔2018〕19号", "")), told
    text = client("anna", language="en").get(address(city, "air", "monthly", MONTH)).content.decode()
    assert "good days" in text


def test_a_report_costs_the_same_queries_however_many_points(city: City, django_assert_max_num_queries: Any) -> None:
    who = viewer(person("reader", ("leader", "/wuhan/")))
    for period in ("daily", "monthly"):
        with django_assert_max_num_queries(26):
            report.made(who, report.Asked("air", period, DAY, city.city), at=NOW)
