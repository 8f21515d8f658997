"""The evidence chain: each day's raw frames of each station become one link, its head goes to a file outside the
database.

A link's head is sha256(previous head of the station, then the SHA-256 of each frame in order of id). A day is sealed
some
minutes after its midnight (Beijing). Frames of that day that commit later still (a gateway that was cut off from the
database) get a link of their own which names them. The file is a chain of lines, appended and synced, never rewritten.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from psycopg import Connection, IsolationLevel

from ecobureau.storage import wire
from ecobureau.storage.partitions import day_of

GRACE = timedelta(minutes=10)
LOOK_BACK = 3
"""Days before the newest sealed one that are looked through for frames that came late."""
GENESIS = bytes(32)
FILE = "heads.jsonl"
_LOCK = 0x6562_5345_414C


@dataclass(slots=True, frozen=True)
class Link:
    """One link of a station's chain; `extra` lists the frames of a later link (`seq` > 0), else it"
    " is all the others."""

    station_id: int
    link: int
    day: date
    seq: int
    frames: int
    extra: tuple[int, ...] | None
    prev: bytes
    head: bytes


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return the instants between which a day in Beijing lies."""
    low = datetime.fromisoformat(f"{day.isoformat()}T00:00:00+08:00")
    return low, low + timedelta(days=1)


def seal_days(conn: Connection[Any], now: datetime, grace: timedelta = GRACE) -> list[Link]:
    """Seal every day that is over and not yet sealed; returns the new links.

    Args:
        conn: a connection of its own in autocommit mode; only one sealer works at a time, a second returns at once.
        now: the instant to reckon from; grace: how long after midnight a day stays open for frames under way.
    """
    last = day_of(now - grace) - timedelta(days=1)
    held = wire.run(conn, "SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if not held or not held[0]:
        return []
    try:
        made: list[Link] = []
        for day in _days(conn, last):
            made += _seal_day(conn, day, now)
        return made
    finally:
        wire.run(conn, "SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _days(conn: Connection[Any], last: date) -> list[date]:
    row = wire.run(conn, "SELECT max(day) FROM seal").fetchone()
    if row and row[0]:
        first = row[0] - timedelta(days=LOOK_BACK)
    else:
        row = wire.run(conn, "SELECT min(received_at) FROM raw_frame").fetchone()
        if not row or not row[0]:
            return []
        first = day_of(row[0])
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _seal_day(conn: Connection[Any], day: date, now: datetime) -> list[Link]:
    made: list[Link] = []
    level, conn.isolation_level = conn.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        with conn.transaction():
            snapshot = wire.run(conn, "SELECT pg_current_snapshot()::text").fetchone()
            sealed = _sealed(conn, day)
            ends = _ends(conn)
            for station, frames in groupby(_new_frames(conn, day, sealed), key=itemgetter(0)):
                made.append(_link(station, day, sealed.get(station, []), ends.get(station), list(frames)))
            for link in made:
                wire.run(
                    conn,
                    "INSERT INTO seal (station_id, link, day, seq, frames, extra, prev, head, snapshot, sealed_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s, %s)",
                    (
                        link.station_id, link.link, link.day, link.seq, link.frames,
                        None if link.extra is None else list(link.extra), link.prev, link.head,
                        snapshot[0] if snapshot else "", now,
                    ),
                )  # fmt: skip
    finally:
        conn.isolation_level = level
    return made


def _sealed(conn: Connection[Any], day: date) -> dict[int, list[tuple[int, str]]]:
    """Return the links of a day: station -> [(seq, snapshot)]."""
    out: dict[int, list[tuple[int, str]]] = {}
    for station, seq, snapshot in wire.run(
        conn, "SELECT station_id, seq, snapshot FROM seal WHERE day = %s ORDER BY station_id, seq", (day,)
    ):
        out.setdefault(station, []).append((seq, snapshot))
    return out


def _ends(conn: Connection[Any]) -> dict[int, tuple[int, bytes]]:
    """Return the end of each station's chain: station -> (link, head)."""
    rows = wire.run(
        conn,
        "SELECT DISTINCT ON (station_id) station_id, link, head FROM seal ORDER BY station_id, link DESC",
    )
    return {station: (link, head) for station, link, head in rows}


