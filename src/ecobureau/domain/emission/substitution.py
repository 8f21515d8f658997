"""Substitution of missing or invalid data: for totals only, never for a finding of exceedance.

Gas (HJ 75): by the capture rate of the quarter and the length of the run, the greatest hourly emission among the last
valid hours before it. Water: HJ 356-2019 takes hand samples first, then the mean of an equally long span just before;
HJ/T 356-2007 the latter, and for pH the median of that span.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.emission.bulk import Bools, Floats, Ints
from ecobureau.domain.emission.figure import Figure, figure
from ecobureau.domain.emission.rules import EmissionRules, SubstitutionRow


class Way(IntEnum):
    """How an hour was substituted, or why it was not."""

    NONE = 0
    MAX_OF_VALID = 1
    PREVIOUS_SPAN = 2
    MEDIAN = 3
    MANUAL = 4
    LOW_CAPTURE = 5
    NO_HISTORY = 6
    NEVER = 7
    FLOW_SPAN = 8

    @property
    def code(self) -> str:
        """Name in tables and the end of its message code `emission.way.…`."""
        return self.name.lower()


DONE = (Way.MAX_OF_VALID, Way.PREVIOUS_SPAN, Way.MEDIAN, Way.MANUAL, Way.FLOW_SPAN)
"""Ways that gave a value."""


def capture_rate(quarter_hours: int, invalid_hours: int, stopped_hours: int) -> float | None:
    """Return the capture rate a = (hours - invalid - stopped) / (hours - stopped); None when all hours were stopped.

    >>> capture_rate(2160, 216, 0)
    0.9

    Raises:
        ValueError: counts that cannot be.
    """
    if min(quarter_hours, invalid_hours, stopped_hours) < 0 or invalid_hours + stopped_hours > quarter_hours:
        raise ValueError(f"{quarter_hours} hours, {invalid_hours} invalid, {stopped_hours} stopped")
    operating = quarter_hours - stopped_hours
    return (operating - invalid_hours) / operating if operating else None


def row_for(capture: float, run: float, rules: EmissionRules) -> SubstitutionRow | None:
    """Return the table's row for a capture rate and a run of invalid hours; None = no substitution from the monitor."""
    for row in rules.substitution:
        if capture >= row.capture_from and (row.hours_to is None or run <= row.hours_to):
            return row
    return None


def gas_value(history: Sequence[float], capture: float, run: float, rules: EmissionRules) -> Figure:
    """Substitute for one invalid hour of stack gas.

    Args:
        history: hourly emissions (kg/h) of the valid hours before the window, oldest first. Out of control: those up
            to the last good calibration; fault, maintenance, missing: those up to the last good hour.
        capture: capture rate of the quarter, share; run: length of the invalid run, hours.
        rules: rules in force.
    """
    row = row_for(capture, run, rules)
    params: dict[str, object] = {"capture": round(capture, 4), "run": run}
    if row is None:
        reason = "emission.way.low_capture"
        return figure(None, "12.2", "emission.step.no_substitute", params, rule="HJ 75-2017", reason=reason)
    window = list(history[-row.last_valid_hours :])
    params |= {"hours": row.last_valid_hours, "there": len(window)}
    if not window:
        reason = "emission.way.no_history"
        return figure(None, "12.2", "emission.step.no_substitute", params, rule="HJ 75-2017", reason=reason)
    return figure(max(window), "12.2", "emission.step.substitute_gas", params, rule="HJ 75-2017")


def water_value(span: Sequence[float | None], rules: EmissionRules, *, ph: bool = False) -> Figure:
    """Substitute for a gap of waste-water data from the equally long span just before it.

    Args:
        span: values of that span, None where not valid; ph: pH, which has its own rule.
    """
    there = np.array([one for one in span if one is not None], dtype=np.float64)
    rule = "HJ 356-2019" if rules.manual_first else "HJ/T 356-2007"
    params = {"there": len(there), "hours": len(span)}
    if ph and rules.water_ph == "never":
        return figure(None, "8", "emission.step.no_substitute_ph", params, rule=rule, reason="emission.way.never")
    if not len(there):
        return figure(None, "8", "emission.step.no_span", params, rule=rule, reason="emission.way.no_history")
    if ph:
        return figure(float(np.median(there)), "8", "emission.step.substitute_median", params, rule=rule)
    return figure(float(there.sum() / len(there)), "8", "emission.step.substitute_span", params, rule=rule)


def manual_value(samples: Sequence[tuple[timedelta, float]], rules: EmissionRules) -> Figure:
    """Mean of the hand samples of one day, where they are enough (at least 4, at most 6 h apart, by the pack).

    Args:
        samples: time of day and value of each sample.
    """
    params = {"count": len(samples), "least": rules.manual_per_day, "interval": rules.manual_interval}
    times = sorted(at for at, _ in samples)
    widest = max((later - earlier for earlier, later in pairwise(times)), default=timedelta())
    few = len(samples) < max(1, rules.manual_per_day)
    if not rules.manual_first or few or widest > timedelta(hours=rules.manual_interval):
        reason = "emission.reason.manual_not_enough"
        return figure(None, "8", "emission.step.manual", params, rule="HJ 356-2019", reason=reason)
    return figure(
        sum(value for _, value in samples) / len(samples), "8", "emission.step.manual", params, rule="HJ 356-2019"
    )


