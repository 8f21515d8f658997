"""The writer thread: takes what is queued as soon as its last commit returned, and says what became of each frame.

The database away or its disk full: it keeps the batch and tries again with growing pauses; nothing is answered.
A frame whose content the database refuses is found by halving the batch, and kept as refused with the reason, so that
it stops nobody and is not sent for ever. A fault of the program or of the schema is no frame's: nothing is answered, it
is told as an alarm, and where all frames suffer from it they wait.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import psycopg

from ecobureau import clock
from ecobureau.gateway.lanes import Lanes
from ecobureau.gateway.log import logger
from ecobureau.storage.types import Arrival, Outcome, Verdict

ANSWERED = frozenset(
    {Outcome.STORED, Outcome.REVISED, Outcome.DUPLICATE, Outcome.CONTROL, Outcome.PENDING_PART, Outcome.REFUSED}
)
"""Outcomes after which a frame that asked for it gets its answer."""


class Receiver(Protocol):
    """Whoever waits for the answer: the connection of the frame."""

    def frames_done(self, answers: bytes, count: int) -> None:
        """Send `answers` (may be empty); `count` of its frames are out of the queue."""


@dataclass(slots=True)
class Job:
    """A frame on its way to the database.

    Attributes:
        arrival: what to write.
        answer: whole frame to send once it is durable, None for silence.
        receiver: whom to send it to.
        size: bytes it holds.
        live: its lane.
        queued_at: `clock.monotonic` when it was queued, for the latency histogram.
        day: of receipt, in Beijing.
        done: durable, its outcome handed on.
    """

    arrival: Arrival
    answer: bytes | None
    receiver: Receiver
    size: int
    live: bool
    queued_at: float
    day: date
    done: bool = False


class Quick(Protocol):
    """Makes a frame that comes alone durable without anybody waiting: `storage.Writer`'s `begin` and `end`."""

    def begin(self, arrival: Arrival) -> bool:
        """Send it off; False, and nothing was sent, where it has to be written."""

    def end(self) -> bool | None:
        """Return True when it is durable, False when it has to be written, None while it is under way."""

    def fileno(self) -> int:
        """Return the socket that has something to read when `end` may have something to say."""


