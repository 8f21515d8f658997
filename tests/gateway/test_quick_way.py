"""A frame that comes alone goes to the database from the event loop; whatever is not simply stored is the thread's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ecobureau.clock import beijing, now
from ecobureau.domain.hj212.times import to_text
from ecobureau.gateway.sinks import StorageSink
from ecobureau.storage import books
from gateway.field import Device, Wire, gateway, in_loop, until


class Ways:
    """Which way frames went: the sizes of the thread's own batches, and what the loop was told of each of its own."""

    def __init__(self) -> None:
        self.thread: list[int] = []
        self.loop: list[bool] = []


@pytest.fixture
def ways(monkeypatch: Any) -> Ways:
    found, write, end = Ways(), StorageSink.write, StorageSink.end

    def spied_write(self: StorageSink, batch: Any) -> Any:
        found.thread.append(len(batch))
        return write(self, batch)

    def spied_end(self: StorageSink) -> bool | None:
        done = end(self)
        if done is not None:
            found.loop.append(done)
        return done

    monkeypatch.setattr(StorageSink, "write", spied_write)
    monkeypatch.setattr(StorageSink, "end", spied_end)
    return found


def next_of(device: Device) -> Callable[[int], bytes]:
    """A maker of live frames, each a second later than the one before, all in one hour."""
    begin = max(device.born.replace(minute=0, second=0, microsecond=0), device.born - timedelta(minutes=1))

    def frame(number: int) -> bytes:
        stamp = to_text(begin + timedelta(seconds=number))
        return device.frame(f"DataTime={stamp};w01018-Rtd={number}.00,w01018-Flag=N")

    return frame


async def settled(ways: Ways, wire: Wire, frame: Callable[[int], bytes]) -> int:
    """Send frames until the loop takes them by itself: the thread has done its part and waits. Returns the next number.

    From there on it stays so, for the answer goes out when the loop's own way is free again.
    """
    number = 0
    while True:
        before = ways.loop.count(True)
        await wire.ask(frame(number))
        number += 1
        if ways.loop.count(True) > before:
            return number


def stored(field: Any, device: Device) -> int:
    return int(field.one("select count(*) from frame_rt where station_id = %s", device.station_id))


def verdicts(field: Any, device: Device) -> set[str]:
    return {one.verdict for one in books.balance(field.connection, beijing(now()).date(), device.station_id)}


@in_loop
async def test_a_lockstep_logger_is_answered_without_the_thread(field, ways):
    device = field.register()
    frame = next_of(device)
    async with gateway(field) as running:
        wire = await running.dial()
        first = await settled(ways, wire, frame)
        batches = len(ways.thread)
        for number in range(first, first + 20):
            assert (await wire.ask(frame(number))).cn == "9014"
        assert stored(field, device) == first + 20  # durable when the answer is out
        assert ways.loop[-20:] == [True] * 20
        assert len(ways.thread) == batches
    assert field.outcomes(device.station_id) == {"stored": first + 20}
    assert verdicts(field, device) == {"balanced"}


@in_loop
async def test_what_is_not_simply_stored_goes_to_the_thread(field, ways):
    device = field.register()
    frame = next_of(device)
    async with gateway(field) as running:
        wire = await running.dial()
        first = await settled(ways, wire, frame)
        assert (await wire.ask(frame(first - 1))).cn == "9014"
        assert ways.loop[-1] is False
        assert (await wire.ask(frame(0))).cn == "9014"  # older than the newest, and there already
        await wire.ask(frame(first))
    assert field.outcomes(device.station_id) == {"stored": first + 1, "duplicate": 2}
    assert verdicts(field, device) == {"balanced"}


@in_loop
async def test_its_connection_is_cut_on_the_way(field, ways):
    device, other = field.register(), field.register()
    frame, its = next_of(device), next_of(other)
    async with gateway(field) as running:
        wire, second = await running.dial(), await running.dial()
        await second.ask(its(0))
        first = await settled(ways, wire, frame)
        batches = len(ways.thread)
        with psycopg.connect(field.owner) as lock:
            lock.execute("lock table stream_state in exclusive mode")
            wire.send(frame(first))
            await until(field.blocked)
            second.send(*(its(number) for number in range(1, 5)))
            await until(lambda: sum(running.gateway._lanes.depth()[:2]) == 4)
            assert len(ways.thread) == batches  # the thread stands still meanwhile
            assert field.kill_writers() >= 1
        assert (await wire.receive()).cn == "9014"
        for _ in range(4):
            assert (await second.receive()).mn == other.mn
        assert running.gateway.metrics.outages >= 1
    assert (stored(field, device), stored(field, other)) == (first + 1, 5)
    assert field.outcomes(device.station_id) == {"stored": first + 1}
    assert verdicts(field, device) == verdicts(field, other) == {"balanced"}


@in_loop
async def test_a_commit_that_nobody_heard_of_is_not_made_twice(field, ways, monkeypatch):
    device = field.register()
    frame = next_of(device)
    end, lost = StorageSink.end, []

    def deaf(self: StorageSink) -> bool | None:
        done = end(self)
        if done and not lost:
            lost.append(done)
            self._connection.close()
            raise psycopg.OperationalError("connection lost")
        return done

    async with gateway(field) as running:
        wire = await running.dial()
        first = await settled(ways, wire, frame)
        monkeypatch.setattr(StorageSink, "end", deaf)
        for number in range(first, first + 3):
            assert (await wire.ask(frame(number))).cn == "9014"
    assert lost == [True]
    raw = "select count(*) from raw_frame where station_id = %s"
    assert (stored(field, device), field.one(raw, device.station_id)) == (first + 3, first + 3)
    assert field.outcomes(device.station_id) == {"stored": first + 3}
    assert verdicts(field, device) == {"balanced"}


@in_loop
async def test_a_gateway_that_stops_answers_what_is_under_way(field, ways):
    device = field.register()
    frame = next_of(device)
    with psycopg.connect(field.owner) as lock:
        async with gateway(field) as running:
            wire = await running.dial()
            first = await settled(ways, wire, frame)
            lock.execute("lock table stream_state in exclusive mode")
            wire.send(frame(first))
            await until(field.blocked)

            async def release() -> None:
                await until(lambda: running.gateway.stopping)
                lock.rollback()

            releasing = asyncio.create_task(release())
        await releasing
    assert (await wire.receive()).cn == "9014"
    assert ways.loop[-1] is True
    assert stored(field, device) == first + 1
    assert verdicts(field, device) == {"balanced"}
