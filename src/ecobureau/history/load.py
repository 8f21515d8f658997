"""Loading a file of history: rows to frames, frames to the store in batches, the file itself as evidence."""

from __future__ import annotations

import csv
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import orjson
from psycopg import Connection

from ecobureau import clock
from ecobureau.clock import BEIJING
from ecobureau.history.formats import LONG, BadRow, BadTable, Entry, Format, Plan, long_reading
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Event, Outcome, Period, Reading
from ecobureau.storage.writer import Writer

CN = "IMPORT"
"""What stands for the command code of frames that came from a file."""
EVENT = "import"
BATCH = 4000
WINDOW = 400_000
"""Rows of the long format that are brought together by station and time at once."""
_HEARTBEAT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Station:
    """A station of the registry: id, MN of its logger (or its code), system code."""

    id: int
    mn: str
    st: str


@dataclass
class Report:
    """What became of a file.

    Attributes:
        rows: data rows read; values: numbers in good rows; empty: rows without any value; bad: rows not taken;
        cells: cells that could not be read; outcomes: frames by outcome; unknown: rows by station not in the registry;
        stations: frames by station id; first, last: span of the starts.
    """

    rows: int = 0
    values: int = 0
    frames: int = 0
    empty: int = 0
    bad: int = 0
    cells: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    stations: Counter[int] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, other: Report) -> None:
        """Take in what became of another share of the file."""
        for name in ("rows", "values", "frames", "empty", "bad", "cells"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("outcomes", "unknown", "stations"):
            getattr(self, name).update(getattr(other, name))
        self.first = min((one for one in (self.first, other.first) if one), default=None)
        self.last = max((one for one in (self.last, other.last) if one), default=None)


Complain = Callable[[int, BadRow], None]


def digest_of(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").digest()


def loaded_before(conn: Connection[Any], digest: bytes) -> datetime | None:
    """Return when this very file was loaded to its end; None = it was not."""
    row = conn.execute(
        "SELECT min(received_at) FROM device_event WHERE kind = %s AND fields->>'sha256' = %s", (EVENT, digest.hex())
    ).fetchone()
    return row[0] if row else None


def registry(conn: Connection[Any]) -> dict[str, Station]:
    """Return the stations by MN, code and name; a name that two share is left out."""
    rows = conn.execute(
        "SELECT s.id, s.code, s.name, s.st, l.mn FROM sources_station s"
        " LEFT JOIN sources_logger l ON l.station_id = s.id ORDER BY l.id"
    ).fetchall()
    names = Counter(name for name, _id in {(name, id_) for id_, _code, name, _st, _mn in rows})
    found: dict[str, Station] = {}
    for id_, code, name, st, mn in rows:
        station = Station(int(id_), mn or code, st)
        if names[name] == 1:
            found.setdefault(name, station)
    for id_, code, _name, st, mn in rows:
        found[code] = Station(int(id_), mn or code, st)
        if mn:
            found[mn] = found[code]
    return found


class Lines:
    """The lines of a CSV file: bytes as they are, and their cells.

    Raises:
        BadTable: it is empty or no text of that encoding.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream, self._encoding = stream, encoding
        head = stream.readline()
        if head.startswith(b"\xef\xbb\xbf"):
            head = head[3:]
        cells = self._cells(head)
        if not cells or not any(cell.strip() for cell in cells):
            raise BadTable("history.empty")
        self.columns = [cell.strip().lower() for cell in cells]
        twice = sorted(name for name, count in Counter(self.columns).items() if count > 1 and name)
        if twice:
            raise BadTable("history.column_twice", columns=", ".join(twice))

    def _cells(self, line: bytes) -> list[str]:
        try:
            text = line.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise BadTable("history.not_text", encoding=self._encoding) from error
        text = text.rstrip("\r\n")
        if '"' in text:
            try:
                return next(csv.reader([text], strict=True), [])
            except csv.Error:
                return []
        return text.split(",")

    def __iter__(self) -> Iterator[tuple[int, bytes, list[str]]]:
        """Yield number (as a spreadsheet shows it), bytes without the line's end, and cells of each row."""
        for number, line in enumerate(self._stream, 2):
            raw = line.rstrip(b"\r\n")
            if raw:
                yield number, raw, self._cells(raw)


class Loader:
    """Loads one file.

    Args:
        plan: how its rows are read; width: cells of a row.
        stations: registry by MN, code or name; alias: names in the file -> names in the registry; only: one station
            for the whole file.
        complain: takes what cannot be read, by row.
        conn: connection of its own in autocommit mode; None = dry run: everything is read, nothing is written.
        progress: called with the bytes read so far now and then.
        share: which of how many shares of the stations is loaded here; rows of others are passed over.
    """

    def __init__(
        self,
        plan: Plan,
        width: int,
        stations: Mapping[str, Station],
        complain: Complain,
        conn: Connection[Any] | None,
        *,
        alias: Mapping[str, str] | None = None,
        only: str | None = None,
        unit: Callable[[str], str] = lambda _: "",
        progress: Callable[[int], None] = lambda _: None,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self._share = share
        self._mine: dict[str, bool] = {}
        self.plan, self._width, self._stations, self._complain = plan, width, stations, complain
        self._alias, self._only, self._unit, self._progress = alias or {}, only, unit, progress
        self.report = Report()
        self._conn = conn
        self._writer = None if conn is None else Writer(conn)
        self._now = clock.now()
        self._day = self._now.astimezone(BEIJING).date()
        self._beat = self._now
        self._run = 0 if conn is None else books.start_run(conn, "import", socket.gethostname(), os.getpid(), self._now)
        self._received: dict[tuple[int, date], int] = {}
        self._batch: list[Arrival] = []
        self._known: dict[str, Station | None] = {}
        self._bytes = 0

    def load(self, lines: Lines) -> Report:
        """Load all rows, or the share of them that is this loader's. Returns the report.

        Raises:
            BadTable: the rest of the file is no text; what was read before stands.
            psycopg.Error: the database failed; load the file again, what stands already is not doubled.
        """
        take = self._take_long if self.plan.format.name == LONG else self._take_wide
        take(lines)
        self._flush()
        if self._conn is not None:
            books.end_run(self._conn, self._run, clock.now(), self._received)
        return self.report

    def _rows(self, lines: Lines) -> Iterator[tuple[int, bytes, list[str], Station]]:
        report = self.report
        for number, raw, cells in lines:
            self._bytes += len(raw) + 1
            if len(cells) != self._width:
                if self._share[0] == 0:
                    report.rows += 1
                    self._bad(number, BadRow("history.mend.cells", "", "", found=len(cells), wanted=self._width))
                continue
            who = self._only if self._only is not None else self.plan.station(cells)
            mine = self._mine.get(who)
            if mine is None:
                mine = self._mine[who] = crc32(who.encode()) % self._share[1] == self._share[0]
            if not mine:
                continue
            report.rows += 1
            if who not in self._known:
                self._known[who] = self._stations.get(self._alias.get(who, who))
            station = self._known[who]
            if station is None:
                report.unknown[who] += 1
                report.bad += 1
                if report.unknown[who] == 1:
                    column = self.plan.format.station or "--station"
                    self._complain(number, BadRow("history.mend.station", column, who))
                continue
            yield number, raw, cells, station

    def _bad(self, number: int, what: BadRow) -> None:
        self.report.bad += 1
        self._complain(number, what)

    def _take_wide(self, lines: Lines) -> None:
        plan, here = self.plan, [0]

        def complain(what: BadRow) -> None:
            self.report.cells += 1
            self._complain(here[0], what)

        plan.complain = complain
        for number, raw, cells, station in self._rows(lines):
            here[0] = number
            try:
                entry = plan.read(cells)
            except BadRow as what:
                self._bad(number, what)
                continue
            if entry is None:
                self.report.empty += 1
            else:
                self._add(station, raw, entry)

    def _take_long(self, lines: Lines) -> None:
        # Rows of one station and time are brought together, a window of rows at a time; the store joins the rest.
        held: dict[tuple[int, datetime], tuple[Station, list[bytes], dict[str, Reading]]] = {}
        count = 0
        for number, raw, cells, station in self._rows(lines):
            try:
                start = self.plan.when(cells)
                reading = long_reading(cells, self.plan.at, self._unit)
            except BadRow as what:
                self._bad(number, what)
                continue
            if reading is None:
                self.report.empty += 1
                continue
            _, raws, readings = held.setdefault((station.id, start), (station, [], {}))
            raws.append(raw)
            readings[reading.code] = reading
            count += 1
            if count >= WINDOW:
                self._let_go(held)
                held, count = {}, 0
        self._let_go(held)

    def _let_go(self, held: Mapping[tuple[int, datetime], tuple[Station, list[bytes], dict[str, Reading]]]) -> None:
        for (_, start), (station, raws, readings) in sorted(held.items(), key=lambda item: item[0]):
            self._add(station, b"\n".join(raws), Entry("", start, list(readings.values())))

    def _add(self, station: Station, raw: bytes, entry: Entry) -> None:
        report, one = self.report, self.plan.format
        report.values += len(entry.readings)
        report.frames += 1
        report.stations[station.id] += 1
        start = entry.start
        if report.first is None or start < report.first:
            report.first = start
        if report.last is None or start > report.last:
            report.last = start
        if self._writer is None:
            if report.frames % BATCH == 0:
                self._progress(self._bytes)
            return
        end = start + timedelta(seconds=one.interval_s)
        period = Period(station.id, one.st or station.st, one.kind, one.interval_s, start, end, entry.readings, True)
        self._batch.append(self._arrival(station, raw, "data", period=period))
        if len(self._batch) >= BATCH:
            self._flush()

    def _arrival(self, station: Station, raw: bytes, verdict: Any, **more: Any) -> Arrival:
        key = (station.id, self._day)
        self._received[key] = self._received.get(key, 0) + 1
        return Arrival(
            self._now,
            raw,
            sha256(raw).digest(),
            self._run,
            station.id,
            station.mn,
            CN,
            verdict,
            live=False,
            **more,
        )

    def _flush(self) -> None:
        if not self._batch or self._writer is None or self._conn is None:
            return
        touched = {(one.station_id or 0, self._day) for one in self._batch}
        received = {key: self._received[key] for key in touched}
        self.report.outcomes.update(self._writer.write(self._batch, received))
        self._batch = []
        self._progress(self._bytes)
        now = clock.now()
        if now - self._beat > _HEARTBEAT:
            books.heartbeat(self._conn, self._run, now)
            self._beat = now


def record_file(
    conn: Connection[Any], stations: Mapping[int, Station], report: Report, name: str, digest: bytes, format_name: str
) -> None:
    """Keep what a file was as an event of each station it spoke of; from then on it counts as loaded.

    Args:
        stations: by id; report: of the whole file; digest: SHA-256 of the file.
    """
    now = clock.now()
    day = now.astimezone(BEIJING).date()
    run = books.start_run(conn, "import", socket.gethostname(), os.getpid(), now)
    what = {"file": name, "sha256": digest.hex(), "format": format_name, "rows": report.rows}
    batch, received = [], {}
    for id_, frames in sorted(report.stations.items()):
        fields = {**what, "frames": frames}
        raw = orjson.dumps({"import": fields}, option=orjson.OPT_SORT_KEYS)
        events = (Event(id_, now, EVENT, fields),)
        key = (id_, day)
        received[key] = 1
        batch.append(
            Arrival(now, raw, sha256(raw).digest(), run, id_, stations[id_].mn, CN, "event", live=False, events=events)
        )
    writer = Writer(conn)
    for at in range(0, len(batch), BATCH):
        writer.write(batch[at : at + BATCH])
    books.end_run(conn, run, clock.now(), received)


def plan_for(
    one: Format, columns: Sequence[str], *, start: datetime | None = None, ends: bool = False, only: bool = False
) -> Plan:
    """Return how a table with these columns is read.

    Raises:
        BadTable: its rows have no time and no start was given, or no station and none was given.
    """
    if not one.time and start is None:
        raise BadTable("history.no_start")
    if not only and (not one.station or (one.station not in columns and "station" not in columns)):
        raise BadTable("history.no_station")
    return Plan(one, {name: at for at, name in enumerate(columns) if name}, lambda _: None, start, ends)
