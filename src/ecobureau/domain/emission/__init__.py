"""Emission monitoring of stacks and waste water: HJ 212-2017 annex D, HJ 75/76, HJ 353-356, marks, totals, limits.

Scalar functions (`gas`, `water`, `means`, `substitution`, `limits`, `permit`) return a `Figure` with its derivation;
`bulk`, `grid`, `outlet`, `days` and `totals` do the same on arrays of a whole outlet.
"""

from ecobureau.domain.emission.days import Days, days_of
from ecobureau.domain.emission.figure import Figure
from ecobureau.domain.emission.grid import Samples, State
from ecobureau.domain.emission.limits import LimitRow, Profile, exceedance, furnace_day, profile, profile_names
from ecobureau.domain.emission.marks import Meaning, StateMark, exemption, marked_in_time, marking_due, meaning_of
from ecobureau.domain.emission.outlet import FactorHours, FactorSpec, OutletHours, OutletSpec, outlet_hours
from ecobureau.domain.emission.over import Bound, OverDays, breaks, over_days
from ecobureau.domain.emission.permit import account_quarter, against, forecast, rolling
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.substitution import Way, capture_rate
from ecobureau.domain.emission.totals import Total, automatic_usable, totals_of
from ecobureau.domain.emission.transmission import Transmission, transmission

__all__ = [
    "Bound",
    "Days",
    "EmissionRules",
    "FactorHours",
    "FactorSpec",
    "Figure",
    "LimitRow",
    "Meaning",
    "OutletHours",
    "OutletSpec",
    "OverDays",
    "Profile",
    "Samples",
    "State",
    "StateMark",
    "Total",
    "Transmission",
    "Way",
    "account_quarter",
    "against",
    "automatic_usable",
    "breaks",
    "capture_rate",
    "days_of",
    "exceedance",
    "exemption",
    "forecast",
    "furnace_day",
    "marked_in_time",
    "marking_due",
    "meaning_of",
    "outlet_hours",
    "over_days",
    "profile",
    "profile_names",
    "rolling",
    "totals_of",
    "transmission",
]
