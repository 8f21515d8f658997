"""Speed and match of the official figures, in one run on one core.

    python bench/standards.py [--shared FOLDER] [--stations 1000000] [--rounds 5] [--database]

Air: the bulk index against the peers `aqi-hub` and `python-aqi` where they can be imported (install them beside, for
example by PYTHONPATH), each with its match rate on the published hours and days of the folder that
`air_hourly_cnemc.csv` and `air_daily_city.csv` stand in (default: `$ECOBUREAU_SHARED`, else `../shared/data`). Without
the folder the speed is measured on made values and the match rates are left out. Statistics: one year of 2,000 series.
With `--database` also a month of 2,000 stations of air, water, noise and emissions rolled up and read in an embedded
PostgreSQL of its own (`standards_database.py`).
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import numpy as np
from numpy.typing import NDArray
from standards_database import best, database

from ecobureau.domain.air import (
    ITEMS,
    AirRules,
    AirStatistics,
    Kind,
    air_report,
    air_reports,
    good_days_arrays,
    years,
)
from ecobureau.rulepacks import load

ROOT = Path(__file__).resolve().parent.parent
SPEED_GOAL = 1_000_000
RATIO_GOAL = 20
HOURLY = {"so2": "so2_1h", "no2": "no2_1h", "pm10": "pm10_1h", "pm2_5": "pm2_5_1h", "co": "co_1h", "o3": "o3_1h"}
DAILY = {"so2": "so2", "no2": "no2", "pm10": "pm10", "pm2_5": "pm2_5", "co": "co", "o3": "o3_8h_max"}

Floats = NDArray[np.float64]
Row = dict[str, float | None]


@dataclass(frozen=True)
class Published:
    """Published rows: values by item, the published index (-1 = none), which rows count."""

    kind: Kind
    values: dict[str, Floats]
    index: NDArray[np.int64]

    def rows(self) -> list[Row]:
        """The same row by row, None = missing."""
        columns = [self.values[item].tolist() for item in ITEMS]
        return [
            {item: None if value != value else value for item, value in zip(ITEMS, row, strict=True)}
            for row in zip(*columns, strict=True)
        ]


Peer = tuple[str, str, Callable[[Kind, Row], int | None]]


def published(folder: Path) -> list[Published]:
    """Read the published tables; an empty list when the folder is not there."""
    if not (folder / "air_hourly_cnemc.csv").exists():
        return []
    hourly = list(csv.DictReader((folder / "air_hourly_cnemc.csv").open(encoding="utf-8-sig")))
    daily = [
        row
        for row in csv.DictReader((folder / "air_daily_city.csv").open(encoding="utf-8-sig"))
        if row["period_flag"] == "exact"
    ]
    return [_table(Kind.HOURLY, hourly, HOURLY), _table(Kind.DAILY, daily, DAILY)]


def _table(kind: Kind, rows: Sequence[dict[str, str]], columns: dict[str, str]) -> Published:
    values = {item: np.array([float(row[name] or "nan") for row in rows]) for item, name in columns.items()}
    return Published(kind, values, np.array([int(row["aqi_published"] or -1) for row in rows]))


def made(count: int) -> Published:
    """Values as stations publish them, made here, when there are no published tables."""
    draw = np.random.default_rng(7)
    values = {item: np.floor(draw.gamma(2.0, 20.0, count)) for item in ITEMS}
    values["co"] = np.floor(draw.gamma(2.0, 4.0, count)) / 10
    for array in values.values():
        array[draw.random(count) < 0.02] = np.nan
    return Published(Kind.HOURLY, values, np.full(count, -1))


def peers() -> list[Peer]:
    """Return the peers that can be imported: name, the edition they follow, and how one report is asked of them."""
    found: list[Peer] = []
    try:
        from aqi_hub.aqi_cn import cal_aqi_cn  # type: ignore[import-not-found]
    except ImportError:
        print("aqi-hub is not installed: left out")
    else:

        def of_hub(kind: Kind, row: Row) -> int | None:
            return cal_aqi_cn(  # type: ignore[no-any-return]
                row["pm2_5"], row["pm10"], row["so2"], row["no2"], row["co"], row["o3"], data_type=kind.value
            )[0]

        found.append(("aqi-hub", "2026", of_hub))
    try:
        import aqi  # type: ignore[import-not-found]
    except ImportError:
        print("python-aqi is not installed: left out")
    else:
        names = {
            Kind.HOURLY: dict(zip(ITEMS, ("so2_1h", "no2_1h", "pm10", "pm25", "co_1h", "o3_1h"), strict=True)),
            Kind.DAILY: dict(zip(ITEMS, ("so2_24h", "no2_24h", "pm10", "pm25", "co_24h", "o3_8h"), strict=True)),
        }

        def of_mep(kind: Kind, row: Row) -> int | None:
            pairs = [(names[kind][item], repr(value)) for item, value in row.items() if value is not None]
            try:
                return int(aqi.to_aqi(pairs, algo=aqi.ALGO_MEP))
            except (IndexError, ValueError, TypeError):
                return None

        found.append(("python-aqi", "2012", of_mep))
    return found


def air(folder: Path, stations: int, rounds: int) -> bool:
    """Measure the index; returns whether the goals are met."""
    tables = published(folder)
    pack = load("air")
    rules = {name: AirRules.of_edition(pack, name) for name in ("2012", "2026")}
    source = tables[0] if tables else made(20_000)
    times = -(-stations // len(source.index))
    many = {item: np.tile(array, times)[:stations] for item, array in source.values.items()}
    for name, one in rules.items():
        air_reports(Kind.HOURLY, source.values, one)
        took = best(rounds, lambda one=one: air_reports(Kind.HOURLY, many, one))  # type: ignore[misc]
        speed = stations / took
        print(f"air index, bulk, {name}: {speed:,.0f} station-hours/s ({stations:,} in {took:.3f} s)")
        if name == "2012":
            ours = speed
    rows = source.rows()[:4_000]
    scalar = len(rows) / best(2, lambda: [air_report(Kind.HOURLY, row, rules["2012"]) for row in rows])
    print(f"air index, one by one with notes: {scalar:,.0f} station-hours/s")
    good = ours >= SPEED_GOAL
    fastest = 0.0
    for name, edition, ask in peers():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            speed = len(rows) / best(2, lambda ask=ask: [ask(Kind.HOURLY, row) for row in rows])  # type: ignore[misc]
            fastest = max(fastest, speed)
            print(f"{name}: {speed:,.0f} station-hours/s; ours is {ours / speed:,.0f} times that")
            for table in tables:
                answers = [ask(table.kind, row) for row in table.rows()]
                got = np.array([-1 if answer is None else answer for answer in answers])
                _match(name, table, got)
                of_same = air_reports(table.kind, table.values, rules[edition]).aqi
                both = of_same >= 0
                equal = int((got[both] == of_same[both]).sum())
                print(f"    against our {edition} figures, {table.kind.value}: {equal:,}/{int(both.sum()):,}")
    for table in tables:
        match = _match("ecobureau", table, air_reports(table.kind, table.values, rules["2012"]).aqi)
        good = good and match
    if fastest:
        good = good and ours >= RATIO_GOAL * fastest
        print(f"ratio to the fastest peer: {ours / fastest:,.0f} (goal {RATIO_GOAL})")
    return good


def _match(name: str, table: Published, got: NDArray[np.integer]) -> bool:
    there = table.index >= 0
    same = int((got[there] == table.index[there]).sum())
    silent = int((got[~there] < 0).sum())
    share = 100 * same / int(there.sum())
    withheld = f", silent where nothing is published {silent}/{int((~there).sum())}" if (~there).any() else ""
    print(f"{name}: published {table.kind.value} index {same:,}/{int(there.sum()):,} ({share:.2f} %){withheld}")
    return same == int(there.sum())


def statistics(rounds: int) -> None:
    """Measure a year of 2,000 series."""
    rules = AirStatistics.from_pack(load("air"), date(2025, 12, 31))
    draw = np.random.default_rng(3)
    days = {item: np.floor(draw.gamma(3.0, 15.0, (2_000, 365))) for item in ITEMS}
    days["co"] = days["co"] / 10
    months = np.repeat(np.arange(1, 13), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    took = best(rounds, lambda: [years(item, array, months, rules) for item, array in days.items()])
    print(f"a year of 2,000 stations, six items, means, percentiles, attainment: {1000 * took:.0f} ms")
    month = {item: array[:, :31] for item, array in days.items()}
    took = best(rounds, lambda: [years(item, array, months[:31], rules) for item, array in month.items()])
    print(f"a month of 2,000 stations from daily values: {1000 * took:.0f} ms")
    indices = draw.integers(20, 250, (2_000, 365)).astype(np.int16)
    took = best(rounds, lambda: good_days_arrays(indices, rules))
    print(f"good days of 2,000 stations in a year: {1000 * took:.1f} ms")


def main() -> int:
    """Run the benches; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(os.environ.get("ECOBUREAU_SHARED", ROOT.parent / "shared" / "data"))
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--stations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", action="store_true")
    arguments = parser.parse_args()
    good = air(arguments.shared, arguments.stations, arguments.rounds)
    statistics(arguments.rounds)
    if arguments.database:
        good = database(arguments.rounds) and good
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
