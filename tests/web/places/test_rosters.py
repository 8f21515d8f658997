"""Who is on duty: boundaries of a shift, stand-ins, and refusals that change nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import selectors, services
from ecobureau.web.places.models import Shift
from ecobureau.web.places.problems import Invalid

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=12)


@pytest.fixture
def unit():
    return services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")


@pytest.fixture
def people():
    users = get_user_model().objects
    return [users.create(username=name, name=chinese) for name, chinese in (("li", "李"), ("wang", "王"))]


def test_a_shift_holds_its_start_and_not_its_end(unit, people):
    roster = services.make_roster(SYSTEM, unit, "日班")
    services.add_shift(SYSTEM, roster, people[0], starts=MORNING, ends=EVENING)
    assert [duty.name for duty in selectors.on_duty("/town/", MORNING)] == ["李"]
    assert selectors.on_duty(unit, EVENING - timedelta(microseconds=1))
    assert selectors.on_duty(unit, EVENING) == []
    assert selectors.on_duty(unit, MORNING - timedelta(microseconds=1)) == []


def test_a_stand_in_is_on_duty_in_his_place(unit, people):
    roster = services.make_roster(SYSTEM, unit, "日班")
    shift = services.add_shift(SYSTEM, roster, people[0], starts=MORNING, ends=EVENING)
    services.set_stand_in(SYSTEM, shift, people[1], "病假")
    (duty,) = selectors.on_duty(unit, MORNING)
    assert (duty.name, duty.stands_in_for) == ("王", people[0].pk)
    services.set_stand_in(SYSTEM, shift, None, "")
    assert selectors.on_duty(unit, MORNING)[0].name == "李"


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (EVENING, MORNING, "registry.dates"),
        (MORNING, MORNING, "registry.dates"),
        (MORNING.replace(tzinfo=None), EVENING, "registry.zone"),
        (MORNING, MORNING + timedelta(days=8), "registry.shift.long"),
    ],
)
def test_bad_spans_are_refused(unit, people, starts, ends, code):
    roster = services.make_roster(SYSTEM, unit, "日班")
    with pytest.raises(Invalid) as refusal:
        services.add_shift(SYSTEM, roster, people[0], starts=starts, ends=ends)
    assert refusal.value.problems[0].code == code
    assert not Shift.objects.exists()


def test_one_person_is_not_twice_on_one_roster(unit, people):
    roster = services.make_roster(SYSTEM, unit, "日班")
    services.add_shift(SYSTEM, roster, people[0], starts=MORNING, ends=EVENING)
    with pytest.raises(Invalid, match=r"registry\.shift\.overlap"):
        services.add_shift(
            SYSTEM, roster, people[0], starts=EVENING - timedelta(hours=1), ends=EVENING + timedelta(hours=1)
        )
    services.add_shift(SYSTEM, roster, people[0], starts=EVENING, ends=EVENING + timedelta(hours=1))
    services.add_shift(SYSTEM, roster, people[1], starts=MORNING, ends=EVENING)
    assert Shift.objects.count() == 3


def test_nobody_stands_in_for_himself(unit, people):
    roster = services.make_roster(SYSTEM, unit, "日班")
    shift = services.add_shift(SYSTEM, roster, people[0], starts=MORNING, ends=EVENING)
    with pytest.raises(Invalid, match="himself"):
        services.set_stand_in(SYSTEM, shift, people[0], "x")
    with pytest.raises(Invalid, match="missing"):
        services.set_stand_in(SYSTEM, shift, people[1], " ")
    shift.refresh_from_db()
    assert shift.stand_in is None


def test_a_shift_that_has_begun_stays(unit, people):
    roster = services.make_roster(SYSTEM, unit, "日班")
    shift = services.add_shift(SYSTEM, roster, people[0], starts=MORNING, ends=EVENING)
    with use_clock(ManualClock(MORNING)), pytest.raises(Invalid, match="begun"):
        services.remove_shift(SYSTEM, shift)
    assert Shift.objects.count() == 1
    with use_clock(ManualClock(MORNING - timedelta(seconds=1))):
        services.remove_shift(SYSTEM, shift)
    assert Shift.objects.count() == 0


def test_memberships_are_dated(unit, people):
    member = services.add_member(SYSTEM, unit, people[0], post="head", valid_from=date(2026, 1, 1))
    services.end_member(SYSTEM, member, date(2026, 6, 30))
    assert [row.person for row in selectors.members("/town/", date(2026, 6, 30))] == [people[0]]
    assert selectors.members("/town/", date(2026, 7, 1)) == []
    assert [row.path for row in selectors.units_of(people[0].pk, date(2026, 3, 1))] == ["/town/"]
    with pytest.raises(Invalid, match="dates"):
        services.end_member(SYSTEM, member, date(2025, 12, 31))
