"""Fragments that readers share: never older than the last news, never another's, made once for many who ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core import presence, services, shared
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Presence
from ecobureau.web.desk import duty
from ecobureau.web.live import BURST, News, messages, spread
from web.clues.pool_scene import DISTRICT, OTHER, a_clue, build_city, who
from web.people import person

TOPICS = ("list:clue",)


@pytest.fixture
def ears() -> Iterator[ManualClock]:
    """A hub listens, on a clock that stands."""
    shared._slots.clear()
    clock = ManualClock(datetime(2026, 11, 23, 1, tzinfo=UTC))
    with use_clock(clock):
        shared.listening(True)
        yield clock
        shared.listening(False)
    shared._slots.clear()


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        return f"text {self.made}"


def test_it_is_made_again_on_news_after_a_moment_and_for_another_key(ears: ManualClock) -> None:
    make = Maker()
    assert [shared.fragment("a", TOPICS, make) for _ in range(3)] == ["text 1"] * 3
    shared.heard("list:task")
    assert shared.fragment("a", TOPICS, make) == "text 1"
    shared.heard("list:clue")
    assert shared.fragment("a", TOPICS, make) == "text 2"
    assert shared.fragment("b", TOPICS, make) == "text 3"
    ears.advance(shared.SECONDS + 0.1)
    assert shared.fragment("a", TOPICS, make) == "text 4"


def test_without_ears_nothing_is_shared_and_a_lost_connection_forgets(ears: ManualClock) -> None:
    make = Maker()
    shared.fragment("a", TOPICS, make)
    shared.listening(False)
    assert shared.fragment("a", TOPICS, make) == "text 2" and shared.fragment("a", TOPICS, make) == "text 3"
    shared.listening(True)
    assert shared.fragment("a", TOPICS, make) == "text 4", "news may have been missed"


def test_news_that_come_while_it_is_made_are_not_lost(ears: ManualClock) -> None:
    def make() -> str:
        shared.heard("list:clue")
        return "old"

    assert shared.fragment("a", TOPICS, make) == "old"
    assert shared.fragment("a", TOPICS, lambda: "new") == "new"


def test_many_at_once_make_it_once(ears: ManualClock) -> None:
    gate, going, make = Barrier(4), Event(), Maker()

    def slow() -> str:
        going.wait(10)
        return make()

    def ask(_n: int) -> str:
        gate.wait()
        return shared.fragment("a", TOPICS, slow)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, n) for n in range(4)]
        going.set()
        assert {each.result() for each in asked} == {"text 1"} and make.made == 1


@pytest.mark.django_db
def test_a_desk_never_gets_the_queue_of_another_district_or_what_is_shared_with_another(
    client: Any, ears: ManualClock
) -> None:
    build_city()
    here, there = a_clue("江岸的事"), a_clue("青山的事", org_path=OTHER, lon=114.6)
    one, two = person("one", ("duty_officer", DISTRICT)), person("two", ("duty_officer", DISTRICT))
    far = person("far", ("duty_officer", OTHER))

    def queue(user: Any) -> str:
        client.force_login(user)
        return str(client.get("/desk/?part=queue").content.decode())

    assert "江岸的事" in queue(one) and "青山的事" not in queue(one) and queue(one) == queue(two)
    assert "青山的事" in queue(far) and "江岸的事" not in queue(far)
    services.share(there, SYSTEM, why="joint", user_id=two.pk)
    assert "青山的事" in queue(two) and "青山的事" not in queue(one)
    presence.beat(viewer_of(one), here)
    assert Presence.objects.count() == 1
    shared.heard("list:clue")
    assert "已在看" in queue(two) and "已在看" not in queue(one), "one's own eye is not news"


@pytest.mark.django_db
def test_the_fetched_queue_is_the_queue_of_the_page(client: Any) -> None:
    build_city()
    a_clue("江岸的事")
    viewer = who("duty_officer", DISTRICT)
    assert "江岸的事" in duty.queue_part(viewer, "", "") and "江岸的事" not in duty.queue_part(viewer, "", "red")
    assert "江岸的事" in duty.queue_part(SYSTEM, "XS-20200101-0001", "")


def test_where_many_desks_are_open_news_say_how_long_to_wait() -> None:
    class All:
        user_id = 1

        def hears(self, topic: str, org: str) -> bool:
            return True

    assert (spread(3), spread(100), spread(5000)) == (0, 2000, 10_000)
    assert b'"w"' not in messages([News("list:clue", "clue", 1, "/")], All())[0]
    assert b'"w":2000' in messages([News("list:clue", "clue", 1, "/")], All(), 2000)[0]
    burst = [News("list:clue", "clue", number, "/") for number in range(BURST + 1)]
    assert messages(burst, All(), 2000)[0].endswith(b'"n":21,"w":2000}\n\n')
