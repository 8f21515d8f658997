"""From a data segment to a frame: charset, header, CP, and the checks that need several of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ecobureau.domain.hj212 import sm4
from ecobureau.domain.hj212.commands import ANSWERS, DATA_COMMANDS
from ecobureau.domain.hj212.cp import Cp, parse_cp
from ecobureau.domain.hj212.crc import crc
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import CP_LIMIT, SEGMENT_LIMIT, Edition
from ecobureau.domain.hj212.frame import Frame
from ecobureau.domain.hj212.header import Header, parse_header, qn_deviations
from ecobureau.domain.hj212.times import PERIOD_DIGITS, parse_time, real_moment

_OPENING = re.compile(r"[Cc][Pp][ \t]*=[ \t]*&&")
_AREA = re.compile(r"(?:^|[;,\s])[Cc][Pp][ \t]*=[ \t]*&?")
_PRINTABLE = bytes(range(0x20, 0x7F))
_TEXT_SHARE = 0.7
"""Of cipher bytes a good third is printable by chance; of a damaged text nearly all."""
_BYTES_OPENING = b"CP=&&"
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
CLOSED = frozenset({"crypt.no_key", "crypt.wrong_key"})
"""Codes of a data area that stays cipher text."""


class Opened(NamedTuple):
    """A segment made plain.

    Attributes:
        plain: the segment with readable CP; the wire's bytes where nothing was to be done.
        deviations: `crypt.*`.
        fits: whether the check in the frame is the CRC of `plain`.

    A check made of the cipher text does not fit (2025 6.4), though the text can be handed out: `crypt.crc_of_cipher`.
    """

    plain: bytes
    deviations: list[Deviation]
    fits: bool


def _content(segment: bytes) -> tuple[int, int] | None:
    start = segment.find(_BYTES_OPENING)
    if start < 0 or not segment.endswith(b"&&") or len(segment) < start + 7:
        return None
    return start + 5, len(segment) - 2


def _readable(content: bytes) -> bool:
    if not content:
        return True
    if b"=" not in content or min(content) < 9:
        return False
    return decode(content)[1] != "latin-1"


def _binary(content: bytes) -> bool:
    """Whether a content can be no text: it has control characters among bytes beyond ASCII."""
    return not content.isascii() and len(content.translate(None, _CONTROLS)) < len(content)


def raw_length(segment: bytes) -> int:
    """Return the length a segment has with its cipher text as raw bytes, where that is written as `{0x..}`."""
    place = _content(segment)
    written = None if place is None else sm4.text_form(segment[place[0] : place[1]])
    return len(segment) if written is None or place is None else place[0] + len(written) + 2


def open_cut(segment: bytes, key: bytes | None) -> bytes:
    """Return what is readable of a segment cut short: of cipher text the whole groups, or nothing without the key."""
    start = segment.find(_BYTES_OPENING) + len(_BYTES_OPENING)
    content = segment[start:]
    if start < len(_BYTES_OPENING) or not _binary(content):
        return segment
    plain = b"" if key is None else sm4.decrypt(content[: len(content) // 16 * 16], key)
    return segment[:start] + (plain if _readable(plain) else b"")


def looks_encrypted(segment: bytes) -> bool:
    """Whether the CP of a segment can only be cipher text."""
    place = _content(segment)
    if place is None:
        return False
    content = segment[place[0] : place[1]]
    if sm4.text_form(content) is not None:
        return True
    printable = len(content) - len(content.translate(None, _PRINTABLE))
    return len(content) >= 16 and printable < len(content) * _TEXT_SHARE and not _readable(content)


def open_segment(segment: bytes, check: int | None, key: bytes | None) -> Opened:
    """Make a segment plain: decrypt its CP where a key is given and the wire's bytes are not already readable.

    Args:
        segment: as on the wire.
        check: the CRC in the frame as a number, None where there is none. It speaks of the plain text (2025 6.4).
        key: 16 bytes, or None.
    """
    fits = check is not None and crc(segment) == check
    place = _content(segment)
    if place is None:
        return Opened(segment, [], fits)
    content = segment[place[0] : place[1]]
    written = sm4.text_form(content)
    closed = fits and written is None and _binary(content) and looks_encrypted(segment)
    if written is None and not closed and (fits if key is None else fits and _readable(content)):
        return Opened(segment, [], fits)
    notes = [] if written is None else [Deviation("crypt.text_form", "")]
    if key is None:
        if looks_encrypted(segment):
            notes.append(Deviation("crypt.no_key", ""))
        return Opened(segment, notes, fits and written is None and not closed)
    plain = segment[: place[0]] + sm4.decrypt(content if written is None else written, key) + b"&&"
    if check is not None and crc(plain) == check:
        return Opened(plain, notes, True)
    if closed and _readable(plain[place[0] : -2]):
        return Opened(plain, [Deviation("crypt.crc_of_cipher", "")], False)
    if written is None and not closed and (fits or _readable(content)):
        return Opened(segment, [], fits)
    return Opened(segment, [*notes, Deviation("crypt.wrong_key", "")], False)


def decode(data: bytes) -> tuple[str, str]:
    """Return text and charset: UTF-8, else GB18030, else Latin-1, which keeps every byte."""
    for charset in ("utf-8", "gb18030"):
        try:
            return data.decode(charset), charset
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


class Parts(NamedTuple):
    """Header and CP texts of a segment."""

    header: str
    cp: str
    deviations: list[Deviation]
    error: bool


def take_apart(text: str) -> Parts:
    """Split a segment at its first `CP=&&` and its last `&&`."""
    found: list[Deviation] = []
    match = _OPENING.search(text)
    if match is None:
        area = _AREA.search(text)
        if area is None:
            return Parts(text.removesuffix("&&"), "", [Deviation("cp.missing", "")], True)
        start = area.start() + (text[area.start()] not in "Cc")
        content = text[area.end() :].removesuffix("&&")
        return Parts(text[:start], content, [Deviation("cp.no_opening", "")], True)
    if match.group() != "CP=&&":
        found.append(Deviation("header.name", match.group()))
    content = text[match.end() :]
    end = content.rfind("&&")
    rest = content[end + 2 :] if end >= 0 else ""
    if end < 0:
        content = content.removesuffix("&")
        return Parts(text[: match.start()], content, [*found, Deviation("cp.no_closing", "")], True)
    if rest.strip():
        return Parts(text[: match.start()], content[:end], [*found, Deviation("cp.no_closing", rest[:40])], True)
    if rest:
        found.append(Deviation("cp.blanks", "&&"))
    return Parts(text[: match.start()], content[:end], found, False)


def understand(
    raw: bytes,
    segment: bytes,
    *,
    declared: int | None,
    check: str | None,
    error: str | None,
    deviations: list[Deviation],
    expected: Edition | None = None,
    strict: bool = False,
) -> tuple[Frame, Header]:
    """Read a plain segment into a frame, and hand out its header too.

    Args:
        raw, segment: bytes of the frame and of its segment (plain).
        declared, check: length and CRC as the frame has them.
        error: `crc`, `length` or `truncated` where the framing already failed; it goes before `header` and `cp`.
        deviations: what the framing found.
        expected: the station's edition; else Flag decides.
        strict: turn any deviation into a refusal.
    """
    text, charset = decode(segment)
    parts = take_apart(_whole_items(text) if error == "truncated" else text)
    qn, header = parse_header(parts.header, expected)
    # Cipher text that stays closed is no list of items.
    closed = any(one.code in CLOSED for one in deviations)
    read = parse_cp("" if closed else parts.cp)
    if error == "truncated":
        found = deviations
    else:
        found = [*deviations, *header.deviations, *qn_deviations(qn, header, "QN" in read.cp), *parts.deviations]
        found += read.deviations
        found += content_deviations(read.cp, qn, header)
        found += _sizes(segment, parts.cp, charset, header.edition)
        if charset != "utf-8" and not closed:
            found.append(Deviation("charset.gbk" if charset == "gb18030" else "charset.unknown", ""))
    if error is None:
        error = "header" if header.error else "cp" if parts.error or read.error else None
    if strict and error is None and found:
        error = found[0].code
    frame = Frame(
        raw, segment, error is None, error, found, declared, check,
        qn, header.st, header.cn, header.pw, header.mn, header.flag, header.pnum, header.pno, header.rf,
        read.cp, charset,
    )  # fmt: skip
    return frame, header


def _whole_items(text: str) -> str:
    """Drop the last item of a cut segment: its value may have been longer."""
    match = _OPENING.search(text)
    start = match.end() if match else 0
    if match and text[start:].endswith("&&"):
        return text
    last = max(text.rfind(";", start), text.rfind(",", start))
    if match:
        return text[: max(last, start)] + "&&"
    return text[: last + 1] + "CP=&&&&"


def _sizes(segment: bytes, cp_text: str, charset: str, edition: Edition | None) -> list[Deviation]:
    found = []
    if len(segment) > SEGMENT_LIMIT:
        found.append(Deviation("length.over_1024", str(len(segment))))
    if edition is not None and len(cp_text) > CP_LIMIT[edition] // 4:
        size = len(cp_text.encode(charset))
        if size > CP_LIMIT[edition]:
            found.append(Deviation("length.cp_over_limit", str(size)))
    return found


def content_deviations(cp: Cp, qn: str | None, header: Header) -> list[Deviation]:
    """Return the deviations that show only when header and CP are seen together."""
    found: list[Deviation] = []
    cn = header.cn or ""
    stamp = cp.get("DataTime")
    if isinstance(stamp, str):
        moment, odd = parse_time(stamp)
        found += odd
        digits = PERIOD_DIGITS.get(cn)
        # 2005 leaves the stamp open; from 2017 on it is the period's start, so the period must be over when QN is made.
        if digits and moment and qn and header.edition is not Edition.E2005 and real_moment(qn):
            if stamp.strip()[:digits] == qn[:digits]:
                found.append(Deviation("data_time.end_stamped", f"{stamp} / {qn}"))
            elif stamp.strip()[:digits] > qn[:digits]:
                found.append(Deviation("data_time.future", f"{stamp} / {qn}"))
    elif cn in DATA_COMMANDS and any(isinstance(value, dict) for value in cp.values()):
        found.append(Deviation("data_time.missing", ""))
    if cn in ANSWERS:
        if cn == "9014" and "QnRtn" in cp:
            found.append(Deviation("answer.qn_rtn_in_9014", str(cp["QnRtn"])))
        if (cn == "9011" and "QnRtn" not in cp) or (cn == "9012" and "ExeRtn" not in cp):
            found.append(Deviation("answer.no_code", cn))
        if qn is None and "QN" not in cp:
            found.append(Deviation("answer.no_qn", cn))
    return found
