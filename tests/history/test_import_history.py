"""`ecobureau import history`: open tables into the store, row by row, twice the same, with the file as evidence."""

import os
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from ecobureau.cli import main
from ecobureau.history import parallel
from ecobureau.history.formats import BadRow, BadTable, formats, moment, recognise
from ecobureau.history.load import Lines, Loader, Station, loaded_before, plan_for
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind, Outcome
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services

pytestmark = pytest.mark.django_db(transaction=True)
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
AIR = (
    "time,station_code,city,pm2_5_1h,pm2_5_24h,pm10_1h,so2_1h,no2_1h,co_1h,o3_1h\n"
    "2018-02-20T07:00:00,1001A,甲市,38,134,50,3,17,0.7,62\n"
    "2018-02-20T07:00:00,1002A,甲市,0,98,7,3,8,0.20,112\n"
    "2018-02-20T08:00:00,1001A,甲市,,134,,,17,,\n"
)
START = datetime(2018, 2, 19, 23, tzinfo=UTC)


@pytest.fixture
def stations() -> dict[str, int]:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    unit = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2010, 1, 1))
    made = {}
    for code, name, st in (("1001A", "万寿西宫", "22"), ("1002A", "定陵", "22"), ("W1", "贵铝泵房", "21")):
        made[code] = services.make_station(SYSTEM, code=code, name=name, st=st, lon=114.5, lat=30.5).id
    made["G1"] = services.make_station(SYSTEM, code="G1", name="燃机", st="31", lon=114.5, lat=30.5).id
    return made


@pytest.fixture
def conn(database_url: str):
    with psycopg.connect(database_url, autocommit=True) as conn:
        yield conn


def write(folder: Path, text: str, name: str = "in.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def bring(path: str, *options: str) -> int:
    return main(["--lang", "en", "import", "history", path, *options])


def points(conn, station: int, factor: str, st: str = "22", kind: Kind = Kind.HOUR):
    far = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
    return read.series(conn, station, st, kind, None, [factor], *far).get(factor, [])


def count(conn, table: str, where: str = "true") -> int:
    return conn.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]


def test_station_hours_come_in_with_digits_evidence_and_mark(stations, conn, tmp_path, capsys):
    path = write(tmp_path, AIR)
    assert bring(path) == 0
    said = capsys.readouterr().out
    assert "air_station_hours, 3 rows, 13 values, 2 stations" in said and "new 3" in said
    first, second = points(conn, stations["1001A"], "a21004")
    assert (first.start, second.start) == (START, START + timedelta(hours=1))
    assert [one.backfilled for one in (first, second)] == [True, True]
    (co,) = points(conn, stations["1002A"], "a21005")
    assert co.text() == "0.20"
    raw = read.raw_frame(conn, co.raw_id)
    assert raw is not None
    assert raw.raw == AIR.splitlines()[2].encode() and raw.intact
    assert points(conn, stations["1001A"], "a34004")[0].value == 38
    # What is missing in the file is missing in the store; running means are not taken.
    assert len(points(conn, stations["1001A"], "a34004")) == 1
    # The file itself stays as evidence, for each of its stations.
    digest = sha256(AIR.encode()).digest()
    assert loaded_before(conn, digest) is not None
    rows = conn.execute(
        "SELECT station_id, fields->>'sha256', fields->>'frames' FROM device_event ORDER BY 1"
    ).fetchall()
    assert rows == [(stations["1001A"], digest.hex(), "2"), (stations["1002A"], digest.hex(), "1")]
    assert count(conn, "raw_frame", "cn = 'IMPORT'") == 5
    assert count(conn, "dirty", "cause = 'late'") >= 1 and count(conn, "dirty", "cause <> 'late'") == 0


def test_the_same_file_again_changes_nothing(stations, conn, tmp_path, capsys):
    path = write(tmp_path, AIR)
    assert bring(path) == 0
    frames = count(conn, "raw_frame")
    capsys.readouterr()
    assert bring(path) == 0
    assert "was loaded completely" in capsys.readouterr().out
    assert count(conn, "raw_frame") == frames
    assert bring(path, "--again") == 0
    assert "duplicates 3" in capsys.readouterr().out
    assert count(conn, "frame_period") == 3 and count(conn, "revision") == 0


