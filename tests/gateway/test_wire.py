"""What the field does to the wire: deviations, split packets, editions, stamps, back-fill, several MN."""

from itertools import permutations

import pytest

from ecobureau.domain.hj212 import encode, parse_time
from ecobureau.domain.hj212.crc import modbus
from ecobureau.secret import seal
from ecobureau.storage.read import latest
from gateway.field import ago, gateway, in_loop, until


def raw_rows(field, device):
    query = "select outcome, reason, deviations from raw_frame where station_id = %s order by id"
    return [(o, r, set((d or "").split(",")) - {""}) for o, r, d in field.rows(query, device.station_id)]


def starts(field, device, table="frame_rt"):
    return [
        row[0] for row in field.rows(f"select start from {table} where station_id = %s order by 1", device.station_id)
    ]


KEPT = {
    "no line end": (lambda f: f[:-2], "line_end.missing_before"),
    "line feed alone": (lambda f: f[:-2] + b"\n", "line_end.lf_only"),
    "lower-case check": (lambda f: f[:-6] + f[-6:].lower(), None),
    "trailing separator": (None, "cp.trailing_separator"),
    "vendor field": (None, "cp.vendor_field"),
    "private factor": (None, "cp.private_factor"),
    "negative value": (None, "cp.negative_value"),
    "exponent": (None, "cp.exponent"),
    "no QN": (None, "qn.missing"),
    "17 digits": (None, "data_time.17_digits"),
    "GBK text": (None, "charset.gbk"),
    "other edition": (None, "flag.version_other"),
}


def deviant(device, name):
    stamp = ago(30)
    plain = f"DataTime={stamp};w01018-Rtd=1.0"
    change = KEPT[name][0]
    if change is not None:
        return change(device.frame(plain))
    return {
        "trailing separator": lambda: device.frame(plain + ";"),
        "vendor field": lambda: device.frame(plain + ",w01018-ZsCou=3"),
        "private factor": lambda: device.frame(plain + ";my_own-Rtd=3"),
        "negative value": lambda: device.frame(f"DataTime={stamp};w01018-Rtd=-1.0"),
        "exponent": lambda: device.frame(f"DataTime={stamp};w01018-Rtd=1.0E-3"),
        "no QN": lambda: device.frame(plain, qn=None),
        "17 digits": lambda: device.frame(f"DataTime={stamp}123;w01018-Rtd=1.0"),
        "GBK text": lambda: encode(
            qn="20260701080000123", st="32", cn="2011", pw="123456", mn=device.mn, flag=5,
            cp=plain + ";i11001-Info=//校准完成//", charset="gbk",
        ),
        "other edition": lambda: device.frame(plain, flag="1"),
    }[name]()  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
@in_loop
async def test_what_departs_from_the_standard_is_stored_answered_and_told(field, name):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        assert (await wire.ask(deviant(device, name))).cn == "9014"
        if name == "no line end":  # told with the next frame: a connection does not wait for it
            await wire.ask(device.live(5))
    rows = raw_rows(field, device)
    assert {outcome for outcome, _, _ in rows} == {"stored"}
    code = KEPT[name][1]
    assert code is None or code in set().union(*(codes for _, _, codes in rows))


def modbus_frame(frame):
    segment = frame[6:-6]
    return frame[:6] + segment + b"%04X\r\n" % modbus(segment)


BROKEN = {
    "frame.crc": modbus_frame,
    "frame.length": lambda f: b"##%04d" % (int(f[2:6]) + 6) + f[6:],
    "frame.header": None,
    "frame.truncated": lambda f: f[:60],
}


@pytest.mark.parametrize("reason", BROKEN)
@in_loop
async def test_frames_in_error_are_kept_in_quarantine_and_never_answered(field, reason):
    device = field.register()
    change = BROKEN[reason]
    bad = change(device.live(7)) if change else device.frame("DataTime=1", cn="20x1")
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(bad, device.live())
        assert (await wire.receive()).cn == "9014"
        await until(lambda: sum(running.gateway.metrics.outcomes.values()) >= 2)
        assert running.gateway.metrics.answers == 1
        assert running.gateway.metrics.errors[reason] == 1
    assert len(starts(field, device)) == 1
    assert field.rows("select reason from quarantine where raw = %s or raw = %s", bad, bad.rstrip(b"\r\n")) == [
        (reason,)
    ]


