"""What the pages do to clues: the services with what they need looked up."""

from __future__ import annotations

from typing import Any

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import selectors, services
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import refuse


def propose_dismissal(clue: Clue, actor: Viewer, *, reason: str, **act: Any) -> History:
    """Propose to dismiss, with the sample of the stored data that shows why."""
    return services.propose_dismissal(clue, actor, reason=reason, sample=selectors.sample(clue), **act)


def merge(clue: Clue, actor: Viewer, *, into: str, **act: Any) -> History:
    """Fold a clue into the one of that number.

    Raises:
        Refused: there is no such clue within the actor's sight, or it may not be merged.
    """
    target = selectors.clue(actor, into.strip())
    if target is None:
        refuse(Refusal("core.not_found", {"number": into}), actor=actor.user_id, what=f"merge {clue.number}")
    act.pop("reason", None)
    return services.merge(clue, actor, into=target, **act)
