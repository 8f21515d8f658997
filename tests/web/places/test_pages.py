"""The pages of the tree and of rosters."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services
from ecobureau.web.places.models import Shift
from web.people import person

pytestmark = pytest.mark.django_db
MORNING = datetime(2027, 1, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def unit():
    top = services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")
    return services.make_organisation(SYSTEM, parent=top, code="a", level="district", name="甲区", duties=["dispatch"])


@pytest.fixture
def shift(unit):
    roster = services.make_roster(SYSTEM, unit, "日班")
    return services.add_shift(SYSTEM, roster, person("li"), starts=MORNING, ends=MORNING + timedelta(hours=12))


def signed_in(*roles):
    made = Client()
    made.force_login(person("me", *roles))
    return made


def test_the_tree_says_who_is_on_duty(shift):
    with use_clock(ManualClock(MORNING + timedelta(hours=1))):
        page = signed_in(("duty_officer", "/town/")).get(reverse("places:grids")).content.decode()
    assert "甲区" in page
    assert "li" in page
    assert "派发" in page


def test_the_week_of_a_roster(shift):
    with use_clock(ManualClock(MORNING)):
        page = signed_in(("dispatcher", "/town/a/")).get(f"{reverse('places:rosters')}?unit=/town/a/").content.decode()
        assert "2027-01-04 – 2027-01-10" in page
        assert "2027-01-10 08:00" in page


def test_a_dispatcher_adds_a_shift_and_a_stand_in(unit, shift):
    me = signed_in(("dispatcher", "/town/a/"))
    wang = person("wang")
    with use_clock(ManualClock(MORNING)):
        address = f"{reverse('places:rosters')}?unit=/town/a/"
        fields = {"roster": "夜班", "person": wang.pk, "starts": "2027-01-10T20:00", "ends": "2027-01-11T08:00"}
        assert me.post(address, fields).status_code == 302
        assert Shift.objects.get(person=wang).starts == MORNING + timedelta(hours=12)
        assert me.post(address, fields).status_code == 422
        assert Shift.objects.count() == 2
        stand = reverse("places:shift", args=[shift.pk])
        assert me.post(stand, {"stand_in": wang.pk, "reason": ""}).status_code == 422
        assert me.post(stand, {"stand_in": wang.pk, "reason": "病假"}).status_code == 302
    shift.refresh_from_db()
    assert (shift.stand_in, shift.reason) == (wang, "病假")


def test_a_shift_that_has_begun_is_not_removed(shift):
    me = signed_in(("unit_head", "/town/a/"))
    with use_clock(ManualClock(MORNING + timedelta(hours=1))):
        assert me.post(reverse("places:remove_shift", args=[shift.pk])).status_code == 302
    assert Shift.objects.count() == 1
    with use_clock(ManualClock(MORNING - timedelta(hours=1))):
        me.post(reverse("places:remove_shift", args=[shift.pk]))
    assert Shift.objects.count() == 0


def test_others_see_rosters_and_change_nothing(unit, shift):
    me = signed_in(("duty_officer", "/town/"))
    with use_clock(ManualClock(MORNING - timedelta(hours=1))):
        assert me.get(reverse("places:rosters")).status_code == 200
        for address in (reverse("places:shift", args=[shift.pk]), reverse("places:remove_shift", args=[shift.pk])):
            assert me.post(address, {"stand_in": "", "reason": ""}).status_code == 403
        fields = {"roster": "夜班", "person": shift.person_id, "starts": "2027-01-10T20:00", "ends": "2027-01-11T08:00"}
        assert me.post(f"{reverse('places:rosters')}?unit=/town/a/", fields).status_code == 403
    assert Shift.objects.count() == 1
    assert Client().get(reverse("places:grids")).status_code == 302


def test_odd_addresses_are_answered(unit):
    me = signed_in(("leader", "/town/"))
    assert me.get(f"{reverse('places:rosters')}?unit=/nowhere/&from=gestern").status_code == 200
    assert me.get(reverse("places:shift", args=[999])).status_code == 404
