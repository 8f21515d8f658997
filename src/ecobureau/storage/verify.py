"""Check all evidence: frames against their digests, links against frames, the file against links, records' histories.

It only reads. Every fault says what, where, and what was expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from psycopg import Connection

from ecobureau.storage import books, rawcodec, seal, wire
from ecobureau.storage.partitions import day_of

GENESIS_TEXT = "0" * 64


@dataclass(slots=True, frozen=True)
class Fault:
    """One thing that is wrong: message code and its parameters."""

    code: str
    params: dict[str, Any]


@dataclass(slots=True)
class Report:
    """What was checked, and what was found."""

    frames: int = 0
    links: int = 0
    unsealed: int = 0
    lines: int = 0
    entries: int = 0
    days: list[date] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, **params: Any) -> None:
        self.faults.append(Fault(code, params))


def verify(conn: Connection[Any], heads: Path | None = None) -> Report:
    """Check everything.

    Args:
        conn: a connection of its own that may read; heads: the file of daily heads, None to check the database alone.
    """
    report = Report()
    links = seal.links(conn)
    report.links = len(links)
    _check_chain(report, links)
    _check_frames(conn, report, links)
    if heads is not None:
        _check_file(conn, report, links, heads)
    _check_history(conn, report)
    for day in report.days:
        for run_id, station, outcome, counted, found in books.recount(conn, day):
            report.fault(
                "storage.verify.counter", day=str(day), run=run_id, station=station, outcome=outcome, counted=counted,
                found=found,
            )  # fmt: skip
    return report


def _check_chain(report: Report, links: list[seal.Link]) -> None:
    """Each link begins with the head of the one before, and none is missing."""
    by_station: dict[int, list[seal.Link]] = {}
    for link in links:
        by_station.setdefault(link.station_id, []).append(link)
    for station, mine in by_station.items():
        prev, number = seal.GENESIS, 0
        for link in sorted(mine, key=lambda each: each.link):
            if link.link != number + 1:
                report.fault("storage.verify.link_missing", station=station, link=number + 1)
            elif link.prev != prev:
                report.fault("storage.verify.link_prev", station=station, day=str(link.day), link=link.link)
            prev, number = link.head, link.link


def _check_frames(conn: Connection[Any], report: Report, links: list[seal.Link]) -> None:
    """Every frame gives its digest, and each day's frames give the heads of its links."""
    by_day: dict[date, dict[int, list[seal.Link]]] = {}
    for link in links:
        by_day.setdefault(link.day, {}).setdefault(link.station_id, []).append(link)
    first = wire.run(conn, "SELECT min(received_at), max(received_at) FROM raw_frame").fetchone()
    days = set(by_day)
    if first and first[0]:
        low, high = day_of(first[0]), day_of(first[1])
        days |= {date.fromordinal(n) for n in range(low.toordinal(), high.toordinal() + 1)}
    for day in sorted(days):
        found = _read_day(conn, report, day)
        if found:
            report.days.append(day)
        sealed = by_day.get(day, {})
        for station in sorted(set(found) | set(sealed)):
            _check_day(report, day, station, found.get(station, []), sealed.get(station, []))


def _read_day(conn: Connection[Any], report: Report, day: date) -> dict[int, list[tuple[int, bytes]]]:
    found: dict[int, list[tuple[int, bytes]]] = {}
    for id_, station, codec, digest, stored in _stream(conn, day):
        report.frames += 1
        try:
            raw = rawcodec.decode(codec, stored)
        except ValueError as error:
            report.fault("storage.verify.frame_damaged", id=id_, station=station, day=str(day), why=str(error))
        else:
            if sha256(raw).digest() != digest:
                report.fault("storage.verify.frame_digest", id=id_, station=station, day=str(day))
        found.setdefault(station, []).append((id_, digest))
    return found


def _stream(conn: Connection[Any], day: date) -> Iterator[tuple[int, int, int, bytes, bytes]]:
    low, high = seal.bounds(day)
    with conn.transaction(), conn.cursor(name="eb_verify", binary=True) as cursor:
        cursor.itersize = 5000
        cursor.execute(
            "SELECT id, station_id, codec, sha256, raw FROM raw_frame WHERE received_at >= %s AND received_at < %s"
            " ORDER BY station_id, id",
            (low, high),
        )
        yield from cursor


