"""Workbooks: sheets of headings, sentences, tables and native charts; the same input, the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from ecobureau.domain.rounding import half_even
from ecobureau.web.core.export import safe
from ecobureau.web.core.paper.blocks import MISSING, Cell, Chart, Column

_THIN = Side(style="thin", color="C5D0D4")
_GRID = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_BAD_NAME = re.compile(r"[\[\]:*?/\\]")
_WIDEST = 60


class Book:
    """A workbook in the making.

    Args:
        title, author: properties of the file. at: when it was made (aware); no other clock is asked.
    """

    def __init__(self, title: str, *, author: str, at: datetime) -> None:
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        self._at = at.astimezone(UTC)
        properties = self.book.properties
        properties.title, properties.creator, properties.lastModifiedBy = title, author, author
        properties.created = self._at.replace(tzinfo=None)

    def sheet(self, name: str) -> Page:
        """Begin a sheet; a name that is taken gets a number."""
        wanted = _BAD_NAME.sub(" ", name)[:28] or "1"
        taken, number = set(self.book.sheetnames), 2
        while wanted in taken:
            wanted = f"{_BAD_NAME.sub(' ', name)[:26]} {number}"
            number += 1
        return Page(self.book.create_sheet(wanted))

    def output(self) -> bytes:
        """Return the file."""
        if not self.book.worksheets:
            self.sheet("1")
        buffer = io.BytesIO()
        self.book.save(buffer)
        return _fixed(buffer.getvalue(), self._at)


class Page:
    """A sheet that fills from top to bottom."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 1

    def line(self, text: str, *, size: float = 11, bold: bool = False, soft: bool = False) -> None:
        """Write a sentence or heading over the first columns."""
        cell = self._cell(1, safe(text))
        cell.font = Font(size=size, bold=bold, color="FF566871" if soft else None)
        self.row += 1

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Write names with values, one pair a row."""
        for name, value in pairs:
            self._cell(1, safe(name))
            self._cell(2, safe(value))
            self.row += 1

    def gap(self) -> None:
        """Leave a row."""
        self.row += 1

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> tuple[int, int]:
        """Write a table; numbers stay numbers, shown with the decimals of their column.

        Returns:
            The row of its head and its last row.
        """
        head = self.row
        for place, column in enumerate(columns, 1):
            cell = self._cell(place, safe(column.head))
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="FFE8EEF0")
            cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
            cell.border = _GRID
            self._widen(place, column.head)
        self.row += 1
        for row in rows:
            for place, (value, column) in enumerate(zip(row, columns, strict=True), 1):
                self._value(place, value, column)
            self.row += 1
        if self.sheet.freeze_panes is None and len(rows) > 25 and head <= 12:
            self.sheet.freeze_panes = f"A{head + 1}"
        return head, self.row - 1

    def chart(self, chart: Chart) -> None:
        """Write the chart's numbers as a table and the chart beside it."""
        columns = [Column(""), *(Column(one.name, "number", chart.decimals, chart.unit) for one in chart.series)]
        rows = [[label, *(one.values[place] for one in chart.series)] for place, label in enumerate(chart.labels)]
        self.line(chart.name, bold=True)
        head, last = self.table(columns, rows)
        drawn: Any = LineChart() if chart.kind == "lines" else BarChart()
        if chart.kind == "stack":
            drawn.grouping, drawn.overlap = "stacked", 100
        drawn.title, drawn.width, drawn.height = chart.name, 22, 9
        drawn.y_axis.title = chart.unit or None
        drawn.x_axis.delete = drawn.y_axis.delete = False
        width = len(columns)
        drawn.add_data(
            Reference(self.sheet, min_col=2, max_col=width, min_row=head, max_row=last), titles_from_data=True
        )
        drawn.set_categories(Reference(self.sheet, min_col=1, min_row=head + 1, max_row=last))
        for order, one in enumerate(chart.series):
            if one.colour:
                drawn.series[order].graphicalProperties.solidFill = one.colour[1:]
        if len(chart.series) == 1:
            drawn.legend = None
        self.sheet.add_chart(drawn, f"{get_column_letter(width + 2)}{head}")
        self.row = max(self.row, head + 20)

    def _value(self, place: int, value: Any, column: Column) -> None:
        looks = value if isinstance(value, Cell) else None
        raw = value.value if isinstance(value, Cell) else value
        number = isinstance(raw, int | float | Decimal) and not isinstance(raw, bool) and raw == raw
        if column.kind == "number" and number:
            decimals = column.decimals if looks is None or looks.decimals is None else looks.decimals
            rounded = half_even(raw, decimals)
            cell = self._cell(place, float(rounded) if decimals else int(rounded))
            cell.number_format = f"0.{'0' * decimals}" if decimals else "0"
        else:
            text = MISSING if raw is None or raw == "" or raw != raw else (looks.text if looks and looks.text else raw)
            cell = self._cell(place, safe(text if isinstance(text, str) else str(text)))
            self._widen(place, str(text))
        side = {"L": "left", "C": "center", "R": "right"}[column.side]
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
        cell.border = _GRID
        if looks and looks.fill:
            cell.fill = PatternFill("solid", fgColor=f"FF{looks.fill[1:]}")
        if looks and (looks.ink or looks.bold):
            cell.font = Font(bold=looks.bold, color=f"FF{looks.ink[1:]}" if looks.ink else None)

    def _cell(self, place: int, value: Any) -> SheetCell:
        cell: Any = self.sheet.cell(self.row, place)
        cell.value = value
        return cell

    def _widen(self, place: int, text: str) -> None:
        wide = sum(2.1 if ord(sign) > 0x2E7F else 1.1 for sign in text) + 2
        held = self.sheet.column_dimensions[get_column_letter(place)]
        held.width = min(_WIDEST, max(wide, held.width if held.customWidth else 9.0))


def _fixed(data: bytes, at: datetime) -> bytes:
    """Return the file with every time in it set to one instant."""
    out = io.BytesIO()
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "docProps/core.xml":
                body = _MODIFIED.sub(rb"\g<1>" + at.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + rb"\g<2>", body)
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(info, body)
    return out.getvalue()
