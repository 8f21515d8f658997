"""The database away and back again, as the loops of one process live through it: said once each way, no flood.

`Outage.wait` is shared by all loops of a process: the first that loses the database says so and asks it again and
again; the others wait beside it; once it answers that is said and all go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
from django.db import Error as DjangoError
from django.db import connection
from django.db.utils import InterfaceError, OperationalError

log = logging.getLogger("ecobureau.loops")
_AWAY_STATES = ("08", "57P")
"""SQLSTATE classes that speak of the connection or of a server that stops or starts, not of a statement."""
_LOUD = frozenset({"psycopg.pool", "procrastinate.utils", "procrastinate.worker.worker"})
"""Loggers of libraries that write a traceback for each of their connections that breaks."""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def is_away(error: BaseException) -> bool:
    """Say whether an error means that the database cannot be reached, in contrast to a statement that failed."""
    for each in _causes(error):
        if isinstance(each, psycopg.OperationalError | psycopg.InterfaceError):
            state = each.sqlstate
            return state is None or state.startswith(_AWAY_STATES)
        if isinstance(each, OperationalError | InterfaceError) and each.__cause__ is None:
            return True
        if isinstance(each, DjangoError) and each.__cause__ is None:
            return False
    return False


def answers() -> bool:
    """Ask the database for anything at all."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except Exception as error:
        if is_away(error):
            return False
        raise
    return True


def _first_line(error: BaseException) -> str:
    said = [text for each in _causes(error) if isinstance(each, psycopg.Error) and (text := str(each).strip())]
    return (said or [str(error).strip() or type(error).__name__])[-1].splitlines()[0]


class Outage:
    """What the loops of one event loop do while the database is away.

    Args:
        asks: coroutine function that says whether the database answers. wait: `loops.wait`.
    """

    def __init__(
        self,
        asks: Callable[[], Awaitable[bool]],
        wait: Callable[[asyncio.Event, float], Awaitable[bool]],
    ) -> None:
        self._asks, self._wait = asks, wait
        self._back: asyncio.Task[None] | None = None

    async def wait(self, error: BaseException, stop: asyncio.Event) -> None:
        """Return when the database answers again, or when it is time to stop."""
        if self._back is None or self._back.done():
            log.warning("the database is away, the loops wait for it: %s", _first_line(error))
            self._back = asyncio.create_task(self._until_back(stop), name="outage")
        await asyncio.shield(self._back)

    async def _until_back(self, stop: asyncio.Event) -> None:
        running = asyncio.get_running_loop()
        began, delay = running.time(), 0.2
        while not await self._wait(stop, delay):
            if await self._asks():
                log.warning("the database is back after %.1f s, the loops go on", running.time() - began)
                return
            delay = min(delay * 2, 3.0)


class QuietOutage(logging.Filter):
    """Leave out what libraries write of each broken connection while the database is away; `Outage` says it once."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is to be written."""
        if record.name not in _LOUD:
            return True
        error: Any = record.exc_info[1] if record.exc_info else None
        told = [error, *(record.args if isinstance(record.args, tuple) else ())]
        return not any(isinstance(each, BaseException) and is_away(each) for each in told)
