"""Messages to people and groups: what failed of late, and what should have gone out by now."""

from __future__ import annotations

from datetime import timedelta

from ecobureau.supervisor.doctor.database import ask
from ecobureau.supervisor.doctor.findings import Finding, Surroundings, warn

FAILED_WITHIN = timedelta(days=1)
STUCK_AFTER = timedelta(minutes=15)


def messages(here: Surroundings) -> list[Finding]:
    """Says nothing where all is well, or before the tables are there."""
    if here.db is None or not ask(here, "select to_regclass('outbound_delivery') is not null"):
        return []
    found: list[Finding] = []
    failed = ask(
        here,
        "select count(*) from outbound_delivery where state = 'failed' and made_at > %s",
        here.now - FAILED_WITHIN,
    )
    if failed:
        found += warn("doctor.messages.failed", count=failed)
    stuck = ask(
        here,
        "select count(*) from outbound_delivery where state in ('queued', 'held') and due_at < %s",
        here.now - STUCK_AFTER,
    )
    if stuck:
        found += warn("doctor.messages.stuck", count=stuck, minutes=int(STUCK_AFTER.total_seconds() // 60))
    return found


CHECKS = (messages,)
