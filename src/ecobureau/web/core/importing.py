"""Records from a table (CSV, XLSX): every row through the kind's own form and create service, all of them or none.

What a file may fill is declared by `Kind.imports`: names of fields of the kind's `create` form. A column is headed by
the field's label or its name; of a choice the code or the label is taken. A file sent twice by one person makes its
records once: each row has a client UUID made of the file's hash, the row and the person.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django import forms
from django.db import transaction
from openpyxl import Workbook
from openpyxl.styles import Font

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, audit, parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import create_form
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.core.registry import Kind
from ecobureau.web.core.tables import BadFile, Table, read_table
from ecobureau.words import say

MOST_ROWS = 500
MOST_BYTES = 1024 * 1024
MOST_PROBLEMS = 100
PREVIEW_ROWS = 10
_SPACE = UUID("6d1ff8a4-2f0c-4e6e-9a43-5a2f1f6f5b11")
_RISKY = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: row of the file (0 = the whole file), column's heading ('' = the whole row), sentence."""

    row: int
    column: str
    text: str


@dataclass(slots=True)
class Report:
    """What an import did, or would do.

    Attributes:
        rows: rows read; made: records made; same: made by an earlier import of the same file.
        problems: the first MOST_PROBLEMS of `problem_count`. applied: whether it is kept. numbers: of the records made.
        header, preview: the first rows as read.
    """

    rows: int = 0
    made: int = 0
    same: int = 0
    applied: bool = False
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    header: tuple[str, ...] = ()
    preview: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every row is fine."""
        return not self.problem_count

    def add(self, row: int, column: str, text: str) -> None:
        """Note a problem."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(row, column, text))


@dataclass(frozen=True, slots=True)
class Column:
    """A column a file may have: the form's field, its heading, and the choices it takes (code → label)."""

    name: str
    heading: str
    required: bool
    choices: tuple[tuple[str, str], ...]


def may_import(viewer: Viewer, kind: Kind) -> bool:
    """Say whether the kind takes files and the viewer may make records of it somewhere."""
    return bool(kind.imports) and kind.create is not None and access.may_somewhere(viewer, "create", kind)


def check(viewer: Viewer, kind: Kind) -> None:
    """Refuse who may not import records of this kind.

    Raises:
        Refused: the kind takes no files, or no right to make its records.
    """
    if not kind.imports or kind.create is None:
        refuse(Refusal("core.no_import"), actor=viewer.user_id, what=f"import {kind.code}")
    if not may_import(viewer, kind):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"import {kind.code}")


def columns(viewer: Viewer, kind: Kind) -> list[Column]:
    """Return the columns a file of this kind may have, for this viewer, in the language in force."""
    made = []
    fields = create_form(kind, viewer=viewer).fields
    for name in kind.imports:
        part = fields[name]
        offered: Any = part.choices if isinstance(part, forms.ChoiceField) else ()
        choices = tuple((str(code), str(label)) for code, label in offered if code != "")
        made.append(Column(name, str(part.label or name), part.required, choices))
    return made


