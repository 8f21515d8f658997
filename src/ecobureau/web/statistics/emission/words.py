"""Emissions in short words and figures: shares, masses, what a revision keeps. Nothing is read here."""

from __future__ import annotations

from decimal import Decimal

from ecobureau.domain.emission.totals import kilograms
from ecobureau.domain.emission.transmission import Transmission
from ecobureau.domain.rounding import half_even, plain
from ecobureau.web.statistics.models import EmissionSummary


def kg_of(row: EmissionSummary) -> Decimal:
    """Return the mass of a summary, measured and substituted, kg."""
    return kilograms(row.measured_ug + row.substituted_ug)


def kg_text(micrograms: int) -> str:
    """Return whole micrograms as kg with three decimals."""
    return plain(half_even(kilograms(micrograms), 3))


def rates(row: EmissionSummary, target: float) -> Transmission:
    """Return the transmission rates of a summary; valid items are taken of those received."""
    return Transmission(row.should, row.received, row.received, row.valid_items, target)


def percent(share: float | None) -> str:
    """Return a share in percent with two decimals, empty of nothing."""
    return "" if share is None else plain(half_even(share * 100, 2))


def result_words(row: EmissionSummary) -> str:
    """Return what a summary says in short, as revisions keep it: mass, hours measured of those operated, hours over."""
    return f"{kg_text(row.measured_ug + row.substituted_ug)} kg, {row.measured}/{row.operating} h, > {row.over} h"
