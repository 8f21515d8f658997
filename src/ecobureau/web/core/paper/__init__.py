"""Papers: PDF and XLSX files that all apps build the same way. See docs/reference/reports.md."""

from ecobureau.web.core.paper.blocks import (
    Block,
    Cell,
    Chart,
    Code,
    Column,
    Document,
    Facts,
    Heading,
    Limit,
    NewPage,
    Picture,
    Series,
    Table,
    Text,
)
from ecobureau.web.core.paper.fonts import FontsMissing
from ecobureau.web.core.paper.pdf import Paper
from ecobureau.web.core.paper.render import as_pdf, as_xlsx, download

__all__ = [
    "Block",
    "Cell",
    "Chart",
    "Code",
    "Column",
    "Document",
    "Facts",
    "FontsMissing",
    "Heading",
    "Limit",
    "NewPage",
    "Paper",
    "Picture",
    "Series",
    "Table",
    "Text",
    "as_pdf",
    "as_xlsx",
    "download",
]
