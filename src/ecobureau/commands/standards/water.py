"""`ecobureau standards water IN.csv OUT.csv`: every row's class by GB 3838-2002, what sets it, and how far over."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecobureau.clock import beijing, now
from ecobureau.commands.standards.table import (
    WRONG_USAGE,
    CannotRun,
    Chunk,
    Complaints,
    InTable,
    add_columns,
    add_in_out,
    guarded,
)
from ecobureau.commands.standards.water_cells import ItemColumns, Row, class_of, item_columns, read_row
from ecobureau.domain.water import (
    ClassTable,
    Exceedance,
    WaterClass,
    WaterRules,
    assess_array,
    exceedances,
    item_class,
)
from ecobureau.rulepacks import load
from ecobureau.words import say

ADDED = ("water_class", "deciding", "exceedance", "water_note")
_EXTRA = ("body_type", "target_class")


def add_parser(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `water`."""
    parser = parts.add_parser("water", help=say("water.help"), description=say("water.help"))
    add_in_out(parser)
    parser.add_argument("--kind", choices=("auto", "manual"), default="auto", help=say("water.kind.help"))
    parser.add_argument("--target", dest="wanted", default="III", metavar="CLASS", help=say("water.target.help"))


def run(arguments: argparse.Namespace) -> int:
    """Add `water_class, deciding, exceedance, water_note`; exit codes as for all parts."""
    return guarded(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    target = class_of(arguments.wanted)
    if target is None:
        raise CannotRun("water.bad_target", WRONG_USAGE, text=arguments.wanted)
    rules = WaterRules.from_pack(load("water"), beijing(now()).date())
    work = Work(rules, arguments.kind == "auto", target)
    return add_columns(
        arguments.source, arguments.target, ADDED, work.cells, needs=work.needs, encoding=arguments.encoding
    )


@dataclass(slots=True)
class Work:
    """One run over a table: `needs` looks at its columns, `cells` gives the added cells of a chunk.

    Attributes:
        auto: rows of automatic stations, by their rule of publication; else all items that are there.
        target: class whose limits multiples refer to, where a row has no `target_class` of its own.
    """

    rules: WaterRules
    auto: bool
    target: WaterClass
    where: ItemColumns | None = None
    items: tuple[str, ...] = ()

    def needs(self, table: InTable) -> None:
        """Find the columns of the items.

        Raises:
            CannotRun: a needed one is missing, or one item stands twice.
        """
        table.need()
        where, twice = item_columns(table.columns)
        if twice:
            raise CannotRun("standards.column_twice", WRONG_USAGE, file=table.name, columns=", ".join(twice))
        first = [*self.rules.auto_items, *self.rules.monthly_items] if self.auto else list(self.rules.monthly_items)
        self.items = tuple(item for item in dict.fromkeys(first) if item in where.items)
        missing = [item for item in self.rules.auto_required if item not in where.items]
        if (self.auto and missing) or not self.items:
            raise CannotRun(
                "water.no_column" if self.auto else "water.no_item",
                WRONG_USAGE,
                file=table.name,
                missing=", ".join(missing),
                columns=", ".join(table.columns) or "—",
            )
        self.where = where

    def cells(self, chunk: Chunk, complaints: Complaints) -> list[Sequence[str]]:
        """Return the added cells of every row."""
        if self.where is None:
            raise RuntimeError("needs() comes first")
        lower = [column.lower() for column in chunk.columns]
        extra = {name: lower.index(name) for name in _EXTRA if name in lower}
        rows = [
            None
            if at in chunk.ragged
            else read_row(cells, number, self.where, self.read, extra, chunk.columns, self.rules, complaints)
            for at, (number, cells) in enumerate(zip(chunk.numbers, chunk.rows, strict=True))
        ]
        table = self._classes([row or Row({}) for row in rows])
        return [
            self._added(row, table, at) if row is not None else ("", "", "", say("water.note.ragged"))
            for at, row in enumerate(rows)
        ]

    @property
    def read(self) -> tuple[str, ...]:
        """Items whose cells are read: those that count, and total nitrogen of lakes in manual tables."""
        where = self.where
        apart = (
            ()
            if self.auto or where is None
            else tuple(item for item in ("tn", "fecal_coliform") if item in where.items)
        )
        return (*self.items, *apart)

    def _classes(self, rows: Sequence[Row]) -> ClassTable:
        values = {
            item: np.array([row.values.get(item, np.nan) for row in rows], dtype=np.float64) for item in self.items
        }
        lake = np.array([row.body == "lake" for row in rows], dtype=bool)
        required = self.rules.auto_required if self.auto else ()
        return assess_array(values, self.rules, lake=lake, items=self.items, required=required)

    def _added(self, row: Row, table: ClassTable, at: int) -> Sequence[str]:
        unreadable = row.told.get("unreadable", [])
        missing = [item for item in self.rules.auto_items if self.auto and np.isnan(row.values.get(item, np.nan))]
        found = 0 if unreadable else int(table.classes[at])
        notes = self._notes(row, missing, found)
        if not found:
            return "", "", "", notes
        over: tuple[Exceedance, ...] = ()
        target = row.target or self.target
        if found > target:
            over = exceedances(row.values, self.rules, body=row.body, items=self.items, wanted=target)
        shown = ",".join(one.item if one.multiple is None else f"{one.item}:{one.multiple}" for one in over)
        return WaterClass(found).roman, ",".join(table.deciding(at)), shown, notes

    def _notes(self, row: Row, missing: Sequence[str], found: int) -> str:
        notes = []
        for what in ("unreadable", "negative", "half", "displayed"):
            if what in row.told:
                notes.append(say(f"water.note.{what}", items=words(row.told[what])))
        lacking = [item for item in missing if item not in row.told.get("unreadable", ())]
        if not found and "unreadable" not in row.told:
            wanted = [item for item in lacking if item in self.rules.auto_required]
            notes.append(say("water.note.none", items=words(wanted)) if wanted else say("water.note.no_item"))
        elif found and lacking:
            notes.append(say("water.note.without", items=words(lacking)))
        if row.assumed and found:
            notes.append(say("water.note.assumed"))
        notes += self._apart(row)
        return say("water.note.join").join(notes)

    def _apart(self, row: Row) -> list[str]:
        found = []
        for item in self.read[len(self.items) :]:
            value = row.values.get(item, np.nan)
            if np.isfinite(value) and (item != "tn" or row.body == "lake"):
                own = item_class(item, value, self.rules, row.body)
                found.append(say("water.note.apart", items=words([item]), roman=own.roman))
        return found


def words(items: Sequence[str]) -> str:
    """Return the items' names, joined, in the language of the context."""
    return say("water.note.and").join(say(f"water.item.{item}") for item in items)
