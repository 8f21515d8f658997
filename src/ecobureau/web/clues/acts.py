"""What the pages do to clues: the services with what they need looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import repeats, selectors, services
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse


def propose_dismissal(
    clue: Clue, actor: Viewer, *, reason: str, looked: Sequence[int] = (), seen: str = "", **act: Any
) -> History:
    """Propose to dismiss, with the sample of the stored data that shows why and the evidence that was looked at."""
    sample = selectors.sample(clue)
    return services.propose_dismissal(clue, actor, reason=reason, sample=sample, looked=looked, seen=seen, **act)


def merge(clue: Clue, actor: Viewer, *, into: str, **act: Any) -> History:
    """Fold a clue into the one of that number.

    Raises:
        Refused: there is no such clue within the actor's sight, or it may not be merged.
    """
    target = selectors.clue(actor, into.strip())
    if target is None:
        refuse(Refusal("core.not_found", {"number": into}), actor=actor.user_id, what=f"merge {clue.number}")
    act.pop("reason", None)
    why = next((each.told() for each in repeats.find(actor, clue, 50) if each.clue.pk == target.pk), [])
    return services.merge(clue, actor, into=target, why=why, **act)
