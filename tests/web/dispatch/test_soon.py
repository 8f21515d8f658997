"""What is late and what will be within two hours, for whom it concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock
from ecobureau.web.clues import services as clues
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Clock
from ecobureau.web.dispatch import orders, soon
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from web.dispatch.conftest import GRID

pytestmark = pytest.mark.django_db


def due(task: Task, code: str) -> Any:
    return Clock.objects.get(kind="task", object_id=task.pk, code=code, stopped_at__isnull=True).due_at


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [row["record"].number for row in rows]


def test_late_and_soon_are_told_apart_and_a_pause_takes_it_off(
    task: Task, who: Callable[[str], Viewer], clock: ManualClock
) -> None:
    assert numbers(soon.sections(who("head"))["late"]) == []
    clock.set(due(task, "arrive") - timedelta(hours=2))
    assert numbers(soon.sections(who("head"))["soon"]) == []
    clock.advance(1)
    assert numbers(soon.sections(who("head"))["soon"]) == [task.number]
    clock.set(due(task, "arrive"))
    assert numbers(soon.sections(who("head"))["late"]) == [task.number]
    assert soon.sections(who("housing"))["total"] == 0
    tasks.suspend(task, who("head"), reason="weather")
    assert soon.sections(who("head"))["total"] == 0


def test_orders_stand_in_the_same_list_by_what_is_due_first(
    client: Any, task: Task, office: dict[str, Any], who: Callable[[str], Viewer]
) -> None:
    orders.supervise(task, who("chief"), grade="red", demand="快办")
    rows = soon.sections(who("worker"))["soon"]
    assert [row["record"].KIND for row in rows] == ["supervision"]
    client.force_login(office["head"])
    page = client.get("/tasks/soon/").content.decode()
    assert "未来两小时将超时" in page and rows[0]["record"].number in page
    assert "<html" not in client.get("/tasks/soon/?part=list").content.decode()


def test_the_list_asks_as_often_for_many_as_for_few(
    office: dict[str, Any], who: Callable[[str], Viewer], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    viewer = who("head")
    for _ in range(12):
        kernel.create("task", SYSTEM, title="急", level="red", org_path=GRID, grid=GRID, owner_unit=GRID)
    soon.sections(viewer)
    with django_assert_max_num_queries(13):
        assert len(soon.sections(viewer)["soon"]) == 12


def test_a_clue_that_waits_for_triage_is_listed_for_those_who_triage(
    office: dict[str, Any], who: Callable[[str], Viewer], clock: ManualClock, client: Any
) -> None:
    clue = clues.register(SYSTEM, title="河边有异味", org_path=GRID, grid=GRID, level="orange")
    assert numbers(soon.sections(who("dispatcher"))["soon"]) == [clue.number], "a quarter of an hour is left"
    assert soon.sections(who("worker"))["total"] == 0, "a grid worker sees it and cannot take it up"
    clock.advance(timedelta(minutes=16))
    assert numbers(soon.sections(who("dispatcher"))["late"]) == [clue.number]
    client.force_login(office["dispatcher"])
    assert clue.number in client.get("/tasks/soon/").content.decode()
    clues.triage(clue, who("dispatcher"))
    assert soon.sections(who("dispatcher"))["total"] == 0
