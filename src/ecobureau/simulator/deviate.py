"""Departures from the standard, made on purpose: each changes one good frame so that the reader names its code.

What each code means stands in `domain.hj212.DEVIATIONS`. A departure of the kind `spoils` is never answered by a
platform (bad check, wrong length, no Flag): the logger sends the frame again clean.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from ecobureau.domain.hj212 import crc
from ecobureau.domain.hj212.crc import modbus, swapped

Change = Callable[[bytes], "bytes | None"]


@dataclass(frozen=True, slots=True)
class Departure:
    """One way to depart. `change` takes a whole frame and returns the changed one, or None where it does not fit."""

    code: str
    change: Change
    spoils: bool = False
    refused: bool = False


def segment_of(frame: bytes) -> bytes:
    """Return the data segment of a good frame."""
    return frame[6:-6]


def framed(segment: bytes, *, check: bytes | None = None, length: int | None = None, end: bytes = b"\r\n") -> bytes:
    """Return the frame of a segment; `check`, `length` and `end` replace the right ones."""
    check = b"%04X" % crc(segment) if check is None else check
    return b"##%04d%b%b%b" % (len(segment) if length is None else length, segment, check, end)


def _edit(pattern: bytes, new: bytes | Callable[[re.Match[bytes]], bytes], *, last: bool = False) -> Change:
    """Replace one match of `pattern` within the segment and frame it anew."""

    def change(frame: bytes) -> bytes | None:
        segment = segment_of(frame)
        found = list(re.finditer(pattern, segment))
        if not found:
            return None
        match = found[-1] if last else found[0]
        put = new(match) if callable(new) else match.expand(new)
        changed = segment[: match.start()] + put + segment[match.end() :]
        return None if changed == segment else framed(changed)

    return change


def _three_digits(frame: bytes) -> bytes | None:
    check = frame[-6:-2]
    return frame[:-6] + check[1:] + b"\r\n" if check.startswith(b"0") else None


def _lower_case(frame: bytes) -> bytes | None:
    check = frame[-6:-2]
    return frame[:-6] + check.lower() + b"\r\n" if check != check.lower() else None


def _modbus(swap: bool) -> Change:
    def change(frame: bytes) -> bytes | None:
        segment = segment_of(frame)
        value = modbus(segment)
        if value in (crc(segment), swapped(crc(segment)), swapped(value)):
            return None
        return framed(segment, check=b"%04X" % (swapped(value) if swap else value))

    return change


def _stale(frame: bytes) -> bytes | None:
    """Another station byte in the middle, the check of before."""
    segment = segment_of(frame)
    match = re.search(rb"=(\d)(\d*\.\d)", segment)
    if match is None:
        return None
    other = b"7" if match[1] != b"7" else b"8"
    changed = segment[: match.start(1)] + other + segment[match.end(1) :]
    value, known = crc(segment), {crc(changed), swapped(crc(changed)), modbus(changed)}
    return None if value in known or swapped(modbus(changed)) == value else framed(changed, check=b"%04X" % value)


def _header_order(frame: bytes) -> bytes | None:
    return _edit(rb"(PW=[^;]*;)(MN=[^;]*;)", rb"\2\1")(frame)


def _log_in_gbk(frame: bytes) -> bytes | None:
    segment = segment_of(frame)
    try:
        changed = segment.decode("utf-8").encode("gb18030")
    except UnicodeDecodeError:
        return None
    return None if changed == segment else framed(changed)


def _characters_counted(frame: bytes) -> bytes | None:
    segment = segment_of(frame)
    counted = len(segment.decode("utf-8", "replace"))
    return None if counted == len(segment) else framed(segment, length=counted)


def _long(frame: bytes) -> bytes | None:
    """Give every factor its SampleTime, which carries a full hourly frame beyond 1024 bytes."""
    segment = segment_of(frame)
    stamp = re.search(rb"DataTime=(\d{14})", segment)
    if stamp is None:
        return None
    put = rb"\1,\2-SampleTime=" + stamp[1] + rb",\2-Flag="
    changed = re.sub(rb"([^;,]),([^;,=&-]+)-Flag=", put, segment)
    return framed(changed) if len(changed) > 1024 else None


_VALUE = rb"(-(?:Avg|Rtd|Data)=)(\d+\.\d+)"

_TABLE = (
    Departure("crc.modbus", _modbus(False), spoils=True),
    Departure("crc.modbus_swapped", _modbus(True), spoils=True),
    Departure("crc.mismatch", _stale, spoils=True),
    Departure("crc.missing", lambda frame: frame[:-6] + b"\r\n", spoils=True),
    Departure("crc.three_digits", _three_digits),
    Departure("crc.lower_case", _lower_case),
    Departure("length.frame_counted", lambda f: framed(segment_of(f), length=len(f) - 6), spoils=True),
    Departure("length.mismatch", lambda f: framed(segment_of(f), length=max(1, len(f) - 12 - 56)), spoils=True),
    Departure("length.characters", _characters_counted, spoils=True),
    Departure("length.over_1024", _long),
    Departure("line_end.lf_only", lambda frame: frame[:-2] + b"\n"),
    Departure("line_end.doubled", lambda frame: frame + b"\r\n"),
    Departure("line_end.missing_before", lambda frame: frame[:-2]),
    Departure("qn.missing", _edit(rb"QN=\d+;(?=[^&]*Flag=(?:[4-9]|1\d))", b"")),
    Departure("qn.epoch", _edit(rb"QN=\d{4}(\d{13});", rb"QN=\1;")),
    Departure("qn.18_digits", _edit(rb"QN=(\d{17});", rb"QN=\g<1>0;")),
    Departure("data_time.17_digits", _edit(rb"(DataTime=\d{14})", rb"\g<1>000")),
    Departure("data_time.16_digits", _edit(rb"(DataTime=\d{14})", rb"\g<1>00")),
    Departure("data_time.missing", _edit(rb"DataTime=\d{14};(?=[^&]*-(?:Rtd|Avg|Data)=)", b""), refused=True),
    Departure("data_time.sample_time_empty", _edit(rb"(;)([^;,=&-]+)(-(?:Rtd|Min|Avg)=)", rb"\1\2-SampleTime=,\2\3")),
    Departure("flag.missing", _edit(rb"Flag=\d+;(?=.*CP=|CP=)", b""), spoils=True),
    Departure("flag.name", _edit(rb";Flag=", b";FLAG=")),
    Departure("flag.split_without_numbers", _edit(rb";Flag=(\d+);CP=", lambda m: b";Flag=%d;CP=" % (int(m[1]) | 2))),
    Departure("flag.numbers_without_split", _edit(rb";Flag=([159]);CP=", rb";Flag=\1;PNUM=1;PNO=1;CP=")),
    Departure("flag.version_unknown", _edit(rb";Flag=\d+;CP=", b";Flag=21;CP=")),
    Departure("st.three_digits", _edit(rb"ST=(\d\d);", rb"ST=0\1;"), refused=True),
    Departure("header.order", _header_order),
    Departure("header.stray_comma", _edit(rb"(PW=[^;]*;)(MN=)", rb"\1,\2")),
    Departure("cp.trailing_separator", _edit(rb"&&$", b";&&")),
    Departure("cp.blanks", _edit(rb";(?=[^;&]*-)", b"; ", last=True)),
    Departure("cp.duplicate_key", _edit(rb"([,;])([^;,=&]+-Flag=N)(?=&&$)", rb"\1\2,\2")),
    Departure("cp.factorless_flag", _edit(rb"&&$", b";Flag=N&&")),
    Departure("cp.unknown_field", _edit(rb"&&$", b";LA-td=1.0&&")),
    Departure("cp.vendor_field", _edit(rb"[,;]([^;,=&-]+)-Flag=N&&$", rb",\1-ValidNum=60,\1-Flag=N&&")),
    Departure("cp.private_factor", _edit(rb"&&$", b";XY-Rtd=1.0,XY-Flag=N&&")),
    Departure("cp.negative_value", _edit(rb"(;(?:a2|a3|w2|0[1-3]|06)[0-9]*-(?:Avg|Rtd)=)(\d)", rb"\1-\2")),
    Departure("cp.long_fraction", _edit(_VALUE, lambda m: m[1] + m[2] + b"0" * (14 - len(m[2].split(b".")[1])) + b"1")),
    Departure("cp.empty_value", _edit(_VALUE, rb"\1")),
    Departure("cp.not_a_number", _edit(_VALUE, rb"\1NaN")),
    Departure("cp.exponent", _edit(_VALUE, lambda m: m[1] + b"%.4E" % float(m[2]))),
    Departure("charset.gbk", _log_in_gbk),
)  # fmt: skip

DEPARTURES: dict[str, Departure] = {departure.code: departure for departure in _TABLE}
"""What a share of the uploads can be changed into, by code."""


_ANSWER_TABLE = (
    Departure("answer.st_not_91", _edit(rb"ST=91;", b"ST=31;")),
    Departure("answer.asks_answer", _edit(rb";Flag=(\d+);", lambda m: b";Flag=%d;" % (int(m[1]) | 1))),
    Departure("answer.no_qn", _edit(rb"QN=\d+;", b"")),
    Departure("answer.no_code", _edit(rb"(?:QnRtn|ExeRtn)=\d+", b"")),
)

ANSWER_DEPARTURES: dict[str, Departure] = {departure.code: departure for departure in _ANSWER_TABLE}
"""What a 9011 or 9012 can be changed into, by code."""

DIALOGUE_DEPARTURES = ("dialogue.no_9011", "dialogue.no_9012", "dialogue.9012_early")
"""What a whole answer to a request can leave out or turn round."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a logger answers a request: 9011, uploads, 9012; None leaves one out. `early`: 9012 before the uploads."""

    first: bytes | None
    closing: bytes | None
    early: bool = False


