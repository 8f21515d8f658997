"""Speed of the gateway end to end: client, gateway and PostgreSQL on the same machine, every answer after its commit.

    python bench/gateway.py                    200 connections lockstep and with a window, one lockstep connection
    python bench/gateway.py --frames 1000000 --only lockstep --memory     memory over a million frames

Prints one JSON line a stage: frames/s, the ratio to a bare read-and-answer loop of the same run, what the tables hold.
The server runs with fsync on. Frames: 8 factors; `minute` = 2051 with Min, Avg, Max, Flag; `rt` = 2011 with Rtd, Flag.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import uvloop

from ecobureau.domain.hj212 import encode
from ecobureau.domain.hj212.times import to_text

FACTORS = ("a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014")
PASSWORD = "123456"
MINUTES = 10
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


def mn_of(number: int) -> str:
    return f"010000A8900016F0{number:08X}"


# The database.


def prepare(owner: str, app: str, stations: int, data: Path) -> None:
    """Migrate, and register as many stations as there are connections at most."""
    env = os.environ | {"DATABASE_OWNER_URL": owner, "DATABASE_URL": app, "ECOBUREAU_DATA": str(data)}
    env |= {"ECOBUREAU_AS_OWNER": "1", "ECOBUREAU_NO_POOL": "1"}
    command = [
        sys.executable,
        "-m",
        "django",
        "migrate",
        "--noinput",
        "--settings",
        "ecobureau.web.settings",
        "-v",
        "0",
    ]
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


# The frames.


class Maker:
    """Frames of one station, each of its own time, newest last. One maker goes on over all stages."""

    def __init__(self, number: int, kind: str, begin: datetime) -> None:
        self.mn = mn_of(number)
        self.kind = kind
        self.at = begin
        self.count = itertools.count()
        self.asked = datetime.now(UTC)

    def take(self, count: int) -> list[bytes]:
        return [self._frame() for _ in range(count)]

    def _frame(self) -> bytes:
        step = next(self.count)
        self.asked += timedelta(milliseconds=1)
        value = 10 + (step * 7 + hash(self.mn)) % 500 / 100
        if self.kind == "rt":
            self.at += timedelta(seconds=1)
            body = ";".join(f"{code}-Rtd={value + place:.3f},{code}-Flag=N" for place, code in enumerate(FACTORS))
        else:
            self.at += timedelta(minutes=MINUTES)
            body = ";".join(
                f"{code}-Min={value + place - 1:.3f},{code}-Avg={value + place:.3f},"
                f"{code}-Max={value + place + 1:.3f},{code}-Flag=N"
                for place, code in enumerate(FACTORS)
            )
        return encode(
            qn=to_text(self.asked, milliseconds=True),
            st="31",
            cn="2011" if self.kind == "rt" else "2051",
            pw=PASSWORD,
            mn=self.mn,
            flag="5",
            cp=f"DataTime={to_text(self.at)};{body}",
        )


# The client.


class Logger(asyncio.Protocol):
    """Sends its frames, never more than `window` unanswered."""

    def __init__(self, frames: list[bytes], window: int, done: asyncio.Future[None]) -> None:
        self.frames = frames
        self.window = window
        self.done = done
        self.sent = 0
        self.answered = 0
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._send(min(self.window, len(self.frames)))

    def _send(self, count: int) -> None:
        self.transport.write(b"".join(self.frames[self.sent : self.sent + count]))
        self.sent += count

    def data_received(self, data: bytes) -> None:
        count = data.count(b"\r\n")
        self.answered += count
        left = min(count, len(self.frames) - self.sent)
        if left:
            self._send(left)
        elif self.answered >= len(self.frames) and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"closed after {self.answered} answers: {error}"))


async def play(port: int, batches: list[list[bytes]], window: int) -> float:
    """Send all batches, one connection each; return the seconds from the first frame to the last answer."""
    loop = asyncio.get_running_loop()
    waiting = [loop.create_future() for _ in batches]
    begun = time.perf_counter()
    made = [
        await loop.create_connection(lambda f=frames, d=done: Logger(f, window, d), "127.0.0.1", port)
        for frames, done in zip(batches, waiting, strict=True)
    ]
    await asyncio.gather(*waiting)
    seconds = time.perf_counter() - begun
    answered = sum(logger.answered for _, logger in made)
    if answered != sum(map(len, batches)):
        raise SystemExit(f"{answered} answers to {sum(map(len, batches))} frames")
    for transport, _ in made:
        transport.close()
    return seconds


# The bare loop.

ANSWER = encode(qn="20260801085857223", st="91", cn="9014", pw=PASSWORD, mn=mn_of(0), flag="4", cp="")


class Bare(asyncio.Protocol):
    """Reads by length and answers; knows nothing, keeps nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        here = count = 0
        while here + 6 <= len(data):
            end = here + int(data[here + 2 : here + 6]) + 12
            if end > len(data):
                break
            here, count = end, count + 1
        self.rest = data[here:]
        if count:
            self.transport.write(ANSWER * count)


def bare_loop(port: multiprocessing.Queue) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


# The gateway.


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