@pytest.mark.parametrize(
    ("cp", "reason"),
    [
        ("nothing to read", "frame.cp"),
        ("DataTime=20991231000000;w01018-Rtd=1", "data_time.future"),
        ("DataTime=20191231235959;w01018-Rtd=1", "data_time.before_accept_from"),
        ("w01018-Rtd=1", "data_time.missing"),
        ("DataTime=x;w01018-Rtd=1", "data_time.malformed"),
    ],
)
@in_loop
async def test_refused_content_is_kept_answered_and_never_data(field, cp, reason):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        assert (await wire.ask(device.frame(cp))).cn == "9014"
    ((outcome, said, _),) = raw_rows(field, device)
    assert (outcome, said) == ("refused", reason)
    assert starts(field, device) == []


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
@pytest.mark.parametrize("stamped", [True, False])
@in_loop
async def test_split_packets_in_any_order(field, order, stamped):
    device = field.register()
    head = f"DataTime={ago(20)};"
    factors = {1: "w01018-Rtd=1.0", 2: "w21003-Rtd=2.0", 3: "w21011-Rtd=3.0"}
    packets = {
        number: device.frame((head if stamped or number == 1 else "") + cp, flag="7", pnum=3, pno=number)
        for number, cp in factors.items()
    }
    async with gateway(field) as running:
        wire = await running.dial()
        for number in order:
            assert (await wire.ask(packets[number])).cn == "9014"
        await wire.ask(packets[order[0]])
    assert len(starts(field, device)) == 1
    values = {one.code: one.value for one in latest(field.connection, [device.station_id])}
    assert values == {"w01018": 1.0, "w21003": 2.0, "w21011": 3.0}
    assert sum(field.outcomes(device.station_id).values()) == 4
    assert "pending_part" not in field.outcomes(device.station_id)


@in_loop
async def test_packets_without_flag_are_put_together_too(field):
    device = field.register(edition=0)
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(
            device.frame("060-Rtd=2.0", qn=None, flag=None, pnum=2, pno=2),
            device.frame(f"DataTime={ago(20)};011-Rtd=1.0", qn=None, flag=None, pnum=2, pno=1),
        )
        await until(lambda: sum(running.gateway.metrics.outcomes.values()) == 2)
        assert running.gateway.metrics.answers == 0
    values = {one.code: one.value for one in latest(field.connection, [device.station_id])}
    assert values == {"w01018": 1.0, "w21003": 2.0}


@in_loop
async def test_a_logger_that_encrypts_is_read_with_its_own_key(field):
    key = bytes(range(16))
    device = field.register(edition=2, sm4_key_sealed=seal(key.hex().upper()))
    plain = f"DataTime={ago(20)};w01018-Rtd=12.50,w01018-Flag=N"
    other = f"DataTime={ago(10)};w01018-Rtd=99.00,w01018-Flag=N"
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(device.frame(other, key=b"k" * 16))
        assert (await wire.ask(device.frame(plain, key=key))).cn == "9014"
        assert (await wire.ask(device.frame(cn="9015"))).cn == "9013"
        assert running.gateway.metrics.answers == 2
        assert running.gateway.metrics.errors["frame.crc"] == 1
    assert {one.code: one.value for one in latest(field.connection, [device.station_id])} == {"w01018": 12.5}
    assert field.outcomes(device.station_id) == {"stored": 1, "control": 1, "quarantined": 1}


