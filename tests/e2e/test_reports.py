"""The reports in the real browser: list and pages, both widths, themes and languages, axe; a file is taken along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page

from e2e.helpers import assert_accessible_in_turn, no_sideways, shot
from ecobureau.clock import beijing, now
from web.people import person
from web.statistics.report_city import air, days, water


def test_reports_are_accessible_and_can_be_taken_along(
    transactional_db: None, new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    last = beijing(now()).date() - timedelta(days=1)
    spans = [days(last - timedelta(days=4), 5), days(last - timedelta(days=369), 5)]
    breath, stream = air(*spans), water(*spans)
    addresses = {"list": "/statistics/reports/", "months": "/statistics/reports/?medium=water&period=monthly"}
    for medium, of in (("air", breath), ("water", stream)):
        for period in ("daily", "monthly"):
            addresses[f"{medium}-{period}"] = f"/statistics/reports/{medium}/{period}/{of.city.pk}/{last.isoformat()}/"
    user: Any = person("head", ("unit_head", "/wuhan/"))
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
            shot(page, f"report-{name}-{width}", full=True)
            assert page.locator("h1").count() == 1
            assert_accessible_in_turn(page, name)
            no_sideways(page)
        if width == "desk":
            page.goto(addresses["air-daily"])
            page.get_by_text("导出", exact=True).click()
            page.get_by_label("用途").fill("报送市政府")
            with page.expect_download() as waiting:
                page.get_by_role("button", name="PDF").click()
            assert waiting.value.suggested_filename == f"江城市环境空气质量日报 {last.isoformat()}.pdf"
