"""The daily list: what the city centre was told of, on its day, for those who may see it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from ecobureau.clock import ManualClock, beijing
from ecobureau.web.core import clocks
from ecobureau.web.core.models import Audit, Clock
from ecobureau.web.dispatch.models import Task
from web.people import person

pytestmark = pytest.mark.django_db


def page(user: Any, day: str = "") -> str:
    client = Client()
    client.force_login(user)
    answer = client.get("/tasks/daily/", {"day": day})
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_ran_twice_its_time_stands_on_the_list_of_that_day(task: Task, office: Any, clock: ManualClock) -> None:
    running = Clock.objects.filter(kind="task", object_id=task.pk, stopped_at__isnull=True).order_by("due_at")[0]
    clock.advance(timedelta(seconds=1.6 * running.span_s))
    while clocks.tick(clock.now()):
        pass
    assert task.number not in page(office["dispatcher"]), "at 150 % only the district's leader is told"
    clock.advance(timedelta(seconds=0.6 * running.span_s))
    while clocks.tick(clock.now()):
        pass
    day = beijing(clock.now()).date()
    assert task.number in page(office["dispatcher"]) and "200%" in page(office["dispatcher"])
    assert task.number in page(office["dispatcher"], "not a day"), "another text means today"
    clock.advance(timedelta(days=1))
    assert task.number not in page(office["dispatcher"])
    assert task.number in page(office["dispatcher"], day.isoformat())


def test_the_list_is_taken_away_for_a_purpose_by_those_who_may(task: Task, office: Any, clock: ManualClock) -> None:
    running = Clock.objects.filter(kind="task", object_id=task.pk, stopped_at__isnull=True).order_by("due_at")[0]
    clock.advance(timedelta(seconds=2.5 * running.span_s))
    while clocks.tick(clock.now()):
        pass
    client = Client()
    client.force_login(office["dispatcher"])
    assert "/tasks/daily.xlsx" in page(office["dispatcher"])
    assert client.post("/tasks/daily.xlsx", {"purpose": ""}).status_code == 422
    assert not Audit.objects.filter(kind="daily").exists()
    taken = client.post("/tasks/daily.xlsx", {"purpose": "晨会", "day": "not a day"})
    assert taken.status_code == 200
    book = load_workbook(io.BytesIO(taken.content))
    cells = [str(cell.value) for sheet in book for row in sheet for cell in row]
    assert task.number in cells and "200%" in cells
    assert client.post("/tasks/daily.pdf", {"purpose": "晨会"}).content.startswith(b"%PDF")
    assert Audit.objects.filter(kind="daily", what="export").count() == 2
    stranger = Client()
    stranger.force_login(person("elsewhere", ("dispatcher", "/wuhan/qingshan/")))
    other = load_workbook(io.BytesIO(stranger.post("/tasks/daily.xlsx", {"purpose": "晨会"}).content))
    assert task.number not in [str(cell.value) for sheet in other for row in sheet for cell in row]
    worker = Client()
    worker.force_login(office["worker"])
    assert worker.post("/tasks/daily.xlsx", {"purpose": "晨会"}).status_code == 403


def test_other_districts_do_not_see_it(task: Task, office: Any, clock: ManualClock) -> None:
    running = Clock.objects.filter(kind="task", object_id=task.pk, stopped_at__isnull=True).order_by("due_at")[0]
    clock.advance(timedelta(seconds=2.5 * running.span_s))
    while clocks.tick(clock.now()):
        pass
    assert task.number in page(office["dispatcher"])
    assert task.number not in page(person("elsewhere", ("dispatcher", "/wuhan/qingshan/")))


def test_a_stranger_is_refused(office: Any) -> None:
    client = Client()
    client.force_login(person("nobody"))
    assert client.get("/tasks/daily/").status_code == 403
