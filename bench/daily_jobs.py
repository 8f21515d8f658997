"""The daily jobs of an office, by hand in a real browser: keys, clicks, pages and seconds.

    python bench/daily_jobs.py            once
    python bench/daily_jobs.py -n 3       the median of three runs

Runs `tests/e2e/test_daily_jobs.py` (a server, an installed Chromium, an invented city) and prints one line a job:

    keys, clicks, actions, pages   what hands did; a typed word is one action, each of its signs a key
    machine s                      from the first key to the answer on the page, without a person's pauses
    hands s                        estimate for a practised person by the keystroke-level model, without reading
    goal                           of the design, seconds and actions

Exit code 1 if a job fails, or machine and hands together take longer than its goal.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def run_once(to: Path) -> list[dict[str, Any]]:
    """Do every job once; return its rows."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/e2e/test_daily_jobs.py", "-p", "no:cacheprovider"]
    here = os.environ | {"EB_DAILY_JOBS": str(to)}
    ended = subprocess.run(command, cwd=ROOT, env=here, capture_output=True, check=False)
    if ended.returncode:
        sys.stderr.write(ended.stdout.decode()[-4000:])
        raise SystemExit(1)
    found: list[dict[str, Any]] = json.loads(to.read_text(encoding="utf-8"))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1, help="runs")
    runs = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder:
        tables = [run_once(Path(folder) / f"{n}.json") for n in range(runs)]
    print(f"{'job':<12} {'keys':>4} {'clicks':>6} {'actions':>7} {'pages':>5} {'machine s':>9} {'hands s':>7}  goal")
    slow = False
    for rows in zip(*tables, strict=True):
        one, seconds = rows[0], median(row["seconds"] for row in rows)
        goal = f"≤ {one['goal_s']} s" + (f", {one['goal_actions']} actions" if one["goal_actions"] else "")
        late = seconds + one["estimate"] > one["goal_s"] or one["actions"] > (one["goal_actions"] or 99)
        slow |= late
        print(
            f"{one['job']:<12} {one['keys']:>4} {one['clicks']:>6} {one['actions']:>7} {one['pages']:>5}"
            f" {seconds:>9.2f} {one['estimate']:>7.1f}  {goal}{'  MISSED' if late else ''}"
        )
    return int(slow)


if __name__ == "__main__":
    raise SystemExit(main())
