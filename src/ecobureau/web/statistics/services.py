"""What writes: series, hours, published days, reviews. Each leaves the days it touches dirty, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from django.db import transaction

from ecobureau.clock import BEIJING, now
from ecobureau.domain import units
from ecobureau.domain.air import ITEMS
from ecobureau.domain.workflow import Refusal, Role
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places.door import places_of
from ecobureau.web.statistics import stations
from ecobureau.web.statistics.models import AirSeries, Cause, Day, Dirty, Hours, Review
from ecobureau.web.telemetry.selectors import store

PROPOSES = {Role.ADMINISTRATOR, Role.DUTY_OFFICER, Role.DISPATCHER, Role.UNIT_HEAD}
DECIDES = {Role.ADMINISTRATOR, Role.UNIT_HEAD, Role.LEADER}
RECENT = timedelta(days=3)
"""How far back the worker looks for hours that stations reported."""

_STEP = timedelta(days=31)

LATE_AFTER = timedelta(days=1)
"""Hours that come later than this after their day's end are late."""

FACTORS = {"a21026": "so2", "a21004": "no2", "a34002": "pm10", "a34004": "pm2_5", "a21005": "co", "a05024": "o3"}
"""Codes under which stations report the six items."""

UNITS = {item: "mg/m3" if item == "co" else "ug/m3" for item in ITEMS}


@dataclass(frozen=True, slots=True)
class DayOfHours:
    """The hours of an item on a day: 24 values ending 01:00 … 24:00, None = none. ug/m3, CO mg/m3."""

    series_id: int
    item: str
    day: date
    hours: Sequence[float | None]


def put_series(
    *,
    kind: str,
    code: str,
    name: str,
    org_path: str,
    parent: AirSeries | None = None,
    station_id: int | None = None,
    assessed: bool = True,
) -> AirSeries:
    """Make a series, or bring the one of that code up to date."""
    fields = {
        "kind": kind,
        "name": name,
        "org_path": org_path,
        "parent": parent,
        "station_id": station_id,
        "assessed": assessed,
    }
    found, _ = AirSeries.objects.update_or_create(
        code=code, defaults=fields, create_defaults={**fields, "created_at": now()}
    )
    return found


@transaction.atomic
def put_hours(rows: Iterable[DayOfHours], *, source: str) -> int:
    """Write hours as they came. An hour that is there already is revised; None takes nothing away.

    Args:
        rows: days of hours, each (series, item, day) once.
        source: where they come from, shown beside them.

    Returns:
        How many rows were new or changed.

    Raises:
        ValueError: not 24 hours, an unknown item, or a negative or infinite value.
    """
    given = {(row.series_id, row.item, row.day): row for row in rows}
    for row in given.values():
        _check(row)
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
    Hours.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["series", "day", "item"],
        update_fields=["hours", "source", "revision", "updated_at"],
        batch_size=2_000,
    )
    soil(causes, reason=source)
    return len(made)


def _check(row: DayOfHours) -> None:
    if row.item not in ITEMS:
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

    Args:
        rows: (series, item, day, value), ug/m3, CO mg/m3, ozone as the highest 8-hour mean.

    Returns:
        How many rows were written.
    """
    given = {(series, item, day): value for series, item, day, value in rows}
    series, days = {key[0] for key in given}, {key[2] for key in given}
    own = set(Hours.objects.filter(series__in=series, day__in=days).values_list("series_id", "item", "day"))
    made = [
        Day(series_id=one, item=item, day=day, value=value, valid=True, count=0, total=0, parts=0)
        for (one, item, day), value in given.items()
        if (one, item, day) not in own
    ]
    Day.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["series", "day", "item"],
        update_fields=["value", "valid", "count", "total", "parts"],
        batch_size=2_000,
    )
    soil({(row.series_id, row.day): Cause.NEW for row in made}, reason=source)
    return len(made)


def take_from_stations(start: datetime, end: datetime) -> int:
    """Take the hourly means that stations reported for [start, end) over into the statistics, a month at a time.

    Args:
        start, end: aware instants; hours that begin in between are taken.

    Returns:
        How many days of hours were new or changed.
    """
    taken = 0
    while start < end:
        until = min(start + _STEP, end)
        for series in AirSeries.objects.filter(kind=AirSeries.Kind.POINT, station__isnull=False):
            taken += _take(series, start, until)
        start = until
    return taken


def _take(series: AirSeries, start: datetime, end: datetime) -> int:
    assert series.station_id is not None
    days: dict[tuple[int, str, date], list[float | None]] = {}
    found = read.series(store(), series.station_id, None, Kind.HOUR, None, list(FACTORS), start, end)
    for code, points in found.items():
        for point in points:
            local = point.start.astimezone(BEIJING)
            value = _usable(point, FACTORS[code])
            if value is not None:
                key = (series.pk, FACTORS[code], local.date())
                days.setdefault(key, [None] * 24)[local.hour] = value
    return put_hours([DayOfHours(*key, hours) for key, hours in days.items()], source="HJ 212") if days else 0


def take_recent() -> int:
    """Follow the registry's air stations and take what they reported of the last days; run by the worker."""
    follow_stations()
    at = now()
    return take_from_stations(at - RECENT, at)


@transaction.atomic
def follow_stations() -> int:
    """Make a series for each active air station that has none, counting towards its district and city.

    Returns:
        How many points were made.
    """
    missing = list(stations.stations_without_series())
    for station in missing:
        put_series(
            kind=AirSeries.Kind.POINT,
            code=station.code,
            name=station.name,
            org_path=station.org_path,
            parent=_place_of(station.org_path),
            station_id=station.pk,
        )
    return len(missing)


