"""Every verb of every further kind, by every office, against `verbs.txt`. A refusal changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from ecobureau.web.core import registry, services
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places import services as places
from web.people import person

pytestmark = pytest.mark.django_db
GRID, BRIGADE = "/wuhan/jiangan/g1/", "/wuhan/jiangan/enforcement/"
DAY, AT = date(2026, 11, 1), datetime(2026, 11, 1, tzinfo=UTC)
ELSEWHERE = {"clue", "task", "help", "supervision"}
"""These stand in matrix.txt, with every level."""
OFFICES: dict[str, tuple[str, list[str]]] = {
    "duty_officer": ("/wuhan/", []),
    "dispatcher": ("/wuhan/", []),
    "grid_worker": (GRID, [GRID]),
    "enforcement_officer": (BRIGADE, []),
    "unit_head": ("/wuhan/", []),
    "leader": ("/wuhan/", []),
    "auditor": ("/wuhan/", []),
    "administrator": ("/wuhan/", []),
}
MORE: dict[str, dict[str, Any]] = {
    "outfall": {"code": "420102-0001-GY-00", "division": "420102", "kind_code": "GY", "water": "府河"},
    "rectification": {
        "demand": "x",
        "key_steps": "y",
        "accepting_unit": BRIGADE,
        "feedback_on": DAY,
        "due_on": DAY,
    },
    "hanging": {"demand": "x", "due_on": DAY, "hung_on": DAY},
    "remote_stop": {},
    "night_permit": {"reference": "1", "issuer": "x", "basis": "need", "begins": AT, "ends": AT},
    "site_camera": {"address": "https://video.example/1"},
    "handover": {"starts": AT, "ends": AT.replace(hour=12)},
}
UNMADE = {"water_sample"}
"""Made only with a series of its own: its verbs are held against the table, its door by the tests of statistics."""


def read_table() -> dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]]:
    """Return (kind, verb) → who may, and whose hands are excluded."""
    found = {}
    for line in (Path(__file__).parent / "verbs.txt").read_text(encoding="utf-8").splitlines():
        left, _bang, eyes = line.partition("#")[0].partition("!")
        if left.strip():
            kind, verb, *roles = left.split()
            found[kind, verb] = frozenset(roles), frozenset(eyes.split())
    return found


TABLE = read_table()


def test_the_table_names_every_verb_its_roles_and_its_four_eyes() -> None:
    flows = {}
    for kind in registry.kinds():
        if kind.code in ELSEWHERE:
            continue
        may_act = {str(role) for role in kind.access.get("act", {})} | {"system"}
        for verb in kind.flow.verbs():
            moves = [move for move in kind.flow.transitions if move.verb == verb]
            roles = {str(role) for move in moves for role in move.roles}
            roles |= {str(role) for move in moves for several in move.roles_at.values() for role in several}
            flows[kind.code, verb] = (
                frozenset(roles & may_act),
                frozenset(each for move in moves for each in move.not_same_as),
            )
    assert flows == TABLE
    assert {kind.code for kind in registry.kinds()} == ELSEWHERE | set(MORE) | UNMADE


@pytest.mark.parametrize("code", sorted(MORE))
def test_every_verb_is_refused_to_every_other_office(code: str) -> None:
    kind = registry.get(code)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市")
    district = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸")
    places.make_organisation(SYSTEM, parent=district, code="enforcement", level="department", name="执法")
    common = {"title": "矩阵", "org_path": GRID, "grid": GRID, "owner_unit": BRIGADE, "lon": 114.3, "lat": 30.6}
    record = services.create(code, SYSTEM, **common, **MORE[code])
    people = {role: viewer_of(person(role, (role, place, grids))) for role, (place, grids) in OFFICES.items()}
    wrong = []
    for verb in kind.flow.verbs():
        source = next(move.sources[0] for move in kind.flow.transitions if move.verb == verb)
        type(record).objects.filter(pk=record.pk).update(state=source)
        for role, who in people.items():
            told = attempt(record, verb, who)
            if (told in ("core.no_access", "core.not_your_role")) == (role in TABLE[code, verb][0]):
                wrong.append(f"{code} {verb} by {role} gave {told or 'done'}")
    assert not wrong, "\n".join(wrong)
    assert History.objects.filter(kind=code, object_id=record.pk).count() == 1


def attempt(record: Any, verb: str, who: Any) -> str | None:
    """Try a verb through the kernel and take it back; return the code of the refusal."""
    try:
        with transaction.atomic():
            services.perform(type(record).objects.get(pk=record.pk), verb, who, reason="x")
            transaction.set_rollback(True)
    except Refused as refused:
        return refused.code
    return None
