"""Changes of the tables of scene kinds and matters: proposed with a day and a reason, decided by a second person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import RuleChange
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse

DECIDERS = frozenset({str(role) for role in (Role.ADMINISTRATOR, Role.UNIT_HEAD, Role.LEADER)})
READERS = DECIDERS | {str(role) for role in (Role.DUTY_OFFICER, Role.DISPATCHER, Role.AUDITOR)}


def may_read(viewer: Viewer) -> bool:
    """Say whether the viewer may read the tables: the offices that work by them."""
    return viewer.is_system or viewer.has(*READERS)


def may_change(viewer: Viewer) -> bool:
    """Say whether the viewer may propose or decide a change: an administrator, head or leader of the whole city."""
    if viewer.is_system:
        return True
    return any(grant.role in DECIDERS and _whole_city(grant.org_path) for grant in viewer.grants)


def _whole_city(path: str) -> bool:
    return len([part for part in path.split("/") if part]) <= 1


def _must_change(viewer: Viewer, what: str) -> None:
    if not may_change(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=what)


@transaction.atomic
def propose_change(
    actor: Viewer, pack: str, code: str, *, value: Mapping[str, Any], valid_from: date, why: str
) -> RuleChange:
    """Propose a new value of a scene kind or matter from a day on.

    Args:
        pack: `scenario_kinds` or `matter`; code: of the entry; value: the whole new value.

    Raises:
        Refused: not of the whole city's offices; no such entry; a day in the past; nothing changes; no reason; another
            proposal for the entry is waiting.
    """
    what = f"{pack} {code}"
    _must_change(actor, what)
    found = scenarios.in_force(pack, scenarios.today()).get(code)
    wrong: Refusal | None = None
    if found is None:
        wrong = Refusal("clues.rules.unknown", {"code": code})
    elif valid_from < scenarios.today():
        wrong = Refusal("clues.rules.past")
    elif not why.strip():
        wrong = Refusal("core.reason_missing", {"verb": "clues.rules.change"})
    elif not str(value.get("name", "")).strip():
        wrong = Refusal("clues.rules.no_name")
    elif dict(value) == dict(found.value):
        wrong = Refusal("clues.rules.same")
    if wrong is not None:
        refuse(wrong, actor=actor.user_id, what=what)
    assert found is not None and actor.user_id is not None
    key = f"{scenarios.PREFIX[pack]}{code}"
    try:
        with transaction.atomic():
            made = RuleChange.objects.create(
                pack=pack,
                key=key,
                value=dict(value),
                before=dict(found.value),
                valid_from=valid_from,
                why=why.strip(),
                proposed_by=actor.user_id,
                proposed_name=actor.name,
                proposed_at=now(),
            )
    except IntegrityError:
        refuse(Refusal("clues.rules.waiting", {"code": code}), actor=actor.user_id, what=what)
    audit.write(actor, "rule_propose", kind=pack[:24], object_id=made.pk, number=key[:32], changed=difference(made))
    return made


@transaction.atomic
def decide_change(actor: Viewer, pk: int, *, approve: bool, why: str = "") -> RuleChange:
    """Approve or refuse a proposed change; not by the one who proposed it.

    Raises:
        Refused: not of the whole city's offices; one's own; decided already; refused without a word; its day is past.
    """
    _must_change(actor, f"rule change {pk}")
    change = RuleChange.objects.select_for_update().filter(pk=pk).first()
    wrong: Refusal | None = None
    if change is None:
        wrong = Refusal("core.not_found", {"number": str(pk)})
    elif change.state != RuleChange.State.PROPOSED:
        wrong = Refusal("clues.rules.decided")
    elif change.proposed_by == actor.user_id:
        wrong = Refusal("clues.rules.own")
    elif not approve and not why.strip():
        wrong = Refusal("core.reason_missing", {"verb": "clues.rules.refuse"})
    elif approve and change.valid_from < scenarios.today():
        wrong = Refusal("clues.rules.past")
    if wrong is not None:
        refuse(wrong, actor=actor.user_id, what=f"rule change {pk}")
    assert change is not None
    change.state = RuleChange.State.APPROVED if approve else RuleChange.State.REFUSED
    change.decided_by, change.decided_name, change.decided_at = actor.user_id, actor.name, now()
    change.decided_why = why.strip()
    change.save()
    verb = "rule_approve" if approve else "rule_refuse"
    audit.write(
        actor, verb, kind=change.pack[:24], object_id=change.pk, number=change.key[:32], changed=difference(change)
    )
    transaction.on_commit(scenarios.forget)
    return change


def difference(change: RuleChange) -> dict[str, list[Any]]:
    """Return what a change changes: name of the field → [before, after]."""
    keys = [*change.before, *(key for key in change.value if key not in change.before)]
    return {
        key: [change.before.get(key), change.value.get(key)]
        for key in keys
        if change.before.get(key) != change.value.get(key)
    }
