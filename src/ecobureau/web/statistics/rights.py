"""Who may do what in the statistics, by role and place; a refusal is counted and logged."""

from __future__ import annotations

from typing import NoReturn

from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places.door import places_of

PROPOSES = {Role.ADMINISTRATOR, Role.DUTY_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD}
"""Propose that hours or days do not count."""

DECIDES = {Role.ADMINISTRATOR, Role.UNIT_HEAD, Role.LEADER}
"""Decide on a proposal as the second person."""

SETS = {Role.ADMINISTRATOR, Role.UNIT_HEAD}
"""Set which points count, on which river they lie, and targets."""


def reaches(viewer: Viewer, org_path: str, roles: set[Role]) -> bool:
    """Say whether a person has one of the roles at a place. The system itself has none: each act here has a person."""
    return viewer.user_id is not None and any(org_path.startswith(path) for path in places_of(viewer, roles))


def must(viewer: Viewer, org_path: str, roles: set[Role]) -> None:
    """Refuse whoever has none of the roles at a place.

    Raises:
        Refused: `core.no_access`.
    """
    if not reaches(viewer, org_path, roles):
        refused(viewer, org_path, "core.no_access")


def refused(viewer: Viewer, what: str, code: str) -> NoReturn:
    """Refuse with a message code.

    Raises:
        Refused: always.
    """
    refuse(Refusal(code, {}), actor=viewer.user_id, what=f"statistics {what}")
