"""From an hour over the limit at night to silence, to permitted work, or to a task of enforcement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from pypdfium2 import PdfDocument

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.clues import judge
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import clocks, history
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import Audit, Clock, History, Notice
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from ecobureau.web.remote_stop import selectors, services, voice, watch
from ecobureau.web.remote_stop.models import Camera, NightPermit, RemoteStop
from ecobureau.web.sources import codes
from ecobureau.web.sources import services as sources
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = datetime(2026, 11, 23, 22, tzinfo=BEIJING)
BODY = "91420100MA4KABCD1"
BRIGADE = "/wuhan/enforcement/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NIGHT + timedelta(hours=1))) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def duty(clock: ManualClock) -> Viewer:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    places.make_organisation(
        SYSTEM, parent=top, code="enforcement", level="department", name="执法支队", duties=["enforcement"]
    )
    return viewer_of(person("duty", ("duty_officer", "/wuhan/")))


@pytest.fixture
def station(duty: Viewer) -> Any:
    """The boundary station of a construction site, whose firm has a phone."""
    sources.sync_factors(SYSTEM)
    firm = sources.make_enterprise(
        SYSTEM,
        code=BODY + check_letter(BODY),
        name="江城建设",
        lon=114.3,
        lat=30.6,
        contact="老周",
        phone="02780000000",
    )
    outlet = sources.make_outlet(SYSTEM, firm, code="ZS001", name="工地东界", medium="noise")
    sources.apply_profile(SYSTEM, outlet, "noise_construction", valid_from=date(2026, 1, 1))
    made = sources.make_station(SYSTEM, code="N0009", name="工地东界噪声", st="23", outlet=outlet)
    sources.make_logger(
        SYSTEM, made, mn="010000A8900016F000169DC9", password="123456", accept_from=NIGHT - timedelta(days=9)
    )
    return made


@pytest.fixture
def store(station: Any, database_url: str) -> Iterator[Callable[..., None]]:
    """Store levels as the gateway does, and have them judged."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        run = books.start_run(conn, "test", "here", 1, NIGHT)
        writer = Writer(conn)

        def write(first: datetime, *levels: str, kind: Kind = Kind.MINUTE, seconds: int = 60) -> None:
            batch = []
            for at, level in enumerate(levels):
                start = first + at * timedelta(seconds=seconds)
                end = start + timedelta(seconds=seconds)
                raw = f"{kind} {start.isoformat()} {level}".encode()
                reading = Reading.of("Leq", "dB", {"data": level}, "N")
                period = Period(station.pk, station.st, kind, seconds, start, end, [reading])
                batch.append(
                    Arrival(end, raw, sha256(raw).digest(), run, station.pk, "MN", "2051", "data", period=period)
                )
            writer.write(batch)
            while judge.drain(200):
                pass

        yield write


@pytest.fixture
def record(store: Callable[..., None]) -> RemoteStop:
    """A remote stop that the program opened for an hour over the limit at night."""
    store(NIGHT, "68.0", kind=Kind.HOUR, seconds=3600)
    watch.watch()
    return RemoteStop.objects.get()


def _refused(code: str, call: Any, *words: Any, **named: Any) -> None:
    before = History.objects.count()
    with pytest.raises(Refused) as caught:
        call(*words, **named)
    assert caught.value.code == code
    assert History.objects.count() == before


def _ordered(record: RemoteStop, duty: Viewer, store: Callable[..., None], clock: ManualClock) -> datetime:
    store(clock.now() - timedelta(minutes=10), *["68.0"] * 10)
    services.call_human(record, duty, outcome="answered")
    services.order(record, duty, told="老周，立即停止浇筑")
    return clock.now()


