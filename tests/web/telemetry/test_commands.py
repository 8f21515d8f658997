"""Who may command which device, with what; a refusal queues and notes nothing."""

import pytest
from django.db import connection

from ecobureau.clock import now
from ecobureau.domain.workflow import Role
from ecobureau.storage.commands import State
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.sources.models import Logger, Station
from ecobureau.web.telemetry.commands import ask, offered, progress, recent
from web.people import person, viewer

pytestmark = pytest.mark.django_db

PLACE = "/wuhan/jiangan/wangxinmen/"
WINDOW = {"BeginTime": "20260701080000", "EndTime": "20260702080000"}


@pytest.fixture
def station():
    made = {"created_at": now(), "updated_at": now()}
    row = Station.objects.create(name="站", name_sort="zhan", initials="z", code="S1", st="32", org_path=PLACE, **made)
    Logger.objects.create(
        station=row, mn="010000A8900016F000169DC0", st="32", edition=1, password_sealed=b"x", accept_from=now(), **made
    )
    return row


def see(role, place="/wuhan/jiangan/"):
    return viewer(person(f"{role}{place}"), role, place)


def queued():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from command")
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("role", "reads", "changes"),
    [
        (Role.DUTY_OFFICER, True, True),
        (Role.DISPATCHER, True, False),
        (Role.ENFORCEMENT_OFFICER, True, True),
        (Role.UNIT_HEAD, True, True),
        (Role.GRID_WORKER, False, False),
        (Role.LEADER, False, False),
        (Role.AUDITOR, False, False),
        (Role.ADMINISTRATOR, False, False),
    ],
)
def test_who_may_read_and_change(station, role, reads, changes):
    who = see(role)
    for cn, params, may in (("2061", WINDOW, reads), ("1012", {}, changes)):
        before = (queued(), Audit.objects.count())
        if may:
            command_id = ask(who, station.pk, cn, params)
            command, steps = progress(who, command_id)
            assert (command.cn, command.params, command.state, command.asked_by) == (
                cn,
                params,
                State.QUEUED,
                who.user_id,
            )
            assert [step.state for step in steps] == [State.QUEUED]
            line = Audit.objects.latest("pk")
            assert (line.what, line.object_id, line.detail["cn"], line.detail["params"]) == (
                "device.command", station.pk, cn, params,
            )  # fmt: skip
        else:
            with pytest.raises(Refused):
                ask(who, station.pk, cn, params)
            assert (queued(), Audit.objects.count()) == before
    assert any(offer.sort == "change" for offer in offered(who, station.pk)) is changes
    assert any(offer.sort == "read" for offer in offered(who, station.pk)) is reads


def test_another_place_is_out_of_reach(station):
    stranger = see(Role.DUTY_OFFICER, "/wuhan/wuchang/")
    own = see(Role.DUTY_OFFICER)
    command_id = ask(own, station.pk, "1061", {})
    with pytest.raises(Refused):
        ask(stranger, station.pk, "1061", {})
    assert queued() == 1
    assert progress(stranger, command_id) is None
    assert recent(stranger, [station.pk]) == []
    assert [one.id for one in recent(own, [station.pk])] == [command_id]
    assert offered(stranger, station.pk) == []


@pytest.mark.parametrize(
    ("cn", "params", "code"),
    [
        ("1072", {"NewPW": "1"}, "device.command.unknown"),
        ("9999", {}, "device.command.unknown"),
        ("1062", {}, "device.param.missing"),
        ("1062", {"RtdInterval": "29"}, "device.param.range"),
        ("1062", {"RtdInterval": "3601"}, "device.param.range"),
        ("1062", {"RtdInterval": "many"}, "device.param.range"),
        ("1064", {"MinInterval": "7"}, "device.param.choice"),
        ("1012", {"SystemTime": "tomorrow"}, "device.param.time"),
        ("1012", {"RtdInterval": "30"}, "device.param.unknown"),
        ("2061", {"BeginTime": "20260702080000", "EndTime": "20260701080000"}, "device.window.reversed"),
        ("2061", {"BeginTime": "20260101080000", "EndTime": "20260701080000"}, "device.window.long"),
        ("2061", {"BeginTime": "20260101080000"}, "device.param.missing"),
        ("3012", {"PolId": "w01018;X=1"}, "device.param.bad"),
        ("3022", {"PolId": "w01018"}, "device.command.not_in_edition"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(station, cn, params, code):
    who = see(Role.DUTY_OFFICER)
    with pytest.raises(Refused) as caught:
        ask(who, station.pk, cn, params)
    assert caught.value.code == code
    assert caught.value.text("en") and caught.value.text("zh")
    assert queued() == 0


def test_without_a_logger_in_use_nothing_is_offered(station):
    Logger.objects.update(active=False)
    who = see(Role.DUTY_OFFICER)
    assert offered(who, station.pk) == []
    with pytest.raises(Refused) as caught:
        ask(who, station.pk, "1061", {})
    assert caught.value.code == "device.logger.none"
