"""The registry in a real browser: every page by axe in both languages and themes, and an import from file to list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, assert_accessible_in_turn, expects, no_sideways, shot
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from web.people import person

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
BODIES = ("91420100MA4KABCD1", "91420100MA4KABCD2")
CODES = [body + check_letter(body) for body in BODIES]


@pytest.fixture
def admin() -> Any:
    user = person("admin", ("administrator", "/"))
    user.theme = "light"
    user.save()
    return user


@pytest.fixture
def pages(admin: Any) -> list[str]:
    """The addresses of all pages of a small registry."""
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(
        SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心", duties=["command"]
    )
    firm = sources.make_enterprise(SYSTEM, code=CODES[0], name="江北热电有限公司", org_path=top.path)
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air", o2_ref=6.0)
    sources.set_limit(SYSTEM, outlet, "a21026", value="50", source="排污许可证", valid_from=date(2024, 1, 1))
    sources.set_limit(SYSTEM, outlet, "a21026", value="35", source="排污许可证", valid_from=date(2025, 1, 1))
    station = sources.make_station(SYSTEM, code="G1", name="1号锅炉烟气", st="31", outlet=outlet)
    logger = sources.make_logger(SYSTEM, station, mn="010000A8900016F000169DC0", password="geheim")
    return [
        "/registry/",
        "/registry/import/",
        "/registry/enterprises/new/",
        f"/registry/enterprises/{firm.pk}/",
        f"/registry/outlets/{outlet.pk}/",
        f"/registry/outlets/{outlet.pk}/limits/",
        f"/registry/stations/{station.pk}/",
        f"/registry/loggers/{logger.pk}/",
        "/grids/",
        "/rosters/",
    ]


@pytest.mark.parametrize(("theme", "lang", "viewport"), [("light", "zh-hans", DESK), ("dark", "en", PHONE)])
def test_every_page_is_accessible_and_fits(
    new_page: Callable[..., Page],
    sign_in: Callable[..., None],
    admin: Any,
    pages: list[str],
    theme: str,
    lang: str,
    viewport: dict[str, int],
) -> None:
    admin.theme, admin.language = theme, lang
    admin.save()
    page = new_page(viewport)
    sign_in(page, admin)
    for address in pages:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_accessible_in_turn(page, address)
        no_sideways(page)
        name = re.sub(r"[^a-z]+", "-", address).strip("-")
        shot(page, f"registry-{name}-{viewport['width']}", full=True)


def test_a_table_is_checked_mended_and_imported(
    page: Page, sign_in: Callable[..., None], admin: Any, pages: list[str], tmp_path: Path
) -> None:
    sign_in(page, admin)
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(f"统一社会信用代码,企业名称\n{CODES[1]},\n123,乙厂\n", encoding="gb18030")
    good.write_text(f"统一社会信用代码,企业名称\n{CODES[1]},甲厂\n", encoding="gb18030")
    page.goto("/registry/")
    page.get_by_role("link", name="导入表格").click()
    for file in (bad, good):
        page.get_by_label("登记表种类").select_option("enterprises")
        page.get_by_label("文件（CSV 或 XLSX）").set_input_files(file)
        page.get_by_role("button", name="上传并检查").click()
        if file is bad:
            expect(page.get_by_role("alert")).to_contain_text("2 处问题，一行也没有写入")
            expect(page.get_by_role("region", name="问题")).to_contain_text("企业名称")
            assert_accessible(page)
            shot(page, "registry-import-problems")
            page.get_by_role("link", name="另传一个文件").click()
    expect(page.get_by_role("status").first).to_contain_text("将新增 1")
    assert_accessible(page)
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已导入：共 1 行，新增 1")
    page.goto("/firms/?q=jc")
    expect(page.get_by_role("link", name="甲厂")).to_be_visible()


def test_what_is_wrong_stands_beside_the_field(
    page: Page, sign_in: Callable[..., None], admin: Any, pages: list[str]
) -> None:
    expects(page, "422")
    sign_in(page, admin)
    page.goto("/registry/enterprises/new/")
    page.get_by_label(re.compile("统一社会信用代码")).fill(CODES[1][:-1] + "*")
    page.get_by_label(re.compile("企业名称")).fill("甲厂")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".eb-wrong")).to_contain_text("应为 18 位")
    assert_accessible(page)
