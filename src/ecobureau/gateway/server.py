"""The gateway: listens, knows who speaks, queues what was said, answers what is durable."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ecobureau import clock
from ecobureau.domain.hj212 import Frame, FrameReader
from ecobureau.domain.hj212.commands import ANSWERS
from ecobureau.gateway.answers import Answers
from ecobureau.gateway.books import Books
from ecobureau.gateway.connection import Connection, Hold
from ecobureau.gateway.factors import Translator, load_factors
from ecobureau.gateway.lanes import Bounds, Lanes
from ecobureau.gateway.limits import Buckets, TokenBucket
from ecobureau.gateway.listener import Listener
from ecobureau.gateway.log import logger
from ecobureau.gateway.metrics import Metrics
from ecobureau.gateway.normalise import Meaning, Receipt, normalise
from ecobureau.gateway.settings import Settings
from ecobureau.gateway.stations import Registry, Station
from ecobureau.gateway.writer import ANSWERED, Finished, Job, Receiver, Sink, WriterThread
from ecobureau.storage.types import Arrival

BACKLOG = 1024
SILENT = frozenset({"crc", "length", "header", "truncated"})
"""Errors after which nobody can say who sent what: never answered."""
JOB_OVERHEAD = 2048
"""Bytes a queued frame holds beside its raw bytes, roughly: readings, texts, lists."""


class Fault(NamedTuple):
    """Something in the program or the schema that no frame is to blame for: short name, text, and when."""

    name: str
    text: str
    at: datetime


class Heard:
    """What the process keeps of one station while it is heard: its translator and its allowance."""

    __slots__ = ("answers", "bucket", "station", "translator")

    def __init__(self, station: Station) -> None:
        self.station = station
        self.translator = Translator(load_factors(), station.factor_map, station.unit_overrides)
        self.bucket = TokenBucket(station.max_frames_per_minute)
        self.answers = Answers(station.dialect)


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
        self._heard: dict[str, Heard] = {}
        self._per_address: Counter[str] = Counter()
        self._errors = Buckets(settings.error_frames_per_minute)
        self._receipt = Receipt.of(clock.now(), timedelta(seconds=settings.future_tolerance))
        self._login = None if settings.heartbeat_answer == "none" else settings.heartbeat_answer
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
        for mn in [mn for mn in self._heard if self.registry.get(mn) is None]:
            del self._heard[mn]

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
        receipt = self._receipt = self._receipt.later(clock.now())
        now = clock.monotonic()
        self.metrics.received += len(frames)
        jobs = [self._safely(connection, frame, receipt, now) for frame in frames]
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
        self._lanes.put_all(jobs)
        for live in (True, False):
            if self._lanes.full(live):
                for job in jobs:
                    if job.live is live and isinstance(job.receiver, Connection):
                        self._starved[live].add(job.receiver)
                        job.receiver.hold(Hold.QUEUE)

    def _safely(self, connection: Connection, frame: Frame, receipt: Receipt, now: float) -> Job:
        """A frame that the program itself stumbles over is set aside with the reason; the others of its read go on."""
        try:
            return self._job(connection, frame, receipt, now)
        except Exception as error:
            logger.exception("frame_not_understood", mn=frame.mn, cn=frame.cn, raw=frame.raw[:2000].hex())
            self.note_fault(type(error).__name__, str(error))
            reason = f"poison.{type(error).__name__}"
            return self._quarantine(connection, frame, self.registry.get(frame.mn), reason, receipt, now)

    def _job(self, connection: Connection, frame: Frame, receipt: Receipt, now: float) -> Job:
        station = self.registry.get(frame.mn)
        reason = self._refusal(frame, station)
        if reason or station is None:
            return self._quarantine(connection, frame, station, reason, receipt, now)
        heard = self._heard.get(station.mn)
        if heard is None or heard.station is not station:
            heard = self._heard[station.mn] = Heard(station)
        self._slow_down(connection, heard.bucket.owe(now))
        if frame.mn not in connection.mns:
            self._login_of(connection, station, frame)
        for seen in connection.watch.look(frame):
            frame.deviations.append(seen)
        meaning = normalise(frame, station, heard.translator, receipt)
        if frame.ok:
            for listener in self.listeners:
                listener.on_frame(connection, station, frame)
        return self._queue_up(connection, frame, heard, meaning, receipt, now)

    def _slow_down(self, connection: Connection, seconds: float) -> None:
        if not seconds:
            return
        if not connection.held & Hold.RATE:
            self.metrics.throttled += 1
            logger.info("slowed_down", peer=connection.peer, mns=list(connection.mns)[:8])
        connection.wait(seconds)

    def _refusal(self, frame: Frame, station: Station | None) -> str:
        """Why a frame is not taken as the station's word; empty when it is."""
        if frame.error in SILENT:
            return f"frame.{frame.error}"
        if station is None:
            return "station.unknown"
        if station.password is None:
            return "station.secret_unreadable"
        if not station.knows(frame.pw):
            return "station.password"
        return "" if station.active else "station.inactive"

    def _quarantine(
        self,
        connection: Connection,
        frame: Frame,
        station: Station | None,
        reason: str,
        receipt: Receipt,
        now: float,
    ) -> Job:
        """Keep the raw bytes, answer nothing; beyond the allowance of its address the connection has to wait."""
        self.metrics.errors[reason] += 1
        self.metrics.deviations.update(one.code for one in frame.deviations)
        if not connection.held & Hold.RATE:
            logger.info("quarantined", peer=connection.peer, mn=frame.mn, cn=frame.cn, reason=reason)
        self._slow_down(connection, self._errors.owe(connection.address, now))
        meaning = Meaning("control", reason, tuple(dict.fromkeys(one.code for one in frame.deviations)))
        arrival = self._arrival(connection, frame, station, meaning, receipt.at)
        arrival.verdict = "quarantine"
        return Job(arrival, None, connection, len(frame.raw) + JOB_OVERHEAD, True, now, receipt.day)

    def _queue_up(
        self,
        connection: Connection,
        frame: Frame,
        heard: Heard,
        meaning: Meaning,
        receipt: Receipt,
        now: float,
    ) -> Job:
        if meaning.deviations:
            self.metrics.deviations.update(meaning.deviations)
        answer = None if frame.cn in ANSWERS else heard.answers.to(frame, self._login)
        arrival = self._arrival(connection, frame, heard.station, meaning, receipt.at)
        return Job(arrival, answer, connection, len(frame.raw) + JOB_OVERHEAD, meaning.live, now, receipt.day)

    def _arrival(
        self, connection: Connection, frame: Frame, station: Station | None, meaning: Meaning, received_at: datetime
    ) -> Arrival:
        return Arrival(
            received_at,
            frame.raw,
            hashlib.sha256(frame.raw).digest(),
            self.run_id,
            station.station_id if station else None,
            frame.mn or "",
            frame.cn or "",
            meaning.verdict,
            meaning.reason,
            frame.qn or "",
            connection.sessions.get(station.mn) if station else None,
            connection.peer,
            meaning.deviations,
            meaning.period,
            meaning.events,
            meaning.parameters,
            meaning.part,
            meaning.live,
        )

    def _login_of(self, connection: Connection, station: Station, frame: Frame) -> None:
        """A station speaks on this connection for the first time: the newest connection holds it."""
        connection.mns[station.mn] = station.station_id
        before = self.holders.get(station.mn)
        if before is not None and before is not connection:
            self.metrics.deviations["stream.several_connections"] += 1
            logger.info("newer_connection", mn=station.mn, before=before.peer, now=connection.peer)
        self.holders[station.mn] = connection
        for listener in self.listeners:
            listener.on_login(connection, station)

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
