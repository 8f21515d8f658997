"""The dialect of surface-water stations: the same frames, other meanings for some commands, 9014 with QnRtn."""

import pytest

from domain.hj212.wire import wire
from ecobureau.domain.hj212 import CannotEncode, FrameReader, surface_water
from ecobureau.domain.hj212.commands import Kind

HOUR = (
    b"##0157QN=20260701080000123;ST=21;CN=2061;PW=123456;MN=A420000_0001;Flag=9;CP=&&DataTime=20260701080000;"
    b"w01001-Avg=7.82,w01001-Flag=N;w01009-Avg=8.4,w01009-Flag=N&&60C0\r\n"
)
CHECK = (
    b"##0157QN=20260701080000123;ST=21;CN=2063;PW=123456;MN=A420000_0001;Flag=9;CP=&&DataTime=20260701080000;"
    b"w21003-Check=0.51,w21003-StandardValue=0.50,w21003-Flag=sc&&1F40\r\n"
)
TIME = (
    b"##0100QN=20260701080000123;ST=21;CN=1014;PW=123456;MN=A420000_0001;Flag=9;"
    b"CP=&&SystemTime=20260701080000&&AB41\r\n"
)
READY = b"##0082QN=20260701080000123;ST=91;CN=9014;PW=123456;MN=A420000_0001;Flag=8;CP=&&QnRtn=1&&6C00\r\n"
OF = {"qn": "20260701080000123", "st": "21", "pw": "123456", "mn": "A420000_0001"}


def read(data):
    (frame,) = FrameReader().feed(data)
    assert frame.ok
    return frame


@pytest.mark.parametrize("data", [HOUR, CHECK, TIME])
def test_uploads_are_answered_with_9014_that_says_ready(data):
    assert surface_water.answer(read(data)) == READY


def test_an_odd_qn_is_echoed():
    odd = wire("QN=2026&&07;ST=21;CN=2061;PW=123456;MN=A420000_0001;Flag=9;CP=&&&&")
    assert surface_water.answer(read(odd)) == wire(
        "QN=2026&&07;ST=91;CN=9014;PW=123456;MN=A420000_0001;Flag=8;CP=&&QnRtn=1&&"
    )


def test_what_asks_for_no_answer_gets_none():
    quiet = HOUR.replace(b"Flag=9", b"Flag=8").replace(b"60C0", b"A0C1")
    (frame,) = FrameReader().feed(quiet)
    assert surface_water.answer(frame) is None
    assert surface_water.answer(read(READY)) is None


def test_its_own_commands_are_no_deviations():
    frame = read(CHECK)
    codes = {one.code for one in frame.deviations}
    assert {"cn.unknown", "cp.unknown_field"} <= codes
    assert not {code for code in codes if not surface_water.ordinary(code, frame.cn)} & {
        "cn.unknown",
        "cp.unknown_field",
    }
    assert not surface_water.ordinary("cn.unknown", "2999")
    assert not surface_water.ordinary("crc.case", "2061")


def test_requests():
    set_time = surface_water.ask("1012", **OF, params={"SystemTime": "20260701080000"})
    assert set_time == (
        "1015",
        b"##0100QN=20260701080000123;ST=21;CN=1015;PW=123456;MN=A420000_0001;Flag=9;CP=&&SystemTime=20260701080000&&9741\r\n",
        Kind.REQUEST,
    )
    assert surface_water.ask("1011", **OF, params={})[0] == "1014"
    control = surface_water.ask("3042", **OF, params={"PolId": "w21003"})
    assert (
        control[1]
        == b"##0087QN=20260701080000123;ST=21;CN=3042;PW=123456;MN=A420000_0001;Flag=9;CP=&&PolId=w21003&&6300\r\n"
    )
    hours = surface_water.ask("2061", **OF, params={"BeginTime": "20260701080000", "EndTime": "20260701090000"})
    assert b"CN=2061" in hours[1]
    for cn, params in (("1015", {}), ("3042", {"PolId": "a;CN=1"}), ("9999", {}), ("3101", {})):
        with pytest.raises(CannotEncode):
            surface_water.ask(cn, **OF, params=params)


@pytest.mark.parametrize(
    ("name", "yes"), [("surface_water", True), ("ST21", True), ("地表水", True), ("", False), ("x", False)]
)
def test_the_name_of_the_dialect(name, yes):
    assert surface_water.speaks(name) is yes
