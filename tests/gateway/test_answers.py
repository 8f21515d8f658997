"""Answers come after the commit, resends are harmless, strangers get silence."""

import psycopg

from ecobureau.clock import beijing, now
from ecobureau.storage.books import balance
from gateway.field import PASSWORD, ago, gateway, in_loop, until


def stored(field, device):
    return field.rows("select start, v from frame_rt where station_id = %s order by start", device.station_id)


@in_loop
async def test_the_answer_echoes_the_frame_and_the_value_is_there(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        frame = device.live(value=1.5, qn="20260701080000123")
        answer = await wire.ask(frame)
        assert (answer.cn, answer.st, answer.qn, answer.pw, answer.mn, answer.flag) == (
            "9014", "91", "20260701080000123", PASSWORD, device.mn, "4",
        )  # fmt: skip
        assert answer.cp == {}
        assert len(stored(field, device)) == 1
        (raw,) = field.rows("select sha256, outcome from raw_frame where station_id = %s", device.station_id)
        assert raw[1] == "stored"


@in_loop
async def test_no_answer_before_the_commit(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.live(5))
        with psycopg.connect(field.owner) as lock:
            lock.execute("lock table raw_frame in access exclusive mode")
            wire.send(device.live(4))
            await until(field.blocked)
            assert running.gateway.metrics.received == 2
            assert running.gateway.metrics.answers == 1
            lock.rollback()
        assert (await wire.receive()).cn == "9014"
        assert len(stored(field, device)) == 2


@in_loop
async def test_a_resend_is_answered_again_and_stored_once(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        frame = device.live()
        for _ in range(3):
            assert (await wire.ask(frame)).cn == "9014"
        other = await running.dial()
        assert (await other.ask(frame)).cn == "9014"
    assert len(stored(field, device)) == 1
    assert field.outcomes(device.station_id) == {"stored": 1, "duplicate": 3}
    assert field.received(device.station_id) == 4


@in_loop
async def test_a_rewritten_value_is_a_revision(field):
    device = field.register()
    stamp = ago(10)
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.frame(f"DataTime={stamp};w01018-Rtd=1.0"))
        await wire.ask(device.frame(f"DataTime={stamp};w01018-Rtd=2.0"))
    assert field.outcomes(device.station_id) == {"stored": 1, "revised": 1}
    query = "select old_text, new_text from revision where station_id = %s"
    assert field.rows(query, device.station_id) == [("1.0", "2.0")]


@in_loop
async def test_strangers_and_wrong_passwords_get_silence_and_a_place_in_quarantine(field):
    device, stopped = field.register(), field.register(active=False)
    unknown = field.register()
    field.run("delete from sources_logger where mn = %s", unknown.mn)
    async with gateway(field) as running:
        wire = await running.dial()
        stranger, liar, idle = unknown.live(), device.live(value=66, pw="654321"), stopped.live()
        wire.send(stranger, stranger, liar, idle, device.live())
        answer = await wire.receive()
        assert answer.mn == device.mn
        assert running.gateway.metrics.answers == 1
    found = {
        bytes(raw): (reason, frames) for raw, reason, frames in field.rows("select raw, reason, frames from quarantine")
    }
    assert found[stranger] == ("station.unknown", 2)
    assert found[liar] == ("station.password", 1)
    assert found[idle] == ("station.inactive", 1)
    assert stored(field, stopped) == []
    assert len(stored(field, device)) == 1
    assert field.outcomes(device.station_id) == {"quarantined": 1, "stored": 1}


@in_loop
async def test_the_books_balance_after_an_orderly_end(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        good = device.live()
        broken = device.live(3)
        broken = broken[:-6] + b"FFFF\r\n"
        wire.send(good, good, broken, device.frame(cn="9021"), device.frame("DataTime=20190101000000;w01018-Rtd=1"))
        for _ in range(4):
            await wire.receive()
        run_id = running.gateway.run_id
    (line,) = [
        one for one in balance(field.connection, beijing(now()).date(), device.station_id) if one.run_id == run_id
    ]
    assert (line.received, line.verdict) == (5, "balanced")
    assert {outcome.value: count for outcome, count in line.outcomes.items()} == {
        "stored": 1, "duplicate": 1, "quarantined": 1, "control": 1, "refused": 1,
    }  # fmt: skip


@in_loop
async def test_a_station_registered_later_is_known_at_once(field):
    device = field.register()
    async with gateway(field) as running:
        late = field.register()
        field.run("notify eb_stations")
        await until(lambda: running.gateway.registry.get(late.mn))
        wire = await running.dial()
        assert (await wire.ask(late.live())).mn == late.mn
        field.run("update sources_logger set active = false, revision = 2 where mn = %s", device.mn)
        field.run("notify eb_stations")
        await until(lambda: not running.gateway.registry.get(device.mn).active)
        wire.send(device.live(), late.live(1))
        assert (await wire.receive()).mn == late.mn
