"""The live hub on a real database: who hears what, bursts, slow readers, a lost connection, the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from ecobureau.web import live
from ecobureau.web.live import BYE, Hub, News, Stream, messages, parse, serve


@dataclass
class Pass:
    """A ticket: topic → places."""

    topics: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"list:clue": ("/wuhan/",)})
    user_id: int = 7

    def hears(self, topic: str, org: str) -> bool:
        return any(org.startswith(place) for place in self.topics.get(topic, ()))


def said(bodies: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(body.decode().split("data: ")[1]) for body in bodies]


def news(number: int | None, org: str = "/wuhan/jiangan/", topic: str = "list:clue") -> News:
    return News(topic, "clue", number, org)


def test_a_stream_hears_only_its_topics_and_places() -> None:
    told = messages([news(1), news(2, "/xiaogan/"), news(3, topic="list:task")], Pass())
    assert said(told) == [{"t": "list:clue", "k": "clue", "id": 1}]


def test_equal_news_are_said_once_and_a_burst_as_a_number() -> None:
    assert len(messages([news(1), news(1), news(2)], Pass())) == 2
    told = said(messages([news(number) for number in range(500)], Pass()))
    assert told == [{"t": "list:clue", "k": "clue", "n": 500}]


def test_places_do_not_leave_the_house() -> None:
    assert b"jiangan" not in b"".join(messages([news(1)], Pass()))


@pytest.mark.parametrize("payload", ["", "x", "[]", "null", "17", '{"k": "clue"}'])
def test_a_payload_that_is_not_ours_is_left_out(payload: str) -> None:
    assert parse(payload) is None


def run(work: Callable[[Hub], Awaitable[None]], url: str) -> None:
    async def whole() -> None:
        hub = Hub(url)
        hub.start()
        try:
            await asyncio.wait_for(hub.listening.wait(), 20)
            await asyncio.wait_for(work(hub), 60)
        finally:
            await hub.stop()

    asyncio.run(whole())


def notify(url: str, *payloads: dict[str, Any] | str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for payload in payloads:
            text = payload if isinstance(payload, str) else json.dumps(payload)
            connection.execute("select pg_notify('live', %s)", [text])


CLUE = {"t": "list:clue", "k": "clue", "id": 5, "org": "/wuhan/jiangan/"}


def test_news_reach_the_stream(database_url: str) -> None:
    async def work(hub: Hub) -> None:
        stream, other = hub.join(Pass()), hub.join(Pass({"list:clue": ("/xiaogan/",)}))
        await asyncio.to_thread(notify, database_url, "rubbish", CLUE)
        body = await stream.queue.get()
        assert body is not None
        assert said([body]) == [{"t": "list:clue", "k": "clue", "id": 5}]
        assert other.queue.empty()

    run(work, database_url)


def test_a_reader_that_does_not_read_is_dropped_and_the_others_stay(database_url: str) -> None:
    async def work(hub: Hub) -> None:
        slow, quick = hub.join(Pass()), hub.join(Pass())
        for number in range(live.QUEUE + 5):
            hub.heard(json.dumps({**CLUE, "id": number}))
            hub.flush()
            assert await quick.queue.get() is not None
        assert slow not in hub.streams
        assert quick in hub.streams
        assert hub.dropped == 1
        assert await slow.queue.get() is None

    run(work, database_url)


def test_after_the_database_was_away_streams_are_told_to_refresh(database_url: str) -> None:
    async def work(hub: Hub) -> None:
        stream = hub.join(Pass())
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ecobureau live'"
            )
        body = await stream.queue.get()
        assert body is not None
        assert body.startswith(b"event: resync")
        await hub.listening.wait()
        await asyncio.to_thread(notify, database_url, CLUE)
        body = await stream.queue.get()
        assert body is not None
        assert b"news" in body

    run(work, database_url)


def test_bye_ends_every_stream_and_takes_no_new_one(database_url: str) -> None:
    async def work(hub: Hub) -> None:
        streams: list[Stream] = [hub.join(Pass()) for _ in range(3)]
        await asyncio.to_thread(notify, database_url, BYE)
        assert [await stream.queue.get() for stream in streams] == [None] * 3
        assert hub.refuses(Pass()) == "closing"

    run(work, database_url)


def test_a_farewell_to_another_installation_ends_nothing_here(database_url: str) -> None:
    async def work(hub: Hub) -> None:
        stream = hub.join(Pass())
        await asyncio.to_thread(notify, database_url, BYE + "other", CLUE)
        assert b"news" in (await stream.queue.get() or b"")
        assert hub.refuses(Pass()) is None

    run(work, database_url)


def test_a_process_that_lives_on_takes_streams_again(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BYE_S", 0.0)

    async def work(hub: Hub) -> None:
        first = hub.join(Pass())
        await asyncio.to_thread(notify, database_url, BYE)
        assert await first.queue.get() is None
        while hub.refuses(Pass()) is not None:
            await asyncio.sleep(0)
        stream = hub.join(Pass())
        await asyncio.to_thread(notify, database_url, CLUE)
        assert await stream.queue.get() is not None

    run(work, database_url)


class Client:
    """An ASGI client that hears an answer."""

    def __init__(self, hub: Hub, query: str = "token=good", method: str = "GET") -> None:
        self.hub, self.scope = hub, {"type": "http", "method": method, "path": "/live", "query_string": query.encode()}
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.left = asyncio.Event()

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.sent.put(message)

    def start(self) -> asyncio.Task[None]:
        return asyncio.create_task(serve(self.hub, self.scope, self._receive, self._send, self._read))

    @staticmethod
    def _read(text: str) -> Pass:
        if text != "good":
            raise ValueError(text)
        return Pass()


@pytest.mark.parametrize(
    ("query", "method", "status"), [("token=bad", "GET", 403), ("", "GET", 403), ("token=good", "POST", 405)]
)
def test_who_has_no_pass_gets_no_stream(database_url: str, query: str, method: str, status: int) -> None:
    async def work(hub: Hub) -> None:
        client = Client(hub, query, method)
        await client.start()
        assert (await client.sent.get())["status"] == status
        assert not hub.streams

    run(work, database_url)


def test_one_person_cannot_take_all_streams(database_url: str) -> None:
    async def work(hub: Hub) -> None:
        for _ in range(live.STREAMS_OF_ONE):
            hub.join(Pass())
        client = Client(hub)
        await client.start()
        assert (await client.sent.get())["status"] == 429
        assert hub.refuses(Pass(user_id=8)) is None

    run(work, database_url)


def test_a_stream_says_hello_beats_and_ends_when_the_client_leaves(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)

    async def work(hub: Hub) -> None:
        client = Client(hub)
        task = client.start()
        assert (await client.sent.get())["status"] == 200
        assert b"event: hello" in (await client.sent.get())["body"]
        assert (await client.sent.get())["body"].startswith(b": ")
        assert len(hub.streams) == 1
        client.left.set()
        await task
        assert not hub.streams

    run(work, database_url)


def test_published_news_come_out_of_the_stream(database_url: str, db: None) -> None:
    """What the kernel publishes is what the hub understands, with the kernel's own tickets."""
    from ecobureau.web.core.live import Ticket

    ticket = Ticket(7, {"user:7": ("",)})
    heard = parse('{"t":"user:7","k":"task","id":3,"org":""}')
    assert heard is not None
    assert said(messages([heard], ticket)) == [{"t": "user:7", "k": "task", "id": 3}]
