"""When somebody must be on duty, and when nobody is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

from ecobureau.domain.workflow.days import BEIJING

Span = tuple[datetime, datetime]
"""From (included) to (not included), aware."""


def needed(
    first: date, days: int, hours: tuple[time, time] | None, wanted: Callable[[date], bool] = lambda day: True
) -> list[Span]:
    """Return the spans in which a roster must have somebody on duty, in UTC.

    Args:
        first, days: the days that count, in Asia/Shanghai.
        hours: from and to of each day; to ≤ from runs over midnight; None = around the clock.
        wanted: whether a day needs duty at all (holidays).
    """
    found: list[Span] = []
    for step in range(days):
        day = first + timedelta(days=step)
        if not wanted(day):
            continue
        starts, ends = hours or (time(0), time(0))
        begin = datetime.combine(day, starts, BEIJING)
        end = datetime.combine(day, ends, BEIJING)
        found.append((begin.astimezone(UTC), (end if end > begin else end + timedelta(days=1)).astimezone(UTC)))
    return found


def gaps(want: Iterable[Span], have: Iterable[Span]) -> list[Span]:
    """Return what of `want` no span of `have` covers, in order of time; neighbours are joined."""
    have = sorted(have)
    left: list[Span] = []
    for begin, end in sorted(want):
        here = begin
        for starts, ends in have:
            if ends <= here or starts >= end:
                continue
            if starts > here:
                left.append((here, starts))
            here = max(here, ends)
        if here < end:
            left.append((here, end))
    return _joined(left)


def _joined(spans: Iterable[Span]) -> list[Span]:
    made: list[Span] = []
    for begin, end in sorted(spans):
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((begin, end))
    return made
