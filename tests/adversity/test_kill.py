"""kill -9 of everything in turn while fifty loggers send: what was answered is stored once, and the books balance.

`ECOBUREAU_KILLS` (default 10) and `ECOBUREAU_KILL_SEED` choose how many kills and which instants.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from adversity import ledger
from adversity.bureau import City
from adversity.loggers import Fleet, Key, lines, plans, running, until
from ecobureau import clock
from ecobureau.simulator.plan import StationPlan
from ecobureau.supervisor.postgres import EmbeddedPostgres
from supervisor.helpers import migrated

pytestmark = pytest.mark.adversity
VICTIMS = ("gateway", "postgres", "web", "supervisor", "worker")


@dataclass
class Kill:
    """One kill, as it was in its instant. `cut`: uploads whose line went down with it."""

    victim: str
    pid: int = 0
    in_flight: set[Key] = field(default_factory=set)
    cut: set[Key] = field(default_factory=set)
    resent_before: int = 0


def test_what_was_answered_survives_every_kill(city: City, tmp_path: Path) -> None:
    begin, began = clock.now(), time.monotonic()
    kills, seed = int(os.environ.get("ECOBUREAU_KILLS", "10")), int(os.environ.get("ECOBUREAU_KILL_SEED", "212"))
    stations, journal = plans(), tmp_path / "journal.jsonl"
    migrated(city.data)
    city.open(stations)
    assert (city.one("show fsync"), city.one("show synchronous_commit")) == ("on", "on")
    done = asyncio.run(_play(city, stations, journal, kills, random.Random(seed)))
    city.close()

    answered = list(lines(journal))
    with EmbeddedPostgres(city.data) as server, psycopg.connect(server.url("app"), autocommit=True) as conn:
        values = ledger.check_values(conn, stations, answered)
        told = ledger.check_books(conn, ledger.days_of(begin), len(answered))
        said = ledger.check_evidence(conn, server.url("app"), city.data)
        runs = conn.execute("select count(*) from gateway_run").fetchone()
    assert runs is not None
    assert runs[0] > sum(kill.victim in ("gateway", "supervisor") for kill in done), "each kill made a new run"
    assert values > 0
    assert told["duplicate"] > 0 or not done, "an answer was lost on its way at least once"
    print(f"\n{len(done)} kills: " + " ".join(f"{one.victim}({len(one.in_flight)})" for one in done))
    print(f"{len(answered)} uploads answered, {values} values each stored once; {told}; {said.splitlines()[0]}")
    print(f"{time.monotonic() - began:.0f} s")


async def _play(city: City, stations: list[StationPlan], journal: Path, kills: int, rng: random.Random) -> list[Kill]:
    done: list[Kill] = []
    async with running(city.gateway, journal, stations) as fleet:
        for number in range(kills):
            done.append(await _kill(city, fleet, VICTIMS[number % len(VICTIMS)], rng))
        await city.whole()
        await city.web_answers()
        await fleet.drain()
        await until(lambda: city.one("select count(*) from dirty") == 0, f"the judge to catch up\n{city.tail()}")
    return done


async def _kill(city: City, fleet: Fleet, victim: str, rng: random.Random) -> Kill:
    """Kill `victim` at a random instant with uploads in flight, and wait until all of these are answered again."""
    await city.whole()
    kill = Kill(victim)

    def strike() -> None:
        kill.pid = city.kill(victim)
        flight = fleet.in_flight()
        kill.in_flight, kill.resent_before = set(flight), fleet.resent()
        for key in sorted(flight)[::2]:  # half of the lines go down with it, whoever it was
            kill.cut.add(key)
            flight[key].cut()

    fleet.at_instant(rng.randrange(40, 240), rng.randrange(1, 25), strike)
    await until(lambda: kill.pid, f"an instant with uploads in flight to kill {victim}")
    assert kill.in_flight
    if victim == "supervisor":
        assert city.process is not None
        city.process.wait()
        city.start("--metrics-port", str(city.metrics_port))
    await until(lambda: city.pids().get(victim, kill.pid) != kill.pid, f"{victim} to be replaced\n{city.tail()}")
    await until(lambda: kill.in_flight <= fleet.answered, f"what was in flight to be answered\n{city.tail()}")
    assert all(fleet.sent[key] > 1 for key in kill.cut), "what was cut went out again"
    assert fleet.resent() > kill.resent_before
    if victim == "web":
        await city.web_answers()
    return kill
