"""The figures: each number is the count of the very list it opens, for each viewer, however it is cut."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ecobureau.clock import ManualClock, SystemClock, set_clock
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import scenarios
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import placenames, registry
from ecobureau.web.core import selectors as lists
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Audit, Clock, History
from ecobureau.web.core.refusals import Refused
from ecobureau.web.dispatch.models import Task
from ecobureau.web.figures import ranking, selectors
from ecobureau.web.figures.definitions import FIGURES
from ecobureau.web.figures.slices import SLICES
from ecobureau.words import say, templates
from web.clues.pool_scene import AT, CITY, DISTRICT, GRID, OTHER, a_clue, build_city, who

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_rest() -> Any:
    scenarios.forget()
    placenames.forget()
    set_clock(ManualClock(AT))
    yield
    set_clock(SystemClock())
    scenarios.forget()
    placenames.forget()


def a_task(minutes: int | None, *, state: str = "closed", late: bool = False, **more: Any) -> Task:
    """Make a task of a clue: accepted an hour after it was sent, its result `minutes` later."""
    place = more.pop("org_path", DISTRICT)
    lon = 114.8 if place == OTHER else 114.3
    clue = a_clue("线索", org_path=place, lon=lon, **{key: more.pop(key) for key in ("scenario",) if key in more})
    unit = more.pop("owner_unit", place)
    task: Task = kernel.create("task", SYSTEM, title="任务", org_path=place, owner_unit=unit, clue_id=clue.pk)
    accepted = AT + timedelta(hours=1)
    submitted = accepted + timedelta(minutes=minutes) if minutes is not None else None
    Task.objects.filter(pk=task.pk).update(state=state, accepted_at=accepted, submitted_at=submitted, **more)
    clocks = Clock.objects.filter(kind="task", object_id=task.pk)
    for clock in clocks:
        after = timedelta(minutes=1) if late and clock.code == "first_result" else -timedelta(minutes=1)
        stopped = clock.due_at + after if submitted is not None else None
        Clock.objects.filter(pk=clock.pk).update(stopped_at=stopped)
    if state == "closed":
        Clue.objects.filter(pk=clue.pk).update(state="closed")
    return task


def note(task: Task, verb: str) -> None:
    """Put an act into the history, as the kernel does."""
    kernel.amend(task, SYSTEM, {}, verb=verb, note="x")


@pytest.fixture
def week(db: None) -> None:
    """Two districts, tasks of known lengths, clues of two sources."""
    build_city()
    for minutes in (10, 20, 30, 100):
        note(a_task(minutes, scenario="K01", owner_unit=GRID), "close")
    reopened = a_task(40, late=True, scenario="K08", returns=1)
    note(reopened, "close")
    note(reopened, "reopen")
    a_task(None, state="withdrawn")
    a_task(None, state="accepted")
    note(a_task(60, org_path=OTHER), "close")
    wrong = a_clue("误报")
    Clue.objects.filter(pk=wrong.pk).update(state="dismissed", source=clues.own_source("detection"))
    folded = a_clue("重复")
    Clue.objects.filter(pk=folded.pk).update(state="merged")


def asked(text: str = "") -> selectors.Asked:
    return selectors.asked_of(QueryDict(text))


def numbers(viewer: Viewer, text: str = "") -> dict[str, tuple[Any, Any, int]]:
    found = selectors.table(viewer, asked(text))
    return {
        cell.figure.code: (round(cell.value, 2) if cell.value is not None else None, cell.counted, cell.n)
        for cell in found.total.cells
        if cell is not None
    }


def test_the_numbers_of_a_district(week: None) -> None:
    found = numbers(who("dispatcher", DISTRICT))
    assert found == {
        "handled": (83.33, 5, 6),
        "within": (80.0, 4, 5),
        "mean": (40.0, None, 5),
        "median": (30.0, None, 5),
        "p90": (76.0, None, 5),
        "returned": (20.0, 1, 5),
        "reopened": (20.0, 1, 5),
        "late_now": (0.0, 0, 1),
        "false": (16.67, 1, 6),
        "machine": (11.11, 1, 9),
        "repeat": (11.11, 1, 9),
    }


def test_a_district_counts_its_own_alone_and_the_city_all(week: None) -> None:
    own, other, all_ = (numbers(who("leader", place)) for place in (DISTRICT, OTHER, CITY))
    assert (own["handled"][2], other["handled"][2], all_["handled"][2]) == (6, 1, 7)
    assert (own["machine"][2], other["machine"][2], all_["machine"][2]) == (9, 1, 10)


@pytest.mark.parametrize(("by", "place"), [("", DISTRICT), ("", CITY), *((each.code, CITY) for each in SLICES)])
def test_each_number_opens_a_list_with_exactly_that_many_rows(week: None, client: Any, by: str, place: str) -> None:
    viewer = who("leader", place)
    client.force_login(User.objects.get(pk=viewer.user_id))
    found = selectors.table(viewer, asked(f"by={by}&since=2026-11-20"))
    assert found.rows or not by
    opened = 0
    seen: set[str] = set()
    for row in (found.total, *found.rows):
        for cell in row.cells:
            if cell is None:
                continue
            for url, count in ((cell.url, cell.n), (cell.counted_url, cell.counted)):
                if url and url not in seen:
                    seen.add(url)
                    params = QueryDict(urlsplit(url).query)
                    page = lists.list_page(viewer, registry.get(cell.figure.kind), params)
                    assert page.filters.is_valid(), page.filters.errors
                    assert page.total == count, (row.name, cell.figure.code, url)
                    opened += 1
    assert opened >= 10
    total_url = next(cell.url for cell in found.total.cells if cell is not None)
    assert client.get(total_url).status_code == 200, "and the page itself opens"


@pytest.mark.parametrize("by", [each.code for each in SLICES])
def test_slices_add_up_to_the_total(week: None, by: str) -> None:
    found = selectors.table(who("leader", CITY), asked(f"by={by}"))
    for at, figure in enumerate(FIGURES):
        total = found.total.cells[at]
        cells = [row.cells[at] for row in found.rows]
        assert total is not None
        assert sum(cell.n for cell in cells if cell is not None) == total.n, (by, figure.code)


def test_narrowing_narrows_everything(week: None) -> None:
    assert numbers(who("leader", CITY), "scenario=K01")["handled"] == (100.0, 4, 4)
    assert numbers(who("leader", CITY), "source=detection")["false"] == (100.0, 1, 1)
    assert numbers(who("leader", CITY), f"unit={GRID}")["false"] == (0.0, 0, 4), "a clue is its newest task's unit's"
    assert numbers(who("leader", CITY), "unit=-")["false"] == (100.0, 1, 1), "or nobody's"
    assert numbers(who("leader", CITY), f"unit={GRID}")["median"] == (25.0, None, 4)
    nothing = numbers(who("leader", CITY), "since=2020-01-01&until=2020-01-02")
    assert set(nothing.values()) == {(None, 0, 0), (None, None, 0)}


def test_what_makes_no_sense_is_left_out(week: None, client: Any) -> None:
    client.force_login(User.objects.get(pk=who("leader", CITY).user_id))
    for query in ("since=x&until=y&by=z", "since=2027-01-01&until=2026-01-01", "level=purple", "by=day&source=nobody"):
        assert client.get(f"/figures/?{query}").status_code == 200, query


MAY = {"duty_officer", "dispatcher", "unit_head", "leader", "auditor"}


@pytest.mark.parametrize(
    "role",
    [
        "duty_officer",
        "dispatcher",
        "unit_head",
        "leader",
        "auditor",
        "grid_worker",
        "enforcement_officer",
        "administrator",
    ],
)
def test_who_reads_and_who_takes_away(week: None, client: Any, role: str) -> None:
    viewer = who(role, DISTRICT)
    client.force_login(User.objects.get(pk=viewer.user_id))
    wanted = 200 if role in MAY else 403
    assert client.get("/figures/?by=district").status_code == wanted
    before = Audit.objects.filter(what="export").count()
    taken = client.post("/figures/export.xlsx?by=district", {"purpose": "月报"})
    assert taken.status_code == wanted
    assert Audit.objects.filter(what="export").count() - before == (1 if role in MAY else 0)
    if role not in MAY:
        with pytest.raises(Refused):
            selectors.table(viewer, asked())
        return
    book = load_workbook(io.BytesIO(taken.content))
    lines = list(book.worksheets[0].iter_rows(values_only=True))
    names = {line[0] for line in lines[1:]}
    assert names == {"合计", "江岸区"}, "another district's numbers do not leave with it"
    assert lines[1][:6] == ("合计", "办理率", 83.33, "%", 5, 6)
    told = [row[0] for row in book.worksheets[1].iter_rows(values_only=True)]
    assert {say(figure.name) for figure in FIGURES} <= set(told) and "月报" in str(told[-1])


def test_an_export_without_purpose_leaves_nothing(week: None, client: Any) -> None:
    client.force_login(User.objects.get(pk=who("leader", CITY).user_id))
    assert client.post("/figures/export.xlsx", {"purpose": " "}).status_code == 422
    assert not Audit.objects.filter(what="export").exists()


def test_nobody_reads_nothing(client: Any, db: None) -> None:
    assert client.get("/figures/").status_code == 302
    assert client.post("/figures/export.xlsx", {"purpose": "x"}).status_code == 302


def test_the_page_asks_as_much_for_many_as_for_few(week: None, client: Any) -> None:
    client.force_login(User.objects.get(pk=who("leader", CITY).user_id))

    def asks() -> int:
        client.get("/figures/?by=source")
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/figures/?by=source").status_code == 200
        return len(seen)

    few = asks()
    for n in range(12):
        clues.make_source(SYSTEM, code=f"s{n}", name=f"来源{n}", kind="complaint", org_path=DISTRICT)
        a_clue("线索", source=f"s{n}")
    assert asks() == few
    assert few <= 25


def test_every_figure_is_named_and_defined_in_both_languages() -> None:
    assert len({figure.code for figure in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        for text in (figure.name, figure.how):
            assert say(text, "en") != text
    assert all(say(code, "en") for code in templates() if code.startswith("figures."))


def test_history_verbs_that_the_definitions_name_exist() -> None:
    assert {"close", "reopen"} <= set(registry.get("task").flow.verbs())
    assert {clock.code for clock in registry.get("task").flow.clocks} >= {"first_result"}
    assert not History.objects.exists()


def test_the_ranking_shares_ranks_and_leaves_small_numbers_unranked(week: None, client: Any) -> None:
    viewer = who("leader", CITY)
    client.force_login(User.objects.get(pk=viewer.user_id))
    found = ranking.ranking(viewer, QueryDict("figure=median"))
    assert {line.row.name for line in found.lines} >= {"江岸区", "青山区"}
    assert not any(line.rank for line in found.lines), "nobody has ten tasks yet"
    assert "件数太少" in client.get("/figures/ranking/?figure=median").content.decode()
    for district, minutes in ((DISTRICT, 30), (OTHER, 30)):
        for _n in range(10):
            a_task(minutes, org_path=district)
    found = ranking.ranking(viewer, QueryDict("figure=median"))
    assert [(line.rank, line.tied) for line in found.lines if line.rank] == [(1, True), (1, True)]
    page = client.get("/figures/ranking/?figure=median").content.decode()
    assert "并列" in page and "九成的任务不超过它" in page
    for line in found.lines:
        for cell in line.cells:
            if cell is not None:
                listed = lists.list_page(viewer, registry.get(cell.figure.kind), QueryDict(urlsplit(cell.url).query))
                assert listed.total == cell.n


@pytest.mark.parametrize("role", ["leader", "grid_worker"])
def test_who_reads_the_ranking_and_takes_it_away(week: None, client: Any, role: str) -> None:
    client.force_login(User.objects.get(pk=who(role, DISTRICT).user_id))
    wanted = 200 if role in MAY else 403
    assert client.get("/figures/ranking/").status_code == wanted
    assert client.post("/figures/ranking.xlsx", {"purpose": " "}).status_code == (422 if role in MAY else 403)
    assert not Audit.objects.filter(what="export").exists()
    taken = client.post("/figures/ranking.xlsx?figure=within", {"purpose": "月度通报"})
    assert taken.status_code == wanted
    if role in MAY:
        book = load_workbook(io.BytesIO(taken.content))
        names = {row[1] for row in book["区域排名"].iter_rows(values_only=True) if len(row) > 1}
        assert "江岸区" in names and "青山区" not in names, "another district's numbers do not leave with it"
    else:
        assert not Audit.objects.filter(what="export").exists()
