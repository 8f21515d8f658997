"""Sources of clues, what they send, and the people who reported: the only writers of these tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.secret import seal
from ecobureau.web.accounts import services as accounts
from ecobureau.web.accounts.models import User
from ecobureau.web.clues.models import Clue, ClueIntake, ClueSource, Reporter
from ecobureau.web.core import audit
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places import door
from ecobureau.web.places import selectors as places

_MACHINES = {ClueSource.Kind.JUDGING, ClueSource.Kind.DETECTION, ClueSource.Kind.VIDEO}
_OWN = {
    ClueSource.Kind.JUDGING: "到达判断",
    ClueSource.Kind.DETECTION: "异常检测",
    ClueSource.Kind.MANUAL: "人工登记",
    ClueSource.Kind.IMPORT: "表格导入",
}
"""The program's own sources, made when they are first needed; their names are kept as data like any other source's."""
BY_PEOPLE = tuple(kind for kind in ClueSource.Kind if kind not in _MACHINES)


def own_source(kind: str) -> ClueSource:
    """Return the program's own source of a kind (`judging`, `detection`, `manual`, `import`); made at first use."""
    of = ClueSource.Kind(kind)
    at = now()
    found, _made = ClueSource.objects.get_or_create(
        code=of.value,
        defaults={
            "name": _OWN[of],
            "kind": of,
            "machine": of in _MACHINES,
            "org_path": "/",
            "made_at": at,
            "updated_at": at,
        },
    )
    return found


_FIELDS = ("name", "kind", "machine", "contact", "phone", "scenario", "org_path", "active", "note")


def _place(actor: Viewer, org_path: str) -> str:
    place = places.organisation(org_path)
    if place is None or not place.active:
        refuse(Refusal("clues.source.no_place", {"place": org_path}), actor=actor.user_id, what="source")
    door.must_change(actor, place.path)
    return place.path


@transaction.atomic
def make_source(actor: Viewer, *, code: str, org_path: str, account: str = "", **fields: Any) -> ClueSource:
    """Register a source, with a service account of its own where a name for one is given (its keys are made there).

    Args:
        code: stable name; org_path: the place its clues lie in. account: sign-in name of the new service account.
        fields: name, kind, machine, contact, phone, scenario, active, note.

    Raises:
        Refused: no administrator of the place; unknown place; the code or the account's name is taken.
    """
    path = _place(actor, org_path)
    at = now()
    if ClueSource.objects.filter(code=code).exists():
        refuse(Refusal("clues.source.taken", {"code": code}), actor=actor.user_id, what="source")
    fields.setdefault("machine", fields.get("kind") in _MACHINES)
    user = _account(actor, account, str(fields["name"])) if account else None
    made = ClueSource.objects.create(
        code=code, org_path=path, account=user, made_at=at, made_by=actor.user_id, updated_at=at, **fields
    )
    audit.write(actor, "clue_source", kind="clue_source", object_id=made.pk, number=code[:32], made=_told(made))
    return made


def _account(actor: Viewer, username: str, name: str) -> User:
    user, _secret = accounts.create_user(
        actor, username=username, name=name[:40], signs_in=False, must_change_password=False
    )
    return user


@transaction.atomic
def change_source(actor: Viewer, source: ClueSource, *, account: str = "", **fields: Any) -> ClueSource:
    """Change a source; its code stays. A service account may be given once.

    Raises:
        Refused: no administrator of its place (or of the new one); the program's own sources cannot be closed.
    """
    locked = ClueSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    if not locked.own:
        door.must_change(actor, locked.org_path)
    elif not actor.is_system and not actor.has("administrator"):
        refuse(Refusal("core.no_access"), actor=actor.user_id, what=f"source {locked.code}")
    if locked.own:
        fields = {name: value for name, value in fields.items() if name in ("contact", "phone", "note", "scenario")}
    elif "org_path" in fields:
        fields["org_path"] = _place(actor, fields["org_path"])
    before = _told(locked)
    for name, value in fields.items():
        setattr(locked, name, value)
    if account and locked.account_id is None and not locked.own:
        locked.account = _account(actor, account, locked.name)
    locked.updated_at = now()
    locked.save()
    after = _told(locked)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    audit.write(actor, "clue_source", kind="clue_source", object_id=locked.pk, number=locked.code[:32], changed=changed)
    return locked


def _told(source: ClueSource) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _FIELDS} | {"account": source.account_id}


# --- what comes over the interface ------------------------------------------------------------------------------------


def acting_for(source: ClueSource, account: Viewer) -> Viewer:
    """Return who opens a clue on behalf of a source: the program, under the name of the source's account.

    A source's account holds no role: it may report and do nothing else.
    """
    return replace(SYSTEM, user_id=account.user_id, name=source.name, ip=account.ip, request_id=account.request_id)


def digest(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a body's canonical JSON."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def receive(
    account: Viewer, source: ClueSource, key: str, body: Mapping[str, Any], register: Callable[[Viewer], Clue]
) -> tuple[Clue, bool]:
    """Open the clue that a source has reported; the same key with the same body returns the clue it made before.

    Args:
        key: the idempotency key, 1 to 80 characters. body: as sent. register: makes the clue, given who acts.

    Returns:
        The clue, and whether it is new.

    Raises:
        Refused: the source is closed; the key was used for another body; the place lies outside the source's.
    """
    if not source.active:
        refuse(Refusal("clues.source.closed", {"name": source.name}), actor=account.user_id, what="intake")
    sha = digest(body)
    with transaction.atomic():
        try:
            with transaction.atomic():
                # Of two at once, the second waits here until the first has committed or gone.
                row = ClueIntake.objects.create(source=source, key=key, body_sha256=sha, at=now())
        except IntegrityError:
            earlier = ClueIntake.objects.select_related("clue").get(source=source, key=key)
            if earlier.body_sha256 != sha or earlier.clue is None:
                refuse(Refusal("clues.intake.key_taken", {"key": key}), actor=account.user_id, what="intake")
            return earlier.clue, False
        clue = register(acting_for(source, account))
        row.clue = clue
        row.save(update_fields=["clue"])
        audit.write(account, "clue_intake", kind="clue", object_id=clue.pk, number=clue.number, source=source.code)
        return clue, True


# --- people -----------------------------------------------------------------------------------------------------------


def _sealed(text: str) -> bytes | None:
    return seal(text.strip()) if text.strip() else None


def add_reporter(
    clue: Clue,
    *,
    name: str = "",
    phone: str = "",
    words: str = "",
    wants_answer: bool = True,
    at: datetime | None = None,
    source: ClueSource | None = None,
) -> Reporter:
    """Note who reported a clue; name, phone and own words are sealed. Called when a clue is registered."""
    return Reporter.objects.create(
        clue=clue,
        matter_id=clue.merged_into_id or clue.pk,
        source=source or clue.source,
        name_sealed=_sealed(name),
        phone_sealed=_sealed(phone),
        words_sealed=_sealed(words),
        wants_answer=wants_answer,
        reported_at=at or now(),
    )
