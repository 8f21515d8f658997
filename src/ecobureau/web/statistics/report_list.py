"""Which reports there are of a place: a line for each day or month with what it comes to in short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from ecobureau.domain.air import ITEMS
from ecobureau.web.statistics import report_air_data, report_water_data
from ecobureau.web.statistics.models import AirIndexDay, AirSummary, WaterSummary
from ecobureau.web.statistics.report_words import SHORT, joined

DAYS, MONTHS = 60, 36
"""How many of the newest reports a list shows; older ones are reached by their date."""


@dataclass(frozen=True, slots=True)
class Line:
    """A report in a list: its day (or first of month), a badge (`air` index or `water` class) and a few words."""

    day: date
    value: int | None = None
    level: int = 0
    words: str = ""


def air_days(of: report_air_data.Place) -> list[Line]:
    """Return the newest days that the place has an index row of."""
    rows = AirIndexDay.objects.filter(series=of.place).order_by("-day")[:DAYS]
    found = []
    for row in rows:
        items = [SHORT[item] for bit, item in enumerate(ITEMS) if row.primary >> bit & 1]
        words = _("首要污染物 {items}").format(items=joined(items)) if items else ""
        found.append(Line(row.day, row.aqi, row.level, words))
    return found


def air_months(of: report_air_data.Place) -> list[Line]:
    """Return the newest months that the place has statistics of."""
    rows = AirSummary.objects.filter(series=of.place, span="month").order_by("-start")[:MONTHS]
    words = _("优良 {good} 天，有效 {days} 天，综合指数 {index}")
    return [
        Line(
            row.start,
            words=words.format(
                good=row.good, days=row.days, index="—" if row.composite is None else f"{row.composite:.2f}"
            ),
        )
        for row in rows
    ]


def water_days(of: report_water_data.Place) -> list[Line]:
    """Return the newest days that the place has water classes of."""
    return _water(of, "day", DAYS)


def water_months(of: report_water_data.Place) -> list[Line]:
    """Return the newest months that the place has water classes of."""
    return _water(of, "month", MONTHS)


def _water(of: report_water_data.Place, span: str, limit: int) -> list[Line]:
    rows = WaterSummary.objects.filter(series=of.place, span=span).order_by("-start")[:limit]
    found = []
    for row in rows:
        total = sum(row.counts)
        words = _("{count} 个断面，Ⅰ～Ⅲ类 {good}%，劣Ⅴ类 {bad}%").format(
            count=total, good=_rate(row.good_rate), bad=_rate(row.bad_rate)
        )
        found.append(Line(row.start, words=words if total else _("没有可评价的断面")))
    return found


def _rate(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"
