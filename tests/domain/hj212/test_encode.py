from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hj212.wire import MN, codes, one, wire
from ecobureau.domain.hj212 import (
    COMMANDS,
    CannotEncode,
    Direction,
    Edition,
    Kind,
    answer_9011,
    answer_9013,
    answer_9014,
    encode,
    execution_9012,
    heartbeat,
    request,
    upload,
)

WHO = {"qn": "20160801085857223", "st": "32", "pw": "100000", "mn": MN}
VALUES = {
    "OverTime": "5",
    "ReCount": "3",
    "WarnTime": "10",
    "SystemTime": "20160801085857",
    "BeginTime": "20160801000000",
    "EndTime": "20160801010000",
    "PolId": "w01018",
    "InfoId": "i11001",
    "RtdInterval": "30",
    "MinInterval": "10",
    "NewPW": "654321",
    "CstartTime": "000000",
    "CTime": "2",
    "MN": MN,
    "SKCreateTime": "20260101000000",
    "NewSK": "0123456789ABCDEF",
    "ReportTarget": "10.0.0.1",
    "ReportTime": "0830",
    "*": "1",
}


def _params(names: tuple[str, ...]) -> dict[str, str]:
    return {("w01018-UpValue" if name == "*" else name): VALUES[name] for name in names}


DOWN = [
    (command.code, edition)
    for command in COMMANDS.values()
    for edition in command.editions
    for use in [command.use(Direction.DOWN, edition)]
    if use is not None and use.kind is not Kind.ANSWER
]


@pytest.mark.parametrize(("cn", "edition"), DOWN)
def test_every_command_of_the_platform_is_encoded_and_read_back(cn: str, edition: Edition) -> None:
    use = COMMANDS[cn].use(Direction.DOWN, edition)
    assert use is not None
    mn = MN[:14] if edition is Edition.E2005 else MN
    frame = one(request(cn, **{**WHO, "mn": mn}, edition=edition, params=_params(use.required)))
    assert frame.ok
    assert set(codes(frame)) <= {"cp.private_factor"}
    assert (frame.cn, frame.edition, frame.wants_answer) == (cn, edition, True)
    assert {key for key in frame.cp if key != "w01018"} == {name for name in use.required if name != "*"}


def test_the_table_holds_every_code_of_the_reference() -> None:
    assert " ".join(COMMANDS) == (
        "1000 1001 1002 1011 1012 1013 1014 1021 1022 1031 1032 1041 1042 1061 1062 1063 1064 1072 2011 2012 2013 2021 "
        "2022 2031 2041 2051 2052 2061 2062 2071 2072 2081 2111 3011 3012 3013 3014 3015 3016 3017 3018 3019 3020 3021 "
        "3022 3024 9011 9012 9013 9014 9015 9021"
    )
    for command in COMMANDS.values():
        assert command.zh
        assert command.en
        assert command.uses


@pytest.mark.parametrize(
    ("cn", "edition", "params", "code"),
    [
        ("9014", Edition.E2017, {}, "hj212.encode.not_a_request"),
        ("9999", Edition.E2017, {}, "hj212.encode.not_a_request"),
        ("2081", Edition.E2017, {}, "hj212.encode.not_a_request"),
        ("3015", Edition.E2025, {}, "hj212.encode.not_a_request"),
        ("1002", Edition.E2017, {"MN": MN}, "hj212.encode.not_a_request"),
        ("2061", Edition.E2017, {"BeginTime": "20160801000000"}, "hj212.encode.param_missing"),
        ("1062", Edition.E2017, {"RtdInterval": "30", "X": "1"}, "hj212.encode.param_unknown"),
        ("1062", Edition.E2017, {"RtdInterval": "30;CN=1"}, "hj212.encode.param_value"),
        ("1062", Edition.E2017, {"RtdInterval": "30&&"}, "hj212.encode.param_value"),
        ("1072", Edition.E2017, {"NewPW": "1\r\n"}, "hj212.encode.param_value"),
    ],
)
def test_what_is_no_request_is_refused(cn: str, edition: Edition, params: dict[str, str], code: str) -> None:
    with pytest.raises(CannotEncode) as refusal:
        request(cn, **WHO, edition=edition, params=params)
    assert refusal.value.code == code


