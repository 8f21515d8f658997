"""Speed and size of the telemetry store, on an embedded PostgreSQL of its own with fsync on.

    python bench/storage.py [--quick]

Client and database share the cores. Rates stand twice: by processor time of the writer and its backend together
(they take turns, so on an idle machine with a fast disk this is nearly the clock), and by the clock as it was.
"Merge" is what makes values durable and idempotent: packing, rows and their unique index, comparing, commit. Raw frames
and upkeep (latest, roll-ups, counters, the judge's queue) belong to the same transaction; their time is measured apart
and printed apart, with a writer that goes step by step. "As the gateway writes" is the same work in one statement.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from ecobureau import collector  # noqa: E402
from ecobureau.storage.rows import COPY_HEAD, COPY_TAIL, copy_row  # noqa: E402
from ecobureau.storage.sheet import Form, Sheet  # noqa: E402
from ecobureau.storage.types import Arrival, Kind, Period, Reading  # noqa: E402
from ecobureau.storage.writer import Writer  # noqa: E402
from ecobureau.supervisor.postgres import EmbeddedPostgres  # noqa: E402

SQL = ROOT / "src" / "ecobureau" / "web" / "telemetry" / "migrations" / "sql"
FACTORS = ("a34013", "a21026", "a21002", "a19001", "a01011", "a01012", "a01013", "a01014")
START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
SHOWN = (
    "server_version",
    "shared_buffers",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
    "max_wal_size",
    "work_mem",
    "jit",
)


def frames(
    n: int,
    stations: int,
    *,
    factors: int = 8,
    kind: Kind = Kind.MINUTE,
    first: datetime = START,
    cou: int = 5,
    length: int = 749,
) -> Iterator[Arrival]:
    """n frames in order of arrival: every station speaks once a period; one station in `cou` sends totals too."""
    chance = random.Random(7)
    step = timedelta(seconds=30 if kind is Kind.RT else 600)
    for number in range(n):
        station, start = number % stations + 1, first + step * (number // stations)
        told, readings = [], []
        for code in FACTORS[:factors]:
            texts = _texts(chance, kind, station % cou == 0)
            readings.append(Reading.of(code, "mg/m3", texts, "N"))
            told.append(
                ",".join(f"{code}-{stat.capitalize()}={text}" for stat, text in texts.items()) + f",{code}-Flag=N"
            )
        body = (
            f"QN={start:%Y%m%d%H%M%S}{number % 1000:03d};ST=31;CN={2011 if kind is Kind.RT else 2051};PW=123456;"
            f"MN=010000A8900016F0{station:08d};Flag=5;CP=&&DataTime={start:%Y%m%d%H%M%S};{';'.join(told)}&&"
        )
        raw = f"##{len(body):04d}{body}1C80\r\n".encode()
        raw = raw if len(raw) >= length else raw[:-8] + b"9" * (length - len(raw)) + raw[-8:]
        end = start if kind is Kind.RT else start + step
        period = Period(station, "31", kind, int(step.total_seconds()), start, end, sheet(readings))
        yield Arrival(
            end + timedelta(seconds=1), raw, sha256(raw).digest(), 1, station, "", "2051", "data", period=period
        )


def sheet(readings: list[Reading]) -> Sheet:
    """Readings as the gateway hands them over."""
    return Sheet(
        Form.of(tuple((one.code, one.unit, one.stats, one.dialect) for one in readings)),
        tuple(value or 0.0 for one in readings for value in one.values),
        tuple(places for one in readings for places in one.decimals),
        tuple(one.flag for one in readings),
    )


def _texts(chance: random.Random, kind: Kind, cou: bool) -> dict[str, str]:
    middle = chance.uniform(5, 60)
    if kind is Kind.RT:
        return {"rtd": f"{middle:.3f}"}
    texts = {"min": f"{middle * 0.8:.3f}", "avg": f"{middle:.3f}", "max": f"{middle * 1.2:.3f}"}
    return {**texts, "cou": f"{middle * 600:.2f}"} if cou else texts


def later(days: int) -> datetime:
    return START + timedelta(days=days)


def batches(arrivals: list[Arrival], size: int) -> Iterator[list[Arrival]]:
    for at in range(0, len(arrivals), size):
        yield arrivals[at : at + size]


class Cpu:
    """Processor time of this process and of its database backend together, in seconds."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.schedstat = Path(f"/proc/{conn.info.backend_pid}/schedstat")

    def __call__(self) -> float:
        return process_time() + int(self.schedstat.read_text().split()[0]) / 1e9


