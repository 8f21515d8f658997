"""A batch before its transaction: rows packed, ids taken, layouts and partitions there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from psycopg import Connection

from ecobureau.storage import partitions, rows, shape, wire
from ecobureau.storage.catalog import Catalog
from ecobureau.storage.rollup import DAY, EAST
from ecobureau.storage.rows import BACKFILLED, Row
from ecobureau.storage.sheet import Sheet
from ecobureau.storage.types import Arrival, Kind, Period, Reading

FIRST_DAY = wire.PG_EPOCH.date()
IN_ORDER = attrgetter("station", "stream", "start")
_LAG = 2**31 - 1
MANY = 12
"""Rows of one layout from which their numbers are packed together."""


@dataclass(slots=True)
class Batch:
    """A batch on its way: everything that is made before the transaction."""

    arrivals: Sequence[Arrival]
    ids: list[int]
    received: Mapping[tuple[int, date], int]
    data: list[Row] = field(default_factory=list)
    first: list[Row] = field(default_factory=list)
    again: list[Row] = field(default_factory=list)
    raw: list[tuple[int, bytes]] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    split: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    number: int | None = None


class Maker:
    """Makes batches. Belongs to one writer and its connection.

    Attributes:
        catalog: layouts and streams. known: partitions that are there, (table, day since 2000).
    """

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn
        self.catalog = Catalog(conn)
        self.known: set[tuple[str, int]] = set()
        self._next_id = self._last_id = 0

    def forget(self) -> None:
        """Drop what was learnt in a transaction that did not commit."""
        self.catalog = Catalog(self.conn)

    def make(
        self, batch: Sequence[Arrival], received: Mapping[tuple[int, date], int], number: int | None = None
    ) -> Batch:
        """Return a batch with its rows, ids and stored bytes; partitions, layouts and streams that are new are made."""
        work = Batch(batch, self._ids(len(batch)), received, number=number)
        work.at = [wire.micros(arrival.received_at) for arrival in batch]
        work.days = [(at + EAST) // DAY for at in work.at]
        seen: set[rows.Key] = set()
        alike: dict[int, list[Row]] = {}
        for at, (arrival, id_, received_at) in enumerate(zip(batch, work.ids, work.at, strict=True)):
            if arrival.verdict in ("quarantine", "refused"):
                continue
            if arrival.events or arrival.parameters:
                work.told.append(at)
            if arrival.part is not None:
                work.split.append(at)
            if arrival.period is not None:
                row = self._row(arrival, arrival.period, id_, at, received_at)
                work.data.append(row)
                alike.setdefault(row.layout.id, []).append(row)
                key = (row.station, row.stream, row.start)
                if key in seen:
                    work.again.append(row)
                else:
                    seen.add(key)
                    work.first.append(row)
        for group in alike.values():
            _fill(group)
        work.first.sort(key=IN_ORDER)
        self.ensure_partitions(work)
        return work

    def ready(self, arrival: Arrival) -> bool:
        """Say whether `make` of this frame alone asks nothing of the database: all that it needs is known."""
        period = arrival.period
        if period is None or self._next_id >= self._last_id:
            return False
        return (
            ("raw_frame", (wire.micros(arrival.received_at) + EAST) // DAY) in self.known
            and (rows.table_of(period.kind), (wire.micros(period.start) + EAST) // DAY) in self.known
            and self.catalog.knows(period.st, period.kind, period.interval_s, period.readings)
        )

    def _ids(self, n: int) -> list[int]:
        """Return n raw frame ids out of blocks of the sequence, so that a batch knows its ids before it writes."""
        out: list[int] = []
        while len(out) < n:
            if self._next_id >= self._last_id:
                row = self.conn.execute("SELECT nextval('raw_frame_id_seq')").fetchone()
                if row is None:
                    raise RuntimeError("the sequence of raw frames gave nothing")
                self._next_id, self._last_id = int(row[0]), int(row[0]) + 1000
            take = min(n - len(out), self._last_id - self._next_id)
            out += range(self._next_id, self._next_id + take)
            self._next_id += take
        return out

    def _row(self, arrival: Arrival, period: Period, raw_id: int, at: int, received: int) -> Row:
        """Return the row of a frame, without its numbers (`_fill`). Called for every frame: it spares every step."""
        readings, kind, part = period.readings, period.kind, arrival.part
        layout, exact = self.catalog.find(readings)
        start = wire.micros(period.start)
        end = start if kind is Kind.RT else wire.micros(period.end)
        return Row(
            period.station_id,
            self.catalog.stream(period.st, kind, period.interval_s),
            start,
            raw_id,
            layout,
            max(-_LAG, min(_LAG, (received - end) // 1_000_000)),
            BACKFILLED if period.backfilled or not arrival.live else 0,
            None,
            None,
            shape.pack_marks(readings.flags if type(readings) is Sheet else [r.flag for r in readings]),
            exact,
            None if part is None else f"{part.pno}/{part.pnum}",
            kind,
            received,
            end,
            at,
            readings,
        )

    def packed(
        self, station: int, stream: int, start: int, end: int, kind: Kind, readings: Sequence[Reading], received: int,
        late: bool, told: str | None, raw_id: int, at: int,
    ) -> Row:  # fmt: skip
        """Return the packed row of readings that have no period of their own: a packet that was joined."""
        layout, exact = self.catalog.find(readings)
        v, wide = shape.pack_values(layout, readings)
        marks = shape.pack_marks([r.flag for r in readings])
        lag = max(-_LAG, min(_LAG, (received - end) // 1_000_000))
        note = BACKFILLED if late else 0
        return Row(station, stream, start, raw_id, layout, lag, note, v, wide, marks, exact, told, kind, received, end,
                   at, readings)  # fmt: skip

    def ensure_partitions(self, work: Batch) -> None:
        """Make the partitions that a batch needs."""
        wanted = {("raw_frame", day) for day in set(work.days)}
        for kind, start in {(r.kind, r.start) for r in work.data}:
            wanted.add(("frame_rt" if kind is Kind.RT else "frame_period", (start + EAST) // DAY))
        missing = wanted - self.known
        for table in sorted({table for table, _day in missing}):
            days = [FIRST_DAY + timedelta(days=day) for its_table, day in missing if its_table == table]
            partitions.ensure(self.conn, table, days)
        self.known |= missing


def _fill(group: Sequence[Row]) -> None:
    """Pack the numbers of rows of one layout."""
    if len(group) < MANY:
        for row in group:
            row.v, row.wide = shape.pack_values(row.layout, row.readings)
        return
    flat = [
        row.readings.values if type(row.readings) is Sheet else [x for one in row.readings for x in one.values]
        for row in group
    ]
    for row, packed in zip(group, shape.pack_many(group[0].layout, flat), strict=True):
        row.v, row.wide, row.cells = packed
