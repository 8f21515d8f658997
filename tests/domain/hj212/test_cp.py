"""CP: what is an item, what a key, and that no text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hj212.wire import HEADER, MN, codes, one, wire
from ecobureau.domain.hj212.cp import parse_cp, split_key
from ecobureau.domain.hj212.encode import cp_text


def _read(text: str) -> tuple[dict[str, object], list[str], bool]:
    result = parse_cp(text)
    return dict(result.cp), [found.code for found in result.deviations], result.error


@pytest.mark.parametrize(
    ("text", "cp", "found"),
    [
        ("", {}, []),
        ("RtdInterval=30", {"RtdInterval": "30"}, []),
        ("QnRtn=1", {"QnRtn": "1"}, []),
        ("SB1-RS=1;SB2-RS=0", {"SB1": {"RS": "1"}, "SB2": {"RS": "0"}}, []),
        ("LA-Rtd=50.1;Leq-DayData=55", {"LA": {"Rtd": "50.1"}, "Leq": {"DayData": "55"}}, []),
        ("p99101-Rtd=St,p99101-Flag=N", {"p99101": {"Rtd": "St", "Flag": "N"}}, []),
        ("a01012-Rtd=-5.2,a01012-Flag=N", {"a01012": {"Rtd": "-5.2", "Flag": "N"}}, []),
        ("B01-Rtd=1.230,B01-Flag=N", {"B01": {"Rtd": "1.230", "Flag": "N"}}, []),
        ("a-b-Rtd=2", {"a-b": {"Rtd": "2"}}, ["cp.key_form"]),
        (
            "w01018-Rtd=1;;w01019-Rtd=2;",
            {"w01018": {"Rtd": "1"}, "w01019": {"Rtd": "2"}},
            ["cp.empty_item", "cp.trailing_separator"],
        ),
        ("w01018-Rtd=1;w01018-Flag=N", {"w01018": {"Rtd": "1", "Flag": "N"}}, ["cp.separator"]),
        ("w01018-Rtd=1,w01019-Rtd=2", {"w01018": {"Rtd": "1"}, "w01019": {"Rtd": "2"}}, ["cp.separator"]),
        ("PolId=w01018;Ctime=2", {"PolId": "w01018", "Ctime": "2"}, []),
        ("polid=w01018", {"polid": "w01018"}, ["cp.field_name"]),
        ("x=a=b", {"x": "a=b"}, ["cp.unknown_field", "cp.equals_in_value"]),
        ("a=", {"a": ""}, ["cp.unknown_field", "cp.empty_value"]),
        (" ", {}, ["cp.blanks"]),
        (";", {}, ["cp.trailing_separator"]),
        ("DataTime=1;a01001-Rtd=1;DataTime=2", {"DataTime": "2", "a01001": {"Rtd": "1"}}, ["cp.duplicate_key"]),
        ("a01001=1;a01001-Rtd=2", {"a01001": {"Rtd": "2"}}, ["cp.unknown_field", "cp.duplicate_key"]),
        ("a01001-Rtd=2;a01001=1", {"a01001": "1"}, ["cp.unknown_field", "cp.duplicate_key"]),
    ],
)
def test_items(text: str, cp: dict[str, object], found: list[str]) -> None:
    assert _read(text) == (cp, found, False)


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("//plain//", "//plain//", []),
        ("//a;b,c=d//", "//a;b,c=d//", []),
        ("//see http://x//y//", "//see http://x//y//", []),
        ("////", "////", []),
        ("//open;x", "//open;x", ["cp.log_unclosed"]),
        ("//a//b", "//a//b", ["cp.log_unclosed"]),
    ],
)
def test_logs_keep_their_text_as_sent(text: str, value: str, found: list[str]) -> None:
    cp, seen, error = _read(f"PolId=w01018;i11001-Info={text}")
    assert cp == {"PolId": "w01018", "i11001": {"Info": value}}
    assert seen == found
    assert not error


def test_an_item_behind_a_log_is_read() -> None:
    cp, seen, _ = _read("i11001-Info=//a;b//;i12001-Info=0,i12001-EFlag=x")
    assert cp == {"i11001": {"Info": "//a;b//"}, "i12001": {"Info": "0", "EFlag": "x"}}
    assert seen == []


@pytest.mark.parametrize("text", ["hello", "hello;world", "a01001-Rtd"])
def test_what_holds_no_item_at_all_is_an_error(text: str) -> None:
    assert _read(text)[2]


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("DataTime", ("", "")),
        ("w01018-Rtd", ("w01018", "Rtd")),
        ("a-b-c", ("a-b", "c")),
        ("-Rtd", ("", "")),
        ("a-", ("", "")),
        ("-", ("", "")),
        ("", ("", "")),
    ],
)
def test_keys_are_split_at_the_last_dash(key: str, parts: tuple[str, str]) -> None:
    assert split_key(key) == parts


@given(st.text(max_size=200))
def test_any_text_is_read_without_raising(text: str) -> None:
    parse_cp(text)


NAMES = st.from_regex(r"[a-z][0-9]{5}", fullmatch=True)
FIELDS = st.sampled_from(["Rtd", "Min", "Avg", "Max", "Cou", "ZsRtd", "Flag"])
TEXT = st.from_regex(r"[0-9A-Za-z.\u4e00-\u4e10-]{1,8}", fullmatch=True)


@given(
    st.dictionaries(NAMES, st.dictionaries(FIELDS, TEXT, min_size=1), max_size=8),
    st.dictionaries(st.sampled_from(["DataTime", "PolId", "VaseNo"]), TEXT),
)
def test_what_is_written_is_read(factors: dict[str, dict[str, str]], singles: dict[str, str]) -> None:
    cp = {**singles, **factors}
    assert parse_cp(cp_text(cp)).cp == cp
    assert list(parse_cp(cp_text(cp)).cp) == list(cp)


def test_utf8_is_tried_before_gbk_and_bytes_are_kept() -> None:
    segment = HEADER.replace("2011", "3020") + "CP=&&DataTime=20160801085857;PolId=w01018;i11001-Info=//清洗管路//&&"
    utf8, gbk = one(wire(segment)), one(wire(segment.encode("gbk")))
    assert utf8.cp == gbk.cp
    assert (codes(utf8), codes(gbk)) == ([], ["charset.gbk"])
    assert "清洗管路".encode("gbk") in gbk.raw
    assert (utf8.charset, gbk.charset) == ("utf-8", "gb18030")


def test_qn_inside_cp_of_2005() -> None:
    frame = one(
        wire(
            "ST=32;CN=2061;PW=123456;MN=88888880000001;Flag=1;CP=&&QN=20160801085857223;DataTime=20160801080000;011-Avg=1&&"
        )
    )
    assert (frame.ok, frame.deviations, frame.qn, frame.exchange) == (True, [], None, "20160801085857223")
    assert frame.cp["QN"] == "20160801085857223"
    assert frame.edition is not None
    assert frame.edition.year == 2005


def test_the_surface_water_dialect_is_read_as_it_is() -> None:
    frame = one(wire(f"QN=20160801085857223;ST=21;CN=9014;PW=100000;MN={MN};Flag=8;CP=&&QnRtn=1&&"))
    assert frame.ok
    assert frame.cp == {"QnRtn": "1"}
    assert frame.text("QnRtn") == "1"
    assert not frame.wants_answer


def test_json_has_the_keys_in_their_order() -> None:
    frame = one(wire(HEADER + "CP=&&DataTime=20160801085857;w01018-Rtd=1.50,w01018-Flag=N&&"))
    said = frame.to_json()
    assert " ".join(said) == "ok error deviations length crc QN ST CN PW MN Flag PNUM PNO RF cp"
    assert said["cp"] == {"DataTime": "20160801085857", "w01018": {"Rtd": "1.50", "Flag": "N"}}
    assert said["PNUM"] is None


def test_flag_values() -> None:
    for flag, value, edition, wants, split in [
        ("4", 4, 2017, False, False),
        ("5", 5, 2017, True, False),
        ("6", 6, 2017, False, True),
        ("7", 7, 2017, True, True),
        ("0", 0, 2005, False, False),
        ("9", 9, 2025, True, False),
        ("11", 11, 2025, True, True),
    ]:
        numbers = "PNUM=2;PNO=1;" if split else ""
        frame = one(wire(HEADER.replace("Flag=5;", f"Flag={flag};{numbers}") + "CP=&&&&"))
        assert frame.edition is not None
        assert (frame.flag_value, frame.edition.year, frame.wants_answer, frame.is_split) == (
            value,
            edition,
            wants,
            split,
        )
    odd = one(wire(HEADER.replace("Flag=5;", "Flag=x;") + "CP=&&&&"))
    assert (odd.flag_value, odd.edition, odd.wants_answer, odd.error) == (None, None, False, "header")


def test_an_odd_factor_code_is_told_once_and_each_odd_field_by_itself() -> None:
    found = parse_cp("PM25-Rtd=1,PM25-Ori=2,PM25-Flag=N;PM10-Rtd=3").deviations
    assert [(one.code, one.detail) for one in found] == [
        ("cp.private_factor", "PM25"),
        ("cp.unknown_field", "PM25-Ori"),
        ("cp.private_factor", "PM10"),
    ]


def test_single_keys_that_the_standard_lacks_are_told_and_kept() -> None:
    result = parse_cp("DataTime=20160801085857;ICCID=8986;PolId=w01018;w01018=3;datatime=1;Flag=N")
    assert [(one.code, one.detail) for one in result.deviations] == [
        ("cp.unknown_field", "ICCID"),
        ("cp.unknown_field", "w01018"),
        ("cp.field_name", "datatime"),
        ("cp.factorless_flag", "N"),
    ]
    assert (result.cp["ICCID"], result.cp["w01018"]) == ("8986", "3")
