"""The data snapshot of an enforcement visit: made by the program on arrival and submission, whole and checkable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books, partitions
from ecobureau.storage.types import Kind
from ecobureau.storage.writer import Writer
from ecobureau.web.clues import services as clues
from ecobureau.web.core import attachments, history
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import Attachment, History
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from storage_frames import frame
from web.answers import answers
from web.files import jpeg
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
DISTRICT, GRID, BRIGADE = "/wuhan/jiangan/", "/wuhan/jiangan/g1/", "/wuhan/jiangan/enforcement/"
BODY = "91420100MA4KABCD1"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def station(clock: ManualClock, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    places.make_organisation(SYSTEM, parent=district, code="enforcement", level="department", name="执法")
    firm = sources.make_enterprise(
        SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", org_path=GRID, lon=114.3, lat=30.6
    )  # fmt: skip
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    made = sources.make_station(SYSTEM, code="G0001", name="1号锅炉烟气", st="31", outlet=outlet)
    sources.make_logger(
        SYSTEM, made, mn="010000A8900016F000169DC0", password="123456", accept_from=NOON - timedelta(days=30)
    )
    sources.set_limit(SYSTEM, outlet, "a21002", value="50", source="排污许可证", valid_from=date(2026, 1, 1))
    return made


@pytest.fixture
def send(station: Any, database_url: str) -> Iterator[Any]:
    """Write hours of data: `send(first_hours_ago, last_hours_ago)`."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        partitions.ensure_ahead(conn, NOON)
        run = books.start_run(conn, "gateway", "test", 1, NOON)

        def write(first: int, last: int, value: str = "62.50") -> None:
            Writer(conn).write(
                [
                    frame(
                        {"a21002": {"avg": value}, "a21026": {"avg": "12.5", "flag": "M"}},
                        NOON - timedelta(hours=back),
                        station=station.pk,
                        kind=Kind.HOUR,
                        run=run,
                        cn="2061",
                    )
                    for back in range(first, last - 1, -1)
                ]
            )

        yield write


@pytest.fixture
def officer() -> Viewer:
    return viewer_of(person("officer", ("enforcement_officer", BRIGADE)))


def a_task(station: Any, officer: Viewer, **more: Any) -> Task:
    fields: dict[str, Any] = {"subject": f"outlet:{station.outlet_id}", "factor": "a21002", "rule": "R-OVER"}
    fields |= {"title": "NOx 62.5，许可 50", "title_code": "", "reason_code": "", "params": {}, "level": "orange"}
    fields |= {"first_at": NOON - timedelta(hours=2), "last_at": NOON - timedelta(hours=1), "org_path": GRID}
    fields |= {"station_id": station.pk, "outlet_id": station.outlet_id, **more}
    clue, _new = clues.open_or_extend(clues.Report(**fields))
    sender = viewer_of(person("dispatcher", ("dispatcher", DISTRICT)))
    task = tasks.send(clue, sender, unit=BRIGADE, task_kind="enforcement_visit")
    tasks.accept(task, officer)
    return task


def paper(task: Task, kind: str) -> None:
    attachments.store(task, SYSTEM, SimpleUploadedFile("a.jpg", jpeg()), paper=kind, uuid=uuid4())


def snapshots(task: Task) -> list[tuple[Attachment, dict[str, Any]]]:
    rows = Attachment.objects.filter(kind="task", object_id=task.pk, paper="data_snapshot").order_by("pk")
    return [(row, json.loads(attachments.path_of(row.sha256).read_bytes())) for row in rows]


def test_the_arrival_secures_the_series_round_the_clue(
    station: Any, send: Any, officer: Viewer, client: Any, database_url: str
) -> None:
    send(60, 1)
    task = a_task(station, officer)
    assert snapshots(task) == []
    tasks.arrive(task, officer)
    ((row, said),) = snapshots(task)
    assert (row.uploaded_by, row.content_type, row.in_history) == (None, "application/json", task.version)
    assert (said["task"], said["clue"], said["occasion"]) == (task.number, task.clue.number, "arrive")
    (its,) = said["stations"]
    hours = {series["factor"]: series for series in its["series"]}
    assert (its["code"], its["outlet"], set(hours)) == ("G0001", "DA001", {"a21002", "a21026"})
    # 48 hours before the window's begin at 10:00, and up to now: the first of the 60 hours lie outside.
    assert len(hours["a21002"]["points"]) == 50 and said["rows"] == 100
    newest = dict(zip(hours["a21002"]["columns"], hours["a21002"]["points"][-1], strict=True))
    assert (newest["avg"], newest["flag"], newest["end"]) == ("62.50", "N", "2026-11-22T04:00:00+00:00")
    assert hours["a21026"]["points"][0][3] == "M"
    with psycopg.connect(database_url) as conn:
        row_of = conn.execute("select sha256 from raw_frame where id = %s", (newest["raw"],)).fetchone()
    assert row_of is not None and said["frames"][str(newest["raw"])] == row_of[0].hex() and len(said["frames"]) == 50
    assert hashlib.sha256(attachments.path_of(row.sha256).read_bytes()).hexdigest() == row.sha256
    entry = History.objects.get(kind="task", verb="arrive")
    body = json.loads(entry.body)
    assert body["data"]["snapshot"]["sha256"] == row.sha256
    assert [each["sha256"] for each in body["papers"]] == [row.sha256]
    assert history.verify_chain("task", task.pk, task.version).ok
    client.force_login(person("head", ("unit_head", DISTRICT)))
    page = client.get(f"/tasks/{task.number}/").content.decode()
    assert f"系统固定监测数据 100 行，SHA-256 {row.sha256[:12]}…" in page
    answer = client.get(f"/files/{row.uuid}/")
    assert answer.status_code == 200 and json.loads(b"".join(answer.streaming_content)) == said