def test_a_corrected_file_revises_and_keeps_both(stations, conn, tmp_path, capsys):
    assert bring(write(tmp_path, AIR)) == 0
    assert bring(write(tmp_path, AIR.replace("0.20", "0.25"), "new.csv")) == 0
    assert "revised 1, duplicates 2" in capsys.readouterr().out
    assert points(conn, stations["1002A"], "a21005")[0].text() == "0.25"
    old, new = conn.execute("SELECT old_text, new_text FROM revision").fetchone()
    assert (old, new) == ("0.20", "0.25")


def test_a_dry_run_writes_nothing(stations, conn, tmp_path, capsys):
    assert bring(write(tmp_path, AIR), "--dry-run") == 0
    assert "nothing written" in capsys.readouterr().out
    for table in ("raw_frame", "frame_period", "device_event", "gateway_run", "dirty"):
        assert count(conn, table) == 0, table


def test_bad_rows_are_told_and_the_rest_comes_in(stations, conn, tmp_path, capsys):
    bad = (
        "2018-02-20T09:00:00,1001A,甲市,x8,134,50,3,17,0.7,62\n"
        "soon,1001A,甲市,38,134,50,3,17,0.7,62\n"
        "2018-02-20T10:00:00,9999Z,甲市,38,134,50,3,17,0.7,62\n"
        "2018-02-20T11:00:00,1001A,甲市,38\n"
        "2018-02-20T12:00:00,1001A,甲市,,,,,,,\n"
    )
    assert bring(write(tmp_path, AIR + bad)) == 3
    out, told = capsys.readouterr()
    assert "Row 5, column pm2_5_1h" in told and "x8" in told
    assert "Row 6, column time" in told and "soon" in told
    assert "Row 7, column station_code" in told and "9999Z" in told
    assert "Row 8" in told and "4 cells" in told
    assert "3 rows not taken, 1 empty, 1 unreadable cells" in out
    # The row with one bad cell keeps its other factors, and nothing stands in for the bad one.
    assert len(points(conn, stations["1001A"], "a34004")) == 1
    assert len(points(conn, stations["1001A"], "a34002")) == 2


def test_names_can_be_mapped_and_times_be_ends(stations, conn, tmp_path):
    names = write(tmp_path, "name,station\n9999Z,1001A\n", "names.csv")
    text = AIR.splitlines()[0] + "\n2018-02-20T07:00:00,9999Z,甲市,38,134,50,3,17,0.7,62\n"
    assert bring(write(tmp_path, text), "--stations", names, "--stamp", "end") == 0
    assert points(conn, stations["1001A"], "a34004")[0].start == START - timedelta(hours=1)


def test_other_open_tables(stations, conn, tmp_path):
    days = (
        "city,date,pm2_5,pm10,so2,no2,co,o3_8h_max,period_flag\n定陵,2014-01-01,134,248,45,96,1.9,0,zero_placeholder\n"
    )
    assert bring(write(tmp_path, days, "days.csv")) == 0
    assert points(conn, stations["1002A"], "a34004", kind=Kind.DAY)[0].value == 134
    assert points(conn, stations["1002A"], "a0502408", kind=Kind.DAY) == []  # a 0 stands for no value
    uci = "year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,station\n2013,3,1,5,4,4,4,7,300,77,定陵\n"
    assert bring(write(tmp_path, uci, "uci.csv")) == 0
    assert points(conn, stations["1002A"], "a05024")[0].start == datetime(2013, 2, 28, 21, tzinfo=UTC)
    water = (
        "time,section,class_published,ph,codmn,tp,ph_raw,codmn_raw,tp_raw\n"
        "2020-05-05 08:00,贵铝泵房,Ⅱ,7.94,3.77,0.017,7.942,3.774,\n"
    )
    assert bring(write(tmp_path, water, "water.csv")) == 0
    assert points(conn, stations["W1"], "w01001", st="21")[0].text() == "7.942"
    assert points(conn, stations["W1"], "w21011", st="21") == []
    cems = "row,ambient_temp_c,co_mg_m3,nox_mg_m3\n1,4.5,0.32663,81.952\n2,4.3,0.44784,82.377\n"
    assert bring(write(tmp_path, cems, "cems.csv"), "--station", "G1", "--start", "2011-01-01") == 0
    nox = points(conn, stations["G1"], "a21002", st="31")
    first = datetime(2010, 12, 31, 16, tzinfo=UTC)
    assert [(one.start - first, one.text()) for one in nox] == [(timedelta(), "81.952"), (timedelta(hours=1), "82.377")]


