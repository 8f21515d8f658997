"""The worker's upkeep of the store: what nobody asks for and everything needs.

Each step is small, may be run twice or by two workers at once, and stands alone: one that fails is logged, tried again
after RETRY, and stops no other. What a step leaves undone is seen by `ecobureau doctor` (partitions, gateways, packets,
commands, seals).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from ecobureau import clock
from ecobureau.config import data_dir, database_url
from ecobureau.rulepacks import load
from ecobureau.storage import books, commands, partitions, parts, seal, strangers
from ecobureau.web.core import outage

log = logging.getLogger("ecobureau.upkeep")
Connection = psycopg.Connection[Any]
Connect = Callable[[], Connection]

RETRY = timedelta(seconds=30)
LOCK_TIMEOUT = "3s"
"""Longest wait for a table's lock: upkeep that stands in the way of a writer gives way and comes back."""
CONNECT_TIMEOUT = 10
MOST_ROUNDS = 100
"""Batches of one step in one go, so that a mountain of old packets or commands does not hold up the others."""


@dataclass(frozen=True, slots=True)
class Step:
    """One duty.

    Attributes:
        name: word in the log. every: time between two runs. work: does it at an instant and returns how much it did.
        day_turn: run also as soon as a day in Beijing is over (and its grace has passed).
    """

    name: str
    every: timedelta
    work: Callable[[Connection, datetime], int]
    day_turn: bool = False


def ensure_partitions(conn: Connection, at: datetime) -> int:
    """Make the partitions of today and the coming days; returns how many were missing."""
    return partitions.ensure_ahead(conn, at)


def mark_crashed(conn: Connection, at: datetime) -> int:
    """Mark gateway runs that fell silent, and close their sessions."""
    return len(books.mark_crashed(conn, at))


def expire_parts(conn: Connection, at: datetime) -> int:
    """Refuse packets of split messages whose time nobody told."""
    return _until_done(lambda: parts.expire(conn, at))


def expire_commands(conn: Connection, at: datetime) -> int:
    """Time out commands that no device took or finished."""
    return _until_done(lambda: len(commands.expire(conn, at)))


def seal_frames(conn: Connection, at: datetime) -> int:
    """Seal the days that are over and append what the file of heads lacks; returns the new links and lines."""
    links = seal.seal_days(conn, at)
    return len(links) + seal.append_heads(conn, data_dir() / "heads", at)


def drop_realtime(conn: Connection, at: datetime) -> int:
    """Drop whole days of real-time values past their keeping (rule `keep.realtime`); their raw frames stay."""
    return partitions.drop_old(conn, at, kept_days("keep.realtime", at))


def purge_quarantine(conn: Connection, at: datetime) -> int:
    """Delete quarantined contents that nobody has sent for long (rule `keep.quarantine`)."""
    return strangers.purge(conn, at, kept_days("keep.quarantine", at))


def kept_days(key: str, at: datetime) -> int:
    """Return the days of a keeping rule in force at an instant.

    Raises:
        ValueError: the city's rule is no whole number of days of at least one.
    """
    value = load("upkeep").at(key, partitions.day_of(at)).value
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"upkeep.toml: {key} = {value!r}: a whole number of days, at least 1, was expected")
    return value


def _until_done(batch: Callable[[], int]) -> int:
    done = 0
    for _round in range(MOST_ROUNDS):
        fresh = batch()
        done += fresh
        if not fresh:
            break
    return done


SHORT: tuple[Step, ...] = (
    Step("partitions", timedelta(hours=1), ensure_partitions, day_turn=True),
    Step("runs", timedelta(seconds=30), mark_crashed),
    Step("parts", timedelta(seconds=30), expire_parts),
    Step("commands", timedelta(seconds=30), expire_commands),
)
LONG: tuple[Step, ...] = (
    Step("seal", timedelta(hours=1), seal_frames, day_turn=True),
    Step("realtime", timedelta(hours=1), drop_realtime, day_turn=True),
    Step("quarantine", timedelta(hours=6), purge_quarantine),
)
"""Duties that may take minutes; a loop of their own, so that they do not hold up the short ones."""


def connect() -> Connection:
    """Open a connection of its own in the application's role.

    Raises:
        psycopg.OperationalError: the database is away.
    """
    return psycopg.connect(
        database_url("app") or "",
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT,
        application_name="ecobureau-upkeep",
        options=f"-c lock_timeout={LOCK_TIMEOUT}",
    )


@dataclass(slots=True)
class _Turn:
    """When a step is to run again."""

    due: datetime
    day: date


@dataclass(slots=True)
class Upkeep:
    """Runs steps when they are due. One instance a loop; the first call runs all of them.

    Args:
        steps: the duties, in order. connect: opens the connection that one round uses.
    """

    steps: Sequence[Step]
    connect: Connect = connect
    _turns: dict[str, _Turn] = field(default_factory=dict)

    def __call__(self) -> bool:
        """Run what is due now. Returns False: there is no hurry."""
        at = clock.now()
        waiting = [step for step in self.steps if self._is_due(step, at)]
        if not waiting:
            return False
        with self.connect() as conn:
            for step in waiting:
                self._run(step, conn, at)
                if conn.closed:
                    raise psycopg.OperationalError(f"the connection was lost in step {step.name}")
        return False

    def _is_due(self, step: Step, at: datetime) -> bool:
        turn = self._turns.get(step.name)
        if turn is None or at >= turn.due:
            return True
        return step.day_turn and _closed_day(at) != turn.day

    def _run(self, step: Step, conn: Connection, at: datetime) -> None:
        pause = step.every
        try:
            done = step.work(conn, at)
        except Exception as error:
            if outage.is_away(error):
                raise
            log.exception("upkeep step %s failed, next try in %d s", step.name, RETRY.total_seconds())
            pause = min(RETRY, step.every)
        else:
            log.log(logging.INFO if done else logging.DEBUG, "upkeep step %s: %d", step.name, done)
        self._turns[step.name] = _Turn(at + pause, _closed_day(at))


def _closed_day(at: datetime) -> date:
    """Return the day in Beijing that is open, a day staying open for the sealer's grace."""
    return partitions.day_of(at - seal.GRACE)
