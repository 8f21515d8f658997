"""Jobs and loops: deferred with the transaction, dropped when doubled, rescued from dead workers, restarted."""

import asyncio
from datetime import timedelta

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from ecobureau.web.core import jobs, loops, worker

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
