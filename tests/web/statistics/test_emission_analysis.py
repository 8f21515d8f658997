"""Outlets, enterprises and places among the analyses: trends, cycles, boxes and comparisons of what was emitted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.detection import totals
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Outlet
from ecobureau.web.statistics import rollup
from ecobureau.web.statistics.emission import days
from ecobureau.web.statistics.models import EmissionSummary, Review, Series
from web.detection.plants import UNITS, Plant, make_plant, write
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "/statistics/analysis/"
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
NOX = "a21002"
FIRST, LAST = date(2026, 11, 15), date(2026, 11, 21)
ASKED = {"medium": "emission", "from": FIRST.isoformat(), "to": LAST.isoformat()}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(NOON.astimezone(UTC))):
        yield


def settle(*outlets: int) -> None:
    totals.refresh(outlets, NOON)
    while rollup.drain():
        pass


@pytest.fixture
def plant(database_url: str) -> Plant:
    """Seven whole days: NOx 40 mg/m3 by night and 60 from 8 to 20, at 100 m3/s; two hours of one night are missing."""
    made = make_plant(NOON.date())
    first = datetime(2026, 11, 15, tzinfo=BEIJING)
    values = [60.0 if 8 <= at % 24 < 20 else 40.0 for at in range(7 * 24)]
    for begin, end in ((0, 50), (52, 168)):
        part = values[begin:end]
        write(database_url, made.stack, first + timedelta(hours=begin), {NOX: part, "a00000": [100.0] * len(part)})
    settle(made.outlet.pk)
    return made


def client(name: str = "leader", org_path: str = "/wuhan/", language: str = "zh") -> Client:
    user = person(name, ("leader", org_path))
    user.language = language
    user.save()
    found = Client()
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def key_of(plant: Plant, kind: str = "point") -> str:
    series = Series.objects.get(outlet=plant.outlet)
    rows = {"point": series, "firm": series.parent, "place": series.parent and series.parent.parent}
    found = rows[kind]
    assert found is not None
    return f"s{found.pk}"


def shown(who: Client, **query: str) -> Any:
    answer = who.get(HERE, ASKED | query)
    assert answer.status_code == 200
    found = answer.context["bench"].shown
    assert found is not None, (answer.context["bench"].what, answer.context["bench"].why)
    return found


def test_cycles_of_concentration_and_mass(plant: Plant) -> None:
    leader = client()
    key = key_of(plant)
    day = shown(leader, object=key, view="diurnal", item=f"{NOX}-avg")
    assert (day.rows[2][1].value, day.rows[2][2].value) == (6, 40.0)
    assert (day.rows[4][1].value, day.rows[12][2].value) == (7, 60.0)
    assert day.chart["unit"] == "mg/m³"
    assert "有效小时 166/168" in day.basis[0]
    # 40 mg/m3 × 100 m3/s × 3600 s = 14.4 kg; the two missing hours are substituted, so they do not count here.
    for kind in ("point", "firm", "place"):
        mass = shown(leader, object=key_of(plant, kind), view="diurnal", item=f"{NOX}-kg")
        assert (mass.rows[2][1].value, mass.rows[2][2].value) == (6, 14.4)
        assert (mass.rows[9][1].value, mass.rows[9][2].value) == (7, 21.6)
        assert mass.chart["unit"] == "kg/h"
    week = shown(leader, object=key, view="weekly", item=f"{NOX}-kg")
    # 15 November is a Sunday: half a day of 21.6 and half of 14.4.
    assert week.rows[6][2].value == 18.0
    # Tuesday lacks two hours of 14.4: (12 × 21.6 + 10 × 14.4) / 22
    assert week.rows[1][1].value == 22
    assert week.rows[1][2].value == pytest.approx(18.3273, abs=1e-3)
    head = person("head", ("unit_head", "/wuhan/"))
    other = person("other", ("unit_head", "/wuhan/"))
    at = datetime(2026, 11, 15, 12, tzinfo=BEIJING)
    Review.objects.create(
        series_id=int(key[1:]), item=NOX, starts=at, ends=at + timedelta(hours=1), reason="校准", state="accepted",
        proposed_by=head, proposed_at=NOON, decided_by=other, decided_at=NOON,
    )  # fmt: skip
    again = shown(leader, object=key, view="diurnal", item=f"{NOX}-avg")
    assert (again.rows[12][1].value, again.rows[11][1].value) == (6, 7)


def test_boxes_and_years_of_days(plant: Plant) -> None:
    leader = client()
    box = shown(leader, object=key_of(plant), view="box", item=f"{NOX}-avg")
    # Six days of (12 × 60 + 12 × 40) / 24, one of (12 × 60 + 10 × 40) / 22.
    assert (box.rows[0][0].value, box.rows[0][1].value, box.rows[0][4].value) == ("2026-11", 7, 50.0)
    assert box.rows[0][10].value == pytest.approx(1120 / 22, abs=1e-3)
    series = int(key_of(plant)[1:])
    row = EmissionSummary.objects.get(series=series, span="day", start="2026-11-17", item=NOX)
    assert row.substituted == 2
    mass = shown(leader, object=key_of(plant, "firm"), view="box", item=f"{NOX}-kg")
    # 12 × 21.6 + 12 × 14.4 kg; the day with a gap by what is measured and substituted.
    assert mass.rows[0][4].value == pytest.approx(432.0)
    whole = (row.measured_ug + row.substituted_ug) / 1e9
    assert sorted((mass.rows[0][9].value, mass.rows[0][10].value)) == pytest.approx(sorted((432.0, whole)), abs=1e-3)
    share = row.substituted_ug / 1e9 / (6 * 432.0 + whole)
    assert f"排放量中 {100 * share:.1f}% 是按标准替代的，不是实测。" in mass.notes
    by_outlet = shown(leader, object=key_of(plant, "firm"), view="box", item=f"{NOX}-kg", group="member")
    assert by_outlet.heads[0] == "排放口"
    assert [one[0].value for one in by_outlet.rows] == ["江北热电有限公司 1号锅炉排气筒"]
    # The same week a year ago, a quarter higher.
    old = [
        days.OutletDay(
            NOX,
            FIRST - timedelta(days=365 - at),
            {"days": 1, "valid_days": 1, "mean": 62.5, "valid": True, "valid_hours": 24},
            "data",
        )
        for at in range(7)
    ]
    days.put_outlet_days(plant.outlet, old)
    years = shown(leader, object=key_of(plant), view="compare", item=f"{NOX}-avg", by="years")
    assert (years.rows[0][1].value, years.rows[1][1].value, years.rows[1][2].value) == (7, 7, 62.5)
    now_mean = (6 * 50 + 1120 / 22) / 7
    assert years.rows[0][5].value == pytest.approx(now_mean - 62.5, abs=1e-3)
    assert "比2025 年" in years.reading[0] and "低" in years.reading[0]


def test_trends_of_days_and_months(plant: Plant) -> None:
    leader = client()
    whole = {"days": 1, "valid_days": 1, "valid": True, "valid_hours": 24, "measured": 24, "operating": 24}
    # Three years that fall by 4 mg/m3 and 40 kg a year, straight.
    first = date(2023, 11, 1)
    rows = []
    for at in range(36 * 31):
        day = first + timedelta(days=at)
        if day >= FIRST:
            break
        years = at / 365.25
        mean = 90 - 4 * years
        figures = {**whole, "mean": mean, "converted": mean + 5, "converted_days": 1}
        # Every tenth day a quarter of the hours is not known: no day of mass.
        if at % 10 == 0:
            figures |= {"measured": 18, "operating": 24, "lost": 6}
        rows.append(days.OutletDay(NOX, day, {**figures, "measured_ug": round((900 - 40 * years) * 1e9)}, "data"))
    days.put_outlet_days(plant.outlet, rows)
    while rollup.drain():
        pass
    asked = {"view": "trend", "from": first.isoformat(), "to": "2026-10-31"}
    key = key_of(plant)
    month = shown(leader, object=key, item=f"{NOX}-zs", **asked)
    assert "每年**下降 4.0" in month.reading[0] and "mg/m³" in month.reading[0]
    assert "季节肯德尔检验" in month.reading[0]
    # November 2023: the mean of days 0 to 29 is 95 − 4 · 14.5 / 365.25
    assert (month.rows[0][0].value, month.rows[0][1].value) == ("2023-11", 30)
    assert month.rows[0][2].value == pytest.approx(95 - 4 * 14.5 / 365.25, abs=1e-3)
    assert any("HJ 76-2017" in one for one in month.basis)
    for kind in ("point", "firm", "place"):
        mass = shown(leader, object=key_of(plant, kind), item=f"{NOX}-kg", **asked)
        # The same month a calendar year later: 40 × 365 / 365.25
        assert "每年**下降 39.97 kg/d**" in mass.reading[0]
        assert mass.rows[0][1].value == 27
        assert mass.heads[2].startswith("月内日均排放量")
    daily = shown(leader, object=key, item=f"{NOX}-avg", step="day", **(asked | {"from": "2026-01-01"}))
    assert "曼-肯德尔检验" in daily.reading[0]
    assert len(daily.rows) == 304
    with CaptureQueriesContext(connection) as found:
        assert leader.get(HERE, {"medium": "emission", "object": key, "item": f"{NOX}-avg", **asked}).status_code == 200
    assert len(found) <= 16


def test_outlets_side_by_side_and_places_of_several(plant: Plant, database_url: str) -> None:
    leader = client()
    water = sources.make_outlet(SYSTEM, plant.outlet.enterprise, code="DA002", name="2号锅炉排气筒", medium="air")
    second = sources.make_station(SYSTEM, code="G0002", name="江北热电2号烟气", st="31", outlet=water)
    sources.set_limit(SYSTEM, water, NOX, value="100", source="许可证", valid_from=date(2020, 1, 1), field="avg")
    first = datetime(2026, 11, 19, tzinfo=BEIJING)
    write(database_url, second, first, {NOX: [25.0] * 72, "a00000": [100.0] * 72})
    settle(plant.outlet.pk, water.pk)
    key, other = key_of(plant), f"s{Series.objects.get(outlet=water).pk}"
    asked = {"view": "compare", "by": "places", "object": key, "item": f"{NOX}-avg"}
    page = leader.get(HERE, ASKED | asked)
    assert page.context["others"] == [(other, "江北热电有限公司 2号锅炉排气筒")]
    found = shown(leader, **asked, **{"with": other})
    assert [row[3].value for row in found.rows] == [3, 3]
    assert (found.rows[0][4].value, found.rows[1][4].value, found.rows[0][5].value) == (25.0, 50.0, -25.0)
    # Masses can be set against enterprises and places as well.
    page = leader.get(HERE, ASKED | asked | {"item": f"{NOX}-kg"})
    assert {name for _key, name in page.context["others"]} >= {"江北热电有限公司", "江北热电有限公司 2号锅炉排气筒"}
    # Both together: 25 × 0.36 = 9 kg an hour more since the 19th, and the page says that there are more outlets.
    mass = shown(leader, object=key_of(plant, "place"), view="diurnal", item=f"{NOX}-kg")
    assert (mass.rows[0][1].value, mass.rows[0][2].value) == (7, pytest.approx(14.4 + 9 * 3 / 7, abs=1e-3))
    assert any("从 1 个到 2 个不等" in one for one in mass.notes)
    box = shown(leader, object=key_of(plant, "firm"), view="box", item=f"{NOX}-kg", group="member")
    assert len(box.rows) == 2 and any("2 个排放口合计" in one for one in box.basis)


def test_addresses_files_and_other_places(plant: Plant) -> None:
    leader = client()
    key = key_of(plant)
    page = leader.get(HERE, ASKED | {"object": key, "view": "wind"})
    text = page.content.decode()
    assert "只用于空气，改为趋势" in text and "排放口不测风向风速" in text
    views = " ".join(tab.url for tab in page.context["views"])
    assert "view=diurnal" in views and "wind" not in views and "pollution" not in views
    usual = leader.get(HERE, {"medium": "emission"})
    assert usual.context["choice"].target == key
    assert [spec.code for spec in usual.context["choice"].offered] == [f"{NOX}-avg", f"{NOX}-kg"]
    firm = leader.get(HERE, ASKED | {"object": key_of(plant, "firm"), "item": f"{NOX}-avg"})
    assert firm.context["choice"].item.code == f"{NOX}-kg"
    assert "有效日不够" in leader.get(HERE, ASKED | {"object": key, "view": "trend"}).content.decode()
    asked = ASKED | {"object": key, "view": "diurnal", "item": f"{NOX}-kg"}
    lines = list(csv.reader(io.StringIO(leader.get(f"{HERE}file/csv/", asked).content.decode("utf-8-sig"))))
    table = [line for line in lines if not line[0].startswith("# ")]
    assert table[10][:3] == ["9时", "7", "21.6"]
    body = b"".join(leader.get(f"{HERE}file/xlsx/", asked).streaming_content)  # type: ignore[attr-defined]
    assert list(load_workbook(io.BytesIO(body)).worksheets[0].values)[10][:3] == ("9时", 7, 21.6)
    for path in (f"/statistics/emission/{key[1:]}/", f"/statistics/emission/{key[1:]}/day/2026-11-20/"):
        assert f"{HERE}?medium=emission&amp;object={key}" in leader.get(path).content.decode()
    link = f"{HERE}station/{plant.stack.pk}/"
    assert link in leader.get(f"/stations/{plant.stack.pk}/").content.decode()
    assert leader.get(link).status_code == 302
    assert leader.get(f"{HERE}station/{plant.meter.pk}/").status_code == 404
    long = leader.get(HERE, asked | {"from": "2020-01-01"})
    assert "要读的数据太多" in long.content.decode() and "排放口日" in long.content.decode()
    far = client("far", "/wuhan/qingshan/")
    for kind in ("point", "firm", "place"):
        assert far.get(HERE, {"medium": "emission", "object": key_of(plant, kind)}).status_code == 404
        assert far.get(f"{HERE}file/csv/", {"medium": "emission", "object": key_of(plant, kind)}).status_code == 404
    assert far.get(link).status_code == 404
    english = client("e", "/wuhan/", "en")
    text = english.get(HERE, asked).content.decode()
    assert "mass emitted an hour" in text and "Outlets measure no wind" in text
    said = shown(english, object=key, view="diurnal", item=f"{NOX}-kg")
    assert not any(sign in " ".join((*said.reading, *said.basis)) for sign in "，。（）：～")


def test_converted_hours_of_gas_and_hours_of_waste_water(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for code, unit in (("w01018", "mg/L"), ("w00000", "L/s")):
        monkeypatch.setitem(UNITS, code, unit)
    made, leader = make_plant(NOON.date()), client()
    Outlet.objects.filter(pk=made.outlet.pk).update(o2_ref=6)
    water = sources.make_outlet(SYSTEM, made.outlet.enterprise, code="DW001", name="废水总排口", medium="water")
    drain = sources.make_station(SYSTEM, code="W0001", name="废水", st="32", outlet=water)
    sources.set_limit(SYSTEM, water, "w01018", value="100", source="许可证", valid_from=date(2020, 1, 1), field="avg")
    first = datetime(2026, 11, 15, tzinfo=BEIJING)
    write(database_url, made.stack, first, {NOX: [40.0] * 168, "a19001": [9.0] * 168, "a00000": [100.0] * 168})
    write(database_url, drain, first, {"w01018": [50.0 + at % 24 for at in range(168)], "w00000": [10.0] * 168})
    settle(made.outlet.pk, water.pk)
    # 40 × (21 − 6) / (21 − 9)
    gas = shown(leader, object=key_of(made), view="diurnal", item=f"{NOX}-zs")
    assert {row[2].value for row in gas.rows} == {50.0}
    assert shown(leader, object=key_of(made), view="box", item=f"{NOX}-zs").rows[0][4].value == 50.0
    outlet = f"s{Series.objects.get(outlet=water).pk}"
    page = leader.get(HERE, ASKED | {"object": outlet, "view": "diurnal"})
    assert [(spec.code, spec.unit) for spec in page.context["choice"].offered] == [
        ("w01018-avg", "mg/L"),
        ("w01018-kg", "kg/h"),
    ]
    found = shown(leader, object=outlet, view="diurnal", item="w01018-avg")
    assert [row[2].value for row in found.rows] == [50.0 + hour for hour in range(24)]
    # 60 mg/L × 10 L/s × 3600 s = 2.16 kg
    mass = shown(leader, object=outlet, view="diurnal", item="w01018-kg")
    assert mass.rows[10][2].value == pytest.approx(2.16)
    box = shown(leader, object=outlet, view="box", item="w01018-avg")
    assert box.rows[0][4].value == 61.5
    # The enterprise has both factors, each with its mass alone.
    firm = leader.get(HERE, ASKED | {"object": key_of(made, "firm")})
    assert [spec.code for spec in firm.context["choice"].offered] == [f"{NOX}-kg", "w01018-kg"]
    # Its hours of waste water are those of the one outlet that has it.
    both = shown(leader, object=key_of(made, "firm"), view="diurnal", item="w01018-kg")
    assert both.rows[10][1].value == 7
    assert both.rows[10][2].value == pytest.approx(2.16)