@dataclass(frozen=True, slots=True)
class Substituted:
    """Substitutes of hours; arrays of one length.

    Attributes:
        value: substitute, NaN = none; way: `Way`; run: length of the invalid run the hour lies in, operating hours;
            there: how many valid hours the substitute was made from.
    """

    value: Floats
    way: NDArray[np.uint8]
    run: Ints
    there: Ints

    @classmethod
    def none(cls, hours: int) -> Substituted:
        zeros = np.zeros(hours, dtype=np.int64)
        return cls(np.full(hours, np.nan), np.zeros(hours, dtype=np.uint8), zeros, zeros.copy())


def runs(bad: Bools, neutral: Bools) -> list[tuple[Ints, int]]:
    """Return the runs of bad hours: their positions, and at which rank among operating hours each run begins.

    Hours in which nothing was to be measured (`neutral`) neither count in a run nor break it.
    """
    operating = np.flatnonzero(~neutral)
    flags = bad[operating]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(operating[begin:end], int(begin)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def gas_hours(
    kg: Floats, good: Bools, neutral: Bools, capture: Floats, last_good: Ints | None, rules: EmissionRules
) -> Substituted:
    """Substitute the bad hours of one gas factor; the bulk form of `gas_value`.

    Args:
        kg: hourly emission where good (kg); good: valid hours; neutral: hours without operation or discharge.
        capture: capture rate of the quarter each hour lies in, NaN = none.
        last_good: for hours out of control, position of the hour of the last good calibration, else -1; None = none.
        rules: rules in force.
    """
    out = Substituted.none(len(kg))
    sources = np.flatnonzero(good)
    for hours, _ in runs(~good & ~neutral, neutral):
        out.run[hours] = len(hours)
        until = int(hours[0])
        if last_good is not None and last_good[hours].max() >= 0:
            until = min(until, int(last_good[hours][last_good[hours] >= 0].min()) + 1)
        upto = int(np.searchsorted(sources, until))
        for rate in np.unique(capture[hours]):
            these = hours[capture[hours] == rate]
            row = row_for(float(rate), len(hours), rules)
            window = kg[sources[max(0, upto - row.last_valid_hours) : upto]] if row is not None else kg[:0]
            out.way[these] = Way.LOW_CAPTURE if row is None else Way.MAX_OF_VALID if len(window) else Way.NO_HISTORY
            out.there[these] = len(window)
            if len(window):
                out.value[these] = window.max()
    return out


def water_hours(
    values: Floats,
    good: Bools,
    neutral: Bools,
    rules_at: Callable[[int], EmissionRules],
    *,
    ph: bool,
    manual: Floats | None = None,
) -> Substituted:
    """Substitute the bad hours of one water factor; the bulk form of `water_value`.

    Args:
        values: hourly values where good; good, neutral: as for `gas_hours`.
        rules_at: rules in force at the position of an hour (the first of a gap decides); ph: the factor is pH.
        manual: mean of the day's hand samples for each hour where they are enough, else NaN.
    """
    out = Substituted.none(len(values))
    operating = np.flatnonzero(~neutral)
    for hours, rank in runs(~good & ~neutral, neutral):
        out.run[hours] = len(hours)
        rules = rules_at(int(hours[0]))
        if ph and rules.water_ph == "never":
            out.way[hours] = Way.NEVER
            continue
        span = operating[max(0, rank - len(hours)) : rank]
        there = values[span[good[span]]]
        out.there[hours] = len(there)
        if len(there):
            out.value[hours] = np.median(there) if ph else there.sum() / len(there)
            out.way[hours] = Way.MEDIAN if ph else Way.PREVIOUS_SPAN
        else:
            out.way[hours] = Way.NO_HISTORY
        if manual is not None and rules.manual_first and not ph:
            by_hand = hours[~np.isnan(manual[hours])]
            out.value[by_hand], out.way[by_hand] = manual[by_hand], Way.MANUAL
    return out


def out_of_control(checks: Sequence[tuple[int, bool]], hours: int) -> tuple[Bools, Ints]:
    """Return which hours are out of control: from the last good check to the next good one around a failed check.

    Args:
        checks: hour position of each check (may lie outside) and whether it was passed, in order of time.
        hours: count of hours.

    Returns:
        Mask, and the position of the hour of the last good check for each such hour (-1 elsewhere; before the first
        check of the record nothing is known, so the window then begins at 0).
    """
    mask, last = np.zeros(hours, dtype=bool), np.full(hours, -1, dtype=np.int64)
    begin, failing = 0, False
    for at, passed in [*checks, (hours, True)]:
        if failing and passed:
            low, high = max(0, min(begin, hours)), max(0, min(at, hours))
            mask[low:high], last[low:high] = True, low - 1
        if passed:
            begin, failing = at, False
        else:
            failing = True
    return mask, last
