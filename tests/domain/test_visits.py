"""Checklists and tracks as pure functions."""

from datetime import UTC, datetime, timedelta

import pytest

from ecobureau.domain.visits import BadChecklist, Point, kept, length_m, missing, questions, within_visit
from ecobureau.rulepacks import load

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
FLOW = {"code": "flow", "ask": "有水吗", "ask_en": "Water?", "answers": [["yes", "有", "Yes"], ["no", "没有", "No"]]}


def test_the_later_of_two_questions_with_one_code_counts() -> None:
    first, second = questions([FLOW, {**FLOW, "code": "a"}], [{**FLOW, "ask": "在流吗"}])
    assert (first.zh, second.code) == ("在流吗", "a")


@pytest.mark.parametrize(
    "wrong", [None, [{}], [{**FLOW, "answers": [["yes", "有", "Yes"]]}], [{**FLOW, "answers": [["x"]]}]]
)
def test_a_bad_checklist_is_named(wrong: object) -> None:
    with pytest.raises(BadChecklist):
        questions(wrong)


def test_only_answers_that_are_choices_count() -> None:
    asked = questions([FLOW])
    assert missing(asked, {}) == missing(asked, {"flow": "maybe"}) == asked
    assert missing(asked, {"flow": "no"}) == ()
    assert kept(asked, {"flow": "no", "other": "x"}) == [
        {"code": "flow", "answer": "no", "ask": "有水吗", "ask_en": "Water?", "said": "没有", "said_en": "No"}
    ]


def test_every_checklist_of_the_pack_can_be_read() -> None:
    pack, day = load("visits"), AT.date()
    for key in pack.keys("checklist."):
        assert questions(pack.at(key, day).value), key


def test_a_track_holds_the_visit_alone_in_order() -> None:
    points = [Point(AT + timedelta(minutes=each), 114.3, 30.6) for each in (3, -1, -3, 1, 9, 20)]
    inside = within_visit(points, AT, AT + timedelta(minutes=8))
    assert [(each.at - AT).total_seconds() / 60 for each in inside] == [-1, 1, 3, 9]


def test_standing_still_has_no_length() -> None:
    still = [Point(AT, 114.3 + each * 1e-5, 30.6, 20) for each in range(5)]
    assert length_m(still) == 0 == length_m([])
    assert length_m([Point(AT, 114.3, 30.6, 5), Point(AT, 114.3, 30.601, 5)]) == pytest.approx(111.2, abs=0.3)
