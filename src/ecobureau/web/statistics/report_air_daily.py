"""The daily report of ambient air (环境空气质量日报)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.domain.rounding import half_even
from ecobureau.web.core.paper import Block, Column, Document, Facts, Heading, Table, Text
from ecobureau.web.core.paper.official import air_word
from ecobureau.web.statistics import report_air_data as data
from ecobureau.web.statistics import report_air_parts as parts
from ecobureau.web.statistics import report_air_years as years
from ecobureau.web.statistics.models import AirSeries, Review
from ecobureau.web.statistics.report_words import SHORT, day_words, joined, rules_table, with_value

DAYS_OF_CHART = 30


def document(of: data.Place, day: date, *, author: str, at: datetime, mark: str = "") -> Document | None:
    """Return the report of a place and a day; None where no rules are in force.

    Args:
        of: the place and what is below it that the reader may see. day: natural day. author: who issues it.
        at: when it was made; it goes into the file's properties only. mark: at the foot of each page.
    """
    rules = parts.rules_on(day)
    if rules is None:
        return None
    everyone = [*of.shown, *of.points]
    index, values = data.indices(everyone, day, day), data.values(everyone, day, day)
    both = years.years(of.shown, day.replace(month=1, day=1), day)
    reviews, marks = data.open_reviews(everyone, day, day), data.marks(of, day, day)
    blocks: list[Block] = [
        Heading(_("一、综述")),
        *_summary(of, day, index, values, both, rules),
        *_state(of, day, values, reviews, rules),
        Heading(_("二、空气质量指数")),
        *_charts(of, day, index, both),
        _places_table(of.shown, day, index, values, rules, _("各区空气质量")),
        _places_table(of.points, day, index, values, rules, _("各点位空气质量")),
        Heading(_("三、超标情况")),
        parts.over_table(
            parts.over_rows(everyone, values, with_day=False),
            with_day=False,
            multiple_digits=rules.statistics.digits["multiple"],
        ),
        Heading(_("四、今年累计与同比")),
        *years.cumulative(of, both, rules),
        Heading(_("五、数据有效性与审核")),
        _validity_table(of.points, day, values, rules),
        parts.reviews_table(reviews),
        parts.marks_table(marks),
        Heading(_("六、依据")),
        rules_table(
            parts.named_rules(rules, composite=False),
            [*rules.index.entries.values(), *rules.statistics.entries.values()],
        ),
    ]
    return Document(
        _("{place}环境空气质量日报").format(place=of.place.name),
        author,
        at,
        blocks,
        subtitle=day_words(day),
        head=_("{place}环境空气质量日报 {day}").format(place=of.place.name, day=day.isoformat()),
        mark=mark,
    )


# --- in words ---------------------------------------------------------------------------------------------------------


def _summary(
    of: data.Place,
    day: date,
    index: Mapping[int, Mapping[date, data.Index]],
    values: Mapping[int, Mapping[date, Mapping[str, data.Value]]],
    both: years.Years,
    rules: parts.Rules,
) -> list[Block]:
    found = index[of.place.pk].get(day)
    if found is None or found.aqi is None:
        return [parts.no_index_words(of.place, day, found), Text(years.cumulative_words(of.place, both), indent=True)]
    sentences = [
        _("{day}，{place}环境空气质量指数（AQI）为 {aqi}，空气质量为{word}，{primary}").format(
            day=day_words(day),
            place=of.place.name,
            aqi=found.aqi,
            word=air_word(found.level),
            primary=_("首要污染物为{items}。").format(items=parts.primary_words(found.primary))
            if found.primary
            else _("无首要污染物。"),
        ),
        _concentration_words(values[of.place.pk].get(day, {}), rules),
        _districts_words(of.districts, [index[one.pk].get(day) for one in of.districts]),
    ]
    return [Text("".join(sentences), indent=True), Text(years.cumulative_words(of.place, both), indent=True)]


def _concentration_words(values: Mapping[str, data.Value], rules: parts.Rules) -> str:
    told = []
    for item in data.SHOWN:
        one = values.get(item)
        if one is not None and one.valid and one.value is not None:
            amount = half_even(one.value, rules.statistics.digits[item])
            told.append(f"{SHORT[item]}{'-8h' if item == 'o3' else ''} {amount} {parts.unit(item)}")
    return _("日浓度：{values}。").format(values=_("，").join(told)) if told else ""


def _districts_words(districts: Sequence[AirSeries], found: Sequence[data.Index | None]) -> str:
    known = [
        (one, index) for one, index in zip(districts, found, strict=True) if index is not None and index.aqi is not None
    ]
    if not known:
        return ""
    levels = Counter(index.level for _one, index in known)
    told = [_("{word} {count} 个").format(word=air_word(level), count=levels[level]) for level in sorted(levels)]
    words = _("有 AQI 的 {count} 个区中，{levels}。").format(count=len(known), levels=joined(told))
    bad = [with_value(one.name, index.aqi) for one, index in known if index.level > 2]
    if bad:
        return words + _("未达到优良的有：{names}。").format(names=joined(bad))
    return words + _("各区均为优良。")


def _state(
    of: data.Place,
    day: date,
    values: Mapping[int, Mapping[date, Mapping[str, data.Value]]],
    reviews: Sequence[Review],
    rules: parts.Rules,
) -> list[Block]:
    whole = sum(_all_valid(values[one.pk].get(day, {})) for one in of.points)
    waiting = data.waiting([*of.shown, *of.points], day, day)
    facts = [
        (_("日期"), day.isoformat()),
        (_("空气质量指数"), rules.index.source),
        (_("浓度限值"), parts.stage_words(rules.statistics.stage)),
        (_("六项全部有效的点位"), f"{whole}/{len(of.points)}"),
        (_("待复核的数据审核"), str(len(reviews))),
        (_("待汇总的日数据"), str(waiting)),
    ]
    blocks: list[Block] = [Facts(facts)]
    if reviews or waiting:
        blocks.append(Text(_("尚有数据未复核或未汇总，本报数值可能变动。"), soft=True))
    return blocks


def _all_valid(values: Mapping[str, data.Value]) -> bool:
    return all(item in values and values[item].valid for item in data.SHOWN)


# --- tables and charts ------------------------------------------------------------------------------------------------


def _charts(
    of: data.Place, day: date, index: Mapping[int, Mapping[date, data.Index]], both: years.Years
) -> list[Block]:
    days = parts.last_days(day, DAYS_OF_CHART)
    rows = data.indices([of.place], days[0], day)[of.place.pk]
    blocks: list[Block] = []
    if of.districts:
        labels = [one.name for one in of.districts]
        found = [index[one.pk].get(day) for one in of.districts]
        blocks.append(parts.aqi_chart(_("各区 AQI"), labels, found))
    name = _("{place}最近 {days} 天 AQI").format(place=of.place.name, days=DAYS_OF_CHART)
    blocks.append(parts.aqi_chart(name, [f"{one.month}-{one.day}" for one in days], [rows.get(one) for one in days]))
    return blocks


def _places_table(
    series: Sequence[AirSeries],
    day: date,
    index: Mapping[int, Mapping[date, data.Index]],
    values: Mapping[int, Mapping[date, Mapping[str, data.Value]]],
    rules: parts.Rules,
    caption: str,
) -> Table:
    columns = [
        Column(_("名称"), weight=1.9),
        Column("AQI", "number", weight=0.8, align="C"),
        Column(_("级别"), weight=1.3),
        Column(_("首要污染物"), weight=1.4),
        *parts.item_columns(rules.statistics),
    ]
    rows: list[list[Any]] = []
    for one in series:
        items = values[one.pk].get(day, {})
        amounts = [items[item].value if item in items and items[item].valid else None for item in data.SHOWN]
        rows.append([parts.day_link(one, day), *parts.index_cells(index[one.pk].get(day)), *amounts])
    note = _("日均值；O₃ 为日最大 8 小时平均。— 表示没有有效值。")
    return Table(columns, rows, caption=caption, note=note, sheet=caption, empty=_("没有可见的点位。"))


def _validity_table(
    points: Sequence[AirSeries],
    day: date,
    values: Mapping[int, Mapping[date, Mapping[str, data.Value]]],
    rules: parts.Rules,
) -> Table:
    columns = [
        Column(_("点位"), weight=2),
        *(Column(SHORT[item], align="R") for item in data.SHOWN),
        Column(_("缺少或无效"), weight=2.2),
    ]
    rows: list[list[Any]] = []
    for one in points:
        items = values[one.pk].get(day, {})
        counts = [_count_words(items.get(item), item, rules) for item in data.SHOWN]
        missing = [SHORT[item] for item in data.SHOWN if item not in items or not items[item].valid]
        rows.append([one.name, *counts, joined(missing) if missing else _("无")])
    need = rules.statistics
    note = _("有效小时数；少于 {hours} 小时的日均值无效。O₃ 为有效的 8 小时平均个数，需 {windows} 个。").format(
        hours=need.day_hours, windows=need.mda8_windows
    )
    return Table(columns, rows, caption=_("各点位有效数据"), note=note, sheet=_("有效性"), empty=_("没有可见的点位。"))


def _count_words(found: data.Value | None, item: str, rules: parts.Rules) -> str:
    if found is None:
        return "0"
    if not found.count and found.valid:
        return _("导入")
    return str(found.count) if found.valid else _("{count}（不足）").format(count=found.count)
