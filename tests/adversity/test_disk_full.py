"""The disk full, a real one: no answers, nobody falls over for good, and after room is made it goes on by itself.

Needs a small file system of its own: a tmpfs mounted by root; anybody else runs the test in a user namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adversity import ledger
from adversity.bureau import City
from adversity.loggers import lines, plans, running, until
from ecobureau import clock
from ecobureau.simulator.plan import StationPlan
from ecobureau.supervisor.postgres import EmbeddedPostgres
from supervisor.helpers import SOURCE, migrated

pytestmark = pytest.mark.adversity
SIZE = "512m"
TRIES = 12
OVER_TIME = 0.5


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of SIZE, mounted at `folder`."""
    folder.mkdir()
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> int:
    """Write until there is no room left; returns the bytes written."""
    with file.open("ab", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(_Full):
                while True:
                    _write(out.fileno(), bytes(size))
        return out.tell()


class _Full(Exception):
    pass


def _write(handle: int, data: bytes) -> None:
    try:
        if os.write(handle, data) < len(data):
            raise _Full
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _Full from error
        raise


def in_a_namespace_of_our_own() -> None:
    """Run this file again as the root of a user namespace, where everybody may mount."""
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "pytest", "-q", __file__]
    done = subprocess.run(command, cwd=SOURCE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_disk_full(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        in_a_namespace_of_our_own()
        return
    begin, stations, journal = clock.now(), plans(), tmp_path / "journal.jsonl"
    with tempfile.TemporaryDirectory(prefix="eb-disk-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with small_disk(Path(folder) / "disk") as disk:
            migrated(disk / "data")
            city = City(disk / "data")
            city.log = Path(folder) / "up.log"
            try:
                city.open(stations)
                told = asyncio.run(_play(city, stations, journal, disk / "ballast"))
                city.close()
            finally:
                city.end()
            answered = list(lines(journal))
            with EmbeddedPostgres(city.data) as server, psycopg.connect(server.url("app"), autocommit=True) as conn:
                values = ledger.check_values(conn, stations, answered)
                books = ledger.check_books(conn, ledger.days_of(begin), len(answered))
                ledger.check_evidence(conn, server.url("app"), city.data)
    assert books["duplicate"] > 0
    print(f"\n{told}; {len(answered)} uploads answered, {values} values each stored once; {books}")


async def _play(city: City, stations: list[StationPlan], journal: Path, ballast: Path) -> str:
    async with running(city.gateway, journal, stations, OVER_TIME) as fleet:
        gateway = city.pids()["gateway"]
        filled = await asyncio.to_thread(fill, ballast)
        try:
            await fleet.all_unanswered(tries=2)
            fill(ballast)
            await fleet.all_unanswered(tries=TRIES)
            answers, flight, memory = len(fleet.answered), set(fleet.in_flight()), city.gateway_memory()
            assert "No space left on device" in (city.data / "postgres.log").read_text()
            assert city.gateway_metric("database_outages_total") >= 1
            await fleet.all_unanswered(tries=2 * TRIES)
            assert len(fleet.answered) == answers
            grown = city.gateway_memory() - memory
            assert grown < 24 * 1024 * 1024, grown
        finally:
            ballast.unlink()
        await until(lambda: flight <= fleet.answered, f"what was in flight to be answered\n{city.tail()}")
        assert city.pids()["gateway"] == gateway, "the gateway bore it"
        await city.whole()
        await city.web_answers()
        await fleet.drain()
        await until(lambda: city.one("select count(*) from dirty") == 0, f"the judge to catch up\n{city.tail()}")
    return f"{filled / 1e6:.0f} MB filled up"
