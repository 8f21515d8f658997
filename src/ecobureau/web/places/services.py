"""The only writers of organisations, areas, memberships, rosters and shifts. Every change is audited."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from ecobureau import clock
from ecobureau.domain.geo import Shape, System, read_shape, to_wgs84
from ecobureau.web.accounts.models import User
from ecobureau.web.core import placenames
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.changes import differences, note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.models import Area, Level, Membership, Organisation, Roster, Shift
from ecobureau.web.places.names import initials, sort_key
from ecobureau.web.places.problems import invalid

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CHANGEABLE = {"name", "division_code", "duties", "phone", "lon", "lat", "active", "valid_from", "valid_to"}
_MAY_HOLD = {
    None: {Level.CITY},
    Level.CITY: {Level.DISTRICT, Level.DEPARTMENT},
    Level.DISTRICT: {Level.GRID, Level.DEPARTMENT},
    Level.DEPARTMENT: {Level.DEPARTMENT},
    Level.GRID: set(),
}


@transaction.atomic
def make_organisation(
    actor: Viewer,
    *,
    parent: Organisation | None,
    code: str,
    level: str,
    name: str,
    division_code: str = "",
    duties: list[str] | tuple[str, ...] = (),
    phone: str = "",
    lon: float | None = None,
    lat: float | None = None,
) -> Organisation:
    """Add a unit below `parent` (None: the city centre). Its path is the parent's path with `code` and a slash.

    Raises:
        Invalid: bad code, level that does not fit below the parent, name missing, path taken.
    """
    must_change(actor, parent.path if parent else "/")
    unit = _new_unit(
        parent,
        code=code,
        level=level,
        name=name,
        division_code=division_code,
        duties=list(duties),
        phone=phone,
        lon=lon,
        lat=lat,
    )
    if Organisation.objects.filter(path=unit.path).exists():
        raise invalid("code", "registry.org.taken", value=unit.path)
    unit.save(force_insert=True)
    placenames.forget()
    note_change(actor, "make", unit, number=unit.path, name=unit.name, level=level)
    return unit


def _new_unit(parent: Organisation | None, *, code: str, level: str, name: str, **fields: Any) -> Organisation:
    """Return an unsaved unit, checked."""
    if not _CODE.fullmatch(code):
        raise invalid("code", "registry.org.code", value=code)
    if level not in Level.values:
        raise invalid("level", "registry.choice", value=level, choices=", ".join(Level.values))
    if level not in _MAY_HOLD[Level(parent.level) if parent else None]:
        raise invalid("level", "registry.org.level", value=level, parent=parent.path if parent else "/")
    if not name.strip():
        raise invalid("name", "registry.missing")
    now = clock.now()
    return Organisation(
        parent=parent,
        code=code,
        path=f"{parent.path if parent else '/'}{code}/",
        level=level,
        name=name.strip(),
        name_sort=sort_key(name.strip()),
        initials=initials(name.strip()),
        created_at=now,
        updated_at=now,
        **fields,
    )


@transaction.atomic
def make_organisations(actor: Viewer, parent: Organisation | None, specs: Sequence[Mapping[str, Any]]) -> int:
    """Add many units below `parent` at once, with one audit line; those whose path is there stay as they are.

    Args:
        specs: arguments of `make_organisation` but `parent`.

    Returns:
        How many were added.
    """
    must_change(actor, parent.path if parent else "/")
    units = [_new_unit(parent, **{**spec, "duties": list(spec.get("duties", ()))}) for spec in specs]
    there = set(Organisation.objects.filter(path__in=[unit.path for unit in units]).values_list("path", flat=True))
    fresh = [unit for unit in units if unit.path not in there]
    Organisation.objects.bulk_create(fresh)
    placenames.forget()
    if fresh:
        note_change(actor, "make_many", parent or fresh[0], number=parent.path if parent else "/", units=len(fresh))
    return len(fresh)


@transaction.atomic
def set_first_areas(
    actor: Viewer, shapes: Sequence[tuple[Organisation, Shape]], *, valid_from: date, source: str, system: str
) -> int:
    """Give many units their first area (WGS 84 already) at once, with one audit line; returns how many were given.

    Args:
        source, system: where the outlines come from and the system they stood in.
    """
    must_change(actor, "/")
    having = set(Area.objects.values_list("organisation_id", flat=True))
    fresh = [(unit, shape) for unit, shape in shapes if unit.pk not in having]
    rows = [_area(unit, shape, valid_from, None, system, source) for unit, shape in fresh]
    Area.objects.bulk_create(rows)
    if fresh:
        note_change(actor, "areas", fresh[0][0], number=source, areas=len(rows), since=valid_from)
    return len(rows)


def _area(unit: Organisation, shape: Shape, valid_from: date, valid_to: date | None, system: str, source: str) -> Area:
    box = shape.box
    return Area(
        organisation=unit,
        polygon=shape.to_geojson(),
        min_lon=box.min_lon,
        min_lat=box.min_lat,
        max_lon=box.max_lon,
        max_lat=box.max_lat,
        source=source,
        source_system=system,
        valid_from=valid_from,
        valid_to=valid_to,
    )


@transaction.atomic
def change_organisation(actor: Viewer, unit: Organisation, **changes: Any) -> Organisation:
    """Change fields of a unit: name, duties, phone, place, days, active and more. The path stays for ever.

    Raises:
        Invalid: a field that cannot be changed, an empty name, days the wrong way round, or an end while units below it
            are still in use.
    """
    must_change(actor, unit.path)
    unknown = changes.keys() - _CHANGEABLE
    if unknown:
        raise invalid(min(unknown), "registry.fixed")
    if "name" in changes and not str(changes["name"]).strip():
        raise invalid("name", "registry.missing")
    unit = Organisation.objects.select_for_update().get(pk=unit.pk)
    _check_life(unit, changes)
    before = differences(unit, changes)
    if not before:
        return unit
    for key, value in changes.items():
        setattr(unit, key, value)
    unit.name_sort, unit.initials = sort_key(unit.name), initials(unit.name)
    unit.updated_at = clock.now()
    unit.save()
    placenames.forget()
    note_change(actor, "change", unit, number=unit.path, changed=before)
    return unit


def _check_life(unit: Organisation, changes: Mapping[str, Any]) -> None:
    first = changes.get("valid_from", unit.valid_from)
    last = changes.get("valid_to", unit.valid_to)
    if first is not None and last is not None and last < first:
        raise invalid("valid_to", "registry.dates", first=first.isoformat(), last=last.isoformat())
    if changes.get("active", True) is False and unit.active:
        below = unit.children.filter(active=True).first()
        if below is not None:
            raise invalid("active", "registry.org.has_children", name=below.name)


@transaction.atomic
def set_area(
    actor: Viewer,
    unit: Organisation,
    polygon: dict[str, Any],
    *,
    valid_from: date,
    valid_to: date | None = None,
    system: str = System.WGS84,
    source: str = "",
) -> Area:
    """Give a unit a polygon from a day on. An open earlier polygon ends the day before; nothing else is cut short.

    Args:
        polygon: GeoJSON Polygon or MultiPolygon in `system`; kept in WGS 84.
        valid_from: first day in force; `valid_to`: last day, None = open.

    Raises:
        Invalid: unreadable polygon, dates the wrong way round, or a span that overlaps another.
    """
    must_change(actor, unit.path)
    if valid_to is not None and valid_to < valid_from:
        raise invalid("valid_to", "registry.dates", first=valid_from.isoformat(), last=valid_to.isoformat())
    try:
        shape = read_shape(polygon)
        if system != System.WGS84:
            shape = shape.moved(lambda lon, lat: to_wgs84(lon, lat, system))
    except ValueError as error:
        raise invalid("polygon", "registry.polygon", why=str(error)) from error
    Area.objects.filter(organisation=unit, valid_to=None, valid_from__lt=valid_from).update(
        valid_to=valid_from - timedelta(days=1)
    )
    area = _area(unit, shape, valid_from, valid_to, system, source)
    try:
        with transaction.atomic():
            area.save(force_insert=True)
    except IntegrityError as error:
        raise invalid("valid_from", "registry.overlap", first=valid_from.isoformat()) from error
    note_change(actor, "area", unit, number=unit.path, since=valid_from.isoformat(), source=source)
    return area


@transaction.atomic
def add_member(
    actor: Viewer,
    unit: Organisation,
    person: User,
    *,
    post: str = Membership.Post.MEMBER,
    valid_from: date,
    valid_to: date | None = None,
) -> Membership:
    """Let a person belong to a unit from a day on; a running membership of the same post is returned as it is.

    Raises:
        Invalid: unknown post, or dates the wrong way round.
    """
    must_change(actor, unit.path)
    if post not in Membership.Post.values:
        raise invalid("post", "registry.choice", value=post, choices=", ".join(Membership.Post.values))
    if valid_to is not None and valid_to < valid_from:
        raise invalid("valid_to", "registry.dates", first=valid_from.isoformat(), last=valid_to.isoformat())
    running = Membership.objects.filter(organisation=unit, person=person, post=post, valid_to=None).first()
    if running:
        return running
    member = Membership.objects.create(
        organisation=unit, person=person, post=post, valid_from=valid_from, valid_to=valid_to
    )
    note_change(actor, "member", unit, number=unit.path, person=person.pk, post=post)
    return member


@transaction.atomic
def end_member(actor: Viewer, member: Membership, last_day: date) -> None:
    """End a membership with `last_day`.

    Raises:
        Invalid: the day lies before its first.
    """
    must_change(actor, member.organisation.path)
    if last_day < member.valid_from:
        raise invalid("valid_to", "registry.dates", first=member.valid_from.isoformat(), last=last_day.isoformat())
    member.valid_to = last_day
    member.save(update_fields=["valid_to"])
    note_change(actor, "member_end", member.organisation, person=member.person_id)


@transaction.atomic
def make_roster(actor: Viewer, unit: Organisation, name: str) -> Roster:
    """Return the unit's roster of that name, made if it is not there."""
    must_change(actor, unit.path, what="roster")
    if not name.strip():
        raise invalid("roster", "registry.missing")
    roster, made = Roster.objects.get_or_create(organisation=unit, name=name.strip())
    if made:
        note_change(actor, "roster", unit, number=unit.path, roster=roster.name)
    return roster


