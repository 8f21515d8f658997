"""Read a table from a CSV (UTF-8 or GB18030) or XLSX file: rows of cells, with the row numbers people see."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ecobureau.words import say

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 100
_MOST_UNPACKED = 200 * 1024 * 1024


class BadFile(Exception):
    """A file that cannot be read as a table; `code` and `params` say why."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def text(self, lang: str | None = None) -> str:
        """Return the sentence: what is wrong and how to mend it."""
        return say(self.code, lang, **self.params)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows.

    Attributes:
        header: names of the columns as written; header_row: its number in the file, from 1.
        rows: (number in the file, cells); empty rows are left out.
    """

    header: tuple[str, ...]
    header_row: int
    rows: tuple[tuple[int, tuple[Any, ...]], ...]


def read_table(data: bytes, name: str) -> Table:
    """Read the first sheet of an XLSX file, or a CSV file.

    Lines before the header that begin with `#` are comments. CSV: comma, semicolon or tab; UTF-8 (with or without
    mark), else GB18030.

    Args:
        data: the file; name: its name, whose ending tells the kind.

    Raises:
        BadFile: too large, empty, unreadable, too many rows or columns.
    """
    if len(data) > MOST_BYTES:
        raise BadFile("import.too_large", size=len(data) // 1024 // 1024, most=MOST_BYTES // 1024 // 1024)
    if not data.strip():
        raise BadFile("import.empty")
    lines = _xlsx(data) if name.lower().endswith((".xlsx", ".xlsm")) or data[:4] == b"PK\x03\x04" else _csv(data)
    return _table(lines)


def _table(lines: Iterator[tuple[Any, ...]]) -> Table:
    header: tuple[str, ...] | None = None
    header_row = 0
    rows: list[tuple[int, tuple[Any, ...]]] = []
    for number, cells in enumerate(lines, start=1):
        if all(_blank(cell) for cell in cells) or (header is None and str(cells[0]).lstrip().startswith("#")):
            continue
        if header is None:
            header, header_row = _header(cells), number
            continue
        if len(rows) >= MOST_ROWS:
            raise BadFile("import.too_many_rows", most=MOST_ROWS)
        extra = [cell for cell in cells[len(header) :] if not _blank(cell)]
        if extra:
            raise BadFile("import.too_wide", row=number, have=len(cells), want=len(header))
        rows.append((number, (*cells[: len(header)], *[None] * (len(header) - len(cells)))))
    if header is None or not rows:
        raise BadFile("import.empty")
    return Table(header, header_row, tuple(rows))


def _header(cells: tuple[Any, ...]) -> tuple[str, ...]:
    names = [str(cell).strip() if cell is not None else "" for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise BadFile("import.too_many_columns", most=MOST_COLUMNS)
    return tuple(names)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _csv(data: bytes) -> Iterator[tuple[Any, ...]]:
    text = _decoded(data)
    if "\x00" in text:
        raise BadFile("import.not_text")
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True):
            yield tuple(row) or (None,)
    except csv.Error as error:
        raise BadFile("import.csv", why=str(error)) from error


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFile("import.encoding")


def _xlsx(data: bytes) -> Iterator[tuple[Any, ...]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED:
                raise BadFile("import.too_large", size=len(data) // 1024 // 1024, most=MOST_BYTES // 1024 // 1024)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        raise BadFile("import.xlsx") from error
    try:
        sheet = book.worksheets[0]
        for row in sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True):
            yield row or (None,)
    except (KeyError, ValueError, IndexError, SyntaxError) as error:
        raise BadFile("import.xlsx") from error
    finally:
        book.close()
