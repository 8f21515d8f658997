"""Who may do what with an outfall: the table by hand, held against the door and every page."""

from __future__ import annotations

from typing import Any

from ecobureau.web.core import services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.outfalls.models import Outfall
from web.access_contract import AccessContract

_HERE = ("city", "district", "grid")


class TestOutfallAccess(AccessContract):
    kind = "outfall"
    expected = {
        **{("duty_officer", where): "view export" for where in _HERE},
        **{("dispatcher", where): "view act attach export create" for where in _HERE},
        **{("unit_head", where): "view act attach export create" for where in _HERE},
        **{("enforcement_officer", where): "view act attach create" for where in _HERE},
        **{(role, where): "view export" for role in ("leader", "auditor") for where in _HERE},
        **{("administrator", where): "view create" for where in _HERE},
        ("grid_worker", "grid"): "view act attach",
    }

    def make(self, **fields: Any) -> Outfall:
        count = Outfall.objects.count() + 1
        made: Outfall = services.create(
            "outfall",
            SYSTEM,
            title="某厂排污口",
            code=f"420102-{count:04d}-GY-00",
            division="420102",
            kind_code="GY",
            water="府河",
            lon=114.3,
            lat=30.6,
            **fields,
        )
        return made
