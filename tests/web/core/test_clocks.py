"""Clocks of records: started by verbs, paused, resumed, fired once each, whatever the wall clock does."""

from datetime import UTC, datetime, timedelta

import pytest

from ecobureau.domain.workflow import beijing_day
from ecobureau.rulepacks import load
from ecobureau.web.core import clocks, registry, selectors, services
from ecobureau.web.core.models import Clock, ClockFired, Notice
from ecobureau.web.core.refusals import Refused
from web.people import person, viewer

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def people(db, clock):
    return {
        "officer": person("officer", ("duty_officer", "/wuhan/")),
        "head": person("head", ("unit_head", "/wuhan/jiangan/")),
        "chief": person("chief", ("leader", "/wuhan/jiangan/")),
        "city": person("city", ("leader", "/wuhan/")),
    }


@pytest.fixture
def lent(toy, people):
    actor = viewer(people["officer"])
    record = services.create("notebook", actor, title="手记", org_path="/wuhan/jiangan/", level="red", pages=1)
    record.owner_person = people["officer"]
    services.perform(record, "lend", actor, changes={"owner_person": people["officer"]})
    return record


def limit(level):
    entry = load("sla").at(f"task.sla.{level}.close", beijing_day(START))
    return timedelta(hours=entry.value) if entry.unit == "h" else timedelta(days=entry.value)


def fired():
    return sorted(ClockFired.objects.values_list("percent", flat=True))


def test_warn_points_fire_once_each_and_tell_the_right_people(lent, people, clock):
    span = limit("red")
    assert clocks.tick(clock.now()) == 0
    clock.advance(span * 0.8)
    assert clocks.tick(clock.now()) == 1 and clocks.tick(clock.now()) == 0
    clock.advance(span * 0.2)
    assert clocks.tick(clock.now()) == 1 and fired() == [80, 100]
    clock.advance(span * 1)
    assert clocks.tick(clock.now()) == 2 and fired() == [80, 100, 150, 200]
    told = {notice.params["percent"]: set() for notice in Notice.objects.all()}
    for notice in Notice.objects.select_related("user"):
        told[notice.params["percent"]].add(notice.user.username)
    assert told == {80: {"officer"}, 100: {"head"}, 150: {"chief"}, 200: {"officer", "city"}}
    assert Clock.objects.get().next_at is None


def test_a_jump_ahead_fires_each_point_once_and_a_jump_back_none(lent, clock):
    clock.set(START + 10 * limit("red"))
    assert clocks.tick(clock.now()) == 4
    clock.set(START - timedelta(days=3))
    assert clocks.tick(clock.now()) == 0
    clock.set(START + 10 * limit("red"))
    assert clocks.tick(clock.now()) == 0 and fired() == [80, 100, 150, 200]


def test_a_pause_moves_the_end_and_silences_the_clock(lent, people, clock):
    actor, due = viewer(people["officer"]), Clock.objects.get().due_at
    with pytest.raises(Refused, match=r"core\.reason_missing"):
        services.perform(lent, "pause", actor)
    with pytest.raises(Refused, match=r"core\.reason_unknown"):
        services.perform(lent, "pause", actor, reason="lunch")
    services.perform(lent, "pause", actor, reason="wet")
    clock.advance(5 * limit("red"))
    assert clocks.tick(clock.now()) == 0
    badge = selectors.clock_badges(registry.get("notebook"), [lent])[lent.pk][0]
    assert badge.state == "paused" and "受潮" in badge.words
    services.perform(lent, "resume", actor)
    assert Clock.objects.get().due_at == due + 5 * limit("red")


def test_an_end_stops_it_and_a_new_start_is_a_new_run(lent, people, clock):
    clocks.stop(Clock.objects.get(), clock.now(), "test")
    assert clocks.tick(clock.now() + timedelta(days=99)) == 0
    again = clocks.start(lent, registry.get("notebook").flow.clock("return"), clock.now())
    assert again.run == 2 and again.due_at == clock.now() + limit("red")
    assert clocks.start(lent, registry.get("notebook").flow.clock("return"), clock.now()).run == 3
    assert Clock.objects.get(stopped_at__isnull=True).run == 3


def test_another_level_gives_the_running_clock_its_new_length(lent, people, clock):
    clock.advance(timedelta(minutes=30))
    services.amend(lent, viewer(people["officer"]), {"level": "blue"})
    found = Clock.objects.get()
    assert found.due_at == START + limit("blue") and found.rule == "sla:task.sla.blue.close"


def test_due_time_is_kept_with_the_version_of_its_rule(lent):
    found = Clock.objects.get()
    assert (found.rule_version, found.due_at) == (load("sla").version, START + limit("red"))


def test_one_clock_that_fails_holds_up_no_other(toy, people, clock, monkeypatch):
    actor = viewer(people["officer"])
    records = [services.create("notebook", actor, title=f"手记{n}", org_path="/wuhan/", level="red") for n in range(3)]
    for record in records:
        services.perform(record, "lend", actor)
    announce = clocks._announce

    def stumble(found, *rest):
        if found.object_id == records[0].pk:
            raise RuntimeError("broken hook")
        announce(found, *rest)

    monkeypatch.setattr(clocks, "_announce", stumble)
    clock.advance(limit("red"))
    assert clocks.tick(clock.now()) == 4
    monkeypatch.setattr(clocks, "_announce", announce)
    assert clocks.tick(clock.now()) == 0
    clock.advance(timedelta(minutes=1))
    assert clocks.tick(clock.now()) == 2
