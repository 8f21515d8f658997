"""The pages of the clue pool and the figures in the real browser: desk and phone, both languages, axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible_in_turn, no_sideways, shot
from ecobureau.web.clues import scenarios
from ecobureau.web.clues import services as clues
from ecobureau.web.core.access import SYSTEM, viewer_of
from web.clues.pool_scene import CITY, DISTRICT, a_clue, build_city, closed
from web.people import person

NOISE = "花桥街工地夜里两点还在施工打桩，吵得睡不着"


@pytest.fixture
def scene(transactional_db: None) -> dict[str, Any]:
    """A clue with a repeat, reporters, a school near; an answer owed; a source with an account; a waiting change."""
    build_city()
    scenarios.forget()
    line = clues.make_source(
        SYSTEM, code="line", name="市民热线", kind="complaint", org_path=DISTRICT, account="line.api", contact="王某"
    )
    clues.put_place(SYSTEM, code="S1", kind="school", name="育才小学", lon=114.302, lat=30.6, people=800)
    first = a_clue(NOISE, source="line", reporter={"name": "欧阳小明", "phone": "13812345678"}, text="连续三晚")
    second = a_clue(NOISE + "，求解决", source="line", lon=114.3004, reporter={"name": "王二"})
    done = closed(a_clue("油烟扰民", source="line", reporter={"name": "李三", "phone": "13912345678"}))
    proposer = viewer_of(person("proposer", ("leader", CITY)))
    value = {**scenarios.value("K08"), "level": "red"}
    clues.propose_change(proposer, "scenario_kinds", "K08", value=value, valid_from=scenarios.today(), why="冬季管控")
    return {"first": first, "second": second, "done": done, "line": line}


def test_the_pages_are_accessible_at_both_widths(
    scene: dict[str, Any], new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    user: Any = person("head", ("unit_head", CITY), ("duty_officer", CITY), ("administrator", CITY))
    reporter = scene["done"].reporters.get().pk
    addresses = {
        "clue": f"/clues/{scene['second'].number}/",
        "list": "/clues/?sort=-risk",
        "sources": "/clue-sources/",
        "source": "/clue-sources/line/",
        "answers": "/clues/answers/",
        "reporter": f"/clues/reporters/{reporter}/",
        "sensitive": "/sensitive-places/",
        "import": "/sensitive-places/import/",
        "kinds": "/scene-kinds/",
        "kind": "/scene-kinds/scenario_kinds/K08/",
        "dismiss": f"/clues/{scene['first'].number}/do/propose_dismissal/",
        "figures": "/figures/?by=source",
    }
    for width, size, language in (("desk", (1440, 900), "zh-CN"), ("phone", (390, 844), "en-GB")):
        page = new_page({"width": size[0], "height": size[1]}, language)
        user.language = language[:2]
        user.theme = "light" if width == "desk" else "dark"
        user.save()
        sign_in(page, user)
        for name, address in addresses.items():
            answer = page.goto(address, wait_until="load")
            assert answer is not None and answer.status == 200, (address, answer and answer.status)
            shot(page, f"pool-{name}-{width}", full=True)
            assert_accessible_in_turn(page, name)
            no_sideways(page)


def test_a_repeat_is_folded_beside_the_clue_with_one_click(
    scene: dict[str, Any], page: Page, sign_in: Callable[..., None]
) -> None:
    sign_in(page, person("duty", ("duty_officer", DISTRICT)))
    page.goto(f"/clues/{scene['second'].number}/")
    same = page.locator("section[aria-labelledby=same-head]")
    expect(same).to_contain_text("文字相似")
    same.get_by_role("button", name="并入").first.click()
    expect(page.locator("main")).to_contain_text(scene["first"].number)
    scene["second"].refresh_from_db()
    assert scene["second"].state == "merged" and scene["second"].merged_into_id == scene["first"].pk
