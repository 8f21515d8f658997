"""`ecobureau detect`: files in, clues out; whatever is odd is said with its row and never ends in a traceback."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.detection.shape_plant import changed, digits, plant, span
from ecobureau.cli import main
from ecobureau.clock import BEIJING
from ecobureau.domain.detection.types import OutletSeries

OUTLETS = """outlet_id,kind,industry,factor,limit,range_max,resolution,o2_ref,permit_kg_month,has_inlet,has_power,\
rated_prod_kw,rated_treat_kw
T1,gas,test,a21026,35,210,0.01,,,0,1,1500,180
T1,gas,test,a21002,50,300,0.01,,,0,1,1500,180
T1,gas,test,a34013,10,60,0.001,,,0,1,1500,180
"""
Row = dict[str, str]


def rows_of(series: OutletSeries, outlet: str = "T1") -> list[Row]:
    out = []
    for factor, values in series.avg.items():
        for at, value, mark in zip(series.t.tolist(), values.tolist(), series.flag[factor].tolist(), strict=True):
            time = datetime.fromtimestamp(at, UTC).astimezone(BEIJING).isoformat()
            text = f"{value:.{digits(factor)}f}"
            out.append(
                {
                    "outlet_id": outlet,
                    "kind": series.kind,
                    "time": time,
                    "factor": factor,
                    "avg": text,
                    "flag": mark,
                    "zs_avg": "",
                }
            )
    return out


def flat_plant() -> OutletSeries:
    series = plant(days=20)
    part = span(series, 12, 30)
    values = series.avg["a21026"].copy()
    values[part] = values[part.start]
    return changed(series, a21026=values)


class Run:
    """One run over files in a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        (folder / "outlets.csv").write_text(OUTLETS, encoding="utf-8")

    def values(self, rows: list[Row]) -> None:
        with (self.folder / "values.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def __call__(self, *more: str, lang: str = "en") -> tuple[int, str]:
        words = ["--lang", lang, "detect", "--values", str(self.folder / "values.csv")]
        words += ["--outlets", str(self.folder / "outlets.csv"), "--out", str(self.folder / "clues.csv"), *more]
        code = main(words)
        said = self.capsys.readouterr().err
        assert "Traceback" not in said
        return code, said

    def clues(self) -> list[Row]:
        with (self.folder / "clues.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


def test_a_flat_line_becomes_a_clue_with_its_reason(run: Run) -> None:
    run.values(rows_of(flat_plant()))
    code, said = run("--findings", str(run.folder / "findings.jsonl"))
    assert code == 0, said
    clue = next(one for one in run.clues() if one["pattern"] == "P01")
    assert clue["outlet_id"] == "T1"
    assert clue["factors"] == "a21026"
    start, end, raised = (datetime.fromisoformat(clue[name]) for name in ("start", "end", "raised_at"))
    assert start.utcoffset() == timedelta(hours=8)
    assert start == datetime(2026, 1, 13, 0, tzinfo=BEIJING)
    assert end - start == timedelta(hours=30)
    assert start < raised < end
    assert 0.6 <= float(clue["confidence"]) <= 1
    assert "30.0" in clue["reason"]
    lines = [json.loads(line) for line in (run.folder / "findings.jsonl").read_text(encoding="utf-8").splitlines()]
    assert any(line["pattern"] == "P01" and line["numbers"]["count"] == 30 for line in lines)


def test_chinese_is_the_default_tongue_of_reasons(run: Run) -> None:
    run.values(rows_of(flat_plant()))
    assert run(lang="zh")[0] == 0
    clue = next(one for one in run.clues() if one["pattern"] == "P01")
    assert "小时一直是" in clue["reason"]


def test_an_honest_plant_gets_no_clue(run: Run) -> None:
    run.values(rows_of(plant(days=20)))
    assert run()[0] == 0
    assert run.clues() == []


def test_the_order_of_rows_and_columns_does_not_matter(run: Run) -> None:
    rows = rows_of(flat_plant())
    run.values(rows)
    run()
    before = run.clues()
    random.Random(3).shuffle(rows)
    run.values([{**{name: row[name] for name in reversed(row)}, "note": "x"} for row in rows])
    code, said = run()
    assert code == 0
    assert run.clues() == before
    assert "note" in said


def test_duplicates_are_dropped_and_rewritten_values_said(run: Run) -> None:
    rows = rows_of(plant(days=20))
    twin = dict(rows[100])
    other = {**rows[200], "avg": "33.33"}
    run.values([*rows, twin, other])
    code, said = run()
    assert code == 0
    assert f"row {len(rows) + 2}" in said
    assert f"row {len(rows) + 3}" in said
    assert "P35" in said


def test_fields_beyond_the_header_are_said_with_their_row(run: Run) -> None:
    run.values(rows_of(plant(days=20)))
    run()
    before = run.clues()
    file = run.folder / "values.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[40] += ",7,8"
    lines[90] += ",7"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said = run()
    assert code == 0
    assert "row 41" in said
    assert "2 rows" in said
    assert run.clues() == before


def test_optional_columns_may_be_absent(run: Run) -> None:
    rows = rows_of(flat_plant())
    run.values([{name: row[name] for name in ("outlet_id", "kind", "time", "factor", "avg")} for row in rows])
    code, said = run()
    assert code == 0
    assert "flag" in said
    assert "zs_avg" in said
    assert any(one["pattern"] == "P01" for one in run.clues())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"time": "yesterday"}, "yesterday"),
        ({"kind": "steam"}, "steam"),
        ({"avg": "abc"}, "abc"),
        ({"avg": "1e400"}, "inf"),
        ({"flag": "Q"}, "Q"),
        ({"outlet_id": ""}, "outlet_id"),
        ({"factor": ""}, "factor"),
        ({"time": ""}, "time"),
        ({"time": "2026-01-05T00:17:00+08:00"}, "minute"),
        ({"avg": "99999"}, "99999"),
    ],
)
def test_a_bad_row_is_named_and_gone_around(run: Run, change: Row, expected: str) -> None:
    rows = rows_of(plant(days=20))
    rows = [row for row in rows if row["factor"] == "a21026"] + [row for row in rows if row["factor"] != "a21026"]
    rows[50] = {**rows[50], **change}
    run.values(rows)
    code, said = run()
    assert code == 0
    assert "52" in said
    assert expected in said
    assert run.clues() == []


