"""Import of tables: good ones in both languages and encodings, every kind of bad one, and nothing half done."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from openpyxl import Workbook

from ecobureau.cli import main
from ecobureau.domain.credit_code import check_letter
from ecobureau.domain.workflow import Role
from ecobureau.secret import unseal
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Audit
from ecobureau.web.core.people import Grant
from ecobureau.web.places.models import Organisation, Shift
from ecobureau.web.sources.importing import KINDS, BadFile, kind_of, read_table, run_import
from ecobureau.web.sources.models import Enterprise, Limit, Logger, Outlet, Station

pytestmark = pytest.mark.django_db

CODES = [body + check_letter(body) for body in ("91420100MA4KABCD1", "91420100MA4KABCD2", "91420100MA4KABCD3")]


def bring(kind, text, *, dry_run=False, name="a.csv", encoding="utf-8", actor=SYSTEM):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return run_import(kind_of(kind), read_table(data, name), actor, dry_run=dry_run)


def found(report):
    return [(problem.row, problem.column, problem.code) for problem in report.problems]


def xlsx(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ENTERPRISES = f"""# 企业名录
统一社会信用代码*,企业名称,重点排污单位（是/否）,经度,纬度,坐标系
{CODES[0]},江北热电有限公司,是,114.5,30.5,WGS 84 / CGCS2000
{CODES[1]},"江南, 纺织",否,114.6,30.6,百度
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_table_in_every_encoding(town, encoding):
    report = bring("enterprises", ENTERPRISES, encoding=encoding)
    assert (report.made, report.problem_count, report.applied) == (2, 0, True)
    assert Enterprise.objects.get(code=CODES[0]).key_unit is True
    assert Enterprise.objects.get(code=CODES[1]).source_system == "bd09"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_english_table_with_every_delimiter(town, delimiter):
    text = "\r\n".join(
        delimiter.join(row) for row in (["code", "name", "key_unit"], [CODES[0].lower(), "江北热电", "yes"])
    )
    assert bring("enterprises", text).made == 1
    assert Enterprise.objects.get().code == CODES[0]


def test_a_spreadsheet_with_real_numbers_and_dates(outlet):
    rows = [
        ["统一社会信用代码", "排放口编号", "因子编码", "限值", "依据", "生效日"],
        [CODES[0], "DA001", "a21026", 35, "排污许可证", date(2026, 1, 1)],
        [None, None, None, None, None, None],
        [CODES[0], "DA001", "a34013", 10.5, "排污许可证", "2026年1月1日"],
    ]
    report = bring("limits", xlsx(rows), name="limits.xlsx")
    assert (report.made, report.rows, found(report)) == (2, 2, [])
    assert {(row.factor_id, row.value, row.valid_from) for row in Limit.objects.all()} == {
        ("a21026", Decimal(35), date(2026, 1, 1)),
        ("a34013", Decimal("10.5"), date(2026, 1, 1)),
    }


def test_a_dry_run_finds_the_same_and_keeps_nothing(town):
    before = Audit.objects.count()
    report = bring("enterprises", ENTERPRISES, dry_run=True)
    assert (report.made, report.good, report.applied) == (2, True, False)
    assert Enterprise.objects.count() == 0
    assert Audit.objects.count() == before


def test_one_bad_row_keeps_all_rows_out_and_every_problem_is_named(town):
    text = f"""code,name,lon,lat,key_unit
{CODES[0]},好的,114.5,30.5,是
{CODES[1]},,abc,30.5,perhaps
{CODES[0]},重复,114.5,30.5,否
123,坏码,,,
{CODES[2]},在外地,121.4,31.2,
"""
    report = bring("enterprises", text)
    assert found(report) == [
        (3, "name", "registry.missing"),
        (3, "lon", "registry.number"),
        (3, "key_unit", "registry.bool"),
        (4, "code", "import.duplicate"),
        (5, "code", "registry.credit_code.form"),
        (6, "lon", "registry.place.outside"),
    ]
    assert not report.applied
    assert Enterprise.objects.count() == 0
    for problem in report.problems:
        for lang in ("zh", "en"):
            assert "{" not in problem.text(lang)


def test_a_row_that_cannot_be_read_whole_is_judged_on_the_rest(town, enterprise):
    """Else the second fault of a row shows only when the first is mended and the file brought again."""
    outlets = f"""enterprise,code,name,medium,lon,lat
{CODES[0]},DA010,一,废气,abc,30.5
{CODES[2]},DA011,二,废气,abc,30.5
{CODES[0]},DA010,三,废气,114.5,30.5
"""
    report = bring("outlets", outlets)
    assert found(report) == [
        (2, "lon", "registry.number"),
        (3, "lon", "registry.number"),
        (3, "enterprise", "registry.enterprise.unknown"),
        (4, "code", "import.duplicate"),
    ]
    assert (report.made, report.applied, Outlet.objects.count()) == (0, False, 0)