def run(name: str, writer: Writer, cpu: Cpu, arrivals: list[Arrival], size: int) -> float:
    """Write all in batches of `size` frames and print the rates; returns the merge's, in values/s of processor time."""
    before = dict(writer.seconds)
    began, busy, slow = perf_counter(), cpu(), []
    for batch in batches(arrivals, size):
        one = perf_counter()
        writer.write(batch)
        slow.append(perf_counter() - one)
    whole, worked = perf_counter() - began, cpu() - busy
    spent = {stage: writer.seconds[stage] - before[stage] for stage in writer.seconds}
    values = sum(len(a.period.readings) for a in arrivals if a.period)
    merge = sum(spent[stage] for stage in ("prepare", "begin", "frames", "collisions", "commit"))
    per = 1e6 / len(arrivals)
    slow.sort()
    shown = f"merge {values / merge:9,.0f} values/s of processor time" if writer.stepwise else "in one statement"
    print(
        f"{name:34s} {shown:44s}"
        f" | all in {values / worked:8,.0f} ({len(arrivals) / worked:6,.0f} frames/s)"
        f" | by the clock {values / whole:8,.0f} values/s, {len(arrivals) / whole:6,.0f} frames/s,"
        f" batch p50 {slow[len(slow) // 2] * 1e3:.1f} ms p95 {slow[int(len(slow) * 0.95)] * 1e3:.1f} ms"
    )
    print(" " * 35 + "us/frame: " + " ".join(f"{stage} {seconds * per:.1f}" for stage, seconds in spent.items()))
    return values / merge


def bare(conn: psycopg.Connection[Any], writer: Writer, cpu: Cpu, arrivals: list[Arrival]) -> float:
    """COPY of the same rows, packed beforehand, into a table without index: what no store can beat. Values/s."""
    conn.execute("CREATE TEMP TABLE bare (LIKE pg_temp.incoming)")
    rows = [writer.maker.make(batch, {}).data for batch in batches(arrivals, 625)]
    packed = [b"".join((COPY_HEAD, *map(copy_row, some), COPY_TAIL)) for some in rows]
    busy = cpu()
    for data in packed:
        with conn.cursor() as cursor, cursor.copy("COPY pg_temp.bare FROM STDIN BINARY") as copy:
            copy.write(data)
    rate = sum(len(a.period.readings) for a in arrivals if a.period) / (cpu() - busy)
    print(f"{'bare COPY of the same rows':34s} {rate:15,.0f} values/s of processor time")
    return rate


def size(owner: psycopg.Connection[Any], parent: str) -> int:
    row = owner.execute(
        "SELECT sum(pg_table_size(inhrelid) + pg_indexes_size(inhrelid))::bigint FROM pg_inherits"
        " WHERE inhparent = %s::regclass",
        (parent,),
    ).fetchone()
    return int(row[0] or 0) if row else 0


def sizes(
    owner: psycopg.Connection[Any], writer: Writer, n: int, factors: int, kind: Kind, cou: int, name: str
) -> None:
    """Print bytes a value of a store filled in order of arrival, index present, nothing vacuumed or rebuilt."""
    owner.execute("TRUNCATE frame_rt, frame_period, raw_frame")
    length = 268 if kind is Kind.RT else 749
    arrivals = list(
        frames(n, 300, factors=factors, kind=kind, first=START + timedelta(days=60), cou=cou, length=length)
    )
    for batch in batches(arrivals, 625):
        writer.write(batch)
    table = "frame_rt" if kind is Kind.RT else "frame_period"
    took, raw = size(owner, table), size(owner, "raw_frame")
    length = sum(len(a.raw) for a in arrivals)
    print(
        f"{name:34s} {took / n / factors:5.1f} B/value (heap and unique index) | raw frames {raw / length:.2f} x their"
        f" {length / n:.0f} bytes"
    )


