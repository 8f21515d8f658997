"""The live hub: one LISTEN connection a process, many event streams, no polling.

`core.live.publish` sends NOTIFY `live`; each web process listens once and hands the news to the streams whose ticket
may hear it. Equal news of a moment become one; a burst of one topic is said as a number. A client that does not read
is dropped and comes back by itself. The page fetches what it shows; news carry only topic, kind and id.

Stream (text/event-stream):
    event: hello   data: {"w": ms}                                 after joining
    event: news    data: {"t": topic, "k": kind, "id": id}         or {"t": topic, "k": kind, "n": number} for a burst
    event: resync  data: {"w": ms}                                 news may have been missed: refresh everything

`w` stands in news too where many streams are open: over how many milliseconds pages spread what they fetch.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs

import psycopg

log = logging.getLogger(__name__)

CHANNEL = "live"
BYE = "__bye__"
"""With the name of an installation behind it: its web processes are about to stop."""
QUEUE = 64
"""News a client may leave unread before it is dropped."""
BYE_S = 5.0
HEARTBEAT_S = 15.0
COALESCE_S = 0.1
BURST = 20
"""News of one topic and kind in one moment that are said one by one; above, they are said as a number."""
STREAMS = 2000
STREAMS_OF_ONE = 12
SPREAD_MS = 20
"""Per open stream, how long pages spread their fetching: about what one of them costs."""
SPREAD_FROM, SPREAD_MOST_MS = 20, 10_000
_RECONNECT_S = (0.2, 0.5, 1.0, 2.0)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Ticket(Protocol):
    """What a stream may hear."""

    @property
    def user_id(self) -> int:
        """Whose stream it is."""

    def hears(self, topic: str, org: str) -> bool:
        """Say whether news of `topic` at `org` is for this stream."""


@dataclass(eq=False)
class Stream:
    """One open event stream: its ticket, and what it has not been sent yet. None in the queue ends it."""

    ticket: Ticket
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(maxsize=QUEUE))

    def offer(self, body: bytes | None) -> bool:
        """Put a message in the queue; False where it is full."""
        try:
            self.queue.put_nowait(body)
        except asyncio.QueueFull:
            return False
        return True

    def end(self) -> None:
        """Let the stream end after what it is sending now."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


@dataclass(frozen=True, slots=True)
class News:
    """One notification as it came."""

    topic: str
    kind: str
    id: int | None
    org: str


