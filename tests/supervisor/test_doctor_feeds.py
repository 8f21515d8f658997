"""The doctor on what flows through: each test breaks one thing in a transaction that is rolled back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ecobureau.clock import beijing, now
from ecobureau.secret import seal
from ecobureau.supervisor.doctor import feeds
from ecobureau.supervisor.doctor.findings import Finding, Surroundings

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app_database_url: str) -> Iterator[Surroundings]:
    monkeypatch.setenv("ECOBUREAU_KEY_FILE", str(tmp_path / "key"))
    with psycopg.connect(app_database_url) as db:
        yield Surroundings(data=tmp_path, now=now(), db=db, app_url=app_database_url)
        db.rollback()


def put(here: Surroundings, table: str, **values: Any) -> None:
    """Inserts one row; what is not given and may not be empty gets a value that means nothing."""
    assert here.db is not None
    needed = here.db.execute(
        "select column_name, data_type from information_schema.columns where table_name = %s "
        "and is_nullable = 'NO' and column_default is null and is_identity = 'NO'",
        [table],
    ).fetchall()
    empty: dict[object, object] = {
        "text": "", "character varying": "", "integer": 0, "smallint": 0, "bigint": 0, "boolean": True, "bytea": b"",
        "timestamp with time zone": here.now, "jsonb": "{}", "date": here.now.date(), "double precision": 0.0,
    }  # fmt: skip
    row = {name: empty[kind] for name, kind in needed} | values
    names = ", ".join(row)
    here.db.execute(f"insert into {table} ({names}) values ({', '.join(['%s'] * len(row))})", list(row.values()))  # type: ignore[arg-type]


def station(here: Surroundings, number: int, **logger: Any) -> None:
    put(here, "sources_station", id=number, code=f"S{number}", active=True)
    values = {"password_sealed": seal("123456"), "stamp_rule": "start", "accept_from": here.now - timedelta(days=9)}
    put(here, "sources_logger", id=number, station_id=number, mn=f"MN{number}", **(values | {"active": True} | logger))


def one(found: list[Finding]) -> Finding:
    (finding,) = found
    return finding


def test_empty_bureau_has_nothing_to_complain_of(here: Surroundings) -> None:
    found = [finding for check in feeds.CHECKS for finding in check(here)]
    assert [finding for finding in found if finding.level != "ok"] == []


def test_database_without_tables_is_passed_over(tmp_path: Path) -> None:
    with psycopg.connect(os.environ["EB_TEST_APP"], autocommit=True) as db:
        empty = Surroundings(data=tmp_path, now=now(), db=db)
        assert [finding for check in feeds.CHECKS for finding in check(empty)] == []


def test_no_database_is_passed_over(tmp_path: Path) -> None:
    assert [finding for check in feeds.CHECKS for finding in check(Surroundings(data=tmp_path, now=now()))] == []


def test_key_file_that_is_lost_or_another_one(here: Surroundings) -> None:
    station(here, 1)
    assert one(feeds.sealed_secrets(here)).code == "doctor.key.ok"
    from cryptography.fernet import Fernet

    from ecobureau import secret

    key = here.data / "key"
    key.write_bytes(Fernet.generate_key())
    secret._box.cache_clear()
    found = one(feeds.sealed_secrets(here))
    assert (found.level, found.code, found.params["mn"]) == ("bad", "doctor.key.wrong", "MN1")
    key.unlink()
    assert one(feeds.sealed_secrets(here)).code == "doctor.key.lost"
    assert not key.exists(), "the doctor must not make a new key"


def test_partitions_of_today_and_tomorrow(here: Surroundings) -> None:
    here.now = here.now.replace(year=2150)
    put(here, "gateway_run")
    found = one(feeds.partitions(here))
    assert (found.level, found.code) == ("warn", "doctor.partitions.missing")
    assert here.db is not None
    for table in ("raw_frame", "frame_rt", "frame_period"):
        days = [(here.now + timedelta(hours=8, days=n)).date() for n in (0, 1)]
        here.db.execute("select telemetry_ensure(%s, %s::date[])", [table, days])
    assert one(feeds.partitions(here)).code == "doctor.partitions.ok"


def test_gateway_that_beats_and_one_that_stopped(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, "gateway_run", heartbeat_at=here.now - timedelta(minutes=5))
    assert feeds.gateways(here) == []
    monkeypatch.setattr(feeds, "status", lambda _data: {"pid": 1})
    found = one(feeds.gateways(here))
    assert (found.level, found.code) == ("bad", "doctor.gateway.silent")
    put(here, "gateway_run", heartbeat_at=here.now - timedelta(seconds=5))
    assert one(feeds.gateways(here)).code == "doctor.gateway.ok"


def test_dead_feeds_are_named(here: Surroundings) -> None:
    for number in (1, 2, 3):
        station(here, number, rtd_interval_s=30)
    station(here, 4, active=False)
    assert one(feeds.feeds(here)).code == "doctor.feeds.all_silent"
    put(here, "stream_state", station_id=1, stream_id=1, received_at=here.now - timedelta(minutes=14))
    put(here, "stream_state", station_id=2, stream_id=1, received_at=here.now - timedelta(hours=3))
    found = one(feeds.feeds(here))
    assert (found.level, found.code) == ("warn", "doctor.feeds.silent")
    assert found.params == {"count": 2, "total": 3, "names": "MN2 MN3"}
    put(here, "stream_state", station_id=2, stream_id=2, received_at=here.now)
    put(here, "stream_state", station_id=3, stream_id=1, received_at=here.now)
    assert one(feeds.feeds(here)).code == "doctor.feeds.ok"


def test_slow_feed_is_given_three_of_its_intervals(here: Surroundings) -> None:
    station(here, 1, rtd_interval_s=3600)
    put(here, "stream_state", station_id=1, stream_id=1, received_at=here.now - timedelta(hours=2))
    assert one(feeds.feeds(here)).code == "doctor.feeds.ok"


@pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (5, "warn"), (40, "bad")])
def test_queue_of_the_judge(here: Surroundings, minutes: int, level: str) -> None:
    put(here, "dirty", cause="new", made_at=here.now - timedelta(minutes=minutes))
    put(here, "dirty", cause="new", made_at=here.now)
    found = one(feeds.dirty_queue(here))
    assert (found.level, found.params["count"]) == (level, 2)


def test_jobs_that_wait_hang_or_failed(here: Surroundings) -> None:
    assert here.db is not None
    old = here.now - timedelta(hours=1)

    def job(state: str, event: str) -> None:
        assert here.db is not None
        statement = "insert into procrastinate_jobs (task_name, queue_name, status) values ('t', 'q', %s) returning id"
        row = here.db.execute(statement, [state]).fetchone()
        assert row is not None
        here.db.execute("update procrastinate_events set at = %s where job_id = %s", [old, row[0]])
        here.db.execute("insert into procrastinate_events (job_id, type, at) values (%s, %s, %s)", [row[0], event, old])

    job("todo", "deferred")
    assert [finding.code for finding in feeds.jobs(here)] == ["doctor.jobs.waiting"]
    job("doing", "started")
    job("failed", "failed")
    assert {finding.code for finding in feeds.jobs(here)} == {
        "doctor.jobs.waiting",
        "doctor.jobs.hanging",
        "doctor.jobs.failed",
    }
    here.owned = True
    assert [finding.code for finding in feeds.jobs(here)] == ["doctor.jobs.failed"]


def test_split_messages_that_stay_open(here: Surroundings) -> None:
    put(here, "pending_part", outcome="pending_part", received_at=here.now - timedelta(minutes=5))
    assert feeds.pending_parts(here) == []
    put(here, "pending_part", raw_id=2, outcome="pending_part", received_at=here.now - timedelta(hours=3))
    assert one(feeds.pending_parts(here)).params == {"count": 1}


def test_commands_that_never_end(here: Surroundings) -> None:
    put(here, "command", state="queued", expires_at=here.now + timedelta(minutes=1))
    put(here, "command", state="done", expires_at=here.now - timedelta(hours=1))
    assert feeds.commands(here) == []
    put(here, "command", state="sent", expires_at=here.now - timedelta(hours=1))
    assert one(feeds.commands(here)).params == {"count": 1}


def test_quarantine_of_the_last_day(here: Surroundings) -> None:
    put(here, "quarantine", frames=7, last_at=here.now - timedelta(days=3))
    assert feeds.quarantined(here) == []
    put(here, "quarantine", digest=b"2", frames=5, last_at=here.now)
    assert one(feeds.quarantined(here)).params == {"kinds": 1, "frames": 5}


def test_books_that_do_not_balance(here: Surroundings) -> None:
    day = beijing(here.now).date()
    put(here, "gateway_run", ended_at=here.now)
    assert here.db is not None
    row = here.db.execute("select max(id) from gateway_run").fetchone()
    assert row is not None
    put(here, "gateway_received", day=day, run_id=row[0], station_id=7, frames=10)
    put(here, "frame_counter", day=day, run_id=row[0], station_id=7, outcome="stored", frames=9)
    found = one(feeds.book_balance(here))
    assert (found.level, found.code) == ("bad", "doctor.books.broken")
    assert (found.params["station"], found.params["received"], found.params["settled"]) == (7, 10, 9)
    put(here, "frame_counter", day=day, run_id=row[0], station_id=7, outcome="refused", frames=1)
    assert one(feeds.book_balance(here)).params == {"received": 10, "cut_off": 0}


def test_frames_cut_off_by_a_crash_are_counted_not_blamed(here: Surroundings) -> None:
    put(here, "gateway_run", crashed=True)
    assert here.db is not None
    row = here.db.execute("select max(id) from gateway_run").fetchone()
    assert row is not None
    put(here, "gateway_received", day=beijing(here.now).date(), run_id=row[0], station_id=7, frames=4)
    assert one(feeds.book_balance(here)).params == {"received": 4, "cut_off": 4}


def test_day_that_was_never_sealed(here: Surroundings) -> None:
    day = here.now.date() - timedelta(days=5)
    put(here, "frame_counter", day=here.now.date(), station_id=1, outcome="stored", frames=3)
    assert feeds.seals(here) == []
    put(here, "frame_counter", day=day, station_id=1, outcome="stored", frames=3)
    assert one(feeds.seals(here)).params == {"day": day}
    put(here, "seal", day=day, station_id=1)
    assert feeds.seals(here) == []
