"""The gateway and the database of `bench/gateway.py`, as users start them, and what they cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from gateway_client import PASSWORD, mn_of

SHOWN = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
    "wal_sync_method",
    "commit_delay",
    "wal_buffers",
    "shared_buffers",
    "max_wal_size",
    "jit",
)


def prepare(owner: str, app: str, stations: int, data: Path) -> None:
    """Migrate, and register as many stations as there are connections at most."""
    env = os.environ | {"DATABASE_OWNER_URL": owner, "DATABASE_URL": app, "ECOBUREAU_DATA": str(data)}
    env |= {"ECOBUREAU_AS_OWNER": "1", "ECOBUREAU_NO_POOL": "1"}
    command = [sys.executable, "-m", "django", "migrate", "--noinput", "-v", "0"]
    command += ["--settings", "ecobureau.web.settings"]
    subprocess.run(command, check=True, env=env)
    os.environ["ECOBUREAU_DATA"] = str(data)
    from ecobureau.secret import seal

    sealed = seal(PASSWORD)
    with psycopg.connect(owner) as db:
        for number in range(stations):
            db.execute(
                "with s as (insert into sources_station (name, name_sort, initials, address, source_system, org_path,"
                " active, created_at, updated_at, code, st, water_body, noise_zone, operator)"
                " values ('s', 's', 's', '', 'wgs84', '', true, %(at)s, %(at)s, %(mn)s, '31', '', '', '') returning id)"
                " insert into sources_logger (station_id, mn, st, edition, dialect, password_sealed, stamp_rule,"
                " rtd_interval_s, minute_interval, accept_from, active, unit_overrides, factor_map,"
                " max_frames_per_minute, relay, revision, created_at, updated_at)"
                " select id, %(mn)s, '31', 1, '', %(sealed)s, 'start', 86400, 10, '2020-01-01+08', true, '{}', '{}',"
                " 100000000, false, 1, %(at)s, %(at)s from s",
                {"mn": mn_of(number), "sealed": sealed, "at": datetime.now(UTC)},
            )


def counted(url: str) -> dict[str, int]:
    """What the tables hold now."""
    with psycopg.connect(url) as db:
        found = {
            f"outcome_{name}": int(count)
            for name, count in db.execute("select outcome, sum(frames) from frame_counter group by 1")
        }
        for table in ("raw_frame", "frame_rt", "frame_period"):
            (found[table],) = db.execute(f"select count(*) from {table}").fetchone() or (0,)
    return found


def shown(url: str) -> dict[str, str]:
    """Settings of the server that decide how fast and how durable it writes."""
    with psycopg.connect(url) as db:
        return {name: (db.execute(f"show {name}").fetchone() or ("",))[0] for name in SHOWN}


def database_cpu(server: int) -> tuple[float, float]:
    """Processor time so far of the server's processes that are alive, in seconds."""
    return processor_time([server, *children_of(server)])


def difference(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    changed = {name: count - before.get(name, 0) for name, count in after.items()}
    return {name: count for name, count in changed.items() if count}


def stat_of(pid: int) -> list[str]:
    """Fields of /proc/PID/stat behind the name; none where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def children_of(pid: int) -> list[int]:
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if (fields := stat_of(one)) and int(fields[1]) == pid]


def processor_time(pids: list[int]) -> tuple[float, float]:
    """User and system time so far of some processes together, in seconds."""
    tick = os.sysconf("SC_CLK_TCK")
    found = [fields for pid in pids if (fields := stat_of(pid))]
    return sum(int(fields[11]) for fields in found) / tick, sum(int(fields[12]) for fields in found) / tick


def per_frame(before: tuple[float, float], after: tuple[float, float], frames: int) -> str:
    user, system = ((late - early) / frames * 1e6 for late, early in zip(after, before, strict=True))
    return f"{user + system:.1f} us = {user:.1f} user + {system:.1f} system"


class GatewayProcess:
    """`ecobureau gateway` as users start it."""

    def __init__(self, url: str, data: Path, profile: str | None) -> None:
        env = os.environ | {"DATABASE_URL": url, "ECOBUREAU_DATA": str(data)}
        env["ECOBUREAU_GATEWAY_MAX_CONNECTIONS_PER_PEER"] = "10000"
        command = [sys.executable, "-m", "ecobureau", "gateway", "--port", "0", "--log-level", "info"]
        if profile:
            command[1:3] = ["-m", "cProfile", "-o", profile, "-m", "ecobureau"]
        self.process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE)
        self.port = 0
        assert self.process.stderr is not None
        self.lines: list[str] = []
        for line in self.process.stderr:
            self.lines.append(line.decode(errors="replace"))
            if b'"listening"' in line:
                self.port = json.loads(line)["port"]
                break
        if not self.port:
            raise SystemExit("the gateway did not start:\n" + "".join(self.lines))
        os.set_blocking(self.process.stderr.fileno(), False)

    def memory(self) -> float:
        """Resident memory in MB, of the gateway and the process it writes through."""
        total = 0.0
        for pid in (self.process.pid, *children_of(self.process.pid)):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    total += int(line.split()[1]) / 1024
        return total

    def cpu(self) -> tuple[float, float]:
        """Processor time so far, user and system, in seconds, of the process with the event loop."""
        return processor_time([self.process.pid])

    def writer_cpu(self) -> tuple[float, float]:
        """The same of the process it writes through."""
        return processor_time(children_of(self.process.pid))

    def log(self) -> Iterator[str]:
        assert self.process.stderr is not None
        text = self.process.stderr.read() or b""
        return iter(text.decode(errors="replace").splitlines())

    def stop(self) -> int:
        self.process.terminate()
        os.set_blocking(self.process.stderr.fileno(), True)
        rest = self.process.communicate(timeout=60)[1]
        if self.process.returncode or os.environ.get("BENCH_LOG"):
            print(rest.decode(errors="replace")[-8000:], file=sys.stderr)
        return self.process.returncode