def _new_frames(
    conn: Connection[Any], day: date, sealed: Mapping[int, list[tuple[int, str]]]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield (station, id, digest) of frames that no link of that day holds, by station and id.

    A frame is new to a sealed station where the snapshot of its newest link did not see the transaction that wrote it.
    """
    low, high = bounds(day)
    snapshots = {station: links[-1][1] for station, links in sealed.items()}
    rows = wire.run(
        conn,
        "SELECT r.station_id, r.id, r.sha256 FROM raw_frame r"
        " LEFT JOIN unnest(%s::int[], %s::text[]) AS s(station_id, snapshot) ON s.station_id = r.station_id"
        " WHERE r.received_at >= %s AND r.received_at < %s AND (s.snapshot IS NULL OR NOT pg_visible_in_snapshot("
        "  (((pg_snapshot_xmax(s.snapshot::pg_snapshot)::text::bigint >> 32) << 32) +"
        " r.xmin::text::bigint)::text::xid8,"
        "  s.snapshot::pg_snapshot))"
        " ORDER BY r.station_id, r.id",
        (list(snapshots), list(snapshots.values()), low, high),
    )
    yield from rows


def _link(
    station: int,
    day: date,
    before: list[tuple[int, str]],
    end: tuple[int, bytes] | None,
    frames: list[tuple[int, int, bytes]],
) -> Link:
    number, prev = end or (0, GENESIS)
    seq = before[-1][0] + 1 if before else 0
    extra = tuple(id_ for _station, id_, _digest in frames) if before else None
    return Link(station, number + 1, day, seq, len(frames), extra, prev, head_of(prev, (f[2] for f in frames)))


def head_of(prev: bytes, digests: Iterator[bytes]) -> bytes:
    """Return the head of a link from the head before it and the digests of its frames in order of id."""
    chain = sha256(prev)
    for digest in digests:
        chain.update(digest)
    return chain.digest()


# -- the file outside the database ------------------------------------------------------------------------------------


def line_hash(prev: str, line: Mapping[str, Any]) -> str:
    """Return the hash of a line of the file: of the line before and of everything in it but `line` itself."""
    told = {key: value for key, value in line.items() if key != "line"}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{prev}\n{text}".encode()).hexdigest()


def read_heads(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a heads file; a last line cut short by a crash is left out.

    Raises:
        ValueError: a line that is not the last is no JSON object; with its number.
    """
    if not path.exists():
        return []
    out = []
    lines = path.read_bytes().split(b"\n")
    for number, text in enumerate(lines, 1):
        if not text:
            continue
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError(f"line {number} is no object")
        except ValueError as error:
            if number == len(lines):
                break
            raise ValueError(f"line {number}: {error}") from error
        out.append(line)
    return out


def append_heads(conn: Connection[Any], folder: Path, now: datetime) -> int:
    """Append the links that the file does not hold yet, and the heads of the records' history; returns the lines added.

    Safe to call again after a crash at any instant. The file is locked while it is written, and synced with its folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _mend_end(file, path)
        known = read_heads(path)
        last = str(known[-1]["line"]) if known else ""
        there = {_place(line) for line in known}
        sealed = max((line["day"] for line in known if line["kind"] == "frames"), default=None)
        told = max((line["day"] for line in known if line["kind"] == "history"), default=None)
        since = None if sealed is None else date.fromisoformat(sealed) - timedelta(days=LOOK_BACK)
        after = None if told is None else date.fromisoformat(told)
        fresh = [
            line for line in (*_link_lines(conn, since), *_history_lines(conn, now, after)) if _place(line) not in there
        ]
        for line in fresh:
            last = line["line"] = line_hash(last, line)
            file.write(json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return len(fresh)


def _mend_end(file: Any, path: Path) -> None:
    """Cut off a last line that a crash left without its end."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        file.truncate(data.rfind(b"\n") + 1)


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return (line["kind"], line["day"], line.get("station"), line.get("seq"))


def _link_lines(conn: Connection[Any], since: date | None) -> Iterator[dict[str, Any]]:
    for link in links(conn, since):
        yield {
            "kind": "frames",
            "day": link.day.isoformat(),
            "station": link.station_id,
            "seq": link.seq,
            "link": link.link,
            "frames": link.frames,
            "prev": link.prev.hex(),
            "head": link.head.hex(),
        }


def links(conn: Connection[Any], since: date | None = None) -> list[Link]:
    """Return the links in the order they were made; with `since` those of that day and later."""
    rows = wire.run(
        conn,
        "SELECT station_id, link, day, seq, frames, extra, prev, head FROM seal"
        " WHERE %s::date IS NULL OR day >= %s ORDER BY sealed_at, day, station_id, link",
        (since, since),
    )
    return [
        Link(station, link, day, seq, frames, None if extra is None else tuple(extra), prev, head)
        for station, link, day, seq, frames, extra, prev, head in rows
    ]


def has_history(conn: Connection[Any]) -> bool:
    """Say whether the records' history is there, with the columns its chain is made of."""
    rows = wire.run(
        conn,
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'core_history'"
        " AND table_schema = 'public'",
    ).fetchall()
    return {"kind", "object_id", "seq", "at", "body", "prev_hash", "hash"} <= {row[0] for row in rows}


def history_head(conn: Connection[Any], day: date) -> tuple[int, str]:
    """Return (entries, head) over the records' history of one day: the entries' hashes by kind, record and number."""
    low, high = bounds(day)
    chain, entries = sha256(), 0
    for (entry,) in wire.run(
        conn,
        "SELECT hash FROM core_history WHERE at >= %s AND at < %s ORDER BY kind, object_id, seq",
        (low, high),
    ):
        chain.update(entry.encode())
        entries += 1
    return entries, chain.hexdigest()


def _history_lines(conn: Connection[Any], now: datetime, after: date | None) -> Iterator[dict[str, Any]]:
    if not has_history(conn):
        return
    low, _high = bounds(day_of(now - GRACE))
    begin = None if after is None else bounds(after)[1]
    days = wire.run(
        conn,
        "SELECT DISTINCT (at AT TIME ZONE 'Asia/Shanghai')::date FROM core_history"
        " WHERE at < %s AND (%s::timestamptz IS NULL OR at >= %s) ORDER BY 1",
        (low, begin, begin),
    ).fetchall()
    for (day,) in days:
        entries, head = history_head(conn, day)
        yield {"kind": "history", "day": day.isoformat(), "entries": entries, "head": head}
