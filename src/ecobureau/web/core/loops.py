"""Long-running loops of the worker process: the clock of limits, the judge, whatever an app registers.

An app registers in `AppConfig.ready`; the worker runs each loop, starts one that failed again with back-off, and sets
the stop event when it is asked to end. While the database is away all loops wait for it together (`outage`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import close_old_connections

from ecobureau.web.core import outage

log = logging.getLogger("ecobureau.loops")
Loop = Callable[[asyncio.Event], Awaitable[None]]
_LONGEST_DELAY = 30.0
_loops: dict[str, Loop] = {}


class Interrupted(Exception):
    """A loop came to its end because a connection of its own broke; nothing is wrong with the loop itself."""


def register(name: str, loop: Loop) -> None:
    """Add a loop: a coroutine function that takes the stop event and returns once it is set."""
    _loops[name] = loop


def registered() -> dict[str, Loop]:
    """Return every loop by name."""
    return dict(_loops)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run synchronous code (the ORM) in a thread, with a healthy connection before and none left open after."""

    def run() -> Any:
        close_old_connections()
        try:
            return function(*args)
        finally:
            close_old_connections()

    return await asyncio.to_thread(run)


async def wait(stop: asyncio.Event, seconds: float) -> bool:
    """Wait until it is time to stop or `seconds` have passed; returns whether it is time to stop."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


def every_seconds(seconds: float, function: Callable[[], Any]) -> Loop:
    """Return a loop that calls a synchronous function, waits and calls again; at once if it returned something true."""

    async def loop(stop: asyncio.Event) -> None:
        while not stop.is_set():
            busy = await in_thread(function)
            if await wait(stop, 0.05 if busy else seconds):
                return

    return loop


async def _answers() -> bool:
    return bool(await in_thread(outage.answers))


async def keep(name: str, loop: Loop, stop: asyncio.Event, away: outage.Outage | None = None) -> None:
    """Run a loop until it is time to stop; start it again with back-off when it fails, or when the database is back."""
    away = away or outage.Outage(_answers, wait)
    delay = 0.5
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await loop(stop)
            if stop.is_set():
                return
            log.error("loop %s ended by itself", name)
        except asyncio.CancelledError:
            raise
        except Interrupted as reason:
            log.warning("loop %s was interrupted, it begins again: %s", name, reason)
        except Exception as error:
            if outage.is_away(error):
                await away.wait(error, stop)
                continue
            log.exception("loop %s failed, next try in %.1f s", name, delay)
        if asyncio.get_running_loop().time() - started > _LONGEST_DELAY:
            delay = 0.5
        await wait(stop, delay)
        delay = min(delay * 2, _LONGEST_DELAY)


async def keep_all(stop: asyncio.Event, more: dict[str, Loop] | None = None) -> None:
    """Run every registered loop (and `more`) side by side until the stop event is set."""
    loops = {**_loops, **(more or {})}
    away = outage.Outage(_answers, wait)
    await asyncio.gather(*(keep(name, loop, stop, away) for name, loop in loops.items()))
