"""The tables of scene kinds and matters: changed from a day on, by two persons, and used from then on everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock, set_clock
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import scenarios
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import RuleChange
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.words import set_language
from web.clues.pool_scene import AT, CITY, DISTRICT, a_clue, who

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calm_clock() -> Any:
    clock = ManualClock(AT)
    set_clock(clock)
    yield clock
    from ecobureau.clock import SystemClock

    set_clock(SystemClock())


def change_of(code: str = "K08", **more: Any) -> dict[str, Any]:
    return {**scenarios.value(code), **more}


def test_a_change_counts_from_its_day_on_and_stays_dated(
    city: None, calm_clock: Any, django_capture_on_commit_callbacks: Any
) -> None:
    head, second = who("unit_head", CITY), who("leader", CITY)
    today = scenarios.today()
    first = today + timedelta(days=2)
    made = clues.propose_change(
        head,
        "scenario_kinds",
        "K08",
        value=change_of(name="露天焚烧（含烟花）", level="red"),
        valid_from=first,
        why="市里通知",
    )
    with django_capture_on_commit_callbacks(execute=True):
        clues.decide_change(second, made.pk, approve=True)
    assert scenarios.level_of("K08") == "orange", "not before its day"
    assert a_clue("有人烧垃圾", scenario="K08").level == "orange"
    assert scenarios.value("K08", first)["name"] == "露天焚烧（含烟花）"
    calm_clock.advance(2 * 86400)
    assert scenarios.name("K08") == "K08 露天焚烧（含烟花）"
    assert a_clue("有人烧垃圾", scenario="K08").level == "red"
    assert scenarios.value("K08", today)["level"] == "orange", "what was in force on a day stays"
    assert set(Audit.objects.filter(kind="scenario_kinds").values_list("what", flat=True)) == {
        "rule_propose",
        "rule_approve",
    }


def test_one_person_alone_changes_nothing(city: None) -> None:
    head = who("unit_head", CITY)
    made = clues.propose_change(
        head, "scenario_kinds", "K08", value=change_of(level="red"), valid_from=scenarios.today(), why="试试"
    )
    with pytest.raises(Refused, match="own"):
        clues.decide_change(head, made.pk, approve=True)
    scenarios.forget()
    assert scenarios.level_of("K08") == "orange"
    made.refresh_from_db()
    assert made.state == RuleChange.State.PROPOSED


def test_a_matter_decides_the_duty_where_the_kind_says_so(city: None, django_capture_on_commit_callbacks: Any) -> None:
    assert scenarios.duties_of("K11", "kitchen_fume") == ["city_management"]
    assert scenarios.duties_of("K01", "kitchen_fume") == ["enforcement"]
    made = clues.propose_change(
        who("unit_head", CITY),
        "matter",
        "kitchen_fume",
        value={**scenarios.matters()["kitchen_fume"].value, "duties": ["enforcement"]},
        valid_from=scenarios.today(),
        why="机构改革",
    )
    with django_capture_on_commit_callbacks(execute=True):
        clues.decide_change(who("leader", CITY), made.pk, approve=True)
    assert scenarios.duties_of("K11", "kitchen_fume") == ["enforcement"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"valid_from": AT.date() - timedelta(days=1)}, "past"),
        ({"why": " "}, "reason_missing"),
        ({"value": {"name": ""}}, "no_name"),
        ({"code": "K99"}, "unknown"),
        ({"value": None}, "same"),
    ],
)
def test_what_makes_no_sense_is_refused(city: None, more: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {
        "code": "K08",
        "value": change_of(level="red"),
        "valid_from": AT.date(),
        "why": "因为",
    } | more
    given["value"] = dict(scenarios.value("K08")) if given["value"] is None else given["value"]
    with pytest.raises(Refused, match=code):
        clues.propose_change(who("unit_head", CITY), "scenario_kinds", given.pop("code"), **given)
    assert not RuleChange.objects.exists() and not Audit.objects.filter(what="rule_propose").exists()


def test_two_proposals_for_one_entry_do_not_wait_together(city: None) -> None:
    head = who("unit_head", CITY)
    given: dict[str, Any] = {"valid_from": scenarios.today(), "why": "因为"}
    clues.propose_change(head, "scenario_kinds", "K08", value=change_of(level="red"), **given)
    with pytest.raises(Refused, match="waiting"):
        clues.propose_change(head, "scenario_kinds", "K08", value=change_of(level="blue"), **given)


def test_the_pages_propose_and_decide(city: None, client: Any, django_capture_on_commit_callbacks: Any) -> None:
    head, leader = who("unit_head", CITY), who("leader", CITY)
    client.force_login(User.objects.get(pk=head.user_id))
    page = client.get("/scene-kinds/scenario_kinds/K07/")
    assert page.status_code == 200 and "扬尘" in page.content.decode()
    form = {
        "name": "扬尘",
        "name_en": "Dust",
        "duties": ["city_management"],
        "level": "orange",
        "medium": "air",
        "task": "grid_check",
        "matters": ["dust"],
        "valid_from": scenarios.today().isoformat(),
        "why": "冬防",
    }
    assert client.post("/scene-kinds/scenario_kinds/K07/", form).status_code == 302
    made = RuleChange.objects.get()
    assert client.post(f"/scene-kinds/changes/{made.pk}/", {"decision": "approve"}).status_code == 422
    client.force_login(User.objects.get(pk=leader.user_id))
    assert "冬防" in client.get("/scene-kinds/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"/scene-kinds/changes/{made.pk}/", {"decision": "approve"}).status_code == 302
    assert scenarios.value("K07")["duties"] == ["city_management"]
    assert scenarios.value("K07")["code"] == "K07", "what the form cannot hold stays"
    set_language("en")
    try:
        assert scenarios.name("K07") == "K07 Dust"
    finally:
        set_language("zh")


def test_a_districts_head_reads_and_does_not_change(city: None) -> None:
    given: dict[str, Any] = {"valid_from": scenarios.today(), "why": "因为"}
    with pytest.raises(Refused, match="no_access"):
        clues.propose_change(who("unit_head", DISTRICT), "scenario_kinds", "K08", value=change_of(level="red"), **given)
    assert not RuleChange.objects.exists()
