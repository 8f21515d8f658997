"""`ecobureau standards aqi` and `check`, run as a person runs them."""

import csv
import io
import os
from pathlib import Path

import pytest

from ecobureau.cli import main
from ecobureau.words import language, set_language

SHARED = Path(os.environ.get("ECOBUREAU_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
HOURLY = "time,station_code,pm2_5_1h,pm10_1h,so2_1h,no2_1h,co_1h,o3_1h\n"
DAILY = "date,city,pm2_5,pm10,so2,no2,co,o3_8h_max\n"
ADDED = [
    "aqi",
    "primary",
    "category",
    "iaqi_pm2_5",
    "iaqi_pm10",
    "iaqi_so2",
    "iaqi_no2",
    "iaqi_co",
    "iaqi_o3",
    "aqi_note",
    "aqi_edition",
]


@pytest.fixture(autouse=True)
def _language_back():  # type: ignore[no-untyped-def]
    before = language()
    yield
    set_language(before)


def aqi(tmp_path: Path, text: str | bytes, *options: str) -> tuple[int, list[dict[str, str]]]:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    code = main(["standards", "aqi", str(source), str(target), *options])
    if not target.exists():
        return code, []
    with target.open(encoding="utf-8", newline="") as file:
        return code, list(csv.DictReader(file))


def test_an_hour_of_each_edition(tmp_path: Path) -> None:
    text = HOURLY + "2026-02-28T23:00:00,1A,76,70,9,30,0.8,62\n2026-03-01T00:00:00,1B,76,70,9,30,0.8,62\n"
    code, rows = aqi(tmp_path, text, "--kind", "hourly")
    assert code == 0
    assert list(rows[0])[8:] == ADDED
    assert [rows[0][name] for name in ADDED] == [
        "102", "细颗粒物(PM2.5)", "轻度污染", "102", "60", "3", "15", "8", "20", "", "2012",
    ]  # fmt: skip
    assert (rows[1]["aqi"], rows[1]["iaqi_pm10"], rows[1]["aqi_edition"]) == ("115", "65", "2026")


def test_a_day_with_ozone_first(tmp_path: Path) -> None:
    code, rows = aqi(tmp_path, DAILY + "2022-05-31,天津,25,70,12,29,0.6,200\n", "--kind", "daily")
    assert code == 0
    assert (rows[0]["aqi"], rows[0]["primary"], rows[0]["category"]) == ("137", "臭氧8小时", "轻度污染")
    assert rows[0]["city"] == "天津"


def test_columns_in_any_order_others_kept_with_a_byte_order_mark(tmp_path: Path) -> None:
    text = '\ufeffo3_8h_max, CO ,"备注",date,no2,so2,pm10,pm2_5\n200,0.6,"a, b\nc",2022-05-31,29,12,70,25\n'
    code, rows = aqi(tmp_path, text, "--kind", "daily")
    assert code == 0
    assert rows[0]["备注"] == "a, b\nc"
    assert rows[0]["aqi"] == "137"


def test_ties_are_listed_together(tmp_path: Path) -> None:
    _, rows = aqi(tmp_path, HOURLY + "2019-07-18 12:00,1A,43,70,,,,\n", "--kind", "hourly")
    assert (rows[0]["aqi"], rows[0]["primary"]) == ("60", "颗粒物(PM10),细颗粒物(PM2.5)")


@pytest.mark.parametrize("blank", ["", "—", "NA", "null", " - ", "/"])
def test_without_both_particles_there_is_no_index(tmp_path: Path, blank: str) -> None:
    text = HOURLY + f"2019-07-18T12:00:00,1A,{blank},{blank},9,30,0.8,162\n"
    code, rows = aqi(tmp_path, text, "--kind", "hourly")
    assert code == 0
    assert [rows[0][name] for name in ADDED[:3]] == ["", "", ""]
    assert rows[0]["iaqi_o3"] == "53"
    assert rows[0]["aqi_note"] == "PM10 和 PM2.5 均缺失，不发布 AQI；缺：颗粒物(PM10)、细颗粒物(PM2.5)"


def test_one_missing_item_before_2026_and_after(tmp_path: Path) -> None:
    text = HOURLY + (
        "2026-02-28T12:00:00,1A,38,,9,30,0.8,62\n2026-03-02T12:00:00,1A,38,,9,30,0.8,62\n"
        "2026-03-02T13:00:00,1A,61,,9,30,0.8,62\n2026-03-02T14:00:00,1A,,,,,,\n"
    )
    code, rows = aqi(tmp_path, text, "--kind", "hourly")
    assert code == 0
    assert [row["aqi"] for row in rows] == ["54", "NA", "101", ""]
    assert [row["category"] for row in rows] == ["良", "", "轻度污染", ""]
    assert rows[1]["iaqi_pm2_5"] == "56"
    assert "5.3.1" in rows[1]["aqi_note"]
    assert rows[2]["aqi_note"] == "有缺项，AQI 由其余项目得出；缺：颗粒物(PM10)"
    assert rows[3]["aqi_note"] == "没有任何项目的浓度"


def test_an_item_outside_the_plan_does_not_withhold_the_index(tmp_path: Path) -> None:
    text = "time,pm2_5_1h,pm10_1h,no2_1h,co_1h,o3_1h\n2026-03-02T12:00:00,38,40,30,0.8,62\n"
    code, rows = aqi(tmp_path, text, "--kind", "hourly", "--not-planned", "so2")
    assert code == 0
    assert (rows[0]["aqi"], rows[0]["iaqi_so2"]) == ("56", "")
    assert "5.3.2" in rows[0]["aqi_note"]


def test_zero_is_a_value_in_an_hour_and_a_blank_in_a_day(tmp_path: Path) -> None:
    _, hours = aqi(tmp_path, HOURLY + "2018-02-20T07:00:00,1A,0,7,3,8,0.2,83\n", "--kind", "hourly")
    assert (hours[0]["aqi"], hours[0]["iaqi_pm2_5"], hours[0]["aqi_note"]) == ("26", "0", "")
    day = DAILY + "2018-04-02,天津,0,0,12,45,1.2,163\n"
    _, days = aqi(tmp_path, day, "--kind", "daily")
    assert (days[0]["aqi"], days[0]["iaqi_pm10"]) == ("", "")
    assert "0 表示没有数据或已扣除" in days[0]["aqi_note"]
    _, taken = aqi(tmp_path, day, "--kind", "daily", "--zero", "value")
    assert (taken[0]["aqi"], taken[0]["iaqi_pm10"]) == ("103", "0")


def test_above_the_last_breakpoint(tmp_path: Path) -> None:
    text = HOURLY.replace("time", "time,so2_24h", 1) + (
        "2018-02-20T07:00:00,1600,1A,10,1985,801,8,0.2,83\n2018-02-20T07:00:00,,1A,10,20,801,8,0.2,83\n"
    )
    code, rows = aqi(tmp_path, text, "--kind", "hourly")
    assert code == 0
    assert (rows[0]["aqi"], rows[0]["category"], rows[0]["iaqi_so2"]) == ("500", "严重污染", "300")
    assert "超过最高断点" in rows[0]["aqi_note"]
    assert rows[1]["iaqi_so2"] == ""
    assert "没有分指数：二氧化硫" in rows[1]["aqi_note"]


@pytest.mark.parametrize(
    ("bad", "mend"),
    [("abc", "应为数字"), ("-5", "不能为负数"), ("1,2", "应为数字"), ("inf", "应为数字"), ("3 7", "应为数字")],
)
def test_a_bad_cell_is_reported_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str, mend: str
) -> None:
    text = HOURLY + f'2019-07-18T12:00:00,1A,"{bad}",40,9,30,0.8,162\n2019-07-18T12:00:00,1B,38,40,9,30,0.8,162\n'
    code, rows = aqi(tmp_path, text, "--kind", "hourly")
    assert code == 3
    assert [rows[0][name] for name in ADDED[:4]] == ["", "", "", ""]
    assert rows[0]["pm2_5_1h"] == bad
    assert "pm2_5_1h" in rows[0]["aqi_note"]
    assert rows[1]["aqi"] == "54"
    said = capsys.readouterr().err
    assert f"第 2 行，列 pm2_5_1h：“{bad}”" in said
    assert mend in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        ("2018-02-20", "2012"),
        ("2018/2/20 7:00", "2012"),
        ("20180220", "2012"),
        ("2018022007", "2012"),
        ("2018年2月20日7时", "2012"),
        ("2026.3.1", "2026"),
        ("2026-02-28 24:00", "2012"),
        ("2026-02-28T17:00:00Z", "2026"),
        ("2026-03-01T00:30:00+08:00", "2026"),
    ],
)
def test_days_in_the_ways_tables_write_them(tmp_path: Path, day: str, edition: str) -> None:
    code, rows = aqi(tmp_path, DAILY + f"{day},天津,25,70,12,29,0.6,200\n", "--kind", "daily")
    assert code == 0
    assert rows[0]["aqi_edition"] == edition
    assert rows[0]["aqi"] == "137"


