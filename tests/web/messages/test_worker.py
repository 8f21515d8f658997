"""The real worker takes a message from the queue and brings it to a real mail server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.db import connection

from ecobureau.web.core import loops, worker
from ecobureau.web.messages.models import Channel, Delivery
from web.messages.servers import Mailbox


@pytest.mark.django_db(transaction=True)
def test_a_notice_reaches_its_reader_through_queue_and_worker(mail: Channel, tell: Any, mailbox: Mailbox) -> None:
    with connection.cursor() as cursor:
        cursor.execute("truncate procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers cascade")
    tell("red")

    async def until_sent() -> None:
        stop = asyncio.Event()

        async def watch() -> None:
            while not await asyncio.to_thread(_sent):
                await asyncio.sleep(0.02)
            stop.set()

        await asyncio.wait_for(asyncio.gather(worker.work_jobs(stop), watch()), 60)

    asyncio.run(until_sent())
    assert len(mailbox.mails) == 1 and "messages" in loops.registered()


def _sent() -> bool:
    try:
        return Delivery.objects.filter(state="sent").exists()
    finally:
        connection.close()
