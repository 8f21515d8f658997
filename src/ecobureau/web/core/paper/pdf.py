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
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.web.core.paper import fonts, plots, qr
from ecobureau.web.core.paper.blocks import Cell, Chart, Column, shown
from ecobureau.web.core.paper.wrap import wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every step of making a subset at INFO
INK, SOFT, LINE, HEAD = (19, 35, 43), (86, 104, 113), (197, 208, 212), (232, 238, 240)
BODY = 10.5
_MAIN, _SECOND = "eb", "ebsecond"
_PT = 25.4 / 72
_SIZES = {1: 14.0, 2: 12.0, 3: 10.5}


def rgb(colour: str) -> tuple[int, int, int]:
    """Return #RRGGBB as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class Paper:
    """A PDF in the making; what is put on it flows from top to bottom and over pages.

    Args:
        title, author, subject: properties of the file. at: when it was made (aware); no other clock is asked.
        wide: pages lie on their side. head: small words at the top of each page after the first.
        mark: small words at the foot of each page. margin: at all sides.
    """

    def __init__(
        self,
        title: str,
        *,
        author: str,
        at: datetime,
        subject: str = "",
        wide: bool = False,
        head: str = "",
        mark: str = "",
        margin: float = 18.0,
    ) -> None:
        from fpdf import FPDF  # it takes 0.4 s to load, and few processes make papers

        self.pdf = pdf = FPDF(orientation="landscape" if wide else "portrait", unit="mm", format="A4")
        self._files = fonts.files()
        for style in ("", "B"):
            fonts.add(pdf, _MAIN, style, self._files[style])
        self._faces: dict[str, str] = {}
        pdf.set_title(title)
        pdf.set_author(author)
        pdf.set_subject(subject)
        pdf.set_creator("ecobureau")
        pdf.set_producer("ecobureau")
        pdf.set_creation_date(at.astimezone(UTC))
        pdf.set_lang("en" if (get_language() or "").startswith("en") else "zh-CN")
        pdf.set_margins(margin, margin, margin)
        pdf.set_auto_page_break(False)
        self._head, self._mark, self._margin = head, mark, margin
        self._widths: dict[tuple[str, str], float] = {}
        self.page()

    # --- where things go ------------------------------------------------------------------------------------------

    @property
    def width(self) -> float:
        """Return the width of the text."""
        return float(self.pdf.epw)

    @property
    def left(self) -> float:
        """Return how much of this page is free below."""
        return float(self.pdf.h - self._margin - self.pdf.y)

    def page(self) -> None:
        """Begin a new page."""
        self.pdf.add_page()

    def space(self, height: float) -> None:
        """Leave a gap; nothing at the top of a page."""
        if self.pdf.y > self._margin:
            self.pdf.y += height

    def keep(self, height: float) -> None:
        """Begin a new page unless this much is free."""
        if self.left < height and self.pdf.y > self._margin:
            self.page()

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
        self.keep(size * _PT * 1.5 + 22.0)
        self.pdf.start_section(clean(text, self), level - 1)
        self._lines(text, size, bold=True)
        self.space(1.6)

    def text(
        self, text: str, *, soft: bool = False, indent: bool = False, size: float = BODY, bold: bool = False
    ) -> None:
        """Put a paragraph; `soft`: small and grey; `indent`: two letters in, as official texts have it."""
        size = 8.5 if soft and size == BODY else size
        first = 2 * size * _PT if indent else 0.0
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
            high = BODY * _PT * 1.5
            self.keep(high * max(len(one) for one in lines))
            top = self.pdf.y
            for place, (name, _value) in enumerate(row):
                x = self._margin + place * each
                self._put(x, top, name, BODY, colour=SOFT)
                for order, line in enumerate(lines[place]):
                    self._put(x + name_width[place], top + order * high, line, BODY)
            self.pdf.y = top + high * max(len(one) for one in lines)
        self.space(1.4)

    def _lines(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        align: str = "L",
        colour: tuple[int, int, int] = INK,
        first: float = 0.0,
        leading: float = 1.5,
    ) -> None:
        high = size * _PT * leading
        lines = wrap(clean(text, self), self.width, lambda part: self.measure(part, size, bold=bold), first)
        for order, line in enumerate(lines):
            self.keep(high)
            x = self._margin + (first if order == 0 else 0.0)
            if align == "C":
                x += (self.width - self.measure(line, size, bold=bold)) / 2
            self._put(x, self.pdf.y, line, size, bold=bold, colour=colour, high=high)
            self.pdf.y += high

    def _put(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        high: float = 0.0,
    ) -> None:
        """Put one line with its box's left top at x, y; the letters stand in the middle of `high`."""
        if not text:
            return
        self.pdf.set_text_color(*colour)
        high = high or size * _PT * 1.5
        self._write(x, y + high / 2 + size * _PT * 0.36, text, size, bold=bold)

    def _write(self, x: float, y: float, text: str, size: float, *, bold: bool) -> None:
        for family, run in groupby(text, self._face):
            part = "".join(run)
            self.pdf.set_font(family, "B" if bold else "", size)
            self.pdf.text(x, y, part)
            x += self.measure(part, size, bold=bold)

    def words_at(
        self,
        x: float,
        y: float,
        text: str,
        size: float = BODY,
        *,
        bold: bool = False,
        align: str = "L",
        colour: str = "",
    ) -> None:
        """Put one line anywhere on this page: x, y is the left, middle (C) or right (R) end of its base line."""
        text = clean(text, self)
        shift = {"L": 0.0, "C": 0.5, "R": 1.0}[align] * self.measure(text, size, bold=bold)
        self.pdf.set_text_color(*(rgb(colour) if colour else INK))
        self._write(x - shift, y, text, size, bold=bold)

    def measure(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a line in mm."""
        style, total = "B" if bold else "", 0.0
        for sign in text:
            known = self._widths.get((style, sign))
            if known is None:
                self.pdf.set_font(self._face(sign), style, 100)
                known = self._widths[style, sign] = self.pdf.get_string_width(sign) / 100
            total += known
        return total * size

    # --- tables ---------------------------------------------------------------------------------------------------

    def table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, caption: str = "", size: float = 9.0
    ) -> None:
        """Put a table; its head stands again on each page it goes over to.

        Args:
            columns: heads, kinds, decimals, weights. rows: raw values or Cells, one each column.
            caption: bold above it. size: of the letters.
        """
        total = sum(column.weight for column in columns)
        widths = [self.width * column.weight / total for column in columns]
        heads = [f"{column.name}\n{column.unit}" if column.unit else column.name for column in columns]
        small = size - 0.8
        head = self._row_lines(heads, widths, small, bold=True)
        made = [
            (row, self._row_lines([shown(*pair) for pair in zip(row, columns, strict=True)], widths, size))
            for row in rows
        ]
        first = self._high(made[0][1], size) if made else 0.0
        self.keep(self._high(head, small) + first + (size * _PT * 1.8 if caption else 0.0))
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

    def _row_lines(
        self, texts: Sequence[str], widths: Sequence[float], size: float, *, bold: bool = False
    ) -> list[list[str]]:
        return [
            wrap(clean(text, self), width - 2.2, lambda part: self.measure(part, size, bold=bold))
            for text, width in zip(texts, widths, strict=True)
        ]

    @staticmethod
    def _high(lines: Sequence[Sequence[str]], size: float) -> float:
        return max(len(one) for one in lines) * size * _PT * 1.3 + 1.8

    def _table_row(
        self,
        columns: Sequence[Column],
        lines: Sequence[Sequence[str]],
        widths: Sequence[float],
        size: float,
        row: Sequence[Any] | None,
    ) -> None:
        pdf, high, step = self.pdf, self._high(lines, size), size * _PT * 1.3
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

    # --- the end --------------------------------------------------------------------------------------------------

    def output(self) -> bytes:
        """Number the pages and return the file."""
        pdf, count = self.pdf, int(self.pdf.page)
        for number in range(1, count + 1):
            pdf.page = number
            pdf.set_font(_MAIN, "", 7.99)  # another size than any before: each page must say its letters itself
            foot = pdf.h - self._margin * 0.55
            words = _("第 {page} 页 / 共 {pages} 页").format(page=number, pages=count)
            if self._mark:
                self.words_at(self._margin, foot, self._cut(self._mark, self.width - 45.0), 8.0, colour=plots.SOFT)
                self.words_at(pdf.w - self._margin, foot, words, 8.0, align="R", colour=plots.SOFT)
            else:
                self.words_at(pdf.w / 2, foot, words, 8.0, align="C", colour=plots.SOFT)
            if self._head and number > 1:
                self.words_at(pdf.w - self._margin, self._margin * 0.66, self._head, 8.0, align="R", colour=plots.SOFT)
        return bytes(pdf.output())

    def _cut(self, text: str, width: float) -> str:
        while text and self.measure(text, 8.0) > width:
            text = text[:-2].rstrip("…") + "…" if len(text) > 2 else ""
        return text

    def has(self, sign: str) -> bool:
        """Say whether a sign can be printed."""
        known: Any = self.pdf.fonts
        return ord(sign) in known[self._face(sign)].cmap

    def _face(self, sign: str) -> str:
        """Return the font that has a sign; the second is read only when something needs it."""
        known = self._faces.get(sign)
        if known is None:
            held: Any = self.pdf.fonts
            if ord(sign) in held[_MAIN].cmap:
                known = _MAIN
            else:
                if _SECOND not in held:
                    self._add_second()
                known = _SECOND if ord(sign) in held[_SECOND].cmap else _MAIN
            self._faces[sign] = known
        return known

    def _add_second(self) -> None:
        for style in ("", "B"):
            fonts.add(self.pdf, _SECOND, style, self._files[f"fallback{style}"])


def clean(text: str, paper: Paper) -> str:
    """Return a text whose every sign can be printed: control characters go, a sign no font has becomes 〓."""
    return "".join(
        sign if sign == "\n" or paper.has(sign) else ("" if not sign.isprintable() else "〓")
        for sign in str(text).replace("\t", " ").replace("\u3000", "  ")
    )
