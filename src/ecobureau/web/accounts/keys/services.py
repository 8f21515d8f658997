"""Making, using and revoking keys. Every act is audited; the text of a key is returned once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from django.db import connection, transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.accounts import selectors
from ecobureau.web.accounts.keys import token
from ecobureau.web.accounts.models import ApiKey, User
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse

MOST_DAYS = 366
MOST_OF_ONE = 20
MOST_PER_MINUTE = 6000


def _no(code: str, actor: Viewer | None, **params: Any) -> NoReturn:
    refuse(Refusal(code, params), actor=actor.user_id if actor else None, what="api key")


@transaction.atomic
def make(
    actor: Viewer, user: User, *, name: str, days: int, may_write: bool = False, per_minute: int = 120
) -> tuple[ApiKey, str]:
    """Make a key for oneself, or as administrator for a service account; returns it and its text, to be shown once.

    Args:
        name: what it is for. days: until it ends, 1 to MOST_DAYS. may_write: else it only reads.
        per_minute: most requests a minute, 1 to MOST_PER_MINUTE.

    Raises:
        Refused: somebody else's account, an administrator's key for a person, or numbers out of range.
    """
    if not selectors.may_make_key(actor, user):
        _no("accounts.key.not_yours", actor)
    if not 1 <= days <= MOST_DAYS:
        _no("accounts.key.days", actor, most=MOST_DAYS)
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        _no("accounts.key.rate", actor, most=MOST_PER_MINUTE)
    at = now()
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if ApiKey.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=at).count() >= MOST_OF_ONE:
        _no("accounts.key.too_many", actor, most=MOST_OF_ONE)
    made = token.make()
    key = ApiKey.objects.create(
        user=user,
        name=name.strip(),
        prefix=made.prefix,
        secret_sha256=token.digest(made.text),
        may_write=may_write,
        per_minute=per_minute,
        made_by_id=actor.user_id,
        made_at=at,
        expires_at=at + timedelta(days=days),
    )
    audit.write(
        actor, "key_make", object_id=user.pk, number=user.username, key=key.prefix, days=days, may_write=may_write
    )
    return key, made.text


@transaction.atomic
def revoke(actor: Viewer, key: ApiKey) -> None:
    """End a key now; a second time changes nothing.

    Raises:
        Refused: neither one's own nor an administrator.
    """
    if actor.user_id != key.user_id and not selectors.may_administer(actor):
        _no("accounts.key.not_yours", actor)
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(
        revoked_at=now(), revoked_by_id=actor.user_id
    )
    if changed:
        audit.write(actor, "key_revoke", object_id=key.user_id, number=key.user.username, key=key.prefix)


_USE = """
update accounts_apikey set
  minute_at = date_trunc('minute', %(at)s::timestamptz),
  minute_count = case when minute_at = date_trunc('minute', %(at)s::timestamptz) then minute_count + 1 else 1 end,
  last_used_at = %(at)s, last_ip = %(ip)s
where id = %(id)s returning minute_count
"""


def use(text: str, ip: str | None) -> ApiKey:
    """Return the key of a request's text and count its use; all processes count in the key's row.

    Raises:
        Refused: no such key, revoked, expired, its person disabled, or too many requests in this minute.
    """
    given = token.read(text)
    key = ApiKey.objects.select_related("user").filter(prefix=given.prefix).first() if given else None
    if key is None or not token.fits(text, key.secret_sha256):
        _no("accounts.key.unknown", None)
    at = now()
    if key.revoked_at is not None or not key.user.is_active:
        _no("accounts.key.revoked", None)
    if key.expires_at <= at:
        _no("accounts.key.expired", None, day=f"{key.expires_at:%Y-%m-%d}")
    with connection.cursor() as cursor:
        cursor.execute(_USE, {"at": at, "ip": ip, "id": key.pk})
        (count,) = cursor.fetchone()
    if count > key.per_minute:
        _no("accounts.key.too_fast", None, most=key.per_minute, seconds=60 - at.second)
    return key


def note_use(viewer: Viewer, key: ApiKey, method: str, path: str, status: int) -> None:
    """Audit what a key did: every act that changed something, and the first look in an hour."""
    first = key.last_used_at is None or key.last_used_at.replace(minute=0, second=0, microsecond=0) != now().replace(
        minute=0, second=0, microsecond=0
    )
    if method not in ("GET", "HEAD", "OPTIONS"):
        audit.write(viewer, "key_act", number=key.prefix, method=method, path=path[:200], status=status)
    elif first:
        audit.write(viewer, "key_use", number=key.prefix, path=path[:200])