@pytest.mark.parametrize(
    "day", ["", "03/04/2026", "2026-13-01", "2026-02-30", "2026-03-01 25:00", "gestern", "1999-01-01"]
)
def test_a_day_that_cannot_be_read_gives_no_index(tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str) -> None:
    code, rows = aqi(tmp_path, DAILY + f"{day},天津,25,70,12,29,0.6,200\n", "--kind", "daily")
    assert code == 3
    assert rows[0]["aqi"] == rows[0]["aqi_edition"] == ""
    assert rows[0]["aqi_note"]
    assert "第 2 行，列 date" in capsys.readouterr().err
    code, rows = aqi(tmp_path, DAILY + f"{day},天津,25,70,12,29,0.6,200\n", "--kind", "daily", "--edition", "2012")
    assert (code, rows[0]["aqi"]) == (0, "137")


def test_without_a_column_of_days_the_edition_must_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "pm2_5,pm10,so2,no2,co,o3_8h_max\n76,70,12,29,0.6,100\n"
    code, rows = aqi(tmp_path, text, "--kind", "daily")
    assert (code, rows) == (2, [])
    assert "--edition" in capsys.readouterr().err
    assert aqi(tmp_path, text, "--kind", "daily", "--edition", "2012")[1][0]["aqi"] == "102"
    assert aqi(tmp_path, text, "--kind", "daily", "--edition", "2026")[1][0]["aqi"] == "115"


