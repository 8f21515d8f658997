"""The daily jobs of an office (those whose duty exists), done with hands: every key, click and page is counted.

Each job takes a `Hands` on a signed-in page; it begins where its person stands anyway. Seconds are those of the
machine; `Hands.estimate` says how long a practised person's hands would take for the same keys and clicks.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Frame, Locator, Page, expect

KEY_S, CLICK_S, DECIDE_S = 0.28, 1.3, 1.35
"""Keystroke-level model (Card, Moran, Newell 1980): a key of an average typist, pointing and clicking, making up one's
mind before an action. Reading is not in it."""
GOALS_S = {
    "triage": 10,
    "dispatch": 10,
    "visit": 60,
    "rebalance": 60,
    "site_report": 60,
    "weekly": 120,
    "handover": 120,
}
"""Aims of the design, in seconds; for `dispatch` and `rebalance` it names actions, and seconds are as for the like."""
GOALS_ACTIONS = {"dispatch": 2, "rebalance": 3}


@dataclass
class Hands:
    """What a person did: keys (words typed count one key a sign), clicks, actions (a key, a click or a word typed)."""

    job: str
    page: Page = field(repr=False)
    keys: int = 0
    clicks: int = 0
    actions: int = 0
    decisions: int = 0
    pages: int = 0
    seconds: float = 0.0
    estimate: float = 0.0

    def __enter__(self) -> Hands:
        self._began = time.monotonic()
        self.page.on("framenavigated", self._turned)
        return self

    def __exit__(self, *error: object) -> None:
        self.page.remove_listener("framenavigated", self._turned)
        self.seconds = round(time.monotonic() - self._began, 2)
        self.estimate = round(self.keys * KEY_S + self.clicks * CLICK_S + self.decisions * DECIDE_S, 1)

    def _turned(self, frame: Frame) -> None:
        self.pages += frame.parent_frame is None

    def press(self, *keys: str) -> None:
        """Press keys that belong together, one after the other: one action each, one decision in all."""
        self.decisions += 1
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1
            self.actions += 1

    def write(self, words: str) -> None:
        """Type words into what has the focus: one action."""
        self.page.keyboard.type(words)
        self.keys += len(words)
        self.actions += 1
        self.decisions += 1

    def click(self, target: Locator) -> None:
        """Click: one action."""
        target.click()
        self.clicks += 1
        self.actions += 1
        self.decisions += 1

    def choose(self, target: Locator, label: str) -> None:
        """Choose in a list: one action, two clicks."""
        target.select_option(label=label)
        self.clicks += 2
        self.actions += 1
        self.decisions += 1

    def row(self) -> dict[str, Any]:
        """Return it as a row of the table."""
        names = ("job", "keys", "clicks", "actions", "pages", "seconds", "estimate")
        found = {name: getattr(self, name) for name in names}
        return found | {"goal_s": GOALS_S[self.job], "goal_actions": GOALS_ACTIONS.get(self.job)}


def triage(hands: Hands) -> None:
    """1 · From the duty desk: dismiss a clear false alarm for a reason; the desk is back with the next clue."""
    page = hands.page
    hands.press("x")
    expect(page.get_by_role("heading", level=1)).to_have_text("排除")
    expect(page.locator("select[name=reason]")).to_be_focused()
    hands.press("ArrowDown", "Tab")
    hands.write("现场无水")
    hands.press("Control+Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == "/desk/")
    expect(page.get_by_text("排除", exact=False).first).to_be_visible()


def dispatch(hands: Hands) -> None:
    """2 · From the duty desk: send the clue to whom the routing proposes."""
    hands.press("d")
    expect(hands.page.get_by_role("dialog")).to_be_visible()
    hands.press("Enter")
    expect(hands.page.get_by_text(re.compile("已派发：任务 RW-"))).to_be_visible()


def rebalance(hands: Hands, number: str, to: str) -> None:
    """Of the dispatcher, from the list of what runs late: give a task to somebody who has room."""
    page = hands.page
    hands.click(page.get_by_role("link", name=re.compile(f"改派 {number}")))
    target = page.locator("select[name=target]")
    expect(target).to_be_focused()
    hands.choose(target, to)
    hands.press("Control+Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == "/tasks/soon/")


def visit(hands: Hands, photo: bytes) -> None:
    """3 · Grid worker on the phone, without a network: arrived, a photo, a sentence, handed in; sent when it is back.

    Begins on the page of an accepted task. What the camera does outside the page is one click here.
    """
    page = hands.page
    page.context.set_offline(True)
    waiting = page.locator("eb-queue")
    hands.click(page.get_by_role("button", name="我到了"))
    expect(waiting).to_have_attribute("data-waiting", "1")
    chooser = page.locator("eb-photo input[type=file]").first
    chooser.set_input_files({"name": "site.jpg", "mimeType": "image/jpeg", "buffer": photo})
    hands.clicks, hands.actions, hands.decisions = hands.clicks + 1, hands.actions + 1, hands.decisions + 1
    expect(waiting).to_have_attribute("data-waiting", "2")
    for question in page.locator("#submit-form fieldset").all():
        hands.click(question.locator("label").first)
    hands.click(page.get_by_label("看到什么，怎么处理的"))
    hands.write("喷枪堵塞，已恢复")
    hands.click(page.get_by_role("button", name="交上去").last)
    expect(waiting).to_have_attribute("data-waiting", "3")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).to_have_text("待审核")


def handover(hands: Hands, words: str) -> None:
    """From anywhere in the office: the shift's report has written itself; say what matters and sign."""
    page = hands.page
    hands.click(page.get_by_role("navigation").get_by_role("link", name="交接班").first)
    hands.click(page.get_by_label("交班说明"))
    hands.write(words)
    hands.press("Control+Enter")
    page.wait_for_url(re.compile("/handovers/"))
    expect(page.get_by_role("heading", name="交班时的数字")).to_be_visible()


def site_report(hands: Hands, outlet: str) -> None:
    """8 · From anywhere in the office: find the outlet, take its file along as PDF for a purpose."""
    page = hands.page
    hands.press("/")
    hands.write(outlet)
    hands.press("Enter")
    hands.click(page.get_by_role("main").get_by_role("link", name=re.compile(outlet)).first)
    hands.click(page.get_by_role("link", name="导出（留痕）"))
    expect(page.locator("#purpose")).to_be_focused()
    hands.write("现场核对")
    with page.expect_download() as waiting:
        hands.press("Enter")
    assert waiting.value.suggested_filename.endswith(".pdf")


def weekly(hands: Hands) -> None:
    """10 · From anywhere in the office: this week's sheet as PDF for a purpose."""
    page = hands.page
    hands.click(page.get_by_role("navigation").get_by_role("link", name="交接班").first)
    hands.click(page.get_by_role("link", name="值班周报"))
    hands.click(page.get_by_text("导出", exact=True))
    hands.click(page.get_by_label("用途"))
    hands.write("周会")
    with page.expect_download() as waiting:
        hands.press("Enter")
    assert waiting.value.suggested_filename.endswith(".pdf")


def save(rows: list[dict[str, Any]], path: Path) -> None:
    """Keep the rows for `bench/daily_jobs.py`."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
