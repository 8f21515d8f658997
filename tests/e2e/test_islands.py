"""Charts, maps and clocks in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, ready, shot


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
