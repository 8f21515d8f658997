"""Two at once on clues and tasks: one wins, the other is told why, nothing is done twice or torn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from queue import Queue
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import history
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import History, Share
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import handing, joint, orders
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Help, Supervision, Task
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRID = "/wuhan/jiangan/g1/"
TIMES = 5


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; return result or refusal of each."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def refused(results: list[Any]) -> list[str]:
    return [each.code for each in results if isinstance(each, Refused)]


@pytest.fixture
def team() -> dict[str, Viewer]:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    for code in ("g1", "g2"):
        places.make_organisation(SYSTEM, parent=district, code=code, level="grid", name=code)
    roles = {"one": "dispatcher", "two": "dispatcher", "head": "unit_head"}
    found = {name: viewer_of(person(name, (role, "/wuhan/jiangan/"))) for name, role in roles.items()}
    found["worker"] = viewer_of(person("worker", ("grid_worker", GRID, [GRID])))
    return found


def a_clue(**more: Any) -> Clue:
    made: Clue = kernel.create(
        "clue", SYSTEM, title="线索", org_path=GRID, grid=GRID, first_at=AT, last_at=AT, **more
    )  # fmt: skip
    return made


def fresh(record: Any) -> Any:
    return type(record).objects.get(pk=record.pk)


def sound(*records: Any) -> None:
    for record in records:
        record.refresh_from_db()
        assert history.verify_chain(record.KIND, record.pk, record.version).ok


def test_two_dispatchers_send_one_clue_once(team: dict[str, Viewer]) -> None:
    for _ in range(TIMES):
        clue = a_clue()
        results = at_once(
            partial(tasks.send, fresh(clue), team["one"], unit=GRID),
            partial(tasks.send, fresh(clue), team["two"], unit="/wuhan/jiangan/g2/"),
        )
        assert refused(results) == ["core.changed_meanwhile"]
        task = Task.objects.get(clue=clue)
        assert task.pk in {each.pk for each in results if isinstance(each, Task)}
        sound(clue, task)
        assert clue.state == "tasked"


def test_one_dispatch_sent_twice_makes_one_task(team: dict[str, Viewer]) -> None:
    for _ in range(TIMES):
        clue, uuid = a_clue(), uuid4()
        results = at_once(
            *[partial(tasks.send, fresh(clue), team["one"], unit=GRID, client_uuid=uuid) for _twice in range(2)]
        )  # fmt: skip
        task = Task.objects.get(clue=clue)
        assert [each.pk for each in results] == [task.pk, task.pk]
        assert tasks.send(fresh(clue), team["one"], unit=GRID, client_uuid=uuid).pk == task.pk
        sound(clue, task)


def test_a_submission_id_serves_one_clue_and_one_person(team: dict[str, Viewer]) -> None:
    clue, other, uuid = a_clue(), a_clue(), uuid4()
    tasks.send(clue, team["one"], unit=GRID, client_uuid=uuid)
    for record, who in ((other, "one"), (clue, "two")):
        with pytest.raises(Refused) as caught:
            tasks.send(fresh(record), team[who], unit=GRID, client_uuid=uuid)
        assert caught.value.code == "core.uuid_taken"
    assert Task.objects.count() == 1 and fresh(other).state == "new"


def test_accept_against_withdraw(team: dict[str, Viewer]) -> None:
    for _ in range(TIMES):
        clue = a_clue()
        task = tasks.send(clue, team["one"], unit=GRID)
        results = at_once(
            partial(tasks.accept, fresh(task), team["worker"]),
            partial(tasks.withdraw, fresh(task), team["one"], reason="派错了"),
        )
        assert refused(results) == ["core.changed_meanwhile"]
        sound(clue, task)
        assert (task.state, clue.state) in {("accepted", "tasked"), ("withdrawn", "triaged")}


def test_take_over_against_refuse_and_against_calling_it_back(team: dict[str, Viewer]) -> None:
    """The receiving unit's two people decide at once: one does, the other is told, and the door is shut once."""
    for _ in range(TIMES):
        task = tasks.send(a_clue(), team["one"], unit=GRID)
        handing.transfer(task, team["one"], unit="/wuhan/jiangan/", reason="由分中心办")
        results = at_once(
            partial(handing.take_over, fresh(task), team["two"]),
            partial(handing.refuse_transfer, fresh(task), team["head"], reason="不归我们"),
        )
        assert refused(results) == ["core.changed_meanwhile"]
        sound(task)
        assert task.state == "dispatched" and task.transfer_to == ""
        assert not Share.objects.filter(kind="task", object_id=task.pk, ends_at__isnull=True).exists()


