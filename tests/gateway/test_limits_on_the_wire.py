"""Floods, queues and bounds: one that sends too much harms nobody else, and memory stays bounded."""

from __future__ import annotations

import psycopg
import pytest

from ecobureau.gateway.connection import Hold
from ecobureau.gateway.limits import TokenBucket
from gateway.field import ago, gateway, in_loop, until


async def answers(wire, count):
    return [await wire.receive() for _ in range(count)]


@in_loop
async def test_a_flood_of_one_station_waits_and_harms_nobody(field):
    flooder, other = field.register(max_frames_per_minute=60), field.register()
    async with gateway(field) as running:
        flood, wire = await running.dial(), await running.dial()
        flood.send(*(flooder.live(number % 100, value=number) for number in range(200)))
        await until(lambda: running.gateway.metrics.throttled)
        held = running.gateway.holders[flooder.mn]
        assert held.held & Hold.RATE
        for number in range(20):
            assert (await wire.ask(other.live(number))).cn == "9014"
        assert held.held & Hold.RATE
    assert field.outcomes(other.station_id) == {"stored": 20}


@in_loop
async def test_a_slowed_station_is_read_again_and_loses_nothing(field):
    device = field.register(max_frames_per_minute=60_000)
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.live(90))
        running.gateway.intake.heard[device.mn].bucket = TokenBucket(60_000, capacity=5)
        wire.send(*(device.live(number) for number in range(60)))
        assert len(await answers(wire, 60)) == 60
        assert running.gateway.metrics.throttled >= 1
        await until(lambda: not running.gateway.holders[device.mn].held)


@in_loop
async def test_errors_beyond_the_allowance_of_an_address_slow_its_connection_alone(field):
    device = field.register()
    async with gateway(field, error_frames_per_minute=5) as running:
        bad, good = await running.dial(), await running.dial()
        frame = device.live()
        bad.send(*(frame[:-6] + b"%04X\r\n" % number for number in range(20)))
        await until(lambda: running.gateway.metrics.throttled)
        for number in range(5):
            assert (await good.ask(device.live(number))).cn == "9014"
        await until(lambda: running.gateway.metrics.outcomes["quarantined"] == 20)
        assert sum(1 for one in running.gateway.connections if one.held & Hold.RATE) == 1
    assert field.outcomes(device.station_id)["quarantined"] == 20


@in_loop
async def test_rubbish_without_frames_is_cut_off(field):
    async with gateway(field, rubbish_limit=100_000) as running:
        wire = await running.dial()
        wire.send(b"x" * 200_000)
        await wire.closed()
        assert running.gateway.metrics.turned_away["rubbish"] == 1
        await until(lambda: not running.gateway.connections)
        assert running.gateway.skipped_bytes() > 0


@in_loop
async def test_too_many_connections_are_turned_away(field):
    device = field.register()
    async with gateway(field, max_connections_per_peer=2) as running:
        wires = [await running.dial() for _ in range(2)]
        for wire in wires:
            assert (await wire.ask(device.live(5))).cn == "9014"
        third = await running.dial()
        assert await third.closed() == b""
        assert running.gateway.metrics.turned_away["too_many_of_peer"] == 1
        wires.pop().close()
        await until(lambda: len(running.gateway.connections) == 1)
        assert (await (await running.dial()).ask(device.live(6))).cn == "9014"
        assert (await wires[0].ask(device.live(7))).cn == "9014"


@in_loop
async def test_a_silent_connection_is_closed_and_a_speaking_one_is_not(field):
    device = field.register()
    async with gateway(field, idle_timeout=300) as running:
        silent, speaking = await running.dial(), await running.dial()
        await until(lambda: len(running.gateway.connections) == 2)
        for connection in running.gateway.connections:
            connection.last_byte -= 301
        assert (await speaking.ask(device.live())).cn == "9014"
        running.gateway.close_idle()
        await silent.closed()
        assert (await speaking.ask(device.live(1))).cn == "9014"


@pytest.mark.parametrize("settings", [{"live_frames": 50}, {"in_flight": 50}, {"queue_bytes": 200_000}])
@in_loop
async def test_sockets_are_not_read_while_the_database_is_behind(field, settings):
    devices = [field.register(rtd_interval_s=3600) for _ in range(3)]
    frames = {device.mn: [device.live(10 + number) for number in range(1000)] for device in devices}
    async with gateway(field, **settings) as running:
        wires = [await running.dial() for _ in devices]
        for wire, device in zip(wires, devices, strict=True):
            await wire.ask(device.live())
        with psycopg.connect(field.owner) as lock:
            lock.execute("lock table raw_frame in access exclusive mode")
            for wire, device in zip(wires, devices, strict=True):
                wire.send(*frames[device.mn])
            await until(lambda: all(one.held for one in running.gateway.connections))
            size = len(frames[devices[0].mn][0])
            assert running.gateway.metrics.received * size < 3 * 300_000
            assert running.gateway.metrics.answers == 3
            lock.rollback()
        for wire in wires:
            assert len(await answers(wire, 1000)) == 1000
        assert not any(one.held for one in running.gateway.connections)
    assert sum(field.outcomes(devices[0].station_id).values()) == 1001


@in_loop
async def test_live_data_overtakes_backfill_and_backfill_still_arrives(field):
    late, live = field.register(), field.register()
    frames = [late.frame(f"DataTime={ago(4000 + number)};w01018-Rtd=1") for number in range(1500)]
    async with gateway(field, backfill_share=50) as running:
        slow, quick = await running.dial(), await running.dial()
        await slow.ask(late.live())
        await quick.ask(live.live(9))
        with psycopg.connect(field.owner) as lock:
            lock.execute("lock table raw_frame in access exclusive mode")
            slow.send(*frames)
            await until(lambda: running.gateway.metrics.received > 400 and field.blocked())
            quick.send(live.live(1))
            await until(lambda: running.gateway._lanes.depth()[0] == 1)
            lock.rollback()
        assert (await quick.receive()).cn == "9014"
        assert running.gateway._lanes.depth()[1] > 100
        assert len(await answers(slow, 1500)) == 1500


@in_loop
async def test_a_full_backfill_lane_does_not_stop_live_sockets(field):
    late, live = field.register(), field.register()
    frames = [late.frame(f"DataTime={ago(4000 + number)};w01018-Rtd=1") for number in range(800)]
    async with gateway(field, backfill_frames=20, in_flight=100_000) as running:
        slow, quick = await running.dial(), await running.dial()
        await slow.ask(late.live())
        await quick.ask(live.live(9))
        with psycopg.connect(field.owner) as lock:
            lock.execute("lock table raw_frame in access exclusive mode")
            slow.send(*frames)
            await until(lambda: running.gateway.holders[late.mn].held & Hold.QUEUE)
            assert not running.gateway.holders[live.mn].held
            await until(field.blocked)
            quick.send(live.live(1))
            await until(lambda: running.gateway._lanes.depth()[0] == 1)
            lock.rollback()
        assert (await quick.receive()).cn == "9014"
        await answers(slow, 800)


@in_loop
async def test_a_peer_that_takes_no_answers_is_not_read_for_ever(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.live())
        holder = running.gateway.holders[device.mn]
        holder.pause_writing()
        assert holder.held & Hold.PEER
        wire.send(device.live(1))
        received = running.gateway.metrics.received
        other = await running.dial()
        await other.ask(device.live(2))
        assert running.gateway.metrics.received == received + 1
        holder.resume_writing()
        assert (await wire.receive()).cn == "9014"
