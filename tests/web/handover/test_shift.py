"""A shift: its numbers are the rows of their lists, live and frozen; two people sign; districts see their own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import placenames, registry
from ecobureau.web.core import selectors as lists
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Audit, Clock, Link
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch.models import Task
from ecobureau.web.handover import selectors, services
from ecobureau.web.handover.models import Handover
from ecobureau.web.handover.report import Report
from ecobureau.web.places import selectors as places
from ecobureau.web.places.models import Roster, Shift
from web.clues.pool_scene import AT, CITY, DISTRICT, OTHER, a_clue, build_city, who

pytestmark = pytest.mark.django_db
SINCE, UNTIL = AT - timedelta(hours=4), AT + timedelta(hours=4)


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    scenarios.forget()
    placenames.forget()
    manual = ManualClock(AT)
    with use_clock(manual):
        yield manual
    scenarios.forget()
    placenames.forget()


def a_task(place: str = DISTRICT, **columns: Any) -> Task:
    clue = a_clue("线索", org_path=place, lon=114.8 if place == OTHER else 114.3)
    task: Task = kernel.create("task", SYSTEM, title="任务", org_path=place, owner_unit=place, clue_id=clue.pk)
    Task.objects.filter(pk=task.pk).update(**columns)
    return task


@pytest.fixture
def night(db: None) -> None:
    """Jiang'an: 5 clues, 4 tasks (handed in, closed, late, nearly late); Qingshan: a clue and a task."""
    build_city()
    a_clue("一")
    inside = a_task(submitted_at=AT)
    done = a_task(submitted_at=AT - timedelta(days=2), closed_at=AT, state="closed")
    late, soon = a_task(), a_task()
    Clock.objects.filter(kind="task", object_id__in=(inside.pk, done.pk)).update(stopped_at=AT - timedelta(hours=9))
    for task, minutes in ((late, -30), (soon, 60)):
        clocks = Clock.objects.filter(kind="task", object_id=task.pk)
        clocks.update(due_at=AT + timedelta(days=1))
        first = clocks.order_by("pk").first()
        assert first is not None
        Clock.objects.filter(pk=first.pk).update(due_at=AT + timedelta(minutes=minutes))
    a_task(OTHER)


def unit(path: str) -> Any:
    found = places.organisation(path)
    assert found is not None
    return found


def numbers(report: Report) -> dict[str, int]:
    return {line.code: line.n for line in report.lines if line.kind != "thing" and not line.cut}


def rows_of(viewer: Viewer, line: Any) -> int:
    page = lists.list_page(viewer, registry.get(line.kind), QueryDict(urlsplit(line.url).query))
    assert page.filters.is_valid(), page.filters.errors
    return page.total


def test_each_number_is_the_rows_of_its_list(night: None) -> None:
    viewer = who("duty_officer", CITY)
    for path in (CITY, DISTRICT, OTHER):
        report = selectors.report(viewer, unit(path), SINCE, UNTIL)
        assert any(line.cut for line in report.lines)
        for line in report.lines:
            if line.kind != "thing":
                assert rows_of(viewer, line) == line.n, (path, line.code)
    found = numbers(selectors.report(viewer, unit(DISTRICT), SINCE, UNTIL))
    assert found == {
        "came": 5, "sent": 4, "handled": 1, "closed": 1, "late": 1, "waiting": 5, "open": 3, "overdue": 1, "soon": 1,
    }  # fmt: skip


def test_a_district_sees_its_own_and_no_other(night: None, client: Any) -> None:
    viewer = who("dispatcher", DISTRICT)
    assert [each.path for each in selectors.centres(viewer)] == [DISTRICT]
    with pytest.raises(Refused, match="no_access"):
        selectors.asked_of(viewer, QueryDict(f"unit={OTHER}"))
    with pytest.raises(Refused):
        services.sign(viewer, unit=OTHER, since=SINCE, until=UNTIL)
    assert not Handover.objects.exists()
    away = services.sign(who("dispatcher", OTHER), unit=OTHER, since=SINCE, until=UNTIL)
    client.force_login(User.objects.get(pk=viewer.user_id))
    assert client.get(f"/handovers/{away.number}/").status_code in (403, 404)
    assert away.number not in client.get("/handover/").content.decode()
    value = f"{away.number}.came"
    assert lists.list_page(viewer, registry.get("clue"), QueryDict(f"handed={value}")).total == 0
    answer = client.post("/handover/report.xlsx", {"number": away.number, "purpose": "看看"})
    assert answer.status_code in (403, 404)
    week = selectors.week(viewer, selectors.monday_of("2026-11-22"))
    assert [name for name, _cells in week.rows] == ["合计", "江岸区"]


