"""Outfalls from a table: a dry run, faults by row and column, all or nothing, and what a made row carries."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import History
from ecobureau.web.outfalls import services
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.outfalls.table import OUTFALLS
from ecobureau.web.sources.importing import Report, read_table, run_import
from ecobureau.web.sources.models import PublicCode

pytestmark = pytest.mark.django_db
HEAD = (
    "排污口编码",
    "排污口名称",
    "类型",
    "受纳水体",
    "经度",
    "纬度",
    "统一社会信用代码",
    "责任人",
    "饮用水水源保护区",
)
GOOD = ("420102-0007-GY-00", "东门口", "GY", "府河", 114.2, 30.5, None, "王某", "否")


def book(*rows: tuple[Any, ...]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(HEAD)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def run(actor: Any, *rows: tuple[Any, ...], dry_run: bool = False) -> Report:
    return run_import(OUTFALLS, read_table(book(*rows), "a.xlsx"), actor, dry_run=dry_run)


def test_every_fault_is_named_by_row_and_column_and_nothing_is_written(outfall: Outfall) -> None:
    before = History.objects.count()
    report = run(
        SYSTEM,
        GOOD,
        GOOD,
        (outfall.code, "已有", "GY", "府河", 114.2, 30.5, None, None, None),
        (None, "市外", "GY", "府河", 121.5, 31.2, None, None, None),
        (None, "颠倒", "GY", "府河", 30.5, 114.2, None, None, None),
        (None, "", "没有的类型", "府河", "东经", 30.5, None, None, "也许"),
        (None, "无企业", "NS", "府河", 114.2, 30.5, "91420100MA4KABCD1X", None, None),
        ("420102-8-GY", "坏编码", "GY", "府河", 114.2, 30.5, None, None, None),
    )
    assert [(problem.row, problem.column, problem.code) for problem in report.problems] == [
        (3, "排污口编码", "import.duplicate"),
        (7, "排污口名称", "registry.missing"),
        (7, "类型", "outfall.kind.unknown"),
        (7, "经度", "registry.number"),
        (7, "饮用水水源保护区", "registry.bool"),
        (4, "排污口编码", "outfall.code.taken"),
        (5, "经度", "registry.place.outside"),
        (6, "经度", "registry.place"),
        (8, "统一社会信用代码", "outfall.firm.unknown"),
        (9, "排污口编码", "outfall.code.form"),
    ]
    assert not report.applied and report.made == 0
    assert Outfall.objects.count() == 1 and History.objects.count() == before
    assert "121.5" in report.problems[6].text() and "420102-8-GY" in report.problems[-1].text()


def test_a_dry_run_writes_nothing_and_the_real_one_all(outfall: Outfall, firm: Any) -> None:
    rows = [GOOD, (None, "西门口", "农村生活污水散排口", "汉江", 114.7, 30.5, firm.code, None, "是")]
    tried = run(SYSTEM, *rows, dry_run=True)
    assert (tried.good, tried.made, tried.applied, Outfall.objects.count()) == (True, 2, False, 1)
    done = run(SYSTEM, *rows)
    assert (done.made, done.applied, Outfall.objects.count()) == (2, True, 3)
    east, west = Outfall.objects.get(title="东门口"), Outfall.objects.get(title="西门口")
    assert (west.code, west.firm, west.level, west.grid) == ("420102-0008-NS-00", firm, "red", "")
    assert east.grid == "/wuhan/jiangan/g1/"
    for each in (east, west):
        assert verify_chain("outfall", each.pk, 1).faults == ()  # type: ignore[comparison-overlap]
    assert "王某" not in "".join(History.objects.values_list("body", flat=True))
    assert PublicCode.objects.filter(what="outfall", ended_at=None).count() == 3
    following = services.register(SYSTEM, title="下一个", kind_code="GY", water="府河", lon=114.2, lat=30.5)
    assert following.number > west.number and following.code == "420102-0009-GY-00"
    again = run(SYSTEM, *rows[:1])
    assert [problem.code for problem in again.problems] == ["outfall.code.taken"]


def test_who_may_import_where(client: Any, people: dict[str, Any], city: None) -> None:
    """At the page: administrators of the place alone; a district's takes in its own district only."""
    from ecobureau.web.accounts.models import User
    from web.people import person

    for name in ("officer", "head", "duty", "worker"):
        client.force_login(User.objects.get(username=name))
        upload = {"kind": "outfalls", "file": SimpleUploadedFile("a.xlsx", book(GOOD))}
        assert client.post("/registry/import/", upload).status_code in (403, 422), name
        assert not Outfall.objects.exists()
    client.force_login(person("theirs", ("administrator", "/wuhan/qingshan/")))
    answer = client.post("/registry/import/", {"kind": "outfalls", "file": SimpleUploadedFile("a.xlsx", book(GOOD))})
    page = client.get(answer["Location"]).content.decode()
    assert "“东门口”的位置不在您负责的范围内" in page
    assert not Outfall.objects.exists()
    client.force_login(User.objects.get(username="admin"))
    answer = client.post("/registry/import/", {"kind": "outfalls", "file": SimpleUploadedFile("a.xlsx", book(GOOD))})
    assert not Outfall.objects.exists()
    client.post(answer["Location"] + "apply/")
    assert Outfall.objects.get().title == "东门口"
