"""Photos and the offline queue in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.helpers import assert_accessible, expects, ready, served, shot
from web.people import person

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


def _photo(page: Page) -> None:
    page.evaluate(
        """() => {
          const photo = document.createElement('eb-photo');
          Object.assign(photo.dataset, {url: '/api/things/T-1/files/', maxMb: '1'});
          const form = document.createElement('form');
          form.dataset.ebQueue = '/api/things/T-1/do/submit/';
          form.innerHTML = '<input name="note" aria-label="情况" value="灰色水"><button>交上去</button>';
          const strip = document.createElement('eb-queue');
          document.querySelector('main').append(strip, photo, form);
          htmx.trigger(document.body, 'htmx:load', {elt: photo});
        }"""
    )
    ready(page, "eb-photo")
    expect(page.locator("html")).to_have_attribute("data-queue", "")


class Office:
    """Stands for the office behind `/api/things/`: notes what came, answers as told."""

    def __init__(self, page: Page) -> None:
        self.came: list[str] = []
        self.bodies: list[str] = []
        self.answer: tuple[int, str] | None = (201, "{}")
        page.route("**/api/things/**", self.handle)

    def handle(self, route: Route) -> None:
        if self.answer is None:
            route.abort()
            return
        status, body = self.answer
        self.came.append(route.request.url.rsplit("/T-1/", 1)[1])
        self.bodies.append((route.request.post_data_buffer or b"").decode("latin-1"))
        route.fulfill(status=status, body=body, content_type="application/json")


@pytest.fixture
def on_site(phone: Page, sign_in: Callable[..., None], admin: Any) -> Page:
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"latitude": 30.42, "longitude": 114.37, "accuracy": 8})
    sign_in(phone, admin)
    phone.goto("/help/")
    expect(phone.locator("html")).to_have_attribute("data-ready", "")
    return phone


def _take(page: Page) -> None:
    page.locator("eb-photo input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": PICTURE}
    )


def test_photos_without_network_wait_and_go_in_order_before_the_form(on_site: Page) -> None:
    import hashlib

    office = Office(on_site)
    office.answer = None
    expects(on_site, "ERR_FAILED", "net::")
    _photo(on_site)
    _take(on_site)
    expect(on_site.locator(".eb-photo-item[data-state=waiting]")).to_have_count(1)
    on_site.get_by_role("button", name="交上去").click()
    strip = on_site.locator("eb-queue")
    expect(strip).to_contain_text("2 项已存在手机")
    assert_accessible(on_site)
    shot(on_site, "phone-queue")
    on_site.reload()
    expect(on_site.locator("html")).to_have_attribute("data-ready", "")
    _photo(on_site)
    expect(on_site.locator(".eb-photo-item")).to_have_count(1)
    office.answer = (201, "{}")
    on_site.evaluate("dispatchEvent(new Event('online'))")
    expect(strip).to_be_hidden()
    expect(on_site.locator(".eb-photo-item[data-state=sent]")).to_have_count(1)
    assert office.came == ["files/", "do/submit/"]
    assert hashlib.sha256(PICTURE).hexdigest() in office.bodies[0]
    assert "114.37" in office.bodies[0]
    assert 'name="client_uuid"' in office.bodies[1]
    assert 'name="at_device"' in office.bodies[1]


def test_an_expired_session_keeps_everything_and_asks_to_sign_in(on_site: Page) -> None:
    office = Office(on_site)
    office.answer = (401, '{"code": "core.sign_in", "detail": "请先登录"}')
    expects(on_site, "401")
    _photo(on_site)
    _take(on_site)
    strip = on_site.locator("eb-queue")
    expect(strip).to_contain_text("登录已过期")
    expect(strip.get_by_role("link")).to_have_attribute("href", re.compile("/accounts/login/"))
    office.answer = (201, "{}")
    on_site.evaluate("dispatchEvent(new Event('online'))")
    expect(strip).to_be_hidden()
    assert office.came == ["files/", "files/"]


def test_a_refused_photo_holds_the_form_and_says_why(on_site: Page) -> None:
    office = Office(on_site)
    office.answer = (422, '{"code": "core.bad_file", "detail": "不是照片"}')
    expects(on_site, "422")
    _photo(on_site)
    _take(on_site)
    strip = on_site.locator("eb-queue")
    expect(strip).to_contain_text("不是照片")
    office.answer = (201, "{}")
    on_site.get_by_role("button", name="交上去").click()
    expect(strip).to_contain_text("不是照片")
    assert office.came == ["files/"]
    strip.get_by_role("button", name="去掉").click()
    expect(strip).to_be_hidden()
    assert office.came == ["files/", "do/submit/"]


def test_what_is_no_photo_or_too_large_is_not_taken(on_site: Page) -> None:
    office = Office(on_site)
    _photo(on_site)
    field = on_site.locator("eb-photo input[type=file]")
    field.set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    expect(on_site.locator("eb-photo")).to_contain_text("“a.pdf”不是照片")
    field.set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": PICTURE + bytes(2 * 1024 * 1024)})
    expect(on_site.locator("eb-photo")).to_contain_text("超过 1 MB")
    expect(on_site.locator(".eb-photo-item")).to_have_count(0)
    assert office.came == []


def test_phone_pages_opened_before_are_there_without_network(
    phone: Page, sign_in: Callable[..., None], server: Any
) -> None:
    worker = person("wang", ("grid_worker", "/wuhan/", ["/wuhan/g1/"]))
    worker.theme = "light"
    worker.save()
    sign_in(phone, worker)
    phone.goto("/m/")
    served(phone)
    phone.reload()
    expect(phone.locator("html")).to_have_attribute("data-ready", "")
    title = phone.locator("h1").inner_text()
    assert_accessible(phone)
    expects(phone, "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "net::")
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.locator("h1")).to_have_text(title)
    expect(phone.locator("eb-queue")).to_contain_text("没有网络")
    shot(phone, "phone-offline")
    phone.goto("/m/tasks/RW-20261122-0001/")
    expect(phone.get_by_role("heading", level=1)).to_have_text("没有网络")
    assert_accessible(phone)
    shot(phone, "phone-never-opened")
    phone.context.set_offline(False)
    phone.context.clear_cookies()
    phone.goto("/accounts/login/")
    expect(phone.get_by_label("用户名")).to_be_visible()
    phone.evaluate("async () => { while (await caches.has('eb-pages')) await new Promise(r => setTimeout(r, 50)); }")
    phone.context.set_offline(True)
    phone.goto("/m/")
    expect(phone.get_by_role("heading", level=1)).to_have_text("没有网络")
