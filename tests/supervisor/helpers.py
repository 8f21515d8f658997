"""Processes for these tests, and waiting for what they do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ecobureau.supervisor.death import process_state

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
