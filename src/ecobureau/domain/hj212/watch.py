"""What only several frames of one connection show, or only the time of receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.frame import Frame
from ecobureau.domain.hj212.times import parse_time, real_moment

LONGEST_BEHIND = timedelta(days=366)
"""Loggers keep a year of data to send again: a QN older than that comes from a clock that was reset."""
_KEPT = 32
_MOST_MNS = 256


class QnWatch:
    """Notices one QN that serves different data. Resends repeat their QN rightly and stay unnoticed; so do answers."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str | None, str], tuple[str | None, str | None, int]] = {}

    def first(self, mn: str | None, qn: str, cn: str | None, pno: str | None, segment: bytes) -> bool:
        """Remember a QN and return True, or return False where it was seen before."""
        seen = self._seen
        key = (mn, qn)
        if key in seen:
            return False
        if len(seen) >= _KEPT:
            seen.clear()
        seen[key] = (cn, pno, hash(segment))
        return True

    def look(self, frame: Frame) -> Deviation | None:
        """Remember the frame's QN; return `qn.repeated` or `qn.same_for_packets` where it served other data before."""
        qn, cn = frame.qn, frame.cn
        if not qn or cn is None or cn.startswith("9") or self.first(frame.mn, qn, cn, frame.pno, frame.segment):
            return None
        before_cn, before_pno, before = self._seen[frame.mn, qn]
        if before == hash(frame.segment):
            return None
        if frame.is_split and before_cn == cn and before_pno != frame.pno:
            return Deviation("qn.same_for_packets", qn)
        return Deviation("qn.repeated", f"{qn} {before_cn} {cn}")


class StreamWatch:
    """Notices several MN on one connection, and a device that sends the same answered data for ever.

    Args:
        resends: so many times the same segment after it was answered are one too many.
    """

    def __init__(self, *, resends: int = 10) -> None:
        self._mns: set[str] = set()
        self._resends = resends
        self._last: tuple[bytes, int] = (b"", 0)

    def look(self, frame: Frame) -> list[Deviation]:
        """Take a good frame of the connection; return what it shows."""
        found = []
        if frame.mn and frame.mn not in self._mns:
            if self._mns:
                found.append(Deviation("stream.several_mn", frame.mn))
            if len(self._mns) < _MOST_MNS:
                self._mns.add(frame.mn)
        segment, times = self._last
        times = times + 1 if segment == frame.segment else 0
        self._last = (frame.segment, times)
        if times >= self._resends and frame.wants_answer:
            found.append(Deviation("answer.resent_for_ever", str(times)))
        return found


def clock_deviations(
    frame: Frame, received: datetime, *, tolerance: timedelta = timedelta(minutes=10)
) -> list[Deviation]:
    """Return what shows against the time of receipt: a wrong device clock (QN), data from the future (DataTime).

    Args:
        frame: an upload or notice. Resends and back-fill rightly carry old times, so times ahead count and a QN that
            is more than `LONGEST_BEHIND` old; a clock behind by less shows in the time the device gives for 1011.
        received: aware UTC.
        tolerance: how far a good clock may be off.
    """
    found = []
    moment = real_moment(frame.qn) if frame.qn else None
    if moment is not None and not -LONGEST_BEHIND <= moment - received <= tolerance:
        found.append(Deviation("qn.clock_wrong", f"{(moment - received).total_seconds():+.0f} s"))
    stamp = frame.text("DataTime")
    data = parse_time(stamp)[0] if stamp else None
    if data is not None and data - received > tolerance:
        found.append(Deviation("data_time.future", str(stamp)))
    return found
