"""What the worker does for detection on request."""

from __future__ import annotations

from ecobureau.web.core.jobs import job
from ecobureau.web.detection import replay


@job(attempts=3)
def run_replay(pass_id: int, days: int) -> None:
    """Run a replay that somebody asked for."""
    replay.run(pass_id, days)
