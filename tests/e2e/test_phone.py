"""The phone on site, in a real browser: the position is asked for and kept, and a refusal hinders nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, shot
from ecobureau.web.core import history
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import History
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from web.people import person

PHONE = {"width": 390, "height": 844}
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRID = "/wuhan/jiangan/g1/"


@pytest.fixture
def accepted(transactional_db: None) -> tuple[Task, Any]:
    """A task that a grid worker has accepted, and the worker."""
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    worker, dispatcher = person("w", ("grid_worker", GRID, [GRID])), person("d", ("dispatcher", "/wuhan/"))
    clue = kernel.create(
        "clue", SYSTEM, title="东门有异味", org_path=GRID, grid=GRID, first_at=AT, last_at=AT, lon=114.3, lat=30.6
    )  # fmt: skip
    task = tasks.send(clue, viewer_of(dispatcher), unit=GRID)
    tasks.accept(task, viewer_of(worker))
    return task, worker


def arrive(page: Page, task: Task, name: str) -> dict[str, Any]:
    """Press "I am here" and return what the history kept."""
    page.goto(f"/m/tasks/{task.number}/")
    assert_accessible(page)
    no_sideways(page)
    shot(page, name)
    page.get_by_role("button", name="我到了").click()
    expect(page.locator("eb-visit")).to_have_attribute("data-state", "onsite")
    expect(page.get_by_role("heading", level=1)).to_have_text("现场情况")
    entry = History.objects.get(kind="task", object_id=task.pk, verb="arrive")
    assert entry.at_device is not None and entry.client_uuid is not None
    task.refresh_from_db()
    assert history.verify_chain("task", task.pk, task.version).ok
    return dict(json.loads(entry.body)["data"]["position"])


def test_the_position_is_kept_with_its_accuracy_and_the_phones_time(
    accepted: tuple[Task, Any], new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    task, worker = accepted
    where = {"longitude": 114.30012, "latitude": 30.60034, "accuracy": 18}
    page = new_page(PHONE, has_touch=True, is_mobile=True, geolocation=where, permissions=["geolocation"])
    sign_in(page, worker)
    kept = arrive(page, task, "phone-arrive")
    assert (kept["lon"], kept["lat"], kept["accuracy_m"]) == (114.30012, 30.60034, 18)
    assert datetime.fromisoformat(kept["at_phone"]).tzinfo is not None


def test_an_arrival_goes_through_where_the_position_is_refused(
    accepted: tuple[Task, Any], phone: Page, sign_in: Callable[..., None]
) -> None:
    task, worker = accepted
    sign_in(phone, worker)
    assert arrive(phone, task, "phone-arrive-refused") == {"none": "denied"}
    sign_in(phone, person("h", ("unit_head", "/wuhan/jiangan/")))
    phone.goto(f"/tasks/{task.number}/")
    expect(phone.get_by_text("没有位置：本人没有允许手机给出位置")).to_be_visible()
