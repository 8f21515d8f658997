"""Who holds which socket, kept in the database: written in the background, bounded by the connections there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from ecobureau import clock
from ecobureau.gateway.connection import Connection
from ecobureau.gateway.listener import Listener
from ecobureau.gateway.office import Office
from ecobureau.gateway.stations import Station
from ecobureau.storage import sessions

Key = tuple[int, str]
"""Number of a connection, MN."""


class Opened(NamedTuple):
    """A station began to speak on a connection."""

    station_id: int
    mn: str
    peer: str
    at: datetime


class Closed(NamedTuple):
    """A session is over."""

    session_id: int
    at: datetime
    reason: str


def keep_sessions(
    db: psycopg.Connection[Any], run_id: int, opened: Sequence[Opened], closed: Sequence[Closed]
) -> list[int]:
    """Write in one transaction what sessions ended and began; returns the ids of those that began, in order."""
    with db.transaction():
        for gone in closed:
            sessions.close_session(db, gone.session_id, gone.at, gone.reason)
        return [sessions.open_session(db, run_id, one.station_id, one.mn, one.peer, one.at) for one in opened]


class SessionBook(Listener):
    """Sessions to enter and to close. What opens and closes before it is written leaves no trace.

    Args:
        run_id: this run. changed: called when there is something to write.
    """

    def __init__(self, run_id: int, changed: Callable[[], None]) -> None:
        self._run_id = run_id
        self._changed = changed
        self._new: dict[Key, tuple[Connection, Opened]] = {}
        self._open: dict[Key, tuple[Connection, int]] = {}
        self._over: list[Closed] = []
        self._told: dict[int, float] = {}

    def on_login(self, connection: Connection, station: Station) -> None:
        opened = Opened(station.station_id, station.mn, connection.peer, clock.now())
        self._new[connection.number, station.mn] = (connection, opened)
        self._changed()

    def on_lost(self, connection: Connection) -> None:
        now = clock.now()
        for mn in connection.mns:
            key = (connection.number, mn)
            self._new.pop(key, None)
            known = self._open.pop(key, None)
            if known is not None:
                self._over.append(Closed(known[1], now, connection.reason))
                self._told.pop(known[1], None)
        self._changed()

    async def write(self, office: Office) -> bool:
        """Write what is to be written; True when sessions were opened (their commands may be fetched now).

        Raises:
            psycopg.Error: nothing was written and everything is kept for the next time.
        """
        opened, closed = list(self._new.items()), list(self._over)
        if not opened and not closed:
            return False
        rows = [one for _, (_, one) in opened]
        ids = await office.do(lambda db: keep_sessions(db, self._run_id, rows, closed))
        del self._over[: len(closed)]
        for (key, (connection, _)), session_id in zip(opened, ids, strict=True):
            if self._new.pop(key, None) is None:  # lost while it was written
                self._over.append(Closed(session_id, clock.now(), connection.reason))
                continue
            connection.sessions[key[1]] = session_id
            self._open[key] = (connection, session_id)
        return bool(opened)

    async def beat(self, office: Office) -> None:
        """Say which sessions were heard since the last time; a station that meanwhile speaks to another process is no
        longer ours to command."""
        now = clock.now()
        heard: dict[int, tuple[Key, Connection]] = {}
        for key, (connection, session_id) in self._open.items():
            if self._told.get(session_id) != connection.last_byte:
                self._told[session_id] = connection.last_byte
                heard[session_id] = (key, connection)
        if not heard:
            return
        for session_id in await office.do(lambda db: sessions.heartbeat(db, list(heard), now)):
            key, connection = heard[session_id]
            connection.sessions.pop(key[1], None)
            self._open.pop(key, None)
            self._told.pop(session_id, None)

    async def close_all(self, office: Office) -> None:
        """The process stops: give up all sockets that are still in the book."""
        now = clock.now()
        over = [*self._over, *(Closed(session_id, now, "stopping") for _, session_id in self._open.values())]
        await office.do(lambda db: keep_sessions(db, self._run_id, (), over))

    def __len__(self) -> int:
        return len(self._open)
