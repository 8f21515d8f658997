"""Loads the past into the telemetry store: real frames, encoded, read and normalised as the gateway does, in bulk."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.rows import dict_row

from ecobureau import clock
from ecobureau.domain.hj212 import FrameReader
from ecobureau.gateway.factors import Translator, load_factors
from ecobureau.gateway.normalise import Receipt, normalise
from ecobureau.gateway.stations import QUERY, Station, read_station
from ecobureau.simulator.incidents import Incident
from ecobureau.simulator.past import Past, Sent, past_frames
from ecobureau.simulator.plan import StationPlan
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Outcome
from ecobureau.storage.writer import Writer

PROCESS = "demo"
BATCH_STATIONS = 4
TOLERANCE = timedelta(minutes=10)


def load_history(
    url: str, plans: Sequence[StationPlan], seed: int, incidents: Sequence[Incident], past: Past, *, workers: int = 2
) -> Counter[Outcome]:
    """Write what the loggers of `plans` have sent in the past; returns how the frames ended.

    Args:
        url: DSN of the application's role. Stations must be registered.
        past: how far back, and up to when.
        workers: processes that share the stations among them; 0 does it all here.

    Every frame goes the gateway's way (reader, normaliser, writer) with the time at which it would have arrived, and
    is entered in the books of a run of its own. Running it again stores nothing twice.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        run_id = books.start_run(conn, PROCESS, socket.gethostname(), os.getpid(), clock.now())
        tasks = [
            _Task(plans[first : first + BATCH_STATIONS], seed, incidents, past, run_id)
            for first in range(0, len(plans), BATCH_STATIONS)
        ]
        outcomes = Counter[Outcome]()
        for found in _done(url, tasks, workers):
            outcomes.update(found)
        books.end_run(conn, run_id, clock.now())
    return outcomes


@dataclass(frozen=True, slots=True)
class _Task:
    """A few stations to load."""

    plans: Sequence[StationPlan]
    seed: int
    incidents: Sequence[Incident]
    past: Past
    run_id: int


def _done(url: str, tasks: Sequence[_Task], workers: int) -> Iterator[Counter[Outcome]]:
    if workers == 0:
        loader = _Loader(url)
        yield from (loader.load(task) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_open_loader, initargs=(url,)) as pool:
        yield from pool.map(_load, tasks)


class _Loader:
    """One process's connection, writer and registry."""

    def __init__(self, url: str) -> None:
        self.conn = psycopg.connect(url, autocommit=True)
        with self.conn.cursor(row_factory=dict_row) as cursor:
            self.stations = {row["mn"]: read_station(row) for row in cursor.execute(QUERY).fetchall()}
        self.writer = Writer(self.conn)

    def load(self, task: _Task) -> Counter[Outcome]:
        """Make, read and write the frames of a task in one batch."""
        batch: list[Arrival] = []
        for plan in task.plans:
            sent = past_frames(plan, task.seed, task.incidents, task.past)
            batch.extend(_arrivals(self.stations[plan.mn], sent, task.run_id))
        received = Counter((one.station_id or 0, clock.beijing(one.received_at).date()) for one in batch)
        return Counter(self.writer.write(batch, received))


_loader: _Loader | None = None


def _open_loader(url: str) -> None:
    global _loader
    _loader = _Loader(url)


def _load(task: _Task) -> Counter[Outcome]:
    assert _loader is not None
    return _loader.load(task)


def _arrivals(station: Station, sent: Sequence[Sent], run_id: int) -> Iterator[Arrival]:
    reader = FrameReader(key=station.sm4_key)
    translator = Translator(load_factors(), station.factor_map, station.unit_overrides)
    for at, raw in sent:
        received_at = datetime.fromtimestamp(at, UTC)
        receipt = Receipt.of(received_at, TOLERANCE)
        for frame in reader.feed(raw):
            meaning = normalise(frame, station, translator, receipt)
            yield Arrival(
                received_at=received_at,
                raw=frame.raw,
                sha256=hashlib.sha256(frame.raw).digest(),
                run_id=run_id,
                station_id=station.station_id,
                mn=station.mn,
                cn=frame.cn or "",
                verdict=meaning.verdict,
                reason=meaning.reason,
                qn=frame.qn or "",
                peer=PROCESS,
                deviations=meaning.deviations,
                period=meaning.period,
                events=meaning.events,
                parameters=meaning.parameters,
                part=meaning.part,
                live=meaning.live,
            )
