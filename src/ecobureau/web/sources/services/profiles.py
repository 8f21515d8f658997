"""Limits of an industry as a start: a profile of the rule pack `limits` becomes limits of one outlet."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from ecobureau.domain.rules import NoRule, RulePack
from ecobureau.rulepacks import load
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources.models import Limit, Outlet
from ecobureau.web.sources.services.limits import set_limit
from ecobureau.web.sources.services.owners import change_outlet

_PREFIX = "limits."


def profile_names(pack: RulePack | None = None, *, medium: str = "", on: date | None = None) -> list[str]:
    """Return the names of all profiles, sorted; with `medium` those of one kind of outlet that are in force on `on`."""
    known = pack or load("limits")
    names = [key.removeprefix(_PREFIX) for key in known.keys(_PREFIX)]
    if not medium or on is None:
        return names
    return [name for name in names if _medium(known, name, on) == medium]


def _medium(pack: RulePack, name: str, on: date) -> str:
    try:
        value = pack.at(f"{_PREFIX}{name}", on).value
    except NoRule:
        return ""
    return str(value.get("medium", "")) if isinstance(value, dict) else ""


@transaction.atomic
def apply_profile(
    actor: Viewer, outlet: Outlet, profile: str, *, valid_from: date, pack: RulePack | None = None
) -> list[Limit]:
    """Set the limits of a profile at an outlet from a day on, and its reference oxygen where the profile has one.

    Args:
        profile: for example `coal_power_ultra_low`, `town_plant_1a`; the entry in force on `valid_from` counts.

    Raises:
        Invalid: no such profile on that day, or one of another medium; nothing is changed then.
    """
    try:
        entry = (pack or load("limits")).at(f"{_PREFIX}{profile}", valid_from)
    except NoRule as error:
        raise invalid(
            "profile", "registry.profile.unknown", value=profile, choices=", ".join(profile_names(pack))
        ) from error
    table: dict[str, Any] = dict(entry.value) if isinstance(entry.value, dict) else {}
    if table.get("medium") != outlet.medium:
        raise invalid("profile", "registry.profile.medium", value=profile)
    if table.get("o2_ref") is not None:
        outlet = change_outlet(actor, outlet, o2_ref=float(table["o2_ref"]))
    return [
        set_limit(
            actor,
            outlet,
            str(row["factor"]),
            value=row["value"],
            unit=str(row["unit"]),
            kind=str(row.get("kind", Limit.Kind.MAX)),
            field=row.get("field"),
            period=str(row.get("period", Limit.Period.HOUR)),
            hours=str(row.get("hours", Limit.Hours.ANY)),
            source=entry.source,
            clause=entry.clause,
            flag=entry.flag,
            valid_from=valid_from,
        )
        for row in table["rows"]
    ]
