"""What an analysis hands to its page and to its files: chart, table, reading, what it stands on, and the method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ecobureau.domain.rules import Entry
from ecobureau.domain.trends import Averaging, TrendRules
from ecobureau.web.statistics import analysis_emission as emission
from ecobureau.web.statistics.analysis_choice import Choice
from ecobureau.web.statistics.analysis_objects import Target
from ecobureau.web.statistics.analysis_selectors import Block
from ecobureau.web.statistics.models import Medium
from ecobureau.web.statistics.pages_common import in_words

Floats = NDArray[np.float64]
DASH = "—"


class NotEnough(Exception):
    """There is too little to analyse: `what` is missing, and `why`, with what to do about it."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why


class Cell(NamedTuple):
    """A cell of a table: the value as files keep it, and as people read it. `number`: set to the right."""

    value: float | int | str | None
    text: str
    number: bool = True


class Method(NamedTuple):
    """A step of the method, where it comes from, and how sure that is (flag of the rule pack, empty for papers)."""

    text: str
    source: str
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an analysis works on: the choice, its target, the conventions, and the other targets of a comparison."""

    choice: Choice
    target: Target
    rules: TrendRules
    others: tuple[Target, ...] = ()

    @property
    def title(self) -> str:
        return _("{name} · {item}").format(name=self.target.name, item=self.choice.item_name)

    @property
    def averaging(self) -> Averaging:
        """How values are averaged: sound as energy, all else arithmetically."""
        return "energy" if self.choice.item.sound else "arithmetic"

    def show(self, value: float | None, more: int = 0) -> str:
        """Return a value with the item's digits, a dash for none."""
        if value is None or value != value:
            return DASH
        return signed(f"{value:,.{self.choice.item.digits + more}f}")

    def number(self, value: float | None, more: int = 0) -> Cell:
        """Return a value of the item as a cell."""
        kept = None if value is None or value != value else round(float(value), self.choice.item.digits + more + 2)
        return Cell(kept, self.show(value, more))

    @property
    def unit(self) -> str:
        return self.choice.item.unit

    def with_unit(self, text: str) -> str:
        """Return a number with the item's unit."""
        return f"{text} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Shown:
    """The result of an analysis.

    Attributes:
        chart: what the island draws (see `eb/figure.js`). heads: column heads of the table; rows: its cells.
        reading: sentences that say what is seen. basis: what it stands on: valid values and validity rule.
        methods: what was done, with source. notes: what must be borne in mind.
    """

    chart: dict[str, Any]
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    reading: tuple[str, ...]
    basis: tuple[str, ...]
    methods: tuple[Method, ...]
    notes: tuple[str, ...] = field(default=())


def signed(number: str) -> str:
    """Return a number with a real minus sign."""
    return number.replace("-", "−")


def text(value: str) -> Cell:
    """Return words as a cell."""
    return Cell(value, value, False)


def count(value: int) -> Cell:
    """Return a count as a cell."""
    return Cell(value, f"{value:,}")


def share(value: float | None) -> Cell:
    """Return a share 0 … 1 as a cell in percent."""
    if value is None:
        return Cell(None, DASH)
    return Cell(round(100 * value, 3), f"{100 * value:.1f}")


def percent(value: float | None) -> str:
    """Return a share 0 … 1 in words of percent."""
    return DASH if value is None else f"{100 * value:.1f}%"


def listed(values: Floats | Sequence[float | None], digits: int) -> list[float | None]:
    """Return values for a chart: rounded, None for what is missing."""
    return [None if value is None or value != value else round(float(value), digits) for value in values]


def pooled(blocks: Sequence[Block]) -> Floats:
    """Return the values of all blocks one after the other."""
    return np.concatenate([block.values for block in blocks]) if blocks else np.zeros(0)


