"""The database away, full, or refusing a frame: nothing answered that is not durable, nothing lost, no hand needed."""

from __future__ import annotations

import asyncio
import random

import pytest

from ecobureau.clock import beijing, now
from ecobureau.storage.books import balance, recount
from gateway.field import ago, gateway, in_loop, until

pytestmark = pytest.mark.adversity

FULL = """
create function {name}_full() returns trigger language plpgsql as $$
begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$;
create trigger {name}_full before insert on {name} for each row execute function {name}_full();
"""


def stored(field, device):
    return field.one("select count(*) from frame_rt where station_id = %s", device.station_id)


@in_loop
async def test_a_database_that_goes_away_and_comes_back(field):
    device = field.register()
    async with gateway(field, live_frames=40) as running:
        wire = await running.dial()
        await wire.ask(device.live(300 % 100))
        field.let_in(False)
        wire.send(*(device.live(number, number) for number in range(1, 90)))
        await until(lambda: running.gateway.metrics.outages)
        assert running.gateway.metrics.answers == 1
        assert not running.gateway.well
        field.let_in(True)
        for _ in range(89):
            assert (await wire.receive()).cn == "9014"
        assert running.gateway.well
    assert stored(field, device) == 90
    assert field.received(device.station_id) == 90


@in_loop
async def test_a_full_disk_stops_answers_until_there_is_room(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.live(90))
        field.run(FULL.format(name="raw_frame"))
        try:
            wire.send(*(device.live(number) for number in range(20)))
            await until(lambda: running.gateway.metrics.outages)
            assert running.gateway.metrics.answers == 1
            assert stored(field, device) == 1
        finally:
            field.run("drop trigger raw_frame_full on raw_frame; drop function raw_frame_full()")
        for _ in range(20):
            assert (await wire.receive()).cn == "9014"
    assert stored(field, device) == 21
    assert field.outcomes(device.station_id) == {"stored": 21}


@in_loop
async def test_a_frame_that_the_database_refuses_stops_nobody(field):
    # A period before 1990 has no place in the store, and this station accepts it: the database refuses the batch.
    poison, good = field.register(accept_from="1980-01-01T00:00:00+08:00"), field.register()
    bad = poison.frame("DataTime=19850101000000;w01018-Rtd=1.0")
    async with gateway(field) as running:
        first, second = await running.dial(), await running.dial()
        second.send(*(good.live(number) for number in range(30)))
        first.send(bad, poison.live())
        second.send(*(good.live(number) for number in range(30, 60)))
        for _ in range(60):
            assert (await second.receive()).mn == good.mn
        for _ in range(2):
            answer = await first.receive()
            assert (answer.cn, answer.mn) == ("9014", poison.mn)
        assert running.gateway.metrics.answers == 62
        assert running.gateway.metrics.outages == 0
        assert running.gateway.fault is None
    reasons = field.rows(
        "select reason from raw_frame where station_id = %s and outcome = 'refused'", poison.station_id
    )
    assert reasons == [("poison.22023",)]
    assert field.outcomes(poison.station_id) == {"refused": 1, "stored": 1}
    assert field.outcomes(good.station_id) == {"stored": 60}


@in_loop
async def test_a_frame_with_a_value_that_no_column_takes_is_refused_once_and_answered(field):
    # A name too long for an index: the parameter of this frame cannot be kept, and never will be.
    device = field.register()
    name = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=9000))
    bad = device.frame(f"DataTime={ago(5)};PolId={name};i13001-Info=1.0", cn="3020")
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(device.live(1), bad, device.live(2))
        for _ in range(3):
            assert (await wire.receive()).cn == "9014"
    outcomes = field.outcomes(device.station_id)
    assert outcomes == {"stored": 2, "refused": 1}
    query = "select reason from raw_frame where station_id = %s and outcome = 'refused'"
    assert field.rows(query, device.station_id) == [("poison.54000",)]
    assert field.rows("select 1 from device_event where station_id = %s", device.station_id) == []


