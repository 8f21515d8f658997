"""What all writers of the registry share: places, checks of fields, saving with an audit line, waking the gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import connection, models

from ecobureau import clock
from ecobureau.domain.geo import to_wgs84
from ecobureau.web.core.access import Viewer
from ecobureau.web.places import selectors as places
from ecobureau.web.places.changes import differences, note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.names import initials, sort_key
from ecobureau.web.places.problems import Invalid, Problem, invalid
from ecobureau.web.sources import codes
from ecobureau.web.sources.models import CoordinateSystem, Placed

STATIONS_CHANNEL = "eb_stations"
PLACE_FIELDS = ("lon", "lat", "system", "org_path")
PlacedRow = TypeVar("PlacedRow", bound=Placed)


def notify_stations() -> None:
    """Tell the gateways, when the transaction commits, that what they know of stations has changed."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, '')", [STATIONS_CHANNEL])


def next_revision() -> int:
    """Return a number larger than any given before."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('sources_revision')")
        (number,) = cursor.fetchone() or (0,)
        return int(number)


def where(fields: Mapping[str, Any], *, fallback: Placed | None = None) -> dict[str, Any]:
    """Return the columns of a place from `lon`, `lat`, `system`, `org_path`.

    Coordinates decide the unit; without them `org_path`, else the place of `fallback`, else the city centre.

    Raises:
        Invalid: half a pair, no place on Earth, outside the city, unknown unit.
    """
    lon, lat, system = fields.get("lon"), fields.get("lat"), fields.get("system") or CoordinateSystem.WGS84
    if (lon is None) != (lat is None):
        raise invalid("lon" if lon is None else "lat", "registry.place.pair")
    if system not in CoordinateSystem.values:
        raise invalid("system", "registry.choice", value=system, choices=", ".join(CoordinateSystem.values))
    path = _known_path(fields.get("org_path"))
    if lon is None or lat is None:
        return _where_else(path, fallback)
    try:
        east, north = to_wgs84(float(lon), float(lat), system)
    except ValueError as error:
        raise invalid("lon", "registry.place", lon=lon, lat=lat) from error
    found = places.locate(east, north, clock.beijing(clock.now()).date())
    if not found.org_path and not path and places.has_areas():
        raise invalid("lon", "registry.place.outside", lon=lon, lat=lat)
    return {
        "lon": round(east, 7),
        "lat": round(north, 7),
        "source_lon": lon,
        "source_lat": lat,
        "source_system": system,
        "org_path": found.org_path or path or places.root_path(),
    }


def _known_path(path: str | None) -> str:
    if path and places.organisation(path) is None:
        raise invalid("org_path", "registry.org.unknown", value=path)
    return path or ""


def _where_else(path: str, fallback: Placed | None) -> dict[str, Any]:
    if path or fallback is None:
        return {"org_path": path or places.root_path()}
    names = ("lon", "lat", "source_lon", "source_lat", "source_system", "org_path")
    return {name: getattr(fallback, name) for name in names}


def check_fields(row: models.Model) -> None:
    """Check every text and choice column of an unsaved row.

    Raises:
        Invalid: all that is wrong, one problem a field.
    """
    found = [problem for column in row._meta.concrete_fields if (problem := _problem(column, row)) is not None]
    if found:
        raise Invalid(*found)


def _problem(column: Any, row: models.Model) -> Problem | None:
    if not column.editable or not isinstance(column, models.CharField):
        return None
    value = getattr(row, column.attname)
    if value in (None, ""):
        return None if column.blank or column.null else Problem(column.name, "registry.missing")
    values = [key for key, _name in column.choices or ()]
    if values and value not in values:
        return Problem(column.name, "registry.choice", {"value": value, "choices": ", ".join(values)})
    if column.max_length and len(value) > column.max_length:
        return Problem(column.name, "registry.too_long", {"length": len(value), "most": column.max_length})
    return None


def add_placed(actor: Viewer, row: PlacedRow, number: str) -> PlacedRow:
    """Check, save and audit a new row with a place, and give it its public code."""
    must_change(actor, row.org_path)
    row.name = row.name.strip()
    row.name_sort, row.initials = sort_key(row.name), initials(row.name)
    row.created_at = row.updated_at = clock.now()
    check_fields(row)
    row.save(force_insert=True)
    note_change(actor, "make", row, number=number, name=row.name, org_path=row.org_path)
    if codes.subject(row._meta.model_name or ""):
        codes.issue_all(row._meta.model_name or "", [row.pk], actor)
    return row


def change_placed(
    actor: Viewer, row: PlacedRow, changes: dict[str, Any], *, changeable: set[str], number: str
) -> tuple[PlacedRow, dict[str, list[Any]]]:
    """Change a row with a place; returns it and `{field: [before, after]}` of what really changed.

    Raises:
        Invalid: a fixed field, or a value that cannot be.
    """
    unknown = changes.keys() - changeable - set(PLACE_FIELDS) - {"name", "address", "active"}
    if unknown:
        raise invalid(min(unknown), "registry.fixed")
    row = type(row)._default_manager.select_for_update().get(pk=row.pk)
    must_change(actor, row.org_path)
    if changes.keys() & set(PLACE_FIELDS):
        given = {name: changes.pop(name) for name in PLACE_FIELDS if name in changes}
        if given.keys() & {"lon", "lat"} or given.get("org_path", row.org_path) != row.org_path:
            changes |= where(given)
            must_change(actor, changes["org_path"])
    changed = differences(row, changes)
    if not changed:
        return row, {}
    for name, value in changes.items():
        setattr(row, name, value)
    row.name = row.name.strip()
    row.name_sort, row.initials = sort_key(row.name), initials(row.name)
    row.updated_at = clock.now()
    check_fields(row)
    row.save()
    note_change(actor, "change", row, number=number, changed=changed)
    return row, changed
