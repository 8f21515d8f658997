"""What the columns of a table of history stand for, and how a row becomes the readings of a station at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ecobureau.clock import BEIJING
from ecobureau.domain.rules import RulePack
from ecobureau.storage.sheet import Form, Sheet
from ecobureau.storage.types import STATS, Kind, Reading, number

LONG = "long"
"""Rows of one factor each: outlet_id or station, time, factor, avg, flag, zs_avg."""
_MISSING = frozenset({"", "-", "--", "—", "——", "/", "na", "n/a", "nan", "null", "none", "nil"})
_FIRST, _END = datetime(1950, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_FORMS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d%H%M%S", "%Y-%m-%d %H")
_KINDS = {3600: Kind.HOUR, 86400: Kind.DAY}


class BadRow(Exception):
    """A row cannot be taken: message code, column, text."""

    def __init__(self, code: str, column: str, text: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.column, self.text, self.params = code, column, text, params

    def __reduce__(self) -> tuple[Any, ...]:
        return _bad_row, (self.code, self.column, self.text, self.params)


class BadTable(Exception):
    """A whole table cannot be taken: message code with its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def __reduce__(self) -> tuple[Any, ...]:
        return _bad_table, (self.code, self.params)


def _bad_row(code: str, column: str, text: str, params: Mapping[str, object]) -> BadRow:
    return BadRow(code, column, text, **params)


def _bad_table(code: str, params: Mapping[str, object]) -> BadTable:
    return BadTable(code, **params)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that stands for a factor: its code, unit, and which statistic it is."""

    name: str
    factor: str
    unit: str
    stat: str = "avg"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of table.

    Attributes:
        name: key of the pack. needs: columns that it must have (lower case).
        station: column that names the station, empty = the whole file is of one station.
        time: column of the time, or of year, month, day, hour; empty = rows follow one another from a given start.
        st, kind, interval_s: stream that the rows go to. columns: what stands for factors.
        raw_suffix: a column with it holds the unrounded value. zero_missing: a 0 stands for no value.
    """

    name: str
    needs: tuple[str, ...]
    station: str
    time: tuple[str, ...]
    st: str
    kind: Kind
    interval_s: int
    columns: tuple[Column, ...] = ()
    raw_suffix: str = ""
    zero_missing: bool = False


def formats(pack: RulePack, on: date) -> dict[str, Format]:
    """Return the formats of the pack, and the long one."""
    found = {}
    for key in pack.keys("history."):
        value: Any = pack.at(key, on).value
        name = key.removeprefix("history.")
        found[name] = Format(
            name,
            tuple(value["needs"]),
            value["station"],
            tuple(value["time"]),
            value["st"],
            Kind(value["kind"]),
            value["interval_s"],
            tuple(Column(c["column"], c["factor"], c["unit"], c.get("stat", "avg")) for c in value["columns"]),
            value.get("raw_suffix", ""),
            value.get("zero_missing", False),
        )
    found[LONG] = Format(LONG, ("time", "factor", "avg"), "outlet_id", ("time",), "", Kind.HOUR, 3600)
    return found


def recognise(columns: Sequence[str], known: Mapping[str, Format], wanted: str | None = None) -> Format:
    """Return the format of a table with these columns (lower case).

    Raises:
        BadTable: none fits, or the wanted one lacks columns.
    """
    if wanted is not None:
        missing = [name for name in known[wanted].needs if name not in columns]
        if missing:
            raise BadTable("history.no_column", missing=", ".join(missing), columns=", ".join(columns))
        return known[wanted]
    for one in known.values():
        if all(name in columns for name in one.needs):
            return one
    raise BadTable("history.no_format", formats=", ".join(known), columns=", ".join(columns))


def with_interval(one: Format, interval_s: int | None) -> Format:
    """Return the format with another length of period (seconds)."""
    if interval_s is None or interval_s == one.interval_s:
        return one
    return replace(one, interval_s=interval_s, kind=_KINDS.get(interval_s, _kind_of(interval_s)))


def _kind_of(interval_s: int) -> Kind:
    return Kind.MINUTE if interval_s < 3600 else Kind.HOUR if interval_s < 86400 else Kind.DAY


