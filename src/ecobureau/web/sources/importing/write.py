"""How one row of each kind is written: found by its key, then made or changed through the services."""

from __future__ import annotations

from typing import Any, Literal

from django.db import models

from ecobureau.web.accounts.models import User
from ecobureau.web.core.access import Viewer
from ecobureau.web.places import services as places
from ecobureau.web.places.models import Organisation, Shift
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources import services
from ecobureau.web.sources.models import Enterprise, Limit, Logger, Outlet, Station

Change = Literal["made", "changed", "same"]
_LOGGER = {
    "mn",
    "password",
    "sm4_key",
    "edition",
    "dialect",
    "stamp_rule",
    "rtd_interval_s",
    "minute_interval",
    "accept_from",
    "unit_overrides",
    "factor_map",
}


def _changed(row: models.Model, before: Any) -> Change:
    return "same" if getattr(row, "updated_at", None) == before else "changed"


def organisation(actor: Viewer, values: dict[str, Any]) -> Change:
    """Make or change a unit."""
    above = values.pop("parent", None)
    parent = _unit(above, "parent") if above else None
    path = f"{parent.path if parent else '/'}{values['code']}/"
    there = Organisation.objects.filter(path=path).first()
    if there is None:
        places.make_organisation(actor, parent=parent, **values)
        return "made"
    if values.pop("level") != there.level:
        raise invalid("level", "registry.fixed")
    values.pop("code")
    return _changed(places.change_organisation(actor, there, **values), there.updated_at)


def _unit(path: str, column: str) -> Organisation:
    path = "/" + path.strip("/") + "/" if path.strip("/") else "/"
    unit = Organisation.objects.filter(path=path).first()
    if unit is None:
        raise invalid(column, "registry.org.unknown", value=path)
    return unit


def _person(name: str, column: str) -> User:
    found = User.objects.filter(username=name).first()
    if found:
        return found
    named = list(User.objects.filter(name=name)[:2])
    if len(named) != 1:
        raise invalid(column, "registry.person.many" if named else "registry.person.unknown", value=name)
    return named[0]


def shift(actor: Viewer, values: dict[str, Any]) -> Change:
    """Make a shift, or change who stands in for it."""
    roster = places.make_roster(actor, _unit(values["unit"], "unit"), values["roster"])
    person = _person(values["person"], "person")
    stand_in = _person(values["stand_in"], "stand_in") if values.get("stand_in") else None
    reason = values.get("reason") or ""
    there = Shift.objects.filter(roster=roster, person=person, starts=values["starts"], ends=values["ends"]).first()
    if there is None:
        places.add_shift(
            actor,
            roster,
            person,
            starts=values["starts"],
            ends=values["ends"],
            stand_in=stand_in,
            reason=reason,
        )
        return "made"
    if "stand_in" not in values or (there.stand_in == stand_in and there.reason == reason):
        return "same"
    places.set_stand_in(actor, there, stand_in, reason)
    return "changed"


def enterprise(actor: Viewer, values: dict[str, Any]) -> Change:
    """Make or change an enterprise."""
    there = Enterprise.objects.filter(code=values["code"]).first()
    if there is None:
        services.make_enterprise(actor, **values)
        return "made"
    values.pop("code")
    return _changed(services.change_enterprise(actor, there, **values), there.updated_at)


def _enterprise(code: str) -> Enterprise:
    services.check_credit_code(code, "enterprise")
    found = Enterprise.objects.filter(code=code).first()
    if found is None:
        raise invalid("enterprise", "registry.enterprise.unknown", value=code)
    return found


def _outlet(owner: Enterprise, code: str) -> Outlet:
    found = Outlet.objects.filter(enterprise=owner, code=code).first()
    if found is None:
        raise invalid("outlet", "registry.outlet.unknown", enterprise=owner.name, value=code)
    return found


def outlet(actor: Viewer, values: dict[str, Any]) -> Change:
    """Make or change an outlet."""
    owner = _enterprise(values.pop("enterprise"))
    there = Outlet.objects.filter(enterprise=owner, code=values["code"]).first()
    if there is None:
        services.make_outlet(actor, owner, **values)
        return "made"
    values.pop("code")
    return _changed(services.change_outlet(actor, there, **values), there.updated_at)


def station(actor: Viewer, values: dict[str, Any]) -> Change:
    """Make or change a station, and the logger of the row where one is named."""
    device = {name: values.pop(name) for name in _LOGGER if name in values}
    owner = values.pop("enterprise", None)
    code = values.pop("outlet", None)
    if bool(owner) != bool(code):
        raise invalid("outlet" if owner else "enterprise", "registry.missing")
    if owner and code:
        values["outlet"] = _outlet(_enterprise(owner), code)
    there = Station.objects.filter(code=values["code"]).first()
    if there is None:
        row, change = services.make_station(actor, **values), "made"
    else:
        values.pop("code")
        if values.pop("st") != there.st:
            raise invalid("st", "registry.fixed")
        row = services.change_station(actor, there, **values)
        change = _changed(row, there.updated_at)
    return _with_logger(actor, row, device, change)  # type: ignore[arg-type]


def _with_logger(actor: Viewer, row: Station, device: dict[str, Any], change: Change) -> Change:
    mn = device.pop("mn", None)
    if not mn:
        if device.get("password") or device.get("sm4_key"):
            raise invalid("mn", "registry.missing")
        return change
    there = Logger.objects.filter(mn=mn).select_related("station").first()
    if there is None:
        device.setdefault("password", "")
        services.make_logger(actor, row, mn=mn, **device)
        return change if change == "made" else "changed"
    if there.station_id != row.pk:
        raise invalid("mn", "registry.mn.taken", value=mn, name=there.station.name)
    if device.pop("stamp_rule", there.stamp_rule) != there.stamp_rule:
        raise invalid("stamp_rule", "registry.fixed")
    if "unit_overrides" in device:
        device["unit_overrides"] = services.usual_units(there.st) | device["unit_overrides"]
    secrets = services.unchanged_secrets(there, device)
    after = services.change_logger(
        actor, there, **{name: value for name, value in device.items() if name not in secrets}
    )
    return change if after.revision == there.revision else "changed" if change == "same" else change


def limit(actor: Viewer, values: dict[str, Any]) -> Change:
    """Set a limit; one that stands there word for word is left alone."""
    place = _outlet(_enterprise(values.pop("enterprise")), values.pop("outlet"))
    factor = values.pop("factor")
    same = Limit.objects.filter(outlet=place, factor_id=factor, valid_from=values["valid_from"])
    for row in same.filter(kind=values.get("kind", Limit.Kind.MAX), period=values.get("period", Limit.Period.HOUR)):
        if all(getattr(row, name) == value for name, value in values.items()):
            return "same"
    services.set_limit(actor, place, factor, **values)
    return "made"