def stage(name: str, frames: int, seconds: float, bare: float | None, **more: object) -> None:
    rate = frames / seconds
    line: dict[str, object] = {
        "stage": name,
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_s": round(rate),
    }
    if bare:
        line["of_bare_loop"] = round(rate / bare, 3)
    print(json.dumps(line | more), flush=True)


def run(args: argparse.Namespace, folder: Path) -> None:
    from ecobureau.supervisor.postgres import EmbeddedPostgres

    begin = datetime.now(UTC).replace(microsecond=0)
    begin -= (
        timedelta(seconds=2 * (args.frames // args.connections) + 4000)
        if args.kind == "rt"
        else timedelta(minutes=MINUTES * (args.frames // args.connections + 4000))
    )
    makers = [Maker(number, args.kind, begin) for number in range(args.connections)]
    settings = dict(text.split("=", 1) for text in args.pg)
    with EmbeddedPostgres(folder / "data", settings=settings) as postgres:
        owner, app = postgres.url("owner"), postgres.url("app")
        print(json.dumps({"postgresql": shown(owner), "load": round(os.getloadavg()[0], 1)}), flush=True)
        prepare(owner, app, args.connections, folder / "data")
        port: multiprocessing.Queue = multiprocessing.Queue()
        bare_process = multiprocessing.Process(target=bare_loop, args=(port,), daemon=True)
        bare_process.start()
        bare_port = port.get(timeout=20)
        gateway = GatewayProcess(app, folder / "data", args.profile)
        try:
            uvloop.run(stages(args, gateway, bare_port, makers, owner, postgres.pid or 0))
        finally:
            bare_process.terminate()
            code = gateway.stop()
        print(json.dumps({"gateway_exit": code, "tables": counted(owner)}), flush=True)


async def stages(
    args: argparse.Namespace, gateway: GatewayProcess, bare_port: int, makers: list[Maker], url: str, server: int
) -> None:
    each = args.frames // args.connections
    if args.memory:
        await memory_over(args, gateway, makers)
        return
    for name, window in (("lockstep", 1), ("window", args.window)):
        if args.only and args.only != name:
            continue
        batches = [maker.take(each) for maker in makers]
        total = each * len(batches)
        bare = total / await play(bare_port, batches, window)
        await play(gateway.port, [maker.take(20) for maker in makers], 1)
        before, cpu, writing, database = counted(url), gateway.cpu(), gateway.writer_cpu(), database_cpu(server)
        seconds = await play(gateway.port, batches, window)
        stage(
            f"{args.connections} connections, {name} {window}",
            total,
            seconds,
            bare,
            bare_frames_per_s=round(bare),
            bytes_per_frame=len(batches[0][0]),
            loop_per_frame=per_frame(cpu, gateway.cpu(), total),
            writer_per_frame=per_frame(writing, gateway.writer_cpu(), total),
            database_per_frame=per_frame(database, database_cpu(server), total),
            load=round(os.getloadavg()[0], 1),
            tables=difference(counted(url), before),
            rss_mb=round(gateway.memory()),
        )
    if not args.only or args.only == "one":
        first, frames = makers[0].take(20), makers[0].take(min(each * 4, 3000))
        bare = len(frames) / await play(bare_port, [frames], 1)
        await play(gateway.port, [first], 1)
        before, cpu, writing, database = counted(url), gateway.cpu(), gateway.writer_cpu(), database_cpu(server)
        seconds = await play(gateway.port, [frames], 1)
        stage(
            "one connection, lockstep 1",
            len(frames),
            seconds,
            bare,
            bare_frames_per_s=round(bare),
            loop_per_frame=per_frame(cpu, gateway.cpu(), len(frames)),
            writer_per_frame=per_frame(writing, gateway.writer_cpu(), len(frames)),
            database_per_frame=per_frame(database, database_cpu(server), len(frames)),
            load=round(os.getloadavg()[0], 1),
            tables=difference(counted(url), before),
        )
    for line in gateway.log():
        if '"level": "error"' in line or '"level": "warning"' in line:
            print(line)


async def memory_over(args: argparse.Namespace, gateway: GatewayProcess, makers: list[Maker]) -> None:
    done = 0
    while done < args.frames:
        batches = [maker.take(100) for maker in makers]
        seconds = await play(gateway.port, batches, args.window)
        done += 100 * len(batches)
        print(
            json.dumps(
                {
                    "frames": done,
                    "rss_mb": round(gateway.memory(), 1),
                    "frames_per_s": round(100 * len(batches) / seconds),
                }
            ),
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--frames", type=int, default=60_000, help="of each stage with many connections")
    parser.add_argument("--window", type=int, default=20)
    parser.add_argument("--kind", choices=("minute", "rt"), default="rt")
    parser.add_argument("--only", choices=("lockstep", "window", "one"))
    parser.add_argument("--memory", action="store_true", help="print resident memory all along")
    parser.add_argument("--profile", help="write a cProfile of the gateway's main thread to this file")
    parser.add_argument("--pg", action="append", default=[], metavar="NAME=VALUE", help="PostgreSQL setting")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eb-bench-") as folder:
        run(args, Path(folder))


if __name__ == "__main__":
    main()
