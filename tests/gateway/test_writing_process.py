"""The writing process: what it is told comes out as it went in; its death and the gateway's lose and double nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta

import psycopg

from ecobureau.clock import beijing, now
from ecobureau.domain.hj212 import FrameReader
from ecobureau.gateway.parcel import Packer, Unpacker
from ecobureau.gateway.scribe import APPLICATION
from ecobureau.storage import books
from ecobureau.storage.sheet import Form, Sheet
from ecobureau.storage.types import Arrival, Event, Kind, Period, Reading
from gateway.field import gateway, in_loop, until

AT = datetime(2026, 7, 1, 9, 0, 0, 123456, tzinfo=UTC)


def arrival(number: int, **fields: object) -> Arrival:
    return Arrival(AT + timedelta(seconds=number), b"##%d" % number, b"\1" * 32, 5, 7, "MN", "2011", "data", **fields)


def test_a_parcel_holds_what_went_in():
    form = Form.of((("a", "mg/L", ("rtd", "zs_rtd"), "011"), ("b", "", ("rtd",), "")))
    period = Period(
        7, "32", Kind.MINUTE, 600, AT, AT + timedelta(minutes=10), Sheet(form, (1.5, -2.0, 3.0), (2, 0, 1), ("N", "D"))
    )
    batch = [
        arrival(0, period=period, deviations=("crc.case",), session_id=4, live=False),
        arrival(1, events=(Event(7, AT, "2021", {"SB1": {"RS": "1"}}),), period=period),
        Arrival(AT, b"x", b"\2" * 32, 5, None, "??", "", "quarantine", "station.unknown", peer="10.0.0.1:9"),
        arrival(2, period=Period(7, "32", Kind.RT, 60, AT, AT, [Reading.of("c", "", {"rtd": "-"})])),
        arrival(3, period=period),
    ]
    packer, unpacker = Packer(), Unpacker()
    received = {(7, AT.date()): 4, (0, AT.date()): 1}
    for token in (1, 2):
        found, counts, its_token = unpacker.unpack(packer.pack(batch, received, token))
        assert (counts, its_token) == (received, token)
        for one, other in zip(found, batch, strict=True):
            assert (one.received_at, one.raw, one.sha256, one.run_id, one.station_id, one.cn, one.verdict) == (
                other.received_at, other.raw, other.sha256, other.run_id, other.station_id, other.cn, other.verdict
            )  # fmt: skip
            assert (one.reason, one.session_id, one.deviations, one.events, one.live) == (
                other.reason, other.session_id, other.deviations, other.events, other.live
            )  # fmt: skip
            assert one.period == other.period
    assert batch[2].peer == found[2].peer


@in_loop
async def test_the_way_to_the_database_is_there_before_the_first_frame(field):
    async with gateway(field) as running:
        names = "select count(*) from pg_stat_activity where application_name = %s"
        await until(lambda: field.one(names, APPLICATION) == 2)
        assert running.gateway.metrics.batches == 0
        assert running.gateway.metrics.outages == 0


@in_loop
async def test_the_writing_process_dies_and_another_goes_on(field):
    devices = [field.register() for _ in range(4)]
    async with gateway(field) as running:
        wires = [await running.dial() for _ in devices]
        for device, wire in zip(devices, wires, strict=True):
            await wire.ask(device.live(0))
        first = running.process.scribe.pid
        for device, wire in zip(devices, wires, strict=True):
            wire.send(*(device.live(number) for number in range(1, 60)))
        os.kill(first, signal.SIGKILL)
        for device, wire in zip(devices, wires, strict=True):
            for _ in range(59):
                assert (await wire.receive()).mn == device.mn
        assert running.process.scribe.pid != first
        assert running.gateway.metrics.outages >= 1
        run_id = running.gateway.run_id
    for device in devices:
        assert field.one("select count(*) from frame_rt where station_id = %s", device.station_id) == 60
        assert field.received(device.station_id) == 60
    lines = [one for one in books.balance(field.connection, beijing(now()).date()) if one.run_id == run_id]
    assert {one.verdict for one in lines} == {"balanced"}


@in_loop
async def test_frames_that_a_crash_cut_off_are_in_the_books(field):
    # The first frame is stuck in its transaction; those behind it wait in memory when the gateway is killed.
    device = field.register()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ecobureau", "gateway", "--port", "0",
        env=os.environ | {"DATABASE_URL": field.app, "ECOBUREAU_GATEWAY_COUNT_BEAT": "0.02"},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    while (line := json.loads(await process.stderr.readline()))["event"] != "listening":
        pass
    reader, writer = await asyncio.open_connection("127.0.0.1", line["port"])
    writer.write(device.live(0))
    assert FrameReader().feed(await reader.readuntil(b"\r\n"))[0].cn == "9014"
    with psycopg.connect(field.owner) as lock:
        lock.execute("lock table stream_state in exclusive mode")
        writer.write(device.live(1))
        await until(field.blocked)
        writer.write(b"".join(device.live(number) for number in range(2, 30)))
        await until(lambda: field.received(device.station_id) == 30)
        assert field.outcomes(device.station_id) == {"stored": 1}
        process.kill()
        assert await reader.read() == b""
    await process.communicate()  # ends with the writing process, which holds the other end too
    run_id = field.one("select max(run_id) from gateway_received where station_id = %s", device.station_id)
    (line,) = books.balance(field.connection, beijing(now()).date(), device.station_id)
    assert line.verdict == "open"
    assert run_id in books.mark_crashed(field.connection, now() + timedelta(minutes=5))
    (line,) = books.balance(field.connection, beijing(now()).date(), device.station_id)
    assert (line.verdict, line.received) == ("cut_off", 30)
    assert line.settled <= 2
    assert line.difference >= 28
    async with gateway(field) as running:
        wire = await running.dial()
        for number in range(1, 30):
            assert (await wire.ask(device.live(number))).cn == "9014"
    assert field.one("select count(*) from frame_rt where station_id = %s", device.station_id) == 30