def test_importing_again_changes_only_what_differs(town):
    bring("enterprises", ENTERPRISES)
    again = bring("enterprises", ENTERPRISES)
    assert (again.made, again.changed, again.same) == (0, 0, 2)
    other = bring("enterprises", ENTERPRISES.replace("江北热电有限公司", "江北热电厂"))
    assert (other.made, other.changed, other.same) == (0, 1, 1)
    assert Enterprise.objects.get(code=CODES[0]).name == "江北热电厂"


STATIONS = f"""站点编号,站点名称,系统编码,统一社会信用代码,排放口编号,MN,PW,协议版本,时标规则,因子映射,SM4密钥
G1,江北热电1号,31,{CODES[0]},DA001,010000A8900016F000169DC0,geheim,2005,结束,s02=a01011;s03=a01012,{"30" * 16}
"""


def test_a_station_comes_with_its_logger_and_sealed_secrets(outlet):
    report = bring("stations", STATIONS)
    assert (report.made, found(report)) == (1, [])
    logger = Logger.objects.get()
    assert (logger.edition, logger.stamp_rule, logger.factor_map) == (0, "end", {"s02": "a01011", "s03": "a01012"})
    assert unseal(bytes(logger.password_sealed)) == "geheim"
    assert Station.objects.get().outlet == outlet
    assert bring("stations", STATIONS).same == 1
    changed = bring("stations", STATIONS.replace("geheim", "anders"))
    assert changed.changed == 1
    assert unseal(bytes(Logger.objects.get().password_sealed)) == "anders"
    assert bring("stations", STATIONS.replace("结束", "开始")).problems[0].code == "registry.fixed"


def test_units_of_a_station_come_twice_without_a_change(outlet):
    text = f"code,name,st,enterprise,outlet,mn,unit_overrides\nG1,x,31,{CODES[0]},DA001,12345678,a20007=ug/m3\n"
    assert bring("stations", text).made == 1
    assert bring("stations", text).same == 1
    units = Logger.objects.get().unit_overrides
    assert (units["a20007"], units["a21001"]) == ("ug/m3", "mg/m3")


def test_secrets_are_never_shown(outlet):
    report = bring("stations", STATIONS, dry_run=True)
    shown = str(report)
    assert "geheim" not in shown
    assert "30" * 16 not in shown
    assert "***" in str(report.preview)


def test_outlets_organisations_and_rosters(town, enterprise):
    assert bring("outlets", f"信用代码,编号,名称,类别,基准氧含量\n{CODES[0]},DW001,总排口,废水,\n").made == 1
    assert Outlet.objects.get().medium == "water"
    text = "上级路径,代码,层级,名称,职责\n/wuhan/jiangan/,g01,网格,一网格,\n/wuhan,law,职能部门,支队,enforcement、law\n"
    assert bring("organisations", text).made == 2
    assert Organisation.objects.get(path="/wuhan/law/").duties == ["enforcement", "law"]
    assert bring("organisations", text).same == 2
    users = get_user_model().objects
    li, wang = users.create(username="li", name="李"), users.create(username="wang", name="王")
    text = (
        "机构路径,值班表,值班人,开始,结束,替班人,替班原因\n"
        "/wuhan/law/,日班,李,2026-11-22 08:00,2026/11/22 20:00,wang,病假\n"
    )
    assert bring("rosters", text).made == 1
    shift = Shift.objects.get()
    assert (shift.person, shift.stand_in, shift.starts) == (li, wang, datetime(2026, 11, 22, 0, tzinfo=UTC))
    assert bring("rosters", text).same == 1


