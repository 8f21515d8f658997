"""Reading the cells of a water table: numbers, placeholders, values below the detection limit, bodies of water."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ecobureau.commands.standards.table import Complaints, is_missing, number_of
from ecobureau.domain.water import Body, WaterClass, WaterRules, below_detection, code_of
from ecobureau.domain.water.items import spelled

_BELOW = re.compile(r"(?:[<＜]\s*(?P<before>[0-9.]+(?:[eE][-+]?\d+)?)|(?P<after>[0-9.]+)\s*[Ll])")
_PLACEHOLDERS = frozenset({"*", "**", "***", "--", "-1"})
_BODIES: dict[str, Body] = {
    **dict.fromkeys(("river", "stream", "r", "河流", "河", "江", "河道"), "river"),
    **dict.fromkeys(("lake", "reservoir", "l", "湖库", "湖、库", "湖泊", "湖", "水库", "库"), "lake"),
}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "ⅰ": 1, "ⅱ": 2, "ⅲ": 3, "ⅳ": 4, "ⅴ": 5}
_ROMAN |= {str(number): number for number in range(1, 6)}
Kind = Literal["value", "missing", "negative", "half", "bad"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says: a value, or why it has none."""

    kind: Kind
    value: float = float("nan")


_MISSING = Cell("missing")


def read_cell(text: str, rules: WaterRules) -> Cell:
    """Return what a cell of a concentration says.

    Missing: empty, -, --, *, -1 and their like. Below detection: `<0.025` or `0.025L`, which counts half the limit.
    Negative otherwise: no value, told apart from missing. Anything else that is no number is bad.
    """
    text = text.strip()
    if is_missing(text) or text in _PLACEHOLDERS:
        return _MISSING
    try:
        number = number_of(text)
    except ValueError:
        below = _BELOW.fullmatch(text)
        if below is None:
            return Cell("bad")
        try:
            limit = float(below["before"] or below["after"])
        except ValueError:
            return Cell("bad")
        return Cell("half", below_detection(limit, rules))
    if number is None or number == -1:
        return _MISSING
    return Cell("negative") if number < 0 else Cell("value", float(number))


@dataclass(slots=True)
class ItemColumns:
    """Where the items of a table stand: item → position of the displayed column, and of the raw one."""

    shown: dict[str, int] = field(default_factory=dict)
    raw: dict[str, int] = field(default_factory=dict)

    @property
    def items(self) -> set[str]:
        """Items with a column of either form."""
        return self.shown.keys() | self.raw.keys()


def item_columns(columns: Sequence[str]) -> tuple[ItemColumns, list[tuple[str, str]]]:
    """Return where the items stand, and the items that a second column gives again, with that column's name."""
    found, twice = ItemColumns(), list[tuple[str, str]]()
    for at, column in enumerate(columns):
        name = spelled(column)
        is_raw = name.endswith("_raw")
        item = code_of(name.removesuffix("_raw"))
        if item is None:
            continue
        table = found.raw if is_raw else found.shown
        if item in table:
            twice.append((item, column))
        else:
            table[item] = at
    return found, twice


@dataclass(slots=True)
class Row:
    """One row as read: values by item (NaN where there is none), and what the note must tell."""

    values: dict[str, float]
    body: Body = "river"
    assumed: bool = False
    target: WaterClass | None = None
    told: dict[str, list[str]] = field(default_factory=dict)

    def tell(self, what: str, item: str) -> None:
        self.told.setdefault(what, []).append(item)


def read_row(
    cells: Sequence[str],
    number: int,
    where: ItemColumns,
    items: Sequence[str],
    extra: Mapping[str, int],
    columns: Sequence[str],
    rules: WaterRules,
    complaints: Complaints,
) -> Row:
    """Read one row.

    Args:
        number: of the row, for complaints.
        items: items to read, those with a column.
        extra: positions of `body_type` and `target_class`, where they are.
    """
    row = Row({})
    for item in items:
        row.values[item] = _item(cells, number, where, item, row, columns, rules, complaints)
    _body(cells, number, extra, row, complaints, columns)
    return row


def _item(
    cells: Sequence[str],
    number: int,
    where: ItemColumns,
    item: str,
    row: Row,
    columns: Sequence[str],
    rules: WaterRules,
    complaints: Complaints,
) -> float:
    positions = [table[item] for table in (where.raw, where.shown) if item in table]
    reasons = []
    for at in positions:
        cell = read_cell(cells[at], rules)
        if cell.kind == "bad":
            complaints.cell(number, columns[at], cells[at], "water.mend.value")
            row.tell("unreadable", item)
            return float("nan")
        if cell.kind in ("value", "half"):
            if cell.kind == "half":
                row.tell("half", item)
            if len(positions) == 2 and at == where.shown[item]:
                row.tell("displayed", item)
            return cell.value
        reasons.append(cell.kind)
    if "negative" in reasons:
        row.tell("negative", item)
    return float("nan")


def _body(
    cells: Sequence[str],
    number: int,
    extra: Mapping[str, int],
    row: Row,
    complaints: Complaints,
    columns: Sequence[str],
) -> None:
    at = extra.get("body_type")
    if at is None or is_missing(cells[at]):
        row.assumed = True
    elif (body := _BODIES.get(cells[at].strip().lower())) is not None:
        row.body = body
    else:
        complaints.cell(number, columns[at], cells[at], "water.mend.body")
        row.tell("unreadable", "body_type")
    at = extra.get("target_class")
    if at is not None and not is_missing(cells[at]):
        row.target = class_of(cells[at])
        if row.target is None:
            complaints.cell(number, columns[at], cells[at], "water.mend.class")


def class_of(text: str) -> WaterClass | None:
    """Return the class I … V of a text: Ⅲ, III, 3, Ⅲ类; None when it is none.

    >>> class_of("Ⅲ类"), class_of("iv"), class_of("6")
    (<WaterClass.III: 3>, <WaterClass.IV: 4>, None)
    """
    found = _ROMAN.get(text.strip().lower().removesuffix("类"))
    return None if found is None else WaterClass(found)