def _place_of(org_path: str) -> AirSeries | None:
    """Return the series of the smallest city or district that a path lies in, made with those above it if need be."""
    above: AirSeries | None = None
    for unit in stations.places_above(org_path):
        above = put_series(kind=AirSeries.Kind.PLACE, code=unit.path, name=unit.name, org_path=unit.path, parent=above)
    return above


def _usable(point: read.Point, item: str) -> float | None:
    """Return a reported hour in the unit of the statistics; None when its mark or unit says that it does not count."""
    value = point.value
    step = units.factor(point.reading.unit, UNITS[item])
    if value is None or value < 0 or step is None or point.flag not in ("", "N"):
        return None
    return float(Decimal(repr(value)) * step)


# --- reviews ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose_review(
    viewer: Viewer, series: AirSeries, *, starts: datetime, ends: datetime, reason: str, item: str = ""
) -> Review:
    """Propose that hours do not count (数据审核). Nothing changes until a second person accepts.

    Args:
        starts, ends: hours that overlap [starts, ends) are meant; item: one item, empty = all.

    Raises:
        Refused: `core.no_access`, `statistics.review.reason`, `statistics.review.span`.
    """
    _must(viewer, series, PROPOSES)
    if not reason.strip():
        _refuse(viewer, series, "statistics.review.reason")
    if ends <= starts or ends - starts > timedelta(days=366):
        _refuse(viewer, series, "statistics.review.span")
    review = Review.objects.create(
        series=series,
        item=item,
        starts=starts,
        ends=ends,
        reason=reason.strip()[:200],
        proposed_by_id=viewer.id,
        proposed_at=now(),
    )
    audit.write(viewer, "statistics.review.propose", kind="air_review", object_id=review.pk)
    return review


@transaction.atomic
def decide_review(viewer: Viewer, review_id: int, *, accept: bool, note: str = "") -> Review:
    """Decide on a proposed review as the second person.

    Raises:
        Refused: `core.no_access`, `statistics.review.state`, `statistics.review.same_person`.
    """
    review = Review.objects.select_for_update().select_related("series").get(pk=review_id)
    _must(viewer, review.series, DECIDES)
    if review.state != Review.State.PROPOSED:
        _refuse(viewer, review.series, "statistics.review.state")
    if review.proposed_by_id == viewer.user_id:
        _refuse(viewer, review.series, "statistics.review.same_person")
    review.state = Review.State.ACCEPTED if accept else Review.State.REFUSED
    review.decided_by_id, review.decided_at, review.decision = viewer.id, now(), note[:200]
    review.save()
    if accept:
        soil(dict.fromkeys(_days_of(review), Cause.INVALIDATED), reason=review.reason)
    audit.write(viewer, "statistics.review.decide", kind="air_review", object_id=review.pk, accept=accept)
    return review


@transaction.atomic
def restore_review(viewer: Viewer, review_id: int, *, reason: str) -> Review:
    """Let hours count again that a review took out; another person than the one who decided may do so.

    Raises:
        Refused: `core.no_access`, `statistics.review.state`, `statistics.review.reason`,
            `statistics.review.same_person`.
    """
    review = Review.objects.select_for_update().select_related("series").get(pk=review_id)
    _must(viewer, review.series, DECIDES)
    if review.state != Review.State.ACCEPTED:
        _refuse(viewer, review.series, "statistics.review.state")
    if not reason.strip():
        _refuse(viewer, review.series, "statistics.review.reason")
    if review.decided_by_id == viewer.user_id:
        _refuse(viewer, review.series, "statistics.review.same_person")
    review.state = Review.State.RESTORED
    review.restored_by_id, review.restored_at, review.restored_why = viewer.id, now(), reason.strip()[:200]
    review.save()
    soil(dict.fromkeys(_days_of(review), Cause.RESTORED), reason=review.restored_why)
    audit.write(viewer, "statistics.review.restore", kind="air_review", object_id=review.pk)
    return review


def may_propose(viewer: Viewer, series: AirSeries) -> bool:
    """Say whether the viewer may propose a review of a series."""
    return _reaches(viewer, series, PROPOSES)


def may_decide(viewer: Viewer, review: Review) -> bool:
    """Say whether the viewer may be the second person of a review."""
    return _reaches(viewer, review.series, DECIDES) and review.proposed_by_id != viewer.user_id


def may_restore(viewer: Viewer, review: Review) -> bool:
    """Say whether the viewer may let the hours of an accepted review count again."""
    return _reaches(viewer, review.series, DECIDES) and review.decided_by_id != viewer.user_id


def _reaches(viewer: Viewer, series: AirSeries, roles: set[Role]) -> bool:
    return viewer.user_id is not None and any(series.org_path.startswith(path) for path in places_of(viewer, roles))


def _days_of(review: Review) -> list[tuple[int, date]]:
    first = review.starts.astimezone(BEIJING).date()
    last = (review.ends - timedelta(microseconds=1)).astimezone(BEIJING).date()
    return [(review.series_id, first + timedelta(days=at)) for at in range((last - first).days + 1)]


def _must(viewer: Viewer, series: AirSeries, roles: set[Role]) -> None:
    if not _reaches(viewer, series, roles):
        _refuse(viewer, series, "core.no_access")


def _refuse(viewer: Viewer, series: AirSeries, code: str) -> NoReturn:
    refuse(Refusal(code, {}), actor=viewer.user_id, what=f"air series {series.pk}")
