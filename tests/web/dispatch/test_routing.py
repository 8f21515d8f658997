"""Who is proposed and why; sending elsewhere takes a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock
from ecobureau.domain.workflow.routing import Candidate, is_override, on_shift_first, propose
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import Clock, History
from ecobureau.web.dispatch import selectors, services, sheet
from ecobureau.web.dispatch.models import Task
from web.dispatch.conftest import DISTRICT, GRID, MONDAY

Who = Callable[[str], Viewer]


def candidate(unit: str, **more: Any) -> Candidate:
    given: dict[str, Any] = {"level": "grid", "duties": frozenset({"grid"}), "covers": True, "on_shift": True, **more}
    return Candidate(unit=unit, unit_name=unit, open_tasks=given.pop("open_tasks", 0), **given)


def test_on_shift_goes_before_level_level_before_load_load_before_distance() -> None:
    found = propose(
        [
            candidate("off", on_shift=False),
            candidate("centre", level="district"),
            candidate("busy", open_tasks=2, distance_km=0.1),
            candidate("far", open_tasks=1, distance_km=9.0),
            candidate("near", open_tasks=1, distance_km=1.0),
            candidate("elsewhere", covers=False),
            candidate("other", duties=frozenset({"water"})),
        ],
        "grid",
        ("grid", "district"),
    )
    assert [each.candidate.unit for each in found] == ["near", "far", "busy", "centre", "off"]
    assert [why.code for why in found[0].reasons] == [
        "routing.covers",
        "routing.on_shift",
        "routing.load",
        "routing.distance",
    ]
    assert is_override(found, "far") and not is_override(found, "near") and not is_override([], "far")


def test_people_on_shift_go_before_their_unit_and_a_unit_on_shift_before_one_that_is_not() -> None:
    found = propose(
        [candidate("g1"), candidate("g1", person=7, open_tasks=5), candidate("g2", person=8)], "grid", ("grid",)
    )
    assert [(each.candidate.unit, each.candidate.person) for each in found] == [("g2", 8), ("g1", 7), ("g1", None)]
    asleep = propose([candidate("g3", on_shift=False)], "grid", ("grid",))
    assert [each.candidate.unit for each in on_shift_first([*asleep, *found])] == ["g2", "g1", "g1", "g3"]


def test_the_reasons_say_until_when_and_how_much() -> None:
    until = MONDAY + timedelta(hours=11)
    (one,) = propose([candidate("g1", until=until, open_tasks=3, stand_in=True)], "grid", ("grid",))
    assert [(why.code, dict(why.params)) for why in one.reasons] == [
        ("routing.covers", {}),
        ("routing.stand_in_until", {"until": until.isoformat()}),
        ("routing.load", {"n": 3}),
    ]


@pytest.fixture
def clue(office: dict[str, Any]) -> Clue:
    made: Clue = kernel.create(
        "clue", SYSTEM, title="线索", org_path=GRID, grid=GRID, first_at=MONDAY, last_at=MONDAY
    )  # fmt: skip
    return made


@pytest.mark.django_db
def test_the_sheet_says_to_whom_and_why(clue: Clue, clock: ManualClock) -> None:
    plan = selectors.plan(clue)
    assert sheet.sheet_of(clue, plan).why == "派给 一网格：点位在其辖区；值班至 20:00；手上没有未办任务"
    clock.set(MONDAY + timedelta(hours=12))
    assert "此刻无人值班" in sheet.sheet_of(clue, selectors.plan(clue)).why


@pytest.mark.django_db
@pytest.mark.parametrize("level", ["red", "orange", "yellow", "blue"])
def test_the_limits_that_the_sheet_tells_are_those_that_run(clue: Clue, office: dict[str, Any], level: str) -> None:
    Clue.objects.filter(pk=clue.pk).update(level=level)
    clue.refresh_from_db()
    told = selectors.plan(clue).minutes
    task = services.send(clue, viewer_of(office["dispatcher"]), unit=GRID)
    run = {each.code: each.span_s / 60 for each in Clock.objects.filter(kind="task", object_id=task.pk)}
    assert run == {code: told[code] for code in run} and len(run) == 4


def test_a_visit_of_a_kind_that_goes_by_matter_is_proposed_without_one(clue: Clue) -> None:
    Clue.objects.filter(pk=clue.pk).update(scenario="K11", matter="")
    clue.refresh_from_db()
    assert selectors.plan(clue, task_kind="enforcement_visit").duty == "enforcement"


@pytest.mark.django_db
def test_another_unit_than_the_proposed_takes_a_reason(client: Any, clue: Clue, office: dict[str, Any]) -> None:
    client.force_login(office["dispatcher"])
    form = {"unit": DISTRICT, "task_kind": "grid_check", "version": clue.version}
    before = History.objects.count()
    answer = client.post(f"/clues/{clue.number}/send/", form)
    assert answer.status_code == 422 and "一网格" in answer.content.decode()
    assert (History.objects.count(), Task.objects.count()) == (before, 0)
    assert client.post(f"/clues/{clue.number}/send/", {**form, "override": "网格员在另一现场"}).status_code == 302
    task = Task.objects.get()
    assert (task.owner_unit, task.route_override) == (DISTRICT, "网格员在另一现场")
    assert "网格员在另一现场" in client.get(f"/tasks/{task.number}/").content.decode()


@pytest.mark.django_db
def test_the_proposal_needs_no_word_and_keeps_its_reasons(client: Any, clue: Clue, office: dict[str, Any]) -> None:
    client.force_login(office["dispatcher"])
    form = {"unit": f"{GRID}|{office['worker'].pk}", "task_kind": "grid_check", "override": "随手写的"}
    assert client.post(f"/clues/{clue.number}/send/", form).status_code == 302
    task = Task.objects.get()
    assert task.route_override == "" and ["routing.covers", {}] in task.route_why
    assert "值班至 20:00" in client.get(f"/tasks/{task.number}/").content.decode()
