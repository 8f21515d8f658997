"""What the worker does for remote stops: machine calls."""

from __future__ import annotations

from ecobureau.web.core.jobs import job
from ecobureau.web.remote_stop import services


@job(attempts=1)
def place_call(pk: int, call: str, phone: str) -> None:
    """Place a machine call and keep its outcome. Run again, it does nothing once the outcome is kept."""
    services.place_call(pk, call, phone)
