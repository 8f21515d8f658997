"""A child process: what it is (data), how it is started and stopped, and its log lines."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecobureau.supervisor.death import die_with_parent

LONGEST_LINE = 64 * 1024
FIRST_DELAY = 0.25
LONGEST_DELAY = 30.0
HEALTHY_AFTER = 30.0
"""Seconds: a child that lived this long is started again at once when it ends; a shorter life doubles the delay."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A process to keep alive.

    name: for logs and the status file. command: program and arguments. env: added to the common environment.
    stop_stage: children of a lower stage are stopped first. patience: seconds from SIGTERM to SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_stage: int = 0
    patience: float = 10.0


def default_children(
    *,
    host: str,
    web_port: int,
    web_workers: int,
    gateway_host: str,
    gateway_port: int,
    gateways: int,
    metrics_port: int | None = None,
) -> list[ChildSpec]:
    """The processes of a running bureau: gateways (all on one port), the web server, the worker.

    metrics_port: where the first gateway shows its metrics on 127.0.0.1, the next one port higher; None: nowhere.
    """
    me = (sys.executable, "-m", "ecobureau")
    listen = ("--host", gateway_host, "--port", str(gateway_port))

    def metrics(place: int) -> tuple[str, ...]:
        return () if metrics_port is None else ("--metrics-port", str(metrics_port + place))

    names = ["gateway"] if gateways == 1 else [f"gateway-{number}" for number in range(1, gateways + 1)]
    serve = (sys.executable, "-m", "granian", "--interface", "asginl", "--loop", "uvloop", "--no-ws")
    where = ("--workers", str(web_workers), "--workers-kill-timeout", "5", "--host", host, "--port", str(web_port))
    return [
        *(
            ChildSpec(name, (*me, "gateway", *listen, *metrics(place)), stop_stage=2, patience=20)
            for place, name in enumerate(names)
        ),
        ChildSpec("web", (*serve, *where, "ecobureau.web.asgi:application"), stop_stage=1),
        ChildSpec("worker", (*me, "worker"), stop_stage=3, patience=20),
    ]


class Child:
    """One child and its present process, if any. Works in the main thread only; never blocks."""

    def __init__(self, spec: ChildSpec, write: Callable[[str, str], None]) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self.started_at = 0.0
        self.start_after = 0.0
        self._write = write
        self._delay = 0.0
        self._rest = b""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None

    def start(self, env: Mapping[str, str], now: float) -> None:
        """Starts the process in a session of its own; it receives SIGTERM when this process ends, however it ends.

        Raises OSError if the program cannot be started.
        """
        self.started_at = now
        self._rest = b""
        self.process = subprocess.Popen(
            self.spec.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**env, **self.spec.env},
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - single-threaded by design
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    def pump(self, pieces: int = 16) -> bool:
        """Hands on the lines that are there, at most `pieces` reads of them, so that a talker does not hold up the
        loop. False when the pipe is at its end."""
        if self.process is None or self.process.stdout is None or self.process.stdout.closed:
            return False
        for _ in range(pieces):
            try:
                piece = os.read(self.process.stdout.fileno(), LONGEST_LINE)
            except BlockingIOError:
                return True
            if not piece:
                self._flush()
                return False
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                self._write(self.spec.name, line.decode(errors="replace").rstrip("\r"))
            if len(self._rest) > LONGEST_LINE:
                self._flush()
        return True

    def _flush(self) -> None:
        if self._rest:
            self._write(self.spec.name, self._rest.decode(errors="replace"))
        self._rest = b""

    def ended(self) -> int | None:
        """Exit code of the process if it has ended (negative: the signal), else None."""
        return None if self.process is None else self.process.poll()

    def bury(self, now: float) -> None:
        """After its end: kills what is left of its session (a web server's own workers), closes the pipe and reckons
        when to start again."""
        assert self.process is not None
        self.signal_group(signal.SIGKILL)
        self.pump(pieces=4096)
        self._flush()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        healthy = now - self.started_at >= HEALTHY_AFTER
        self._delay = FIRST_DELAY if healthy or not self._delay else min(self._delay * 2, LONGEST_DELAY)
        self.start_after = now + self._delay
        self.restarts += 1

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def signal_group(self, signum: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signum)


def processes_with(variable: str, prefix: str) -> list[int]:
    """Process ids (other than ours) whose environment holds `variable` with a value that begins with `prefix`.
    Linux only; elsewhere an empty list."""
    wanted = f"{variable}={prefix}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            environment = (entry / "environ").read_bytes()
            if environment.startswith(wanted) or b"\0" + wanted in environment:
                found.append(int(entry.name))
    return found
