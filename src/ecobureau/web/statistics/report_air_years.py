"""Good days of a stretch of this year against the same of the year before, under both standards where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.domain.air import GoodDays, good_days
from ecobureau.web.core.paper import Block, Column, Table
from ecobureau.web.statistics import report_air_data as data
from ecobureau.web.statistics.exclusions import Excluded
from ecobureau.web.statistics.models import AirSeries
from ecobureau.web.statistics.report_air_parts import Rules, rules_on, series_link
from ecobureau.web.statistics.report_words import days_changed, points_changed, span_words, year_before


@dataclass(frozen=True, slots=True)
class Compared:
    """Good days of a stretch and of the same stretch a year before, by the rules of each time and by both alike."""

    now: GoodDays
    base: GoodDays
    base_by_new: GoodDays
    now_by_old: GoodDays
    new: Rules
    old: Rules

    @property
    def same(self) -> bool:
        """Say whether both years were judged by one edition."""
        return self.new.index.edition == self.old.index.edition


@dataclass(frozen=True, slots=True)
class Years:
    """What a comparison reads: indices and values of both stretches of all shown places, and what is excluded."""

    first: date
    last: date
    index: Mapping[int, Mapping[date, data.Index]]
    values: Mapping[int, Mapping[date, Mapping[str, data.Value]]]
    base_index: Mapping[int, Mapping[date, data.Index]]
    base_values: Mapping[int, Mapping[date, Mapping[str, data.Value]]]
    excluded: Excluded
    base_excluded: Excluded

    @property
    def base(self) -> tuple[date, date]:
        """Return the stretch of the year before."""
        return year_before(self.first), year_before(self.last)


def years(series: Sequence[AirSeries], first: date, last: date) -> Years:
    """Read a stretch and the same of the year before."""
    start, end = year_before(first), year_before(last)
    keys = [one.pk for one in series]
    return Years(
        first,
        last,
        data.indices(series, first, last),
        data.values(series, first, last),
        data.indices(series, start, end),
        data.values(series, start, end),
        Excluded(keys, first, last),
        Excluded(keys, start, end),
    )


def compared(series: AirSeries, both: Years) -> Compared | None:
    """Compare good days of a series; None where rules are missing."""
    new, old = rules_on(both.last), rules_on(both.base[1])
    if new is None or old is None:
        return None
    out = both.excluded.for_good_days(series.pk, new.statistics)
    base_out = both.base_excluded.for_good_days(series.pk, old.statistics)
    index = {day: one.aqi for day, one in both.index[series.pk].items()}
    base = {day: one.aqi for day, one in both.base_index[series.pk].items()}
    values, base_values = both.values[series.pk], both.base_values[series.pk]
    again = base if old.index.edition == new.index.edition else data.under(new.index, base_values)
    before = index if old.index.edition == new.index.edition else data.under(old.index, values)
    return Compared(
        good_days(index, new.statistics, excluded=out),
        good_days(base, old.statistics, excluded=base_out),
        good_days(again, new.statistics, excluded=base_out),
        good_days(before, old.statistics, excluded=out),
        new,
        old,
    )


def compared_words(found: Compared, both: Years) -> str:
    """Return the comparison of good days as a sentence that says which standards were used."""
    if not found.base.days:
        return _("上年同期没有可比数据。")
    if found.same:
        words = _("上年同期优良天数 {base} 天（有效 {days} 天），今年{change}；优良天数比率{rate}（{edition}）。")
        return words.format(
            base=found.base.good,
            days=found.base.days,
            change=days_changed(found.now.good, found.base.good),
            rate=_rate_change(found.now, found.base),
            edition=found.new.index.source,
        )
    return _(
        "上年同期按当时的 {old} 为优良 {base} 天（有效 {days} 天），与今年所用的 {new} 不同，不直接比较；"
        "上年同期按 {new} 重新计算为优良 {again} 天（有效 {again_days} 天），今年{change}，优良天数比率{rate}。"
    ).format(
        old=found.old.index.source,
        new=found.new.index.source,
        base=found.base.good,
        days=found.base.days,
        again=found.base_by_new.good,
        again_days=found.base_by_new.days,
        change=days_changed(found.now.good, found.base_by_new.good),
        rate=_rate_change(found.now, found.base_by_new),
    )


def _rate_change(now: GoodDays, base: GoodDays) -> str:
    return "—" if now.rate is None or base.rate is None else points_changed(now.rate, base.rate)


def standards_table(found: Compared, both: Years) -> Table:
    """Return the good days of a place by the rules of each time and by both rules alike."""
    old, new = found.old.index.source, found.new.index.source
    lines = [(_("各按当时的标准"), f"{new} / {old}", found.now, found.base)]
    if not found.same:
        lines += [
            (_("都按今年的标准"), new, found.now, found.base_by_new),
            (_("都按上年的标准"), old, found.now_by_old, found.base),
        ]
    rows = [
        [how, standard, now.good, now.days, now.rate, base.good, base.days, base.rate, _change(now, base, order, found)]
        for order, (how, standard, now, base) in enumerate(lines)
    ]
    columns = [
        Column(_("比较方式"), weight=1.8),
        Column(_("所用标准"), weight=1.9),
        Column(_("今年优良"), "number", unit=_("天"), weight=1.15),
        Column(_("今年有效"), "number", unit=_("天"), weight=1.15),
        Column(_("今年比率"), "number", 1, "%", 1.15),
        Column(_("上年优良"), "number", unit=_("天"), weight=1.15),
        Column(_("上年有效"), "number", unit=_("天"), weight=1.15),
        Column(_("上年比率"), "number", 1, "%", 1.15),
        Column(_("比率变化"), weight=2.1),
    ]
    caption = _("优良天数同比：{now}，{base}").format(now=_stretch(both.first, both.last), base=_stretch(*both.base))
    return Table(columns, rows, caption=caption, sheet=_("同比"))


def _stretch(first: date, last: date) -> str:
    return f"{first.isoformat()}～{last.isoformat()}"


def _change(now: GoodDays, base: GoodDays, order: int, found: Compared) -> str:
    if order == 0 and not found.same:
        return _("标准不同，不可比")
    return _rate_change(now, base)


def cumulative_words(place: AirSeries, both: Years) -> str:
    """Return good days since the beginning of the stretch and the comparison with the year before."""
    found = compared(place, both)
    if found is None or not found.now.days:
        return ""
    words = _(
        "{span}，{place}优良天数 {good} 天（有效 {days} 天），优良天数比率 {rate}%，重度及以上污染 {heavy} 天。"
    ).format(
        span=span_words(both.first, both.last),
        place=place.name,
        good=found.now.good,
        days=found.now.days,
        rate=found.now.rate,
        heavy=found.now.heavy,
    )
    return words + compared_words(found, both)


def cumulative(of: data.Place, both: Years, rules: Rules) -> list[Block]:
    """Return the tables of good days of all places and of the comparison of the place itself."""
    found = {one.pk: compared(one, both) for one in of.shown}
    columns = [
        Column(_("名称"), weight=2),
        Column(_("优良"), "number", unit=_("天")),
        Column(_("有效"), "number", unit=_("天")),
        Column(_("扣除"), "number", unit=_("天")),
        Column(_("优良率"), "number", rules.statistics.digits["rate"], "%"),
        Column(_("重污染"), "number", unit=_("天")),
        Column(_("上年同期优良"), "number", unit=_("天"), weight=1.3),
        Column(_("上年同期按今年标准"), "number", unit=_("天"), weight=1.5),
        Column(_("上年同期有效"), "number", unit=_("天"), weight=1.3),
    ]
    rows: list[list[Any]] = []
    for one in of.shown:
        line = found[one.pk]
        if line is not None:
            now, base = line.now, line.base
            rows.append(
                [series_link(one, both.last), now.good, now.days, now.excluded, now.rate, now.heavy]
                + ([base.good, line.base_by_new.good, base.days] if base.days else [None, None, None])
            )
    caption = _("今年累计：{span}").format(span=span_words(both.first, both.last))
    blocks: list[Block] = [Table(columns, rows, caption=caption, sheet=_("今年累计"))]
    own = found[of.place.pk]
    if own is not None and own.base.days:
        blocks.append(standards_table(own, both))
    return blocks
