"""Work done later by the worker: a thin layer over procrastinate, so that the choice can change.

    @job
    def send_report(day: str) -> None: ...

    send_report.defer(day="2026-11-22")  # with the transaction in hand: rolled back, nothing is left

    @every("0 2 * * *")
    def nightly() -> None: ...

Jobs stand in an app's `jobs.py`, take plain JSON values and must bear being run twice: a worker that is killed leaves
its job behind, and `rescue` gives it to the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, overload

from django.db import transaction
from procrastinate import RetryStrategy, exceptions
from procrastinate.contrib.django import app

log = logging.getLogger("ecobureau.jobs")
STALLED_AFTER = 30
"""Seconds without a heartbeat after which a worker counts as dead."""


class Job:
    """A function that can be called at once or handed to the worker."""

    def __init__(self, function: Callable[..., Any], task: Any) -> None:
        self._function, self._task = function, task
        self.name: str = task.name
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def defer(self, *, unique: str | None = None, lock: str | None = None, **args: Any) -> int | None:
        """Hand the call to the worker, as part of the transaction in hand.

        Args:
            unique: at most one waiting job with this word; a second is dropped. lock: jobs with one word run in turn.
            args: plain JSON values.

        Returns:
            The job's id, None if one is waiting already.
        """
        try:
            with transaction.atomic():
                deferred: int = self._task.configure(queueing_lock=unique, lock=lock).defer(**args)
        except exceptions.AlreadyEnqueued:
            return None
        return deferred


@overload
def job(function: Callable[..., Any], /) -> Job: ...
@overload
def job(*, queue: str = "default", attempts: int = 5) -> Callable[[Callable[..., Any]], Job]: ...
def job(function: Callable[..., Any] | None = None, /, *, queue: str = "default", attempts: int = 5) -> Any:
    """Make a function a job. It is tried `attempts` times, at growing distances (2, 4, 8 … seconds)."""

    def make(target: Callable[..., Any]) -> Job:
        name = f"{target.__module__}.{target.__qualname__}"
        retry = RetryStrategy(max_attempts=attempts, exponential_wait=2)
        return Job(target, app.task(name=name, queue=queue, retry=retry)(target))

    return make if function is None else make(function)


def every(cron: str, *, queue: str = "default") -> Callable[[Callable[[], Any]], Job]:
    """Run a function at the times of a cron line (five fields, or six with seconds first)."""

    def make(target: Callable[[], Any]) -> Job:
        name = f"{target.__module__}.{target.__qualname__}"

        def run(timestamp: int) -> None:
            target()

        task = app.task(name=name, queue=queue, queueing_lock=name)(run)
        app.periodic(cron=cron)(task)
        return Job(target, task)

    return make


async def rescue(manager: Any, seconds: float = STALLED_AFTER) -> int:
    """Give the jobs of dead workers back to the queue; returns how many.

    Args:
        manager: procrastinate's job manager. seconds: without a heartbeat.
    """
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=seconds))
    for each in stalled:
        log.warning("job %s (%s) was left by a dead worker, handed on", each.id, each.task_name)
        await manager.retry_job(each)
    await manager.prune_stalled_workers(seconds_since_heartbeat=seconds)
    return len(stalled)


@app.periodic(cron="* * * * *")
@app.task(name="core.rescue", pass_context=True, queueing_lock="core.rescue")
async def rescue_stalled(context: Any, timestamp: int) -> None:
    """Each minute: hand on what dead workers left."""
    await rescue(context.app.job_manager)
