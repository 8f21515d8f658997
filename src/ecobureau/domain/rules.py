"""Rules as data with a date: entries of rule packs, picked by the date of the fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Certainty(StrEnum):
    """How sure we are of a rule's text."""

    CERTAIN = "certain"
    LIKELY = "likely"
    TO_BE_CHECKED = "to be checked"
    PROPOSAL = "proposal"


class NoRule(KeyError):
    """No entry of that key is in force on that date."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule.

    Attributes:
        key: dotted name, for example `task.sla.red.accept`.
        value: number, text, list or table, in `unit`.
        unit: unit of the value, empty where it has none.
        source: standard or law; `clause`: its clause or article.
        flag: certainty of the text.
        valid_from: first day in force (Asia/Shanghai); `valid_to`: last day in force, None = open.
        national: the entry that a city's own value stands in front of.
    """

    key: str
    value: object
    unit: str
    source: str
    clause: str
    flag: Certainty
    valid_from: date
    valid_to: date | None = None
    national: Entry | None = None

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class RulePack:
    """A named set of dated entries, with a city's overlay in front.

    Args:
        name: name of the pack.
        version: text that is stored beside whatever a rule decided.
        entries: national entries.
        overlay: the city's own entries; one of the same key wins on its dates.
    """

    def __init__(self, name: str, version: str, entries: Iterable[Entry], overlay: Iterable[Entry] = ()) -> None:
        self.name = name
        self.version = version
        self._national = _by_key(entries)
        self._city = _by_key(overlay)

    def at(self, key: str, on: date) -> Entry:
        """Return the entry of `key` in force on the day `on` (Asia/Shanghai).

        Raises:
            NoRule: there is none.
        """
        national = _newest(self._national.get(key, ()), on)
        city = _newest(self._city.get(key, ()), on)
        if city is not None:
            return Entry(
                key,
                city.value,
                city.unit,
                city.source,
                city.clause,
                city.flag,
                city.valid_from,
                city.valid_to,
                national,
            )
        if national is None:
            raise NoRule(f"{self.name}: {key} on {on.isoformat()}")
        return national

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield every key that begins with `prefix`, sorted."""
        yield from sorted(key for key in self._national.keys() | self._city.keys() if key.startswith(prefix))


def _by_key(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    table: dict[str, list[Entry]] = {}
    for entry in entries:
        table.setdefault(entry.key, []).append(entry)
    return table


def _newest(entries: Iterable[Entry], on: date) -> Entry | None:
    valid = [entry for entry in entries if entry.in_force(on)]
    return max(valid, key=lambda entry: entry.valid_from, default=None)
