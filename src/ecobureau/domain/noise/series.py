"""From a series of short levels to minutes, hours, days, nights and the day-night level, with how much was measured.

Times are local and run evenly (there is no summer time): whole microseconds since 1970-01-01 00:00 local. A level
stands for the stretch [time, time + interval).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.noise.levels import DAY_HOURS, NIGHT_HOURS, Described, Floats, Ints, describe_groups, ldn
from ecobureau.domain.noise.rules import Hours, NoiseRules
from ecobureau.domain.noise.validity import period_is_valid

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
PeriodKind = Literal["minute", "hour", "Ld", "Ln", "Ldn"]
KINDS: tuple[PeriodKind, ...] = ("minute", "hour", "Ld", "Ln", "Ldn")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Statistics of one period.

    Attributes:
        kind: minute | hour | Ld (day) | Ln (night) | Ldn (day and the night after it).
        start, end: local microseconds; [start, end).
        leq: equivalent level, of Ldn the day-night level; the others are None where a single level or Ldn has none.
        count: levels that counted; expected: as many as the period holds at this interval, None when not known.
        valid: whether enough was measured, None when not known.
        note: message code of what must be told, or empty.
    """

    kind: PeriodKind
    start: int
    end: int
    leq: float
    l10: float | None = None
    l50: float | None = None
    l90: float | None = None
    sd: float | None = None
    lmin: float | None = None
    lmax: float | None = None
    count: int = 0
    expected: float | None = None
    valid: bool | None = None
    note: str = ""

    @property
    def share(self) -> float | None:
        """Share of the period that was measured, 0 … 1."""
        return None if not self.expected else min(1.0, self.count / self.expected)


def interval_of(times: Ints) -> int | None:
    """Return the interval of a series in microseconds: the most frequent step. None with fewer than two times.

    Args:
        times: ascending, each once.
    """
    steps = np.diff(times)
    if not len(steps):
        return None
    found, counts = np.unique(steps, return_counts=True)
    return int(found[np.argmax(counts)])


def once(times: Ints, levels: Floats) -> tuple[Ints, Floats, NDArray[np.bool_], int]:
    """Return a series in order of time with each time once.

    Args:
        times, levels: shape (n,), in any order.

    Returns:
        Times and levels in order; for the rows as handed in, whether a row contradicts another of the same time (none
        of these counts); and how many rows were plain repetitions.
    """
    order = np.argsort(times, kind="stable")
    ordered, values = times[order], levels[order]
    if not len(ordered):
        return ordered, values, np.zeros(0, dtype=bool), 0
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    group = np.cumsum(first) - 1
    low = np.minimum.reduceat(values, np.flatnonzero(first))
    high = np.maximum.reduceat(values, np.flatnonzero(first))
    clash = (low != high)[group]
    contradicts = np.zeros(len(times), dtype=bool)
    contradicts[order] = clash
    kept = first & ~clash
    return ordered[kept], values[kept], contradicts, int(np.count_nonzero(~first & ~clash))


def periods(
    times: Ints,
    levels: Floats,
    rules: NoiseRules,
    *,
    interval: int | None = None,
    hours_of: Callable[[date], Hours] | None = None,
) -> Iterator[Period]:
    """Yield the statistics of all periods that hold a level, kind by kind, each in order of time.

    Args:
        times: shape (n,), ascending, each once (see `once`); levels: shape (n,), dB(A), of equal length.
        interval: between two levels in microseconds; default: the most frequent step.
        hours_of: hours of day and night of a date; default: those of `rules` for all.

    Periods shorter than the interval are left out. Leq is the energy mean of all levels of the period. A night counts
    to the date on which it begins; Ldn takes a day and the night after it, or the night before it where that one was
    not measured at all (`note` says so).
    """
    step = interval_of(times) if interval is None else interval
    if step is None or step <= MINUTE:
        yield from _plain("minute", times, levels, MINUTE, step, rules.minute_share)
    if step is None or step <= HOUR:
        yield from _plain("hour", times, levels, HOUR, step, rules.hour_minutes * MINUTE / HOUR)
    parts = list(_parts(times, levels, rules, step, hours_of or (lambda _: rules.hours)))
    yield from (one for one in parts if one.kind == "Ld")
    yield from (one for one in parts if one.kind == "Ln")
    starting = {one.start: one for one in parts if one.kind == "Ln"}
    ending = {one.end: one for one in parts if one.kind == "Ln"}
    for one in parts:
        if one.kind != "Ld":
            continue
        if (night := starting.get(one.end)) is not None:
            yield _whole(one, night, rules)
        elif (night := ending.get(one.start)) is not None:
            yield replace(_whole(one, night, rules), start=night.start, end=one.end, note="noise.note.night_before")


