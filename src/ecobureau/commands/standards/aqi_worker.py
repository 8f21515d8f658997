"""Rows of hourly or daily concentrations to indices: reading cells, picking the edition, notes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ecobureau.commands.standards.dates import TIME_COLUMNS, day_of
from ecobureau.commands.standards.table import (
    WRONG_USAGE,
    CannotRun,
    Chunk,
    Complaints,
    InTable,
    number_of,
)
from ecobureau.commands.standards.telling import listed, sentences
from ecobureau.domain.air import (
    ITEMS,
    AirReports,
    AirRules,
    Kind,
    air_report_derivation,
    air_reports,
    editions,
)
from ecobureau.domain.air.bulk import NA, NO_DATA, NO_PM
from ecobureau.domain.explain import Derivation
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.words import say

COLUMNS: Mapping[Kind, Mapping[str, str]] = {
    Kind.HOURLY: {
        "pm2_5": "pm2_5_1h",
        "pm10": "pm10_1h",
        "so2": "so2_1h",
        "no2": "no2_1h",
        "co": "co_1h",
        "o3": "o3_1h",
    },
    Kind.DAILY: {"pm2_5": "pm2_5", "pm10": "pm10", "so2": "so2", "no2": "no2", "co": "co", "o3": "o3_8h_max"},
}
"""Column of each item by kind of report."""

INSTEAD: Mapping[Kind, Mapping[str, str]] = {
    Kind.HOURLY: {"so2_24h": "so2_24h"},
    Kind.DAILY: {"o3_1h": "o3_1h_max"},
}
"""Columns that are used, where they are there, when the 2012 edition turns to another average."""

SHOWN = ("pm2_5", "pm10", "so2", "no2", "co", "o3")
ADDED = ("aqi", "primary", "category", *(f"iaqi_{item}" for item in SHOWN), "aqi_note", "aqi_edition")
_PARTS_OF_DAY = ("year", "month", "day")
_BAD = float("inf")


@dataclass(frozen=True)
class Options:
    """What the caller asked for.

    Attributes:
        edition: `auto` or an edition; `time_column`: column of the day, None = look for it.
        zero: `auto`, `value` or `missing`; `not_planned`: items that the monitoring plan leaves out.
    """

    edition: str = "auto"
    time_column: str | None = None
    zero: str = "auto"
    not_planned: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Options:
        """Return the options of a command line.

        Raises:
            CannotRun: there is no such edition or item.
        """
        known = editions(load("air"))
        if arguments.edition != "auto" and arguments.edition not in known:
            names = ", ".join(["auto", *known])
            raise CannotRun("air.aqi.no_such_edition", WRONG_USAGE, edition=arguments.edition, editions=names)
        left_out = tuple(name.strip() for name in arguments.not_planned.split(",") if name.strip())
        for name in left_out:
            if name not in ITEMS:
                raise CannotRun("air.aqi.no_such_item", WRONG_USAGE, item=name, items=", ".join(SHOWN))
        return cls(arguments.edition, arguments.time_column, arguments.zero, left_out)


@dataclass
class _Rows:
    """One chunk as it is worked on: a float array by item, and what is wrong by row."""

    values: dict[str, NDArray[np.float64]]
    bad: dict[int, list[str]]
    zeros: dict[int, list[str]]
    rules: list[AirRules | None]
    no_rule: dict[int, str]
    cells: list[list[str]] = field(default_factory=list)


class Worker:
    """Computes the added cells of chunks.

    Args:
        kind: hourly or daily.
        options: what the caller asked for.
    """

    def __init__(self, kind: Kind, options: Options) -> None:
        self.kind, self.options = kind, options
        self._pack = load("air")
        self._numbers: dict[str, float] = {}
        self._days: dict[str, AirRules | str | None] = {}
        self._of_edition = {name: AirRules.of_edition(self._pack, name) for name in editions(self._pack)}

    def check(self, table: InTable) -> None:
        """Require the columns of the kind, and one of days unless the edition is given.

        Raises:
            CannotRun: a column is missing (exit code 2).
        """
        table.need(*(name for item, name in COLUMNS[self.kind].items() if item not in self.options.not_planned))
        if self.options.time_column is not None:
            table.need(self.options.time_column)
        if self.options.edition == "auto" and self._day_cells(table.has) is None:
            names = ", ".join(TIME_COLUMNS)
            raise CannotRun("air.aqi.no_day_column", WRONG_USAGE, file=table.name, names=names)

    def cells(self, chunk: Chunk, complaints: Complaints) -> list[list[str]]:
        """Return the added cells of each row, in the order of `ADDED`."""
        rows = self._read(chunk, complaints)
        rows.cells = [[""] * len(ADDED) for _ in range(len(chunk))]
        for rules in self._of_edition.values():
            at = np.array([here for here, one in enumerate(rows.rules) if one is rules], dtype=np.intp)
            if len(at):
                self._fill(rows, at, rules)
        self._refuse(rows, chunk)
        return rows.cells

    def derivation(self, row: Mapping[str, str]) -> Derivation | None:
        """Return how the index of one row, given by column name, comes about; None where the row has no edition."""
        cells = {name.lower(): text for name, text in row.items()}
        rules = self._of_edition.get(self.options.edition)
        if rules is None:
            names = self._day_cells(lambda name: name in cells) or ()
            found = self._rules_of("-".join(cells[name.lower()] for name in names))
            if not isinstance(found, AirRules):
                return None
            rules = found
        values: dict[str, Decimal | None] = {}
        for item, name in {**COLUMNS[self.kind], **INSTEAD[self.kind]}.items():
            text = cells.get(name, "")
            value = number_of(text) if _is_number(text) else None
            values[item] = None if value is None or value < 0 or self._is_blank_zero(item, value, rules) else value
        return air_report_derivation(self.kind, values, rules)

    def _is_blank_zero(self, item: str, value: Decimal, rules: AirRules) -> bool:
        if value != 0 or self.options.zero == "value":
            return False
        return self.options.zero == "missing" or (self.kind is Kind.DAILY and item in rules.zero_is_missing)

    def _read(self, chunk: Chunk, complaints: Complaints) -> _Rows:
        bad: dict[int, list[str]] = {}
        zeros: dict[int, list[str]] = {}
        values: dict[str, NDArray[np.float64]] = {}
        columns = {**COLUMNS[self.kind], **INSTEAD[self.kind]}
        for item, name in columns.items():
            texts = chunk.column(name) if item not in self.options.not_planned else None
            if texts is None:
                continue
            array = self._floats(texts)
            for at in np.flatnonzero(array == _BAD):
                if int(at) not in chunk.ragged:
                    complaints.cell(chunk.numbers[at], name, texts[at], _mend(texts[at]))
                    bad.setdefault(int(at), []).append(name)
                array[at] = np.nan
            values[item] = array
        rules, no_rule = self._rules(chunk, complaints)
        rows = _Rows(values, bad, zeros, rules, no_rule)
        self._drop_zeros(rows)
        return rows

    def _floats(self, texts: Sequence[str]) -> NDArray[np.float64]:
        known = self._numbers
        if len(known) > 500_000:
            known.clear()
        found: list[float] = []
        for text in texts:
            value = known.get(text)
            if value is None:
                value = known[text] = _float_of(text)
            found.append(value)
        return np.array(found, np.float64)

    def _drop_zeros(self, rows: _Rows) -> None:
        if self.options.zero == "value" or (self.options.zero == "auto" and self.kind is Kind.HOURLY):
            return
        for item in SHOWN:
            array = rows.values.get(item)
            if array is None:
                continue
            for at in np.flatnonzero(array == 0.0):
                rules = rows.rules[at]
                if rules is not None and self._is_blank_zero(item, Decimal(0), rules):
                    array[at] = np.nan
                    rows.zeros.setdefault(int(at), []).append(item)

    def _day_cells(self, has: Callable[[str], bool]) -> tuple[str, ...] | None:
        if self.options.time_column is not None:
            return (self.options.time_column,)
        if all(has(name) for name in _PARTS_OF_DAY):
            return _PARTS_OF_DAY
        return next(((name,) for name in TIME_COLUMNS if has(name)), None)

    def _rules(self, chunk: Chunk, complaints: Complaints) -> tuple[list[AirRules | None], dict[int, str]]:
        if self.options.edition != "auto":
            return [
                None if at in chunk.ragged else self._of_edition[self.options.edition] for at in range(len(chunk))
            ], {}
        names = self._day_cells(lambda name: chunk.column(name) is not None) or ()
        columns = [chunk.column(name) or [] for name in names]
        texts = ["-".join(parts) for parts in zip(*columns, strict=True)]
        rules: list[AirRules | None] = []
        no_rule: dict[int, str] = {}
        for at, text in enumerate(texts):
            if at in chunk.ragged:
                rules.append(None)
                continue
            if text not in self._days:
                self._days[text] = self._rules_of(text)
            found = self._days[text]
            if isinstance(found, AirRules):
                rules.append(found)
                continue
            rules.append(None)
            no_rule[at] = found or say("air.note.no_day")
            complaints.cell(chunk.numbers[at], ", ".join(names), text, "standards.mend.date")
        return rules, no_rule

    def _rules_of(self, text: str) -> AirRules | str | None:
        if len(self._days) > 200_000:
            self._days.clear()
        try:
            day = day_of(text)
        except ValueError:
            return None
        try:
            return self._of_edition[str(self._pack.at("aqi.edition", day).value)]
        except NoRule:
            return say("air.note.no_edition", day=day.isoformat())

    def _fill(self, rows: _Rows, at: NDArray[np.intp], rules: AirRules) -> None:
        given = {item: array[at] for item, array in rows.values.items()}
        planned = self._with_unplanned(given, rules)
        found = air_reports(self.kind, planned, rules)
        shown = [found.iaqi[item].tolist() for item in SHOWN]
        words = {category.level: say(category.word, "zh") for category in rules.categories}
        for here, (aqi, level, primary, reason) in enumerate(
            zip(found.aqi.tolist(), found.level.tolist(), found.primary.tolist(), found.reason.tolist(), strict=True)
        ):
            cells = rows.cells[at[here]]
            cells[0] = str(aqi) if aqi >= 0 else "NA" if reason == NA else ""
            cells[1] = self._primary_words(primary)
            cells[2] = words.get(level, "")
            cells[3:9] = ["" if column[here] < 0 else str(column[here]) for column in shown]
            for item in self.options.not_planned:
                cells[3 + SHOWN.index(item)] = ""
            cells[9] = self._note(found, here, rows.zeros.get(int(at[here]), []), rules)
            cells[10] = rules.edition

    def _with_unplanned(self, given: dict[str, NDArray[np.float64]], rules: AirRules) -> dict[str, NDArray[np.float64]]:
        # An item outside the plan neither sets the index nor counts as missing (HJ 633-2026 5.3.2): a zero does that.
        if not self.options.not_planned or rules.missing.rule != "above":
            return given
        count = len(next(iter(given.values())))
        return {**given, **{item: np.zeros(count) for item in self.options.not_planned}}

    def _primary_words(self, mask: int) -> str:
        if not mask:
            return ""
        return ",".join(_official(ITEMS[bit], self.kind) for bit in range(len(ITEMS)) if mask >> bit & 1)

    def _note(self, found: AirReports, at: int, zeros: list[str], rules: AirRules) -> str:
        missing, beyond, reason = int(found.missing[at]), int(found.beyond[at]), int(found.reason[at])
        if not missing and not beyond and not self.options.not_planned:
            return ""
        parts: list[str] = []
        if reason == NO_DATA and missing == (1 << len(ITEMS)) - 1:
            parts.append(say("air.note.no_data"))
        elif missing:
            why = {NO_PM: "air.note.no_pm", NA: "air.note.na"}.get(reason, "air.note.partial")
            parts += [say(why), say("air.note.missing", items=_names(missing))]
        if zeros:
            parts.append(say("air.note.zero", items=listed([say(f"air.item.{item}") for item in zeros])))
        if beyond:
            parts.append(say("air.note.beyond", items=_names(beyond)))
            none = [item for item in ITEMS if beyond >> ITEMS.index(item) & 1 and found.iaqi[item][at] < 0]
            if none:
                parts.append(say("air.note.no_index", items=listed([say(f"air.item.{item}") for item in none])))
        if self.options.not_planned:
            names = listed([say(f"air.item.{item}") for item in self.options.not_planned])
            parts.append(say("air.note.not_planned", items=names))
        return sentences(parts)

    def _refuse(self, rows: _Rows, chunk: Chunk) -> None:
        # What could not be read gives no index; the sub-indices of the other items stay.
        for at, names in rows.bad.items():
            rows.cells[at][:3] = ["", "", ""]
            rows.cells[at][9] = say("air.note.bad_cell", columns=", ".join(names))
        for at, why in rows.no_rule.items():
            rows.cells[at] = [*[""] * 9, why, ""]
        for at in chunk.ragged:
            rows.cells[at] = [*[""] * 9, say("air.note.bad_row"), ""]


def _official(item: str, kind: Kind) -> str:
    # Official words are the same in every language: they are compared with published columns.
    return say(f"air.published.o3.{kind.value}" if item == "o3" else f"air.item.{item}", "zh")


def _names(mask: int) -> str:
    return listed([say(f"air.item.{item}") for bit, item in enumerate(ITEMS) if mask >> bit & 1])


def _float_of(text: str) -> float:
    try:
        value = number_of(text)
    except ValueError:
        return _BAD
    if value is None:
        return float("nan")
    return _BAD if value < 0 else float(value)


def _mend(text: str) -> str:
    return "standards.mend.negative" if text.strip().startswith("-") and _is_number(text) else "standards.mend.number"


def _is_number(text: str) -> bool:
    try:
        return number_of(text) is not None
    except ValueError:
        return False