def test_days_in_a_named_column_or_in_three(tmp_path: Path) -> None:
    named = "when,pm2_5,pm10,so2,no2,co,o3_8h_max\n2026-05-01,76,70,12,29,0.6,100\n"
    assert aqi(tmp_path, named, "--kind", "daily", "--time-column", "when")[1][0]["aqi"] == "115"
    three = "year,month,day,pm2_5,pm10,so2,no2,co,o3_8h_max\n2026,5,1,76,70,12,29,0.6,100\n"
    assert aqi(tmp_path, three, "--kind", "daily")[1][0]["aqi"] == "115"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 1, "是空的"),
        ("\n\n", 1, "是空的"),
        ("date,pm2_5\n2020-01-01,5\n", 2, "缺少列：pm10, so2, no2, co, o3_8h_max"),
        (DAILY.replace("city", "pm10"), 2, "出现不止一次：pm10"),
        (DAILY + '2020-01-01,"天津,25,70,12,29,0.6,200\n', 1, "不是 CSV"),
        (DAILY.encode() + "2020-01-01,天津,1,1,1,1,1,1\n".encode("gb18030"), 1, "--encoding gb18030"),
    ],
)
def test_files_that_are_no_such_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, code: int, said: str
) -> None:
    (tmp_path / "out.csv").write_text("kept", encoding="utf-8")
    source = tmp_path / "in.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["standards", "aqi", str(source), str(tmp_path / "out.csv"), "--kind", "daily"]) == code
    heard = capsys.readouterr().err
    assert said in heard
    assert heard.count("\n") == 1
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "kept"
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.csv"}


def test_files_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["standards", "aqi", str(tmp_path / "no.csv"), str(tmp_path / "out.csv"), "--kind", "daily"]) == 1
    assert "no.csv" in capsys.readouterr().err
    (tmp_path / "in.csv").write_text(DAILY, encoding="utf-8")
    for target in (tmp_path, tmp_path / "none" / "out.csv"):
        assert main(["standards", "aqi", str(tmp_path / "in.csv"), str(target), "--kind", "daily"]) == 1
        assert str(target) in capsys.readouterr().err


@pytest.mark.parametrize("options", [("--edition", "1996"), ("--not-planned", "pb")])
def test_options_that_there_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    assert aqi(tmp_path, DAILY, "--kind", "daily", *options) == (2, [])
    assert options[1] in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        aqi(tmp_path, DAILY, "--kind", "weekly")
    assert stopped.value.code == 2


def test_rows_with_too_many_or_too_few_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        DAILY + "2020-01-01,天津,25,70\n\n2020-01-02,天津,25,70,12,29,0.6,200,9\n2020-01-03,天津,25,70,12,29,0.6,200\n"
    )
    code, rows = aqi(tmp_path, text, "--kind", "daily")
    assert code == 3
    assert [row["aqi"] for row in rows] == ["", "", "137"]
    assert rows[1][None] == ["9"]  # type: ignore[index]
    said = capsys.readouterr().err
    assert "第 2 行：有 4 个单元格，表头有 8 列" in said
    assert "第 4 行：有 9 个单元格" in said


def test_another_encoding(tmp_path: Path) -> None:
    text = (DAILY + "2020-01-02,天津,25,70,12,29,0.6,200\n").encode("gb18030")
    code, rows = aqi(tmp_path, text, "--kind", "daily", "--encoding", "gb18030")
    assert (code, rows[0]["city"], rows[0]["aqi"]) == (0, "天津", "137")
    assert aqi(tmp_path, text, "--kind", "daily", "--encoding", "nosuch")[0] == 2


def test_its_own_output_can_be_read_again_and_written_in_place(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(DAILY + "2020-01-02,天津,25,70,12,29,0.6,200\n", encoding="utf-8")
    for _ in range(2):
        assert main(["standards", "aqi", str(table), str(table), "--kind", "daily"]) == 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["aqi"], rows[0]["aqi_in"]) == ("137", "137")


