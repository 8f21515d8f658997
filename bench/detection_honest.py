"""Clues an honest plant would raise: hours of a real gas turbine, by pattern, a month of 30 days.

    python bench/detection_honest.py --data gas_turbine_2011_2013.csv
    python bench/detection_honest.py --data later_years.csv --days 60 --findings

The file (UCI Gas Turbine CO and NOx Emission Data Set: year, ..., TEY, CO, NOX) has no time stamps: rows are taken as
consecutive hours, energy yield TEY as production power, NOx as a21002, CO as a21005. No limits are registered, so that
patterns that compare with one have no opinion. Every clue counts as a false one.

With `--days N` the record is cut into pieces of N days, each judged by itself as a fresh outlet; without it, as one.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from ecobureau.commands.detect import params_of
from ecobureau.domain.detection.run import detect_outlet
from ecobureau.domain.detection.types import FactorFacts, OutletFacts, OutletSeries

START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
COLUMNS = {"pw_prod": ("TEY", 1000.0), "a21002": ("NOX", 1.0), "a21005": ("CO", 1.0)}


def series_of(path: Path, first: int = 0, count: int | None = None) -> OutletSeries:
    """Return rows `first` .. `first + count` of the file as one outlet's hours; MWh an hour are told in kW."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[first : None if count is None else first + count]
    values = {code: np.array([float(row[name]) * scale for row in rows]) for code, (name, scale) in COLUMNS.items()}
    n = len(rows)
    t = START + 3600 * np.arange(n, dtype=np.int64)
    return OutletSeries(
        outlet_id="turbine",
        kind="gas",
        step_s=3600,
        t=t,
        avg=values,
        zs={code: np.full(n, np.nan) for code in values},
        flag={code: np.full(n, "N", dtype="U1") for code in values},
    )


def facts() -> OutletFacts:
    """Return the registered facts: powers are measured, nothing else is known."""
    factors = {code: FactorFacts(code) for code in ("a21002", "a21005")}
    return OutletFacts("turbine", "gas", "gas_turbine", factors, has_power=True)


def main() -> None:
    """Judge and print clues and findings a month by pattern."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--days", type=int, help="length of the pieces; default the whole record as one")
    parser.add_argument("--findings", action="store_true", help="findings before fusion, too")
    args = parser.parse_args()
    rows = sum(1 for _line in args.data.open(encoding="utf-8")) - 1
    step = args.days * 24 if args.days else rows
    params = params_of(date(2024, 1, 1))
    clues: Counter[str] = Counter()
    found: Counter[str] = Counter()
    began = time.monotonic()
    hours = 0
    for first in range(0, rows - step + 1, step):
        result = detect_outlet(series_of(args.data, first, step), facts(), (), params)
        hours += step
        clues.update(clue.pattern for clue in result.clues)
        found.update(one.pattern for one in result.findings)
        for pattern, error in result.failed.items():
            print(f"{pattern} failed: {error}")
    months = hours / 720
    print(f"{rows} hours, judged {hours} ({months:.1f} months of 30 days) in {time.monotonic() - began:.1f} s")
    print("clues a month of 30 days:", _table(clues, months))
    print(f"decoupling (P26): {clues['P26'] / months:.3f} a month; all: {sum(clues.values()) / months:.3f} a month")
    if args.findings:
        print("findings a month of 30 days:", _table(found, months))


def _table(counts: Counter[str], months: float) -> str:
    return ", ".join(f"{p} {n / months:.3f}" for p, n in sorted(counts.items())) or "none"


if __name__ == "__main__":
    main()
