"""What pages and API do to a clue that is sent out: the service with a form's cleaned data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ecobureau.domain.workflow import Refusal
from ecobureau.domain.workflow.routing import is_override
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
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
    override: str = "",
    client_uuid: UUID | None = None,
    expect_version: int | None = None,
    **_act: Any,
) -> Task:
    """Make a task of a clue; `unit` is (path, person or None). What was asked for is the task's order.

    Whoever sends to another unit than the proposed one says why (`override`); the proposal itself needs no word.

    Raises:
        Refused: no reason for another unit than the proposed one; and see `services.send`.
    """
    path, person = unit
    plan = selectors.plan(clue, task_kind=task_kind)
    against = is_override(plan.proposals, path)
    if against and not override.strip() and not selectors.was_sent(client_uuid):
        best = plan.proposals[0].candidate.unit_name
        refuse(Refusal("dispatch.override_reason", {"unit": best}), actor=actor.user_id, what=f"send {clue.number}")
    return services.send(
        clue,
        actor,
        unit=path,
        person=person,
        task_kind=task_kind,
        keep_data_first=secure_first,
        route_why=selectors.reasons_for(plan, path, person),
        route_override=override.strip() if against else "",
        note=note,
        order=note,
        client_uuid=client_uuid,
        expect_version=expect_version,
    )
