"""A task in other hands: handed over, transferred, helped with, supervised, paused. A refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ecobureau.clock import ManualClock
from ecobureau.rulepacks import load
from ecobureau.web.core import access, clocks, history
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Clock, Notice
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import handing, jobs, joint, orders, selectors
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Help, Supervision, Task
from web.dispatch.conftest import DISTRICT, GRID, HOUSING, WATER

pytestmark = pytest.mark.django_db
Who = Callable[[str], Viewer]
TABLES = (
    "core_history",
    "core_clock",
    "core_notice",
    "core_share",
    "core_link",
    "dispatch_help",
    "dispatch_supervision",
)


def state_of_all() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute("select " + ", ".join(f"(select count(*) from {table})" for table in TABLES))
        counts = cursor.fetchone()
    rows = [*Task.objects.order_by("pk").values_list(), *Help.objects.order_by("pk").values_list()]
    return (*counts, rows)


def refused(call: Callable[[], Any]) -> str:
    """Do what must be refused; return its code. Nothing may have changed, whoever calls without a transaction."""
    before = state_of_all()
    with pytest.raises(Refused) as caught:
        call()
    assert state_of_all() == before
    return caught.value.code


def fresh(record: Any) -> Any:
    return type(record).objects.get(pk=record.pk)


def told(name: Any) -> list[str]:
    return list(Notice.objects.filter(user=name).order_by("pk").values_list("code", flat=True))


def running(record: Any) -> set[str]:
    return set(
        Clock.objects.filter(kind=record.KIND, object_id=record.pk, stopped_at__isnull=True).values_list(
            "code", flat=True
        )
    )


def sound(*records: Any) -> None:
    for record in records:
        record.refresh_from_db()
        assert history.verify_chain(record.KIND, record.pk, record.version).ok


def test_the_other_person_has_to_accept_what_is_handed_over(task: Task, office: Any, who: Who) -> None:
    handing.hand_over(task, who("worker"), person=office["mate"].pk, reason="我下班了")
    assert (task.state, task.owner_person, task.accepted_at) == ("dispatched", office["mate"], None)
    assert "accept" in running(task) and told(office["mate"])[-1] == "dispatch.notice.handed_over"
    assert refused(lambda: tasks.accept(fresh(task), who("worker"))) == "dispatch.somebody_elses"
    tasks.accept(fresh(task), who("mate"))
    sound(task)


def test_a_task_is_handed_over_within_the_unit_by_its_owner_or_the_head(task: Task, office: Any, who: Who) -> None:
    give = lambda by, to: lambda: handing.hand_over(fresh(task), who(by), person=office[to].pk, reason="换人")  # noqa: E731
    assert refused(give("worker", "water")) == "dispatch.person_not_of_unit"
    assert refused(give("worker", "worker")) == "dispatch.same_person"
    assert refused(give("mate", "mate")) == "dispatch.somebody_elses"
    assert refused(give("dispatcher", "mate")) == "core.not_your_role"
    assert refused(lambda: handing.hand_over(fresh(task), who("worker"), person=office["mate"].pk, reason="")) == (
        "core.reason_missing"
    )
    give("head", "mate")()
    assert told(office["worker"])[-1] == "dispatch.notice.taken_from_you"


def test_the_receiver_takes_a_transfer_and_only_the_receiver(task: Task, office: Any, who: Who) -> None:
    assert access.allowed(who("housing"), "view", task) is not None
    handing.transfer(task, who("dispatcher"), unit=HOUSING, reason="属工地管理")
    assert task.state == "transferring" and running(task) >= {"transfer", "close"}
    assert access.allowed(who("housing"), "act", fresh(task)) is None and office["housing"] is not None
    assert told(office["housing"]) == ["dispatch.notice.transfer_asked"]
    assert refused(lambda: handing.take_over(fresh(task), who("head"))) == "dispatch.not_receiver"
    assert refused(lambda: handing.take_over(fresh(task), who("water"))) == "core.no_access"
    assert refused(lambda: tasks.accept(fresh(task), who("worker"))) == "core.not_from_here"
    handing.take_over(fresh(task), who("housing"))
    task.refresh_from_db()
    assert (task.state, task.owner_unit, task.owner_person, task.transfer_to) == ("dispatched", HOUSING, None, "")
    assert "transfer" not in running(task) and told(office["worker"])[-1] == "dispatch.notice.transferred"
    assert access.allowed(who("worker"), "act", task) is not None
    sound(task)


def test_a_refused_transfer_stays_with_its_owner_and_closes_the_door_again(task: Task, office: Any, who: Who) -> None:
    handing.transfer(task, who("dispatcher"), unit=HOUSING, reason="属工地管理")
    assert refused(lambda: handing.refuse_transfer(fresh(task), who("housing"), reason="")) == "core.reason_missing"
    handing.refuse_transfer(fresh(task), who("housing"), reason="不是工地")
    task.refresh_from_db()
    assert (task.state, task.owner_unit, task.owner_person) == ("dispatched", GRID, office["worker"])
    assert access.allowed(who("housing"), "view", task) is not None
    assert told(office["dispatcher"])[-1] == "dispatch.notice.transfer_refused"
    tasks.accept(task, who("worker"))
    sound(task)


@pytest.mark.parametrize("unit", [GRID, "/wuhan/nowhere/", "/wuhan/jiangan/g2/"])
def test_a_transfer_goes_to_a_department_or_sub_centre(task: Task, who: Who, unit: str) -> None:
    code = refused(lambda: handing.transfer(fresh(task), who("dispatcher"), unit=unit, reason="不归我们"))
    assert code == ("dispatch.same_unit" if unit == GRID else "dispatch.no_receiver")


def test_the_lead_closes_when_all_who_help_have_answered(task: Task, office: Any, who: Who) -> None:
    joint.call_in(task, who("dispatcher"), units=[WATER, DISTRICT], demand="查水质")
    water, district = Help.objects.get(owner_unit=WATER), Help.objects.get(owner_unit=DISTRICT)
    assert told(office["water"]) == ["dispatch.notice.help_asked"]
    assert access.allowed(who("water"), "view", fresh(task)) is None
    assert access.allowed(who("water"), "act", fresh(task)) is not None
    assert refused(lambda: joint.call_in(fresh(task), who("head"), units=[WATER])) == "dispatch.helps_already"
    assert refused(lambda: joint.call_in(fresh(task), who("head"), units=[GRID])) == "dispatch.leads_already"
    task.refresh_from_db()
    Task.objects.filter(pk=task.pk).update(state="submitted")
    assert refused(lambda: tasks.close(fresh(task), who("chief"))) == "dispatch.helpers_waiting"
    joint.accept(water, who("water"))
    joint.answer(water, who("water"), result="氨氮 2.1")
    assert refused(lambda: joint.send_back(fresh(water), who("water"), reason="再测")) == "core.four_eyes"
    joint.send_back(fresh(water), who("head"), reason="少一个点")
    assert refused(lambda: tasks.close(fresh(task), who("chief"))) == "dispatch.helpers_waiting"
    joint.answer(fresh(water), who("water"), result="氨氮 2.1 和 0.9")
    joint.decline(district, who("head"), reason="not_ours")
    tasks.close(fresh(task), who("chief"))
    water.refresh_from_db()
    assert (water.state, fresh(district).state, fresh(task).state) == ("closed", "declined", "closed")
    sound(task, water, district)


def test_help_that_is_not_answered_ends_with_a_withdrawn_task(task: Task, office: Any, who: Who) -> None:
    joint.call_in(task, who("dispatcher"), units=[WATER], demand="查水质")
    Task.objects.filter(pk=task.pk).update(state="dispatched")
    tasks.withdraw(fresh(task), who("dispatcher"), reason="弄错了")
    assert Help.objects.get().state == "withdrawn"
    assert told(office["water"])[-1] == "dispatch.notice.help_withdrawn"


def test_only_the_asked_unit_answers(task: Task, who: Who) -> None:
    joint.call_in(task, who("dispatcher"), units=[HOUSING], demand="看工地")
    help_ = Help.objects.get()
    assert refused(lambda: joint.accept(fresh(help_), who("head"))) == "dispatch.not_receiver"
    joint.accept(fresh(help_), who("housing"))
    assert refused(lambda: joint.answer(fresh(help_), who("housing"), result=" ")) == "core.data_missing"


def test_a_supervision_order_has_its_own_level_and_clocks(
    task: Task, office: Any, who: Who, clock: ManualClock
) -> None:
    orders.supervise(task, who("chief"), grade="red", demand="今晚报结果")
    order = Supervision.objects.get()
    day = clock.now().date()
    due = {each.code: each.due_at for each in Clock.objects.filter(kind="supervision", object_id=order.pk)}
    for code in ("sign", "answer"):
        entry = load("sla").at(f"task.supervise.red.{code}", day)
        unit = {"min": timedelta(minutes=1), "h": timedelta(hours=1)}[entry.unit]
        assert due[code] == clock.now() + int(str(entry.value)) * unit
    assert (order.level, fresh(task).level, fresh(task).supervised) == ("red", "yellow", "red")
    assert "dispatch.notice.supervised" in told(office["worker"])
    assert refused(lambda: orders.sign(fresh(order), who("chief"))) == "core.not_your_role"
    orders.sign(fresh(order), who("worker"))
    orders.answer(fresh(order), who("worker"), answer="已封堵")
    assert told(office["chief"])[-1] == "dispatch.notice.order_answered"
    orders.press(fresh(order), who("chief"), reason="照片呢")
    order.refresh_from_db()
    assert (order.state, order.pressed) == ("issued", 1) and running(order) == {"sign", "answer"}
    orders.sign(order, who("worker"))
    orders.answer(order, who("worker"), answer="补上了")
    orders.lift(order, who("duty"))
    assert fresh(task).supervised == "" and not running(order)
    sound(order, task)


def test_an_unheard_order_escalates_by_its_own_clock(task: Task, office: Any, who: Who, clock: ManualClock) -> None:
    orders.supervise(task, who("chief"), grade="red", demand="今晚报结果")
    order = Supervision.objects.get()
    sign = Clock.objects.get(kind="supervision", object_id=order.pk, code="sign")
    clock.set(sign.started_at + (sign.due_at - sign.started_at) * 2)
    clocks.tick(clock.now())
    assert sorted(sign.fired.values_list("percent", flat=True)) == [80, 100, 150, 200]


def test_who_may_not_supervise_is_refused(task: Task, who: Who) -> None:
    for name in ("head", "dispatcher", "worker"):
        call = lambda name=name: orders.supervise(fresh(task), who(name), grade="red", demand="快")  # noqa: E731
        assert refused(call) == "core.not_your_role"
    assert refused(lambda: orders.supervise(fresh(task), who("chief"), grade="red", demand=" ")) == "core.data_missing"
    assert (
        refused(lambda: orders.supervise(fresh(task), who("chief"), grade="pink", demand="快")) == "core.data_missing"
    )


def test_a_pause_stops_the_clocks_ends_by_itself_and_comes_so_often(
    task: Task, office: Any, who: Who, clock: ManualClock
) -> None:
    before = Clock.objects.get(kind="task", object_id=task.pk, code="close").due_at
    assert refused(lambda: tasks.suspend(fresh(task), who("head"), reason="没心情")) == "core.reason_unknown"
    tasks.suspend(task, who("head"), reason="weather")
    limit = Clock.objects.get(kind="task", object_id=task.pk, code="pause")
    assert limit.unit == "workday" and not tasks.resume_overdue(task.pk)
    clock.set(limit.due_at)
    clocks.tick(clock.now())
    jobs.resume_task(task.pk)
    task.refresh_from_db()
    assert task.state == "accepted" and told(office["worker"])[-1] == "dispatch.notice.goes_on"
    close = Clock.objects.get(kind="task", object_id=task.pk, code="close")
    assert close.due_at - before == limit.due_at - limit.started_at and not tasks.resume_overdue(task.pk)
    for _ in range(int(str(load("sla").at("task.pause_times", clock.now().date()).value)) - 1):
        tasks.suspend(fresh(task), who("head"), reason="waiting_lab")
        tasks.resume(fresh(task), who("head"))
    assert refused(lambda: tasks.suspend(fresh(task), who("head"), reason="weather")) == "dispatch.paused_too_often"
    sound(task)


def test_a_page_of_a_task_shows_who_helps_and_who_presses(client: Any, task: Task, office: Any, who: Who) -> None:
    joint.call_in(task, who("dispatcher"), units=[WATER], demand="查水质")
    orders.supervise(fresh(task), who("chief"), grade="orange", demand="今晚报结果")
    client.force_login(office["head"])
    page = client.get(f"/tasks/{task.number}/").content.decode()
    assert all(words in page for words in ("牵头：一网格", "江岸水务", "今晚报结果", Supervision.objects.get().number))
    assert selectors.helpers_of(who("housing"), task) == []


@pytest.mark.parametrize(
    ("verb", "form", "name"),
    [
        ("hand_over", {"person": "mate", "reason": "换班"}, "head"),
        ("call_in", {"units": [WATER], "demand": "查水质"}, "dispatcher"),
        ("supervise", {"grade": "red", "demand": "快办"}, "chief"),
        ("transfer", {"unit": HOUSING, "reason": "属工地管理"}, "dispatcher"),
    ],
)
def test_the_forms_of_the_new_verbs(
    client: Any, task: Task, office: Any, verb: str, form: dict[str, Any], name: str
) -> None:
    client.force_login(office[name])
    address = f"/tasks/{task.number}/do/{verb}/"
    assert client.get(address).status_code == 200
    sent = {key: office[value].pk if key == "person" else value for key, value in form.items()}
    assert client.post(address, {**sent, "version": task.version}).status_code == 302
    assert history.verify_chain("task", task.pk, fresh(task).version).ok and fresh(task).version > task.version


def test_the_phone_lists_what_others_ask_of_ones_unit(client: Any, task: Task, office: Any, who: Who) -> None:
    orders.supervise(task, who("chief"), grade="red", demand="今晚报结果")
    client.force_login(office["mate"])
    page = client.get("/m/").content.decode()
    assert "今晚报结果" in page and f"/supervisions/{Supervision.objects.get().number}/" in page
    client.force_login(office["water"])
    assert "今晚报结果" not in client.get("/m/").content.decode()
