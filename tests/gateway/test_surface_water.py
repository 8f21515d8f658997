"""A station registered with the surface-water dialect: decoded, answered and asked in it."""

from __future__ import annotations

from ecobureau.clock import now
from ecobureau.domain.hj212 import answer_9011, execution_9012
from ecobureau.domain.hj212.times import to_text
from ecobureau.storage import commands
from ecobureau.storage.commands import State
from gateway.field import ago, gateway, in_loop, until


@in_loop
async def test_values_are_stored_checks_are_events_and_both_are_answered_ready(field):
    device = field.register(st="21", edition=None, dialect="surface_water")
    device.edition = 2
    async with gateway(field) as running:
        wire = await running.dial()
        answer = await wire.ask(device.frame(f"DataTime={ago(30)};w01001-Rtd=7.82,w01001-Flag=N"))
        assert (answer.cn, answer.st, answer.flag, answer.cp) == ("9014", "91", "8", {"QnRtn": "1"})
        check = f"DataTime={ago(30)};w21003-Check=0.51,w21003-StandardValue=0.50"
        for cn in ("2062", "2063", "2066"):
            answer = await wire.ask(device.frame(check, cn=cn))
            assert (answer.cn, answer.cp) == ("9014", {"QnRtn": "1"})
    assert field.outcomes(device.station_id) == {"stored": 4}
    kinds = field.rows("select kind, fields from device_event where station_id = %s order by kind", device.station_id)
    assert [kind for kind, _ in kinds] == ["2062", "2063", "2066"]
    assert kinds[0][1]["w21003"] == {"Check": "0.51", "StandardValue": "0.50"}
    assert field.one("select count(*) from frame_rt where station_id = %s", device.station_id) == 1
    told = field.rows("select cn, deviations from raw_frame where station_id = %s", device.station_id)
    assert not [codes for _, codes in told if codes and ("cn.unknown" in codes or "version" in codes)]


@in_loop
async def test_the_time_is_set_with_its_own_command(field):
    device = field.register(st="21", edition=2, dialect="surface_water")
    async with gateway(field) as running:
        wire = await running.logged_in(device)
        command_id = commands.ask(field.connection, device.station_id, "1012", {}, 1, now())
        got = await wire.receive()
        assert (got.cn, got.st, got.flag) == ("1015", "21", "9")
        assert got.cp["SystemTime"][:8] == to_text(now())[:8]
        wire.send(answer_9011(got), execution_9012(got))
        await until(lambda: commands.get(field.connection, command_id)[0].state is State.DONE)
