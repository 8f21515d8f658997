"""One TCP connection of the field: bytes to frames, reasons to stop reading, answers back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import IntFlag
from typing import TYPE_CHECKING, cast

from ecobureau import clock
from ecobureau.domain.hj212 import Frame
from ecobureau.domain.hj212.watch import StreamWatch

if TYPE_CHECKING:
    from ecobureau.gateway.server import Gateway

WRITE_HIGH = 64 * 1024


class Hold(IntFlag):
    """Reasons why a connection is not read at present."""

    QUEUE = 1
    """The lane it feeds is full: the database is behind or away."""
    IN_FLIGHT = 2
    """Too many of its own frames wait for their commit."""
    RATE = 4
    """Its station sends faster than it may."""
    PEER = 8
    """The peer does not take the answers."""
    STOPPING = 16


class Connection(asyncio.Protocol):
    """A logger, a DTU or a relay on the other end; it may carry several MN."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self.address = ""
        self.number = 0
        self.opened_at = clock.now()
        self.last_byte = clock.monotonic()
        self.frames = 0
        self.in_flight = 0
        self._queued = 0
        self._done = 0
        self._then: list[tuple[int, Callable[[], None]]] = []
        self.mns: dict[str, int] = {}
        """MN to station id, in the order they were first heard."""
        self.sessions: dict[str, int] = {}
        """MN to the id of its session's row, once that is written."""
        self.watch = StreamWatch()
        self.reader = gateway.new_reader()
        self._holds = Hold(0)
        self.reason = "peer_closed"
        """Why it is over, once it is."""
        self._rubbish = 0
        self._at_end = False
        self._waiting: asyncio.TimerHandle | None = None
        self._free_at = 0.0

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        name = transport.get_extra_info("peername")
        self.address = str(name[0]) if name else "?"
        self.peer = f"{self.address}:{name[1]}" if name else "?"
        self.transport.set_write_buffer_limits(high=WRITE_HIGH)
        self._gateway.opened(self)

    def data_received(self, data: bytes) -> None:
        self.last_byte = clock.monotonic()
        self._gateway.metrics.bytes += len(data)
        frames = self.reader.feed(data)
        if frames:
            self._take(frames)
        if frames and any(frame.ok for frame in frames):
            self._rubbish = 0
            return
        self._rubbish += len(data)
        if self._rubbish > self._gateway.settings.rubbish_limit:
            self.close("rubbish")

    def eof_received(self) -> bool:
        """The peer has said all it will; it still gets the answers to what is on its way."""
        self._at_end = True
        rest = self.reader.close()
        if rest:
            self._take(rest)
        return self.in_flight > 0

    def _take(self, frames: list[Frame]) -> None:
        self.frames += len(frames)
        self._gateway.frames(self, frames)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._gateway.lost(self)
        self.transport = None
        self.reader.forget()

    def pause_writing(self) -> None:
        self.hold(Hold.PEER)

    def resume_writing(self) -> None:
        self.release(Hold.PEER)

    # What the gateway calls.

    def hold(self, reason: Hold) -> None:
        """Stop reading for `reason`."""
        if not self._holds and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        self._holds |= reason

    def release(self, reason: Hold) -> None:
        """Read on, if nothing else speaks against it."""
        if not self._holds & reason:
            return
        self._holds &= ~reason
        if not self._holds and self.transport is not None and not self.transport.is_closing():
            self.last_byte = clock.monotonic()
            self.transport.resume_reading()

    def wait(self, seconds: float) -> None:
        """Stop reading for some seconds, or longer where it has to wait already: it sent too fast."""
        self._free_at = max(self._free_at, clock.monotonic() + seconds)
        if not self._holds & Hold.RATE:
            self.hold(Hold.RATE)
            self._waiting = self._gateway.loop.call_later(seconds, self._waited)

    def _waited(self) -> None:
        left = self._free_at - clock.monotonic()
        if left > 0:
            self._waiting = self._gateway.loop.call_later(left, self._waited)
        else:
            self._waiting = None
            self.release(Hold.RATE)

    def queued(self, count: int) -> None:
        """So many more of its frames wait for their commit."""
        self.in_flight += count
        self._queued += count
        if self.in_flight >= self._gateway.settings.in_flight:
            self.hold(Hold.IN_FLIGHT)

    def frames_done(self, answers: bytes, count: int) -> None:
        """`count` frames are durable; send what answers them."""
        self.in_flight -= count
        transport = self.transport
        if transport is not None and not transport.is_closing():
            if answers:
                transport.write(answers)
            if self._at_end and not self.in_flight:
                transport.close()
        self._done += count
        while self._then and self._then[0][0] <= self._done:
            self._then.pop(0)[1]()
        if self.in_flight * 2 < self._gateway.settings.in_flight:
            self.release(Hold.IN_FLIGHT)

    def after_answers(self, call: Callable[[], None]) -> None:
        """Call something once all that came so far, with the frames of the read at hand, is durable and answered."""
        self._gateway.loop.call_soon(lambda: self._then.append((self._queued, call)))

    def send(self, frame: bytes) -> bool:
        """Send a frame of ours; False when the connection is gone."""
        if self.transport is None or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def close(self, reason: str) -> None:
        """Close from our side, for a stated reason."""
        if self.transport is not None and not self.transport.is_closing():
            self.reason = reason
            self._gateway.closing(self, reason)
            self.transport.close()

    @property
    def held(self) -> Hold:
        """Why it is not read at present; falsy when it is."""
        return self._holds
