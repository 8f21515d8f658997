"""Who may do what with remote stops and permits of night work. The tables are written by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from web.access_contract import AccessContract

_LEVELS = ("city", "district", "grid")
_SEEN = {
    ("unit_head", "unit"): "view act attach export",
    **{("enforcement_officer", where): "view" for where in (*_LEVELS, "unit")},
    **{("leader", where): "view export" for where in _LEVELS},
    **{("auditor", where): "view export" for where in _LEVELS},
}


class TestRemoteStopAccess(AccessContract):
    kind = "remote_stop"
    expected = {
        **_SEEN,
        **{("duty_officer", where): "view act attach export create" for where in _LEVELS},
        **{("dispatcher", where): "view act attach export create" for where in _LEVELS},
        **{("unit_head", where): "view act attach export" for where in _LEVELS},
    }

    def make(self, **fields: Any) -> Any:
        return kernel.create("remote_stop", SYSTEM, title="喊停", **fields)


class TestNightPermitAccess(AccessContract):
    kind = "night_permit"
    expected = {
        **_SEEN,
        **{("duty_officer", where): "view act attach export" for where in _LEVELS},
        **{("dispatcher", where): "view act attach export create" for where in _LEVELS},
        **{("unit_head", where): "view act attach export create" for where in _LEVELS},
    }

    def make(self, **fields: Any) -> Any:
        return kernel.create(
            "night_permit", SYSTEM, title="浇筑", reference="1", issuer="x", basis="need",
            begins=datetime(2026, 11, 1, tzinfo=UTC), ends=datetime(2026, 11, 2, tzinfo=UTC), **fields,
        )  # fmt: skip


class TestCameraAccess(AccessContract):
    kind = "site_camera"
    expected = TestNightPermitAccess.expected

    def make(self, **fields: Any) -> Any:
        return kernel.create("site_camera", SYSTEM, title="大门球机", address="https://video.example/1", **fields)
