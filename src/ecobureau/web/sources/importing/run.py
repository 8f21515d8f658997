"""Run an import: every row in a savepoint, all errors gathered, and nothing kept unless all rows are good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places.changes import HIDDEN
from ecobureau.web.places.problems import Invalid, Problem
from ecobureau.web.sources.importing.cells import Bad, Column, blank, plain_heading
from ecobureau.web.sources.importing.kinds import ImportKind
from ecobureau.web.sources.importing.tables import BadFile, Table
from ecobureau.words import say

MOST_PROBLEMS = 200
PREVIEW_ROWS = 20
_PLACE = {"lon", "lat"}
"""Columns of which one says nothing without the other."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one cell, or with a whole row (`column` empty)."""

    row: int
    column: str
    code: str
    params: Mapping[str, Any]

    def text(self, lang: str | None = None) -> str:
        """Return the sentence: what is wrong and how to mend it."""
        return say(self.code, lang, **self.params)


@dataclass(slots=True)
class Report:
    """What an import did, or would do.

    Attributes:
        rows: number of rows read; made, changed, same: what became of them.
        problems: the first `MOST_PROBLEMS` of `problem_count`.
        applied: whether it is kept; preview: the first rows as read, secrets hidden.
    """

    kind: str
    rows: int = 0
    made: int = 0
    changed: int = 0
    same: int = 0
    applied: bool = False
    problem_count: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    header: tuple[str, ...] = ()
    preview: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.problem_count == 0

    def add(self, row: int, column: str, code: str, params: Mapping[str, Any]) -> None:
        """Note a problem."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(RowProblem(row, column, code, params))


class _Undo(Exception):
    """Rolls the whole import back."""


def run_import(kind: ImportKind, table: Table, actor: Viewer, *, dry_run: bool) -> Report:
    """Import a table, or only try it.

    All rows are written through the services in one transaction; any problem, or `dry_run`, undoes all of them.

    Raises:
        BadFile: the header lacks a column or has an unknown or doubled one.
    """
    columns = _columns(kind, table)
    report = Report(kind.name, rows=len(table.rows), header=table.header)
    report.preview = [(number, _shown(columns, cells)) for number, cells in table.rows[:PREVIEW_ROWS]]
    try:
        with transaction.atomic():
            _write_rows(kind, table, columns, actor, report)
            if dry_run or not report.good:
                raise _Undo
    except _Undo:
        return report
    report.applied = True
    return report


def _columns(kind: ImportKind, table: Table) -> tuple[Column, ...]:
    known = {heading: column for column in kind.columns for heading in column.headings()}
    found: list[Column] = []
    for name in table.header:
        column = known.get(plain_heading(name))
        if column is None:
            raise BadFile("import.column.unknown", value=name, columns=_names(kind.columns))
        if column in found:
            raise BadFile("import.column.twice", value=name)
        found.append(column)
    lacking = [column for column in kind.required if column not in found]
    if lacking:
        raise BadFile("import.column.lacking", columns=_names(tuple(lacking)))
    return tuple(found)


def _names(columns: tuple[Column, ...]) -> str:
    return "、".join(f"{column.zh}（{column.name}）" for column in columns)


def _write_rows(kind: ImportKind, table: Table, columns: tuple[Column, ...], actor: Viewer, report: Report) -> None:
    headings = {column.name: heading for column, heading in zip(columns, table.header, strict=True)}
    vital = {*kind.key, *(column.name for column in kind.required)}
    seen: dict[tuple[Any, ...], int] = {}
    good: list[tuple[int, dict[str, Any]]] = []
    for number, cells in table.rows:
        values, unread = _values(number, columns, cells, headings, report)
        if unread & vital or (unread and kind.write is None):
            continue
        key = tuple(str(values.get(name, "")) for name in kind.key)
        if any(key) and key in seen:
            report.add(number, headings.get(kind.key[-1], ""), "import.duplicate", {"other": seen[key]})
            continue
        seen[key] = number
        if kind.write_all is None:
            _write_row(kind, number, values, headings, actor, report, unread)
        else:
            good.append((number, values))
    if kind.write_all is not None:
        try:
            with transaction.atomic():
                kind.write_all(actor, good, headings, report)
        except DatabaseError as error:
            report.add(0, "", "import.database", {"why": str(error).splitlines()[0][:200]})


def _values(
    number: int, columns: tuple[Column, ...], cells: tuple[Any, ...], headings: Mapping[str, str], report: Report
) -> tuple[dict[str, Any], set[str]]:
    """Return what a row says, and the names of the columns that could not be read; each is a problem of the report."""
    values: dict[str, Any] = {}
    unread: set[str] = set()
    for column, cell in zip(columns, cells, strict=True):
        if blank(cell):
            if column.required:
                report.add(number, headings[column.name], "registry.missing", {})
                unread.add(column.name)
            continue
        try:
            values[column.name] = column.parse(cell)
        except Bad as bad:
            params = {**bad.params, "value": HIDDEN} if column.secret and "value" in bad.params else bad.params
            report.add(number, headings[column.name], bad.code, params)
            unread.add(column.name)
    if unread & _PLACE:
        values = {name: value for name, value in values.items() if name not in _PLACE}
    return values, unread


def _write_row(
    kind: ImportKind,
    number: int,
    values: dict[str, Any],
    headings: Mapping[str, str],
    actor: Viewer,
    report: Report,
    unread: set[str],
) -> None:
    """Write a row; one that holds `unread` cells too, without them, so that all that is wrong with it is told at once
    and rows that build on it are not blamed. The report is bad then, and nothing is kept."""
    assert kind.write is not None
    try:
        with transaction.atomic():
            change = kind.write(actor, values)
    except Invalid as error:
        for problem in error.problems:
            if problem.field not in unread:
                _note(number, problem, headings, report)
    except Refused as refused:
        report.add(number, "", refused.code, refused.params)
    except DatabaseError as error:
        report.add(number, "", "import.database", {"why": str(error).splitlines()[0][:200]})
    else:
        if not unread:
            setattr(report, change, getattr(report, change) + 1)


def _note(number: int, problem: Problem, headings: Mapping[str, str], report: Report) -> None:
    report.add(number, headings.get(problem.field, problem.field), problem.code, problem.params)


def _shown(columns: tuple[Column, ...], cells: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(
        HIDDEN if column.secret and not blank(cell) else "" if blank(cell) else str(cell)[:60]
        for column, cell in zip(columns, cells, strict=True)
    )
