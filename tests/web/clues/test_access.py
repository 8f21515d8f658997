"""Who may do what with a clue: the table by hand, held against the door and every page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ecobureau.web.clues.models import Clue
from ecobureau.web.core import services
from ecobureau.web.core.access import SYSTEM
from web.access_contract import AccessContract

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_OFFICE = "view act attach export create"
_READ = "view export"


class TestClueAccess(AccessContract):
    kind = "clue"
    expected = {
        **{(role, where): _OFFICE for role in ("duty_officer", "dispatcher") for where in ("city", "district", "grid")},
        **{("unit_head", where): _OFFICE for where in ("city", "district", "grid")},
        **{(role, where): _READ for role in ("leader", "auditor") for where in ("city", "district", "grid")},
        **{("enforcement_officer", where): "view" for where in ("city", "district", "grid")},
        ("grid_worker", "grid"): "view",
    }

    def make(self, **fields: Any) -> Clue:
        made: Clue = services.create("clue", SYSTEM, title="手工登记", first_at=AT, last_at=AT, **fields)
        return made
