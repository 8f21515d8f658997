"""Feedback: what people found out on the spot about a clue of detection, and what it makes of a pattern's precision."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from ecobureau.clock import now
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues.models import Clue, Evidence
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import door
from ecobureau.web.detection.models import Verdict


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a pattern was right; `share` is verified / all, None without feedback."""

    verified: int = 0
    false: int = 0
    benign: int = 0

    @property
    def share(self) -> float | None:
        total = self.verified + self.false + self.benign
        return self.verified / total if total else None


@transaction.atomic
def give(actor: Viewer, clue: Clue, outcome: str, reason: str) -> Verdict:
    """Say what a clue of detection turned out to be; a later word replaces the earlier, both stand in the audit.

    Args:
        outcome: verified | false | benign; reason: in words, needed unless verified.

    Raises:
        Refused: no right there; the clue is none of detection; no such outcome; a reason is missing.
    """
    door.must_judge(actor, clue)
    if clue.rule not in load_all():
        refuse(Refusal("detection.not_of_detection", {"number": clue.number}), actor=actor.user_id, what=clue.number)
    if outcome not in Verdict.Outcome.values:
        refuse(Refusal("detection.no_outcome", {}), actor=actor.user_id, what=clue.number)
    reason = reason.strip()
    if not reason and outcome != Verdict.Outcome.VERIFIED:
        refuse(Refusal("detection.needs_reason", {}), actor=actor.user_id, what=clue.number)
    row, _made = Verdict.objects.update_or_create(
        clue=clue,
        defaults={
            "pattern": clue.rule,
            "outcome": outcome,
            "reason": reason[:200],
            "confidence": clue.confidence,
            # Calibration learns from what the detectors said, not from what it made of that itself.
            "fused": _fused(clue),
            "at": now(),
            "by": actor.user_id,
            "by_name": actor.name,
        },
    )
    audit.write(
        actor, "detection.verdict", kind="clue", object_id=clue.pk, number=clue.number, outcome=outcome, reason=reason
    )
    return row


def _fused(clue: Clue) -> float | None:
    """Return the confidence that the detectors gave a clue at last, before feedback moved it."""
    rows = Evidence.objects.filter(clue=clue, code="detection.evidence.window").order_by("-seq")
    found = rows.values_list("params__fused", flat=True).first()
    return clue.confidence if found is None else float(found)


def precision() -> dict[str, Precision]:
    """Return what feedback says of each pattern that has any."""
    found: dict[str, dict[str, int]] = {}
    for row in Verdict.objects.values("pattern", "outcome").annotate(count=Count("pk")):
        found.setdefault(row["pattern"], {})[row["outcome"]] = row["count"]
    return {pattern: Precision(**counts) for pattern, counts in found.items()}
