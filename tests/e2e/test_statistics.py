"""The pages of the statistics in the real browser: office and phone width, both themes and languages, axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from e2e.helpers import assert_accessible, no_sideways, shot
from ecobureau.clock import now
from ecobureau.web.core.access import viewer_of
from ecobureau.web.statistics import rollup, services
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


def test_the_pages_are_accessible_at_both_widths(
    series: int, new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    user: Any = person("head", ("unit_head", "/wuhan/"))
    day = (now().date() - timedelta(days=2)).isoformat()
    addresses = {
        "ranking": "/statistics/?span=month",
        "year": "/statistics/?span=year",
        "series": f"/statistics/air/{series}/",
        "day": f"/statistics/air/{series}/{day}/",
        "reviews": "/statistics/reviews/",
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
            assert_accessible(page)
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