def read(data: bytes, name: str) -> Table:
    """Read a file within the bounds of an import of records.

    Raises:
        BadFile: too large, too many rows, or no table.
    """
    if len(data) > MOST_BYTES:
        raise BadFile("import.too_large", size=len(data) // 1024 // 1024 + 1, most=MOST_BYTES // 1024 // 1024)
    table = read_table(data, name)
    if len(table.rows) > MOST_ROWS:
        raise BadFile("import.too_many_rows", most=MOST_ROWS)
    return table


def run(viewer: Viewer, kind: Kind, data: bytes, name: str, *, apply: bool) -> Report:
    """Import a file, or only try: nothing is kept unless `apply` is set and every row is good.

    Raises:
        Refused: no right to import this kind. BadFile: the file is no table within the bounds.
    """
    check(viewer, kind)
    table = read(data, name)
    report = Report(rows=len(table.rows), header=table.header)
    report.preview = [(row, tuple(_text(cell) for cell in cells)) for row, cells in table.rows[:PREVIEW_ROWS]]
    known = columns(viewer, kind)
    found = _match(table, known, report)
    if not report.good:
        return report
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        began = now()
        for row, cells in table.rows:
            _take(viewer, kind, row, _fields(found, cells), digest, began, report)
        report.applied = apply and report.good
        if not report.applied:
            transaction.set_rollback(True)
            report.numbers = []
        else:
            audit.write(viewer, "import", kind=kind.code, file=name[:200], sha256=digest, rows=report.made)
    return report


def _match(table: Table, known: Iterable[Column], report: Report) -> list[Column | None]:
    """Return the column of each heading; what is unknown, double or lacking goes into the report."""
    by_heading: dict[str, Column] = {}
    for column in known:
        by_heading |= {_plain(column.heading): column, column.name: column}
    found: list[Column | None] = []
    for heading in table.header:
        named = by_heading.get(_plain(heading))
        if named is None:
            names = parts.listed(dict.fromkeys(each.heading for each in by_heading.values()))
            report.add(table.header_row, heading, say("import.column.unknown", None, value=heading, columns=names))
        elif named in found:
            report.add(table.header_row, heading, say("import.column.twice", None, value=heading))
        found.append(named)
    lacking = [each.heading for each in known if each.required and each not in found]
    if lacking:
        report.add(table.header_row, "", say("import.column.lacking", None, columns=parts.listed(lacking)))
    return found


def _plain(heading: str) -> str:
    return heading.strip().removesuffix("*").strip()


def _text(cell: Any) -> str:
    """Return a cell as people typed it; the apostrophe that our own exports put before a risky text goes."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_RISKY) else text


def _fields(found: Iterable[Column | None], cells: Iterable[Any]) -> dict[str, str]:
    """Return the row as a form takes it: labels of choices turned into their codes."""
    made: dict[str, str] = {}
    for column, cell in zip(found, cells, strict=False):
        if column is not None:
            text = _text(cell)
            codes = [code for code, label in column.choices if text in (code, label.strip())]
            made[column.name] = codes[0] if len(codes) == 1 else text
    return made


def _take(
    viewer: Viewer, kind: Kind, row: int, given: Mapping[str, str], digest: str, began: datetime, report: Report
) -> None:
    uuid = uuid5(_SPACE, f"{kind.code}:{viewer.user_id}:{digest}:{row}")
    form = create_form(kind, {**given, "client_uuid": str(uuid)}, viewer=viewer)
    if not form.is_valid():
        for name, errors in form.errors.items():
            heading = str(form.fields[name].label or name) if name in form.fields else ""
            for error in errors:
                report.add(row, heading, str(error))
        return
    create: Callable[..., Any] | None = kind.create
    assert create is not None
    try:
        with transaction.atomic():
            record = create(viewer, **form.cleaned_data)
    except Refused as refused:
        report.add(row, "", refused.text())
        return
    if record.created_at < began:
        report.same += 1
    else:
        report.made += 1
        report.numbers.append(record.number)


def template(viewer: Viewer, kind: Kind) -> bytes:
    """Return an XLSX file to fill in: headings on the first sheet, what each takes on the second."""
    check(viewer, kind)
    known = columns(viewer, kind)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = say(kind.name_plural)[:31]
    sheet.append([f"{column.heading}{' *' if column.required else ''}" for column in known])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    notes = book.create_sheet(say("core.export.sheet"))
    notes.append([say("core.import.column"), say("core.import.must"), say("core.import.takes")])
    for column in known:
        must = say("core.import.yes" if column.required else "core.import.no")
        takes = [label if code == label else f"{code} = {label}" for code, label in column.choices]
        notes.append([column.heading, must, *takes])
    notes.append([say("core.import.bounds", None, rows=MOST_ROWS)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
