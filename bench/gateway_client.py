"""The field of `bench/gateway.py`: frames, loggers that send them, and the bare loop that they are measured against."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import time
from datetime import UTC, datetime, timedelta

import uvloop

from ecobureau.domain.hj212 import encode
from ecobureau.domain.hj212.times import to_text

FACTORS = ("a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014")
PASSWORD = "123456"
MINUTES = 10


def mn_of(number: int) -> str:
    return f"010000A8900016F0{number:08X}"


class Maker:
    """Frames of one station, each of its own time, newest last. One maker goes on over all stages."""

    def __init__(self, number: int, kind: str, begin: datetime) -> None:
        self.mn = mn_of(number)
        self.kind = kind
        self.at = begin
        self.count = itertools.count()
        self.asked = datetime.now(UTC)

    def take(self, count: int) -> list[bytes]:
        return [self._frame() for _ in range(count)]

    def _frame(self) -> bytes:
        step = next(self.count)
        self.asked += timedelta(milliseconds=1)
        value = 10 + (step * 7 + hash(self.mn)) % 500 / 100
        if self.kind == "rt":
            self.at += timedelta(seconds=1)
            body = ";".join(f"{code}-Rtd={value + place:.3f},{code}-Flag=N" for place, code in enumerate(FACTORS))
        else:
            self.at += timedelta(minutes=MINUTES)
            body = ";".join(
                f"{code}-Min={value + place - 1:.3f},{code}-Avg={value + place:.3f},"
                f"{code}-Max={value + place + 1:.3f},{code}-Flag=N"
                for place, code in enumerate(FACTORS)
            )
        return encode(
            qn=to_text(self.asked, milliseconds=True),
            st="31",
            cn="2011" if self.kind == "rt" else "2051",
            pw=PASSWORD,
            mn=self.mn,
            flag="5",
            cp=f"DataTime={to_text(self.at)};{body}",
        )


class Logger(asyncio.Protocol):
    """Sends its frames, never more than `window` unanswered."""

    def __init__(self, frames: list[bytes], window: int, done: asyncio.Future[None]) -> None:
        self.frames = frames
        self.window = window
        self.done = done
        self.sent = 0
        self.answered = 0
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._send(min(self.window, len(self.frames)))

    def _send(self, count: int) -> None:
        self.transport.write(b"".join(self.frames[self.sent : self.sent + count]))
        self.sent += count

    def data_received(self, data: bytes) -> None:
        count = data.count(b"\r\n")
        self.answered += count
        left = min(count, len(self.frames) - self.sent)
        if left:
            self._send(left)
        elif self.answered >= len(self.frames) and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"closed after {self.answered} answers: {error}"))


async def play(port: int, batches: list[list[bytes]], window: int) -> float:
    """Send all batches, one connection each; return the seconds from the first frame to the last answer."""
    loop = asyncio.get_running_loop()
    waiting = [loop.create_future() for _ in batches]
    begun = time.perf_counter()
    made = [
        await loop.create_connection(lambda f=frames, d=done: Logger(f, window, d), "127.0.0.1", port)
        for frames, done in zip(batches, waiting, strict=True)
    ]
    await asyncio.gather(*waiting)
    seconds = time.perf_counter() - begun
    answered = sum(logger.answered for _, logger in made)
    if answered != sum(map(len, batches)):
        raise SystemExit(f"{answered} answers to {sum(map(len, batches))} frames")
    for transport, _ in made:
        transport.close()
    return seconds


ANSWER = encode(qn="20260801085857223", st="91", cn="9014", pw=PASSWORD, mn=mn_of(0), flag="4", cp="")


class Bare(asyncio.Protocol):
    """Reads by length and answers; knows nothing, keeps nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        here = count = 0
        while here + 6 <= len(data):
            end = here + int(data[here + 2 : here + 6]) + 12
            if end > len(data):
                break
            here, count = end, count + 1
        self.rest = data[here:]
        if count:
            self.transport.write(ANSWER * count)


def bare_loop(port: multiprocessing.Queue) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())
