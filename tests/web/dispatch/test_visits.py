"""Visits: checklist before handing in, help, track and its end, checks begun from a scan; refusals change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecobureau.clock import ManualClock, now
from ecobureau.domain.visits import Point
from ecobureau.web.core import attachments
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Attachment, Audit, History, Notice
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch import checklists, jobs, selectors, tracks, visits
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task, TrackPart
from ecobureau.web.sources import codes
from ecobureau.web.sources.models import Enterprise, Outlet
from web.answers import answers, form_answers
from web.dispatch.conftest import GRID
from web.files import jpeg
from web.people import person, viewer

Who = Callable[[str], Viewer]
pytestmark = pytest.mark.django_db
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(64)
NEXT = "/wuhan/qingshan/g9/"


@pytest.fixture
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def on_site(task: Task, who: Who, media: None) -> Task:
    """The task with its worker on site, a photo taken."""
    tasks.arrive(task, who("worker"), at_device=now())
    attachments.store(task, who("worker"), SimpleUploadedFile("a.jpg", jpeg()), paper="photo")
    return task


@pytest.fixture
def stranger(office: dict[str, Any]) -> Any:
    """A grid worker of another district."""
    return person("stranger", ("grid_worker", NEXT, [NEXT]))


def state_of(task: Task) -> tuple[Any, ...]:
    fresh = Task.objects.get(pk=task.pk)
    counted = [model.objects.count() for model in (History, Attachment, TrackPart, Notice, Task)]
    return fresh.state, fresh.version, fresh.result, fresh.checks, *counted


def refused(code: str, act: Callable[[], Any], task: Task) -> None:
    before = state_of(task)
    with pytest.raises(Refused) as found:
        act()
    assert found.value.code == code
    assert state_of(task) == before


# --- the checklist ----------------------------------------------------------------------------------------------------


def test_a_task_is_handed_in_with_every_question_answered(on_site: Task, who: Who) -> None:
    asked = checklists.of(on_site)
    refused("dispatch.unanswered", lambda: tasks.submit(on_site, who("worker"), result="看过"), on_site)
    wrong = {**answers(on_site), asked[-1].code: "nonsense"}
    refused("dispatch.unanswered", lambda: tasks.submit(on_site, who("worker"), result="看过", checks=wrong), on_site)
    tasks.submit(on_site, who("worker"), result="看过", checks=answers(on_site))
    assert [row["code"] for row in on_site.checks] == [each.code for each in asked]
    entry = History.objects.get(kind="task", object_id=on_site.pk, verb="submit")
    assert json.loads(entry.body)["data"]["checks"] == answers(on_site)


def test_the_scene_adds_its_questions(on_site: Task) -> None:
    on_site.about_what = "outfall"
    assert {"seen", "matter", "flow", "smell"} <= {each.code for each in checklists.of(on_site)}


def test_the_api_and_the_record_know_the_answers(on_site: Task, office: dict[str, Any], client: Client) -> None:
    client.force_login(office["worker"])
    address = f"/api/tasks/{on_site.number}/do/submit/"
    sent = client.post(address, {"result": "看过"}, HTTP_ACCEPT="application/json")
    assert sent.status_code == 422 and checklists.of(on_site)[0].zh in sent.json()["detail"]
    sent = client.post(address, {"result": "看过", **form_answers(on_site)}, HTTP_ACCEPT="application/json")
    assert sent.status_code == 200
    client.force_login(office["head"])
    page = client.get(f"/tasks/{on_site.number}/").content.decode()
    assert all(each.zh in page and each.choices[0].zh in page for each in checklists.of(on_site))


# --- voice ------------------------------------------------------------------------------------------------------------


def test_a_voice_note_is_sound_and_not_too_large(on_site: Task, who: Who) -> None:
    def store(content: bytes) -> Attachment:
        return attachments.store(on_site, who("worker"), SimpleUploadedFile("v.weba", content), paper="voice")

    refused("core.not_sound", lambda: store(jpeg()), on_site)
    refused("core.too_large", lambda: store(WEBM + bytes(6 << 20)), on_site)
    assert store(WEBM).content_type == "audio/webm"


# --- help -------------------------------------------------------------------------------------------------------------


def test_help_is_heard_by_the_office_and_asked_by_those_who_have_the_task(task: Task, who: Who) -> None:
    refused("dispatch.somebody_elses", lambda: visits.ask_help(task, who("mate"), reason="danger"), task)
    visits.ask_help(task, who("worker"), reason="danger", note="狗")
    heard = set(Notice.objects.filter(code="dispatch.notice.help_wanted").values_list("user__username", flat=True))
    assert heard == {"dispatcher", "head", "duty"}
    assert task.state == "accepted"


def test_cannot_get_in_is_said_on_site(on_site: Task, who: Who) -> None:
    tasks.hand_back(on_site, who("worker"), reason="no_entry")
    assert on_site.state == "handed_back"


# --- the track --------------------------------------------------------------------------------------------------------


def way(count: int = 3) -> list[Point]:
    return [Point(now() + timedelta(seconds=each), 114.3 + each / 1000, 30.6, 5.0) for each in range(count)]


def keep(task: Task, actor: Viewer, **more: Any) -> TrackPart | None:
    return visits.keep_track(task, actor, **{"uuid": uuid4(), "points": way(), **more})


def test_a_track_is_kept_of_the_visit_alone(task: Task, who: Who, clock: ManualClock, media: None) -> None:
    refused("dispatch.no_visit", lambda: keep(task, who("worker")), task)
    tasks.arrive(task, who("worker"), at_device=now())
    early = [Point(now() - timedelta(hours=1), 114.2, 30.6), *way()]
    uuid = uuid4()
    kept = keep(task, who("worker"), uuid=uuid, points=early)
    assert kept is not None and len(kept.points) == 3
    assert keep(task, who("worker"), uuid=uuid) == kept
    assert keep(task, who("worker"), points=early[:1]) is None
    refused("dispatch.somebody_elses", lambda: keep(task, who("mate")), task)
    refused("dispatch.track_full", lambda: keep(task, who("worker"), points=way(2000)), task)
    drawn = tracks.drawn(who("head"), task)
    assert drawn is not None and drawn["count"] == 3 and drawn["metres"] == "191"
    attachments.store(task, who("worker"), SimpleUploadedFile("a.jpg", jpeg()), paper="photo")
    tasks.submit(task, who("worker"), result="看过", checks=answers(task))
    refused("dispatch.no_visit", lambda: keep(task, who("worker")), task)


def test_tracks_go_on_their_day_and_the_audit_says_so(on_site: Task, who: Who, clock: ManualClock) -> None:
    keep(on_site, who("worker"))
    clock.advance(timedelta(days=29))
    jobs.delete_tracks()
    assert TrackPart.objects.count() == 1
    clock.advance(timedelta(days=1))
    jobs.delete_tracks()
    jobs.delete_tracks()
    assert TrackPart.objects.count() == 0
    assert Audit.objects.filter(what="track.delete").count() == 1
    assert tracks.drawn(who("head"), on_site) is None


def test_a_stranger_neither_sees_nor_adds_a_track(on_site: Task, who: Who, stranger: Any, client: Client) -> None:
    keep(on_site, who("worker"))
    other = viewer(stranger)
    assert selectors.track_of(other, on_site) == [] and tracks.drawn(other, on_site) is None
    refused("core.no_access", lambda: keep(on_site, other), on_site)
    refused("core.no_access", lambda: visits.ask_help(on_site, other, reason="advice"), on_site)
    client.force_login(stranger)
    before = state_of(on_site)
    points = json.dumps([[now().isoformat(), 114.3, 30.6, 5]])
    for address in (f"/m/tasks/{on_site.number}/track/", f"/m/tasks/{on_site.number}/"):
        answer = client.post(address, {"uuid": uuid4(), "points": points}, HTTP_ACCEPT="application/json")
        assert answer.status_code in (404, 405)
    assert client.get(f"/m/tasks/{on_site.number}/").status_code == 404
    assert state_of(on_site) == before


@pytest.mark.parametrize("points", ["", "{}", "[[1]]", '[["2026-11-23T01:00:00",114,30,5]]', '[["x",114,30,5]]'])
def test_a_track_that_cannot_be_read_is_refused(
    on_site: Task, office: dict[str, Any], client: Client, points: str
) -> None:
    client.force_login(office["worker"])
    before = state_of(on_site)
    sent = {"uuid": uuid4(), "points": points}
    answer = client.post(f"/m/tasks/{on_site.number}/track/", sent, HTTP_ACCEPT="application/json")
    assert answer.status_code == 422 and answer.json()["code"] == "dispatch.bad_track"
    assert state_of(on_site) == before


# --- a scan -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def outlet(office: dict[str, Any]) -> Outlet:
    at = now()
    firm = Enterprise.objects.create(name="印染厂", org_path=GRID, code="X", created_at=at, updated_at=at)
    return Outlet.objects.create(
        name="总排口", enterprise=firm, code="DW001", medium="water", org_path=GRID, created_at=at, updated_at=at
    )


def test_a_scan_begins_a_check_once(outlet: Outlet, office: dict[str, Any], client: Client) -> None:
    codes.issue_all("outlet", [outlet.pk], SYSTEM)
    code = codes.many("outlet", [outlet.pk])[outlet.pk]
    client.force_login(office["worker"])
    assert "开始检查" in client.get("/m/scan/", {"code": code}).content.decode()
    for _each in range(2):
        assert client.post("/m/scan/", {"code": code}).status_code == 302
    task = Task.objects.get(about_what="outlet", about_id=outlet.pk)
    assert (task.state, task.owner_person, task.owner_unit, task.clue) == ("accepted", office["worker"], GRID, None)
    assert task.title in client.get("/m/scan/", {"code": code}).content.decode()


def test_nobody_begins_a_check_elsewhere_or_without_the_role(
    outlet: Outlet, task: Task, who: Who, stranger: Any, client: Client
) -> None:
    refused("core.not_found", lambda: visits.start_check(viewer(stranger), "outlet", outlet.pk), task)
    refused("dispatch.not_your_ground", lambda: visits.start_check(who("dispatcher"), "outlet", outlet.pk), task)
    refused("core.not_found", lambda: visits.start_check(who("worker"), "nothing", 1), task)
    codes.issue_all("outlet", [outlet.pk], SYSTEM)
    code = codes.many("outlet", [outlet.pk])[outlet.pk]
    client.force_login(stranger)
    before = state_of(task)
    shown = client.get("/m/scan/", {"code": code})
    assert shown.status_code == 404 and "总排口" not in shown.content.decode()
    assert client.post("/m/scan/", {"code": code}).status_code == 404
    assert state_of(task) == before
