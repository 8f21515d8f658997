"""The same stretch of the calendar in several years, or several objects over the same days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.utils.translation import gettext as _

from ecobureau.domain.air import AirStatistics
from ecobureau.domain.air.statistics import day_period
from ecobureau.domain.trends import Compared, compare, place_in_calendar, same_days
from ecobureau.web.statistics import analysis_selectors as selectors
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.analysis_objects import Target
from ecobureau.web.statistics.analysis_parts import (
    DASH,
    Asked,
    Cell,
    Floats,
    Method,
    NotEnough,
    Shown,
    count,
    day_rule,
    left_out_notes,
    listed,
    need_some,
    pack_method,
    signed,
    text,
    valid_words,
)
from ecobureau.web.statistics.analysis_selectors import Block
from ecobureau.web.statistics.models import Medium

_GRADE = 1
"""Place of grade 2 in the pair of limits."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One side: its name, period, daily values on its own grid, and the block they come from."""

    name: str
    start: date
    end: date
    values: Floats
    blocks: tuple[Block, ...]

    def by_place(self) -> dict[tuple[int, int, int], float]:
        """Return the values by their place in the calendar."""
        return {
            place_in_calendar(self.start + timedelta(days=at), self.start): float(value)
            for at, value in enumerate(self.values)
            if value == value
        }


def comparison(asked: Asked) -> Shown:
    """Return years or objects side by side.

    Raises:
        NotEnough: no second side, or no value. TooLong: more than a page should read.
    """
    choice = asked.choice
    sides = _years(asked) if choice.way == "years" else _places(asked)
    need_some([block for side in sides for block in side.blocks], hours=False)
    found = compare([side.by_place() for side in sides], averaging=asked.averaging, need=asked.rules.compare_need)
    standards = _standards(asked, sides)
    blocks = [block for side in sides for block in side.blocks]
    return Shown(
        chart=_chart(asked, sides),
        heads=(
            _("对象与时段"),
            _("有效日"),
            asked.with_unit(_("平均（全部有效日）")),
            _("共同日"),
            asked.with_unit(_("平均（共同日）")),
            asked.with_unit(_("与基准相差")),
            _("变化率（%）"),
            *(heading for heading, _stage, _limit in standards),
        ),
        rows=tuple(
            _row(asked, side, one, standards, base=at == len(sides) - 1)
            for at, (side, one) in enumerate(zip(sides, found, strict=True))
        ),
        reading=_reading(asked, sides, found, standards),
        basis=(valid_words(blocks, hours=False) if len(blocks) == 1 else _sides_words(sides), day_rule(asked)),
        methods=_methods(asked),
        notes=tuple(_notes(sides)),
    )


# --- sides ------------------------------------------------------------------------------------------------------------


def _side(asked: Asked, viewed: Target, name: str, start: date, end: date) -> _Side:
    blocks = selectors.day_blocks(viewed, asked.choice.item.code, start, end, asked.rules)
    if len(blocks) == 1:
        return _Side(name, start, end, blocks[0].values, tuple(blocks))
    stacked = np.vstack([block.values for block in blocks]) if blocks else np.full((1, (end - start).days), np.nan)
    some = np.isfinite(stacked).any(axis=0)
    values = np.full(stacked.shape[1], np.nan)
    if some.any():
        values[some] = np.nanmedian(stacked[:, some], axis=0)
    return _Side(name, start, end, values, tuple(blocks))


def _years(asked: Asked) -> list[_Side]:
    choice = asked.choice
    sides = []
    for back in range(choice.years + 1):
        start, end = same_days(choice.start, choice.end, choice.start.year - back)
        last = end - timedelta(days=1)
        years = f"{start.year}" if start.year == last.year else f"{start.year}–{last.year}"
        name = _("{year} 年").format(year=years)
        sides.append(_side(asked, asked.target, name, start, end))
    return sides


def _places(asked: Asked) -> list[_Side]:
    choice = asked.choice
    if not asked.others:
        raise NotEnough(_("还没有选对比的对象"), _("在“对比对象”里选一到三个，再按“查看”。"))
    viewed = [*asked.others, asked.target]
    return [_side(asked, one, one.name, choice.start, choice.end) for one in viewed]


# --- standards --------------------------------------------------------------------------------------------------------


def _standards(asked: Asked, sides: Sequence[_Side]) -> list[tuple[str, AirStatistics, float]]:
    """Return (heading, rules, daily limit) of every edition of the air standard that any side lies under."""
    if asked.choice.medium != Medium.AIR:
        return []
    found: dict[str, tuple[str, AirStatistics, float]] = {}
    item = asked.choice.item.code
    for side in reversed(sides):
        for day in (side.start, side.end - timedelta(days=1)):
            rules = in_force.statistics_on(day)
            if rules is None or rules.stage in found:
                continue
            limit = float(rules.limits[item, day_period(item)][_GRADE])
            heading = _("超标日（{standard}，二级 {limit}）").format(
                standard=stage_words(rules.stage), limit=asked.with_unit(f"{limit:g}")
            )
            found[rules.stage] = (heading, rules, limit)
    return list(found.values())


def stage_words(stage: str) -> str:
    """Return the edition of the air standard in words."""
    known = {"2012": "GB 3095-2012", "2026 transition": _("GB 3095-2026 过渡限值"), "2026 final": "GB 3095-2026"}
    return known.get(stage, stage)


