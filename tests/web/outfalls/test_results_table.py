"""Results of laboratories from a table: one sample a group of rows, faults by row and column, sent twice is once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook

from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import History
from ecobureau.web.outfalls import selectors
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.outfalls.results_table import RESULTS
from ecobureau.web.sources.importing import Report, kind_of, read_table, run_import

pytestmark = pytest.mark.django_db
HEAD = ("排污口编码", "采样时间", "监测因子", "监测值", "上限", "监测单位", "报告编号")


def run(actor: Any, *rows: tuple[Any, ...], dry_run: bool = False) -> Report:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in (HEAD, *rows):
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return run_import(RESULTS, read_table(out.getvalue(), "a.xlsx"), actor, dry_run=dry_run)


def rows_of(code: str) -> list[tuple[Any, ...]]:
    return [
        (code, "2026-10-08 09:30", "w01018", 45.5, 50, "市环境监测站", "B-1"),
        (code, "2026-10-08 09:30", "氨氮", "9.2", 8, "市环境监测站", "B-1"),
        (code, "2026/11/03 10:00", "化学需氧量", 38, 50, "市环境监测站", "B-2"),
    ]


def test_rows_of_one_sample_become_one_entry_and_the_page_draws_them(outfall: Outfall, people: Any) -> None:
    rows = rows_of(outfall.code)
    assert run(people["head"], *rows, dry_run=True).made == 3 and not Result.objects.exists()
    report = run(people["head"], *rows)
    assert (report.applied, report.made, report.problems) == (True, 3, [])
    assert History.objects.filter(kind="outfall", verb="sample").count() == 2
    outfall.refresh_from_db()
    assert outfall.level == "orange", "ammonia is over its limit"
    assert verify_chain("outfall", outfall.pk, outfall.version).ok
    over = Result.objects.get(over=True)
    assert (over.factor_id, str(over.value.normalize()), over.lab, over.report) == (
        "w21003",
        "9.2",
        "市环境监测站",
        "B-1",
    )
    chart = selectors.results_chart(selectors.results(outfall))
    assert chart is not None and [plot.unit for plot in chart.plots] == ["mg/L"]
    assert [point.value for point in chart.plots[0].points] == [45.5, 38.0]
    assert chart.plots[0].limits[0].value == 50.0


def test_the_same_table_again_changes_nothing_and_another_value_is_refused(outfall: Outfall, people: Any) -> None:
    rows = rows_of(outfall.code)
    run(people["head"], *rows)
    before = History.objects.count()
    again = run(people["head"], *rows)
    assert (again.made, again.same, again.problems) == (0, 3, [])
    other = run(people["head"], (*rows[0][:3], 99, *rows[0][4:]))
    assert [each.code for each in other.problems] == ["outfall.result.other"] and not other.applied
    assert "45.5" in other.problems[0].text("zh") and "45.5" in other.problems[0].text("en")
    assert History.objects.count() == before and Result.objects.count() == 3


def test_every_fault_is_named_and_nothing_is_written(outfall: Outfall, people: Any) -> None:
    code = outfall.code
    report = run(
        SYSTEM,
        (code, "2026-10-08", "w01018", 45, None, None, None),
        (code, "昨天", "w01018", 45, None, None, None),
        (code, "2026-10-09", "独角兽", 45, None, None, None),
        (code, "2026-10-09", "w01018", -3, None, None, None),
        (code, "2026-10-09", "w01018", "<4", None, None, None),
        ("420102-9999-GY-00", "2026-10-09", "w01018", 45, None, None, None),
        (code, "2026-10-08", "COD", 45, None, None, None),
        (code, None, "w01018", 45, None, None, None),
    )
    found = {(each.row, each.code) for each in report.problems}
    assert found >= {
        (3, "registry.datetime"),
        (4, "registry.factor.unknown"),
        (5, "outfall.result.negative"),
        (6, "registry.number"),
        (7, "outfall.result.no_outfall"),
        (9, "registry.missing"),
    }, found
    assert not report.applied and not Result.objects.exists()
    assert all(each.text("zh") and each.text("en") != each.code for each in report.problems)


def test_a_time_to_come_and_another_districts_outfall_are_refused(outfall: Outfall, people: Any) -> None:
    late = run(people["head"], (outfall.code, "2099-01-01", "w01018", 45, None, None, None))
    assert [each.code for each in late.problems] == ["outfall.future"]
    away = run(people["away"], (outfall.code, "2026-10-08", "w01018", 45, None, None, None))
    assert [each.code for each in away.problems] == ["outfall.result.no_outfall"]
    duty = run(people["duty"], (outfall.code, "2026-10-08", "w01018", 45, None, None, None))
    assert [each.code for each in duty.problems] == ["core.no_access"]
    assert not Result.objects.exists()


def test_the_registry_offers_the_table_and_the_page_shows_the_chart(outfall: Outfall, people: Any, client: Any) -> None:
    from ecobureau.web.accounts.models import User

    assert kind_of("outfall-results") is RESULTS
    run(people["head"], *rows_of(outfall.code))
    client.force_login(User.objects.get(pk=people["head"].user_id))
    body = client.get(f"/outfalls/{outfall.number}/").content.decode()
    assert "历次监测结果" in body and "results-chart" in body
    client.force_login(User.objects.get(pk=people["admin"].user_id))
    assert "入河排污口监测结果" in client.get("/registry/import/").content.decode()
    assert client.get("/registry/import/outfall-results.csv").status_code == 200
