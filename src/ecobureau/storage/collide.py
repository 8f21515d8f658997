"""Frames that meet a row of their key: compared factor by factor, outside the fast path."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from psycopg import Cursor

from ecobureau.storage import merge, shape, wire
from ecobureau.storage import rows as packed
from ecobureau.storage.catalog import Catalog
from ecobureau.storage.rows import MERGED, REVISED, Key, Row
from ecobureau.storage.types import Kind, Outcome, Reading


class Collisions:
    """The rows of one transaction that more than one frame speaks of.

    Args:
        cursor: of the open transaction; catalog: for layouts (made beforehand or in the same transaction).
        digests: SHA-256 of the frames of this batch by raw id, to know a resend of an earlier version.
    """

    def __init__(self, cursor: Cursor[Any], catalog: Catalog, digests: dict[int, bytes], made_at: datetime) -> None:
        self.cursor = cursor
        self.catalog = catalog
        self.digests = digests
        self.made_at = made_at
        self.current: dict[Key, Row] = {}
        self.changed: dict[Key, Row] = {}
        self._revisions: list[tuple[Any, ...]] = []
        self._sources: dict[tuple[Key, int], set[str]] = {}

    def hold(self, row: Row) -> None:
        """Take note of a row that this transaction has just inserted."""
        self.current[row.key] = row

    def lock(self, rows: Iterable[Row]) -> set[Key]:
        """Lock and read the stored rows that hold the keys of `rows`; returns their keys."""
        found: set[Key] = set()
        by_kind: dict[str, list[Row]] = {}
        for row in rows:
            if row.key not in self.current:
                by_kind.setdefault(packed.table_of(row.kind), []).append(row)
        for table in sorted(by_kind, reverse=True):
            some = by_kind[table]
            for values in packed.fetch_rivals(self.cursor, table, some):
                row = self._row(values, some[0].kind if table == "frame_rt" else None)
                self.current[row.key] = row
                found.add(row.key)
        return found

    def _row(self, values: tuple[Any, ...], kind: Kind | None) -> Row:
        station, stream, start, raw_id, layout_id, lag, note, v, wide, marks, exact, parts = values
        begin = wire.micros(start)
        _st, its_kind, interval_s = self.catalog.stream_key(stream)
        kind = kind or Kind(its_kind)
        end = begin if kind is Kind.RT else begin + interval_s * 1_000_000
        return Row(
            station, stream, begin, raw_id, self.catalog.layout(layout_id), lag, note, v, wide, marks, exact, parts,
            kind, end + lag * 1_000_000, end, -1,
        )  # fmt: skip

    def apply(self, new: Row) -> Outcome:
        """Merge a frame into the current row of its key."""
        old = self.current[new.key]
        if new.parts is None and _same(old, new):
            return Outcome.DUPLICATE
        result = merge.merge(old.unpacked(), new.unpacked())
        parts = old.parts
        if new.parts:
            pno, _slash, pnum = new.parts.partition("/")
            for number in pno.split(","):
                parts = merge.see_part(parts, int(number), int(pnum))
        if result.changes and self._sent_before(new):
            return Outcome.DUPLICATE
        if not result.added and not result.changes and parts == old.parts:
            return Outcome.DUPLICATE
        row = self._rebuilt(old, new, result.readings, parts, bool(result.changes))
        self.current[row.key] = self.changed[row.key] = row
        self._remember(old, new, result)
        if result.changes:
            return Outcome.REVISED
        return Outcome.STORED if result.added or new.parts else Outcome.DUPLICATE

    def _rebuilt(self, old: Row, new: Row, readings: list[Reading], parts: str | None, revised: bool) -> Row:
        layout, exact = self.catalog.find(readings)
        v, wide = shape.pack_values(layout, readings)
        note = old.note | MERGED | (REVISED if revised else 0)
        return Row(
            old.station, old.stream, old.start, old.raw_id, layout, old.lag, note, v, wide,
            shape.pack_marks([r.flag for r in readings]), exact, parts, old.kind, new.received, old.end, new.arrival,
            readings,
        )  # fmt: skip

    def _remember(self, old: Row, new: Row, result: merge.Merged) -> None:
        start = packed.from_micros(new.start)
        for change in result.changes:
            before = self._source_of(old, change.code)
            self._revisions.append(
                (new.station, new.stream, start, change.code, change.stat, change.old, change.new, before, new.raw_id,
                 self.made_at)
            )  # fmt: skip
        gave = set(result.added) | {change.code for change in result.changes}
        if gave:
            self._sources.setdefault((new.key, new.raw_id), set()).update(gave)

    def _source_of(self, row: Row, code: str) -> int:
        """Return the raw frame that gave a factor its present value."""
        mine = [raw_id for (key, raw_id), codes in self._sources.items() if key == row.key and code in codes]
        if mine and max(mine) != row.raw_id:
            return max(mine)
        found = self.cursor.execute(
            "SELECT max(raw_id) FROM frame_source WHERE station_id = %s AND stream_id = %s AND start = %s"
            " AND %s = ANY (factors)",
            (row.station, row.stream, packed.from_micros(row.start), code),
        ).fetchone()
        return int(found[0]) if found and found[0] is not None else row.raw_id

    def _sent_before(self, new: Row) -> bool:
        """Say whether the very same bytes were already taken for this key: a resend of a version since rewritten."""
        known = self.cursor.execute(
            "SELECT old_raw_id, new_raw_id FROM revision WHERE station_id = %s AND stream_id = %s AND start = %s",
            (new.station, new.stream, packed.from_micros(new.start)),
        ).fetchall()
        ids = {id_ for pair in known for id_ in pair} | {self.current[new.key].raw_id}
        ids |= {r[-2] for r in self._revisions if r[:2] == (new.station, new.stream)}
        ids |= {r[-3] for r in self._revisions if r[:2] == (new.station, new.stream)}
        mine = self.digests.get(new.raw_id)
        if any(self.digests.get(id_) == mine for id_ in ids if id_ in self.digests and id_ != new.raw_id):
            return True
        same = self.cursor.execute(
            "SELECT 1 FROM raw_frame WHERE id = ANY (%s) AND sha256 = %s LIMIT 1", (list(ids), mine)
        ).fetchone()
        return same is not None

    def flush(self) -> None:
        """Write the changed rows, what gave them their factors, and the revisions."""
        by_table: dict[str, list[Row]] = {}
        for row in sorted(self.changed.values(), key=lambda r: r.key):
            by_table.setdefault(packed.table_of(row.kind), []).append(row)
        for table, some in by_table.items():
            packed.update(self.cursor, table, some)
        if self._sources:
            self.cursor.executemany(
                "INSERT INTO frame_source AS s (station_id, stream_id, start, raw_id, factors)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (station_id, stream_id, start, raw_id) DO UPDATE SET"
                " factors ="
                " (SELECT array_agg(DISTINCT f) FROM unnest(s.factors || excluded.factors) f)",
                [
                    (key[0], key[1], packed.from_micros(key[2]), raw_id, sorted(codes))
                    for (key, raw_id), codes in sorted(self._sources.items())
                ],
            )
        if self._revisions:
            self.cursor.executemany(
                "INSERT INTO revision (station_id, stream_id, start, factor, stat, old_text, new_text, old_raw_id,"
                " new_raw_id, made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                self._revisions,
            )


def _same(old: Row, new: Row) -> bool:
    """Say whether two rows hold the same to the last digit: most resends, without unpacking them."""
    return (
        old.layout.id == new.layout.id
        and old.v == new.v
        and old.wide == new.wide
        and old.marks == new.marks
        and old.exact == new.exact
    )
