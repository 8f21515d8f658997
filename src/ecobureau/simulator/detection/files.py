"""Writing a fleet as plain files: values.csv, outlets.csv, declarations.csv for `ecobureau detect`, and labels.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TextIO

import numpy as np

from ecobureau.simulator.detection.fleet import Fleet
from ecobureau.simulator.detection.industries import GasIndustry
from ecobureau.simulator.detection.plant import Grid, Plant

BEIJING = timezone(timedelta(hours=8))
VALUES = ("outlet_id", "kind", "time", "factor", "avg", "flag", "zs_avg")
OUTLETS = (
    "outlet_id", "kind", "industry", "factor", "limit", "range_max", "resolution", "o2_ref", "permit_kg_month",
    "has_inlet", "has_power", "rated_prod_kw", "rated_treat_kw",
)  # fmt: skip
DECLARATIONS = ("outlet_id", "start", "end", "type", "value")
LABELS = ("outlet_id", "start", "end", "kind", "pattern", "factors", "note")


def write_fleet(fleet: Fleet, folder: Path) -> dict[str, int]:
    """Write the four files into `folder` (made if missing); return how many rows each holds."""
    folder.mkdir(parents=True, exist_ok=True)
    times = [_text(fleet.grid, i) for i in range(fleet.grid.n + 1)]
    counts = {}
    with (folder / "values.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(VALUES) + "\n")
        counts["values"] = sum(_values(file, plant, times) for plant in fleet.plants)
    tables = {
        "outlets": (OUTLETS, _outlets),
        "declarations": (DECLARATIONS, lambda plant: _declarations(plant, times)),
        "labels": (LABELS, lambda plant: _labels(plant, times)),
    }
    for name, (columns, rows_of) in tables.items():
        rows = [row for plant in fleet.plants for row in rows_of(plant)]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
        counts[name] = len(rows)
    return counts


def _text(grid: Grid, index: int) -> str:
    return datetime.fromtimestamp(grid.start + index * grid.step, UTC).astimezone(BEIJING).isoformat()


def _values(file: TextIO, plant: Plant, times: list[str]) -> int:
    count = 0
    blocks = [(plant.id, factor, plant.read[factor], plant.flag[factor], plant.gone) for factor in plant.factors]
    if plant.has_power:
        blocks += [(plant.id, f, plant.read[f], plant.flag[f], plant.power_gone) for f in ("pw_prod", "pw_treat")]
    plain = np.full(plant.grid.n, "N", dtype="U1")
    blocks += [(f"{plant.id}-IN", f, values, plain, plant.gone) for f, values in plant.inlet_read.items()]
    for outlet, factor, values, flags, gone in blocks:
        zs = plant.zs.get(factor) if outlet == plant.id else None
        lines = []
        for i in np.flatnonzero(~gone & np.isfinite(values)):
            shown = "" if zs is None else f"{zs[i]:.10g}"
            lines.append(f"{outlet},{plant.kind},{times[i]},{factor},{values[i]:.10g},{flags[i]},{shown}\n")
        file.writelines(lines)
        count += len(lines)
    return count


def _outlets(plant: Plant) -> Iterator[tuple[object, ...]]:
    o2_ref = plant.industry.o2_ref if isinstance(plant.industry, GasIndustry) else ""
    for factor, limit in plant.limits.items():
        permit = f"{plant.permits[factor]:.2f}" if factor in plant.permits else ""
        yield (
            plant.id, plant.kind, plant.industry.name, factor, limit, plant.ranges[factor], plant.resolution[factor],
            o2_ref, permit, int(plant.has_inlet), int(plant.has_power), f"{plant.rated_prod:.1f}",
            f"{plant.rated_treat:.1f}",
        )  # fmt: skip


def _declarations(plant: Plant, times: list[str]) -> Iterator[tuple[object, ...]]:
    for one in sorted(plant.declared, key=lambda one: one.first):
        end = min(one.last, plant.grid.n)
        yield (plant.id, times[one.first], times[end], one.type, "" if one.value is None else one.value)


def _labels(plant: Plant, times: list[str]) -> Iterator[tuple[object, ...]]:
    for label in plant.labels:
        yield (
            plant.id, times[label.first], times[label.last], label.kind, label.pattern, " ".join(label.factors),
            label.note,
        )  # fmt: skip
