"""Long rows (outlet, time, factor) of emission monitoring: read once, parted by outlet, in bounded memory.

Rows may come in any order. They are kept as small records, and put away in a temporary folder when they are many, so
that afterwards one outlet at a time stands in memory.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ecobureau import rulepacks
from ecobureau.commands.standards.table import Chunk, Complaints, InTable, is_missing
from ecobureau.domain.emission.grid import Samples
from ecobureau.domain.emission.marks import BEIJING, Meaning, meaning_of
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.words import say

NEEDED = ("outlet_id", "time", "factor", "avg")
KNOWN = frozenset({"outlet_id", "kind", "time", "factor", "avg", "flag", "zs_avg"})
_RECORD = np.dtype([("minute", "<i8"), ("value", "<f8"), ("zs", "<f8"), ("factor", "<u2"), ("mark", "u1")])
_KEPT_IN_MEMORY = 1_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- Beijing's wall clock, as whole minutes
_END = datetime(2200, 1, 1)  # noqa: DTZ001
_FORMS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y-%m-%d %H", "%Y%m%d%H%M%S")
Key = tuple[str, str]


def minute_of(text: str) -> int:
    """Return a time as whole minutes of Beijing time since 1970-01-01; without a zone it is Beijing time.

    Raises:
        ValueError: no time, or one before 1970 or after 2199.
    """
    text = text.strip()
    try:
        if text.isdigit() and len(text) != 14:
            raise ValueError(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _other_form(text)
    if found.tzinfo is not None:
        try:
            found = found.astimezone(BEIJING).replace(tzinfo=None)
        except OverflowError as error:
            raise ValueError(text) from error
    if not _EPOCH <= found < _END:
        raise ValueError(text)
    return (found - _EPOCH) // timedelta(minutes=1)


def _other_form(text: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 -- Beijing time
        except ValueError:
            continue
    raise ValueError(text)


@lru_cache(maxsize=200_000)
def time_text(minute: int) -> str:
    """Return minutes since 1970 as ISO 8601 text with +08:00."""
    return (_EPOCH + timedelta(minutes=int(minute))).isoformat() + "+08:00"


@lru_cache(maxsize=1)
def factor_table() -> tuple[dict[str, str], dict[str, str]]:
    """Return unit of concentration by factor code, and 2017 code by 2005 code (only where it names one factor)."""
    units: dict[str, str] = {}
    old: dict[str, list[str]] = {}
    with (rulepacks.HERE / "hj212_factors.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            units[row["code"]] = row["unit_concentration"]
            if row["code_2005"]:
                old.setdefault(row["code_2005"], []).append(row["code"])
    return units, {code: found[0] for code, found in old.items() if len(found) == 1}


@dataclass
class _Store:
    chunks: list[NDArray[np.void]]
    path: Path | None = None


class Rows:
    """Rows of IN.csv, parted by outlet and medium.

    Args:
        table: the open table; complaints: takes what cannot be read; rules: for the meaning of marks.

    Attributes:
        kept_columns: unknown columns of the input.
        ignored: rows of factors that are neither gas nor water, by factor.
    """

    def __init__(self, table: InTable, complaints: Complaints, rules: EmissionRules) -> None:
        table.need(*NEEDED)
        self._table, self._complaints, self._rules = table, complaints, rules
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._stores: dict[Key, _Store] = {}
        self._factors: dict[str, int] = {}
        self._minutes: dict[str, int | None] = {}
        self._meanings: dict[str, int] = {}
        self._in_memory = 0
        self._ids: dict[tuple[str, str], tuple[Key, int] | None] = {}
        self._constant: dict[tuple[Key, str], list[str | None]] = {}
        self.kept_columns = [one for one in table.columns if one.lower() not in KNOWN]
        self.ignored: Counter[str] = Counter()

    def __enter__(self) -> Rows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def read(self) -> None:
        """Read the whole table."""
        for chunk in self._table.chunks():
            self._take(chunk)
            if self._in_memory > _KEPT_IN_MEMORY:
                self._put_away()
        if self.ignored:
            names = ", ".join(sorted(self.ignored)[:20])
            print(say("emission.ignored", factors=names, count=self.ignored.total()), file=sys.stderr)

    def outlets(self) -> list[Key]:
        """Return (outlet, medium) of all there are, sorted."""
        return sorted(self._stores)

    def samples(self, key: Key) -> dict[str, Samples]:
        """Return the samples of one outlet and medium by factor, and let go of them."""
        store = self._stores[key]
        chunks = store.chunks
        if store.path is not None:
            chunks = [np.fromfile(store.path, dtype=_RECORD), *chunks]
            store.path.unlink()
        store.chunks = []
        records = np.concatenate(chunks)
        names = {number: name for name, number in self._factors.items()}
        out = {}
        for number in np.unique(records["factor"]):
            own = records[records["factor"] == number]
            out[names[int(number)]] = Samples(own["minute"], own["value"], own["mark"], own["zs"])
        return out

    def constant(self, key: Key, factor: str) -> list[str]:
        """Return the cells of the unknown columns for one outlet and factor: filled where all its rows agree."""
        found = self._constant.get((key, factor), [])
        return [one or "" for one in found] or [""] * len(self.kept_columns)

    def _put_away(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ecobureau-")
        for number, store in enumerate(self._stores.values()):
            if store.chunks:
                store.path = store.path or Path(self._folder.name) / f"{number}.bin"
                with store.path.open("ab") as out:
                    for one in store.chunks:
                        out.write(one.tobytes())
                store.chunks = []
        self._in_memory = 0

    def _take(self, chunk: Chunk) -> None:
        size = len(chunk)
        outlets, factors = chunk.column("outlet_id") or [], chunk.column("factor") or []
        keys: list[Key | None] = [None] * size
        out = np.zeros(size, dtype=_RECORD)
        numbers, groups = out["factor"], np.full(size, -1, dtype=np.int64)
        places: dict[Key, int] = {}
        for at, pair in enumerate(zip(outlets, factors, strict=True)):
            found = self._ids[pair] if pair in self._ids else self._identify(pair)
            if found is None:
                self._complain_identity(chunk, at, pair)
                continue
            keys[at], numbers[at] = found
            groups[at] = places.setdefault(found[0], len(places))
        out["minute"], good = self._times(chunk)
        out["value"], bad = self._floats(chunk, "avg")
        out["zs"] = self._floats(chunk, "zs_avg")[0]
        out["mark"] = np.where(bad, np.uint8(Meaning.BAD_VALUE), self._marks(chunk))
        for at in chunk.ragged:
            groups[at] = -1
        groups[~good] = -1
        if self.kept_columns:
            self._note_constants(chunk, keys, factors)
        for key, place in places.items():
            own = out[groups == place]
            if len(own):
                self._stores.setdefault(key, _Store([])).chunks.append(own)
                self._in_memory += len(own)

    def _identify(self, pair: tuple[str, str]) -> tuple[Key, int] | None:
        outlet, factor = pair[0].strip(), pair[1].strip()
        factor = factor_table()[1].get(factor, factor)
        medium = {"a": "gas", "w": "water"}.get(factor[:1].lower(), "")
        found = None
        if outlet and len(factor) == 6 and medium and factor[1:].isdigit():
            factor = factor.lower()
            found = ((outlet, medium), self._factors.setdefault(factor, len(self._factors)))
        self._ids[pair] = found
        return found

    def _complain_identity(self, chunk: Chunk, at: int, pair: tuple[str, str]) -> None:
        if at in chunk.ragged:
            return
        if not pair[0].strip():
            self._complaints.cell(chunk.numbers[at], "outlet_id", pair[0], "emission.mend.outlet")
        elif not pair[1].strip():
            self._complaints.cell(chunk.numbers[at], "factor", pair[1], "emission.mend.factor")
        else:
            self.ignored[pair[1].strip()] += 1

    def _times(self, chunk: Chunk) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        texts = chunk.column("time") or []
        found: list[int | None] = []
        for text in texts:
            if text not in self._minutes:
                if len(self._minutes) > 600_000:
                    self._minutes.clear()
                try:
                    self._minutes[text] = minute_of(text)
                except ValueError:
                    self._minutes[text] = None
            found.append(self._minutes[text])
        good = np.array([one is not None for one in found], dtype=bool)
        for at in np.flatnonzero(~good):
            if int(at) not in chunk.ragged:
                self._complaints.cell(chunk.numbers[at], "time", texts[at], "emission.mend.time")
        return np.array([one or 0 for one in found], dtype=np.int64), good

    def _floats(self, chunk: Chunk, name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        texts = chunk.column(name)
        if texts is None:
            return np.full(len(chunk), np.nan), np.zeros(len(chunk), dtype=bool)
        try:
            values = np.array([float(one) if one else np.nan for one in texts])
            if np.isfinite(values).sum() + texts.count("") == len(texts) and "_" not in "".join(texts):
                return values, np.zeros(len(chunk), dtype=bool)
        except ValueError:
            pass
        return self._float_by_float(chunk, name, texts)

    def _float_by_float(
        self, chunk: Chunk, name: str, texts: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        values, bad = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
        for at, text in enumerate(texts):
            if is_missing(text):
                continue
            try:
                values[at] = float(text)
            except ValueError:
                bad[at] = True
            if bad[at] or "_" in text or not np.isfinite(values[at]):
                values[at], bad[at] = np.nan, True
                if at not in chunk.ragged:
                    self._complaints.cell(chunk.numbers[at], name, text)
        return values, bad

    def _marks(self, chunk: Chunk) -> NDArray[np.uint8]:
        flags = chunk.column("flag")
        if flags is None:
            flags = [""] * len(chunk)
        for flag in set(flags) - self._meanings.keys():
            self._meanings[flag] = int(meaning_of(flag, self._rules))
        return np.array([self._meanings[one] for one in flags], dtype=np.uint8)

    def _note_constants(self, chunk: Chunk, keys: Sequence[Key | None], factors: Sequence[str]) -> None:
        columns = [chunk.column(one) or [] for one in self.kept_columns]
        for at, key in enumerate(keys):
            if key is None:
                continue
            factor = factors[at].strip()
            cells = [one[at] for one in columns]
            known = self._constant.setdefault((key, factor_table()[1].get(factor, factor).lower()), list(cells))
            for place, cell in enumerate(cells):
                if known[place] != cell:
                    known[place] = None


def outlets_in_turn(rows: Rows) -> Iterator[tuple[Key, dict[str, Samples]]]:
    """Yield one outlet and medium after the other with its samples."""
    for key in rows.outlets():
        yield key, rows.samples(key)
