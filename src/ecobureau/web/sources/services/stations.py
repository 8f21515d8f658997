"""Stations, their instruments, and what an enterprise declares about an outlet."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from ecobureau import clock
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.changes import note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources.models import Factor, Instrument, Notice, Outlet, Station
from ecobureau.web.sources.services.common import (
    PLACE_FIELDS,
    add_placed,
    change_placed,
    check_fields,
    next_revision,
    notify_stations,
    where,
)

_STATION = {"outlet", "water_body", "noise_zone", "operator"}
_ST = re.compile(r"[0-9A-Z]{2,3}")


def check_st(st: str) -> None:
    """Check a system code ST.

    Raises:
        Invalid: not two or three digits or capital letters.
    """
    if not _ST.fullmatch(st):
        raise invalid("st", "registry.st", value=st)


@transaction.atomic
def make_station(
    actor: Viewer, *, code: str, name: str, st: str, outlet: Outlet | None = None, **fields: Any
) -> Station:
    """Register a station.

    Args:
        code: its number, unique in the city.
        st: system code of HJ 212 (21 surface water, 22 air, 23 noise, 31 flue gas, 32 waste water …).
        outlet: the outlet it watches; None for environment stations.
        fields: water_body (river | lake), noise_zone, operator, address, active; and the place (default: the outlet's).

    Raises:
        Invalid: taken code, bad field; Refused: no right there.
    """
    check_st(st)
    taken = Station.objects.filter(code=code).first()
    if taken:
        raise invalid("code", "registry.code.taken", value=code, name=taken.name)
    unknown = fields.keys() - (_STATION - {"outlet"}) - set(PLACE_FIELDS) - {"address", "active"}
    if unknown:
        raise invalid(min(unknown), "registry.fixed")
    place = {name_: fields.pop(name_) for name_ in PLACE_FIELDS if name_ in fields}
    row = Station(code=code, name=name, st=st, outlet=outlet, **fields, **where(place, fallback=outlet))
    return add_placed(actor, row, code)


@transaction.atomic
def change_station(actor: Viewer, row: Station, **changes: Any) -> Station:
    """Change a station; its code and system code stay. The gateways hear of it."""
    row, changed = change_placed(actor, row, changes, changeable=_STATION, number=row.code)
    if changed.keys() & {"outlet", "active"}:
        row.loggers.update(revision=next_revision())
        notify_stations()
    return row


@transaction.atomic
def make_instrument(
    actor: Viewer, station: Station, factor: str, *, valid_from: date, valid_to: date | None = None, **fields: Any
) -> Instrument:
    """Register an analyser of a station for a factor from a day on; an open earlier one ends the day before.

    Args:
        fields: maker, model, serial, range_low, range_high, detection_limit (in `unit`), unit.

    Raises:
        Invalid: unknown factor, range the wrong way round, overlapping spans.
    """
    must_change(actor, station.org_path)
    known = Factor.objects.filter(pk=factor).first()
    if known is None:
        raise invalid("factor", "registry.factor.unknown", value=factor)
    low, high = fields.get("range_low"), fields.get("range_high")
    if low is not None and high is not None and low >= high:
        raise invalid("range_high", "registry.limit.bounds", low=low, high=high)
    if valid_to is not None and valid_to < valid_from:
        raise invalid("valid_to", "registry.dates", first=valid_from, last=valid_to)
    fields.setdefault("unit", known.unit)
    row = Instrument(station=station, factor=known, valid_from=valid_from, valid_to=valid_to, **fields)
    check_fields(row)
    end_before(Instrument.objects.filter(station=station, factor=known), valid_from)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise invalid("valid_from", "registry.overlap", first=valid_from.isoformat()) from error
    note_change(actor, "instrument", row, number=station.code, factor=factor, since=valid_from)
    return row


@transaction.atomic
def declare(
    actor: Viewer,
    outlet: Outlet,
    kind: str,
    *,
    starts: datetime,
    ends: datetime | None = None,
    filed_at: datetime | None = None,
    reason: str = "",
) -> Notice:
    """Keep what was declared about an outlet: stop, maintenance, calibration, start_up.

    Args:
        starts, ends: aware; None = until further notice.
        filed_at: when it was declared; default now.

    Raises:
        Invalid: unknown kind, no zone, wrong order.
    """
    must_change(actor, outlet.org_path)
    if starts.tzinfo is None or (ends is not None and ends.tzinfo is None):
        raise invalid("starts", "registry.zone")
    if ends is not None and ends <= starts:
        raise invalid("ends", "registry.dates", first=starts.isoformat(), last=ends.isoformat())
    row = Notice(
        outlet=outlet, kind=kind, starts=starts, ends=ends, filed_at=filed_at or clock.now(), reason=reason.strip()
    )
    check_fields(row)
    row.save(force_insert=True)
    note_change(actor, "declare", row, number=outlet.code, declared=kind, starts=starts, ends=ends)
    return row


@transaction.atomic
def end_declaration(actor: Viewer, row: Notice, ends: datetime) -> Notice:
    """Set the end of a declared span.

    Raises:
        Invalid: it does not lie after the start.
    """
    must_change(actor, row.outlet.org_path)
    if ends.tzinfo is None:
        raise invalid("ends", "registry.zone")
    if ends <= row.starts:
        raise invalid("ends", "registry.dates", first=row.starts.isoformat(), last=ends.isoformat())
    row.ends = ends
    row.save(update_fields=["ends"])
    note_change(actor, "declare_end", row, number=row.outlet.code, ends=ends)
    return row


def end_before(rows: Any, day: date) -> None:
    """Let the open spans among dated rows that began before `day` end on the day before it."""
    rows.filter(valid_to=None, valid_from__lt=day).update(valid_to=date.fromordinal(day.toordinal() - 1))