def test_from_stdin_to_stdout(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = (DAILY + "2020-01-02,天津,25,70,12,29,0.6,200\n").encode()

    class Stdin:
        buffer = io.BytesIO(text)

    monkeypatch.setattr("sys.stdin", Stdin)
    assert main(["standards", "aqi", "-", "-", "--kind", "daily"]) == 0
    lines = capsysbinary.readouterr().out.decode().splitlines()
    assert lines[0].endswith("aqi_note,aqi_edition")
    assert "137,臭氧8小时,轻度污染" in lines[1]


def test_the_notes_are_in_the_readers_language_the_official_words_are_not(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(HOURLY + "2019-07-18T12:00:00,1A,61,,9,30,0.8,162\n", encoding="utf-8")
    assert main(["--lang", "en", "standards", "aqi", str(source), str(target), "--kind", "hourly"]) == 0
    row = next(csv.DictReader(target.open(encoding="utf-8")))
    assert row["aqi_note"] == "Items are missing; the AQI comes from the others; Missing: PM10"
    assert (row["primary"], row["category"]) == ("细颗粒物(PM2.5)", "良")


def check(tmp_path: Path, text: str, *options: str) -> int:
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    return main(["standards", "check", str(tmp_path / "in.csv"), *options])


def test_check_lists_differences_with_their_derivation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DAILY.replace("city", "aqi_published") + (
        "2020-01-02,137,25,70,12,29,0.6,200\n2020-01-03,136,25,70,12,29,0.6,200\n2020-01-04,,25,70,12,29,0.6,200\n"
    )
    assert check(tmp_path, text, "--against", "aqi_published") == 3
    said = capsys.readouterr().out
    assert "第 3 行：发布“136”，重算“137”" in said
    assert "臭氧 200 在断点 160 与 215 之间：分指数 = (150-100)/(215-160)×(200-160)+100 → 136.363636" in said
    assert "臭氧 分指数 136.363636 进位取整 → 137" in said
    assert "比较 2 行，相同 1，不同 1；未发布 1 行，其中 1 行可算出" in said


def test_check_is_content_when_all_are_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DAILY.replace("city", "primary_published") + "2020-01-02,臭氧8小时,25,70,12,29,0.6,200\n"
    assert check(tmp_path, text, "--against", "primary_published") == 0
    assert "相同 1，不同 0" in capsys.readouterr().out


def test_check_writes_the_differences(tmp_path: Path) -> None:
    text = DAILY.replace("city", "quality") + "2020-01-02,良,25,70,12,29,0.6,200\n"
    assert check(tmp_path, text, "--against", "quality", "--out", str(tmp_path / "diff.csv"), "--show", "0") == 3
    row = next(csv.DictReader((tmp_path / "diff.csv").open(encoding="utf-8")))
    assert (row["published"], row["computed"]) == ("良", "轻度污染")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\n1,2\n", ("--against", "b"), "--kind"),
        (DAILY, ("--against", "nothing"), "缺少列：nothing"),
        (DAILY, ("--against", "city"), "--field"),
        (DAILY, ("--against", "city", "--field", "colour"), "--field"),
        ("a,b\n1,2\n", ("--against", "b", "--kind", "daily", "--field", "aqi"), "缺少列"),
    ],
)
def test_check_that_cannot_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: tuple[str, ...], said: str
) -> None:
    assert check(tmp_path, text, *options) == 2
    assert said in capsys.readouterr().err


@pytest.mark.skipif(not (SHARED / "air_hourly_cnemc.csv").exists(), reason="published tables are not here")
def test_every_published_hour(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert main(["standards", "aqi", str(SHARED / "air_hourly_cnemc.csv"), str(target), "--kind", "hourly"]) == 0
    rows = list(csv.DictReader(target.open(encoding="utf-8", newline="")))
    told = [row for row in rows if row["aqi_published"]]
    assert len(told) == 4_330
    for name in ("aqi", "primary", "category"):
        assert [row for row in told if row[name] != row[f"{name}_published"]] == []
    silent = [row for row in rows if not row["pm2_5_1h"] and not row["pm10_1h"]]
    assert len(silent) == 161
    assert all(row["aqi"] == "" and row["aqi_note"] for row in silent)


@pytest.mark.skipif(not (SHARED / "air_daily_city.csv").exists(), reason="published tables are not here")
def test_every_published_day(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert main(["standards", "aqi", str(SHARED / "air_daily_city.csv"), str(target), "--kind", "daily"]) == 0
    rows = [row for row in csv.DictReader(target.open(encoding="utf-8", newline="")) if row["period_flag"] == "exact"]
    assert len(rows) == 2_100
    for name in ("aqi", "category"):
        assert [row for row in rows if row[name] != row[f"{name}_published"]] == []
