"""A grid worker of one district sees nothing of another's: every kind of record, at page, list, search, export and API.

A kind that is new fails here until somebody says how to make one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zipfile import ZipFile

import pytest

from ecobureau.web.core import registry, services
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.live import read_token, token
from ecobureau.web.dispatch.models import Task
from web.people import person

pytestmark = pytest.mark.django_db
HERE, THERE = "/wuhan/jiangan/g1/", "/wuhan/qingshan/g1/"
DAY = date(2026, 11, 1)
AT = datetime(2026, 11, 1, tzinfo=UTC)
SEEN = {"clue", "task", "help", "supervision", "outfall"}
"""Kinds of which grid workers see those of their own grid; of the others they see nothing at all."""


def _task() -> int:
    return int(Task.objects.order_by("-pk").values_list("pk", flat=True)[0])


MORE: dict[str, Callable[[str], dict[str, Any]]] = {
    "clue": lambda place: {"first_at": AT, "last_at": AT},
    "task": lambda place: {},
    "help": lambda place: {"task_id": _task(), "demand": "查"},
    "supervision": lambda place: {"task_id": _task(), "demand": "办"},
    "outfall": lambda place: {
        "code": f"42010{2 if place == HERE else 7}-0001-GY-00",
        "division": "420102",
        "kind_code": "GY",
        "water": "府河",
    },
    "rectification": lambda place: {
        "demand": "x",
        "key_steps": "y",
        "accepting_unit": "/wuhan/x/",
        "feedback_on": DAY,
        "due_on": DAY,
    },
    "hanging": lambda place: {"demand": "x", "due_on": DAY, "hung_on": DAY},
    "remote_stop": lambda place: {},
    "night_permit": lambda place: {"reference": "1", "issuer": "x", "basis": "need", "begins": AT, "ends": AT},
    "site_camera": lambda place: {"address": "https://video.example/1"},
    "handover": lambda place: {"starts": AT, "ends": AT.replace(hour=12 if place == HERE else 13)},
}
LEFT_TO_ITS_ROOM = {"water_sample"}
"""Made only with a series of its own; its tests stand with statistics."""


def make(kind: str, place: str) -> Any:
    """Make a record of a kind in a grid, in the hands of that grid."""
    common = {"title": f"隔区可见{place.split('/')[2]}", "org_path": place, "grid": place, "owner_unit": place}
    return services.create(kind, SYSTEM, **common, **MORE[kind](place))


def body_of(answer: Any) -> bytes:
    """Return the body of an answer; of a workbook, its unpacked sheets."""
    body: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if not body.startswith(b"PK"):
        return body
    with ZipFile(io.BytesIO(body)) as book:
        return b"".join(book.read(name) for name in book.namelist())


def test_every_kind_has_a_record_here() -> None:
    assert set(MORE) | LEFT_TO_ITS_ROOM == {kind.code for kind in registry.kinds()}


@pytest.mark.parametrize("code", sorted(MORE))
def test_a_grid_worker_sees_nothing_of_another_district(code: str, client: Any) -> None:
    kind = registry.get(code)
    for place in (HERE, THERE):
        services.create("task", SYSTEM, title="底", org_path=place, grid=place, owner_unit=place)
    mine, other = make(code, HERE), make(code, THERE)
    worker = person("worker", ("grid_worker", HERE, [HERE]))
    client.force_login(worker)
    base, plain = f"/{kind.plural}/", {"headers": {"Accept": "application/json"}}
    words = (other.number.encode(), other.title.encode(), json.dumps(other.title).strip('"').encode())
    looks = [base, f"{base}?q=隔区可见", f"{base}board/", f"{base}statistics/", f"{base}map/marks.json"]
    looks += [f"/api{base}", f"/api{base}?q=隔区可见", "/search/?q=隔区可见"]
    for address in looks:
        body = body_of(client.get(address, **plain))
        assert not any(word in body for word in words), address
    ways = [f"{base}{other.number}/", f"{base}{other.number}/chain/", f"{base}{other.number}/shares/"]
    ways += [f"{base}{other.number}/card/", f"/api{base}{other.number}/"]
    for address in ways:
        assert client.get(address, **plain).status_code in (403, 404), address
    for form in ("csv", "xlsx"):
        exported = client.post(f"{base}export.{form}", {"purpose": "核对权限"}, **plain)
        assert not any(word in body_of(exported) for word in words), form
    version = other.version
    for verb in kind.flow.verbs():
        for address in (f"{base}{other.number}/do/{verb}/", f"/api{base}{other.number}/do/{verb}/"):
            assert client.post(address, {"reason": "x"}, **plain).status_code in (403, 404), address
    other.refresh_from_db()
    assert other.version == version
    ticket = read_token(token(viewer_of(worker), [f"list:{code}", f"record:{code}:{other.pk}"]))
    assert not ticket.hears(f"record:{code}:{other.pk}", "") and not ticket.hears(f"list:{code}", THERE)
    seen = client.get(f"/api{base}{mine.number}/", **plain).status_code == 200
    assert seen == (code in SEEN), "one's own grid"
