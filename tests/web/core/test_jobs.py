"""Jobs and loops: deferred with the transaction, dropped when doubled, rescued from dead workers, restarted."""

import asyncio
import os
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import attr
import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from procrastinate.contrib.django import app
from psycopg import sql

from ecobureau.web.core import jobs, loops, outage, worker

pytestmark = pytest.mark.django_db(transaction=True)
DONE: list[str] = []


@pytest.fixture(autouse=True)
def _no_jobs(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("truncate procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers cascade")


@jobs.job
def write_down(word: str) -> None:
    DONE.append(word)


def waiting():
    with connection.cursor() as cursor:
        cursor.execute(
            "select status, args from procrastinate_jobs where task_name = %s order by id", [write_down.name]
        )
        return cursor.fetchall()


def test_a_rolled_back_transaction_leaves_no_job():
    with pytest.raises(RuntimeError), transaction.atomic():
        write_down.defer(word="never")
        raise RuntimeError
    assert waiting() == []


def test_of_two_with_one_word_one_waits():
    assert write_down.defer(unique="once", word="a") is not None
    assert write_down.defer(unique="once", word="b") is None
    assert len(waiting()) == 1


def test_the_worker_does_what_was_deferred():
    DONE.clear()
    write_down.defer(word="hello")

    async def until_done():
        stop = asyncio.Event()

        async def watch():
            while not DONE:
                await asyncio.sleep(0.02)
            stop.set()

        await asyncio.wait_for(asyncio.gather(worker.work_jobs(stop), watch()), 30)

    asyncio.run(until_done())
    assert DONE == ["hello"]


def test_what_a_killed_worker_left_is_handed_on():
    write_down.defer(word="orphan")
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers (last_heartbeat) values (%s) returning id", ["2020-01-01"])
        (dead,) = cursor.fetchone()
        cursor.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", [dead])

    async def go():
        own = app.with_connector(app.connector.get_worker_connector())
        async with own.open_async():
            return await jobs.rescue(own.job_manager, seconds=timedelta(seconds=30).total_seconds())

    assert asyncio.run(go()) == 1
    assert [status for status, _ in waiting()] == ["todo"]


def test_a_loop_that_fails_is_started_again(monkeypatch):
    tries = []

    async def no_wait(stop, seconds):
        return stop.is_set()

    monkeypatch.setattr(loops, "wait", no_wait)

    async def loop(stop):
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("broken")
        stop.set()

    asyncio.run(loops.keep("test", loop, asyncio.Event()))
    assert len(tries) == 3


# --- the database goes away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown("terminating connection"), True),
        (psycopg.errors.CannotConnectNow("starting up"), True),
        (psycopg.errors.DeadlockDetected("deadlock"), False),
        (psycopg.errors.DiskFull("no space"), False),
        (psycopg.errors.UniqueViolation("twice"), False),
        (OperationalError("no server"), True),
        (ValueError("something else"), False),
    ],
)
def test_only_a_lost_connection_counts_as_away(error, away):
    wrapped = RuntimeError("a library's own")
    wrapped.__cause__ = error
    assert outage.is_away(error) is away and outage.is_away(wrapped) is away


def test_the_error_of_a_statement_wrapped_by_django_is_not_away():
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as caught:
        cursor.execute("select 1/0")
    assert not outage.is_away(caught.value)


def test_loops_wait_together_for_a_lost_database_and_say_so_once(caplog):
    async def go():
        stop, said, turns = asyncio.Event(), [False, False, True], {"one": 0, "two": 0}

        async def asks():
            return said.pop(0)

        async def at_once(_stop, _seconds):
            await asyncio.sleep(0)
            return stop.is_set()

        shared = outage.Outage(asks, at_once)

        def loop(name):
            async def run(_halt):
                turns[name] += 1
                if turns[name] == 1:
                    raise psycopg.OperationalError("server closed the connection unexpectedly\nand more")
                if all(count == 2 for count in turns.values()):
                    stop.set()

            return run

        await asyncio.wait_for(asyncio.gather(*(loops.keep(name, loop(name), stop, shared) for name in turns)), 10)
        return turns

    assert set(asyncio.run(go()).values()) <= {2, 3}
    lines = [record.getMessage() for record in caplog.records if "database" in record.getMessage()]
    assert lines[0] == "the database is away, the loops wait for it: server closed the connection unexpectedly"
    assert len(lines) == 2 and lines[1].startswith("the database is back after")
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("error", [psycopg.OperationalError(), psycopg.OperationalError("  \n")])
def test_a_loop_outlives_an_outage_that_says_nothing(caplog, error):
    tries = []

    async def go():
        stop = asyncio.Event()

        async def loop(_halt):
            tries.append(1)
            if len(tries) == 1:
                raise error
            stop.set()

        await asyncio.wait_for(loops.keep("test", loop, stop), 10)

    asyncio.run(go())
    assert len(tries) == 2
    assert "the loops wait for it: OperationalError" in caplog.text


def test_the_worker_goes_on_after_the_database_was_away(caplog, monkeypatch):
    """What a restart of PostgreSQL does to it: one clear line, no tracebacks, and later jobs are done."""
    # The minute's own job would be cut down in its middle now and then, and say so by rights.
    yearly = {key: attr.evolve(task, cron="0 0 29 2 *") for key, task in app.periodic_registry.periodic_tasks.items()}
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", yearly)
    DONE.clear()

    async def go():
        stop = asyncio.Event()
        kept = asyncio.create_task(loops.keep("jobs", worker.work_jobs, stop))
        await loops.in_thread(_until_listening)
        with _no_database():
            # Whichever of its connections it asks first tells it.
            while not ("Stop requested" in caplog.text or "the database is away" in caplog.text):
                await asyncio.sleep(0.02)
        await loops.in_thread(lambda: write_down.defer(word="after"))
        while not DONE:
            await asyncio.sleep(0.02)
        stop.set()
        await kept

    caplog.set_level("INFO")
    quiet = outage.QuietOutage()
    caplog.handler.addFilter(quiet)
    try:
        asyncio.run(asyncio.wait_for(go(), 90))
    finally:
        caplog.handler.removeFilter(quiet)
        connection.close()
    assert DONE == ["after"]
    assert "ended by itself" not in caplog.text
    loud = {"ecobureau.loops", "procrastinate.worker.worker", "procrastinate.utils"}
    told = [record for record in caplog.records if record.name in loud and record.levelname in ("WARNING", "ERROR")]
    assert {record.name for record in told} == {"ecobureau.loops"} and len(told) <= 2


LISTENERS = "select pid from pg_stat_activity where datname = current_database() and query ilike 'listen %'"


def _until_listening():
    while True:
        with connection.cursor() as cursor:
            cursor.execute(LISTENERS)
            if cursor.fetchall():
                return


@contextmanager
def _no_database():
    """Cut every connection to the test's database and let none in."""
    here = os.environ["DATABASE_URL"]
    with psycopg.connect(here.replace(urlsplit(here).path, "/postgres", 1), autocommit=True) as admin:
        name = sql.Identifier(urlsplit(here).path.lstrip("/"))
        admin.execute(sql.SQL("alter database {} allow_connections false").format(name))
        try:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name._obj[0]])
            yield
        finally:
            admin.execute(sql.SQL("alter database {} allow_connections true").format(name))
