"""Where a frame stands in a buffer: by its declared length first, then by the marks around it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ecobureau.domain.hj212.crc import crc, modbus, swapped
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import ENVELOPE
from ecobureau.domain.hj212.segment import CLOSED, Opened, decode, looks_encrypted, open_cut, open_segment, raw_length

# A frame starts with ## and four digits; where the digits are damaged, a header field close behind tells it too.
START = re.compile(rb"##(?:[0-9]{4}|(?=[^#]{0,6}?(?:QN|ST|CN|PW|MN|Flag)=))")
STUMP = re.compile(rb"##[0-9]{1,3}")
LINE_END = re.compile(rb"\r\n|\n|\r")
TAIL = 16
"""No start of a frame needs more bytes to be told."""

_DECLARED = re.compile(rb"##([0-9]{4})")
_LOOSE_LENGTH = re.compile(rb"##([^#]{0,6}?)(?=(?:QN|ST|CN|PW|MN|Flag)=)")
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,4}")
# The closing mark with its check; never the mark that opens CP.
_CLOSING = re.compile(rb"(?<!CP=)&&([0-9A-Fa-f]{4}|[^\r\n#&]{0,8})(?=[\r\n]|##|\Z)")
_LONGEST_CHECK = 8
"""What may stand in the place of the check and still be taken for a wrong one."""
_LOOKED_AT = 8


class Piece(NamedTuple):
    """One frame found in the buffer, not yet read.

    Attributes:
        end: where the next frame may start.
        segment: its segment, plain if a key opened it.
        check: the CRC as sent, None where there is none.
        error: `crc`, `length`, `truncated` or None.
        deviations: what the framing showed.
    """

    end: int
    segment: bytes
    check: bytes | None
    error: str | None
    deviations: list[Deviation]


_NO = Piece(-1, b"", None, None, [])


class Framer:
    """Finds frames.

    Args:
        longest: largest declared length that is believed.
        key_of: segment -> SM4 key or None.
        patient: wait for the line end that decides `line_end.*`.

    Attributes:
        owes_line_end: the last frame was handed out before its line end could come.
        need: how many bytes from `here` on must be there before anything but a mark can change what `find` said.
    """

    def __init__(self, longest: int, key_of: Callable[[bytes], bytes | None], *, patient: bool) -> None:
        self._longest = longest
        self._key_of = key_of
        self._patient = patient
        self.owes_line_end = False
        self.need = 0

    def find(self, buffer: bytes, here: int, final: bool) -> Piece | None:
        """Return the frame whose `##` stands at `here`; None: wait for more bytes.

        Args:
            buffer: the bytes at hand.
            here: a place where `START` or `STUMP` matches.
            final: no more bytes will come.
        """
        if not START.match(buffer, here):
            return _stump(buffer, here, final)
        length = four_digits(buffer, here)
        if length is not None and length <= self._longest:
            end = here + 6 + length
            if len(buffer) >= end + 4:
                good = self._by_length(buffer, here, end, final)
                if good is not _NO:
                    return good
            elif not final and not self._is_spoilt(buffer, here):
                self.need = end + 4 - here
                return None
        return self._by_marks(buffer, here, length, final)

    def _by_length(self, buffer: bytes, here: int, end: int, final: bool) -> Piece | None:
        """A frame whose length and CRC are right, else `_NO`."""
        segment = buffer[here + 6 : end]
        check = buffer[end : end + 4]
        if not _HEX4.fullmatch(check):
            return _NO
        opened = open_segment(segment, int(check, 16), self._key_of(segment))
        if not opened.fits:
            return _NO
        if b"##" in segment and (not _well_closed(buffer, end) or self._hides_a_frame(buffer, here, end)):
            return _NO
        notes = list(opened.deviations)
        if check != check.upper():
            notes.append(Deviation("crc.lower_case", check.decode()))
        after = self._line_end(buffer, end + 4, notes, final)
        return None if after is None else Piece(after, opened.plain, check, None, notes)

    def _hides_a_frame(self, buffer: bytes, here: int, end: int) -> bool:
        """Whether a good frame starts inside and ends where this one does: this one is cut and fits by accident."""
        for match in _DECLARED.finditer(buffer, here + 2, end):
            inner_end = match.end() + int(match.group(1))
            if inner_end == end and self._fits(buffer, match.start()):
                return True
        return False

    def _fits(self, buffer: bytes, start: int) -> bool:
        """Whether a whole frame with right length and CRC stands at `start`."""
        declared = _DECLARED.match(buffer, start)
        if declared is None:
            return False
        end = declared.end() + int(declared.group(1))
        check = buffer[end : end + 4]
        if not _HEX4.fullmatch(check):
            return False
        segment = buffer[declared.end() : end]
        return open_segment(segment, int(check, 16), self._key_of(segment)).fits

    def _is_spoilt(self, buffer: bytes, here: int) -> bool:
        """Before the declared length has arrived: whether it is already certain that it is wrong.

        A good frame behind tells it (unless a log may be quoting one), or a closing mark with the right CRC.
        """
        for match in deque(START.finditer(buffer, here + 2), maxlen=_LOOKED_AT):
            if self._fits(buffer, match.start()) and buffer.count(b"//", here, match.start()) % 2 == 0:
                return True
        for closing in deque(_CLOSING.finditer(buffer, here + 6), maxlen=_LOOKED_AT):
            check = closing.group(1)
            segment = buffer[here + 6 : closing.start() + 2]
            if _HEX4.fullmatch(check) and closing.end() < len(buffer) and crc(segment) == int(check, 16):
                return True
        return False

    def _by_marks(self, buffer: bytes, here: int, length: int | None, final: bool) -> Piece | None:
        """The frame cannot be taken by its length: find its end by the marks, before the next start."""
        follower = START.search(buffer, here + 2)
        limit = follower.start() if follower else len(buffer)
        furthest = here + self._longest + ENVELOPE + TAIL
        settled = final or follower is not None or limit > furthest
        limit = min(limit, furthest)
        loose = _LOOSE_LENGTH.match(buffer, here) if length is None else None
        begin = loose.end() if loose else here + 6
        if length is not None:
            piece = self._structure(buffer, here + 6, here + 6 + length, limit, settled)
            if piece is not _NO:
                return piece
        piece = self._closing(buffer, here, begin, limit, length, settled)
        if piece is not _NO:
            return piece
        if not settled:
            return None
        cut = buffer[begin:limit].rstrip(b"\r\n")
        return Piece(limit, open_cut(cut, self._key_of(cut)), None, "truncated", [_cut(length, len(cut))])

    def _structure(self, buffer: bytes, begin: int, end: int, limit: int, settled: bool) -> Piece | None:
        """Length right, CRC not: wrong, short, missing or no hex; else `_NO`."""
        if end > limit:
            return _NO
        closed = buffer[end - 2 : end] == b"&&"
        line_end = LINE_END.search(buffer, end, min(limit, end + _LONGEST_CHECK + 2))
        after = line_end.start() if line_end else limit
        check = buffer[end:after]
        if len(check) > _LONGEST_CHECK or (not closed and not _HEX4.fullmatch(check)):
            return _NO
        if line_end is None and not settled:
            return None if len(buffer) < end + _LONGEST_CHECK + 2 else _NO
        segment = buffer[begin:end]
        opened = open_segment(segment, _number(check), self._key_of(segment))
        if not opened.fits and len(check) < 4 and line_end is None:
            return Piece(after, opened.plain, check or None, "truncated", [_cut(end - begin, end - begin)])
        notes = [*opened.deviations, *_about_check(segment, check, opened)]
        to = self._line_end(buffer, after, notes, settled)
        return None if to is None else Piece(to, opened.plain, check or None, None if opened.fits else "crc", notes)

    def _closing(
        self, buffer: bytes, here: int, begin: int, limit: int, length: int | None, settled: bool
    ) -> Piece | None:
        """Length wrong: take the closing mark whose check is right, else the first; `_NO` without one."""
        best: re.Match[bytes] | None = None
        for match in _CLOSING.finditer(buffer, begin, limit):
            if not settled and match.end() == len(buffer):
                continue
            segment = buffer[begin : match.start() + 2]
            check = match.group(1)
            if _HEX4.fullmatch(check) and open_segment(segment, int(check, 16), self._key_of(segment)).fits:
                best = match
                break
            best = best or match
        if best is None:
            return _NO
        segment, check = buffer[begin : best.start() + 2], best.group(1)
        opened = open_segment(segment, _number(check), self._key_of(segment))
        notes = [*opened.deviations, *_about_check(segment, check, opened)]
        error = "length"
        # The printed examples of 2025 hold cipher text as {0x..}, under the length of the plain text.
        if length is not None and opened.fits and length == len(opened.plain):
            error = ""
        elif length is not None and not opened.fits and length == raw_length(segment) != len(segment):
            error = "crc"
        elif length is None and opened.fits and _loose_number(buffer[here + 2 : begin]) == len(opened.plain):
            error = ""
            notes.insert(0, Deviation("length.digits", buffer[here + 2 : begin].decode("latin-1")))
        else:
            notes.insert(0, _wrong_length(segment, length, buffer[here + 2 : begin]))
        to = self._line_end(buffer, best.end(), notes, True)
        return None if to is None else Piece(to, opened.plain, check or None, error or None, notes)

    def _line_end(self, buffer: bytes, at: int, notes: list[Deviation], settled: bool) -> int | None:
        """Take the line end at `at` and note its form; return where it ends, None to wait for it."""
        if at >= len(buffer) or (buffer[at:] == b"\r" and not settled):
            if settled:
                notes.append(Deviation("line_end.missing", ""))
                return at
            if self._patient:
                return None
            self.owes_line_end = True
            return at
        match = LINE_END.match(buffer, at)
        if match is None:
            notes.append(Deviation("line_end.missing", ""))
            return at
        if match.group() == b"\n":
            notes.append(Deviation("line_end.lf_only", ""))
        elif match.group() == b"\r":
            notes.append(Deviation("line_end.cr_only", ""))
        to = match.end()
        if self._patient and not settled and len(buffer) < to + 2 and buffer[to:] in (b"", b"\r"):
            return None
        again = to
        while (more := LINE_END.match(buffer, again)) is not None:
            again = more.end()
        if again > to:
            notes.append(Deviation("line_end.doubled", ""))
        return again


def four_digits(buffer: bytes, here: int = 0) -> int | None:
    """Return the declared length of the frame at `here`, or None where it is not four digits."""
    declared = _DECLARED.match(buffer, here)
    return int(declared.group(1)) if declared else None


def declared_length(raw: bytes) -> int | None:
    """Return the declared length of a frame as a number, however it is written; None where it is none."""
    length = four_digits(raw)
    if length is not None:
        return length
    loose = _LOOSE_LENGTH.match(raw)
    return _loose_number(loose.group(1)) if loose else None


def _loose_number(digits: bytes) -> int | None:
    bare = digits.strip()
    return int(bare) if bare.isdigit() else None


def _well_closed(buffer: bytes, end: int) -> bool:
    """Whether a segment that ends at `end` has its closing mark, and a line end (or nothing yet) stands behind."""
    after = buffer[end + 4 : end + 5]
    return buffer[end - 2 : end] == b"&&" and after in (b"", b"\r", b"\n", b"#")


def _stump(buffer: bytes, here: int, final: bool) -> Piece | None:
    """A frame cut within its length digits, with the next one (or the end) right behind."""
    digits = STUMP.match(buffer, here)
    if digits is None or not (START.match(buffer, digits.end()) or (final and digits.end() == len(buffer))):
        return None
    return Piece(digits.end(), b"", None, "truncated", [_cut(None, 0)])


def _number(check: bytes) -> int | None:
    return int(check, 16) if _HEX.fullmatch(check) else None


def _about_check(segment: bytes, check: bytes, opened: Opened) -> list[Deviation]:
    """Name what is odd about a check, and which other it is where it is not the HJ CRC of its segment."""
    shown = check.decode("latin-1")
    if not check:
        return [Deviation("crc.missing", "")]
    if not _HEX.fullmatch(check):
        return [Deviation("crc.not_hex", shown)]
    found = [Deviation("crc.three_digits", shown)] if len(check) < 4 else []
    if check != check.upper():
        found.append(Deviation("crc.lower_case", shown))
    if opened.fits or any(one.code in CLOSED or one.code == "crypt.crc_of_cipher" for one in opened.deviations):
        return found
    value, other, right = int(check, 16), modbus(segment), crc(segment)
    known = {swapped(right): "crc.swapped", swapped(other): "crc.modbus_swapped", other: "crc.modbus"}.get(value)
    return [Deviation(known, shown) if known else Deviation("crc.mismatch", f"{shown}, {right:04X}"), *found]


def _cut(length: int | None, seen: int) -> Deviation:
    return Deviation("frame.truncated", f"{'?' if length is None else length}, {seen}")


def _wrong_length(segment: bytes, length: int | None, head: bytes) -> Deviation:
    if length is None:
        return Deviation("length.malformed", f"{head.decode('latin-1')}, {len(segment)}")
    detail = f"{length}, {len(segment)} ({length - len(segment):+d})"
    if not looks_encrypted(segment):
        text, charset = decode(segment)
        if charset != "latin-1" and len(text) != len(segment) and length == len(text):
            return Deviation("length.characters", detail)
    if length - len(segment) in (2, 4, 6, 8, 10, 12):
        return Deviation("length.frame_counted", detail)
    return Deviation("length.mismatch", detail)
