"""Answers owed over the API: who waits, masked, and that each is answered once; nobody else sees them."""

from __future__ import annotations

from typing import Any

import pytest

from ecobureau.web.accounts.models import User
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Reporter
from ecobureau.web.core.models import History
from web.clues.pool_scene import DISTRICT, GRID, OTHER, a_clue, closed, who

pytestmark = pytest.mark.django_db
OWED = "/api/clues/answers"


def sign_in(client: Any, role: str, place: str) -> None:
    client.force_login(User.objects.get(pk=who(role, place).user_id))


def test_those_who_wait_are_listed_masked_and_answered_once(city: None, client: Any) -> None:
    root, child = a_clue(), a_clue()
    first = clues.add_reporter(root, name="张一", phone="13812345678")
    second = clues.add_reporter(child, name="王二", phone="13887654321")
    clues.merge(child, who("duty_officer", DISTRICT), into=root)
    sign_in(client, "duty_officer", DISTRICT)
    assert client.get(OWED).json() == {"count": 0, "results": []}
    early = client.post(f"{OWED}/{first.pk}", {"way": "phone", "text": "已处理"}, "application/json")
    assert (early.status_code, early.json()["code"]) == (422, "clues.answer.too_early")
    root.refresh_from_db()
    closed(root)
    body = client.get(OWED).json()
    assert {row["id"] for row in body["results"]} == {first.pk, second.pk} and body["count"] == 2
    assert {(row["name"], row["phone"], row["matter"]) for row in body["results"]} == {
        ("张*", "138****5678", root.number),
        ("王*", "138****4321", root.number),
    }
    assert client.get(f"{OWED}?limit=1&offset=1").json()["results"][0]["id"] == second.pk
    given = client.post(f"{OWED}/{second.pk}", {"way": "phone", "text": "工地已停"}, "application/json")
    assert given.status_code == 200 and not given.json()["owed"] and given.json()["answered_at"]
    again = client.post(f"{OWED}/{second.pk}", {"way": "sms", "text": "再说一次"}, "application/json")
    assert (again.status_code, again.json()["code"]) == (422, "clues.answer.given") and again.json()["detail"]
    assert History.objects.filter(kind="clue", verb="answer").count() == 1
    assert [row["id"] for row in client.get(OWED).json()["results"]] == [first.pk]


@pytest.mark.parametrize(
    "body", [{}, {"way": "pigeon", "text": "已处理"}, {"way": "phone"}, ["phone"], {"way": "phone", "text": "x"}]
)
def test_a_bad_answer_names_what_is_wrong_and_changes_nothing(city: None, client: Any, body: Any) -> None:
    clue = a_clue()
    reporter = clues.add_reporter(clue, name="张一")
    closed(clue)
    sign_in(client, "duty_officer", DISTRICT)
    answer = client.post(f"{OWED}/{reporter.pk}", body, "application/json")
    assert answer.status_code in (400, 422) and answer.json()
    reporter.refresh_from_db()
    assert reporter.answered_at is None


def test_nobody_else_sees_or_answers_them(city: None, client: Any) -> None:
    clue = a_clue()
    reporter = clues.add_reporter(clue, name="张一")
    closed(clue)
    address = f"{OWED}/{reporter.pk}"
    body = {"way": "phone", "text": "已处理"}
    assert client.get(OWED).status_code in (401, 403) and client.post(address, body).status_code in (401, 403)
    sign_in(client, "duty_officer", OTHER)
    assert client.get(OWED).json()["results"] == []
    assert client.post(address, body, "application/json").status_code == 404
    for role, place in (("grid_worker", GRID), ("auditor", "/wuhan/"), ("administrator", "/wuhan/")):
        sign_in(client, role, place)
        assert client.get(OWED).status_code == 403, role
        assert client.post(address, body, "application/json").status_code == 404, role
    assert Reporter.objects.get().answered_at is None
