"""The permission matrix of clue and task, role × level × action, against `matrix.txt`. A refusal changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import QueryDict

from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import attachments, live, registry, selectors
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import NOBODY, SYSTEM, Viewer, viewer_of
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import handing, joint, orders, visits
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from ecobureau.web.places.models import Membership, Organisation
from web.answers import answers
from web.files import jpeg
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DISTRICT, GRID, NEXT = "/wuhan/jiangan/", "/wuhan/jiangan/g1/", "/wuhan/jiangan/g2/"
BRIGADE = "/wuhan/jiangan/enforcement/"
SPOT = {"lon": 114.3, "lat": 30.6}
ROLES = (
    "duty_officer",
    "dispatcher",
    "grid_worker",
    "enforcement_officer",
    "unit_head",
    "leader",
    "auditor",
    "administrator",
)
WHERE: dict[str, tuple[str, list[str]]] = {
    "city": ("/wuhan/", []),
    "district": (DISTRICT, []),
    "elsewhere": ("/wuhan/qingshan/", []),
    "grid": (GRID, [GRID]),
    "next_grid": (NEXT, [NEXT]),
    "narrowed": (DISTRICT, [GRID]),
    "away": (DISTRICT, [NEXT]),
    "unit": (BRIGADE, []),
    "other_unit": ("/wuhan/qingshan/enforcement/", []),
}
WORDS = {
    "READ": "view list count map search api download live",
    "ROUTE": "route withdraw insist reopen call_in transfer",
    "TAKE": "take_over refuse_transfer",
    "FIELD": "accept hand_back ask_help arrive record submit hand_over",
    "SIGN": "send_back close suspend resume reopen hand_over call_in transfer",
    "TRIAGE": "triage dispatch watch merge split propose_dismissal reopen",
}
FACES = (*WORDS["READ"].split(), "export", "attach", "share")
ONLY_ACCESS = {"core.no_access", "core.not_your_role", "core.sign_in", "dispatch.not_receiver"}


def read_matrix() -> dict[tuple[str, str, str], frozenset[str]]:
    """Return (what, role, where) → allowed words."""
    found: dict[tuple[str, str, str], frozenset[str]] = {}
    for line in (Path(__file__).parent / "matrix.txt").read_text(encoding="utf-8").splitlines():
        what, role, *rest = (line.partition("#")[0]).split() or ("", "")
        places_ = [word for word in rest if word in WHERE]
        allowed = [each for word in rest if word not in WHERE for each in WORDS.get(word, word).split()]
        for where in places_:
            found[what, role, where] = found.get((what, role, where), frozenset()) | frozenset(allowed)
    return found


MATRIX = read_matrix()


def expected(what: str, role: str, where: str) -> frozenset[str]:
    """Return what the table allows."""
    return MATRIX.get((what, role, where), frozenset())


@pytest.fixture
def city(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    for name in ("jiangan", "qingshan"):
        district = places.make_organisation(SYSTEM, parent=top, code=name, level="district", name=name)
        places.make_organisation(SYSTEM, parent=district, code="enforcement", level="department", name=f"{name}执法")
        for grid in ("g1", "g2"):
            places.make_organisation(SYSTEM, parent=district, code=grid, level="grid", name=f"{name}{grid}")
    for unit in (GRID, BRIGADE):
        mate = person(f"mate-{unit}")
        places.add_member(SYSTEM, Organisation.objects.get(path=unit), mate, valid_from=date(2020, 1, 1))


@pytest.fixture
def people(city: None) -> list[tuple[str, str, Any, Viewer]]:
    """Return (role, where, user, viewer) for every role at every level, and nobody."""
    found: list[tuple[str, str, Any, Viewer]] = [("nobody", "nowhere", None, NOBODY)]
    for role in ROLES:
        for where, (place, grids) in WHERE.items():
            held = grids or ([NEXT] if role == "grid_worker" else [])
            user = person(f"{role}-{where}", (role, place, held))
            found.append((role, where, user, viewer_of(user)))
    return found


def make(what: str) -> Any:
    if what == "clue":
        return kernel.create(
            "clue", SYSTEM, title="矩阵线索", org_path=GRID, grid=GRID, first_at=AT, last_at=AT, **SPOT
        )
    unit, kind = (BRIGADE, "enforcement_visit") if what == "task/unit" else (GRID, "grid_check")
    task = kernel.create(
        "task", SYSTEM, title="矩阵任务", org_path=GRID, grid=GRID, owner_unit=unit, task_kind=kind,
        transfer_to=unit, **SPOT,
    )  # fmt: skip
    if what.startswith("task"):
        return task
    kind = {"help/unit": "help", "order/unit": "supervision"}[what]
    more = {"title": "矩阵", "org_path": GRID, "grid": GRID, "owner_unit": BRIGADE, "demand": "限时"}
    return kernel.create(kind, SYSTEM, task_id=task.pk, **more)


def paper(record: Any, kind: str) -> Any:
    upload = SimpleUploadedFile("a.jpg", jpeg())
    return attachments.store(record, SYSTEM, upload, paper=kind, uuid=uuid.uuid4())


def snapshot(record: Any) -> tuple[Any, ...]:
    tables = ("core_history", "core_clock", "core_attachment", "core_link", "core_notice", "clues_clue")
    tables += ("clues_evidence", "dispatch_task", "dispatch_help", "dispatch_supervision", "core_share")
    with connection.cursor() as cursor:
        cursor.execute("select " + ", ".join(f"(select count(*) from {table})" for table in tables))
        counted = cursor.fetchone()
    return (*counted, *type(record).objects.values_list("version", "state", "updated_at").get(pk=record.pk))


# --- verbs ------------------------------------------------------------------------------------------------------------


INSIDE = ("take_in", "let_go", "rescore", "answer")
"""Written by the program when another clue, a place or an answer to a reporter touches it."""


def clue_verbs(other: Clue) -> dict[str, Callable[[Any, Viewer], Any]]:
    by_system = {
        verb: lambda clue, who, verb=verb: kernel.perform(clue, verb, who, reason="无", data={"task": "RW-1"})
        for verb in ("extend", "resurface", "take_back", "close", "follow_reopened", *INSIDE)
    }
    return {
        "triage": clues.triage,
        "dispatch": lambda clue, who: tasks.send(clue, who, unit=GRID),
        "watch": lambda clue, who: clues.watch(clue, who, reason="等下一小时"),
        "merge": lambda clue, who: clues.merge(clue, who, into=other),
        "split": lambda clue, who: clues.split(clue, who, reason="不是一件事"),
        "propose_dismissal": lambda clue, who: clues.propose_dismissal(
            clue, who, reason="calibration", sample={}, seen="看过曲线"
        ),
        "approve_dismissal": clues.approve_dismissal,
        "refuse_dismissal": lambda clue, who: clues.refuse_dismissal(clue, who, reason="证据不足"),
        "reopen": lambda clue, who: clues.reopen(clue, who, reason="又发生"),
        **by_system,
    }


def task_verbs() -> dict[str, Callable[[Any, Viewer], Any]]:
    return {
        "route": lambda task, who: tasks.route(task, who, unit=task.owner_unit),
        "withdraw": lambda task, who: tasks.withdraw(task, who, reason="派错了"),
        "accept": tasks.accept,
        "hand_back": lambda task, who: tasks.hand_back(task, who, reason="not_ours"),
        "ask_help": lambda task, who: visits.ask_help(task, who, reason="advice"),
        "insist": lambda task, who: tasks.insist(task, who, reason="属于你"),
        "arrive": tasks.arrive,
        "record": tasks.record,
        "submit": lambda task, who: tasks.submit(
            task, who, result="看过了", officers=["甲 1", "乙 2"], checks=answers(task)
        ),
        "send_back": lambda task, who: tasks.send_back(task, who, reason="看不清"),
        "close": tasks.close,
        "suspend": lambda task, who: tasks.suspend(task, who, reason="weather"),
        "resume": tasks.resume,
        "reopen": lambda task, who: tasks.reopen(task, who, reason="又发生"),
        "hand_over": lambda task, who: handing.hand_over(task, who, person=_mate(task), reason="换班"),
        "call_in": lambda task, who: joint.call_in(task, who, units=["/wuhan/"], demand="测一测"),
        "supervise": lambda task, who: orders.supervise(task, who, grade="red", demand="限时"),
        "transfer": lambda task, who: handing.transfer(task, who, unit=DISTRICT, reason="不归我们管"),
        "take_over": handing.take_over,
        "refuse_transfer": lambda task, who: handing.refuse_transfer(task, who, reason="也不归我们管"),
    }


def _mate(task: Task) -> int:
    return Membership.objects.get(organisation__path=task.owner_unit).person_id


def help_verbs() -> dict[str, Callable[[Any, Viewer], Any]]:
    return {
        "accept": joint.accept,
        "answer": lambda help_, who: joint.answer(help_, who, result="测过了"),
        "decline": lambda help_, who: joint.decline(help_, who, reason="not_ours"),
        "return": lambda help_, who: joint.send_back(help_, who, reason="没写清"),
        "withdraw": lambda help_, who: joint.withdraw(help_, who, reason="不用了"),
        "close": lambda help_, who: kernel.perform(help_, "close", who),
    }


def order_verbs() -> dict[str, Callable[[Any, Viewer], Any]]:
    return {
        "sign": orders.sign,
        "answer": lambda order, who: orders.answer(order, who, answer="已办"),
        "press": lambda order, who: orders.press(order, who, reason="还不行"),
        "lift": orders.lift,
        "withdraw": lambda order, who: orders.withdraw(order, who, reason="不用了"),
    }


@pytest.mark.parametrize("what", ["clue", "task/grid", "task/unit", "help/unit", "order/unit"])
def test_every_verb_of_every_role_at_every_level(what: str, people: list[tuple[str, str, Any, Viewer]]) -> None:
    record = make(what)
    needed = ("data_snapshot", "sketch", "statement") if what.startswith("task") else ()
    for kind in ("photo", "photo", "photo", *needed):
        paper(record, kind)
    verbs = {"task": task_verbs, "help": help_verbs, "order": order_verbs}.get(
        what.split("/")[0], lambda: clue_verbs(make("clue"))
    )()
    flow = registry.get(record.KIND).flow
    assert set(verbs) == set(flow.verbs()), "a verb is missing from this test"
    wrong = []
    for verb, do in verbs.items():
        source = next(move.sources[0] for move in flow.transitions if move.verb == verb)
        type(record).objects.filter(pk=record.pk).update(state=source)
        before = snapshot(record)
        for role, where, _user, who in people:
            told = attempt(record, do, who)
            may = verb in expected(what, role, where)
            if (told is None) != may or not (told is None or told in ONLY_ACCESS):
                wrong.append(f"{what} {role} at {where}: {verb} gave {told or 'done'}, table says {may}")
        if snapshot(record) != before:  # what was done is rolled back, so a refusal wrote
            wrong.append(f"{what}: somebody who was refused {verb} changed something")
    assert not wrong, "\n".join(wrong)


def attempt(record: Any, do: Callable[[Any, Viewer], Any], who: Viewer) -> str | None:
    """Do a verb and take it back; return the code of a refusal. A refusal is not rolled back by the test."""
    fresh = type(record).objects.get(pk=record.pk)
    try:
        with transaction.atomic():
            do(fresh, who)
            transaction.set_rollback(True)
    except Refused as refused:
        return refused.code
    return None


# --- faces ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["clue", "task/grid", "task/unit"])
def test_every_face_of_every_role_at_every_level(
    what: str, people: list[tuple[str, str, Any, Viewer]], client: Any
) -> None:
    record = make(what)
    file = paper(record, "photo")
    wrong = []
    after = snapshot(record)
    for role, where, user, who in people:
        client.logout() if user is None else client.force_login(user)
        before = after
        got = dict(faces(client, who, record, file))
        for face in FACES:
            if got[face] != (face in expected(what, role, where)):
                wrong.append(f"{what} {role} at {where}: {face} gave {got[face]}")
        after = snapshot(record)
        grown = after[2] - before[2]
        if grown != got["attach"] or (before[:2], before[3:]) != (after[:2], after[3:]):
            wrong.append(f"{what} {role} at {where}: looking changed something")
    assert not wrong, "\n".join(wrong)


def faces(client: Any, who: Viewer, record: Any, file: Any) -> Iterator[tuple[str, bool]]:
    kind = registry.get(record.KIND)
    base, topic = f"/{kind.plural}/", f"record:{kind.code}:{record.pk}"
    plain = {"headers": {"Accept": "application/json"}}  # a refusal costs no page
    yield "view", client.get(f"{base}{record.number}/", **plain).status_code == 200
    listed = client.get(base, {"q": record.number}, headers={"HX-Target": "rows", "Accept": "application/json"})
    yield "list", listed.status_code == 200 and f"{base}{record.number}/" in listed.content.decode()
    try:
        yield "count", selectors.list_page(who, kind, QueryDict(f"q={record.number}")).total == 1
    except Refused:
        yield "count", False
    marks = client.get(f"{base}map/marks.json", {"q": record.number})
    yield "map", marks.status_code == 200 and f"{base}{record.number}/" in marks.content.decode()
    yield "search", any(kind is found for found, _rows, _more in selectors.search_all(who, record.number))
    yield "api", client.get(f"/api{base}{record.number}/").status_code == 200
    yield "download", client.get(f"/files/{file.uuid}/", **plain).status_code == 200
    ticket = live.read_token(live.token(who, [topic, f"list:{kind.code}"]))
    yield "live", ticket.hears(topic, "")
    if ticket.hears(f"list:{kind.code}", record.grid):
        assert ticket.hears(topic, ""), "the list's news tell of a record that is not theirs"
    exported = client.post(f"{base}export.csv?q={record.number}", {"purpose": "核对权限"}, **plain)
    body = b"".join(exported.streaming_content) if exported.streaming else b""
    yield "export", record.number.encode() in body
    yield "share", client.get(f"{base}{record.number}/shares/", **plain).status_code == 200
    sent = client.post(
        f"{base}{record.number}/files/",
        {"file": SimpleUploadedFile("b.jpg", jpeg("red")), "paper": "photo"},
        **plain,
    )
    yield "attach", sent.status_code == 201


def test_the_table_speaks_of_real_roles_levels_and_verbs() -> None:
    known = {
        *FACES,
        *(verb for kind in ("clue", "task", "help", "supervision") for verb in registry.get(kind).flow.verbs()),
    }
    for (what, role, where), words in MATRIX.items():
        assert (
            what in ("clue", "task/grid", "task/unit", "help/unit", "order/unit") and role in ROLES and where in WHERE
        )
        assert words <= known, words - known


def test_own_hands_reach_a_task_and_nobody_elses(city: None) -> None:
    mine, other = (person(name, ("grid_worker", NEXT, [NEXT])) for name in ("mine", "other"))
    record = kernel.create("task", SYSTEM, title="借调", org_path=GRID, grid=GRID, owner_unit=GRID, owner_person=mine)
    assert attempt(record, tasks.accept, viewer_of(other)) == "core.no_access"
    assert attempt(record, tasks.accept, viewer_of(mine)) is None


def test_a_dispatcher_routes_inside_the_district_and_to_who_answers_for_the_place(city: None) -> None:
    who = viewer_of(person("qu", ("dispatcher", DISTRICT)))
    clue = make("clue")
    before = snapshot(clue)
    assert attempt(clue, lambda c, v: tasks.send(c, v, unit="/wuhan/qingshan/g1/"), who) == "dispatch.unit_elsewhere"
    assert snapshot(clue) == before and not Task.objects.exists()
    for unit in (GRID, BRIGADE, DISTRICT, "/wuhan/"):
        assert attempt(clue, lambda c, v, unit=unit: tasks.send(c, v, unit=unit), who) is None
