"""Where the detectors compute: a process of their own beside the worker, so that the judge never waits for them."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from ecobureau.domain.detection.run import Input, OutletResult, detect_outlet
from ecobureau.domain.detection.types import Params

AT_HAND = 3
"""So few outlets are computed where they are: a process would take longer to be told of them."""
_pool: ProcessPoolExecutor | None = None


def detect(found: Sequence[Input], params: Params, patterns: Iterable[str] | None) -> Iterator[OutletResult]:
    """Yield what the patterns say of each outlet, in order.

    Raises:
        Whatever a detector's frame raises for an outlet that cannot be looked at.
        concurrent.futures.process.BrokenProcessPool: the process was killed; the next pass starts a new one.
    """
    wanted = sorted(patterns) if patterns is not None else None
    if len(found) <= AT_HAND:
        yield from (detect_outlet(*one, params, wanted) for one in found)
        return
    pool = _ready()
    try:
        for future in [pool.submit(detect_outlet, *one, params, wanted) for one in found]:
            yield future.result()
    except BaseException:
        close()
        raise


def _ready() -> ProcessPoolExecutor:
    global _pool
    if _pool is None:
        # Spawned, not forked: the worker has threads and open connections that a copy must not hold.
        _pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=_begin)
    return _pool


def close() -> None:
    """End the process, if there is one."""
    global _pool
    if _pool is not None:
        _pool.shutdown(wait=False, cancel_futures=True)
        _pool = None


def _begin() -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.nice(10)


atexit.register(close)
