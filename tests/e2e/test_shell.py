"""The frame of the pages in a real browser: sign-in page, preferences, gallery, keys, at desk and phone width."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, choose, expects, give_password, no_sideways, ready, shot
from web.people import person

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def admin() -> Any:
    user = person("admin", ("administrator", "/"))
    user.theme = "light"
    user.save()
    return user


@pytest.mark.parametrize(
    ("width", "theme", "lang"),
    [
        (1440, "light", "zh-CN"),
        (1440, "dark", "en-US"),
        (390, "dark", "zh-CN"),
        (390, "light", "en-US"),
        (320, "light", "zh-CN"),
        (320, "dark", "en-US"),
    ],
)
def test_sign_in_page(new_page: Callable[..., Page], theme: str, lang: str, width: int) -> None:
    page = new_page({"width": width, "height": 844}, lang)
    choose(page, theme=theme)
    page.goto("/accounts/login/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
    expect(page.get_by_role("heading", level=1)).to_have_text("登录" if lang == "zh-CN" else "Sign in")
    assert_accessible(page)
    no_sideways(page)
    shot(page, f"login-{width}-{theme}-{lang[:2]}")


@pytest.mark.parametrize(
    ("viewport", "theme", "lang"),
    [(DESK, "light", "zh-hans"), (DESK, "dark", "en"), (PHONE, "dark", "zh-hans"), (PHONE, "light", "en")],
)
def test_gallery(
    new_page: Callable[..., Page],
    sign_in: Callable[..., None],
    admin: Any,
    theme: str,
    lang: str,
    viewport: dict[str, int],
) -> None:
    admin.theme, admin.language = theme, lang
    admin.save()
    page = new_page(viewport)
    sign_in(page, admin)
    page.goto("/design/")
    ready(page, "eb-chart, eb-map")
    assert_accessible(page)
    no_sideways(page)
    shot(page, f"gallery-{viewport['width']}-{theme}-{lang[:2]}", full=True)


def test_gallery_is_for_staff(new_page: Callable[..., Page], sign_in: Callable[..., None]) -> None:
    page = new_page()
    sign_in(page, person("duty", ("duty_officer", "/")))
    expects(page, "403")
    answer = page.goto("/design/")
    assert answer is not None
    assert answer.status == 403
    assert_accessible(page)
    shot(page, "refused")
    expect(page.locator(".eb-gallery")).to_have_count(0)


@pytest.mark.parametrize("who", ["nobody", "admin"])
def test_theme_type_and_language_switch_without_script_errors(
    page: Page, sign_in: Callable[..., None], admin: Any, who: str
) -> None:
    if who == "admin":
        sign_in(page, admin)
    choose(page, theme="light")
    page.goto("/help/" if who == "admin" else "/accounts/login/")
    page.get_by_role("button", name="夜间").first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="大字").first.click()
    expect(page.locator("html")).to_have_attribute("data-eb-large", "")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    page.get_by_role("button", name=re.compile("English")).first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert_accessible(page)
    no_sideways(page)


def test_sign_in_and_out_by_keyboard(page: Page) -> None:
    give_password(person("lin", ("duty_officer", "/wuhan/")), "a-long-password-9")
    page.goto("/accounts/login/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("跳到主要内容")).to_be_focused()
    page.get_by_label("用户名").fill("lin")
    page.get_by_label("密码").fill("a-long-password-9")
    page.keyboard.press("Enter")
    expect(page.locator("nav.eb-rail")).to_be_visible()
    page.goto("/help/")
    page.locator("summary.eb-who").click()
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("用户名")).to_be_visible()


def test_a_wrong_password_is_said_and_keeps_the_name(page: Page) -> None:
    give_password(person("lin", ("duty_officer", "/wuhan/")), "a-long-password-9")
    page.goto("/accounts/login/")
    page.get_by_label("用户名").fill("lin")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("用户名")).to_have_value("lin")
    expect(page.locator("nav.eb-rail")).to_have_count(0)
    assert_accessible(page)
    shot(page, "login-wrong")


def test_keys_and_dialogs(page: Page, sign_in: Callable[..., None], admin: Any) -> None:
    sign_in(page, admin)
    page.goto("/design/")
    expect(page.locator("html")).to_have_attribute("data-ready", "")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("[data-eb-card='2'] a").first).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-eb-card='1'] a").first).to_be_focused()
    page.keyboard.press("d")
    sheet = page.get_by_role("dialog", name=re.compile("派给青山分中心"))
    expect(sheet.get_by_role("button", name=re.compile("派发"))).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("(e => !e || e === document.body || !!e.closest('dialog'))(document.activeElement)")
    assert_accessible(page)
    shot(page, "dispatch-sheet")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#eb-search")).to_be_focused()
    page.keyboard.type("d?")
    expect(page.locator("#eb-search")).to_have_value("d?")
    expect(sheet).to_be_hidden()


def test_single_keys_can_be_switched_off(page: Page, sign_in: Callable[..., None], admin: Any) -> None:
    sign_in(page, admin)
    page.goto("/design/")
    expect(page.locator("html")).to_have_attribute("data-ready", "")
    page.keyboard.press("?")
    page.get_by_role("button", name="关闭单键快捷键").click()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-ready", "")
    page.keyboard.press("d")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_without_script_the_numbers_are_there(
    new_page: Callable[..., Page], sign_in: Callable[..., None], admin: Any
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, admin)
    page.goto("/design/")
    expect(page.locator("#gallery-chart table tbody tr")).to_have_count(48)
    expect(page.locator("#gallery-map table tbody tr")).to_have_count(2)
    shot(page, "gallery-noscript")


def test_gallery_at_large_type_and_320_px(
    new_page: Callable[..., Page], sign_in: Callable[..., None], admin: Any
) -> None:
    admin.large_type = True
    admin.save()
    page = new_page({"width": 320, "height": 800})
    sign_in(page, admin)
    page.goto("/design/")
    ready(page, "eb-chart, eb-map")
    no_sideways(page)
    assert_accessible(page)
    shot(page, "gallery-320-large", full=True)


FRAME_PAGES = [
    "/help/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
]
FRAME_PAGES += ["/offline/", "/nothing/here/"]


@pytest.mark.parametrize(
    ("viewport", "theme", "lang"), [(DESK, "light", "zh-hans"), (PHONE, "dark", "en")], ids=["desk", "phone"]
)
def test_frame_pages(
    new_page: Callable[..., Page], sign_in: Callable[..., None], theme: str, lang: str, viewport: dict[str, int]
) -> None:
    user = person("lin", ("duty_officer", "/wuhan/"))
    user.theme, user.language = theme, lang
    user.save()
    page = new_page(viewport)
    sign_in(page, user)
    expects(page, "404")
    for path in FRAME_PAGES:
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        shot(page, f"frame-{path.strip('/').replace('/', '-')}-{viewport['width']}-{theme}")
        assert_accessible(page)
        no_sideways(page)


def test_forced_colours_keep_shape_and_character(
    new_page: Callable[..., Page], sign_in: Callable[..., None], admin: Any
) -> None:
    page = new_page(forced_colors="active")
    sign_in(page, admin)
    page.goto("/design/")
    ready(page, "eb-chart")
    fill = page.locator(".eb-sev-orange svg").first.evaluate("e => getComputedStyle(e).color")
    assert fill == "rgb(240, 138, 29)"
    shot(page, "gallery-forced-colours")


def test_paper_leaves_out_the_frame(page: Page, sign_in: Callable[..., None], admin: Any) -> None:
    sign_in(page, admin)
    page.goto("/design/")
    ready(page, "eb-chart")
    page.emulate_media(media="print")
    expect(page.locator(".eb-top")).to_be_hidden()
    expect(page.locator("nav.eb-rail")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    shot(page, "gallery-print")
