"""The TCP connection of one logger: bytes out (sometimes in two pieces), frames in."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ecobureau.domain.hj212 import Edition, Frame, FrameReader


class Speaker(Protocol):
    """Whoever uses a line."""

    def line_up(self, line: Line) -> None: ...

    def line_down(self, line: Line) -> None: ...

    def heard(self, frame: Frame) -> None: ...


class Line(asyncio.Protocol):
    """One connection. Writes keep their order, also where one is broken into two."""

    def __init__(self, speaker: Speaker, edition: int, key: bytes | None) -> None:
        self._speaker = speaker
        self._reader = FrameReader(edition=Edition(edition), key=key)
        self._transport: asyncio.Transport | None = None
        self._held: list[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._speaker.line_up(self)

    def data_received(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            self._speaker.heard(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._speaker.line_down(self)

    def write(self, data: bytes) -> None:
        """Send bytes, after whatever is still held."""
        if self._held is not None:
            self._held.append(data)
        elif self._transport is not None:
            self._transport.write(data)

    def write_broken(self, data: bytes, at: int) -> None:
        """Send the first `at` bytes now; the rest goes with `release`."""
        if self._held is not None:
            self._held.append(data)
            return
        self.write(data[:at])
        self._held = [data[at:]]

    def release(self) -> None:
        """Send what is held."""
        held, self._held = self._held, None
        if held and self._transport is not None:
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()
