"""Loggers, a registry and a gateway for tests: real sockets, a real database."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from ecobureau import clock
from ecobureau.domain.hj212 import Frame, FrameReader, encode
from ecobureau.domain.hj212.times import to_text
from ecobureau.gateway.service import Process, Service
from ecobureau.gateway.settings import Settings
from ecobureau.secret import seal

PASSWORD = "123456"
LONG = 60.0
"""Seconds after which a test that waits for something has failed."""

_numbers = itertools.count(1)
_qns = itertools.count(1)


class Database:
    """The tests' view of the database, as its owner."""

    def __init__(self, owner: str, app: str, admin: str, name: str) -> None:
        self.owner, self.app, self.name = owner, app, name
        self._admin = psycopg.connect(admin, autocommit=True)
        self._connection: psycopg.Connection[Any] | None = None

    @property
    def connection(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.owner, autocommit=True)
        return self._connection

    def close(self) -> None:
        self._admin.close()
        if self._connection is not None:
            self._connection.close()

    def rows(self, query: str, *words: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, words).fetchall()

    def one(self, query: str, *words: object) -> Any:
        (row,) = self.rows(query, *words)
        return row[0]

    def run(self, query: str, *words: object) -> None:
        self.connection.execute(query, words)

    def register(self, **settings: Any) -> Device:
        """Enter a logger into the registry, with the settings of `sources_logger` that differ."""
        mn = settings.pop("mn", f"010000A8900016F0{next(_numbers):08X}")
        columns: dict[str, Any] = {
            "mn": mn,
            "st": "32",
            "edition": 1,
            "dialect": "",
            "password_sealed": seal(PASSWORD),
            "stamp_rule": "start",
            "rtd_interval_s": 60,
            "minute_interval": 10,
            "accept_from": datetime(2020, 1, 1, tzinfo=UTC),
            "active": True,
            "unit_overrides": Jsonb({}),
            "factor_map": Jsonb({}),
            "max_frames_per_minute": 100_000,
            "relay": False,
            "revision": 1,
            "created_at": clock.now(),
            "updated_at": clock.now(),
        } | {name: Jsonb(value) if isinstance(value, dict) else value for name, value in settings.items()}
        station = self.one(
            "insert into sources_station (name, name_sort, initials, address, source_system, org_path, active,"
            " created_at, updated_at, code, st, water_body, noise_zone, operator)"
            " values (%s, '', '', '', 'wgs84', '', true, %s, %s, %s, '32', '', '', '') returning id",
            mn, clock.now(), clock.now(), mn,
        )  # fmt: skip
        columns["station_id"] = station
        names = ", ".join(columns)
        places = ", ".join(["%s"] * len(columns))
        self.run(f"insert into sources_logger ({names}) values ({places})", *columns.values())
        return Device(station, mn, columns["st"], columns["edition"])

    def outcomes(self, station_id: int) -> dict[str, int]:
        """Frames of a station by outcome, as the books have them."""
        query = "select outcome, sum(frames)::int from frame_counter where station_id = %s group by 1"
        return {name: count for name, count in self.rows(query, station_id) if count}

    def received(self, station_id: int) -> int:
        return int(self.one("select coalesce(sum(frames), 0) from gateway_received where station_id = %s", station_id))

    def kill_writers(self) -> int:
        """Terminate the gateways' writing connections, in the middle of whatever they do."""
        return len(
            self._admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and application_name = 'ecobureau-gateway-writer'",
                (self.name,),
            ).fetchall()
        )

    def blocked(self) -> bool:
        """Whether somebody waits for a lock in this database: the writer is in the middle of a batch."""
        query = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"
        (row,) = self._admin.execute(query, (self.name,)).fetchall()
        return bool(row[0])

    def let_in(self, yes: bool) -> None:
        """Let nobody in any more and throw out the application, or let everybody in again."""
        self._admin.execute(f'alter database "{self.name}" with allow_connections {str(yes).lower()}')
        if not yes:
            self._admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and usename = 'ecobureau_app'",
                (self.name,),
            )


class Device:
    """A registered logger: makes its frames."""

    def __init__(self, station_id: int, mn: str, st: str = "32", edition: int = 1) -> None:
        self.station_id, self.mn, self.st, self.edition = station_id, mn, st, edition
        self.born = clock.now()

    def frame(self, cp: str = "", cn: str = "2011", **header: Any) -> bytes:
        """A frame that asks for an answer; `header` overrides fields."""
        fields: dict[str, Any] = {
            "qn": next_qn(),
            "st": self.st,
            "pw": PASSWORD,
            "mn": self.mn,
            "flag": self.edition << 2 | 1,
        } | header
        return encode(cn=cn, cp=cp, **fields)

    def live(self, number: int = 0, value: float = 1.0, **header: Any) -> bytes:
        """A real-time frame; each number is another second of the near past, whenever it is made."""
        stamp = to_text(self.born - timedelta(seconds=number))
        return self.frame(f"DataTime={stamp};w01018-Rtd={value:.2f},w01018-Flag=N", **header)


def next_qn() -> str:
    """A QN of its own for each frame, close to now."""
    return to_text(clock.now() + timedelta(milliseconds=next(_qns) % 1000), milliseconds=True)


def ago(seconds: float) -> str:
    """DataTime of so many seconds ago."""
    return to_text(clock.now() - timedelta(seconds=seconds))


class Wire:
    """A TCP connection to the gateway, seen from the field."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._frames = FrameReader()
        self._waiting: list[Frame] = []

    def send(self, *frames: bytes) -> None:
        self._writer.write(b"".join(frames))

    async def receive(self) -> Frame:
        """The next frame from the gateway."""
        while not self._waiting:
            data = await self._reader.read(65536)
            if not data:
                raise ConnectionError("closed by the gateway")
            self._waiting += self._frames.feed(data)
        frame = self._waiting.pop(0)
        assert frame.ok, frame
        return frame

    async def ask(self, frame: bytes) -> Frame:
        """Send one frame and wait for the answer."""
        self.send(frame)
        return await self.receive()

    async def closed(self) -> bytes:
        """Wait until the gateway closes; what it still sent."""
        try:
            return await self._reader.read()
        except ConnectionError:
            return b""

    def end(self) -> None:
        """Say that nothing more will come; answers still may."""
        self._writer.write_eof()

    def close(self) -> None:
        self._writer.close()


class Running:
    """A gateway process at work in this event loop."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.gateway = process.gateway

    async def dial(self) -> Wire:
        return Wire(*await asyncio.open_connection("127.0.0.1", self.process.port))

    async def logged_in(self, device: Device) -> Wire:
        """A connection on which the device has spoken, entered into the session book."""
        wire = await self.dial()
        await wire.ask(device.frame(cn="9021"))
        await until(lambda: device.mn in self.gateway.holders[device.mn].sessions)
        return wire


@asynccontextmanager
async def gateway(database: Database, **settings: Any) -> AsyncIterator[Running]:
    """A gateway on a free port in the application's role, stopped in order at the end."""
    quick = {"retry_first": 0.01, "retry_most": 0.05, "stop_patience": 5.0}
    process = Process(Service(database.app, Settings(**(quick | settings)), port=0, metrics_port=0))
    assert await process.start()
    try:
        yield Running(process)
    finally:
        await process.stop()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the test's own time limit ends it."""
    while not condition():
        await asyncio.sleep(0.002)


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test in an event loop of its own, within `LONG` seconds."""

    @wraps(test)
    def run(*words: Any, **named: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(LONG):
                await test(*words, **named)

        asyncio.run(limited())

    return run
