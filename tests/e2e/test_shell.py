"""The frame of the pages in a real browser: sign-in page, preferences, gallery, keys, at desk and phone width."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from e2e.helpers import assert_accessible, choose, expects, no_sideways, ready, shot
from playwright.sync_api import Page, expect
from web.people import person

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def admin() -> Any:
    user = person("admin", ("administrator", "/"))
    user.theme = "light"
    user.save()
    return user


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [1440, 390, 320])
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
    ("theme", "lang"), [("light", "zh-hans"), ("dark", "zh-hans"), ("light", "en"), ("dark", "en")]
)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
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
