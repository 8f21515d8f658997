"""A paper as values: blocks that a page, a PDF and a workbook all show with the same numbers.

A report is made once as a `Document`; `render.as_pdf` and `render.as_xlsx` write it, `core/paper/blocks.html` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext as _

from ecobureau.clock import beijing
from ecobureau.domain.rounding import half_even

MISSING = "—"
Align = Literal["L", "C", "R"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with its looks: `fill` and `ink` are #RRGGBB of official colours, `shape` how a page marks it.

    Attributes:
        value: what a workbook holds. text: what is printed; empty: the value by the column's rule.
        shape: `air` rectangle, `water` pill, "" plain.
        level: class 1–6 of the official colour (see official.py). link: where a page leads from it.
        decimals: in place of the column's.
    """

    value: Any
    text: str = ""
    fill: str = ""
    ink: str = ""
    bold: bool = False
    shape: Literal["", "air", "water"] = ""
    level: int = 0
    link: str = ""
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: head, what it holds, decimals of its numbers, unit (second line of the head), share of the width."""

    name: str
    kind: Literal["text", "number"] = "text"
    decimals: int = 0
    unit: str = ""
    weight: float = 1.0
    align: Align | None = None

    @property
    def side(self) -> Align:
        """Return where cells stand: numbers right, text left unless said otherwise."""
        return self.align or ("R" if self.kind == "number" else "L")

    @property
    def head(self) -> str:
        """Return the head with the unit."""
        return _("{name}（{unit}）").format(name=self.name, unit=self.unit) if self.unit else self.name


def shown(value: Any, column: Column) -> str:
    """Return a value as it is printed in a column: numbers rounded by GB/T 8170 to its decimals, — where missing."""
    if isinstance(value, Cell):
        own = column if value.decimals is None else replace(column, decimals=value.decimals)
        return value.text or shown(value.value, own)
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float | Decimal) and column.kind == "number":
        return f"{half_even(value, column.decimals):,}" if value == value else MISSING
    if isinstance(value, datetime):
        return beijing(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, level 1 to 3."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `soft` for notes in small grey letters, `indent` for the two letters of an official text."""

    text: str
    soft: bool = False
    indent: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with values, printed in columns: (name, value text)."""

    pairs: Sequence[tuple[str, str]]
    columns: int = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `sheet` names its sheet in a workbook (empty: it stays on the sheet before).

    Attributes:
        columns: what stands in each. rows: raw values or Cells, one each column.
        caption: above it. note: below it, small. empty: the sentence that stands for no rows.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    caption: str = ""
    note: str = ""
    sheet: str = ""
    empty: str = ""

    def texts(self) -> list[list[str]]:
        """Return every cell as it is printed."""
        return [[shown(value, column) for value, column in zip(row, self.columns, strict=True)] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Series:
    """A line or set of bars: a value (or None) for each label; `fills` colours single bars, `colour` all."""

    name: str
    values: Sequence[float | None]
    colour: str = ""
    fills: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A dashed line across a chart with its words."""

    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: `bars` side by side, `stack` one on the other, `lines`; one unit.

    Attributes:
        labels: of the places along the x axis. unit: of the y axis. decimals: of its ticks and of printed values.
        text: one sentence that says the same, for who cannot see it. printed: values stand on the bars.
    """

    name: str
    kind: Literal["bars", "stack", "lines"]
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    decimals: int = 0
    limits: Sequence[Limit] = ()
    text: str = ""
    printed: bool = False
    height: float = 62.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG picture; width in mm, 0 for the width of the text."""

    data: bytes
    words: str
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code of a text with words under it; size in mm."""

    text: str
    words: str = ""
    size: float = 30.0


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows begins on a new page."""


Block = Heading | Text | Facts | Table | Chart | Picture | Code | NewPage


@dataclass(frozen=True, slots=True)
class Document:
    """A whole paper.

    Attributes:
        title: on top and in the file's properties. author: who issues it. at: when it was made (aware; the one clock of
            the file). subtitle: under the title. head: small, at the top of each page from the second on.
        mark: at the foot of each page (who took it, demonstration data …). wide: pages lie on their side.
    """

    title: str
    author: str
    at: datetime
    blocks: Sequence[Block] = field(default_factory=tuple)
    subtitle: str = ""
    head: str = ""
    mark: str = ""
    wide: bool = False
