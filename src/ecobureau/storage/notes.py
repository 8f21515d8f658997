"""What is no number: device events, and parameters with their validity in time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg import Cursor
from psycopg.types.json import Jsonb

from ecobureau.storage.types import Event, Parameter


def keep_events(cursor: Cursor[Any], events: Sequence[Event], raw_id: int, received_at: datetime) -> int:
    """Store events that are new; returns how many were. The same event sent again is the same row."""
    new = 0
    for event in events:
        told = json.dumps(event.fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        cursor.execute(
            "INSERT INTO device_event (station_id, at, kind, digest, fields, raw_id, received_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (station_id, at, kind, digest) DO NOTHING",
            (
                event.station_id, event.at, event.kind, sha256(told.encode()).digest(),
                Jsonb(_clean(event.fields)), raw_id, received_at,
            ),
        )  # fmt: skip
        new += cursor.rowcount
    return new


def _clean(value: Any) -> Any:
    """Take out the one character PostgreSQL's jsonb cannot hold."""
    if isinstance(value, str):
        return value.replace("\x00", "\N{SYMBOL FOR NULL}")
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return value


def keep_parameters(cursor: Cursor[Any], parameters: Sequence[Parameter], raw_id: int, received_at: datetime) -> int:
    """Store parameters with their validity; returns how many stretches of validity changed.

    A value that already holds at that instant changes nothing. A report from the past is fitted in between.
    """
    return sum(_keep_one(cursor, p, raw_id, received_at) for p in parameters)


def _keep_one(cursor: Cursor[Any], p: Parameter, raw_id: int, received_at: datetime) -> int:
    key = (p.station_id, p.device, p.name)
    value = p.value.replace("\x00", "\N{SYMBOL FOR NULL}")
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ("parameter/" + "/".join(map(str, key)),))
    now = cursor.execute(
        "SELECT id, value, valid_from, valid_to FROM parameter WHERE station_id = %s AND device = %s AND name = %s"
        " AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)",
        (*key, p.at, p.at),
    ).fetchone()
    until = None
    if now is not None:
        id_, holds, since, until = now
        if holds == value:
            return 0
        if since == p.at:
            cursor.execute("UPDATE parameter SET value = %s, raw_id = %s WHERE id = %s", (value, raw_id, id_))
            return 1
        cursor.execute("UPDATE parameter SET valid_to = %s WHERE id = %s", (p.at, id_))
    else:
        later = cursor.execute(
            "SELECT id, value, valid_from FROM parameter WHERE station_id = %s AND device = %s AND name = %s"
            " AND valid_from > %s ORDER BY valid_from LIMIT 1",
            (*key, p.at),
        ).fetchone()
        if later is not None and later[1] == value:
            cursor.execute("UPDATE parameter SET valid_from = %s WHERE id = %s", (p.at, later[0]))
            return 1
        until = later[2] if later is not None else None
    cursor.execute(
        "INSERT INTO parameter (station_id, device, name, value, valid_from, valid_to, raw_id, received_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (*key, value, p.at, until, raw_id, received_at),
    )
    return 1
