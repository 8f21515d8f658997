"""Making and moving records: numbers, versions, refusals that change nothing, idempotence."""

from uuid import uuid4

import pytest

from ecobureau.web.core import clocks, services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import Clock, History
from ecobureau.web.core.refusals import Refused
from web.core.toy import Notebook
from web.people import person, viewer

pytestmark = pytest.mark.django_db


def make(actor, **more):
    fields = {"title": "水质手记", "org_path": "/wuhan/jiangan/", "level": "yellow", "pages": 3} | more
    return services.create("notebook", actor, **fields)


def test_a_record_is_made_numbered_and_written_down(toy, clock):
    officer = viewer(person("zhang"), "duty_officer", "/wuhan/")
    first, second = make(officer), make(officer)
    assert (first.number, second.number) == ("BJ-20261123-0001", "BJ-20261123-0002")
    assert (first.state, first.version, first.created_at) == ("shelf", 1, clock.now())
    report = verify_chain("notebook", first.pk, first.version)
    assert report.ok and report.entries == 1


def test_a_verb_moves_the_record_and_starts_its_clock(toy, clock):
    record = make(officer := viewer(person("zhang"), "duty_officer", "/wuhan/"))
    entry = services.perform(record, "lend", officer, note="给王某", changes={"borrower": "王某"})
    assert (record.state, record.version, record.borrower) == ("lent", 2, "王某")
    assert "王某" not in entry.body and {each.value for each in entry.personal.all()} == {"给王某", "王某"}
    assert Clock.objects.get(object_id=record.pk).rule == "sla:task.sla.yellow.close"
    assert verify_chain("notebook", record.pk, record.version).ok


def test_a_submission_id_belongs_to_one_person_and_one_verb(toy, clock):
    officer, other = viewer(person("zhang"), "duty_officer", "/wuhan/"), viewer(person("li"), "duty_officer", "/wuhan/")
    uuid = uuid4()
    record = make(officer, client_uuid=uuid)
    assert make(officer, client_uuid=uuid).pk == record.pk
    with pytest.raises(Refused, match=r"core\.uuid_taken"):
        make(other, client_uuid=uuid)
    act = uuid4()
    entry = services.perform(record, "lend", officer, client_uuid=act)
    assert services.perform(record, "lend", officer, client_uuid=act) == entry
    with pytest.raises(Refused, match=r"core\.uuid_taken"):
        services.perform(record, "lend", other, client_uuid=act)
    assert Notebook.objects.count() == 1 and History.objects.count() == 2


@pytest.mark.parametrize(
    ("verb", "act", "code"),
    [
        ("fly", {}, "core.no_such_verb"),
        ("bring", {}, "core.not_from_here"),
        ("lend", {"expect_version": 9}, "core.changed_meanwhile"),
    ],
)
def test_a_refusal_changes_nothing(toy, clock, verb, act, code):
    officer = viewer(person("zhang"), "duty_officer", "/wuhan/")
    record = make(officer)
    with pytest.raises(Refused) as refused:
        services.perform(record, verb, officer, **act)
    assert refused.value.code == code and refused.value.text("zh") and refused.value.text("en")
    record.refresh_from_db()
    assert (record.state, record.version, History.objects.count(), Clock.objects.count()) == ("shelf", 1, 1, 0)


def test_four_eyes_hold_for_whoever_did_the_first_step(toy, clock):
    officer = viewer(person("zhang"), "duty_officer", "/wuhan/")
    record = make(officer)
    services.perform(record, "lend", officer)
    with pytest.raises(Refused, match=r"core\.four_eyes"):
        services.perform(record, "bring", officer)
    second = viewer(person("li"), "duty_officer", "/wuhan/")
    with pytest.raises(Refused, match=r"core\.papers_missing"):
        services.perform(record, "bring", second)


def test_a_verb_may_not_touch_what_the_kernel_keeps(toy, clock):
    officer = viewer(person("zhang"), "duty_officer", "/wuhan/")
    record = make(officer)
    for changes in ({"number": "X"}, {"state": "back"}, {"version": 7}, {"nonsense": 1}):
        with pytest.raises(ValueError, match="not for a verb to change"):
            services.perform(record, "lend", officer, changes=changes)
    record.refresh_from_db()
    assert record.state == "shelf"


def test_nobody_makes_records_where_they_have_no_say(toy, clock):
    officer = viewer(person("zhang"), "duty_officer", "/wuhan/jiangan/")
    with pytest.raises(Refused, match=r"core\.no_access"):
        make(officer, org_path="/wuhan/qingshan/")
    assert Notebook.objects.count() == 0 and History.objects.count() == 0
    assert make(SYSTEM).created_by_id is None


def test_numbers_start_anew_each_day_of_beijing(toy, clock):
    officer = viewer(person("zhang"), "duty_officer", "/wuhan/")
    assert make(officer).number == "BJ-20261123-0001"
    clock.advance(15 * 3600)
    assert make(officer).number == "BJ-20261124-0001"


def test_the_phones_time_counts_when_a_head_accepts_it(toy, clock):
    officer, head = viewer(person("zhang"), "duty_officer", "/wuhan/"), viewer(person("wu"), "unit_head", "/wuhan/")
    record = make(officer)
    services.perform(record, "lend", officer)
    on_site = clock.advance(3600)
    clock.advance(7200)
    clocks.stop(Clock.objects.get(), clock.now(), "test")
    entry = services.perform(record, "pause", officer, reason="wet", at_device=on_site)
    assert (entry.at_device, Clock.objects.get().stopped_at) == (on_site, entry.at)
    with pytest.raises(Refused, match=r"core\.no_access"):
        services.accept_device_time(entry, officer, why="山里没有信号")
    with pytest.raises(Refused, match=r"core\.reason_missing"):
        services.accept_device_time(entry, head, why=" ")
    with pytest.raises(Refused, match=r"core\.device_time"):
        services.accept_device_time(History.objects.get(verb="lend"), head, why="x")
    services.accept_device_time(entry, head, why="山里没有信号")
    assert Clock.objects.get().stopped_at == on_site
    record.refresh_from_db()
    assert verify_chain("notebook", record.pk, record.version).ok
