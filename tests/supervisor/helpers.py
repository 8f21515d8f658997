"""Processes for these tests, and waiting for what they do."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from conftest import CACHE, _state_of_migrations
from ecobureau.supervisor.death import process_state
from ecobureau.supervisor.postgres import EmbeddedPostgres

SOURCE = Path(__file__).resolve().parents[2] / "src"
PATIENCE = 180.0
T = TypeVar("T")


def wait_for(look: Callable[[], T], what: str) -> T:
    """Looks until there is something true to see; fails with `what` after a generous time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE:.0f} s in vain: {what}")


def gone(pid: int) -> bool:
    return process_state(pid) in (None, "Z")


def environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "ECOBUREAU_", "EB_"))
    }
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"}


def migrate(server: EmbeddedPostgres, data: Path) -> None:
    """Bring the database of a server to the newest state."""
    env = {**environment(), "DATABASE_URL": server.url("owner"), "DATABASE_OWNER_URL": server.url("owner")}
    env |= {"ECOBUREAU_DATA": str(data), "ECOBUREAU_AS_OWNER": "1", "ECOBUREAU_NO_POOL": "1"}
    command = [sys.executable, "-m", "django", "migrate", "--noinput", "-v", "0"]
    subprocess.run(command, check=True, env=env | {"DJANGO_SETTINGS_MODULE": "ecobureau.web.settings"})


def migrated(data: Path) -> None:
    """Make a data folder as the second start finds it: a migrated database, at rest.

    Migrating an empty database takes 15 s of a processor. Tests of what comes after that copy one that is kept.
    """
    kept = CACHE / f"data-{_state_of_migrations()}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            fresh = kept.with_name(f"{kept.name}-{os.getpid()}")
            with EmbeddedPostgres(fresh) as server:
                migrate(server, fresh)
            fresh.rename(kept)
    subprocess.run(["cp", "-a", str(kept), str(data)], check=True)  # owners too: as root the server runs as another


@contextlib.contextmanager
def python(code: str, *arguments: str, prefix: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """A Python process that runs `code`; killed at the end of the block if it still lives."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