def test_of_closing_returning_and_supervising_one_wins(team: dict[str, Viewer]) -> None:
    for _ in range(TIMES):
        task = tasks.send(a_clue(), team["one"], unit=GRID)
        Task.objects.filter(pk=task.pk).update(state="submitted")
        results = at_once(
            partial(tasks.close, fresh(task), team["head"]),
            partial(tasks.send_back, fresh(task), team["head"], reason="补照片"),
            partial(orders.supervise, fresh(task), a_leader(), grade="red", demand="快办"),
        )
        assert refused(results) == ["core.changed_meanwhile"] * 2
        sound(task)
        if task.state == "closed":
            assert not Supervision.objects.filter(task=task, closed_at__isnull=True).exists()


def test_two_helpers_answer_while_the_lead_closes(team: dict[str, Viewer]) -> None:
    """Whoever comes first: a closed task has no help that waits, and an answer is never lost."""
    for _ in range(TIMES):
        task = tasks.send(a_clue(), team["one"], unit=GRID)
        joint.call_in(task, team["one"], units=["/wuhan/jiangan/g2/"], demand="帮忙")
        help_ = Help.objects.get(task=task)
        joint.accept(help_, team["two"])
        Task.objects.filter(pk=task.pk).update(state="submitted")
        results = at_once(
            partial(joint.answer, fresh(help_), team["two"], result="好了"),
            partial(tasks.close, fresh(task), team["head"]),
        )
        assert set(refused(results)) <= {"dispatch.helpers_waiting", "core.changed_meanwhile"}
        sound(task, help_)
        assert help_.state in ("answered", "closed") and help_.result == "好了"
        assert (task.state == "closed") == (help_.state == "closed")


def a_leader() -> Viewer:
    return viewer_of(person(f"chief-{uuid4().hex[:6]}", ("leader", "/wuhan/")))


def test_accept_sent_twice_is_one_entry(team: dict[str, Viewer]) -> None:
    task, uuid = tasks.send(a_clue(), team["one"], unit=GRID), uuid4()
    results = at_once(*[partial(tasks.accept, fresh(task), team["worker"], client_uuid=uuid) for _twice in range(2)])
    assert {each.pk for each in results} == {History.objects.get(kind="task", verb="accept").pk}


def test_close_against_reopen_and_close_against_send_back(team: dict[str, Viewer]) -> None:
    clue = a_clue()
    task = tasks.send(clue, team["one"], unit=GRID)
    for _ in range(TIMES):
        Task.objects.filter(pk=task.pk).update(state="submitted", returns=0)
        results = at_once(
            partial(tasks.close, fresh(task), team["head"]),
            partial(tasks.send_back, fresh(task), team["head"], reason="看不清"),
        )
        assert refused(results) == ["core.changed_meanwhile"]
        sound(clue, task)
        assert (task.state, clue.state) in {("closed", "closed"), ("onsite", "tasked")}
        if task.state == "closed":
            results = at_once(
                partial(tasks.reopen, fresh(task), team["one"], reason="又发生"),
                partial(clues.reopen, fresh(clue), team["two"], reason="又发生"),
            )
            sound(clue, task)
            assert (task.state, clue.state) in {("dispatched", "tasked"), ("closed", "triaged")}
            if task.state == "closed":
                tasks.reopen(fresh(task), team["one"], reason="又发生")
                sound(clue, task)
                assert (task.state, clue.state) == ("dispatched", "tasked")


