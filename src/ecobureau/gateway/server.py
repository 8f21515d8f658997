"""The gateway: listens, knows who speaks, queues what was said, answers what is durable."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from ecobureau import clock
from ecobureau.domain.hj212 import Frame, FrameReader
from ecobureau.gateway.books import Books
from ecobureau.gateway.connection import Connection, Hold
from ecobureau.gateway.intake import Intake
from ecobureau.gateway.lanes import Bounds, Lanes
from ecobureau.gateway.listener import Listener
from ecobureau.gateway.log import logger
from ecobureau.gateway.metrics import Metrics
from ecobureau.gateway.quick import QuickWay
from ecobureau.gateway.settings import Settings
from ecobureau.gateway.stations import Registry
from ecobureau.gateway.writer import ANSWERED, Finished, Job, Receiver, Sink, WriterThread

BACKLOG = 1024


class Fault(NamedTuple):
    """Something in the program or the schema that no frame is to blame for: short name, text, and when."""

    name: str
    text: str
    at: datetime


class Gateway:
    """One process's gateway. Use from one event loop; only the writer works in a thread of its own.

    Args:
        settings: limits and times.
        connect: makes the writer's sink (see `WriterThread`).
        books: what was received and is not yet entered.
        run_id: this run in the books.
    """

    def __init__(self, settings: Settings, connect: Callable[[], Sink], books: Books, run_id: int) -> None:
        self.settings = settings
        self.books = books
        self.run_id = run_id
        self.loop = asyncio.get_running_loop()
        self.registry = Registry()
        self.metrics = Metrics(self._state)
        self.listeners: list[Listener] = []
        self.connections: set[Connection] = set()
        self.holders: dict[str, Connection] = {}
        """MN to the newest connection that speaks for it."""
        self.well = False
        self.fault: Fault | None = None
        """The newest fault of the program or the schema in this run."""
        self.failed = asyncio.Event()
        """Set when the writer has ended by itself; nothing is stored or answered any more."""
        self.stopping = False
        self.intake = Intake(self, settings)
        self._per_address: Counter[str] = Counter()
        self._lanes: Lanes[Job] = Lanes(
            Bounds(
                settings.live_frames,
                settings.backfill_frames,
                settings.queue_bytes,
                settings.batch_frames,
                settings.backfill_share,
            )
        )
        self._starved: tuple[set[Connection], set[Connection]] = (set(), set())
        """Connections that wait for a lane to drain: [back-fill, live]."""
        self._fresh: list[Job] = []
        """Frames of this turn of the loop, not yet handed to the writer."""
        self._numbers = 0
        self._skipped = 0
        self._server: asyncio.Server | None = None
        self._writer = WriterThread(
            self._lanes,
            connect,
            lambda finished: self._from_thread(self._finished, finished),
            lambda well, why: self._from_thread(self._writer_state, well, why),
            lambda: self._from_thread(self.failed.set),
            lambda name, text: self._from_thread(self.note_fault, name, text),
            first=settings.retry_first,
            most=settings.retry_most,
        )
        self._quick = QuickWay(self.loop, self._lanes, self._writer, self._finished)

    # Life.

    async def listen(self, host: str, port: int, *, reuse_port: bool = False) -> int:
        """Start the writer and take connections; return the port."""
        if not self._writer.is_alive():
            self._writer.start()
        self._server = await self.loop.create_server(
            lambda: Connection(self), host, port, reuse_port=reuse_port, backlog=BACKLOG
        )
        found = int(self._server.sockets[0].getsockname()[1])
        logger.info("listening", host=host, port=found, stations=len(self.registry))
        return found

    async def stop(self) -> bool:
        """Stop taking connections and frames, commit and answer what is queued, close; False when the database did not
        take all of it in time (those frames stay unanswered)."""
        self.stopping = True
        if self._server is not None:
            self._server.close()
        for connection in self.connections:
            connection.hold(Hold.STOPPING)
        self._hand_over()
        self._lanes.close()
        done = True
        if self._writer.is_alive():
            patience = self.settings.stop_patience
            await asyncio.to_thread(self._writer.join, patience)
            if self._writer.is_alive():
                done = False
                self._writer.give_up()
                await asyncio.to_thread(self._writer.join, patience)
        done = done and self._writer.failure is None
        await asyncio.sleep(0)  # the writer's last words stand in the loop's queue
        for connection in list(self.connections):
            connection.close("stopping")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while self.connections:
                    await asyncio.sleep(0.01)
        logger.info("stopped", clean=done, queued=sum(self._lanes.depth()[:2]), received=self.metrics.received)
        return done

    def _from_thread(self, what: Callable[..., None], *words: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self.loop.call_soon_threadsafe(what, *words)

    # Connections.

    def new_reader(self) -> FrameReader:
        """Return a reader for a new connection."""
        return FrameReader(key_for=self.registry.sm4_key, max_length=self.settings.max_frame)

    def opened(self, connection: Connection) -> None:
        """Take a connection, or turn it away when there are too many."""
        self._numbers += 1
        connection.number = self._numbers
        self.metrics.accepted += 1
        self.connections.add(connection)
        self._per_address[connection.address] += 1
        _keep_alive(connection)
        if self.stopping:
            connection.close("stopping")
        elif len(self.connections) > self.settings.max_connections:
            connection.close("too_many")
        elif self._per_address[connection.address] > self.settings.max_connections_per_peer:
            connection.close("too_many_of_peer")

    def closing(self, connection: Connection, reason: str) -> None:
        """We close a connection: count it and say why."""
        self.metrics.turned_away[reason] += 1
        logger.info("closing", peer=connection.peer, reason=reason, mns=list(connection.mns)[:8])

    def lost(self, connection: Connection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        self._skipped += connection.reader.skipped
        for waiting in self._starved:
            waiting.discard(connection)
        self._per_address[connection.address] -= 1
        if self._per_address[connection.address] <= 0:
            del self._per_address[connection.address]
        for mn in connection.mns:
            if self.holders.get(mn) is connection:
                del self.holders[mn]
        for listener in self.listeners:
            listener.on_lost(connection)

    def forget_stations(self) -> None:
        """The registry was read afresh: drop what belongs to stations that are gone."""
        self.intake.forget_stations()

    def skipped_bytes(self) -> int:
        """Bytes so far that belonged to no frame."""
        return self._skipped + sum(connection.reader.skipped for connection in self.connections)

    def close_idle(self) -> None:
        """Close connections that have been silent for too long. One that we do not read cannot speak."""
        latest = clock.monotonic() - self.settings.idle_timeout
        for connection in list(self.connections):
            if connection.last_byte < latest and not connection.held and not connection.in_flight:
                connection.close("idle")

    # Frames.

    def frames(self, connection: Connection, frames: Sequence[Frame]) -> None:
        """Take what one read of a connection held. A process that stops takes nothing more; loggers send it again."""
        if self.stopping:
            return
        self.metrics.received += len(frames)
        jobs = self.intake.jobs(connection, frames)
        connection.queued(len(jobs))
        if not self._fresh:
            self.loop.call_soon(self._hand_over)
        self._fresh += jobs

    def _hand_over(self) -> None:
        """Hand the writer what all connections brought in this turn of the loop, in one piece."""
        jobs, self._fresh = self._fresh, []
        if not jobs:
            return
        self.books.count([(job.arrival.station_id or 0, job.day) for job in jobs])
        if self._quick.take(jobs):
            return
        self._lanes.put_all(jobs)
        for live in (True, False):
            if self._lanes.full(live):
                for job in jobs:
                    if job.live is live and isinstance(job.receiver, Connection):
                        self._starved[live].add(job.receiver)
                        job.receiver.hold(Hold.QUEUE)

    # What became of them.

    def _finished(self, finished: Finished) -> None:
        """A batch is durable: answer, count, let sockets be read again."""
        metrics = self.metrics
        metrics.batches += 1
        metrics.commit.add(finished.seconds)
        now = clock.monotonic()
        answers: dict[Receiver, list[bytes]] = {}
        counts: dict[Receiver, int] = {}
        for job, outcome in zip(finished.jobs, finished.outcomes, strict=True):
            metrics.outcomes[outcome] += 1
            connection = job.receiver
            counts[connection] = counts.get(connection, 0) + 1
            if job.answer is not None and outcome in ANSWERED:
                answers.setdefault(connection, []).append(job.answer)
        metrics.wait.add(now - finished.jobs[0].queued_at, len(finished.jobs))
        for connection, count in counts.items():
            texts = answers.get(connection, ())
            metrics.answers += len(texts)
            connection.frames_done(b"".join(texts), count)
        for live in (True, False):
            waiting = self._starved[live]
            if waiting and self._lanes.easy(live):
                for connection in list(waiting):
                    waiting.discard(connection)
                    if connection not in self._starved[not live]:
                        connection.release(Hold.QUEUE)

    def _writer_state(self, well: bool, why: str) -> None:
        self.well = well
        if well:
            logger.info("database_takes_frames")
        else:
            self.metrics.outages += 1
            logger.error("database_away", why=why, queued=sum(self._lanes.depth()[:2]))

    def note_fault(self, name: str, text: str) -> None:
        """A fault of the program or of the schema: counted, and shown until somebody has looked after it."""
        self.metrics.faults[name] += 1
        self.fault = Fault(name, text[:300], clock.now())

    @property
    def writer_failure(self) -> BaseException | None:
        """What ended the writer thread, if it ended by itself."""
        return self._writer.failure

    def _state(self) -> dict[str, tuple[str, float]]:
        live, backfill, size = self._lanes.depth()
        held = sum(1 for connection in self.connections if connection.held)
        return {
            "connections": ("Open connections", len(self.connections)),
            "connections_held": ("Connections not read at present", held),
            "stations_connected": ("Stations that hold a connection", len(self.holders)),
            "stations_known": ("Stations in the registry", len(self.registry)),
            "queue_live_frames": ("Frames of live data that wait for the database", live),
            "queue_backfill_frames": ("Frames of back-fill that wait for the database", backfill),
            "queue_bytes": ("Bytes that wait for the database", size),
            "fault": ("Whether a fault of program or schema was met in this run", float(self.fault is not None)),
            "database_up": ("Whether the database takes frames", float(self.well)),
        }


def _keep_alive(connection: Connection) -> None:
    """Let the kernel notice half-open connections of loggers that lost power."""
    sock = connection.transport.get_extra_info("socket") if connection.transport else None
    if sock is None:
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
