"""The duty room in the real browser: the sound for red clues, one's own keys, the wall."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, ready, shot
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from web.people import person

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRID = "/wuhan/jiangan/g1/"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
CANVAS = (".maplibregl-canvas",)


@pytest.fixture
def duty(transactional_db: None) -> Any:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    places.set_area(SYSTEM, district, SQUARE, valid_from=AT.date().replace(year=2020))
    return person("duty", ("duty_officer", "/wuhan/"))


def a_clue(title: str, level: str, **more: Any) -> Any:
    return kernel.create("clue", SYSTEM, title=title, level=level, org_path=GRID, first_at=AT, last_at=AT, **more)


def test_the_sound_is_asked_for_remembered_and_only_for_red(
    page: Page, duty: Any, sign_in: Callable[..., None]
) -> None:
    a_clue("旧的一件", "yellow")
    sign_in(page, duty)
    page.goto("/desk/")
    alarm = page.locator("eb-alarm")
    expect(alarm).to_have_attribute("data-state", "off")
    expect(page.locator("eb-live")).to_have_attribute("data-state", "on")
    alarm.get_by_role("button").click()
    expect(alarm).to_have_attribute("data-kept", "")
    expect(alarm).to_have_attribute("data-state", "on")
    expect(alarm).to_have_attribute("data-rang", "1")
    assert_accessible(page)
    a_clue("黄的", "yellow")
    expect(page.locator("[data-eb-card]")).to_have_count(2)
    expect(alarm).to_have_attribute("data-rang", "1")
    a_clue("红的", "red")
    expect(page.locator("[data-eb-card]")).to_have_count(3)
    expect(alarm).to_have_attribute("data-rang", "2")
    shot(page, "duty-sound")

    page.goto("/desk/wall/")
    expect(page.locator("eb-alarm")).to_have_attribute("data-on", "1")
    duty.refresh_from_db()
    assert duty.sound


def test_own_keys_do_what_they_say(page: Page, duty: Any, sign_in: Callable[..., None]) -> None:
    a_clue("一件", "red")
    sign_in(page, duty)
    page.goto("/desk/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="快捷键")
    dialog.get_by_text("改快捷键").click()
    assert_accessible(page)
    shot(page, "duty-keys")
    dialog.locator("#key-d").fill("e")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_text("快捷键已保存")).to_be_visible()
    expect(page.locator("[data-eb-open='dispatch-sheet'] kbd")).to_have_text("E")
    page.keyboard.press("d")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator("dialog#dispatch-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_url("**/desk/?level=red")


def test_the_wall_shows_all_at_once(new_page: Callable[..., Page], duty: Any, sign_in: Callable[..., None]) -> None:
    for n, level in enumerate(("red", "orange", "orange", "yellow", "yellow", "blue")):
        a_clue(f"第{n}件：一句说得清楚的话", level, lon=114.2 + n / 10, lat=30.5, risk=90 - n)
    wall = new_page({"width": 1920, "height": 1080})
    sign_in(wall, duty)
    wall.goto("/desk/wall/")
    ready(wall, "eb-map")
    expect(wall.locator(".eb-map-mark")).to_have_count(6)
    expect(wall.get_by_text("另有 1 条没有列出")).to_be_visible()
    assert_accessible(wall, without=CANVAS)
    tall = wall.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
    assert tall <= 0, f"the wall is {tall} px too high"
    hidden = wall.evaluate(
        "[...document.querySelectorAll('.eb-wall-worst, .eb-wall-tasks')]"
        ".map(box => box.scrollHeight - box.clientHeight)"
    )
    assert max(hidden) <= 0, f"{hidden} px are cut off"
    small = wall.evaluate(
        "[...document.querySelectorAll('.eb-wall-main *')].filter(e => e.offsetParent && !e.closest('eb-map')"
        " && e.childNodes.length && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())"
        " && !e.closest('.eb-sev') && parseFloat(getComputedStyle(e).fontSize) < 17).map(e => e.className)"
    )
    assert not small, small
    shot(wall, "wall")
    a_clue("新来的红色", "red", risk=99)
    expect(wall.locator(".eb-wall-row").first).to_contain_text("新来的红色")
    wall.goto("/desk/wall/?theme=light")
    ready(wall, "eb-map")
    assert_accessible(wall, without=CANVAS)
    phone = new_page({"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    sign_in(phone, duty)
    phone.goto("/desk/wall/")
    no_sideways(phone)
