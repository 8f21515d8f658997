"""Who should go: matter table × place × shift × load (workflow reference 1.5). Proposes; a person may overrule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person or unit that could take a task.

    Attributes:
        unit: path of the unit; unit_name: its name; level: `city`, `district`, `department` or `grid`.
        person: id of the person, None where the unit decides itself; person_name: its name.
        duties: what the unit is for, as the matter table names it (`enforcement`, `grid` …).
        covers: the place lies in the unit's area (or the unit has none and stands above it).
        on_shift: the person (or anybody of the unit) is on duty now; stand_in: in somebody's stead.
        open_tasks: matters in hand.
        until: end of the shift, aware; None off shift.
        distance_km: from the place, None when unknown.
    """

    unit: str
    unit_name: str
    level: str
    duties: frozenset[str]
    covers: bool
    on_shift: bool
    open_tasks: int
    person: int | None = None
    person_name: str = ""
    stand_in: bool = False
    distance_km: float | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """What speaks for (or against) a candidate: message code and plain values of its template.

    `until` among the values is an instant as ISO text with its zone; who shows it turns it into a time of day.
    """

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate in its rank, with what speaks for it."""

    candidate: Candidate
    reasons: tuple[Why, ...]


def propose(candidates: Iterable[Candidate], duty: str, levels: Sequence[str]) -> list[Proposal]:
    """Rank who should take a matter.

    Args:
        candidates: everybody who could.
        duty: duty that the matter table asks for.
        levels: unit levels in the order of preference, the nearest to the ground first.

    Returns:
        Those whose duty fits and whose area covers the place, best first: on shift before off shift, then by level,
        then people before their unit as a whole, then the least open work, then the nearest; ties by unit path and
        person, so that the result does not wander.
    """
    fitting = [each for each in candidates if duty in each.duties and each.covers and each.level in levels]

    def rank(each: Candidate) -> tuple[bool, int, bool, int, float, str, int]:
        distance = each.distance_km if each.distance_km is not None else float("inf")
        whole = each.person is None
        level = levels.index(each.level)
        return (not each.on_shift, level, whole, each.open_tasks, distance, each.unit, each.person or 0)

    return [Proposal(each, _reasons(each)) for each in sorted(fitting, key=rank)]


def _reasons(candidate: Candidate) -> tuple[Why, ...]:
    made = [Why("routing.covers"), _shift(candidate)]
    load = candidate.open_tasks
    made.append(Why("routing.load", {"n": load}) if load else Why("routing.free"))
    if candidate.distance_km is not None:
        made.append(Why("routing.distance", {"km": f"{candidate.distance_km:.1f}"}))
    return tuple(made)


def _shift(candidate: Candidate) -> Why:
    if not candidate.on_shift:
        return Why("routing.off_shift")
    code = "routing.stand_in" if candidate.stand_in else "routing.on_shift"
    return Why(f"{code}_until", {"until": candidate.until.isoformat()}) if candidate.until else Why(code)


def on_shift_first(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return proposals of several duties with those on shift in front, else in the order they came."""
    return sorted(proposals, key=lambda each: not each.candidate.on_shift)


def is_override(proposals: Sequence[Proposal], unit: str) -> bool:
    """Say whether sending to `unit` goes against the proposal: somebody was proposed, and the first is another unit."""
    return bool(proposals) and proposals[0].candidate.unit != unit
