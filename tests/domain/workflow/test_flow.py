"""Flows as data: what contradicts itself is named, what may be done is found, what may not is explained."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ecobureau.domain.workflow import (
    BadFlow,
    ClockSpec,
    Context,
    Flow,
    Paper,
    Reason,
    Refusal,
    State,
    Transition,
    checked,
    faults,
    refusal,
    verbs_for,
)

SEND = Transition(
    verb="send", name="派发", sources=("new",), target="out", roles=("dispatcher",), starts=("accept",), primary=True
)
HOLD = Transition(
    verb="hold",
    name="中止",
    sources=("out",),
    target="held",
    roles=("unit_head",),
    reason_required=True,
    reasons=(Reason("weather", "天气"),),
    pauses=("accept",),
)
GO_ON = Transition(
    verb="go_on", name="恢复", sources=("held",), target="out", roles=("unit_head",), resumes=("accept",)
)
CLOSE = Transition(
    verb="close",
    name="销号",
    sources=("out",),
    target="done",
    roles=("unit_head",),
    roles_at={"red": ("leader",)},
    not_same_as=("send", "create"),
    needs=("result",),
    papers=lambda context: (Paper("photo", "照片", 3 if context.level == "red" else 1),),
    guards=(lambda context: None if context.facts.get("arrived") else Refusal("x.not_there"),),
    stops=("accept",),
)
NOTE = Transition(verb="note", name="备注", sources=("new", "out"), target=None, roles=("dispatcher", "unit_head"))
FLOW = Flow(
    kind="matter",
    initial="new",
    states=(State("new", "新"), State("out", "已派发"), State("held", "中止"), State("done", "销号", final=True)),
    clocks=(ClockSpec(code="accept", name="签收", rule="sla:accept.{level}"),),
    transitions=(SEND, HOLD, GO_ON, CLOSE, NOTE),
)


def context(**more):
    given = {
        "actor": 1,
        "roles": frozenset({"unit_head"}),
        "level": "yellow",
        "now": datetime(2026, 11, 23, tzinfo=UTC),
    }
    given |= {"facts": {"arrived": True}, "data": {"result": "ok"}, "papers": {"photo": 1}}
    return Context(**(given | more))


def test_a_sound_flow_has_no_faults():
    assert faults(FLOW) == [] and checked(FLOW) is FLOW


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"initial": "nowhere"}, "initial state 'nowhere'"),
        ({"states": (*FLOW.states, State("new", "x"))}, "state 'new' is declared twice"),
        ({"states": (*FLOW.states, State("lost", "x"))}, "'lost' cannot be reached"),
        ({"states": (*FLOW.states, State("Bad Word", "x"))}, "not a lower-case word"),
        ({"states": tuple(replace(state, final=False) for state in FLOW.states)}, "no state is final"),
        ({"states": (replace(FLOW.states[0], step=1), replace(FLOW.states[1], step=1), *FLOW.states[2:])}, "step '1'"),
        ({"transitions": (SEND, GO_ON, CLOSE)}, "'held' cannot be reached"),
        ({"transitions": (SEND, replace(HOLD, target="done"), CLOSE)}, "paused and never resumed"),
        ({"transitions": (*FLOW.transitions, replace(SEND, target="done"))}, "send from new is declared twice"),
        ({"transitions": (*FLOW.transitions[:-1], replace(NOTE, sources=()))}, "starts from no state"),
        ({"transitions": (*FLOW.transitions[:-1], replace(NOTE, sources=("gone",)))}, "state 'gone' is not declared"),
        ({"transitions": (*FLOW.transitions[:-1], replace(NOTE, roles=("king",)))}, "role 'king' is unknown"),
        ({"transitions": (*FLOW.transitions[:-1], replace(NOTE, roles=()))}, "nobody may do it"),
        ({"transitions": (*FLOW.transitions[:-1], replace(NOTE, verb="create"))}, "belongs to the kernel"),
        ({"transitions": (SEND, HOLD, GO_ON, replace(CLOSE, not_same_as=("ghost",)))}, "four eyes against 'ghost'"),
        ({"transitions": (SEND, HOLD, GO_ON, replace(CLOSE, roles_at={"pink": ("leader",)}))}, "level 'pink'"),
        ({"transitions": (SEND, HOLD, GO_ON, replace(CLOSE, stops=("tick",)))}, "clock 'tick', which is not declared"),
        ({"transitions": (SEND, HOLD, GO_ON, replace(CLOSE, stops=()))}, "never stopped"),
        ({"transitions": (replace(SEND, starts=()), HOLD, GO_ON, CLOSE)}, "never started"),
        ({"transitions": (SEND, replace(HOLD, reasons=()), GO_ON, CLOSE)}, "without a closed list"),
        ({"transitions": (SEND, replace(HOLD, reason_required=False), GO_ON, CLOSE)}, "without asking for the reason"),
        ({"clocks": (replace(FLOW.clocks[0], rule="accept"),)}, "written 'pack:key'"),
    ],
)
def test_every_contradiction_is_named(change, words):
    broken = replace(FLOW, **change)
    assert any(words in fault for fault in faults(broken)), faults(broken)
    with pytest.raises(BadFlow, match="flow 'matter'"):
        checked(broken)


def test_verbs_by_state_role_and_level_with_the_primary_first():
    assert [move.verb for move in verbs_for(FLOW, "new", ["dispatcher"], "yellow")] == ["send", "note"]
    assert [move.verb for move in verbs_for(FLOW, "out", ["unit_head"], "yellow")] == ["hold", "close", "note"]
    assert [move.verb for move in verbs_for(FLOW, "out", ["unit_head"], "red")] == ["hold", "note"]
    assert [move.verb for move in verbs_for(FLOW, "out", ["leader"], "red")] == ["close"]
    assert verbs_for(FLOW, "done", ["leader", "unit_head"], "red") == ()
    assert verbs_for(FLOW, "new", [], "red") == ()


def test_what_may_be_done_is_not_refused():
    assert refusal(FLOW, "out", "close", context()) is None


@pytest.mark.parametrize(
    ("state", "verb", "more", "code"),
    [
        ("out", "fly", {}, "core.no_such_verb"),
        ("done", "close", {}, "core.not_from_here"),
        ("out", "close", {"roles": frozenset({"dispatcher"})}, "core.not_your_role"),
        ("out", "close", {"level": "red"}, "core.not_your_role"),
        ("out", "close", {"done_by": {"send": frozenset({1, 2})}}, "core.four_eyes"),
        ("out", "close", {"done_by": {"create": frozenset({1})}}, "core.four_eyes"),
        ("out", "hold", {}, "core.reason_missing"),
        ("out", "hold", {"reason": "lunch"}, "core.reason_unknown"),
        ("out", "close", {"data": {"result": ""}}, "core.data_missing"),
        ("out", "close", {"papers": {}}, "core.papers_missing"),
        ("out", "close", {"level": "red", "roles": frozenset({"leader"})}, "core.papers_missing"),
        ("out", "close", {"facts": {}}, "x.not_there"),
    ],
)
def test_every_refusal_has_its_code(state, verb, more, code):
    found = refusal(FLOW, state, verb, context(**more))
    assert found is not None and found.code == code


def test_the_program_itself_is_not_a_second_pair_of_eyes_to_anybody():
    assert refusal(FLOW, "out", "close", context(done_by={"send": frozenset({2})})) is None


def test_a_lookup_of_what_is_not_there_says_so():
    with pytest.raises(KeyError, match="no state"):
        FLOW.state("gone")
    with pytest.raises(KeyError, match="no clock"):
        FLOW.clock("gone")
