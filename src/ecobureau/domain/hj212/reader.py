"""Frames out of a byte stream: by length first, then by what stands around, never losing the next good frame."""

from __future__ import annotations

import re
from collections.abc import Callable

from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.editions import LARGEST_LENGTH, Edition
from ecobureau.domain.hj212.frame import ERRORS, Frame
from ecobureau.domain.hj212.framing import LINE_END, START, STUMP, TAIL, Framer, Piece, declared_length
from ecobureau.domain.hj212.layouts import Memory
from ecobureau.domain.hj212.segment import understand
from ecobureau.domain.hj212.watch import QnWatch

_MN = re.compile(rb"[;,]?MN=([^;,]*)")
_SHORTEST = 5
_REMEMBERED_TEXT = 60


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
        self._patient = patient or strict
        self._framer = Framer(min(max_length, LARGEST_LENGTH), self._key_of, patient=self._patient)
        self._rest = b""
        self._text_before = b""
        self._first = True
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
            if len(rest) + len(data) < self._framer.need and b"#" not in data and b"\n" not in data:
                self._rest = rest + data
                return []
            data = rest + data
        elif not (self._notes or self._framer.owes_line_end or self._text_before):
            # The common case on a connection: one whole frame of a known make.
            frame = self._memory.quick(data, 0, self._patient, self.strict, self._qns)
            if frame is not None:
                size = len(frame.raw)
                return [frame] if size == len(data) else [frame, *self._run(data[size:], final=False)]
        return self._run(data, final=False)

    def close(self) -> list[Frame]:
        """Return what is left as frames (`truncated` where cut) and forget it."""
        return self._run(self._rest, final=True)

    def forget(self) -> None:
        """Let go of what refers back to this reader, so that it goes with its last user. It reads nothing any more."""
        del self._framer

    def _run(self, buffer: bytes, *, final: bool) -> list[Frame]:
        frames: list[Frame] = []
        here = 0
        self._framer.need = 0
        size = len(buffer)
        quick, qns, patient, strict = self._memory.quick, self._qns, self._patient and not final, self.strict
        while here < size:
            if not (self._notes or self._framer.owes_line_end or self._text_before):
                frame = quick(buffer, here, patient, strict, qns)
                if frame is not None:
                    frames.append(frame)
                    here += len(frame.raw)
                    continue
            here = self._to_start(buffer, here, final)
            piece = self._framer.find(buffer, here, final)
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
        if self._framer.owes_line_end:
            line_end = LINE_END.match(buffer, here)
            if line_end:
                here = line_end.end()
                self._framer.owes_line_end = line_end.group() == b"\r" and here == len(buffer)
            else:
                self._notes.append(Deviation("line_end.missing_before", ""))
                self._framer.owes_line_end = False
        match = START.match(buffer, here) or START.search(buffer, here)
        if match or final:
            to = match.start() if match else len(buffer)
            for stump in STUMP.finditer(buffer, max(here, to - _SHORTEST), to):
                to = stump.start() if stump.end() == to else to
        else:
            to = buffer.rfind(b"##", max(here, len(buffer) - TAIL))
            if to < 0:
                to = len(buffer) - buffer.endswith(b"#")
        if to > here:
            self.skipped += to - here
            if self._first:
                self._text_before = (self._text_before + buffer[here:to])[:_REMEMBERED_TEXT]
        return to

    # From the piece to the frame.

    def _read(self, raw: bytes, piece: Piece) -> Frame:
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
            declared=declared_length(raw),
            check=None if piece.check is None else piece.check.decode("latin-1"),
            error=piece.error,
            deviations=notes,
            expected=self.edition,
            strict=self.strict,
        )
        if frame.error in ERRORS:
            return frame
        if not notes:
            self._memory.learn(piece.segment, header, frame)
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
