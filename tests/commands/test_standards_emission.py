"""`ecobureau standards emission` and `totals`: tables in, tables out, and bad input by row and column."""

import csv
import io
from pathlib import Path

import pytest

from ecobureau.cli import main

HEAD = "outlet_id,time,factor,avg,flag,zs_avg\n"


def at(hour: int, day: int = 1, month: int = 1) -> str:
    return f"2025-{month:02d}-{day:02d}T{hour:02d}:00:00+08:00"


def day_rows(outlet: str, values: dict[str, float], day: int = 1, month: int = 1, hours: int = 24) -> str:
    return "".join(
        f"{outlet},{at(hour, day, month)},{factor},{value},N,\n"
        for hour in range(hours)
        for factor, value in values.items()
    )


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def run(folder: Path, part: str, text: str, *options: str) -> tuple[int, list[dict[str, str]]]:
    out = folder / "out.csv"
    code = main(["--lang", "en", "standards", part, write(folder, "in.csv", text), str(out), *options])
    return code, table(out) if out.exists() else []


def pick(rows: list[dict[str, str]], level: str, factor: str, when: str = "") -> dict[str, str]:
    found = [one for one in rows if one["level"] == level and one["factor"] == factor and when in one.get("time", "")]
    assert found
    return found[0]


GAS = {"a21026": 20.0, "a19001": 9.0, "a00000": 100.0}


def test_hours_and_days_of_gas(tmp_path: Path):
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,o2_ref,limit\nG1,a21026,6,24\n")
    code, rows = run(tmp_path, "emission", HEAD + day_rows("G1", GAS), "--outlets", outlets)
    assert code == 0
    hour = pick(rows, "hour", "a21026", "T07")
    assert hour["time"] == "2025-01-01T07:00:00+08:00"
    assert (hour["avg"], hour["converted"], hour["converted_by"]) == ("20", "25", "computed")
    assert (hour["flow_m3"], hour["rate_kg_h"], hour["mass_kg"]) == ("360000", "7.2", "7.200000000")
    assert (hour["valid"], hour["coverage"], hour["needed"], hour["state"]) == ("1", "60", "45", "ok")
    assert (hour["limit"], hour["over"]) == ("24", "1")
    day = pick(rows, "day", "a21026")
    assert (day["avg"], day["converted"], day["mass_kg"]) == ("20", "25", "172.800000000")
    assert (day["valid"], day["coverage"], day["needed"]) == ("1", "24", "20")
    oxygen = pick(rows, "hour", "a19001")
    assert (oxygen["avg"], oxygen["unit"], oxygen["mass_kg"], oxygen["converted"]) == ("9", "%", "", "")
    assert len(rows) == 3 * 25


def test_an_industry_of_the_pack_brings_its_oxygen_and_limits(tmp_path: Path):
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,industry\nG1,a21026,power_ultra_low\n")
    _, rows = run(tmp_path, "emission", HEAD + day_rows("G1", GAS), "--outlets", outlets)
    hour = pick(rows, "hour", "a21026")
    assert (hour["converted"], hour["limit"], hour["over"]) == ("25", "35", "0")


def test_substitution_says_its_reason(tmp_path: Path):
    text = (
        HEAD
        + day_rows("G1", GAS, 1)
        + day_rows("G1", GAS, 2).replace(f"{at(5, 2)},a21026,20.0,N", f"{at(5, 2)},a21026,99,C")
    )
    code, rows = run(tmp_path, "emission", text)
    assert code == 0
    hour = pick(rows, "hour", "a21026", "02T05")
    assert (hour["valid"], hour["state"], hour["avg"], hour["mass_kg"]) == ("0", "invalid", "", "")
    assert (hour["substitute_kg"], hour["substitute_by"]) == ("7.200000000", "max_of_valid")
    assert "calibration" in hour["note"] and "29 valid hours before" in hour["note"]
    assert pick(rows, "day", "a21026", "01-02")["substitute_kg"] == "7.200000000"
    # Without a reference oxygen and without a reported value nothing is converted.
    assert pick(rows, "hour", "a21026")["converted"] == ""


