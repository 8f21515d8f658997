"""A scene kind's own time limits: decided by two, they run the clocks of clues and tasks from their day on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock, beijing, use_clock
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import scenarios, services
from ecobureau.web.clues.models import RuleChange
from ecobureau.web.core.models import Clock
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.dispatch import services as tasks
from web.clues.pool_scene import AT, CITY, GRID, a_clue, build_city, who

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    scenarios.forget()
    with use_clock(ManualClock(AT)) as manual:
        assert isinstance(manual, ManualClock)
        yield manual
    scenarios.forget()


def change(**limits: int | None) -> RuleChange:
    value = {**scenarios.value("K11"), **limits}
    made = services.propose_change(
        who("leader", CITY, "one"), "scenario_kinds", "K11", value=value, valid_from=beijing(AT).date(), why="夜间从快"
    )
    scenarios.forget()
    return made


def spans(record: Any) -> dict[str, timedelta]:
    rows = Clock.objects.filter(kind=record.KIND, object_id=record.pk)
    return {clock.code: clock.due_at - clock.started_at for clock in rows}


def test_what_one_proposed_changes_nothing_until_another_approves(db: None) -> None:
    build_city()
    before = spans(a_clue(level="yellow"))["triage"]
    made = change(sla_triage=7, sla_accept=11)
    assert spans(a_clue(level="yellow"))["triage"] == before
    with pytest.raises(Refused):
        services.decide_change(who("leader", CITY, "one"), made.pk, approve=True)
    assert spans(a_clue(level="yellow"))["triage"] == before
    services.decide_change(who("leader", CITY, "two"), made.pk, approve=True)
    scenarios.forget()
    clue = a_clue(level="yellow")
    assert spans(clue)["triage"] == timedelta(minutes=7)
    clock = Clock.objects.get(kind="clue", object_id=clue.pk, code="triage")
    assert (clock.rule, clock.rule_source) == ("scenario_kinds:scenario.K11.sla_triage", "夜间从快")
    assert dispatch.plan(clue).minutes["accept"] == 11
    task = tasks.send(clue, who("dispatcher", CITY), unit=GRID)
    found = spans(task)
    assert found["accept"] == timedelta(minutes=11)
    other = a_clue(level="yellow", scenario="K05")
    assert spans(other)["triage"] == before, "another scene kind keeps its level's"


def test_red_keeps_the_shorter_of_the_two_and_a_new_level_reckons_anew(db: None) -> None:
    build_city()
    services.decide_change(who("leader", CITY, "two"), change(sla_triage=600, sla_accept=2).pk, approve=True)
    red = a_clue(level="red")
    assert spans(red)["triage"] == timedelta(minutes=5)
    assert spans(tasks.send(red, who("dispatcher", CITY), unit=GRID))["accept"] == timedelta(minutes=2)
    assert spans(a_clue(level="blue"))["triage"] == timedelta(minutes=600)


def test_the_page_takes_and_shows_them(db: None, client: Any) -> None:
    build_city()
    client.force_login(User.objects.get(pk=who("leader", CITY, "one").user_id))
    page = client.get("/scene-kinds/scenario_kinds/K11/")
    assert page.status_code == 200 and 'name="sla_accept"' in page.content.decode()
    client.force_login(User.objects.get(pk=who("duty_officer", CITY).user_id))
    page = client.get("/scene-kinds/scenario_kinds/K11/").content.decode()
    assert 'name="sla_accept"' not in page
    assert client.post("/scene-kinds/scenario_kinds/K11/", {"sla_accept": 1}).status_code == 403
    assert not RuleChange.objects.exists()
