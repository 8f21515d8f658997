"""Partitions on demand, and the end of old real-time days. Days and months begin at midnight in Beijing (+08:00)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection

from ecobureau.clock import beijing

TABLES = ("raw_frame", "frame_rt", "frame_period")


def day_of(instant: datetime) -> date:
    """Return the civil day in Beijing of an aware instant."""
    return beijing(instant).date()


def ensure(conn: Connection[Any], table: str, days: Iterable[date]) -> int:
    """Make the partitions of `table` that hold these days (Beijing) where they are missing; returns how many were made.

    Raises:
        psycopg.errors.InvalidParameterValue: another table, or a day outside 1990 to 2199.
    """
    row = conn.execute("SELECT telemetry_ensure(%s, %s::date[])", (table, sorted(set(days)))).fetchone()
    return int(row[0]) if row else 0


def ensure_ahead(conn: Connection[Any], now: datetime, days: int = 3) -> int:
    """Make the partitions of today and the next days in all tables, so that no frame waits for one at midnight."""
    today = day_of(now)
    coming = [today + timedelta(days=n) for n in range(days + 1)]
    return sum(ensure(conn, table, coming) for table in TABLES)


def drop_old(conn: Connection[Any], now: datetime, keep_days: int) -> int:
    """Drop whole days of real-time frames older than `keep_days` before today (Beijing); returns how many days went.

    Raises:
        ValueError: fewer than one day is to be kept.
    """
    if keep_days < 1:
        raise ValueError(f"keep at least one day, not {keep_days}")
    row = conn.execute("SELECT telemetry_drop_rt(%s)", (day_of(now) - timedelta(days=keep_days),)).fetchone()
    return int(row[0]) if row else 0
