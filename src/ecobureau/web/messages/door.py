"""Who may see and change channels and the log of what was sent.

Administrators set up the channels of their place (e-mail and SMS belong to the whole city) and read its log; auditors
read. Everybody sees what was sent to themselves.
"""

from __future__ import annotations

from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse


def places(viewer: Viewer, *roles: str) -> tuple[str, ...]:
    """Return the places at which the viewer holds one of the roles."""
    if viewer.is_system:
        return ("/",)
    return tuple(sorted({grant.org_path for grant in viewer.grants if grant.role in roles}))


def readable(viewer: Viewer) -> tuple[str, ...]:
    """Return the places whose channels the viewer may look at."""
    return places(viewer, Role.ADMINISTRATOR, Role.AUDITOR)


def may_change(viewer: Viewer, org_path: str) -> bool:
    """Say whether the viewer may set up a channel of a place."""
    return any(org_path.startswith(place) for place in places(viewer, Role.ADMINISTRATOR))


def must_change(viewer: Viewer, org_path: str) -> None:
    """Refuse whoever may not set up a channel of a place.

    Raises:
        Refused: `core.no_access`.
    """
    if not may_change(viewer, org_path):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"channel {org_path}")


def must_read(viewer: Viewer) -> None:
    """Refuse whoever has nothing to do with channels.

    Raises:
        Refused: `core.no_access`.
    """
    if not readable(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="channels")
