"""What the worker does for the statistics on request: check and load files of history."""

from __future__ import annotations

from ecobureau.web.core.jobs import every, job
from ecobureau.web.statistics.past import services


@job(attempts=2)
def check_file(file_id: int) -> None:
    """Try a file of history without writing."""
    services.check(file_id)


@job(attempts=2)
def load_history(file_id: int) -> None:
    """Load a file of history."""
    services.load_checked(file_id)


@every("40 3 * * *")
def drop_stale_files() -> None:
    """Give up files that nobody has loaded for days."""
    services.drop_stale()
