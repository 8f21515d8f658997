"""Enterprises, their sites and their outlets."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ecobureau.domain import credit_code
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources.models import Enterprise, Outlet, Site
from ecobureau.web.sources.services.common import PLACE_FIELDS, add_placed, change_placed, where

_ENTERPRISE = {"short_name", "industry_code", "industry", "key_unit", "permit_number", "contact", "phone"}
_OUTLET = {"grade", "o2_ref", "height_m", "destination", "medium"}
O2_OF_AIR = 21.0
"""Oxygen of dry air in percent as the conversion formula writes it (HJ 212-2017 D.2, eq. 28)."""


@transaction.atomic
def make_enterprise(actor: Viewer, *, code: str, name: str, **fields: Any) -> Enterprise:
    """Register an enterprise.

    Args:
        code: unified social credit code, 18 characters, check character included.
        fields: short_name, industry_code, industry, key_unit, permit_number, contact, phone, address, active; and the
            place: `lon`, `lat` in `system` (wgs84 | gcj02 | bd09), or `org_path`.

    Raises:
        Invalid: bad or taken code, bad field; Refused: no right at that place.
    """
    check_credit_code(code)
    taken = Enterprise.objects.filter(code=code).first()
    if taken:
        raise invalid("code", "registry.code.taken", value=code, name=taken.name)
    place, rest = _split(fields, _ENTERPRISE)
    return add_placed(actor, Enterprise(code=code, name=name, **rest, **where(place)), code)


def check_credit_code(code: str, field: str = "code") -> None:
    """Check a unified social credit code that stands in `field`.

    Raises:
        Invalid: wrong form, or wrong check character (the right one is named).
    """
    if not credit_code.well_formed(code):
        raise invalid(field, "registry.credit_code.form", value=code)
    right = credit_code.check_letter(code[:17])
    if code[17] != right:
        raise invalid(field, "registry.credit_code", value=code, check=right)


@transaction.atomic
def change_enterprise(actor: Viewer, row: Enterprise, **changes: Any) -> Enterprise:
    """Change an enterprise; its code stays.

    Raises:
        Invalid: a fixed or bad field; Refused: no right there.
    """
    row, _changed = change_placed(actor, row, changes, changeable=_ENTERPRISE, number=row.code)
    return row


@transaction.atomic
def make_site(actor: Viewer, enterprise: Enterprise, *, code: str, name: str, **fields: Any) -> Site:
    """Register a site of an enterprise; without a place of its own it lies where the enterprise does."""
    taken = Site.objects.filter(enterprise=enterprise, code=code).first()
    if taken:
        raise invalid("code", "registry.code.taken", value=code, name=taken.name)
    place, rest = _split(fields, set())
    row = Site(enterprise=enterprise, code=code, name=name, **rest, **where(place, fallback=enterprise))
    return add_placed(actor, row, f"{enterprise.code}/{code}")


@transaction.atomic
def change_site(actor: Viewer, row: Site, **changes: Any) -> Site:
    """Change a site; its code and enterprise stay."""
    row, _changed = change_placed(actor, row, changes, changeable=set(), number=row.code)
    return row


@transaction.atomic
def make_outlet(
    actor: Viewer,
    enterprise: Enterprise,
    *,
    code: str,
    name: str,
    medium: str,
    site: Site | None = None,
    **fields: Any,
) -> Outlet:
    """Register an outlet of an enterprise.

    Args:
        code: its number in the permit, for example DA001 or DW001.
        medium: water | air | noise | rain.
        fields: grade (main | general), o2_ref (reference oxygen in percent; then limits count converted values),
            height_m, destination, address, active; and the place as for `make_enterprise` (default: that of the site,
            else of the enterprise).

    Raises:
        Invalid: taken code, bad field; Refused: no right there.
    """
    taken = Outlet.objects.filter(enterprise=enterprise, code=code).first()
    if taken:
        raise invalid("code", "registry.code.taken", value=code, name=taken.name)
    if site is not None and site.enterprise_id != enterprise.pk:
        raise invalid("site", "registry.site.other", value=site.code)
    place, rest = _split(fields, _OUTLET)
    _check_o2(rest.get("o2_ref"))
    row = Outlet(
        enterprise=enterprise,
        site=site,
        code=code,
        name=name,
        medium=medium,
        **rest,
        **where(place, fallback=site or enterprise),
    )
    return add_placed(actor, row, f"{enterprise.code}/{code}")


@transaction.atomic
def change_outlet(actor: Viewer, row: Outlet, **changes: Any) -> Outlet:
    """Change an outlet; its code and enterprise stay."""
    _check_o2(changes.get("o2_ref"))
    row, _changed = change_placed(actor, row, changes, changeable=_OUTLET, number=row.code)
    return row


def _check_o2(value: float | None) -> None:
    if value is not None and not 0 < value < O2_OF_AIR:
        raise invalid("o2_ref", "registry.o2_ref", value=value)


def _split(fields: dict[str, Any], own: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    unknown = fields.keys() - own - set(PLACE_FIELDS) - {"address", "active"}
    if unknown:
        raise invalid(min(unknown), "registry.fixed")
    place = {name: fields[name] for name in PLACE_FIELDS if name in fields}
    return place, {name: value for name, value in fields.items() if name not in PLACE_FIELDS}
