"""Pieces that the daily and the monthly air report share: cells, tables, charts, what the figures rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ecobureau.domain.air import AirRules, AirStatistics, CompositeRule, exceedance_multiple
from ecobureau.domain.air.statistics import day_period
from ecobureau.domain.rounding import plain
from ecobureau.domain.rules import Entry
from ecobureau.web.core.paper import Cell, Chart, Column, Limit, Series, Table, Text
from ecobureau.web.core.paper.official import AIR_FILL, air, air_word
from ecobureau.web.statistics import report_air_data as data
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import AirSeries, DayMark, Item, Review
from ecobureau.web.statistics.report_words import SHORT, day_words, joined
from ecobureau.words import say

REASONS = {1: "air.note.no_data", 2: "air.note.no_pm", 3: "air.note.na"}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a report: those in force on its last day."""

    index: AirRules
    statistics: AirStatistics
    composite: CompositeRule | None


def rules_on(day: date) -> Rules | None:
    """Return the rules in force on a day; None before the first."""
    index, statistics = in_force.index_on(day), in_force.statistics_on(day)
    if index is None or statistics is None:
        return None
    return Rules(index, statistics, in_force.composite_on(day))


def unit(item: str) -> str:
    """Return the unit of an item's concentration."""
    return "mg/m³" if item == "co" else "µg/m³"


def stage_words(stage: str) -> str:
    """Return the name of the standard whose limits are in force."""
    names = {"2012": "GB 3095-2012", "2026 transition": _("GB 3095-2026（过渡限值）"), "2026 final": "GB 3095-2026"}
    return names.get(stage, stage)


def item_columns(rules: AirStatistics, *, statistic: bool = False) -> list[Column]:
    """Return a column for each item; of statistics the percentiles say so."""
    extra = {"o3": "-8h-90", "co": "-95"} if statistic else {"o3": "-8h"}
    return [
        Column(
            SHORT[item] + extra.get(item, ""),
            "number",
            rules.digits[item],
            unit(item),
            1.4 if statistic and item == "o3" else 1.1,
        )
        for item in data.SHOWN
    ]


def index_cells(found: data.Index | None) -> list[Any]:
    """Return index, class and primary pollutants of a day."""
    if found is None or found.aqi is None:
        why = say(REASONS[found.reason]) if found is not None and found.reason in REASONS else _("无数据")
        return [None, why, ""]
    return [air(found.aqi, found.level), air_word(found.level), joined(SHORT[one] for one in found.primary)]


def day_link(series: AirSeries, day: date) -> Cell:
    """Return a series' name that leads to its day."""
    return Cell(series.name, link=reverse("statistics:air_day", kwargs={"pk": series.pk, "day": day.isoformat()}))


def series_link(series: AirSeries, day: date) -> Cell:
    """Return a series' name that leads to its year."""
    address = reverse("statistics:air_series", kwargs={"pk": series.pk})
    return Cell(series.name, link=f"{address}?start={day.isoformat()}")


def primary_words(items: Sequence[str]) -> str:
    """Return primary pollutants as a sentence names them."""
    return joined(str(Item(item).label) for item in items)


def over_rows(
    series: Sequence[AirSeries], values: Mapping[int, Mapping[date, Mapping[str, data.Value]]], *, with_day: bool
) -> list[list[Any]]:
    """Return what is above the daily limit of grade II: (day,) name, item, value, limit, multiple."""
    rows: list[list[Any]] = []
    for one in series:
        for day, items in sorted(values[one.pk].items()):
            rules = in_force.statistics_on(day)
            if rules is None:
                continue
            for item in data.SHOWN:
                found = items.get(item)
                if found is None or not found.valid or found.value is None:
                    continue
                limit = rules.limit(item, day_period(item))
                times = exceedance_multiple(found.value, limit, rules)
                if times is not None:
                    shown = Cell(found.value, f"{found.value:.{rules.digits[item]}f} {unit(item)}")
                    row = [series_name(one), SHORT[item], shown, plain(limit), times]
                    rows.append([day, *row] if with_day else row)
    return sorted(rows, key=lambda row: row[0]) if with_day else rows


def series_name(series: AirSeries) -> str:
    """Return how a list names a series: points with their kind."""
    return series.name


