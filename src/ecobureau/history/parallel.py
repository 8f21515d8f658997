"""A file of history loaded by several processes, each with the stations that fall to it: no two meet in the store."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from ecobureau import collector
from ecobureau.history.formats import BadRow, Format
from ecobureau.history.load import Lines, Loader, Report, Station, plan_for

SMALL = 2_000_000
"""Bytes of a file below which one process is enough."""
_TOLD = 60
_WAIT_S = 0.2
_done: Any = None


@dataclass(frozen=True)
class Job:
    """What is loaded.

    Attributes:
        path, encoding, format: of the file; stations: registry by MN, code or name; alias, only, start, ends: as for
            `Loader` and `plan_for`; units: unit by factor, for the long format; url: database, None = dry run.
    """

    path: Path
    encoding: str
    format: Format
    stations: Mapping[str, Station]
    url: str | None
    alias: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None
    start: datetime | None = None
    ends: bool = False
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """What became of it: report, the first problems by row, how many there were in all."""

    report: Report = field(default_factory=Report)
    problems: list[tuple[int, BadRow]] = field(default_factory=list)
    count: int = 0


def shares() -> int:
    """Return how many processes a large file is worth here."""
    return max(1, min(2, len(os.sched_getaffinity(0))))


def load_file(job: Job, progress: Callable[[int], None], jobs: int | None = None) -> Result:
    """Load a file.

    Args:
        job: what; progress: called with the bytes read by the first process now and then; jobs: processes, default by
            the size of the file and the processors.

    Raises:
        BadTable: the file cannot be read. psycopg.Error: the database failed; load it again, nothing is doubled.
    """
    jobs = jobs or (1 if job.path.stat().st_size < SMALL or job.only is not None else shares())
    if jobs == 1:
        return _share(job, (0, 1), progress)
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    with ProcessPoolExecutor(jobs, context, _begin, (done,)) as pool:
        futures: list[Future[Result]] = [pool.submit(_in_process, job, (at, jobs)) for at in range(jobs)]
        while wait(futures, timeout=_WAIT_S).not_done:
            progress(done.value)
        whole = Result()
        for one in futures:
            part = one.result()
            whole.report.add(part.report)
            whole.problems += part.problems
            whole.count += part.count
    whole.problems.sort(key=lambda problem: problem[0])
    return whole


def _begin(done: Any) -> None:
    global _done
    _done = done
    collector.spare()


def _in_process(job: Job, share: tuple[int, int]) -> Result:
    def progress(read: int) -> None:
        if share[0] == 0:
            _done.value = read

    return _share(job, share, progress)


def _share(job: Job, share: tuple[int, int], progress: Callable[[int], None]) -> Result:
    result = Result()

    def complain(row: int, what: BadRow) -> None:
        result.count += 1
        if len(result.problems) < _TOLD:
            result.problems.append((row, what))

    conn = None if job.url is None else psycopg.connect(job.url, autocommit=True)
    try:
        with job.path.open("rb") as stream:
            lines = Lines(stream, job.encoding)
            plan = plan_for(job.format, lines.columns, start=job.start, ends=job.ends, only=job.only is not None)
            loader = Loader(
                plan,
                len(lines.columns),
                job.stations,
                complain,
                conn,
                alias=job.alias,
                only=job.only,
                unit=lambda factor: job.units.get(factor, ""),
                progress=progress,
                share=share,
            )
            result.report = loader.load(lines)
    finally:
        if conn is not None:
            conn.close()
    return result
