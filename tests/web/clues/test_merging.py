"""Repeats are proposed with reasons, a person folds them, and every reporter is answered."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections

from ecobureau.web.accounts.models import User
from ecobureau.web.clues import pool, repeats
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue, Reporter, RiskScore
from ecobureau.web.core import history
from ecobureau.web.core.models import Audit, History, Notice
from ecobureau.web.core.refusals import Refused
from web.clues.pool_scene import DISTRICT, OTHER, a_clue, build_city, closed, who

pytestmark = pytest.mark.django_db
NOISE = "花桥街工地夜里两点还在施工打桩，吵得睡不着"
AGAIN = "花桥街那个工地夜里两点还在施工打桩，吵得人睡不着！"


def person_of(clue: Clue, name: str, phone: str = "13800001111") -> Reporter:
    return clues.add_reporter(clue, name=name, phone=phone, words="太吵了")


def test_a_repeat_is_proposed_by_place_and_words_with_reasons(city: None) -> None:
    officer = who("duty_officer", DISTRICT)
    first = a_clue(NOISE)
    second = a_clue(AGAIN, lon=114.301)
    a_clue("化工厂方向有刺鼻气味", lon=114.4, lat=30.9, scenario="K06")
    found = repeats.find(officer, second)
    assert [each.clue for each in found] == [first]
    assert [reason.code for reason in found[0].reasons] == ["repeat.near", "repeat.text"]
    assert "相距" in found[0].why and "文字相似" in found[0].why


def test_nobody_is_shown_a_repeat_of_another_district(city: None) -> None:
    here = a_clue(NOISE, lon=114.4999)
    there = a_clue(NOISE, lon=114.5001, org_path=OTHER)
    assert [each.clue for each in repeats.find(who("duty_officer", DISTRICT), here)] == []
    assert [each.clue for each in repeats.find(who("duty_officer", "/wuhan/"), here)] == [there]


def test_merged_reporters_are_all_owed_an_answer_when_the_matter_closes(city: None, client: Any) -> None:
    officer = who("duty_officer", DISTRICT)
    root, child, grandchild = a_clue(NOISE), a_clue(AGAIN), a_clue(AGAIN + "求解决")
    people = [person_of(root, "张一"), person_of(child, "王二"), person_of(grandchild, "李三")]
    quiet = clues.add_reporter(child, name="赵四", wants_answer=False)
    clues.merge(grandchild, officer, into=child)
    child.refresh_from_db()
    clues.merge(child, officer, into=root)
    root.refresh_from_db()
    assert set(Reporter.objects.values_list("matter_id", flat=True)) == {root.pk}
    assert list(pool.owed(officer)) == [], "nothing is owed while the matter is open"
    with pytest.raises(Refused, match="too_early"):
        clues.answer(pool.reporter(officer, people[0].pk), officer, way="phone", text="已处理")
    closed(root)
    assert {each.pk for each in pool.owed(officer)} == {each.pk for each in people}
    assert quiet.pk not in {each.pk for each in pool.owed(officer)}
    assert Notice.objects.filter(user_id=officer.user_id, code="clues.notice.answers_owed").count() == 1
    clues.answer(pool.reporter(officer, people[1].pk), officer, way="phone", text="工地已停，夜间不再施工")
    assert {each.pk for each in pool.owed(officer)} == {people[0].pk, people[2].pk}
    with pytest.raises(Refused, match="given"):
        clues.answer(pool.reporter(officer, people[1].pk), officer, way="sms", text="再说一次")
    root.refresh_from_db()
    assert history.verify_chain("clue", root.pk, root.version).ok
    entry = History.objects.filter(kind="clue", object_id=root.pk, verb="answer").get()
    assert "13800001111" not in entry.body and "王二" not in entry.body and "工地已停" not in entry.body


def test_a_reopened_matter_owes_again_when_it_closes_again(city: None) -> None:
    officer = who("duty_officer", DISTRICT)
    clue = a_clue(NOISE)
    reporter = person_of(clue, "张一")
    closed(clue)
    clues.answer(pool.reporter(officer, reporter.pk), officer, way="phone", text="已处理")
    clue.refresh_from_db()
    clues.reopen(clue, officer, reason="又响了")
    assert not pool.owed(officer).exists()
    closed(clue)
    assert [each.pk for each in pool.owed(officer)] == [reporter.pk]


def test_split_takes_its_reporters_and_folds_along(city: None) -> None:
    officer = who("duty_officer", DISTRICT)
    root, child, grandchild = a_clue(NOISE), a_clue(AGAIN), a_clue(AGAIN)
    mine = [person_of(child, "王二"), person_of(grandchild, "李三")]
    person_of(root, "张一")
    clues.merge(grandchild, officer, into=child)
    child.refresh_from_db()
    clues.merge(child, officer, into=root)
    root.refresh_from_db()
    lifted = root.risk
    child.refresh_from_db()
    clues.split(child, officer, reason="不是一回事")
    assert set(Reporter.objects.filter(matter=child).values_list("pk", flat=True)) == {each.pk for each in mine}
    root.refresh_from_db()
    assert root.risk < lifted
    assert [row.cause for row in RiskScore.objects.filter(clue=root)] == ["open", "merge", "split"]


def test_a_merge_keeps_the_machines_reasons_and_lifts_the_risk(city: None, client: Any) -> None:
    officer = who("duty_officer", DISTRICT)
    first, second = a_clue(NOISE), a_clue(AGAIN)
    before = first.risk
    client.force_login(User.objects.get(pk=officer.user_id))
    page = client.get(f"/clues/{second.number}/").content.decode()
    assert f'value="{first.number}"' in page and "文字相似" in page
    answer = client.post(f"/clues/{second.number}/do/merge/", {"into": first.number, "version": second.version})
    assert answer.status_code == 302, answer.content[:300]
    entry = History.objects.get(kind="clue", object_id=second.pk, verb="merge")
    assert '"why":[{"code":"repeat.near"' in entry.body
    first.refresh_from_db()
    assert first.risk > before
    assert any(part["code"] == "risk.repeats" for part in first.risk_parts["parts"])


def test_who_looked_at_a_reporter_and_what_for_is_audited(city: None, client: Any) -> None:
    officer = who("duty_officer", DISTRICT)
    clue = a_clue(NOISE)
    reporter = person_of(clue, "欧阳小明", "13812345678")
    client.force_login(User.objects.get(pk=officer.user_id))
    shown = client.get(f"/clues/reporters/{reporter.pk}/").content.decode()
    assert "欧**" in shown and "138****5678" in shown and "欧阳" not in shown and "12345678" not in shown
    refused = client.post(f"/clues/reporters/{reporter.pk}/unmask/", {"purpose": " "})
    assert refused.status_code == 422 and "欧阳" not in refused.content.decode()
    assert not Audit.objects.filter(what="unmask").exists()
    opened = client.post(f"/clues/reporters/{reporter.pk}/unmask/", {"purpose": "回访"})
    assert "欧阳小明" in opened.content.decode() and opened.headers["Cache-Control"] == "no-store"
    line = Audit.objects.get(what="unmask")
    assert (line.actor_id, line.purpose, line.number) == (officer.user_id, "回访", clue.number)


@pytest.mark.django_db(transaction=True)
def test_of_two_people_merging_one_clue_one_wins_and_the_other_is_told() -> None:
    build_city()
    one, two = (who("duty_officer", DISTRICT, name) for name in ("甲", "乙"))
    left, right, middle = a_clue(NOISE), a_clue(AGAIN), a_clue(NOISE + "啊")
    person_of(middle, "王二")
    results: list[Any] = []
    together = threading.Barrier(2)

    def fold(actor: Any, into: Clue) -> None:
        clue, target = Clue.objects.get(pk=middle.pk), Clue.objects.get(pk=into.pk)
        together.wait(30)
        try:
            results.append(clues.merge(clue, actor, into=target))
        except Refused as refused:
            results.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=fold, args=pair) for pair in ((one, left), (two, right))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    codes = [each for each in results if isinstance(each, str)]
    assert len(results) == 2 and codes == ["core.changed_meanwhile"]
    middle.refresh_from_db()
    assert middle.state == "merged" and middle.merged_into_id in (left.pk, right.pk)
    assert Reporter.objects.get().matter_id == middle.merged_into_id
    assert History.objects.filter(kind="clue", verb="take_in").count() == 1
    connection.ensure_connection()


def test_a_dismissal_without_anything_looked_at_is_refused(city: None, client: Any) -> None:
    officer = who("duty_officer", DISTRICT)
    clue = a_clue(NOISE)
    client.force_login(User.objects.get(pk=officer.user_id))
    address = f"/clues/{clue.number}/do/propose_dismissal/"
    form = {"reason": "normal_condition", "version": clue.version}
    answer = client.post(address, form)
    assert "看过的证据" in answer.context["form"].non_field_errors()[0]
    clue.refresh_from_db()
    assert (clue.state, clue.evidence.count()) == ("new", 0)
    assert client.post(address, form | {"seen": "电话核实，工地有夜间施工证明"}).status_code == 302
    clue.refresh_from_db()
    assert (clue.state, clue.evidence.get().params["seen"]) == ("dismissing", "电话核实，工地有夜间施工证明")
    with pytest.raises(Refused):
        clues.approve_dismissal(clue, officer)
    clues.approve_dismissal(clue, who("unit_head", DISTRICT))
    assert clue.state == "dismissed"


def test_evidence_that_was_looked_at_is_kept_with_its_hash(city: None) -> None:
    officer = who("duty_officer", DISTRICT)
    clue = a_clue(
        NOISE, pieces=[clues.Piece("reported", a_clue().first_at, "clues.evidence.reported.note", {"text": "x"})]
    )
    piece = clue.evidence.get()
    with pytest.raises(Refused, match="no_such_evidence"):
        clues.propose_dismissal(clue, officer, reason="calibration", sample={}, looked=[9])
    clues.propose_dismissal(clue, officer, reason="calibration", sample={}, looked=[piece.seq])
    sample = clue.evidence.get(kind="sample")
    assert sample.params["looked"] == [{"seq": 1, "sha256": piece.sha256}]
