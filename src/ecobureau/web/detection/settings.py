"""The city's settings of patterns: on or off, and own parameters in front of the packs'.

Four eyes: one person proposes, a replay on history shows what the proposal would do, another person approves. Nothing
else changes a setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.db import IntegrityError, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import door, replay, rules
from ecobureau.web.detection.models import PatternSetting, SettingProposal

State = SettingProposal.State
REPLAY_DAYS = 30
"""How far back the replay of a proposal looks."""


@transaction.atomic
def propose(actor: Viewer, pattern: str, *, enabled: bool, params: Mapping[str, object], note: str) -> SettingProposal:
    """Propose to switch a pattern on or off, or the city's own parameters for it, and start its replay.

    Args:
        params: dotted key of this pattern (as `P01.gas_h`) → number; replaces what the city had set before, empty takes
            the packs' values again. note: why.

    Raises:
        Refused: not an administrator; unknown pattern; a key that the packs do not have, or no finite number; nothing
            would change; no reason; another proposal for the pattern waits.
    """
    door.must_set(actor)
    if pattern not in load_all():
        refuse(Refusal("detection.no_pattern", {"pattern": pattern}), actor=actor.user_id, what=pattern)
    clean = _checked(actor, pattern, params)
    before = PatternSetting.objects.filter(pk=pattern).first()
    if (enabled, clean) == ((before.enabled, before.params) if before else (True, {})):
        refuse(Refusal("detection.no_change", {"pattern": pattern}), actor=actor.user_id, what=pattern)
    if not note.strip():
        refuse(Refusal("detection.needs_note", {}), actor=actor.user_id, what=pattern)
    try:
        with transaction.atomic():
            row = SettingProposal.objects.create(
                pattern=pattern,
                enabled=enabled,
                params=clean,
                note=note.strip()[:200],
                proposed_by=actor.user_id,
                proposed_name=actor.name,
                proposed_at=now(),
            )
    except IntegrityError:
        refuse(Refusal("detection.proposal_waits", {"pattern": pattern}), actor=actor.user_id, what=pattern)
    row.replay = replay.ask(actor, pattern, REPLAY_DAYS, params=clean)
    row.save(update_fields=["replay"])
    _told(actor, "propose", row)
    return row


@transaction.atomic
def decide(actor: Viewer, proposal: SettingProposal, *, approve: bool, words: str = "") -> SettingProposal:
    """Approve a proposal, which makes it the setting, or send it back.

    Raises:
        Refused: one's own proposal; neither administrator nor head of the city's unit; it is decided already; its
            replay has not ended well; sent back without a reason.
    """
    row = _open(actor, proposal)
    door.must_approve(actor, row)
    if not approve and not words.strip():
        refuse(Refusal("detection.needs_note", {}), actor=actor.user_id, what=row.pattern)
    if approve and (row.replay is None or row.replay.ended_at is None or row.replay.error):
        refuse(Refusal("detection.replay_first", {"pattern": row.pattern}), actor=actor.user_id, what=row.pattern)
    _close(actor, row, State.APPROVED if approve else State.REJECTED, words)
    if approve:
        PatternSetting.objects.update_or_create(
            pattern=row.pattern,
            defaults={
                "enabled": row.enabled,
                "params": row.params,
                "note": row.note,
                "updated_at": now(),
                "updated_by": row.proposed_by,
                "updated_name": f"{row.proposed_name} / {actor.name}",
            },
        )
    return row


@transaction.atomic
def withdraw(actor: Viewer, proposal: SettingProposal) -> SettingProposal:
    """Take one's own proposal back.

    Raises:
        Refused: it is another's, or decided already.
    """
    row = _open(actor, proposal)
    if row.proposed_by != actor.user_id:
        refuse(Refusal("detection.not_own_proposal", {}), actor=actor.user_id, what=row.pattern)
    _close(actor, row, State.WITHDRAWN, "")
    return row


def _open(actor: Viewer, proposal: SettingProposal) -> SettingProposal:
    row = SettingProposal.objects.select_for_update(of=("self",)).select_related("replay").get(pk=proposal.pk)
    if row.state != State.OPEN:
        refuse(Refusal("detection.proposal_decided", {}), actor=actor.user_id, what=row.pattern)
    return row


def _close(actor: Viewer, row: SettingProposal, state: str, words: str) -> None:
    row.state, row.decision = state, words.strip()[:200]
    row.decided_by, row.decided_name, row.decided_at = actor.user_id, actor.name, now()
    row.save()
    _told(actor, {State.APPROVED: "approve", State.REJECTED: "reject"}.get(State(state), "withdraw"), row)


def _told(actor: Viewer, verb: str, row: SettingProposal) -> None:
    before = PatternSetting.objects.filter(pk=row.pattern).first()
    audit.write(
        actor,
        f"detection.{verb}",
        kind="pattern",
        number=row.pattern,
        enabled=row.enabled,
        params=row.params,
        note=row.note,
        decision=row.decision,
        replay=row.replay_id,
        before={"enabled": before.enabled, "params": before.params} if before else {},
    )


def _checked(actor: Viewer, pattern: str, params: Mapping[str, object]) -> dict[str, float]:
    known = rules.national(beijing(now()).date())
    clean: dict[str, float] = {}
    for key, value in params.items():
        if not key.startswith(f"{pattern}.") or not isinstance(known.get(key), int | float):
            refuse(Refusal("detection.no_parameter", {"key": key}), actor=actor.user_id, what=pattern)
        clean[key] = _number(actor, key, value)
    return clean


def _number(actor: Viewer, key: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        refuse(Refusal("detection.no_number", {"key": key, "value": str(value)}), actor=actor.user_id, what=key)
    return number
