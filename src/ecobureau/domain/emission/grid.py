"""Samples of one factor laid on the hours of an outlet, and what each hour comes to.

Times here are whole minutes of Beijing time since 1970-01-01 00:00 (start of the sample); hours and days are counted
the same way, so day boundaries are Beijing's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.emission.bulk import Bools, Floats, Ints
from ecobureau.domain.emission.marks import Meaning
from ecobureau.domain.emission.rules import EmissionRules

Bytes = NDArray[np.uint8]
STEPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360)
"""Steps of samples in minutes that are told apart; longer than 60 = one sample stands for its slot of hours."""


class State(IntEnum):
    """What an hour of one factor is."""

    OK = 0
    PARTIAL_STOP = 1
    STOPPED = 2
    NO_DISCHARGE = 3
    MISSING = 4
    SHORT = 5
    INVALID = 6
    OUT_OF_CONTROL = 7
    NO_FLOW = 8

    @property
    def code(self) -> str:
        """Name in tables and the end of its message code `emission.state.…`."""
        return self.name.lower()


NEUTRAL = (State.STOPPED, State.NO_DISCHARGE)
"""Hours in which nothing was to be measured: neither valid nor missing."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one factor as they came, in any order.

    Attributes:
        minutes: start of each sample, whole minutes (shape n); value: NaN = none; mark: `Meaning`; zs: converted value
            as reported, NaN = none.
    """

    minutes: Ints
    value: Floats
    mark: Bytes
    zs: Floats

    def unique(self) -> tuple[Samples, int]:
        """Return them in order of time, each time once (the last that came), and how many were repeats."""
        order = np.argsort(self.minutes, kind="stable")
        times = self.minutes[order]
        last = np.append(times[1:] != times[:-1], True) if len(times) else np.zeros(0, dtype=bool)
        keep = order[last]
        repeats = len(order) - len(keep)
        return Samples(self.minutes[keep], self.value[keep], self.mark[keep], self.zs[keep]), repeats


def step_of(minutes: Ints, otherwise: int = 60) -> int:
    """Return the step of samples: the commonest distance of neighbours, brought down to one of `STEPS`.

    Args:
        minutes: times in order, each once; otherwise: answer when there are fewer than two.
    """
    if len(minutes) < 2:
        return otherwise
    gaps, counts = np.unique(np.diff(minutes), return_counts=True)
    commonest = int(gaps[np.argmax(counts)])
    return max((one for one in STEPS if one <= commonest), default=1)


@dataclass(frozen=True, slots=True)
class Cells:
    """Samples on a regular grid of hours: shape (hours, samples an hour).

    Attributes:
        step: minutes of one cell; value: NaN = none; mark: `Meaning.ABSENT` = no sample; zs: as reported.
    """

    step: int
    value: Floats
    mark: Bytes
    zs: Floats


def lay(samples: Samples, first_hour: int, hours: int, step: int) -> Cells:
    """Lay samples (in order, each time once) on a grid of `hours` hours from `first_hour` on.

    Samples between two grid points count to the earlier; several in one cell: the mean of the normal ones. With a step
    above 60 minutes a sample stands for all hours of its slot until the next sample.
    """
    per, width = (60 // step, step) if step <= 60 else (1, 60)
    count = hours * per
    at = (samples.minutes - first_hour * 60) // width
    inside = (at >= 0) & (at < count)
    at, value, mark, zs = at[inside], samples.value[inside], samples.mark[inside], samples.zs[inside]
    out = _fill(at, value, mark, zs, count)
    if step > 60:
        out = _spread(out, step // 60)
    values, marks, zss = out
    return Cells(min(step, 60), values.reshape(hours, per), marks.reshape(hours, per), zss.reshape(hours, per))


def _fill(at: Ints, value: Floats, mark: Bytes, zs: Floats, count: int) -> tuple[Floats, Bytes, Floats]:
    values, marks, zss = np.full(count, np.nan), np.full(count, Meaning.ABSENT, dtype=np.uint8), np.full(count, np.nan)
    if len(at) == len(np.unique(at)):
        values[at], marks[at], zss[at] = value, mark, zs
        return values, marks, zss
    # Several samples in a cell: normal ones are written last, then their mean takes the place.
    order = np.argsort(mark == Meaning.NORMAL, kind="stable")
    values[at[order]], marks[at[order]], zss[at[order]] = value[order], mark[order], zs[order]
    normal = (mark == Meaning.NORMAL) & ~np.isnan(value)
    total = np.bincount(at[normal], weights=value[normal], minlength=count)
    counts = np.bincount(at[normal], minlength=count)
    many = counts > 1
    values[many] = total[many] / counts[many]
    return values, marks, zss


def _spread(cells: tuple[Floats, Bytes, Floats], slot: int) -> tuple[Floats, Bytes, Floats]:
    # A slot's sample stands for the following hours until the next sample, at most for its slot.
    marks = cells[1]
    here = np.where(marks != Meaning.ABSENT, np.arange(len(marks)), -slot)
    newest = np.maximum.accumulate(here) if len(here) else here
    covered = np.arange(len(marks)) - newest < slot
    source = np.where(covered, newest, 0)
    return (
        np.where(covered, cells[0][source], np.nan),
        np.where(covered, marks[source], np.uint8(Meaning.ABSENT)).astype(np.uint8),
        np.where(covered, cells[2][source], np.nan),
    )


@dataclass(frozen=True, slots=True)
class Hours:
    """What the hours of one factor came to; arrays of one length.

    Attributes:
        mean: mean of the valid samples where the hour is valid (or partly stopped), else NaN.
        state: `State`; cause: commonest `Meaning` among the samples that do not count (0 = none).
        valid, stopped: minutes.
        zs: mean of the reported converted values of the valid samples, NaN = none.
        present: samples that came; expected: samples an hour.
    """

    mean: Floats
    state: Bytes
    cause: Bytes
    valid: Ints
    stopped: Ints
    zs: Floats
    present: Ints
    expected: int


def hours_of(cells: Cells, rules: EmissionRules, *, negative_is_bad: bool) -> Hours:
    """Judge the hours of one factor, eq. 24: valid with at least 45 valid minutes.

    Args:
        cells: samples on the grid; rules: rules in force.
        negative_is_bad: a negative value is invalid (waste water); stack gas keeps it.
    """
    mark = cells.mark
    bad_value = (mark == Meaning.NORMAL) & (np.isnan(cells.value) | (negative_is_bad & (cells.value < 0)))
    mark = np.where(bad_value, np.uint8(Meaning.BAD_VALUE), mark)
    good = mark == Meaning.NORMAL
    stopped = mark == Meaning.STOPPED
    present = mark != Meaning.ABSENT
    invalid = present & ~good & ~stopped
    valid_minutes, stopped_minutes, invalid_minutes = (one.sum(axis=1) * cells.step for one in (good, stopped, invalid))
    state = _state(valid_minutes, stopped_minutes, invalid_minutes, rules)
    counted = np.isin(state, (State.OK, State.PARTIAL_STOP))
    return Hours(
        np.where(counted, _mean(cells.value, good), np.nan),
        state,
        _cause(mark, invalid),
        valid_minutes.astype(np.int64),
        stopped_minutes.astype(np.int64),
        np.where(counted, _mean(cells.zs, good & ~np.isnan(cells.zs)), np.nan),
        present.sum(axis=1).astype(np.int64),
        mark.shape[1],
    )


def _mean(values: Floats, counted: Bools) -> Floats:
    with np.errstate(all="ignore"):
        out: Floats = np.where(counted, values, 0.0).sum(axis=1) / counted.sum(axis=1)
    return out


def _state(valid: Ints, stopped: Ints, invalid: Ints, rules: EmissionRules) -> Bytes:
    some = valid > 0
    partial = some & (stopped > 0) & (valid + stopped >= rules.hour_minutes) & rules.partial_stop
    choices: Sequence[tuple[Bools, State]] = (
        (valid >= rules.hour_minutes, State.OK),
        ((stopped > 0) & (valid + invalid == 0), State.STOPPED),
        (partial, State.PARTIAL_STOP),
        (invalid > 0, State.INVALID),
        (some, State.SHORT),
    )
    return np.select([one for one, _ in choices], [int(state) for _, state in choices], int(State.MISSING)).astype(
        np.uint8
    )


def _cause(mark: Bytes, invalid: Bools) -> Bytes:
    best = np.zeros(len(mark), dtype=np.int64)
    cause = np.zeros(len(mark), dtype=np.uint8)
    for meaning in Meaning:
        if meaning in (Meaning.NORMAL, Meaning.STOPPED, Meaning.ABSENT):
            continue
        count = (invalid & (mark == meaning)).sum(axis=1)
        more = count > best
        best, cause = np.where(more, count, best), np.where(more, np.uint8(meaning), cause).astype(np.uint8)
    return cause


def five_minute_means(cells: Cells) -> Floats:
    """Return the means over 5 minutes of the normal samples, shape (hours, 12); NaN where there are none.

    Raises:
        ValueError: the samples are rarer than every 5 minutes.
    """
    hours, per = cells.value.shape
    if per % 12:
        raise ValueError(f"{per} samples an hour")
    good = ((cells.mark == Meaning.NORMAL) & ~np.isnan(cells.value)).reshape(hours, 12, -1)
    value = np.where(good, cells.value.reshape(hours, 12, -1), 0.0)
    with np.errstate(all="ignore"):
        out: Floats = value.sum(axis=2) / good.sum(axis=2)
    return out


def weighted_hours(c: Cells, q: Cells, hours: Hours) -> Floats:
    """Return flow-weighted hourly means (eq. 8-14) where both were sampled alike; else the arithmetic ones.

    Args:
        c: concentration, q: flow; hours: what `hours_of` made of `c` with negatives bad.
    """
    if c.value.shape != q.value.shape or c.value.shape[1] == 1:
        return hours.mean
    both = (c.mark == Meaning.NORMAL) & (q.mark == Meaning.NORMAL) & (c.value >= 0) & (q.value >= 0)
    weight = np.where(both, q.value, 0.0).sum(axis=1)
    load = np.where(both, c.value * q.value, 0.0).sum(axis=1)
    with np.errstate(all="ignore"):
        return np.where((weight > 0) & ~np.isnan(hours.mean), load / weight, hours.mean)