def test_from_an_hour_at_night_to_silence_by_the_stations_own_levels(
    record: RemoteStop, duty: Viewer, store: Callable[..., None], clock: ManualClock
) -> None:
    assert (record.state, record.automatic, record.phone, record.limit_db) == ("checked", True, "02780000000", 55.0)
    assert Notice.objects.filter(code="remote_stop.notice.opened", user_id=duty.user_id).count() == 1
    watch.watch()
    assert RemoteStop.objects.count() == 1
    clock.advance(timedelta(minutes=3))
    services.call_human(record, duty, outcome="not_answered")
    _refused("remote_stop.not_reached", services.order, record, duty, told="x")
    at = _ordered(record, duty, store, clock)
    assert record.level_before == 68.0
    running = Clock.objects.get(kind="remote_stop", stopped_at__isnull=True)
    assert (running.code, running.due_at) == ("verify", at + timedelta(minutes=10))
    clock.advance(timedelta(minutes=5))
    _refused("remote_stop.too_early", services.verify_data, record, duty)
    # Two loud minutes while the machines come to a stop do not count.
    store(at, "68.0", "66.0", *["50.0"] * 8)
    clock.advance(timedelta(minutes=5))
    watch.watch()
    record.refresh_from_db()
    assert (record.state, record.level_after, record.closed_at) == ("stopped", 50.0, clock.now())
    assert "噪声由 68.0 降到 50.0 dB(A)，限值 55.0" in selectors.answer_of(record)
    assert history.verify_chain("remote_stop", record.pk, record.version).ok
    assert not Clock.objects.filter(kind="remote_stop", stopped_at__isnull=True).exists()
    # The hour in which it stopped is over the limit as a whole; that opens no second one.
    store(NIGHT + timedelta(hours=1), "60.0", kind=Kind.HOUR, seconds=3600)
    clock.set(NIGHT + timedelta(hours=2))
    watch.watch()
    assert RemoteStop.objects.count() == 1
    store(NIGHT + timedelta(hours=2), "60.0", kind=Kind.HOUR, seconds=3600)
    clock.set(NIGHT + timedelta(hours=3))
    watch.watch()
    assert RemoteStop.objects.count() == 2


def test_what_does_not_stop_goes_to_enforcement_for_a_case(
    record: RemoteStop, duty: Viewer, store: Callable[..., None], clock: ManualClock
) -> None:
    at = _ordered(record, duty, store, clock)
    store(at, *["67.0"] * 10)
    clock.advance(timedelta(minutes=10))
    services.verify_data(record, duty)
    assert (record.state, record.level_after) == ("not_stopped", 67.0)
    assert Clock.objects.get(kind="remote_stop", stopped_at__isnull=True).code == "hand"
    _refused("dispatch.no_such_unit", services.to_enforcement, record, duty, unit="/nowhere/")
    services.to_enforcement(record, duty)
    task = Task.objects.get()
    assert (record.state, record.task_number, task.clue_id) == ("handed", task.number, record.clue_id)
    assert (task.owner_unit, task.task_kind) == (BRIGADE, "enforcement_visit")
    assert "第一千一百八十五条" in record.case_basis and record.case_basis in task.order
    assert "已交执法人员到场处理" in selectors.answer_of(record)
    assert Clue.objects.get().state == "tasked"


def test_too_few_levels_say_nothing_and_a_person_may(
    record: RemoteStop, duty: Viewer, store: Callable[..., None], clock: ManualClock
) -> None:
    at = _ordered(record, duty, store, clock)
    store(at, "50.0", "50.0", "50.0", "50.0")
    clock.advance(timedelta(minutes=10))
    watch.watch()
    _refused("remote_stop.too_few", services.verify_data, record, duty)
    assert RemoteStop.objects.get().state == "ordered"
    assert clocks.tick(clock.now() + timedelta(seconds=1)) >= 1
    _refused("core.reason_missing", kernel.perform, record, "confirm_stopped", duty)
    kernel.perform(record, "confirm_stopped", duty, reason="视频里已停机")
    assert record.state == "stopped"


def test_permitted_work_shows_its_proof_and_ends(
    station: Any, duty: Viewer, store: Callable[..., None], clock: ManualClock
) -> None:
    span = {"begins": NIGHT - timedelta(hours=1), "ends": NIGHT + timedelta(hours=8)}
    fields = {"title": "浇筑", "org_path": "/wuhan/", "reference": "武城建夜〔2026〕7号", "issuer": "市城建局"}
    _refused("remote_stop.no_subject", services.grant, SYSTEM, station_code="none", **span, **fields)
    _refused(
        "remote_stop.ends_before", services.grant, SYSTEM, station_code="N0009", begins=NIGHT, ends=NIGHT, **fields
    )
    services.grant(SYSTEM, station_code="N0009", **span, **fields)
    store(NIGHT, "68.0", kind=Kind.HOUR, seconds=3600)
    watch.watch()
    record = RemoteStop.objects.get()
    assert record.state == "checked", "no public notice, no permit"
    firm = station.outlet.enterprise.code
    made = services.grant(SYSTEM, enterprise_code=firm, noticed_on=date(2026, 11, 22), **span, **fields)
    services.check_permit(record, duty)
    assert (record.state, record.permit_id) == ("permitted", made.pk)
    watch.watch()
    assert RemoteStop.objects.count() == 1


def test_by_day_nothing_opens_by_itself(duty: Viewer, store: Callable[..., None], clock: ManualClock) -> None:
    clock.set(NIGHT - timedelta(hours=3))
    store(NIGHT - timedelta(hours=4), "80.0", kind=Kind.HOUR, seconds=3600)
    assert Clue.objects.get().state == "new"
    watch.watch()
    assert not RemoteStop.objects.exists()


