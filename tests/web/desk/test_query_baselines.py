"""How many questions each page of the centre asks the database, against `queries.txt`: one more fails.

Whoever needs a further question writes the new number there, and why in the commit. A page that asks less than its
number by more than two fails as well, so that the table stays true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import calendars, placenames
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.dispatch import joint, orders
from ecobureau.web.dispatch.models import Help, Supervision, Task
from ecobureau.web.places import services as places
from ecobureau.web.places.selectors import organisation
from ecobureau.web.sources.models import Enterprise, Outlet, Station
from web.desk.growing import AT, DISTRICT, GRID, count, grow
from web.people import person

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).parent / "queries.txt"


def _number(model: Any, **which: Any) -> str:
    return str(model.objects.filter(**which).order_by("pk").values_list("number", flat=True)[0])


def _pk(model: Any) -> int:
    return int(model.objects.order_by("pk").values_list("pk", flat=True)[0])


PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "duty desk": ("duty", lambda: "/desk/"),
    "duty desk, one clue": ("duty", lambda: f"/desk/{_number(Clue, state='new')}/"),
    "duty desk, queue": ("duty", lambda: "/desk/?part=queue"),
    "wall": ("duty", lambda: "/desk/wall/"),
    "clues": ("duty", lambda: "/clues/"),
    "clues, board": ("duty", lambda: "/clues/board/"),
    "clues, figures": ("duty", lambda: "/clues/statistics/"),
    "clues, map": ("duty", lambda: "/clues/map/"),
    "clues, marks": ("duty", lambda: "/clues/map/marks.json"),
    "clue": ("duty", lambda: f"/clues/{_number(Clue, state='new')}/"),
    "clue, send": ("duty", lambda: f"/clues/{_number(Clue, state='new')}/send/"),
    "clue, merge": ("duty", lambda: f"/clues/{_number(Clue, state='new')}/do/merge/"),
    "clue, API": ("duty", lambda: f"/api/clues/{_number(Clue, state='new')}/"),
    "clues, API": ("duty", lambda: "/api/clues/"),
    "new clue": ("duty", lambda: "/clues/new/"),
    "answers owed": ("duty", lambda: "/clues/answers/"),
    "answers owed, API": ("duty", lambda: "/api/clues/answers"),
    "emissions, ranking": ("duty", lambda: "/statistics/emission/"),
    "sources": ("duty", lambda: "/clue-sources/"),
    "sensitive places": ("duty", lambda: "/sensitive-places/"),
    "scene kinds": ("duty", lambda: "/scene-kinds/"),
    "tasks": ("dispatcher", lambda: "/tasks/"),
    "tasks, board": ("dispatcher", lambda: "/tasks/board/"),
    "tasks, figures": ("dispatcher", lambda: "/tasks/statistics/"),
    "tasks, marks": ("dispatcher", lambda: "/tasks/map/marks.json"),
    "task": ("dispatcher", lambda: f"/tasks/{_number(Task)}/"),
    "task, route": ("dispatcher", lambda: f"/tasks/{_number(Task, state='dispatched')}/do/route/"),
    "task, API": ("dispatcher", lambda: f"/api/tasks/{_number(Task)}/"),
    "soon late": ("dispatcher", lambda: "/tasks/soon/"),
    "daily list": ("dispatcher", lambda: "/tasks/daily/"),
    "helps": ("dispatcher", lambda: "/helps/"),
    "help": ("dispatcher", lambda: f"/helps/{_number(Help)}/"),
    "orders": ("dispatcher", lambda: "/supervisions/"),
    "order": ("dispatcher", lambda: f"/supervisions/{_number(Supervision)}/"),
    "inbox": ("dispatcher", lambda: "/inbox/"),
    "search": ("dispatcher", lambda: "/search/?q=线索"),
    "map": ("duty", lambda: "/map/"),
    "map, marks": ("duty", lambda: "/map/marks.json"),
    "shift": ("duty", lambda: "/handover/"),
    "week": ("duty", lambda: "/handover/week/"),
    "figures": ("head", lambda: "/figures/"),
    "ranking": ("leader", lambda: "/figures/ranking/"),
    "today": ("head", lambda: "/today/"),
    "review": ("head", lambda: "/review/"),
    "outlets": ("duty", lambda: "/outlets/"),
    "outlet": ("duty", lambda: f"/outlets/{_pk(Outlet)}/"),
    "stations": ("duty", lambda: "/stations/"),
    "station": ("duty", lambda: f"/stations/{_pk(Station)}/"),
    "firms": ("duty", lambda: "/firms/"),
    "firm": ("duty", lambda: f"/firms/{_pk(Enterprise)}/"),
    "outfalls": ("dispatcher", lambda: "/outfalls/"),
    "rectifications": ("leader", lambda: "/rectifications/"),
    "hanging accounts": ("leader", lambda: "/hangings/"),
    "remote stops": ("duty", lambda: "/remotestops/"),
    "rosters": ("dispatcher", lambda: "/rosters/"),
    "grids": ("dispatcher", lambda: "/grids/"),
    "phone, list": ("worker", lambda: "/m/"),
    "phone, task": ("worker", lambda: f"/m/tasks/{_number(Task, state='dispatched')}/"),
}
HELD = {
    "duty": ("duty_officer", DISTRICT),
    "dispatcher": ("dispatcher", DISTRICT),
    "head": ("unit_head", DISTRICT),
    "leader": ("leader", "/wuhan/"),
    "worker": ("grid_worker", GRID, [GRID]),
}


@pytest.fixture(autouse=True)
def _as_new() -> Iterator[None]:
    """Nothing is remembered from another test, and the day does not turn."""
    for module in (scenarios, placenames, calendars):
        module.forget()
    with use_clock(ManualClock(AT + timedelta(hours=1))):
        yield
    for module in (scenarios, placenames, calendars):
        module.forget()


def table() -> dict[str, int]:
    rows = (line.rpartition(":") for line in TABLE.read_text(encoding="utf-8").splitlines() if ":" in line)
    return {name.strip(): int(number) for name, _colon, number in rows}


def test_no_page_asks_more_than_its_number(client: Any, city: None) -> None:
    users = {name: person(name, held) for name, held in HELD.items()}
    grid = organisation(GRID)
    assert grid is not None
    places.add_member(SYSTEM, grid, users["worker"], valid_from=AT.date() - timedelta(days=1))
    grow(3, viewer_of(users["duty"]))
    first = Task.objects.order_by("pk").first()
    assert first is not None
    joint.call_in(first, viewer_of(users["dispatcher"]), units=["/wuhan/"], demand="测一测")
    orders.supervise(first, viewer_of(users["leader"]), grade="red", demand="限时")
    asked = {}
    for name, (who, address) in PAGES.items():
        client.force_login(users[who])
        count(client, address())  # what a process reads once is not the page's
        asked[name] = count(client, address())
    known = table()
    told = "\n".join(f"{name}: {number}" for name, (number, _sql) in asked.items())
    assert known.keys() == asked.keys(), told
    more = {name: (known[name], number, sql) for name, (number, sql) in asked.items() if number > known[name]}
    assert not more, "\n".join(
        f"{name}: {was} → {is_}\n  " + "\n  ".join(sql) for name, (was, is_, sql) in more.items()
    )
    less = {name: number for name, (number, _sql) in asked.items() if number < known[name] - 2}
    assert not less, f"these ask less by now, lower their numbers: {less}"
