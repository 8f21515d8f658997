"""From hours to days, indices and longer statistics, again as hours come late or are taken out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from django.core.management import CommandError, call_command

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.air import AirStatistics, day_mean, mda8
from ecobureau.rulepacks import load
from ecobureau.storage import partitions
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.core.access import NOBODY, SYSTEM
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.statistics import rollup, selectors, services
from ecobureau.web.statistics.models import (
    AirIndexDay,
    AirSeries,
    Day,
    Dirty,
    Figure,
    Hours,
    Review,
    Revision,
)
from ecobureau.web.statistics.services import DayOfHours
from ecobureau.web.statistics.spans import after, days_of, first_of
from ecobureau.web.telemetry import services as telemetry
from web.people import person, viewer

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 6)
LEVELS = {"so2": 9.0, "no2": 31.0, "pm10": 63.0, "pm2_5": 38.0, "co": 0.7, "o3": 120.0}


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    at = ManualClock(datetime(2026, 5, 7, 1, tzinfo=UTC))
    with use_clock(at):
        yield at


@pytest.fixture
def city() -> AirSeries:
    return services.put_series(kind="place", code="city", name="江岸区", org_path="/wuhan/jiangan/")


def point(city: AirSeries, code: str, *, assessed: bool = True) -> AirSeries:
    return services.put_series(
        kind="point", code=code, name=code, org_path="/wuhan/jiangan/", parent=city, assessed=assessed
    )


def hours(series: AirSeries, day: date = DAY, **levels: list[float | None] | float) -> int:
    rows = []
    for item, level in {**LEVELS, **levels}.items():
        some = level if isinstance(level, list) else [level] * 24
        rows.append(DayOfHours(series.pk, item, day, some))
    return services.put_hours(rows, source="测试")


def settle() -> None:
    while rollup.drain():
        pass


def day_of(series: AirSeries, item: str, day: date = DAY) -> Day:
    return Day.objects.get(series=series, item=item, day=day)


def test_a_day_a_point_and_its_place(city: AirSeries) -> None:
    one, two = point(city, "p1"), point(city, "p2")
    hours(one, pm2_5=38.0)
    hours(two, pm2_5=41.0)
    settle()
    assert (day_of(one, "pm2_5").value, day_of(two, "pm2_5").value) == (38, 41)
    # The mean of 38 and 41 is 39.5: an exact half goes to the even 40.
    assert (day_of(city, "pm2_5").value, day_of(city, "pm2_5").count) == (40, 2)
    index = AirIndexDay.objects.get(series=city, day=DAY)
    # 2026: PM2.5 40 lies between 35 and 60: 50 + 50/25·5 = 60; ozone 120: 50 + 50/60·20 carried up to 67.
    assert (index.aqi, index.level, index.edition) == (67, 2, "2026")
    assert Dirty.objects.count() == 0
    assert Revision.objects.count() == 0


def test_the_stored_day_is_the_scalar_one(city: AirSeries) -> None:
    one = point(city, "p1")
    dusty: list[float | None] = [*[10.5, None, 11.5, 12.25] * 6]
    ozone: list[float | None] = [float(at * 7 % 190) for at in range(24)]
    hours(one, pm10=dusty, o3=ozone)
    settle()
    rules = AirStatistics.from_pack(load("air"), DAY)
    wanted = day_mean(dusty, "pm10", rules)
    stored = day_of(one, "pm10")
    assert (stored.value, stored.valid, stored.count) == (float(wanted.value or 0), wanted.valid, wanted.count)
    highest = mda8(ozone, rules)
    assert highest.value is not None
    assert day_of(one, "o3").total / day_of(one, "o3").parts / 10**6 == pytest.approx(float(highest.value), abs=1e-9)
    derivation = selectors.day_derivation(SYSTEM, one.pk, DAY, "pm10")
    assert derivation is not None
    assert derivation.result == wanted.value


def test_a_place_is_the_mean_of_exact_point_values_not_of_rounded_ones(city: AirSeries) -> None:
    one, two = point(city, "p1"), point(city, "p2")
    # 10.4 and 10.8: rounded they would be 10 and 11 with a mean of 10.5, which goes to 10; exactly it is 10.6.
    hours(one, pm10=10.4)
    hours(two, pm10=10.8)
    settle()
    assert day_of(city, "pm10").value == 11


def test_points_that_are_not_assessed_or_not_valid_do_not_count(city: AirSeries) -> None:
    one, background = point(city, "p1"), point(city, "b1", assessed=False)
    hours(one, pm2_5=38.0)
    hours(background, pm2_5=5.0)
    settle()
    assert day_of(city, "pm2_5").value == 38
    few: list[float | None] = [38.0] * 19 + [None] * 5
    third = point(city, "p3")
    hours(third, pm2_5=few)
    settle()
    assert not day_of(third, "pm2_5").valid
    # One of two assessed points is half of them, which is enough.
    assert (day_of(city, "pm2_5").valid, day_of(city, "pm2_5").count) == (True, 1)
    fourth = point(city, "p4")
    hours(fourth, pm2_5=few)
    settle()
    assert not day_of(city, "pm2_5").valid


def test_late_and_revised_hours_leave_a_revision(city: AirSeries, clock: ManualClock) -> None:
    one = point(city, "p1")
    hours(one, pm2_5=[38.0] * 19 + [None] * 5)
    settle()
    assert not day_of(one, "pm2_5").valid
    clock.advance(timedelta(days=3))
    missing: list[float | None] = [None] * 19 + [76.0] * 5
    services.put_hours([DayOfHours(one.pk, "pm2_5", DAY, missing)], source="补传")
    assert Dirty.objects.get().cause == "late"
    settle()
    # (19·38 + 5·76)/24 = 45.916…
    assert (day_of(one, "pm2_5").value, day_of(one, "pm2_5").valid, day_of(one, "pm2_5").revision) == (46, True, 1)
    first = Revision.objects.get(series=one)
    assert (first.before, first.before_valid, first.after, first.after_valid, first.cause, first.reason) == (
        38,
        False,
        46,
        True,
        "late",
        "补传",
    )
    services.put_hours([DayOfHours(one.pk, "pm2_5", DAY, [40.0] * 24)], source="更正")
    settle()
    assert Revision.objects.filter(series=one).first().cause == "revised"  # type: ignore[union-attr]
    assert Hours.objects.get(series=one, item="pm2_5").revision == 2


def test_the_same_hours_again_change_nothing(city: AirSeries) -> None:
    one = point(city, "p1")
    assert hours(one) == 6
    settle()
    assert hours(one) == 0
    assert services.put_hours([DayOfHours(one.pk, "co", DAY, [None] * 24)], source="空") == 0
    assert Dirty.objects.count() == 0


@pytest.mark.parametrize(
    ("item", "some"), [("pb", [1.0] * 24), ("co", [1.0] * 23), ("co", [-1.0] * 24), ("co", [float("nan")] * 24)]
)
def test_what_is_no_day_of_hours_is_refused_whole(city: AirSeries, item: str, some: list[float | None]) -> None:
    one = point(city, "p1")
    good = DayOfHours(one.pk, "o3", DAY, [50.0] * 24)
    with pytest.raises(ValueError, match=r"hours|item|concentration"):
        services.put_hours([good, DayOfHours(one.pk, item, DAY, some)], source="坏")
    assert Hours.objects.count() == Dirty.objects.count() == 0


def test_a_review_takes_hours_out_and_gives_them_back(city: AirSeries) -> None:
    one = point(city, "p1")
    spoilt: list[float | None] = [38.0] * 21 + [900.0] * 3
    hours(one, pm10=spoilt)
    settle()
    assert day_of(one, "pm10").value == 146
    anna = viewer(person("anna"), "duty_officer", "/wuhan/jiangan/")
    head = viewer(person("head"), "unit_head", "/wuhan/")
    other = viewer(person("other"), "leader", "/wuhan/")
    evening = datetime(2026, 5, 6, 21, tzinfo=BEIJING)
    review = services.propose_review(
        anna, one, starts=evening, ends=evening + timedelta(hours=3), reason="旁边施工扬尘", item="pm10"
    )
    settle()
    assert day_of(one, "pm10").value == 146
    services.decide_review(head, review.pk, accept=True)
    settle()
    assert (day_of(one, "pm10").value, day_of(one, "pm10").count) == (38, 21)
    assert day_of(one, "no2").count == 24
    assert Hours.objects.get(series=one, item="pm10").hours == spoilt
    last = Revision.objects.filter(series=one).latest("pk")
    assert (last.cause, last.reason, last.before, last.after) == ("invalidated", "旁边施工扬尘", 146, 38)
    services.restore_review(other, review.pk, reason="施工已排除，仪器正常")
    settle()
    assert day_of(one, "pm10").value == 146
    assert Revision.objects.filter(series=one).latest("pk").cause == "restored"


def test_a_review_is_refused_whole(city: AirSeries) -> None:
    one = point(city, "p1")
    start = datetime(2026, 5, 6, tzinfo=BEIJING)
    head = viewer(person("head"), "unit_head", "/wuhan/")
    auditor = viewer(person("aud"), "auditor", "/wuhan/")
    away = viewer(person("away"), "unit_head", "/wuhan/qingshan/")
    for who, span, reason, code in [
        (NOBODY, 1, "x", "core.no_access"),
        (SYSTEM, 1, "x", "core.no_access"),
        (auditor, 1, "x", "core.no_access"),
        (away, 1, "x", "core.no_access"),
        (head, 1, "  ", "statistics.review.reason"),
        (head, 0, "x", "statistics.review.span"),
        (head, 24 * 400, "x", "statistics.review.span"),
    ]:
        with pytest.raises(Refused) as refused:
            services.propose_review(who, one, starts=start, ends=start + timedelta(hours=span), reason=reason)
        assert refused.value.code == code
    assert Review.objects.count() == 0
    review = services.propose_review(head, one, starts=start, ends=start + timedelta(hours=1), reason="检修")
    for who, code in [(head, "statistics.review.same_person"), (auditor, "core.no_access"), (away, "core.no_access")]:
        with pytest.raises(Refused) as refused:
            services.decide_review(who, review.pk, accept=True)
        assert refused.value.code == code
    with pytest.raises(Refused):
        services.restore_review(head, review.pk, reason="x")
    review.refresh_from_db()
    assert (review.state, review.decided_by_id) == ("proposed", None)
    assert Dirty.objects.count() == 0
    leader = viewer(person("leader"), "leader", "/wuhan/")
    services.decide_review(leader, review.pk, accept=False, note="数据正常")
    with pytest.raises(Refused) as refused:
        services.decide_review(leader, review.pk, accept=True)
    assert refused.value.code == "statistics.review.state"
    assert Dirty.objects.count() == 0


def a_year(city: AirSeries, year: int, **levels: float) -> None:
    days = days_of("year", date(year, 1, 1))
    rows = [(city.pk, item, day, level) for day in days for item, level in {**LEVELS, **levels}.items()]
    services.put_days(rows, source="公布")
    settle()


def test_published_days_make_a_year_a_ranking_and_a_comparison(city: AirSeries) -> None:
    other = services.put_series(kind="place", code="other", name="青山区", org_path="/wuhan/qingshan/")
    a_year(city, 2025)
    a_year(city, 2026)
    a_year(other, 2026, pm2_5=30.0)
    figure = Figure.objects.get(series=city, span="year", start=date(2026, 1, 1), item="pm2_5")
    assert (figure.mean, figure.valid, figure.meets, figure.mean_multiple, figure.stage) == (
        38,
        True,
        False,
        0.27,
        "2026 transition",
    )
    before = Figure.objects.get(series=city, span="year", start=date(2025, 1, 1), item="pm2_5")
    assert (before.mean_multiple, before.stage) == (0.09, "2012")
    lines = selectors.ranking(SYSTEM, "year", date(2026, 1, 1))
    assert [(line.rank, line.name) for line in lines] == [(1, "青山区"), (2, "江岸区")]
    # 0.15 + 2·0.775 + 1.05 + 3·38/30 + 0.175 + 2·0.75 = 8.225, an exact half: to the even digit.
    assert lines[1].summary.composite == 8.22
    assert (lines[1].summary.days, lines[1].summary.good, lines[1].summary.good_rate) == (365, 365, 100)
    compared = selectors.compared(SYSTEM, city.pk, "year", date(2026, 1, 1), date(2025, 1, 1))
    assert compared is not None
    assert compared.as_published.rule == "ranking2018 > ranking2026"
    assert (compared.new_rule.rate, compared.old_rule.rate) == (0, 0)
    for derivation, result in [
        (selectors.figure_derivation(SYSTEM, city.pk, 2026, "pm2_5"), False),
        (selectors.composite_explained(SYSTEM, city.pk, "year", date(2026, 1, 1)), pytest.approx(8.22)),
        (selectors.good_days_explained(SYSTEM, city.pk, "year", date(2026, 1, 1)), 100),
    ]:
        assert derivation is not None
        found = derivation.result
        assert (found if isinstance(found, bool) else float(found)) == result  # type: ignore[arg-type]


def test_each_day_is_judged_by_the_edition_of_its_date(city: AirSeries) -> None:
    for day in (date(2026, 2, 28), date(2026, 3, 1)):
        services.put_days([(city.pk, item, day, level) for item, level in LEVELS.items()], source="公布")
    settle()
    found = {
        row.day: (row.edition, row.aqi)
        for row in selectors.indices(SYSTEM, city.pk, date(2026, 2, 1), date(2026, 4, 1))
    }
    assert found == {date(2026, 2, 28): ("2012", 67), date(2026, 3, 1): ("2026", 67)}
    derivation = selectors.index_derivation(SYSTEM, city.pk, date(2026, 3, 1))
    assert derivation is not None
    assert derivation.steps[0].rule == "HJ 633-2026"


def test_imported_days_give_way_to_hours(city: AirSeries) -> None:
    one = point(city, "p1")
    hours(one, pm2_5=38.0)
    settle()
    assert services.put_days([(one.pk, "pm2_5", DAY, 99.0)], source="公布") == 0
    assert day_of(one, "pm2_5").value == 38


def test_a_viewer_sees_the_own_places_only(city: AirSeries) -> None:
    other = services.put_series(kind="place", code="other", name="青山区", org_path="/wuhan/qingshan/")
    for one in (city, other):
        services.put_days([(one.pk, item, DAY, level) for item, level in LEVELS.items()], source="公布")
    settle()
    leader = viewer(person("leader"), "leader", "/wuhan/jiangan/")
    start = date(2026, 5, 1)
    assert [line.code for line in selectors.ranking(leader, "month", start)] == ["city"]
    assert selectors.ranking(NOBODY, "month", start) == []
    assert selectors.indices(leader, other.pk, start, date(2026, 6, 1)) == []
    assert selectors.READER.one(leader, other.pk) is None
    assert selectors.index_derivation(leader, other.pk, DAY) is None
    assert selectors.compared(leader, other.pk, "month", start, start) is None


def test_months_quarters_and_years() -> None:
    assert first_of("quarter", date(2024, 2, 29)) == date(2024, 1, 1)
    assert first_of("month", date(2024, 12, 31)) == date(2024, 12, 1)
    assert after("month", date(2024, 12, 1)) == after("quarter", date(2024, 10, 1)) == date(2025, 1, 1)
    assert [len(days_of("month", date(2024, month, 1))) for month in (1, 2, 4)] == [31, 29, 30]
    assert len(days_of("year", date(2024, 1, 1))) == 366


def test_a_point_counts_towards_its_district_and_its_city() -> None:
    top = services.put_series(kind="place", code="top", name="武汉市", org_path="/wuhan/")
    districts = [
        services.put_series(kind="place", code=code, name=code, org_path=f"/wuhan/{code}/", parent=top)
        for code in ("jiangan", "qingshan")
    ]
    levels = {"a1": (districts[0], 30.0), "a2": (districts[0], 33.0), "b1": (districts[1], 60.0)}
    for code, (district, level) in levels.items():
        one = services.put_series(kind="point", code=code, name=code, org_path=district.org_path, parent=district)
        hours(one, pm2_5=level)
    settle()
    # The mean of 30 and 33 is 31.5, which goes to 32; the city's is over its three points: 41.
    assert [day_of(one, "pm2_5").value for one in (*districts, top)] == [32, 60, 41]
    assert day_of(top, "pm2_5").count == 3


@pytest.mark.django_db(transaction=True)
def test_hours_that_air_stations_report_are_taken_over(clock: ManualClock) -> None:
    city = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    places.make_organisation(SYSTEM, parent=city, code="jiangan", level="district", name="江岸区分中心")
    station = sources.make_station(SYSTEM, code="A1", name="花桥", st="22", org_path="/wuhan/jiangan/")
    sources.make_station(SYSTEM, code="S1", name="烟囱", st="31", org_path="/wuhan/jiangan/")
    midnight = datetime(2026, 5, 6, tzinfo=BEIJING)
    with telemetry.own_store() as conn:
        partitions.ensure(conn, "frame_period", [midnight.date()])
        Writer(conn).write([air_frame(station.pk, midnight + timedelta(hours=at), at) for at in range(24)])
    assert services.take_recent() == 3
    assert services.take_recent() == 0
    call_command("take_air_hours", "2026-04-01", "2026-05-06")
    assert Dirty.objects.count() == 0
    for bad in (("2026-05-06", "2026-04-01"), ("gestern", "2026-04-01")):
        with pytest.raises(CommandError):
            call_command("take_air_hours", *bad)
    point = AirSeries.objects.get(kind="point")
    assert (point.name, point.parent.name if point.parent else "") == ("花桥", "江岸区分中心")
    stored = Hours.objects.get(series=point, item="no2")
    # 0.031 mg/m3 is 31 ug/m3; the hour marked D is a fault and does not count.
    assert stored.hours == [None if at == 5 else 31.0 for at in range(24)]
    assert Hours.objects.get(series=point, item="co").hours[0] == 0.7
    assert Hours.objects.get(series=point, item="pm2_5").hours[23] == 58.0
    assert day_of(point, "no2").count == 23
    assert {row.series.name for row in Day.objects.filter(item="no2")} == {"花桥", "江岸区分中心", "武汉市中心"}


def air_frame(station: int, start: datetime, at: int) -> Arrival:
    period = Period(
        station,
        "22",
        Kind.HOUR,
        3600,
        start,
        start + timedelta(hours=1),
        [
            Reading.of("a21004", "mg/m3", {"avg": "0.031"}, "D" if at == 5 else "N"),
            Reading.of("a21005", "mg/m3", {"avg": "0.700"}, "N"),
            Reading.of("a34004", "ug/m3", {"avg": str(35 + at)}, "N"),
            Reading.of("a01001", "℃", {"avg": "20.1"}, "N"),
        ],
        False,
    )
    raw = f"{station} {start}".encode()
    received = start + timedelta(hours=1, seconds=5)
    return Arrival(received, raw, sha256(raw).digest(), 1, station, "MN1", "2061", "data", qn="", period=period)
