"""The monthly report of ambient air (环境空气质量月报)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.domain.air import YearOnYear
from ecobureau.domain.air.statistics import day_period
from ecobureau.web.core.paper import Block, Cell, Chart, Column, Document, Facts, Heading, Limit, Series, Table, Text
from ecobureau.web.core.paper.official import AIR_FILL, air_word
from ecobureau.web.statistics import report_air_data as data
from ecobureau.web.statistics import report_air_month_data as month_data
from ecobureau.web.statistics import report_air_parts as parts
from ecobureau.web.statistics import report_air_years as years
from ecobureau.web.statistics.report_words import (
    SHORT,
    joined,
    month_words,
    rules_table,
    share_changed,
    with_value,
    year_before,
)
from ecobureau.web.statistics.spans import after

RULES = {
    "ranking2018": "环办监测〔2018〕19号",
    "hj663": "HJ 663",
}
Month = month_data.Month


def document(of: data.Place, start: date, *, author: str, at: datetime, mark: str = "") -> Document | None:
    """Return the report of a place and a month; None where no rules are in force.

    Args:
        of: the place and what is below it that the reader may see. start: first day of the month.
        author: who issues it. at: when it was made; the file's properties only. mark: at the foot of each page.
    """
    last = after("month", start) - timedelta(days=1)
    rules = parts.rules_on(last)
    if rules is None:
        return None
    everyone = [*of.shown, *of.points]
    month, base = month_data.month(everyone, start), month_data.month(of.shown, year_before(start))
    newest = max(month.index[of.place.pk], default=last)
    both = years.years(of.shown, start.replace(month=1), newest)
    reviews, marks = data.open_reviews(everyone, start, last), data.marks(of, start, last)
    blocks: list[Block] = [
        Heading(_("一、综述")),
        *_summary(of, start, newest, month, base, both, rules),
        *_state(of, start, last, newest, len(reviews), rules),
        Heading(_("二、综合指数排名")),
        *_ranking(of, month, base, rules),
        *_composite_compared(of, month, base, rules),
        Heading(_("三、逐日空气质量")),
        *_daily_charts(of, start, last, month, rules),
        *_levels(of, month),
        _primary_table(of, month),
        _bad_days(of, month),
        parts.over_table(
            parts.over_rows([of.place], month.values, with_day=True),
            with_day=True,
            multiple_digits=rules.statistics.digits["multiple"],
        ),
        Heading(_("四、各项浓度")),
        _figures_table(of, month, base, rules),
        _points_table(of, month, rules),
        Heading(_("五、今年累计与同比")),
        *years.cumulative(of, both, rules),
        Heading(_("六、数据有效性与审核")),
        _validity_table(of, start, month, rules),
        parts.reviews_table(reviews),
        parts.marks_table(marks),
        Heading(_("七、依据")),
        rules_table(
            parts.named_rules(rules, composite=True),
            [*rules.index.entries.values(), *rules.statistics.entries.values()],
        ),
    ]
    title = _("{place}环境空气质量月报").format(place=of.place.name)
    head = f"{title} {start:%Y-%m}"
    return Document(title, author, at, blocks, subtitle=month_words(start), head=head, mark=mark)


def rule_words(name: str) -> str:
    """Return the name of a rule of the composite index."""
    return RULES.get(name) or (_("2026 年做法（未见正式文件）") if name == "ranking2026" else name)


# --- in words ---------------------------------------------------------------------------------------------------------


def _summary(
    of: data.Place, start: date, newest: date, month: Month, base: Month, both: years.Years, rules: parts.Rules
) -> list[Block]:
    own = month.summaries.get(of.place.pk)
    if own is None or not own.days:
        words = _("{month}，{place}没有有效的空气质量日数据。").format(month=month_words(start), place=of.place.name)
        return [Text(words, indent=True)]
    words = _(
        "{month}，{place}优良天数 {good} 天（有效 {days} 天），优良天数比率 {rate}%，重度及以上污染 {heavy} 天；"
        "环境空气质量综合指数 {index}，所用规则为{rule}。"
    ).format(
        month=month_words(start),
        place=of.place.name,
        good=own.good,
        days=own.days,
        rate="—" if own.good_rate is None else f"{own.good_rate:.1f}",
        heavy=own.heavy,
        index="—" if own.composite is None else f"{own.composite:.2f}",
        rule=rule_words(own.rule),
    )
    return [
        Text(words + _bad_words(of, month), indent=True),
        Text(_concentration_words(of, month, base, rules), indent=True),
        Text(_ranking_words(of, month), indent=True),
        Text(years.cumulative_words(of.place, both), indent=True),
    ]


def _bad_words(of: data.Place, month: Month) -> str:
    bad = [one for one in month.index[of.place.pk].values() if one.level > 2]
    if not bad:
        return _("没有超标天。")
    counts = Counter(item for one in bad for item in one.primary)
    told = [_("{item} {days} 天").format(item=SHORT[item], days=days) for item, days in counts.most_common()]
    return _("超标 {days} 天，首要污染物为{items}。").format(days=len(bad), items=joined(told))


def _concentration_words(of: data.Place, month: Month, base: Month, rules: parts.Rules) -> str:
    told = []
    for item in data.SHOWN:
        now, then = month.value(of.place.pk, item), base.value(of.place.pk, item)
        if now is None:
            continue
        digits = rules.statistics.digits[item]
        change = "" if then is None else _("（同比{change}）").format(change=share_changed(now, then))
        told.append(f"{_statistic_name(item, rules)} {now:.{digits}f} {parts.unit(item)}{change}")
    return _("{values}。").format(values=_("，").join(told)) if told else ""


def _statistic_name(item: str, rules: parts.Rules) -> str:
    if item in ("co", "o3"):
        return _("{item}第 {percent} 百分位数").format(
            item=SHORT[item] + ("-8h" if item == "o3" else ""), percent=rules.statistics.percentile[item]
        )
    return _("{item}月均浓度").format(item=SHORT[item])


def _ranking_words(of: data.Place, month: Month) -> str:
    ranked = month_data.ranked(of.districts, month)
    known = [(one.name, total) for rank, one, total in ranked if rank is not None and total is not None]
    if len(known) < 2:
        return ""
    count = min(3, len(known) // 2)
    best = joined(with_value(name, f"{total:.2f}") for name, total in known[:count])
    worst = joined(with_value(name, f"{total:.2f}") for name, total in known[-count:])
    return _("按综合指数，较好的是{best}，较差的是{worst}。").format(best=best, worst=worst)


def _state(of: data.Place, start: date, last: date, newest: date, reviews: int, rules: parts.Rules) -> list[Block]:
    waiting = data.waiting([*of.shown, *of.points], start, last)
    facts = [
        (_("月份"), f"{start:%Y-%m}"),
        (_("数据截至"), newest.isoformat()),
        (_("空气质量指数"), rules.index.source),
        (_("浓度限值"), parts.stage_words(rules.statistics.stage)),
        (_("待复核的数据审核"), str(reviews)),
        (_("待汇总的日数据"), str(waiting)),
    ]
    blocks: list[Block] = [Facts(facts)]
    if newest < last:
        blocks.append(Text(_("本月数据尚不完整，截至{day}。").format(day=newest.isoformat()), soft=True))
    if reviews or waiting:
        blocks.append(Text(_("尚有数据未复核或未汇总，本报数值可能变动。"), soft=True))
    return blocks


# --- ranking ----------------------------------------------------------------------------------------------------------


def _ranking(of: data.Place, month: Month, base: Month, rules: parts.Rules) -> list[Block]:
    lines = month_data.ranked(of.districts or [of.place], month)
    columns = [
        Column(_("名次"), "number", weight=0.7),
        Column(_("名称"), weight=1.7),
        Column(_("综合指数"), "number", 2),
        Column(_("上年同月"), "number", 2),
        Column(_("变化"), weight=1.5),
        Column(_("优良"), "number", unit=_("天"), weight=0.8),
        Column(_("有效"), "number", unit=_("天"), weight=0.8),
        *parts.item_columns(rules.statistics, statistic=True),
    ]
    rows: list[list[Any]] = []
    for rank, one, total in lines:
        then = _composite_under(rules, base, one.pk)
        summary = month.summaries.get(one.pk)
        change = "—" if total is None or then is None else share_changed(total, then)
        rows.append(
            [rank, parts.series_link(one, month.start), total, then, change]
            + ([summary.good, summary.days] if summary else [None, None])
            + [month.value(one.pk, item) for item in data.SHOWN]
        )
    name = _("各区综合指数")
    note = _(
        "指数越小越好，并列同名次；上年同月按今年的规则重新计算（{rule}）。"
        "SO₂、NO₂、PM10、PM2.5 为平均值，O₃ 为第 90 百分位数，CO 为第 95 百分位数。"
    ).format(rule=rule_words(rules.composite.name) if rules.composite else "—")
    table = Table(columns, rows, caption=_("综合指数排名"), note=note, sheet=_("排名"))
    known = [(one.name, float(total)) for _rank, one, total in lines if total is not None]
    if len(known) < 2:
        return [table]
    chart = Chart(
        name, "bars", [one for one, _total in known], [Series(name, [total for _one, total in known])],
        decimals=2, printed=True, text=_("由好到差：{names}。").format(names=joined(one for one, _total in known)),
    )  # fmt: skip
    return [chart, table]


def _composite_under(rules: parts.Rules, month: Month, series: int) -> Any:
    return None if rules.composite is None else month_data.composite_of(month, series, rules.composite)


def _composite_compared(of: data.Place, month: Month, base: Month, rules: parts.Rules) -> list[Block]:
    found = month_data.compared(of.place.pk, month, base)
    if found is None:
        return []
    return [_composite_table(found, month, base)]


def _composite_table(found: YearOnYear, month: Month, base: Month) -> Table:
    lines = [(_("各按当时的规则"), found.as_published, None if found.same_rule else _("规则不同，不可比"))]
    if not found.same_rule:
        lines += [(_("都按新规则"), found.new_rule, None), (_("都按旧规则"), found.old_rule, None)]
    rows = [
        [how, " → ".join(rule_words(one) for one in line.rule.split(" > ")), line.base, line.now, why or line.rate]
        for how, line, why in lines
    ]
    columns = [
        Column(_("比较方式"), weight=2),
        Column(_("所用规则"), weight=3),
        Column(f"{base.start:%Y-%m}", "number", 2),
        Column(f"{month.start:%Y-%m}", "number", 2),
        Column(_("变化率（％）"), "number", 1, weight=1.6),
    ]
    return Table(columns, rows, caption=_("综合指数同比"), sheet=_("综合指数同比"))


# --- days -------------------------------------------------------------------------------------------------------------


def _daily_charts(of: data.Place, start: date, last: date, month: Month, rules: parts.Rules) -> list[Block]:
    days = parts.last_days(last, (last - start).days + 1)
    labels = [str(day.day) for day in days]
    index = month.index[of.place.pk]
    blocks: list[Block] = [
        parts.aqi_chart(_("{place}逐日 AQI").format(place=of.place.name), labels, [index.get(day) for day in days])
    ]
    values = month.values[of.place.pk]
    for item in ("pm2_5", "o3"):
        series = [data.number(values.get(day, {}).get(item)) for day in days]
        if any(value is not None for value in series):
            limit = rules.statistics.limit(item, day_period(item))
            name = _("{place}逐日 {item}").format(
                place=of.place.name, item=SHORT[item] + ("-8h" if item == "o3" else "")
            )
            words = _("二级限值 {limit}").format(limit=int(limit))
            lines = [Series(SHORT[item], series)]
            blocks.append(
                Chart(name, "lines", labels, lines, unit=parts.unit(item), limits=[Limit(float(limit), words)])
            )
    return blocks


def _levels(of: data.Place, month: Month) -> list[Block]:
    counts = {one.pk: Counter(index.level for index in month.index[one.pk].values()) for one in of.shown}
    names = [air_word(level) for level in range(1, 7)]
    columns = [Column(_("名称"), weight=2), *(Column(name, "number") for name in names), Column(_("无 AQI"), "number")]
    rows = [[one.name, *(counts[one.pk][level] for level in range(1, 7)), counts[one.pk][0]] for one in of.shown]
    series = [
        Series(names[level - 1], [float(counts[one.pk][level]) for one in of.shown], AIR_FILL[level])
        for level in range(1, 7)
        if any(counts[one.pk][level] for one in of.shown)
    ]
    table = Table(columns, rows, caption=_("各级别天数"), sheet=_("级别天数"))
    if not series:
        return [table]
    return [Chart(_("各级别天数分布"), "stack", [one.name for one in of.shown], series, unit=_("天")), table]


def _primary_table(of: data.Place, month: Month) -> Table:
    columns = [Column(_("名称"), weight=2), *(Column(SHORT[item], "number", unit=_("天")) for item in data.SHOWN)]
    rows: list[list[Any]] = []
    for one in of.shown:
        counts = Counter(item for index in month.index[one.pk].values() for item in index.primary)
        rows.append([one.name, *(counts[item] for item in data.SHOWN)])
    note = _("AQI 大于 50 的日子；一天有几项并列时各计一天。")
    return Table(columns, rows, caption=_("首要污染物天数"), note=note, sheet=_("首要污染物"))


def _bad_days(of: data.Place, month: Month) -> Table:
    columns = [
        Column(_("日期"), weight=1.3),
        Column(_("名称"), weight=2),
        Column("AQI", "number", align="C"),
        Column(_("级别"), weight=1.3),
        Column(_("首要污染物"), weight=1.8),
    ]
    rows = [
        [day, parts.day_link(one, day), *parts.index_cells(index)]
        for one in of.shown
        for day, index in month.index[one.pk].items()
        if index.level > 2
    ]
    rows.sort(key=lambda row: row[0])
    return Table(columns, rows, caption=_("超标天"), sheet=_("超标天"), empty=_("没有 AQI 大于 100 的日子。"))


# --- concentrations ---------------------------------------------------------------------------------------------------


def _figures_table(of: data.Place, month: Month, base: Month, rules: parts.Rules) -> Table:
    columns = [
        Column(_("项目"), weight=1.6),
        Column(_("平均值"), "number", 1),
        Column(_("百分位数"), "number", 1, weight=1.2),
        Column(_("有效日数"), "number", unit=_("天")),
        Column(_("超标天数"), "number", unit=_("天")),
        Column(_("达标率"), "number", 1, "%"),
        Column(_("上年同月平均"), "number", 1, weight=1.3),
        Column(_("上年同月百分位"), "number", 1, weight=1.4),
        Column(_("本月是否有效"), weight=1.9),
    ]
    rows: list[list[Any]] = []
    for item in data.SHOWN:
        now, then = month.figures.get((of.place.pk, item)), base.figures.get((of.place.pk, item))
        if now is None:
            continue
        digits = rules.statistics.digits[item]
        means = [Cell(one and one.mean, decimals=digits) for one in (now, then)]
        highs = [Cell(one and one.percentile, decimals=digits) for one in (now, then)]
        rows.append(
            [
                f"{SHORT[item]} {parts.unit(item)}",
                means[0],
                highs[0],
                now.days,
                now.days_over,
                now.rate,
                means[1],
                highs[1],
                _("有效") if now.valid else _("有效数据不足"),
            ]
        )
    caption = _("{place}各项浓度").format(place=of.place.name)
    note = _("百分位数：SO₂、NO₂ 第 98，PM10、PM2.5、CO 第 95，O₃ 日最大 8 小时第 90。")
    return Table(columns, rows, caption=caption, note=note if rows else "", sheet=_("浓度"))


def _points_table(of: data.Place, month: Month, rules: parts.Rules) -> Table:
    columns = [
        Column(_("点位"), weight=2),
        Column(_("综合指数"), "number", 2),
        Column(_("优良"), "number", unit=_("天"), weight=0.8),
        Column(_("有效"), "number", unit=_("天"), weight=0.8),
        Column(_("优良率"), "number", 1, "%"),
        *parts.item_columns(rules.statistics, statistic=True),
    ]
    rows: list[list[Any]] = []
    for one in of.points:
        summary = month.summaries.get(one.pk)
        own = [summary.composite, summary.good, summary.days, summary.good_rate] if summary else [None] * 4
        rows.append([parts.series_link(one, month.start), *own, *(month.value(one.pk, item) for item in data.SHOWN)])
    return Table(columns, rows, caption=_("各点位"), sheet=_("点位"), empty=_("没有可见的点位。"))


def _validity_table(of: data.Place, start: date, month: Month, rules: parts.Rules) -> Table:
    need = rules.statistics.month_needs(start.month)
    columns = [
        Column(_("点位"), weight=2),
        *(Column(SHORT[item], unit=_("天"), align="R") for item in data.SHOWN),
        Column(_("不足的项目"), weight=2.2),
    ]
    rows: list[list[Any]] = []
    for one in of.points:
        days = {item: month.valid_days(one.pk, item) for item in data.SHOWN}
        few = [SHORT[item] for item in data.SHOWN if days[item] < need]
        rows.append([one.name, *(str(days[item]) for item in data.SHOWN), joined(few) if few else _("无")])
    note = _("有效日数；一个月需要 {days} 天。").format(days=need)
    return Table(columns, rows, caption=_("各点位有效日数"), note=note, sheet=_("有效性"), empty=_("没有可见的点位。"))
