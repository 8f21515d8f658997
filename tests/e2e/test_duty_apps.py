"""Rectification, remote stop, hand-over, wall, figures and ranking in the browser: desk and phone, axe, no sideways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible_in_turn, no_sideways, shot
from ecobureau.clock import beijing, now
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.handover import services as handover
from ecobureau.web.places import services as places
from ecobureau.web.rectification import services as rectification
from ecobureau.web.remote_stop import services as stops
from ecobureau.web.sources import services as sources
from web.clues.pool_scene import a_clue
from web.people import person

BODY = "91420100MA4KABCD1"
CITY, DISTRICT, WATER = "/wuhan/", "/wuhan/jiangan/", "/wuhan/jiangan/water/"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}


@pytest.fixture
def addresses(transactional_db: None) -> dict[str, Any]:
    """A matter, an account, a stop with camera and permit, a shift handed over: where each is shown, and the person."""
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.make_organisation(SYSTEM, parent=district, code="water", level="department", name="江岸水务局")
    places.set_area(SYSTEM, district, SQUARE, valid_from=date(2020, 1, 1))
    chief = person("chief", ("duty_officer", CITY), ("dispatcher", CITY), ("unit_head", CITY))
    today = beijing(now()).date()
    common = {"org_path": DISTRICT, "owner_unit": WATER, "due_on": today + timedelta(days=20), "level": "orange"}
    matter = rectification.enter(
        SYSTEM, title="雨污管网错接混接，初期雨水直排港渠", source="central", batch="第三轮督察", item="12",
        demand="完成改造，雨天溢流次数减半", key_steps="排查；改造；监测", feedback_on=today - timedelta(days=60),
        accepting_unit=CITY, **common,
    )  # fmt: skip
    account = rectification.hang(
        SYSTEM, title="夜间施工噪声反复投诉", demand="连续一个月无有效投诉", leader="街道主任",
        hung_on=today - timedelta(days=30), **common,
    )  # fmt: skip
    firm = sources.make_enterprise(
        SYSTEM,
        code=BODY + check_letter(BODY),
        name="江城建设",
        lon=114.3,
        lat=30.6,
        contact="老周",
        phone="02780000000",
    )
    outlet = sources.make_outlet(SYSTEM, firm, code="ZS001", name="工地东界", medium="noise")
    station = sources.make_station(SYSTEM, code="N0009", name="工地东界噪声", st="23", outlet=outlet)
    site = {"org_path": CITY, "station_code": "N0009"}
    camera = stops.put_camera(SYSTEM, title="大门球机", address="https://video.example/a/1", looks_at="朝北", **site)
    permit = stops.grant(
        SYSTEM, title="浇筑", reference="武城建夜〔2025〕7号", issuer="市城建局", begins=now() - timedelta(days=3),
        ends=now() - timedelta(days=2), notice="社区公告栏", **site,
    )  # fmt: skip
    clue = a_clue("工地半夜打桩", org_path=DISTRICT, matter="noise_building", station_id=station.pk)
    stop = stops.open_stop(viewer_of(chief), clue=clue)
    stops.call_human(stop, viewer_of(chief), outcome="answered")
    stops.order(stop, viewer_of(chief), told="老周，立即停止打桩")
    signed = handover.sign(
        viewer_of(chief), unit=CITY, since=now() - timedelta(hours=12), until=now(), notes="盯住工地", watch=clue.number
    )
    return {
        "chief": chief,
        "rectifications": "/rectifications/",
        "rectification": f"/rectifications/{matter.number}/",
        "rectification-new": "/rectifications/new/",
        "rectification-month": "/rectifications/month/",
        "hanging": f"/hangings/{account.number}/",
        "stops": "/remotestops/",
        "stop": f"/remotestops/{stop.number}/",
        "stop-verify": f"/remotestops/{stop.number}/do/confirm_running/",
        "permit": f"/nightpermits/{permit.number}/",
        "camera": f"/sitecameras/{camera.number}/",
        "shift": "/handover/",
        "handover": f"/handovers/{signed.number}/",
        "week": "/handover/week/",
        "figures": "/figures/?by=unit",
        "ranking": "/figures/ranking/",
    }


def test_every_page_of_the_three_apps_is_accessible_and_fits(
    new_page: Callable[..., Page], sign_in: Callable[..., None], addresses: dict[str, Any]
) -> None:
    chief = addresses.pop("chief")
    for width, size, language in (("desk", (1440, 900), "zh-hans"), ("phone", (390, 844), "en")):
        chief.language, chief.theme = language, "light" if width == "desk" else "dark"
        chief.save()
        page = new_page({"width": size[0], "height": size[1]})
        sign_in(page, chief)
        for name, address in addresses.items():
            answer = page.goto(address, wait_until="load")
            assert answer is not None and answer.status == 200, address
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            shot(page, f"duty-{name}-{width}", full=True)
            assert_accessible_in_turn(page, name)
            no_sideways(page)


def test_the_wall_is_the_same_page_on_four_thousand_pixels(
    new_page: Callable[..., Page], sign_in: Callable[..., None], addresses: dict[str, Any]
) -> None:
    chief = addresses["chief"]
    sizes = []
    for width, height in ((1920, 1080), (3840, 2160)):
        wall = new_page({"width": width, "height": height})
        sign_in(wall, chief)
        wall.goto("/desk/wall/", wait_until="load")
        expect(wall.locator(".eb-wall-worst")).to_be_visible()
        assert wall.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight") <= 0
        no_sideways(wall)
        hidden = wall.evaluate(
            "[...document.querySelectorAll('.eb-wall-worst, .eb-wall-tasks')].map(b => b.scrollHeight - b.clientHeight)"
        )
        assert max(hidden) <= 0, hidden
        sizes.append(
            wall.evaluate("parseFloat(getComputedStyle(document.querySelector('.eb-wall-number b')).fontSize)")
        )
        shot(wall, f"wall-{width}")
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.001)
    wall.evaluate("document.querySelector('[data-eb-as-of]').dataset.ebAsOf = '2026-01-01T00:00:00Z'")
    expect(wall.locator("[data-eb-stale]")).to_contain_text("没有更新")
