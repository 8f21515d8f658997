"""The scene kinds and matters in force: the rule packs with the changes that two persons of the city have put in front.

What they say on a day is kept for a minute a process, as the names of places are, since lists ask row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecobureau.clock import beijing, monotonic, now
from ecobureau.domain.rules import Entry, NoRule
from ecobureau.rulepacks import load
from ecobureau.web.clues.models import RuleChange
from ecobureau.web.core.models.record import OwnLimit
from ecobureau.words import language

_KEEP_SECONDS = 60.0
MINUTES = {"min": 1, "h": 60, "d": 1440}
"""Units of limits by calendar → minutes."""
_kept: dict[tuple[str, date], tuple[float, Mapping[str, InForce]]] = {}
PREFIX = {"scenario_kinds": "scenario.", "matter": "matter."}
"""The packs that people may change in the pages, and which of their entries."""


@dataclass(frozen=True, slots=True)
class InForce:
    """One entry as it is in force: its code, value, the pack's entry, and the change that stands in front, if any."""

    code: str
    value: Mapping[str, Any]
    entry: Entry | None
    change: RuleChange | None

    @property
    def name(self) -> str:
        """The name in the language in force."""
        wanted = self.value.get("name_en") if language() == "en" else None
        return str(wanted or self.value.get("name") or self.code)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of codes of the value (`duties`, `help`, `matters`), empty where it has none."""
        found = self.value.get(key, ())
        return tuple(str(each) for each in found) if isinstance(found, list | tuple) else ()


def in_force(pack: str, on: date) -> Mapping[str, InForce]:
    """Return code → entry of a pack (`scenario_kinds`, `matter`) on a day (Asia/Shanghai), sorted by code."""
    kept = _kept.get((pack, on))
    if kept is not None and 0 <= monotonic() - kept[0] < _KEEP_SECONDS:
        return kept[1]
    prefix, rules = PREFIX[pack], load(pack)
    changes = {
        change.key: change
        for change in RuleChange.objects.filter(
            pack=pack, state=RuleChange.State.APPROVED, valid_from__lte=on
        ).order_by("valid_from", "decided_at", "pk")
    }
    found: dict[str, InForce] = {}
    for key in sorted({*rules.keys(prefix), *changes}):
        code, change = key.removeprefix(prefix), changes.get(key)
        try:
            entry: Entry | None = rules.at(key, on)
        except NoRule:
            entry = None
        value = change.value if change is not None else entry.value if entry is not None else None
        if isinstance(value, Mapping):
            found[code] = InForce(code, value, entry, change)
    if len(_kept) > 60:
        _kept.clear()
    _kept[pack, on] = (monotonic(), found)
    return found


def forget() -> None:
    """Read the tables anew at the next question (after a decision)."""
    _kept.clear()


def today() -> date:
    """Return the day by which rules are picked now."""
    return beijing(now()).date()


def kinds(on: date | None = None) -> Mapping[str, InForce]:
    """Return the scene kinds in force, today unless a day is named."""
    return in_force("scenario_kinds", on or today())


def matters(on: date | None = None) -> Mapping[str, InForce]:
    """Return the matter table in force, today unless a day is named."""
    return in_force("matter", on or today())


def value(code: str, on: date | None = None) -> Mapping[str, Any]:
    """Return what a scene kind says on a day; empty for a code that is none."""
    found = kinds(on).get(code)
    return found.value if found is not None else {}


SLA_STEPS = ("triage", "accept", "arrive", "result", "close")
"""Steps that a scene kind may have a limit of its own for: `sla_<step>` of its value, in minutes."""


def own_limit(code: str, level: str, step: str, on: date) -> OwnLimit | None:
    """Return the limit that a scene kind has for a step in place of its level's; None where the level's holds.

    What is urgent (red) stays at least as strict as its level: there the shorter of the two holds.
    """
    found = kinds(on).get(code) if step in SLA_STEPS else None
    minutes = found.value.get(f"sla_{step}") if found is not None else None
    if found is None or not isinstance(minutes, int) or minutes <= 0:
        return None
    if level == "red":
        of_level = load("sla").at(f"task.sla.red.{step}", on)
        length = MINUTES.get(of_level.unit)
        if length is not None and int(str(of_level.value)) * length <= minutes:
            return None
    pack, change = load("scenario_kinds"), found.change
    source = f"{change.why}" if change is not None else found.entry.source if found.entry is not None else ""
    version = pack.version if change is None else f"{pack.version}+{change.pk}"
    return OwnLimit(minutes, f"scenario_kinds:{PREFIX['scenario_kinds']}{code}.sla_{step}", version, source)


def name(code: str, on: date | None = None) -> str:
    """Return code and name of a scene kind ('K08 露天焚烧…'), the bare code where it is none, '' for ''."""
    found = kinds(on).get(code)
    return f"{code} {found.name}" if found is not None else code


def matter_name(code: str) -> str:
    """Return the name of a matter, its code where it is none."""
    found = matters().get(code)
    return found.name if found is not None else code


def choices(*, empty: bool = True) -> list[tuple[str, str]]:
    """Return the scene kinds for a form."""
    named = [(code, name(code)) for code in kinds()]
    return [("", "—"), *named] if empty else named


def matter_choices() -> list[tuple[str, str]]:
    """Return the matters for a form."""
    return [("", "—"), *((code, each.name) for code, each in matters().items())]


def duties_of(scenario: str, matter: str = "", on: date | None = None) -> list[str]:
    """Return the duties that a clue's work goes to: those of its matter where the kind says so, else the kind's.

    Args:
        scenario: code of the kind; matter: code of the matter table, '' where nobody named one.
    """
    kind = kinds(on).get(scenario)
    if kind is None:
        return []
    if matter and (kind.value.get("by_matter") or not kind.texts("duties")):
        row = matters(on).get(matter)
        if row is not None:
            return list(row.texts("duties"))
    return list(kind.texts("duties"))


def level_of(scenario: str) -> str:
    """Return the level of a clue of a kind whose source names none; yellow where the kind is not known."""
    return str(value(scenario).get("level") or "yellow")


def medium_of(scenario: str) -> str:
    """Return what reaches people from a kind of scene: `air`, `water` or `any`."""
    found = str(value(scenario).get("medium") or "any")
    return found if found in ("air", "water", "any") else "any"
