"""Reading a series of levels from a table: times in many spellings, levels, and what rules a row out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ecobureau.clock import BEIJING
from ecobureau.commands.standards.table import WRONG_USAGE, CannotRun, Chunk, Complaints, InTable, is_missing, number_of

_TIMES = ("time", "datetime", "timestamp", "date_time", "data_time", "datatime", "时间", "监测时间")
_LEVELS = re.compile(
    r"(?:l_?a?_?eq.*|la|la_.*|level.*|laf.*|db|dba|db\(a\)|等效声级.*|声级.*|等效连续a声级.*)", re.IGNORECASE
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M")
_WET = {"1": True, "true": True, "yes": True, "是": True, "0": False, "false": False, "no": False, "否": False}
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?")


def micros_of(text: str) -> int:
    """Return local microseconds since 1970-01-01 00:00 of a time; one with an offset is brought to Beijing time.

    Raises:
        ValueError: it is no time.

    >>> micros_of("1970-01-01 00:00:01") == micros_of("1970/1/1 0:00:01") == micros_of("1969-12-31T16:00:01Z")
    True
    """
    text = text.strip().replace("/", "-")
    found = None
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
    for form in _FORMS if found is None else ():
        with suppress(ValueError):
            found = datetime.strptime(text, form)  # noqa: DTZ007 -- local time without a zone is what files carry
            break
    if found is None or len(text) < 12:
        raise ValueError(text)
    local = found if found.tzinfo is None else found.astimezone(BEIJING)
    return (local.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def text_of(micros: int) -> str:
    """Return local microseconds as `2025-03-22 00:00:00`."""
    return (_EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class Columns:
    """Positions of the columns that are read; None where there is none."""

    time: int
    level: int
    by: int | None
    flag: int | None
    wind: int | None
    rain: int | None


def find_columns(table: InTable, time: str | None, level: str | None, by: str | None) -> Columns:
    """Return where the columns are.

    Raises:
        CannotRun: the time or the level is missing, or several columns may be the level.
    """
    table.need(*(name for name in (time, level, by) if name))
    lower = [column.lower() for column in table.columns]

    def place(name: str | None, known: Sequence[str] = ()) -> int | None:
        names = [name.lower()] if name else list(known)
        return next((lower.index(one) for one in names if one in lower), None)

    at = place(time, _TIMES)
    if at is None:
        table.need("time")
        raise CannotRun("standards.no_column", WRONG_USAGE, file=table.name, missing="time", columns="")
    levels = [here for here, one in enumerate(lower) if _LEVELS.fullmatch(one)] if level is None else [place(level)]
    if len(levels) != 1 or levels[0] is None:
        code = "noise.no_level" if not levels else "noise.many_levels"
        columns = table.columns if not levels else [table.columns[here] for here in levels if here is not None]
        raise CannotRun(code, WRONG_USAGE, file=table.name, columns=", ".join(columns) or "—")
    return Columns(
        at, levels[0], place(by), place(None, ("flag",)), place(None, ("wind_speed", "wind")), place(None, ("rain",))
    )


@dataclass(slots=True)
class Series:
    """The series of one place, piece by piece: times, levels and the row of each; `out` counts rows ruled out."""

    times: list[NDArray[np.int64]] = field(default_factory=list)
    levels: list[NDArray[np.float64]] = field(default_factory=list)
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    out: int = 0

    def joined(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        return np.concatenate(self.times), np.concatenate(self.levels), np.concatenate(self.rows)


@dataclass(slots=True)
class Reader:
    """Reads chunks into series by place.

    Attributes:
        plausible: lowest and highest level an instrument may give; wind: m/s above which a row is out.
        series: place → series; the place is empty without a column for it.
    """

    columns: Columns
    plausible: tuple[float, float]
    wind: float
    complaints: Complaints
    series: dict[str, Series] = field(default_factory=dict)

    def take(self, chunk: Chunk) -> None:
        """Read the rows of a chunk; rows that cannot be read are complained of and left out."""
        where, names = self.columns, chunk.columns
        times = self._times(chunk)
        levels = np.full(len(chunk), np.nan)
        for at, row in enumerate(chunk.rows):
            if at in chunk.ragged:
                continue
            levels[at] = self._level(row[where.level], chunk.numbers[at], names[where.level])
            if not np.isnan(levels[at]) and self._ruled_out(row, chunk.numbers[at], names):
                levels[at] = np.nan
                self.series.setdefault(self._place(row), Series()).out += 1
        usable = np.isfinite(levels) & (times >= 0)
        numbers = np.array(chunk.numbers, dtype=np.int64)
        if where.by is None:
            self._keep("", times[usable], levels[usable], numbers[usable])
            return
        places = np.array([self._place(row) for row in chunk.rows], dtype=object)
        for place in dict.fromkeys(places[usable].tolist()):
            here = usable & (places == place)
            self._keep(place, times[here], levels[here], numbers[here])

    def _keep(self, place: str, times: NDArray[np.int64], levels: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
        series = self.series.setdefault(place, Series())
        series.times.append(times)
        series.levels.append(levels)
        series.rows.append(rows)

    def _place(self, row: Sequence[str]) -> str:
        return "" if self.columns.by is None else row[self.columns.by].strip()

    def _times(self, chunk: Chunk) -> NDArray[np.int64]:
        texts = [row[self.columns.time] for row in chunk.rows]
        if all(map(_PLAIN.fullmatch, texts)):
            with suppress(ValueError):
                return np.array(texts, dtype="datetime64[us]").astype(np.int64)
        found = np.full(len(texts), -1, dtype=np.int64)
        for at, text in enumerate(texts):
            if at in chunk.ragged:
                continue
            try:
                found[at] = micros_of(text)
            except (ValueError, OverflowError):
                self.complaints.cell(chunk.numbers[at], chunk.columns[self.columns.time], text, "standards.mend.time")
        return found

    def _level(self, text: str, number: int, column: str) -> float:
        if is_missing(text) or text.strip() == "*":
            return float("nan")
        try:
            found = number_of(text)
        except ValueError:
            self.complaints.cell(number, column, text, "noise.mend.level")
            return float("nan")
        low, high = self.plausible
        if found is None or found in (-1, -99, -999, -9999):
            return float("nan")
        if not low <= found <= high:
            self.complaints.cell(number, column, text, "noise.mend.level")
            return float("nan")
        return float(found)

    def _ruled_out(self, row: Sequence[str], number: int, names: Sequence[str]) -> bool:
        where = self.columns
        if where.flag is not None and row[where.flag].strip() not in ("", "N", "n"):
            return True
        if where.wind is not None and (self._number(row, where.wind, number, names) or 0.0) > self.wind:
            return True
        if where.rain is None or is_missing(row[where.rain]):
            return False
        said = _WET.get(row[where.rain].strip().lower())
        return said if said is not None else (self._number(row, where.rain, number, names) or 0.0) > 0

    def _number(self, row: Sequence[str], at: int, number: int, names: Sequence[str]) -> float | None:
        try:
            found = number_of(row[at])
        except ValueError:
            self.complaints.cell(number, names[at], row[at])
            return None
        return None if found is None else float(found)