@pytest.mark.parametrize(
    ("kind", "row", "column", "code"),
    [
        ("outlets", {"enterprise": CODES[1]}, "enterprise", "registry.enterprise.unknown"),
        ("outlets", {"medium": "固废"}, "medium", "registry.choice"),
        ("outlets", {"o2_ref": "21"}, "o2_ref", "registry.o2_ref"),
        ("limits", {"outlet": "DA9"}, "outlet", "registry.outlet.unknown"),
        ("limits", {"factor": "zz"}, "factor", "registry.factor.unknown"),
        ("limits", {"value": "viel"}, "value", "registry.number"),
        ("limits", {"unit": "m3/s"}, "unit", "registry.unit.other"),
        ("limits", {"valid_from": "2026-02-30"}, "valid_from", "registry.date"),
        ("stations", {"mn": "123"}, "mn", "registry.mn"),
        ("stations", {"mn": 1.0000000891001234e22}, "mn", "import.rounded"),
        ("stations", {"mn": "1.00001E+22"}, "mn", "import.rounded"),
        ("stations", {"outlet": ""}, "outlet", "registry.missing"),
        ("stations", {"factor_map": "s02:a01011"}, "factor_map", "registry.json"),
        ("stations", {"accept_from": "gestern"}, "accept_from", "registry.datetime"),
        ("stations", {"rtd_interval_s": "1.5"}, "rtd_interval_s", "registry.integer"),
        ("rosters", {"person": "niemand"}, "person", "registry.person.unknown"),
        ("rosters", {"person": "张"}, "person", "registry.person.many"),
        ("rosters", {"unit": "/nowhere/"}, "unit", "registry.org.unknown"),
        ("rosters", {"ends": "2026-11-21 08:00"}, "ends", "registry.dates"),
        ("organisations", {"level": "city"}, "level", "registry.org.level"),
    ],
)
def test_bad_cells_are_named(outlet, kind, row, column, code):
    users = get_user_model().objects
    (
        users.create(username="z1", name="张"),
        users.create(username="z2", name="张"),
        users.create(username="li", name="李"),
    )
    good = {
        "outlets": {"enterprise": CODES[0], "code": "DA002", "name": "x", "medium": "废气", "o2_ref": "6"},
        "limits": {
            "enterprise": CODES[0],
            "outlet": "DA001",
            "factor": "a21026",
            "value": "35",
            "unit": "mg/m3",
            "source": "许可证",
            "valid_from": "2026-01-01",
        },
        "stations": {
            "code": "S1",
            "name": "x",
            "st": "31",
            "enterprise": CODES[0],
            "outlet": "DA001",
            "mn": "12345678",
            "factor_map": "",
            "accept_from": "",
            "rtd_interval_s": "",
        },
        "rosters": {
            "unit": "/wuhan/",
            "roster": "日班",
            "person": "li",
            "starts": "2026-11-22 08:00",
            "ends": "2026-11-22 20:00",
        },
        "organisations": {"parent": "/wuhan/", "code": "x", "level": "district", "name": "x"},
    }[kind] | row
    before = {model: model.objects.count() for model in (Outlet, Limit, Station, Shift, Organisation)}
    report = bring(kind, xlsx([list(good), list(good.values())]), name="a.xlsx")
    assert found(report) == [(2, column, code)]
    assert {model: model.objects.count() for model in before} == before


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.csv", "import.empty"),
        (b"\n \n", "a.csv", "import.empty"),
        (b"code,name\n", "a.csv", "import.empty"),
        (b"code,name\n1,2,3\n", "a.csv", "import.too_wide"),
        (b'code,name\n1,"2\n', "a.csv", "import.csv"),
        (b"code,name\n\x00,2\n", "a.csv", "import.not_text"),
        (b"\xff\xff\xff\x81", "a.csv", "import.encoding"),
        (b"PK\x03\x04rubbish", "a.xlsx", "import.xlsx"),
        (b"code,name\n1,2\n", "a.xlsx", "import.xlsx"),
        (b"%PDF-1.7 \xe2\xe3\xcf\xd3\n", "a.csv", "import.empty"),
        (b"x" * (10 * 1024 * 1024 + 1), "a.csv", "import.too_large"),
        (b"a\n" + b"1\n" * 20_001, "a.csv", "import.too_many_rows"),
        (b",".join([b"a"] * 101) + b"\n1\n", "a.csv", "import.too_many_columns"),
    ],
)
def test_rubbish_is_refused_with_a_reason(data, name, code):
    with pytest.raises(BadFile) as refusal:
        read_table(data, name)
    assert refusal.value.code == code
    assert "{" not in refusal.value.text("en")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("code,colour", "import.column.unknown"),
        ("code,code", "import.column.twice"),
        ("code,统一社会信用代码", "import.column.twice"),
        ("code,phone", "import.column.lacking"),
    ],
)
def test_bad_headers_are_refused(header, code):
    with pytest.raises(BadFile) as refusal:
        bring("enterprises", f"{header}\n1,2\n")
    assert refusal.value.code == code


def test_a_row_outside_ones_place_is_refused(town, enterprise):
    viewer = Viewer(1, "甲", (Grant(Role.ADMINISTRATOR, "/wuhan/hanyang/"),))
    report = bring("enterprises", f"code,name\n{CODES[0]},改名\n", actor=viewer)
    assert found(report) == [(2, "", "core.no_access")]
    enterprise.refresh_from_db()
    assert enterprise.name == "江北热电有限公司"


def test_headings_of_a_kind_never_mean_two_columns():
    for kind in KINDS:
        headings = [heading for column in kind.columns for heading in column.headings()]
        assert len(headings) == len(set(headings)), kind.name


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_line_checks_imports_and_names_what_is_wrong(town, tmp_path, capsys, lang):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"code,name\n{CODES[0]},江北热电\n", encoding="utf-8")
    bad.write_text("code,name\n123,\n", encoding="utf-8")
    assert main(["--lang", lang, "import", "enterprises", str(good), "--dry-run"]) == 0
    assert Enterprise.objects.count() == 0
    assert main(["--lang", lang, "import", "enterprises", str(bad)]) == 1
    said = capsys.readouterr().err
    assert "name" in said
    assert "{" not in said
    assert main(["--lang", lang, "import", "enterprises", str(tmp_path / "none.csv")]) == 1
    assert "none.csv" in capsys.readouterr().err
    (tmp_path / "rubbish.xlsx").write_bytes(b"rubbish")
    assert main(["--lang", lang, "import", "enterprises", str(tmp_path / "rubbish.xlsx")]) == 1
    assert Enterprise.objects.count() == 0
    assert main(["--lang", lang, "import", "enterprises", str(good)]) == 0
    assert Enterprise.objects.get().name == "江北热电"
