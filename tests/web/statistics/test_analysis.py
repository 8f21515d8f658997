"""The analysis workbench as people of different places see it: every view, its files, and too little data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core.models import Audit
from ecobureau.web.statistics.models import DayMark, Review
from web.people import person
from web.statistics.analysis_scene import GAP, Scene, build

TODAY = date(2026, 5, 7)
HERE = "/statistics/analysis/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(datetime(2026, 5, 7, 1, tzinfo=UTC))):
        yield


@pytest.fixture
def scene(db: None) -> Scene:
    return build(TODAY, frames=False)


def client(name: str = "leader", role: str = "leader", place: str = "/wuhan/", language: str = "") -> Client:
    user = person(name, (role, place))
    if language:
        user.language = language
        user.save()
    found = Client()
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def shown(answer: Any) -> Any:
    """The result behind a page."""
    assert answer.status_code == 200
    found = answer.context["bench"].shown
    assert found is not None, answer.context["bench"].what
    return found


def test_a_trend_of_three_years(scene: Scene) -> None:
    answer = client().get(HERE, {"object": scene.point, "item": "pm2_5", "view": "trend"})
    text = answer.content.decode()
    found = shown(answer)
    # 36 values fall by 4 a year, times the season that is 1 in the mean
    assert '每年<b class="eb-nowrap">下降 ' in text
    assert "趋势显著（季节肯德尔检验，p &lt;0.001）" in text
    low, high = sorted(
        float(part.replace("−", "-")) for part in found.reading[0].split("区间 ")[1].split("）")[0].split("～")
    )
    assert -8 < low <= high < -2
    assert "有效日 1,094/1,095" in text or "有效日 1,095/1,096" in text
    assert "Hirsch, Slack &amp; Smith 1982" in text
    assert "本系统建议" in text
    assert len(found.rows) == 37
    # The first and the last month are cut by the period: too few valid days, a gap.
    assert found.chart["lines"][0]["values"][-1] is None
    assert found.chart["lines"][1]["dash"] is True


def test_a_trend_of_days_says_what_a_season_can_do(scene: Scene) -> None:
    found = shown(
        client().get(HERE, {"object": scene.point, "view": "trend", "from": "2026-02-01", "to": "2026-05-06"})
    )
    assert any("不足两年" in note for note in found.notes)
    assert any("相邻两日" in note for note in found.notes)
    assert len(found.rows) == 95
    gap = found.rows[-GAP]
    assert (gap[0].text, gap[1].text) == ("2026-04-30", "—")
    assert "Hamed & Rao 1998" in found.methods[0].source


def test_a_river_is_tested_over_all_its_sections(scene: Scene) -> None:
    found = shown(client().get(HERE, {"medium": "water", "object": scene.river, "item": "nh3n", "view": "trend"}))
    assert [row[0].text for row in found.rows] == ["断面1", "断面2"]
    assert "不能判断" in found.reading[0]
    assert "2 个站点合计" in found.basis[0]


@pytest.mark.parametrize("view", ["diurnal", "weekly"])
def test_cycles_by_hour_and_weekday(scene: Scene, view: str) -> None:
    found = shown(client().get(HERE, {"object": scene.point, "view": view, "from": "2026-04-01", "to": "2026-05-06"}))
    assert len(found.rows) == (24 if view == "diurnal" else 7)
    if view == "diurnal":
        assert "8时最高" in found.reading[0]
        # 36 days less the one without data; the hour at 5 is never there
        assert (found.rows[8][1].value, found.rows[8][2].text) == (35, "45.0")
        assert (found.rows[5][1].value, found.rows[5][2].text) == (0, "—")
        assert found.chart["lines"][0]["values"][5] is None
        assert found.basis[0].startswith("有效小时 805/864")
    else:
        assert sum(row[1].value for row in found.rows) == 35 * 23


def test_hours_that_a_review_took_out_do_not_count(scene: Scene) -> None:
    first, second = person("a", ("duty_officer", "/wuhan/")), person("b", ("unit_head", "/wuhan/"))
    starts = datetime(2026, 5, 5, 0, 30, tzinfo=UTC)
    Review.objects.create(
        series_id=int(scene.point[1:]), item="pm2_5", starts=starts, ends=starts + timedelta(hours=1), reason="检修",
        state=Review.State.ACCEPTED, proposed_by=first, proposed_at=starts, decided_by=second, decided_at=starts,
    )  # fmt: skip
    asked = {"object": scene.point, "view": "diurnal", "from": "2026-04-01", "to": "2026-05-06"}
    found = shown(client().get(HERE, asked))
    # 08:30 to 09:30 touches two hours
    assert (found.rows[8][1].value, found.rows[9][1].value, found.rows[10][1].value) == (34, 34, 35)
    place = shown(client("l2").get(HERE, asked | {"object": scene.place}))
    assert place.rows[8][1].value == 35
    assert "半数评价点位" in place.basis[1]


def test_boxes_by_month_and_by_station(scene: Scene) -> None:
    leader = client()
    asked = {"object": scene.place, "view": "box", "from": "2026-01-01", "to": "2026-05-06"}
    found = shown(leader.get(HERE, asked))
    assert [row[0].text for row in found.rows] == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]
    assert found.chart["boxes"][0] is not None
    assert "Tukey 1977" in found.methods[1].source
    by_station = shown(leader.get(HERE, asked | {"group": "member"}))
    assert sorted(row[0].text for row in by_station.rows) == ["吴家山", "花桥"]
    thin = leader.get(HERE, asked | {"to": "2026-01-04"})
    assert "每一组的有效日都太少" in thin.content.decode()


def test_years_side_by_side_under_both_standards(scene: Scene) -> None:
    asked = {"object": scene.point, "view": "compare", "from": "2026-03-01", "to": "2026-04-30"}
    found = shown(client().get(HERE, asked))
    assert [row[0].text for row in found.rows] == [
        "2026 年（2026-03-01 至 2026-04-30）",
        "2025 年（2025-03-01 至 2025-04-30）",
    ]
    assert any("GB 3095-2012，二级 75" in head for head in found.heads)
    assert any("过渡限值" in head and "二级 60" in head for head in found.heads)
    assert "各时段施行的标准不同" in found.reading[-1]
    assert "低" in found.reading[0]
    # the day without data is no common day
    assert (found.rows[0][1].value, found.rows[0][3].value, found.rows[1][1].value) == (60, 60, 61)
    three = shown(client("l2").get(HERE, asked | {"years": "2"}))
    assert len(three.rows) == 3


def test_days_left_out_of_statistics_are_left_out_here(scene: Scene) -> None:
    first, second = person("a", ("duty_officer", "/wuhan/")), person("b", ("unit_head", "/wuhan/"))
    at = datetime(2026, 4, 20, tzinfo=UTC)
    DayMark.objects.create(
        org_path="/wuhan/", kind="dust", first=date(2026, 4, 10), last=date(2026, 4, 12), reason="沙尘", source="通报",
        state=DayMark.State.ACCEPTED, proposed_by=first, proposed_at=at, decided_by=second, decided_at=at,
    )  # fmt: skip
    asked = {"object": scene.point, "view": "box", "from": "2026-04-01", "to": "2026-04-29"}
    found = shown(client().get(HERE, asked))
    assert found.rows[0][1].value == 26
    assert "已扣除 3 个沙尘或特殊事件日" in found.notes[1]
    assert found.basis[0] == "有效日 26/29（89.7%），由 696 个有效小时算出"


def test_places_side_by_side(scene: Scene) -> None:
    leader = client()
    asked = {"object": scene.point, "view": "compare", "by": "places", "from": "2026-03-01", "to": "2026-04-30"}
    assert "还没有选对比的对象" in leader.get(HERE, asked).content.decode()
    found = shown(leader.get(HERE, asked | {"with": [scene.place, "s999999"]}))
    assert [row[0].text.split("（")[0] for row in found.rows] == ["江岸区", "花桥"]
    assert "GB 3095-2012" not in "".join(found.heads)


@pytest.mark.django_db(transaction=True)
def test_wind_pollution_and_sound_from_what_stations_reported() -> None:
    scene = build(TODAY)
    leader = client()
    asked = {"object": scene.point, "from": "2026-04-25", "to": "2026-05-06"}
    found = shown(leader.get(HERE, asked | {"view": "wind"}))
    assert found.rows[-1][1].value == 12 * 24
    assert found.rows[-1][2].text == "100.0"
    assert "西风最多" in found.reading[0]
    calm, west, east = found.rows[-2], found.rows[12], found.rows[4]
    assert (calm[1].value, west[1].value, east[1].value) == (12, 12 * 16, 12 * 7)
    polluted = shown(leader.get(HERE, asked | {"view": "pollution", "stat": "cpf"}))
    # the hour at 8, with west wind, is half higher than all others
    assert "西风时最高" in polluted.reading[0]
    assert polluted.rows[12][1].value == 11 * 16
    assert polluted.chart["unit"] == "%"
    assert polluted.rows[0][2].text == "—"
    noise = {"medium": "noise", "object": scene.noise, "from": "2026-04-25", "to": "2026-05-06"}
    sound = shown(leader.get(HERE, noise | {"view": "diurnal"}))
    assert (sound.rows[12][2].text, sound.rows[2][2].text) == ("62.0", "52.0")
    assert sound.rows[6][1].value == 11
    assert "从不算术平均" in sound.methods[0].text
    box = shown(leader.get(HERE, noise | {"object": scene.noise_place, "view": "box", "item": "leq"}))
    # 10 lg((16·10^6.2 + 8·10^5.2) / 24), not the arithmetic 58.7
    assert box.rows[0][4].text == "60.5"
    ln = shown(leader.get(HERE, noise | {"view": "compare", "item": "ln", "by": "years"}))
    assert ln.rows[0][2].text == "52.0"
    week = shown(leader.get(HERE, noise | {"view": "weekly"}))
    assert week.rows[0][2].text == "60.5"
    for station in (scene.air_station, scene.noise_station):
        answer = leader.get(f"{HERE}station/{station}/")
        assert answer.status_code == 302
        assert leader.get(answer.url).status_code == 200
    assert "没有气象数据" in leader.get(HERE, asked | {"object": scene.other, "view": "wind"}).content.decode()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_files_hold_table_reading_and_method(scene: Scene, form: str) -> None:
    asked = {"object": scene.point, "view": "diurnal", "from": "2026-04-01", "to": "2026-05-06"}
    answer = client().get(f"{HERE}file/{form}/", asked)
    assert answer.status_code == 200
    body = answer.content if form == "csv" else b"".join(answer.streaming_content)
    if form == "csv":
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        said = [line[0] for line in lines if line[0].startswith("# ")]
        table = lines[len(said) :]
        assert any("HJ 663" in one for one in said)
        assert any("object=" in one and "view=diurnal" in one for one in said)
        assert table[9][:3] == ["8时", "35", "45.0"]
        assert table[6][2] == ""
    else:
        book = load_workbook(io.BytesIO(body))
        rows = list(book.worksheets[0].values)
        assert rows[9][:3] == ("8时", 35, 45)
        assert rows[6][2] is None
        assert any("HJ 663" in str(row[1]) for row in book.worksheets[1].values)
    assert Audit.objects.filter(what="export", kind="analysis").count() == 1


def test_the_address_holds_the_whole_selection(scene: Scene) -> None:
    answer = client().get(HERE, {"object": scene.other, "view": "box", "group": "year", "from": "2025-01-01"})
    query = answer.context["query"]
    again = client("l2").get(f"{HERE}?{query}")
    assert again.context["choice"] == answer.context["choice"]
    assert again.context["bench"].shown == answer.context["bench"].shown


def test_bad_addresses_are_told_in_words(scene: Scene) -> None:
    leader = client()
    answer = leader.get(HERE, {"from": "gestern", "to": "2026-13-01", "view": "pie", "step": "x", "item": "gold"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "“gestern”不是日期" in text
    assert "分析没有“pie”这个选项" in text
    swapped = leader.get(HERE, {"from": "2026-05-06", "to": "2026-04-01"})
    assert "已对调" in swapped.content.decode()
    long = leader.get(HERE, {"from": "2001-01-01", "to": "2026-05-06"})
    assert "最多分析十年" in long.content.decode()
    for key in ("s0", "s999999", "x1", "s1;drop", "n999999", "g999999"):
        assert leader.get(HERE, {"object": key}).status_code == 404
    assert leader.get(HERE, {"medium": "noise"}).context["choice"].target == scene.noise
    other = leader.get(HERE, {"medium": "water", "object": scene.point})
    assert "不属于这个要素" in other.content.decode()
    assert leader.get(f"{HERE}file/pdf/", {"object": scene.point}).status_code == 404
    assert leader.get(f"{HERE}station/999999/").status_code == 404


def test_nothing_and_too_little_are_worded(scene: Scene) -> None:
    leader = client()
    old = {"object": scene.point, "from": "2011-01-01", "to": "2011-03-01"}
    assert "这段时间没有有效的小时值" in leader.get(HERE, old).content.decode()
    assert "这段时间没有有效的日值" in leader.get(HERE, old | {"view": "box"}).content.decode()
    short = {"object": scene.point, "view": "trend", "from": "2026-04-20", "to": "2026-05-06"}
    answer = leader.get(HERE, short)
    assert "有 16 个有效日，至少要 30 个" in answer.content.decode()
    assert leader.get(f"{HERE}file/csv/", short).status_code == 404
    assert Audit.objects.filter(what="export").count() == 0
    noise = {"medium": "noise", "object": scene.noise_place, "from": "2017-01-01", "to": "2026-05-06"}
    assert "要读的数据太多" in leader.get(HERE, noise).content.decode()


def test_other_places_see_nothing(scene: Scene) -> None:
    away = client("away", "leader", "/wuhan/qingshan/")
    assert "还没有可以分析的对象" in away.get(HERE).content.decode()
    for key in (scene.point, scene.place, scene.river, scene.noise, scene.noise_place):
        assert away.get(HERE, {"object": key}).status_code == 404
        assert away.get(f"{HERE}file/csv/", {"object": key}).status_code == 404
    assert away.get(f"{HERE}station/{scene.noise_station}/").status_code == 404
    assert Client().get(HERE).status_code == 302


def test_other_pages_lead_here(scene: Scene) -> None:
    leader = client()
    text = leader.get(f"/statistics/air/{scene.point[1:]}/").content.decode()
    assert f"{HERE}?medium=air&amp;object={scene.point}" in text
    for station in (scene.air_station, scene.noise_station):
        assert f"{HERE}station/{station}/" in leader.get(f"/stations/{station}/").content.decode()


def test_in_english(scene: Scene) -> None:
    english = client(language="en")
    text = english.get(HERE, {"object": scene.point, "view": "trend"}).content.decode()
    assert "falls by" in text
    assert "the trend is significant" in text
    asked = {"object": scene.point, "view": "compare", "from": "2026-03-01", "to": "2026-04-30"}
    answer = english.get(HERE, asked)
    assert not any(sign in " ".join(shown(answer).reading) for sign in "，。（）：～")


def test_queries_do_not_grow(scene: Scene) -> None:
    leader = client()
    asked = {"object": scene.place, "from": "2026-03-01", "to": "2026-05-06", "group": "member"}
    leader.get(HERE, asked)
    for view, most in (("trend", 16), ("diurnal", 17), ("weekly", 17), ("box", 16), ("compare", 18)):
        with CaptureQueriesContext(connection) as found:
            assert leader.get(HERE, asked | {"view": view}).status_code == 200
        assert len(found) <= most, view + "\n" + "\n".join(one["sql"][:160] for one in found)