@transaction.atomic
def add_shift(
    actor: Viewer,
    roster: Roster,
    person: User,
    *,
    starts: datetime,
    ends: datetime,
    stand_in: User | None = None,
    reason: str = "",
) -> Shift:
    """Put a person on duty from `starts` (included) to `ends` (not included).

    Raises:
        Invalid: no zone, the wrong way round, longer than 7 days, stands in for himself, or the person is on this
            roster then already.
    """
    must_change(actor, roster.organisation.path, what="roster")
    _check_span(starts, ends)
    _check_stand_in(person, stand_in)
    try:
        with transaction.atomic():
            shift = Shift.objects.create(
                roster=roster, person=person, starts=starts, ends=ends, stand_in=stand_in, reason=reason
            )
    except IntegrityError as error:
        raise invalid("starts", "registry.shift.overlap", name=str(person), starts=_minute(starts)) from error
    note_change(
        actor,
        "shift",
        roster.organisation,
        number=roster.organisation.path,
        person=person.pk,
        starts=starts.isoformat(),
        ends=ends.isoformat(),
    )
    return shift


@transaction.atomic
def set_stand_in(actor: Viewer, shift: Shift, stand_in: User | None, reason: str) -> Shift:
    """Let somebody else take a whole shift over (None: give it back).

    Raises:
        Invalid: no reason given, or the person stands in for himself.
    """
    must_change(actor, shift.roster.organisation.path, what="roster")
    if stand_in is not None and not reason.strip():
        raise invalid("reason", "registry.missing")
    _check_stand_in(shift.person, stand_in)
    shift = Shift.objects.select_for_update().get(pk=shift.pk)
    shift.stand_in, shift.reason = stand_in, reason.strip()
    shift.save(update_fields=["stand_in", "reason"])
    note_change(
        actor,
        "stand_in",
        shift.roster.organisation,
        number=shift.roster.organisation.path,
        shift=shift.pk,
        stand_in=stand_in.pk if stand_in else None,
        reason=reason,
    )
    return shift


