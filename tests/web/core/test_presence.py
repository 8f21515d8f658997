"""已在看: who else has a record open; seen by colleagues of the same scope, gone with the last beat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from ecobureau.clock import ManualClock, now, use_clock
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import live, presence
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Audit, History, Presence
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DISTRICT = "/wuhan/jiangan/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(AT)) as manual:
        assert isinstance(manual, ManualClock)
        yield manual


@pytest.fixture
def clue(clock: ManualClock) -> Clue:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    made: Clue = kernel.create("clue", SYSTEM, title="线索", org_path=DISTRICT, first_at=AT, last_at=AT)
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    topics: list[str] = []
    monkeypatch.setattr(live, "publish", lambda topic, *_rest, **_more: topics.append(topic))
    return topics


def test_two_readers_see_each_other_and_not_themselves(clue: Clue, told: list[str]) -> None:
    zhang, li = (viewer_of(person(name, ("duty_officer", "/wuhan/"))) for name in ("张", "李"))
    assert presence.beat(zhang, clue) == []
    assert presence.beat(li, clue) == ["张"] and presence.beat(zhang, clue) == ["李"]
    assert told == [f"presence:clue:{clue.pk}", "list:clue"] * 2, "colleagues are told of comings, not of beats"
    presence.leave(li, clue)
    assert presence.beat(zhang, clue) == [] and told[4:] == [f"presence:clue:{clue.pk}", "list:clue"]
    presence.leave(li, clue)
    assert len(told) == 6


def test_who_falls_silent_is_gone(clue: Clue, clock: ManualClock, told: list[str]) -> None:
    zhang, li = (viewer_of(person(name, ("duty_officer", "/wuhan/"))) for name in ("张", "李"))
    presence.beat(li, clue)
    clock.advance(timedelta(seconds=49))
    presence.sweep(now())
    assert presence.readers(zhang, "clue", [clue.pk]) == {clue.pk: ("李",)}
    clock.advance(timedelta(seconds=1))
    assert presence.readers(zhang, "clue", [clue.pk]) == {}
    told.clear()
    presence.sweep(now())
    assert told == [f"presence:clue:{clue.pk}", "list:clue"] and not Presence.objects.exists()


def test_the_page_beats_and_leaves_no_trace(clue: Clue, client: Any) -> None:
    address = f"/clues/{clue.number}/open/"
    presence.beat(viewer_of(person("李", ("duty_officer", "/wuhan/"))), clue)
    client.force_login(person("张", ("dispatcher", DISTRICT)))
    before = (History.objects.count(), Audit.objects.count())
    assert client.post(address).json() == {"others": ["李"]}
    assert client.post(address, {"leave": "1"}).json() == {"others": []}
    assert Presence.objects.count() == 1 and (History.objects.count(), Audit.objects.count()) == before
    assert client.get(address).status_code == 405
    assert f'data-eb-topics="presence:clue:{clue.pk}"' in client.get(f"/clues/{clue.number}/").content.decode()
    desk = client.get("/desk/").content.decode()
    assert "已在看 李" in desk and f'data-url="{address}"' in desk


def test_who_may_not_see_the_record_neither_beats_nor_hears(clue: Clue, client: Any) -> None:
    away = person("远", ("duty_officer", "/wuhan/qingshan/"))
    client.force_login(away)
    assert client.post(f"/clues/{clue.number}/open/").status_code in (403, 404)
    assert not Presence.objects.exists()
    topic = f"presence:clue:{clue.pk}"
    assert not live.read_token(live.token(viewer_of(away), [topic])).hears(topic, "")
    near = viewer_of(person("近", ("duty_officer", "/wuhan/")))
    assert live.read_token(live.token(near, [topic])).hears(topic, "")
    client.logout()
    assert client.post(f"/clues/{clue.number}/open/").status_code == 302


def test_the_news_name_nobody(clue: Clue, database_url: str) -> None:
    sent: list[str] = []
    with connection.execute_wrapper(lambda run, sql, params, many, ctx: (sent.append(json.dumps(params, default=str)),
                                                                         run(sql, params, many, ctx))[1]):  # fmt: skip
        presence.beat(viewer_of(person("张三丰", ("duty_officer", "/wuhan/"))), clue)
    news = [each for each in sent if "presence:clue" in each]
    assert news and not any("张三丰" in each for each in news)
