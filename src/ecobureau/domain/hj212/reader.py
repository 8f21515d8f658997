"""Frames out of a byte stream: by length first, then by what stands around, never losing the next good frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ecobureau.domain.hj212.crc import crc, modbus, swapped
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import ENVELOPE, LARGEST_LENGTH, Edition
from ecobureau.domain.hj212.frame import ERRORS, Frame
from ecobureau.domain.hj212.layouts import Memory
from ecobureau.domain.hj212.segment import decode, looks_encrypted, open_segment, understand
from ecobureau.domain.hj212.watch import QnWatch

# A frame starts with ## and four digits; where the digits are damaged, a header field close behind tells it too.
_START = re.compile(rb"##(?:[0-9]{4}|(?=[^#]{0,6}?(?:QN|ST|CN|PW|MN|Flag)=))")
_STUMP = re.compile(rb"##[0-9]{1,3}\Z")
_STUMP_HERE = re.compile(rb"##[0-9]{1,3}")
_SHORTEST = 5
_DECLARED = re.compile(rb"##([0-9]{4})")
_LOOSE_LENGTH = re.compile(rb"##([^#]{0,6}?)(?=(?:QN|ST|CN|PW|MN|Flag)=)")
_END_OF_LINE = re.compile(rb"\r\n|\n|\r")
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,4}")
# The closing mark with its check; never the mark that opens CP. Without line end only four digits are believed.
_CLOSING = re.compile(rb"(?<!CP=)&&(?:([0-9A-Fa-f]{4})(?=[\r\n]|##|\Z)|([^\r\n#&]{0,8})(?=[\r\n]|##|\Z))")
_LONGEST_CHECK = 8
"""What may stand in the place of the check and still be taken for a wrong one."""
_MN = re.compile(rb"[;,]?MN=([^;,]*)")
_TAIL = 16
_REMEMBERED_TEXT = 60


class _Piece(NamedTuple):
    """One frame found in the buffer, not yet read."""

    end: int
    """Where the next frame may start."""
    segment: bytes
    check: bytes | None
    error: str | None
    deviations: list[Deviation]


class FrameReader:
    """Turns the bytes of one connection (or file) into frames.

    Args:
        strict: refuse every frame with a deviation (`Frame.error` is then the code of the first one).
        key: SM4 key (16 bytes) of the one device on this connection.
        key_for: MN -> key, where several devices share it; asked before `key`.
        max_length: largest declared length that is believed.
        edition: the station's edition, when it is known; else each Flag decides.
        patient: wait at the end of the bytes at hand for the line end that decides `line_end.*`. For files. A
            connection does not wait: a device without CR LF would never be answered. Its missing line end is told with
            its next frame (`line_end.missing_before`).

    Attributes:
        skipped: bytes that belonged to no frame.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        key: bytes | None = None,
        key_for: Callable[[str], bytes | None] | None = None,
        max_length: int = LARGEST_LENGTH,
        edition: Edition | None = None,
        patient: bool = False,
    ) -> None:
        self.strict = strict
        self.edition = edition
        self.skipped = 0
        self._key = key
        self._key_for = key_for
        self._max = min(max_length, LARGEST_LENGTH)
        self._patient = patient or strict
        self._rest = b""
        self._quiet_until = 0
        self._text_before = b""
        self._first = True
        self._owes_line_end = False
        self._notes: list[Deviation] = []
        self._qns = QnWatch()
        self._memory = Memory()

    @property
    def pending(self) -> int:
        """Bytes held back for want of the rest of their frame; at most some 10,000."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they arrive; return the frames that are complete now, in their order."""
        data = bytes(data)
        rest = self._rest
        if rest:
            # Nothing can be decided before the declared end but by a mark that tells of another one.
            if len(rest) + len(data) < self._quiet_until and b"#" not in data and b"\n" not in data:
                self._rest = rest + data
                return []
            data = rest + data
        elif not (self._notes or self._owes_line_end or self._text_before):
            # The common case on a connection: one whole frame of a known make.
            frame = self._memory.quick(data, 0, self._patient, self.strict, self._qns)
            if frame is not None:
                size = len(frame.raw)
                return [frame] if size == len(data) else [frame, *self._run(data[size:], final=False)]
        return self._run(data, final=False)

    def close(self) -> list[Frame]:
        """Return what is left as frames (`truncated` where cut) and forget it."""
        return self._run(self._rest, final=True)

    def _run(self, buffer: bytes, *, final: bool) -> list[Frame]:
        frames: list[Frame] = []
        here = 0
        self._quiet_until = 0
        size = len(buffer)
        quick, qns, patient, strict = self._memory.quick, self._qns, self._patient and not final, self.strict
        while here < size:
            if not (self._notes or self._owes_line_end or self._text_before):
                frame = quick(buffer, here, patient, strict, qns)
                if frame is not None:
                    frames.append(frame)
                    here += len(frame.raw)
                    continue
            here = self._to_start(buffer, here, final)
            piece = self._piece(buffer, here, final) if _START.match(buffer, here) else _stump(buffer, here, final)
            if piece is None:
                break
            frames.append(self._read(buffer[here : piece.end], piece))
            here = piece.end
        self._rest = b"" if final else buffer[here:]
        if final:
            self.skipped += len(buffer) - here
        return frames

    def _to_start(self, buffer: bytes, here: int, final: bool) -> int:
        """Skip to the next start of a frame; keep a possible beginning of one at the end of the buffer."""
        if self._owes_line_end:
            line_end = _END_OF_LINE.match(buffer, here)
            if line_end:
                here = line_end.end()
                self._owes_line_end = line_end.group() == b"\r" and here == len(buffer)
            else:
                self._notes.append(Deviation("line_end.missing_before", ""))
                self._owes_line_end = False
        match = _START.match(buffer, here) or _START.search(buffer, here)
        if match or final:
            to = match.start() if match else len(buffer)
            stump = _STUMP.search(buffer, max(here, to - _SHORTEST), to)
            to = stump.start() if stump else to
        else:
            to = buffer.rfind(b"##", max(here, len(buffer) - _TAIL))
            if to < 0:
                to = len(buffer) - buffer.endswith(b"#")
        if to > here:
            self.skipped += to - here
            if self._first:
                self._text_before = (self._text_before + buffer[here:to])[:_REMEMBERED_TEXT]
        return to

    # How a frame is found. `here` is where its ## stands.

    def _piece(self, buffer: bytes, here: int, final: bool) -> _Piece | None:
        """Find the frame that starts at `here`; None: wait for more bytes."""
        declared = _DECLARED.match(buffer, here)
        length = int(declared.group(1)) if declared else None
        if length is not None and length <= self._max:
            end = here + 6 + length
            if len(buffer) >= end + 4:
                good = self._by_length(buffer, here, end, final)
                if good is not _NO:
                    return good
            elif not final:
                early = self._early(buffer, here)
                if early is None:
                    self._quiet_until = end + 4 - here
                return early
        return self._by_marks(buffer, here, length, final)

    def _by_length(self, buffer: bytes, here: int, end: int, final: bool) -> _Piece | None:
        """A frame whose length and CRC are right, else `_NO`."""
        segment = buffer[here + 6 : end]
        check = buffer[end : end + 4]
        if not _HEX4.fullmatch(check):
            return _NO
        opened = open_segment(segment, int(check, 16), self._key_of(segment))
        if not opened.fits:
            return _NO
        if b"##" in segment and self._hides_a_frame(buffer, here, end):
            return _NO
        notes = list(opened.deviations)
        if check != check.upper():
            notes.append(Deviation("crc.lower_case", check.decode()))
        after = self._line_end(buffer, end + 4, notes, final)
        return None if after is None else _Piece(after, opened.plain, check, None, notes)

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

    def _early(self, buffer: bytes, here: int) -> _Piece | None:
        """Before the declared length has arrived: tell what is already certain to be wrong."""
        for match in _START.finditer(buffer, here + 2):
            if self._fits(buffer, match.start()):
                return self._by_marks(buffer, here, _length(buffer, here), False)
        for closing in _CLOSING.finditer(buffer, here + 6):
            check = closing.group(1)
            segment = buffer[here + 6 : closing.start() + 2]
            if check and closing.end() < len(buffer) and crc(segment) == int(check, 16):
                return self._by_marks(buffer, here, _length(buffer, here), False)
        return None

    def _by_marks(self, buffer: bytes, here: int, length: int | None, final: bool) -> _Piece | None:
        """The frame cannot be taken by its length: find its end by the marks, before the next start."""
        follower = _START.search(buffer, here + 2)
        limit = follower.start() if follower else len(buffer)
        furthest = here + self._max + ENVELOPE + _TAIL
        settled = final or follower is not None or limit > furthest
        limit = min(limit, furthest)
        loose = _LOOSE_LENGTH.match(buffer, here) if length is None else None
        begin = loose.end() if loose else here + 6
        if length is not None:
            piece = self._structure(buffer, here + 6, here + 6 + length, limit, settled)
            if piece is not _NO:
                return piece
        piece = self._closing(buffer, begin, limit, length, settled)
        if piece is not _NO:
            return piece
        if not settled:
            return None
        cut = buffer[begin:limit].rstrip(b"\r\n")
        return _Piece(limit, cut, None, "truncated", [_cut(length, len(cut))])

    def _structure(self, buffer: bytes, begin: int, end: int, limit: int, settled: bool) -> _Piece | None:
        """Length right, CRC not: wrong, short, missing or no hex; else `_NO`."""
        if end > limit:
            return _NO
        closed = buffer[end - 2 : end] == b"&&"
        line_end = _END_OF_LINE.search(buffer, end, min(limit, end + _LONGEST_CHECK + 2))
        after = line_end.start() if line_end else limit
        check = buffer[end:after]
        if len(check) > _LONGEST_CHECK or (not closed and not _HEX4.fullmatch(check)):
            return _NO
        if line_end is None and not settled:
            return None if len(buffer) < end + _LONGEST_CHECK + 2 else _NO
        segment = buffer[begin:end]
        notes: list[Deviation] = []
        error: str | None = "crc"
        opened = open_segment(segment, _number(check), self._key_of(segment))
        if not opened.fits and len(check) < 4 and line_end is None:
            return _Piece(after, opened.plain, check or None, "truncated", [_cut(end - begin, end - begin)])
        if opened.fits and len(check) < 4:
            error = None
            notes.append(Deviation("crc.three_digits", check.decode()))
            if check != check.upper():
                notes.append(Deviation("crc.lower_case", check.decode()))
        else:
            notes += self._why(segment, check, opened.deviations)
        notes = [*opened.deviations, *notes]
        to = self._line_end(buffer, after, notes, settled)
        return None if to is None else _Piece(to, opened.plain, check or None, error, notes)

    def _closing(self, buffer: bytes, begin: int, limit: int, length: int | None, settled: bool) -> _Piece | None:
        """Length wrong: take the closing mark whose check is right, else the first; `_NO` without one."""
        best: re.Match[bytes] | None = None
        for match in _CLOSING.finditer(buffer, begin, limit):
            if not settled and match.end() == len(buffer):
                continue
            check = match.group(1)
            segment = buffer[begin : match.start() + 2]
            if check and open_segment(segment, int(check, 16), self._key_of(segment)).fits:
                best = match
                break
            best = best or match
        if best is None:
            return _NO
        segment = buffer[begin : best.start() + 2]
        check = best.group(1) if best.group(1) is not None else best.group(2)
        opened = open_segment(segment, _number(check), self._key_of(segment))
        notes = list(opened.deviations)
        in_text_form = any(one.code == "crypt.text_form" for one in notes)
        error: str | None = "length"
        if in_text_form and opened.fits and length in (len(opened.plain), len(segment)):
            error = None
        else:
            notes.insert(0, _wrong_length(segment, length, buffer[begin - 6 : begin]))
        if not opened.fits:
            if error is None:
                error = "crc"
            notes += self._why(segment, check, opened.deviations)
        else:
            if len(check) < 4:
                notes.append(Deviation("crc.three_digits", check.decode()))
            if check != check.upper():
                notes.append(Deviation("crc.lower_case", check.decode()))
        to = self._line_end(buffer, best.end(), notes, True)
        return None if to is None else _Piece(to, opened.plain, check or None, error, notes)

    def _why(self, segment: bytes, check: bytes, opened: list[Deviation]) -> list[Deviation]:
        """Name a check that is not the HJ CRC of its segment."""
        shown = check.decode("latin-1")
        if not check:
            return [Deviation("crc.missing", "")]
        if not _HEX.fullmatch(check):
            return [Deviation("crc.not_hex", shown)]
        found = [Deviation("crc.lower_case", shown)] if check != check.upper() else []
        if any(one.code in ("crypt.no_key", "crypt.wrong_key") for one in opened):
            return found
        value, other, right = int(check, 16), modbus(segment), crc(segment)
        if len(check) < 4:
            found.append(Deviation("crc.three_digits", shown))
        if value == other:
            return [Deviation("crc.modbus", shown), *found]
        if value == swapped(other):
            return [Deviation("crc.modbus_swapped", shown), *found]
        if value == swapped(right):
            return [Deviation("crc.swapped", shown), *found]
        return [Deviation("crc.mismatch", f"{shown}, {right:04X}"), *found]

    def _line_end(self, buffer: bytes, at: int, notes: list[Deviation], settled: bool) -> int | None:
        """Take the line end at `at` and note its form; return where it ends, None to wait for it."""
        if at >= len(buffer) or (buffer[at:] == b"\r" and not settled):
            if settled:
                notes.append(Deviation("line_end.missing", ""))
                return at
            if self._patient:
                return None
            self._owes_line_end = True
            return at
        match = _END_OF_LINE.match(buffer, at)
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
        while (more := _END_OF_LINE.match(buffer, again)) is not None:
            again = more.end()
        if again > to:
            notes.append(Deviation("line_end.doubled", ""))
        return again

    # From the piece to the frame.

    def _read(self, raw: bytes, piece: _Piece) -> Frame:
        notes = piece.deviations
        if self._first and self._text_before.strip():
            notes = [Deviation("stream.text_before", self._text_before.decode("utf-8", "replace")), *notes]
        if self._notes:
            notes = [*self._notes, *notes]
            self._notes = []
        self._first, self._text_before = False, b""
        frame, header = understand(
            raw,
            piece.segment,
            declared=_length(raw, 0),
            check=None if piece.check is None else piece.check.decode("latin-1"),
            error=piece.error,
            deviations=notes,
            expected=self.edition,
            strict=self.strict,
        )
        if frame.error in ERRORS:
            return frame
        if len(frame.deviations) == len(header.deviations) and frame.deviations == list(header.deviations):
            self._memory.learn(piece.segment, header, frame.cp)
        seen = self._qns.look(frame)
        if seen is not None:
            frame.deviations.append(seen)
            if self.strict and frame.error is None:
                frame.ok, frame.error = False, seen.code
        return frame

    def _key_of(self, segment: bytes) -> bytes | None:
        if self._key_for is not None:
            match = _MN.search(segment)
            found = self._key_for(match.group(1).decode("latin-1")) if match else None
            if found is not None:
                return found
        return self._key