@in_loop
async def test_a_schema_that_does_not_fit_is_an_alarm_and_answers_nothing(field):
    device = field.register()
    async with gateway(field, session_beat=0.02) as running:
        wire = await running.dial()
        await wire.ask(device.live(0))
        field.run("alter table stream_state rename column lag to lag_of_another_edition")
        try:
            wire.send(*(device.live(number) for number in range(1, 10)))
            await until(lambda: running.gateway.fault)
            query = "select fault from gateway_run where id = %s"
            await until(lambda: field.one(query, running.gateway.run_id).startswith("42703"))
            assert running.gateway.metrics.answers == 1
            assert not running.gateway.well
            assert field.outcomes(device.station_id) == {"stored": 1}
        finally:
            field.run("alter table stream_state rename column lag_of_another_edition to lag")
        for _ in range(9):
            assert (await wire.receive()).cn == "9014"
        assert running.gateway.metrics.faults["42703"] >= 1
    assert stored(field, device) == 10
    assert field.outcomes(device.station_id) == {"stored": 10}


class Lockstep:
    """A logger that keeps sending, resends what was not answered after each lost connection, and knows what was."""

    def __init__(self, running, device, frames):
        self.running, self.device = running, device
        self.waiting = dict(enumerate(frames))
        self.answered: list[int] = []
        self.resent = 0

    async def run(self):
        wire = await self.running.dial()
        for number in list(self.waiting):
            answer = await wire.ask(self.waiting[number])
            assert answer.mn == self.device.mn
            self.answered.append(number)
        wire.close()


@in_loop
async def test_backends_killed_in_the_middle_lose_and_double_nothing(field):
    devices = [field.register() for _ in range(8)]
    dice = random.Random(7)
    async with gateway(field) as running:
        loggers = [
            Lockstep(running, device, [device.live(number % 110, number) for number in range(100)])
            for device in devices
        ]
        work = asyncio.gather(*(logger.run() for logger in loggers))
        kills = 0
        while not work.done():
            before = running.gateway.metrics.answers
            mark = before + dice.randrange(5, 60)
            await until(lambda mark=mark: running.gateway.metrics.answers >= mark or work.done())
            if kills < 10 and not work.done():
                kills += field.kill_writers()
        await work
        run_id = running.gateway.run_id
        assert kills >= 5
        assert running.gateway.metrics.outages >= 5
    for logger, device in zip(loggers, devices, strict=True):
        assert len(logger.answered) == 100
        assert stored(field, device) == 100
    day = beijing(now()).date()
    lines = [one for one in balance(field.connection, day) if one.run_id == run_id]
    assert {one.verdict for one in lines} == {"balanced"}
    assert sum(one.received for one in lines) == 800
    ours = {device.station_id for device in devices}
    assert [row for row in recount(field.connection, day) if row[1] in ours] == []


@in_loop
async def test_stop_commits_and_answers_what_was_read(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(*(device.live(number) for number in range(50)))
        await until(lambda: running.gateway.metrics.received >= 1)
    text = await wire.closed()
    answered = text.count(b"CN=9014")
    assert answered == running.gateway.metrics.answers == running.gateway.metrics.received >= 1
    assert stored(field, device) == answered
    run = field.rows("select ended_at is not null, crashed from gateway_run where id = %s", running.gateway.run_id)
    assert run == [(True, False)]


@in_loop
async def test_stop_while_the_database_is_away_gives_up_and_the_books_say_so(field):
    device = field.register()
    async with gateway(field, stop_patience=0.05) as running:
        wire = await running.dial()
        await wire.ask(device.frame(f"DataTime={ago(50)};w01018-Rtd=1"))
        field.let_in(False)
        wire.send(device.live(1))
        await until(lambda: running.gateway.metrics.outages)
    assert await wire.closed() == b""
    field.let_in(True)
    assert stored(field, device) == 1
    assert field.one("select ended_at from gateway_run where id = %s", running.gateway.run_id) is None


@in_loop
async def test_a_writer_that_fails_by_itself_ends_the_process(field, monkeypatch):
    device = field.register()

    def broken(*_):
        raise MemoryError("no more")

    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.live())
        monkeypatch.setattr("ecobureau.storage.writer.Writer.write", broken)
        monkeypatch.setattr("ecobureau.gateway.writer.is_outage", lambda error: (_ for _ in ()).throw(SystemExit(3)))
        wire.send(device.live(1))
        await running.process.stop_asked.wait()
        with pytest.raises(RuntimeError):
            await running.process.wait()
        monkeypatch.undo()
    assert stored(field, device) == 1
