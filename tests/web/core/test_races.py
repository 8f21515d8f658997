"""Two at once: numbers without doubles, one winner of a verb, one entry of a submission."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from ecobureau.clock import now
from ecobureau.web.core import clocks, services
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import ClockFired, History
from ecobureau.web.core.refusals import Refused
from web.people import person, viewer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run the calls in threads that start together; return result or exception of each."""
    gate = Barrier(len(calls))

    def run(call):
        gate.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def officer(toy_committed, clock):
    return viewer(person("zhang"), "duty_officer", "/wuhan/")


def make(officer, **more):
    return services.create("notebook", officer, title="手记", org_path="/wuhan/", pages=1, **more)


def test_numbers_are_given_once_and_without_gaps(officer):
    made = at_once(*[lambda: make(officer)] * 8)
    assert sorted(record.number for record in made) == [f"BJ-20261123-{n:04d}" for n in range(1, 9)]


def test_of_two_verbs_one_wins_and_the_other_is_told(officer):
    record = make(officer)
    seen = [type(record).objects.get(pk=record.pk) for _ in range(2)]
    results = at_once(*[lambda each=each: services.perform(each, "lend", officer) for each in seen])
    refused = [each for each in results if isinstance(each, Refused)]
    assert [each.code for each in refused] == ["core.changed_meanwhile"]
    record.refresh_from_db()
    assert (record.state, record.version) == ("lent", 2)
    assert verify_chain("notebook", record.pk, record.version).ok


def test_a_submission_sent_twice_at_once_is_done_once(officer):
    record, uuid = make(officer), uuid4()
    seen = [type(record).objects.get(pk=record.pk) for _ in range(2)]
    results = at_once(*[lambda each=each: services.perform(each, "lend", officer, client_uuid=uuid) for each in seen])
    assert {entry.pk for entry in results} == {History.objects.get(verb="lend").pk}


def test_two_workers_fire_a_warn_point_once(officer, clock):
    services.perform(make(officer), "lend", officer)
    clock.advance(3600 * 24 * 365)
    at_once(*[lambda: clocks.tick(now())] * 2)
    assert sorted(ClockFired.objects.values_list("percent", flat=True)) == [80, 100, 150, 200]
