"""Streams and layouts: small tables of values that never change, kept in memory by every writer and reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from ecobureau.storage import shape
from ecobureau.storage.sheet import Form, Sheet
from ecobureau.storage.types import Kind, Reading

VARIANTS = 8
"""Layouts of one set of factors that differ in decimals only. A device that drops trailing zeros would make thousands:
from here on its rows carry their own decimals."""
_CACHE = 50_000

StreamKey = tuple[str, str, int]


class Catalog:
    """Look up ids of streams and layouts, making them where they are new. Not shared between threads.

    Args:
        conn: a connection in autocommit mode outside any transaction when something new is made.
    """

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn
        self._streams: dict[StreamKey, int] = {}
        self._stream_keys: dict[int, StreamKey] = {}
        self._layouts: dict[int, shape.Layout] = {}
        self._exact: dict[shape.Key, shape.Layout] = {}
        self._families: dict[Any, list[shape.Layout]] = {}
        self._found: dict[shape.Key, tuple[shape.Layout, bytes | None]] = {}
        self._sheets: dict[tuple[Form, tuple[int, ...]], tuple[shape.Layout, bytes | None]] = {}
        self._loaded = False

    def stream(self, st: str, kind: Kind, interval_s: int) -> int:
        """Return the id of a stream; makes it where it is new."""
        key = (st, kind, interval_s)
        found = self._streams.get(key)
        if found is None:
            self.conn.execute(
                "INSERT INTO stream (st, kind, interval_s) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (st, kind.value, interval_s),
            )
            self._load_streams()
            found = self._streams[key]
        return found

    def stream_key(self, stream_id: int) -> StreamKey:
        """Return (st, kind, interval in seconds) of a stream id."""
        if stream_id not in self._stream_keys:
            self._load_streams()
        return self._stream_keys[stream_id]

    def streams(self, st: str, kind: Kind, interval_s: int | None = None) -> list[int]:
        """Return the ids of a station type's streams of one kind, of one interval or of all."""
        self._load_streams()
        return [
            id_
            for (its_st, its_kind, its_interval), id_ in self._streams.items()
            if its_st == st and its_kind == kind and interval_s in (None, its_interval)
        ]

    def _load_streams(self) -> None:
        for id_, st, kind, interval_s in self.conn.execute("SELECT id, st, kind, interval_s FROM stream"):
            self._streams[(st, kind, interval_s)] = id_
            self._stream_keys[id_] = (st, kind, interval_s)

    def layout(self, id_: int) -> shape.Layout:
        """Return a layout by its id.

        Raises:
            KeyError: there is none.
        """
        if id_ not in self._layouts:
            self._load_layouts()
        return self._layouts[id_]

    def find(self, readings: Sequence[Reading]) -> tuple[shape.Layout, bytes | None]:
        """Return the layout for readings, and their decimals as bytes where the layout's differ; makes it where new."""
        if type(readings) is not Sheet:
            return self._find(readings)
        place = (readings.form, readings.decimals)
        found = self._sheets.get(place)
        if found is None:
            if len(self._sheets) >= _CACHE:
                self._sheets.clear()
            found = self._sheets[place] = self._find(readings)
        return found

    def knows(self, st: str, kind: Kind, interval_s: int, readings: Sequence[Reading]) -> bool:
        """Say whether `stream` and `find` need not ask the database for a sheet."""
        return (
            type(readings) is Sheet
            and (readings.form, readings.decimals) in self._sheets
            and self._streams.get((st, kind, interval_s)) in self._stream_keys
        )

    def _find(self, readings: Sequence[Reading]) -> tuple[shape.Layout, bytes | None]:
        key = shape.shape_of(readings)
        found = self._found.get(key)
        if found is None:
            if not self._loaded:
                self._load_layouts()
            found = self._choose(key)
            if len(self._found) >= _CACHE:
                self._found.clear()
            self._found[key] = found
        return found

    def _choose(self, key: shape.Key) -> tuple[shape.Layout, bytes | None]:
        exact = self._exact.get(key)
        if exact is not None:
            return exact, None
        family = self._families.get(shape.loose(key), [])
        if len(family) < VARIANTS:
            return self._make(key), None
        wanted = shape.decimals_of(key)
        holds = [
            layout for layout in family if all(has[2] >= need for has, need in zip(layout.slots, wanted, strict=True))
        ]
        if holds:
            best = min(holds, key=lambda layout: (sum(slot[2] for slot in layout.slots), layout.id))
        else:
            widest = [max(column) for column in zip(wanted, *(_decimals(each) for each in family), strict=True)]
            best = self._make(shape.with_decimals(key, widest))
        return best, bytes(wanted)

    def _make(self, key: shape.Key) -> shape.Layout:
        row = shape.columns(key)
        factors = shape.factor_columns(key)
        self.conn.execute(
            "WITH made AS (INSERT INTO layout (digest, factors, units, dialects, slot_factor, slot_stat, slot_decimals,"
            " slot_role) VALUES (%s, %s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::smallint[],"
            " %s::smallint[]) ON CONFLICT DO NOTHING RETURNING id)"
            " INSERT INTO layout_factor (layout_id, number, factor, slot, decimals, scale, zs_slot,"
            " zs_decimals, zs_scale)"
            " SELECT made.id, u.* FROM made, unnest(%s::smallint[], %s::text[], %s::smallint[], %s::smallint[],"
            " %s::float8[], %s::smallint[], %s::smallint[], %s::float8[]) AS u",
            (shape.digest(key), *row.values(), *factors),
        )
        self._load_layouts()
        return self._exact[key]

    def _load_layouts(self) -> None:
        newest = max(self._layouts, default=0)
        rows = self.conn.execute(
            "SELECT id, factors, units, dialects, slot_factor, slot_stat, slot_decimals FROM layout WHERE id > %s"
            " ORDER BY id",
            (newest - 64,),  # ids are handed out before they are visible: look a little back
        ).fetchall()
        for id_, *row in rows:
            if id_ in self._layouts:
                continue
            layout = shape.make_layout(id_, shape.key_from_columns(*row))
            self._layouts[id_] = layout
            self._exact[layout.key] = layout
            self._families.setdefault(shape.loose(layout.key), []).append(layout)
        self._loaded = True


def _decimals(layout: shape.Layout) -> list[int]:
    return [slot[2] for slot in layout.slots]
