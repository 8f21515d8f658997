"""Who may do what with a task: the table by hand, held against the door and every page."""

from __future__ import annotations

from typing import Any

from ecobureau.web.core import services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.dispatch.models import Task
from web.access_contract import AccessContract

_ROUTING = "view act export create"
_FIELD = "view act attach"
_HEAD = "view act attach export"


class TestTaskAccess(AccessContract):
    kind = "task"
    expected = {
        **{
            (role, place): _ROUTING for role in ("duty_officer", "dispatcher") for place in ("city", "district", "grid")
        },
        ("dispatcher", "unit"): "view act",
        **{("unit_head", place): _HEAD for place in ("city", "district", "grid", "unit")},
        **{("leader", place): "view act export" for place in ("city", "district", "grid")},
        **{("auditor", place): "view export" for place in ("city", "district", "grid")},
        **{("enforcement_officer", place): _FIELD for place in ("city", "unit", "owner")},
        # A grid worker's role names grids; without any it would reach its place, and no role is given like that.
        **{("grid_worker", place): _FIELD for place in ("city", "unit", "owner")},
    }

    def make(self, **fields: Any) -> Task:
        made: Task = services.create("task", SYSTEM, title="现场核查", **fields)
        return made
