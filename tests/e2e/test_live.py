"""Live news in a real browser: one stream for all tabs, pausing, the end of a session."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, expects


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
