"""The pages of the statistics in the real browser: office and phone width, both themes and languages, axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from e2e.emission_scene import Scene, make_outlets
from e2e.helpers import assert_accessible_in_turn, no_sideways, shot
from ecobureau.clock import now
from ecobureau.web.core.access import viewer_of
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import HistoryFile
from ecobureau.web.statistics.samples import services as samples
from ecobureau.web.statistics.samples.values import read_value
from ecobureau.web.statistics.services import DayOfHours
from web.people import person

LEVELS = {"so2": 9.0, "no2": 31.0, "pm10": 63.0, "pm2_5": 30.0, "co": 0.7, "o3": 120.0}


@pytest.fixture
def series(transactional_db: None) -> int:
    """Make two districts, a point with hours and a review; return the point."""
    today = now().date()
    start = date(today.year, 1, 1)
    for code, name, more in (("a", "江岸区", 0), ("b", "青山区", 12)):
        place = services.put_series(kind="place", code=code, name=name, org_path="/wuhan/")
        days = [start + timedelta(days=at) for at in range((today - start).days)]
        rows = [
            (
                place.pk,
                item,
                day,
                round(level * (1 + more / 100) + (day.toordinal() * 7 % 60 if item == "pm2_5" else 0), 1),
            )
            for day in days
            for item, level in LEVELS.items()
        ]
        services.put_days(rows, source="公布")
    point = services.put_series(kind="point", code="p1", name="花桥", org_path="/wuhan/")
    for at in range(1, 4):
        services.put_hours(
            [
                DayOfHours(point.pk, item, today - timedelta(days=at), [level * at] * 24)
                for item, level in LEVELS.items()
            ],
            source="测试",
        )
    while rollup.drain():
        pass
    officer = viewer_of(person("proposer", ("duty_officer", "/wuhan/")))
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC) - timedelta(days=2)
    services.propose_review(officer, point, starts=noon, ends=noon + timedelta(hours=3), reason="旁边施工扬尘")
    return point.pk


@pytest.fixture
def waters(transactional_db: None) -> dict[str, int]:
    """Make a city with six sections on a river and a lake, targets, an excluded day and a point that was changed."""
    today = now().date()
    city = services.put_series(medium="water", kind="place", code="/wuhan/", name="武汉市", org_path="/wuhan/")
    head = viewer_of(person("setter", ("unit_head", "/wuhan/")))
    first = None
    for at, name in enumerate(("谌家矶", "朱家河口", "府河口", "巡司河", "东湖湖心", "南湖")):
        made = services.put_series(
            medium="water",
            kind="point",
            code=name,
            name=name,
            org_path="/wuhan/",
            parent=city,
            body="lake" if at > 3 else "river",
        )
        first = first or made
        levels = {"ph": 7.4, "do": 8.2 - at, "codmn": 2.6 + at, "nh3n": 0.2 + 0.42 * at, "tp": 0.06 + 0.02 * at}
        services.put_hours(
            [
                DayOfHours(
                    made.pk,
                    item,
                    today - timedelta(days=back),
                    [level if item == "ph" else level * (1 + back % 5 / 10)] * 24,
                )
                for back in (*range(1, 25), *range(360, 372))
                for item, level in levels.items()
            ],
            source="测试",
        )
        if at < 2:
            services.set_section(head, made.pk, river="府河", body="river")
        target = services.put_target(
            head, made.pk, year=today.year, kind="water_class", value=3, source="市水污染防治目标责任书"
        )
    services.put_target(head, city.pk, year=today.year, kind="water_good", value=80, source="市水污染防治目标责任书")
    services.set_assessed(head, made.pk, assessed=False, reason="景观水体，不参与考核", since=today - timedelta(days=3))
    services.propose_mark(
        head, "/wuhan/", kind="dust", first=today, last=today, reason="沙尘过境", source="总站通报〔2026〕5号"
    )
    while rollup.drain():
        pass
    assert first is not None
    return {"section": first.pk, "city": city.pk, "target": target.pk, "point": made.pk}


@pytest.fixture
def sounds(transactional_db: None) -> dict[str, Any]:
    """Make a district with two noise stations, a sample of water taken by hand, and a file of history with faults."""
    today = now().date()
    place = services.put_series(medium="noise", kind="place", code="/wuhan/jiangan/", name="江岸区", org_path="/wuhan/")
    made = [
        services.put_series(
            medium="noise", kind="point", code=name, name=name, org_path="/wuhan/", parent=place, zone=zone
        )
        for name, zone in (("花桥小区", "1"), ("解放大道", "4a"))
    ]
    for at, one in enumerate(made):
        services.put_hours(
            [
                DayOfHours(
                    one.pk,
                    item,
                    today - timedelta(days=back),
                    [51.0 + more + 14 * at + back % 5 - (0 if 6 <= hour < 22 else 8) for hour in range(24)],
                )
                for back in range(1, 30)
                for item, more in (("leq", 0), ("l10", 3), ("l90", -4), ("lmax", 11))
            ],
            source="测试",
        )
    section = services.put_series(medium="water", kind="point", code="hand", name="手工断面", org_path="/wuhan/")
    results = {
        item: read_value(text, item) for item, text in (("ph", "7.4"), ("do", "8"), ("cod", "24"), ("oil", "<0.01"))
    }
    entered = samples.enter(
        viewer_of(person("sampler", ("duty_officer", "/wuhan/"))),
        section=section.code,
        taken_on=today - timedelta(days=3),
        laboratory="市监测中心",
        values=results,
    )
    file = HistoryFile.objects.create(
        name="hours.csv",
        size=1,
        sha256="0" * 64,
        state="checked",
        asked_by=person("loader", ("unit_head", "/wuhan/")),
        asked_at=now(),
        result={
            "format": "air_station_hours",
            "rows": 26,
            "values": 143,
            "stations": 1,
            "bad": 2,
            "cells": 1,
            "empty": 0,
            "count": 1,
            "unknown": [["nowhere", 1]],
            "first": "",
            "last": "",
            "before": "",
            "problems": [[4, "pm2_5_1h", "三十三", "history.mend.number", {}]],
        },
    )
    while rollup.drain():
        pass
    return {"point": made[0].pk, "place": place.pk, "file": file.pk, "sample": entered.number}


@pytest.fixture
def outlets(transactional_db: None, database_url: str) -> Scene:
    """Make outlets with figures of emissions."""
    return make_outlets(database_url)


def test_the_pages_are_accessible_at_both_widths(
    series: int,
    waters: dict[str, int],
    sounds: dict[str, Any],
    outlets: Scene,
    new_page: Callable[..., Page],
    sign_in: Callable[..., None],
) -> None:
    user: Any = person("head", ("administrator", "/wuhan/"), ("unit_head", "/wuhan/"))
    day = (now().date() - timedelta(days=2)).isoformat()
    addresses = {
        "ranking": "/statistics/?span=month",
        "year": "/statistics/?span=year",
        "series": f"/statistics/air/{series}/",
        "day": f"/statistics/air/{series}/{day}/",
        "reviews": "/statistics/reviews/",
        "water": "/statistics/water/",
        "water-places": "/statistics/water/?kind=place&span=year",
        "water-months": "/statistics/water/months/",
        "water-ranking": "/statistics/water/ranking/?kind=point",
        "water-series": f"/statistics/water/{waters['section']}/",
        "water-city": f"/statistics/water/{waters['city']}/",
        "water-day": f"/statistics/water/{waters['section']}/day/{day}/",
        "water-year": f"/statistics/water/{waters['city']}/year/{day[:4]}-01-01/",
        "targets": "/statistics/targets/",
        "target": f"/statistics/targets/{waters['target']}/",
        "points": "/statistics/points/?medium=water",
        "point": f"/statistics/points/{waters['point']}/",
        "marks": "/statistics/excluded/",
        "noise": "/statistics/noise/",
        "noise-places": "/statistics/noise/?kind=place",
        "noise-series": f"/statistics/noise/{sounds['point']}/",
        "noise-day": f"/statistics/noise/{sounds['point']}/day/{day}/",
        "noise-place": f"/statistics/noise/{sounds['place']}/month/{day[:7]}-01/",
        "emission": "/statistics/emission/",
        "emission-mass": "/statistics/emission/?by=mass&kind=firm&item=a21002",
        "emission-series": f"/statistics/emission/{outlets.stack}/?item=a21002",
        "emission-day": f"/statistics/emission/{outlets.stack}/day/{day}/?item=a21002",
        "emission-analysis": f"/statistics/analysis/?medium=emission&object=s{outlets.stack}&item=a21002-kg",
        "emission-city": f"/statistics/emission/{outlets.city}/month/{day[:7]}-01/?item=a21002",
        "samples": "/water-samples/",
        "sample": f"/water-samples/{sounds['sample']}/",
        "sample-new": "/water-samples/new/",
        "history": "/statistics/history/",
        "history-file": f"/statistics/history/{sounds['file']}/",
    }
    for width, size, language in (("desk", (1440, 900), "zh-CN"), ("phone", (390, 844), "en-GB")):
        page = new_page({"width": size[0], "height": size[1]}, language)
        user.language = language[:2]
        user.theme = "light" if width == "desk" else "dark"
        user.save()
        sign_in(page, user)
        for name, address in addresses.items():
            answer = page.goto(address, wait_until="load")
            assert answer is not None
            assert answer.status == 200
            shot(page, f"statistics-{name}-{width}", full=True)
            assert page.locator("h1").count() == 1
            assert_accessible_in_turn(page, name)
            no_sideways(page)


def test_two_persons_take_hours_out(series: int, new_page: Callable[..., Page], sign_in: Callable[..., None]) -> None:
    page = new_page()
    sign_in(page, person("second", ("unit_head", "/wuhan/")))
    page.goto("/statistics/reviews/")
    page.get_by_label("意见").fill("同意")
    page.get_by_role("button", name="认定无效").click()
    page.get_by_text("已认定无效").wait_for()
    while rollup.drain():
        pass
    day = (now().date() - timedelta(days=2)).isoformat()
    page.goto(f"/statistics/air/{series}/{day}/")
    assert page.get_by_text("有 21 个有效小时，需要 20 个").count() == 5
