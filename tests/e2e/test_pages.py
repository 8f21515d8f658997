"""Every page of every role in the real browser: office and phone width, both themes, both languages, axe.

Each page is opened at 1440×900 in one theme and language and at 390×844 in the other, in turn. At 320 px a page may not
scroll sideways, its tables scroll in their own box. The content policy, script errors and failed loads are watched by
the fixtures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import Page

from e2e.helpers import assert_accessible, no_sideways, shot
from ecobureau.clock import BEIJING, now
from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books, commands, partitions
from ecobureau.storage.types import Kind
from ecobureau.storage.writer import Writer
from ecobureau.web.clues import services as clues
from ecobureau.web.core import attachments
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from storage_frames import frame
from web.answers import answers
from web.files import jpeg
from web.people import person

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
DISTRICT, GRID = "/wuhan/jiangan/", "/wuhan/jiangan/g1/"
BODY = "91420100MA4KABCD1"
ROLES = {
    "duty_officer": "/wuhan/",
    "dispatcher": DISTRICT,
    "grid_worker": GRID,
    "enforcement_officer": "/wuhan/jiangan/enforcement/",
    "unit_head": DISTRICT,
    "leader": "/wuhan/",
    "auditor": "/",
    "administrator": "/",
}


@dataclass
class City:
    """A small city with something on every page; `users`: role → {look: user}, `at`: names → addresses' parts."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    at: dict[str, Any] = field(default_factory=dict)


def people(city: City) -> None:
    for role, place in ROLES.items():
        for look, language in (("light", "zh-hans"), ("dark", "en")):
            user = person(f"{role}-{look}", (role, place, [GRID] if role == "grid_worker" else []))
            user.theme, user.language = look, language
            user.save()
            city.users.setdefault(role, {})[look] = user


def registry(city: City) -> Any:
    sources.sync_factors(SYSTEM)
    firm = sources.make_enterprise(
        SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", org_path=GRID, lon=114.3, lat=30.6
    )  # fmt: skip
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air")
    station = sources.make_station(SYSTEM, code="G0001", name="1号锅炉烟气", st="31", outlet=outlet)
    sources.make_logger(
        SYSTEM, station, mn="010000A8900016F000169DC0", password="123456", accept_from=now() - timedelta(days=3)
    )  # fmt: skip
    sources.set_limit(SYSTEM, outlet, "a21002", value="50", source="排污许可证", valid_from=date(2026, 1, 1))
    city.at |= {"firm": firm.pk, "outlet": outlet.pk, "station": station.pk}
    return station


