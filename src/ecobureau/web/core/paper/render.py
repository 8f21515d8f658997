"""A document as PDF, as workbook, and as an answer to download."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from django.utils.translation import gettext as _

from ecobureau.web.core.paper import blocks
from ecobureau.web.core.paper.pdf import Paper
from ecobureau.web.core.paper.xlsx import Book, Page

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def as_pdf(document: blocks.Document) -> bytes:
    """Return a document as PDF. The words of page numbers are in the language in force.

    Raises:
        FontsMissing: `make setup` has not put the fonts in place.
    """
    paper = Paper(
        document.title,
        author=document.author,
        at=document.at,
        subject=document.subtitle,
        wide=document.wide,
        head=document.head or document.title,
        mark=document.mark,
    )
    paper.title(document.title, "  ".join(part for part in (document.author, document.subtitle) if part))
    for block in document.blocks:
        _put(paper, block)
    return paper.output()


def _put(paper: Paper, block: blocks.Block) -> None:
    match block:
        case blocks.Heading():
            paper.heading(block.text, block.level)
        case blocks.Text():
            paper.text(block.text, soft=block.soft, indent=block.indent)
        case blocks.Facts():
            paper.facts(block.pairs, block.columns)
        case blocks.Table() if block.rows:
            paper.table(block.columns, block.rows, caption=block.caption)
            if block.note:
                paper.text(block.note, soft=True)
        case blocks.Table():
            paper.text(f"{block.caption}{_('：') if block.caption else ''}{block.empty or _('无')}")
        case blocks.Chart():
            paper.chart(block)
        case blocks.Picture():
            paper.image(block.data, words=block.words, width=block.width)
        case blocks.Code():
            paper.qr(block.text, size=block.size, words=block.words)
        case blocks.NewPage():
            paper.page()


def as_xlsx(document: blocks.Document) -> bytes:
    """Return a document as workbook: the sentences on the first sheet, each named table on its own."""
    book = Book(document.title, author=document.author, at=document.at)
    page = book.sheet(_("说明"))
    page.line(document.title, size=16, bold=True)
    page.line("  ".join(part for part in (document.author, document.subtitle) if part), soft=True)
    page.gap()
    notes = page
    for block in document.blocks:
        page = _write(book, notes, page, block)
    if document.mark:
        notes.gap()
        notes.line(document.mark, soft=True)
    return book.output()


def _write(book: Book, notes: Page, page: Page, block: blocks.Block) -> Page:
    match block:
        case blocks.Heading():
            notes.gap()
            notes.line(block.text, size=13, bold=True)
        case blocks.Text():
            notes.line(block.text, soft=block.soft)
        case blocks.Facts():
            notes.facts(block.pairs)
        case blocks.Table() if block.rows:
            page = book.sheet(block.sheet or block.caption) if block.sheet or block.caption else page
            if block.caption:
                page.line(block.caption, bold=True)
            page.table(block.columns, block.rows)
            if block.note:
                page.line(block.note, soft=True)
            page.gap()
        case blocks.Table():
            notes.line(f"{block.caption}{_('：') if block.caption else ''}{block.empty or _('无')}")
        case blocks.Chart():
            book.sheet(block.name).chart(block)
        case _:
            pass
    return page


def download(data: bytes, name: str, form: str) -> HttpResponse:
    """Return a file to download under a Chinese name.

    Args:
        data: the file. name: without ending. form: "pdf" or "xlsx".
    """
    answer = HttpResponse(data, content_type=TYPES[form])
    plain = f"report.{form}"
    answer["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(f'{name}.{form}')}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
