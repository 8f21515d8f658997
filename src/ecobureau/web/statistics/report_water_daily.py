"""The daily report of surface water (地表水水质日报)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from ecobureau.web.core.paper import Block, Document, Heading, Text
from ecobureau.web.statistics import report_water_data as data
from ecobureau.web.statistics import report_water_parts as parts
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.report_words import day_words, rules_table, year_before

DAYS_OF_CHART = 30


def document(of: data.Place, day: date, *, author: str, at: datetime, mark: str = "") -> Document | None:
    """Return the report of a place and a day; None where no rules are in force.

    Args:
        of: the place and what is below it that the reader may see. day: natural day. author: who issues it.
        at: when it was made; the file's properties only. mark: at the foot of each page.
    """
    rules = in_force.water_on(day)
    if rules is None:
        return None
    now = data.period(of, "day", day)
    previous, base = (data.period(of, "day", one) for one in (data.before("day", day), year_before(day)))
    reviews = data.open_reviews(of, day, day)
    blocks: list[Block] = [
        Heading(_("一、综述")),
        Text(parts.shares_words(of, now, day_words(day)) + parts.bad_words(of, now), indent=True),
        Text(
            parts.versus_words(of, now, previous, _("与前一日相比"))
            + parts.versus_words(of, now, base, _("与上年同日相比")),
            indent=True,
        ),
        *parts.facts(of, now, reviews, day.isoformat(), rules),
        Heading(_("二、断面水质")),
        *parts.shares_chart(of.place, "day", day, DAYS_OF_CHART),
        parts.classes_table(of, now, previous, base, (_("前一日"), _("上年同日")), rules),
        parts.values_table(of, now),
        Heading(_("三、超标情况")),
        parts.over_table(of, now, rules),
        Heading(_("四、各区与河流湖库")),
        parts.shares_table(of.shown, now, base, _("各区断面类别")),
        parts.shares_table(of.rivers, now, base, _("各河流湖库断面类别")),
        Heading(_("五、数据有效性与审核")),
        parts.validity_table(
            of, data.hours(of, day), _("各断面有效数据"), _("每项当日有效的小时值个数；不足的日均值不参与评价。")
        ),
        parts.reviews_table(reviews),
        Heading(_("六、依据")),
        rules_table(parts.named_rules(rules), [*rules.classes.entries.values(), *rules.auto.entries.values()]),
    ]
    title = _("{place}地表水水质日报").format(place=of.place.name)
    head = f"{title} {day.isoformat()}"
    return Document(title, author, at, blocks, subtitle=day_words(day), head=head, mark=mark, wide=True)
