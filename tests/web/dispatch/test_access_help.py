"""Who may do what with help and supervision orders, by hand; and one grid sees nothing of another district's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecobureau.web.core import services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.dispatch.models import Help, Supervision, Task
from web.access_contract import UNIT, AccessContract
from web.people import person

_UNIT_OFFICE = "view act attach export"
_FIELD = "view act attach"
EXPECTED = {
    **{("duty_officer", place): "view act attach export" for place in ("city", "district", "grid")},
    **{("dispatcher", place): _UNIT_OFFICE for place in ("city", "district", "grid", "unit")},
    **{("unit_head", place): _UNIT_OFFICE for place in ("city", "district", "grid", "unit")},
    **{("leader", place): "view act export" for place in ("city", "district", "grid")},
    **{("auditor", place): "view export" for place in ("city", "district", "grid")},
    **{("enforcement_officer", place): _FIELD for place in ("city", "unit", "owner")},
    **{("grid_worker", place): _FIELD for place in ("city", "unit", "owner")},
}


def a_task() -> Task:
    made: Task = services.create("task", SYSTEM, title="现场核查", org_path="/wuhan/jiangan/", owner_unit=UNIT)
    return made


class TestHelpAccess(AccessContract):
    kind = "help"
    expected = EXPECTED

    def make(self, **fields: Any) -> Help:
        made: Help = services.create("help", SYSTEM, title="配合", demand="查", task_id=a_task().pk, **fields)
        return made


class TestSupervisionAccess(AccessContract):
    kind = "supervision"
    expected = EXPECTED

    def make(self, **fields: Any) -> Supervision:
        made: Supervision = services.create(
            "supervision", SYSTEM, title="督办", demand="办", task_id=a_task().pk, **fields
        )
        return made


@pytest.mark.django_db
def test_a_grid_worker_sees_nothing_of_another_district(client: Any) -> None:
    """Page, list, board, statistics, map, search, export, API list and item, by number and by title."""
    here, there = "/wuhan/jiangan/g1/", "/wuhan/qingshan/g1/"
    made = []
    for place in (here, there):
        common = {"title": f"隔区可见{place[7:9]}", "org_path": place, "grid": place, "owner_unit": place}
        task = services.create("task", SYSTEM, **common)
        made.append(
            [
                task,
                services.create("help", SYSTEM, demand="查", task_id=task.pk, **common),
                services.create("supervision", SYSTEM, demand="办", task_id=task.pk, **common),
            ]
        )
    client.force_login(person("worker", ("grid_worker", "/wuhan/jiangan/", [here])))
    for mine, other in zip(*made, strict=True):
        plural = {"task": "tasks", "help": "helps", "supervision": "supervisions"}[mine.KIND]
        base = f"/{plural}/"
        for address in (base, f"{base}board/", f"{base}map/marks.json", f"/api{base}", "/search/?q=隔区可见"):
            body = client.get(address).content.decode()
            assert other.number not in body and json.dumps(other.title).strip('"') not in body, address
        assert mine.number in client.get(base).content.decode()
        assert mine.number in client.get(f"/api{base}").content.decode()
        quick = {"headers": {"Accept": "application/json"}}
        assert client.get(f"{base}{mine.number}/", **quick).status_code == 200
        for address in (f"{base}{other.number}/", f"{base}{other.number}/chain/", f"/api{base}{other.number}/"):
            assert client.get(address, **quick).status_code in (403, 404), address
        for form in ("csv", "xlsx"):
            answer = client.post(f"{base}export.{form}", {"purpose": "核对"}, **quick)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert other.number.encode() not in body
