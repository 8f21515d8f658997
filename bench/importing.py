"""Speed of loading history, on an embedded PostgreSQL of its own with fsync on.

    python bench/importing.py [--values 10000000] [--order time|station] [--stations 100]

A CSV of station hours with six factors is made, loaded as `ecobureau import history` loads it (parsing, rows, raw
lines as evidence, newest values, roll-ups, books and the judge's queue in one go), and loaded a second time to show
that nothing changes. Client and database share the cores.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from ecobureau.history.formats import formats, recognise  # noqa: E402
from ecobureau.history.load import Lines, Station, digest_of, record_file  # noqa: E402
from ecobureau.history.parallel import Job, load_file  # noqa: E402
from ecobureau.rulepacks import load  # noqa: E402
from ecobureau.supervisor.postgres import EmbeddedPostgres  # noqa: E402

SQL = ROOT / "src" / "ecobureau" / "web" / "telemetry" / "migrations" / "sql"
NAMES = ("pm2_5_1h", "pm10_1h", "so2_1h", "no2_1h", "co_1h", "o3_1h")
START = datetime(2024, 1, 1, tzinfo=UTC)


def make(path: Path, values: int, stations: int, order: str) -> int:
    """Write the table; returns its rows."""
    chance = random.Random(3)
    hours = values // len(NAMES) // stations
    times = [(START + timedelta(hours=at)).strftime("%Y-%m-%dT%H:%M:%S+00:00") for at in range(hours)]
    cells = [
        ",".join((*(str(chance.randint(1, 180)) for _ in range(4)), f"{chance.uniform(0.2, 2):.1f}", "66"))
        for _ in range(5000)
    ]
    with path.open("w", encoding="utf-8") as out:
        out.write("time,station_code," + ",".join(NAMES) + "\n")
        if order == "time":
            for at, time in enumerate(times):
                out.writelines(f"{time},S{one},{cells[(at * stations + one) % 5000]}\n" for one in range(stations))
        else:
            for one in range(stations):
                out.writelines(f"{time},S{one},{cells[(at + one) % 5000]}\n" for at, time in enumerate(times))
    return hours * stations


def run(name: str, path: Path, server: EmbeddedPostgres, stations: int, jobs: int) -> None:
    known = {f"S{one}": Station(one + 1, f"S{one}", "22") for one in range(stations)}
    with path.open("rb") as stream:
        found = recognise(Lines(stream, "utf-8").columns, formats(load("history_formats"), START.date()))
    began, busy = perf_counter(), processor()
    report = load_file(Job(path, "utf-8", found, known, server.url("app")), lambda _: None, jobs).report
    with psycopg.connect(server.url("app"), autocommit=True) as conn:
        by_id = {one.id: one for one in known.values()}
        record_file(conn, by_id, report, path.name, digest_of(path), found.name)
    took, worked = perf_counter() - began, processor() - busy
    print(
        f"{name:22s} {report.values:,} values in {took:.1f} s by the clock: {report.values / took:,.0f} values/s |"
        f" processor time of all processes {worked:.1f} s: {report.values / worked:,.0f} values/s of one processor |"
        f" outcomes { {one.value: n for one, n in report.outcomes.items()} }"
    )


def processor() -> float:
    """Return the processor time of this process and all that it started, living or not, in seconds."""
    me = os.getpid()
    parent, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            parent[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = sum(int(one) for one in fields[11:15])
    ours = {me}
    while more := {one for one, its in parent.items() if its in ours} - ours:
        ours |= more
    return sum(spent[one] for one in ours) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--values", type=int, default=1_000_000)
    words.add_argument("--order", choices=("time", "station"), default="time")
    words.add_argument("--stations", type=int, default=100)
    words.add_argument("--jobs", type=int, default=2)
    given = words.parse_args()
    print(f"{os.cpu_count()} cores, load average before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="eb-bench-") as folder, EmbeddedPostgres(Path(folder) / "pg") as server:
        owner = psycopg.connect(server.url("owner"), autocommit=True)
        for file in sorted(SQL.glob("*.sql")):
            if not file.stem.endswith("_down"):
                owner.execute(file.read_text())
        path = Path(folder) / "history.csv"
        rows = make(path, given.values, given.stations, given.order)
        print(f"{rows:,} rows of {given.stations} stations, by {given.order}, {path.stat().st_size / 1e6:.0f} MB")
        run("first time", path, server, given.stations, given.jobs)
        run("the same file again", path, server, given.stations, given.jobs)
        row = owner.execute("SELECT count(*) FROM frame_period").fetchone()
        print(f"frames in the store: {row[0] if row else 0:,} | peak memory of this process", end=" ")
        print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        print(f"load average after {os.getloadavg()[0]:.1f}")
        owner.close()


if __name__ == "__main__":
    main()
