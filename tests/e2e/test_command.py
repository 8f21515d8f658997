"""Dispatch, rosters and messages in a real browser: each page by axe on desk and phone, and a bell that rings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible_in_turn, no_sideways, shot
from ecobureau.clock import BEIJING, now
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import notices
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.dispatch import handing, joint, orders
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.messages import services as messages
from ecobureau.web.messages.models import Delivery
from ecobureau.web.places import duty
from ecobureau.web.places import services as places
from web.people import person

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114.2, 31], [114, 30]]]}
CITY, DISTRICT, GRID, WATER = "/wuhan/", "/wuhan/jiangan/", "/wuhan/jiangan/g01/", "/wuhan/jiangan/water/"


@pytest.fixture
def everything() -> dict[str, Any]:
    """A district with a task in joint handling under supervision, one in transfer, a roster with gaps, a channel."""
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    grid = places.make_organisation(SYSTEM, parent=district, code="g01", level="grid", name="江岸一网格")
    places.make_organisation(
        SYSTEM, parent=district, code="water", level="department", name="江岸水务局", duties=["water"]
    )
    places.set_area(SYSTEM, district, SQUARE, valid_from=date(2020, 1, 1), source="区划图 2020")
    roles = [(role, CITY) for role in ("administrator", "leader")]
    chief = person("chief", *roles, ("dispatcher", DISTRICT), ("unit_head", DISTRICT))
    worker, water = person("worker", ("grid_worker", GRID, [GRID])), person("water", ("unit_head", WATER))
    for user, name in ((chief, "周某"), (worker, "吴某"), (water, "郑某")):
        user.name, user.theme = name, "light"
        user.save()
    places.add_member(SYSTEM, grid, worker, valid_from=date(2020, 1, 1))
    today = now().astimezone(BEIJING).date()
    monday = datetime.combine(today - timedelta(days=today.weekday()), datetime.min.time(), BEIJING)
    roster = places.make_roster(SYSTEM, district, "日班")
    for n in range(5):
        places.add_shift(
            SYSTEM, roster, chief, starts=monday + timedelta(days=n, hours=8), ends=monday + timedelta(days=n, hours=20)
        )
    place = {"org_path": GRID, "grid": GRID, "lon": 114.3, "lat": 30.6}
    clue: Clue = kernel.create(
        "clue", SYSTEM, title="夜间排水异常", level="red", first_at=now(), last_at=now(), **place
    )
    task = kernel.create("task", SYSTEM, title="河边有异味", level="red", owner_unit=GRID, order="看排口", **place)
    tasks.accept(task, viewer_of(worker))
    boss = viewer_of(chief)
    joint.call_in(task, boss, units=[WATER], demand="测水质")
    orders.supervise(task, boss, grade="red", demand="今晚报结果")
    other = kernel.create("task", SYSTEM, title="工地扬尘", owner_unit=GRID, **place)
    handing.transfer(other, boss, unit=WATER, reason="属水务管理")
    for kind, name in (("email", "邮件"), ("dingtalk", "江岸值班群")):
        messages.save_channel(
            boss,
            None,
            kind=kind,
            name=name,
            org_path=CITY,
            levels=["red"],
            settings={"host": "smtp.example", "port": 587, "safety": "starttls", "sender": "eb@b.example", "user": ""},
            secrets={"url": "https://oapi.dingtalk.com/robot/send?access_token=x", "secret": "SECx"},
        )
    duty.set_hours(SYSTEM, roster, needs_from=None, needs_to=None, needs_rest_days=True)
    notices.send([chief.pk], task, "dispatch.notice.to_review", {"title": task.title}, now())
    Delivery.objects.update(state="failed", why="smtp.example 没有应答")
    return {"chief": chief, "worker": worker, "water": water, "clue": clue, "task": task, "other": other}


@pytest.mark.parametrize(("theme", "lang", "viewport"), [("light", "zh-hans", DESK), ("dark", "en", PHONE)])
def test_every_page_is_accessible_and_fits(
    new_page: Callable[..., Page],
    sign_in: Callable[..., None],
    everything: dict[str, Any],
    theme: str,
    lang: str,
    viewport: dict[str, int],
) -> None:
    chief, task = everything["chief"], everything["task"]
    chief.theme, chief.language = theme, lang
    chief.save()
    page = new_page(viewport)
    sign_in(page, chief)
    help_, order = task.helpers.get(), task.supervisions.get()
    addresses = {
        "send": f"/clues/{everything['clue'].number}/send/",
        "task": f"/tasks/{task.number}/",
        "transferring": f"/tasks/{everything['other'].number}/",
        "call-in": f"/tasks/{task.number}/do/call_in/",
        "soon": "/tasks/soon/",
        "help": f"/helps/{help_.number}/",
        "order": f"/supervisions/{order.number}/",
        "unit": f"/grids/unit/?path={DISTRICT}",
        "area": f"/grids/unit/area/?path={DISTRICT}",
        "edit-unit": f"/grids/unit/edit/?path={DISTRICT}",
        "areas": "/grids/areas/",
        "rosters": f"/rosters/?unit={DISTRICT}",
        "inbox": "/inbox/",
        "preferences": "/me/messages/",
        "channels": "/channels/",
        "dingtalk": "/channels/new/dingtalk/",
        "log": "/channels/log/",
    }
    for name, address in addresses.items():
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        shot(page, f"command-{name}-{viewport['width']}", full=True)
        assert_accessible_in_turn(page, name)
        no_sideways(page)


def test_the_bell_rings_by_itself_and_an_area_is_drawn(
    page: Page, sign_in: Callable[..., None], everything: dict[str, Any]
) -> None:
    chief, task = everything["chief"], everything["task"]
    sign_in(page, chief)
    page.goto("/channels/")
    bell = page.locator("#eb-bell")
    before = int(re.sub(r"\D", "", bell.inner_text()) or 0)
    expect(page.locator("eb-live")).to_have_attribute("data-state", "on")
    notices.send([chief.pk], task, "dispatch.notice.returned", {"title": task.title}, now())
    expect(bell).to_contain_text(str(before + 1))
    page.goto(f"/grids/unit/area/?path={GRID}")
    expect(page.locator("eb-outline")).to_have_attribute("data-ready", "")
    board = page.locator(".eb-outline-board")
    for x, y in ((100, 100), (200, 100), (200, 200), (120, 220)):
        board.click(position={"x": x, "y": y})
    page.keyboard.press("Delete")
    drawn = json.loads(page.locator("#id_text").input_value())
    assert drawn["type"] == "Polygon" and len(drawn["coordinates"][0]) == 4
    assert all(114 < lon < 115 and 30 < lat < 31 for lon, lat in drawn["coordinates"][0])
    shot(page, "command-board")
    page.locator("#id_valid_from").fill("2026-01-01")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("svg[role=img] path")).to_be_visible()
    page.goto(f"/clues/{everything['clue'].number}/send/")
    expect(page.locator(".eb-note").first).to_contain_text("点位在其辖区")
