"""A gateway process from its start to its end: database, stations, sockets, commands, metrics, signals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import psycopg
import uvloop

from ecobureau import clock, collector
from ecobureau.gateway import log
from ecobureau.gateway.books import Books, Numbers
from ecobureau.gateway.log import logger
from ecobureau.gateway.metrics import MetricsServer
from ecobureau.gateway.office import AWAY, Office, listen, load_stations, until_it_works, wait_for
from ecobureau.gateway.scribe import Scribe
from ecobureau.gateway.server import Fault, Gateway
from ecobureau.gateway.sessions import SessionBook
from ecobureau.gateway.settings import Settings
from ecobureau.gateway.sinks import BySize, StorageSink
from ecobureau.gateway.speaker import Speaker
from ecobureau.gateway.steps import Step, write_step
from ecobureau.gateway.writer import Sink
from ecobureau.storage import books as storage_books
from ecobureau.storage import commands
from ecobureau.storage.commands import Command

T = TypeVar("T")

SWITCH_INTERVAL = 0.0005
"""Seconds after which the loop lets the writer thread run: its many short waits for the database end sooner."""


@dataclass(frozen=True, slots=True)
class Service:
    """How a process is to be run. `port` 0: any. `metrics_port` None: no metrics server."""

    url: str
    settings: Settings = field(default_factory=Settings)
    host: str = "127.0.0.1"
    port: int = 9212
    reuse_port: bool = True
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    log_level: str = "info"


class CannotListen(Exception):
    """The port is taken or not ours to use."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(host, port, why)
        self.host, self.port, self.why = host, port, why


