"""`ecobureau standards water IN.csv OUT.csv`: every row's class by GB 3838-2002, what sets it, and how far over."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecobureau.clock import beijing, now
from ecobureau.commands.standards.check import Check
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
from ecobureau.domain.explain import Derivation, joined
from ecobureau.domain.water import (
    ClassTable,
    Exceedance,
    WaterClass,
    WaterRules,
    assess_array,
    exceedances,
    explain_class,
    explain_exceedance,
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
        self.where = where
        self.choose()
        again = ", ".join(column for item, column in twice if item in self.read)
        if again:
            raise CannotRun("standards.column_twice", WRONG_USAGE, file=table.name, columns=again)
        missing = [item for item in self.rules.auto_required if item not in where.items]
        if (self.auto and missing) or not self.items:
            raise CannotRun(
                "water.no_column" if self.auto else "water.no_item",
                WRONG_USAGE,
                file=table.name,
                missing=", ".join(missing),
                columns=", ".join(table.columns) or "—",
            )

    def choose(self) -> None:
        """Choose the items that may set the class: those of the assessment that have a column."""
        first = [*self.rules.auto_items, *self.rules.monthly_items] if self.auto else list(self.rules.monthly_items)
        there = self.where.items if self.where is not None else set[str]()
        self.items = tuple(item for item in dict.fromkeys(first) if item in there)

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


_FIELDS = {
    "water_class": ("class", "类别", "等级"),
    "exceedance": ("exceed", "multiple", "超标"),
    "deciding": ("decid", "定类"),
}


def _field_of(column: str) -> str | None:
    name = column.lower()
    return next((field for field, words_ in _FIELDS.items() if any(word in name for word in words_)), None)


def _prepare(kind: str) -> Callable[[argparse.Namespace, InTable], Callable[[Chunk, Complaints], list[dict[str, str]]]]:
    def prepare(_: argparse.Namespace, table: InTable) -> Callable[[Chunk, Complaints], list[dict[str, str]]]:
        work = Work(WaterRules.from_pack(load("water"), beijing(now()).date()), kind == "water", WaterClass.III)
        work.needs(table)

        def recompute(chunk: Chunk, complaints: Complaints) -> list[dict[str, str]]:
            names = (*ADDED[:-1], "note")
            return [dict(zip(names, cells, strict=True)) for cells in work.cells(chunk, complaints)]

        return recompute

    return prepare


def _same(field: str, published: str, computed: str) -> bool:
    if field != "water_class":
        return published == computed
    return _class_text(published) == _class_text(computed)


def _class_text(text: str) -> str:
    known = class_of(text)
    if known is not None:
        return known.roman
    bare = text.strip().removesuffix("类").upper()
    return WaterClass.WORSE.roman if bare in ("劣Ⅴ", "劣V", "劣五", "6") else bare


def _explain(kind: str) -> Callable[[Mapping[str, str], str, argparse.Namespace], Derivation | None]:
    def explain(cells: Mapping[str, str], field: str, _: argparse.Namespace) -> Derivation | None:
        rules = WaterRules.from_pack(load("water"), beijing(now()).date())
        work = Work(rules, kind == "water", WaterClass.III)
        columns = list(cells)
        work.where, _twice = item_columns(columns)
        work.choose()
        lower = [column.lower() for column in columns]
        extra = {name: lower.index(name) for name in _EXTRA if name in lower}
        row = read_row(list(cells.values()), 0, work.where, work.read, extra, columns, rules, Complaints())
        required = rules.auto_required if work.auto else ()
        found, how = explain_class(row.values, rules, body=row.body, items=work.items, required=required)
        if field == "exceedance" and found.water_class is not None:
            over = exceedances(row.values, rules, body=row.body, items=work.items, wanted=row.target or work.target)
            return joined(how, *(explain_exceedance(one, rules, row.body) for one in over))
        return how

    return explain


CHECKS = tuple(
    Check(kind, columns, tuple(_FIELDS), _field_of, _prepare(kind), _same, _explain(kind))
    for kind, columns in (("water", ("ph", "do", "codmn", "nh3n")), ("water-manual", ("cod", "bod5")))
)
"""What `ecobureau standards check` can recompute here: rows of automatic stations, and of samples."""
