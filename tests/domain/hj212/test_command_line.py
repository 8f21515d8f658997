"""`ecobureau hj212 decode|encode`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from domain.hj212.test_deviations import SHOWN
from domain.hj212.test_vectors import A_2017, A_2025, HEAD_2025, KEY, PEERS, PLAIN_2025
from domain.hj212.wire import GOOD, upload
from ecobureau.domain.hj212 import encode


def _run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "ecobureau", "--lang", "en", "hj212", *words],
        input=given,
        capture_output=True,
        check=False,
    )


def _decode(data: bytes, *words: str) -> list[dict[str, object]]:
    done = _run("decode", *words, given=data)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_has_exactly_the_keys_in_their_order() -> None:
    done = _run("decode", given=A_2017)
    assert done.stdout.decode() == (
        '{"ok":true,"error":null,"deviations":[],"length":101,"crc":"1C80","QN":"20160801085857223","ST":"32","CN":"1062",'
        '"PW":"100000","MN":"010000A8900016F000169DC0","Flag":"5","PNUM":null,"PNO":null,"RF":null,"cp":{"RtdInterval":"30"}}\n'
    )
    assert done.stderr == b""


def test_a_file_is_read_and_encode_gives_its_bytes_back(tmp_path: Path) -> None:
    stream = A_2017 + A_2025 + PEERS + b"".join(upload(number, factors=8) for number in range(900))
    (tmp_path / "frames.bin").write_bytes(stream)
    lines = _run("decode", str(tmp_path / "frames.bin")).stdout
    assert lines.count(b"\n") == 903
    (tmp_path / "frames.json").write_bytes(lines)
    assert _run("encode", str(tmp_path / "frames.json")).stdout == stream
    assert _run("encode", "-", given=lines).stdout == stream


def test_strict_and_lenient() -> None:
    for code in ("st.three_digits", "qn.epoch", "cp.trailing_separator"):
        (lenient,) = _decode(SHOWN[code])
        (strict,) = _decode(SHOWN[code], "--strict")
        assert (lenient["ok"], lenient["error"], strict["ok"], strict["error"]) == (True, None, False, code)
        assert strict["cp"] == lenient["cp"]
        assert lenient["deviations"][0]["code"] == code  # type: ignore[index]


def test_damaged_streams_print_what_was_understood() -> None:
    lines = _decode(b"DTU 1\r\n" + GOOD[:100] + SHOWN["crc.modbus"] + GOOD)
    assert [line["error"] for line in lines] == ["truncated", "crc", None]
    assert lines[1]["cp"] == {"DataTime": "20160801085857", "w01018": {"Rtd": "12.5", "Flag": "N"}}
    done = _run("decode", given=b"noise" + GOOD)
    assert b"5 bytes" in done.stderr


def test_a_key_opens_encrypted_frames() -> None:
    frame = encode(
        qn="20240520210702000",
        st="31",
        cn="2051",
        pw="123456",
        mn="010000A8900016F000169DC0",
        flag="9",
        cp=PLAIN_2025.decode(),
        key=KEY,
    )
    assert frame[6:].startswith(HEAD_2025)
    (closed,) = _decode(frame)
    assert (closed["ok"], closed["error"], closed["cp"], closed["CN"]) == (False, "crc", {}, "2051")
    (opened,) = _decode(frame, "--key", "30" * 16)
    assert opened["ok"]
    assert opened["cp"]["a01011"] == {"Min": "1.35", "Avg": "1.35", "Max": "1.35", "Flag": "N"}  # type: ignore[index]
    assert _run("encode", "--key", "30" * 16, given=json.dumps(opened).encode()).stdout == frame


def test_the_station_s_edition() -> None:
    (line,) = _decode(GOOD, "--edition", "2025")
    assert [one["code"] for one in line["deviations"]] == ["flag.version_other"]  # type: ignore[attr-defined]


def test_wrong_usage_is_told(tmp_path: Path) -> None:
    bad = _run("decode", "--key", "xyz")
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert b"32 hex digits" in bad.stderr
    missing = _run("decode", str(tmp_path / "none"))
    assert missing.returncode == 1
    assert b"Cannot open" in missing.stderr


def test_lines_that_are_no_frames_are_named_and_the_others_written() -> None:
    good = _run("decode", given=A_2017).stdout
    done = _run(
        "encode",
        given=b"nonsense\n[]\n"
        + good
        + b'{"CN":"2011"}\n{"CN":1,"MN":"1"}\n{"CN":"1","MN":"1","cp":[]}\n\n{"CN":"1","MN":"1","PW":"a;b"}\n',
    )
    assert done.returncode == 1
    assert done.stdout == A_2017
    told = done.stderr.decode().splitlines()
    assert [line.split(":")[0] for line in told] == ["Line 1", "Line 2", "Line 4", "Line 5", "Line 6", "Line 8"]


def test_chinese_is_the_language_of_the_house() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ecobureau", "hj212", "decode", "--key", "1"],
        input=b"",
        capture_output=True,
        check=False,
    )
    assert "十六进制" in done.stderr.decode()
