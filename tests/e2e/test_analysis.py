"""The analysis workbench in the real browser: every view drawn, office and phone width, both languages, axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, shot
from ecobureau.clock import beijing, now
from web.people import person
from web.statistics.analysis_scene import build

HERE = "/statistics/analysis/"


def test_every_view_is_drawn_and_accessible(
    transactional_db: None, new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    today = beijing(now()).date()
    scene = build(today)
    since = f"from={today - timedelta(days=12)}&to={today - timedelta(days=1)}"
    addresses = {
        "trend": f"?object={scene.point}&view=trend",
        "diurnal": f"?object={scene.point}&view=diurnal",
        "weekly": f"?object={scene.place}&view=weekly",
        "box": f"?object={scene.point}&view=box&from={today - timedelta(days=500)}",
        "wind": f"?object={scene.point}&view=wind&{since}",
        "pollution": f"?object={scene.point}&view=pollution&{since}",
        "years": f"?object={scene.point}&view=compare&years=2",
        "places": f"?object={scene.point}&view=compare&by=places&with={scene.place}&{since}",
        "river": f"?medium=water&object={scene.river}&item=nh3n&view=trend",
        "noise": f"?medium=noise&object={scene.noise}&view=diurnal&{since}",
        "nothing": f"?object={scene.point}&view=trend&{since}",
    }
    user: Any = person("head", ("unit_head", "/wuhan/"))
    for width, size, language in (("desk", (1440, 900), "zh-CN"), ("phone", (390, 844), "en-GB")):
        page = new_page({"width": size[0], "height": size[1]}, language)
        user.language = language[:2]
        user.theme = "light" if width == "desk" else "dark"
        user.save()
        sign_in(page, user)
        for name, address in addresses.items():
            if width == "phone" and name not in ("trend", "box", "wind", "places", "noise", "nothing"):
                continue
            answer = page.goto(HERE + address, wait_until="load")
            assert answer is not None
            assert answer.status == 200
            if name != "nothing":
                expect(page.locator("eb-figure[data-ready='']")).to_have_count(1)
                expect(page.locator("eb-figure canvas")).to_have_count(1)
                expect(page.locator("eb-figure table")).to_be_hidden()
            assert page.locator("h1").count() == 1
            assert_accessible(page)
            no_sideways(page)
            shot(page, f"analysis-{name}-{width}", full=True)
    _table_and_keys(page, HERE + addresses["wind"])


def _table_and_keys(page: Page, address: str) -> None:
    """The table opens beside the picture; the keyboard cursor says what stands where."""
    page.goto(address)
    page.get_by_role("button", name="Show table").or_(page.locator("[data-eb-tools] button").first).first.click()
    expect(page.locator("eb-figure table")).to_be_visible()
    page.locator("[data-eb-plot]").focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(page.locator("#eb-announce")).to_contain_text("N；")
    assert_accessible(page)