def test_closing_bears_a_finding_that_extends_the_clue_meanwhile(team: dict[str, Viewer]) -> None:
    """The page's copy of the clue is old by then; closing the task must not fail for it."""
    clue = a_clue()
    task = tasks.send(clue, team["one"], unit=GRID)
    Task.objects.filter(pk=task.pk).update(state="submitted")
    read = Task.objects.select_related("clue").get(pk=task.pk)
    kernel.amend(fresh(clue), SYSTEM, {"findings": 2}, verb="extend")
    tasks.close(read, team["head"])
    sound(clue, task)
    assert (task.state, clue.state, clue.findings) == ("closed", "closed", 2)


def test_two_clues_folded_into_each_other_do_not_deadlock(team: dict[str, Viewer]) -> None:
    for _ in range(TIMES):
        left, right = a_clue(), a_clue()
        results = at_once(
            partial(clues.merge, fresh(left), team["one"], into=fresh(right)),
            partial(clues.merge, fresh(right), team["two"], into=fresh(left)),
        )
        assert len(refused(results)) == 1
        sound(left, right)
        assert sorted((left.state, right.state)) == ["merged", "new"]


def report(**changes: Any) -> clues.Report:
    fields: dict[str, Any] = {"subject": "outlet:9", "factor": "a21002", "rule": "R", "title": "t", "title_code": ""}
    fields |= {"reason_code": "", "params": {}, "level": "yellow", "first_at": AT, "last_at": AT, "org_path": GRID}
    return clues.Report(**{**fields, "grid": GRID, **changes})


def test_findings_at_once_open_one_clue(team: dict[str, Viewer]) -> None:
    first, _new = clues.open_or_extend(report())
    results = at_once(*[lambda: clues.open_or_extend(report())] * 3)
    assert {clue.pk for clue, _new in results} == {first.pk}
    assert fresh(first).findings == 4


def test_a_folded_clue_goes_on_growing_and_lifts_the_one_it_lies_in(team: dict[str, Viewer]) -> None:
    target = a_clue(level="blue")
    child, _new = clues.open_or_extend(report())
    clues.merge(fresh(child), team["one"], into=fresh(target))
    again, new = clues.open_or_extend(report(level="red", risk=90))
    assert (again.pk, new, fresh(child).state) == (child.pk, False, "merged")
    assert (fresh(target).level, fresh(target).risk) == ("red", 91)  # 90 and a repeat
    assert Clue.objects.count() == 2
    sound(target, child)


def test_a_clue_is_not_opened_again_beside_a_later_one_of_the_same_matter(team: dict[str, Viewer]) -> None:
    old, _new = clues.open_or_extend(report())
    clues.propose_dismissal(old, team["one"], reason="calibration", sample={}, seen="看过曲线")
    clues.approve_dismissal(old, team["head"])
    later, new = clues.open_or_extend(report())
    assert new and later.pk != old.pk
    with pytest.raises(Refused) as caught:
        clues.reopen(fresh(old), team["one"], reason="又发生")
    assert caught.value.code == "clues.twin_is_open" and later.number in caught.value.text("en")
    assert fresh(old).state == "dismissed"


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def _until_waiting(pid: int) -> None:
    """Wait until that backend waits for a lock that somebody else holds."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("select cardinality(pg_blocking_pids(%s)) > 0", [pid])
            if cursor.fetchone() == (True,):
                return


def overtaken(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Do `first` without committing, let `second` run into it, then commit; return result or refusal of both."""
    pids: Queue[int] = Queue()

    def late() -> Any:
        try:
            pids.put(_backend())
            return second()
        except Refused as refused_:
            return refused_
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            done = first()
            running = pool.submit(late)
            _until_waiting(pids.get())
        return done, running.result()


def closed_clue(team: dict[str, Viewer]) -> Clue:
    old, _new = clues.open_or_extend(report())
    clues.propose_dismissal(old, team["one"], reason="calibration", sample={}, seen="看过曲线")
    clues.approve_dismissal(old, team["head"])
    return fresh(old)


