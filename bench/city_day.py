"""A day of a city: 3,000 clues of 11 kinds, 7 sub-centres, 200 grids, 600 people who answer by the API.

    python bench/city_day.py                      the whole day, on a database of its own
    python bench/city_day.py --clues 300          a smaller one

Time is the clock service's: it jumps from one thing that happens to the next, nothing sleeps. People hear of their work
by notices and lists, take human time, and act over HTTP with their own API keys; what falls on one instant runs in
several threads. After the day the work goes on until everything is done, over the holiday week that follows. Then the
books are checked: nothing lost, nothing handled twice, every reporter answered, every clock as `city_day_books` reckons
it anew. Prints a table; exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import city_day_books as books
from city_day_audit import audit, show
from city_day_city import START, Size, build, plans
from city_day_run import Day

__all__ = ["START", "Day", "Size", "books", "simulate"]


def simulate(size: Size, seed: int = 1, threads: int = 4) -> tuple[Day, list[str], dict[str, Any]]:
    """Build the city in the database at hand, let the day run, check the books."""
    from ecobureau.clock import ManualClock, use_clock

    clock = ManualClock(START - timedelta(minutes=5))
    with use_clock(clock):
        town = build(size)
        day = Day(town, plans(size, town, seed), clock, seed, threads)
        day.run()
        wrong, figures = audit(day)
    return day, wrong, figures


def measure(size: Size, seed: int, threads: int) -> int:
    import django

    django.setup()
    from django.conf import settings

    # Pages' files play no part here, and may be collected anew while the day runs.
    settings.STATIC_ROOT = Path(os.environ["ECOBUREAU_DATA"]) / "static"
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    logging.getLogger("django.request").setLevel(logging.ERROR)
    began, cpu = time.monotonic(), time.process_time()
    day, wrong, figures = simulate(size, seed, threads)
    show(day, figures)
    spent = {"wall_s": round(time.monotonic() - began, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    spent["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**spent, "load": round(os.getloadavg()[0], 1), "wrong": len(wrong)}))
    for line in wrong[:40]:
        print("WRONG", line)
    return int(bool(wrong))


def main() -> int:
    """Prepare a database in a temporary folder, let the day run there, and take it down.

    It does without fsync: whether a disk keeps its word is not what the day is about.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clues", type=int, default=3000)
    parser.add_argument("--grids", type=int, default=200)
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        return measure(Size(args.clues, 7, args.grids, args.people), args.seed, args.threads)
    from ecobureau.supervisor.postgres import EmbeddedPostgres

    with (
        tempfile.TemporaryDirectory(prefix="eb-day-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "pg", fast_unsafe=True) as server,
    ):
        env = os.environ | {
            "DATABASE_OWNER_URL": server.url("owner"),
            "DATABASE_URL": server.url("owner"),
            "ECOBUREAU_DATA": folder,
            "ECOBUREAU_SECRET_KEY": "bench",
            "ECOBUREAU_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings",
            "ECOBUREAU_NO_POOL": "1",
            "ECOBUREAU_HOSTS": "testserver",
        }
        subprocess.run([sys.executable, "-m", "django", "migrate", "--noinput", "-v", "0"], check=True, env=env)
        return subprocess.run([sys.executable, __file__, "--inside", *sys.argv[1:]], check=False, env=env).returncode


if __name__ == "__main__":
    raise SystemExit(main())
