"""Children that end with their parent: the kernel sends them a signal when the thread that started them ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that makes the child receive `signum` when we end. To be used from the main thread only:
    the kernel watches the thread, not the process. Does nothing where the system cannot do it (macOS)."""
    parent = os.getpid()
    number = int(signum)

    def prepare() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(127)

    return prepare


def process_state(pid: int) -> str | None:
    """'R', 'S', 'D', 'Z' … as the kernel names it; None if there is no such process.
    Without /proc: 'S' if it exists."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return stat.rsplit(b")", 1)[1].split()[0].decode()
    except (OSError, IndexError):
        if sys.platform == "linux":
            return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "S"
    return "S"
