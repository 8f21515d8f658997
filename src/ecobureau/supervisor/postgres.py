"""The PostgreSQL that comes along: binaries of a wheel, our own launcher, one owner per data folder.

Layout of the data folder (its own, mode 0700):
  pg/            the cluster          run/         the socket (a folder in the temp folder, if the path is long)
  secret         role passwords 0600  postgres.log what the server writes
  postgres.lock  held by the owner for as long as it lives
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ecobureau.supervisor.cluster import (
    DATABASE,
    ROLES,
    SETTINGS,
    SOCKET_PORT,
    UNSAFE,
    Held,
    PidFile,
    Role,
    ended,
    find_binaries,
    live_url,
    make_url,
    read_secret,
    socket_folder,
    take_lock,
    write_private,
)
from ecobureau.supervisor.death import die_with_parent
from ecobureau.supervisor.errors import PostgresBusy, PostgresError
from ecobureau.supervisor.identity import Identity, choose
from ecobureau.supervisor.roles import prepare_roles

__all__ = ["DATABASE", "ROLES", "EmbeddedPostgres", "find_binaries", "live_url"]

LOG_LIMIT = 16 * 1024 * 1024
GOING_PATIENCE = 5.0
"""Seconds that a server without owner is given to end, before it counts as a stranger's."""


