"""The one door. Whoever lists, counts, searches, opens, exports, downloads or listens asks here.

A person's grants (role + place + grids) reach a record in up to four ways. For each action, a kind's table says which
ways count for which role; explicit shares come on top. `scope` says it in SQL, `roles_at` for one record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core import people
from ecobureau.web.core.models import Record, Share
from ecobureau.web.core.people import Grant

if TYPE_CHECKING:
    from ecobureau.web.core.registry import Kind


class Reach(StrEnum):
    """How a grant gets at a record."""

    ORG = "org"
    """The record lies at or below the grant's place."""
    UNIT = "unit"
    """The unit that owns the record is the grant's place or below it; of a grant for single grids, one of those."""
    AREA = "area"
    """The record lies at or below the place that the grant's department answers for."""
    GRID = "grid"
    """The record lies in one of the grant's grids."""
    OWN = "own"
    """The record is in the person's own hands, or was made by them."""


AccessTable = Mapping[str, Mapping[str, tuple[Reach, ...]]]

_OFFICE: Mapping[str, tuple[Reach, ...]] = {
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG,),
    Role.GRID_WORKER: (Reach.GRID, Reach.OWN),
    Role.ENFORCEMENT_OFFICER: (Reach.UNIT, Reach.OWN),
    Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
    Role.LEADER: (Reach.ORG,),
}
DEFAULT_ACCESS: AccessTable = {
    "view": {**_OFFICE, Role.AUDITOR: (Reach.ORG,)},
    "act": _OFFICE,
    "attach": _OFFICE,
    "export": {
        Role.DUTY_OFFICER: (Reach.ORG,),
        Role.DISPATCHER: (Reach.ORG,),
        Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT),
        Role.LEADER: (Reach.ORG,),
        Role.AUDITOR: (Reach.ORG,),
    },
    "create": {Role.DUTY_OFFICER: (Reach.ORG,), Role.DISPATCHER: (Reach.ORG,), Role.UNIT_HEAD: (Reach.ORG,)},
}
"""Who may do what unless a kind says otherwise. Which verbs an `act` may be stands in the kind's flow."""

