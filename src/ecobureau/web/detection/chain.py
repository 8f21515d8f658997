"""The only writer of the chain of a plant and of permitted amounts: administrators of the place, every act audited."""

from __future__ import annotations

from datetime import date
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
    actor: Viewer, outlet: Outlet, *, role: str, station: str, factor: str = "", rated_kw: float | None = None
) -> ChainLink:
    """Connect a station to the chain of an outlet.

    Args:
        role: `prod`, `treat` or `inlet`; station: its code; factor: code under which it reports, empty for all factors
            of an inlet; rated_kw: rated power of what the meter measures, kW.

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
    row = ChainLink(outlet=outlet, role=role, station=found, factor=factor, rated_kw=rated_kw)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise invalid("station", "detection.chain.twice") from error
    note_change(actor, "chain", row, number=f"{outlet.code}/{found.code}", role=role, factor=factor, rated=rated_kw)
    return row


@transaction.atomic
def remove_link(actor: Viewer, row: ChainLink) -> None:
    """Take a station out of the chain of an outlet.

    Raises:
        Refused: no right at the outlet's place.
    """
    must_change(actor, row.outlet.org_path)
    note_change(actor, "chain_end", row, number=f"{row.outlet.code}/{row.station.code}", role=row.role)
    row.delete()


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


def _own(outlet: Outlet) -> list[int]:
    return list(outlet.stations.values_list("pk", flat=True))
