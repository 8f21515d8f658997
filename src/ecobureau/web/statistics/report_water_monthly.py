"""The monthly report of surface water (地表水水质月报)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.domain.air import ranks
from ecobureau.domain.water import trophic_grade
from ecobureau.web.core.paper import Block, Chart, Column, Document, Heading, Series, Table, Text
from ecobureau.web.statistics import report_water_data as data
from ecobureau.web.statistics import report_water_parts as parts
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.report_words import joined, month_words, rules_table, share_changed, year_before
from ecobureau.web.statistics.rules import WaterInForce
from ecobureau.words import say

MONTHS_OF_CHART = 13


def document(of: data.Place, start: date, *, author: str, at: datetime, mark: str = "") -> Document | None:
    """Return the report of a place and a month; None where no rules are in force.

    Args:
        of: the place and what is below it that the reader may see. start: first day of the month.
        author: who issues it. at: when it was made; the file's properties only. mark: at the foot of each page.
    """
    now = data.period(of, "month", start)
    rules = in_force.water_on(now.last)
    if rules is None:
        return None
    previous, base = (data.period(of, "month", one) for one in (data.before("month", start), year_before(start)))
    reviews = data.open_reviews(of, start, now.last)
    blocks: list[Block] = [
        Heading(_("一、综述")),
        Text(parts.shares_words(of, now, month_words(start)) + parts.bad_words(of, now), indent=True),
        Text(
            parts.versus_words(of, now, previous, _("与上月相比"))
            + parts.versus_words(of, now, base, _("与上年同月相比")),
            indent=True,
        ),
        Text(_index_words(of, now, base), indent=True),
        *parts.facts(of, now, reviews, f"{start:%Y-%m}", rules),
        Heading(_("二、断面水质")),
        *parts.shares_chart(of.place, "month", start, MONTHS_OF_CHART),
        parts.classes_table(of, now, previous, base, (_("上月"), _("上年同月")), rules),
        parts.values_table(of, now),
        Heading(_("三、超标情况")),
        parts.over_table(of, now, rules),
        Heading(_("四、各区与河流湖库")),
        *_ranking(of, now, base),
        parts.shares_table(of.shown, now, base, _("各区断面类别")),
        parts.shares_table(of.rivers, now, base, _("各河流湖库断面类别")),
        *_lakes(of, now, base, rules),
        Heading(_("五、今年各月与上年")),
        _months_table(of, start),
        Heading(_("六、数据有效性与审核")),
        parts.validity_table(
            of,
            data.month_days(of, start),
            _("各断面有效日数"),
            _("每项本月有日均值的天数；不足的月均值注明有效数据不足。"),
        ),
        parts.reviews_table(reviews),
        Heading(_("七、依据")),
        rules_table(parts.named_rules(rules), [*rules.classes.entries.values(), *rules.auto.entries.values()]),
    ]
    title = _("{place}地表水水质月报").format(place=of.place.name)
    head = f"{title} {start:%Y-%m}"
    return Document(title, author, at, blocks, subtitle=month_words(start), head=head, mark=mark, wide=True)


def _index_words(of: data.Place, now: parts.Period, base: parts.Period) -> str:
    row, then = now.summaries.get(of.place.pk), base.summaries.get(of.place.pk)
    if row is None or row.cwqi is None:
        return ""
    words = _("城市水质指数为 {index}").format(index=f"{row.cwqi:.4f}")
    if then is not None and then.cwqi is not None:
        words += _("，上年同月 {base}，同比{change}").format(
            base=f"{then.cwqi:.4f}", change=share_changed(row.cwqi, then.cwqi)
        )
    return _("{words}（指数越小越好）。").format(words=words)


def _ranking(of: data.Place, now: parts.Period, base: parts.Period) -> list[Block]:
    """Return the districts by their index, the best first; ties share a rank."""
    if not of.districts:
        return []
    totals = [now.summaries[one.pk].cwqi if one.pk in now.summaries else None for one in of.districts]
    lines = sorted(
        zip(ranks(totals), of.districts, totals, strict=True), key=lambda line: (line[0] is None, line[0], line[1].name)
    )
    columns = [
        Column(_("名次"), "number", weight=0.6),
        Column(_("名称"), weight=2),
        Column(_("水质指数"), "number", 4),
        Column(_("上年同月"), "number", 4),
        Column(_("变化"), weight=1.5),
    ]
    rows: list[list[Any]] = []
    for rank, one, total in lines:
        then = base.summaries[one.pk].cwqi if one.pk in base.summaries else None
        change = "—" if total is None or then is None else share_changed(total, then)
        rows.append([rank, one.name, total, then, change])
    note = _("指数越小越好，并列同名次。")
    table = Table(columns, rows, caption=_("水质指数排名"), note=note, sheet=_("排名"))
    known = [(one.name, total) for _rank, one, total in lines if total is not None]
    if len(known) < 2:
        return [table]
    series = Series(_("水质指数"), [total for _name, total in known])
    text = _("由好到差：{names}。").format(names=joined(name for name, _total in known))
    labels = [name for name, _total in known]
    return [Chart(_("各区水质指数"), "bars", labels, [series], decimals=2, printed=True, text=text), table]


def _lakes(of: data.Place, now: parts.Period, base: parts.Period, rules: WaterInForce) -> list[Block]:
    lakes = [one for one in of.sections if one.body == "lake"]
    if not lakes:
        return []
    columns = [
        Column(_("断面"), weight=2),
        Column("TLI(Σ)", "number", 1),
        Column(_("营养状态"), weight=1.5),
        Column(_("上年同月"), "number", 1),
    ]
    rows: list[list[Any]] = []
    for one in lakes:
        value, then = _tli(now, one.pk), _tli(base, one.pk)
        grade = "" if value is None else say(f"water.trophic.{trophic_grade(value, rules.trophic)}")
        rows.append([one.name, value, grade or say("water.none.tli"), then])
    return [Table(columns, rows, caption=_("湖库营养状态"), sheet=_("营养状态"))]


def _tli(period: parts.Period, series: int) -> float | None:
    row = period.summaries.get(series)
    return None if row is None else row.tli


def _months_table(of: data.Place, start: date) -> Table:
    found = data.run(of.place, "month", start, start.month)
    then = {when.month: row for when, row in data.run(of.place, "month", year_before(start), start.month)}
    columns = [
        Column(_("月份"), weight=1.2),
        Column(_("Ⅰ～Ⅲ类"), "number", 1, "%"),
        Column(_("上年Ⅰ～Ⅲ类"), "number", 1, "%", weight=1.3),
        Column(_("劣Ⅴ类"), "number", 1, "%"),
        Column(_("上年劣Ⅴ类"), "number", 1, "%", weight=1.2),
        Column(_("水质指数"), "number", 4),
        Column(_("上年水质指数"), "number", 4, weight=1.3),
    ]
    rows: list[Sequence[Any]] = []
    for when, row in found:
        old = then.get(when.month)
        pairs = [(getattr(row, field, None), getattr(old, field, None)) for field in ("good_rate", "bad_rate", "cwqi")]
        rows.append([f"{when:%Y-%m}", *(value for pair in pairs for value in pair)])
    return Table(columns, rows, caption=_("今年各月"), sheet=_("各月"))
