"""Reading people and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from ecobureau.web.accounts.models import Assignment
from ecobureau.web.core.people import Grant


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
