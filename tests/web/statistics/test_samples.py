"""Samples of surface water taken by hand: entry, import with row-wise errors, second person, use in the month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecobureau.clock import ManualClock, use_clock
from ecobureau.domain.water import mean
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.refusals import Refused
from ecobureau.web.statistics import rollup
from ecobureau.web.statistics import services as statistics
from ecobureau.web.statistics.models import Figure, Series, SpanRevision, WaterSample, WaterSummary
from ecobureau.web.statistics.samples import services
from ecobureau.web.statistics.samples.values import BadValue, read_value
from ecobureau.web.statistics.services import DayOfHours
from web.access_contract import AccessContract
from web.people import person

pytestmark = pytest.mark.django_db
MONTH = date(2026, 5, 1)
CLEAN = {"ph": 7.6, "do": 8.1, "codmn": 3.2, "nh3n": 0.31, "tp": 0.08}
_OFFICE = "view act attach export create"
_WHERE = ("city", "district", "grid")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with use_clock(ManualClock(datetime(2026, 6, 7, 1, tzinfo=UTC))):
        yield


def section(days: int = 20) -> Series:
    city = statistics.put_series(medium="water", kind="place", code="/wuhan/", name="武汉市", org_path="/wuhan/")
    made = statistics.put_series(
        medium="water", kind="point", code="s1", name="谌家矶", org_path="/wuhan/jiangan/", parent=city, body="river"
    )
    rows = [
        DayOfHours(made.pk, item, MONTH + timedelta(days=at), [level] * 24)
        for item, level in CLEAN.items()
        for at in range(days)
    ]
    statistics.put_hours(rows, source="测试")
    settle()
    return made


def settle() -> None:
    while rollup.drain():
        pass


def values(**texts: str) -> dict[str, Any]:
    return {item: read_value(text, item) for item, text in texts.items()}


def month(series: Series) -> WaterSummary:
    return WaterSummary.objects.get(series=series, span="month", start=MONTH)


def signed_in(name: str, role: str) -> Client:
    found = Client()
    found.force_login(person(name, (role, "/wuhan/")), backend="django.contrib.auth.backends.ModelBackend")
    return found


@pytest.mark.parametrize(
    ("text", "value", "below"),
    [("0.02", 0.02, False), ("<0.004", 0.002, True), ("0.004L", 0.002, True), ("＜0.01", 0.005, True)],
)
def test_results_below_detection_count_half(text: str, value: float, below: bool) -> None:
    assert read_value(text, "cu") == {"text": text, "value": value, "below": below}


@pytest.mark.parametrize(("text", "item"), [("未检出", "cu"), ("-1", "cu"), ("15", "ph"), ("<7", "ph"), ("1,2", "tp")])
def test_bad_results_are_told(text: str, item: str) -> None:
    with pytest.raises(BadValue):
        read_value(text, item)
    assert read_value(" — ", item) is None


def test_an_accepted_sample_makes_the_month_with_the_automatic_means() -> None:
    one = section()
    assert month(one).water_class == 2
    officer, head = (
        viewer_of(person(name, (role, "/wuhan/"))) for name, role in (("o", "duty_officer"), ("h", "unit_head"))
    )
    for day, cod in ((5, "24"), (15, "18.6")):
        sample = services.enter(
            officer,
            section="s1",
            taken_on=date(2026, 5, day),
            laboratory="市监测中心",
            values=values(cod=cod, oil="<0.01", tp="0.5"),
        )
        settle()
        assert not Figure.objects.filter(item="cod").exists() or day == 15
        services.accept(sample, head)
        settle()
    found = Figure.objects.get(series=one, span="month", start=MONTH, item="cod")
    assert (found.mean, found.origin, found.parts, found.valid) == (mean([24.0, 18.6]), "manual", 2, True)
    # Phosphorus was measured automatically all month: the sample's does not count.
    tp = Figure.objects.get(series=one, span="month", start=MONTH, item="tp")
    assert (tp.mean, tp.origin) == (0.08, "auto")
    assert (month(one).water_class, month(one).deciding) == (4, ["cod"])
    assert Figure.objects.get(series=one, span="year", item="cod").mean == found.mean
    assert SpanRevision.objects.filter(series=one, span="month", cause="sampled").exists()
    page = signed_in("l", "leader").get(f"/statistics/water/{one.pk}/month/2026-05-01/").content.decode()
    assert "自动监测没有有效月均值，用 2 个手工样品" in page
    assert "化学需氧量" in page
    services.withdraw(
        WaterSample.objects.get(taken_on=date(2026, 5, 5)),
        viewer_of(person("h2", ("leader", "/wuhan/"))),
        reason="瓶号有误",
    )
    settle()
    assert (month(one).water_class, Figure.objects.get(series=one, span="month", item="cod").mean) == (3, 18.6)


def test_few_automatic_days_give_way_to_samples_and_a_section_without_station_has_its_class() -> None:
    one = section(days=4)
    head = viewer_of(person("h", ("unit_head", "/wuhan/")))
    hand = statistics.put_series(
        medium="water", kind="point", code="m1", name="手工断面", org_path="/wuhan/", body="river"
    )
    for code in ("s1", "m1"):
        given = values(ph="7.4", do="7.9", codmn="3", nh3n="0.2", tp="0.25", cod="12", cu="<0.001")
        made = services.enter(
            viewer_of(person(f"o{code}", ("duty_officer", "/wuhan/"))),
            section=code,
            taken_on=date(2026, 5, 20),
            laboratory="市监测中心",
            values=given,
        )
        services.accept(made, head)
    settle()
    for series in (one, hand):
        assert (month(series).water_class, month(series).deciding, month(series).valid) == (4, ["tp"], True)
    assert not WaterSummary.objects.filter(series=hand, span="day").exists()


def test_the_same_person_cannot_accept_and_a_day_has_one_sample() -> None:
    section()
    head = viewer_of(person("h", ("unit_head", "/wuhan/")))
    given = {"section": "s1", "taken_on": date(2026, 5, 5), "laboratory": "x", "values": values(cod="24")}
    made = services.enter(head, **given)
    for attempt in (
        lambda: services.accept(made, head),
        lambda: services.enter(head, **given),
        lambda: services.enter(head, **{**given, "taken_on": date(2027, 1, 1)}),
        lambda: services.enter(head, **{**given, "section": "nowhere"}),
    ):
        with pytest.raises(Refused):
            attempt()
    assert [row.state for row in WaterSample.objects.all()] == ["entered"]


def test_a_file_is_read_row_by_row() -> None:
    section()
    officer = signed_in("officer", "duty_officer")
    bad = (
        "断面,采样日期,监测单位,化学需氧量 mg/L,石油类 mg/L\n"
        "谌家矶,2026-05-05,市监测中心,二十,<0.01\n不存在,2026-05-06,市监测中心,18,0.02\n"
    )
    answer = officer.post("/water-samples/import/", {"file": SimpleUploadedFile("a.csv", bad.encode())})
    found = answer.content.decode()
    assert answer.status_code == 422
    assert "“二十”不是监测结果" in found
    assert not WaterSample.objects.exists()
    good = bad.replace("二十", "21").replace("不存在", "谌家矶")
    answer = officer.post("/water-samples/import/", {"file": SimpleUploadedFile("a.csv", good.encode())})
    assert answer.status_code == 200
    assert not WaterSample.objects.exists()
    sealed = answer.context["sealed"]
    assert officer.post("/water-samples/import/", {"sealed": sealed}).status_code == 302
    rows = WaterSample.objects.order_by("taken_on")
    assert [row.values["cod"]["value"] for row in rows] == [21.0, 18.0]
    assert rows[0].values["oil"] == {"text": "<0.01", "value": 0.005, "below": True}
    page = officer.get(f"/water-samples/{rows[0].number}/").content.decode()
    assert "&lt;0.01" in page
    assert officer.get("/water-samples/").status_code == 200
    assert officer.get("/water-samples/new/").status_code == 200


class TestSampleAccess(AccessContract):
    kind = "water_sample"
    expected = {
        **{
            (role, where): _OFFICE
            for role in ("administrator", "duty_officer", "dispatcher", "unit_head")
            for where in _WHERE
        },
        **{("leader", where): "view act attach export" for where in _WHERE},
        **{("auditor", where): "view export" for where in _WHERE},
    }

    def make(self, **fields: Any) -> Any:
        series = statistics.put_series(
            medium="water", kind="point", code="a", name="a", org_path="/wuhan/", body="river"
        )
        return kernel.create(
            "water_sample",
            SYSTEM,
            title="样品",
            series=series,
            taken_on=date(2026, 5, 5),
            laboratory="x",
            values={},
            **fields,
        )


def test_the_way_to_the_samples_is_shown_to_those_who_may_go_it(client: Any) -> None:
    for name, role, place, shown in (
        ("duty", "duty_officer", "/wuhan/", True),
        ("officer", "enforcement_officer", "/wuhan/", False),
    ):
        client.force_login(person(name, (role, place)))
        assert (b"/water-samples/" in client.get("/statistics/water/").content) == shown
        assert client.get("/water-samples/").status_code == (200 if shown else 403)