@transaction.atomic
def remove_shift(actor: Viewer, shift: Shift) -> None:
    """Take a shift off the roster that has not begun.

    Raises:
        Invalid: it has begun; it stays as it was.
    """
    must_change(actor, shift.roster.organisation.path, what="roster")
    if shift.starts <= clock.now():
        raise invalid("starts", "registry.shift.begun", starts=_minute(shift.starts))
    unit, was = shift.roster.organisation, {"person": shift.person_id, "starts": shift.starts.isoformat()}
    shift.delete()
    note_change(actor, "shift_off", unit, number=unit.path, **was)


def _check_span(starts: datetime, ends: datetime) -> None:
    if starts.tzinfo is None or ends.tzinfo is None:
        raise invalid("starts", "registry.zone")
    if ends <= starts:
        raise invalid("ends", "registry.dates", first=_minute(starts), last=_minute(ends))
    if ends - starts > timedelta(days=7):
        raise invalid("ends", "registry.shift.long", starts=_minute(starts), ends=_minute(ends))


def _check_stand_in(person: User, stand_in: User | None) -> None:
    if stand_in is not None and stand_in.pk == person.pk:
        raise invalid("stand_in", "registry.shift.himself")


def _minute(instant: datetime) -> str:
    return clock.beijing(instant).strftime("%Y-%m-%d %H:%M")
