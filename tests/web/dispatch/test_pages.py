"""Sending a clue out by page and API, and the phone's pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from ecobureau.web.clues.models import Clue
from ecobureau.web.core import addresses
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import History, Notice
from ecobureau.web.desk import hooks
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DISTRICT, GRID = "/wuhan/jiangan/", "/wuhan/jiangan/g1/"


@pytest.fixture
def clue() -> Clue:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    made: Clue = kernel.create(
        "clue", SYSTEM, title="线索", org_path=GRID, grid=GRID, first_at=AT, last_at=AT
    )  # fmt: skip
    return made


def test_the_button_of_the_clue_page_leads_to_the_dispatch_page(client: Any, clue: Clue) -> None:
    client.force_login(person("d", ("dispatcher", DISTRICT)))
    page = client.get(f"/clues/{clue.number}/").content.decode()
    assert f'href="/clues/{clue.number}/send/"' in page
    answer = client.get(f"/clues/{clue.number}/do/dispatch/")
    assert (answer.status_code, answer["Location"]) == (302, addresses.of_verb(clue, "dispatch"))
    assert GRID in client.get(f"/clues/{clue.number}/send/").content.decode()


def test_sending_by_page_and_by_api_makes_one_task_however_often_it_is_sent(client: Any, clue: Clue) -> None:
    client.force_login(person("d", ("dispatcher", DISTRICT)))
    form = {"unit": GRID, "task_kind": "grid_check", "note": "看东门", "client_uuid": str(uuid4()), "version": "1"}
    for _ in range(2):
        assert client.post(f"/clues/{clue.number}/send/", form).status_code == 302
    answer = client.post(
        f"/api/clues/{clue.number}/do/dispatch/", json.dumps(form), content_type="application/json"
    )  # fmt: skip
    assert answer.status_code in (200, 422)
    task = Task.objects.get()
    assert (task.owner_unit, task.order, Clue.objects.get().state) == (GRID, "看东门", "tasked")


def test_the_api_sends_a_clue_out(client: Any, clue: Clue) -> None:
    client.force_login(person("d", ("dispatcher", DISTRICT)))
    body = json.dumps({"unit": GRID, "task_kind": "grid_check"})
    address = f"/api/clues/{clue.number}/do/dispatch/"
    assert client.post(address, body, content_type="application/json").json()["state"] == "tasked"
    assert Task.objects.get().owner_unit == GRID


@pytest.mark.parametrize(("role", "code"), [("enforcement_officer", 403), ("unit_head", 403), ("auditor", 403)])
def test_who_may_not_send_is_told_before_the_form(client: Any, clue: Clue, role: str, code: int) -> None:
    client.force_login(person("x", (role, DISTRICT)))
    before = (clue.version, History.objects.count())
    form = {"unit": GRID, "task_kind": "grid_check"}
    assert client.get(f"/clues/{clue.number}/send/").status_code == code
    assert client.post(f"/clues/{clue.number}/send/", form).status_code == code
    clue.refresh_from_db()
    assert before == (clue.version, History.objects.count()) and not Task.objects.exists()


def test_a_broken_form_is_refused_and_nothing_is_made(client: Any, clue: Clue) -> None:
    client.force_login(person("d", ("dispatcher", DISTRICT)))
    for bad in ({}, {"unit": GRID, "task_kind": "party"}, {"unit": "/nowhere/", "task_kind": "grid_check"}):
        assert client.post(f"/clues/{clue.number}/send/", bad).status_code == 422
    assert not Task.objects.exists() and Clue.objects.get().state == "new"


def test_a_hand_back_is_told_to_the_dispatcher_and_counted_on_the_rail(client: Any, clue: Clue) -> None:
    dispatcher, worker = person("d", ("dispatcher", DISTRICT)), person("w", ("grid_worker", GRID, [GRID]))
    task = tasks.send(clue, viewer_of(dispatcher), unit=GRID)
    assert hooks.counts(viewer_of(dispatcher))["tasks"] == 0
    tasks.hand_back(task, viewer_of(worker), reason="not_ours")
    assert hooks.counts(viewer_of(dispatcher))["tasks"] == 1
    assert Notice.objects.filter(user=dispatcher, code="dispatch.notice.handed_back").count() == 1
    client.force_login(dispatcher)
    assert "不属职责" in client.get(f"/tasks/{task.number}/").content.decode()
    page = client.get(f"/tasks/{task.number}/do/route/").content.decode()
    assert f'value="{GRID}"' in page and f'value="{DISTRICT}"' in page
    tasks.insist(task, viewer_of(dispatcher), reason="属于你")
    assert (task.state, hooks.counts(viewer_of(dispatcher))["tasks"]) == ("dispatched", 0)


def test_the_task_page_shows_what_was_asked_and_what_came_back(client: Any, clue: Clue) -> None:
    dispatcher, worker = person("d", ("dispatcher", DISTRICT)), person("w", ("grid_worker", GRID, [GRID]))
    task = tasks.send(clue, viewer_of(dispatcher), unit=GRID, order="看东门", route_why=["routing.on_shift"])
    Task.objects.filter(pk=task.pk).update(state="submitted", result="喷枪堵塞，已恢复", returns=2, owner_person=worker)
    client.force_login(person("h", ("unit_head", DISTRICT)))
    page = client.get(f"/tasks/{task.number}/").content.decode()
    assert all(words in page for words in ("看东门", "喷枪堵塞，已恢复", "在班", "须由局领导签字销号"))


def test_a_clue_that_is_out_is_not_offered_for_sending_again(client: Any, clue: Clue) -> None:
    dispatcher = person("d", ("dispatcher", DISTRICT))
    tasks.send(clue, viewer_of(dispatcher), unit=GRID)
    client.force_login(dispatcher)
    assert client.get(f"/clues/{clue.number}/send/").status_code == 422


# --- the position at the arrival --------------------------------------------------------------------------------------


def arriving(client: Any, clue: Clue, **fields: Any) -> tuple[int, Task]:
    """Send "I am here" as the phone does, and return the answer's status and the task."""
    Clue.objects.filter(pk=clue.pk).update(lon=114.3, lat=30.6)
    clue.refresh_from_db()
    worker = person("w", ("grid_worker", GRID, [GRID]))
    task = tasks.send(clue, viewer_of(person("d", ("dispatcher", DISTRICT))), unit=GRID)
    tasks.accept(task, viewer_of(worker))
    client.force_login(worker)
    answer = client.post(f"/api/tasks/{task.number}/do/arrive/", {"client_uuid": str(uuid4()), **fields})
    task.refresh_from_db()
    return answer.status_code, task


