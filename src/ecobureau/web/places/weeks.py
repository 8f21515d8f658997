"""Reading rosters by the week: what days they are, which rosters there are, and where nobody is on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ecobureau import clock
from ecobureau.domain.workflow import rosters
from ecobureau.web.core.calendars import calendar, is_official, kind_of_day
from ecobureau.web.places.models import Organisation, Roster, Shift


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a roster's week: its kind (`work`, `weekend`, `holiday`, `make_up`) and whether that is official."""

    day: date
    kind: str
    official: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a roster needs somebody and has nobody."""

    roster: Roster
    starts: datetime
    ends: datetime


def week_days(monday: date) -> list[Day]:
    """Return the seven days of a week."""
    days = [monday + timedelta(days=step) for step in range(7)]
    return [Day(day, kind_of_day(day), is_official(day.year)) for day in days]


def rosters_of(unit: Organisation) -> list[Roster]:
    """Return the unit's own rosters in use, by name."""
    return list(Roster.objects.filter(organisation=unit, active=True).order_by("name"))


def roster(pk: int) -> Roster | None:
    """Return a roster with its unit, or None."""
    return Roster.objects.select_related("organisation").filter(pk=pk).first()


def gaps(unit: Organisation, monday: date) -> list[Gap]:
    """Return when in a week the unit's own rosters need somebody and have nobody, in two queries."""
    own = rosters_of(unit)
    begin = datetime.combine(monday, time(), clock.BEIJING)
    end = begin + timedelta(days=9)
    spans: dict[int, list[tuple[datetime, datetime]]] = {}
    rows = Shift.objects.filter(roster__in=own, starts__lt=end, ends__gt=begin)
    for roster_id, starts, ends in rows.values_list("roster_id", "starts", "ends"):
        spans.setdefault(roster_id, []).append((starts, ends))
    days = calendar()
    found: list[Gap] = []
    for each in own:
        hours = (each.needs_from, each.needs_to) if each.needs_from and each.needs_to else None
        wanted = (lambda day: True) if each.needs_rest_days else days.is_workday
        want = rosters.needed(monday, 7, hours, wanted)
        found += [Gap(each, starts, ends) for starts, ends in rosters.gaps(want, spans.get(each.pk, []))]
    return sorted(found, key=lambda gap: (gap.starts, gap.roster.name))
