"""Whoever has to act hears of it: at night, off duty, and when a clock runs out that waits for somebody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from ecobureau.clock import ManualClock
from ecobureau.web.clues import services as clues
from ecobureau.web.core import clocks
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import Clock, Notice
from ecobureau.web.dispatch import handing, selectors
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from ecobureau.web.places.selectors import organisation
from web.dispatch.conftest import DISTRICT, GRID, MONDAY, WATER
from web.people import person

pytestmark = pytest.mark.django_db
Who = Callable[[str], Viewer]


def told(user: Any) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("code", flat=True))


def warned(user: Any, clock: str) -> list[int]:
    rows = Notice.objects.filter(user=user, code="core.notice.clock").order_by("pk")
    return [row.params["percent"] for row in rows if row.params["clock"] == clock]


def run_out(task: Task, code: str, manual: ManualClock) -> None:
    """Let a clock of a task run off, four times its length, as the worker sees it."""
    clock = Clock.objects.get(kind="task", object_id=task.pk, code=code, stopped_at__isnull=True)
    manual.advance(timedelta(seconds=2.5 * clock.span_s))
    while clocks.tick(manual.now()):
        pass


def test_a_head_off_duty_hears_of_a_transfer_that_only_heads_can_decide(task: Task, office: Any, who: Who) -> None:
    unit = organisation(WATER)
    assert unit is not None
    night = person("night", ("enforcement_officer", WATER))
    places.add_member(SYSTEM, unit, night, valid_from=date(2026, 1, 1))
    places.add_shift(
        SYSTEM, places.make_roster(SYSTEM, unit, "夜班"), night, starts=MONDAY, ends=MONDAY + timedelta(hours=12)
    )
    handing.transfer(task, who("dispatcher"), unit=WATER, reason="属水务职责")
    assert told(office["water"]) == told(night) == ["dispatch.notice.transfer_asked"]


def test_a_transfer_that_runs_late_is_told_to_those_who_were_asked(
    task: Task, office: Any, who: Who, clock: ManualClock
) -> None:
    handing.transfer(task, who("dispatcher"), unit=WATER, reason="属水务职责")
    run_out(task, "transfer", clock)
    assert warned(office["dispatcher"], "移交表态") == [80], "no dispatcher of its own: the district's may decide"
    assert warned(office["water"], "移交表态") == [100]
    assert warned(office["worker"], "移交表态") == warned(office["head"], "移交表态") == []


def test_a_decision_that_runs_late_is_told_to_the_dispatcher_not_to_whoever_handed_back(
    task: Task, office: Any, who: Who, clock: ManualClock
) -> None:
    tasks.hand_back(task, who("worker"), reason="not_ours")
    run_out(task, "decide", clock)
    assert warned(office["dispatcher"], "退单裁定") == [80]
    assert warned(office["head"], "退单裁定") == [100]
    assert warned(office["worker"], "退单裁定") == []


def test_a_task_for_a_unit_with_nobody_on_duty_is_told_to_its_office(office: Any, who: Who, clock: ManualClock) -> None:
    clock.advance(timedelta(hours=14))  # the worker's shift is over
    clue = clues.register(SYSTEM, title="河边有异味", org_path=GRID)
    made = tasks.send(clue, who("dispatcher"), unit=GRID)
    assert told(office["worker"]) == [] and told(office["dispatcher"]) == ["dispatch.notice.new_task"]
    tasks.withdraw(made, who("dispatcher"), reason="派错了")
    assert told(office["dispatcher"])[-1] == "dispatch.notice.withdrawn"


def test_an_act_that_takes_a_task_out_of_sight_is_done_and_says_so(task: Task, office: Any, who: Who) -> None:
    client = Client()
    client.force_login(office["housing"])
    for word, address in (("api", "/api/tasks/"), ("page", "/tasks/")):
        task.refresh_from_db()
        handing.transfer(task, who("dispatcher"), unit="/wuhan/housing/", reason="属城建职责")
        answer = client.post(f"{address}{task.number}/do/refuse_transfer/", {"reason": "不归我们"})
        task.refresh_from_db()
        assert (task.state, task.owner_unit) == ("dispatched", GRID), word
        if word == "api":
            body = answer.json()
            assert (answer.status_code, body["state"], body["in_sight"]) == (200, "dispatched", False)
            assert set(body) == {"kind", "number", "state", "state_name", "version", "in_sight"}
        else:
            assert (answer.status_code, answer["Location"]) == (302, "/tasks/")
            assert client.get("/tasks/").status_code == 200
        assert client.get(f"{address}{task.number}/").status_code in (403, 404), "not seen any more"


def test_a_grid_worker_by_duty_alone_finds_what_comes_to_the_grid(office: dict[str, Any]) -> None:
    """Their grids stand in the role; they are no member of the grid's unit and yet are told, so they must find it."""
    by_duty = person("by-duty", ("grid_worker", DISTRICT, [GRID]))
    elsewhere = person("elsewhere", ("grid_worker", DISTRICT, ["/wuhan/jiangan/g2/"]))
    task = kernel.create("task", SYSTEM, title="河边有异味", org_path=GRID, grid=GRID, owner_unit=GRID, order="看看")
    assert list(selectors.in_hand(viewer_of(by_duty))) == [task]
    assert not selectors.in_hand(viewer_of(elsewhere)).exists()
