"""The only writer of the chain of a plant and of permitted amounts: administrators of the place, every act audited.

Nothing is overwritten: a change ends one row on the day before and begins another, and what has ended stays readable.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from ecobureau.web.core.access import Viewer
from ecobureau.web.detection.models import ChainLink, PermittedAmount
from ecobureau.web.places.changes import note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Outlet


@transaction.atomic
def add_link(
    actor: Viewer,
    outlet: Outlet,
    *,
    role: str,
    station: str,
    factor: str = "",
    rated_kw: float | None = None,
    valid_from: date | None = None,
) -> ChainLink:
    """Connect a station to the chain of an outlet.

    Args:
        role: `prod`, `treat` or `inlet`; station: its code; factor: code under which it reports, empty for all factors
            of an inlet; rated_kw: rated power of what the meter measures, kW; valid_from: first day, None = always.

    Raises:
        Invalid: unknown station, no factor for a power, the outlet's own station as inlet, known already.
        Refused: no right at the outlet's place.
    """
    must_change(actor, outlet.org_path)
    code, factor = station.strip(), factor.strip()
    found = sources.stations(actor).filter(code=code).first()
    if found is None:
        raise invalid("station", "detection.chain.station", value=code)
    if role == ChainLink.Role.INLET:
        rated_kw = None
        if found.outlet_id == outlet.pk and not factor and len(_own(outlet)) == 1:
            raise invalid("station", "detection.chain.own")
    elif not factor:
        raise invalid("factor", "detection.chain.factor")
    if rated_kw is not None and not rated_kw > 0:
        raise invalid("rated_kw", "detection.chain.kw")
    row = ChainLink(outlet=outlet, role=role, station=found, factor=factor, rated_kw=rated_kw, valid_from=valid_from)
    _insert_link(row)
    note_change(
        actor,
        "chain",
        row,
        number=f"{outlet.code}/{found.code}",
        role=role,
        factor=factor,
        rated=rated_kw,
        since=valid_from,
    )
    return row


def _insert_link(row: ChainLink) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise invalid("station", "detection.chain.twice") from error


@transaction.atomic
def end_link(actor: Viewer, row: ChainLink, *, last: date, reason: str) -> ChainLink:
    """End a link: it holds on `last` and no longer. A day before its first day says that it never held.

    Raises:
        Invalid: it has ended already; the day lies before the day that would undo it; no reason.
        Refused: no right at the outlet's place.
    """
    must_change(actor, row.outlet.org_path)
    row = ChainLink.objects.select_for_update().select_related("outlet", "station").get(pk=row.pk)
    _must_be_open(row.valid_from, row.valid_to, last, reason)
    row.valid_to = last
    row.save(update_fields=["valid_to"])
    note_change(
        actor,
        "chain_end",
        row,
        number=f"{row.outlet.code}/{row.station.code}",
        role=row.role,
        last=last,
        reason=reason.strip(),
    )
    return row


@transaction.atomic
def change_link(
    actor: Viewer, row: ChainLink, *, since: date, factor: str = "", rated_kw: float | None = None, reason: str
) -> ChainLink:
    """Let a link go on with another factor code or rated power from a day on; what was before keeps the old ones.

    Raises:
        Invalid: as for `add_link` and `end_link`; Refused: no right at the outlet's place.
    """
    end_link(actor, row, last=since - timedelta(days=1), reason=reason)
    return add_link(
        actor,
        row.outlet,
        role=row.role,
        station=row.station.code,
        factor=factor,
        rated_kw=rated_kw,
        valid_from=since,
    )


def _must_be_open(first: date | None, ended: date | None, last: date, reason: str) -> None:
    if ended is not None:
        raise invalid("last", "detection.ended_already", last=ended.isoformat())
    if first is not None and last < first - timedelta(days=1):
        raise invalid("last", "detection.before_begin", first=first.isoformat())
    if not reason.strip():
        raise invalid("reason", "detection.needs_why")


@transaction.atomic
def set_amount(
    actor: Viewer,
    outlet: Outlet,
    factor: str,
    *,
    period: str,
    kg: Decimal,
    source: str,
    valid_from: date,
    valid_to: date | None = None,
) -> PermittedAmount:
    """Enter what a permit allows an outlet to emit of a factor in a month or a calendar year.

    Args:
        factor: HJ 212 code; period: `month` or `year`; kg: amount; valid_from, valid_to: first and last day in force.

    Raises:
        Invalid: unknown factor, no amount, dates; Refused: no right at the outlet's place.
    """
    must_change(actor, outlet.org_path)
    if factor not in sources.factors([factor]):
        raise invalid("factor", "registry.factor.unknown", value=factor)
    if not kg.is_finite() or kg <= 0:
        raise invalid("kg", "detection.permit.kg")
    if valid_to is not None and valid_to < valid_from:
        raise invalid("valid_to", "registry.dates", first=valid_from.isoformat(), last=valid_to.isoformat())
    row = PermittedAmount(
        outlet=outlet,
        factor_id=factor,
        period=period,
        kg=kg,
        source=source.strip(),
        valid_from=valid_from,
        valid_to=valid_to,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise invalid("valid_from", "detection.permit.twice", first=valid_from.isoformat()) from error
    note_change(
        actor, "permitted", row, number=f"{outlet.code}/{factor}", kg=kg, period=period, source=source, since=valid_from
    )
    return row


@transaction.atomic
def end_amount(actor: Viewer, row: PermittedAmount, *, last: date, reason: str) -> PermittedAmount:
    """End a permitted amount: it holds on `last` and no longer. The day before its first says that it never held.

    Raises:
        Invalid: it ends already on or before that day; the day lies before the one that would undo it; no reason.
        Refused: no right at the outlet's place.
    """
    must_change(actor, row.outlet.org_path)
    row = PermittedAmount.objects.select_for_update().select_related("outlet").get(pk=row.pk)
    ended = row.valid_to if row.valid_to is not None and row.valid_to <= last else None
    _must_be_open(row.valid_from, ended, last, reason)
    before, row.valid_to = row.valid_to, last
    row.save(update_fields=["valid_to"])
    note_change(
        actor,
        "permitted_end",
        row,
        number=f"{row.outlet.code}/{row.factor_id}",
        last=last,
        before=before,
        reason=reason.strip(),
    )
    return row


@transaction.atomic
def change_amount(
    actor: Viewer, row: PermittedAmount, *, since: date, kg: Decimal, source: str, reason: str
) -> PermittedAmount:
    """Let another amount hold from a day on; until the day before the old one counts.

    Raises:
        Invalid: as for `set_amount` and `end_amount`; Refused: no right at the outlet's place.
    """
    until = row.valid_to
    end_amount(actor, row, last=since - timedelta(days=1), reason=reason)
    return set_amount(
        actor,
        row.outlet,
        row.factor_id,
        period=row.period,
        kg=kg,
        source=source,
        valid_from=since,
        valid_to=until,
    )


def _own(outlet: Outlet) -> list[int]:
    return list(outlet.stations.values_list("pk", flat=True))
