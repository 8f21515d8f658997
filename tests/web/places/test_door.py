"""The registry's door: the hand-written table of who sees and changes what, by role and place."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from ecobureau.domain.workflow import Role
from ecobureau.web.core.access import NOBODY, SYSTEM, Viewer
from ecobureau.web.core.models import Audit
from ecobureau.web.core.people import Grant
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import services
from ecobureau.web.places.door import may_change, sees_registry, visible
from ecobureau.web.places.models import Organisation, Roster

pytestmark = pytest.mark.django_db

# role, grant's place -> sees /t/a/, sees /t/b/, changes /t/a/, changes /t/, rosters of /t/a/
TABLE = [
    (Role.ADMINISTRATOR, "/t/", True, True, True, True, True),
    (Role.ADMINISTRATOR, "/t/a/", True, False, True, False, True),
    (Role.DUTY_OFFICER, "/t/", True, True, False, False, False),
    (Role.DISPATCHER, "/t/a/", True, False, False, False, True),
    (Role.GRID_WORKER, "/t/a/", False, False, False, False, False),
    (Role.ENFORCEMENT_OFFICER, "/t/law/", True, True, False, False, False),
    (Role.UNIT_HEAD, "/t/law/", True, True, False, False, False),
    (Role.UNIT_HEAD, "/t/a/", True, False, False, False, True),
    (Role.LEADER, "/t/", True, True, False, False, False),
    (Role.AUDITOR, "/t/", True, True, False, False, False),
]


@pytest.fixture
def town():
    top = services.make_organisation(SYSTEM, parent=None, code="t", level="city", name="测试市")
    services.make_organisation(SYSTEM, parent=top, code="law", level="department", name="支队")
    return [
        services.make_organisation(SYSTEM, parent=top, code=code, level="district", name=code) for code in ("a", "b")
    ]


def sees(viewer, path):
    return Organisation.objects.filter(visible(viewer, column="path"), path=path).exists()


@pytest.mark.parametrize(("role", "place", "a", "b", "change_a", "change_top", "roster_a"), TABLE)
def test_the_table(town, role, place, a, b, change_a, change_top, roster_a):
    viewer = Viewer(7, "某人", (Grant(role, place, ("/t/a/g01/",)),))
    assert sees_registry(viewer)
    assert (sees(viewer, "/t/a/"), sees(viewer, "/t/b/")) == (a, b)
    assert (may_change(viewer, "/t/a/"), may_change(viewer, "/t/")) == (change_a, change_top)
    assert may_change(viewer, "/t/a/", what="roster") == roster_a


def test_nobody_sees_and_changes_nothing(town):
    assert not sees_registry(NOBODY)
    assert not sees(NOBODY, "/t/a/")
    assert not may_change(NOBODY, "/t/a/")


def test_refused_changes_change_nothing_and_leave_no_audit(town):
    viewer = Viewer(7, "某人", (Grant(Role.DUTY_OFFICER, "/t/"),))
    person = get_user_model().objects.create(username="li")
    roster = services.make_roster(SYSTEM, town[0], "日班")
    start = datetime(2026, 11, 22, tzinfo=UTC)
    before = (list(Organisation.objects.values()), Audit.objects.count())
    square = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
    for act in (
        lambda: services.make_organisation(viewer, parent=town[0], code="g01", level="grid", name="网格"),
        lambda: services.change_organisation(viewer, town[0], name="改名"),
        lambda: services.set_area(viewer, town[0], square, valid_from=date(2026, 1, 1)),
        lambda: services.add_member(viewer, town[0], person, valid_from=date(2026, 1, 1)),
        lambda: services.make_roster(viewer, town[0], "夜班"),
        lambda: services.add_shift(viewer, roster, person, starts=start, ends=start + timedelta(hours=8)),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "core.no_access"
    assert (list(Organisation.objects.values()), Audit.objects.count()) == before
    assert Roster.objects.count() == 1


def test_a_change_is_audited_with_what_was_before(town):
    services.change_organisation(SYSTEM, town[0], phone="12369")
    line = Audit.objects.latest("pk")
    assert line.what == "registry.change"
    assert line.detail["changed"] == {"phone": ["", "12369"]}
    services.change_organisation(SYSTEM, town[0], phone="12369")
    assert Audit.objects.latest("pk") == line
