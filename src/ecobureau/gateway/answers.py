"""The answers of one station, remembered but for their QN: it sends the same header over and over."""

from __future__ import annotations

from ecobureau.domain.hj212 import Frame, surface_water
from ecobureau.domain.hj212.crc import crc_text
from ecobureau.domain.hj212.dialogue import platform_answer

MOST = 256
_START = len(b"##0000QN=")
_QN = 17
_END = len(b"0000\r\n")

Key = tuple[str | None, str | None, str | None, str]


class Answers:
    """What the platform answers to one station."""

    def __init__(self, dialect: str = "") -> None:
        self._made = surface_water.answer if surface_water.speaks(dialect) else platform_answer
        self._tails: dict[Key, bytes | None] = {}

    def to(self, frame: Frame, login: str | None) -> bytes | None:
        """Return the whole frame that answers `frame`, as `platform_answer` makes it; None for silence."""
        qn = frame.qn
        if qn is None or len(qn) != _QN or not (qn.isascii() and qn.isdigit()):
            return self._made(frame, login=login)
        key = (frame.cn, frame.flag, frame.pw, frame.charset)
        try:
            tail = self._tails[key]
        except KeyError:
            return self._first(key, frame, login)
        if tail is None:
            return None
        segment = b"QN=" + qn.encode() + tail
        return b"##%04d%b%b\r\n" % (len(segment), segment, crc_text(segment))

    def _first(self, key: Key, frame: Frame, login: str | None) -> bytes | None:
        answer = self._made(frame, login=login)
        if len(self._tails) >= MOST:
            self._tails.clear()
        self._tails[key] = None if answer is None else answer[_START + _QN : -_END]
        return answer