@in_loop
async def test_a_logger_of_2005(field):
    device = field.register(edition=0, stamp_rule="end", factor_map={"X1": "w21011"})
    hour = ago(0)[:10] + "0000"
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(device.frame(f"DataTime={ago(3)};011-Rtd=12.50;X1-Rtd=1", qn=None, flag=None))
        answer = await wire.ask(device.frame(f"DataTime={hour};011-Avg=12.5,011-Flag=N", cn="2061", flag="1"))
        assert (answer.cn, answer.flag) == ("9014", "0")
        await until(lambda: sum(running.gateway.metrics.outcomes.values()) == 2)
        assert running.gateway.metrics.answers == 1
    codes = {one.code for one in latest(field.connection, [device.station_id])}
    assert codes == {"w01018", "w21011"}
    start = parse_time(hour)[0]
    assert [(start - one).total_seconds() for one in starts(field, device, "frame_period")] == [3600.0]


@in_loop
async def test_backfill_is_marked_and_lags(field):
    device = field.register(edition=2)
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.frame(f"DataTime={ago(7200)};w01018-Rtd=1"))
        await wire.ask(device.frame(f"DataTime={ago(30)};w01018-Rtd=1", rf="1"))
        await wire.ask(device.live())
    causes = {row[0] for row in field.rows("select cause from dirty where station_id = %s", device.station_id)}
    assert causes == {"late", "new"}
    late = field.one("select count(*) from frame_rt where station_id = %s and note <> 0", device.station_id)
    assert late == 2


@in_loop
async def test_events_and_parameters_reach_their_tables(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.frame("DataTime=20260701080000;RestartTime=20260701075900", cn="2081"))
        await wire.ask(device.frame("DataTime=20260701080000;PolId=w01018;i13004-Info=168.0", cn="3020"))
        assert (await wire.ask(device.frame(cn="1013"))).cn == "9013"
    kinds = {row[0] for row in field.rows("select kind from device_event where station_id = %s", device.station_id)}
    assert kinds == {"2081", "3020"}
    query = "select device, name, value from parameter where station_id = %s"
    assert field.rows(query, device.station_id) == [("w01018", "i13004", "168.0")]


@in_loop
async def test_several_mn_on_one_connection_and_text_before_the_first_frame(field):
    first, second = field.register(relay=True), field.register(relay=True)
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(b"DTU-0815\r\n", first.live(), second.live())
        assert {(await wire.receive()).mn, (await wire.receive()).mn} == {first.mn, second.mn}
        assert running.gateway.holders[first.mn] is running.gateway.holders[second.mn]
        assert "stream.several_mn" in running.gateway.metrics.deviations
    assert "stream.text_before" in raw_rows(field, first)[0][2]


@in_loop
async def test_frames_cut_anywhere_are_put_together(field):
    device = field.register()
    frames = device.live(1) + device.live(2)
    async with gateway(field) as running:
        wire = await running.dial()
        for byte in frames:
            wire.send(bytes([byte]))
        assert [(await wire.receive()).cn for _ in range(2)] == ["9014", "9014"]
    assert len(starts(field, device)) == 2


@in_loop
async def test_answers_of_the_field_are_never_answered(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        for cn in ("9011", "9012", "9013", "9014"):
            wire.send(device.frame("QnRtn=1" if cn == "9011" else "", cn=cn, st="32"))
        assert (await wire.ask(device.live())).cn == "9014"
        assert running.gateway.metrics.answers == 1
    assert field.outcomes(device.station_id) == {"control": 4, "stored": 1}


@in_loop
async def test_a_frame_that_the_program_stumbles_over_stops_nobody(field):
    # The year 1 has no day before it, which an end-stamped day of it would need.
    device = field.register(stamp_rule="end", accept_from="0001-01-02T00:00:00+00:00")
    bad = device.frame("DataTime=00010101080000;w01018-Avg=1", cn="2031")
    async with gateway(field) as running:
        wire = await running.dial()
        wire.send(device.live(1), bad, device.live(2))
        assert [(await wire.receive()).cn for _ in range(2)] == ["9014", "9014"]
        await until(lambda: running.gateway.metrics.outcomes["quarantined"])
    assert field.rows("select reason from quarantine where raw = %s", bad) == [("poison.OverflowError",)]
    assert len(starts(field, device)) == 2