def parse(payload: str) -> News | None:
    """Return the news of a NOTIFY payload, or None where it is not ours."""
    try:
        raw = json.loads(payload)
        return News(str(raw["t"]), str(raw.get("k") or ""), raw.get("id"), str(raw.get("org") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def event(name: str, data: dict[str, Any]) -> bytes:
    """Return one event as bytes of the stream."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def spread(streams: int) -> int:
    """Return over how many milliseconds the pages behind so many streams spread what they fetch on news; 0 for few."""
    return min(SPREAD_MOST_MS, streams * SPREAD_MS) if streams >= SPREAD_FROM else 0


def messages(news: list[News], ticket: Ticket, wait: int = 0) -> list[bytes]:
    """Return what a stream is told of the news of one moment: equal ones once, a burst as a number.

    Args:
        wait: milliseconds over which the page spreads what it fetches.
    """
    more = {"w": wait} if wait else {}
    groups: dict[tuple[str, str], dict[int | None, None]] = {}
    for item in news:
        if ticket.hears(item.topic, item.org):
            groups.setdefault((item.topic, item.kind), {})[item.id] = None
    said = []
    for (topic, kind), ids in groups.items():
        if len(ids) > BURST:
            said.append(event("news", {"t": topic, "k": kind, "n": len(ids), **more}))
        else:
            said.extend(event("news", {"t": topic, "k": kind, "id": number, **more}) for number in ids)
    return said


class Hub:
    """The streams of one process and the one connection that feeds them. All in one event loop.

    Args:
        url: DSN of the database; a session connection (no transaction pooling).
        name: name of the supervisor whose process this is (`ECOBUREAU_WEB_NAME`); a farewell to another one on the same
            database is not for these streams.
        heard: hears the topic of every notification at once. ears: hears whether the hub listens.
    """

    def __init__(
        self,
        url: str,
        name: str = "",
        *,
        heard: Callable[[str], None] = lambda _topic: None,
        ears: Callable[[bool], None] = lambda _on: None,
    ) -> None:
        self.url = url
        self.farewell = BYE + name
        self.streams: set[Stream] = set()
        self.closing = self.stopped = False
        self.dropped = 0
        self._tell_heard, self._tell_ears = heard, ears
        self.listening = asyncio.Event()
        self._news: list[News] = []
        self._flush: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen, once."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen(), name="live-hub")

    async def stop(self) -> None:
        """End all streams and the connection."""
        self.stopped = True
        self.bye()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def refuses(self, ticket: Ticket) -> str | None:
        """Return why no further stream is taken from this person; None if it is."""
        if self.closing:
            return "closing"
        if len(self.streams) >= STREAMS:
            return "full"
        if sum(stream.ticket.user_id == ticket.user_id for stream in self.streams) >= STREAMS_OF_ONE:
            return "too many of one person"
        return None

    def join(self, ticket: Ticket) -> Stream:
        """Add a stream."""
        stream = Stream(ticket)
        self.streams.add(stream)
        return stream

    def leave(self, stream: Stream) -> None:
        """Take a stream away."""
        self.streams.discard(stream)

    def bye(self) -> None:
        """End all streams and take none for a while, since a process is about to stop.

        The word reaches every web process of that supervisor; those that live on take streams again.
        """
        self.closing = True
        for stream in list(self.streams):
            stream.end()
        asyncio.get_running_loop().call_later(BYE_S, self._open_again)

    def _open_again(self) -> None:
        self.closing = self.stopped

    def heard(self, payload: str) -> None:
        """Take one notification in; streams are told at the end of the moment."""
        if payload.startswith(BYE):
            if payload == self.farewell:
                self.bye()
            return
        news = parse(payload)
        if news is None:
            log.warning("news not understood: %.200s", payload)
            return
        self._tell_heard(news.topic)
        self._news.append(news)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(COALESCE_S, self.flush)

    def flush(self) -> None:
        """Tell the streams what came in."""
        news, self._news, self._flush = self._news, [], None
        wait = spread(len(self.streams))
        for stream in list(self.streams):
            for body in messages(news, stream.ticket, wait):
                if not self._offer(stream, body):
                    break

    def _offer(self, stream: Stream, body: bytes) -> bool:
        if stream.offer(body):
            return True
        self.dropped += 1
        self.leave(stream)
        stream.end()
        return False

    async def _listen(self) -> None:
        attempt = 0
        first = True
        while not self.stopped:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self.url, autocommit=True, application_name="ecobureau live", connect_timeout=5
                ) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    attempt = 0
                    self.listening.set()
                    self._tell_ears(True)
                    if not first:
                        for stream in list(self.streams):
                            self._offer(stream, event("resync", {"w": spread(len(self.streams))}))
                    first = False
                    try:
                        async for notice in connection.notifies():
                            self.heard(notice.payload)
                    finally:
                        self._tell_ears(False)
            except (psycopg.Error, OSError) as problem:
                log.warning("live news interrupted, connecting again: %s", problem)
            self.listening.clear()
            await asyncio.sleep(_RECONNECT_S[min(attempt, len(_RECONNECT_S) - 1)])
            attempt += 1


async def _refuse(send: Send, status: int, words: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": words.encode()})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def serve(hub: Hub, scope: Message, receive: Receive, send: Send, read_token: Callable[[str], Ticket]) -> None:
    """Answer `GET /live?token=…` with an event stream until the client leaves, is dropped, or the process stops.

    Args:
        hub: the hub of this event loop.
        scope, receive, send: as ASGI hands them in.
        read_token: returns the ticket of a token; any exception of it means 403.
    """
    if scope["method"] != "GET":
        await _refuse(send, 405, "GET only", [(b"allow", b"GET")])
        return
    text = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
    try:
        ticket = read_token(text)
    except Exception:
        await _refuse(send, 403, "token not valid or too old; ask for a new one")
        return
    why_not = hub.refuses(ticket)
    if why_not is not None:
        await _refuse(send, 503 if why_not != "too many of one person" else 429, why_not, [(b"retry-after", b"5")])
        return
    hub.start()
    stream = hub.join(ticket)
    gone = asyncio.ensure_future(_until_gone(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
        await send(
            {
                "type": "http.response.body",
                "body": b"retry: 2000\n\n" + event("hello", {"w": spread(len(hub.streams))}),
                "more_body": True,
            }
        )
        await _pump(stream, gone, send)
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
        hub.leave(stream)


_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def _pump(stream: Stream, gone: asyncio.Future[None], send: Send) -> None:
    while True:
        waiting: asyncio.Future[bytes | None] = asyncio.ensure_future(stream.queue.get())
        both: set[asyncio.Future[Any]] = {waiting, gone}
        done, _ = await asyncio.wait(both, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        if gone in done:
            waiting.cancel()
            return
        if waiting not in done:
            waiting.cancel()
            body: bytes | None = b": still here\n\n"
        else:
            body = waiting.result()
        if body is None:
            return
        await send({"type": "http.response.body", "body": body, "more_body": True})
