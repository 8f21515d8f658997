"""Targets of a year: who may set them, where they stand, what pages say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core.access import NOBODY
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.statistics import rollup, selectors_targets, services
from ecobureau.web.statistics.models import (
    Series,
    Target,
)
from ecobureau.web.statistics.selectors_backtest import backtest_of
from ecobureau.web.statistics.selectors_targets import outlooks
from ecobureau.web.statistics.services import DayOfHours
from ecobureau.web.statistics.spans import days_of
from web.people import person, viewer
from web.statistics.settings_scene import LEVELS, client, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seventh_of_may")]


def published(place: Series, year: int, until: date, **levels: float) -> None:
    rows = [
        (place.pk, item, day, level)
        for day in days_of("year", date(year, 1, 1))
        if day < until
        for item, level in {**LEVELS, **levels}.items()
    ]
    services.put_days(rows, source="公布")


def test_targets_of_air(place: Series) -> None:
    published(place, 2025, date(2026, 1, 1), pm2_5=40.0, o3=170.0)
    published(place, 2026, date(2026, 5, 7), pm2_5=30.0, o3=100.0)
    settle()
    head = viewer(person("h"), "unit_head", "/wuhan/")
    for kind, value in (("good_rate", 30.0), ("heavy_days", 2.0), ("pm25_mean", 35.0), ("o3_p90", 160.0)):
        services.put_target(head, place.pk, year=2026, kind=kind, value=value, source="市目标责任书")
    found = {one.target.kind: one for one in selectors_targets.outlooks(Target.objects.all())}
    good = found["good_rate"]
    # 126 days so far, all good; 239 days remain; of 365 days 110 must be good (30.1 %; 109 are 29.9 %).
    assert (good.known, good.remaining, good.value, good.reached) == (126, 239, 100, True)
    assert good.allowed[0].params == {"days": 239, "remaining": 239}
    # Last year's ozone of 170 makes no good day: 126 of 365 are 34.5 %.
    assert good.forecast is not None
    assert (good.forecast.low, good.forecast.high, good.forecast.years) == (34.5, pytest.approx(36, abs=1), (2025,))
    pm = found["pm25_mean"]
    assert pm.forecast is not None
    assert (pm.value, pm.forecast.middle) == (30, 37)
    # (35·365 - 30·126)/239 = 37.636…
    assert pm.allowed[0].params == {"mean": "37.6", "remaining": 239}
    ozone = found["o3_p90"]
    # 365 days, (364·90) mod 100 > 0: 329 of them must keep it, so that 36 may not.
    assert ozone.allowed[0].params == {"days": 36, "remaining": 239, "value": "160"}
    assert found["heavy_days"].allowed[0].params == {"days": 2, "remaining": 239}


def test_targets_of_water() -> None:
    city = services.put_series(medium="water", kind="place", code="w", name="武汉市", org_path="/wuhan/")
    one = services.put_series(
        medium="water", kind="point", code="a", name="a", org_path="/wuhan/", parent=city, body="river"
    )
    for year, nh3n in ((2025, 1.3), (2026, 0.8)):
        for month in range(1, 13 if year == 2025 else 5):
            levels = {"ph": 7.5, "do": 8.0, "codmn": 3.0, "nh3n": nh3n, "tp": 0.08}
            services.put_hours(
                [DayOfHours(one.pk, item, date(year, month, 2), [level] * 24) for item, level in levels.items()],
                source="测试",
            )
    settle()
    head = viewer(person("h"), "unit_head", "/wuhan/")
    services.put_target(head, one.pk, year=2026, kind="water_class", value=3, source="考核目标")
    services.put_target(head, city.pk, year=2026, kind="water_good", value=100, source="考核目标")
    section, place = selectors_targets.outlooks(Target.objects.order_by("pk"))
    # (4·0.8 + 8·1.3)/12 = 1.133: class IV at the end of the year; class III so far.
    assert section.forecast is not None
    assert (section.value, section.forecast.middle, section.forecast.reaching) == (3, 4, 0)
    # (12·1 - 4·0.8)/8 = 1.1
    assert section.allowed[0].params == {"item": "water.item.nh3n", "mean": "1.100", "remaining": 8}
    assert place.forecast is not None
    assert (place.value, place.forecast.middle) == (100, 0)
    assert place.allowed[0].params == {"needed": 1, "sections": 1, "good": 1}


def test_only_those_with_the_right_set_targets_and_each_change_is_audited(place: Series) -> None:
    head = viewer(person("h"), "unit_head", "/wuhan/")
    leader = viewer(person("l"), "leader", "/wuhan/")
    away = viewer(person("w"), "unit_head", "/wuhan/qingshan/")
    good = {"year": 2026, "kind": "good_rate", "value": 85.0, "source": "责任书"}
    for who, change, code in [
        (NOBODY, {}, "core.no_access"),
        (leader, {}, "core.no_access"),
        (away, {}, "core.no_access"),
        (head, {"kind": "water_good"}, "statistics.target.kind"),
        (head, {"value": 101.0}, "statistics.target.value"),
        (head, {"value": float("nan")}, "statistics.target.value"),
        (head, {"kind": "heavy_days", "value": 1.5}, "statistics.target.value"),
        (head, {"source": " "}, "statistics.target.source"),
        (head, {"year": 1900}, "statistics.target.year"),
    ]:
        with pytest.raises(Refused) as refused:
            services.put_target(who, place.pk, **{**good, **change})  # type: ignore[arg-type]
        assert refused.value.code == code
    assert Target.objects.count() == 0
    services.put_target(head, place.pk, **good)  # type: ignore[arg-type]
    target = services.put_target(head, place.pk, **{**good, "value": 86.0})  # type: ignore[arg-type]
    assert (Target.objects.count(), target.value, target.revision) == (1, 86, 1)
    assert Audit.objects.filter(what="statistics.target.put").latest("pk").detail["before"]["value"] == 85
    for who, reason, code in [(leader, "x", "core.no_access"), (head, " ", "statistics.target.reason")]:
        with pytest.raises(Refused) as refused:
            services.drop_target(who, target.pk, reason=reason)
        assert refused.value.code == code
    assert Target.objects.count() == 1
    services.drop_target(head, target.pk, reason="重复")
    assert Target.objects.count() == 0
    assert Audit.objects.get(what="statistics.target.drop").detail["value"] == 86


def test_the_pages_of_targets(place: Series) -> None:
    published(place, 2026, date(2026, 5, 7))
    settle()
    head, leader = client("h", "unit_head", "/wuhan/"), client("l", "leader", "/wuhan/")
    assert "这一年还没有目标" in leader.get("/statistics/targets/").content.decode()
    form = {"series": place.pk, "year": 2026, "kind": "good_rate", "value": "85", "source": "市政府〔2026〕3号"}
    assert leader.post("/statistics/targets/new/", form).status_code == 302
    for bad in ({**form, "value": "many"}, {**form, "series": 0}, {}):
        assert head.post("/statistics/targets/new/", bad).status_code == 302
    assert Target.objects.count() == 0
    assert head.post("/statistics/targets/new/", {**form, "value": "120"}).status_code == 422
    assert head.post("/statistics/targets/new/", form).status_code == 302
    target = Target.objects.get()
    text = leader.get("/statistics/targets/").content.decode()
    assert "可望达到" in text
    # Of 365 days 311 must be good (85.2 %; 310 are 84.9 %): 54 may not be.
    assert "余下 239 天中还能再超 54 天" in text
    text = leader.get(f"/statistics/targets/{target.pk}/").content.decode()
    assert "市政府〔2026〕3号" in text
    assert "没有往年数据" in text
    assert "撤销目标" not in text
    csv = b"".join(leader.get("/statistics/targets/?format=csv").streaming_content).decode()
    assert "市政府〔2026〕3号" in csv
    assert leader.get("/statistics/targets/?year=x").status_code == 404
    away = client("w", "unit_head", "/wuhan/qingshan/")
    assert away.get(f"/statistics/targets/{target.pk}/").status_code == 404
    assert away.post(f"/statistics/targets/{target.pk}/drop/", {"reason": "x"}).status_code == 404
    assert head.post(f"/statistics/targets/{target.pk}/drop/", {"reason": "重复"}).status_code == 302
    assert Target.objects.count() == 0


def test_more_targets_cost_no_more_queries(place: Series) -> None:
    head = viewer(person("h"), "unit_head", "/wuhan/")
    city = services.put_series(medium="water", kind="place", code="w", name="武汉市", org_path="/wuhan/")

    def add(at: int) -> None:
        one = services.put_series(kind="place", code=f"a{at}", name=f"a{at}", org_path="/wuhan/")
        for kind, value in (("good_rate", 80.0), ("heavy_days", 2.0), ("pm25_mean", 35.0), ("o3_p90", 160.0)):
            services.put_target(head, one.pk, year=2026, kind=kind, value=value, source="责任书")
        section = services.put_series(
            medium="water", kind="point", code=f"s{at}", name=f"s{at}", org_path="/wuhan/", parent=city, body="river"
        )
        services.put_target(head, section.pk, year=2026, kind="water_class", value=3, source="责任书")

    services.put_target(head, city.pk, year=2026, kind="water_good", value=80, source="责任书")
    add(0)
    leader, counts = client("l", "leader", "/wuhan/"), []
    for at in (1, 2):
        leader.get("/statistics/targets/")
        with CaptureQueriesContext(connection) as seen:
            assert leader.get("/statistics/targets/").status_code == 200
        counts.append(len(seen))
        add(at)
    assert counts[0] == counts[1] <= 35


def test_the_forecast_is_tried_on_former_years() -> None:
    place = services.put_series(kind="place", code="bt", name="回测", org_path="/wuhan/")
    first, last = date(2021, 1, 1), date(2026, 5, 20)
    days = [first + timedelta(days=at) for at in range((last - first).days)]
    # Every year goes alike, but for 2024, which was worse all year: no earlier year could tell.
    values = [25.0 + 20.0 * (day.month in (1, 2, 11, 12)) + 30.0 * (day.year == 2024) for day in days]
    services.put_days([(place.pk, "pm2_5", day, value) for day, value in zip(days, values, strict=True)], source="公布")
    while rollup.drain():
        pass
    head = viewer(person("bh", ("unit_head", "/wuhan/")))
    target = services.put_target(head, place.pk, year=2026, kind="pm25_mean", value=35, source="任务书")
    found = backtest_of(target)
    assert [one.on.year for one in found.trials] == [2023] * 3 + [2024] * 3 + [2025] * 3
    assert all(one.held for one in found.trials if one.on.year == 2023)
    assert not any(one.held for one in found.trials if one.on.year == 2024)
    assert (found.years, round(found.expected, 6)) == ((2023, 2024, 2025), 0.8)
    # A trial sees nothing later than its day: the same as asked on that day.
    with use_clock(ManualClock(datetime(2023, 7, 1, 1, tzinfo=UTC))):
        then = services.put_target(head, place.pk, year=2023, kind="pm25_mean", value=35, source="任务书")
        there = outlooks([then])[0].forecast
    assert there == next(one.forecast for one in found.trials if one.on == date(2023, 7, 1))
    page = Client()
    page.force_login(person("bl", ("leader", "/wuhan/")), backend="django.contrib.auth.backends.ModelBackend")
    text = page.get(f"/statistics/targets/{target.pk}/").content.decode()
    assert "往年回测" in text
    assert "3 个往年的 9 个日期" in text