class Process:
    """One gateway process with all its parts. Runs in one event loop."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.settings = service.settings
        self.office = Office(service.url)
        self.stop_asked = asyncio.Event()
        self.port = 0
        self.metrics_port = 0
        self.gateway: Gateway
        self.speaker: Speaker
        self.sessions: SessionBook
        self.books: Books
        self.scribe: Scribe | None = None
        """The writing process, where there is one."""
        self._work = asyncio.Event()
        self._reload = asyncio.Event()
        self._steps: list[Step] = []
        self._skipped_told = 0
        self._fault_told: Fault | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._metrics_server: MetricsServer | None = None

    # Life.

    async def start(self) -> bool:
        """Wait for the database, load the stations, listen; False when told to stop before."""
        run_id = await self._patiently("open_run", self._open_run)
        if run_id is None:
            return False
        books = self.books = Books()
        numbers = Numbers()
        url = self.service.url
        scribe = self.scribe = Scribe(url, books, numbers)

        def connect() -> Sink:
            return BySize(lambda: StorageSink(url, books, numbers), scribe.connect, self.settings.few_frames)

        self.gateway = Gateway(self.settings, connect, books, run_id)
        self.sessions = SessionBook(run_id, self._work.set)
        self.speaker = Speaker(self.gateway, self._claim, self._note)
        self.gateway.listeners = [self.sessions, self.speaker]
        if await self._patiently("load_stations", self._load) is None:
            return False
        await self._start_metrics()
        try:
            self.port = await self.gateway.listen(
                self.service.host, self.service.port, reuse_port=self.service.reuse_port
            )
        except OSError as error:
            raise CannotListen(self.service.host, self.service.port, error.strerror or str(error)) from error
        for name, work in (
            ("listen", self._listen),
            ("keep", self._keep),
            ("beat", self._beat),
            ("count", self._count),
            ("stations", self._stations),
            ("commands", self.speaker.run),
            ("writer", self._watch_writer),
        ):
            self._tasks.append(asyncio.create_task(self._guard(name, work()), name=f"gateway-{name}"))
        return True

    async def stop(self) -> bool:
        """Stop as `Gateway.stop`, then write the last rows; False when frames were left without an answer."""
        self.stop_asked.set()
        clean = await self.gateway.stop() if hasattr(self, "gateway") else True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if hasattr(self, "gateway"):
            await self._last_rows(clean)
        if self._metrics_server is not None:
            await self._metrics_server.stop()
        if self.scribe is not None:
            await asyncio.to_thread(self.scribe.stop)
        await self.office.close()
        return clean

    async def _last_rows(self, clean: bool) -> None:
        """Close sessions and run. A run that leaves frames unanswered does not end in order: the books show them as
        cut off."""
        try:
            async with asyncio.timeout(self.settings.stop_patience):
                await self._write_steps()
                await self.sessions.close_all(self.office)
                await self._enter_received()
                await self._beat_run()
                if clean:
                    run_id, now = self.gateway.run_id, clock.now()
                    await self.office.do(lambda db: storage_books.end_run(db, run_id, now))
        except (psycopg.Error, TimeoutError, OSError) as error:
            logger.error("last_rows_not_written", why=str(error).strip())

    async def wait(self) -> None:
        """Return when somebody asked to stop, or when a part of the process has failed.

        Raises:
            RuntimeError: the writer or a task ended by itself.
        """
        await self.stop_asked.wait()
        failed = self.gateway.writer_failure if hasattr(self, "gateway") else None
        if failed is not None:
            raise RuntimeError("the writer failed") from failed

    async def _guard(self, name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("task_failed", task=name)
            self.stop_asked.set()
            raise

    async def _watch_writer(self) -> None:
        await self.gateway.failed.wait()
        self.stop_asked.set()

    async def _patiently(self, what: str, work: Callable[[], Awaitable[T]]) -> T | None:
        first, most = self.settings.retry_first, self.settings.retry_most
        return await until_it_works(what, work, first=first, most=most, stop=self.stop_asked)

    async def _open_run(self) -> int:
        now = clock.now()
        return await self.office.do(
            lambda db: storage_books.start_run(db, "gateway", socket.gethostname(), os.getpid(), now)
        )

    async def _start_metrics(self) -> None:
        if self.service.metrics_port is None:
            return
        self._metrics_server = MetricsServer(self.gateway.metrics, lambda: self.gateway.well)
        host, port = self.service.metrics_host, self.service.metrics_port
        try:
            self.metrics_port = await self._metrics_server.start(host, port)
        except OSError as error:
            raise CannotListen(host, port, error.strerror or str(error)) from error

    # Stations.

    async def _load(self) -> int:
        count = await load_stations(self.office, self.gateway.registry)
        self.gateway.forget_stations()
        return count

    async def _listen(self) -> None:
        await listen(
            self.service.url,
            {"eb_stations": self._reload.set, "eb_command": self.speaker.wake},
            first=self.settings.retry_first,
            most=self.settings.retry_most,
            stop=self.stop_asked,
        )

    async def _stations(self) -> None:
        while not self.stop_asked.is_set():
            await self._reload.wait()
            self._reload.clear()
            count = await self._patiently("load_stations", self._load)
            logger.info("stations_loaded", stations=count)

    # Sessions, steps of commands, the heartbeat.

    async def _keep(self) -> None:
        while not self.stop_asked.is_set():
            await self._work.wait()
            self._work.clear()
            if await self._patiently("sessions", lambda: self.sessions.write(self.office)):
                self.speaker.wake()
            await self._patiently("commands", self._write_steps)

    async def _write_steps(self) -> None:
        while self._steps:
            one = self._steps[0]
            await self.office.do(lambda db, one=one: write_step(db, one))  # type: ignore[misc]
            del self._steps[0]

    def _note(self, one: Step) -> None:
        self._steps.append(one)
        self._work.set()

    async def _claim(self, idle: Mapping[int, int]) -> list[Command]:
        found = await self._patiently(
            "commands", lambda: self.office.do(lambda db: commands.take(db, idle, clock.now()))
        )
        return found or []

    async def _beat(self) -> None:
        while not await wait_for(self.stop_asked, self.settings.session_beat):
            self.gateway.close_idle()
            with contextlib.suppress(*AWAY):
                await self._beat_run()
                await self.sessions.beat(self.office)
                await self.office.do(lambda db: commands.expire(db, clock.now()))
                self.speaker.wake()

    async def _count(self) -> None:
        while not await wait_for(self.stop_asked, self.settings.count_beat):
            with contextlib.suppress(*AWAY):
                await self._enter_received()

    async def _enter_received(self) -> None:
        """Enter what was counted at the socket, outside the transactions of the frames: they may be stuck."""
        run_id, counts = self.gateway.run_id, self.books.lend()
        if not counts:
            return
        try:
            await self.office.do(lambda db: storage_books.enter_received(db, run_id, counts))
        except BaseException:
            self.books.give_back(counts)
            raise
        self.books.entered()

    async def _beat_run(self) -> None:
        run_id, now, skipped = self.gateway.run_id, clock.now(), self.gateway.skipped_bytes()
        fresh = skipped - self._skipped_told
        await self.office.do(lambda db: storage_books.heartbeat(db, run_id, now, None, fresh))
        self._skipped_told = skipped
        fault = self.gateway.fault
        if fault is not None and fault is not self._fault_told:
            text = f"{fault.name}: {fault.text}"
            await self.office.do(lambda db: storage_books.note_fault(db, run_id, text, fault.at))
            self._fault_told = fault


async def run(service: Service) -> bool:
    """Run one process until SIGTERM or SIGINT; True when it left nothing unanswered."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    collector.spare()
    process = Process(service)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop_asked.set)
    try:
        if await process.start():
            await process.wait()
    finally:
        clean = await process.stop()
    return clean


def serve(service: Service) -> int:
    """Run one process; returns the exit code.

    Raises:
        CannotListen: the port is not to be had.
    """
    log.set_up(service.log_level)
    return 0 if uvloop.run(run(service)) else 1


def serve_many(service: Service, processes: int) -> int:
    """Run several processes on one port until SIGTERM or SIGINT, starting again what ends by itself."""
    stopping = False
    children: dict[int, subprocess.Popen[bytes]] = {}

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children.values():
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while not stopping:
        for place in range(processes):
            child = children.get(place)
            if (child is None or child.poll() is not None) and not stopping:
                children[place] = subprocess.Popen(_command(service, place), env=os.environ)
        time.sleep(0.5)
    return max((child.wait() for child in children.values()), default=0)


def _command(service: Service, place: int) -> list[str]:
    words = [sys.executable, "-m", "ecobureau", "gateway", "--host", service.host, "--port", str(service.port)]
    words += ["--metrics-host", service.metrics_host, "--log-level", service.log_level]
    if service.metrics_port is not None:
        words += ["--metrics-port", str(service.metrics_port + place)]
    return words
