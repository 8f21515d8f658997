"""The toy's access: the kernel's own table, written out by hand."""

import pytest

from ecobureau.web.core import services
from ecobureau.web.core.access import NOBODY, SYSTEM, allowed, scope
from web.access_contract import AccessContract

_ALL = "view act attach export create"
_WORK = "view act attach"
_HEAD = "view act attach export"


class TestNotebookAccess(AccessContract):
    kind = "notebook"
    expected = {
        ("duty_officer", "city"): _ALL,
        ("duty_officer", "district"): _ALL,
        ("duty_officer", "grid"): _ALL,
        ("dispatcher", "city"): _ALL,
        ("dispatcher", "district"): _ALL,
        ("dispatcher", "grid"): _ALL,
        ("grid_worker", "grid"): _WORK,
        ("grid_worker", "owner"): _WORK,
        ("enforcement_officer", "city"): _WORK,
        ("enforcement_officer", "unit"): _WORK,
        ("enforcement_officer", "owner"): _WORK,
        ("unit_head", "city"): _ALL,
        ("unit_head", "district"): _ALL,
        ("unit_head", "grid"): _ALL,
        ("unit_head", "unit"): _HEAD,
        ("leader", "city"): _HEAD,
        ("leader", "district"): _HEAD,
        ("leader", "grid"): _HEAD,
        ("auditor", "city"): "view export",
        ("auditor", "district"): "view export",
        ("auditor", "grid"): "view export",
    }

    @pytest.fixture(autouse=True)
    def _table(self, toy, clock):
        pass

    def make(self, **fields):
        return services.create("notebook", SYSTEM, title="手记", pages=1, **fields)


def test_nobody_sees_nothing(toy, clock):
    record = services.create("notebook", SYSTEM, title="手记", org_path="/wuhan/")
    assert allowed(NOBODY, "view", record).code == "core.sign_in"
    assert not scope(NOBODY, "view", type(record).objects.all()).exists()
