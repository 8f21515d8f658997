"""The writer thread: takes what is queued as soon as its last commit returned, and says what became of each frame.

The database away or its disk full: it keeps the batch and tries again with growing pauses; nothing is answered. A
frame that the database refuses is found by halving the batch and set aside with the reason, so that it stops nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import psycopg

from ecobureau import clock
from ecobureau.gateway.lanes import Lanes
from ecobureau.gateway.log import logger
from ecobureau.storage.types import Arrival, Outcome

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


class Sink(Protocol):
    """What makes arrivals durable: `storage.Writer` on its own connection."""

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
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OSError)


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
        first, most: seconds of the first and the longest pause between tries.
    """

    def __init__(
        self,
        lanes: Lanes[Job],
        connect: Callable[[], Sink],
        on_done: Callable[[Finished], None],
        on_state: Callable[[bool, str], None],
        on_failed: Callable[[], None],
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
        self._first, self._most = first, most
        self._sink: Sink | None = None
        self._give_up = threading.Event()
        self._well: bool | None = None
        self.failure: BaseException | None = None

    def give_up(self) -> None:
        """Stop waiting for the database; what is queued stays unanswered."""
        self._give_up.set()

    def run(self) -> None:
        try:
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
            if is_outage(error):
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
        """Keep the raw bytes of a frame that cannot be written as what it is, with the reason, and answer nothing."""
        reason = f"poison.{getattr(error, 'sqlstate', None) or type(error).__name__}"
        logger.error("frame_refused_by_database", mn=job.arrival.mn, cn=job.arrival.cn, reason=reason, error=str(error))
        kept = replace(
            job.arrival, verdict="quarantine", reason=reason, period=None, events=(), part=None, deviations=()
        )
        job.arrival, job.answer = kept, None
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