def test_a_new_key_goes_out_encrypted() -> None:
    key = b"0123456789abcdef"
    params = {"SKCreateTime": "20260101000000", "NewSK": "FEDCBA9876543210"}
    made = request("1014", **WHO, edition=Edition.E2025, params=params, key=key)
    assert b"FEDCBA" not in made
    assert (one(made, key=key).ok, one(made, key=key).cp) == (True, params)


UP = [
    (command.code, edition)
    for command in COMMANDS.values()
    for edition in command.editions or Edition
    for use in [command.use(Direction.UP, edition)]
    if use is not None and use.kind is not Kind.ANSWER
]
SENT = {
    **VALUES,
    "DataTime": "20160801080000",
    "RestartTime": "20160801080000",
    "VaseNo": "1",
    "AlarmTime": "20160801080000",
    "Stime": "30",
}


@pytest.mark.parametrize(("cn", "edition"), UP)
def test_every_command_of_the_field_is_encoded_and_read_back(cn: str, edition: Edition) -> None:
    use = COMMANDS[cn].use(Direction.UP, edition)
    assert use is not None
    cp: dict[str, str | dict[str, str]] = {name: SENT[name] for name in use.required if name in SENT and name != "*"}
    if {"x-SN", "*"} & set(use.required):
        cp["w01018"] = {"SN": "0" * 24} if "x-SN" in use.required else {"UpValue": "100"}
    mn = MN[:14] if edition is Edition.E2005 else MN
    frame = one(upload(cn, **{**WHO, "mn": mn, "qn": "20160802090000001"}, edition=edition, cp=cp))
    assert (frame.ok, frame.deviations) == (True, [])
    assert (frame.cn, frame.edition, frame.wants_answer, frame.cp) == (cn, edition, True, cp)
    for name in cp:
        rest = {other: value for other, value in cp.items() if other != name}
        with pytest.raises(CannotEncode) as refusal:
            upload(cn, **WHO, edition=edition, cp=rest)
        assert refusal.value.code == "hj212.encode.param_missing"


@pytest.mark.parametrize(
    ("cn", "edition"),
    [("1012", Edition.E2017), ("9014", Edition.E2017), ("2013", Edition.E2017), ("7777", Edition.E2025)],
)
def test_what_the_field_never_sends_is_refused(cn: str, edition: Edition) -> None:
    with pytest.raises(CannotEncode) as refusal:
        upload(cn, **WHO, edition=edition, cp={})
    assert refusal.value.code == "hj212.encode.not_an_upload"


@pytest.mark.parametrize("field", ["qn", "st", "pw", "mn"])
def test_header_fields_cannot_break_the_frame(field: str) -> None:
    with pytest.raises(CannotEncode):
        encode(**{**WHO, "cn": "2011", "flag": "5", field: "1;CN=9011"})


def test_a_segment_of_more_than_four_digits_is_refused() -> None:
    with pytest.raises(CannotEncode) as refusal:
        encode(**WHO, cn="2011", flag="5", cp="x" * 9999)
    assert refusal.value.code == "hj212.encode.too_long"


@pytest.mark.parametrize(
    ("answer", "cn", "cp"),
    [
        (answer_9014, "9014", ""),
        (answer_9013, "9013", ""),
        (answer_9011, "9011", "QnRtn=1"),
        (execution_9012, "9012", "ExeRtn=1"),
    ],
)
def test_answers_echo_qn_pw_and_mn_byte_for_byte(answer, cn: str, cp: str) -> None:  # type: ignore[no-untyped-def]
    odd = "QN=201608010858572230;ST=32;CN=2011;PW=;MN=z-7 x/Q;Flag=9;CP=&&&&"
    made = answer(one(wire(odd)))
    assert made == wire(f"QN=201608010858572230;ST=91;CN={cn};PW=;MN=z-7 x/Q;Flag=8;CP=&&{cp}&&")


