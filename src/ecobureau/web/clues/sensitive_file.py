"""Sensitive places from a CSV or XLSX file: every row is tried, nothing kept unless all are good."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from openpyxl import Workbook
from openpyxl.styles import Font

from ecobureau.web.clues import services
from ecobureau.web.clues.forms import PlaceForm
from ecobureau.web.clues.jobs import rescore_clues
from ecobureau.web.core import audit, parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import Refused
from ecobureau.web.core.tables import BadFile, Table, read_table
from ecobureau.web.places import door
from ecobureau.words import say

MOST_ROWS = 5000
MOST_BYTES = 2 * 1024 * 1024
MOST_PROBLEMS = 100
COLUMNS = ("code", "kind", "name", "lon", "lat", "system", "people", "source")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: row of the file, heading of the column ('' = the whole row), sentence."""

    row: int
    column: str
    text: str


@dataclass(slots=True)
class Report:
    """What the file did, or would do: rows read, places made, changed, same; the first problems of all."""

    rows: int = 0
    made: int = 0
    changed: int = 0
    same: int = 0
    applied: bool = False
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.problem_count

    def add(self, row: int, column: str, text: str) -> None:
        """Note a problem."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(row, column, text))


def headings() -> dict[str, str]:
    """Return column → heading in the language in force."""
    fields = PlaceForm().fields
    return {name: str(fields[name].label) for name in COLUMNS}


def run(actor: Viewer, data: bytes, name: str, *, apply: bool) -> Report:
    """Read a file of sensitive places, or only try.

    Raises:
        Refused: the actor changes the registry nowhere. BadFile: no table within the bounds.
    """
    door.must_change(actor)
    if len(data) > MOST_BYTES:
        raise BadFile("import.too_large", size=len(data) // 1024 // 1024 + 1, most=MOST_BYTES // 1024 // 1024)
    table = read_table(data, name)
    if len(table.rows) > MOST_ROWS:
        raise BadFile("import.too_many_rows", most=MOST_ROWS)
    report = Report(rows=len(table.rows))
    columns = _match(table, report)
    if not report.good:
        return report
    with transaction.atomic():
        seen: dict[str, int] = {}
        for row, cells in table.rows:
            _take(actor, row, _values(columns, cells), seen, report)
        report.applied = apply and report.good
        if not report.applied:
            transaction.set_rollback(True)
        elif report.made or report.changed:
            digest = hashlib.sha256(data).hexdigest()
            audit.write(actor, "import", kind="sensitive", file=name[:200], sha256=digest, rows=report.rows)
            rescore_clues.defer(unique="clues-rescore")
    return report


def _match(table: Table, report: Report) -> list[str | None]:
    by_heading = {heading: name for name, heading in headings().items()} | {name: name for name in COLUMNS}
    found: list[str | None] = []
    for heading in table.header:
        column = by_heading.get(heading.strip().removesuffix("*").strip())
        if column is None:
            known = parts.listed(headings().values())
            report.add(table.header_row, heading, say("import.column.unknown", None, value=heading, columns=known))
        elif column in found:
            report.add(table.header_row, heading, say("import.column.twice", None, value=heading))
        found.append(column)
    fields = PlaceForm().fields
    lacking = [headings()[name] for name in COLUMNS if fields[name].required and name not in found]
    if lacking:
        report.add(table.header_row, "", say("import.column.lacking", None, columns=parts.listed(lacking)))
    return found


def _values(columns: Sequence[str | None], cells: Sequence[Any]) -> dict[str, str]:
    choices = dict(PlaceForm.base_fields["kind"].choices)  # type: ignore[attr-defined]
    codes = {str(label): str(code) for code, label in choices.items()}
    made: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column is not None:
            plain = (
                "" if cell is None else str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
            )
            made[column] = codes.get(plain.strip(), plain.strip()) if column == "kind" else plain.strip()
    return made


def _take(actor: Viewer, row: int, given: Mapping[str, str], seen: dict[str, int], report: Report) -> None:
    form = PlaceForm(given)
    if not form.is_valid():
        for name, errors in form.errors.items():
            heading = str(form.fields[name].label) if name in form.fields else ""
            for error in errors:
                report.add(row, heading, str(error))
        return
    code = str(form.cleaned_data["code"])
    if code in seen:
        report.add(row, headings()["code"], say("import.duplicate", None, other=seen[code]))
        return
    seen[code] = row
    try:
        with transaction.atomic():
            _place, change = services.put_place(actor, **form.cleaned_data, rescore=False)
    except Refused as refused:
        report.add(row, "", refused.text())
        return
    setattr(report, change, getattr(report, change) + 1)


def template() -> bytes:
    """Return an XLSX file to fill in."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    fields = PlaceForm().fields
    sheet.append([f"{heading}{' *' if fields[name].required else ''}" for name, heading in headings().items()])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    notes = book.create_sheet(say("core.export.sheet"))
    for code, label in PlaceForm.base_fields["kind"].choices:  # type: ignore[attr-defined]
        notes.append([headings()["kind"], f"{code} = {label}"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
