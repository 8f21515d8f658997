"""Writing rosters week by week: the hours that need somebody, and a week copied to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from ecobureau import clock
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.calendars import calendar
from ecobureau.web.places.changes import note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.models import Organisation, Roster, Shift
from ecobureau.web.places.problems import invalid

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Copied:
    """What copying a week did: shifts made; left out since the person is on that roster then, or the day is free."""

    made: int
    taken: int
    free: int


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.BEIJING)


@transaction.atomic
def copy_week(actor: Viewer, unit: Organisation, source: date, target: date) -> Copied:
    """Copy the shifts of a unit's rosters that begin in the week of `source` into the week of `target`.

    Stand-ins are not copied: they stand in once. What is there already stays. Shifts that fall on a free day are left
    out where the roster needs nobody on free days.

    Args:
        source, target: Mondays.

    Raises:
        Invalid: the same week, not Mondays, or a target that is over.
    """
    must_change(actor, unit.path, what="roster")
    if source.weekday() or target.weekday() or source == target:
        raise invalid("target", "registry.week.pair")
    if _midnight(target) + WEEK <= clock.now():
        raise invalid("target", "registry.week.over", first=target.isoformat())
    move, days = target - source, calendar()
    there = Shift.objects.filter(roster__organisation=unit, roster__active=True)
    begin = _midnight(source)
    wanted = there.filter(starts__gte=begin, starts__lt=begin + WEEK).select_related("roster").order_by("starts", "pk")
    busy = list(
        there.filter(ends__gt=begin + move, starts__lt=begin + move + 2 * WEEK).values_list(
            "roster_id", "person_id", "starts", "ends"
        )
    )
    fresh: list[Shift] = []
    taken = free = 0
    for shift in wanted:
        starts, ends = shift.starts + move, shift.ends + move
        if not shift.roster.needs_rest_days and not days.is_workday(clock.beijing(starts).date()):
            free += 1
        elif any(
            (row[0], row[1]) == (shift.roster_id, shift.person_id) and row[2] < ends and starts < row[3] for row in busy
        ):
            taken += 1
        else:
            fresh.append(Shift(roster=shift.roster, person_id=shift.person_id, starts=starts, ends=ends))
            busy.append((shift.roster_id, shift.person_id, starts, ends))
    Shift.objects.bulk_create(fresh)
    if fresh:
        note_change(
            actor,
            "week",
            unit,
            number=unit.path,
            source=source,
            target=target,
            shifts=len(fresh),
            taken=taken,
            free=free,
        )
    return Copied(len(fresh), taken, free)


@transaction.atomic
def set_hours(
    actor: Viewer, roster: Roster, *, needs_from: time | None, needs_to: time | None, needs_rest_days: bool
) -> Roster:
    """Say when a roster must have somebody on duty; both times empty = around the clock.

    Raises:
        Invalid: only one of the two times.
    """
    must_change(actor, roster.organisation.path, what="roster")
    if (needs_from is None) != (needs_to is None):
        raise invalid("needs_to", "registry.roster.hours")
    roster = Roster.objects.select_for_update().get(pk=roster.pk)
    roster.needs_from, roster.needs_to, roster.needs_rest_days = needs_from, needs_to, needs_rest_days
    roster.save(update_fields=["needs_from", "needs_to", "needs_rest_days"])
    note_change(
        actor,
        "roster_hours",
        roster.organisation,
        number=roster.organisation.path,
        roster=roster.name,
        hours=f"{needs_from}–{needs_to}" if needs_from else "",
        rest_days=needs_rest_days,
    )
    return roster
