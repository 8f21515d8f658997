"""The worker process: procrastinate's worker and the registered loops in one event loop."""

from __future__ import annotations

import asyncio
import logging
import signal

from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from ecobureau.web.core import loops, outage

POLL_SECONDS = 1.0
GRACE_SECONDS = 15.0
POOL_SECONDS = 5.0
"""How long jobs wait for one of their connections before the database counts as away. Each is held for a statement."""


async def work_jobs(stop: asyncio.Event, concurrency: int = 4) -> None:
    """Work off jobs until the stop event is set; running ones may finish (GRACE_SECONDS).

    Raises:
        loops.Interrupted: procrastinate ended its worker since a connection of its own broke.
    """
    connector = PsycopgConnector(kwargs=connector_params(), timeout=POOL_SECONDS)
    own = app.with_connector(connector)
    async with own.open_async():
        work = asyncio.create_task(
            own.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE_SECONDS,
                delete_jobs="successful",
            )
        )
        halt = asyncio.create_task(stop.wait())
        await asyncio.wait({work, halt}, return_when=asyncio.FIRST_COMPLETED)
        halt.cancel()
        if not work.done():
            work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
    if not stop.is_set():
        raise loops.Interrupted("the connection on which it hears of jobs broke")


async def serve(concurrency: int = 4) -> None:
    """Run jobs and loops until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    running = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(signum, stop.set)

    for handler in logging.getLogger().handlers:
        handler.addFilter(outage.QuietOutage())

    async def jobs(halt: asyncio.Event) -> None:
        await work_jobs(halt, concurrency)

    await loops.keep_all(stop, {"jobs": jobs})
