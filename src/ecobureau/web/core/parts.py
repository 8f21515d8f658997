"""What components show: small values that pages build and the tags of `{% load eb %}` draw.

Pure: nothing here reads the clock or the database; the moment is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Text = str | Promise
Level = Literal["red", "orange", "yellow", "blue"]
ClockState = Literal["normal", "warn", "late", "paused", "done"]
StepState = Literal["done", "current", "future", "side"]

LEVEL_MARK: dict[str, str] = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
"""The character in the badge: a mark beside the shape, the same in every language; words say it in the page's."""
LEVEL_COLOUR: dict[str, Text] = {
    "red": gettext_lazy("红色"),
    "orange": gettext_lazy("橙色"),
    "yellow": gettext_lazy("黄色"),
    "blue": gettext_lazy("蓝色"),
}
LEVEL_WORD: dict[str, Text] = {
    "red": gettext_lazy("紧急"),
    "orange": gettext_lazy("要紧"),
    "yellow": gettext_lazy("一般"),
    "blue": gettext_lazy("较轻"),
}
AQI_WORD: tuple[Text, ...] = (
    gettext_lazy("无数据"),
    gettext_lazy("优"),
    gettext_lazy("良"),
    gettext_lazy("轻度污染"),
    gettext_lazy("中度污染"),
    gettext_lazy("重度污染"),
    gettext_lazy("严重污染"),
)
WATER_CLASS = ("—", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
WATER_WORD: tuple[Text, ...] = (
    gettext_lazy("无数据"),
    gettext_lazy("优"),
    gettext_lazy("优"),
    gettext_lazy("良好"),
    gettext_lazy("轻度污染"),
    gettext_lazy("中度污染"),
    gettext_lazy("重度污染"),
)

# code -> (words, tone of the tag, icon, does the value count in judgements)
FLAGS: dict[str, tuple[Text, str, str, bool]] = {
    "valid": (gettext_lazy("有效"), "ok", "check", True),
    "over": (gettext_lazy("超许可"), "red", "alert-triangle", True),
    "C": (gettext_lazy("C 校准"), "blue", "", False),
    "M": (gettext_lazy("M 维护"), "yellow", "", False),
    "D": (gettext_lazy("D 故障"), "outline", "alert-circle", False),
    "B": (gettext_lazy("B 断线"), "outline", "plug-connected-x", False),
    "F": (gettext_lazy("F 停运"), "outline", "", False),
    "T": (gettext_lazy("T 超量程"), "yellow", "", False),
    "S": (gettext_lazy("S 手工"), "yellow", "pencil", True),
    "backfilled": (gettext_lazy("补传"), "primary", "history", True),
    "corrected": (gettext_lazy("人工修正"), "yellow", "pencil", True),
    "below": (gettext_lazy("低于检出限"), "", "", True),
    "stale": (gettext_lazy("超时"), "outline", "clock-exclamation", False),
}


def span_words(span: timedelta, *, to_the_second: bool = True) -> str:
    """Return a length of time in the words of the pages: `03:12` below 10 minutes, then minutes, hours, days.

    Args:
        span: a length; its sign is left out.
        to_the_second: below 10 minutes with seconds; else at least one minute is said.
    """
    seconds = int(abs(span.total_seconds()))
    if not to_the_second:
        seconds = max(seconds, 60)
    elif seconds < 600:
        return f"{seconds // 60:02d}:{seconds % 60:02d}"
    if seconds < 3600:
        return _("{n} 分").format(n=seconds // 60)
    if seconds < 86400:
        minutes = seconds % 3600 // 60
        if minutes:
            return _("{h} 小时 {m} 分").format(h=seconds // 3600, m=minutes)
        return _("{h} 小时").format(h=seconds // 3600)
    return _("{n} 天").format(n=seconds // 86400)


def listed(words: Iterable[str]) -> str:
    """Return several words in one line, set apart as the language of the page does."""
    return _("、").join(words)


_UNIT_PARTS = (("m3", "m³"), ("m2", "m²"), ("ug/", "µg/"), ("μg/", "µg/"), ("degC", "℃"))


def unit_words(unit: str) -> str:
    """Return a unit as it is printed: `mg/m3` as mg/m³, `ug/m3` as µg/m³."""
    for plain, real in _UNIT_PARTS:
        unit = unit.replace(plain, real)
    return unit


@dataclass(frozen=True, slots=True)
class ClockBadge:
    """A running or finished limit.

    Attributes:
        label: what is to be done ("研判").
        due: aware time of the end; None only when done or paused.
        state: normal, warn, late, paused, done.
        now: the moment of the page; the island counts on from here.
        warn_at: aware time from which the badge warns.
        legal: a limit of law (scales) and not our own (bell).
        source: the rule and its source, for reading.
        note: why it is paused, or how it ended.
        running: the time goes on; the island counts only then.
    """

    label: Text
    due: datetime | None
    state: ClockState
    now: datetime
    warn_at: datetime | None = None
    legal: bool = False
    source: Text = ""
    note: Text = ""

    @property
    def icon(self) -> str:
        if self.state == "done":
            return "check"
        if self.state == "paused":
            return "player-pause"
        if self.legal:
            return "scale"
        return "alert-triangle" if self.state == "late" else "alarm"

    @property
    def running(self) -> bool:
        return self.state in ("normal", "warn", "late") and self.due is not None

    @property
    def words(self) -> str:
        """The sentence of the badge."""
        label = str(self.label)
        if self.state == "done":
            return str(self.note) or _("{label} 已完成").format(label=label)
        if self.state == "paused" or self.due is None:
            return _("{label} 暂停：{why}").format(label=label, why=self.note) if self.note else label
        left = self.due - self.now
        if left < timedelta(0):
            return _("{label} 已超时 {span}").format(label=label, span=span_words(left, to_the_second=False)).strip()
        return _("{label}剩 {span}").format(label=label, span=span_words(left))


def clock_badge(
    label: Text,
    due: datetime,
    now: datetime,
    *,
    started: datetime,
    legal: bool = False,
    source: Text = "",
    paused: Text = "",
    done: Text = "",
) -> ClockBadge:
    """Return the badge of a limit: it warns in the last fifth, and in the last 3 days of a limit of 15 days or more.

    Args:
        label: what is to be done.
        due, now, started: aware times.
        legal: set by law.
        source: rule and source.
        paused: why it stands still; empty while it runs.
        done: how it ended; empty while it runs.
    """
    span = due - started
    lead = span / 5
    if span >= timedelta(days=15):
        lead = max(lead, timedelta(days=3))
    state: ClockState = "normal"
    if done:
        state = "done"
    elif paused:
        state = "paused"
    elif now >= due:
        state = "late"
    elif now >= due - lead:
        state = "warn"
    return ClockBadge(label, due, state, now, due - lead, legal, source, done or paused)


@dataclass(frozen=True, slots=True)
class ClueCard:
    """One card of a queue.

    Attributes:
        key: stable id of the record; the live island refreshes by it.
        level: red, orange, yellow, blue.
        title: what and how long.
        place: firm, outlet, district.
        url: where Enter leads.
        clock: the running limit.
        why: merged count or cross-proof.
        risk: 0–100, None if not reckoned.
        selected, snoozed: states of the card.
        reading: who has it open now.
        folded: titles of merged repeats with their addresses.
    """

    key: str
    level: str
    title: Text
    place: Text
    url: str
    clock: ClockBadge | None = None
    why: Text = ""
    risk: int | None = None
    selected: bool = False
    snoozed: bool = False
    reading: Text = ""
    folded: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """A fact in a tag: words, tone ('', primary, ok, red, orange, yellow, blue, outline), icon."""

    text: Text
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A number with all it needs. `value` is text as the standard writes it; None shows as a dash, never as 0.

    Attributes:
        label: factor and period ("COD · 21时").
        flag: a key of `FLAGS`.
        note: limit, age or reason.
        share: 0–1 of the scale for the bar, None for no bar; limit_share: where the limit lies on it.
    """

    label: Text
    value: str | None
    unit: str = ""
    flag: str = "valid"
    note: Text = ""
    share: float | None = None
    limit_share: float | None = None
    url: str = ""

    @property
    def words(self) -> Text:
        return FLAGS[self.flag][0]

    @property
    def tone(self) -> str:
        return FLAGS[self.flag][1]

    @property
    def icon(self) -> str:
        return FLAGS[self.flag][2]

    @property
    def state(self) -> str:
        if self.flag == "over":
            return "over"
        return "" if FLAGS[self.flag][3] and self.value is not None else "invalid"

    @property
    def bar(self) -> int | None:
        """Length of the bar in percent."""
        return None if self.share is None else round(100 * min(max(self.share, 0), 1))

    @property
    def limit(self) -> int | None:
        """Place of the limit in percent."""
        return None if self.limit_share is None else round(100 * min(max(self.limit_share, 0), 1))


@dataclass(frozen=True, slots=True)
class Step:
    """A state of the way: done, current, future, or a side step (退回, 并案, 移送) with its time."""

    name: Text
    state: StepState = "future"
    at: str = ""

    @property
    def icon(self) -> str:
        return {"done": "circle-check", "current": "circle-dot", "side": "arrow-back-up"}.get(self.state, "circle")

    @property
    def spoken(self) -> str:
        """What a screen reader adds."""
        return {
            "done": _("这一步已完成"),
            "current": _("当前这一步"),
            "side": _("支线"),
            "future": _("还没到这一步"),
        }[self.state]


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the evidence timeline.

    Attributes:
        at: aware time, shown to the second.
        text: the sentence; `**…**` is bold.
        who: the person; empty for a machine.
        digest: head of the hash.
        icon: icon of a machine's line.
        url: opens file, chain and who has viewed it.
        detail: reason or note below.
    """

    at: datetime
    text: Text
    who: Text = ""
    digest: str = ""
    icon: str = "cpu"
    url: str = ""
    detail: Text = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab, crumb or saved view: words, address, is it this page, how many (None: no count)."""

    text: Text
    url: str = ""
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A filter in force: its words and the address without it."""

    text: Text
    url_without: str


@dataclass(frozen=True, slots=True)
class DispatchSheet:
    """What the dispatch dialog shows before two hands send it.

    Attributes:
        action: address of the POST; hidden: further fields as (name, value).
        unit: to whom; persons: who is on shift; why: why them (route, distance, load).
        limits: the limits that will run ("15 分钟内签收").
        secure_first: offer "先固定数据副本，暂不通知企业"; secure_ticked: pre-ticked (K01–K03).
        others_url: where another unit is chosen.
    """

    action: str
    unit: Text
    persons: Text = ""
    why: Text = ""
    limits: Sequence[Text] = ()
    hidden: Sequence[tuple[str, str]] = ()
    secure_first: bool = True
    secure_ticked: bool = False
    others_url: str = ""
    choices: Sequence[tuple[str, Text]] = field(default_factory=tuple)
