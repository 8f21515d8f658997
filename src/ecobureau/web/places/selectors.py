"""The only readers of organisations, areas, memberships, rosters and shifts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from ecobureau import clock
from ecobureau.domain.geo import Shape, read_shape
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import visible
from ecobureau.web.places.models import Area, Level, Membership, Organisation, Shift

SNAP_M = 50.0
"""A point in the hair-thin gap between two outlines belongs to the nearest within this distance."""
_MARGIN_DEG = 0.001


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point lies on a day.

    Attributes:
        org_path: path of the deepest unit that holds it: grid, else district, else the city; empty outside.
        district: path of the district sub-centre, empty outside.
        grid: path of the grid, empty where none holds the point.
        district_name, grid_name: their names on that day's tree.
    """

    org_path: str
    district: str = ""
    grid: str = ""
    district_name: str = ""
    grid_name: str = ""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A person on duty; `stands_in_for` is whom he replaces, or None."""

    person_id: int
    name: str
    phone: str
    shift_id: int
    roster: str
    starts: datetime
    ends: datetime
    stands_in_for: int | None = None


_shapes: dict[tuple[int, float, float, float, float], Shape] = {}
_MOST_SHAPES = 4096


def locate(lon: float, lat: float, on: date) -> Located:
    """Return the district and grid that hold a point on the day `on`, by the polygons in force on that day.

    Args:
        lon, lat: degrees, WGS 84 / CGCS2000.
        on: day in Asia/Shanghai.
    """
    near = list(_areas_near(lon, lat, on))
    grid = _best([area for area in near if area.organisation.level == Level.GRID], lon, lat)
    if grid is not None:
        above = grid.organisation.parent
        return Located(
            grid.organisation.path,
            above.path if above else "",
            grid.organisation.path,
            above.name if above else "",
            grid.organisation.name,
        )
    district = _best([area for area in near if area.organisation.level == Level.DISTRICT], lon, lat)
    if district is not None:
        unit = district.organisation
        return Located(unit.path, unit.path, "", unit.name)
    city = _best([area for area in near if area.organisation.level == Level.CITY], lon, lat)
    return Located(city.organisation.path if city else "")


def _areas_near(lon: float, lat: float, on: date) -> QuerySet[Area]:
    in_force = Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gte=on))
    return (
        Area.objects.filter(
            in_force,
            min_lon__lte=lon + _MARGIN_DEG,
            max_lon__gte=lon - _MARGIN_DEG,
            min_lat__lte=lat + _MARGIN_DEG,
            max_lat__gte=lat - _MARGIN_DEG,
        )
        .select_related("organisation__parent")
        .defer("polygon")
        .order_by("organisation__path")
    )


def _best(areas: list[Area], lon: float, lat: float) -> Area | None:
    gaps = [(_shape(area).distance_m(lon, lat), area.organisation.path, area) for area in areas]
    close = [gap for gap in gaps if gap[0] <= SNAP_M]
    return min(close, key=lambda gap: gap[:2])[2] if close else None


def _shape(area: Area) -> Shape:
    """Polygons never change once written, so a parsed one is kept under its key and box."""
    key = (area.pk, area.min_lon, area.min_lat, area.max_lon, area.max_lat)
    if key not in _shapes:
        if len(_shapes) >= _MOST_SHAPES:
            _shapes.clear()
        _shapes[key] = read_shape(area.polygon)
    return _shapes[key]


def on_duty(unit: str | Organisation, at: datetime) -> list[OnDuty]:
    """Return who is on duty in a unit (path or row) at an instant, ordered by name; stand-ins in place of theirs."""
    path = unit if isinstance(unit, str) else unit.path
    shifts = (
        Shift.objects.filter(roster__organisation__path=path, roster__active=True, starts__lte=at, ends__gt=at)
        .select_related("roster", "person", "stand_in")
        .order_by("starts", "pk")
    )
    found = [_on_duty(shift) for shift in shifts]
    return sorted(found, key=lambda duty: (duty.name, duty.person_id))


def _on_duty(shift: Shift) -> OnDuty:
    who: Any = shift.stand_in or shift.person
    return OnDuty(
        who.pk,
        str(who),
        who.phone,
        shift.pk,
        shift.roster.name,
        shift.starts,
        shift.ends,
        shift.person_id if shift.stand_in_id else None,
    )


def organisation(path: str) -> Organisation | None:
    """Return the unit of a path, or None."""
    return Organisation.objects.filter(path=path).first()


def in_force(on: date) -> Q:
    """Return the condition of units that are in use on a day."""
    begun, open_end = Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gte=on)
    return Q(active=True) & begun & open_end


def in_use(unit: Organisation, on: date) -> bool:
    """Say whether a unit is in use on a day."""
    begun = unit.valid_from is None or unit.valid_from <= on
    return unit.active and begun and (unit.valid_to is None or unit.valid_to >= on)


def _today() -> date:
    return clock.beijing(clock.now()).date()


def root_path() -> str:
    """Return the path of the city centre, `/` before a city is loaded."""
    top = Organisation.objects.filter(level=Level.CITY, parent=None).order_by("pk").first()
    return top.path if top else "/"


def has_areas() -> bool:
    """Say whether any polygon is registered, so that `outside` has a meaning."""
    return Area.objects.exists()


def tree(below: str = "/", *, levels: tuple[str, ...] = ()) -> list[Organisation]:
    """Return the units in use today below a path, itself included, ordered by path; only of `levels` when given."""
    found = Organisation.objects.filter(in_force(_today()), path__startswith=below).order_by("path")
    return list(found.filter(level__in=levels) if levels else found)


def names_of(paths: set[str]) -> dict[str, str]:
    """Return the names of units by path."""
    return dict(Organisation.objects.filter(path__in=paths).values_list("path", "name"))


def areas_of(paths: Collection[str]) -> dict[str, str]:
    """Return the place that each department among `paths` answers for: the city or district it belongs to."""
    rows = Organisation.objects.filter(path__in=list(paths), level=Level.DEPARTMENT, parent__isnull=False)
    return dict(rows.values_list("path", "parent__path"))


def answers_for(unit: Organisation, org_path: str) -> bool:
    """Say whether a unit's place holds `org_path`: a grid, district or city by itself, a department by its parent."""
    above = unit.path.rstrip("/").rpartition("/")[0] + "/"
    return org_path.startswith(above if unit.level == Level.DEPARTMENT else unit.path)


