"""A paper on a page: the same blocks that its PDF and workbook hold."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template

from ecobureau.web.core.paper import plots
from ecobureau.web.core.paper.blocks import Block, Cell, Chart, Column, Document, Table, shown

register = template.Library()


class Shown(NamedTuple):
    """A cell as a page shows it."""

    text: str
    number: bool
    shape: str
    level: int
    bold: bool
    link: str


@register.inclusion_tag("core/paper/blocks.html")
def paper(document: Document) -> dict[str, Any]:
    """Show the blocks of a document; the page's own h1 is its title. Needs core/paper.css."""
    return {"blocks": [(type(block).__name__, block, _extra(block)) for block in document.blocks]}


def _extra(block: Block) -> Any:
    if isinstance(block, Chart):
        return plots.scene(block)
    return _rows(block) if isinstance(block, Table) else None


def _rows(table: Table) -> list[list[Shown]]:
    return [
        [
            _shown(value if isinstance(value, Cell) else Cell(value), column)
            for value, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows
    ]


def _shown(cell: Cell, column: Column) -> Shown:
    return Shown(shown(cell, column), column.side == "R", cell.shape, cell.level, cell.bold, cell.link)
