"""A running clock: its warn points and what its badge says."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ecobureau.domain.workflow.types import Refusal


class Mood(StrEnum):
    """How a clock looks."""

    NORMAL = "normal"
    WARN = "warn"
    LATE = "late"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A clock as it stands.

    Attributes:
        due_at: end of the limit, aware; span: its whole length without pauses (its end moves, its length does not).
        paused_at, stopped_at: None while it runs.
    """

    due_at: datetime
    span: timedelta
    paused_at: datetime | None = None
    stopped_at: datetime | None = None


def moment(clock: Running, percent: int) -> datetime:
    """Return the instant at which `percent` of the limit is used up (100 = due)."""
    return clock.due_at + clock.span * (percent - 100) / 100


def crossed(clock: Running, percents: Iterable[int], fired: Collection[int], now: datetime) -> list[int]:
    """Return the warn points that are reached and have not fired, lowest first.

    A paused or stopped clock fires nothing. A wall clock that jumps back un-fires nothing, one that jumps ahead fires
    every point in between once.
    """
    if clock.stopped_at is not None or clock.paused_at is not None:
        return []
    return sorted(each for each in set(percents) - set(fired) if moment(clock, each) <= now)


def next_moment(clock: Running, percents: Iterable[int], fired: Collection[int]) -> datetime | None:
    """Return when the next warn point that has not fired is reached; None if none is left or the clock stands."""
    if clock.stopped_at is not None or clock.paused_at is not None:
        return None
    return min((moment(clock, each) for each in set(percents) - set(fired)), default=None)


def mood(clock: Running, now: datetime, warn_percent: int = 80) -> Mood:
    """Return how the clock looks at `now`. A stopped clock is done, or late if it stopped after its end."""
    if clock.stopped_at is not None:
        return Mood.LATE if clock.stopped_at > clock.due_at else Mood.DONE
    if clock.paused_at is not None:
        return Mood.PAUSED
    if now > clock.due_at:
        return Mood.LATE
    return Mood.WARN if now >= moment(clock, warn_percent) else Mood.NORMAL


def words(clock: Running, now: datetime) -> Refusal:
    """Return the badge's text as message code and parameters: what is left, or by how much it is late.

    Minutes below two hours, hours and minutes below two days, then days and hours; rounded towards haste: what is left
    down, what is late up.
    """
    if clock.stopped_at is not None:
        late = clock.stopped_at - clock.due_at
        return _length("core.clock.done_late", late, up=True) if late > timedelta(0) else Refusal("core.clock.done")
    if clock.paused_at is not None:
        return Refusal("core.clock.paused")
    left = clock.due_at - now
    if left < timedelta(0):
        return _length("core.clock.late", -left, up=True)
    return _length("core.clock.left", left, up=False)


def _length(code: str, length: timedelta, *, up: bool) -> Refusal:
    seconds = int(length.total_seconds())
    minutes = seconds // 60 + (1 if up and (seconds % 60 or length.microseconds) else 0)
    if minutes < 120:
        return Refusal(f"{code}.minutes", {"minutes": minutes})
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return Refusal(f"{code}.hours", {"hours": hours, "minutes": rest})
    return Refusal(f"{code}.days", {"days": hours // 24, "hours": hours % 24})
