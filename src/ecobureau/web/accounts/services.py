"""Writing people and their roles: administrators only, every act audited."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from axes.utils import reset as reset_failures
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.accounts import selectors
from ecobureau.web.accounts.models import ROLES, Assignment, User
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GRID_ROLES = frozenset({Role.GRID_WORKER.value})


def _must_administer(actor: Viewer, org_path: str | None = None) -> None:
    """Refuse who is no administrator, or not of that place."""
    if actor.is_system:
        return
    mine = [grant.org_path for grant in actor.grants if grant.role == Role.ADMINISTRATOR]
    if not mine or (org_path is not None and not any(org_path.startswith(place) for place in mine)):
        refuse(Refusal("core.no_access"), actor=actor.user_id, what="administer people")


def _sort_key(name: str) -> str:
    from pypinyin import slug  # its table of phrases takes 0.4 s to load

    return slug(name, separator=" ")


def _no(code: str, actor: Viewer, **params: Any) -> None:
    refuse(Refusal(code, params), actor=actor.user_id, what="administer people")


def temporary_password() -> str:
    """Return a password to hand over once: four groups of four letters that cannot be mistaken for one another."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


@transaction.atomic
def create_user(
    actor: Viewer,
    *,
    username: str,
    name: str,
    phone: str = "",
    certificate: str = "",
    password: str | None = None,
    must_change_password: bool = True,
    signs_in: bool = True,
) -> tuple[User, str]:
    """Make a person who can sign in; returns the user and the password to hand over.

    Args:
        password: default: a temporary one is made up. must_change_password: at the first sign-in.
        signs_in: False for a person who only stands on rosters; no password fits, and none is returned.

    Raises:
        Refused: no administrator, the name is taken or malformed, the password is too weak.
    """
    _must_administer(actor)
    user = User(username=username.strip(), name=name.strip(), phone=phone.strip(), certificate=certificate.strip())
    user.name_sort = _sort_key(user.name)
    user.must_change_password = must_change_password
    user.date_joined = now()
    secret = (password or temporary_password()) if signs_in else ""
    try:
        user.full_clean(exclude=["password"])
        if signs_in and not actor.is_system:
            validate_password(secret, user)
    except ValidationError as error:
        _no("accounts.invalid", actor, why="；".join(error.messages))
    user.set_password(secret if signs_in else None)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        _no("accounts.name_taken", actor, username=user.username)
    audit.write(actor, "user_create", object_id=user.pk, number=user.username)
    return user, secret


@transaction.atomic
def change_user(actor: Viewer, user: User, **changes: str) -> User:
    """Change name, phone or certificate of a person.

    Raises:
        Refused: no administrator. ValueError: another field.
    """
    _must_administer(actor)
    if changes.keys() - {"name", "phone", "certificate"}:
        raise ValueError(f"not for an administrator to change: {sorted(changes)}")
    changed = [field for field, value in changes.items() if getattr(user, field) != value]
    for field in changed:
        setattr(user, field, changes[field].strip())
    user.name_sort = _sort_key(user.name)
    user.save(update_fields=[*changed, "name_sort"])
    audit.write(actor, "user_change", object_id=user.pk, number=user.username, fields=changed)
    return user


@transaction.atomic
def set_active(actor: Viewer, user: User, active: bool) -> None:
    """Let a person sign in, or no longer; a disabled one loses every session at the next request.

    Raises:
        Refused: no administrator, oneself, or the last administrator.
    """
    _must_administer(actor)
    if not active and user.pk == actor.user_id:
        _no("accounts.not_yourself", actor)
    if not active and selectors.is_last_administrator(user.pk, now()):
        _no("accounts.last_administrator", actor)
    user.is_active = active
    user.save(update_fields=["is_active"])
    audit.write(actor, "user_enable" if active else "user_disable", object_id=user.pk, number=user.username)


