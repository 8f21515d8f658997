"""Pieces that the daily and the monthly report of surface water share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.domain.rounding import decimal_of
from ecobureau.domain.rules import Entry
from ecobureau.web.core import parts as badges
from ecobureau.web.core.paper import Block, Chart, Column, Facts, Series, Table, Text
from ecobureau.web.core.paper.official import WATER_FILL, water
from ecobureau.web.statistics import report_water_data as data
from ecobureau.web.statistics.models import Review, WaterItem, WaterSummary
from ecobureau.web.statistics.models import Series as Kept
from ecobureau.web.statistics.report_words import joined, points_changed, with_value
from ecobureau.web.statistics.rules import WaterInForce
from ecobureau.words import say

DIGITS = {"ph": 1, "do": 2, "codmn": 2, "nh3n": 3, "tp": 3, "tn": 2}
"""Decimals that means are shown with; the class is found from the means before."""
Period = data.Period


def item_words(items: Sequence[str]) -> str:
    """Return items as a list in a sentence."""
    return joined(say(f"water.item.{item}") for item in items)


def class_words(level: int) -> str:
    """Return a class in words, — without one."""
    return say(f"water.class.{level}") if level else "—"


def unit(item: str) -> str:
    """Return the unit of an item, empty for pH."""
    return "" if item == "ph" else "mg/L"


def deciding_words(row: WaterSummary | None) -> str:
    """Return the items that make the class of a section when it is worse than III."""
    if row is None or not row.water_class or row.water_class <= 3:
        return ""
    return item_words(row.deciding)


def over_words(row: WaterSummary | None) -> str:
    """Return the items above class III with their multiples."""
    if row is None:
        return ""
    told = []
    for one in row.over:
        times = one.get("multiple")
        name = say(f"water.item.{one['item']}")
        told.append(name if times is None else _("{item}（{times} 倍）").format(item=name, times=times))
    return joined(told)


def change_words(now: int, base: int) -> str:
    """Return how a class changed; — where either has none."""
    if not now or not base:
        return "—"
    if now == base:
        return _("持平")
    steps = abs(now - base)
    return _("好转 {steps} 类").format(steps=steps) if now < base else _("变差 {steps} 类").format(steps=steps)


def shares_words(of: data.Place, now: Period, when: str) -> str:
    """Return shares of classes of the place as a sentence."""
    row = now.summaries.get(of.place.pk)
    total = sum(row.counts) if row is not None else 0
    if row is None or not total:
        return _("{when}，{place}没有可评价的断面。").format(when=when, place=of.place.name)
    words = _(
        "{when}，{place}有水质类别的断面 {total} 个（共 {all} 个）：Ⅰ～Ⅲ类 {good} 个，占 {good_rate}%；"
        "劣Ⅴ类 {bad} 个，占 {bad_rate}%。"
    ).format(
        when=when,
        place=of.place.name,
        total=total,
        all=len(of.sections),
        good=sum(row.counts[:3]),
        good_rate=rate(row.good_rate),
        bad=row.counts[5],
        bad_rate=rate(row.bad_rate),
    )
    if row.grade:
        words += _("总体水质为{grade}。").format(grade=say(f"water.grade.{row.grade}"))
    return words


def rate(value: float | None) -> str:
    """Return a share in percent with one decimal."""
    return "—" if value is None else f"{value:.1f}"


def versus_words(of: data.Place, now: Period, base: Period, lead: str) -> str:
    """Return how shares and sections changed against another period, in a sentence that begins with `lead`."""
    row, then = now.summaries.get(of.place.pk), base.summaries.get(of.place.pk)
    if row is None or then is None or row.good_rate is None or then.good_rate is None:
        return _("{lead}，没有可比的类别。").format(lead=lead)
    words = _("{lead}，Ⅰ～Ⅲ类比例{good}，劣Ⅴ类比例{bad}").format(
        lead=lead,
        good=points_changed(decimal_of(row.good_rate), decimal_of(then.good_rate)),
        bad=points_changed(decimal_of(row.bad_rate or 0.0), decimal_of(then.bad_rate or 0.0)),
    )
    pairs = [(one, now.water_class(one.pk), base.water_class(one.pk)) for one in of.sections]
    better = [one.name for one, level, old in pairs if level and old and level < old]
    worse = [one.name for one, level, old in pairs if level and old and level > old]
    for names, verb in ((better, _("好转")), (worse, _("变差"))):
        if names:
            words += _("；{count} 个断面{verb}（{names}）").format(count=len(names), verb=verb, names=joined(names[:8]))
    return _("{words}。").format(words=words)


def bad_words(of: data.Place, now: Period) -> str:
    """Return the sections worse than class III with what makes them so."""
    told = []
    for one in of.sections:
        level = now.water_class(one.pk)
        if level > 3:
            items = deciding_words(now.summaries[one.pk])
            told.append(_("{name}（{level}，{items}）").format(name=one.name, level=class_words(level), items=items))
    return _("劣于Ⅲ类的断面：{names}。").format(names=joined(told)) if told else ""


def facts(of: data.Place, now: Period, reviews: Sequence[Review], when: str, rules: WaterInForce) -> list[Block]:
    """Return period, standard, and what is missing or not yet reviewed."""
    without = [one for one in of.sections if not now.water_class(one.pk)]
    waiting = data.waiting(of.everyone, now.start, now.last)
    pairs = [
        (_("时段"), when),
        (_("评价标准"), rules.classes.entries["gb3838.table1.do"].source),
        (_("评价项目"), item_words(rules.classes.auto_items)),
        (_("没有类别的断面"), f"{len(without)}/{len(of.sections)}"),
        (_("待复核的数据审核"), str(len(reviews))),
        (_("待汇总的日数据"), str(waiting)),
    ]
    blocks: list[Block] = [Facts(pairs)]
    if reviews or waiting:
        blocks.append(Text(_("尚有数据未复核或未汇总，本报数值可能变动。"), soft=True))
    return blocks


def classes_table(
    of: data.Place, now: Period, previous: Period, base: Period, names: tuple[str, str], rules: WaterInForce
) -> Table:
    """Return the class of each section against the period before and the year before.

    Args:
        names: heads of the period before and of the year before.
    """
    columns = [
        Column(_("断面"), weight=2),
        Column(_("河流湖库"), weight=1.5),
        Column(_("水质类别"), align="C", weight=0.9),
        Column(names[0], align="C", weight=0.9),
        Column(names[1], align="C", weight=0.9),
        Column(_("同比"), weight=1.3),
        Column(_("定类项目"), weight=1.8),
        Column(_("超Ⅲ类项目（倍数）"), weight=2.4),
        Column(_("说明"), weight=1.8),
    ]
    rows: list[list[Any]] = []
    for one in of.sections:
        row = now.summaries.get(one.pk)
        level, old = now.water_class(one.pk), base.water_class(one.pk)
        rows.append(
            [
                one.name,
                one.river.name if one.river is not None else "",
                water(level),
                water(previous.water_class(one.pk)),
                water(old),
                change_words(level, old),
                deciding_words(row),
                over_words(row),
                note_words(row, rules),
            ]
        )
    return Table(columns, rows, caption=_("断面水质类别"), sheet=_("断面类别"), empty=_("没有可见的断面。"))


def note_words(row: WaterSummary | None, rules: WaterInForce) -> str:
    """Return why a section has no class, or that its data are too few."""
    if row is None:
        return _("没有数据")
    if row.reason:
        return say(row.reason, items=item_words(rules.classes.auto_required))
    return "" if row.valid else _("有效数据不足")


def values_table(of: data.Place, now: Period) -> Table:
    """Return the means behind the classes."""
    columns = [
        Column(_("断面"), weight=2),
        *(Column(say(f"water.item.{item}"), "number", DIGITS[item], unit(item)) for item in data.ITEMS),
        Column(_("水质指数"), "number", 4),
        Column("TLI(Σ)", "number", 1),
    ]
    rows: list[list[Any]] = []
    for one in of.sections:
        means, row = now.means.get(one.pk, {}), now.summaries.get(one.pk)
        index = [row.cwqi, row.tli] if row is not None else [None, None]
        rows.append([one.name, *(means.get(item) for item in data.ITEMS), *index])
    note = _("总氮单独评价，不参与断面类别；水质指数越小越好；TLI(Σ) 只用于湖库且五项齐全。")
    return Table(columns, rows, caption=_("各项平均值"), note=note, sheet=_("平均值"), empty=_("没有可见的断面。"))


def shares_table(series: Sequence[Kept], now: Period, base: Period, caption: str) -> Table:
    """Return shares of classes, grade, main pollutants and index of places or rivers."""
    columns = [
        Column(_("名称"), weight=1.8),
        *(Column(name, "number", weight=0.6) for name in badges.WATER_CLASS[1:]),
        Column(_("Ⅰ～Ⅲ类"), "number", 1, "%"),
        Column(_("上年同期"), "number", 1, "%"),
        Column(_("劣Ⅴ类"), "number", 1, "%"),
        Column(_("水质状况"), weight=1.2),
        Column(_("主要污染指标"), weight=2),
        Column(_("水质指数"), "number", 4, weight=1.1),
        Column(_("上年同期指数"), "number", 4, weight=1.2),
    ]
    rows: list[list[Any]] = []
    for one in series:
        row, then = now.summaries.get(one.pk), base.summaries.get(one.pk)
        if row is None or len(row.counts) != 6:
            rows.append(
                [one.name, *([None] * 7), *_then(then, "good_rate"), None, "", "", None, *_then(then, "cwqi")][:14]
            )
            continue
        rows.append(
            [
                one.name,
                *row.counts,
                row.good_rate,
                *_then(then, "good_rate"),
                row.bad_rate,
                say(f"water.grade.{row.grade}") if row.grade else "",
                main_words(row),
                row.cwqi,
                *_then(then, "cwqi"),
            ]
        )
    return Table(columns, rows, caption=caption, sheet=caption, empty=_("没有可见的断面。"))


def _then(row: WaterSummary | None, field: str) -> list[float | None]:
    return [None if row is None else getattr(row, field)]


def main_words(row: WaterSummary) -> str:
    """Return the main pollutants of a place with the share of sections that they exceed in."""
    return joined(with_value(say(f"water.item.{one['item']}"), f"{one['share']:g}%") for one in row.over)


def shares_chart(place: Kept, span: str, last: date, count: int) -> list[Block]:
    """Return the classes of the newest periods as stacked bars."""
    found = data.run(place, span, last, count)
    labels = [f"{start.month}-{start.day}" if span == "day" else f"{start:%y-%m}" for start, _row in found]
    counts = [row.counts if row is not None and len(row.counts) == 6 else [0] * 6 for _start, row in found]
    series = [
        Series(class_words(level), [float(one[level - 1]) if sum(one) else None for one in counts], WATER_FILL[level])
        for level in range(1, 7)
        if any(one[level - 1] for one in counts)
    ]
    if not series:
        return []
    name = _("{place}断面类别变化").format(place=place.name)
    text = _("每一柱是一期有类别的断面数，自下而上由好到差；空着的没有数据。")
    return [Chart(name, "stack", labels, series, unit=_("个"), text=text)]


def over_table(of: data.Place, now: Period, rules: WaterInForce) -> Table:
    """Return every item of every section that is worse than class III."""
    columns = [
        Column(_("断面"), weight=2),
        Column(_("项目"), weight=1.5),
        Column(_("平均值"), align="R", weight=1.3),
        Column(_("Ⅲ类限值"), align="R", weight=1.3),
        Column(_("项目类别"), align="C"),
        Column(_("超标倍数"), align="R"),
    ]
    rows: list[list[Any]] = []
    for one in of.sections:
        row = now.summaries.get(one.pk)
        for each in row.over if row is not None else []:
            item = str(each["item"])
            value = now.means.get(one.pk, {}).get(item)
            limits = rules.classes.limits(item, "lake" if one.body == "lake" else "river")
            shown = "" if value is None else f"{value:.{DIGITS.get(item, 3)}f} {unit(item)}".strip()
            limit = f"{limits.values[rules.classes.exceed_class - 1]:g}" if limits.values else ""
            rows.append(
                [one.name, say(f"water.item.{item}"), shown, limit, water(int(each["class"])), each["multiple"]]
            )
    empty = _("没有劣于Ⅲ类的项目。")
    return Table(columns, rows, caption=_("超Ⅲ类清单"), sheet=_("超标"), empty=empty)


def validity_table(of: data.Place, counts: dict[int, dict[str, tuple[int, bool]]], caption: str, note: str) -> Table:
    """Return how many values stand behind each mean."""
    columns = [
        Column(_("断面"), weight=2),
        *(Column(say(f"water.item.{item}"), align="R") for item in data.ITEMS),
        Column(_("缺少或无效"), weight=2.4),
    ]
    rows: list[list[Any]] = []
    for one in of.sections:
        found = counts.get(one.pk, {})
        cells = [_count(found.get(item)) for item in data.ITEMS]
        missing = [item for item in data.ITEMS if not found.get(item, (0, False))[1]]
        rows.append([one.name, *cells, item_words(missing) if missing else _("无")])
    return Table(columns, rows, caption=caption, note=note, sheet=_("有效性"), empty=_("没有可见的断面。"))


def _count(found: tuple[int, bool] | None) -> str:
    if found is None:
        return "0"
    return str(found[0]) if found[1] else _("{count}（不足）").format(count=found[0])


def reviews_table(rows: Sequence[Review]) -> Table:
    """Return the reviews that nobody has decided yet."""
    columns = [
        Column(_("断面"), weight=2),
        Column(_("项目"), weight=1.4),
        Column(_("开始"), weight=1.6),
        Column(_("结束"), weight=1.6),
        Column(_("理由"), weight=3),
    ]
    cells = [
        [
            row.series.name,
            str(WaterItem(row.item).label) if row.item else _("全部项目"),
            row.starts,
            row.ends,
            row.reason,
        ]
        for row in rows
    ]
    return Table(columns, cells, caption=_("尚未复核的数据审核"), sheet=_("待复核"), empty=_("没有待复核的数据审核。"))


def named_rules(rules: WaterInForce) -> list[tuple[str, Entry]]:
    """Return the rules that a report names, with what each is for."""
    entries = rules.classes.entries
    wanted = [
        (_("单因子类别"), "gb3838.table1.nh3n"),
        (_("自动站评价项目"), "assess.auto_items"),
        (_("超标倍数"), "assess.exceed_class"),
    ]
    found = [(name, entries[key]) for name, key in wanted if key in entries]
    auto = rules.auto.entries
    found += [(_("日均值有效性"), auto["auto.day_min_slots"]), (_("月均值有效性"), auto["auto.month_min_share"])]
    return [*found, (_("城市水质指数"), rules.index.entry)]
