"""The loop that keeps children and PostgreSQL alive: one thread, woken by signals, pipes and due times."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any

from ecobureau.supervisor.children import Child, ChildSpec, processes_with
from ecobureau.supervisor.cluster import Held, take_lock
from ecobureau.supervisor.death import process_state
from ecobureau.supervisor.errors import PostgresError, SupervisorError
from ecobureau.supervisor.postgres import EmbeddedPostgres
from ecobureau.words import say

RUN_VARIABLE = "ECOBUREAU_RUN"
LEFTOVER_PATIENCE = 8.0
_PR_SET_CHILD_SUBREAPER = 36


class StopAsked(Exception):
    """A signal asked the supervisor to stop while it was busy with something else."""


def data_mark(data: Path) -> str:
    """What the environment of every process of a data folder carries in ECOBUREAU_RUN, before the run's own part."""
    return hashlib.sha256(os.fsencode(Path(data).resolve())).hexdigest()[:16]


def status(data: Path) -> dict[str, Any] | None:
    """State of the supervisor that runs on `data` now, as it last wrote it; None if none runs.

    {'pid', 'url', 'ready', 'postgres': pid|None, 'children': {name: {'pid': int|None, 'restarts': int}}}
    """
    data = Path(data).resolve()
    try:
        found: dict[str, Any] = json.loads((data / "supervisor.json").read_text())
        with (data / "supervisor.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return found
    except (OSError, ValueError):
        return None
    return None


class Supervisor:
    """Owns one data folder: its PostgreSQL (None: an external one), its children, its status file.

    env: environment of the children (os.environ with additions). out: where log lines go.
    bye: called when stopping begins, before any child is asked to stop. leftover_patience: seconds that processes of a
    killed predecessor are given between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        data: Path,
        children: Sequence[ChildSpec] = (),
        *,
        postgres: EmbeddedPostgres | None = None,
        env: Mapping[str, str] | None = None,
        out: IO[str] | None = None,
        bye: Callable[[], None] | None = None,
        url: str = "",
        leftover_patience: float = LEFTOVER_PATIENCE,
    ) -> None:
        self.data = Path(data).resolve()
        self.postgres = postgres
        self.env = dict(os.environ if env is None else env)
        self.env[RUN_VARIABLE] = f"{data_mark(self.data)}:{uuid.uuid4().hex}"
        self.url = url
        self.ready = False
        self._leftover_patience = leftover_patience
        self._out: IO[str] | None = out or sys.stdout
        self._bye = bye
        self._children = [Child(spec, self.write) for spec in children]
        self._selector = selectors.DefaultSelector()
        self._stops = 0
        self._stopping = False
        self._postgres_after = 0.0
        self._postgres_delay = 0.0
        self._lock: IO[bytes] | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._old_handlers: dict[int, Any] = {}
        self._written_status = ""
        if postgres is not None:
            postgres.while_waiting = self._while_postgres_starts

    # -- words --------------------------------------------------------------------------------------------------------

    def write(self, name: str, line: str) -> None:
        """One log line with the name of who said it."""
        if self._out is None:
            return
        try:
            self._out.write(f"{name:<9}| {line}\n")
            self._out.flush()
        except (BrokenPipeError, ValueError):
            self._out = None
        except OSError:
            pass  # a full disk: the line is lost, later ones need not be

    def say(self, code: str, /, **params: object) -> None:
        for line in say(code, None, **params).splitlines():
            self.write("ecobureau", line)

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Supervisor:
        self._take_data()
        try:
            self._catch_signals()
            self._sweep()
            if self.postgres is not None:
                self.postgres.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self._write_status()
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self._stop_all()
        finally:
            self._release_signals()
            if self._lock is not None:
                (self.data / "supervisor.json").unlink(missing_ok=True)
                self._lock.close()
                self._lock = None

    def now_ready(self) -> None:
        """Notes in the status file that the web server answers."""
        self.ready = True
        self._write_status()

    def start_children(self) -> None:
        for child in self._children:
            self._start(child)

    def run(self, until: Callable[[], bool] | None = None, every: float = 0.2) -> bool:
        """Keeps everything alive until a signal asks to stop (returns False) or `until()`, asked each `every` seconds,
        is true (returns True)."""
        next_look = time.monotonic()
        while not self._stops:
            if until is not None and time.monotonic() >= next_look:
                if until():
                    return True
                next_look = time.monotonic() + every
            self._turn(None if until is None else max(next_look - time.monotonic(), 0.0))
        return False

    def step(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Runs a program to its end with its lines in the log; returns its exit code. Raises StopAsked on a signal."""
        child = Child(ChildSpec(name, tuple(command), env or {}), self.write)
        child.start(self.env, time.monotonic())
        self._watch(child)
        code: int | None = None
        try:
            while (code := child.ended()) is None:
                if self._stops:
                    raise StopAsked
                self._turn(None, extra=child)
        finally:
            if code is None:
                child.signal_group(signal.SIGTERM)
                self._await_end([child], 10.0)
            self._forget(child)
            child.bury(time.monotonic())
        return code

    # -- one turn -----------------------------------------------------------------------------------------------------

    def _turn(self, longest: float | None, extra: Child | None = None) -> None:
        now = time.monotonic()
        due = [child.start_after - now for child in self._children if self._wants_start(child)]
        if self.postgres is not None and not self.postgres.running() and not self._stopping:
            due.append(self._postgres_after - now)
        timeout = min([*due, *([] if longest is None else [longest])], default=None)
        self._wait(None if timeout is None else max(timeout, 0.0), extra)
        if self._stops or self._stopping:
            return
        self._mend_postgres()
        now = time.monotonic()
        for child in self._children:
            if self._wants_start(child) and child.start_after <= now:
                self._start(child)

    def _wants_start(self, child: Child) -> bool:
        return child.process is None and child.started_at > 0 and not self._stopping

    def _wait(self, timeout: float | None, extra: Child | None = None) -> None:
        """Sleeps until a pipe, a signal or the time wakes us; hands on lines, reaps and notes the dead."""
        for key, _mask in self._selector.select(timeout):
            child = key.data
            if child is None:
                with contextlib.suppress(BlockingIOError):
                    while self._wake is not None and self._wake[0].recv(4096):
                        pass
            elif not child.pump():
                self._selector.unregister(key.fileobj)
        self._reap(extra)
        for child in self._children:
            code = child.ended()
            if code is not None:
                self._note_end(child, code)

    def _reap(self, extra: Child | None) -> None:
        """Takes the exit codes of orphans that came to us (as PID 1 or subreaper); our own children keep theirs."""
        if not hasattr(os, "waitid"):
            return
        own = {child.pid for child in (*self._children, *([extra] if extra else []))}
        own |= {self.postgres.pid} if self.postgres is not None else set()
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if info is None:
                return
            if info.si_pid in own:
                self._collect(info.si_pid, extra)
                own.discard(info.si_pid)
            else:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(info.si_pid, os.WNOHANG)

    def _collect(self, pid: int, extra: Child | None) -> None:
        for child in (*self._children, *([extra] if extra else [])):
            if child.pid == pid:
                child.ended()
        if self.postgres is not None and self.postgres.pid == pid:
            self.postgres.running()

    def _note_end(self, child: Child, code: int) -> None:
        self._forget(child)
        child.bury(time.monotonic())
        if not self._stopping:
            wait = max(child.start_after - time.monotonic(), 0.0)
            self.say("supervisor.child.ended", name=child.spec.name, code=code, wait=f"{wait:.2g}")
        self._write_status()

    def _start(self, child: Child) -> None:
        now = time.monotonic()
        try:
            child.start(self.env, now)
        except OSError as error:
            self.say("supervisor.child.no_start", name=child.spec.name, why=str(error))
            child.started_at, child.start_after = now, now + 5.0
            return
        self._watch(child)
        self._write_status()

    def _watch(self, child: Child) -> None:
        if child.process is not None and child.process.stdout is not None:
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _forget(self, child: Child) -> None:
        if child.process is not None and child.process.stdout is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(child.process.stdout)

    # -- PostgreSQL ---------------------------------------------------------------------------------------------------

    def _mend_postgres(self) -> None:
        if self.postgres is None or self.postgres.running() or time.monotonic() < self._postgres_after:
            return
        self.say("supervisor.pg.died")
        try:
            self.postgres.start()
        except (PostgresError, OSError) as error:
            self._postgres_delay = min(max(self._postgres_delay * 2, 0.5), LEFTOVER_PATIENCE)
            self._postgres_after = time.monotonic() + self._postgres_delay
            for line in (error.say() if isinstance(error, PostgresError) else str(error)).splitlines():
                self.write("postgres", line)
        except StopAsked:
            return
        else:
            self._postgres_delay = self._postgres_after = 0.0
            self.say("supervisor.pg.back", pid=self.postgres.pid)
            self._write_status()

    def _while_postgres_starts(self) -> None:
        if self._stops:
            raise StopAsked
        for child in self._children:
            child.pump()

    # -- stopping -----------------------------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        self._stopping = True
        alive = [child for child in self._children if child.process is not None]
        if alive:
            self.say("supervisor.stopping")
            if self._bye is not None:
                with contextlib.suppress(Exception):
                    self._bye()
        for stage in sorted({child.spec.stop_stage for child in alive}):
            group = [child for child in alive if child.spec.stop_stage == stage and child.process is not None]
            for child in group:
                child.ask_to_stop()
            self._await_end(group, max((child.spec.patience for child in group), default=0.0))
        if self.postgres is not None:
            self.postgres.stop()
        if alive:
            self.say("supervisor.stopped")

    def _await_end(self, children: Sequence[Child], patience: float) -> None:
        """Waits for the end of `children`; kills after `patience` seconds, or at the second signal of all."""
        deadline = time.monotonic() + patience
        extra = children[0] if len(children) == 1 and children[0] not in self._children else None
        while any(child.process is not None and child.ended() is None for child in children):
            if time.monotonic() >= deadline or self._stops > 1:
                for child in children:
                    if child.process is not None and child.ended() is None:
                        self.say("supervisor.child.killed", name=child.spec.name)
                        child.signal_group(signal.SIGKILL)
                        child.process.wait()
                break
            self._wait(min(deadline - time.monotonic(), 0.2), extra)
        self._wait(0, extra)

    # -- the folder and the signals -----------------------------------------------------------------------------------

    def _take_data(self) -> None:
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(self.data / "supervisor.lock")
        except Held as held:
            raise SupervisorError("supervisor.busy", folder=str(self.data), pid=held.holder) from held
        except OSError as error:
            raise SupervisorError("supervisor.data.unwritable", folder=str(self.data), why=error.strerror) from error

    def _sweep(self) -> None:
        """Ends what a killed predecessor of this data folder left behind."""
        mark = data_mark(self.data) + ":"
        left = processes_with(RUN_VARIABLE, mark)
        if not left:
            return
        self.say("supervisor.leftovers", pids=" ".join(map(str, left)))
        hard = time.monotonic() + self._leftover_patience
        signum = signal.SIGTERM
        while left:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signum)
            pause = time.monotonic() + 0.5
            while time.monotonic() < pause and any(process_state(pid) not in (None, "Z") for pid in left):
                time.sleep(0.02)
            signum = signal.SIGKILL if time.monotonic() > hard else signal.SIGTERM
            left = [pid for pid in processes_with(RUN_VARIABLE, mark) if process_state(pid) not in (None, "Z")]

    def _catch_signals(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self._wake = (ours, theirs)
        self._selector.register(ours, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            if signal.getsignal(signum) is not signal.SIG_IGN or signum == signal.SIGCHLD:
                self._old_handlers[signum] = signal.signal(signum, self._on_signal)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        if signum != signal.SIGCHLD:
            self._stops += 1

    def _release_signals(self) -> None:
        if self._wake is None:
            return
        signal.set_wakeup_fd(-1)
        for signum, handler in self._old_handlers.items():
            signal.signal(signum, handler)
        self._selector.unregister(self._wake[0])
        for end in self._wake:
            end.close()
        self._wake = None

    def _write_status(self) -> None:
        text = json.dumps(
            {
                "pid": os.getpid(),
                "url": self.url,
                "ready": self.ready,
                "postgres": self.postgres.pid if self.postgres is not None else None,
                "children": {
                    child.spec.name: {"pid": child.pid, "restarts": child.restarts} for child in self._children
                },
            }
        )
        if text == self._written_status or self._lock is None:
            return
        fresh = self.data / "supervisor.json.new"
        with contextlib.suppress(OSError):
            fresh.write_text(text)
            fresh.replace(self.data / "supervisor.json")
            self._written_status = text
