"""The loop in a real browser: a frame over TCP becomes a clue on the duty desk, a task on a phone, a closed matter.

The real gateway, worker and web processes run on the test database; the frame is a real one.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, ready, shot
from ecobureau.clock import BEIJING, now
from ecobureau.domain import hj212
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.accounts import services as accounts
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import history
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources

MN, PASSWORD = "010000A8900016F000169DC0", "123456"
BODY = "91420100MA4KABCD1"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}


@dataclass
class City:
    """A small city with one flue-gas outlet, and somebody for each role of the loop."""

    station: Any
    duty: Any
    grid: Any
    head: Any


@pytest.fixture
def city(transactional_db: None) -> City:
    today = now().astimezone(BEIJING).date()
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    grid = places.make_organisation(SYSTEM, parent=district, code="g01", level="grid", name="江岸一网格")
    for unit in (district, grid):
        places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2020, 1, 1))
    people = {}
    roles = (("duty", "duty_officer", top), ("grid", "grid_worker", grid), ("head", "unit_head", district))
    for name, role, unit in roles:
        user, _secret = accounts.create_user(SYSTEM, username=name, name=name, must_change_password=False)
        grids = [grid.path] if role == "grid_worker" else []
        accounts.assign(SYSTEM, user, role, unit.path, grid_ids=grids, valid_from=now() - timedelta(days=1))
        places.add_member(SYSTEM, unit, user, valid_from=today - timedelta(days=1))
        people[name] = user
    roster = places.make_roster(SYSTEM, grid, "网格巡查")
    start = datetime.combine(today, datetime.min.time(), BEIJING)
    places.add_shift(SYSTEM, roster, people["grid"], starts=start - timedelta(days=1), ends=start + timedelta(days=2))
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", lon=114.5, lat=30.5)
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    station = sources.make_station(SYSTEM, code="G0001", name="江北工地1号", st="39", outlet=outlet)
    sources.make_logger(SYSTEM, station, mn=MN, password=PASSWORD, accept_from=now() - timedelta(days=3))
    sources.set_limit(
        SYSTEM, outlet, "a21002", value="50", source="排污许可证（测试）", valid_from=date(2026, 1, 1), field="avg"
    )
    return City(station, people["duty"], people["grid"], people["head"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def gateway(city: City) -> Iterator[int]:
    """The port of a running gateway, with a worker beside it, both on the test database in the application's role."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": os.environ["EB_TEST_APP_HERE"],
        "ECOBUREAU_NO_POOL": "1",
        "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings",
    }
    commands = (["gateway", "--port", str(port)], ["worker"])
    running = [subprocess.Popen([sys.executable, "-m", "ecobureau", *words], env=environment) for words in commands]
    limit = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            break
        assert time.monotonic() < limit, "the gateway does not listen"
        assert running[0].poll() is None, "the gateway ended"
        time.sleep(0.1)
    yield port
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def send_hour(port: int, value: str) -> bytes:
    """Send the past hour's frame and return the gateway's answer."""
    hour = now().astimezone(BEIJING).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    frame = hj212.encode(
        qn=now().astimezone(BEIJING).strftime("%Y%m%d%H%M%S000"),
        st="39",
        cn="2061",
        pw=PASSWORD,
        mn=MN,
        flag="5",
        cp=f"DataTime={hour:%Y%m%d%H%M%S};a21002-Min=40.0,a21002-Avg={value},a21002-Max=90.0,a21002-Flag=N",
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(frame)
        return line.recv(4096)


def a_photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 110)).save(out, "JPEG")
    return out.getvalue()


def test_from_a_frame_to_a_closed_task(
    city: City, gateway: int, page: Page, phone: Page, sign_in: Callable[..., None], new_page: Callable[..., Page]
) -> None:
    sign_in(page, city.duty)
    page.goto("/desk/")
    expect(page.get_by_role("heading", name=re.compile("值班台"))).to_be_visible()
    assert_accessible(page)

    answer = send_hour(gateway, "82.5")
    assert b"CN=9014" in answer

    card = page.locator("[data-eb-card]").filter(has_text="超许可")
    expect(card).to_be_visible()
    card.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("82.5")
    ready(page, "eb-chart")
    assert_accessible(page)
    shot(page, "loop-desk")

    page.keyboard.press("d")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    assert_accessible(page)
    expect(sheet.locator("select[name=unit]")).to_have_value(re.compile(r"/wuhan/jiangan/g01/\|\d+"))
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"已派发：任务 RW-"))).to_be_visible()
    task = Task.objects.get()
    assert task.state == "dispatched"

    sign_in(phone, city.grid)
    phone.goto("/m/")
    assert_accessible(phone)
    no_sideways(phone)
    phone.get_by_role("link", name=re.compile("82.5")).first.click()
    no_sideways(phone)
    shot(phone, "loop-phone-new")
    phone.get_by_role("button", name="接单，马上去").click()
    expect(phone.get_by_role("button", name="我到了")).to_be_visible()
    phone.get_by_role("button", name="我到了").click()
    expect(phone.locator("eb-visit")).to_have_attribute("data-state", "onsite")
    expect(phone.get_by_role("heading", level=1)).to_have_text("现场情况")
    phone.locator("eb-photo input[type=file]").first.set_input_files(
        {"name": "site.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    )
    expect(phone.locator("eb-photo").first).to_contain_text(re.compile("已上传|已送达|✓|上传"))
    for question in phone.locator("#submit-form fieldset").all():
        question.get_by_role("radio").first.check()
    phone.get_by_label("看到什么，怎么处理的").fill("治污设施喷枪堵塞，已恢复")
    assert_accessible(phone)
    shot(phone, "loop-phone-site")
    phone.get_by_role("button", name="交上去").last.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("待审核")

    review = new_page()
    sign_in(review, city.head)
    review.goto("/today/")
    assert_accessible(review)
    review.get_by_role("link", name=re.compile("82.5")).first.click()
    review.get_by_role("link", name="销号").click()
    review.get_by_role("button", name="销号").click()
    expect(review.get_by_text(re.compile("销号")).first).to_be_visible()

    task.refresh_from_db()
    clue = Clue.objects.get(rule="R-OVER")
    assert (task.state, clue.state) == ("closed", "closed")
    assert history.verify_chain("task", task.pk, task.version).ok
    assert history.verify_chain("clue", clue.pk, clue.version).ok
