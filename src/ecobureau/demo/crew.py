"""Everybody who works in the demonstration city: the people of the login page, a crew for every district, rosters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from ecobureau import clock
from ecobureau.demo.accounts import grid_workers, make_person
from ecobureau.demo.people import HOME, PEOPLE, Person
from ecobureau.web.accounts.models import User
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import services as places
from ecobureau.web.places.models import Level, Organisation, Roster

ROSTER = "演示值班表"
WEEK = timedelta(days=7)
WEEKS_AHEAD = 1
DAY = timedelta(days=1)
DAY_WATCH = 8
"""Hour (Beijing) at which the day watch begins; the night watch 12 hours later."""


@transaction.atomic
def build_people(passwords: Mapping[str, str], now: datetime) -> int:
    """Make everybody who is not there yet, with role, unit and duty; returns how many people there are.

    Args:
        passwords: user name -> password, for those who may sign in; the others cannot.
        now: aware; roles and memberships begin the day before.
    """
    units = {unit.path: unit for unit in Organisation.objects.select_related("parent").order_by("path")}
    people = [*PEOPLE, *_crews(list(units.values()))]
    for person in people:
        grids = _grids_of(person, list(units.values()))
        user = make_person(person, passwords.get(person.username), grids, now)
        if user is not None:
            day = clock.beijing(now).date() - timedelta(days=1)
            places.add_member(SYSTEM, units[person.unit], user, post=person.post, valid_from=day)
    return len(people)


@transaction.atomic
def extend_rosters(now: datetime) -> int:
    """Let every unit's people be on duty from now on for a week at least; returns how many shifts were added.

    The city centre and the sub-centres keep watch by day and by night (08:00, 20:00), one person at a time; in the
    departments and grids everybody is on duty all week. A grid's duty lies with the grid workers of its district.
    """
    week = clock.beijing(now).replace(hour=0, minute=0, second=0, microsecond=0)
    week -= timedelta(days=week.weekday())
    added = 0
    for unit, people in _duties():
        roster = places.make_roster(SYSTEM, unit, ROSTER)
        if unit.level in (Level.CITY, Level.DISTRICT):
            added += _watches(roster, _watchers(people), week)
            continue
        taken = set(roster.shifts.filter(starts__gte=week).values_list("person_id", "starts"))
        for person in people:
            for turn in range(WEEKS_AHEAD + 1):
                starts = week + WEEK * turn
                if (person.pk, starts) not in taken:
                    places.add_shift(SYSTEM, roster, person, starts=starts, ends=starts + WEEK)
                    added += 1
    return added


def _watchers(people: Sequence[User]) -> list[User]:
    """Who keeps the desk of a centre: those of the desk's roles, with unit heads where too few; else everybody."""
    roles = {user: {row.role for row in user.assignments.all()} for user in people}
    for wanted in ({"duty_officer", "dispatcher"}, {"duty_officer", "dispatcher", "unit_head"}):
        found = [user for user in people if roles[user] & wanted]
        if len(found) > 1:
            return found
    return list(people)


def _watches(roster: Roster, people: Sequence[User], week: datetime) -> int:
    """Add the day and night watches of two weeks that are not there; the first keeps the day, the second the night."""
    there = list(roster.shifts.filter(ends__gt=week - DAY))
    taken = {shift.starts for shift in there}
    older = max((shift.ends for shift in there if shift.ends - shift.starts > DAY), default=None)
    added = 0
    for turn in range(-1, 14 * WEEKS_AHEAD):
        starts = week + DAY * turn + timedelta(hours=DAY_WATCH)
        for half, person in enumerate((people[0], people[1 % len(people)])):
            begins = starts + timedelta(hours=12 * half)
            if begins not in taken and (older is None or begins >= older):
                places.add_shift(SYSTEM, roster, person, starts=begins, ends=begins + timedelta(hours=12))
                added += 1
    return added


def _duties() -> list[tuple[Organisation, Sequence[User]]]:
    """Who stands watch where: the members of each unit; in the grids the grid workers that have them."""
    found: list[tuple[Organisation, Sequence[User]]] = []
    workers = grid_workers()
    for unit in Organisation.objects.filter(active=True).order_by("path"):
        if unit.level == Level.GRID:
            people: Sequence[User] = workers.get(unit.path, ())
        else:
            people = [one.person for one in unit.memberships.filter(valid_to=None).select_related("person")]
        if people:
            found.append((unit, people))
    return found


def _grids_of(person: Person, units: Sequence[Organisation]) -> list[str]:
    """The grids of a grid worker: those of the district, or the half that the name ends with."""
    if person.role != "grid_worker":
        return []
    grids = sorted(u.path for u in units if u.level == Level.GRID and u.path.startswith(person.place))
    if person.username.endswith("-a"):
        return grids[::2]
    if person.username.endswith("-b"):
        return grids[1::2]
    return grids


def _crews(units: Sequence[Organisation]) -> list[Person]:
    """Somebody for every unit that the login page does not staff. They cannot sign in."""
    found = []
    for unit in units:
        code = unit.code
        short = unit.name.removesuffix("分中心")
        if unit.level == Level.DISTRICT:
            if code != HOME:
                found.append(_extra(f"{code}-dispatch", "dispatcher", unit, f"演示·{short}调度"))
                found.append(_extra(f"{code}-head", "unit_head", unit, f"演示·{short}负责人", "head"))
                found.append(_extra(f"{code}-grid-a", "grid_worker", unit, f"演示·{short}网格甲"))
                found.append(_extra(f"{code}-grid-b", "grid_worker", unit, f"演示·{short}网格乙"))
        elif unit.level == Level.DEPARTMENT:
            parent = unit.parent.code if unit.parent else "city"
            if parent == HOME and code == "enforcement":
                continue
            title = short if parent == "wuhan" else f"{unit.name[:2]}{'执法' if code == 'enforcement' else '分局'}"
            for letter, name in (("a", "甲"), ("b", "乙")):
                number = f"演示-{parent}-{letter}" if code == "enforcement" else ""
                found.append(
                    _extra(f"{parent}-{code}-{letter}", "enforcement_officer", unit, f"演示·{title[:12]}{name}",
                           certificate=number)
                )  # fmt: skip
    return found


def _extra(
    username: str, role: str, unit: Organisation, name: str, post: str = "member", certificate: str = ""
) -> Person:
    return Person(
        username, role, unit.path, unit.path, name, username, role, role, unit.name, unit.name, post, certificate
    )
