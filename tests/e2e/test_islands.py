"""Charts, maps, live news, photos and the offline queue in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from e2e.helpers import assert_accessible, expects, ready, shot
from web.people import person


@pytest.fixture
def admin() -> Any:
    user = person("admin", ("administrator", "/"))
    user.theme = "light"
    user.save()
    return user


@pytest.fixture
def gallery(page: Page, sign_in: Callable[..., None], admin: Any) -> Page:
    sign_in(page, admin)
    page.goto("/design/")
    ready(page, "eb-chart, eb-map")
    return page


def test_chart_speaks_shows_its_table_and_hands_out_files(gallery: Page) -> None:
    plot = gallery.locator("#gallery-chart [data-eb-plot]")
    table = gallery.locator("#gallery-chart [data-eb-table]")
    expect(table).to_be_hidden()
    plot.focus()
    gallery.keyboard.press("End")
    announced = gallery.locator("#eb-announce")
    expect(announced).to_contain_text("COD  108.0 mg/L (N)")
    expect(announced).to_contain_text("曝气风机  12 kW")
    gallery.keyboard.press("Home")
    for _ in range(19):
        gallery.keyboard.press("ArrowRight")
    expect(announced).to_contain_text("COD  无数据 (B)")
    shot(gallery, "chart-cursor")
    gallery.get_by_role("button", name="看数据表").click()
    expect(table).to_be_visible()
    expect(plot).to_be_hidden()
    assert_accessible(gallery)
    with gallery.expect_download() as sheet:
        gallery.get_by_role("button", name=re.compile("CSV")).click()
    text = sheet.value.path().read_text(encoding="utf-8-sig")
    assert "来源,演示数据" in text
    assert "COD mg/L,COD 标记" in text
    assert text.count("\n") == 4 + 48
    gallery.get_by_role("button", name="看数据表").click()
    with gallery.expect_download() as picture:
        gallery.get_by_role("button", name=re.compile("PNG")).click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")


def test_chart_data_keep_gaps_extremes_and_round_axes(gallery: Page) -> None:
    """The pure reckoning, in the browser that runs it."""
    got = gallery.evaluate(
        """async () => {
          const d = await import("eb/chart-data");
          const plot = (kind, points, more = {}) => ({kind, points, limits: [], flags: [], zero: true, main: true,
            decimals: 1, ...more});
          const hours = [[0, 10, 1, "N"], [10, 20, 2, "N"], [30, 40, 3, "N"], [40, 50, null, "B"], [50, 60, 4, "N"]];
          const instants = [[0, 0, 1, ""], [10, 10, 2, ""], [20, 20, 3, ""], [60, 60, 4, ""]];
          const many = Array.from({length: 50000}, (_, i) => [i, i === 31234 ? 999 : i === 12345 ? -5 : i % 7]);
          many[20000] = [20000, null];
          const thin = d.thin(many, 2000);
          return {
            steps: d.line(plot("step", hours)), lines: d.line(plot("line", instants)),
            count: thin.length, high: Math.max(...thin.map(p => p[1] ?? 0)), low: Math.min(...thin.map(p => p[1] ?? 0)),
            gap: thin.some(p => p[1] === null), sorted: thin.every((p, i) => !i || thin[i - 1][0] <= p[0]),
            axis: d.scale(plot("step", [[0, 1, 108, ""]])),
            ph: d.scale(plot("step", [[0, 1, 7.1, ""], [1, 2, 7.4, ""]], {zero: false})),
            empty: d.scale(plot("step", [])),
            at: [d.pointAt(plot("step", hours), 25), d.pointAt(plot("step", hours), 35)[2],
              d.pointAt(plot("line", instants), 40)],
          };
        }"""
    )
    assert got["steps"] == [
        [0, 1],
        [10, 1],
        [10, 2],
        [20, 2],
        [30, None],
        [30, 3],
        [40, 3],
        [40, None],
        [50, 4],
        [60, 4],
    ]
    assert got["lines"] == [[0, 1], [10, 2], [20, 3], [60, None], [60, 4]]
    assert got["count"] <= 3100
    assert (got["high"], got["low"], got["gap"], got["sorted"]) == (999, -5, True, True)
    assert got["axis"] == {"min": 0, "max": 120, "interval": 40}
    assert got["ph"]["min"] > 6
    assert got["empty"] == {"min": 0, "max": 1, "interval": 1}
    assert got["at"] == [None, 3, None]


def test_map_marks_list_and_choice(gallery: Page) -> None:
    place = gallery.locator("#gallery-map")
    place.scroll_into_view_if_needed()
    expect(place.locator(".eb-map-mark")).to_have_count(2)
    expect(place.locator(".eb-map-scale")).to_contain_text("CGCS2000")
    gallery.evaluate(
        "document.addEventListener('eb-choose', e => document.body.dataset.chosen = e.detail.name, {once: true})"
    )
    place.get_by_role("button", name=re.compile("红色 紧急 NOx 疑似恒值")).click()
    expect(gallery.locator("body")).to_have_attribute("data-chosen", "NOx 疑似恒值")
    expect(place.locator(".eb-map-mark[aria-pressed='true']")).to_have_count(1)
    assert_accessible(gallery)
    shot(gallery, "map-chosen")
    place.get_by_role("button", name="列表显示").click()
    expect(place.locator("table")).to_be_visible()
    expect(place.get_by_role("button", name="地图显示")).to_be_visible()
    assert_accessible(gallery)


def test_map_draws_chinese_from_local_fonts(gallery: Page) -> None:
    """Names of districts are drawn though the style names no glyphs, and nothing is asked from elsewhere."""
    found = gallery.evaluate(
        """async () => {
          const map = document.querySelector('#gallery-map').map;
          const names = map.queryRenderedFeatures({layers: ['names']}).map(f => f.properties.name);
          return {names, glyphs: map.getStyle().glyphs ?? null, hosts: performance.getEntriesByType('resource')
            .map(r => new URL(r.name).origin).filter(o => o !== location.origin)};
        }"""
    )
    assert "江岸区" in found["names"]
    assert found["glyphs"] is None
    assert found["hosts"] == []


def _live(page: Page, topic: str, user: Any) -> None:
    page.evaluate(
        """([topic, user]) => {
          const part = document.createElement('div');
          part.id = 'part';
          part.dataset.ebTopics = topic;
          for (const [name, value] of Object.entries({'hx-get': '/help/', 'hx-select': 'h1', 'hx-trigger': 'eb-refresh',
            'hx-swap': 'innerHTML'})) part.setAttribute(name, value);
          document.querySelector('main').append(part);
          htmx.process(part);
          const live = document.createElement('eb-live');
          live.dataset.user = user;
          document.querySelector('main').append(live);
          htmx.trigger(document.body, 'htmx:load', {elt: live});
        }""",
        [topic, str(user.pk)],
    )


def _notify(url: str, user: Any) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        payload = f'{{"t":"user:{user.pk}","k":"task","id":1,"org":""}}'
        connection.execute("select pg_notify('live', %s)", [payload])


def test_news_refresh_the_fragment_in_every_tab_over_one_stream(
    page: Page, sign_in: Callable[..., None], admin: Any, database_url: str
) -> None:
    sign_in(page, admin)
    other = page.context.new_page()
    streams: list[str] = []
    for tab in (page, other):
        tab.on("request", lambda request: streams.append(request.url) if "/live?" in request.url else None)
        tab.goto("/help/")
        expect(tab.locator("html")).to_have_attribute("data-ready", "")
    _live(page, f"user:{admin.pk}", admin)
    expect(page.locator("eb-live:not([data-quiet])")).to_have_attribute("data-state", "on")
    _live(other, f"user:{admin.pk}", admin)
    expect(other.locator("eb-live:not([data-quiet])")).to_have_attribute("data-state", "on")
    _notify(database_url, admin)
    for tab in (page, other):
        expect(tab.locator("#part h1")).to_have_text("帮助")
    assert len(streams) == 1


def test_news_wait_while_paused(page: Page, sign_in: Callable[..., None], admin: Any, database_url: str) -> None:
    sign_in(page, admin)
    page.goto("/help/")
    expect(page.locator("html")).to_have_attribute("data-ready", "")
    page.evaluate("document.addEventListener('eb-news', () => document.body.dataset.heard = '')")
    _live(page, f"user:{admin.pk}", admin)
    expect(page.locator("eb-live:not([data-quiet])")).to_have_attribute("data-state", "on")
    page.get_by_role("button", name="暂停更新").click()
    _notify(database_url, admin)
    expect(page.locator("body")).to_have_attribute("data-heard", "")
    expect(page.locator("#part")).to_be_empty()
    assert_accessible(page)
    page.get_by_role("button", name="恢复更新").click()
    expect(page.locator("#part h1")).to_have_text("帮助")


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
    phone.evaluate(
        "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller ?? new Promise(done => "
        "navigator.serviceWorker.addEventListener('controllerchange', done)))"
    )
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


def test_a_clock_runs_by_the_time_of_the_server(page: Page, sign_in: Callable[..., None], admin: Any) -> None:
    """The browser's own clock is a day off; the badge counts on from the server's time and turns late by itself."""
    sign_in(page, admin)
    page.add_init_script("const real = Date.now; Date.now = () => real() - 86400000")
    page.goto("/help/")
    expect(page.locator("html")).to_have_attribute("data-ready", "")
    page.evaluate(
        """() => {
          const now = Date.parse(document.querySelector('[data-eb-now]').dateTime);
          const clock = document.createElement('eb-clock');
          clock.id = 'running';
          clock.className = 'eb-clock eb-clock-normal';
          Object.assign(clock.dataset, {label: '签收', due: new Date(now + 4000).toISOString(),
            now: new Date(now).toISOString(), warn: new Date(now + 1000).toISOString()});
          clock.innerHTML = '<span data-eb-text></span>';
          document.querySelector('main').append(clock);
        }"""
    )
    clock = page.locator("#running")
    expect(clock).to_have_text(re.compile("签收(剩 00:0|已超时| 已超时 1 分)"))
    expect(clock).to_have_class(re.compile("eb-clock-late"))
    expect(clock).to_have_text("签收 已超时 1 分")


def test_map_layers_are_switched_one_by_one(gallery: Page) -> None:
    place = gallery.locator("#gallery-map")
    place.scroll_into_view_if_needed()
    clues = place.get_by_role("checkbox", name=re.compile("线索"))
    expect(clues).to_be_checked()
    clues.uncheck()
    expect(place.locator(".eb-map-mark")).to_have_count(0)
    clues.check()
    expect(place.locator(".eb-map-mark")).to_have_count(2)
    expect(place.locator(".eb-scale")).to_have_count(2)
    shot(gallery, "map-layers")


def test_live_news_say_when_the_session_has_ended(page: Page, sign_in: Callable[..., None], admin: Any) -> None:
    sign_in(page, admin)
    page.goto("/help/")
    expect(page.locator("html")).to_have_attribute("data-ready", "")
    page.evaluate("document.querySelector('eb-live').remove()")  # the bell's own ear: one part holds the stream
    _live(page, f"user:{admin.pk}", admin)
    live = page.locator("eb-live")
    expect(live).to_have_attribute("data-state", "on")
    page.context.clear_cookies()
    expects(page, "403")
    live.evaluate("e => e.connect()")
    expect(live).to_contain_text("登录已过期")
    expect(live.get_by_role("link")).to_have_attribute("href", re.compile("/accounts/login/"))
    assert_accessible(page)
