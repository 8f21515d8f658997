"""The readers of the telemetry store for people: the viewer's stations, and nothing of any other.

The values come from `ecobureau.storage.read` as they are. Places where the program itself reads (the judge, jobs) take
`store()` and the storage functions directly.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import connection

from ecobureau.domain.workflow import Refusal, Role
from ecobureau.storage import books, commands, read, sessions
from ecobureau.storage.types import Kind
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.sources import selectors as sources

OFFICE = (Role.ADMINISTRATOR, Role.DUTY_OFFICER, Role.AUDITOR)
"""Who sees what belongs to no station: quarantine, books."""


def store() -> psycopg.Connection[Any]:
    """Return Django's own connection for the functions of `ecobureau.storage`: the same transaction, the same pool."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


def check_station(viewer: Viewer, station_id: int) -> None:
    """Refuse a station the viewer may not see; one that does not exist is refused alike.

    Raises:
        core.refusals.Refused: `telemetry.station`.
    """
    if not viewer.is_system and sources.station(viewer, station_id) is None:
        refuse(Refusal("telemetry.station", {}), actor=viewer.user_id, what=f"station {station_id}")


def check_office(viewer: Viewer) -> None:
    """Refuse who may not see what belongs to no station.

    Raises:
        core.refusals.Refused: `telemetry.office`.
    """
    if not viewer.is_system and not viewer.has(*OFFICE):
        refuse(Refusal("telemetry.office", {}), actor=viewer.user_id, what="books and quarantine")


def visible_ids(viewer: Viewer, station_ids: Collection[int] | None = None) -> list[int]:
    """Return the ids of the stations the viewer may see, among some or of all."""
    rows = sources.stations(viewer, active=None)
    if station_ids is not None:
        rows = rows.filter(pk__in=list(station_ids))
    return list(rows.order_by().values_list("pk", flat=True))


def series(
    viewer: Viewer,
    station_id: int,
    kind: Kind,
    start: datetime,
    end: datetime,
    *,
    st: str | None = None,
    interval_s: int | None = None,
    factors: Collection[str] | None = None,
) -> dict[str, list[read.Point]]:
    """Return the points of a station by factor; see `storage.read.series`."""
    check_station(viewer, station_id)
    return read.series(store(), station_id, st, kind, interval_s, factors, start, end)


def latest(
    viewer: Viewer, station_ids: Collection[int] | None = None, kinds: Collection[Kind] | None = None
) -> list[read.LatestValue]:
    """Return the newest values of the stations the viewer may see, among some or of all."""
    return read.latest(store(), visible_ids(viewer, station_ids), kinds)


def stream_states(viewer: Viewer, station_ids: Collection[int] | None = None) -> list[read.StreamState]:
    """Return when the streams of the viewer's stations last spoke."""
    return read.stream_states(store(), visible_ids(viewer, station_ids))


def rollups(
    viewer: Viewer, station_ids: Collection[int], kind: Kind, span: str, start: datetime, end: datetime, **narrow: Any
) -> list[read.Rolled]:
    """Return hourly or daily roll-ups of the viewer's stations; see `storage.read.rollups`."""
    return read.rollups(store(), visible_ids(viewer, station_ids), kind, span, start, end, **narrow)


def gaps(
    viewer: Viewer, station_id: int, st: str, kind: Kind, interval_s: int, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the stretches for which a station's stream has no frame."""
    check_station(viewer, station_id)
    return read.gaps(store(), station_id, st, kind, interval_s, start, end)


def revisions(viewer: Viewer, station_id: int, start: datetime, end: datetime) -> list[read.Revised]:
    """Return the rewritten values of a station whose period starts in [start, end)."""
    check_station(viewer, station_id)
    return read.revisions(store(), station_id, start, end)


def events(viewer: Viewer, station_id: int, start: datetime, end: datetime, **narrow: Any) -> list[read.EventRow]:
    """Return the device events of a station, newest first."""
    check_station(viewer, station_id)
    return read.events(store(), station_id, start, end, **narrow)


def parameters(viewer: Viewer, station_id: int, at: datetime | None = None) -> list[read.ParameterRow]:
    """Return a station's device parameters, those that held at an instant or all with their validity."""
    check_station(viewer, station_id)
    return read.parameters(store(), station_id, at)


def raw_frame(viewer: Viewer, raw_id: int) -> read.RawFrame | None:
    """Return a raw frame of a station the viewer may see; None where there is none."""
    found = read.raw_frame(store(), raw_id)
    if found is not None:
        check_station(viewer, found.station_id)
    return found


def raw_frames(viewer: Viewer, station_id: int, start: datetime, end: datetime, **narrow: Any) -> list[read.RawFrame]:
    """Return the newest raw frames of a station received in [start, end)."""
    check_station(viewer, station_id)
    return read.raw_frames(store(), station_id, start, end, **narrow)


def commands_of(viewer: Viewer, station_id: int) -> list[commands.Command]:
    """Return the newest commands to a station's devices."""
    check_station(viewer, station_id)
    return commands.of_stations(store(), [station_id])


def holders(viewer: Viewer, station_ids: Collection[int] | None = None) -> dict[int, sessions.Session]:
    """Return the open connection of each of the viewer's stations that has one."""
    return sessions.holders(store(), visible_ids(viewer, station_ids))


def balance(viewer: Viewer, day: date) -> list[books.Balance]:
    """Return the books of a day of receipt (Beijing)."""
    check_office(viewer)
    return books.balance(store(), day)


def runs(viewer: Viewer) -> list[books.Run]:
    """Return the newest runs of the gateway processes."""
    check_office(viewer)
    return books.runs(store())


def quarantine(viewer: Viewer, *, before: datetime | None = None) -> list[read.Stranger]:
    """Return the contents in quarantine, last seen first."""
    check_office(viewer)
    return read.quarantine(store(), before=before)
