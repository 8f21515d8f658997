"""The one clock service: nothing else in the program asks for the time.

Tests, replay and the simulated city hand in their own clock with `set_clock` or `use_clock`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Civil time of the bureau: UTC+8, no daylight saving."""


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """Return the current instant as an aware datetime in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for time-outs."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to.

    Args:
        start: first instant, aware.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("ManualClock needs an aware datetime")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, delta: timedelta | float) -> datetime:
        """Move forward by `delta` (timedelta or seconds) and return the new instant."""
        step = delta if isinstance(delta, timedelta) else timedelta(seconds=delta)
        if step < timedelta(0):
            raise ValueError("a clock does not run backwards; use set() for a jump")
        self._now += step
        self._monotonic += step.total_seconds()
        return self._now

    def set(self, instant: datetime) -> None:
        """Jump to `instant`, also backwards: the wall clock jumps, the monotonic one stays."""
        self._now = instant.astimezone(UTC)


_clock: Clock = SystemClock()


def set_clock(clock: Clock) -> Clock:
    """Install `clock` for the whole process and return the one that was there."""
    global _clock
    before, _clock = _clock, clock
    return before


@contextmanager
def use_clock(clock: Clock) -> Iterator[Clock]:
    """Install `clock` for the length of a with-block."""
    before = set_clock(clock)
    try:
        yield clock
    finally:
        set_clock(before)


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return _clock.now()


def monotonic() -> float:
    """Return seconds that never run backwards, for time-outs and measuring."""
    return _clock.monotonic()


def beijing(instant: datetime) -> datetime:
    """Return `instant` (aware) in the bureau's civil time."""
    return instant.astimezone(BEIJING)
