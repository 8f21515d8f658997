"""The verbs of people on the telemetry store, with the door and the audit. Commands to devices stand in `commands`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import connection

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.storage import rekey
from ecobureau.storage.types import Kind
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.telemetry import selectors


@contextmanager
def own_store() -> Iterator[psycopg.Connection[Any]]:
    """Give a connection of its own in autocommit mode to Django's database, for work that rules its transactions."""
    params = connection.get_connection_params()
    wanted = {key: params[key] for key in ("dbname", "user", "password", "host", "port") if params.get(key)}
    with psycopg.connect(**wanted, autocommit=True) as conn:
        yield conn


def move_starts(
    viewer: Viewer, station_id: int, kind: Kind, shift: timedelta, start: datetime, end: datetime, reason: str
) -> rekey.Job:
    """Move the starts of a station's frames after its stamp rule was wrong; see `storage.rekey`.

    Raises:
        core.refusals.Refused: not an administrator, or the job cannot be done; nothing was changed.
    """
    selectors.check_station(viewer, station_id)
    if not viewer.is_system and not viewer.has(Role.ADMINISTRATOR):
        refuse(Refusal("telemetry.rekey", {}), actor=viewer.user_id, what=f"station {station_id}")
    with own_store() as conn:
        try:
            job = rekey.rekey(
                conn, station_id, kind, shift, start, end, asked_by=viewer.user_id or 0, reason=reason, at=now()
            )
        except rekey.Refused as error:
            raise Refused(error.code, error.params) from error
    audit.write(
        viewer,
        "telemetry.rekey",
        kind="station",
        object_id=station_id,
        purpose=reason,
        data_kind=kind.value,
        shift_s=int(shift.total_seconds()),
        start=start.isoformat(),
        end=end.isoformat(),
        frames=job.frames,
    )
    return job