def test_reopening_while_the_judge_opens_its_twin_is_refused_whole(team: dict[str, Viewer]) -> None:
    old = closed_clue(team)
    (later, new), answer = overtaken(
        lambda: clues.open_or_extend(report()),
        lambda: clues.reopen(fresh(old), team["one"], reason="又发生"),
    )
    assert new and isinstance(answer, Refused) and answer.code == "clues.twin_is_open"
    assert later.number in answer.text("en")
    assert (fresh(old).state, fresh(old).version) == ("dismissed", old.version)
    sound(old, later)


def test_splitting_while_the_judge_opens_its_twin_is_refused_whole(team: dict[str, Viewer]) -> None:
    target, child = a_clue(), clues.open_or_extend(report())[0]
    clues.merge(fresh(child), team["one"], into=fresh(target))
    clues.propose_dismissal(fresh(target), team["one"], reason="calibration", sample={}, seen="看过曲线")
    clues.approve_dismissal(fresh(target), team["head"])
    (later, new), answer = overtaken(
        lambda: clues.open_or_extend(report()),
        lambda: clues.split(fresh(child), team["one"], reason="不是一件事"),
    )
    assert new and isinstance(answer, Refused) and answer.code == "clues.twin_is_open"
    assert later.number in answer.text("zh") and fresh(child).merged_into_id == target.pk
    sound(child, target, later)


def test_a_task_reopened_while_the_judge_opens_a_twin_of_its_clue_stays_closed(team: dict[str, Viewer]) -> None:
    clue, _new = clues.open_or_extend(report())
    task = tasks.send(clue, team["one"], unit=GRID)
    Task.objects.filter(pk=task.pk).update(state="submitted")
    tasks.close(fresh(task), team["head"])
    before = fresh(task).version
    (later, new), answer = overtaken(
        lambda: clues.open_or_extend(report()),
        lambda: tasks.reopen(fresh(task), team["one"], reason="又发生"),
    )
    assert new and isinstance(answer, Refused) and answer.code == "clues.twin_is_open"
    assert (fresh(task).state, fresh(task).version, fresh(clue).state) == ("closed", before, "closed")
    sound(task, clue, later)


def test_a_finding_that_meets_a_reopening_extends_the_reopened_clue(team: dict[str, Viewer]) -> None:
    old = closed_clue(team)
    _entry, (grown, new) = overtaken(
        lambda: clues.reopen(fresh(old), team["one"], reason="又发生"),
        lambda: clues.open_or_extend(report()),
    )
    assert (grown.pk, new, fresh(old).state, fresh(old).findings) == (old.pk, False, "triaged", 2)
    assert Clue.objects.count() == 1
    sound(old)


def test_close_against_reopen_one_wins_and_the_other_is_told_in_words(team: dict[str, Viewer]) -> None:
    """The head closes while a dispatcher, whose page is older, opens again; and two open a closed task at once."""
    clue = a_clue()
    task = tasks.send(clue, team["one"], unit=GRID)
    for _ in range(TIMES):
        Task.objects.filter(pk=task.pk).update(state="submitted")
        results = at_once(
            partial(tasks.close, fresh(task), team["head"]),
            partial(tasks.reopen, fresh(task), team["one"], reason="又发生"),
        )
        assert not isinstance(results[0], Refused) and isinstance(results[1], Refused)
        assert results[1].code in ("core.not_from_here", "core.changed_meanwhile")
        assert all(len(results[1].text(lang)) > 8 for lang in ("zh", "en"))
        sound(clue, task)
        assert (task.state, clue.state) == ("closed", "closed")
        again = at_once(
            partial(tasks.reopen, fresh(task), team["one"], reason="又发生"),
            partial(tasks.reopen, fresh(task), team["two"], reason="回访不满意"),
        )
        assert refused(again) == ["core.changed_meanwhile"]
        told = next(each for each in again if isinstance(each, Refused))
        assert task.number in told.text("zh") and task.number in told.text("en")
        sound(clue, task)
        assert (task.state, clue.state) == ("dispatched", "tasked")
