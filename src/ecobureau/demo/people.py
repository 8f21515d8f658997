"""The people of the demonstration city, and those of them whom the login page of the demo offers."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PASSWORDS = "demo-people.json"
"""File in the data folder (mode 0600): user name -> password."""

HOME = "qingshan"
"""Code of the district whose people the login page offers; the scripted incidents happen there."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo.

    Attributes:
        username, role: for signing in, and what they are. unit: path of the unit they work in.
        place: path for which they hold the role. post: head or member of the unit.
        name_zh, name_en, unit_zh, unit_en, role_zh, role_en: what the login page shows.
    """

    username: str
    role: str
    unit: str
    place: str
    name_zh: str
    name_en: str
    role_zh: str
    role_en: str
    unit_zh: str
    unit_en: str
    post: str = "member"
    certificate: str = ""


_CITY = ("市级中心", "City centre")
_DISTRICT = ("青山区分中心", "Qingshan sub-centre")
_BRIGADE = ("青山区执法大队", "Qingshan enforcement brigade")


def _person(
    username: str, role: str, unit: str, place: str, name: tuple[str, str], title: tuple[str, str],
    where: tuple[str, str], post: str = "member", certificate: str = "",
) -> Person:  # fmt: skip
    return Person(username, role, unit, place, *name, *title, *where, post, certificate)


PEOPLE: tuple[Person, ...] = (
    _person("zhiban", "duty_officer", "/wuhan/", "/wuhan/", ("演示·值守", "Demo Duty"),
            ("值班员", "Duty officer"), _CITY),
    _person("diaodu", "dispatcher", "/wuhan/", "/wuhan/", ("演示·调度", "Demo Dispatch"),
            ("市级调度员", "City dispatcher"), _CITY),
    _person("qu", "dispatcher", f"/wuhan/{HOME}/", f"/wuhan/{HOME}/", ("演示·区调", "Demo District"),
            ("区级调度员", "District dispatcher"), _DISTRICT),
    _person("wangge", "grid_worker", f"/wuhan/{HOME}/", f"/wuhan/{HOME}/", ("演示·网格", "Demo Grid"),
            ("网格员", "Grid worker"), _DISTRICT),
    _person("zhifa1", "enforcement_officer", f"/wuhan/{HOME}/enforcement/", f"/wuhan/{HOME}/enforcement/",
            ("演示·执法甲", "Demo Officer A"), ("执法人员", "Enforcement officer"), _BRIGADE, certificate="演示-001"),
    _person("zhifa2", "enforcement_officer", f"/wuhan/{HOME}/enforcement/", f"/wuhan/{HOME}/enforcement/",
            ("演示·执法乙", "Demo Officer B"), ("执法人员", "Enforcement officer"), _BRIGADE, certificate="演示-002"),
    _person("fuzeren", "unit_head", f"/wuhan/{HOME}/", f"/wuhan/{HOME}/", ("演示·负责人", "Demo Head"),
            ("单位负责人", "Unit head"), _DISTRICT, "head"),
    _person("shenhe", "unit_head", "/wuhan/", "/wuhan/", ("演示·审核", "Demo Review"),
            ("市级负责人", "City unit head"), _CITY, "head"),
    _person("lingdao", "leader", "/wuhan/", "/wuhan/", ("演示·领导", "Demo Leader"), ("局领导", "Leader"), _CITY),
    _person("shenji", "auditor", "/wuhan/", "/", ("演示·审计", "Demo Auditor"), ("审计员", "Auditor"), _CITY),
    _person("guanli", "administrator", "/wuhan/", "/", ("演示·管理", "Demo Admin"), ("管理员", "Administrator"), _CITY),
)  # fmt: skip
"""Whom the login page of the demo offers."""


def read_passwords(data: Path) -> dict[str, str]:
    """Return user name -> password of this data folder; empty where the demo was never built."""
    try:
        found: dict[str, str] = json.loads((data / PASSWORDS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def make_passwords(data: Path, people: Sequence[Person] = PEOPLE) -> dict[str, str]:
    """Return the passwords of this data folder; a random one is made at first and written (0600).

    All people of the demo have the same one, so that it can be shown once.
    """
    known = read_passwords(data)
    missing = [person.username for person in people if person.username not in known]
    if missing:
        shared = next(iter(known.values()), None) or secrets.token_urlsafe(12)
        known |= dict.fromkeys(missing, shared)
        path = data / PASSWORDS
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(known, out, indent=1)
        fresh.replace(path)
    return known


def login_choices(data: Path, lang: str = "zh") -> list[dict[str, str]]:
    """Return whom the login page of the demo offers, in a language: username, password, role, and name, title, unit."""
    passwords = read_passwords(data)
    english = lang.startswith("en")
    return [
        {
            "username": person.username,
            "password": passwords[person.username],
            "name": person.name_en if english else person.name_zh,
            "role": person.role,
            "title": person.role_en if english else person.role_zh,
            "unit": person.unit_en if english else person.unit_zh,
        }
        for person in PEOPLE
        if person.username in passwords
    ]
