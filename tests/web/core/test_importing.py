"""Records from files: the toy record and the clue, by page and API; wrong rows are named and nothing is kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import importing, registry
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import Audit, History, Series
from ecobureau.web.core.refusals import Refused
from ecobureau.web.core.tables import BadFile
from ecobureau.web.places import services as places
from web.core.toy import Notebook
from web.people import person

pytestmark = pytest.mark.django_db
DISTRICT, GRID = "/wuhan/jiangan/", "/wuhan/jiangan/g1/"
GOOD = "标题,等级,区域,说明\n第一本,红,/wuhan/,\n第二本,blue,/wuhan/jiangan/,蓝色封面\n"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))) as manual:
        assert isinstance(manual, ManualClock)
        yield manual


@pytest.fixture
def officer(clock: ManualClock) -> Any:
    return person("zhang", ("duty_officer", "/wuhan/"))


@pytest.fixture
def city(clock: ManualClock) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")


def file(text: str, name: str = "a.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def bring(who: Viewer, text: str, *, apply: bool = True, code: str = "notebook") -> importing.Report:
    return importing.run(who, registry.get(code), text.encode(), "a.csv", apply=apply)


def test_a_dry_run_keeps_nothing_and_the_real_one_everything(toy: None, officer: Any) -> None:
    who = viewer_of(officer)
    tried = bring(who, GOOD, apply=False)
    assert (tried.good, tried.made, tried.applied, tried.numbers) == (True, 2, False, [])
    assert not Notebook.objects.exists() and not History.objects.exists() and not Series.objects.exists()
    done = bring(who, GOOD)
    assert done.applied and len(done.numbers) == 2
    first, second = Notebook.objects.order_by("pk")
    assert (first.title, first.level, second.level, second.org_path) == ("第一本", "red", "blue", "/wuhan/jiangan/")
    assert first.created_by_id == officer.pk and History.objects.filter(verb="create").count() == 2
    assert Audit.objects.get(what="import").detail["rows"] == 2


def test_the_same_file_again_makes_nothing_twice(toy: None, officer: Any, clock: ManualClock) -> None:
    bring(viewer_of(officer), GOOD)
    clock.advance(timedelta(minutes=5))
    again = bring(viewer_of(officer), GOOD)
    assert (again.good, again.made, again.same, Notebook.objects.count()) == (True, 0, 2, 2)


@pytest.mark.parametrize(
    ("text", "row", "column", "words"),
    [
        ("标题,等级,区域\n好,red,/wuhan/\n,red,/wuhan/\n", 3, "标题", "必填"),
        ("标题,等级,区域\n好,紫,/wuhan/\n", 2, "等级", "紫"),
        (f"标题,等级,区域\n{'长' * 201},red,/wuhan/\n", 2, "标题", "200"),
        ("标题,等级,区域\n好,red,/beijing/\n", 2, "", "权限"),
        ("标题,等级,区域,颜色\n好,red,/wuhan/,青\n", 1, "颜色", "不认识的列"),
        ("标题,等级,区域,标题\n好,red,/wuhan/,好\n", 1, "标题", "两次"),
        ("标题,等级\n好,red\n", 1, "", "缺少必需的列：区域"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_kept(
    toy: None, officer: Any, text: str, row: int, column: str, words: str
) -> None:
    report = bring(viewer_of(officer), text)
    assert not report.applied and [(each.row, each.column) for each in report.problems] == [(row, column)]
    assert words in report.problems[0].text
    assert not Notebook.objects.exists() and not History.objects.exists()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "import.empty"),
        (b"\x00\x01rubbish\x00", "import.not_text"),
        (b"PK\x03\x04rubbish", "import.xlsx"),
        ("标题,等级,区域\n".encode() + "好,red,/wuhan/\n".encode() * 501, "import.too_many_rows"),
        (b"a" * (importing.MOST_BYTES + 1), "import.too_large"),
    ],
)
def test_what_is_no_table_within_bounds_is_refused(toy: None, officer: Any, data: bytes, code: str) -> None:
    with pytest.raises(BadFile) as caught:
        importing.run(viewer_of(officer), registry.get("notebook"), data, "a.csv", apply=True)
    assert caught.value.code == code and not Notebook.objects.exists()


def test_who_may_not_make_records_may_not_import_them(toy: None, officer: Any, client: Any) -> None:
    auditor = person("audit", ("auditor", "/"))
    with pytest.raises(Refused):
        bring(viewer_of(auditor), GOOD)
    client.force_login(auditor)
    for answer in (
        client.get("/notebooks/import/"),
        client.post("/notebooks/import/", {"file": file(GOOD)}),
        client.get("/notebooks/import/template.xlsx"),
        client.post("/api/notebooks/import/", {"file": file(GOOD)}),
    ):
        assert answer.status_code == 403
    assert "/notebooks/import/" not in client.get("/notebooks/").content.decode()
    assert not Notebook.objects.exists()


def test_the_page_shows_first_and_imports_then(toy: None, officer: Any, client: Any) -> None:
    client.force_login(officer)
    assert "/notebooks/import/" in client.get("/notebooks/").content.decode()
    shown = client.post("/notebooks/import/", {"file": file(GOOD)})
    text = shown.content.decode()
    assert shown.status_code == 200 and "将新增 2 件" in text and not Notebook.objects.exists()
    sealed = text.split('name="sealed" value="')[1].split('"')[0]
    assert client.post("/notebooks/import/", {"sealed": sealed[:-2]}).status_code == 422
    other = person("li", ("duty_officer", "/wuhan/"))
    client.force_login(other)
    assert client.post("/notebooks/import/", {"sealed": sealed}).status_code == 422
    assert not Notebook.objects.exists()
    client.force_login(officer)
    assert client.post("/notebooks/import/", {"sealed": sealed}).status_code == 302
    assert Notebook.objects.count() == 2
    bad = client.post("/notebooks/import/", {"file": file("标题,等级,区域\n,red,/wuhan/\n")})
    assert bad.status_code == 422 and "有 1 处问题，一行也没有写入" in bad.content.decode()
    assert client.post("/notebooks/import/", {}).status_code == 422
    assert client.post("/notebooks/import/", {"file": file("\x00")}).status_code == 422


def test_the_filled_template_comes_back_in(toy: None, officer: Any, client: Any) -> None:
    client.force_login(officer)
    answer = client.get("/notebooks/import/template.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["标题 *", "等级 *", "区域 *", "说明"]
    assert any("red = 红" in [cell.value for cell in row] for row in book.worksheets[1].iter_rows())
    sheet.append(["第三本", "黄", "/wuhan/", None])
    out = io.BytesIO()
    book.save(out)
    report = importing.run(viewer_of(officer), registry.get("notebook"), out.getvalue(), "x.xlsx", apply=True)
    assert report.applied and Notebook.objects.get().level == "yellow"


def test_the_api_tries_and_imports(toy: None, officer: Any, client: Any) -> None:
    client.force_login(officer)
    tried = client.post("/api/notebooks/import/", {"file": file(GOOD), "dry_run": "1"})
    assert (tried.status_code, tried.json()["made"], tried.json()["applied"]) == (200, 2, False)
    done = client.post("/api/notebooks/import/", {"file": file(GOOD)})
    assert done.status_code == 201 and len(done.json()["numbers"]) == 2
    wrong = client.post("/api/notebooks/import/", {"file": file("标题,等级,区域\n,red,/wuhan/\n")})
    assert wrong.status_code == 422 and wrong.json()["problems"][0]["row"] == 2
    assert client.post("/api/notebooks/import/", {"file": file("")}).json()["code"] == "import.empty"
    assert client.post("/api/notebooks/import/", {}).status_code == 422
    assert client.post("/api/tasks/import/", {"file": file(GOOD)}).json()["code"] == "core.no_import"
    assert Notebook.objects.count() == 2
    assert "/api/notebooks/import/" in client.get("/api/schema").content.decode()


def test_clues_of_another_office_come_in_by_file(city: None, officer: Any, client: Any) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["事情", "等级", "情形", "区域", "经度", "纬度", "说明"])
    sheet.append(["河面有油花", "橙", "K05", "一网格", None, None, "'=HYPERLINK(1)"])
    sheet.append(["夜间施工", "yellow", None, "江岸区", None, None, None])
    out = io.BytesIO()
    book.save(out)
    who = viewer_of(officer)
    report = importing.run(who, registry.get("clue"), out.getvalue(), "clues.xlsx", apply=True)
    assert report.problems == [] and report.applied
    first, second = Clue.objects.order_by("pk")
    assert (first.org_path, first.grid, first.scenario, first.origin) == (GRID, GRID, "K05", "manual")
    assert (second.org_path, second.grid, second.state) == (DISTRICT, "", "new")
    worker = person("grid", ("grid_worker", GRID, [GRID]))
    with pytest.raises(Refused):
        importing.run(viewer_of(worker), registry.get("clue"), out.getvalue(), "clues.xlsx", apply=True)
    bad = "事情,等级,区域,经度,纬度\n河面,红,江岸区,200,30\n".encode()
    (problem,) = importing.run(who, registry.get("clue"), bad, "b.csv", apply=True).problems
    assert (problem.row, problem.column) == (2, "经度") and Clue.objects.count() == 2
