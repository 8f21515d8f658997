"""What pages and API do to a clue that is sent out: the service with a form's cleaned data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.dispatch import selectors, services
from ecobureau.web.dispatch.models import Task


def send(
    clue: Clue,
    actor: Viewer,
    *,
    unit: tuple[str, int | None],
    task_kind: str,
    secure_first: bool = False,
    note: str = "",
    client_uuid: UUID | None = None,
    expect_version: int | None = None,
    **_act: Any,
) -> Task:
    """Make a task of a clue; `unit` is (path, person or None). What was asked for is the task's order.

    Raises:
        Refused: see `services.send`.
    """
    path, person = unit
    return services.send(
        clue,
        actor,
        unit=path,
        person=person,
        task_kind=task_kind,
        keep_data_first=secure_first,
        route_why=selectors.reasons_for(clue, path, person, task_kind),
        note=note,
        order=note,
        client_uuid=client_uuid,
        expect_version=expect_version,
    )
