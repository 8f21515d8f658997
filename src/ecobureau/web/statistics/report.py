"""The reports that the statistics publish: which there are, which days they exist for, and how one is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.paper import Document
from ecobureau.web.places.selectors import organisation
from ecobureau.web.statistics import (
    report_air_daily,
    report_air_data,
    report_air_monthly,
    report_water_daily,
    report_water_data,
    report_water_monthly,
)
from ecobureau.web.statistics.models import Series
from ecobureau.web.statistics.report_list import Line, air_days, air_months, water_days, water_months
from ecobureau.web.statistics.spans import first_of

MEDIA = ("air", "water")
PERIODS = ("daily", "monthly")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report: medium, period, its day or the first of its month, and the place."""

    medium: str
    period: str
    day: date
    place: Series


def name_of(medium: str, period: str) -> str:
    """Return the name of a kind of report."""
    names = {
        ("air", "daily"): _("环境空气质量日报"),
        ("air", "monthly"): _("环境空气质量月报"),
        ("water", "daily"): _("地表水水质日报"),
        ("water", "monthly"): _("地表水水质月报"),
    }
    return names[medium, period]


def places(viewer: Viewer, medium: str) -> list[Series]:
    """Return the places that the viewer may have reports of, the widest first."""
    return list(report_air_data.places(viewer) if medium == "air" else report_water_data.places(viewer))


def listed(viewer: Viewer, medium: str, period: str, place_id: int) -> list[Line]:
    """Return the reports that there are of a place, newest first."""
    if medium == "air":
        air = report_air_data.place(viewer, place_id)
        return [] if air is None else air_days(air) if period == "daily" else air_months(air)
    water = report_water_data.place(viewer, place_id)
    return [] if water is None else water_days(water) if period == "daily" else water_months(water)


def made(viewer: Viewer, asked: Asked, *, at: datetime, mark: str = "") -> Document | None:
    """Return a report, None where the viewer may not see the place or no rules are in force.

    Args:
        at: when it is made; only the file's properties hold it. mark: at the foot of each page.
    """
    author = author_of(asked.place)
    mark = _marked(mark)
    day = asked.day if asked.period == "daily" else first_of("month", asked.day)
    if asked.medium == "air":
        air = report_air_data.place(viewer, asked.place.pk)
        if air is None:
            return None
        make = report_air_daily.document if asked.period == "daily" else report_air_monthly.document
        return make(air, day, author=author, at=at, mark=mark)
    water = report_water_data.place(viewer, asked.place.pk)
    if water is None:
        return None
    tell = report_water_daily.document if asked.period == "daily" else report_water_monthly.document
    return tell(water, day, author=author, at=at, mark=mark)


def author_of(place: Series) -> str:
    """Return the bureau that issues reports of a place."""
    unit = organisation(place.org_path)
    name = unit.name if unit is not None else place.name
    return name if name.endswith("局") else _("{place}生态环境局").format(place=name)


def _marked(mark: str) -> str:
    demo = _("演示数据：企业、人员和数字都是虚构的") if settings.DEMO else ""
    return " · ".join(one for one in (demo, mark) if one)


def file_name(asked: Asked) -> str:
    """Return the name of a file without its ending."""
    when = asked.day.isoformat() if asked.period == "daily" else f"{asked.day:%Y-%m}"
    return f"{asked.place.name}{name_of(asked.medium, asked.period)} {when}"


def steps(asked: Asked, today: date) -> tuple[date, date | None]:
    """Return the day (or first of month) of the report before and after; no after beyond today."""
    if asked.period == "daily":
        before, after = asked.day - timedelta(days=1), asked.day + timedelta(days=1)
    else:
        start = first_of("month", asked.day)
        before = first_of("month", start - timedelta(days=1))
        after = first_of("month", start + timedelta(days=32))
    return before, after if after <= today else None