def test_long_rows_are_brought_together(stations, conn, tmp_path, capsys):
    text = "outlet_id,time,factor,avg,flag,zs_avg\n" + "".join(
        f"G1,2025-01-01T0{hour}:00:00+08:00,{factor},{value},{flag},{zs}\n"
        for factor, value, flag, zs in (("a21026", "20.50", "N", "25.1"), ("a19001", "9.0", "C", ""))
        for hour in range(3)
    )
    assert bring(write(tmp_path, text)) == 0
    assert "6 values" in capsys.readouterr().out and count(conn, "frame_period") == 3
    so2 = points(conn, stations["G1"], "a21026", st="31")[0]
    assert (so2.text(), so2.text("zs_avg"), so2.flag) == ("20.50", "25.1", "N")
    assert points(conn, stations["G1"], "a19001", st="31")[0].flag == "C"


def test_own_columns(stations, conn, tmp_path):
    columns = write(tmp_path, "column,factor,unit\nnh4_n,w21003,mg/L\n", "map.csv")
    text = "time,do_1,nh4_n\n2021-05-05 13:12:00,0.3,2.81438\n"
    assert bring(write(tmp_path, text), "--columns", columns, "--station", "W1", "--interval", "600") == 0
    (point,) = points(conn, stations["W1"], "w21003", st="32", kind=Kind.MINUTE)
    assert point.text() == "2.81438"


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", [], "empty"),
        ("a,b\n1,2\n", [], "not known"),
        ("time,time,factor,avg\n", [], "time"),
        (AIR, ["--format", "water_auto"], "section"),
        ("row,co_mg_m3,nox_mg_m3\n1,2,3\n", ["--station", "G1"], "--start"),
        ("row,co_mg_m3,nox_mg_m3\n1,2,3\n", ["--start", "2025-01-01"], "--station"),
        ("row,co_mg_m3,nox_mg_m3\n1,2,3\n", ["--station", "G1", "--start", "soon"], "soon"),
        (AIR, ["--encoding", "utf-99"], "utf-99"),
        (AIR, ["--encoding", "ascii"], "ascii"),
    ],
)
def test_tables_that_cannot_be_taken(stations, conn, tmp_path, capsys, text: str, options: list[str], words: str):
    assert bring(write(tmp_path, text), *options) == 1
    told = capsys.readouterr().err
    assert words in told and "Traceback" not in told
    assert count(conn, "raw_frame") == 0 and count(conn, "device_event") == 0


def test_no_such_file(stations, tmp_path, capsys):
    assert bring(str(tmp_path / "none.csv")) == 1
    assert "none.csv" in capsys.readouterr().err


def test_processes_share_the_stations_and_agree(stations, conn, tmp_path, monkeypatch, database_url):
    found = formats(load("history_formats"), date(2025, 1, 1))["air_station_hours"]
    rows = "".join(
        f"2018-02-{day:02d}T{hour:02d}:00:00,{code},甲市,{hour},,{day},1,2,0.5,7\n"
        for day in range(1, 5)
        for hour in range(24)
        for code in ("1001A", "1002A", "9999Z")
    )
    path = Path(write(tmp_path, AIR.splitlines()[0] + "\n" + rows + "broken\n"))
    known = {code: Station(stations[code], code, "22") for code in ("1001A", "1002A")}
    job = parallel.Job(path, "utf-8", found, known, database_url)
    result = parallel.load_file(job, lambda _: None, jobs=2)
    report = result.report
    assert (report.rows, report.frames, report.bad, report.values) == (289, 192, 97, 192 * 6)
    assert report.outcomes == {Outcome.STORED: 192} and report.unknown == {"9999Z": 96}
    assert [row for row, _ in result.problems] == [4, 290]
    assert count(conn, "frame_period") == 192
    again = parallel.load_file(job, lambda _: None, jobs=1)
    assert again.report.outcomes == {Outcome.DUPLICATE: 192}


