"""Every code of DEVIATIONS has a frame that shows it; strict mode refuses with the same code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.hj212.wire import CP, GOOD, HEADER, MN, codes, loop_crc, modbus_crc, one, read, upload, wire
from ecobureau.domain.hj212 import DEVIATIONS, Edition, FrameReader, StreamWatch, clock_deviations, crc
from ecobureau.domain.hj212.deviations import as_markdown
from ecobureau.domain.hj212.frame import ERRORS

SEGMENT = (HEADER + CP).encode()
LOG = HEADER.replace("2011", "3020") + "CP=&&DataTime=20160801085857;PolId=w01018;i11001-Info=//清洗,管路;a=1//&&"
HOUR = HEADER.replace("2011", "2061")
ANSWER = f"QN=20160801085857223;ST=91;CN=9014;PW=100000;MN={MN};Flag=4;CP=&&&&"
CIPHER = (
    (HEADER.replace("Flag=5", "Flag=9") + "CP=&&").encode() + bytes.fromhex("E43E159ACFAB242CB53155FB8B9281A1") + b"&&"
)
MANY = ";".join(f"w{21001 + number:05d}-Rtd=12.5,w{21001 + number:05d}-Flag=N" for number in range(40))


def _header(old: str, new: str) -> bytes:
    assert old in HEADER
    return wire(HEADER.replace(old, new) + CP)


def _cp(items: str) -> bytes:
    return wire(f"{HEADER}CP=&&DataTime=20160801085857;{items}&&")


def _short_check() -> bytes:
    for number in range(1000):
        segment = f"{HEADER}CP=&&DataTime=20160801085857;w01018-Rtd={number}&&".encode()
        if 0 < loop_crc(segment) < 0x1000:
            return wire(segment, check=b"%X" % loop_crc(segment))
    raise AssertionError


def _letters_in_check() -> bytes:
    for number in range(1000):
        segment = f"{HEADER}CP=&&DataTime=20160801085857;w01018-Rtd={number}&&".encode()
        check = b"%04X" % loop_crc(segment)
        if check != check.lower():
            return wire(segment, check=check.lower())
    raise AssertionError


def _hex(value: int) -> bytes:
    return b"%04X" % value


_M = modbus_crc(SEGMENT)
_H = loop_crc(SEGMENT)

# code -> bytes whose first (or only) frame shows it.
SHOWN: dict[str, bytes] = {
    "crc.modbus": wire(SEGMENT, check=_hex(_M)),
    "crc.modbus_swapped": wire(SEGMENT, check=_hex((_M & 255) << 8 | _M >> 8)),
    "crc.swapped": wire(SEGMENT, check=_hex((_H & 255) << 8 | _H >> 8)),
    "crc.mismatch": wire(SEGMENT, check=b"1234"),
    "crc.missing": wire(SEGMENT, check=b""),
    "crc.not_hex": wire(SEGMENT, check=b"12G4"),
    "crc.three_digits": _short_check(),
    "crc.lower_case": _letters_in_check(),
    "length.frame_counted": wire(SEGMENT, length=len(SEGMENT) + 6),
    "length.characters": wire(LOG, length=len(LOG)),
    "length.mismatch": wire(SEGMENT, length=len(SEGMENT) - 56),
    "length.malformed": wire(SEGMENT, length=b"%d" % (len(SEGMENT) + 1)),
    "length.digits": wire(SEGMENT, length=b"%d" % len(SEGMENT)),
    "length.over_1024": _cp(MANY),
    "length.cp_over_limit": _cp(MANY[:930]),
    "line_end.missing": GOOD[:-2] + upload(2),
    "line_end.lf_only": wire(SEGMENT, end=b"\n"),
    "line_end.cr_only": wire(SEGMENT, end=b"\r") + GOOD,
    "line_end.doubled": wire(SEGMENT, end=b"\r\n\r\n"),
    "stream.text_before": b"DTU13912345678\r\n" + GOOD,
    "frame.truncated": GOOD[:90] + upload(2),
    "qn.missing": _header("QN=20160801085857223;", ""),
    "qn.epoch": _header("20160801085857223", "1470013137223"),
    "qn.18_digits": _header("20160801085857223", "201608010858572230"),
    "qn.malformed": _header("20160801085857223", "20161301085857223"),
    "qn.in_cp": wire(HEADER.replace("QN=20160801085857223;", "") + CP.replace("&&Data", "&&QN=20160801085857223;Data")),
    "data_time.17_digits": wire(HEADER + CP.replace("20160801085857", "20160801085857000")),
    "data_time.16_digits": wire(HEADER + CP.replace("20160801085857", "2016080108585700")),
    "data_time.malformed": wire(HEADER + CP.replace("20160801085857", "20160801256061")),
    "data_time.missing": wire(HEADER + "CP=&&w01018-Rtd=12.5,w01018-Flag=N&&"),
    "data_time.end_stamped": wire(HOUR + "CP=&&DataTime=20160801080000;w01018-Avg=12.5,w01018-Flag=N&&"),
    "data_time.future": wire(HOUR + "CP=&&DataTime=20160801090000;w01018-Avg=12.5,w01018-Flag=N&&"),
    "data_time.sample_time_empty": _cp("w01018-Rtd=12.5,w01018-SampleTime=,w01018-Flag=N"),
    "flag.missing": _header("Flag=5;", ""),
    "flag.name": _header("Flag=5", "FLAG=5"),
    "flag.split_without_numbers": _header("Flag=5", "Flag=7"),
    "flag.numbers_without_split": _header("Flag=5", "Flag=5;PNUM=2;PNO=1"),
    "flag.version_unknown": _header("Flag=5", "Flag=33"),
    "flag.command_edition": wire(HEADER.replace("2011", "2071") + CP),
    "mn.length": _header(MN, MN[:-1]),
    "mn.alphabet": _header(MN, MN[:-1] + "z"),
    "pw.missing": _header("PW=100000;", ""),
    "pw.empty": _header("PW=100000;", "PW=;"),
    "pw.length": _header("PW=100000;", "PW=BF470F88957588DE902D1A52;"),
    "st.three_digits": _header("ST=32", "ST=101"),
    "st.malformed": _header("ST=32", "ST=3"),
    "st.unknown": _header("ST=32", "ST=80"),
    "cn.unknown": _header("CN=2011", "CN=2999"),
    "header.order": wire(f"QN=20160801085857223;ST=32;CN=2011;MN={MN};PW=100000;Flag=5;{CP}"),
    "header.stray_comma": _header("PW=100000;", "PW=100000;,"),
    "header.blanks": _header("ST=32", " ST=32"),
    "header.empty_item": _header("ST=32;", "ST=32;;"),
    "header.separator": wire(HEADER[:-1] + CP),
    "header.name": _header("MN=", "Mn="),
    "header.duplicate": _header("ST=32;", "ST=32;ST=31;"),
    "header.unknown": _header("ST=32;", "ST=32;ID=7;"),
    "rf.malformed": _header("Flag=5;", "Flag=9;RF=0;"),
    "header.no_st": _header("ST=32;", ""),
    "header.no_cn": _header("CN=2011;", "CN=2O11;"),
    "header.no_mn": _header(f"MN={MN};", "MN=;"),
    "header.flag_not_number": _header("Flag=5", "Flag=five"),
    "header.packet_number": _header("Flag=5", "Flag=7;PNUM=2;PNO=3"),
    "cp.missing": wire(HEADER),
    "cp.no_opening": wire(HEADER + CP.replace("CP=&&", "CP=")),
    "cp.no_closing": wire(HEADER + CP.removesuffix("&&")),
    "cp.control_characters": _cp("w01018-Rtd=12\x01.5"),
    "cp.trailing_separator": _cp("w01018-Rtd=12.5,w01018-Flag=N;"),
    "cp.empty_item": _cp("w01018-Rtd=12.5;;w01018-Flag=N"),
    "cp.blanks": _cp(" w01018-Rtd = 12.5 "),
    "cp.separator": wire(HOUR + "CP=&&BeginTime=20160801000000,EndTime=20160801020000&&"),
    "cp.duplicate_key": _cp("w00000-Rtd=1.2,w00000-Flag=N;w00000-Rtd=50012,w00000-Flag=N"),
    "cp.duplicate_factor": _cp("w00000-Rtd=1.2;w01018-Rtd=3;w00000-Flag=N"),
    "cp.factorless_flag": _cp("w01018-Rtd=12.5;Flag=N"),
    "cp.no_equals": _cp("w01018-Rtd=12.5;w01019-Rtd"),
    "cp.equals_in_value": _cp("w01018-Rtd=12.5w01019-Rtd=3"),
    "cp.marks_inside": _cp("w01018-Rtd=12.5,w01018-Flag=N&&"),
    "cp.field_name": _cp("w01018-rtd=12.5"),
    "cp.unknown_field": _cp("LA-td=55.5"),
    "cp.vendor_field": _cp("a21026-ZsCou=12.5"),
    "cp.private_factor": _cp("PM25-Rtd=12.5"),
    "cp.key_form": _cp("-Rtd=12.5"),
    "cp.log_unclosed": wire(LOG.replace("a=1//", "a=1")),
    "cp.negative_value": _cp("w01018-Rtd=-0.5"),
    "cp.long_fraction": _cp("w01018-Rtd=0.123456789012345"),
    "cp.exponent": _cp("w01018-Rtd=1.0E-3"),
    "cp.number_form": _cp("w01018-Rtd=.5"),
    "cp.not_a_number": _cp("w01018-Rtd=NaN"),
    "cp.empty_value": _cp("w01018-Rtd="),
    "charset.gbk": wire(LOG.encode("gbk")),
    "charset.unknown": wire(LOG.encode("gbk").replace("清".encode("gbk"), b"\xff\xff")),
    "crypt.no_key": wire(CIPHER, check=b"B541"),
    "answer.qn_rtn_in_9014": wire(ANSWER.replace("&&&&", "&&QnRtn=1&&")),
    "answer.st_not_91": wire(ANSWER.replace("ST=91", "ST=32")),
    "answer.asks_answer": wire(ANSWER.replace("Flag=4", "Flag=5")),
    "answer.no_qn": wire(ANSWER.replace("QN=20160801085857223;", "")),
    "answer.no_code": wire(ANSWER.replace("9014", "9011")),
}
# These need settings, several frames, a clock, a dialogue or the gateway; each has its own test (named below).
ELSEWHERE = {
    "line_end.missing_before": "test_a_missing_line_end_on_a_connection_is_told_with_the_next_frame",
    "stream.several_mn": "test_several_mn_on_one_connection",
    "stream.several_connections": "seen by the gateway alone",
    "qn.repeated": "test_one_qn_for_different_data",
    "qn.same_for_packets": "test_split_packets_with_one_qn",
    "qn.clock_wrong": "test_a_clock_that_is_ahead_or_years_behind",
    "flag.version_other": "test_the_station_s_edition_goes_before_flag",
    "crypt.text_form": "test_vectors.py",
    "crypt.wrong_key": "test_a_wrong_key_is_told",
    "crypt.crc_of_cipher": "test_vectors.py",
    "answer.not_echoed": "test_dialogue.py",
    "answer.resent_for_ever": "test_a_device_that_resends_for_ever",
    "dialogue.no_9011": "test_dialogue.py",
    "dialogue.no_9012": "test_dialogue.py",
    "dialogue.9012_early": "test_dialogue.py",
}


def test_every_code_is_shown_somewhere() -> None:
    assert set(SHOWN) | set(ELSEWHERE) == set(DEVIATIONS)
    assert not set(SHOWN) & set(ELSEWHERE)


@pytest.mark.parametrize("code", SHOWN)
def test_lenient_reports_the_code_and_only_the_five_errors_refuse(code: str) -> None:
    frame = read(SHOWN[code])[0]
    assert code in codes(frame)
    assert frame.error is None or frame.error in ERRORS
    assert frame.ok is (frame.error is None)
    expected = DEVIATIONS[code].error
    if expected is not None:
        assert frame.error == expected
    elif not code.startswith(("crc.", "length.")):
        assert frame.error is None, frame.deviations
    assert all(one.code in DEVIATIONS for one in frame.deviations)


@pytest.mark.parametrize("code", SHOWN)
def test_strict_refuses_with_the_same_code(code: str) -> None:
    lenient, strict = read(SHOWN[code])[0], read(SHOWN[code], strict=True)[0]
    assert not strict.ok
    assert strict.deviations == lenient.deviations
    if lenient.error is None:
        assert strict.error == lenient.deviations[0].code
    else:
        assert strict.error == lenient.error
    assert strict.cp == lenient.cp


@pytest.mark.parametrize("code", SHOWN)
def test_the_next_good_frame_is_good(code: str) -> None:
    frames = read(SHOWN[code] + upload(77))
    assert frames[-1].raw == upload(77)
    assert frames[-1].ok


@pytest.mark.parametrize("code", sorted(set(SHOWN) - {"frame.truncated", "cp.missing", "header.no_cn"}))
def test_what_was_understood_is_handed_out(code: str) -> None:
    frame = read(SHOWN[code])[0]
    assert frame.cn is not None
    assert frame.cp or frame.cn.startswith("9") or code in ("cp.missing", "crypt.no_key")


def test_a_good_frame_has_no_deviation() -> None:
    assert one(GOOD).deviations == []
    assert one(GOOD, strict=True).ok


def test_of_a_repeated_key_the_last_value_stands_and_the_deviation_names_all() -> None:
    frame = read(SHOWN["cp.duplicate_key"])[0]
    assert frame.cp["w00000"] == {"Rtd": "50012", "Flag": "N"}
    detail = next(one.detail for one in frame.deviations if one.code == "cp.duplicate_key")
    assert detail == "w00000-Rtd: 1.2 | 50012"


def test_the_wrong_lengths_of_the_field() -> None:
    for off in (6, 13, -2, -6, -56):
        frame, after = read(wire(SEGMENT, length=len(SEGMENT) + off) + upload(5))
        assert (frame.error, frame.length, frame.segment) == ("length", len(SEGMENT) + off, SEGMENT)
        assert frame.cp["w01018"] == {"Rtd": "12.5", "Flag": "N"}
        assert after.ok


def test_0000_is_a_legal_check() -> None:
    for number in range(100_000):
        segment = f"{HEADER}CP=&&DataTime=20160801085857;w01018-Rtd={number:08d}.{number % 97}&&".encode()
        if crc(segment) == 0:
            frame = one(wire(segment))
            assert (frame.ok, frame.crc) == (True, "0000")
            return
    raise AssertionError


def test_the_station_s_edition_goes_before_flag() -> None:
    assert "flag.version_other" in codes(one(GOOD, edition=Edition.E2025))
    assert one(GOOD, edition=Edition.E2017).deviations == []


def test_one_qn_for_different_data() -> None:
    boot = HEADER.replace("2011", "2081") + "CP=&&DataTime=20160801085857;RestartTime=20160801085000&&"
    first, second, again = read(wire(boot) + wire(SEGMENT) + wire(boot))
    assert first.deviations == []
    assert codes(second) == ["qn.repeated"]
    assert again.deviations == []


def test_a_resend_is_no_deviation() -> None:
    assert [frame.deviations for frame in read(GOOD * 4)] == [[], [], [], []]


def test_split_packets_with_one_qn() -> None:
    packet = HEADER.replace("Flag=5", "Flag=7;PNUM=2;PNO={}") + CP
    first, second = read(wire(packet.format(1)) + wire(packet.format(2)))
    assert first.deviations == []
    assert codes(second) == ["qn.same_for_packets"]


def test_several_mn_on_one_connection() -> None:
    watch = StreamWatch()
    assert watch.look(one(GOOD)) == []
    assert watch.look(one(GOOD)) == []
    other = one(upload(3, mn=MN[:-1] + "1"))
    assert [found.code for found in watch.look(other)] == ["stream.several_mn"]
    assert watch.look(other) == []


def test_a_device_that_resends_for_ever() -> None:
    watch = StreamWatch(resends=3)
    seen = [[found.code for found in watch.look(one(GOOD))] for _ in range(5)]
    assert seen == [[], [], [], ["answer.resent_for_ever"], ["answer.resent_for_ever"]]
    assert watch.look(one(upload(2))) == []


def test_a_clock_that_is_ahead_or_years_behind() -> None:
    frame = one(wire(HEADER + CP))
    made = datetime(2016, 8, 1, 0, 58, 57, tzinfo=UTC)
    assert clock_deviations(frame, made) == []
    assert clock_deviations(frame, made + timedelta(days=3)) == []
    assert clock_deviations(frame, made + timedelta(days=366)) == []
    assert [found.code for found in clock_deviations(frame, made + timedelta(days=367))] == ["qn.clock_wrong"]
    late = clock_deviations(frame, made - timedelta(hours=8))
    assert [found.code for found in late] == ["qn.clock_wrong", "data_time.future"]


def test_a_missing_line_end_on_a_connection_is_told_with_the_next_frame() -> None:
    reader = FrameReader()
    (first,) = reader.feed(GOOD[:-2])
    assert first.deviations == []
    (second,) = reader.feed(upload(2))
    assert codes(second) == ["line_end.missing_before"]
    (third,) = reader.feed(upload(3)[:-2])
    (fourth,) = [*reader.feed(b"\r"), *reader.feed(b"\n" + upload(4))]
    assert third.deviations == fourth.deviations == []
    assert reader.skipped == 0


def test_marks_in_a_log_are_no_deviation() -> None:
    assert one(wire(LOG.replace("a=1", "a&&b"))).deviations == []


@pytest.mark.parametrize("odd", ["²", "٣", "9" * 4500])
def test_digits_that_are_no_number_of_the_protocol_do_not_raise(odd: str) -> None:
    answer = one(wire(ANSWER.replace("Flag=4", f"Flag={odd}")))
    assert (answer.error, answer.flag, answer.wants_answer) == ("header", odd, False)
    packet = one(wire(HEADER.replace("Flag=5", f"Flag=7;PNUM={odd};PNO={odd}") + CP))
    assert (packet.error, packet.pnum, packet.is_split) == ("header", odd, False)


def test_a_wrong_key_is_told() -> None:
    frame = one(wire(CIPHER, check=b"B541"), key=b"1" * 16)
    assert (frame.error, codes(frame), frame.cp) == ("crc", ["crypt.wrong_key"], {})


def test_the_numbers_are_those_of_the_reference() -> None:
    assert {spec.number for spec in DEVIATIONS.values()} == set(range(12))
    for code, spec in DEVIATIONS.items():
        assert spec.zh
        assert spec.en
        assert code == code.lower()


def test_the_page_of_the_docs_is_in_step() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "hj212-deviations.md"
    assert page.read_text(encoding="utf-8") == as_markdown(), "run: python tools/hj212_deviations.py"
