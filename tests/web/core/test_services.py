"""Making and moving records: numbers, versions, refusals that change nothing, idempotence."""

import pytest

from ecobureau.web.core import services
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import Clock
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