_NO = _Piece(-1, b"", None, None, [])


def _stump(buffer: bytes, here: int, final: bool) -> _Piece | None:
    """A frame cut within its length digits, with the next one (or the end) right behind."""
    digits = _STUMP_HERE.match(buffer, here)
    if digits is None or not (_START.match(buffer, digits.end()) or (final and digits.end() == len(buffer))):
        return None
    return _Piece(digits.end(), b"", None, "truncated", [_cut(None, 0)])


def _length(buffer: bytes, here: int) -> int | None:
    declared = _DECLARED.match(buffer, here)
    return int(declared.group(1)) if declared else None


def _number(check: bytes) -> int | None:
    return int(check, 16) if _HEX.fullmatch(check) else None


def _cut(length: int | None, seen: int) -> Deviation:
    return Deviation("frame.truncated", f"{'?' if length is None else length}, {seen}")


def _wrong_length(segment: bytes, length: int | None, head: bytes) -> Deviation:
    if length is None:
        return Deviation("length.malformed", head.decode("latin-1"))
    detail = f"{length}, {len(segment)} ({length - len(segment):+d})"
    if not looks_encrypted(segment):
        text, charset = decode(segment)
        if charset != "latin-1" and len(text) != len(segment) and length == len(text):
            return Deviation("length.characters", detail)
    if length - len(segment) in (2, 4, 6, 8, 10, 12):
        return Deviation("length.frame_counted", detail)
    return Deviation("length.mismatch", detail)
