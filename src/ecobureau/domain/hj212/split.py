"""Split packets: one message cut into PNUM frames, and put together again whatever the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from ecobureau.domain.hj212.cp import Cp
from ecobureau.domain.hj212.editions import CP_LIMIT, ENVELOPE, MOST_PACKETS, SEGMENT_LIMIT, Edition, flag
from ecobureau.domain.hj212.encode import cp_text, encode
from ecobureau.domain.hj212.frame import Frame
from ecobureau.domain.hj212.times import real_moment, to_text


def qn_after(qn: str, milliseconds: int) -> str:
    """Return the QN that many milliseconds later; the same text where QN is no time."""
    moment = real_moment(qn)
    return qn if moment is None else to_text(moment + timedelta(milliseconds=milliseconds), milliseconds=True)


def split_packets(
    *,
    qn: str,
    st: str,
    cn: str,
    pw: str,
    mn: str,
    edition: Edition,
    cp: Mapping[str, str | Mapping[str, str]],
    answer: bool = True,
    rf: str | None = None,
    key: bytes | None = None,
    cp_limit: int | None = None,
) -> list[bytes]:
    """Return the frames of one message: a single one where CP fits, else PNUM packets.

    Each packet has its own QN (one millisecond apart, as in the standard's example) and repeats `DataTime`; an item
    is never cut unless it alone is too long, then between its fields.

    Args:
        qn: QN of the first packet.
        cp: items in order.
        answer: each packet asks for its own answer.
        cp_limit: bytes of CP a frame may hold; default what the edition and its 1024 bytes of segment leave.

    Source: HJ 212-2017 6.6.4 and annex C (PNUM, PNO).
    """
    whole = cp_text(cp)

    def frame(page: str, number: int, bits: str, pnum: int | None) -> bytes:
        pno = None if pnum is None else number + 1
        own = qn_after(qn, number) if number else qn
        return encode(qn=own, st=st, cn=cn, pw=pw, mn=mn, flag=bits, pnum=pnum, pno=pno, rf=rf, cp=page, key=key)

    def room(bits: str, pnum: int | None) -> int:
        if cp_limit is not None:
            return cp_limit
        return min(CP_LIMIT[edition], SEGMENT_LIMIT - (len(frame("", MOST_PACKETS - 1, bits, pnum)) - ENVELOPE))

    alone, bits = flag(edition, answer=answer), flag(edition, answer=answer, split=True)
    if len(whole.encode()) <= room(alone, None):
        return [frame(whole, 0, alone, None)]
    limit = room(bits, MOST_PACKETS)
    stamp = cp.get("DataTime")
    head = f"DataTime={stamp}" if isinstance(stamp, str) else ""
    items = [text for name, value in cp.items() if name != "DataTime" for text in _items(name, value, limit)]
    pages = _pages(items, head, limit)
    return [frame(page, number, bits, len(pages)) for number, page in enumerate(pages)]


def _items(name: str, value: str | Mapping[str, str], limit: int) -> list[str]:
    whole = cp_text({name: value})
    if isinstance(value, str) or len(whole.encode()) <= limit // 2:
        return [whole]
    return [cp_text({name: {field: text}}) for field, text in value.items()]


def _pages(items: list[str], head: str, limit: int) -> list[str]:
    pages: list[str] = []
    page = head
    for item in items:
        longer = f"{page};{item}" if page else item
        if len(longer.encode()) > limit and page != head:
            pages.append(page)
            longer = f"{head};{item}" if head else item
        page = longer
    return [*pages, page]


class PacketKey(NamedTuple):
    """What the packets of one message have in common."""

    mn: str | None
    st: str | None
    cn: str | None
    pnum: str | None
    data_time: str | None


@dataclass(slots=True)
class Message:
    """Packets of one message.

    Attributes:
        key: what they share.
        since: when the first came, in the caller's seconds.
        packets: PNO -> frame; of a repeated packet the last.
        repeated: how many packets came more than once.
    """

    key: PacketKey
    since: float
    packets: dict[int, Frame] = field(default_factory=dict)
    repeated: int = 0

    @property
    def missing(self) -> list[int]:
        """PNO that have not come."""
        return [number for number in range(1, int(self.key.pnum or 0) + 1) if number not in self.packets]

    @property
    def frames(self) -> list[Frame]:
        """The packets in the order of PNO."""
        return [self.packets[number] for number in sorted(self.packets)]

    @property
    def cp(self) -> Cp:
        """The items of all packets merged; the repeated DataTime once, fields of one factor together."""
        merged: Cp = {}
        for frame in self.frames:
            for name, value in frame.cp.items():
                old = merged.get(name)
                if isinstance(value, dict):
                    merged[name] = {**old, **value} if isinstance(old, dict) else dict(value)
                else:
                    merged[name] = value
        return merged


class Reassembler:
    """Collects split packets until each message is whole.

    Args:
        timeout: seconds after which an unfinished message is given up.
        most: messages kept open at once; beyond it the oldest is given up.
    """

    def __init__(self, *, timeout: float = 30.0, most: int = 64) -> None:
        self._timeout = timeout
        self._most = most
        self._open: dict[PacketKey, Message] = {}
        self._given_up: list[Message] = []

    def __len__(self) -> int:
        return len(self._open)

    def add(self, frame: Frame, now: float) -> Message | None:
        """Take a good frame with `is_split`; return the message when it is whole.

        Raises:
            ValueError: the frame is no packet, or in error.
        """
        if not frame.is_split or frame.error in ("crc", "length", "header", "cp", "truncated"):
            raise ValueError("not a good split packet")
        key = PacketKey(frame.mn, frame.st, frame.cn, str(int(frame.pnum or 0)), frame.text("DataTime"))
        message = self._open.get(key)
        if message is None:
            message = self._open[key] = Message(key, now)
        number = int(frame.pno or 0)
        message.repeated += number in message.packets
        message.packets[number] = frame
        if len(message.packets) == int(key.pnum or 0):
            del self._open[key]
            return message
        if len(self._open) > self._most:
            oldest = min(self._open.values(), key=lambda one: one.since)
            self._given_up.append(self._open.pop(oldest.key))
        return None

    def expire(self, now: float) -> list[Message]:
        """Return (and forget) the messages whose rest did not come in time; `Message.missing` names the packets."""
        late = [key for key, message in self._open.items() if now - message.since >= self._timeout]
        given_up = [*self._given_up, *(self._open.pop(key) for key in late)]
        self._given_up = []
        return given_up
