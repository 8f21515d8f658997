"""Who the analyses can look at: the viewer's points, places, rivers, enterprises, and the stations of noise."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from ecobureau.web.core.access import Viewer
from ecobureau.web.places import selectors as places
from ecobureau.web.places.door import visible
from ecobureau.web.places.models import Level
from ecobureau.web.sources import selectors as sources
from ecobureau.web.statistics.emission.selectors import of_outlet
from ecobureau.web.statistics.models import Medium, Series

NOISE = "noise"
NOISE_ST = "23"
"""System code ST of stations of the sound environment (HJ 212)."""


@dataclass(frozen=True, slots=True)
class Member:
    """A point, station or outlet behind a target: its name, and its series, station or outlet where it has one."""

    name: str
    series_id: int | None
    station_id: int | None
    outlet_id: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at.

    Attributes:
        key: as in addresses: `s` and the series, `n` and the noise station, `g` and the unit with noise stations.
        medium: air, water, noise or emission. kind: point, place, river or firm. members: what its values are of.
        series_id: the series of statistics, None for noise. outlet_medium: of an outlet, gas or waste water.
    """

    key: str
    medium: str
    kind: str
    name: str
    members: tuple[Member, ...]
    series_id: int | None = None
    outlet_medium: str | None = None

    @property
    def single(self) -> bool:
        """Whether it has values of its own (a point, any of air or emissions) and not only those of its members."""
        return self.kind == "point" or self.medium in (Medium.AIR, Medium.EMISSION)


def listed(viewer: Viewer, medium: str) -> list[tuple[str, str, str]]:
    """Return what can be looked at: (key, kind, name), places first, then rivers and points."""
    if medium == NOISE:
        units = [unit for unit in places.visible_units(viewer) if unit.level in (Level.CITY, Level.DISTRICT)]
        stations = list(
            sources.stations(viewer, st=NOISE_ST).order_by("name_sort", "pk").values_list("pk", "name", "org_path")
        )
        paths = [path for _, _, path in stations]
        found = [
            (f"g{unit.pk}", "place", unit.name) for unit in units if any(path.startswith(unit.path) for path in paths)
        ]
        return found + [(f"n{pk}", "point", name) for pk, name, _ in stations]
    order = {"place": 0, "river": 1, "firm": 1, "point": 2}
    rows = Series.objects.filter(visible(viewer), medium=medium).values_list("pk", "kind", "name")
    return sorted(((f"s{pk}", kind, name) for pk, kind, name in rows), key=lambda row: (order[row[1]], row[2], row[0]))


def target(viewer: Viewer, key: str) -> Target | None:
    """Return a target by its key; None when there is none or the viewer may not see it."""
    if len(key) < 2 or not key[1:].isdecimal() or len(key) > 12:
        return None
    number = int(key[1:])
    return {"s": _series, "n": _station, "g": _unit}.get(key[0], _none)(viewer, number)


def _none(viewer: Viewer, number: int) -> Target | None:
    return None


def _series(viewer: Viewer, number: int) -> Target | None:
    row = Series.objects.filter(visible(viewer), pk=number).select_related("outlet").first()
    if row is None:
        return None
    if row.medium == Medium.EMISSION:
        return _emitter(viewer, row)
    if row.kind == Series.Kind.POINT:
        own = (Member(row.name, row.pk, row.station_id),)
        return Target(f"s{number}", row.medium, "point", row.name, own, row.pk)
    of = Q(river=row) if row.kind == Series.Kind.RIVER else Q(parent=row) | Q(parent__parent=row)
    rows = Series.objects.filter(of, visible(viewer), kind=Series.Kind.POINT, assessed=True, medium=row.medium)
    members = tuple(Member(name, pk, station) for pk, name, station in rows.values_list("pk", "name", "station_id"))
    return Target(f"s{number}", row.medium, row.kind, row.name, members, row.pk)


def _emitter(viewer: Viewer, row: Series) -> Target:
    of = Q(pk=row.pk)
    if row.kind != Series.Kind.POINT:
        of = Q(parent=row) | Q(parent__parent=row) | Q(parent__parent__parent=row)
    rows = Series.objects.filter(of, visible(viewer), kind=Series.Kind.POINT, medium=Medium.EMISSION)
    if row.kind != Series.Kind.POINT:
        rows = rows.filter(assessed=True)
    members = tuple(Member(name, pk, None, outlet) for pk, name, outlet in rows.values_list("pk", "name", "outlet_id"))
    medium = None if row.outlet is None else row.outlet.medium
    return Target(f"s{row.pk}", row.medium, row.kind, row.name, members, row.pk, medium)


def _station(viewer: Viewer, number: int) -> Target | None:
    row = sources.station(viewer, number)
    if row is None or row.st != NOISE_ST:
        return None
    series = Series.objects.filter(visible(viewer), station=number, medium=Medium.NOISE).values_list("pk", flat=True)
    return Target(f"n{number}", NOISE, "point", row.name, (Member(row.name, series.first(), row.pk),))


def _unit(viewer: Viewer, number: int) -> Target | None:
    unit = next((one for one in places.visible_units(viewer) if one.pk == number), None)
    if unit is None:
        return None
    rows = sources.stations(viewer, st=NOISE_ST, district=unit.path).order_by("name_sort", "pk")
    stations = list(rows.values_list("pk", "name"))
    series = dict(
        Series.objects.filter(visible(viewer), station__in=[pk for pk, _ in stations], medium=Medium.NOISE).values_list(
            "station_id", "pk"
        )
    )
    members = tuple(Member(name, series.get(pk), pk) for pk, name in stations)
    return Target(f"g{number}", NOISE, "place", unit.name, members) if members else None


MEDIUM_OF_ST: dict[str, str] = {"21": Medium.WATER, "22": Medium.AIR, NOISE_ST: NOISE}


def of_station(viewer: Viewer, station_id: int) -> tuple[str, str] | None:
    """Return the medium of a station and its key, empty where no statistics follow it yet; None: no such station.

    A station of an outlet leads to the outlet's emissions; None while no statistics follow the outlet.
    """
    row = sources.station(viewer, station_id)
    if row is None:
        return None
    if row.st not in MEDIUM_OF_ST:
        series = None if row.outlet_id is None else of_outlet(row.outlet_id)
        return None if series is None else (Medium.EMISSION, f"s{series}")
    medium = MEDIUM_OF_ST[row.st]
    if medium == NOISE:
        return medium, f"n{station_id}"
    found = Series.objects.filter(visible(viewer), station=station_id, medium=medium).values_list("pk", flat=True)
    key = found.first()
    return medium, "" if key is None else f"s{key}"