def _plain(
    kind: PeriodKind, times: Ints, levels: Floats, length: int, step: int | None, least: float
) -> Iterator[Period]:
    groups, found = describe_groups(levels, times // length)
    expected = None if step is None else length / step
    for at, group in enumerate(groups.tolist()):
        valid = None if expected is None else int(found.count[at]) >= least * expected
        yield _period(kind, group * length, (group + 1) * length, found, at, expected, valid)


def _parts(
    times: Ints, levels: Floats, rules: NoiseRules, step: int | None, hours_of: Callable[[date], Hours]
) -> Iterator[Period]:
    keys = np.empty(len(times), dtype=np.int64)
    for day in np.unique(times // DAY).tolist():
        hours = hours_of(_EPOCH + timedelta(days=day))
        here = slice(*np.searchsorted(times, (day * DAY, (day + 1) * DAY)).tolist())
        since = times[here] - day * DAY - hours.day * MINUTE
        noise_day = np.where(since >= 0, day, day - 1)
        night = np.mod(since, DAY) >= ((hours.night - hours.day) % (24 * 60)) * MINUTE
        keys[here] = noise_day * 2 + night
    groups, found = describe_groups(levels, keys)
    valid_hours = _valid_hours(times, keys, step, rules)
    for at, key in enumerate(groups.tolist()):
        day, night = divmod(key, 2)
        on = _EPOCH + timedelta(days=day)
        first, last = hours_of(on).span(on, "night" if night else "day")
        start = day * DAY + round((first - datetime.combine(on, time())).total_seconds()) * SECOND
        end = start + round((last - first).total_seconds()) * SECOND
        length = NIGHT_HOURS if night else DAY_HOURS
        expected = None if step is None else (end - start) / step
        valid = None if valid_hours is None else period_is_valid(valid_hours.get(key, 0), length, rules)
        yield _period("Ln" if night else "Ld", start, end, found, at, expected, valid)


def _valid_hours(times: Ints, keys: Ints, step: int | None, rules: NoiseRules) -> dict[int, int] | None:
    if step is None or step > HOUR:
        return None
    # Hours are counted within their part of the day, also where a city's night begins at half past.
    _, first, counts = np.unique(times // HOUR * 2 + keys % 2, return_index=True, return_counts=True)
    good = keys[first][counts >= rules.hour_minutes * MINUTE / step]
    found, many = np.unique(good, return_counts=True)
    return dict(zip(found.tolist(), many.tolist(), strict=True))


def _whole(day: Period, night: Period, rules: NoiseRules) -> Period:
    known = day.expected is not None and night.expected is not None
    return Period(
        "Ldn",
        day.start,
        night.end,
        ldn(day.leq, night.leq, rules.penalty),
        count=day.count + night.count,
        expected=(day.expected or 0) + (night.expected or 0) if known else None,
        valid=None if day.valid is None or night.valid is None else day.valid and night.valid,
    )


def _period(
    kind: PeriodKind, start: int, end: int, found: Described, at: int, expected: float | None, valid: bool | None
) -> Period:
    several = int(found.count[at]) > 1
    return Period(
        kind,
        start,
        end,
        float(found.leq[at]),
        float(found.l10[at]) if several else None,
        float(found.l50[at]) if several else None,
        float(found.l90[at]) if several else None,
        float(found.sd[at]) if several else None,
        float(found.lmin[at]) if several else None,
        float(found.lmax[at]) if several else None,
        int(found.count[at]),
        expected,
        valid,
    )
