"""Who may do what with hand-overs. The table is written by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from web.access_contract import AccessContract

_HERE = ("city", "district", "grid")
_hours = count()


class TestHandoverAccess(AccessContract):
    kind = "handover"
    expected = {
        **{
            (role, where): "view act attach export create" for role in ("duty_officer", "dispatcher") for where in _HERE
        },
        **{(role, where): "view export" for role in ("unit_head", "leader", "auditor") for where in _HERE},
        **{(role, "owner"): "" for role in ("duty_officer", "dispatcher")},
    }

    def make(self, **fields: Any) -> Any:
        day = datetime(2026, 11, 1, tzinfo=UTC).replace(minute=next(_hours) % 60)
        return kernel.create("handover", SYSTEM, title="交班", starts=day, ends=day.replace(hour=12), **fields)
