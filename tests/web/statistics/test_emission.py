"""Emission monitoring: days of outlets to months, quarters, years; enterprises and places; revisions and reviews."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.refusals import Refused
from ecobureau.web.detection import totals
from ecobureau.web.detection.models import DailyTotal, TotalChange
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import rollup, services
from ecobureau.web.statistics.models import Dirty, EmissionSummary, Review, Series, SpanRevision
from web.detection.plants import Plant, make_plant, write
from web.people import person, viewer

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
DAY = date(2026, 11, 21)
MONTH = date(2026, 11, 1)
NOX = "a21002"


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON.astimezone(UTC))) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def plant(clock: ManualClock) -> Plant:
    return make_plant(NOON.date())


def hours(url: str, plant: Plant, start: datetime, values: list[float], flag: str = "N") -> None:
    write(url, plant.stack, start, {NOX: values, "a00000": [36.0] * len(values)}, flag)


def settle(plant: Plant, until: datetime = NOON) -> None:
    totals.refresh([plant.outlet.pk], until)
    while rollup.drain():
        pass


def row(kind: str, span: str = "day", start: date = DAY, item: str = NOX) -> EmissionSummary:
    return EmissionSummary.objects.get(series__kind=kind, span=span, start=start, item=item)


def test_days_months_and_places_are_sums_of_the_hours(plant: Plant, database_url: str) -> None:
    start = datetime(2026, 9, 29, tzinfo=BEIJING)
    count = int((NOON - start).total_seconds() // 3600)
    values = [50.0 + at % 7 for at in range(count)]
    values[-20] = 120.0
    hours(database_url, plant, start, values)
    totals.refresh([plant.outlet.pk], NOON, since=date(2026, 9, 1))
    settle(plant)
    day = row("point")
    own = values[-36:-12]
    assert (day.valid_hours, day.should, day.received, day.valid_items, day.operating) == (24, 24, 24, 24, 24)
    assert day.mean == pytest.approx(sum(own) / 24)
    assert (day.judged, day.over, day.state, day.valid) == (24, 1, "ok", True)
    assert day.measured_ug == pytest.approx(sum(own) * 36 * 3600 * 1000, rel=1e-12)
    for span, first in (("month", MONTH), ("quarter", date(2026, 10, 1)), ("year", date(2026, 1, 1))):
        whole = row("point", span, first)
        days = EmissionSummary.objects.filter(series=whole.series, span="day", start__gte=first)
        assert whole.measured_ug == sum(one.measured_ug for one in days)
        assert whole.measured_ug == sum(
            one.measured_ug for one in DailyTotal.objects.filter(outlet=plant.outlet, factor=NOX, day__gte=first)
        )
        assert (whole.days, whole.received, whole.over) == (len(days), sum(one.received for one in days), 1)
        means = [one.mean for one in days if one.mean is not None]
        assert whole.mean == pytest.approx(sum(means) / len(means), abs=1e-8)
        assert not whole.valid
        for kind in ("firm", "place"):
            for above in EmissionSummary.objects.filter(series__kind=kind, span=span, start=first):
                assert (above.measured_ug, above.received, above.outlets) == (whole.measured_ug, whole.received, 1)
                assert above.mean is None
    # October is whole: all its days are valid.
    assert row("point", "month", date(2026, 10, 1)).valid
    places = {one.code: one for one in Series.objects.filter(medium="emission")}
    firm = places[f"firm:{plant.outlet.enterprise_id}"]
    assert firm.parent is not None and firm.parent.code == "/wuhan/jiangan/"
    assert EmissionSummary.objects.filter(span="day", start=DAY, item=NOX).count() == 4
    assert not SpanRevision.objects.exists() and not Dirty.objects.exists()


def test_late_and_rewritten_hours_leave_the_reason_at_every_level(plant: Plant, database_url: str) -> None:
    first = NOON - timedelta(hours=60)
    hours(database_url, plant, first, [50.0] * 30)
    hours(database_url, plant, first + timedelta(hours=34), [50.0] * 26)
    settle(plant)
    before = row("point")
    assert (before.received, before.should, before.substituted) == (20, 24, 4)
    hours(database_url, plant, first + timedelta(hours=30), [80.0] * 4)
    settle(plant)
    after = row("point")
    assert (after.received, after.substituted, after.valid_items) == (24, 0, 24)
    kept = list(SpanRevision.objects.filter(item=NOX))
    assert {one.cause for one in kept} == {"late"}
    assert {(one.series.kind, one.span) for one in kept} >= {
        (kind, span) for kind in ("point", "firm", "place") for span in ("day", "month", "quarter", "year")
    }
    assert all("20/24" in one.before_text for one in kept if one.span == "day" and one.start == DAY)
    hours(database_url, plant, first + timedelta(hours=30), [40.0] * 4)
    settle(plant)
    assert SpanRevision.objects.filter(cause="revised", series__kind="firm", span="month").count() == 1
    assert row("point").measured_ug == pytest.approx((20 * 50 + 4 * 40) * 36 * 3600 * 1000, rel=1e-12)


def test_a_review_by_two_persons_takes_hours_out_and_gives_them_back(plant: Plant, database_url: str) -> None:
    hours(database_url, plant, NOON - timedelta(hours=60), [50.0] * 24 + [90.0] * 3 + [50.0] * 33)
    settle(plant)
    series = Series.objects.get(outlet=plant.outlet)
    officer = viewer(person("officer", ("duty_officer", "/wuhan/")))
    head, leader = (viewer(person(name, (name, "/wuhan/"))) for name in ("unit_head", "leader"))
    begin = NOON - timedelta(hours=36)
    made = services.propose_review(
        officer, series, item=NOX, starts=begin, ends=begin + timedelta(hours=3), reason="校准"
    )
    with pytest.raises(Refused):
        services.decide_review(officer, made.pk, accept=True)
    settle(plant)
    assert (row("point").measured, row("point").over) == (24, 0)
    services.decide_review(head, made.pk, accept=True, note="属实")
    while rollup.drain():
        pass
    day = row("point")
    # Received, yet not valid: the rate of transmission stands, that of validity falls.
    assert (day.received, day.valid_items, day.measured, day.substituted) == (24, 21, 21, 3)
    assert TotalChange.objects.get(day=DAY).cause == "invalidated"
    assert TotalChange.objects.get(day=DAY).reason == "校准"
    revised = SpanRevision.objects.filter(cause="invalidated", reason="校准")
    assert {(one.series.kind, one.span) for one in revised} >= {("point", "day"), ("firm", "month"), ("place", "year")}
    # The store is as it was.
    assert len([one for one in totals.accounting._read(plant.outlet, [NOX], begin, NOON)[NOX] if one.value == 90]) == 3
    services.restore_review(leader, made.pk, reason="误判")
    while rollup.drain():
        pass
    assert (row("point").valid_items, row("point").measured) == (24, 24)
    assert SpanRevision.objects.filter(cause="restored", reason="误判", series__kind="firm", span="day").exists()
    assert Review.objects.get().state == "restored"


def test_stops_count_in_no_rate_and_a_limit_that_changes_is_a_reason(plant: Plant, database_url: str) -> None:
    hours(database_url, plant, NOON - timedelta(hours=60), [90.0] * 24)
    hours(database_url, plant, NOON - timedelta(hours=36), [0.0] * 6, "F")
    hours(database_url, plant, NOON - timedelta(hours=30), [90.0] * 30)
    settle(plant)
    day = row("point")
    assert (day.stopped, day.operating, day.should, day.received, day.over) == (6, 18, 18, 18, 0)
    assert not day.valid
    sources.set_limit(
        SYSTEM, plant.outlet, NOX, value="80", source="新许可证", valid_from=date(2026, 11, 21), field="avg"
    )
    settle(plant)
    assert row("point").over == 18
    assert SpanRevision.objects.get(series__kind="point", span="day", start=DAY).cause == "rules"


def test_an_outlet_that_moves_to_another_district_takes_its_days_along(plant: Plant, database_url: str) -> None:
    hours(database_url, plant, NOON - timedelta(hours=30), [50.0] * 30)
    settle(plant)
    series = Series.objects.get(outlet=plant.outlet)
    services.put_series(
        medium="emission",
        kind="point",
        code=series.code,
        name=series.name,
        org_path="/wuhan/",
        outlet_id=plant.outlet.pk,
    )
    while rollup.drain():
        pass
    assert not EmissionSummary.objects.filter(series__kind__in=("firm", "place"), span="month").exists()
    services.take_recent()
    while rollup.drain():
        pass
    assert EmissionSummary.objects.filter(series__kind="firm", span="month").count() == 1


def test_one_command_recomputes_everything(plant: Plant, database_url: str) -> None:
    hours(database_url, plant, NOON - timedelta(hours=60), [50.0] * 60)
    out = io.StringIO()
    call_command("take_emission_hours", "2026-11-20", "2026-11-22", stdout=out)
    assert row("point").measured == 24
    EmissionSummary.objects.filter(span="month").delete()
    call_command("take_emission_hours", "2026-11-20", "2026-11-22", stdout=out)
    assert EmissionSummary.objects.filter(span="month").count() == 4
