"""What the worker does for messages."""

from __future__ import annotations

from ecobureau.clock import now
from ecobureau.web.core.jobs import every, job
from ecobureau.web.messages import outbox


@job(queue="messages", attempts=3)
def send_message(pk: int) -> None:
    """Try to send one message; a failed one is due again later, and `sweep` hands it on."""
    outbox.send_one(pk)


@every("20 3 * * *")
def clear_log() -> None:
    """Each night: forget what was sent long ago."""
    outbox.clear(now())
