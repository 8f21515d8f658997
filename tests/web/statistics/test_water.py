"""Surface water: hours to days, months, quarters and years; classes, shares, revisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.water import WaterClass, WaterRules, assess_auto, mean
from ecobureau.rulepacks import load
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import Day, Dirty, Figure, Hours, Series, SpanRevision, WaterSummary
from ecobureau.web.statistics.services import DayOfHours
from web.people import person, viewer

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 6)
MONTH = date(2026, 5, 1)
CLEAN = {"ph": 7.6, "do": 8.1, "codmn": 3.2, "nh3n": 0.31, "tp": 0.08, "tn": 1.6}


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    at = ManualClock(datetime(2026, 6, 7, 1, tzinfo=UTC))
    with use_clock(at):
        yield at


@pytest.fixture
def city() -> Series:
    return services.put_series(medium="water", kind="place", code="/wuhan/", name="武汉市", org_path="/wuhan/")


def section(city: Series, code: str, *, body: str = "river", river: Series | None = None) -> Series:
    return services.put_series(
        medium="water",
        kind="point",
        code=code,
        name=code,
        org_path="/wuhan/jiangan/",
        parent=city,
        body=body,
        river=river,
    )


def hours(series: Series, day: date = DAY, **levels: list[float | None] | float) -> None:
    rows = []
    for item, level in {**CLEAN, **levels}.items():
        some = level if isinstance(level, list) else [level] * 24
        rows.append(DayOfHours(series.pk, item, day, some))
    services.put_hours(rows, source="测试")


def settle() -> None:
    while rollup.drain():
        pass


def summary(series: Series, span: str = "day", start: date = DAY) -> WaterSummary:
    return WaterSummary.objects.get(series=series, span=span, start=start)


def test_a_day_is_the_mean_of_its_hours_and_has_a_class(city: Series) -> None:
    one = section(city, "s1")
    four_hourly: list[float | None] = [None] * 24
    four_hourly[0::4] = [0.1, 0.2, 0.3, 0.1, 0.2, 0.301]
    hours(one, tp=four_hourly)
    settle()
    row = Day.objects.get(series=one, item="tp", day=DAY)
    assert (row.value, row.valid, row.count, row.parts) == (mean(four_hourly), True, 6, 6)
    # 0.200166… is over 0.2: full values decide, so class IV; multiple (0.2002 - 0.2)/0.2 = 0.0.
    found = summary(one)
    assert (found.water_class, found.deciding) == (4, ["tp"])
    assert found.over == [{"item": "tp", "class": 4, "multiple": "0.0"}]
    assert Dirty.objects.count() == 0
    rules = WaterRules.from_pack(load("water"), DAY)
    wanted = assess_auto({**CLEAN, "tp": row.value}, rules)
    assert wanted.water_class == WaterClass(found.water_class or 0)


def test_too_few_slots_make_no_day_and_no_class(city: Series) -> None:
    one = section(city, "s1")
    few: list[float | None] = [0.3] * 12 + [None] * 12
    hours(one, nh3n=few)
    settle()
    assert not Day.objects.get(series=one, item="nh3n", day=DAY).valid
    assert (summary(one).water_class, summary(one).reason) == (None, "water.none.required")
    assert summary(city).counts == [0] * 6
    assert summary(city).good_rate is None


def test_month_quarter_and_year(city: Series) -> None:
    one = section(city, "s1")
    for at in range(20):
        hours(one, DAY + timedelta(days=at), codmn=6.0 + at)
    for at in range(4):
        hours(one, date(2026, 4, 1) + timedelta(days=at), codmn=2.0)
    settle()
    may = Figure.objects.get(series=one, span="month", start=MONTH, item="codmn")
    assert (may.mean, may.valid, may.days, may.days_over, may.parts) == (15.5, True, 20, 19, 480)
    assert (may.mean_multiple, may.meets, may.rate) == (1.6, False, 5.0)
    april = Figure.objects.get(series=one, span="month", start=date(2026, 4, 1), item="codmn")
    assert (april.mean, april.valid, april.days) == (2.0, False, 4)
    for span, start in (("quarter", date(2026, 4, 1)), ("year", date(2026, 1, 1))):
        longer = Figure.objects.get(series=one, span=span, start=start, item="codmn")
        assert (longer.mean, longer.parts, longer.valid) == (mean([2.0, 15.5]), 2, False)
        assert summary(one, span, start).water_class == 4
    assert summary(one, "month", MONTH).water_class == 6
    assert summary(one, "month", MONTH).over == [{"item": "codmn", "class": 6, "multiple": "1.6"}]
    # The month from its hours is the month stored.
    every = [hour for row in Hours.objects.filter(series=one, item="codmn", day__gte=MONTH) for hour in row.hours]
    assert mean(every) == may.mean


def test_shares_of_a_place_and_a_river_sum_to_one(city: Series) -> None:
    river = services.put_series(medium="water", kind="river", code="fu", name="府河", org_path="/wuhan/")
    levels = [0.31, 0.9, 1.2, 1.9, 2.6, 0.1]
    points = [
        section(city, f"s{at}", river=river if at < 3 else None, body="lake" if at == 5 else "river") for at in range(6)
    ]
    for point, level in zip(points, levels, strict=True):
        hours(point, nh3n=level)
    settle()
    found = summary(city)
    # The lake's TP of 0.08 is over 0.05: class IV by the limits of lakes.
    assert found.counts == [0, 1, 1, 2, 1, 1]
    assert sum(found.counts) == 6
    assert (found.good_rate, found.bad_rate, found.grade, found.method) == (33.3, 16.7, "light", "shares")
    assert found.over == [{"item": "nh3n", "share": 50.0}, {"item": "tp", "share": 16.7}]
    three = summary(river)
    # Under five sections the means decide: (0.31 + 0.9 + 1.2)/3 = 0.803 is class III.
    assert (three.method, three.water_class, three.good_rate) == ("means", 3, 66.7)
    assert three.cwqi is not None and found.cwqi is not None


def test_late_reviewed_and_restored_hours_move_the_class_with_the_reason(city: Series, clock: ManualClock) -> None:
    one = section(city, "s1")
    hours(one, nh3n=[0.3] * 20 + [9.0] * 4)
    settle()
    assert summary(one).water_class == 5
    assert not SpanRevision.objects.exists()
    anna = viewer(person("anna"), "duty_officer", "/wuhan/jiangan/")
    head = viewer(person("head"), "unit_head", "/wuhan/")
    other = viewer(person("other"), "leader", "/wuhan/")
    evening = datetime(2026, 5, 6, 20, tzinfo=BEIJING)
    review = services.propose_review(anna, one, starts=evening, ends=evening + timedelta(hours=4), reason="仪器校准")
    settle()
    assert summary(one).water_class == 5
    services.decide_review(head, review.pk, accept=True)
    settle()
    assert summary(one).water_class == 2
    day = SpanRevision.objects.get(series=one, span="day")
    assert (day.before_text, day.after_text, day.cause, day.reason) == ("Ⅴ", "Ⅱ", "invalidated", "仪器校准")
    place = SpanRevision.objects.get(series=city, span="month")
    assert (place.before_text, place.after_text) == ("Ⅰ～Ⅲ 0 % / 劣Ⅴ 0 %", "Ⅰ～Ⅲ 100 % / 劣Ⅴ 0 %")
    services.restore_review(other, review.pk, reason="校准记录有误")
    settle()
    assert summary(one).water_class == 5
    assert SpanRevision.objects.filter(series=one, cause="restored").exists()
    assert Hours.objects.get(series=one, item="nh3n").hours[23] == 9.0


def test_an_item_of_the_other_medium_is_refused(city: Series) -> None:
    one = section(city, "s1")
    with pytest.raises(ValueError, match="no such item"):
        services.put_hours([DayOfHours(one.pk, "co", DAY, [1.0] * 24)], source="坏")
    assert not Hours.objects.exists()


def test_a_lake_with_five_items_has_a_trophic_index(city: Series) -> None:
    one = section(city, "l1", body="lake")
    hours(one, tp=0.05, tn=1.0, codmn=4.0, chla=10.0, sd=1.0)
    settle()
    found = summary(one)
    assert found.tli is not None
    assert round(found.tli, 2) == 48.02
