"""Everything the gateway says to the database beside frames: one connection in its own thread, and one that listens.

The loop never waits for the database: it hands work over and goes on. Away means: tried again, with growing pauses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from ecobureau.gateway.log import logger
from ecobureau.gateway.stations import QUERY, Registry

T = TypeVar("T")

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
"""What says that the database as a whole does not answer."""
CONNECT: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 45_000,
}
"""How to connect: a database that is silently gone is noticed within a minute."""


class Office:
    """Runs small pieces of database work, one at a time, in their order.

    Args:
        url: address of the database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(1, "gateway-office")
        self._connection: psycopg.Connection[Any] | None = None

    async def do(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Run `work` with a connection (autocommit) and return what it returns.

        Raises:
            psycopg.Error: as `work` does; after an outage the next call has a fresh connection.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, **CONNECT)
        try:
            return work(self._connection)
        except AWAY:
            self._connection.close()
            raise

    async def close(self) -> None:
        """Let go of connection and thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


async def until_it_works(
    what: str, work: Callable[[], Awaitable[T]], *, first: float, most: float, stop: asyncio.Event
) -> T | None:
    """Try `work` until the database answers; None when told to stop before."""
    pause = first
    while not stop.is_set():
        try:
            return await work()
        except AWAY as error:
            logger.warning("database_away", doing=what, why=str(error).strip(), pause=pause)
            await wait_for(stop, pause)
            pause = min(pause * 2, most)
    return None


async def wait_for(stop: asyncio.Event, seconds: float) -> bool:
    """Wait `seconds` or until told to stop; True when told."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


async def load_stations(office: Office, registry: Registry) -> int:
    """Read all stations afresh; returns how many there are. Secrets are opened in the office's thread."""

    def read(connection: psycopg.Connection[Any]) -> dict[str, Any]:
        with connection.cursor(row_factory=dict_row) as cursor:
            return dict(registry.fresh(cursor.execute(QUERY)))

    registry.replace(await office.do(read))
    return len(registry)


async def listen(
    url: str,
    channels: dict[str, Callable[[], None]],
    *,
    first: float,
    most: float,
    stop: asyncio.Event,
) -> None:
    """Call what belongs to a channel when it is notified, and all of them after every (re)connect, since a notice may
    have been missed. Ends only by being cancelled, or after `stop`."""
    pause = first
    while not stop.is_set():
        try:
            async with await psycopg.AsyncConnection.connect(url, **CONNECT) as connection:
                for channel in channels:
                    await connection.execute(f"listen {channel}")
                pause = first
                for call in channels.values():
                    call()
                async for notice in connection.notifies():
                    channels[notice.channel]()
        except AWAY as error:
            logger.warning("database_away", doing="listen", why=str(error).strip(), pause=pause)
            await wait_for(stop, pause)
            pause = min(pause * 2, most)
