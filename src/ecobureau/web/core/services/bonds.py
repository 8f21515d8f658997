"""What binds records to each other and opens them to others; corrections that the law or a supervisor allows."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.core import access, audit, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Clock, History, Link, Record, Share
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.services.records import amend, as_path


def link(left: Record, relation: str, right: Record, actor: Viewer) -> Link:
    """Bind two records; doing it twice changes nothing."""
    made, _ = Link.objects.get_or_create(
        from_kind=left.KIND,
        from_id=left.pk,
        relation=relation,
        to_kind=right.KIND,
        to_id=right.pk,
        defaults={"at": now(), "by": actor.user_id},
    )
    return made


def share(
    record: Record,
    actor: Viewer,
    *,
    why: str,
    user_id: int | None = None,
    org_path: str = "",
    may_act: bool = False,
    ends_at: datetime | None = None,
) -> Share:
    """Open a record to a person or a unit (joint handling); written into its history.

    Raises:
        Refused: the actor may not share it. ValueError: neither or both of person and unit are given.
    """
    if (user_id is None) == (not org_path):
        raise ValueError("share with a person or with a unit")
    _must_share(record, actor)
    with transaction.atomic():
        amend(record, actor, {}, verb="share", data={"user": user_id, "org": org_path, "act": may_act, "why": why})
        return Share.objects.create(
            kind=record.KIND,
            object_id=record.pk,
            user_id=user_id,
            org_path=as_path(org_path) if org_path else "",
            may_act=may_act,
            why=why,
            given_by=actor.user_id,
            given_at=now(),
            ends_at=ends_at,
        )


def _must_share(record: Record, actor: Viewer) -> None:
    if not access.may_share(actor, record):
        refuse(Refusal("core.no_access"), actor=actor.user_id, what=f"share {record.number}")


def unshare(record: Record, actor: Viewer, given: Share) -> None:
    """End a share now; written into the history.

    Raises:
        Refused: the actor may not share it.
    """
    _must_share(record, actor)
    with transaction.atomic():
        amend(record, actor, {}, verb="unshare", data={"user": given.user_id, "org": given.org_path})
        Share.objects.filter(pk=given.pk).update(ends_at=now())


def erase_personal(entry: History, actor: Viewer) -> int:
    """Erase the personal words of a history entry; its digests stay and the chain still verifies. Audited.

    Raises:
        Refused: the actor is no administrator.
    """
    if not actor.has("administrator", "system"):
        refuse(Refusal("core.no_access"), actor=actor.user_id, what=f"erase {entry.number}")
    with transaction.atomic():
        gone, _ = entry.personal.all().delete()
        audit.write(actor, "erase_personal", kind=entry.kind, object_id=entry.object_id, number=entry.number)
    return gone


def accept_device_time(entry: History, actor: Viewer, *, why: str) -> None:
    """Let the phone's time of an act count for the clocks it stopped, in place of the server's (no network on site).

    Raises:
        Refused: only a unit head or leader may, not for an act of their own; the act carries no phone time, or one that
            is later than the server's or earlier than the entry before it; or no reason.
    """
    record = registry.get(entry.kind).records().get(pk=entry.object_id)
    before = History.objects.filter(kind=entry.kind, object_id=entry.object_id, seq=entry.seq - 1).first()
    found: Refusal | None = None
    if not access.roles_at(actor, "act", record) & {Role.UNIT_HEAD, Role.LEADER}:
        found = Refusal("core.no_access")
    elif actor.user_id == entry.actor_id:
        found = Refusal("core.four_eyes", {"verb": "core.verb.accept_time", "other": entry.verb})
    elif not why.strip():
        found = Refusal("core.reason_missing", {"verb": "core.verb.accept_time"})
    elif entry.at_device is None or entry.at_device > entry.at or (before is not None and entry.at_device < before.at):
        found = Refusal("core.device_time")
    if found is not None:
        refuse(found, actor=actor.user_id, what=f"device time of {entry.number}")
    assert entry.at_device is not None
    with transaction.atomic():
        data = {"entry": entry.seq, "at_device": entry.at_device, "why": why}
        amend(record, actor, {}, verb="accept_time", data=data)
        stopped = Clock.objects.filter(
            kind=entry.kind, object_id=entry.object_id, stopped_at=entry.at, started_at__lte=entry.at_device
        )
        stopped.update(stopped_at=entry.at_device)