def valid_words(blocks: Sequence[Block], *, hours: bool) -> str:
    """Say how many values are valid of how many there could be, and of how many stations."""
    there = int(sum(np.isfinite(block.values).sum() for block in blocks))
    could = sum(len(block.values) for block in blocks)
    at_outlets = any(block.outlet for block in blocks)
    form = _("有效小时 {n}/{all}（{share}）") if hours else _("有效日 {n}/{all}（{share}）")
    said = form.format(n=f"{there:,}", all=f"{could:,}", share=percent(there / could if could else None))
    of = 0 if hours else sum(block.hours for block in blocks)
    if of:
        said = _("{said}，由 {hours} 个有效小时算出").format(said=said, hours=f"{of:,}")
    if len(blocks) <= 1:
        return said
    words = _("{said}，{count} 个排放口合计") if at_outlets else _("{said}，{count} 个站点合计")
    return words.format(said=said, count=len(blocks))


def left_out_notes(blocks: Sequence[Block]) -> list[str]:
    """Say how many days were left out, where there are any, and what masses emitted are of."""
    days = sum(block.left_out for block in blocks)
    said = [_("已扣除 {n} 个沙尘或特殊事件日，与统计一致。").format(n=days)] if days else []
    return [*said, *emission.mass_notes(blocks)]


def hour_rule(asked: Asked) -> str:
    """Say which hours count."""
    if asked.choice.medium == Medium.EMISSION:
        return emission.hour_rule(asked.choice, asked.target, asked.rules)
    if asked.choice.medium == Medium.AIR and asked.target.kind != "point":
        return _("小时有效：点位上报标记为 N 或无标记、未被数据审核剔除；至少半数评价点位有数的小时才算，取点位平均。")
    if asked.choice.medium in (Medium.AIR, Medium.WATER):
        return _("小时有效：上报标记为 N 或无标记，且未被数据审核认定无效。")
    return _("小时有效：上报标记为 N 或无标记。")


def day_rule(asked: Asked) -> str:
    """Say which days count."""
    if asked.choice.medium == Medium.EMISSION:
        return emission.day_rule(asked.choice, asked.rules)
    if asked.choice.medium == Medium.AIR:
        return _("日有效：按当日施行的 GB 3095 数据有效性规定（臭氧看 8 小时滑动平均的个数），用本系统的日统计值。")
    if asked.choice.medium == Medium.WATER:
        return _("日有效：按规则包对自动站日均值的要求，用本系统的日统计值。")
    if asked.choice.item.code == "leq":
        return _("日有效：一日 24 小时中至少 {share} 有效，能量平均。").format(share=percent(asked.rules.day_share))
    return _("日有效：昼间、夜间有效小时数达到规则包的比例，由小时等效声级能量平均。")


def pack_method(words: str, entry: Entry) -> Method:
    """Return a step that rests on an entry of a rule pack."""
    return Method(words, f"{in_words(entry.source)} {in_words(entry.clause)}".strip(), str(entry.flag))


def need_some(blocks: Sequence[Block], *, hours: bool) -> None:
    """Refuse an analysis of nothing.

    Raises:
        NotEnough: no value at all.
    """
    if any(np.isfinite(block.values).any() for block in blocks):
        return
    what = _("这段时间没有有效的小时值") if hours else _("这段时间没有有效的日值")
    raise NotEnough(what, _("换一段时间、一个项目或一个对象；数据刚导入时，日值要等后台汇总（几秒到几分钟）。"))


def month_index(start: date, days: int) -> NDArray[np.int64]:
    """Return for each day of a grid the months since the month of its first day."""
    stamps = np.datetime64(start, "D") + np.arange(days)
    months = stamps.astype("datetime64[M]").astype(np.int64)
    found: NDArray[np.int64] = months - months[0] if days else months
    return found


def month_label(start: date, index: int) -> str:
    """Return the month that is `index` months after that of `start`, as 2026-05."""
    year, month = divmod(start.year * 12 + start.month - 1 + index, 12)
    return f"{year}-{month + 1:02d}"
