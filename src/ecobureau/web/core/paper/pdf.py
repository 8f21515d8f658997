"""PDF papers: A4, embedded Chinese letters, tables that repeat their heads, page numbers; same input, same bytes.

    paper = Paper("现场检查通知", author="某市生态环境局", at=now())
    paper.title("现场检查通知")
    paper.text("……", indent=True)
    paper.table([Column("企业"), Column("COD", "number", 1, "mg/L")], [("甲厂", 46.2)])
    paper.qr("https://…", size=30, words="扫码核对")
    data = paper.output()

All lengths are millimetres, sizes of letters points.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ecobureau.web.core.paper import plots, qr
from ecobureau.web.core.paper.blocks import Cell, Chart, Column, shown
from ecobureau.web.core.paper.sheets import BODY, HEAD, INK, LINE, PT, SOFT, Sheets, clean, rgb
from ecobureau.web.core.paper.wrap import pieces, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Paper", "clean", "rgb"]

_SIZES = {1: 14.0, 2: 12.0, 3: 10.5}


class Paper(Sheets):
    """A PDF in the making; what is put on it flows from top to bottom and over pages."""

    # --- words ----------------------------------------------------------------------------------------------------

    def title(self, text: str, below: str = "") -> None:
        """Put the title of the paper in the middle, with a smaller line below it."""
        self._lines(text, 18.0, bold=True, align="C", leading=1.35)
        if below:
            self.space(1.0)
            self._lines(below, BODY, align="C", colour=SOFT)
        self.space(4.0)

    def heading(self, text: str, level: int = 1) -> None:
        """Put a heading (level 1 to 3); it stays with what follows and stands in the outline."""
        size = _SIZES[level]
        self.space(4.5 if level == 1 else 3.0)
        self.keep(size * PT * 1.5 + 22.0)
        self.pdf.start_section(clean(text, self), level - 1)
        self._lines(text, size, bold=True)
        self.space(1.6)

    def text(
        self, text: str, *, soft: bool = False, indent: bool = False, size: float = BODY, bold: bool = False
    ) -> None:
        """Put a paragraph; `soft`: small and grey; `indent`: two letters in, as official texts have it."""
        size = 8.5 if soft and size == BODY else size
        first = 2 * size * PT if indent else 0.0
        self._lines(text, size, bold=bold, colour=SOFT if soft else INK, first=first, leading=1.6)
        self.space(1.4)

    def facts(self, pairs: Sequence[tuple[str, str]], columns: int = 2) -> None:
        """Put names with values in columns."""
        each = self.width / columns
        for start in range(0, len(pairs), columns):
            row = pairs[start : start + columns]
            name_width = [min(each * 0.5, self.measure(f"{name}  ", BODY) + 1.0) for name, _value in row]
            lines = [
                wrap(clean(value, self), each - wide - 3.0, lambda part: self.measure(part, BODY))
                for (_name, value), wide in zip(row, name_width, strict=True)
            ]
            high = BODY * PT * 1.5
            self.keep(high * max(len(one) for one in lines))
            top = self.pdf.y
            for place, (name, _value) in enumerate(row):
                x = self._margin + place * each
                self._put(x, top, name, BODY, colour=SOFT)
                for order, line in enumerate(lines[place]):
                    self._put(x + name_width[place], top + order * high, line, BODY)
            self.pdf.y = top + high * max(len(one) for one in lines)
        self.space(1.4)

    # --- tables ---------------------------------------------------------------------------------------------------

    def table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, caption: str = "", size: float = 9.0
    ) -> None:
        """Put a table; its head stands again on each page it goes over to.

        Args:
            columns: heads, kinds, decimals, weights. rows: raw values or Cells, one each column.
            caption: bold above it. size: of the letters.
        """
        heads = [f"{column.name}\n{column.unit}" if column.unit else column.name for column in columns]
        small = size - 0.8
        widths = self._widths_of(columns, heads, small)
        head = self._row_lines(heads, widths, small, bold=True)
        made = [
            (row, self._row_lines([shown(*pair) for pair in zip(row, columns, strict=True)], widths, size))
            for row in rows
        ]
        first = self._high(made[0][1], size) if made else 0.0
        self.keep(self._high(head, small) + first + (size * PT * 1.8 if caption else 0.0))
        if caption:
            self._lines(caption, size + 0.5, bold=True)
            self.space(0.8)
        self._table_row(columns, head, widths, small, None)
        for row, lines in made:
            if self.left < self._high(lines, size):
                self.page()
                self._table_row(columns, head, widths, small, None)
            self._table_row(columns, lines, widths, size, row)
        self.space(2.4)

    def _widths_of(self, columns: Sequence[Column], heads: Sequence[str], size: float) -> list[float]:
        """Return the widths of columns by their weights; none is narrower than a word of its head, if all have room."""
        least = [
            2.4 + max(self.measure(part.strip(), size, bold=True) for part in ["", *pieces(clean(head, self))])
            for head in heads
        ]
        held: dict[int, float] = {}
        while sum(least) <= self.width:
            free = [at for at in range(len(columns)) if at not in held]
            weight = sum(columns[at].weight for at in free) or 1.0
            room = self.width - sum(held.values())
            widths = {at: room * columns[at].weight / weight for at in free}
            narrow = {at: least[at] for at in free if widths[at] < least[at]}
            if not narrow:
                return [held.get(at, widths.get(at, 0.0)) for at in range(len(columns))]
            held |= narrow
        total = sum(column.weight for column in columns)
        return [self.width * column.weight / total for column in columns]

    def _row_lines(
        self, texts: Sequence[str], widths: Sequence[float], size: float, *, bold: bool = False
    ) -> list[list[str]]:
        return [
            wrap(clean(text, self), width - 2.2, lambda part: self.measure(part, size, bold=bold))
            for text, width in zip(texts, widths, strict=True)
        ]

    @staticmethod
    def _high(lines: Sequence[Sequence[str]], size: float) -> float:
        return max(len(one) for one in lines) * size * PT * 1.3 + 1.8

    def _table_row(
        self,
        columns: Sequence[Column],
        lines: Sequence[Sequence[str]],
        widths: Sequence[float],
        size: float,
        row: Sequence[Any] | None,
    ) -> None:
        pdf, high, step = self.pdf, self._high(lines, size), size * PT * 1.3
        x, y = self._margin, float(self.pdf.y)
        pdf.set_draw_color(*LINE)
        pdf.set_line_width(0.2)
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            cell = row[place] if row is not None and isinstance(row[place], Cell) else None
            fill = HEAD if row is None else rgb(cell.fill) if cell and cell.fill else None
            if fill:
                pdf.set_fill_color(*fill)
            pdf.rect(x, y, width, high, style="DF" if fill else "D")
            side = "C" if row is None and column.side == "R" else column.side
            ink = rgb(cell.ink) if cell and cell.ink else INK
            bold = row is None or bool(cell and cell.bold)
            gap = (high - len(lines[place]) * step) / 2
            for order, line in enumerate(lines[place]):
                wide = self.measure(line, size, bold=bold)
                at = x + {"L": 1.1, "C": (width - wide) / 2, "R": width - wide - 1.1}[side]
                self._put(at, y + gap + order * step, line, size, bold=bold, colour=ink, high=step)
            x += width
        pdf.y = y + high

    # --- pictures -------------------------------------------------------------------------------------------------

    def image(self, data: bytes, *, words: str, width: float = 0.0) -> None:
        """Put a PNG or JPEG picture (width 0: that of the text) with words below, also for who cannot see it."""
        from PIL import Image

        with Image.open(io.BytesIO(data)) as picture:
            wide = min(width or self.width, self.width)
            high = wide * picture.height / picture.width
        room = self.pdf.h - 2 * self._margin - 8.0
        wide, high = (wide * room / high, room) if high > room else (wide, high)
        self.keep(high + 7.0)
        self.pdf.image(io.BytesIO(data), self._margin + (self.width - wide) / 2, self.pdf.y, wide, high, alt_text=words)
        self.pdf.y += high + 1.0
        self._lines(words, 8.5, align="C", colour=SOFT)
        self.space(1.4)

    def figure(self, figure: Figure, *, words: str) -> None:
        """Put a matplotlib figure at 200 dots an inch; give its texts `fontfamily=fonts.plot_family()`."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=200, metadata={"Software": None})
        self.image(buffer.getvalue(), words=words)

    def chart(self, chart: Chart) -> None:
        """Put a chart as lines and letters, its name above it."""
        self.keep(chart.height + 9.0)
        self._lines(chart.name, 9.5, bold=True)
        scene, top, pdf = plots.scene(chart, self.width), float(self.pdf.y), self.pdf
        self._strokes(scene.grid, top)
        for box in scene.boxes:
            pdf.set_fill_color(*rgb(box.fill))
            pdf.set_draw_color(*rgb(box.edge or box.fill))
            pdf.set_line_width(0.1)
            pdf.rect(
                self._margin + box.x, top + box.y, box.width, max(box.height, 0.05), style="DF" if box.edge else "F"
            )
        self._strokes(scene.strokes, top)
        for label in scene.labels:
            side = {"start": "L", "middle": "C", "end": "R"}[label.side]
            colour = label.colour or (plots.SOFT if label.soft else plots.INK)
            self.words_at(self._margin + label.x, top + label.y, label.text, 7.5, align=side, colour=colour)
        pdf.y = top + chart.height + 2.0

    def _strokes(self, strokes: Sequence[plots.Stroke], top: float) -> None:
        for stroke in strokes:
            self.pdf.set_draw_color(*rgb(stroke.colour))
            self.pdf.set_line_width(stroke.width)
            if stroke.dash:
                self.pdf.set_dash_pattern(*stroke.dash)
            self.pdf.polyline([(self._margin + x, top + y) for x, y in stroke.points])
            if stroke.dash:
                self.pdf.set_dash_pattern()

    def qr(
        self, text: str, *, size: float = 30.0, x: float | None = None, y: float | None = None, words: str = ""
    ) -> None:
        """Draw a QR code with its quiet zone: in the flow, or at x, y (left top) without moving on.

        Args:
            text: what it says. size: of its side with the quiet zone. words: one line below it.

        Raises:
            ValueError: the text is too long for a QR code.
        """
        modules = qr.matrix(text)
        if y is None:
            self.keep(size + 6.0)
        left, top = self._margin if x is None else x, float(self.pdf.y) if y is None else y
        step = size / (len(modules) + 8)
        self.pdf.set_fill_color(0, 0, 0)
        for row, line in enumerate(modules):
            start = None
            for column, dark in enumerate([*line, False]):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    self.pdf.rect(
                        left + (4 + start) * step, top + (4 + row) * step, (column - start) * step, step, style="F"
                    )
                    start = None
        if words:
            self.words_at(left + size / 2, top + size + 2.4, words, 8.5, align="C")
        if y is None:
            self.pdf.y = top + size + (6.0 if words else 1.0)
