"""Words that all reports share: dates, changes, flags of rules, lists of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from ecobureau.domain.rules import Certainty, Entry
from ecobureau.web.core.paper import Column, Table
from ecobureau.web.statistics.pages_common import in_words

SHORT = {"so2": "SO₂", "no2": "NO₂", "pm10": "PM10", "pm2_5": "PM2.5", "co": "CO", "o3": "O₃"}


def flag_words(flag: Certainty) -> str:
    """Return how sure the text of a rule is."""
    words = {
        Certainty.CERTAIN: _("已核对原文"),
        Certainty.LIKELY: _("见于第三方，待核对"),
        Certainty.TO_BE_CHECKED: _("待核对"),
        Certainty.PROPOSAL: _("本系统建议"),
    }
    return words[flag]


def joined(names: Iterable[str]) -> str:
    """Return names as a list in a sentence."""
    return _("、").join(names)


def with_value(name: str, value: object) -> str:
    """Return a name with its value in brackets."""
    return _("{name}（{value}）").format(name=name, value=value)


def day_words(day: date) -> str:
    """Return a day as official texts write it."""
    return _("{year}年{month}月{day}日").format(year=day.year, month=day.month, day=day.day)


def month_words(start: date) -> str:
    """Return a month as official texts write it."""
    return _("{year}年{month}月").format(year=start.year, month=start.month)


def year_before(day: date) -> date:
    """Return the same day of the year before; of 29 February the 28th."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def span_words(first: date, last: date) -> str:
    """Return a stretch of days of one year."""
    if first == last:
        return day_words(first)
    return _("{first}至{last}").format(first=day_words(first), last=day_words(last))


def days_changed(now: int, base: int) -> str:
    """Return how many days more or less."""
    if now == base:
        return _("持平")
    if now > base:
        return _("增加 {days} 天").format(days=now - base)
    return _("减少 {days} 天").format(days=base - now)


def points_changed(now: Decimal | float, base: Decimal | float) -> str:
    """Return how many percentage points up or down; both are rounded already."""
    step = Decimal(str(now)) - Decimal(str(base))
    if not step:
        return _("持平")
    if step > 0:
        return _("上升 {points} 个百分点").format(points=step)
    return _("下降 {points} 个百分点").format(points=-step)


def share_changed(now: Decimal | float, base: Decimal | float) -> str:
    """Return the change of a figure in words, as a rate of the base in percent with one decimal."""
    if not base:
        return _("基数为零，不可比")
    rate = (Decimal(str(now)) - Decimal(str(base))) * 100 / Decimal(str(base))
    rate = rate.quantize(Decimal("0.1"))
    if not rate:
        return _("持平")
    if rate > 0:
        return _("上升 {rate}%").format(rate=rate)
    return _("下降 {rate}%").format(rate=-rate)


def _cited(entry: Entry) -> tuple[str, str, str]:
    return in_words(entry.source), in_words(entry.clause), flag_words(entry.flag)


def rules_table(named: Sequence[tuple[str, Entry]], others: Iterable[Entry]) -> Table:
    """Return the rules that a report rests on: the named ones, and every other that is not checked yet.

    Args:
        named: what a rule is for, and the rule. others: all rules in force; those that are certain are left out.
    """
    rows = [(name, *_cited(entry)) for name, entry in named]
    known = {(entry.source, entry.clause) for _name, entry in named}
    for entry in others:
        if entry.flag is not Certainty.CERTAIN and (entry.source, entry.clause) not in known:
            known.add((entry.source, entry.clause))
            rows.append((_("其他未核对的规则"), *_cited(entry)))
    columns = [
        Column(_("用于"), weight=2.2),
        Column(_("标准或文件"), weight=2),
        Column(_("条款"), weight=3),
        Column(_("核对情况"), weight=1.8),
    ]
    return Table(columns, rows, caption=_("所用标准与核对情况"), sheet=_("依据"))
