"""The doctor tells of messages that failed or that nobody sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from ecobureau.supervisor.doctor.findings import Surroundings
from ecobureau.supervisor.doctor.messages import messages
from ecobureau.web.messages.models import Channel, Delivery

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def here(transactional_db: None, app_database_url: str, tmp_path: Path) -> Iterator[Surroundings]:
    with psycopg.connect(app_database_url, autocommit=True) as db:
        yield Surroundings(tmp_path, NOW, db=db)


def a_message(state: str, made: timedelta, due: timedelta = timedelta(0)) -> None:
    channel, _ = Channel.objects.get_or_create(
        name="邮件", defaults={"kind": "email", "made_at": NOW, "changed_at": NOW}
    )
    Delivery.objects.create(channel=channel, code="x", state=state, made_at=NOW - made, due_at=NOW - made + due)


def told(here: Surroundings) -> dict[str, object]:
    return {finding.code: finding.params["count"] for finding in messages(here)}


def test_what_failed_within_a_day_and_what_waits_too_long_is_told(here: Surroundings) -> None:
    assert told(here) == {}
    a_message("sent", timedelta(hours=1))
    a_message("failed", timedelta(hours=25))
    a_message("queued", timedelta(minutes=10))
    a_message("held", timedelta(hours=5), due=timedelta(hours=9))
    assert told(here) == {}
    a_message("failed", timedelta(hours=23))
    a_message("queued", timedelta(minutes=16))
    assert told(here) == {"doctor.messages.failed": 1, "doctor.messages.stuck": 1}
