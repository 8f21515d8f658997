"""Sand-dust days and special events: documented switches, off unless somebody switches them on with a reason.

The values stay where they are; an excluded day is only left out of what is computed from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ecobureau.domain.air.assess import AirStatistics
from ecobureau.domain.rounding import Number


@dataclass(frozen=True, slots=True)
class DayMark:
    """A day under dust or a special event.

    Attributes:
        day: natural day, Asia/Shanghai; `kind`: `dust` or `special`.
        reason: paper or event that the exclusion rests on; must not be empty.
    """

    day: date
    kind: str
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("an exclusion needs a reason")


def excluded_days(marks: Iterable[DayMark], switches: Collection[str], rules: AirStatistics) -> frozenset[date]:
    """Return the days that good-day statistics leave out.

    Args:
        marks: the marked days.
        switches: kinds that are switched on: `dust`, `special`.
        rules: which kinds leave good-day statistics; a kind that the edition does not know leaves nothing out.
    """
    return frozenset(
        mark.day
        for mark in marks
        if mark.kind in switches and mark.kind in rules.exclusions and rules.exclusions[mark.kind].good_days
    )


def without(
    item: str,
    days: Mapping[date, Number | None],
    marks: Iterable[DayMark],
    switches: Collection[str],
    rules: AirStatistics,
) -> dict[date, Number | None]:
    """Return an item's daily values without the days that are left out for it.

    Args:
        item: one of the six items.
        days: daily values by day.
        marks, switches, rules: as for `excluded_days`.
    """
    out = {
        mark.day
        for mark in marks
        if mark.kind in switches and mark.kind in rules.exclusions and item in rules.exclusions[mark.kind].items
    }
    return {day: value for day, value in days.items() if day not in out}