def test_guards_of_conversion_are_told(tmp_path: Path):
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,o2_ref\nG1,a21026,6\n")
    text = HEAD + day_rows("G1", GAS)
    text = text.replace(f"{at(3)},a19001,9.0", f"{at(3)},a19001,21").replace(
        f"{at(4)},a21026,20.0", f"{at(4)},a21026,-1"
    )
    text = text.replace(f"G1,{at(5)},a19001,9.0,N,\n", "")
    _, rows = run(tmp_path, "emission", text, "--outlets", outlets)
    high, negative, missing = (pick(rows, "hour", "a21026", f"T0{hour}") for hour in (3, 4, 5))
    assert high["converted"] == "" and "not below that of the combustion air" in high["note"]
    assert (negative["converted"], negative["converted_by"]) == ("-1", "kept_negative")
    assert negative["rate_kg_h"] == "0" and "counts as none emitted" in negative["note"]
    assert missing["converted"] == "" and "no valid oxygen" in missing["note"]
    assert missing["rate_kg_h"] == "7.2"


def test_reported_conversion_is_taken_where_no_oxygen_is_known(tmp_path: Path):
    text = HEAD + "".join(f"G1,{at(hour)},a21026,20,N,30\n" for hour in range(24))
    _, rows = run(tmp_path, "emission", text)
    assert (pick(rows, "hour", "a21026")["converted"], pick(rows, "day", "a21026")["converted_by"]) == (
        "30",
        "reported",
    )


def test_water(tmp_path: Path):
    text = HEAD + day_rows("W1", {"w01018": 40.0, "w01001": 7.0, "w00000": 10.0})
    text = text.replace(f"{at(6)},w01001,7.0", f"{at(6)},w01001,8.5")
    _, rows = run(tmp_path, "emission", text)
    day = pick(rows, "day", "w01018")
    assert (day["avg"], day["flow_m3"], day["mass_kg"], day["unit"]) == ("40", "864", "34.560000000", "mg/L")
    ph = pick(rows, "day", "w01001")
    assert (ph["avg"], ph["min"], ph["max"], ph["mass_kg"]) == ("", "7", "8.5", "")


def test_columns_in_any_order_unknown_ones_kept_where_one_value_holds(tmp_path: Path):
    text = "plant,avg,factor,time,outlet_id,operator\n" + "".join(
        f"East,{value},{factor},{at(hour)},G1,{hour}\n" for hour in range(24) for factor, value in GAS.items()
    )
    code, rows = run(tmp_path, "emission", "\ufeff" + text)
    assert code == 0
    assert {one["plant"] for one in rows} == {"East"}
    assert {one["operator"] for one in rows} == {""}
    assert pick(rows, "hour", "a21026")["valid"] == "1"


def test_2005_codes_slashes_and_times_without_zone(tmp_path: Path):
    text = HEAD + "W1,2025/1/1 0:00,011,40,N,\nW1,2024-12-31T16:00:00Z,w00000,10,N,\n"
    _, rows = run(tmp_path, "emission", text)
    hour = pick(rows, "hour", "w01018")
    assert (hour["time"], hour["mass_kg"]) == (at(0), "1.440000000")


