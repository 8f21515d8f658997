"""Who may do what with matters of rectification and accounts. The tables are written by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from web.access_contract import AccessContract

_DATES = {"due_on": date(2027, 3, 31)}
_OFFICE = "view act attach export create"
_EXPECTED = {
    **{("duty_officer", where): "view export" for where in ("city", "district", "grid")},
    **{("dispatcher", where): _OFFICE for where in ("city", "district", "grid")},
    ("dispatcher", "unit"): "view act attach export",
    **{("unit_head", where): _OFFICE for where in ("city", "district", "grid")},
    ("unit_head", "unit"): "view act attach export",
    **{("enforcement_officer", where): "view act attach" for where in ("city", "district", "grid", "unit")},
    **{("leader", where): _OFFICE for where in ("city", "district", "grid")},
    **{("auditor", where): "view export" for where in ("city", "district", "grid")},
}


class TestRectificationAccess(AccessContract):
    kind = "rectification"
    expected = _EXPECTED

    def make(self, **fields: Any) -> Any:
        return kernel.create(
            "rectification", SYSTEM, title="整改", demand="x", key_steps="y", accepting_unit="/wuhan/x/",
            feedback_on=date(2026, 11, 1), **_DATES, **fields,
        )  # fmt: skip


class TestHangingAccess(AccessContract):
    kind = "hanging"
    expected = _EXPECTED

    def make(self, **fields: Any) -> Any:
        return kernel.create("hanging", SYSTEM, title="挂账", demand="x", hung_on=date(2026, 11, 1), **_DATES, **fields)