def _check_day(report: Report, day: date, station: int, found: list[tuple[int, bytes]], links: list[seal.Link]) -> None:
    if not links:
        report.unsealed += len(found)
        return
    late = {id_ for link in links for id_ in link.extra or ()}
    for link in links:
        mine = set(link.extra) if link.extra is not None else None
        digests = [digest for id_, digest in found if (id_ in mine if mine is not None else id_ not in late)]
        place = {"station": station, "day": str(day), "link": link.link}
        if len(digests) != link.frames:
            report.fault("storage.verify.link_frames", **place, sealed=link.frames, found=len(digests))
        elif seal.head_of(link.prev, iter(digests)) != link.head:
            report.fault("storage.verify.link_head", **place)


def _check_file(conn: Connection[Any], report: Report, links: list[seal.Link], path: Path) -> None:
    """The lines are an unbroken chain and say what the database says."""
    if not path.exists():
        report.fault("storage.verify.file_missing", file=str(path))
        return
    try:
        lines = seal.read_heads(path)
    except ValueError as error:
        report.fault("storage.verify.file_unreadable", file=str(path), why=str(error))
        return
    report.lines = len(lines)
    by_place = {(link.station_id, link.day.isoformat(), link.seq): link for link in links}
    told: set[tuple[Any, ...]] = set()
    last = ""
    for number, line in enumerate(lines, 1):
        if seal.line_hash(last, line) != line.get("line"):
            report.fault("storage.verify.line_broken", line=number)
        last = str(line.get("line"))
        if line.get("kind") == "history":
            _check_history_line(conn, report, number, line)
            continue
        place = (line.get("station"), line.get("day"), line.get("seq"))
        told.add(place)
        link = by_place.get(place)  # type: ignore[arg-type]
        if link is None:
            report.fault(
                "storage.verify.line_without_link", line=number, station=line.get("station"), day=line.get("day")
            )
        elif (link.head.hex(), link.prev.hex(), link.frames) != (
            line.get("head"),
            line.get("prev"),
            line.get("frames"),
        ):
            report.fault("storage.verify.line_differs", line=number, station=link.station_id, day=str(link.day))
    for place in sorted(set(by_place) - told):
        report.fault("storage.verify.link_without_line", station=place[0], day=place[1], seq=place[2])


def _check_history_line(conn: Connection[Any], report: Report, number: int, line: dict[str, Any]) -> None:
    if not seal.has_history(conn):
        report.fault("storage.verify.history_missing", line=number, day=line.get("day"))
        return
    entries, head = seal.history_head(conn, date.fromisoformat(str(line.get("day"))))
    if (entries, head) != (line.get("entries"), line.get("head")):
        report.fault(
            "storage.verify.history_differs", line=number, day=line.get("day"), told=line.get("entries"), found=entries
        )


def _check_history(conn: Connection[Any], report: Report) -> None:
    """Each record's history: numbers without a gap, each entry's hash from the one before and its own text."""
    if not seal.has_history(conn):
        return
    record, prev, number = None, GENESIS_TEXT, 0
    last: tuple[str, int, int] = ("", -1, -1)
    while True:
        rows = wire.run(
            conn,
            "SELECT kind, object_id::bigint, seq::bigint, body, prev_hash, hash FROM core_history"
            " WHERE (kind, object_id, seq) > (%s::text, %s::bigint, %s::bigint) ORDER BY kind, object_id,"
            " seq LIMIT 10000",
            last,
        ).fetchall()
        if not rows:
            return
        for kind, object_id, seq, body, told_prev, told in rows:
            if (kind, object_id) != record:
                record, prev, number = (kind, object_id), GENESIS_TEXT, 0
            place = {"kind": kind, "record": object_id, "seq": seq}
            if seq != number + 1:
                report.fault("storage.verify.history_gap", **place, expected=number + 1)
            elif told_prev != prev:
                report.fault("storage.verify.history_prev", **place)
            if sha256(f"{told_prev}\n{body}".encode()).hexdigest() != told:
                report.fault("storage.verify.history_hash", **place)
            prev, number = told, seq
            report.entries += 1
        last = (rows[-1][0], rows[-1][1], rows[-1][2])
