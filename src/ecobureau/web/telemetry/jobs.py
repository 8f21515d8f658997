"""Housekeeping of the telemetry store. Every job may run twice, and a missed run is made up by the next."""

from __future__ import annotations

from django.conf import settings

from ecobureau.clock import now
from ecobureau.config import data_dir
from ecobureau.storage import books, commands, partitions, parts, seal, strangers
from ecobureau.web.core.jobs import every
from ecobureau.web.telemetry.services import own_store


@every("* * * * *")
def settle() -> None:
    """Each minute: give up packets, commands and gateway runs of which nothing more will come."""
    with own_store() as conn:
        parts.expire(conn, now())
        commands.expire(conn, now())
        books.mark_crashed(conn, now())


@every("5 * * * *")
def make_room() -> None:
    """Each hour: have the partitions of the coming days ready."""
    with own_store() as conn:
        partitions.ensure_ahead(conn, now())


@every("15 * * * *")
def seal_evidence() -> None:
    """Each hour: seal the days that are over, and write their heads to the file outside the database."""
    with own_store() as conn:
        seal.seal_days(conn, now())
        seal.append_heads(conn, data_dir() / "heads", now())


@every("40 * * * *")
def clear_away() -> None:
    """Each hour: drop whole days of old real-time frames, and contents in quarantine that were not seen for long."""
    with own_store() as conn:
        partitions.drop_old(conn, now(), settings.KEEP_REAL_TIME_DAYS)
        strangers.purge(conn, now(), settings.KEEP_QUARANTINE_DAYS)