def moment(text: str) -> datetime:
    """Read a time; without a zone it is Beijing time. Returns UTC.

    Raises:
        ValueError: no time.
    """
    text = text.strip()
    try:
        if text.isdigit() and len(text) != 14:
            raise ValueError(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _other_form(text)
    try:
        found = (found if found.tzinfo is not None else found.replace(tzinfo=BEIJING)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    if not _FIRST <= found < _END:
        raise ValueError(text)
    return found


def _other_form(text: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 -- Beijing time, set by the caller
        except ValueError:
            continue
    raise ValueError(text)


@dataclass(slots=True)
class Entry:
    """One row, read: station as the file names it, start of the period (UTC), what it says."""

    station: str
    start: datetime
    readings: Sequence[Reading]


@dataclass
class Plan:
    """How the rows of one file are read.

    Attributes:
        format: of the file; at: position of each column (lower case).
        start: start of the first row where the rows have no time; ends: the times stand for the ends of the periods.
        complain: takes cells that cannot be read (their factor is left out of the row).
    """

    format: Format
    at: Mapping[str, int]
    complain: Callable[[BadRow], None]
    start: datetime | None = None
    ends: bool = False
    _times: dict[str, datetime | None] = field(default_factory=dict)
    _fast: list[tuple[int, Column]] = field(default_factory=list)
    _forms: dict[tuple[int, ...], Form] = field(default_factory=dict)
    _row: int = 0

    def __post_init__(self) -> None:
        one = self.format
        self._shift = timedelta(seconds=one.interval_s if self.ends else 0)
        self._step = timedelta(seconds=one.interval_s)
        self._when = [self.at[name] for name in one.time]
        self._who = self.at.get(one.station, self.at.get("station", -1)) if one.station else -1
        for column in one.columns:
            place = self.at.get(column.name + one.raw_suffix, self.at.get(column.name)) if one.raw_suffix else None
            place = self.at.get(column.name) if place is None else place
            if place is not None:
                self._fast.append((place, column))

    def station(self, cells: Sequence[str]) -> str:
        """Return the station as the row names it."""
        return cells[self._who].strip() if self._who >= 0 else ""

    def read(self, cells: Sequence[str]) -> Entry | None:
        """Read a row of a wide table; None where it has no value at all.

        Raises:
            BadRow: station or time cannot be read.
        """
        start = self.when(cells)
        values, decimals, used = [], [], []
        for index, (place, column) in enumerate(self._fast):
            text = cells[place]
            if not text or text.strip().lower() in _MISSING:
                continue
            value, digits = number(text)
            if value is None:
                self.complain(BadRow("history.mend.number", column.name, text))
                continue
            if value == 0 and self.format.zero_missing:
                continue
            values.append(value)
            decimals.append(digits)
            used.append(index)
        if not used:
            return None
        key = tuple(used)
        form = self._forms.get(key)
        if form is None:
            columns = [self._fast[index][1] for index in used]
            form = self._forms[key] = Form.of(tuple((c.factor, c.unit, (c.stat,), "") for c in columns))
        sheet = Sheet(form, tuple(values), tuple(decimals), ("N",) * len(used))
        return Entry(self.station(cells), start, sheet)

    def when(self, cells: Sequence[str]) -> datetime:
        """Return the start of the row's period, UTC.

        Raises:
            BadRow: it has no time that can be read.
        """
        if not self._when:
            assert self.start is not None
            self._row += 1
            return self.start + self._step * (self._row - 1)
        text = cells[self._when[0]] if len(self._when) == 1 else "|".join(cells[at] for at in self._when)
        if text not in self._times:
            if len(self._times) > 500_000:
                self._times.clear()
            self._times[text] = self._moment(text)
        found = self._times[text]
        if found is None:
            raise BadRow("history.mend.time", self.format.time[0], text)
        return found

    def _moment(self, text: str) -> datetime | None:
        try:
            if len(self._when) == 1:
                return moment(text) - self._shift
            year, month, day, hour = (int(part) for part in text.split("|"))
            return moment(datetime(year, month, day, hour, tzinfo=BEIJING).isoformat()) - self._shift
        except (ValueError, OverflowError):
            return None


def long_reading(cells: Sequence[str], at: Mapping[str, int], unit: Callable[[str], str]) -> Reading | None:
    """Return what a row of the long format says of its factor; None where it has no value.

    Raises:
        BadRow: a value cannot be read, or the factor is missing.
    """
    factor = cells[at["factor"]].strip()
    if not factor:
        raise BadRow("history.mend.factor", "factor", factor)
    texts: dict[str, str] = {}
    for stat in ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max"):
        if stat in at and stat in STATS and cells[at[stat]].strip().lower() not in _MISSING:
            text = cells[at[stat]].strip()
            if number(text)[0] is None:
                raise BadRow("history.mend.number", stat, text)
            texts[stat] = text
    flag = cells[at["flag"]].strip() if "flag" in at else "N"
    return Reading.of(factor, unit(factor), texts, flag) if texts else None
