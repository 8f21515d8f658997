"""A platform of the simplest kind: a real TCP server that reads frames and answers, withholds or asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

from ecobureau.domain.hj212 import Frame, FrameReader, answer_9013, answer_9014

PATIENCE = 30.0


class PlatformServer:
    """Listens on a free port. `answers(frame)` decides whether an upload is answered; default: all are."""

    def __init__(self, keys: dict[str, bytes] | None = None) -> None:
        self.frames: list[Frame] = []
        self.answered: list[Frame] = []
        self.connections = 0
        self.answers: Callable[[Frame], bool] = lambda frame: True
        self.port = 0
        self._keys = keys or {}
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.connections += 1
        frames = FrameReader(key_for=self._keys.get)
        while data := await self._read(reader):
            for frame in frames.feed(data):
                self.frames.append(frame)
                if frame.ok and frame.wants_answer and self.answers(frame):
                    self.answered.append(frame)
                    notice = frame.cn in ("9015", "1013")
                    writer.write(answer_9013(frame) if notice else answer_9014(frame))
            async with self._changed:
                self._changed.notify_all()
        writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.read(65536)
        except ConnectionError:
            return b""

    def cut(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def send(self, data: bytes) -> None:
        """Send bytes on the newest connection."""
        self._writers[-1].write(data)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until `true()` holds; it is asked after everything that arrives."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: bool(true())), PATIENCE)

    def of(self, cn: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.cn == cn]
