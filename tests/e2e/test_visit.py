"""A whole visit on the phone without network, in a real browser: everything goes once, in order, when it is back; and
what cannot go any more is said, with nothing lost. The same pages by keyboard, by names, in large type, in English."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from e2e.conftest import FLAGS, chromium
from e2e.helpers import assert_accessible, expects, no_sideways, ready, served, shot
from ecobureau.web.core import attachments, history
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Attachment, History
from ecobureau.web.core.paper import qr
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task, TrackPart
from ecobureau.web.places import services as places
from ecobureau.web.sources import codes
from ecobureau.web.sources.models import Enterprise, Outlet
from web.files import jpeg
from web.people import person

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRID = "/wuhan/jiangan/g1/"
HERE = {"longitude": 114.3, "latitude": 30.6, "accuracy": 5}
SQUARE = [[114.2, 30.5], [114.4, 30.5], [114.4, 30.7], [114.2, 30.7], [114.2, 30.5]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser with a microphone that hums."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, "--use-fake-device-for-media-stream"]
        )
        yield launched
        launched.close()


@pytest.fixture
def people(transactional_db: None) -> dict[str, Any]:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市中心")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    grid = places.make_organisation(SYSTEM, parent=district, code="g1", level="grid", name="一网格")
    made = {
        "worker": person("w", ("grid_worker", GRID, [GRID])),
        "dispatcher": person("d", ("dispatcher", "/wuhan/")),
        "head": person("h", ("unit_head", "/wuhan/jiangan/")),
    }
    for each in made.values():
        each.theme = "light"
        each.save()
    places.add_member(SYSTEM, grid, made["worker"], valid_from=AT.date())
    return made


def a_task(people: dict[str, Any], title: str = "雨水口晴天有水流出", scenario: str = "K05") -> Task:
    clue = kernel.create(
        "clue", SYSTEM, title=title, org_path=GRID, grid=GRID, first_at=AT, last_at=AT, lon=114.3, lat=30.6,
        scenario=scenario,
    )  # fmt: skip
    return tasks.send(clue, viewer_of(people["dispatcher"]), unit=GRID)


@pytest.fixture
def phone(new_page: Callable[..., Page], sign_in: Callable[..., None], people: dict[str, Any]) -> Page:
    """The worker's phone: knows where it is, may use its microphone."""
    allowed = ["geolocation", "microphone"]
    page = new_page(PHONE, has_touch=True, is_mobile=True, geolocation=HERE, permissions=allowed)
    sign_in(page, people["worker"])
    expects(page, "ERR_INTERNET_DISCONNECTED", "net::", "Failed to fetch")
    return page


def installed(page: Page, *addresses: str) -> None:
    """Open the list and wait until the worker keeps it and the pages it leads to."""
    page.goto("/m/")
    served(page)
    page.reload()
    for address in ("/m/", *addresses):
        page.wait_for_function("address => caches.match(address).then(found => Boolean(found))", arg=address)


def press(button: Locator) -> None:
    """Press by keyboard, as somebody does who cannot see the screen."""
    button.focus()
    button.press("Enter")