def over_table(rows: Sequence[Sequence[Any]], *, with_day: bool, multiple_digits: int) -> Table:
    """Return the list of what is above the daily limit."""
    columns = [
        *([Column(_("日期"), weight=1.3)] if with_day else []),
        Column(_("名称"), weight=2),
        Column(_("项目")),
        Column(_("日浓度"), align="R", weight=1.4),
        Column(_("二级限值"), align="R"),
        Column(_("超标倍数"), "number", multiple_digits),
    ]
    return Table(columns, rows, caption=_("超标清单"), sheet=_("超标"), empty=_("没有日浓度超过二级限值的项目。"))


# --- what the figures rest on ----------------------------------------------------------------------------------------


def marks_table(rows: Sequence[DayMark]) -> Table:
    """Return the days that good-day statistics leave out, with the papers they rest on."""
    columns = [
        Column(_("第一天"), weight=1.2),
        Column(_("最后一天"), weight=1.2),
        Column(_("类别"), weight=1.2),
        Column(_("理由"), weight=3),
        Column(_("依据文件"), weight=3),
    ]
    cells = [[row.first, row.last, str(row.get_kind_display()), row.reason, row.source] for row in rows]
    return Table(
        columns, cells, caption=_("沙尘与特殊事件扣除"), sheet=_("扣除"), empty=_("本期没有扣除。"),
        note=_("日浓度与日 AQI 照常报出；扣除只影响优良天数与浓度统计。"),
    )  # fmt: skip


def reviews_table(rows: Sequence[Review]) -> Table:
    """Return the reviews that nobody has decided yet."""
    columns = [
        Column(_("名称"), weight=2),
        Column(_("项目"), weight=1.4),
        Column(_("开始"), weight=1.6),
        Column(_("结束"), weight=1.6),
        Column(_("理由"), weight=3),
    ]
    cells = [
        [row.series.name, str(Item(row.item).label) if row.item else _("全部项目"), row.starts, row.ends, row.reason]
        for row in rows
    ]
    return Table(columns, cells, caption=_("尚未复核的数据审核"), sheet=_("待复核"), empty=_("没有待复核的数据审核。"))


def named_rules(rules: Rules, *, composite: bool) -> list[tuple[str, Entry]]:
    """Return the rules that a report names, with what each is for."""
    index, statistics = rules.index.entries, rules.statistics.entries
    found = [
        (_("空气质量指数"), index["aqi.edition"]),
        (_("浓度限值（{stage}）").format(stage=stage_words(rules.statistics.stage)), statistics["limit.stage"]),
        (_("日均值有效性"), statistics["valid.day_hours"]),
        (_("城市与区的有效点位比例"), statistics["valid.city_points_share"]),
        (_("优良天数"), statistics["statistic.good_top"]),
    ]
    if composite and rules.composite is not None:
        found.append((_("综合指数与排名"), rules.composite.entry))
    return found


def aqi_chart(name: str, labels: Sequence[str], found: Sequence[data.Index | None]) -> Chart:
    """Return indices as bars in the colours of their classes."""
    series = Series(
        "AQI",
        [None if one is None else one.aqi for one in found],
        fills=[AIR_FILL[one.level] if one is not None and one.level else "" for one in found],
    )
    known = [
        (label, one.aqi) for label, one in zip(labels, found, strict=True) if one is not None and one.aqi is not None
    ]
    text = ""
    if known:
        high, low = max(known, key=lambda pair: pair[1]), min(known, key=lambda pair: pair[1])
        text = _("最高 {high}（{high_at}），最低 {low}（{low_at}）；空着的没有可发布的 AQI。").format(
            high=high[1], high_at=high[0], low=low[1], low_at=low[0]
        )
    return Chart(name, "bars", labels, [series], limits=[Limit(100, _("优良上限 100"))], text=text, printed=True)


def last_days(last: date, count: int) -> list[date]:
    """Return the days up to one, oldest first."""
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]


def no_index_words(place: AirSeries, day: date, found: data.Index | None) -> Text:
    """Return the sentence that stands for a day without an index."""
    why = say(REASONS[found.reason]) if found is not None and found.reason in REASONS else _("没有有效数据")
    words = _("{day}，{place}没有可发布的 AQI：{why}。")
    return Text(words.format(day=day_words(day), place=place.name, why=why), indent=True)
