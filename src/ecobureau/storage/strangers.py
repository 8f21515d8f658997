"""Quarantine: frames of unknown stations and frames with a bad check. One row a content, and a lid on floods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg import Connection, Cursor

from ecobureau.storage.types import Arrival

WINDOW = timedelta(minutes=1)
MOST_NEW = 20
"""New contents kept from one peer in a minute; what comes beyond is counted in one overflow row of the peer."""
LONGEST = 16 * 1024


def keep(cursor: Cursor[Any], arrivals: Sequence[Arrival]) -> None:
    """Store or count frames in quarantine."""
    for arrival in sorted(arrivals, key=lambda a: a.sha256):
        if not _again(cursor, arrival.sha256, arrival):
            _new(cursor, arrival)


def _again(cursor: Cursor[Any], digest: bytes, arrival: Arrival) -> bool:
    cursor.execute(
        "UPDATE quarantine SET frames = frames + 1, last_at = greatest(last_at, %s), run_id = %s WHERE digest = %s",
        (arrival.received_at, arrival.run_id, digest),
    )
    return cursor.rowcount == 1


def _new(cursor: Cursor[Any], arrival: Arrival) -> None:
    digest, overflow = arrival.sha256, False
    many = cursor.execute(
        "SELECT count(*) FROM (SELECT 1 FROM quarantine WHERE peer = %s AND first_at > %s AND NOT overflow LIMIT %s) q",
        (_host(arrival.peer), arrival.received_at - WINDOW, MOST_NEW),
    ).fetchone()
    if many and many[0] >= MOST_NEW:
        digest, overflow = sha256(b"overflow:" + _host(arrival.peer).encode()).digest(), True
    cursor.execute(
        "INSERT INTO quarantine AS q (digest, overflow, reason, peer, mn, cn, raw, frames, first_at, last_at, run_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s)"
        " ON CONFLICT (digest) DO UPDATE SET frames = q.frames + 1, last_at = greatest(q.last_at, excluded.last_at)",
        (
            digest, overflow, arrival.reason, _host(arrival.peer), _plain(arrival.mn), _plain(arrival.cn),
            arrival.raw[:LONGEST], arrival.received_at, arrival.received_at, arrival.run_id,
        ),
    )  # fmt: skip


def _host(peer: str) -> str:
    """Return the address without the port, which changes with every connection."""
    return peer.rpartition(":")[0] or peer


def _plain(text: str) -> str:
    return text.replace("\x00", "")[:64]


def purge(conn: Connection[Any], now: datetime, keep_days: int) -> int:
    """Delete quarantined contents last seen more than `keep_days` ago; returns how many."""
    if keep_days < 1:
        raise ValueError(f"keep at least one day, not {keep_days}")
    return conn.execute("DELETE FROM quarantine WHERE last_at < %s", (now - timedelta(days=keep_days),)).rowcount
