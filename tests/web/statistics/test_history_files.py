"""Files of history on a page: checked without writing, loaded by the worker, problems row by row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecobureau.clock import ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import rollup
from ecobureau.web.statistics.models import Day, EmissionSummary, HistoryFile, Hours, Revision
from ecobureau.web.statistics.past import services
from ecobureau.web.statistics.services import take_published
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "time,station_code,pm2_5_1h,pm10_1h,so2_1h,no2_1h,co_1h,o3_1h\n"


@pytest.fixture(autouse=True)
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ECOBUREAU_DATA", str(tmp_path))
    with use_clock(ManualClock(datetime(2026, 5, 27, 1, tzinfo=UTC))):
        yield


@pytest.fixture
def city() -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    for code, name in (("jiangan", "江岸区"), ("qingshan", "青山区")):
        places.make_organisation(SYSTEM, parent=top, code=code, level="district", name=name)
        sources.make_station(SYSTEM, code=f"A-{code}", name=name, st="22", org_path=f"/wuhan/{code}/")


def signed_in(name: str, role: str, org_path: str) -> Client:
    found = Client()
    found.force_login(person(name, (role, org_path)), backend="django.contrib.auth.backends.ModelBackend")
    return found


def table(station: str = "A-jiangan") -> bytes:
    rows = [f"2026-05-04 {hour:02d}:00,{station},{30 + hour},60,9,31,0.7,80\n" for hour in range(24)]
    rows[3] = rows[3].replace("33,60", "三十三,60")
    return (
        HEAD + "".join(rows) + f"2026-13-04 01:00,{station},1,1,1,1,1,1\n2026-05-04 01:00,nowhere,1,1,1,1,1,1\n"
    ).encode()


def hand_in(who: Client, data: bytes, **options: str) -> HistoryFile:
    given = {"file": SimpleUploadedFile("hours.csv", data), "stamp": "start", "encoding": "utf-8", **options}
    assert who.post("/statistics/history/", given).status_code == 302
    row = HistoryFile.objects.get()
    services.check(row.pk)
    row.refresh_from_db()
    return row


def test_a_file_is_checked_then_loaded_and_counts_in_the_statistics(city: None, tmp_path: Path) -> None:
    head = signed_in("head", "unit_head", "/wuhan/")
    row = hand_in(head, table())
    assert (row.state, row.result["format"], row.result["rows"], row.result["bad"]) == (
        "checked",
        "air_station_hours",
        26,
        2,
    )
    assert not Hours.objects.exists()
    page = head.get(f"/statistics/history/{row.pk}/").content.decode()
    assert "三十三" in page
    assert "2026-13-04 01:00" in page
    assert "nowhere" in page
    assert list((tmp_path / "history").iterdir())
    head.post(f"/statistics/history/{row.pk}/load/")
    services.load_checked(row.pk)
    row.refresh_from_db()
    assert (row.state, row.progress, row.result["stored"], row.stored) == ("done", 100, 24, "")
    assert not list((tmp_path / "history").iterdir())
    while rollup.drain():
        pass
    hours = Hours.objects.get(item="pm2_5", day=date(2026, 5, 4)).hours
    assert (hours[0], hours[3], hours[23]) == (30.0, None, 53.0)
    assert Day.objects.filter(item="pm2_5", day=date(2026, 5, 4), valid=True).exists()
    assert "已载入" in head.get("/statistics/history/").content.decode()
    services.load_checked(row.pk)  # A job that comes twice does nothing more.
    assert head.post(f"/statistics/history/{row.pk}/load/").status_code != 200


def test_published_days_of_a_city_come_into_the_statistics_and_a_corrected_file_leaves_a_revision(city: None) -> None:
    head = signed_in("head", "unit_head", "/wuhan/")
    lines = [f"A-jiangan,2026-05-{day:02d},3{day},60,9,31,0.7,80\n" for day in (1, 2)]
    for text, pm in ((lines, 31.0), ([lines[0].replace(",31,60", ",44,60"), lines[1]], 44.0)):
        HistoryFile.objects.all().delete()
        row = hand_in(head, ("city,date,pm2_5,pm10,so2,no2,co,o3_8h_max\n" + "".join(text)).encode())
        head.post(f"/statistics/history/{row.pk}/load/")
        services.load_checked(row.pk)
        while rollup.drain():
            pass
        figure = Day.objects.get(item="pm2_5", day=date(2026, 5, 1), series__kind="point")
        assert (figure.value, figure.valid) == (pm, True)
        above = Day.objects.get(item="o3", day=date(2026, 5, 2), series__code="/wuhan/jiangan/")
        assert above.value == 80
    kept = Revision.objects.get(series__kind="point")
    assert (kept.before, kept.after, kept.cause) == (31.0, 44.0, "revised")
    assert take_published(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)) == 0


def test_hours_of_an_outlet_that_are_loaded_are_accounted_for(city: None) -> None:
    from ecobureau.web.detection.models import DailyTotal

    sources.sync_factors(SYSTEM)
    firm = sources.make_enterprise(SYSTEM, code="91420100MA4KABCD1" + check_letter("91420100MA4KABCD1"), name="甲厂")
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="排气筒", medium="air", org_path="/wuhan/jiangan/")
    sources.make_station(SYSTEM, code="G1", name="烟气", st="31", outlet=outlet)
    sources.set_limit(SYSTEM, outlet, "a21026", value="35", source="许可证", valid_from=date(2020, 1, 1), field="avg")
    rows = [
        f"G1,2026-03-02T{hour:02d}:00:00+08:00,{code},{value},N\n"
        for hour in range(24)
        for code, value in (("a21026", 20 + hour), ("a00000", 30))
    ]
    head = signed_in("head", "unit_head", "/wuhan/")
    row = hand_in(head, ("station,time,factor,avg,flag\n" + "".join(rows)).encode())
    assert row.state == "checked", row.fault
    head.post(f"/statistics/history/{row.pk}/load/")
    services.load_checked(row.pk)
    while rollup.drain():
        pass
    day = EmissionSummary.objects.get(span="day", start=date(2026, 3, 2), series__outlet=outlet)
    assert (day.valid_hours, day.over, day.mean) == (24, 8, 31.5)
    assert DailyTotal.objects.get(day=date(2026, 3, 2)).measured_ug == day.measured_ug
    assert EmissionSummary.objects.filter(span="year", series__kind__in=("firm", "place"), item="a21026").count() == 3


def test_stations_of_other_places_are_not_loaded_and_others_do_not_see_the_file(city: None) -> None:
    head = signed_in("head", "unit_head", "/wuhan/qingshan/")
    row = hand_in(head, table())
    assert row.result["values"] == 0
    assert ["A-jiangan", 25] in row.result["unknown"] or ["A-jiangan", 24] in row.result["unknown"]
    other = signed_in("other", "unit_head", "/wuhan/")
    assert other.get(f"/statistics/history/{row.pk}/").status_code == 404
    assert other.post(f"/statistics/history/{row.pk}/load/").status_code == 404
    worker = signed_in("grid", "grid_worker", "/wuhan/jiangan/")
    answer = worker.post(
        "/statistics/history/", {"file": SimpleUploadedFile("a.csv", table()), "stamp": "start", "encoding": "utf-8"}
    )
    assert answer.status_code == 403
    assert HistoryFile.objects.count() == 1
    head.post(f"/statistics/history/{row.pk}/drop/")
    row.refresh_from_db()
    assert (row.state, row.stored) == ("dropped", "")


def test_a_file_that_is_no_table_of_history_is_told(city: None) -> None:
    head = signed_in("head", "unit_head", "/wuhan/")
    row = hand_in(head, b"a,b\n1,2\n")
    assert row.state == "failed"
    assert row.fault["code"] == "history.no_format"
    assert head.get(f"/statistics/history/{row.pk}/").status_code == 200
    assert head.get(f"/statistics/history/{row.pk}/", {"part": "body"}).status_code == 200
    assert head.post("/statistics/history/", {"stamp": "start", "encoding": "utf-8"}).status_code == 422
