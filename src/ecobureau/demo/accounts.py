"""How the demo makes people, through the accounts' services, and offers some of them on the login page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import get_language

from ecobureau.config import data_dir
from ecobureau.demo.people import Person, login_choices
from ecobureau.web.accounts import services
from ecobureau.web.accounts.models import Assignment, User
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.shell.hooks import DemoPerson

ICONS = {
    "duty_officer": "eye",
    "dispatcher": "send",
    "grid_worker": "walk",
    "enforcement_officer": "shield-check",
    "unit_head": "signature",
    "leader": "building-community",
    "auditor": "list-search",
    "administrator": "settings",
}


def make_person(person: Person, password: str | None, grids: Sequence[str], now: datetime) -> User | None:
    """Make somebody with their role; None when they are there already.

    Args:
        password: None for people who cannot sign in.
        grids: paths of the grids of a grid worker.
    """
    if User.objects.filter(username=person.username).exists():
        return None
    user, _secret = services.create_user(
        SYSTEM,
        username=person.username,
        name=person.name_zh,
        phone="00000000000",
        certificate=person.certificate,
        password=password,
        must_change_password=False,
        signs_in=password is not None,
    )
    services.assign(SYSTEM, user, person.role, person.place, grid_ids=grids, valid_from=now - timedelta(days=1))
    return user


def grid_workers() -> dict[str, list[User]]:
    """Return grid path -> the grid workers that have it."""
    found: dict[str, list[User]] = {}
    for row in Assignment.objects.filter(role="grid_worker", valid_to=None).select_related("user"):
        for grid in row.grid_ids:
            found.setdefault(grid, []).append(row.user)
    return found


def for_login_page() -> list[DemoPerson]:
    """Return whom the login page offers (the hook `demo_people`)."""
    return [
        DemoPerson(one["username"], one["password"], f"{one['name']} · {one['unit']}", one["title"], ICONS[one["role"]])
        for one in login_choices(data_dir(), get_language() or "zh")
    ]