def test_the_arrival_keeps_position_accuracy_and_phone_time(client: Any, clue: Clue) -> None:
    fields = {"lon": "114.3001234567", "lat": "30.6", "accuracy": "12.34", "located_at": "2026-11-22T12:00:05.120Z"}
    status, task = arriving(client, clue, **fields, at_device="2026-11-22T12:00:06Z")
    assert (status, task.state) == (200, "onsite")
    entry = History.objects.get(kind="task", verb="arrive")
    kept = json.loads(entry.body)["data"]["position"]
    assert kept == {"lon": 114.300123, "lat": 30.6, "accuracy_m": 12.3, "at_phone": "2026-11-22T12:00:05.120000+00:00"}
    assert entry.at_device == datetime(2026, 11, 22, 12, 0, 6, tzinfo=UTC)
    page = client.get(f"/tasks/{task.number}/").content.decode()
    assert "位置 114.30012, 30.60000，精度 12 米，手机时间 20:00:05，距办理地点 12 米" in page


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("denied", "没有位置：本人没有允许手机给出位置"),
        ("timeout", "没有位置：手机没有在时限内取到位置"),
        ("", "没有位置：提交时没有带位置"),
        ("rubbish", "没有位置：提交时没有带位置"),
    ],
)
def test_an_arrival_without_position_goes_through_and_says_so(client: Any, clue: Clue, why: str, words: str) -> None:
    status, task = arriving(client, clue, no_position=why)
    assert (status, task.state) == (200, "onsite")
    assert words in client.get(f"/tasks/{task.number}/").content.decode()


@pytest.mark.parametrize("bad", [{"lon": "200", "lat": "30"}, {"lon": "east", "lat": "30"}, {"accuracy": "-1"}])
def test_an_impossible_position_is_refused_and_nothing_changes(client: Any, clue: Clue, bad: dict[str, str]) -> None:
    status, task = arriving(client, clue, **bad)
    assert (status, task.state) == (400, "accepted")
