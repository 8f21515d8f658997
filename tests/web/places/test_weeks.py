"""Rosters by the week: copies, gaps, holidays. Refusals change nothing."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.workflow import rosters
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import duty, services, weeks
from ecobureau.web.places.models import Roster, Shift
from ecobureau.web.places.problems import Invalid
from web.people import person

MONDAY = date(2026, 11, 23)


def at(day, hour=0):
    return datetime.combine(day, time(hour), BEIJING).astimezone(UTC)


def days(first, *shifts):
    return [(at(first + timedelta(days=n), a), at(first + timedelta(days=n), b)) for n, a, b in shifts]


@pytest.mark.parametrize(
    ("have", "left"),
    [
        ([], [(0, 8, 20), (1, 8, 20)]),
        ([(0, 8, 20), (1, 8, 20)], []),
        ([(0, 8, 12), (0, 12, 20), (1, 7, 21)], []),
        ([(0, 9, 12), (0, 11, 19), (1, 8, 20)], [(0, 8, 9), (0, 19, 20)]),
        ([(1, 0, 23)], [(0, 8, 20)]),
    ],
)
def test_gaps_are_what_nobody_covers(have, left):
    want = rosters.needed(MONDAY, 2, (time(8), time(20)))
    assert rosters.gaps(want, days(MONDAY, *have)) == days(MONDAY, *left)


def test_a_night_runs_over_midnight_and_a_whole_day_from_midnight_to_midnight():
    assert rosters.needed(MONDAY, 1, (time(20), time(8))) == [(at(MONDAY, 20), at(MONDAY + timedelta(days=1), 8))]
    assert rosters.gaps(rosters.needed(MONDAY, 7, None), []) == [(at(MONDAY), at(MONDAY + timedelta(days=7)))]
    assert rosters.needed(MONDAY, 3, None, lambda day: day.day == 24) == [
        (at(date(2026, 11, 24)), at(date(2026, 11, 25)))
    ]


@pytest.fixture
def week(db):
    """A unit with a day roster, two people, and a week of shifts Monday to Sunday."""
    with use_clock(ManualClock(at(MONDAY, 9))):
        top = services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")
        roster = services.make_roster(SYSTEM, top, "日班")
        duty.set_hours(SYSTEM, roster, needs_from=time(8), needs_to=time(20), needs_rest_days=True)
        li, he = person("li"), person("he")
        for n in range(7):
            day = MONDAY + timedelta(days=n)
            services.add_shift(SYSTEM, roster, li if n % 2 else he, starts=at(day, 8), ends=at(day, 20))
        yield top, roster, he


def shifts(roster, first):
    found = Shift.objects.filter(roster=roster, starts__gte=at(first), starts__lt=at(first + timedelta(days=7)))
    return list(found.order_by("starts").values_list("person__username", "starts"))


@pytest.mark.django_db
def test_a_week_is_copied_once_with_what_is_there_left_alone(week):
    top, roster, he = week
    target = MONDAY + timedelta(days=7)
    services.add_shift(SYSTEM, roster, he, starts=at(target, 10), ends=at(target, 12))
    services.set_stand_in(SYSTEM, Shift.objects.order_by("starts").first(), person("zhao"), "病假")
    assert duty.copy_week(SYSTEM, top, MONDAY, target) == duty.Copied(6, 1, 0)
    assert duty.copy_week(SYSTEM, top, MONDAY, target) == duty.Copied(0, 7, 0)
    assert len(shifts(roster, target)) == 7
    assert not Shift.objects.filter(starts__gte=at(target), stand_in__isnull=False).exists()
    assert Audit.objects.filter(what="registry.week").count() == 1


@pytest.mark.django_db
def test_free_days_are_left_out_where_nobody_is_needed_and_make_up_days_are_a_gap(week):
    top, roster, _he = week
    spring = date(2026, 2, 16)
    with use_clock(ManualClock(at(date(2026, 1, 5)))):
        duty.set_hours(SYSTEM, roster, needs_from=time(8), needs_to=time(20), needs_rest_days=False)
        done = duty.copy_week(SYSTEM, top, MONDAY, spring)
        assert done == duty.Copied(0, 0, 7), "the week of the Spring Festival is free from Monday to Sunday"
        after = spring + timedelta(days=7)
        done = duty.copy_week(SYSTEM, top, MONDAY, after)
        worked = [day.day for day in weeks.week_days(after) if day.kind in ("work", "make_up")]
        assert done.made == len(worked) and date(2026, 2, 28) in worked
        assert weeks.gaps(top, after) == []
        kinds = {day.day: day.kind for day in weeks.week_days(after)}
        assert (kinds[date(2026, 2, 23)], kinds[date(2026, 2, 28)], kinds[date(2026, 3, 1)]) == (
            "holiday",
            "make_up",
            "weekend",
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        (MONDAY, MONDAY, "registry.week.pair"),
        (MONDAY, MONDAY + timedelta(days=8), "registry.week.pair"),
        (MONDAY, MONDAY - timedelta(days=7), "registry.week.over"),
    ],
)
def test_bad_weeks_are_refused(week, source, target, code):
    before = Shift.objects.count()
    with pytest.raises(Invalid) as caught:
        duty.copy_week(SYSTEM, week[0], source, target)
    assert caught.value.problems[0].code == code and Shift.objects.count() == before


@pytest.mark.django_db
def test_who_has_no_roster_there_copies_nothing(week):
    other = viewer_of(person("x", ("dispatcher", "/elsewhere/")))
    before = Shift.objects.count(), Audit.objects.count()
    with pytest.raises(Refused):
        duty.copy_week(other, week[0], MONDAY, MONDAY + timedelta(days=7))
    with pytest.raises(Refused):
        duty.set_hours(other, week[1], needs_from=None, needs_to=None, needs_rest_days=True)
    assert (Shift.objects.count(), Audit.objects.count()) == before


@pytest.mark.django_db
def test_the_page_shows_gaps_days_and_copies(client, week, django_assert_num_queries):
    top, roster, _he = week
    client.force_login(person("d", ("dispatcher", "/town/")))
    page = client.get(f"/rosters/?unit={top.path}&from={MONDAY}").content.decode()
    assert "这一周每个要值班的时段都有人" in page
    target = MONDAY + timedelta(days=7)
    page = client.get(f"/rosters/?unit={top.path}&from={target}").content.decode()
    assert "有 7 段没有人值班" in page
    answer = client.post("/rosters/copy/", {"unit": top.path, "source": MONDAY, "target": target}, follow=True)
    assert "复制了 7 个班次" in answer.content.decode() and len(shifts(roster, target)) == 7
    form = {"needs_from": "08:00", "needs_to": ""}
    assert client.post(f"/rosters/{roster.pk}/hours/", form).status_code == 422
    assert Roster.objects.get().needs_to == time(20)
    assert client.post(f"/rosters/{roster.pk}/hours/", {"needs_rest_days": "on"}).status_code == 302
    assert Roster.objects.get().needs_from is None
    with django_assert_num_queries(2):
        assert len(weeks.gaps(top, MONDAY)) == 8
    assert "放假安排未公布" in client.get(f"/rosters/?unit={top.path}&from=2027-02-08").content.decode()
