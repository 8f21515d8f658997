"""Who is told of what happens to a task, and who may speak for a unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ecobureau.domain.workflow import Role
from ecobureau.web.core import notices, people
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Record
from ecobureau.web.core.people import Grant
from ecobureau.web.places import selectors as places

_FIELD = (Role.GRID_WORKER, Role.ENFORCEMENT_OFFICER)


def people_of(unit: str, at: datetime) -> tuple[int, ...]:
    """Return who hears what comes to a unit: those on duty, else its dispatchers and heads, else the duty officers.

    Where the unit has none of its own, those of the nearest place above.
    """
    on_duty = tuple(duty.person_id for duty in places.on_duty(unit, at))
    office = people.holders(Role.DISPATCHER, unit, at) + people.holders(Role.UNIT_HEAD, unit, at)
    return on_duty or office or people.holders(Role.DUTY_OFFICER, unit, at)


def tell_unit(record: Record, unit: str, code: str, at: datetime, **params: Any) -> None:
    """Write a notice to those who hear what comes to a unit."""
    notices.send(people_of(unit, at), record, code, {"title": record.heading, **params}, at)


def tell_people(record: Record, users: Iterable[int | None], code: str, at: datetime, **params: Any) -> None:
    """Write a notice to single people; empty ids are left out."""
    notices.send([user for user in users if user], record, code, {"title": record.heading, **params}, at)


def speaks_for(actor: Viewer, unit: str, *roles: str) -> bool:
    """Say whether the actor holds one of the roles at the unit or above it; the program speaks for everybody."""
    return actor.is_system or any(grant.role in roles and unit.startswith(_ground(grant)) for grant in actor.grants)


def _ground(grant: Grant) -> tuple[str, ...]:
    """Return the places a grant speaks for: of those who go, the grids it names; an office is not narrowed by grids."""
    grids = tuple(grid for grid in grant.grid_ids if grid and grant.role in _FIELD)
    return grids or (grant.org_path,)