def _over(side: _Side, limit: float) -> int:
    return int((side.values[np.isfinite(side.values)] > limit).sum())


# --- words ------------------------------------------------------------------------------------------------------------


def _row(
    asked: Asked,
    side: _Side,
    one: Compared,
    standards: list[tuple[str, AirStatistics, float]],
    *,
    base: bool,
) -> tuple[Cell, ...]:
    name = _("{name}（{days}）").format(name=side.name, days=_days_words(side))
    change = Cell(None, _("基准"), False) if base else _signed(asked, one.difference)
    rate = Cell(None, DASH)
    if one.percent is not None:
        rate = Cell(round(one.percent, 3), signed(f"{one.percent:+.1f}"))
    return (
        text(name),
        count(one.days),
        asked.number(one.mean),
        count(one.matched),
        asked.number(one.matched_mean),
        change,
        rate,
        *(count(_over(side, limit)) for _heading, _rules, limit in standards),
    )


def _signed(asked: Asked, value: float | None) -> Cell:
    if value is None:
        return Cell(None, DASH)
    digits = asked.choice.item.digits
    return Cell(round(value, digits + 2), signed(f"{value:+,.{digits}f}"))


def _days_words(side: _Side) -> str:
    return _("{first} 至 {last}").format(first=side.start.isoformat(), last=(side.end - timedelta(days=1)).isoformat())


def _sides_words(sides: Sequence[_Side]) -> str:
    return _("；").join(
        _("{name}：{said}").format(name=side.name, said=valid_words(side.blocks, hours=False)) for side in sides
    )


def _reading(
    asked: Asked,
    sides: Sequence[_Side],
    found: Sequence[Compared],
    standards: list[tuple[str, AirStatistics, float]],
) -> tuple[str, ...]:
    base = sides[-1].name
    sentences = []
    for side, one in zip(sides[:-1], found[:-1], strict=True):
        if one.difference is None:
            sentences.append(
                _("{name}与{base}共同的有效日只有 {n} 天，**不能比较**。").format(
                    name=side.name, base=base, n=one.matched
                )
            )
            continue
        params = {
            "name": side.name,
            "base": base,
            "what": asked.title if asked.choice.way == "years" else asked.choice.item_name,
            "n": one.matched,
            "mean": asked.with_unit(asked.show(one.matched_mean)),
            "by": asked.with_unit(asked.show(abs(one.difference))),
            "rate": "" if one.percent is None else signed(_("（{rate}%）").format(rate=f"{one.percent:+.1f}")),
        }
        form = (
            _("共同的 {n} 个有效日里，{name}的{what}平均 {mean}，比{base}**高 {by}**{rate}。")
            if one.difference > 0
            else _("共同的 {n} 个有效日里，{name}的{what}平均 {mean}，比{base}**低 {by}**{rate}。")
        )
        sentences.append(form.format(**params))
    if len(standards) > 1:
        names = _("、").join(stage_words(rules.stage) for _heading, rules, _limit in standards)
        sentences.append(
            _("各时段施行的标准不同，超标日按 {names} 各算一遍，只能同一标准之间相比。").format(names=names)
        )
    return tuple(sentences)


def _methods(asked: Asked) -> tuple[Method, ...]:
    same = (
        _("同期：往年取相同的月日；2 月 29 日只在两边都有时才算")
        if asked.choice.way == "years"
        else _("同期：各对象取相同的日子")
    )
    mean = (
        Method(_("声级按能量平均；差值为分贝数，不算变化率"), "GB 3096-2008")
        if asked.choice.item.sound
        else Method(_("算术平均；变化率＝差值 ÷ 基准"), "")
    )
    return (
        Method(same, ""),
        Method(_("差值只用各方都有效的共同日，缺测不会被当成变化"), ""),
        mean,
        pack_method(
            _("少于 {need} 个共同日不比较").format(need=asked.rules.compare_need), asked.rules.entries["compare.need"]
        ),
    )


def _notes(sides: Sequence[_Side]) -> list[str]:
    notes = left_out_notes([block for side in sides for block in side.blocks])
    if any(len(side.blocks) > 1 for side in sides):
        notes.append(_("多个站点的对象每天取各站的中位数。"))
    return notes


def _chart(asked: Asked, sides: Sequence[_Side]) -> dict[str, object]:
    digits = asked.choice.item.digits
    longest = max(sides, key=lambda side: len(side.values))
    days = [longest.start + timedelta(days=at) for at in range(len(longest.values))]
    places = {place_in_calendar(day, longest.start): at for at, day in enumerate(days)}
    lines = []
    for at, side in enumerate(sides):
        values: list[float | None] = [None] * len(days)
        for place, value in side.by_place().items():
            if place in places:
                values[places[place]] = value
        lines.append(
            {"name": side.name, "values": listed(values, digits + 1), "series": at + 1, "dash": at == len(sides) - 1}
        )
    whole = asked.choice.way == "places"
    return {
        "kind": "lines",
        "name": asked.title if asked.choice.way == "years" else asked.choice.item_name,
        "unit": asked.unit,
        "zero": asked.choice.item.zero,
        "digits": digits,
        "labels": [day.isoformat() if whole else f"{day:%m-%d}" for day in days],
        "lines": lines,
    }