def frames(city: City, station: Any) -> None:
    """Two days of hours with a hole, and a command, through the store's own writer."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as conn:
        partitions.ensure_ahead(conn, now())
        run = books.start_run(conn, "gateway", "test", 1, now())
        batch = [
            frame(
                {"a21002": {"avg": f"{40 + n % 30}.5"}, "a21026": {"avg": "12.5"}},
                hour - timedelta(hours=n + 1),
                station=station.pk,
                kind=Kind.HOUR,
                run=run,
                cn="2061",
            )
            for n in range(48)
            if n not in (5, 6)
        ]
        Writer(conn).write(batch)
        asker = city.users["duty_officer"]["light"].pk
        city.at["command"] = commands.ask(conn, station.pk, "1061", {}, asker, now())
        city.at["frame"] = conn.execute("select max(id) from raw_frame").fetchone()[0]  # type: ignore[index]


def a_clue(station: Any, factor: str, level: str = "orange") -> Any:
    at = now() - timedelta(hours=2)
    report = clues.Report(
        subject=f"outlet:{station.outlet_id}",
        factor=factor,
        rule="R-OVER",
        title="1号锅炉排气筒 NOx 62.5，许可 50",
        title_code="",
        reason_code="",
        params={},
        level=level,
        first_at=at,
        last_at=at + timedelta(hours=1),
        scenario="K01",
        risk=70,
        confidence=0.8,
        org_path=GRID,
        grid=GRID,
        lon=114.3,
        lat=30.6,
        station_id=station.pk,
        outlet_id=station.outlet_id,
        pieces=[clues.Piece("series", at, "", {"stream": "hour:3600"})],
    )
    return clues.open_or_extend(report)[0]


def work(city: City, station: Any) -> None:
    """Clues and tasks in the states that pages are made for."""
    viewers = {role: viewer_of(users["light"]) for role, users in city.users.items()}
    worker = city.users["grid_worker"]["light"]
    city.at["clue"] = a_clue(station, "a21002", "red").number
    city.at["other"] = a_clue(station, "a34013", "yellow").number
    sign = a_clue(station, "a21026")
    clues.propose_dismissal(
        sign, viewers["dispatcher"], reason="calibration", sample={"rows": [], "count": 0}, seen="看过曲线"
    )
    city.at["sign"] = sign.number
    made = {}
    for n, name in enumerate(("new", "onsite", "submitted", "back")):
        clue = a_clue(station, f"w0100{n}")
        made[name] = tasks.send(clue, viewers["dispatcher"], unit=GRID, order="看东门")
    for name in ("onsite", "submitted"):
        tasks.accept(made[name], viewers["grid_worker"])
        tasks.arrive(made[name], viewers["grid_worker"])
    attachments.store(made["submitted"], SYSTEM, SimpleUploadedFile("a.jpg", jpeg()), paper="photo")
    tasks.submit(
        made["submitted"], viewers["grid_worker"], result="喷枪堵塞，已恢复", checks=answers(made["submitted"])
    )
    tasks.hand_back(made["back"], viewers["grid_worker"], reason="not_ours")
    city.at |= {name: task.number for name, task in made.items()}
    assert Task.objects.get(number=city.at["onsite"]).owner_person_id == worker.pk


@pytest.fixture
def city(transactional_db: None, settings: Any) -> City:
    found = City()
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    brigade = places.make_organisation(
        SYSTEM, parent=district, code="enforcement", level="department", name="江岸执法", duties=["enforcement"]
    )  # fmt: skip
    grid = places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="江岸一网格")
    people(found)
    today = now().astimezone(BEIJING).date()
    for role, unit in (("grid_worker", grid), ("enforcement_officer", brigade)):
        for user in found.users[role].values():
            places.add_member(SYSTEM, unit, user, valid_from=today - timedelta(days=1))
    roster = places.make_roster(SYSTEM, grid, "网格巡查")
    start = datetime.combine(today, datetime.min.time(), BEIJING)
    places.add_shift(
        SYSTEM, roster, found.users["grid_worker"]["light"], starts=start, ends=start + timedelta(days=1)
    )  # fmt: skip
    station = registry(found)
    frames(found, station)
    work(found, station)
    return found


PAGES: dict[str, tuple[str, ...]] = {
    "duty_officer": (
        "/desk/",
        "/desk/{clue}/",
        "/map/",
        "/clues/",
        "/clues/new/",
        "/clues/import/",
        "/clues/map/",
        "/clues/{clue}/",
        "/clues/{clue}/chain/",
        "/clues/{clue}/shares/",
        "/clues/{clue}/send/",
        "/clues/{clue}/do/merge/",
        "/clues/{clue}/do/propose_dismissal/",
        "/clues/board/",
        "/clues/statistics/",
        "/outlets/",
        "/outlets/{outlet}/",
        "/stations/",
        "/stations/{station}/",
        "/stations/{station}/devices/",
        "/stations/{station}/devices/1062/",
        "/stations/{station}/devices/2061/?BeginTime=20261122080000",
        "/commands/{command}/",
        "/firms/",
        "/firms/{firm}/",
        "/frames/{frame}/",
        "/feeds/",
        "/books/",
        "/quarantine/",
        "/search/?q=NOx",
        "/inbox/",
        "/help/",
    ),
    "dispatcher": ("/tasks/board/", "/tasks/", "/tasks/{back}/", "/tasks/{back}/do/route/", "/tasks/{back}/do/insist/"),
    "grid_worker": ("/m/", "/m/tasks/{new}/", "/m/tasks/{onsite}/", "/me/"),
    "enforcement_officer": ("/today/", "/clues/{other}/", "/m/"),
    "unit_head": ("/today/", "/review/", "/tasks/{submitted}/", "/tasks/{submitted}/do/close/", "/clues/{sign}/"),
    "leader": ("/today/", "/tasks/statistics/"),
    "auditor": ("/audit/", "/tasks/{submitted}/chain/", "/users/"),
    "administrator": ("/users/", "/users/new/", "/users/keys/", "/me/keys/", "/feeds/", "/rosters/", "/grids/"),
}
BOTH = ("/desk/", "/clues/{clue}/", "/tasks/{onsite}/", "/m/", "/today/", "/map/")
"""Pages that axe judges at both widths; of the others one width a page, in turn. All are opened at both."""


@pytest.fixture
def opened(new_page: Callable[..., Page], sign_in: Callable[..., None], city: City) -> Callable[[str, str, str], Page]:
    """Give the page of a role in a look at a width, opened once: `opened(role, look, width)`."""
    kept: dict[tuple[str, str, str], Page] = {}

    def give(role: str, look: str, width: str) -> Page:
        key = (role, look, width)
        if key not in kept:
            language = "zh-CN" if look == "light" else "en-GB"
            more = {"has_touch": True, "is_mobile": True} if width == "phone" else {}
            kept[key] = new_page(PHONE if width == "phone" else DESK, language, **more)
            sign_in(kept[key], city.users[role][look])
        return kept[key]

    return give


def look_at(page: Page, address: str, *, axe: bool) -> str:
    """Open a page and judge it, by axe if asked; return what is wrong."""
    try:
        answer = page.goto(address, wait_until="load")
        assert answer is not None and answer.status == 200, f"status {answer.status if answer else None}"
        assert page.locator("h1").count() == 1, f"{page.locator('h1').count()} h1"
        if axe:
            assert_accessible(page, without=(".maplibregl-canvas",))
        no_sideways(page)
        wide = page.viewport_size is not None and page.viewport_size["width"] >= 1000
        if wide and page.locator(".eb-work-evidence").count():
            longer = page.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
            assert longer <= 0, f"the work screen scrolls as a whole: {longer} px"
    except AssertionError as wrong:
        return str(wrong)
    return ""


def narrow(page: Page, address: str) -> str:
    """Judge the page as it stands at 320 px."""
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 320, "height": 640})
    try:
        no_sideways(page)
    except AssertionError as wrong:
        return f"at 320 px: {wrong}"
    finally:
        page.set_viewport_size(size)
    return ""


@pytest.mark.parametrize("roles", [("duty_officer",), tuple(role for role in PAGES if role != "duty_officer")])
def test_every_page_is_accessible_at_both_widths(
    city: City, opened: Callable[[str, str, str], Page], roles: tuple[str, ...]
) -> None:
    wrong: list[str] = []
    addresses = [(role, address) for role in roles for address in PAGES[role]]
    for turn, (role, pattern) in enumerate(addresses):
        address, both = pattern.format(**city.at), pattern.startswith(BOTH)
        looks = ("light", "dark") if turn % 2 == 0 else ("dark", "light")
        for place, (width, look) in enumerate(zip(("desk", "phone"), looks, strict=True)):
            page = opened(role, look, width)
            found = look_at(page, address, axe=both or (turn + place) % 2 == 0)
            if not found and width == "phone":
                found = narrow(page, address)
            if found:
                shot(page, f"pages-{turn}-{width}")
                wrong.append(f"{role} {address} {width} {look}: {found}")
    assert not wrong, "\n\n".join(wrong)


def test_the_sign_in_page_and_a_missing_page(new_page: Callable[..., Page], city: City) -> None:
    from e2e.helpers import expects

    for language, viewport in (("zh-CN", DESK), ("en-GB", PHONE)):
        page = new_page(viewport, language)
        expects(page, "404")
        page.goto("/accounts/login/")
        assert_accessible(page)
        no_sideways(page)
        page.goto("/no-such-page/")
        assert_accessible(page)