def test_two_people_sign_and_the_numbers_stay(night: None, client: Any, clock: ManualClock) -> None:
    out, taker = who("duty_officer", CITY, "甲"), who("duty_officer", CITY, "乙")
    watched = Clue.objects.order_by("pk").first()
    assert watched is not None
    client.force_login(User.objects.get(pk=out.user_id))
    before = numbers(selectors.report(out, unit(CITY), SINCE, UNTIL))
    form = {"unit": CITY, "since": SINCE.isoformat(), "until": UNTIL.isoformat(), "notes": "盯住", "watch": "XS-0"}
    assert client.post("/handover/", form).status_code == 422, "no such record"
    assert not Handover.objects.exists()
    answer = client.post("/handover/", form | {"watch": watched.number.lower()})
    assert answer.status_code == 302
    record = Handover.objects.get()
    assert record.number.startswith("JB-") and record.state == "handed" and record.notes == "盯住"
    assert Link.objects.filter(from_kind="handover", from_id=record.pk, to_id=watched.pk).exists()
    assert client.post("/handover/", form | {"watch": ""}).status_code == 422, "one shift is handed over once"
    assert Handover.objects.count() == 1

    for verb, act in (("take_over", {}), ("refuse", {"reason": "不接"})):
        with pytest.raises(Refused, match="four_eyes"):
            kernel.perform(record, verb, out, **act)
    record.refresh_from_db()
    assert record.state == "handed"
    with pytest.raises(Refused):
        services.refuse_it(record, taker)
    services.refuse_it(record, taker, reason="有一条没有说明")
    assert record.state == "draft"
    clock.advance(60)
    services.hand_over(record, out, notes="补上了")
    kernel.perform(record, "take_over", taker)
    assert record.state == "taken" and [head for head, _who in selectors.signatures(record)] == ["交班人", "接班人"]

    Task.objects.update(state="closed", closed_at=AT)
    Clue.objects.update(state="dismissed")
    a_clue("后来的")
    frozen = selectors.frozen(taker, record)
    assert numbers(frozen) == before
    for line in frozen.lines:
        if line.kind != "thing":
            assert rows_of(taker, line) == line.n, line.code
    page = client.get(f"/handovers/{record.number}/").content.decode()
    assert "交班时的数字" in page and "补上了" in page and f"handed={record.number}.came" in page
    for line in frozen.lines:
        if line.kind == "thing":
            assert client.get(line.url).status_code == 200


def test_the_papers_say_what_the_page_says(night: None, client: Any) -> None:
    viewer = who("duty_officer", CITY)
    client.force_login(User.objects.get(pk=viewer.user_id))
    query = f"?unit={CITY}&since=2026-11-22T08:00&until=2026-11-22T16:00"
    page = client.get(f"/handover/{query}")
    assert page.status_code == 200
    shown = [[line.n, line.how] for line in page.context["report"].lines]
    assert client.post(f"/handover/report.xlsx{query}", {"purpose": ""}).status_code == 422
    book = load_workbook(io.BytesIO(client.post(f"/handover/report.xlsx{query}", {"purpose": "交班"}).content))
    cells = [list(row) for row in book["本班数字"].iter_rows(values_only=True)]
    assert [[row[1], row[2].replace("—", "")] for row in cells if isinstance(row[1], int)] == shown
    pdf = PdfDocument(client.post(f"/handover/report.pdf{query}", {"purpose": "交班"}).content)
    text = "".join(each.get_textpage().get_text_range() for each in pdf)
    assert "值班报告" in text and "两小时内到期" in text
    assert Audit.objects.filter(what="export", kind="handover").count() == 2


def test_the_week_by_district(night: None, client: Any) -> None:
    viewer = who("leader", CITY)
    client.force_login(User.objects.get(pk=viewer.user_id))
    week = client.get("/handover/week/?week=2026-11-22").context["week"]
    assert [name for name, _cells in week.rows] == ["合计", "江岸区", "青山区"]
    assert [n for n, _url in week.rows[0][1]] == [6, 5, 2, 1, 1], "the closed one was handed in two days before"
    for name, cells in week.rows:
        for measure, (n, url) in zip(week.measures, cells, strict=True):
            params = QueryDict(urlsplit(url).query)
            assert lists.list_page(viewer, registry.get(measure.kind), params).total == n, (name, measure.code)
    book = load_workbook(
        io.BytesIO(client.post("/handover/week.xlsx", {"week": "2026-11-22", "purpose": "周报"}).content)
    )
    rows = [row for row in book["本周数字"].iter_rows(values_only=True) if row[0] in ("合计", "江岸区", "青山区")]
    assert [list(row[1:6]) for row in rows] == [[n for n, _url in cells] for _name, cells in week.rows]
    assert client.post("/handover/week.pdf", {"week": "2026-11-22", "purpose": "周报"}).content[:4] == b"%PDF"


def test_the_shift_at_hand_comes_from_the_roster(night: None) -> None:
    viewer = who("dispatcher", DISTRICT)
    assert selectors.asked_of(viewer, QueryDict()).since == AT - timedelta(hours=12)
    roster = Roster.objects.create(organisation=unit(DISTRICT), name="值班")
    Shift.objects.create(roster=roster, person_id=viewer.user_id, starts=SINCE, ends=UNTIL)
    asked = selectors.asked_of(viewer, QueryDict())
    assert asked.rostered and (asked.unit.path, asked.since, asked.until) == (DISTRICT, SINCE, UNTIL)
    assert selectors.report(viewer, asked.unit, SINCE, UNTIL).duty == (viewer.name,)
    for wrong in ("since=2026-11-22T12:00&until=2026-11-22T11:00", "since=2026-11-01T00:00", "since=2027-01-01T00:00"):
        with pytest.raises(Refused, match="span"):
            selectors.asked_of(viewer, QueryDict(wrong))


def test_who_does_not_sit_at_a_desk_signs_nothing(night: None, client: Any) -> None:
    for role, place in (("leader", CITY), ("grid_worker", DISTRICT), ("enforcement_officer", CITY)):
        viewer = who(role, place)
        with pytest.raises(Refused):
            services.sign(viewer, unit=CITY, since=SINCE, until=UNTIL)
    client.force_login(User.objects.get(pk=who("grid_worker", DISTRICT).user_id))
    assert client.get("/handover/").status_code == 403
    assert client.get("/handover/week/").status_code == 403
    assert not Handover.objects.exists()
