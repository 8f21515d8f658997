"""How the demo makes people: one place to follow when the accounts' writers change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ecobureau.demo.people import Person
from ecobureau.web.accounts.models import Assignment, User
from ecobureau.web.places.names import sort_key


def make_person(person: Person, password: str | None, grids: Sequence[str], now: datetime) -> User | None:
    """Make somebody with their role; None when they are there already.

    Args:
        password: None for people who cannot sign in.
        grids: paths of the grids of a grid worker.
    """
    if User.objects.filter(username=person.username).exists():
        return None
    user = User(
        username=person.username,
        name=person.name_zh,
        name_sort=sort_key(person.name_zh),
        certificate=person.certificate,
        phone="000-0000-0000",
    )
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save(force_insert=True)
    Assignment.objects.create(
        user=user,
        role=person.role,
        org_path=person.place,
        grid_ids=list(grids),
        valid_from=now - timedelta(days=1),
        given_at=now,
    )
    return user


def grid_workers() -> dict[str, list[User]]:
    """Return grid path -> the grid workers that have it."""
    found: dict[str, list[User]] = {}
    for row in Assignment.objects.filter(role="grid_worker", valid_to=None).select_related("user"):
        for grid in row.grid_ids:
            found.setdefault(grid, []).append(row.user)
    return found