def test_a_machine_calls_only_through_a_channel(
    record: RemoteStop, duty: Viewer, settings: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    _refused("remote_stop.no_channel", services.call_machine, record, duty)
    monkeypatch.setenv("ECOBUREAU_DATA", str(tmp_path))
    settings.VOICE_SENDER = "ecobureau.web.remote_stop.voice.to_file"
    services.call_machine(record, duty)
    call = json.loads(History.objects.get(kind="remote_stop", verb="call_machine").body)["data"]["call"]
    services.place_call(record.pk, call, record.phone)
    services.place_call(record.pk, call, record.phone)
    (line,) = (tmp_path / "voice" / "outbox.jsonl").read_text("utf-8").splitlines()
    assert (json.loads(line)["phone"], json.loads(line)["number"]) == ("02780000000", record.number)
    kept = json.loads(History.objects.get(kind="remote_stop", verb="machine_answer").body)["data"]
    assert kept["outcome"] == "handed"
    record.refresh_from_db()
    assert not record.reached, "nobody knows yet how that call ended"


@pytest.mark.parametrize(("answer", "outcome"), [("answered", "answered"), ("sure", "failed")])
def test_a_gateway_says_how_the_call_ended(
    record: RemoteStop, duty: Viewer, settings: Any, monkeypatch: Any, answer: str, outcome: str
) -> None:
    sent: list[Any] = []
    settings.VOICE_SENDER = "ecobureau.web.remote_stop.voice.to_webhook"
    settings.VOICE_URL = "https://voice.example/call"
    monkeypatch.setattr(
        voice.outbound, "post_json", lambda url, body, timeout: sent.append((url, body)) or {"outcome": answer}
    )
    services.call_machine(record, duty)
    call = json.loads(History.objects.get(kind="remote_stop", verb="call_machine").body)["data"]["call"]
    services.place_call(record.pk, call, record.phone)
    kept = json.loads(History.objects.get(kind="remote_stop", verb="machine_answer").body)["data"]
    record.refresh_from_db()
    assert (kept["outcome"], record.reached) == (outcome, outcome == "answered")
    assert sent[0][1]["id"] == call


def test_the_page_of_the_clue_opens_one_and_its_page_shows_it(
    store: Callable[..., None], duty: Viewer, client: Any
) -> None:
    from ecobureau.web.accounts.models import User

    store(NIGHT, "68.0", kind=Kind.HOUR, seconds=3600)
    clue = Clue.objects.get()
    client.force_login(User.objects.get(username="duty"))
    address = f"/remotestops/of/{clue.number}/"
    assert address in client.get(f"/clues/{clue.number}/").content.decode()
    assert client.post(address).status_code == 302
    record = RemoteStop.objects.get()
    page = client.get(f"/remotestops/{record.number}/").content.decode()
    assert "没有配置语音通道" in page and clue.number in page
    for verb in ("call_human", "call_machine"):
        assert client.get(f"/remotestops/{record.number}/do/{verb}/").status_code == 200
    assert client.get("/nightpermits/").status_code == 200
    assert client.get("/remotestops/").status_code == 200
    assert client.post(address).status_code in (409, 422, 403, 400)
    assert RemoteStop.objects.count() == 1


def test_a_permit_is_entered_on_its_page_in_the_citys_time(station: Any, duty: Viewer, client: Any) -> None:
    client.force_login(person("office", ("dispatcher", "/wuhan/")))
    assert client.get("/nightpermits/new/").status_code == 200
    given = {
        "title": "浇筑", "org_path": "/wuhan/", "station_code": "N0009", "reference": "7号", "issuer": "市城建局",
        "basis": "repair", "begins": "2026-11-23T22:00", "ends": "2026-11-24T06:00",
    }  # fmt: skip
    assert client.post("/nightpermits/new/", given).status_code == 302
    made = NightPermit.objects.get()
    assert (made.begins, made.station_id) == (NIGHT, station.pk)
    page = client.get(f"/nightpermits/{made.number}/").content.decode()
    assert "工地东界噪声" in page and "抢修" in page


def test_the_page_that_hands_it_over_names_units(
    record: RemoteStop, duty: Viewer, client: Any, clock: ManualClock
) -> None:
    from ecobureau.web.accounts.models import User

    services.call_human(record, duty, outcome="not_answered")
    services.unreached(record, duty, reason="三次未接")
    assert record.state == "not_stopped"
    client.force_login(User.objects.get(username="duty"))
    page = client.get(f"/remotestops/{record.number}/do/to_enforcement/").content.decode()
    assert "执法支队" in page
    assert client.post(f"/remotestops/{record.number}/do/to_enforcement/", {"unit": BRIGADE}).status_code == 302
    assert Task.objects.get().owner_unit == BRIGADE


def test_residents_read_on_the_scanned_page_what_was_done_and_what_is_permitted(
    record: RemoteStop, station: Any, duty: Viewer, client: Any, clock: ManualClock
) -> None:
    code = codes.issue(SYSTEM, "station", station.pk).code

    def scanned() -> str:
        cache.clear()
        return str(client.get(f"/c/{code}/", follow=True).content.decode())

    assert "正在远程喊停和核实" in scanned()
    services.call_human(record, duty, outcome="not_answered")
    services.unreached(record, duty, reason="三次未接")
    page = scanned()
    assert "工地联系不上，已交执法人员" in page and "三次未接" not in page and "老周" not in page
    services.grant(
        SYSTEM, title="浇筑", org_path="/wuhan/", reference="7号", issuer="市城建局", station_code="N0009",
        begins=NIGHT, ends=NIGHT + timedelta(hours=8), noticed_on=date(2026, 11, 22), notice="社区公告栏",
    )  # fmt: skip
    assert "7号，市城建局" in scanned() and "社区公告栏" in scanned()
    clock.advance(timedelta(hours=80))
    assert "联系不上" not in scanned() and "7号，市城建局" not in scanned()


def test_the_camera_stands_beside_the_permit_and_leads_nowhere_but_to_a_page(
    record: RemoteStop, duty: Viewer, client: Any
) -> None:
    from ecobureau.web.accounts.models import User

    fields = {"title": "大门球机", "org_path": "/wuhan/", "station_code": "N0009"}
    chief = viewer_of(person("chief", ("dispatcher", "/wuhan/")))
    for bad in ("javascript:alert(1)", "video.example/1", "rtsp://video.example/1"):
        _refused("remote_stop.bad_address", services.put_camera, chief, address=bad, **fields)
    _refused(
        "remote_stop.no_subject",
        services.put_camera,
        chief,
        address="https://v.example/1",
        **(fields | {"station_code": "x"}),
    )
    _refused("core.no_access", services.put_camera, duty, address="https://v.example/1", **fields)
    assert not Camera.objects.exists()
    made = services.put_camera(chief, address="https://v.example/1", **fields)
    client.force_login(User.objects.get(username="duty"))
    assert 'href="https://v.example/1"' in client.get(f"/remotestops/{record.number}/").content.decode()
    _refused("remote_stop.bad_address", services.readdress, made, chief, address="file:///x")
    services.readdress(made, chief, address="https://v.example/2")
    assert 'href="https://v.example/2"' in client.get(f"/remotestops/{record.number}/").content.decode()
    kernel.perform(made, "remove", chief, reason="工地完工")
    assert "没有登记摄像头" in client.get(f"/remotestops/{record.number}/").content.decode()


def test_the_highest_level_is_kept_beside_the_mean_and_shown_with_its_limit(
    record: RemoteStop, duty: Viewer, client: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(selectors, "peak", lambda station, start, end: 78.4)
    services.call_human(record, duty, outcome="answered")
    services.order(record, duty, told="老周，立即停止浇筑")
    assert record.peak_before == 78.4
    assert selectors.peak_limit(NIGHT) == 70.0 and selectors.peak_limit(NIGHT - timedelta(hours=4)) is None


def test_the_transfer_record_goes_to_who_may_take_it_once_it_was_handed_over(
    record: RemoteStop, duty: Viewer, client: Any
) -> None:
    from ecobureau.web.accounts.models import User

    client.force_login(User.objects.get(username="duty"))
    address = f"/remotestops/{record.number}/transfer.pdf"
    assert client.post(address, {"purpose": "立案"}).status_code in (409, 422)
    services.call_human(record, duty, outcome="not_answered")
    services.unreached(record, duty, reason="三次未接")
    services.to_enforcement(record, duty)
    assert client.post(address, {"purpose": " "}).status_code == 422
    client.force_login(person("officer", ("enforcement_officer", "/wuhan/")))
    assert client.post(address, {"purpose": "立案"}).status_code == 403
    assert not Audit.objects.filter(what="export").exists()
    client.force_login(User.objects.get(username="duty"))
    taken = client.post(address, {"purpose": "立案"})
    assert taken.status_code == 200
    text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(taken.content))
    assert record.number in text and "第一千一百八十五条" in text and "三次未接" in text and record.task_number in text
    assert Audit.objects.filter(what="export").count() == 1