def careless(answer: Answer, luck: random.Random, *, uploads: bool, code: str | None = None) -> Answer:
    """Return an answer that departs as some field devices do.

    Args:
        uploads: whether data go between 9011 and 9012; only then may one of both be missing.
        code: the departure; default one by `luck`.
    """
    choice = [*ANSWER_DEPARTURES, *(DIALOGUE_DEPARTURES if uploads else ())]
    code = code or luck.choice(choice)
    if code == "dialogue.no_9011":
        return Answer(None, answer.closing)
    if code == "dialogue.no_9012":
        return Answer(answer.first, None)
    if code == "dialogue.9012_early":
        return Answer(answer.first, answer.closing, early=True)
    change = ANSWER_DEPARTURES[code].change
    return Answer(answer.first and change(answer.first), answer.closing and change(answer.closing))


def depart(frame: bytes, rng: random.Random, codes: tuple[str, ...] | None = None) -> tuple[bytes, Departure] | None:
    """Return `frame` with one departure that fits it, or None where none does.

    Args:
        codes: those to choose from; default all.
    """
    choice = list(codes or DEPARTURES)
    rng.shuffle(choice)
    for code in choice:
        departure = DEPARTURES[code]
        changed = departure.change(frame)
        if changed is not None:
            return changed, departure
    return None