def test_o2_as_a_fraction_is_said_and_not_judged(run: Run) -> None:
    rows = [
        {**row, "avg": f"{float(row['avg']) / 100:.4f}"} if row["factor"] == "a19001" else row
        for row in rows_of(plant(days=20))
    ]
    run.values(rows)
    code, said = run()
    assert code == 0
    assert "a19001" in said
    assert "unit" in said
    assert run.clues() == []


def test_pressure_in_pascal_is_said(run: Run) -> None:
    series = plant(days=20)
    pressure = -150 + 10 * np.sin(np.arange(len(series)))
    series = changed(series, a01013=pressure)
    series.flag["a01013"] = series.flag["a21026"]  # type: ignore[index]
    run.values(rows_of(series))
    code, said = run()
    assert code == 0
    assert "a01013" in said


def test_unknown_factors_do_no_harm(run: Run) -> None:
    rows = rows_of(plant(days=20))
    run.values([*rows, *({**row, "factor": "zz999"} for row in rows[:480])])
    assert run()[0] == 0


def test_all_missing_one_value_and_short_series(run: Run) -> None:
    rows = rows_of(plant(days=20))
    run.values([{**row, "avg": ""} for row in rows])
    assert run()[0] == 0
    assert run.clues() == []
    run.values(rows[:1])
    code, said = run()
    assert code == 0
    assert "T1" in said
    assert run.clues() == []
    run.values(rows[:30])
    assert run()[0] == 0
    assert run.clues() == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "empty"),
        ("outlet_id,kind,time,factor,avg\n", "row 2"),
        ("outlet_id,kind,factor,avg\nT1,gas,a21026,3\n", "time"),
        ("outlet_id,kind,time,factor,avg\nT1,steam,2026-01-01T00:00:00+08:00,a21026,3\n", "steam"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(run: Run, content: str, expected: str) -> None:
    (run.folder / "values.csv").write_text(content, encoding="utf-8")
    code, said = run()
    assert code == 1
    assert expected in said
    assert not (run.folder / "clues.csv").exists()


def test_another_encoding_is_refused(run: Run) -> None:
    run.values(rows_of(plant(days=20)))
    (run.folder / "outlets.csv").write_bytes("outlet_id,industry\nT1,水泥\n".encode("gb18030"))
    code, said = run()
    assert code == 1
    assert "UTF-8" in said


def test_a_missing_file_is_named(run: Run) -> None:
    code, said = run()
    assert code == 1
    assert "values.csv" in said


def test_missing_options_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "detect"]) == 2
    assert "--values" in capsys.readouterr().err


def test_declarations_with_faults_are_named(run: Run) -> None:
    run.values(rows_of(plant(days=20)))
    (run.folder / "declarations.csv").write_text(
        "outlet_id,start,end,type,value\n"
        "T1,2026-01-05T00:00:00+08:00,2026-01-04T00:00:00+08:00,stop,\n"
        "T1,2026-01-05T00:00:00+08:00,2026-01-06T00:00:00+08:00,holiday,\n"
        "T1,2026-01-05T00:00:00+08:00,2026-01-06T00:00:00+08:00,order_cut,-3\n"
        "X9,2026-01-05T00:00:00+08:00,2026-01-06T00:00:00+08:00,stop,\n",
        encoding="utf-8",
    )
    code, said = run("--declarations", str(run.folder / "declarations.csv"))
    assert code == 0
    for expected in ("row 2", "row 3", "holiday", "row 4", "X9"):
        assert expected in said


def test_outlets_with_faults_are_named(run: Run) -> None:
    run.values(rows_of(plant(days=20)))
    (run.folder / "outlets.csv").write_text(
        "outlet_id,kind,factor,limit,range_max\nT1,gas,a21026,many,210\nT1,gas,a21002,-5,300\nT2,gas,a21026,35,210\n",
        encoding="utf-8",
    )
    code, said = run()
    assert code == 0
    for expected in ("row 2", "many", "row 3", "T2", "resolution"):
        assert expected in said


def test_every_pattern_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "detect", "--explain"]) == 0
    text = capsys.readouterr().out
    for pattern in ("P01", "P14", "P30"):
        assert f"### {pattern} " in text


def test_processes_tell_the_same(run: Run) -> None:
    series = flat_plant()
    rows = [row for number in range(3) for row in rows_of(series, f"T{number}")]
    run.values(rows)
    run("--jobs", "1")
    alone = run.clues()
    run("--jobs", "2")
    assert run.clues() == alone
    assert {one["outlet_id"] for one in alone} == {"T0", "T1", "T2"}
