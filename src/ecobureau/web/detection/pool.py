"""Where the detectors compute: processes of their own beside the worker, so that the judge never waits for them."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from ecobureau.domain.detection.types import Params
from ecobureau.web.detection.looking import Looked, Task, look

AT_HAND = 3
"""So few outlets are computed where they are: a process would take longer to be told of them."""
MOST = 2
"""Processes at once; a machine with one processor gets one."""
_pool: ProcessPoolExecutor | None = None


def detect(tasks: Sequence[Task], params: Params) -> Iterator[Looked]:
    """Begin at once with what each task asks for, and return an iterator over what comes of them, in order.

    Raises (the iterator):
        Whatever a detector's frame raises for an outlet that cannot be looked at.
        concurrent.futures.process.BrokenProcessPool: a process was killed; the next pass starts new ones.
    """
    if len(tasks) <= AT_HAND:
        return (look(task, params) for task in tasks)
    pool = _ready()
    return _taken([pool.submit(look, task, params) for task in tasks])


def _taken(futures: Sequence[Future[Looked]]) -> Iterator[Looked]:
    try:
        for future in futures:
            yield future.result()
    except BaseException:
        close()
        raise


def _ready() -> ProcessPoolExecutor:
    global _pool
    if _pool is None:
        # Spawned, not forked: the worker has threads and open connections that a copy must not hold.
        count = max(1, min(MOST, os.cpu_count() or 1))
        _pool = ProcessPoolExecutor(max_workers=count, mp_context=get_context("spawn"), initializer=_begin)
    return _pool


def close() -> None:
    """End the processes, if there are any."""
    global _pool
    if _pool is not None:
        _pool.shutdown(wait=False, cancel_futures=True)
        _pool = None


def _begin() -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.nice(10)


atexit.register(close)
