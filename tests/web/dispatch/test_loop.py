"""The loop through the services: a clue becomes a task, is handled, reviewed, closed; wrong steps are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import history, positions
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Attachment, Clock
from ecobureau.web.core.people import Grant
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places.models import Membership, Organisation
from web.answers import answers

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
CITY, DISTRICT, GRID = "/wuhan/", "/wuhan/qingshan/", "/wuhan/qingshan/g03/"
ENFORCEMENT = "/wuhan/qingshan/enforcement/"


def unit(path: str, level: str, parent: Organisation | None = None) -> Organisation:
    return Organisation.objects.create(
        parent=parent,
        code=path.strip("/").split("/")[-1],
        path=path,
        level=level,
        name=path,
        name_sort=path,
        initials="x",
        created_at=AT,
        updated_at=AT,
    )


@pytest.fixture
def people() -> dict[str, Viewer]:
    city = unit(CITY, "city")
    district = unit(DISTRICT, "district", city)
    grid = unit(GRID, "grid", district)
    enforcement = unit(ENFORCEMENT, "department", district)
    wanted = {
        "duty": ("duty_officer", CITY, city),
        "dispatcher": ("dispatcher", DISTRICT, district),
        "grid": ("grid_worker", GRID, grid),
        "grid2": ("grid_worker", GRID, grid),
        "officer": ("enforcement_officer", ENFORCEMENT, enforcement),
        "head": ("unit_head", DISTRICT, district),
        "leader": ("leader", CITY, city),
    }
    found = {}
    for name, (role, path, of) in wanted.items():
        user = get_user_model().objects.create(username=name, name=name)
        Membership.objects.create(organisation=of, person=user, valid_from=AT.date())
        found[name] = Viewer(user.pk, name, (Grant(role, path, (GRID,) if role == "grid_worker" else ()),))
    return found


def report(**changes: Any) -> clues.Report:
    values: dict[str, Any] = {
        "subject": "outlet:1",
        "factor": "a21002",
        "rule": "R-OVER",
        "title": "NOx 62，许可 50",
        "title_code": "t",
        "reason_code": "r",
        "params": {"value": 62},
        "level": "orange",
        "first_at": AT,
        "last_at": AT,
        "risk": 70,
        "org_path": GRID,
        "grid": GRID,
        "scenario": "K01",
        "pieces": [clues.Piece("number", AT, "n", {"value": "62.0"})],
    }
    return clues.Report(**{**values, **changes})


def photo(task: Task, by: Viewer, paper: str = "photo") -> None:
    import uuid

    Attachment.objects.create(
        uuid=uuid.uuid4(),
        kind="task",
        object_id=task.pk,
        paper=paper,
        name="a.jpg",
        content_type="image/jpeg",
        size=1,
        sha256="0" * 64,
        received_at=AT,
        uploaded_by=by.user_id,
    )


def test_a_finding_opens_one_clue_and_further_ones_extend_it() -> None:
    clue, new = clues.open_or_extend(report())
    again, second = clues.open_or_extend(report(params={"value": 70}, level="red", risk=90))
    assert (new, second, again.pk) == (True, False, clue.pk)
    again.refresh_from_db()
    assert (again.level, again.risk, again.findings, again.evidence.count()) == ("red", 90, 2, 2)
    assert Clue.objects.count() == 1
    assert history.verify_chain("clue", clue.pk).ok


def test_the_whole_loop(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    task = tasks.send(clue, people["duty"], unit=GRID, task_kind="grid_check")
    assert (task.state, clue.state) == ("dispatched", "tasked")
    assert set(Clock.objects.filter(kind="task", stopped_at=None).values_list("code", flat=True)) == {
        "accept",
        "arrive",
        "first_result",
        "close",
    }
    tasks.accept(task, people["grid"])
    tasks.arrive(task, people["grid"], position=positions.position(114.3, 30.6, 12.4, AT))
    with pytest.raises(Refused) as missing:
        tasks.submit(task, people["grid"], result="已查看", checks=answers(task))
    assert missing.value.code == "core.papers_missing"
    assert Task.objects.get().state == "onsite"
    photo(task, people["grid"])
    tasks.submit(task, people["grid"], result="已查看，治污设施已恢复", checks=answers(task))
    tasks.close(task, people["head"])
    clue.refresh_from_db()
    assert (task.state, clue.state) == ("closed", "closed")
    assert not Clock.objects.filter(stopped_at=None).exists()
    assert history.verify_chain("task", task.pk).ok
    assert history.verify_chain("clue", clue.pk).ok


def test_a_second_worker_is_told_that_the_task_is_taken(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    task = tasks.send(clue, people["duty"], unit=GRID)
    other = Task.objects.get(pk=task.pk)
    tasks.accept(task, people["grid"])
    with pytest.raises(Refused) as late:
        tasks.accept(other, people["grid2"])
    assert late.value.code == "core.changed_meanwhile"
    assert Task.objects.get().owner_person_id == people["grid"].user_id


def test_who_handled_a_task_does_not_sign_it_off(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    task = tasks.send(clue, people["duty"], unit=ENFORCEMENT, task_kind="enforcement_visit")
    both = Viewer(people["officer"].user_id, "o", (*people["officer"].grants, Grant("unit_head", DISTRICT)))
    tasks.accept(task, both)
    tasks.arrive(task, both)
    for paper in ("photo", "photo", "photo", "data_snapshot", "sketch", "statement"):
        photo(task, both, paper)
    with pytest.raises(Refused) as alone:
        tasks.submit(task, both, result="已检查", officers=["甲 A1"], checks=answers(task))
    assert alone.value.code == "dispatch.two_officers"
    tasks.submit(task, both, result="已检查", officers=["甲 A1", "乙 B2"], checks=answers(task))
    with pytest.raises(Refused) as own:
        tasks.close(task, both)
    assert own.value.code == "core.four_eyes"
    assert Task.objects.get().state == "submitted"
    tasks.close(task, people["head"])


def test_after_two_returns_the_leader_signs(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    task = tasks.send(clue, people["duty"], unit=GRID)
    tasks.accept(task, people["grid"])
    tasks.arrive(task, people["grid"])
    photo(task, people["grid"])
    for _again in range(2):
        tasks.submit(task, people["grid"], result="看过了", checks=answers(task))
        tasks.send_back(task, people["head"], reason="照片看不清")
    tasks.submit(task, people["grid"], result="看过了，已重拍", checks=answers(task))
    with pytest.raises(Refused) as head:
        tasks.close(task, people["head"])
    assert head.value.code == "dispatch.leader_must_sign"
    tasks.close(task, people["leader"])


def test_handing_back_withdrawing_and_reopening(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    task = tasks.send(clue, people["duty"], unit=GRID)
    with pytest.raises(Refused):
        tasks.hand_back(task, people["grid"], reason="weather")
    tasks.hand_back(task, people["grid"], reason="not_ours")
    assert Clock.objects.filter(code="decide", stopped_at=None).count() == 1
    tasks.route(task, people["dispatcher"], unit=ENFORCEMENT)
    assert (task.state, task.owner_unit) == ("dispatched", ENFORCEMENT)
    tasks.withdraw(task, people["dispatcher"], reason="重复派发")
    clue.refresh_from_db()
    assert (task.state, clue.state) == ("withdrawn", "triaged")


def test_reopening_a_task_takes_its_clue_along(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    task = tasks.send(clue, people["duty"], unit=GRID)
    tasks.accept(task, people["grid"])
    tasks.arrive(task, people["grid"])
    photo(task, people["grid"])
    tasks.submit(task, people["grid"], result="好了", checks=answers(task))
    tasks.close(task, people["head"])
    tasks.reopen(task, people["dispatcher"], reason="又发现同样情况")
    clue.refresh_from_db()
    assert (task.state, clue.state) == ("dispatched", "tasked")


def test_a_person_who_is_not_of_the_unit_is_refused_and_nothing_changes(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    with pytest.raises(Refused) as stranger:
        tasks.send(clue, people["duty"], unit=GRID, person=people["officer"].user_id)
    assert stranger.value.code == "dispatch.person_not_of_unit"
    clue.refresh_from_db()
    assert (clue.state, Task.objects.count()) == ("new", 0)


def test_dismissal_takes_four_eyes(people: dict[str, Viewer]) -> None:
    clue, _ = clues.open_or_extend(report())
    clues.propose_dismissal(clue, people["dispatcher"], reason="calibration", sample={"rows": []}, seen="看过曲线")
    both = Viewer(people["dispatcher"].user_id, "d", (Grant("unit_head", DISTRICT),))
    with pytest.raises(Refused) as own:
        clues.approve_dismissal(clue, both)
    assert own.value.code == "core.four_eyes"
    clues.approve_dismissal(clue, people["head"])
    assert clue.state == "dismissed"


def test_merging_keeps_both_and_can_be_undone(people: dict[str, Viewer]) -> None:
    first, _ = clues.open_or_extend(report())
    second, _ = clues.open_or_extend(report(factor="a21026", title="SO2 40，许可 35"))
    with pytest.raises(Refused):
        clues.merge(second, people["duty"], into=second)
    clues.merge(second, people["duty"], into=first)
    assert (second.state, second.merged_into_id) == ("merged", first.pk)
    clues.split(second, people["duty"], reason="不是同一件事")
    assert (second.state, second.merged_into_id) == ("triaged", None)
