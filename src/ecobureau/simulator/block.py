"""An hour of readings of one station: one whole number a minute and factor, with data marks."""

from __future__ import annotations

from collections.abc import Sequence

Readings = list[int | None]

CLEAN: tuple[str, ...] = ("N",) * 60
"""Marks of an hour in which nothing happened; shared, so that `is CLEAN` answers quickly."""


class Block:
    """Readings of one hour.

    Attributes:
        hour: hours since the epoch. values: factor -> 60 readings in the instrument's resolution (None: no reading).
        converted: the same for converted values (None where oxygen is too near to 21 %).
        marks: factor -> 60 marks. facility_off: minutes in which the treatment stands still.
    """

    __slots__ = ("_owned", "converted", "facility_off", "hour", "marks", "values")

    def __init__(self, hour: int, values: dict[str, Readings], marks: dict[str, Sequence[str]]) -> None:
        self.hour = hour
        self.values = values
        self.marks = marks
        self.converted: dict[str, Readings] = {}
        self.facility_off: list[int] = []
        self._owned: set[str] = set()

    def own(self, code: str) -> Readings:
        """Return the readings of `code`, for changing."""
        return self.values[code]

    def set_mark(self, code: str, first: int, last: int, mark: str) -> None:
        """Set the mark of minutes first..last-1 of one factor."""
        marks = list(self.marks[code])
        marks[first:last] = mark * (last - first)
        self.marks[code] = CLEAN if mark == "N" and set(marks) == {"N"} else marks
