"""The database away: no answer in that time, a gateway that does not grow, recovery without a hand, nothing lost.

Twice in one test: frozen (its processes stopped in the middle of whatever they do), then shut down. Each time for
`ECOBUREAU_AWAY_SECONDS` (default 6; 120 is the time the bureau promises to bear).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from adversity import ledger
from adversity.bureau import CHILDREN, City
from adversity.loggers import Fleet, lines, plans, running, until
from ecobureau import clock
from ecobureau.simulator.plan import StationPlan
from ecobureau.supervisor.postgres import EmbeddedPostgres
from supervisor.helpers import migrated

pytestmark = pytest.mark.adversity
SECONDS = float(os.environ.get("ECOBUREAU_AWAY_SECONDS", "6"))
OVER_TIME = 0.25
LANE = 100
"""Frames of a lane above which the gateway reads no more, in this test: soon reached by loggers that send again."""
PIECE = 64
"""Frames that one read of a socket may still bring beyond."""
GROWTH = 24 * 1024 * 1024


def family(pid: int) -> list[int]:
    """A process with all its descendants."""
    found = [pid]
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_bytes().rsplit(b")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += family(int(entry.parent.name))
    return found


def test_the_database_away(city: City, tmp_path: Path) -> None:
    begin, stations, journal = clock.now(), plans(), tmp_path / "journal.jsonl"
    migrated(tmp_path / "pg")
    with EmbeddedPostgres(tmp_path / "pg") as server:
        city.server = server
        bounds = {"ECOBUREAU_GATEWAY_LIVE_FRAMES": str(LANE), "ECOBUREAU_GATEWAY_BACKFILL_FRAMES": str(LANE)}
        city.open(stations, **bounds)
        told = asyncio.run(_play(city, server, stations=stations, journal=journal))
        city.close()
        answered = list(lines(journal))
        with psycopg.connect(server.url("app"), autocommit=True) as conn:
            values = ledger.check_values(conn, stations, answered)
            books = ledger.check_books(conn, ledger.days_of(begin), len(answered))
            ledger.check_evidence(conn, server.url("app"), city.data)
    assert books["duplicate"] > 0
    print(f"\n{len(answered)} uploads answered, {values} values each stored once; {books}\n" + "\n".join(told))


async def _play(city: City, server: EmbeddedPostgres, *, stations: list[StationPlan], journal: Path) -> list[str]:
    told = []
    async with running(city.gateway, journal, stations, OVER_TIME) as fleet:
        before = {name: city.pids()[name] for name in CHILDREN}
        assert server.pid is not None
        frozen = family(server.pid)
        told.append(
            await _away(
                city,
                fleet,
                "frozen",
                lambda: [os.kill(pid, signal.SIGSTOP) for pid in frozen],
                lambda: [os.kill(pid, signal.SIGCONT) for pid in reversed(frozen)],
            )
        )
        told.append(await _away(city, fleet, "shut down", server.stop, server.start))
        assert {name: city.pids().get(name) for name in CHILDREN} == before, "nobody had to be started again"
        await city.web_answers()
        await fleet.drain()
        await until(lambda: city.one("select count(*) from dirty") == 0, f"the judge to catch up\n{city.tail()}")
    return told


async def _away(city: City, fleet: Fleet, how: str, go: Callable[[], object], come: Callable[[], object]) -> str:
    """Let the database go, look at loggers and gateway for a while, let it come back and wait for all answers."""
    go()
    try:
        await fleet.all_unanswered(tries=2)
        answers, flight = len(fleet.answered), set(fleet.in_flight())
        resent, memory, begun = fleet.resent(), city.gateway_memory(), time.monotonic()
        deepest = 0.0
        while time.monotonic() - begun < SECONDS or fleet.resent() < resent + 4 * LANE:
            await asyncio.sleep(0.05)
            for lane in ("queue_live_frames", "queue_backfill_frames"):
                deepest = max(deepest, await asyncio.to_thread(city.gateway_metric, lane))
        grown, pressed = city.gateway_memory() - memory, fleet.resent() - resent
        assert len(fleet.answered) == answers, "an answer although nothing can be durable"
        assert grown < GROWTH, f"the gateway grew by {grown} bytes"
        assert LANE <= deepest <= LANE + len(fleet.loggers) * PIECE, deepest
    finally:
        come()
    await until(lambda: flight <= fleet.answered, f"what was in flight to be answered\n{city.tail()}")
    await until(lambda: len(fleet.answered) > answers + 2 * len(fleet.loggers), f"the flow to go on\n{city.tail()}")
    return (
        f"{how}: {SECONDS:.0f} s without an answer, {pressed} resends, queue at most {deepest:.0f} frames,"
        f" memory {grown / 1e6:+.1f} MB"
    )
