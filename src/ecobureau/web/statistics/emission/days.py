"""Days of outlets handed in by whoever keeps their accounts; each leaves what rests on it to be computed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from ecobureau.clock import BEIJING, now
from ecobureau.domain.emission.days import Days
from ecobureau.domain.emission.grid import State
from ecobureau.domain.emission.over import OverDays
from ecobureau.web.sources.models import Outlet, Station
from ecobureau.web.statistics import revised
from ecobureau.web.statistics.emission import source
from ecobureau.web.statistics.emission.words import result_words
from ecobureau.web.statistics.models import Dirty, EmissionSummary, Medium, Review, Series
from ecobureau.web.statistics.services_data import place_of, put_series
from ecobureau.web.statistics.writing import put_rows

_KEY = ("id", "series", "item", "span", "start")
FIGURES = tuple(field.name for field in EmissionSummary._meta.concrete_fields if field.name not in _KEY)
"""What a summary says, by name."""


@dataclass(frozen=True, slots=True)
class OutletDay:
    """What an outlet's day came to of one factor.

    Attributes:
        figures: of `EmissionSummary`, by name; cause, reason: why it is handed in (again).
    """

    factor: str
    day: date
    figures: Mapping[str, Any]
    cause: str
    reason: str = ""


def figures_of(days: Days, over: OverDays, at: int) -> dict[str, Any]:
    """Return the figures of a day from the bulk form of the domain."""
    measured, substituted, lost = (int(one[at]) for one in (days.rate_valid, days.substituted, days.lost_hours))
    return {
        "outlets": 1,
        "days": 1,
        "valid_days": int(days.valid[at]),
        "mean": _number(days.mean[at]),
        "converted": _number(days.converted[at]),
        "converted_days": int(not math.isnan(days.converted[at])),
        "low": _number(days.low[at]),
        "high": _number(days.high[at]),
        "flow": float(days.flow[at]),
        "measured_ug": int(days.measured_ug[at]),
        "substituted_ug": int(days.substituted_ug[at]),
        "operating": measured + substituted + lost,
        "stopped": int(days.stopped_hours[at]),
        "quiet": int(days.quiet_hours[at]),
        "measured": measured,
        "substituted": substituted,
        "lost": lost,
        "valid_hours": int(days.valid_hours[at]),
        "should": int(days.should[at]),
        "received": int(days.received[at]),
        "valid_items": int(days.valid_items[at]),
        "judged": int(over.judged[at]),
        "over": int(over.over[at]),
        "judged_days": int(over.day_judged[at]),
        "over_days": int(over.day_over[at]),
        "state": State(int(days.state[at])).code,
        "valid": bool(days.valid[at]),
    }


def _number(value: Any) -> float | None:
    found = float(value)
    return None if math.isnan(found) else found


@transaction.atomic
def put_outlet_days(outlet: Outlet, rows: Collection[OutletDay]) -> int:
    """Keep days of an outlet; what changed other than by new data leaves a revision.

    Returns:
        How many rows were written.
    """
    if not rows:
        return 0
    series = series_of(outlet)
    days = {row.day for row in rows}
    known = {
        (one.item, one.start): one
        for one in EmissionSummary.objects.select_for_update().filter(series=series, span="day", start__in=days)
    }
    made, pairs = [], []
    for row in rows:
        new = EmissionSummary(series=series, item=row.factor, span="day", start=row.day, **row.figures)
        made.append(new)
        old = known.get((row.factor, row.day))
        if old is not None:
            pairs.append((old, new, row))
    for old, new, row in pairs:
        revised.keep(
            [(old, new)], {(series.pk, "day", row.day): (row.cause, row.reason[:200])}, result_words, lambda _row: None
        )
    write(made)
    at = now()
    causes = {row.day: (row.cause, row.reason[:200]) for row in rows}
    Dirty.objects.bulk_create(
        Dirty(series=series, day=day, cause=cause, reason=reason, made_at=at) for day, (cause, reason) in causes.items()
    )
    return len(made)


def write(rows: Iterable[EmissionSummary]) -> None:
    """Write summaries, new or in the place of old ones."""
    put_rows(rows, unique=["span", "start", "series", "item"], fields=FIGURES)


def take_outlets(station_ids: Collection[int], since: date) -> int:
    """Have the days of the outlets of some stations computed from a day on, as after their history was loaded.

    Returns:
        How many days were new or changed.
    """
    keeper = source.accounts()
    stations = Station.objects.filter(pk__in=station_ids, outlet__isnull=False)
    outlets = sorted(set(stations.values_list("outlet_id", flat=True)))
    return keeper.refresh(outlets, since) if keeper is not None and outlets else 0


# --- series -----------------------------------------------------------------------------------------------------------


def series_of(outlet: Outlet) -> Series:
    """Return the series of an outlet, made with those of its enterprise and places if need be."""
    found = Series.objects.filter(medium=Medium.EMISSION, outlet=outlet).first()
    return found if found is not None else _follow(outlet)


@transaction.atomic
def follow_outlets() -> int:
    """Bring names, places and enterprises of the followed outlets up to date with the registry.

    Returns:
        How many series were changed.
    """
    rows = Series.objects.filter(medium=Medium.EMISSION, outlet__isnull=False)
    followed = list(rows.select_related("outlet__enterprise", "parent"))
    paths = _paths_of({one.outlet.enterprise_id for one in followed if one.outlet is not None})
    changed = [one.outlet for one in followed if one.outlet is not None and _differs(one, one.outlet, paths)]
    for outlet in changed:
        _follow(outlet)
    return len(changed)


def _paths_of(firms: Iterable[int]) -> dict[int, str]:
    """Return where enterprises count: at their own place, or at that of their first outlet where it lies below it."""
    found: dict[int, str] = {}
    rows = Outlet.objects.filter(enterprise__in=firms).order_by("-pk")
    for firm, own, path in rows.values_list("enterprise_id", "enterprise__org_path", "org_path"):
        found[firm] = path if path.startswith(own) else own
    return found


def _differs(series: Series, outlet: Outlet, paths: Mapping[int, str]) -> bool:
    parent, firm = series.parent, outlet.enterprise
    return parent is None or (series.name, series.org_path, parent.code, parent.name, parent.org_path) != (
        _name(outlet),
        outlet.org_path,
        f"firm:{firm.pk}",
        firm.name[:120],
        paths[firm.pk],
    )


def _name(outlet: Outlet) -> str:
    firm = outlet.enterprise.short_name or outlet.enterprise.name
    return f"{firm} {outlet.name or outlet.code}"[:120]


def _follow(outlet: Outlet) -> Series:
    firm = outlet.enterprise
    path = _paths_of([firm.pk])[firm.pk]
    above = put_series(
        medium=Medium.EMISSION,
        kind=Series.Kind.FIRM,
        code=f"firm:{firm.pk}",
        name=firm.name[:120],
        org_path=path,
        parent=place_of(Medium.EMISSION, path),
    )
    return put_series(
        medium=Medium.EMISSION,
        kind=Series.Kind.POINT,
        code=f"outlet:{outlet.pk}",
        name=_name(outlet),
        org_path=outlet.org_path,
        parent=above,
        outlet_id=outlet.pk,
    )


# --- reviews ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invalid:
    """Hours of an outlet that a data review found invalid; `item`: factor, empty = all."""

    review: int
    item: str
    starts: datetime
    ends: datetime


def invalid_hours(outlet_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, list[Invalid]]:
    """Return what accepted reviews take out of [start, end), by outlet, in one query."""
    rows = Review.objects.filter(
        state=Review.State.ACCEPTED, series__outlet__in=list(outlet_ids), starts__lt=end, ends__gt=start
    )
    found: dict[int, list[Invalid]] = {}
    for pk, outlet, item, starts, ends in rows.order_by("pk").values_list(
        "pk", "series__outlet_id", "item", "starts", "ends"
    ):
        found.setdefault(outlet, []).append(Invalid(pk, item, starts, ends))
    return found


def decided_since(outlet_id: int, day: date, since: datetime) -> tuple[str, str] | None:
    """Return cause and reason of the newest review decision that bears on a day and came after a moment."""
    first = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    rows = Review.objects.filter(series__outlet=outlet_id, starts__lt=first.replace(hour=23, minute=59), ends__gt=first)
    found: list[tuple[datetime, str, str]] = []
    for row in rows:
        if row.restored_at is not None and row.restored_at >= since:
            found.append((row.restored_at, "restored", row.restored_why))
        elif row.state == Review.State.ACCEPTED and row.decided_at is not None and row.decided_at >= since:
            found.append((row.decided_at, "invalidated", row.reason))
    return max(found)[1:] if found else None
