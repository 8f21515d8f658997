"""Many new records of one kind at once, for a table that a registry takes in: same door, numbers and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from ecobureau.clock import beijing, now
from ecobureau.web.core import access, clocks, history, live, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Record
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.services.records import as_path

BATCH = 1000


def _numbers(prefix: str, day: date, count: int) -> list[str]:
    """Take `count` numbers of a series in a row. Others of the series wait for our commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_series (prefix, day, last) values (%s, %s, %s) "
            "on conflict (prefix, day) do update set last = core_series.last + excluded.last returning last",
            [prefix, day, count],
        )
        (last,) = cursor.fetchone()
    return [f"{prefix}-{day:%Y%m%d}-{each:04d}" for each in range(last - count + 1, last + 1)]


@transaction.atomic
def create_many(
    code: str, actor: Viewer, rows: Sequence[Mapping[str, Any]], *, data: Mapping[str, Any] | None = None
) -> list[Any]:
    """Make many records in their initial state, each with number, clocks and first history entry; all or none.

    Open lists hear of it once a place, not once a record.

    Args:
        code: kind of record; rows: the columns of each. data: facts that stand in each first entry.

    Raises:
        Refused: the actor may not make one of them at its place.
    """
    kind = registry.get(code)
    if not rows:
        return []
    at = now()
    numbers = _numbers(kind.prefix, beijing(at).date(), len(rows))
    made: list[Record] = []
    for number, fields in zip(numbers, rows, strict=True):
        record = kind.model(
            **{**fields, "state": kind.flow.initial, "created_by_id": actor.user_id, "number": number},
            version=1,
            created_at=at,
            updated_at=at,
        )
        record.org_path = as_path(record.org_path)
        found = access.allowed(actor, "create", record)
        if found is not None:
            refuse(found, actor=actor.user_id, what=code)
        record.search = record.search_words()
        made.append(record)
    kind.model._base_manager.bulk_create(made, batch_size=BATCH)
    acts = [
        (record.pk, record.number, _act(record, fields, actor, kind.flow, data))
        for record, fields in zip(made, rows, strict=True)
    ]
    history.begin_many(kind.code, acts, BATCH)
    for place in sorted({record.grid or record.org_path for record in made}):
        live.publish(f"list:{kind.code}", kind.code, None, place)
    return made


def _act(
    record: Record, fields: Mapping[str, Any], actor: Viewer, flow: Any, data: Mapping[str, Any] | None
) -> history.Act:
    plain = {name: getattr(value, "pk", value) for name, value in fields.items()}
    return history.Act(
        verb="create",
        from_state="",
        to_state=record.state,
        actor_id=actor.user_id,
        at=record.created_at,
        data=data,
        changes={name: value for name, value in plain.items() if name not in record.PERSONAL},
        clocks=clocks.begin(record, flow, record.created_at),
        personal={name: str(getattr(record, name)) for name in plain if name in record.PERSONAL},
    )