def test_the_submission_adds_one_only_where_the_data_have_changed(station: Any, send: Any, officer: Viewer) -> None:
    send(5, 1)
    task = a_task(station, officer)
    tasks.arrive(task, officer)
    for kind in ("photo", "photo", "photo", "sketch", "statement"):
        paper(task, kind)
    with pytest.raises(Refused):
        tasks.submit(task, officer, result="已检查", officers=["甲 A1"], checks=answers(task))
    assert len(snapshots(task)) == 1
    send(1, 1, "99.00")
    tasks.submit(task, officer, result="已检查", officers=["甲 A1", "乙 B2"], checks=answers(task))
    before, after = (said for _row, said in snapshots(task))
    assert (before["occasion"], after["occasion"]) == ("arrive", "submit")
    (rewritten,) = after["stations"][0]["revisions"]
    assert (rewritten["old"], rewritten["new"]) == ("62.50", "99.00") and before["stations"][0]["revisions"] == []
    head = viewer_of(person("head", ("unit_head", DISTRICT)))
    tasks.send_back(task, head, reason="照片看不清")
    tasks.submit(task, officer, result="已检查", officers=["甲 A1", "乙 B2"], checks=answers(task))
    assert len(snapshots(task)) == 2


def test_sent_twice_the_arrival_makes_one_snapshot(station: Any, send: Any, officer: Viewer) -> None:
    send(3, 1)
    task, uuid = a_task(station, officer), uuid4()
    for _ in range(2):
        tasks.arrive(Task.objects.get(pk=task.pk), officer, client_uuid=uuid)
    assert len(snapshots(task)) == 1


def test_a_refused_arrival_leaves_no_snapshot(station: Any, send: Any, officer: Viewer) -> None:
    send(3, 1)
    task = a_task(station, officer)
    for name, role, place, code in (
        ("other", "enforcement_officer", BRIGADE, "dispatch.somebody_elses"),
        ("far", "enforcement_officer", "/wuhan/qingshan/enforcement/", "core.no_access"),
    ):
        with pytest.raises(Refused) as caught:
            tasks.arrive(Task.objects.get(pk=task.pk), viewer_of(person(name, (role, place))))
        assert caught.value.code == code
    assert snapshots(task) == [] and Task.objects.get().state == "accepted"


def test_a_visit_without_instruments_asks_for_none(station: Any, officer: Viewer) -> None:
    task = a_task(station, officer, station_id=None, outlet_id=None, subject="")
    tasks.arrive(task, officer)
    for kind in ("photo", "photo", "photo", "sketch", "statement"):
        paper(task, kind)
    tasks.submit(task, officer, result="已检查", officers=["甲 A1", "乙 B2"], checks=answers(task))
    assert snapshots(task) == [] and task.state == "submitted"


def test_a_grid_check_makes_none(station: Any, send: Any) -> None:
    send(3, 1)
    worker = viewer_of(person("w", ("grid_worker", GRID, [GRID])))
    report = clues.Report(
        subject=f"outlet:{station.outlet_id}", factor="a21002", rule="R-OVER", title="t", title_code="", reason_code="",
        params={}, level="yellow", first_at=NOON, last_at=NOON, org_path=GRID, grid=GRID, station_id=station.pk,
    )  # fmt: skip
    clue, _new = clues.open_or_extend(report)
    task = tasks.send(clue, viewer_of(person("d", ("dispatcher", DISTRICT))), unit=GRID)
    tasks.accept(task, worker)
    tasks.arrive(task, worker)
    assert snapshots(task) == []
