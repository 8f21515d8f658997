"""Frames as the standards print them, as bytes: encoder and decoder cannot share an error."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from domain.hj212.wire import codes, one, wire
from ecobureau.domain.hj212 import Edition, encode, request

A_2017 = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;"
    b"Flag=5;CP=&&RtdInterval=30&&1C80\r\n"
)
A_2025 = b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200\r\n"
PEERS = (
    b"##0285QN=20190925181031464;ST=22;CN=2061;PW=BF470F88957588DE902D1A52;MN=Z13401000010301;Flag=5;CP=&&"
    b"DataTime=20190924220000;a34006-Avg=2.69700,a34006-Flag=N;a34007-Avg=7.96600,a34007-Flag=N;a34048-Avg=3.30600,"
    b"a34048-Flag=N;a34047-Avg=7.35700,a34047-Flag=N;a34049-Avg=10.66300,a34049-Flag=N&&C181\r\n"
)
KEY = b"0" * 16
PLAIN_2025 = (
    b"DataTime=20240520210600;a01011-Min=1.35,a01011-Avg=1.35,a01011-Max=1.35,a01011-Flag=N;"
    b"a01014-Min=3.20,a01014-Avg=3.20,a01014-Max=3.20,a01014-Flag=N"
)
HEAD_2025 = b"QN=20240520210702000;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&"


def test_2017_annex_a() -> None:
    frame = one(A_2017)
    assert (frame.ok, frame.error, frame.deviations, frame.length, frame.crc) == (True, None, [], 101, "1C80")
    assert (frame.qn, frame.st, frame.cn, frame.pw, frame.mn, frame.flag) == (
        "20160801085857223",
        "32",
        "1062",
        "100000",
        "010000A8900016F000169DC0",
        "5",
    )
    assert frame.cp == {"RtdInterval": "30"}
    assert frame.raw == A_2017
    assert frame.segment == A_2017[6:-6]
    assert frame.edition is Edition.E2017
    assert frame.wants_answer
    assert not frame.is_split


def test_2017_annex_a_encodes_to_the_same_bytes() -> None:
    made = request(
        "1062",
        qn="20160801085857223",
        st="32",
        pw="100000",
        mn="010000A8900016F000169DC0",
        edition=Edition.E2017,
        params={"RtdInterval": "30"},
    )
    assert made == A_2017


def test_2025_annex_a1() -> None:
    frame = one(A_2025)
    assert (frame.ok, frame.deviations, frame.cp, frame.edition) == (True, [], {}, Edition.E2025)
    made = request(
        "1011", qn="20240601085857223", st="32", pw="123456", mn="010000A8900016F000169DC0", edition=Edition.E2025
    )
    assert made == A_2025


def test_the_frame_of_the_peers_is_good_and_numbers_stay_text() -> None:
    frame = one(PEERS)
    assert frame.ok
    assert frame.error is None
    assert codes(frame) == ["mn.length", "mn.alphabet", "pw.length"]
    assert frame.cp["DataTime"] == "20190924220000"
    assert frame.cp["a34006"] == {"Avg": "2.69700", "Flag": "N"}
    assert list(frame.cp) == ["DataTime", "a34006", "a34007", "a34048", "a34047", "a34049"]


def _annex_a2() -> bytes:
    # What openssl gives for the printed plain text: nine groups and a plain rest.
    turn = Cipher(SM4(KEY), modes.ECB()).encryptor()  # noqa: S305
    cipher = turn.update(PLAIN_2025[:144]) + turn.finalize()
    assert cipher[:16] == bytes.fromhex("E43E159ACFAB242CB53155FB8B9281A1")
    assert cipher[-3:] == bytes.fromhex("0D03A4")
    return cipher + b"g=N"


def test_2025_annex_a2_cipher_text() -> None:
    assert len(PLAIN_2025) == 147
    frame = one(wire(HEAD_2025 + _annex_a2() + b"&&", check=_check()), key=KEY)
    assert (frame.ok, frame.error, frame.deviations) == (True, None, [])
    assert frame.length == 234
    assert frame.cp["a01014"] == {"Min": "3.20", "Avg": "3.20", "Max": "3.20", "Flag": "N"}
    assert frame.segment == HEAD_2025 + PLAIN_2025 + b"&&"


def _check() -> bytes:
    return wire(HEAD_2025 + PLAIN_2025 + b"&&")[-6:-2]


def test_2025_annex_a2_encodes_to_the_same_bytes() -> None:
    made = encode(
        qn="20240520210702000",
        st="31",
        cn="2051",
        pw="123456",
        mn="010000A8900016F000169DC0",
        flag="9",
        cp=PLAIN_2025.decode(),
        key=KEY,
    )
    assert made == b"##0234" + HEAD_2025 + _annex_a2() + b"&&" + _check() + b"\r\n"


@pytest.mark.parametrize("length", [234, 811])
def test_the_printed_text_form_of_cipher_text_is_read(length: int) -> None:
    text = "{" + ",".join(f"0x{byte:02X}" for byte in _annex_a2()[:-3]) + "}g=N"
    segment = HEAD_2025 + text.encode() + b"&&"
    assert len(segment) == 811
    frame = one(wire(segment, length=length, check=_check()), key=KEY)
    assert (frame.ok, frame.error, codes(frame)) == (True, None, ["crypt.text_form"])
    assert frame.cp["a01011"] == {"Min": "1.35", "Avg": "1.35", "Max": "1.35", "Flag": "N"}


def test_a_check_made_of_the_cipher_text_is_told_and_the_text_handed_out() -> None:
    segment = HEAD_2025 + _annex_a2() + b"&&"
    frame = one(wire(segment), key=KEY)
    assert (frame.ok, frame.error, codes(frame)) == (False, "crc", ["crypt.crc_of_cipher"])
    assert frame.cp["a01011"] == {"Min": "1.35", "Avg": "1.35", "Max": "1.35", "Flag": "N"}
    for key, code in ((None, "crypt.no_key"), (b"1" * 16, "crypt.wrong_key")):
        closed = one(wire(segment), key=key)
        assert (closed.error, codes(closed), closed.cp) == ("crc", [code], {})


def test_the_text_form_without_the_key_has_a_right_length() -> None:
    text = "{" + ",".join(f"0x{byte:02X}" for byte in _annex_a2()[:-3]) + "}g=N"
    frame = one(wire(HEAD_2025 + text.encode() + b"&&", length=234, check=_check()))
    assert (frame.error, frame.length, codes(frame)) == ("crc", 234, ["crypt.text_form", "crypt.no_key"])


def test_of_cut_cipher_text_only_whole_items_of_whole_groups_are_handed_out() -> None:
    frame = wire(HEAD_2025 + _annex_a2() + b"&&", check=_check())
    cut = frame[: 6 + len(HEAD_2025) + 70]
    opened, closed = one(cut, key=KEY), one(cut)
    assert opened.error == closed.error == "truncated"
    assert (opened.mn, closed.mn) == ("010000A8900016F000169DC0",) * 2
    assert opened.cp == {"DataTime": "20240520210600", "a01011": {"Min": "1.35", "Avg": "1.35"}}
    assert closed.cp == {}


def test_annex_h_uses_padding_unlike_the_frames() -> None:
    padder = padding.PKCS7(128).padder()
    plain = padder.update(b"testuser:AezF0nZRs4kypuGO") + padder.finalize()
    turn = Cipher(SM4(b"msbE74gsiSHSEh5e"), modes.ECB()).encryptor()  # noqa: S305
    assert base64.b64encode(turn.update(plain) + turn.finalize()) == b"LG/m7lsFU/taig+vbQsDJXy4NGAaE2j2lplPwhZM7iM="
