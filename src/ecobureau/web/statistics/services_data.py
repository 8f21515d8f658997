"""Series, hours and published days. Each write leaves the days it touches dirty, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from ecobureau.clock import BEIJING, now
from ecobureau.web.statistics import stations
from ecobureau.web.statistics.models import (
    Cause,
    Day,
    Dirty,
    EmissionSummary,
    Hours,
    Medium,
    PointChange,
    Revision,
    Series,
)
from ecobureau.web.statistics.writing import put_rows

LATE_AFTER = timedelta(days=1)
"""Hours that come later than this after their day's end are late."""

UNITS = {
    "air": {item: "mg/m3" if item == "co" else "ug/m3" for item in ("so2", "no2", "pm10", "pm2_5", "co", "o3")},
    "water": {
        "ph": "1",
        "do": "mg/L",
        "codmn": "mg/L",
        "nh3n": "mg/L",
        "tp": "mg/L",
        "tn": "mg/L",
        "chla": "mg/m3",
        "sd": "m",
    },
    "noise": {
        "leq": "dB",
        "l5": "dB",
        "l10": "dB",
        "l50": "dB",
        "l90": "dB",
        "l95": "dB",
        "lmax": "dB",
        "lmin": "dB",
        "wind": "m/s",
    },
}
"""Units in which the statistics keep the items of each medium."""

ALWAYS = date(2000, 1, 1)
"""Before any statistics."""


@dataclass(frozen=True, slots=True)
class DayOfHours:
    """The hours of an item on a day: 24 values ending 01:00 … 24:00, None = none, in the unit of `UNITS`."""

    series_id: int
    item: str
    day: date
    hours: Sequence[float | None]


@transaction.atomic
def put_series(
    *,
    kind: str,
    code: str,
    name: str,
    org_path: str,
    medium: str = Medium.AIR,
    parent: Series | None = None,
    station_id: int | None = None,
    assessed: bool = True,
    river: Series | None = None,
    body: str = "",
    zone: str = "",
    outlet_id: int | None = None,
) -> Series:
    """Make a series, or bring the one of that medium and code up to date.

    A point that counts or not from now on, or counts elsewhere, has the earlier days of its places computed anew.
    """
    fields = {
        "kind": kind,
        "name": name,
        "org_path": org_path,
        "parent": parent,
        "station_id": station_id,
        "assessed": assessed,
        "river": river,
        "body": body,
        "zone": zone,
        "outlet_id": outlet_id,
    }
    old = Series.objects.select_for_update(of=("self",)).filter(medium=medium, code=code).first()
    above = places_above(old) if old is not None else set()
    found, _ = Series.objects.update_or_create(
        medium=medium, code=code, defaults=fields, create_defaults={**fields, "created_at": now()}
    )
    if old is not None and old.assessed != assessed:
        change_point(found, assessed=assessed, since=ALWAYS, reason=name, by=None, before=old.assessed)
    if old is not None and above != places_above(found):
        soil_places(above | places_above(found), found, ALWAYS, reason=name)
    return found


def place_of(medium: str, org_path: str) -> Series | None:
    """Return the series of the smallest city or district that a path lies in, made with those above it if need be."""
    above: Series | None = None
    for unit in stations.places_above(org_path):
        above = put_series(
            medium=medium, kind=Series.Kind.PLACE, code=unit.path, name=unit.name, org_path=unit.path, parent=above
        )
    return above


def places_above(series: Series) -> set[int]:
    """Return the enterprise, the places, the river and its basin that a point may count towards."""
    found: set[int] = set()
    for above in (series.parent, series.river):
        while above is not None:
            found.add(above.pk)
            above = above.parent
    return found


def change_point(
    series: Series, *, assessed: bool, since: date, reason: str, by: int | None, before: bool
) -> PointChange:
    """Keep that a point counts, or not, since a day, and leave the days of its places dirty from then on."""
    made = PointChange.objects.create(
        series=series, since=since, before=before, assessed=assessed, reason=reason[:200], by_id=by, at=now()
    )
    soil_places(places_above(series), series, since, reason=reason)
    return made


def soil_places(places: Iterable[int], series: Series, since: date, *, reason: str) -> None:
    """Leave dirty those days of places from `since` on for which a point has figures."""
    if series.medium == Medium.EMISSION:
        kept = EmissionSummary.objects.filter(series=series, span="day", start__gte=since)
        days = set(kept.values_list("start", flat=True))
    else:
        days = set(Day.objects.filter(series=series, day__gte=since).values_list("day", flat=True))
    some = list(places)
    soil({(place, day): Cause.POINTS for day in days for place in some}, reason=reason)