def department_for(duty: str, org_path: str) -> Organisation | None:
    """Return the unit that has a duty nearest to a place: the district's own department first, then the city's.

    Args:
        duty: duty code of the matter table, for example `enforcement`.
        org_path: path of the place, for example `/wuhan/jiangan/g03/`.
    """
    parts = org_path.strip("/").split("/")
    above = ["/" + "/".join(parts[:depth]) + "/" for depth in range(len(parts), 0, -1)]
    with_duty = Organisation.objects.filter(in_force(_today()), duties__contains=[duty]).select_related("parent")
    candidates = [
        unit for unit in with_duty if (unit.parent.path if unit.parent else "") in above or unit.path in above
    ]
    return min(
        candidates,
        key=lambda unit: (
            above.index(unit.path) if unit.path in above else above.index(unit.parent.path if unit.parent else ""),
            unit.path,
        ),
        default=None,
    )


def members(unit: str, on: date, *, post: str | None = None) -> list[Membership]:
    """Return who belongs to a unit on a day, heads first."""
    found = (
        Membership.objects.filter(organisation__path=unit, valid_from__lte=on)
        .filter(Q(valid_to=None) | Q(valid_to__gte=on))
        .select_related("person")
        .order_by(F("post").asc(), "person__name_sort", "person_id")
    )
    return list(found.filter(post=post) if post else found)


def units_of(person_id: int, on: date) -> list[Organisation]:
    """Return the units a person belongs to on a day."""
    return list(
        Organisation.objects.filter(memberships__person_id=person_id, memberships__valid_from__lte=on)
        .filter(Q(memberships__valid_to=None) | Q(memberships__valid_to__gte=on))
        .distinct()
        .order_by("path")
    )


def outlines(on: date, *, level: str = Level.DISTRICT) -> dict[str, Any]:
    """Return the outlines of a level on a day as a GeoJSON FeatureCollection (WGS 84) for the map."""
    areas = (
        Area.objects.filter(organisation__level=level, organisation__active=True, valid_from__lte=on)
        .filter(Q(valid_to=None) | Q(valid_to__gte=on))
        .select_related("organisation")
        .order_by("organisation__path")
    )
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": area.organisation.division_code or area.organisation.path,
                "properties": {
                    "path": area.organisation.path,
                    "name": area.organisation.name,
                    "centre": [area.organisation.lon, area.organisation.lat],
                },
                "geometry": area.polygon,
            }
            for area in areas
        ],
    }


