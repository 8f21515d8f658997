"""The only writers of the registry of sources. Every change is audited; the gateways hear of what concerns them."""

from ecobureau.web.sources.services.factors import sync_factors
from ecobureau.web.sources.services.limits import end_limit, set_limit
from ecobureau.web.sources.services.loggers import change_logger, make_logger, unchanged_secrets, usual_units
from ecobureau.web.sources.services.owners import (
    change_enterprise,
    change_outlet,
    change_site,
    check_credit_code,
    make_enterprise,
    make_outlet,
    make_site,
)
from ecobureau.web.sources.services.profiles import apply_profile, profile_names
from ecobureau.web.sources.services.stations import (
    change_station,
    declare,
    end_declaration,
    make_instrument,
    make_station,
)

__all__ = [
    "apply_profile",
    "change_enterprise",
    "change_logger",
    "change_outlet",
    "change_site",
    "change_station",
    "check_credit_code",
    "declare",
    "end_declaration",
    "end_limit",
    "make_enterprise",
    "make_instrument",
    "make_logger",
    "make_outlet",
    "make_site",
    "make_station",
    "profile_names",
    "set_limit",
    "sync_factors",
    "unchanged_secrets",
    "usual_units",
]
