"""The way of a frame that comes alone: from the event loop to the database and back, with no thread between.

A logger that waits for its answer before it speaks again sends every frame alone. To wake the writer thread and to be
woken by it cost such a frame a third of its time. While the thread has nothing to do the loop borrows its connection:
it sends the frame off and is told by the socket when the answer is there. It never waits. Whatever is not simply stored
is the thread's again, with all that it does about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ecobureau import clock
from ecobureau.gateway.lanes import Lanes
from ecobureau.gateway.log import logger
from ecobureau.gateway.writer import Finished, Job, Quick, WriterThread
from ecobureau.storage.types import Outcome


class QuickWay:
    """At most one frame on its way. Used by the event loop alone.

    Args:
        loop: that watches the socket.
        lanes: whose writer has to stand still meanwhile.
        writer: whose connection is borrowed.
        on_done: told of the frame that is durable.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        lanes: Lanes[Job],
        writer: WriterThread,
        on_done: Callable[[Finished], None],
    ) -> None:
        self._loop = loop
        self._lanes = lanes
        self._writer = writer
        self._on_done = on_done

    def take(self, jobs: Sequence[Job]) -> bool:
        """Send off what came in one turn of the loop; False where it has to be queued."""
        if len(jobs) != 1 or not jobs[0].live or not self._lanes.lend():
            return False
        quick = self._writer.quick
        if quick is None or not self._begun(quick, jobs[0]):
            self._lanes.give_back()
            return False
        socket = quick.fileno()
        self._loop.add_reader(socket, self._look, quick, socket, jobs[0], clock.monotonic())
        return True

    def _begun(self, quick: Quick, job: Job) -> bool:
        try:
            return quick.begin(job.arrival)
        except Exception as error:
            logger.debug("quick_way_failed", error=str(error))  # the writer thread meets it too, and says so
            return False

    def _look(self, quick: Quick, socket: int, job: Job, begun: float) -> None:
        try:
            done = quick.end()
        except Exception as error:
            logger.debug("quick_way_failed", error=str(error))
            done = False
        if done is None:
            return
        self._loop.remove_reader(socket)
        if not done:
            self._lanes.give_back([job])
            return
        job.done = True
        self._lanes.give_back()
        self._on_done(Finished([job], [Outcome.STORED], clock.monotonic() - begun))
