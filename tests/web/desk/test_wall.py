"""The wall: the worst open clues, the tasks that run late, the figures; bad news is counted where it does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRID = "/wuhan/jiangan/g1/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(AT)) as manual:
        assert isinstance(manual, ManualClock)
        yield manual


@pytest.fixture
def city(clock: ManualClock) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")


def a_clue(title: str, level: str, **more: Any) -> Any:
    return kernel.create("clue", SYSTEM, title=title, level=level, org_path=GRID, first_at=AT, last_at=AT, **more)


def test_the_worst_stand_first_and_the_rest_is_counted(city: None, client: Any) -> None:
    a_clue("蓝的一件", "blue", risk=99)
    for n in range(5):
        a_clue(f"黄的{n}", "yellow")
    a_clue("红的一件", "red", risk=1)
    client.force_login(person("duty", ("duty_officer", "/wuhan/")))
    page = client.get("/desk/wall/").content.decode()
    assert page.index("红的一件") < page.index("黄的0") and "蓝的一件" not in page
    assert "未办结 7 条" in page and "另有 2 条没有列出" in page
    assert 'data-bs-theme="dark"' in page
    assert 'data-bs-theme="light"' in client.get("/desk/wall/?theme=light").content.decode()
    part = client.get("/desk/wall/?part=all").content.decode()
    assert "红的一件" in part and "<html" not in part


def test_tasks_that_are_late_or_soon_will_be_are_named(city: None, client: Any, clock: ManualClock) -> None:
    sender = viewer_of(person("d", ("dispatcher", "/wuhan/jiangan/")))
    soon = tasks.send(a_clue("快到时限", "red"), sender, unit=GRID)
    tasks.send(a_clue("还早", "blue"), sender, unit=GRID)
    client.force_login(person("duty", ("duty_officer", "/wuhan/")))
    page = client.get("/desk/wall/").content.decode()
    assert "2 小时内到时限：1 件" in page and f"/tasks/{soon.number}/" in page
    clock.advance(timedelta(hours=1))
    assert "已超时" in client.get("/desk/wall/").content.decode()


def test_who_may_not_see_clues_sees_none_on_the_wall(city: None, client: Any) -> None:
    a_clue("红的一件", "red")
    assert client.get("/desk/wall/").status_code == 302
    client.force_login(person("q", ("duty_officer", "/wuhan/qingshan/")))
    page = client.get("/desk/wall/").content.decode()
    assert "红的一件" not in page and "未办结 0 条" in page
