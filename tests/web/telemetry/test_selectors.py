"""The door in front of the store, the re-key service, and the housekeeping jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from ecobureau.clock import ManualClock, use_clock
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.storage.writer import Writer
from ecobureau.web.core.access import NOBODY, SYSTEM, Viewer
from ecobureau.web.core.models import Audit
from ecobureau.web.core.people import Grant
from ecobureau.web.core.refusals import Refused
from ecobureau.web.telemetry import selectors, services
from storage_frames import NOON, frame

pytestmark = pytest.mark.django_db(transaction=True)
TEN = timedelta(minutes=10)
STRANGER = Viewer(1, "甲", (Grant("grid_worker", "/wuhan/"),))


@pytest.fixture
def writer() -> Iterator[Writer]:
    with services.own_store() as conn:
        writer = Writer(conn)
        writer.write([frame({"a34013": {"avg": f"{n}.50"}}, NOON + n * TEN) for n in range(3)])
        yield writer


def test_the_store_reads_the_same_through_django(writer: Writer) -> None:
    found = selectors.series(SYSTEM, 7, Kind.MINUTE, NOON, NOON + timedelta(hours=1))
    assert [p.text() for p in found["a34013"]] == ["0.50", "1.50", "2.50"]
    assert [p.received_at for p in found["a34013"]] == [NOON + n * TEN + TEN + timedelta(seconds=2) for n in range(3)]
    raw = selectors.raw_frame(SYSTEM, found["a34013"][0].raw_id)
    assert raw is not None
    assert raw.intact
    rolled = read.rollups(selectors.store(), [7], Kind.MINUTE, "hour", NOON, NOON + timedelta(hours=1))
    assert [r.n for r in rolled] == [3]
    day = (NOON + timedelta(hours=8)).date()
    assert [line.verdict for line in selectors.balance(SYSTEM, day)] == ["broken"]


@pytest.mark.parametrize("viewer", [NOBODY, STRANGER])
def test_what_is_not_the_viewers_is_refused_or_left_out(writer: Writer, viewer: Viewer) -> None:
    hour = (NOON, NOON + timedelta(hours=1))
    for look in (
        lambda: selectors.series(viewer, 7, Kind.MINUTE, *hour),
        lambda: selectors.gaps(viewer, 7, "31", Kind.MINUTE, 600, *hour),
        lambda: selectors.revisions(viewer, 7, *hour),
        lambda: selectors.events(viewer, 7, *hour),
        lambda: selectors.parameters(viewer, 7),
        lambda: selectors.raw_frames(viewer, 7, *hour),
        lambda: selectors.raw_frame(viewer, 1) or selectors.check_station(viewer, 7),
        lambda: selectors.commands_of(viewer, 7),
        lambda: selectors.balance(viewer, NOON.date()),
        lambda: selectors.runs(viewer),
        lambda: selectors.quarantine(viewer),
    ):
        with pytest.raises(Refused):
            look()
    assert selectors.latest(viewer) == selectors.latest(viewer, [7]) == []
    assert selectors.stream_states(viewer, [7]) == []
    assert selectors.rollups(viewer, [7], Kind.MINUTE, "hour", *hour) == []
    assert selectors.holders(viewer) == {}


def test_a_re_key_wants_an_administrator_and_is_audited(writer: Writer) -> None:
    job: Any = (7, Kind.MINUTE, -TEN, NOON, NOON + timedelta(hours=1), "end-stamped")
    with pytest.raises(Refused):
        services.move_starts(STRANGER, *job)
    assert Audit.objects.count() == 0
    with use_clock(ManualClock(NOON)):
        assert services.move_starts(SYSTEM, *job).frames == 3
        with pytest.raises(Refused) as refused:
            services.move_starts(SYSTEM, *job[:3], NOON, NOON + timedelta(hours=1), " ")
    assert refused.value.code == "storage.rekey.reason"
    (line,) = Audit.objects.filter(what="telemetry.rekey")
    assert (line.object_id, line.detail["frames"], line.detail["shift_s"]) == (7, 3, -600)
    assert [p.start for p in selectors.series(SYSTEM, 7, Kind.MINUTE, NOON - TEN, NOON + TEN)["a34013"]] == [
        NOON - TEN, NOON,
    ]  # fmt: skip


def test_a_lost_connection_is_an_error_and_not_an_empty_answer(writer: Writer) -> None:
    conn = selectors.store()
    with psycopg.connect(conn.info.dsn, password=conn.info.password, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", (conn.info.backend_pid,))
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        read.latest(conn, [7])
    connection.close()