@transaction.atomic
def reset_password(actor: Viewer, user: User) -> str:
    """Give a person a temporary password, take away the second factor and the lock-out; returns the password.

    Raises:
        Refused: no administrator.
    """
    _must_administer(actor)
    secret = temporary_password()
    user.set_password(secret)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    Authenticator.objects.filter(user=user).delete()
    reset_failures(username=user.username.lower())
    audit.write(actor, "password_reset", object_id=user.pk, number=user.username)
    return secret


@transaction.atomic
def assign(
    actor: Viewer,
    user: User,
    role: str,
    org_path: str,
    *,
    grid_ids: Sequence[str] = (),
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    delegated_by: User | None = None,
) -> Assignment:
    """Give a person a role for a place ('/wuhan/jiangan/'), from an instant to an instant.

    Raises:
        Refused: no administrator of that place, unknown role, no grid for a grid worker, end before start.
    """
    path = f"/{org_path.strip('/')}/" if org_path.strip("/") else "/"
    _must_administer(actor, path)
    begins = valid_from or now()
    if role not in {code for code, _ in ROLES}:
        _no("accounts.unknown_role", actor, role=role)
    if role in _GRID_ROLES and not grid_ids:
        _no("accounts.grid_missing", actor)
    if valid_to is not None and valid_to <= begins:
        _no("accounts.end_before_start", actor)
    made = Assignment.objects.create(
        user=user,
        role=role,
        org_path=path,
        grid_ids=[grid for grid in grid_ids if grid],
        valid_from=begins,
        valid_to=valid_to,
        delegated_by=delegated_by,
        given_by_id=actor.user_id,
        given_at=now(),
    )
    audit.write(
        actor, "role_assign", object_id=user.pk, number=user.username, role=role, place=path, grids=made.grid_ids
    )
    return made


@transaction.atomic
def end_assignment(actor: Viewer, assignment: Assignment, at: datetime | None = None) -> None:
    """End a role now (or at `at`).

    Raises:
        Refused: no administrator of that place, or it is the last administrator's.
    """
    _must_administer(actor, assignment.org_path)
    ends = at or now()
    if assignment.role == Role.ADMINISTRATOR and selectors.is_last_administrator(
        assignment.user_id, ends, assignment.pk
    ):
        _no("accounts.last_administrator", actor)
    assignment.valid_to = ends
    assignment.save(update_fields=["valid_to"])
    who = assignment.user
    audit.write(
        actor, "role_end", object_id=who.pk, number=who.username, role=assignment.role, place=assignment.org_path
    )


@transaction.atomic
def delegate(
    actor: Viewer, assignment: Assignment, to: User, *, valid_from: datetime, valid_to: datetime
) -> Assignment:
    """Hand one's own role on to another person for a time (leave, illness). Administration cannot be handed on.

    Raises:
        Refused: not one's own, not in force, administration, oneself, or end before start.
    """
    at = now()
    in_force = selectors.in_force(at).filter(pk=assignment.pk, user_id=actor.id, delegated_by__isnull=True).exists()
    if not in_force or assignment.role == Role.ADMINISTRATOR:
        _no("accounts.not_to_hand_on", actor)
    if to.pk == actor.user_id or not to.is_active:
        _no("accounts.not_yourself", actor)
    if valid_to <= max(valid_from, at):
        _no("accounts.end_before_start", actor)
    made = Assignment.objects.create(
        user=to,
        role=assignment.role,
        org_path=assignment.org_path,
        grid_ids=assignment.grid_ids,
        valid_from=valid_from,
        valid_to=valid_to,
        delegated_by_id=actor.user_id,
        given_by_id=actor.user_id,
        given_at=at,
    )
    audit.write(
        actor,
        "role_delegate",
        object_id=to.pk,
        number=to.username,
        role=made.role,
        place=made.org_path,
        until=str(valid_to),
    )
    return made


def set_preferences(user: User, *, language: str = "", theme: str = "", large_type: bool | None = None) -> None:
    """Keep how a person wants the pages; what is left out stays."""
    if language:
        user.language = language
    if theme:
        user.theme = theme
    if large_type is not None:
        user.large_type = large_type
    user.full_clean(exclude=["password"])
    user.save(update_fields=["language", "theme", "large_type"])
