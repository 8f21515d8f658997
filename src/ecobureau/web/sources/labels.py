"""Labels of public codes on A4 pages: a QR code, name, code and the phone number for reports, ready to cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ecobureau.web.core.paper import Paper

COLUMNS, ROWS = 2, 5
ON_PAGE = COLUMNS * ROWS
_MARGIN = 12.0
_WIDE, _HIGH = 93.0, 53.0
_QR = 40.0


@dataclass(frozen=True, slots=True)
class Label:
    """One label: name of the thing, its own number, its public code in groups, the address in the QR code."""

    title: str
    below: str
    code: str
    address: str


def sheet(labels: Sequence[Label], *, phone: str, author: str, at: datetime) -> bytes:
    """Return the labels as PDF, ten on a page.

    Args:
        phone: number for reports, printed on each. author, at: who printed it when.
    """
    paper = Paper(_("公开码标签"), author=author, at=at, margin=_MARGIN, mark=f"{author} {at:%Y-%m-%d}")
    for place, label in enumerate(labels):
        if place and place % ON_PAGE == 0:
            paper.page()
        row, column = divmod(place % ON_PAGE, COLUMNS)
        _draw(paper, label, _MARGIN + column * _WIDE, _MARGIN + row * _HIGH, phone)
    return paper.output()


def _draw(paper: Paper, label: Label, x: float, y: float, phone: str) -> None:
    paper.pdf.set_draw_color(170, 170, 170)
    paper.pdf.set_line_width(0.15)
    paper.pdf.rect(x, y, _WIDE, _HIGH)
    paper.qr(label.address, size=_QR, x=x + 1, y=y + 2)
    left, room = x + _QR + 3, _WIDE - _QR - 6
    down = y + 8.0
    for line in wrapped(paper, label.title, 11.0, room, most=3):
        paper.words_at(left, down, line, 11.0, bold=True)
        down += 5.2
    for line in wrapped(paper, label.below, 8.5, room, most=2):
        paper.words_at(left, down, line, 8.5)
        down += 4.2
    paper.words_at(left, y + 33.0, _("扫码查看，发现问题请拨打"), 8.0)
    size = 11.0
    while paper.measure(phone, size, bold=True) > room and size > 7.0:
        size -= 0.5
    paper.words_at(left, y + 38.5, phone, size, bold=True)
    paper.words_at(x + _WIDE / 2, y + 48.5, label.code, 13.0, bold=True, align="C")


def wrapped(paper: Paper, text: str, size: float, room: float, *, most: int) -> list[str]:
    """Return a text cut into at most so many lines that fit; what does not fit ends with an ellipsis."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        end = len(rest)
        while end > 1 and paper.measure(rest[:end], size, bold=True) > room:
            end -= 1
        lines.append(rest[:end].strip())
        rest = rest[end:].lstrip()
    if rest and lines:
        last = lines[-1]
        while last and paper.measure(f"{last}…", size, bold=True) > room:
            last = last[:-1]
        lines[-1] = f"{last}…"
    return lines
