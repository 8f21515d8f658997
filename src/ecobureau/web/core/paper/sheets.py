"""The sheets under a paper: pages with foot and head, lines of letters from two fonts, how wide they are.

All lengths are millimetres, sizes of letters points.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.web.core.paper import fonts, plots
from ecobureau.web.core.paper.wrap import wrap

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every step of making a subset at INFO
INK, SOFT, LINE, HEAD = (19, 35, 43), (86, 104, 113), (197, 208, 212), (232, 238, 240)
BODY = 10.5
_MAIN, _SECOND = "eb", "ebsecond"
PT = 25.4 / 72


def rgb(colour: str) -> tuple[int, int, int]:
    """Return #RRGGBB as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class Sheets:
    """The pages of a PDF in the making: where the next thing goes, and lines of letters.

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

    # --- lines of letters -----------------------------------------------------------------------------------------

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
        high = size * PT * leading
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
        high = high or size * PT * 1.5
        self._write(x, y + high / 2 + size * PT * 0.36, text, size, bold=bold)

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


def clean(text: str, paper: Sheets) -> str:
    """Return a text whose every sign can be printed: control characters go, a sign no font has becomes 〓."""
    return "".join(
        sign if sign == "\n" or paper.has(sign) else ("" if not sign.isprintable() else "〓")
        for sign in str(text).replace("\t", " ").replace("\u3000", "  ")
    )
