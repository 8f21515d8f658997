"""Commands to devices: a logger built on the protocol's own room answers, the table shows every step."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ecobureau.clock import now
from ecobureau.domain.hj212 import Frame, answer_9011, encode, execution_9012
from ecobureau.storage import commands
from ecobureau.storage.commands import State
from gateway.field import PASSWORD, gateway, in_loop, until

USER = 1


def ask(field, device, cn, params=None, **more):
    return commands.ask(field.connection, device.station_id, cn, params or {}, USER, now(), **more)


def state(field, command_id):
    command, _ = commands.get(field.connection, command_id)
    return command.state


async def over(field, command_id):
    await until(lambda: state(field, command_id) not in commands.OPEN)
    return commands.get(field.connection, command_id)


@pytest.mark.parametrize(
    ("cn", "params"),
    [
        ("1012", {}),
        ("1012", {"SystemTime": "20260701080000"}),
        ("1062", {"RtdInterval": "30"}),
        ("1064", {"MinInterval": "10"}),
        ("1000", {"OverTime": "5", "ReCount": "3"}),
        ("3012", {"PolId": "w01018"}),
    ],
)
@in_loop
async def test_a_command_goes_its_way_to_done(field, cn, params):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, cn, params)
        got = await wire.receive()
        assert (got.cn, got.mn, got.pw, got.st, got.flag) == (cn, device.mn, PASSWORD, "32", "5")
        assert {key: got.cp[key] for key in params} == params
        wire.send(answer_9011(got))
        await until(lambda: state(field, command_id) is State.ACCEPTED)
        wire.send(execution_9012(got))
        command, steps = await over(field, command_id)
    assert (command.state, command.qn, command.qn_rtn, command.exe_rtn) == (State.DONE, got.qn, "1", "1")
    assert [step.state for step in steps] == [State.QUEUED, State.SENT, State.ACCEPTED, State.DONE]


@in_loop
async def test_history_of_a_gap_is_pulled_stored_and_counted(field):
    device = field.register()
    window = {"BeginTime": "20260701080000", "EndTime": "20260701100000"}
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "2061", window)
        got = await wire.receive()
        wire.send(answer_9011(got))
        for hour in ("08", "09", "10"):
            answer = await wire.ask(device.frame(f"DataTime=20260701{hour}0000;w01018-Avg=1.0", cn="2061"))
            assert answer.cn == "9014"
        wire.send(execution_9012(got))
        command, _ = await over(field, command_id)
    assert (command.state, command.frames) == (State.DONE, 3)
    assert field.one("select count(*) from frame_period where station_id = %s", device.station_id) == 3


@pytest.mark.parametrize(("code", "end"), [("2", State.REFUSED), ("8", State.REFUSED)])
@in_loop
async def test_a_refused_command(field, code, end):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "3015")
        wire.send(answer_9011(await wire.receive(), code))
        command, _ = await over(field, command_id)
    assert (command.state, command.qn_rtn) == (end, code)


@pytest.mark.parametrize(
    ("code", "end"), [("1", State.DONE), ("100", State.DONE), ("3", State.FAILED), ("5", State.FAILED)]
)
@in_loop
async def test_execution_results(field, code, end):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "3012", {"PolId": "w01018"})
        got = await wire.receive()
        wire.send(answer_9011(got), execution_9012(got, code))
        command, _ = await over(field, command_id)
    assert (command.state, command.exe_rtn) == (end, code)


@in_loop
async def test_silence_is_sent_again_and_then_timed_out_but_a_link_that_brings_data_stays(field):
    device = field.register()
    async with gateway(field, answer_timeout=0.05, answer_retries=2) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "1062", {"RtdInterval": "30"})
        sent: list[Frame] = []
        answers = 0
        while len(sent) < 3 or answers < 3:
            frame = await wire.receive()
            if frame.cn == "9014":
                answers += 1
                continue
            sent.append(frame)
            wire.send(device.live(len(sent)))
        assert len({frame.raw for frame in sent}) == 1
        command, steps = await over(field, command_id)
        assert (command.state, steps[-1].note) == (State.TIMED_OUT, "no_answer")
        assert (await wire.ask(device.live(9))).cn == "9014"


@in_loop
async def test_a_link_that_brings_nothing_is_closed(field):
    device = field.register()
    async with gateway(field, answer_timeout=0.02, answer_retries=1) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "1062", {"RtdInterval": "30"})
        await wire.closed()
        assert (await over(field, command_id))[0].state is State.TIMED_OUT
        assert running.gateway.metrics.turned_away["unusable"] == 1


@in_loop
async def test_one_at_a_time_in_their_order(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        asked = [ask(field, device, "1062", {"RtdInterval": str(30 + n)}) for n in range(3)]
        seen = []
        for _ in asked:
            got = await wire.receive()
            seen.append(got.cp["RtdInterval"])
            under_way = [one for one in asked if state(field, one) in (State.SENT, State.ACCEPTED)]
            assert len(under_way) == 1
            wire.send(answer_9011(got), execution_9012(got))
        for one in asked:
            assert (await over(field, one))[0].state is State.DONE
    assert seen == ["30", "31", "32"]


@in_loop
async def test_a_command_waits_for_its_logger(field):
    device = field.register()
    command_id = ask(field, device, "1061")
    async with gateway(field) as running:
        assert state(field, command_id) is State.QUEUED
        wire = await running.dial()
        wire.send(device.frame(cn="9021", flag="4"))
        got = await wire.receive()
        while got.cn != "1061":
            got = await wire.receive()
        wire.send(answer_9011(got), device.frame("RtdInterval=30", cn="1061", flag="4"), execution_9012(got))
        command, _ = await over(field, command_id)
        assert (command.state, command.frames) == (State.DONE, 1)
    assert field.rows("select name, value from parameter where station_id = %s", device.station_id) == [
        ("RtdInterval", "30")
    ]


@in_loop
async def test_a_command_that_waited_too_long_is_timed_out_and_never_sent(field):
    device = field.register()
    command_id = ask(field, device, "1061", valid_for=timedelta(seconds=-1))
    async with gateway(field, session_beat=0.02) as running:
        wire = await running.logged_in(device)
        command, _ = await over(field, command_id)
        assert command.state is State.TIMED_OUT
        assert (await wire.ask(device.live())).cn == "9014"


@in_loop
async def test_a_lost_connection_ends_its_command(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "1061")
        await wire.receive()
        wire.close()
        command, steps = await over(field, command_id)
    assert (command.state, steps[-1].note) == (State.FAILED, "connection_lost")


@in_loop
async def test_a_command_that_cannot_be_sent_says_why(field):
    device = field.register(edition=0)
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        unknown = ask(field, device, "3019", {"PolId": "w01018"})  # 2017 and later
        command, steps = await over(field, unknown)
        assert (command.state, steps[-1].note) == (State.FAILED, "hj212.encode.not_a_request")
        assert (await wire.ask(device.live())).cn == "9014"


@in_loop
async def test_the_newest_connection_gets_the_commands(field):
    device = field.register()
    async with gateway(field) as running:
        old = await running.logged_in(device)
        session = field.one("select id from gateway_session where mn = %s and closed_at is null", device.mn)
        new = await running.logged_in(device)
        query = "select id from gateway_session where mn = %s and closed_at is null and id <> %s"
        await until(lambda: field.rows(query, device.mn, session))
        command_id = ask(field, device, "1061")
        got = await new.receive()
        new.send(answer_9011(got), execution_9012(got))
        assert (await over(field, command_id))[0].state is State.DONE
        assert (await old.ask(device.live())).cn == "9014"
        assert running.gateway.metrics.deviations["stream.several_connections"] == 1


@in_loop
async def test_two_processes_share_a_port_and_the_holder_takes_the_command(field):
    devices = [field.register() for _ in range(4)]
    async with gateway(field) as first, gateway(field) as second:
        wires = []
        for number, device in enumerate(devices):
            running = (first, second)[number % 2]
            wires.append(await running.logged_in(device))
        asked = [ask(field, device, "1061") for device in devices]
        for wire, device in zip(wires, devices, strict=True):
            got = await wire.receive()
            assert got.mn == device.mn
            wire.send(answer_9011(got), execution_9012(got))
        for one in asked:
            assert (await over(field, one))[0].state is State.DONE


@in_loop
async def test_the_time_is_set_when_a_logger_asks_for_it(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        assert (await wire.ask(device.frame(cn="1013"))).cn == "9013"
        got = await wire.receive()
        assert (got.cn, len(got.cp["SystemTime"])) == ("1012", 14)


@in_loop
async def test_first_contact_sets_the_logger_up_in_order(field):
    device = field.register(rtd_interval_s=30, minute_interval=5)
    async with gateway(field, first_contact=True, answer_timeout=7, answer_retries=2) as running:
        wire = await running.dial()
        wire.send(device.frame(cn="9021"))
        got = []
        while len(got) < 4:
            frame = await wire.receive()
            if frame.cn != "9014":
                got.append((frame.cn, {key: text for key, text in frame.cp.items() if key != "SystemTime"}))
                wire.send(answer_9011(frame), execution_9012(frame))
    assert got == [
        ("1012", {}),
        ("1000", {"OverTime": "7", "ReCount": "2"}),
        ("1062", {"RtdInterval": "30"}),
        ("1064", {"MinInterval": "5"}),
    ]


@in_loop
async def test_a_logger_of_2005_that_answers_without_qn(field):
    device = field.register(edition=0)
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = ask(field, device, "1012", {"SystemTime": "20260701080000"})
        got = await wire.receive()
        assert got.flag == "1"
        common = {"st": "91", "pw": PASSWORD, "mn": device.mn, "flag": "0"}
        wire.send(encode(qn=None, cn="9011", cp=f"QN={got.qn};QnRtn=1", **common))
        wire.send(encode(qn=None, cn="9012", cp="ExeRtn=1", **common))
        assert (await over(field, command_id))[0].state is State.DONE


@in_loop
async def test_sessions_are_closed_with_their_reason(field):
    device, other = field.register(), field.register()
    query = "select closed_at is null, reason from gateway_session where mn = %s"
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        kept = await running.logged_in(other)
        assert field.rows(query, device.mn) == [(True, "")]
        wire.close()
        await until(lambda: field.rows(query, device.mn) == [(False, "peer_closed")])
        assert device.mn not in running.gateway.holders
        assert (await kept.ask(other.live())).cn == "9014"
    assert field.rows(query, other.mn) == [(False, "stopping")]
