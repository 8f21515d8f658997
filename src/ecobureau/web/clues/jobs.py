"""What the worker does for the clue pool."""

from __future__ import annotations

from ecobureau.web.clues.services import risks
from ecobureau.web.core.jobs import job


@job
def rescore_clues() -> None:
    """Reckon the risk of the open clues anew, since sensitive places have changed. Running it twice changes nothing."""
    risks.rescore_open()
