"""What all loggers of a run share: the clock, the agenda, the journal, the counters and the settings."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO

from ecobureau import clock


@dataclass(slots=True)
class Settings:
    """How the loggers behave.

    Attributes:
        deviations: share of uploads that depart from the standard, 0 to 1; codes: which ones (None: all).
        over_time: seconds to wait for an answer; re_count: resends before the link is given up.
        cuts: mean number of link cuts per logger and day, of one to ten minutes.
        split_writes: share of frames that go out in two pieces.
        heartbeat: seconds between heartbeats (2025: 9015). per_second: most back-fill frames per second and logger.
        keep_realtime: how many unanswered real-time uploads a logger keeps; older ones are dropped.
        lag: whether uploads go out some seconds after their time, each logger its own (False: at once).
    """

    deviations: float = 0.0
    codes: tuple[str, ...] | None = None
    over_time: float = 10.0
    re_count: int = 3
    cuts: float = 0.0
    split_writes: float = 0.02
    heartbeat: int = 120
    per_second: float = 5.0
    keep_realtime: int = 240
    lag: bool = True


class Time:
    """Simulated time: starts at `start` (epoch seconds) and runs `speed` times as fast as the clock service."""

    def __init__(self, start: float | None = None, speed: float = 1.0) -> None:
        self.speed = speed
        self._zero = clock.monotonic()
        self.start = clock.now().timestamp() if start is None else start

    def now(self) -> float:
        """Return the simulated epoch seconds."""
        return self.start + (clock.monotonic() - self._zero) * self.speed

    def until(self, moment: float) -> float:
        """Return the real seconds until a simulated moment; negative when it has passed."""
        return (moment - self.now()) / self.speed


class Agenda:
    """What is due when, for all loggers: one heap and one timer of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None
        self._armed = 0.0

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` in `seconds` (real ones)."""
        due = self._loop.time() + max(0.0, seconds)
        heapq.heappush(self._heap, (due, next(self._order), call))
        self._arm()

    def _arm(self) -> None:
        if not self._heap:
            return
        due = self._heap[0][0]
        if self._timer is not None:
            if self._armed <= due:
                return
            self._timer.cancel()
        self._armed = due
        self._timer = self._loop.call_at(due, self._run)

    def _run(self) -> None:
        self._timer = None
        limit = self._loop.time() + 0.001
        while self._heap and self._heap[0][0] <= limit:
            heapq.heappop(self._heap)[2]()
        self._arm()

    def close(self) -> None:
        """Forget everything."""
        if self._timer is not None:
            self._timer.cancel()
        self._heap.clear()


class Journal:
    """One JSON line for each upload that a logger counts as answered; written through at once.

    Keys: `mn`, `cn`, `qn`, `data_time`, `cp` (as it was meant), `tries`, `deviation` (None, or the code of the
    departure that it was answered with).
    """

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = path.open("a", encoding="utf-8", buffering=1) if path else None

    def answered(self, mn: str, cn: str, qn: str, data_time: str, cp: str, tries: int, deviation: str | None) -> None:
        if self._file is not None:
            line = {"mn": mn, "cn": cn, "qn": qn, "data_time": data_time, "cp": cp, "tries": tries}
            self._file.write(json.dumps({**line, "deviation": deviation}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass(slots=True)
class World:
    """A run of the simulator.

    `tally` counts: sent, answered, resent, given_up, backfilled, deviated, connected, cut, commands, dropped.
    """

    host: str
    port: int
    time: Time
    agenda: Agenda
    journal: Journal
    settings: Settings = field(default_factory=Settings)
    tally: Counter[str] = field(default_factory=Counter)
    stopping: bool = False
