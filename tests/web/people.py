"""People for tests: `person` makes a user, `viewer` what the access door sees of one."""

from ecobureau.clock import now
from ecobureau.web.accounts.models import Assignment, User
from ecobureau.web.core.access import Viewer, viewer_of


def person(name: str, *roles: tuple[str, str] | tuple[str, str, list[str]], password: str | None = None) -> User:
    """Make a user with (role, place[, grids]) assignments in force."""
    user = User(username=name, name=name)
    user.set_password(password) if password else user.set_unusable_password()
    user.save()
    for role, place, *grids in roles:
        give(user, role, place, *grids)
    return user


def give(user: User, role: str, place: str, grids: list[str] | None = None) -> Assignment:
    """Give a user a role at a place from now on."""
    return Assignment.objects.create(
        user=user, role=role, org_path=place, grid_ids=grids or [], valid_from=now(), given_at=now()
    )


def viewer(user: User, role: str | None = None, place: str = "/", grids: list[str] | None = None) -> Viewer:
    """Return the viewer of a user, with one more role if one is named."""
    if role is not None:
        give(user, role, place, grids)
    return viewer_of(user)
