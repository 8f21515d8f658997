"""Commands to devices on the pages: who is offered what, the second look, gaps, progress; refusals queue nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils.translation import override

from ecobureau.clock import BEIJING, ManualClock, now, use_clock
from ecobureau.domain.workflow import Role
from ecobureau.storage import commands as store
from ecobureau.storage.commands import State
from ecobureau.storage.types import Kind
from ecobureau.web.core.models import Audit
from ecobureau.web.desk import devices
from ecobureau.web.desk.device_forms import CommandForm, read_stamp
from ecobureau.web.sources.models import Logger, Station
from ecobureau.web.telemetry import selectors as telemetry
from ecobureau.web.telemetry.commands import OFFERS
from web.people import person

pytestmark = pytest.mark.django_db
PLACE = "/wuhan/jiangan/"
AT = datetime(2026, 11, 22, 4, 20, tzinfo=UTC)


@pytest.fixture
def clock():
    with use_clock(ManualClock(AT)) as manual:
        yield manual


@pytest.fixture
def station(clock: Any) -> Station:
    made = {"created_at": now(), "updated_at": now()}
    row = Station.objects.create(
        name="一号站", name_sort="yi", initials="y", code="S1", st="32", org_path=PLACE, **made
    )
    Logger.objects.create(
        station=row,
        mn="010000A8900016F000169DC0",
        st="32",
        edition=1,
        password_sealed=b"x",
        accept_from=now() - timedelta(days=90),
        **made,
    )
    return row


def queued() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from command")
        return int(cursor.fetchone()[0])


def raw() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    return connection.connection


def enter(client: Any, role: str, place: str = PLACE) -> Any:
    user = person(f"{role}-{place}", (role, place))
    client.force_login(user)
    return user


def test_the_page_offers_what_the_role_may(client: Any, station: Station) -> None:
    seen = {}
    for role in (Role.DUTY_OFFICER, Role.DISPATCHER, Role.AUDITOR, Role.ADMINISTRATOR):
        enter(client, role)
        page = client.get(f"/stations/{station.pk}/devices/").content.decode()
        seen[role] = {cn for cn in OFFERS if f"/devices/{cn}/" in page}
    assert {"1012", "1062", "2061", "3012", "1061"} <= seen[Role.DUTY_OFFICER]
    assert "2061" in seen[Role.DISPATCHER] and "1012" not in seen[Role.DISPATCHER]
    assert seen[Role.AUDITOR] == seen[Role.ADMINISTRATOR] == set()
    assert "本区域的值班员、执法人员、单位负责人可以" in page
    Logger.objects.update(active=False)
    assert "该站点没有启用的数采仪" in client.get(f"/stations/{station.pk}/devices/").content.decode()


def test_reading_goes_out_at_once_and_is_audited(client: Any, station: Station) -> None:
    enter(client, Role.DISPATCHER)
    answer = client.post(
        f"/stations/{station.pk}/devices/2061/", {"BeginTime": "2026-11-22T08:00:00", "EndTime": "2026-11-22T10:00:00"}
    )
    ((command, _steps),) = [store.get(raw(), one.id) for one in store.of_stations(raw(), [station.pk])]
    assert answer.status_code == 302 and answer["Location"] == f"/commands/{command.id}/"
    assert command.params == {"BeginTime": "20261122080000", "EndTime": "20261122100000"}
    line = Audit.objects.get(what="device.command")
    assert (line.object_id, line.detail["cn"], line.detail["command"]) == (station.pk, "2061", command.id)
    page = client.get(answer["Location"]).content.decode()
    assert 0 < page.index("2026-11-22 08:00:00") < page.index("2026-11-22 10:00:00"), "from before to"
    assert "排队" in page and "every 2s" in page


def test_what_changes_a_device_is_shown_once_more(client: Any, station: Station) -> None:
    enter(client, Role.DUTY_OFFICER)
    address = f"/stations/{station.pk}/devices/1062/"
    first = client.post(address, {"RtdInterval": "60"})
    assert first.status_code == 200 and "确认下发" in first.content.decode() and queued() == 0
    assert client.post(address, {"RtdInterval": "60", "confirmed": "1"}).status_code == 302
    assert queued() == 1


@pytest.mark.parametrize(
    ("cn", "params"),
    [
        ("1062", {"RtdInterval": "5"}),
        ("1062", {}),
        ("1064", {"MinInterval": "7"}),
        ("1012", {"SystemTime": "tomorrow"}),
        ("2061", {"BeginTime": "2026-11-22T10:00:00", "EndTime": "2026-11-22T08:00:00"}),
        ("2061", {"BeginTime": "2026-01-01T00:00:00", "EndTime": "2026-11-22T08:00:00"}),
        ("3012", {"PolId": "w01018;Flag=1"}),
    ],
)
def test_bad_parameters_are_said_in_the_form(client: Any, station: Station, cn: str, params: dict[str, str]) -> None:
    enter(client, Role.DUTY_OFFICER)
    answer = client.post(f"/stations/{station.pk}/devices/{cn}/", {**params, "confirmed": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422 and ("eb-wrong" in page or "eb-note-red" in page)
    assert queued() == 0 and not Audit.objects.filter(what="device.command").exists()


@pytest.mark.parametrize(
    ("role", "place", "cn"),
    [
        (Role.DISPATCHER, PLACE, "1012"),
        (Role.AUDITOR, PLACE, "2061"),
        (Role.ADMINISTRATOR, PLACE, "1061"),
        (Role.LEADER, PLACE, "1061"),
        (Role.DUTY_OFFICER, "/wuhan/qingshan/", "1061"),
        (Role.DUTY_OFFICER, PLACE, "1072"),
    ],
)
def test_who_may_not_is_refused_and_nothing_is_queued(
    client: Any, station: Station, role: str, place: str, cn: str
) -> None:
    enter(client, role, place)
    address = f"/stations/{station.pk}/devices/{cn}/"
    for answer in (client.get(address), client.post(address, {"confirmed": "1"})):
        assert answer.status_code in (403, 404, 422)
    assert queued() == 0 and not Audit.objects.filter(what="device.command").exists()


def test_progress_tells_each_step_and_stops_asking(client: Any, station: Station) -> None:
    user = enter(client, Role.DUTY_OFFICER)
    id_ = store.ask(raw(), station.pk, "1061", {}, user.pk, now())
    for state, more in (
        (State.SENT, {"qn": "20261122122000001"}),
        (State.ACCEPTED, {"qn_rtn": "1"}),
        (State.FAILED, {"exe_rtn": "5", "note": "no_9012"}),
    ):
        store.move(raw(), id_, state, now(), **more)
    page = client.get(f"/commands/{id_}/?part=steps").content.decode()
    assert "QnRtn=1 准备执行请求" in page and "ExeRtn=5 系统繁忙不能执行" in page
    assert "every 2s" not in page and "<html" not in page
    stranger = person("stranger", (Role.DUTY_OFFICER, "/wuhan/qingshan/"))
    client.force_login(stranger)
    assert client.get(f"/commands/{id_}/").status_code == 404
    assert client.get("/commands/999999/").status_code == 404


def test_gaps_lead_to_the_command_that_fetches_them(client: Any, station: Station, monkeypatch: Any) -> None:
    hour = timedelta(hours=1)
    gap = (AT.replace(minute=0) - 5 * hour, AT.replace(minute=0) - 2 * hour)
    stream = telemetry.read.StreamState(station.pk, "32", Kind.HOUR, 3600, gap[1], AT)
    monkeypatch.setattr(telemetry.read, "stream_states", lambda *_: [stream])
    asked: list[Any] = []
    monkeypatch.setattr(telemetry.read, "gaps", lambda *given: asked.append(given[1:]) or [gap])
    enter(client, Role.DUTY_OFFICER)
    page = client.get(f"/stations/{station.pk}/devices/").content.decode()
    begin, end = (each.astimezone(BEIJING).strftime("%Y%m%d%H%M%S") for each in gap)
    assert f"/devices/2061/?BeginTime={begin}&amp;EndTime={end}" in page and ">3</td>" in page
    assert asked[0][:4] == (station.pk, "32", Kind.HOUR, 3600)
    form = client.get(f"/stations/{station.pk}/devices/2061/?BeginTime={begin}&EndTime={end}").content.decode()
    assert f'value="{gap[0].astimezone(BEIJING):%Y-%m-%dT%H:%M:%S}"' in form
    client.force_login(person("reader", (Role.AUDITOR, PLACE)))
    assert "/devices/2061/" not in client.get(f"/stations/{station.pk}/devices/").content.decode()


def test_every_offer_has_a_form_a_name_in_both_languages_and_words_for_its_fields(station: Station) -> None:
    for cn, offer in OFFERS.items():
        form = CommandForm(offer, [("w01018", "COD")])
        assert set(form.fields) == {*offer.params, *offer.optional}
        assert devices.command_name(cn) != cn
        with override("en"):
            assert devices.command_name(cn).isascii()
            assert all(str(field.label).isascii() for field in form.fields.values())
    assert read_stamp("20261122080000") == datetime(2026, 11, 22, 8, tzinfo=BEIJING)
    assert read_stamp("nonsense") is None
