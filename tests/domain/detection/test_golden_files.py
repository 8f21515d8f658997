"""Every golden case through `ecobureau detect`: plain files in, a clue of its own pattern out, at other plants too."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.detection import shape_plant
from domain.detection.link_tales import TALES, Tale
from domain.detection.shape_cases import GOLDEN
from ecobureau.cli import main
from ecobureau.clock import BEIJING
from ecobureau.domain.detection.types import Declaration, OutletFacts, OutletSeries

SUPPORTS = ("P27",)
"""Told with another pattern only: a finding is asked for, not a clue."""
Golden = tuple[str, str, OutletSeries, OutletFacts, tuple[Declaration, ...], int, int]
"""Name as outlet id, pattern, series, facts, declarations, first and last epoch of the happening."""


def shapes(seed: int, monkeypatch: pytest.MonkeyPatch) -> list[Golden]:
    monkeypatch.setattr(shape_plant, "SEED", seed)
    out: list[Golden] = []
    for pattern, (made, _twin) in GOLDEN.items():
        series, part = made()
        hours = int(series.t[part.start]), int(series.t[part.stop - 1]) + series.step_s
        out.append((f"S-{pattern}", pattern, series, shape_plant.facts(series.kind), (), *hours))
    return out


def links(seed: int, tales: Iterable[Tale] = TALES) -> list[Golden]:
    out: list[Golden] = []
    for number, tale in enumerate(tales):
        plant = tale.plant(tale.days, seed=seed)
        tale.golden(plant)
        case = plant.case()
        hours = plant.t0 + int(tale.first * 3600), plant.t0 + int(tale.last * 3600)
        out.append((f"L{number:02d}", tale.pattern, case.series, case.facts, tuple(case.declarations), *hours))
    return out


def text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).isoformat()


def rows_of(name: str, series: OutletSeries) -> Iterable[tuple[str, ...]]:
    times = [text(at) for at in series.t.tolist()]
    for factor, values in series.avg.items():
        marks = series.flag[factor].tolist()
        zs = series.zs[factor].tolist() if factor in series.zs else [float("nan")] * len(times)
        for at, value, mark, second in zip(times, values.tolist(), marks, zs, strict=True):
            if value == value:
                yield name, series.kind, at, factor, f"{value:.6g}", mark, "" if second != second else f"{second:.6g}"


def write(folder: Path, goldens: list[Golden]) -> None:
    with (folder / "values.csv").open("w", encoding="utf-8", newline="") as stream:
        sheet = csv.writer(stream)
        sheet.writerow(("outlet_id", "kind", "time", "factor", "avg", "flag", "zs_avg"))
        for name, _pattern, series, *_rest in goldens:
            sheet.writerows(rows_of(name, series))
            if series.inlet is not None:
                sheet.writerows(rows_of(f"{name}-IN", series.inlet))
    with (folder / "outlets.csv").open("w", encoding="utf-8", newline="") as stream:
        sheet = csv.writer(stream)
        columns = "outlet_id kind industry factor limit range_max resolution o2_ref permit_kg_month has_inlet has_power"
        sheet.writerow(columns.split())
        for name, _pattern, series, facts, *_rest in goldens:
            for one in facts.factors.values():
                known = (one.limit, one.range_max, one.resolution, one.o2_ref, one.permit_kg_month)
                told = ["" if value is None else f"{value:.6g}" for value in known]
                sheet.writerow((name, series.kind, "test", one.factor, *told, int(series.inlet is not None), 1))
    with (folder / "declarations.csv").open("w", encoding="utf-8", newline="") as stream:
        sheet = csv.writer(stream)
        sheet.writerow(("outlet_id", "start", "end", "type", "value"))
        for name, _pattern, _series, _facts, declared, *_hours in goldens:
            for one in declared:
                value = "" if one.value is None else one.value
                sheet.writerow((name, text(one.start), text(one.end), one.type, value))


def unsaid(folder: Path, goldens: list[Golden]) -> list[str]:
    """Return the golden cases that no clue of their pattern touches."""
    command = [
        "detect",
        "--out",
        str(folder / "clues.csv"),
        "--findings",
        str(folder / "findings.jsonl"),
        "--jobs",
        "1",
    ]
    for name in ("values", "outlets", "declarations"):
        command += [f"--{name}", str(folder / f"{name}.csv")]
    assert main(command) == 0
    with (folder / "clues.csv").open(encoding="utf-8", newline="") as stream:
        said = list(csv.DictReader(stream))
    said += [json.loads(line) for line in (folder / "findings.jsonl").read_text("utf-8").splitlines()
             if json.loads(line)["pattern"] in SUPPORTS]  # fmt: skip

    def touches(row: dict[str, str], golden: Golden) -> bool:
        name, pattern, *_rest, first, last = golden
        start, end = (datetime.fromisoformat(row[key]).timestamp() for key in ("start", "end"))
        return row["outlet_id"] == name and row["pattern"] == pattern and start < last and end > first

    return [f"{golden[0]} {golden[1]}" for golden in goldens if not any(touches(row, golden) for row in said)]


def test_golden_shapes_are_told_from_plain_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goldens = shapes(11, monkeypatch)
    write(tmp_path, goldens)
    assert unsaid(tmp_path, goldens) == []


def test_golden_links_are_told_from_plain_files(tmp_path: Path) -> None:
    # One tale a pattern: the last of each.
    goldens = links(12, {tale.pattern: tale for tale in TALES}.values())
    write(tmp_path, goldens)
    assert unsaid(tmp_path, goldens) == []