class Sink(Protocol):
    """What makes arrivals durable: `storage.Writer` on its own connection."""

    @property
    def quick(self) -> Quick | None:
        """Its way for a frame that comes alone, where it has one."""

    def write(self, batch: Sequence[Arrival]) -> list[Outcome]:
        """Write all in one transaction; return an outcome for each."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(slots=True)
class Finished:
    """A batch that is durable."""

    jobs: list[Job]
    outcomes: list[Outcome]
    seconds: float


def is_outage(error: Exception) -> bool:
    """Say whether `error` speaks of the database as a whole (away, full, restarting), not of a frame."""
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OSError) and not is_poison(error)


def is_poison(error: Exception) -> bool:
    """Say whether `error` speaks of the content of a frame: a value no column takes, a text too long to keep."""
    if isinstance(error, psycopg.Error):
        # SQLSTATE classes 22 (data), 23 (integrity) and 54 (too large for a row or an index).
        return isinstance(error, psycopg.DataError | psycopg.IntegrityError) or (error.sqlstate or "")[:2] == "54"
    return isinstance(error, ValueError | ArithmeticError | struct.error)


def is_schema_fault(error: Exception) -> bool:
    """Say whether `error` means that program and database do not fit each other (SQLSTATE class 42 and the like)."""
    return isinstance(error, psycopg.Error) and not is_poison(error)


def fault_of(error: Exception) -> str:
    """Return the short name of an error: its SQLSTATE, or its class."""
    return str(getattr(error, "sqlstate", None) or type(error).__name__)


def is_collision(error: Exception) -> bool:
    """Say whether `error` is a deadlock or serialisation failure, which the next try mends."""
    return getattr(error, "sqlstate", None) in ("40001", "40P01")


class WriterThread(threading.Thread):
    """Writes batch after batch until the lanes are closed and drained, or it is told to give up.

    Args:
        lanes: where jobs come from.
        connect: makes a fresh sink; raises when the database is away.
        on_done: told of every durable batch, in this thread.
        on_failed: told when it ends by an error of its own; `failure` says which.
        on_state: told True when the database answers and False with the reason when it stops to.
        on_fault: told the short name and the text of a fault of the program or the schema.
        first, most: seconds of the first and the longest pause between tries.
    """

    def __init__(
        self,
        lanes: Lanes[Job],
        connect: Callable[[], Sink],
        on_done: Callable[[Finished], None],
        on_state: Callable[[bool, str], None],
        on_failed: Callable[[], None],
        on_fault: Callable[[str, str], None] = lambda _name, _text: None,
        *,
        first: float,
        most: float,
    ) -> None:
        super().__init__(name="gateway-writer", daemon=True)
        self._lanes = lanes
        self._connect = connect
        self._on_done = on_done
        self._on_state = on_state
        self._on_failed = on_failed
        self._on_fault = on_fault
        self._first, self._most = first, most
        self._sink: Sink | None = None
        self._give_up = threading.Event()
        self._well: bool | None = None
        self.failure: BaseException | None = None

    @property
    def quick(self) -> Quick | None:
        """The way for a frame that comes alone. Not to be used but while this thread stands still (`Lanes.lend`)."""
        return self._sink.quick if self._sink is not None and self._well else None

    def give_up(self) -> None:
        """Stop waiting for the database; what is queued stays unanswered."""
        self._give_up.set()

    def run(self) -> None:
        try:
            self._meet()
            while batch := self._lanes.take():
                if not self._write(batch):
                    return
        except BaseException as error:
            self.failure = error
            logger.exception("writer_failed")
            self._on_state(False, repr(error))
            self._on_failed()
        finally:
            self._drop()

    def _meet(self) -> None:
        """Have the sink before the first frame comes, which need not wait for it then. A database that is away now is
        asked again by that frame."""
        try:
            self._sink = self._connect()
        except Exception as error:
            if not is_outage(error):
                logger.error("program_fault", error=fault_of(error), text=str(error), frames=0)

    def _write(self, jobs: list[Job]) -> bool:
        """Write `jobs` however long it takes; False when told to give up."""
        pause = self._first
        while not self._give_up.is_set():
            try:
                self._write_or_halve(jobs)
            except Exception as error:
                self._drop()
                if is_collision(error):
                    continue
                if not is_outage(error):
                    logger.error("program_fault", error=fault_of(error), text=str(error), frames=len(jobs))
                    self._on_fault(fault_of(error), str(error))
                self._say(False, f"{type(error).__name__}: {error}".strip())
                self._give_up.wait(pause)
                pause = min(pause * 2, self._most)
            else:
                return True
            jobs = [job for job in jobs if not job.done]
            if not jobs:
                return True
        return False

    def _write_or_halve(self, jobs: list[Job]) -> None:
        if self._sink is None:
            self._sink = self._connect()
        begun = clock.monotonic()
        try:
            outcomes = self._sink.write([job.arrival for job in jobs])
        except Exception as error:
            if is_outage(error) or is_collision(error) or is_schema_fault(error):
                raise
            if len(jobs) == 1:
                self._set_aside(jobs[0], error)
                return
            logger.warning("batch_refused", frames=len(jobs), error=str(error))
            middle = len(jobs) // 2
            self._write_or_halve(jobs[:middle])
            self._write_or_halve(jobs[middle:])
            return
        self._finish(jobs, outcomes, clock.monotonic() - begun)

    def _set_aside(self, job: Job, error: Exception) -> None:
        """Keep a frame that cannot be written as what it is, with the reason: refused (and answered) where its content
        is to blame, in quarantine and unanswered where the program is, or where nobody knows the sender."""
        name = fault_of(error)
        logger.error("frame_refused_by_database", mn=job.arrival.mn, cn=job.arrival.cn, reason=name, error=str(error))
        known = job.arrival.station_id is not None and job.arrival.verdict not in ("quarantine", "refused")
        if is_poison(error) and known:
            verdict: Verdict = "refused"
        else:
            verdict, job.answer = "quarantine", None
            if not is_poison(error):
                self._on_fault(name, str(error))
        job.arrival = kept = replace(
            job.arrival,
            verdict=verdict,
            reason=f"poison.{name}",
            period=None,
            events=(),
            parameters=(),
            part=None,
            deviations=(),
        )
        assert self._sink is not None
        begun = clock.monotonic()
        outcomes = self._sink.write([kept])
        self._finish([job], outcomes, clock.monotonic() - begun)

    def _finish(self, jobs: list[Job], outcomes: list[Outcome], seconds: float) -> None:
        if len(outcomes) != len(jobs):
            raise RuntimeError(f"{len(jobs)} frames written, {len(outcomes)} outcomes")
        self._say(True, "")
        for job in jobs:
            job.done = True
        self._on_done(Finished(jobs, outcomes, seconds))

    def _say(self, well: bool, why: str) -> None:
        if well is not self._well:
            self._well = well
            self._on_state(well, why)

    def _drop(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            try:
                sink.close()
            except Exception as error:
                logger.debug("close_failed", error=str(error))
