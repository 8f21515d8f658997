"""The values that components draw: clocks, values, charts; and that names used exist."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

from ecobureau.web.core.charts import Chart, LimitLine, Plot, Point
from ecobureau.web.core.parts import FLAGS, ClueCard, Value, clock_badge, span_words, unit_words
from ecobureau.web.shell.context import MODULES
from ecobureau.web.shell.words import ISLAND_WORDS

ROOT = Path(__file__).resolve().parent.parent.parent.parent
WEB = ROOT / "src" / "ecobureau" / "web"
NOW = datetime(2026, 11, 22, 14, 47, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=192), "03:12"),
        (9 * MINUTE + timedelta(seconds=59), "09:59"),
        (41 * MINUTE, "41 分"),
        (100 * MINUTE, "1 小时 40 分"),
        (120 * MINUTE, "2 小时"),
        (timedelta(days=53, hours=3), "53 天"),
        (-6 * MINUTE, "06:00"),
    ],
)
def test_spans(span: timedelta, words: str) -> None:
    assert span_words(span) == words


def test_lateness_is_said_in_whole_minutes() -> None:
    assert span_words(timedelta(seconds=4), to_the_second=False) == "1 分"
    assert span_words(6 * MINUTE, to_the_second=False) == "6 分"


@pytest.mark.parametrize(
    ("left", "span", "state", "words"),
    [
        (41 * MINUTE, 60 * MINUTE, "normal", "签收剩 41 分"),
        (12 * MINUTE, 60 * MINUTE, "warn", "签收剩 12 分"),
        (timedelta(0), 60 * MINUTE, "late", "签收剩 00:00"),
        (-6 * MINUTE, 60 * MINUTE, "late", "签收 已超时 6 分"),
        (timedelta(days=3), timedelta(days=15), "warn", "签收剩 3 天"),
        (timedelta(days=2, hours=23), timedelta(days=14), "normal", "签收剩 2 天"),
    ],
)
def test_clock_states(left: timedelta, span: timedelta, state: str, words: str) -> None:
    badge = clock_badge("签收", NOW + left, NOW, started=NOW + left - span)
    assert (badge.state, badge.words) == (state, words)
    assert badge.running


def test_a_paused_or_finished_clock_does_not_run() -> None:
    paused = clock_badge("办理", NOW, NOW, started=NOW - MINUTE, paused="监测")
    done = clock_badge("签收", NOW, NOW, started=NOW - MINUTE, done="按时签收")
    assert (paused.state, paused.words, paused.running) == ("paused", "办理 暂停：监测", False)
    assert (done.state, done.words, done.running) == ("done", "按时签收", False)


def test_the_clock_says_when_it_ends_to_readers() -> None:
    badge = clock_badge("研判", NOW + 10 * MINUTE, NOW, started=NOW, legal=True, source="办法第 18 条")
    html = Template("{% load eb %}{% clock b %}").render(Context({"b": badge}))
    assert "截止 2026-11-22 22:57 办法第 18 条" in html
    assert 'data-due="2026-11-22T14:57:00+00:00"' in html
    assert "#scale" in html


def test_units_are_printed_with_real_characters() -> None:
    assert unit_words("ug/m3") == "µg/m³"
    assert unit_words("mg/L") == "mg/L"


def test_missing_is_a_dash_and_never_zero() -> None:
    html = Template("{% load eb %}{% value v %}").render(Context({"v": Value("COD · 17时", None, "mg/L", "B")}))
    assert "<b>—</b>" in html
    assert "eb-value-invalid" in html
    assert "mg/L" not in html


def test_invalid_values_are_marked() -> None:
    for flag, (_words, _tone, _icon, counts) in FLAGS.items():
        state = Value("x", "1", flag=flag).state
        assert (state == "invalid") is (not counts), flag


def test_texts_are_escaped_and_only_our_marks_become_bold() -> None:
    html = Template("{% load eb %}{{ s|strong }}").render(Context({"s": "<i>x</i> **47.6 mg** & **"}))
    assert html == '&lt;i&gt;x&lt;/i&gt; <b class="eb-nowrap">47.6 mg</b> &amp; **'
    card = ClueCard("1", "red", "<script>", "<b>", "/x/")
    html = Template("{% load eb %}{% clue_card c %}").render(Context({"c": card}))
    assert "<script>" not in html
    assert "<b>" not in html.replace("<b>—", "")


def test_an_unknown_level_has_a_name() -> None:
    html = Template("{% load eb %}{% severity level %}").render(Context({"level": "purple"}))
    assert 'aria-label="未定级"' in html


def test_a_sparkline_does_not_join_gaps() -> None:
    path = Template("{% load eb %}{{ v|sparkline }}").render(Context({"v": [1, 2, None, 3]}))
    assert path.count("M") == 2
    assert Template("{% load eb %}{{ v|sparkline }}").render(Context({"v": [None]})) == ""


def _chart() -> Chart:
    hour = timedelta(hours=1)
    start = datetime(2026, 11, 21, 16, tzinfo=UTC)
    points = [
        Point(start + n * hour, start + (n + 1) * hour, value, "N") for n, value in enumerate([60.0, None, 108.04])
    ]
    return Chart("COD", start, start + 24 * hour, [Plot("COD", "mg/L", points, limits=[LimitLine(80, "许可 80")])])


def test_a_chart_is_also_a_table_and_a_sentence() -> None:
    chart = _chart()
    rows = chart.rows()
    assert [row.cells for row in rows] == [[("108.0", "N")], [("—", "N")], [("60.0", "N")]]
    assert rows[-1].when == "2026-11-22 00:00–01:00"
    assert chart.summary == (
        "COD：最小 60.0，最大 108.0 mg/L，最大出现在 2026-11-22 02:00–03:00。 高于 许可 80 的有 1 个时段。"
    )
    assert chart.data()["plots"][0]["points"][1][2] is None


def test_an_empty_chart_says_so() -> None:
    chart = Chart("x", NOW, NOW + MINUTE, [Plot("COD", "mg/L", [])])
    assert chart.summary == "COD：这段时间没有数据，不是 0。"
    assert chart.rows() == []


def test_the_last_hour_of_a_day_ends_at_24() -> None:
    start = datetime(2026, 11, 22, 15, tzinfo=UTC)
    chart = Chart("x", start, start, [Plot("a", "", [Point(start, start + timedelta(hours=1), 1.0)])])
    assert chart.rows()[0].when == "2026-11-22 23:00–24:00"


def test_english_components() -> None:
    with translation.override("en"):
        badge = clock_badge("Triage", NOW + 41 * MINUTE, NOW, started=NOW)
        assert badge.words == "Triage 41 min left"
        html = Template("{% load eb %}{% severity 'red' word=True %}{% aqi 74 2 %}").render(Context())
        assert 'aria-label="Red Urgent"' in html
        assert 'aria-label="AQI 74 Good"' in html


def test_every_icon_used_is_in_the_sprite_list() -> None:
    listed = set((ROOT / "tools" / "icons.txt").read_text().split())
    missing = []
    drawn = r"{%\s*icon\s+\"([^\"]+)\"", r"{%\s*tag\s+[^%]*?\s\"[a-z]*\"\s+\"([^\"]+)\"\s*%}"
    for path in WEB.rglob("*.html"):
        for name in (found for pattern in drawn for found in re.findall(pattern, path.read_text())):
            if name not in listed:
                missing.append(f"{path.name}: {name}")
    assert not missing


def test_every_word_of_an_island_exists_and_is_used() -> None:
    scripts = "\n".join(path.read_text() for path in (WEB / "static" / "eb" / "js").glob("*.js"))
    used = set(re.findall(r"say\(\s*\"([a-z_.]+)\"", scripts)) | set(re.findall(r"\"((?:[a-z]+)\.[a-z_]+)\"", scripts))
    for prefix, names in {
        "level": ("red", "orange", "yellow", "blue"),
        "photo": ("waiting", "sending", "sent", "failed"),
        "visit.item": ("accept", "arrive", "submit", "hand_back", "ask_help", "photo", "voice", "track", "other"),
        "kind": ("clue", "air", "water", "outlet", "station", "person", "camera", "wind"),
        "legend": ("air", "water"),
    }.items():
        used |= {f"{prefix}.{name}" for name in names}
    assert set(ISLAND_WORDS) - used == set()
    assert set(re.findall(r"say\(\s*\"([a-z_.]+)\"", scripts)) <= set(ISLAND_WORDS)


def test_every_import_of_a_module_is_in_the_import_map() -> None:
    for path in (WEB / "static" / "eb" / "js").glob("*.js"):
        for name in re.findall(r"^import .* from \"([^\"]+)\"", path.read_text(), re.MULTILINE):
            assert name in MODULES, f"{path.name}: {name}"


def test_no_page_has_inline_style_or_script() -> None:
    wrong = []
    for path in WEB.rglob("*.html"):
        text = path.read_text()
        if re.search(r"\sstyle=|\son[a-z]+=\"|<style|javascript:|hx-on", text):
            wrong.append(str(path))
        for script in re.findall(r"<script\b[^>]*>", text):
            if "src=" not in script and "nonce=" not in script and "application/json" not in script:
                wrong.append(f"{path}: {script}")
    assert not wrong
