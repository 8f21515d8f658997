"""The map of a kind in the real browser: marks, the card beside the map, the list in its place, news without reload."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, ready, shot
from ecobureau.clock import now
from ecobureau.storage import books, partitions
from ecobureau.storage.types import Kind
from ecobureau.storage.writer import Writer
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from storage_frames import frame
from web.people import person

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
CANVAS = (".maplibregl-canvas",)


def a_clue(title: str, lon: float, level: str) -> Any:
    return kernel.create(
        "clue", SYSTEM, title=title, level=level, org_path="/wuhan/jiangan/", lon=lon, lat=30.5, first_at=AT, last_at=AT
    )


def test_marks_card_list_and_news(page: Page, phone: Page, sign_in: Callable[..., None]) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区")
    places.set_area(SYSTEM, district, SQUARE, valid_from=AT.date().replace(year=2020))
    red, _blue = a_clue("东门有异味", 114.4, "red"), a_clue("夜间施工", 114.6, "blue")
    duty = person("duty", ("duty_officer", "/wuhan/"))
    sign_in(page, duty)
    page.goto("/clues/map/")
    ready(page, "eb-map")
    marks = page.locator(".eb-map-mark")
    expect(marks).to_have_count(2)
    expect(page.locator("eb-live")).to_have_attribute("data-state", "on")
    assert_accessible(page, without=CANVAS)
    page.get_by_role("button", name="红色 紧急 东门有异味").click()
    panel = page.locator(".eb-map-panel")
    expect(panel).to_contain_text(red.number)
    assert_accessible(page, without=CANVAS)
    shot(page, "kind-map")
    a_clue("新的一件", 114.5, "orange")
    expect(marks).to_have_count(3)
    panel.get_by_role("link", name="打开").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("东门有异味")

    page.goto("/clues/map/?level=red")
    ready(page, "eb-map")
    expect(marks).to_have_count(1)
    page.get_by_role("button", name="列表显示").click()
    expect(page.get_by_role("link", name="东门有异味")).to_be_visible()

    sign_in(phone, duty)
    phone.goto("/clues/map/")
    ready(phone, "eb-map")
    assert_accessible(phone, without=CANVAS)
    no_sideways(phone)
    shot(phone, "kind-map-phone")


def test_the_slider_moves_the_map_through_the_day_and_back(
    page: Page, phone: Page, sign_in: Callable[..., None]
) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区")
    places.set_area(SYSTEM, district, SQUARE, valid_from=AT.date().replace(year=2020))
    sources.sync_factors(SYSTEM)
    station = sources.make_station(
        SYSTEM, code="A1", name="空气一站", st="22", org_path="/wuhan/jiangan/", lon=114.5, lat=30.6
    )
    hour = now().replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as conn:
        partitions.ensure_ahead(conn, now())
        run = books.start_run(conn, "gateway", "test", 1, now())
        texts = {"a01007": {"avg": "3.2"}, "a01008": {"avg": "45"}}
        begin = hour - timedelta(hours=1)
        Writer(conn).write([frame(texts, begin, station=station.pk, kind=Kind.HOUR, run=run, st="22", cn="2061")])
    a_clue("刚来的", 114.4, "red")
    duty = person("duty", ("duty_officer", "/wuhan/"))
    for shown, name in ((page, "map-time"), (phone, "map-time-phone")):
        sign_in(shown, duty)
        shown.goto("/map/")
        ready(shown, "eb-map")
        expect(shown.locator(".eb-map-mark")).to_have_count(1)
        slider = shown.get_by_role("slider", name="时间")
        expect(shown.locator(".eb-map-time output")).to_have_text("最新")
        assert_accessible(shown, without=CANVAS)
        no_sideways(shown)
        shot(shown, name)
        slider.focus()
        slider.press("Home")
        expect(shown.locator(".eb-map-mark")).to_have_count(0)
        expect(shown.locator(".eb-map-time output")).to_contain_text("的情况")
        shown.get_by_role("button", name="最新").click()
        expect(shown.locator(".eb-map-mark")).to_have_count(1)
    found = page.evaluate(
        "document.querySelector('eb-map').marks.features.map(f => f.properties).filter(p => p.kind === 'wind')"
    )
    assert [(each["towards"], each["value"]) for each in found] == [(225, "3.2")]
    expect(page.locator(".eb-map-layers")).to_contain_text("风（箭头指空气去向）")