_SHARED = frozenset({"view", "attach"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person as the door sees them. `lang` is `zh` or `en`."""

    user_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    lang: str = "zh"
    ip: str | None = field(default=None, compare=False)
    request_id: str = field(default="", compare=False)

    @property
    def roles(self) -> frozenset[str]:
        """Roles held anywhere."""
        return frozenset(str(grant.role) for grant in self.grants)

    def has(self, *roles: str) -> bool:
        """Say whether one of `roles` is held anywhere."""
        return bool(self.roles & {str(role) for role in roles})

    @property
    def id(self) -> int:
        """The user's id for queries; 0, which nobody has, where there is no user."""
        return self.user_id or 0

    @property
    def is_system(self) -> bool:
        return Role.SYSTEM in self.roles


SYSTEM = Viewer(None, "系统", (Grant(Role.SYSTEM, "/"),))
"""The program itself: opens clues, fires clocks."""
NOBODY = Viewer(None, "")
"""Somebody who has not signed in."""


def viewer_of(user: Any, *, lang: str = "zh", ip: str | None = None, request_id: str = "") -> Viewer:
    """Return the viewer of a signed-in user with the grants in force now; NOBODY for an anonymous one."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Viewer(None, "", (), lang, ip, request_id)
    return Viewer(user.pk, str(user), people.grants_of(user.pk, now()), lang, ip, request_id)


def _reaches(viewer: Viewer, action: str, kind: Kind) -> list[tuple[Grant, tuple[Reach, ...]]]:
    table = kind.access.get(action, {})
    return [(grant, table[grant.role]) for grant in viewer.grants if grant.role in table]


def _units(grant: Grant) -> tuple[str, ...]:
    """Return the units a grant speaks for: its grids where it names some, else its place."""
    return tuple(grid for grid in grant.grid_ids if grid) or (grant.org_path,)


def _gets_at(viewer: Viewer, grant: Grant, reach: Reach, record: Record) -> bool:
    if reach is Reach.ORG:
        return record.org_path.startswith(grant.org_path)
    if reach is Reach.AREA:
        return record.org_path.startswith(grant.ground)
    if reach is Reach.UNIT:
        return bool(record.owner_unit) and record.owner_unit.startswith(_units(grant))
    if reach is Reach.GRID:
        return bool(record.grid) and record.grid in grant.grid_ids
    return viewer.user_id is not None and viewer.user_id in (record.owner_person_id, record.created_by_id)


def _as_sql(viewer: Viewer, grant: Grant, reach: Reach) -> Q:
    if reach is Reach.ORG:
        return Q(org_path__startswith=grant.org_path)
    if reach is Reach.AREA:
        return Q(org_path__startswith=grant.ground)
    if reach is Reach.UNIT:
        owned = Q(pk__in=())
        for unit in _units(grant):
            owned |= Q(owner_unit__startswith=unit)
        return owned
    if reach is Reach.GRID:
        return Q(grid__in=[grid for grid in grant.grid_ids if grid])
    return Q(owner_person_id=viewer.user_id) | Q(created_by_id=viewer.user_id)


def _shares(viewer: Viewer, kind: str) -> QuerySet[Share]:
    mine = Q(user_id=viewer.user_id)
    for grant in viewer.grants:
        mine |= Q(org_path__startswith=grant.org_path)
    running = Q(ends_at__isnull=True) | Q(ends_at__gt=now())
    return Share.objects.filter(mine, running, kind=kind)


def shared_alone(viewer: Viewer, kind: str) -> frozenset[int]:
    """Return the ids of the records of a kind that are shared with this very person now, beside their places."""
    running = Q(ends_at__isnull=True) | Q(ends_at__gt=now())
    return frozenset(Share.objects.filter(running, user_id=viewer.id, kind=kind).values_list("object_id", flat=True))


def _kind(model: type[Record]) -> Kind:
    from ecobureau.web.core.registry import kind_of

    return kind_of(model)


_SHARING = frozenset({str(role) for role in (Role.DUTY_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD, Role.SYSTEM)})
"""Who may let others in on a record."""


def may_share(viewer: Viewer, record: Record) -> bool:
    """Say whether the viewer may share the record: who may act on it by a grant, in an office that decides on that.

    Whom it was shared with does not hand it on.
    """
    return bool(roles_at(viewer, "act", record, shared=False) & _SHARING)


def roles_at(viewer: Viewer, action: str, record: Record, *, shared: bool = True) -> frozenset[str]:
    """Return the roles by which the viewer may do `action` on this record; empty = not at all.

    A share gives `view` and `attach`, and where it says so `act`, in the roles that the person holds anyway; with
    `shared` unset, shares do not count.
    """
    if viewer.is_system:
        return frozenset({str(Role.SYSTEM)})
    if viewer.user_id is None:
        return frozenset()
    found = {
        str(grant.role)
        for grant, reaches in _reaches(viewer, action, _kind(type(record)))
        if any(_gets_at(viewer, grant, reach, record) for reach in reaches)
    }
    table = _kind(type(record)).access.get(action, {})
    missing = {role for role in viewer.roles if role in table} - found
    if shared and missing and record.pk and (action in _SHARED or action == "act"):
        shares = _shares(viewer, record.KIND).filter(object_id=record.pk)
        if (shares.filter(may_act=True) if action == "act" else shares).exists():
            found |= missing
    return frozenset(found)


def allowed(viewer: Viewer, action: str, record: Record) -> Refusal | None:
    """Return why the viewer may not do `action` (view, act, attach, export, create) on the record; None if they may."""
    if roles_at(viewer, action, record):
        return None
    return Refusal("core.no_access" if viewer.user_id is not None else "core.sign_in")


def may_somewhere(viewer: Viewer, action: str, kind: Kind) -> bool:
    """Say whether the viewer has any grant at all that counts for `action` on this kind."""
    return viewer.is_system or bool(_reaches(viewer, action, kind))


def scope(viewer: Viewer, action: str, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the records of `queryset` on which the viewer may do `action`."""
    if viewer.is_system:
        return queryset
    if viewer.user_id is None:
        return queryset.none()
    kind = _kind(queryset.model)
    reached = Q(pk__in=())
    for grant, reaches in _reaches(viewer, action, kind):
        for reach in reaches:
            reached |= _as_sql(viewer, grant, reach)
    if action in _SHARED and any(role in kind.access.get(action, {}) for role in viewer.roles):
        reached |= Q(pk__in=_shares(viewer, kind.code).values("object_id"))
    return queryset.filter(reached)


def live_paths(viewer: Viewer, kind: Kind) -> tuple[str, ...]:
    """Return the places whose news of this kind the viewer may hear (topics of lists; own records have their own)."""
    if viewer.is_system:
        return ("/",)
    paths: set[str] = set()
    for grant, reaches in _reaches(viewer, "view", kind):
        if Reach.ORG in reaches:
            paths.add(grant.org_path)
        if Reach.AREA in reaches:
            paths.add(grant.ground)
        if Reach.GRID in reaches:
            paths.update(grant.grid_ids)
    return tuple(sorted(paths))