def test_bad_cells_are_told_by_row_and_column_and_nothing_is_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = day_rows("G1", GAS).splitlines(keepends=True)
    rows[0] = rows[0].replace("20.0", "2o.0")
    rows[3] = rows[3].replace(at(1), "yesterday")
    rows[6] = rows[6].replace("G1", " ")
    rows[9] = rows[9].replace(",N,", ",N")
    rows.append(f"G1,{at(2)},,5,N,\n")
    code, out = run(tmp_path, "emission", HEAD + "".join(rows))
    told = capsys.readouterr().err
    assert code == 3
    assert "row 2" in told.lower() and "avg" in told and "2o.0" in told
    assert "row 5" in told.lower() and "time" in told and "yesterday" in told
    assert "row 8" in told.lower() and "outlet_id" in told
    assert "row 11" in told.lower()
    assert "row 74" in told.lower() and "factor" in told
    first = pick(out, "hour", "a21026", "T00")
    assert (first["avg"], first["valid"], first["state"]) == ("", "0", "invalid")
    assert [pick(out, "hour", "a21026", f"T0{hour}")["state"] for hour in (1, 2, 3)] == ["missing"] * 3
    assert pick(out, "hour", "a21026", "T04")["valid"] == "1"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 1, "is empty"),
        ("outlet_id,time,factor\n", 2, "avg"),
        ("outlet_id,time,factor,avg,avg\n", 2, "avg"),
        (HEAD + 'G1,"2025', 1, "CSV"),
    ],
)
def test_files_that_cannot_be_used(
    text: str, code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for part in ("emission", "totals"):
        found, rows = run(tmp_path, part, text)
        told = capsys.readouterr().err
        assert (found, rows) == (code, []), part
        assert words in told and "Traceback" not in told
        assert list(tmp_path.iterdir()) == [tmp_path / "in.csv"]


def test_an_empty_table_has_only_its_header(tmp_path: Path):
    assert run(tmp_path, "emission", HEAD) == (0, [])
    assert run(tmp_path, "totals", HEAD) == (0, [])


def test_no_such_file_and_bad_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--lang", "en", "standards", "totals", str(tmp_path / "no.csv"), "-"]) == 1
    assert "no.csv" in capsys.readouterr().err
    assert run(tmp_path, "emission", HEAD, "--start", "soon")[0] == 2
    assert "soon" in capsys.readouterr().err
    assert run(tmp_path, "emission", HEAD, "--start", "2025-02-01", "--end", "2025-01-01")[0] == 2
    assert run(tmp_path, "totals", HEAD, "--levels", "week")[0] == 2
    assert "week" in capsys.readouterr().err


def test_times_too_far_apart_leave_the_outlet_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = HEAD + day_rows("G1", GAS) + f"G2,{at(0)},a21026,5,N,\nG2,2125-01-01T00:00:00+08:00,a21026,5,N,\n"
    text += "G3,1999-01-01T00:00:00+08:00,a21026,5,N,\n"
    code, rows = run(tmp_path, "emission", text)
    told = capsys.readouterr().err
    assert code == 3
    assert {one["outlet_id"] for one in rows} == {"G1"}
    assert "G2" in told and "G3" in told and "1999-01-01" in told


def test_other_factors_are_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = HEAD + day_rows("G1", GAS | {"pw_prod": 5.0})
    code, rows = run(tmp_path, "emission", text)
    assert code == 0 and {one["factor"] for one in rows} == GAS.keys()
    assert "pw_prod, 24 rows" in capsys.readouterr().err


def test_a_unit_other_than_the_table_s_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = HEAD + day_rows("W1", {"w20111": 2.0, "w00000": 10.0})
    _, rows = run(tmp_path, "emission", text)
    assert "w20111" in capsys.readouterr().err
    assert pick(rows, "day", "w20111")["mass_kg"] == "1.728000000"
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,unit\nW1,w20111,ug/L\n")
    _, rows = run(tmp_path, "emission", text, "--outlets", outlets)
    assert "w20111" not in capsys.readouterr().err
    assert (pick(rows, "day", "w20111")["mass_kg"], pick(rows, "day", "w20111")["unit"]) == ("0.001728000", "µg/L")


def test_bad_outlets_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = "outlet_id,factor,o2_ref,limit,unit,flow\nG1,a21026,21,x,kg,wet\n,a21026,6,,,\n"
    code, rows = run(tmp_path, "emission", HEAD + day_rows("G1", GAS), "--outlets", write(tmp_path, "o.csv", lines))
    told = capsys.readouterr().err
    assert code == 3 and told.lower().count("row 2") == 4 and "row 3" in told.lower()
    assert pick(rows, "hour", "a21026")["converted"] == ""


def test_checks_stops_and_hand_samples(tmp_path: Path):
    text = HEAD + "".join(day_rows("G1", GAS, day) for day in (1, 2, 3))
    text += "".join(day_rows("W1", {"w01018": 40.0, "w00000": 10.0}, day) for day in (1, 2))
    text += "".join(f"W1,{at(hour, 3)},w00000,10,N,\n" for hour in range(24))
    text = "".join(line for line in text.splitlines(keepends=True) if f"G1,{at(4, 3)}" not in line)
    checks = "outlet_id,factor,time,passed\n" + "".join(
        f"G1,a21026,{at(hour, 2)},{passed}\n" for hour, passed in ((0, 1), (6, 0), (9, 1))
    )
    stops = f"outlet_id,start,end,type\nG1,{at(4, 3)},{at(5, 3)},stop\n"
    manual = "outlet_id,factor,time,value\n" + "".join(f"W1,w01018,{at(hour, 3)},60\n" for hour in (1, 7, 13, 19))
    options = ["--checks", write(tmp_path, "c.csv", checks), "--declarations", write(tmp_path, "d.csv", stops)]
    code, rows = run(tmp_path, "emission", text, *options, "--manual", write(tmp_path, "m.csv", manual))
    assert code == 0
    hours = [one for one in rows if one["level"] == "hour" and one["factor"] == "a21026"]
    assert [one["time"] for one in hours if one["state"] == "out_of_control"] == [at(hour, 2) for hour in range(9)]
    assert [one["time"] for one in hours if one["state"] == "stopped"] == [at(4, 3)]
    by_hand = pick(rows, "hour", "w01018", "03T05")
    assert (by_hand["substitute"], by_hand["substitute_kg"], by_hand["substitute_by"]) == (
        "60",
        "2.160000000",
        "manual",
    )


PERMITS = "outlet_id,factor,period,permitted_kg\n"


def month(outlet: str, number: int, days: int) -> str:
    return "".join(day_rows(outlet, GAS, day, number) for day in range(1, days + 1))


def test_totals_against_permits(tmp_path: Path):
    text = HEAD + month("G1", 1, 31) + month("G1", 2, 10)
    permits = PERMITS + "G1,a21026,2025-01,5356.8\nG1,a21026,month,1800\nG1,a21026,year,9000\n"
    code, rows = run(tmp_path, "totals", text, "--permits", write(tmp_path, "p.csv", permits))
    assert code == 0
    by = {(one["level"], one["period"]): one for one in rows}
    assert len(rows) == 41 + 2 + 1 + 1
    january, february, year = by["month", "2025-01"], by["month", "2025-02"], by["year", "2025"]
    assert (january["total_kg"], january["total_t"]) == ("5356.800000000", "5.356800")
    assert (january["permitted_kg"], january["verdict"], january["excess_kg"]) == ("5356.8", "warn_100", "0.000000000")
    assert (february["total_kg"], february["permitted_kg"], february["verdict"]) == (
        "1728.000000000",
        "1800",
        "warn_95",
    )
    assert float(february["forecast_kg"]) == pytest.approx(28 * 172.8)
    assert float(year["forecast_kg"]) == pytest.approx(365 * 172.8)
    assert january["forecast_kg"] == ""
    assert (january["should"], january["received"], january["effective"]) == ("744", "744", "1")
    assert sum(float(one["total_kg"]) for one in rows if one["level"] == "day") == pytest.approx(
        float(year["total_kg"])
    )
    assert "10 days" in february["note"]


def test_over_the_permit(tmp_path: Path):
    permits = PERMITS + "G1,a21026,2025-01-01,100\n"
    _, rows = run(tmp_path, "totals", HEAD + month("G1", 1, 2), "--permits", write(tmp_path, "p.csv", permits))
    first = rows[0]
    assert (first["verdict"], first["excess_kg"], first["multiple"]) == ("over", "72.800000000", "0.728")
    assert "72.800 kg" in first["note"]
    assert rows[1]["verdict"] == ""


def test_too_much_missing_makes_a_quarter_unusable(tmp_path: Path):
    text = HEAD + month("G1", 1, 20) + "".join(day_rows("G1", GAS, 31, 3) for _ in range(1))
    _, rows = run(tmp_path, "totals", text)
    by = {(one["level"], one["period"]): one for one in rows}
    quarter = by["quarter", "2025-Q1"]
    assert (quarter["usable"], quarter["valid_hours"], quarter["lost_hours"]) == ("0", "504", "1656")
    assert "direct discharge" in quarter["note"] and "2025-Q1" in by["year", "2025"]["note"]


def test_twelve_months_in_a_row(tmp_path: Path):
    lines = [HEAD]
    for number in range(1, 13):
        lines.append(day_rows("G1", GAS, 1, number))
    lines.append("".join(day_rows("G1", GAS, 31, 12)))
    permits = PERMITS + "G1,a21026,12m,100\n"
    _, rows = run(
        tmp_path, "totals", "".join(lines), "--permits", write(tmp_path, "p.csv", permits), "--levels", "year,12m"
    )
    year, rolling = rows
    assert (rolling["level"], rolling["period"]) == ("12m", "2025-01/2025-12")
    assert rolling["total_kg"] == year["total_kg"] and rolling["verdict"] == "over"


def test_bad_permits(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    permits = PERMITS + "G1,a21026,soon,5\nG1,a21026,year,-1\nG1,a21026,year,\nG1,a21026,2025,7\nG1,a21026,2025,8\n"
    permits += ",a21026,year,1\nG9,a21026,year,1\nG1,a21026,2025-13,4\n"
    code, rows = run(tmp_path, "totals", HEAD + month("G1", 1, 1), "--permits", write(tmp_path, "p.csv", permits))
    told = capsys.readouterr().err.lower()
    assert code == 3
    for row in (2, 3, 4, 6, 7, 9):
        assert f"row {row}" in told, row
    assert "row 5" not in told and "g9 a21026" in told
    assert [one["permitted_kg"] for one in rows if one["level"] == "year"] == ["7"]


def test_no_flow_no_total(tmp_path: Path):
    _, rows = run(tmp_path, "totals", HEAD + day_rows("G1", {"a21026": 20.0}))
    assert {one["total_kg"] for one in rows} == {""} and "no flow" in rows[0]["note"]


def test_many_rows_are_put_away_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from ecobureau.commands.standards import emission_rows
    from ecobureau.commands.standards import table as tables

    text = HEAD + "".join(day_rows(outlet, GAS, day) for day in range(1, 6) for outlet in ("G1", "G2", "G3"))
    _, whole = run(tmp_path, "totals", text)
    monkeypatch.setattr(emission_rows, "_KEPT_IN_MEMORY", 50)
    monkeypatch.setattr(tables.InTable.chunks, "__defaults__", (40,))
    _, parted = run(tmp_path, "totals", text)
    assert parted == whole and len(whole) == 3 * 8


def test_stdin_and_stdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]):
    data = (HEAD + day_rows("G1", GAS)).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["standards", "totals", "-", "-", "--levels", "day"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert out.startswith("level,outlet_id,factor,period") and "172.800000000" in out


def check(folder: Path, text: str, *options: str) -> int:
    return main(["--lang", "en", "standards", "check", write(folder, "in.csv", text), "--against", "zs_avg", *options])


def test_check_lists_differing_conversions_with_their_derivation(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,o2_ref\nG1,a21026,6\n")
    text = (
        HEAD
        + f"G1,{at(0)},a21026,20,N,25.0\nG1,{at(0)},a19001,9,N,\nG1,{at(1)},a21026,20,N,31\nG1,{at(1)},a19001,9,N,\n"
    )
    assert check(tmp_path, text, "--outlets", outlets) == 3
    told = capsys.readouterr().out
    assert "31" in told and "(21 − 9)" in told and "D.2.3 (28)" in told
    assert check(tmp_path, text.replace(",31", ",25"), "--outlets", outlets) == 0
    capsys.readouterr()
    assert check(tmp_path, text) == 2
    assert "--outlets" in capsys.readouterr().err


def test_wild_numbers_do_not_spoil_the_sum(tmp_path: Path):
    text = HEAD + day_rows("G1", GAS).replace(f"{at(3)},a21026,20.0", f"{at(3)},a21026,1e300")
    code, rows = run(tmp_path, "totals", text, "--levels", "day")
    assert code == 0
    assert (rows[0]["measured_kg"], rows[0]["valid_hours"]) == ("165.600000000", "23")
    text = HEAD + day_rows("W1", {"w01018": 40.0, "w00000": 10.0}).replace(
        f"{at(3)},w00000,10.0", f"{at(3)},w00000,1e300"
    )
    _, rows = run(tmp_path, "totals", text, "--levels", "day")
    assert rows[0]["valid_hours"] == "23"


def test_furnace_temperature_of_incinerators(tmp_path: Path):
    def rows_of(low: int) -> str:
        lines = [
            f"F1,2025-01-01T{step // 12:02d}:{step % 12 * 5:02d}:00+08:00,a01901,{849 if step < low else 900},N,\n"
            for step in range(288)
        ]
        return HEAD + "".join(lines)

    outlets = write(tmp_path, "o.csv", "outlet_id,factor,industry\nF1,a01901,incineration\n")
    for low, over in ((5, "0"), (6, "1")):
        _, rows = run(tmp_path, "emission", rows_of(low), "--outlets", outlets)
        day = pick(rows, "day", "a01901")
        assert (day["limit"], day["over"]) == ("850", over)
        assert f"{low} of 288 5-min means below 850" in day["note"]
    _, rows = run(tmp_path, "emission", rows_of(6))
    assert pick(rows, "day", "a01901")["over"] == ""


def test_a_level_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(tmp_path, "emission", HEAD, "--levels", "week") == (2, [])
    assert "week" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("words", [["standards", "emission"], ["standards", "totals"], ["import"]])
def test_help(words: list[str], lang: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main(["--lang", lang, *words, "--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "emission." not in said and "history." not in said and len(said) > 500


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:00Z", "0001-01-01", "1969-12-31 23:00", "20250101", "12:00", "2025-02-30"]
)
def test_times_that_are_none(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code, rows = run(tmp_path, "totals", HEAD + f"G1,{text},a21026,5,N,\n" + day_rows("G1", GAS), "--levels", "year")
    assert code == 3
    assert text in capsys.readouterr().err
    assert rows[0]["valid_hours"] == "24"


@pytest.mark.parametrize("text", ["1_0", "1e999", "inf", "+-5", "1,5", "٣x"])
def test_numbers_that_are_none(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = HEAD + day_rows("G1", GAS).replace(f"{at(3)},a21026,20.0", f'{at(3)},a21026,"{text}"')
    code, rows = run(tmp_path, "emission", lines)
    assert code == 3
    assert text in capsys.readouterr().err
    assert pick(rows, "hour", "a21026", "T03")["state"] == "invalid"


def test_a_step_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,step_minutes\nG1,a21026,7\n")
    code, rows = run(tmp_path, "emission", HEAD + day_rows("G1", GAS), "--outlets", outlets)
    assert code == 3 and "step_minutes" in capsys.readouterr().err
    assert pick(rows, "hour", "a21026")["valid"] == "1"


def test_conversion_of_samples_or_of_means(tmp_path: Path):
    outlets = write(tmp_path, "o.csv", "outlet_id,factor,o2_ref\nG1,a21026,6\n")
    text = HEAD + "".join(
        f"G1,2025-01-01T00:{minute:02d}:00+08:00,{factor},{value},N,\n"
        for minute in range(0, 60, 10)
        for factor, value in (("a21026", 10 if minute < 30 else 40), ("a19001", 6 if minute < 30 else 13.5))
    )
    _, rows = run(tmp_path, "emission", text, "--outlets", outlets)
    assert float(pick(rows, "hour", "a21026")["converted"]) == pytest.approx(25 * 15 / (21 - 9.75))
    _, rows = run(tmp_path, "emission", text, "--outlets", outlets, "--convert", "samples")
    assert float(pick(rows, "hour", "a21026")["converted"]) == pytest.approx((10 + 80) / 2)


def test_flow_at_stack_conditions_and_days_by_share(tmp_path: Path):
    state = GAS | {"a01012": 273.0, "a01013": 0.0, "a01014": 0.0}
    _, rows = run(tmp_path, "emission", HEAD + day_rows("G1", state), "--flow", "actual")
    assert pick(rows, "hour", "a21026")["flow_m3"] == "180000"
    stopped = day_rows("G1", GAS).replace(",N,", ",F,", 30)
    _, rows = run(tmp_path, "emission", HEAD + stopped)
    assert (pick(rows, "day", "a21026")["valid"], pick(rows, "day", "a21026")["needed"]) == ("0", "20")
    _, rows = run(tmp_path, "emission", HEAD + stopped, "--day-rule", "share")
    day = pick(rows, "day", "a21026")
    assert (day["valid"], day["needed"], day["avg"], day["mass_kg"]) == ("1", "11", "20", "100.800000000")