def latest(owner: psycopg.Connection[Any], writer: Writer) -> None:
    """Fill 80,000 series, update each of them twice, and read them all."""
    owner.execute("TRUNCATE latest_rest, stream_state")
    arrivals = list(frames(30_000, 10_000, first=START + timedelta(days=120), cou=10**9))
    for batch in batches(arrivals, 2500):
        writer.write(batch)
    owner.execute("VACUUM (ANALYZE) stream_state, layout_factor")
    cpu = Cpu(owner)
    for name, statement in (
        ("as one row a series (view)", "SELECT count(*), sum(value), max(start) FROM latest"),
        ("packed, as pages read them", "SELECT station_id, stream_id, newest, layout_id, v, marks FROM stream_state"),
    ):
        clock, busy = [], []
        for _ in range(15):
            before, began = cpu(), perf_counter()
            row = owner.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}").fetchone()
            busy.append(cpu() - before)
            clock.append(row[0][0]["Execution Time"] if row else (perf_counter() - began) * 1e3)
        print(
            f"latest of 80,000 series, {name:27s} processor p50 {sorted(busy)[7] * 1e3:5.1f} ms,"
            f" by the clock p50 {sorted(clock)[7]:5.1f} ms, worst of 15 {max(clock):.1f} ms"
        )
    row = owner.execute("SELECT count(*) FROM latest").fetchone()
    print(f"latest: {row[0] if row else 0:,} series")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true", help="a third of the frames")
    scale = 1 if words.parse_args().quick else 3
    print(f"{os.cpu_count()} cores, load average before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="eb-bench-") as folder, EmbeddedPostgres(Path(folder)) as server:
        owner = psycopg.connect(server.url("owner"), autocommit=True)
        for file in sorted(SQL.glob("*.sql")):
            if not file.stem.endswith("_down"):
                owner.execute(file.read_text())
        shown = [(name, owner.execute(f"SHOW {name}").fetchone()) for name in SHOWN]
        print("PostgreSQL: " + ", ".join(f"{name}={row[0] if row else ''}" for name, row in shown))
        conn = psycopg.connect(server.url("app"), autocommit=True)
        cpu = Cpu(conn)
        writer = Writer(conn, cpu)
        run("warm-up", writer, cpu, list(frames(3000, 1000, first=START - timedelta(days=5))), 63)
        small = list(frames(8000 * scale, 2000))
        large = list(frames(20_000 * scale, 2000, first=START + timedelta(days=5)))
        collector.spare()  # as the writing process does
        limit = bare(conn, writer, cpu, large[: 5000 * scale])
        writer.stepwise = True
        few = run("batches of 504 values (63 frames)", writer, cpu, small, 63)
        many = run("batches of 5,000 values (625)", writer, cpu, large, 625)
        writer.stepwise = False
        run("63 frames, as the gateway writes", writer, cpu, list(frames(8000 * scale, 2000, first=later(60))), 63)
        run("625 frames, as the gateway writes", writer, cpu, list(frames(20_000 * scale, 2000, first=later(65))), 625)
        print(f"merge over bare COPY: {few / limit:.2f} at 504 values a batch, {many / limit:.2f} at 5,000")
        run("the same 5,000 again: duplicates", writer, cpu, large[: 10_000 * scale], 625)
        real = list(frames(10_000 * scale, 2000, factors=3, kind=Kind.RT, first=START + timedelta(days=30)))
        run("real time, 3 factors, 63 frames", writer, cpu, real, 63)
        sizes(owner, writer, 20_000 * scale, 8, Kind.MINUTE, 5, "8 factors, totals from 1 in 5")
        sizes(owner, writer, 20_000 * scale, 8, Kind.MINUTE, 1, "8 factors, totals from all")
        sizes(owner, writer, 20_000 * scale, 3, Kind.RT, 5, "3 factors, real time")
        latest(owner, writer)
        print(f"load average after {os.getloadavg()[0]:.1f}")
        conn.close()
        owner.close()


if __name__ == "__main__":
    main()
