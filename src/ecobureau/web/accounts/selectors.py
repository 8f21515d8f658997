"""Reading people and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.accounts.models import Assignment, User
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.people import Grant
from ecobureau.web.core.refusals import refuse


def in_force(at: datetime) -> QuerySet[Assignment]:
    """Return the assignments of active people that hold at the instant `at`."""
    open_end = Q(valid_to__isnull=True) | Q(valid_to__gt=at)
    return Assignment.objects.filter(open_end, valid_from__lte=at, user__is_active=True)


class Book:
    """The book of people that the kernel asks."""

    def grants_of(self, user_id: int, at: datetime) -> Sequence[Grant]:
        rows = in_force(at).filter(user_id=user_id).order_by("pk")
        return [Grant(row.role, row.org_path, tuple(row.grid_ids)) for row in rows]

    def holders(self, role: str, org_path: str, at: datetime) -> Sequence[int]:
        parts = org_path.strip("/").split("/")
        above = [f"/{'/'.join(parts[:depth])}/" for depth in range(len(parts), 0, -1)] + ["/"]
        rows = list(
            in_force(at).filter(role=role, org_path__in=above).order_by("pk").values_list("org_path", "user_id")
        )
        for place in above:
            found = [user for path, user in rows if path == place]
            if found:
                return list(dict.fromkeys(found))
        return []


def is_last_administrator(user_id: int, at: datetime, leaving: int | None = None) -> bool:
    """Say whether nobody administers after `user_id` (or the assignment `leaving` alone) is gone."""
    rows = in_force(at).filter(role="administrator", valid_to__isnull=True)
    if not rows.filter(user_id=user_id).exists():
        return False
    left = rows.exclude(pk=leaving) if leaving is not None else rows.exclude(user_id=user_id)
    return not left.exists()


def may_administer(viewer: Viewer) -> bool:
    """Say whether the viewer administers people."""
    return viewer.is_system or viewer.has("administrator")


def may_make_key(viewer: Viewer, user: User) -> bool:
    """Say whether the viewer may make a key of an account: one's own; for service accounts administrators.

    An administrator makes none for a person, since it would act in that person's name.
    """
    return viewer.user_id == user.pk or (may_administer(viewer) and not user.has_usable_password())


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person in the list of users with the roles in force."""

    user: User
    roles: tuple[Assignment, ...]


def users(viewer: Viewer, text: str = "", *, active: bool | None = None, limit: int = 200) -> list[UserRow]:
    """Return people by name, for administrators and auditors, at most `limit`.

    Raises:
        Refused: the viewer is neither.
    """
    if not may_administer(viewer) and not viewer.has("auditor"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="users")
    rows = User.objects.order_by("name_sort", "username")
    if text:
        rows = rows.filter(Q(username__icontains=text) | Q(name__icontains=text) | Q(name_sort__icontains=text.lower()))
    if active is not None:
        rows = rows.filter(is_active=active)
    running = Prefetch("assignments", queryset=in_force(now()).order_by("pk"), to_attr="running")
    return [UserRow(user, tuple(user.running)) for user in rows.prefetch_related(running)[:limit]]


def user(viewer: Viewer, pk: int) -> tuple[User, list[Assignment]]:
    """Return a person and every assignment, the newest first.

    Raises:
        Refused: no administrator or auditor, or no such person.
    """
    if not may_administer(viewer) and not viewer.has("auditor"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="user")
    found = User.objects.filter(pk=pk).first()
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="user")
    return found, list(found.assignments.select_related("delegated_by").order_by("-valid_from", "-pk"))


def own_assignment(viewer: Viewer, pk: int) -> Assignment:
    """Return one of the viewer's own assignments in force.

    Raises:
        Refused: it is not theirs.
    """
    found = in_force(now()).filter(pk=pk, user_id=viewer.id).first()
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="own role")
    return found


def own_roles(viewer: Viewer) -> dict[str, list[Assignment]]:
    """Return the viewer's roles in force and those handed on that have not ended."""
    at = now()
    mine = in_force(at).filter(user_id=viewer.id).select_related("delegated_by").order_by("pk")
    handed = Assignment.objects.filter(delegated_by_id=viewer.id, valid_to__gt=at).select_related("user")
    return {"roles": list(mine), "handed_on": list(handed.order_by("valid_from"))}
