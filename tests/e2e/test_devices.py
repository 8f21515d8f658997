"""Commands to a device in the real browser: through the real gateway to a simulated logger, and its answers back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, shot
from e2e.test_loop import free_port
from ecobureau.clock import now
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Audit
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from web.people import person

MN, PASSWORD = "010000A8900016F000169DC1", "654321"
BODY = "91420100MA4KABCD1"
PHONE = {"width": 390, "height": 844}


@dataclass
class Site:
    """A waste-water station with its logger, and a duty officer of the city."""

    station: Any
    duty: Any


@pytest.fixture
def site(transactional_db: None) -> Site:
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    firm = sources.make_enterprise(
        SYSTEM, code=BODY + check_letter(BODY), name="江北水务", org_path="/wuhan/jiangan/", lon=114.3, lat=30.6
    )  # fmt: skip
    outlet = sources.make_outlet(SYSTEM, firm, code="DW001", name="总排口", medium="water")
    station = sources.make_station(SYSTEM, code="W0001", name="总排口废水", st="32", outlet=outlet)
    sources.make_logger(SYSTEM, station, mn=MN, password=PASSWORD, accept_from=now() - timedelta(days=3), edition=1)
    return Site(station, person("duty", ("duty_officer", "/wuhan/")))


@pytest.fixture
def logger(site: Site, tmp_path: Path) -> Iterator[None]:
    """A gateway on the test database, and a logger that has dialled in and sent its first data."""
    port = free_port()
    plan = {"name": "总排口", "mn": MN, "pw": PASSWORD, "st": "32", "profile": "municipal", "edition": 1}
    plan |= {"factors": ["w01018", "w01001", "w00000"], "levels": {"w01018": 40.0}, "rtd_interval": 30}
    (tmp_path / "fleet.json").write_text(json.dumps([plan], ensure_ascii=False), encoding="utf-8")
    environment = os.environ | {
        "DATABASE_URL": os.environ["EB_TEST_APP_HERE"],
        "ECOBUREAU_NO_POOL": "1",
        "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings",
    }
    commands = (
        ["gateway", "--port", str(port)],
        ["simulate", "--port", str(port), "--stations", str(tmp_path / "fleet.json"), "--no-lag"],
    )
    running = [subprocess.Popen([sys.executable, "-m", "ecobureau", *words], env=environment) for words in commands]
    yield
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_commands_reach_the_logger_and_its_answers_come_back(
    site: Site, logger: None, page: Page, sign_in: Callable[..., None], new_page: Callable[..., Page]
) -> None:
    sign_in(page, site.duty)
    page.goto(f"/stations/{site.station.pk}/devices/")
    assert_accessible(page)
    page.get_by_role("link", name=re.compile("设置现场机时间")).first.click()
    page.get_by_role("button", name="下一步：核对").click()
    assert_accessible(page)
    page.get_by_role("button", name="确认下发").click()
    steps = page.locator("#command-steps")
    expect(steps.locator(".eb-tag").first).to_have_text(re.compile("已完成"))
    for words in ("排队，等设备在线", "已发出，等应答", "设备已接受", "9011 QnRtn=1", "9012 ExeRtn=1"):
        expect(steps).to_contain_text(words)
    assert_accessible(page)
    shot(page, "command-done")

    page.goto(f"/stations/{site.station.pk}/devices/3012/")
    if page.locator("select[name=PolId]").count():
        page.locator("select[name=PolId]").select_option("w01018")
    else:
        page.locator("input[name=PolId]").fill("w01018")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="确认下发").click()
    expect(page.locator("#command-steps .eb-tag").first).to_have_text(re.compile("已完成"))
    expect(page.locator("#command-steps")).to_contain_text("9012 ExeRtn=1")
    page.goto(f"/stations/{site.station.pk}/devices/")
    expect(page.get_by_text("已完成")).to_have_count(2)
    assert set(Audit.objects.filter(what="device.command").values_list("actor_id", flat=True)) == {site.duty.pk}

    phone = new_page(PHONE, has_touch=True, is_mobile=True)
    sign_in(phone, site.duty)
    for address in (f"/stations/{site.station.pk}/devices/", f"/stations/{site.station.pk}/devices/1012/"):
        phone.goto(address)
        assert_accessible(phone)
        no_sideways(phone)
    shot(phone, "command-phone", full=True)
