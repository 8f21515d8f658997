"""Lists as CSV and XLSX: streamed, safe for spreadsheets, marked with who took them and what for."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from ecobureau.clock import beijing
from ecobureau.web.core.registry import Column
from ecobureau.words import say

LIMIT = 100_000
"""Rows of one export; who needs more narrows the filters."""
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: Any) -> Any:
    """Return a value as a spreadsheet cell; text that could be taken for a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return beijing(value).strftime("%Y-%m-%d %H:%M:%S")
    text = str(value)
    return f"'{text}" if text.startswith(_RISKY) else text


def rows(columns: Iterable[Column], records: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the cells of each record."""
    wanted = list(columns)
    for record in records:
        yield [safe(column.of(record)) for column in wanted]


def as_csv(columns: Iterable[Column], records: Iterable[Any], mark: str) -> Iterator[str]:
    """Yield CSV text piece by piece: head, rows, the mark as the last line. With a BOM, so that Excel reads UTF-8."""
    wanted = list(columns)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([say(column.name) for column in wanted])
    for count, row in enumerate(rows(wanted, records), 1):
        writer.writerow(row)
        if count % 200 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    writer.writerow([safe(mark)])
    yield buffer.getvalue()


def as_xlsx(columns: Iterable[Column], records: Iterable[Any], title: str, mark: str) -> IO[bytes]:
    """Return a temporary file (at its start) with the rows on one sheet and the mark on a second."""
    wanted = list(columns)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    head = [WriteOnlyCell(sheet, say(column.name)) for column in wanted]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in rows(wanted, records):
        sheet.append(row)
    note = book.create_sheet(say("core.export.sheet"))
    note.append([safe(mark)])
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the caller streams and closes it
    book.save(out)
    out.seek(0)
    return out
