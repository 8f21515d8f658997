"""Whatever the program writes into its audit has words for who reads it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from ecobureau import web
from ecobureau.web.core import audit
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.templatetags.core import audit_word
from web.people import person


def _written() -> set[str]:
    """Return the acts that stand as texts in calls of `audit.write`, and of those that put a room's name before."""
    found: set[str] = set()
    for path in Path(next(iter(web.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):
                continue
            called, act = ast.unparse(node.func), str(node.args[1].value)
            if called == "audit.write":
                found.add(act)
            elif called.endswith("note_change"):
                found.add(f"registry.{act}")
    return found


def test_every_audited_act_has_words() -> None:
    acts = _written()
    assert len(acts) > 40
    assert not [act for act in sorted(acts) if audit_word(act) == act]


@pytest.mark.django_db
def test_acts_are_found_by_their_words_and_by_their_code(client: Any) -> None:
    audit.write(SYSTEM, "device.command", number="S1")
    audit.write(SYSTEM, "login_failed", number="S2")
    client.force_login(person("auditor", ("auditor", "/")))
    for asked, found in (("设备命令", "S1"), ("device.command", "S1"), ("登录失败", "S2")):
        lines = client.get("/audit/", {"what": asked}).context["page"].lines
        assert [line.number for line in lines] == [found]
    assert client.get("/audit/", {"what": "没有这种"}).context["page"].lines == []
