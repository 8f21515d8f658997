"""Values of a rule pack on one day, in the types that a room's rules take; what was asked for is kept."""

from __future__ import annotations

from datetime import date

from ecobureau.domain.rules import Entry, RulePack


class PackReader:
    """Values of a pack on one day; `seen` keeps the entries that were asked for, by key."""

    def __init__(self, pack: RulePack, on: date) -> None:
        self.pack, self.on = pack, on
        self.seen: dict[str, Entry] = {}

    def entry(self, key: str) -> Entry:
        """Return an entry.

        Raises:
            NoRule: it is not in force on the day.
        """
        found = self.seen[key] = self.pack.at(key, self.on)
        return found

    def number(self, key: str) -> float:
        """Return the value of an entry as a number."""
        return float(str(self.entry(key).value))

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers, or one number as a list."""
        return numbers_of(self.entry(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts.

        Raises:
            TypeError: the value is no list.
        """
        value = self.entry(key).value
        if not isinstance(value, list):
            raise TypeError(f"{self.pack.name}: {key} is no list")
        return tuple(str(one) for one in value)

    def table(self, key: str) -> dict[str, float]:
        """Return the numbers of a table by name; lists in it are left out.

        Raises:
            TypeError: the value is no table.
        """
        value = self.entry(key).value
        if not isinstance(value, dict):
            raise TypeError(f"{self.pack.name}: {key} is no table")
        return {str(name): float(one) for name, one in value.items() if not isinstance(one, list)}


def numbers_of(entry: Entry) -> tuple[float, ...]:
    """Return the numbers of an entry whose value is a list, or its one number."""
    value = entry.value
    return tuple(float(one) for one in value) if isinstance(value, list) else (float(str(value)),)