def test_the_answer_to_a_chinese_mn_in_gbk_has_its_bytes() -> None:
    frame = one(wire("QN=20160801085857223;ST=32;CN=2011;PW=1;MN=武昌;Flag=5;CP=&&&&".encode("gbk")))
    assert "MN=武昌".encode("gbk") in answer_9014(frame)


@pytest.mark.parametrize("odd", ["2016&&01", "2016##01", "##0101"])
def test_an_odd_qn_is_echoed_all_the_same(odd: str) -> None:
    frame = one(wire(f"QN={odd};ST=32;CN=2011;PW=1;MN={MN};Flag=5;CP=&&&&"))
    assert answer_9014(frame) == wire(f"QN={odd};ST=91;CN=9014;PW=1;MN={MN};Flag=4;CP=&&&&")


def test_answers_to_2005_devices() -> None:
    frame = one(
        wire("ST=32;CN=2061;PW=123456;MN=88888880000001;CP=&&QN=20160801085857223;DataTime=20160801080000;011-Avg=1&&")
    )
    assert answer_9014(frame) == wire("ST=91;CN=9014;PW=123456;MN=88888880000001;Flag=0;CP=&&QN=20160801085857223&&")


def test_an_answer_has_no_answer_bit_and_no_split_bit() -> None:
    frame = one(wire(f"QN=20160801085857223;ST=32;CN=2011;PW=1;MN={MN};Flag=7;PNUM=2;PNO=1;CP=&&&&"))
    made = one(answer_9014(frame))
    assert (made.flag, made.pnum, made.cp, made.wants_answer) == ("4", None, {}, False)


def test_heartbeats() -> None:
    frame = one(heartbeat(qn="20260801085857223", mn=MN, pw="123456"))
    assert (frame.cn, frame.flag, frame.cp, frame.deviations) == ("9015", "9", {}, [])
    vendor = one(heartbeat(qn="20260801085857223", mn=MN, pw="123456", cn="9021", edition=Edition.E2017, answer=False))
    assert (vendor.cn, vendor.wants_answer) == ("9021", False)


FIELD = st.from_regex(r"[0-9A-Za-z]{1,20}", fullmatch=True)
CP = st.dictionaries(
    st.from_regex(r"[awL][0-9]{5}", fullmatch=True),
    st.one_of(
        st.from_regex(r"[0-9A-Za-z.\u4e00-\u4e20]{0,9}", fullmatch=True),
        st.dictionaries(
            st.sampled_from(["Rtd", "Avg", "Flag", "Info", "Odd"]),
            st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{1,9})?|//[a-z;,=]{0,9}//|[\u4e00-\u4e20]{1,3}", fullmatch=True),
            min_size=1,
        ),
    ),
    max_size=6,
)


@given(FIELD, FIELD, st.from_regex(r"[0-9]{4}", fullmatch=True), FIELD, FIELD, st.integers(0, 11), CP, st.booleans())
def test_decode_of_encode_gives_back_what_went_in(
    qn: str, st_: str, cn: str, pw: str, mn: str, flag: int, cp: dict[str, object], encrypted: bool
) -> None:
    key = b"0123456789abcdef" if encrypted else None
    made = encode(qn=qn, st=st_, cn=cn, pw=pw, mn=mn, flag=flag, cp=cp, rf="1", key=key)  # type: ignore[arg-type]
    frame = one(made, key=key)
    assert frame.error is None
    assert (frame.qn, frame.st, frame.cn, frame.pw, frame.mn, frame.flag, frame.rf) == (
        qn,
        st_,
        cn,
        pw,
        mn,
        str(flag),
        "1",
    )
    assert frame.cp == cp
    again = encode(
        qn=frame.qn,
        st=frame.st,
        cn=frame.cn,
        pw=frame.pw,
        mn=frame.mn,
        flag=frame.flag,
        rf=frame.rf,
        cp=frame.cp,
        key=key,
    )
    assert again == made
