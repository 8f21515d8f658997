"""Days and months of automatic water stations: which count, and their means.

A day's hours fall into slots of four hours, the cycle in which national stations measure; a station that reports every
hour has up to four values in each. The mean is that of all valid hours (环办〔2011〕22号 and the 2020 rules of
statistics, as far as known); a year is the mean of its months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rounding import fraction_of, plain
from ecobureau.domain.rules import Entry, RulePack
from ecobureau.domain.water.classes import is_value

Floats = NDArray[np.float64]
SCALE = 10**6
"""Sums are kept in millionths of the unit, so that they are whole numbers."""


@dataclass(frozen=True, slots=True)
class AutoRules:
    """When a day and a month of an automatic station count.

    Attributes:
        slot_hours: hours of one slot; day_min_slots: slots of a day that must have a valid value.
        month_min_share: share of a month's days that must be valid.
        index_decimals: digits of a published index (CWQI).
        entries: the entries themselves by key, for derivations.
    """

    slot_hours: int
    day_min_slots: int
    month_min_share: Fraction
    index_decimals: int
    entries: Mapping[str, Entry]

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> AutoRules:
        """Read the rules in force on the day `on` (Asia/Shanghai).

        Raises:
            NoRule: an entry is missing on that day.
        """
        at = PackReader(pack, on)
        at.entry("auto.means")
        at.entry("manual.use")
        return cls(
            int(at.number("auto.slot_hours")),
            int(at.number("auto.day_min_slots")),
            fraction_of(at.number("auto.month_min_share")),
            int(at.number("cwqi.decimals")),
            at.seen,
        )


@dataclass(frozen=True, slots=True)
class AutoDay:
    """A day's mean of one item.

    Attributes:
        value: mean of the valid hours, unrounded; None without any.
        valid: enough slots have a value. count: valid hours; slots: slots with a value.
        total: sum of the valid hours in millionths of the unit, each hour rounded to a millionth.
    """

    value: float | None
    valid: bool
    count: int
    slots: int
    total: int


def day_value(hours: Sequence[float | None], rules: AutoRules) -> AutoDay:
    """Return a day's mean of one item.

    Args:
        hours: 24 hourly values in one unit, ending 01:00 … 24:00 Asia/Shanghai; None, not finite and below zero do not
            count.

    Raises:
        ValueError: not 24 hours.
    """
    if len(hours) != 24:
        raise ValueError(f"a day has 24 hours, not {len(hours)}")
    found = {
        at: round(fraction_of(hour) * SCALE) for at, hour in enumerate(hours) if hour is not None and is_value(hour)
    }
    slots = len({at // rules.slot_hours for at in found})
    total = sum(found.values())
    value = float(Fraction(total, len(found) * SCALE)) if found else None
    return AutoDay(value, slots >= rules.day_min_slots, len(found), slots, total)


@dataclass(frozen=True, slots=True)
class AutoDays:
    """What `AutoDay` holds, of many days: shapes (n,), NaN where there is no value."""

    value: Floats
    valid: NDArray[np.bool_]
    count: NDArray[np.int64]
    slots: NDArray[np.int64]
    total: NDArray[np.int64]


def day_values(hours: Floats, rules: AutoRules) -> AutoDays:
    """Return the means of many days, each the number of `day_value`.

    Args:
        hours: shape (n, 24), NaN = none.
    """
    usable = np.isfinite(hours) & (hours >= 0.0)
    steps = np.rint(np.where(usable, hours, 0.0) * SCALE).astype(np.int64)
    total, count = steps.sum(axis=1), usable.sum(axis=1)
    slots = usable.reshape(len(hours), -1, rules.slot_hours).any(axis=2).sum(axis=1)
    value = np.array(
        [
            float(Fraction(one, some * SCALE)) if some else np.nan
            for one, some in zip(total.tolist(), count.tolist(), strict=True)
        ],
        np.float64,
    )
    return AutoDays(value, slots >= rules.day_min_slots, count, slots, total)


def day_value_derivation(item: str, hours: Sequence[float | None], unit: str, rules: AutoRules) -> Derivation:
    """Return how a day's mean came about; inputs are its 24 hours."""
    found = day_value(hours, rules)
    inputs = tuple(
        Input(
            f"water.item.{item}",
            "" if hour is None or hour != hour else plain(hour),
            unit,
            hour is not None and is_value(hour),
            "" if hour is not None and is_value(hour) else "water.input.missing",
            f"{at:02d}-{at + 1:02d}",
        )
        for at, hour in enumerate(hours)
    )
    slot, mean = rules.entries["auto.day_min_slots"], rules.entries["auto.means"]
    shown = None if found.value is None else plain(found.value)
    steps = (
        Step(
            slot.source,
            slot.clause,
            "water.step.day_valid" if found.valid else "water.step.day_invalid",
            {"slots": found.slots, "needed": rules.day_min_slots, "hours": rules.slot_hours},
            found.valid,
        ),
        Step(mean.source, mean.clause, "water.step.mean", {"count": found.count, "mean": shown or "-"}, shown),
    )
    return Derivation(steps, inputs)


@dataclass(frozen=True, slots=True)
class AutoMonth:
    """A month's mean of one item: `value` unrounded, `valid` where enough days are; its valid `days` and `hours`."""

    value: float | None
    valid: bool
    days: int
    hours: int


def month_value(days: Sequence[AutoDay], length: int, rules: AutoRules) -> AutoMonth:
    """Return a month's mean of one item: of all valid hours of its days.

    Args:
        days: those of its days that have data; length: how many days the month has so far (all of a past month).
    """
    hours, total = sum(one.count for one in days), sum(one.total for one in days)
    valid = sum(one.valid for one in days)
    value = float(Fraction(total, hours * SCALE)) if hours else None
    return AutoMonth(value, hours > 0 and valid >= rules.month_min_share * length, valid, hours)


def month_value_derivation(
    item: str, days: Mapping[date, AutoDay], length: int, unit: str, rules: AutoRules
) -> Derivation:
    """Return how a month's mean came about; inputs are its days."""
    found = month_value(list(days.values()), length, rules)
    inputs = tuple(
        Input(
            f"water.item.{item}",
            "" if one.value is None else plain(one.value, 6),
            unit,
            one.valid,
            "" if one.valid else "water.input.few_hours",
            day.isoformat(),
        )
        for day, one in sorted(days.items())
    )
    entry, mean = rules.entries["auto.month_min_share"], rules.entries["auto.means"]
    shown = None if found.value is None else plain(found.value)
    needed = -(-rules.month_min_share * length // 1)
    steps = (
        Step(
            entry.source,
            entry.clause,
            "water.step.month_valid" if found.valid else "water.step.month_invalid",
            {"item": Code(f"water.item.{item}"), "days": found.days, "needed": int(needed), "length": length},
            found.valid,
        ),
        Step(mean.source, mean.clause, "water.step.hours_mean", {"count": found.hours, "mean": shown or "-"}, shown),
    )
    return Derivation(steps, inputs)