def test_books_balance(stations, conn, tmp_path):
    from ecobureau import clock

    assert bring(write(tmp_path, AIR)) == 0
    day = clock.now().astimezone(clock.BEIJING).date()
    received = conn.execute("SELECT sum(frames) FROM gateway_received WHERE day = %s", (day,)).fetchone()[0]
    counted = conn.execute("SELECT sum(frames) FROM frame_counter WHERE day = %s", (day,)).fetchone()[0]
    assert received == counted == 5
    assert count(conn, "gateway_run", "ended_at IS NULL") == 0


def test_every_format_is_known_by_its_columns(tmp_path):
    known = formats(load("history_formats"), date(2025, 1, 1))
    for name, one in known.items():
        columns = [*one.needs, *(c.name for c in one.columns)]
        assert recognise(columns, known).name == name
    with pytest.raises(BadTable, match="no_format"):
        recognise(["x"], known)


DATA = Path(os.environ.get("ECOBUREAU_SHARED", Path(__file__).parents[3] / "shared")) / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder with published data is not here")
@pytest.mark.parametrize(
    ("name", "form", "rows", "bad"),
    [
        ("air_hourly_cnemc.csv", "air_station_hours", 4493, 0),
        ("air_daily_city.csv", "air_city_days", 3469, 0),
        ("air_beijing_uci_hourly.csv", "air_uci_hours", 70128, 0),
        ("water_national_auto.csv", "water_auto", 13233, 0),
        ("cems_gas_turbine_hourly.csv", "cems_rows", 7411, 0),
    ],
)
def test_published_tables_are_read_as_they_are(name: str, form: str, rows: int, bad: int):
    with (DATA / name).open("rb") as stream:
        lines = Lines(stream, "utf-8")
        found = recognise(lines.columns, formats(load("history_formats"), date(2025, 1, 1)))
        only = None if found.station else "X"
        plan = plan_for(found, lines.columns, start=START, only=only is not None)
        at = plan.at.get(found.station, 0)
        width = len(lines.columns)
        names = {cells[at] for _, _, cells in lines} if only is None else {"X"}
    known = {one: Station(number, one, found.st) for number, one in enumerate(sorted(names), 1)}
    problems = []
    with (DATA / name).open("rb") as stream:
        loader = Loader(plan, width, known, lambda *what: problems.append(what), None, only=only)
        report = loader.load(Lines(stream, "utf-8"))
    assert (found.name, report.rows, report.bad, problems) == (form, rows, bad, [])
    assert report.values > 3 * report.frames > 0


def test_times():
    assert moment("2025-01-01 08:00") == moment("2025/1/1 8:00") == moment("20250101080000")
    assert moment("2025-01-01T00:00:00Z") == datetime(2025, 1, 1, tzinfo=UTC)
    for text in ("", "2025", "45000", "32.5"):
        with pytest.raises(ValueError):
            moment(text)


def test_a_row_without_a_readable_time_is_refused(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("\ufefftime,station_code,pm2_5_1h\n'x',1001A,\"3\"\n", encoding="utf-8")
    known = formats(load("history_formats"), date(2025, 1, 1))
    with path.open("rb") as stream:
        lines = Lines(stream, "utf-8")
        plan = plan_for(recognise(lines.columns, known), lines.columns)
        ((number, raw, cells),) = list(lines)
        assert (number, raw, cells) == (2, b"'x',1001A,\"3\"", ["'x'", "1001A", "3"])
        with pytest.raises(BadRow, match=r"history\.mend\.time"):
            plan.read(cells)


def test_problems_travel_between_processes():
    import copy

    row = copy.copy(BadRow("history.mend.cells", "a", "b", found=1, wanted=2))
    assert (row.code, row.column, row.text, row.params) == ("history.mend.cells", "a", "b", {"found": 1, "wanted": 2})
    table = copy.copy(BadTable("history.empty", file="x"))
    assert (table.code, table.params) == ("history.empty", {"file": "x"})
