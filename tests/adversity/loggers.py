"""Fifty loggers of the simulator over real TCP, watched: what is on the wire, sent again, answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ecobureau.simulator.content import Message
from ecobureau.simulator.logger import Logger
from ecobureau.simulator.plan import StationPlan, fleet
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.times import HOUR
from ecobureau.simulator.world import Agenda, Journal, Settings, Time, World

COUNT = 50
PATIENCE = 240.0
OWED_HOURS = 12
REDIAL = 0.3
"""Seconds after which a logger dials again, however often it has tried."""
Key = tuple[str, str, str, int]
"""One packet of one upload: MN, command, DataTime, packet number."""


async def until(look: Callable[[], Any], what: str) -> None:
    """Waits for a condition; fails with `what` after a generous time."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE:.0f} s in vain: {what}")
        await asyncio.sleep(0.01)


class WatchedLogger(Logger):
    """A logger that tells its fleet what it sends and hears, and dials again without growing patience."""

    fleet: Fleet

    def _send(self, message: Message) -> None:
        self.fleet.sent[self.key_of(message)] += 1
        super()._send(message)
        self.fleet.happened()

    def _answered(self, frame: Any) -> None:
        before = self.waiting
        key = self.key_of(before.message) if before is not None else None
        super()._answered(frame)
        if key is not None and before is not self.waiting:
            self.fleet.answered.add(key)
            self.fleet.happened()

    def _dial_again(self) -> None:
        self.world.agenda.after(REDIAL, self.dial)

    def key_of(self, message: Message) -> Key:
        return (self.plan.mn, message.cn, message.data_time, message.done)

    def stop_collecting(self) -> None:
        """Collect nothing more; what is kept is still sent."""
        self._bookings += 1

    @property
    def idle(self) -> bool:
        return not (self.waiting or self.live or self.shelf or self.pulls)


class Fleet:
    """The loggers of a test. `sent` counts how often each packet was put on the wire; `answered` holds the answered."""

    def __init__(self, port: int, journal: Path, plans: Sequence[StationPlan], over_time: float) -> None:
        loop = asyncio.get_running_loop()
        settings = Settings(
            over_time=over_time, re_count=1_000_000, per_second=200.0, keep_realtime=1_000_000, lag=False, heartbeat=5
        )
        self.world = World("127.0.0.1", port, Time(), Agenda(loop), Journal(journal), settings)
        self.sent: Counter[Key] = Counter()
        self.answered: set[Key] = set()
        self.events = 0
        self._then: tuple[int, int, Callable[[], None]] | None = None
        self.loggers = []
        hour = int(self.world.time.now()) // HOUR * HOUR
        for plan in plans:
            logger = WatchedLogger(Plant(plan, 1, []), self.world)
            logger.fleet = self
            logger.shelf.owes = [("2061", hour - back * HOUR) for back in range(OWED_HOURS, 1, -1)]
            self.loggers.append(logger)

    def in_flight(self) -> dict[Key, WatchedLogger]:
        """Uploads of data on the wire that nobody has answered."""
        found = {}
        for logger in self.loggers:
            if logger.waiting is not None and logger.line is not None:
                message = logger.waiting.message
                if message.data_time and not message.cn.startswith("9"):
                    found[logger.key_of(message)] = logger
        return found

    def happened(self) -> None:
        """A frame went out or an answer came in: the instants at which something can be done to the bureau."""
        self.events += 1
        if self._then is not None and self.events >= self._then[0] and len(self.in_flight()) >= self._then[1]:
            _after, _least, act = self._then
            self._then = None
            act()

    def at_instant(self, events: int, least: int, act: Callable[[], None]) -> None:
        """Calls `act` after so many events from now, in the very instant in which at least `least` uploads are open."""
        self._then = (self.events + events, least, act)

    async def drain(self) -> None:
        """Stop collecting and wait until every logger has an answer for everything."""
        for logger in self.loggers:
            logger.over_time = max(logger.over_time, 5.0)
            logger.stop_collecting()
        await until(lambda: all(logger.idle for logger in self.loggers), "the queues of the loggers to drain")

    async def all_unanswered(self, tries: int) -> None:
        """Wait until every logger has put the upload in hand on the wire `tries` times, all in vain."""
        await until(
            lambda: all(one.waiting is not None and one.waiting.tries >= tries for one in self.loggers),
            f"every logger to send {tries} times in vain",
        )

    def resent(self) -> int:
        """How often an upload went out again: after a time-out, or after the link came back."""
        return self.world.tally["resent"] + sum(count - 1 for count in self.sent.values())


@asynccontextmanager
async def running(
    port: int, journal: Path, plans: Sequence[StationPlan], over_time: float = 2.0
) -> AsyncIterator[Fleet]:
    """A fleet that dials in and has been heard of each, and hangs up at the end.

    `over_time`: seconds after which an unanswered upload goes out again.
    """
    made = Fleet(port, journal, plans, over_time)
    for logger in made.loggers:
        logger.start(1.0)
    try:
        await until(lambda: len({key[0] for key in made.answered}) == len(plans), "every logger to get an answer")
        yield made
    finally:
        made.world.stopping = True
        made.world.agenda.close()
        for logger in made.loggers:
            logger.stop()
        made.world.journal.close()


def plans(count: int = COUNT, seed: int = 11) -> list[StationPlan]:
    """Stations of every kind and edition that send each second and each minute."""
    return fleet(count, seed, rtd_interval=1, minute_interval=1)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """What the loggers count as answered."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
