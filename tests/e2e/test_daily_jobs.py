"""The ten daily jobs of an office whose duty exists, by hand: how many keys, clicks and pages each takes.

`bench/daily_jobs.py` runs this file and prints the table. Not timed here, for their duty does not exist yet: answering
a complaint, a fine with its reasons, the re-check of a daily penalty, a permit, a trip of hazardous waste.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from e2e import daily_jobs as jobs
from e2e.daily_jobs import Hands
from e2e.helpers import RESULTS, assert_accessible, expects, served, shot
from ecobureau.clock import BEIJING, now
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Clock
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.handover.models import Handover
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from web.clues.pool_scene import a_clue
from web.people import person

BODY = "91420100MA4KABCD1"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
CITY, DISTRICT = "/wuhan/", "/wuhan/jiangan/"
GRIDS = ("g01", "g02")


@pytest.fixture
def office(transactional_db: None) -> dict[str, Any]:
    """A city with two grids on shift, an outlet, three clues on the desk, a task in hand and one that runs late."""
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    today = now().astimezone(BEIJING).date()
    start = datetime.combine(today, datetime.min.time(), BEIJING)
    workers = {}
    for code in GRIDS:
        grid = places.make_organisation(SYSTEM, parent=district, code=code, level="grid", name=f"江岸{code}网格")
        workers[code] = person(f"worker-{code}", ("grid_worker", grid.path, [grid.path]))
        places.add_member(SYSTEM, grid, workers[code], valid_from=date(2020, 1, 1))
        roster = places.make_roster(SYSTEM, grid, "巡查")
        places.add_shift(
            SYSTEM, roster, workers[code], starts=start - timedelta(days=1), ends=start + timedelta(days=2)
        )
        if code == "g01":
            places.set_area(SYSTEM, grid, SQUARE, valid_from=date(2020, 1, 1))
    places.set_area(SYSTEM, district, SQUARE, valid_from=date(2020, 1, 1))
    duty = person("duty", ("duty_officer", CITY), ("dispatcher", CITY))
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", lon=114.5, lat=30.5)
    sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    place = {"org_path": f"{DISTRICT}g01/", "grid": f"{DISTRICT}g01/", "scenario": "K05"}
    for n, title in enumerate(("雨水口旱天有水", "河边有异味", "夜间排水异常")):
        a_clue(title, **place, lat=30.6 + n / 10)
    chief = viewer_of(duty)
    in_hand = tasks.send(a_clue("已派出的一件", **place, lat=30.2), chief, unit=f"{DISTRICT}g01/")
    tasks.accept(in_hand, viewer_of(workers["g01"]))
    late = tasks.send(a_clue("没人接的一件", **place, lat=30.1), chief, unit=f"{DISTRICT}g01/")
    Clock.objects.filter(kind="task", object_id=late.pk, code="accept").update(due_at=now() + timedelta(minutes=30))
    return {"duty": duty, "worker": workers["g01"], "in_hand": in_hand, "late": late}


@pytest.fixture(scope="module")
def done() -> Iterator[list[Hands]]:
    """What was done, kept for the bench at the end of the module."""
    rows: list[Hands] = []
    yield rows
    path = Path(os.environ.get("EB_DAILY_JOBS", RESULTS / "daily-jobs.json"))
    jobs.save([each.row() for each in rows], path)


def test_the_office_does_its_daily_jobs_in_few_actions(
    office: dict[str, Any], page: Page, sign_in: Callable[..., None], done: list[Hands]
) -> None:
    sign_in(page, office["duty"])
    page.goto("/desk/")
    expect(page.locator("[data-eb-card]")).to_have_count(3)
    with Hands("triage", page) as first:
        jobs.triage(first)
    assert Clue.objects.filter(state="dismissing").count() == 1
    assert (first.actions, first.clicks, first.pages) == (5, 0, 2)
    expect(page.locator("[data-eb-card]")).to_have_count(2)

    before = Task.objects.count()
    with Hands("dispatch", page) as second:
        jobs.dispatch(second)
    assert Task.objects.count() == before + 1
    assert second.actions == 2

    page.goto("/tasks/soon/")
    assert_accessible(page)
    shot(page, "jobs-soon")
    with Hands("rebalance", page) as third:
        jobs.rebalance(third, office["late"].number, "江岸g02网格")
    office["late"].refresh_from_db()
    assert office["late"].owner_unit == f"{DISTRICT}g02/"
    assert third.actions == 3

    with Hands("site_report", page) as fourth:
        jobs.site_report(fourth, "1号锅炉排气筒")
    assert fourth.actions <= 7

    with Hands("weekly", page) as fifth:
        jobs.weekly(fifth)
    assert fifth.actions <= 6

    with Hands("handover", page) as sixth:
        jobs.handover(sixth, "雨水口一件待核")
    assert Handover.objects.get().state == "handed"
    assert sixth.actions == 4
    assert all(each.estimate <= jobs.GOALS_S[each.job] for each in (first, second, third, fourth, fifth, sixth))
    done += [first, second, third, fourth, fifth, sixth]


def test_a_visit_is_finished_on_the_phone_without_a_network(
    office: dict[str, Any], phone: Page, sign_in: Callable[..., None], done: list[Hands]
) -> None:
    sign_in(phone, office["worker"])
    phone.goto(f"/m/tasks/{office['in_hand'].number}/")
    served(phone)
    expects(phone, "ERR_INTERNET_DISCONNECTED")
    with Hands("visit", phone) as hands:
        jobs.visit(hands, _photo())
    office["in_hand"].refresh_from_db()
    assert office["in_hand"].state == "submitted"
    assert hands.estimate <= jobs.GOALS_S["visit"]
    done.append(hands)


def _photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 110)).save(out, "JPEG")
    return out.getvalue()
