"""What the sign-in page of the demonstration city offers: a name for every role, filled in by one click."""

from __future__ import annotations

from ecobureau.config import data_dir
from ecobureau.demo.people import PEOPLE, read_passwords
from ecobureau.web.shell.hooks import DemoPerson
from ecobureau.words import language

_ICONS = {
    "duty_officer": "layout-dashboard",
    "dispatcher": "layout-kanban",
    "grid_worker": "map-pin",
    "enforcement_officer": "gavel",
    "unit_head": "checklist",
    "leader": "home",
    "auditor": "list-search",
    "administrator": "users",
}


def demo_people() -> list[DemoPerson]:
    """Return the sign-in names with their passwords, in the reader's language; empty where no demo was built."""
    known = read_passwords(data_dir())
    english = language() == "en"
    return [
        DemoPerson(
            person.username,
            known[person.username],
            person.name_en if english else person.name_zh,
            f"{person.role_en}, {person.unit_en}" if english else f"{person.role_zh} · {person.unit_zh}",
            _ICONS.get(person.role, "user"),
        )
        for person in PEOPLE
        if person.username in known
    ]