def visible_units(viewer: Viewer) -> list[Organisation]:
    """Return the active units that the viewer sees in the registry, ordered by path."""
    seen = visible(viewer, column="path")
    return list(Organisation.objects.filter(seen, active=True).order_by("path"))


def all_on_duty(at: datetime) -> dict[str, list[OnDuty]]:
    """Return who is on duty at an instant by the path of the unit, in one query."""
    running = (
        Shift.objects.filter(roster__active=True, starts__lte=at, ends__gt=at)
        .select_related("roster__organisation", "person", "stand_in")
        .order_by("starts", "pk")
    )
    found: dict[str, list[OnDuty]] = {}
    for row in running:
        found.setdefault(row.roster.organisation.path, []).append(_on_duty(row))
    return found


def shift(pk: int) -> Shift | None:
    """Return a shift with its roster, unit and people, or None."""
    return Shift.objects.select_related("roster__organisation", "person", "stand_in").filter(pk=pk).first()


def shifts(below: str, start: datetime, end: datetime) -> list[Shift]:
    """Return the shifts of the units below a path that touch [start, end), ordered by unit and time."""
    return list(
        Shift.objects.filter(roster__organisation__path__startswith=below, starts__lt=end, ends__gt=start)
        .select_related("roster__organisation", "person", "stand_in")
        .order_by("roster__organisation__path", "starts", "pk")
    )


def next_duty(person_id: int, after: datetime) -> datetime | None:
    """Return when a person's next shift begins after an instant, None where none is on a roster."""
    mine = Q(stand_in_id=person_id) | Q(person_id=person_id, stand_in__isnull=True)
    found = Shift.objects.filter(mine, roster__active=True, starts__gt=after).order_by("starts")
    return found.values_list("starts", flat=True).first()


def areas(unit: Organisation) -> list[Area]:
    """Return the unit's areas, the newest first."""
    return list(Area.objects.filter(organisation=unit).order_by("-valid_from"))


MOST_CORNERS = 300
"""An outline of more corners is looked at, not drawn anew by hand."""


def board(unit: Organisation, on: date) -> dict[str, Any]:
    """Return what the drawing board of a unit's area needs.

    Returns:
        `around`: outer rings of the unit above and of its other units on the day; `points`: corners of the unit's own
        area ([lon, lat], not closed) where it is one ring of at most MOST_CORNERS corners, else empty and around.
    """
    near = Q(organisation=unit) | Q(organisation=unit.parent) | Q(organisation__parent=unit.parent)
    rows = Area.objects.filter(near, valid_from__lte=on).filter(Q(valid_to=None) | Q(valid_to__gte=on))
    around: list[Any] = []
    points: list[Any] = []
    for area in rows.order_by("organisation__path"):
        whole = area.polygon["coordinates"]
        parts = whole if area.polygon["type"] == "MultiPolygon" else [whole]
        if area.organisation_id == unit.pk and len(parts) == 1 and len(parts[0]) == 1 and len(whole[0]) <= MOST_CORNERS:
            points = parts[0][0][:-1]
        else:
            around += [part[0] for part in parts]
    return {"around": around, "points": points}


def visible_unit(viewer: Viewer, path: str) -> Organisation | None:
    """Return one unit that the viewer sees in the registry, also one out of use."""
    seen = visible(viewer, column="path")
    return Organisation.objects.filter(seen, path=path).select_related("parent").first()


def visible_below(viewer: Viewer, unit: Organisation) -> list[Organisation]:
    """Return the units right below one that the viewer sees, also those out of use."""
    return list(Organisation.objects.filter(visible(viewer, column="path"), parent=unit).order_by("path"))


def duty_of(person_id: int, at: datetime) -> OnDuty | None:
    """Return the shift a person is on at an instant, as its own person or as the stand-in; None off duty."""
    shift = (
        Shift.objects.filter(roster__active=True, starts__lte=at, ends__gt=at)
        .filter(Q(stand_in_id=person_id) | Q(person_id=person_id, stand_in__isnull=True))
        .select_related("roster", "person", "stand_in")
        .order_by("starts")
        .first()
    )
    return _on_duty(shift) if shift is not None else None
