"""Water comes from above: who is told besides when a water matter is sent out (workflow reference 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ecobureau.clock import beijing
from ecobureau.domain.rules import NoRule
from ecobureau.domain.workflow import Role
from ecobureau.rulepacks import load
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import notices, people
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Share
from ecobureau.web.places import selectors as places

WHY = "upstream"


def units_above(org_path: str, at: datetime) -> list[str]:
    """Return the paths of the sub-centres upstream of a place's, as the pack `scenario_kinds` names their districts."""
    parts = org_path.strip("/").split("/")
    if len(parts) < 2:
        return []
    day = beijing(at).date()
    try:
        table = load("scenario_kinds").at("upstream.districts", day).value
    except NoRule:
        return []
    named = table.get(parts[1], []) if isinstance(table, Mapping) else []
    found = (places.organisation(f"/{parts[0]}/{code}/") for code in (named if isinstance(named, list) else []))
    return [unit.path for unit in found if unit is not None and places.in_use(unit, day)]


def tell(clue: Clue, at: datetime) -> None:
    """Let the units upstream see a clue of a kind that asks for it, and tell their dispatchers; each once."""
    if not scenarios.value(clue.scenario, beijing(at).date()).get("notify_upstream"):
        return
    known = set(Share.objects.filter(kind="clue", object_id=clue.pk, why=WHY).values_list("org_path", flat=True))
    for unit in units_above(clue.org_path, at):
        if unit in known:
            continue
        kernel.share(clue, SYSTEM, why=WHY, org_path=unit)
        heard = people.holders(Role.DISPATCHER, unit, at) or people.holders(Role.DUTY_OFFICER, unit, at)
        notices.send(heard, clue, "dispatch.notice.upstream", {"title": clue.heading}, at)
