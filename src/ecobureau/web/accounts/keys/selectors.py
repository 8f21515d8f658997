"""Reading keys: one's own, and for administrators and auditors everybody's."""

from __future__ import annotations

from dataclasses import dataclass

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.accounts import selectors
from ecobureau.web.accounts.models import ApiKey, User
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with its state in one word: `active`, `revoked`, `expired`, `disabled`."""

    key: ApiKey
    state: str


def _row(key: ApiKey) -> KeyRow:
    if key.revoked_at is not None:
        return KeyRow(key, "revoked")
    if key.expires_at <= now():
        return KeyRow(key, "expired")
    return KeyRow(key, "active" if key.user.is_active else "disabled")


def keys_of(user_id: int) -> list[KeyRow]:
    """Return the keys of an account, the newest first. The caller has asked the door."""
    rows = ApiKey.objects.filter(user_id=user_id).select_related("user", "made_by").order_by("-made_at")
    return [_row(key) for key in rows[:200]]


def all_keys(viewer: Viewer, most: int = 500) -> list[KeyRow]:
    """Return everybody's keys, those that work first, then by last use.

    Raises:
        Refused: neither administrator nor auditor.
    """
    if not selectors.may_administer(viewer) and not viewer.has("auditor"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="keys")
    rows = ApiKey.objects.select_related("user", "made_by").order_by("-last_used_at", "-made_at")[:most]
    return sorted((_row(key) for key in rows), key=lambda row: row.state != "active")


def key(viewer: Viewer, pk: int) -> ApiKey:
    """Return a key of one's own, or any for an administrator.

    Raises:
        Refused: not one's own, or no such key.
    """
    found = ApiKey.objects.select_related("user").filter(pk=pk).first()
    if found is None or (found.user_id != viewer.user_id and not selectors.may_administer(viewer)):
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="key")
    return found


def account(viewer: Viewer, pk: int) -> User:
    """Return the account whose keys the viewer may see: one's own, or anybody's for administrators and auditors.

    Raises:
        Refused: not one's own, or no such account.
    """
    if pk == viewer.user_id:
        return User.objects.get(pk=pk)
    return selectors.user(viewer, pk)[0]
