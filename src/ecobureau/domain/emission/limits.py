"""Limits by industry from the rule pack, and judging means against them: full value, an equal value passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ecobureau.domain.emission.bulk import Bools, Floats
from ecobureau.domain.emission.figure import Figure, figure
from ecobureau.domain.emission.rules import PREFIX
from ecobureau.domain.rules import Entry, NoRule, RulePack


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit.

    Attributes:
        factor: code; period: `hour`, `day`, `sample`; kind: `max` or `min`; when: special case (`cold`,
            `before_2006`, `southwest` …), empty = plain.
        value: in `unit`; entry: the pack's entry, with source, clause, flag and dates.
    """

    factor: str
    period: str
    kind: str
    when: str
    value: float
    unit: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Profile:
    """Limits of one industry in force on one day.

    Attributes:
        name: key of the pack; title: Chinese name; medium: `gas` or `water`; judged: period that decides (`hour` or
            `day`); o2_ref: reference oxygen, %, None = not converted; rows; entry.
    """

    name: str
    title: str
    medium: str
    judged: str
    o2_ref: float | None
    rows: tuple[LimitRow, ...]
    entry: Entry

    def row(self, factor: str, period: str, *, kind: str = "max", when: str = "") -> LimitRow | None:
        """Return the limit of a factor and period; with `when` the special case, or else the plain one."""
        found = [one for one in self.rows if (one.factor, one.period, one.kind) == (factor, period, kind)]
        for wanted in (when, ""):
            for one in found:
                if one.when == wanted:
                    return one
        return None


def profile_names(pack: RulePack) -> tuple[str, ...]:
    """Return the names of all profiles."""
    return tuple(key.removeprefix(f"{PREFIX}profile.") for key in pack.keys(f"{PREFIX}profile."))


def profile(pack: RulePack, name: str, on: date) -> Profile:
    """Return the limits of an industry in force on the day `on`.

    Raises:
        NoRule: no such profile on that day.
    """
    head = pack.at(f"{PREFIX}profile.{name}", on)
    assert isinstance(head.value, dict)
    rows = []
    for key in pack.keys(f"{PREFIX}limit.{name}."):
        try:
            rows.append(_row(key, pack.at(key, on)))
        except NoRule:
            continue
    o2 = head.value.get("o2_ref")
    return Profile(
        name,
        str(head.value["name"]),
        str(head.value["medium"]),
        str(head.value["judged"]),
        None if o2 is None else float(o2),
        tuple(rows),
        head,
    )


def _row(key: str, entry: Entry) -> LimitRow:
    factor, period, *more = key.removeprefix(f"{PREFIX}limit.").split(".")[1:]
    kind = "min" if "min" in more else "max"
    when = next((one for one in more if one != "min"), "")
    return LimitRow(factor, period, kind, when, float(str(entry.value)), entry.unit, entry)


def strictest(rows: Iterable[LimitRow]) -> LimitRow | None:
    """Return the strictest of several upper limits: mixed stacks (GB 13271-2014 4.6). None without any."""
    return min((one for one in rows if one.kind == "max"), key=lambda one: one.value, default=None)


def exceedance(value: float | None, row: LimitRow) -> Figure:
    """Judge one mean: full-value comparison, an equal value passes.

    Returns:
        The exceedance multiple (value / limit - 1; for a lower limit how far it is below, in the unit), 0 when it
        passes; no value where there is no mean to judge.
    """
    params = {"value": value, "limit": row.value, "unit": row.unit, "factor": row.factor, "period": row.period}
    rule, clause = row.entry.source, row.entry.clause
    if value is None:
        return figure(None, clause, "emission.step.limit", params, rule=rule, reason="emission.reason.missing")
    if row.kind == "min":
        return figure(max(0.0, row.value - value), clause, "emission.step.limit_min", params, rule=rule)
    over = value / row.value - 1 if value > row.value else 0.0
    return figure(over, clause, "emission.step.limit", params, rule=rule)


def exceeds(values: Floats, row: LimitRow) -> Bools:
    """Return which means break the limit; NaN never does."""
    with np.errstate(invalid="ignore"):
        return values < row.value if row.kind == "min" else values > row.value


@dataclass(frozen=True, slots=True)
class FurnaceDay:
    """Furnace temperature of one natural day.

    Attributes:
        means: count of 5-min means there were; low: how many lay below the least temperature;
        allowed: how many may; violation: more than that.
    """

    means: int
    low: int
    allowed: int

    @property
    def violation(self) -> bool:
        return self.low > self.allowed


def furnace_day(
    minutes: Sequence[int], temperatures: Sequence[float], rule: Entry, exempt: Sequence[bool] | None = None
) -> FurnaceDay:
    """Judge the furnace of one day by its 5-min means.

    Args:
        minutes: minute of the day of each reading (0..1439); temperatures: degC, NaN = none.
        rule: entry `emission.furnace.…`: least temperature, width of the means, allowed count.
        exempt: readings marked as heating-up, cooling and the like: left out.
    """
    assert isinstance(rule.value, dict)
    width, least = int(rule.value["mean_minutes"]), float(rule.value["min"])
    at = np.asarray(minutes, dtype=np.int64) // width
    value = np.asarray(temperatures, dtype=np.float64)
    keep = ~np.isnan(value)
    if exempt is not None:
        keep &= ~np.asarray(exempt, dtype=bool)
    size = 24 * 60 // width
    count = np.bincount(at[keep], minlength=size)
    total = np.bincount(at[keep], weights=value[keep], minlength=size)
    there = count > 0
    means = total[there] / count[there]
    return FurnaceDay(int(there.sum()), int((means < least).sum()), int(rule.value["more_than"]))


def sewage_row(
    own: Profile, factor: str, *, water_temperature: float | None, cold: float, early: bool
) -> LimitRow | None:
    """Return the day limit of a town sewage works with the table's special cases.

    Args:
        own: profile `sewage_…`; factor: code; water_temperature: degC; cold: the pack's `sewage.cold_water`.
        early: whether it was built before the end of 2005 (total phosphorus).
    """
    if factor == "w21003" and water_temperature is not None and water_temperature <= cold:
        return own.row(factor, "day", when="cold")
    if factor == "w21011" and early:
        return own.row(factor, "day", when="before_2006")
    return own.row(factor, "day")
