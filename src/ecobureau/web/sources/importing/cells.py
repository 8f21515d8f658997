"""From a cell to a value: numbers, days, instants, yes and no, choices in both languages, small tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import translation

from ecobureau.clock import BEIJING
from ecobureau.web.places.problems import Problem

Parse = Callable[[Any], Any]
_EXACT = 10**15
_YES = {"是", "1", "y", "yes", "true", "√", "有", "启用"}
_NO = {"否", "0", "n", "no", "false", "×", "无", "停用"}


class Bad(Exception):
    """A cell that cannot be read; carries code and parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def problem(self, name: str) -> Problem:
        return Problem(name, self.code, self.params)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind of table.

    Attributes:
        name: English name, also the argument of the service; zh: Chinese heading; other: further headings.
        parse: from cell to value; required: empty cells are refused; hint: message code of what belongs in it.
        secret: never shown in a preview.
    """

    name: str
    zh: str
    parse: Parse
    required: bool = False
    other: tuple[str, ...] = field(default_factory=tuple)
    secret: bool = False

    def headings(self) -> set[str]:
        """Return every heading that names this column, in the form of `plain_heading`."""
        return {plain_heading(text) for text in (self.name, self.zh, *self.other)}


def plain_heading(text: str) -> str:
    """Return a heading without blanks, marks of need, and what stands in brackets."""
    return re.sub(r"[(（\[【].*?[)）\]】]|[\s*＊_:：]", "", text).lower()


def blank(cell: Any) -> bool:
    """Say whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text(cell: Any) -> str:
    """Return a cell as text. Long digits that a spreadsheet has turned into a number are refused: they are rounded."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        if abs(cell) >= _EXACT:
            raise Bad("import.rounded", value=f"{cell:.6g}")
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, int) and abs(cell) >= _EXACT:
        raise Bad("import.rounded", value=cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


def code(cell: Any) -> str:
    """Return a cell as a code: text with full-width letters made plain and blanks taken out."""
    plain = "".join(chr(ord(sign) - 0xFEE0) if "！" <= sign <= "～" else sign for sign in text(cell))
    if re.fullmatch(r"[0-9.]+[eE]\+[0-9]+", plain):
        raise Bad("import.rounded", value=plain)
    return re.sub(r"\s", "", plain)


def upper(cell: Any) -> str:
    """Return a code in capital letters."""
    return code(cell).upper()


def number(cell: Any) -> float:
    """Return a cell as a number."""
    try:
        value = float(str(cell).strip())
    except ValueError as error:
        raise Bad("registry.number", value=cell) from error
    if value != value or abs(value) == float("inf"):
        raise Bad("registry.number", value=cell)
    return value


def exact(cell: Any) -> Decimal:
    """Return a cell as an exact decimal number."""
    try:
        value = Decimal(str(cell).strip())
    except InvalidOperation as error:
        raise Bad("registry.number", value=cell) from error
    if not value.is_finite():
        raise Bad("registry.number", value=cell)
    return value


def whole(cell: Any) -> int:
    """Return a cell as a whole number."""
    value = number(cell)
    if not value.is_integer():
        raise Bad("registry.integer", value=cell)
    return int(value)


def day(cell: Any) -> date:
    """Return a cell as a day: 2026-11-22, 2026/11/22, 2026年11月22日, 20261122, or a spreadsheet's date."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T]00:00(?::00)?)?", str(cell).strip())
    try:
        return date(*(int(part) for part in found.groups())) if found else _no_day(cell)
    except ValueError as error:
        raise Bad("registry.date", value=cell) from error


def _no_day(cell: Any) -> date:
    raise Bad("registry.date", value=cell)


def instant(cell: Any) -> datetime:
    """Return a cell as an instant; without a zone it is Beijing time."""
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=BEIJING)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=BEIJING)
    plain = str(cell).strip().replace("/", "-").replace("年", "-").replace("月", "-").replace("日", "")
    try:
        found = datetime.fromisoformat(plain)
    except ValueError as error:
        raise Bad("registry.datetime", value=cell) from error
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def yes_no(cell: Any) -> bool:
    """Return a cell as yes or no."""
    if isinstance(cell, bool):
        return cell
    plain = text(cell).lower()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise Bad("registry.bool", value=cell)


def one_of(choices: Any, more: Mapping[str, Any] | None = None) -> Parse:
    """Return the reader of a choice: its value, or its name in Chinese or English, or one of `more`."""

    def parse(cell: Any) -> Any:
        plain = text(cell).lower()
        table: dict[str, Any] = {str(value).lower(): value for value, _name in choices.choices}
        for lang in ("zh-hans", "en"):
            with translation.override(lang):
                table |= {str(name).lower(): value for value, name in choices.choices}
        table |= {name.lower(): value for name, value in (more or {}).items()}
        if plain in table:
            return table[plain]
        with translation.override("zh-hans"):
            listed = "、".join(f"{name}（{value}）" for value, name in choices.choices)
        raise Bad("registry.choice", value=cell, choices=listed)

    return parse


def words(cell: Any) -> list[str]:
    """Return the words of a list: separated by commas, semicolons or 、."""
    return [word for word in re.split(r"[,，;；、\s]+", text(cell)) if word]


def pairs(cell: Any) -> dict[str, str]:
    """Return a small table written as `a=b;c=d`."""
    found: dict[str, str] = {}
    for part in re.split(r"[;；]", text(cell)):
        if not part.strip():
            continue
        name, mark, value = part.partition("=")
        if not mark or not name.strip() or not value.strip():
            raise Bad("registry.json", value=cell)
        found[name.strip()] = value.strip()
    return found
