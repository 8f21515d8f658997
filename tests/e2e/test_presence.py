"""已在看 in the real browser: two duty officers, one clue; who comes and goes is seen without reload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, shot
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from web.people import person

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PHONE = {"width": 390, "height": 844}


def test_colleagues_see_who_has_a_clue_open(new_page: Callable[..., Page], sign_in: Callable[..., None]) -> None:
    places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    clues: list[Any] = [
        kernel.create("clue", SYSTEM, title=title, org_path="/wuhan/", first_at=AT, last_at=AT, risk=risk)
        for title, risk in (("最急的一件", 90), ("另一件", 10))
    ]
    zhang, li = (person(name, ("duty_officer", "/wuhan/")) for name in ("张值班", "李值班"))
    desk, other, third = new_page(), new_page(), new_page(PHONE, has_touch=True, is_mobile=True)
    sign_in(desk, zhang)
    desk.goto(f"/desk/{clues[0].number}/")
    expect(desk.locator("eb-presence")).to_have_attribute("data-ready", "")
    expect(desk.locator("eb-live")).to_have_attribute("data-state", "on")

    sign_in(other, li)
    other.goto(f"/desk/{clues[1].number}/")
    card = other.locator(f"[data-eb-card='clue:{clues[0].pk}']")
    expect(card).to_contain_text("已在看 张值班")
    expect(desk.locator(f"[data-eb-card='clue:{clues[1].pk}']")).to_contain_text("已在看 李值班")
    expect(desk.locator("eb-presence")).to_be_empty()

    other.goto(f"/clues/{clues[0].number}/")
    expect(other.locator("eb-presence")).to_have_text("已在看 张值班")
    expect(desk.locator("eb-presence")).to_have_text("已在看 李值班")
    assert_accessible(desk)
    assert_accessible(other)
    shot(desk, "presence-desk")
    shot(other, "presence-clue")
    sign_in(third, zhang)
    third.goto(f"/clues/{clues[0].number}/")
    expect(third.locator("eb-presence")).to_have_text("已在看 李值班")
    no_sideways(third)
    shot(third, "presence-phone")
    third.goto("/inbox/")

    desk.goto("/inbox/")
    expect(other.locator("eb-presence")).to_be_empty()
    other.goto("/inbox/")
    other.goto(f"/desk/{clues[1].number}/")
    expect(card).not_to_contain_text("已在看")
