"""`ecobureau standards noise`: minutes from seconds, gaps, repetitions, spellings of time, bad input."""

import csv
import io
import math
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ecobureau.cli import main

SHARED = Path(os.environ.get("ECOBUREAU_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
SECONDS, MINUTES = SHARED / "noise_laeq_1s.csv", SHARED / "noise_laeq_1min.csv"
START = datetime(2025, 3, 22)  # noqa: DTZ001 -- local time without a zone, as files carry it


def run(tmp_path, text, *more, lang="zh"):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    code = main(["--lang", lang, "standards", "noise", str(source), str(target), *more])
    return code, list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8")))) if target.exists() else None


def series(count, step=1, level=lambda at: 50.0 + at % 7, form="%Y-%m-%d %H:%M:%S", head="time,laeq_1s_db"):
    rows = [f"{(START + timedelta(seconds=at * step)).strftime(form)},{level(at)}" for at in range(count)]
    return "\n".join([head, *rows, ""])


def of(rows, kind):
    return [row for row in rows if row["period_kind"] == kind]


def energy(levels):
    return 10 * math.log10(math.fsum(10 ** (level / 10) for level in levels) / len(levels))


def test_a_minute_is_the_energy_mean_of_its_seconds(tmp_path):
    code, rows = run(tmp_path, series(180))
    assert code == 0
    minutes = of(rows, "minute")
    assert [row["start"][-8:] for row in minutes] == ["00:00:00", "00:01:00", "00:02:00"]
    for at, row in enumerate(minutes):
        levels = [50.0 + second % 7 for second in range(60 * at, 60 * at + 60)]
        assert float(row["laeq"]) == pytest.approx(energy(levels), abs=1e-9)
        assert (row["lmin"], row["lmax"], row["valid_share"]) == ("50.0", "56.0", "1")
    assert len(of(rows, "hour")) == 1
    assert of(rows, "hour")[0]["valid"] == "0"


def test_order_repetitions_and_gaps(tmp_path):
    lines = series(120).splitlines()
    kept = [lines[0], *reversed(lines[1:61]), *lines[1:11], *lines[91:]]
    code, rows = run(tmp_path, "\n".join(kept), lang="en")
    assert code == 0
    first, second = of(rows, "minute")
    assert (first["count"], first["valid_share"]) == ("60", "1")
    assert (second["count"], second["valid_share"], second["valid"]) == ("30", "0.5", "0")
    assert "30 values missing" in second["note"]


def test_rows_that_contradict_each_other_are_told_and_count_neither(tmp_path, capsys):
    text = series(60) + "2025-03-22 00:00:05,90\n"
    code, rows = run(tmp_path, text)
    assert code == 3
    assert of(rows, "minute")[0]["count"] == "59"
    said = capsys.readouterr().err
    assert "7" in said and "62" in said


@pytest.mark.parametrize("form", ["%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S+08:00", "%Y%m%d%H%M%S"])
def test_spellings_of_time(tmp_path, form):
    assert run(tmp_path, series(60, form=form))[1] == run(tmp_path, series(60))[1]


def test_an_offset_is_brought_to_local_time(tmp_path):
    _, rows = run(tmp_path, "time,leq\n2025-03-21T16:00:00Z,50\n2025-03-21T16:00:01Z,50\n")
    assert of(rows, "minute")[0]["start"] == "2025-03-22 00:00:00"


def test_minute_values_give_hours_and_days_as_their_energy_mean(tmp_path):
    text = series(
        48 * 60, step=60, level=lambda at: 60.0 if 360 <= at % 1440 < 1320 else 50.0, head="time,laeq_1min_db"
    )
    code, rows = run(tmp_path, text)
    assert code == 0
    assert [round(float(row["laeq"]), 9) for row in of(rows, "Ld")] == [60.0, 60.0]
    assert [round(float(row["laeq"]), 9) for row in of(rows, "Ldn")] == [60.0, 60.0]
    assert [row["start"] for row in of(rows, "Ln")] == [f"2025-03-{day} 22:00:00" for day in (21, 22, 23)]
    assert [row["valid"] for row in of(rows, "Ln")] == ["1", "1", "0"]
    assert of(rows, "minute")[0]["l10"] == ""


def test_times_that_mark_the_end(tmp_path):
    text = series(60, step=60, head="time,leq").replace("2025-03-22 00:00:00,50.0\n", "") + "2025-03-22 01:00:00,50.0\n"
    assert of(run(tmp_path, text, "--stamp", "end")[1], "hour")[0]["count"] == "60"
    assert len(of(run(tmp_path, text)[1], "hour")) == 2


def test_the_citys_own_night(tmp_path):
    text = series(24 * 60, step=60, head="time,leq")
    _, rows = run(tmp_path, text, "--night", "23:00-07:00", "--periods", "Ld,Ln")
    assert {row["start"][-8:] for row in of(rows, "Ld")} == {"07:00:00"}
    assert {row["period_kind"] for row in rows} == {"Ld", "Ln"}


@pytest.mark.parametrize("night", ["22:00-07:00", "22:00", "a-b", "25:00-09:00"])
def test_a_night_of_another_length_is_refused(tmp_path, capsys, night):
    code, rows = run(tmp_path, series(60), "--night", night)
    assert (code, rows) == (2, None)
    assert capsys.readouterr().err.strip()


def test_marks_wind_and_rain_rule_rows_out(tmp_path):
    head = "time,leq,flag,wind_speed,rain"
    cells = ["N,1,0", "M,1,0", "N,5.1,0", "N,1,0.2", ",,", "N,5.0,否"]
    rows = [f"2025-03-22 00:00:{at:02d},50,{cell}" for at, cell in enumerate(cells)]
    code, found = run(tmp_path, "\n".join([head, *rows, ""]))
    assert (code, of(found, "minute")[0]["count"]) == (0, "3")


def test_places_are_kept_apart(tmp_path):
    text = "time,leq,point\n2025-03-22 00:00:00,50,a\n2025-03-22 00:00:00,60,b\n2025-03-22 00:00:01,50,a\n"
    code, rows = run(tmp_path, text, "--by", "point", "--periods", "minute")
    assert code == 0
    assert [(row["point"], row["count"]) for row in rows] == [("a", "2"), ("b", "1")]


def test_rounding_when_asked(tmp_path):
    _, rows = run(tmp_path, series(60), "--digits", "1")
    assert of(rows, "minute")[0]["laeq"] == f"{energy([50.0 + at % 7 for at in range(60)]):.1f}"


@pytest.mark.parametrize(
    ("cell", "column"),
    [("2025-03-22 00:00:70,50", "time"), ("yesterday,50", "time"), ("2025-03-22 00:00:05,loud", "leq")],
)
def test_bad_cells_are_told_and_the_rest_is_computed(tmp_path, capsys, cell, column):
    code, rows = run(tmp_path, f"time,leq\n2025-03-22 00:00:00,50\n{cell}\n2025-03-22 00:00:02,50\n")
    assert code == 3
    assert of(rows, "minute")[0]["count"] == "2"
    said = capsys.readouterr().err
    assert "3" in said and column in said


@pytest.mark.parametrize("missing", ["", "-", "--", "-1", "-999", "*", "NA"])
def test_placeholders_are_missing_not_bad(tmp_path, missing):
    code, rows = run(
        tmp_path, f"time,leq\n2025-03-22 00:00:00,50\n2025-03-22 00:00:01,{missing}\n2025-03-22 00:00:02,50\n"
    )
    assert (code, of(rows, "minute")[0]["count"]) == (0, "2")


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "time,x\n2025-03-22 00:00:00,1\n", "time,leq,laeq_1s_db\n,,\n", "time,leq\n"]
)
def test_files_that_are_no_series_are_refused(tmp_path, capsys, text):
    code, rows = run(tmp_path, text)
    assert code in (1, 2)
    assert not rows
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("more", [("--periods", "week"), ("--interval", "0")])
def test_wrong_usage_is_refused(tmp_path, more):
    assert run(tmp_path, series(60), *more) == (2, None)


def test_check_recomputes_ldn(tmp_path, capsys):
    source = tmp_path / "in.csv"
    source.write_text("ld,ln,ldn\n60,50,60.0\n60,50,61.0\n,50,\n")
    assert main(["--lang", "en", "standards", "check", str(source), "--against", "ldn"]) == 3
    assert "61.0" in capsys.readouterr().out


@pytest.mark.skipif(not SECONDS.exists(), reason="the measured data are not here (ECOBUREAU_SHARED)")
def test_measured_minutes_are_met(tmp_path):
    target = tmp_path / "out.csv"
    assert main(["standards", "noise", str(SECONDS), str(target), "--periods", "minute"]) == 0
    measured = {row["time"]: float(row["laeq_1min_db"]) for row in csv.DictReader(MINUTES.open())}
    rows = list(csv.DictReader(target.open()))
    assert len(rows) == 720
    for row in rows:
        middle = datetime.fromisoformat(row["start"]) + timedelta(seconds=30)
        assert abs(float(row["laeq"]) - measured[middle.strftime("%Y-%m-%d %H:%M:%S")]) < 1e-9
