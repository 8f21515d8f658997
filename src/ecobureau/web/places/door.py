"""Who may see and change the registry, by role and place. The kernel's door knows records; the registry asks here.

| | sees | changes |
|---|---|---|
| administrator | all below the grant's place | all below it |
| duty officer, dispatcher, enforcement officer, unit head, leader, auditor | all below the grant's place | - |
| dispatcher, unit head | | rosters of the grant's own unit and below |
| grid worker | own grids | - |

The place of a department's grant is the city or district that the department belongs to.
"""

from __future__ import annotations

from django.db.models import Q

from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places.models import Level, Organisation

_SEES = {
    Role.ADMINISTRATOR,
    Role.DUTY_OFFICER,
    Role.DISPATCHER,
    Role.ENFORCEMENT_OFFICER,
    Role.UNIT_HEAD,
    Role.LEADER,
    Role.AUDITOR,
}
_CHANGES = {"registry": {Role.ADMINISTRATOR}, "roster": {Role.ADMINISTRATOR, Role.DISPATCHER, Role.UNIT_HEAD}}


def places_of(viewer: Viewer, roles: set[Role]) -> tuple[str, ...]:
    """Return the places that the viewer's grants of `roles` reach: paths of cities, districts or grids."""
    paths = {grant.org_path for grant in viewer.grants if grant.role in roles}
    departments = dict(
        Organisation.objects.filter(path__in=paths, level=Level.DEPARTMENT).values_list("path", "parent__path")
    )
    return tuple(sorted({departments.get(path) or path for path in paths}))


def visible(viewer: Viewer, *, column: str = "org_path") -> Q:
    """Return the condition on `column` (a path) of what the viewer may see in the registry."""
    if viewer.is_system:
        return Q()
    reached = Q(pk__in=())
    for path in places_of(viewer, _SEES):
        reached |= Q(**{f"{column}__startswith": path})
    grids = [grid for grant in viewer.grants if grant.role == Role.GRID_WORKER for grid in grant.grid_ids]
    return reached | Q(**{f"{column}__in": grids}) if grids else reached


def sees_registry(viewer: Viewer) -> bool:
    """Say whether the viewer sees any part of the registry."""
    return viewer.is_system or viewer.has(*_SEES) or viewer.has(Role.GRID_WORKER)


def may_change(viewer: Viewer, org_path: str = "", *, what: str = "registry") -> bool:
    """Say whether the viewer may change the registry (or a `roster`) at a place; without one: anywhere at all."""
    if viewer.is_system:
        return True
    places = (
        places_of(viewer, _CHANGES[what])
        if what == "registry"
        else tuple(grant.org_path for grant in viewer.grants if grant.role in _CHANGES[what])
    )
    return any(org_path.startswith(place) for place in places) if org_path else bool(places)


def must_change(viewer: Viewer, org_path: str = "", *, what: str = "registry") -> None:
    """Refuse, counted and logged, whoever may not change the registry at a place.

    Raises:
        Refused: `core.no_access`.
    """
    if not may_change(viewer, org_path, what=what):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"{what} {org_path}")