def waiting(page: Page, count: int) -> None:
    expect(page.locator("eb-queue")).to_have_attribute("data-waiting", str(count))


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_a_whole_visit_without_network_goes_once_and_in_order(
    phone: Page, people: dict[str, Any], new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    task = a_task(people)
    address = f"/m/tasks/{task.number}/"
    installed(phone, address)
    phone.context.set_offline(True)
    phone.reload()
    phone.get_by_role("link", name="雨水口晴天有水流出").click()
    expect(title(phone)).to_have_text("新任务")
    assert_accessible(phone)
    shot(phone, "visit-1-new", full=True)

    press(phone.get_by_role("button", name="接单，马上去"))
    expect(title(phone)).to_have_text("去现场")
    press(phone.get_by_role("button", name="看还有多远"))
    expect(phone.get_by_text("就在附近")).to_be_visible()
    no_sideways(phone)
    shot(phone, "visit-2-way", full=True)
    press(phone.get_by_role("button", name="我到了"))
    expect(title(phone)).to_have_text("现场情况")
    waiting(phone, 2)
    for step in (1, 2, 3):
        phone.context.set_geolocation({**HERE, "longitude": 114.3 + step * 0.0003})
        expect(phone.get_by_text(f"正在记走过的路，已记 {step + 1} 个点")).to_be_visible()

    taken = jpeg(exif=True, size=(640, 480))
    phone.locator("eb-photo input[type=file]").set_input_files(
        {"name": "site.jpg", "mimeType": "image/jpeg", "buffer": taken}
    )
    waiting(phone, 3)
    press(phone.get_by_role("button", name="点一下，开始说话"))
    expect(phone.locator("eb-voice")).to_contain_text("00:02")
    press(phone.get_by_role("button", name="说完了，停"))
    waiting(phone, 4)
    for question in phone.get_by_role("group").filter(has=phone.get_by_role("radio")).all():
        if question.is_visible():
            question.get_by_role("radio").first.focus()
            question.get_by_role("radio").first.press("Space")
    phone.get_by_role("textbox", name="看到什么，怎么处理的").fill("灰色水，一直流，有染料味")
    expect(phone.get_by_text("已自动保存")).to_be_visible()
    assert_accessible(phone)
    no_sideways(phone)
    shot(phone, "visit-3-site", full=True)

    phone.reload()
    expect(title(phone)).to_have_text("现场情况")
    expect(phone.get_by_role("textbox", name="看到什么，怎么处理的")).to_have_value("灰色水，一直流，有染料味")
    press(phone.locator("footer").get_by_role("button", name="交上去").last)
    expect(phone.get_by_role("heading", name="存在手机里了")).to_be_visible()
    waiting(phone, 6)
    assert_accessible(phone)
    shot(phone, "visit-4-kept")
    assert History.objects.filter(kind="task", object_id=task.pk).exclude(verb="create").count() == 0

    phone.context.set_offline(False)
    expect(title(phone)).to_have_text("待审核")
    waiting(phone, 0)
    phone.evaluate("dispatchEvent(new Event('online'))")
    _all_is_there(task, people, taken)
    shot(phone, "visit-5-sent", full=True)
    _the_desk_shows_it(task, people, new_page, sign_in)


def _all_is_there(task: Task, people: dict[str, Any], taken: bytes) -> None:
    task.refresh_from_db()
    entries = list(History.objects.filter(kind="task", object_id=task.pk).order_by("seq"))
    assert [each.verb for each in entries] == ["create", "accept", "arrive", "submit"]
    on_phone = [each.at_device for each in entries[1:]]
    assert on_phone == sorted(on_phone) and all(on_phone)
    assert history.verify_chain("task", task.pk, task.version).ok
    assert {row["code"]: row["answer"] for row in task.checks}["flow"] == "yes"
    assert len(task.checks) == 7
    photo, voice = Attachment.objects.filter(kind="task", object_id=task.pk).order_by("received_at")
    assert (photo.paper, voice.paper, voice.content_type) == ("photo", "voice", "audio/webm")
    assert all(each.sha256 == each.client_sha256 for each in (photo, voice))
    assert attachments.path_of(photo.sha256).read_bytes() == taken
    with Image.open(io.BytesIO(attachments.path_of(photo.shared_sha256).read_bytes())) as shared:
        assert not shared.getexif()
        assert shared.getpixel((600, 470)) != shared.getpixel((600, 10)), "the band stands at the foot"
    part = TrackPart.objects.get(task=task)
    assert part.person == people["worker"] and len(part.points) >= 4


def _the_desk_shows_it(
    task: Task, people: dict[str, Any], new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    desk = new_page(DESK)
    sign_in(desk, people["head"])
    desk.goto(f"/tasks/{task.number}/")
    expect(desk.get_by_text("有没有水流出来？")).to_be_visible()
    expect(desk.get_by_text("到场到交上去之间")).to_be_visible()
    sound = desk.locator("audio")
    sound.evaluate("sound => sound.play().then(() => sound.pause())")
    ready(desk, "eb-map")
    assert_accessible(desk, without=("canvas",))
    shot(desk, "visit-desk", full=True)


def test_a_task_withdrawn_meanwhile_is_said_and_nothing_is_lost(phone: Page, people: dict[str, Any]) -> None:
    task = a_task(people)
    installed(phone, f"/m/tasks/{task.number}/")
    phone.goto(f"/m/tasks/{task.number}/")
    phone.context.set_offline(True)
    press(phone.get_by_role("button", name="接单，马上去"))
    press(phone.get_by_role("button", name="我到了"))
    expect(title(phone)).to_have_text("现场情况")
    phone.locator("eb-photo input[type=file]").set_input_files(
        {"name": "site.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    )
    waiting(phone, 3)
    tasks.withdraw(task, viewer_of(people["dispatcher"]), reason="派错了")
    expects(phone, "422")
    phone.context.set_offline(False)
    stuck = phone.get_by_role("alert")
    expect(stuck).to_contain_text("没送出去")
    expect(stuck.get_by_role("listitem")).to_have_text(["接单", "我到了", "照片"])
    expect(title(phone)).to_have_text("新任务")
    assert_accessible(phone)
    shot(phone, "visit-conflict", full=True)
    assert [each.verb for each in History.objects.filter(kind="task", object_id=task.pk)] == ["create", "withdraw"]
    assert not Attachment.objects.filter(kind="task", object_id=task.pk).exists()
    press(stuck.get_by_role("button", name="再送一次"))
    expect(stuck).to_contain_text("没送出去")
    press(stuck.get_by_role("button", name="都不送了"))
    press(stuck.get_by_role("button", name="真的都不送了"))
    expect(title(phone)).to_have_text("已撤回")
    waiting(phone, 0)


CAMERA = """matrix => {
  const board = Object.assign(document.createElement('canvas'), {width: 400, height: 400});
  const pen = board.getContext('2d'), cell = 300 / matrix.length;
  const draw = () => {
    pen.fillStyle = '#fff'; pen.fillRect(0, 0, 400, 400); pen.fillStyle = '#000';
    matrix.forEach((row, y) => row.forEach((dark, x) => {
      if (dark) pen.fillRect(50 + x * cell, 50 + y * cell, cell + .6, cell + .6);
    }));
  };
  setInterval(draw, 50); draw();
  navigator.mediaDevices.getUserMedia = async () => board.captureStream(20);
}"""


def test_a_scanned_sign_begins_a_check_in_large_type_and_english(phone: Page, people: dict[str, Any]) -> None:
    worker = people["worker"]
    worker.large_type, worker.language = True, "en"
    worker.save()
    firm = Enterprise.objects.create(
        name="江岸印染厂", org_path=GRID, code="91420102TEST00001X", created_at=AT, updated_at=AT
    )
    outlet = Outlet.objects.create(
        name="总排口", enterprise=firm, code="DW001", medium="water", org_path=GRID, created_at=AT, updated_at=AT
    )
    codes.issue_all("outlet", [outlet.pk], SYSTEM)
    code = codes.many("outlet", [outlet.pk])[outlet.pk]
    phone.set_viewport_size({"width": 320, "height": 700})
    phone.goto("/m/scan/")
    assert_accessible(phone)
    no_sideways(phone)
    phone.evaluate(CAMERA, qr.matrix(f"{phone.url.split('/m/')[0]}/c/{codes.spaced(code)}/"))
    press(phone.get_by_role("button", name="Open the camera to scan").or_(phone.locator("eb-scan button")).first)
    expect(phone.get_by_role("heading", name="总排口")).to_be_visible()
    assert_accessible(phone)
    no_sideways(phone)
    shot(phone, "visit-scan-320-large", full=True)
    press(phone.get_by_role("button", name="Begin the check"))
    expect(phone.get_by_role("button", name="I am here")).to_be_visible()
    task = Task.objects.get(about_what="outlet", about_id=outlet.pk)
    assert (task.owner_person, task.state, task.grid) == (worker, "accepted", GRID)
    press(phone.get_by_role("button", name="I am here"))
    expect(phone.locator("eb-visit")).to_have_attribute("data-state", "onsite")
    expect(phone.get_by_role("group", name="Is the matter still there?")).to_be_visible()
    assert_accessible(phone)
    no_sideways(phone)
    shot(phone, "visit-320-large", full=True)
    press(phone.get_by_role("button", name="Ask for help"))
    phone.get_by_role("radio", name="Too few people").focus()
    phone.get_by_role("radio", name="Too few people").press("Space")
    assert_accessible(phone)
    shot(phone, "visit-help-320-large")
    press(phone.get_by_role("button", name="Tell the office"))
    expect(phone.get_by_text("the office has it")).to_be_visible()
    assert History.objects.filter(kind="task", object_id=task.pk, verb="ask_help").count() == 1
    phone.goto(f"/m/scan/?code={code}")
    expect(phone.get_by_role("heading", name="Your tasks here")).to_be_visible()
    expect(phone.get_by_role("button", name="Begin the check")).to_have_count(0)
