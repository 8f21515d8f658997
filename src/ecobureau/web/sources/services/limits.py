"""Limits of outlets: dated, with their source; a new one ends the open one before it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction
from django.db.models import Q

from ecobureau import clock
from ecobureau.domain import units
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.changes import note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources.models import Factor, Flag, Limit, Outlet
from ecobureau.web.sources.services.common import check_fields
from ecobureau.web.sources.services.stations import end_before


@transaction.atomic
def set_limit(
    actor: Viewer,
    outlet: Outlet,
    factor: str,
    *,
    value: Decimal | str | int | float,
    source: str,
    valid_from: date,
    valid_to: date | None = None,
    unit: str | None = None,
    kind: str = Limit.Kind.MAX,
    field: str | None = None,
    period: str = Limit.Period.HOUR,
    hours: str = Limit.Hours.ANY,
    clause: str = "",
    flag: str = Flag.TO_BE_CHECKED,
) -> Limit:
    """Set a limit of an outlet for a factor from a day on. An open earlier one of the same kind ends the day before.

    Args:
        factor: HJ 212 code; value: exact, in `unit` (default: the factor's).
        kind: max | min.
        field: statistic it binds: avg | zs_avg | rtd | zs_rtd; default zs_avg at an outlet with a reference oxygen for
            a gas concentration, else avg.
        period: which averages it binds: hour | day | any.
        hours: part of every day it holds for: any | day | night (noise).
        source, clause: where it stands written; flag: how sure we are of it.
        valid_from, valid_to: first and last day in force.

    Raises:
        Invalid: unknown factor, no number, unit that cannot be compared, dates, overlap, lower bound not below the
            upper; Refused: no right there.
    """
    must_change(actor, outlet.org_path)
    known = Factor.objects.filter(pk=factor).first()
    if known is None:
        raise invalid("factor", "registry.factor.unknown", value=factor)
    if units.factor(unit or known.unit, known.unit) is None:
        raise invalid("unit", "registry.unit.other", value=unit, factor=factor, unit=known.unit)
    if valid_to is not None and valid_to < valid_from:
        raise invalid("valid_to", "registry.dates", first=valid_from.isoformat(), last=valid_to.isoformat())
    row = Limit(
        outlet=outlet,
        factor=known,
        field=field or default_field(outlet, known),
        period=period,
        kind=kind,
        hours=hours,
        value=_number(value),
        unit=unit or known.unit,
        source=source.strip(),
        clause=clause.strip(),
        flag=flag,
        valid_from=valid_from,
        valid_to=valid_to,
        created_at=clock.now(),
    )
    check_fields(row)
    same = Limit.objects.filter(outlet=outlet, factor=known, field=row.field, period=period, hours=hours)
    _check_bounds(row, same)
    end_before(same.filter(kind=kind), valid_from)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise invalid("valid_from", "registry.overlap", first=valid_from.isoformat()) from error
    note_change(
        actor,
        "limit",
        row,
        number=f"{outlet.code}/{factor}",
        value=row.value,
        unit=row.unit,
        bound=kind,
        source=row.source,
        since=valid_from,
    )
    return row


@transaction.atomic
def end_limit(actor: Viewer, row: Limit, last_day: date) -> Limit:
    """Let a limit be in force for the last time on `last_day`.

    Raises:
        Invalid: the day lies before its first.
    """
    must_change(actor, row.outlet.org_path)
    if last_day < row.valid_from:
        raise invalid("valid_to", "registry.dates", first=row.valid_from.isoformat(), last=last_day.isoformat())
    row.valid_to = last_day
    row.save(update_fields=["valid_to"])
    note_change(actor, "limit_end", row, number=f"{row.outlet.code}/{row.factor_id}", last=last_day)
    return row


def default_field(outlet: Outlet, factor: Factor) -> str:
    """Return the statistic a limit binds unless it is said: converted means where oxygen is converted."""
    converted = outlet.o2_ref is not None and units.spelled(factor.unit) in {"mg/m³", "µg/m³", "ng/m³"}
    return Limit.Statistic.ZS_AVG if converted else Limit.Statistic.AVG


def _number(value: Decimal | str | int | float) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise invalid("value", "registry.number", value=value) from error
    if not number.is_finite() or abs(number) >= Decimal("1e11"):
        raise invalid("value", "registry.number", value=value)
    return number


def _check_bounds(row: Limit, same: object) -> None:
    other_kind = Limit.Kind.MIN if row.kind == Limit.Kind.MAX else Limit.Kind.MAX
    last = row.valid_to or date.max
    meets = Q(valid_from__lte=last) & (Q(valid_to=None) | Q(valid_to__gte=row.valid_from))
    for other in same.filter(meets, kind=other_kind):  # type: ignore[attr-defined]
        step = units.factor(other.unit, row.unit) or Decimal(1)
        low, high = sorted((row, other), key=lambda each: each.kind != Limit.Kind.MIN)
        bounds = {each.pk: each.value * (step if each is other else 1) for each in (low, high)}
        if bounds[low.pk] >= bounds[high.pk]:
            raise invalid("value", "registry.limit.bounds", low=low.value, high=high.value)
