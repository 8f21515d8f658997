"""The sound environment: hours to days and nights, months, quarters, years; attainment by zone, revisions, reviews."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.noise import NoiseRules, day_levels, ldn, leq
from ecobureau.rulepacks import load
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import (
    Day,
    Dirty,
    Figure,
    Hours,
    NoiseSummary,
    PointChange,
    Revision,
    Series,
    SpanRevision,
)
from ecobureau.web.statistics.services import DayOfHours
from web.people import person, viewer

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 6)
MONTH = date(2026, 5, 1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    at = ManualClock(datetime(2026, 6, 7, 1, tzinfo=UTC))
    with use_clock(at):
        yield at


@pytest.fixture
def city() -> Series:
    return services.put_series(medium="noise", kind="place", code="/wuhan/", name="武汉市", org_path="/wuhan/")


def point(city: Series, code: str, zone: str = "2") -> Series:
    return services.put_series(
        medium="noise", kind="point", code=code, name=code, org_path="/wuhan/jiangan/", parent=city, zone=zone
    )


def level(day: float = 55.0, night: float = 45.0) -> list[float | None]:
    return [day if 6 <= hour < 22 else night for hour in range(24)]


def hours(series: Series, day: date, leq: list[float | None], **more: list[float | None]) -> None:
    rows = [DayOfHours(series.pk, item, day, values) for item, values in {"leq": leq, **more}.items()]
    services.put_hours(rows, source="测试")


def settle() -> None:
    while rollup.drain():
        pass


def days_of(series: Series, day: date) -> dict[str, Day]:
    return {row.item: row for row in Day.objects.filter(series=series, day=day)}


def summary(series: Series, span: str = "day", start: date = DAY, zone: str | None = None) -> NoiseSummary:
    rows = NoiseSummary.objects.filter(series=series, span=span, start=start)
    return rows.get() if zone is None else rows.get(zone=zone)


def test_a_night_counts_to_the_date_on_which_it_begins(city: Series) -> None:
    one = point(city, "n1")
    first, second = level(60.0, 40.0), level(50.0, 52.0)
    hours(one, DAY, first, lmax=[70.0] * 24)
    hours(one, DAY + timedelta(days=1), second, lmax=[66.0] * 24)
    settle()
    found = days_of(one, DAY)
    night = [*first[22:], *second[:6]]
    assert found["ld"].value == leq([60.0] * 16)
    assert found["ln"].value == leq(night)
    assert found["ldn"].value == ldn(found["ld"].value, found["ln"].value)
    assert found["peak"].value == 70.0
    assert all(row.valid for row in found.values())
    assert (found["ld"].count, found["ln"].count) == (16, 8)
    # What is kept is what the domain gives for the two days in one row.
    rules = NoiseRules.from_pack(load("noise"), DAY)
    row = np.array([*first, *second], np.float64)
    assert {item: one.value for item, one in day_levels(DAY, row, rules)[DAY].items()} == {
        item: found[item].value for item in ("ld", "ln", "ldn")
    }
    judged = summary(one)
    assert (judged.zone, judged.day_total, judged.day_within, judged.night_within) == ("2", 1, 1, 0)
    assert (judged.peak_total, judged.peak_within) == (1, 0)
    assert Dirty.objects.count() == 0


def test_a_level_equal_to_the_limit_is_within_and_without_a_zone_nothing_is_judged(city: Series) -> None:
    even, none = point(city, "n1"), point(city, "n2", zone="")
    for series in (even, none):
        hours(series, DAY, level(60.0, 50.0))
        hours(series, DAY + timedelta(days=1), level(60.0, 50.0))
    settle()
    found = summary(even)
    assert (found.day_within, found.night_within) == (1, 1)
    assert (summary(none).day_total, summary(none).night_total, summary(none).points) == (0, 0, 0)
    assert days_of(none, DAY)["ld"].valid
    assert summary(city, zone="").day_total == 1


def test_too_few_hours_and_strong_wind_make_no_valid_part(city: Series) -> None:
    one = point(city, "n1")
    few: list[float | None] = [55.0 if 6 <= at < 17 else None for at in range(24)]
    hours(one, DAY, few)
    windy = [5.1 if at in (6, 7, 8, 9, 10) else 1.0 for at in range(24)]
    hours(one, date(2026, 5, 20), level(), wind=windy)
    settle()
    assert (days_of(one, DAY)["ld"].valid, days_of(one, DAY)["ld"].count) == (False, 11)
    assert summary(one).day_total == 0
    assert (days_of(one, date(2026, 5, 20))["ld"].count, days_of(one, date(2026, 5, 20))["ld"].valid) == (11, False)


def test_month_quarter_and_year_are_energy_means_of_valid_days(city: Series) -> None:
    one = point(city, "n1")
    for at in range(20):
        hours(one, MONTH + timedelta(days=at), level(52.0 + at, 45.0))
    settle()
    rows = Day.objects.filter(series=one, item="ld", valid=True, day__gte=MONTH).order_by("day")
    every = list(rows.values_list("value", flat=True))
    month = Figure.objects.get(series=one, span="month", start=MONTH, item="ld")
    assert (month.mean, month.days, month.valid) == (leq(every), 20, True)
    assert (month.days_over, month.rate, month.meets) == (11, 45.0, False)
    for span, start in (("quarter", date(2026, 4, 1)), ("year", date(2026, 1, 1))):
        longer = Figure.objects.get(series=one, span=span, start=start, item="ld")
        assert (longer.mean, longer.days, longer.valid) == (month.mean, 20, False)
    whole = summary(one, "month", MONTH)
    assert (whole.day_total, whole.day_within, whole.ld) == (20, 9, month.mean)
    assert whole.ldn == ldn(whole.ld or 0, whole.ln or 0)


def test_a_place_counts_point_days_zone_by_zone(city: Series) -> None:
    for code, zone, loud in (("a", "1", 54.0), ("b", "1", 56.0), ("c", "4a", 69.0)):
        one = point(city, code, zone)
        for at in (0, 1):
            hours(one, DAY + timedelta(days=at), level(loud, 44.0))
    settle()
    first = summary(city, zone="1")
    assert (first.points, first.day_total, first.day_within, first.night_within) == (2, 2, 1, 2)
    assert first.ld == 55.0
    assert (summary(city, zone="4a").day_within, summary(city, zone="4a").ld) == (1, 69.0)
    # The nights of the last day lack the hours after midnight, those of the day before the first the ones before it.
    month = summary(city, "month", MONTH, "1")
    parts = NoiseSummary.objects.filter(series=city, span="day", zone="1")
    assert month.day_total == sum(row.day_total for row in parts) == 4
    whole = summary(city, "month", MONTH, "")
    assert whole.day_total == month.day_total + summary(city, "month", MONTH, "4a").day_total
    assert whole.points == 3


def test_late_revised_and_reviewed_hours_leave_their_reason(city: Series) -> None:
    one = point(city, "n1")
    for at in (0, 1):
        hours(one, DAY + timedelta(days=at), level(60.0, 45.0))
    settle()
    before = days_of(one, DAY)["ld"].value
    loud = level(60.0, 45.0)
    loud[12] = 80.0
    hours(one, DAY, loud)
    settle()
    revision = Revision.objects.get(series=one, item="ld", day=DAY)
    assert (revision.cause, revision.before) == ("revised", before)
    assert SpanRevision.objects.get(series=one, span="day").after_text == "2 Ld 0/1, Ln 1/1"
    assert SpanRevision.objects.filter(series=city, span="month", cause="revised").exists()
    officer, head = (
        viewer(person("o", ("duty_officer", "/wuhan/"))),
        viewer(person("h", ("unit_head", "/wuhan/"))),
    )
    noon = datetime(2026, 5, 6, 12, tzinfo=BEIJING)
    review = services.propose_review(officer, one, starts=noon, ends=noon + timedelta(hours=1), reason="旁边打桩")
    services.decide_review(head, review.pk, accept=True)
    settle()
    found = days_of(one, DAY)["ld"]
    assert (found.value, found.count, found.valid) == (leq([60.0] * 15), 15, True)
    assert Revision.objects.filter(series=one, item="ld", cause="invalidated", reason="旁边打桩").exists()
    assert Hours.objects.get(series=one, item="leq", day=DAY).hours[12] == 80.0
    assert summary(city, zone="").day_within == 1


def test_hours_that_a_review_takes_out_whole_leave_no_level(city: Series) -> None:
    one = point(city, "n1")
    hours(one, DAY, level())
    settle()
    officer, head = (
        viewer(person("o", ("duty_officer", "/wuhan/"))),
        viewer(person("h", ("unit_head", "/wuhan/"))),
    )
    midnight = datetime(2026, 5, 6, tzinfo=BEIJING)
    review = services.propose_review(officer, one, starts=midnight, ends=midnight + timedelta(days=1), reason="校准")
    services.decide_review(head, review.pk, accept=True)
    settle()
    assert {(row.value, row.valid) for row in days_of(one, DAY).values()} == {(None, False)}
    assert (summary(one).day_total, summary(city, zone="").day_total) == (0, 0)
    assert not NoiseSummary.objects.filter(series=city, span="day", start=DAY, zone="2", day_total__gt=0).exists()


def test_a_day_keeps_the_zone_it_was_judged_by_and_a_point_that_does_not_count_leaves_its_place(city: Series) -> None:
    one = point(city, "n1", "1")
    hours(one, DAY, level(58.0))
    settle()
    point(city, "n1", "2")
    hours(one, DAY, level(58.5))
    hours(one, date(2026, 5, 20), level(58.0))
    settle()
    assert (summary(one).zone, summary(one).day_within) == ("1", 0)
    assert (summary(one, start=date(2026, 5, 20)).zone, summary(one, start=date(2026, 5, 20)).day_within) == ("2", 1)
    assert {row.zone: row.day_total for row in NoiseSummary.objects.filter(series=city, span="month")} == {
        "": 2,
        "1": 1,
        "2": 1,
    }
    head = viewer(person("h", ("unit_head", "/wuhan/")))
    services.set_assessed(head, one.pk, assessed=False, reason="站点搬迁", since=date(2026, 5, 15))
    settle()
    assert PointChange.objects.count() == 1
    assert summary(city, "month", MONTH, "").day_total == 1


def test_recomputing_changes_nothing(city: Series) -> None:
    one = point(city, "n1")
    for at in range(3):
        hours(one, DAY + timedelta(days=at), level(57.3 + at, 47.1))
    settle()

    def all_rows() -> list[object]:
        figures = Figure.objects.order_by("pk").values_list("span", "start", "item", "mean", "rate", "days")
        days = Day.objects.order_by("pk").values_list("day", "item", "value", "valid", "revision")
        return [*figures, *days, *NoiseSummary.objects.order_by("pk").values_list("span", "zone", "ld", "day_within")]

    before = all_rows()
    assert services.compute_again(DAY, DAY + timedelta(days=9), "noise") == 3
    settle()
    assert all_rows() == before
    assert not Revision.objects.exists()
    assert not SpanRevision.objects.exists()