@transaction.atomic
def put_hours(rows: Iterable[DayOfHours], *, source: str) -> int:
    """Write hours as they came. An hour that is there already is revised; None takes nothing away.

    Args:
        rows: days of hours, each (series, item, day) once.
        source: where they come from, shown beside them.

    Returns:
        How many rows were new or changed.

    Raises:
        ValueError: not 24 hours, an item that the medium of the series does not have, or a negative or infinite value.
    """
    given = {(row.series_id, row.item, row.day): row for row in rows}
    media = dict(Series.objects.filter(pk__in={key[0] for key in given}).values_list("pk", "medium"))
    for row in given.values():
        _check(row, media.get(row.series_id, ""))
    known = {
        (one.series_id, one.item, one.day): one
        for one in Hours.objects.select_for_update().filter(
            series__in={key[0] for key in given}, day__in={key[2] for key in given}
        )
    }
    at = now()
    made: list[Hours] = []
    causes: dict[tuple[int, date], str] = {}
    for key, row in given.items():
        old = known.get(key)
        hours = list(row.hours) if old is None else _merged(old.hours, row.hours)
        if old is not None and hours == old.hours:
            continue
        made.append(
            Hours(
                series_id=row.series_id,
                item=row.item,
                day=row.day,
                hours=hours,
                source=source[:80],
                revision=0 if old is None else old.revision + 1,
                updated_at=at,
            )
        )
        causes[row.series_id, row.day] = _cause(old, row, at)
    put_rows(made, unique=["series", "day", "item"], fields=["hours", "source", "revision", "updated_at"])
    soil(causes, reason=source)
    return len(made)


def _check(row: DayOfHours, medium: str) -> None:
    if row.item not in UNITS.get(medium, {}):
        raise ValueError(f"no such item: {row.item}")
    if len(row.hours) != 24:
        raise ValueError(f"a day has 24 hours, not {len(row.hours)}")
    if any(hour is not None and not 0 <= hour < 1e6 for hour in row.hours):
        raise ValueError(f"no concentration: {row.item} {row.day}")


def _merged(old: Sequence[float | None], new: Sequence[float | None]) -> list[float | None]:
    return [before if hour is None else hour for before, hour in zip(old, new, strict=True)]


def _cause(old: Hours | None, row: DayOfHours, at: datetime) -> str:
    if old is not None and any(
        before is not None and hour is not None and before != hour
        for before, hour in zip(old.hours, row.hours, strict=True)
    ):
        return Cause.REVISED
    end = datetime.combine(row.day + timedelta(days=1), datetime.min.time(), BEIJING)
    return Cause.LATE if at > end + LATE_AFTER else Cause.NEW


def compute_again(first: date, last: date, medium: str) -> int:
    """Leave every day from `first` to `last` that a medium has hours for dirty; figures that differ leave revisions.

    Returns:
        How many days of series that are.
    """
    if medium == Medium.EMISSION:
        days = EmissionSummary.objects.filter(series__outlet__isnull=False, span="day", start__range=(first, last))
        keys = set(days.values_list("series_id", "start"))
    else:
        rows = Hours.objects.filter(series__medium=medium, day__gte=first, day__lte=last)
        keys = set(rows.values_list("series_id", "day"))
    soil(dict.fromkeys(keys, Cause.RULES))
    return len(keys)


def soil(causes: Mapping[tuple[int, date], str], *, reason: str = "") -> None:
    """Leave days to be computed by the worker: (series, day) to cause."""
    at = now()
    Dirty.objects.bulk_create(
        [
            Dirty(series_id=series, day=day, cause=cause, reason=reason[:200], made_at=at)
            for (series, day), cause in causes.items()
        ],
        batch_size=5_000,
    )


@transaction.atomic
def put_days(rows: Iterable[tuple[int, str, date, float]], *, source: str) -> int:
    """Write daily figures that were published elsewhere, as they are; a day that has hours of its own is left alone.

    One that was published otherwise before leaves a revision.

    Args:
        rows: (series, item, day, value), ug/m3, CO mg/m3, ozone as the highest 8-hour mean.

    Returns:
        How many rows were new or changed.
    """
    given = {(series, item, day): value for series, item, day, value in rows}
    series, days = {key[0] for key in given}, {key[2] for key in given}
    own = set(Hours.objects.filter(series__in=series, day__in=days).values_list("series_id", "item", "day"))
    known = {
        (row.series_id, row.item, row.day): row for row in Day.objects.filter(series__in=series, day__in=days, parts=0)
    }
    made: list[Day] = []
    revisions: list[Revision] = []
    causes: dict[tuple[int, date], str] = {}
    for (one, item, day), value in given.items():
        old = known.get((one, item, day))
        if (one, item, day) in own or (old is not None and old.valid and old.value == value):
            continue
        made.append(Day(series_id=one, item=item, day=day, value=value, valid=True, count=0, total=0, parts=0))
        published = old is not None and old.value is not None
        causes[one, day] = Cause.REVISED if published else causes.get((one, day), Cause.NEW)
        if old is not None and published:
            revisions.append(_revised(old, value, source))
    Revision.objects.bulk_create(revisions, batch_size=2_000)
    put_rows(made, unique=["series", "day", "item"], fields=["value", "valid", "count", "total", "parts"])
    soil(causes, reason=source)
    return len(made)


def _revised(old: Day, value: float, source: str) -> Revision:
    return Revision(
        series_id=old.series_id,
        item=old.item,
        day=old.day,
        before=old.value,
        before_valid=old.valid,
        after=value,
        after_valid=True,
        cause=Cause.REVISED,
        reason=source[:200],
        at=now(),
    )