class EmbeddedPostgres:
    """One PostgreSQL server as a direct child of this process.

    data: data folder (see the module's head). port: also listen on 127.0.0.1:port (default: socket only).
    settings: server parameters that win over SETTINGS for this start. fast_unsafe: no fsync; for tests only.
    Start it from the main thread: the server ends when the thread that started it ends.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        fast_unsafe: bool = False,
        run_as: str | None = None,
    ) -> None:
        self.data = Path(data).resolve()
        self.cluster = self.data / "pg"
        self.log = self.data / "postgres.log"
        self.port = port
        self.settings = dict(settings or {})
        self.fast_unsafe = fast_unsafe
        self.sockets = socket_folder(self.data)
        self._run_as = run_as
        self._identity: Identity | None = None
        self._binaries: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._secret: dict[str, str] = {}
        self._starter = 0
        self.while_waiting: Callable[[], None] = lambda: None
        """Called again and again while a start is under way; what it raises ends the start."""

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Prepares the cluster where needed and starts it; returns when it accepts connections.

        Raises PostgresBusy if another process owns it, PostgresError with the reason for everything else.
        """
        if self.running():
            return
        if threading.current_thread() is not threading.main_thread():
            raise PostgresError("supervisor.pg.thread")
        self._binaries = find_binaries()
        self._make_data()
        self._take_lock()
        try:
            self._identity = choose(self._binaries, self.data, only=self._run_as)
            self._secret = self._load_or_make_secret()
            if not (self.cluster / "PG_VERSION").exists():
                self._initdb()
            self._check_cluster()
            self._clear_away()
            self._make_sockets()
            self._launch()
            self._prepare_roles()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server (fast shutdown; harder if that hangs) and gives the data folder free. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None and self._starter == os.getpid():
            for signum, patience in (
                (signal.SIGINT, 60),
                (signal.SIGQUIT, 10),
                (signal.SIGKILL, 10),
            ):
                if ended(process, signum, patience):
                    break
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def running(self) -> bool:
        """Is our server process alive? (Reaps it if it is not.)"""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def url(self, role: Role = "app", dbname: str = DATABASE) -> str:
        """Address for libpq, psycopg and Django. 'owner' owns the database and runs migrations; 'app' owns nothing."""
        secret = self._secret or read_secret(self.data)
        if role not in secret:
            raise PostgresError("supervisor.pg.not_started", folder=str(self.data))
        return make_url(secret[role], role, dbname, str(self.sockets), str(self.port or SOCKET_PORT))

    def binary(self, name: str) -> Path:
        """Path of a PostgreSQL program: 'pg_dump', 'psql' …"""
        return (self._binaries or find_binaries()) / name

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    # -- the folder ---------------------------------------------------------------------------------------------------

    def _make_data(self) -> None:
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            probe = self.data / "postgres.lock"
            probe.touch(mode=0o600)
        except OSError as error:
            raise PostgresError("supervisor.data.unwritable", folder=str(self.data), why=error.strerror) from error

    def _take_lock(self) -> None:
        if self._lock is None:
            try:
                self._lock = take_lock(self.data / "postgres.lock")
            except Held as held:
                raise PostgresBusy("supervisor.pg.busy", folder=str(self.data), pid=held.holder) from held

    def _give(self, path: Path) -> None:
        """Hands a file or folder that root made to the identity PostgreSQL runs under."""
        assert self._identity is not None
        if os.geteuid() == 0 and path.stat().st_uid != self._identity.owner:
            os.chown(
                path,
                self._identity.owner,
                self._identity.gid if self._identity.gid is not None else -1,
            )

    def _load_or_make_secret(self) -> dict[str, str]:
        secret = read_secret(self.data)
        if not secret:
            if (self.cluster / "PG_VERSION").exists():
                raise PostgresError("supervisor.pg.secret_lost", file=str(self.data / "secret"))
            secret = {role: secrets.token_urlsafe(24) for role in ROLES}
            write_private(self.data / "secret", json.dumps(secret))
        mode = (self.data / "secret").stat().st_mode
        if mode & 0o077:
            (self.data / "secret").chmod(0o600)
        return secret

    def _make_sockets(self) -> None:
        assert self._identity is not None
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = self.sockets.lstat()
        if self.sockets.is_symlink() or state.st_uid not in (
            os.geteuid(),
            self._identity.owner,
        ):
            raise PostgresError("supervisor.pg.sockets", folder=str(self.sockets))
        self.sockets.chmod(0o700)
        self._give(self.sockets)

    def _check_cluster(self) -> None:
        assert self._identity is not None
        have = (self.cluster / "PG_VERSION").read_text().strip()
        want = self._major()
        if have != str(want):
            raise PostgresError(
                "supervisor.pg.version",
                folder=str(self.cluster),
                have=have,
                want=str(want),
            )
        owner = self.cluster.stat().st_uid
        if owner != self._identity.owner:
            raise PostgresError("supervisor.pg.owner", folder=str(self.cluster), owner=str(owner))

    def _clear_away(self) -> None:
        """Deals with what a predecessor left: waits for one that is going, refuses one that is not, removes a zombie's
        lock files (a dead postmaster that nobody reaped counts as alive for PostgreSQL)."""
        patience = time.monotonic() + GOING_PATIENCE
        while True:
            pidfile = PidFile(self.cluster)
            state = pidfile.process()
            if state is None:
                return
            if state == "Z":
                pidfile.path.unlink(missing_ok=True)
                for folder in {
                    self.sockets,
                    Path(pidfile.socket_folder or self.sockets),
                }:
                    (folder / f".s.PGSQL.{pidfile.port or SOCKET_PORT}.lock").unlink(missing_ok=True)
                return
            if time.monotonic() > patience and pidfile.state != "stopping":
                raise PostgresBusy("supervisor.pg.stranger", folder=str(self.cluster), pid=pidfile.pid)
            self.while_waiting()
            time.sleep(0.01)

    # -- programs -----------------------------------------------------------------------------------------------------

    def _major(self) -> int:
        done = subprocess.run(
            [self.binary("postgres"), "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        found = re.search(r"(\d+)", done.stdout)
        if found is None:
            raise PostgresError(
                "supervisor.pg.no_run",
                program=str(self.binary("postgres")),
                why=done.stderr.strip(),
            )
        return int(found[1])

    def _initdb(self) -> None:
        assert self._identity is not None
        if self._secret.pop("prepared", None) is not None:  # a secret from a backup, for a cluster that is new
            write_private(self.data / "secret", json.dumps(self._secret))
        fresh, words = self.data / "pg.new", self.data / "initdb.pw"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        write_private(words, self._secret["superuser"] + "\n")
        self._give(words)
        if self._major() >= 17:
            locale = [
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ]
        else:
            locale = ["--locale=C.UTF-8"]
        command = [
            str(self.binary("initdb")),
            "-D",
            str(fresh),
            "-U",
            "postgres",
            "-E",
            "UTF8",
            *locale,
        ]
        command += [
            "--no-instructions",
            "--auth=scram-sha-256",
            f"--pwfile={words}",
            "--data-checksums",
        ]
        command += ["--no-sync"] if self.fast_unsafe else []
        try:
            done = subprocess.run(
                [*self._identity.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=self._environment(),
                check=False,
                **self._identity.popen_args(),  # type: ignore[call-overload]
            )
        finally:
            words.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise PostgresError("supervisor.pg.initdb", folder=str(self.cluster), why=_tail(done.stdout))
        lines = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        (fresh / "postgresql.auto.conf").write_text(
            "# Written once, by initdb's caller. Change with ALTER SYSTEM.\n" + lines
        )
        fresh.replace(self.cluster)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
        return {**kept, "LC_ALL": "C", "TZ": "Asia/Shanghai"}

    def _launch(self) -> None:
        assert self._identity is not None
        listen = "127.0.0.1" if self.port else ""
        command = [
            str(self.binary("postgres")),
            "-D",
            str(self.cluster),
            "-k",
            str(self.sockets),
        ]
        command += [
            "-p",
            str(self.port or SOCKET_PORT),
            "-c",
            f"listen_addresses={listen}",
        ]
        for name, value in {
            **(UNSAFE if self.fast_unsafe else {}),
            **self.settings,
        }.items():
            command += ["-c", f"{name}={value}"]
        for last_try in (*[False] * 200, True):
            said = self._launch_once([*self._identity.prefix, *command])
            if said is None:
                return
            # Backends of a killed postmaster live on for some milliseconds and hold its shared memory.
            if last_try or b"pre-existing shared memory block" not in said:
                raise PostgresError("supervisor.pg.start", log=str(self.log), why=_tail(said))
            time.sleep(0.05)

    def _launch_once(self, command: list[str]) -> bytes | None:
        """Starts the server and waits until it is ready. Returns None, or what it wrote before it gave up."""
        assert self._identity is not None
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.log.chmod(0o600)
            begin = log.tell()
            self._starter = os.getpid()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment(),
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - main thread only, see start()
                **self._identity.popen_args(),  # type: ignore[call-overload]
            )
        self._process = process
        while process.poll() is None:
            pidfile = PidFile(self.cluster)
            if pidfile.pid == process.pid and pidfile.state == "ready":
                return None
            self.while_waiting()
            time.sleep(0.005)
        self._process = None
        with self.log.open("rb") as written:
            written.seek(begin)
            return written.read()

    def _prepare_roles(self) -> None:
        """Roles and database of a fresh cluster. Runs until it has once run through; a crash in between is mended."""
        if self._secret.get("prepared") == "yes":
            return
        prepare_roles(self.url("superuser", "postgres"), self._secret, may_create_databases=self.fast_unsafe)
        self._secret["prepared"] = "yes"
        write_private(self.data / "secret", json.dumps(self._secret))


def _tail(output: bytes, lines: int = 12) -> str:
    return "\n".join(output.decode(errors="replace").strip().splitlines()[-lines:])
