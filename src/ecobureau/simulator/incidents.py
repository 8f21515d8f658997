"""Scripted incidents: what happens where and when, read from TOML, and what it does to an hour of readings.

[[incident]]
kind = "over_limit"      # see KINDS
station = "2"            # MN, number in the fleet (from 1), or a profile such as "power" (its first station)
start = "+30s"           # against the launch; or "22:30", "-1d 23:30", 14 digits
duration = "40m"
factor = "a21002"
times = 1.6              # of the permit limit; or to = 80.0 in the factor's unit
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecobureau.simulator.factors import CONVERTED, FACTORS
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.times import HOUR, moment_of, seconds_of

if TYPE_CHECKING:
    from ecobureau.simulator.block import Block

KINDS = {
    "over_limit": "one factor rises to `to`, or to `times` its limit (converted where a reference oxygen exists)",
    "treatment_off": "the treatment stands still: pollutants rise to `times` their level, the facility reports state 0",
    "flat": "one factor (or all that are calibrated) stands still at its value of the start",
    "missing": "one factor is left out of every frame",
    "offline": "the link is cut; what was collected is back-filled afterwards unless `backfill = false`",
    "out_of_range": "one factor reads `to`, or `times` the end of its range",
    "rewritten": "at the start the last full hour is sent again with one factor at `times` its value",
    "night_noise": "the noise level rises by `to` dB (18 where it is not given)",
    "water_class": "ammonia, phosphorus and permanganate index of a river rise to `times` their level, oxygen falls",
}
"""What an incident can be, and what each does."""

_FIELDS = {"kind", "station", "start", "duration", "factor", "times", "to", "backfill", "mark", "note"}
_USUAL_TIMES = {"over_limit": 1.6, "treatment_off": 4.0, "out_of_range": 1.3, "rewritten": 0.6, "water_class": 4.0}
_NEEDS_FACTOR = {"over_limit", "missing", "out_of_range", "rewritten"}


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident at one station. `start` and `end` are epoch seconds, `end` not included."""

    kind: str
    mn: str
    start: int
    end: int
    factor: str | None = None
    times: float = 1.0
    to: float | None = None
    backfill: bool = True
    mark: str = "N"


def load_incidents(path: Path, plans: Sequence[StationPlan], launch: int) -> list[Incident]:
    """Return the incidents of a TOML file, placed in time against `launch` (epoch seconds).

    Raises:
        ValueError: the file or an entry is not understood; the message says which entry and why.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("incident", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(incident_of(entry, plans, launch))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: incident {number}: {error}") from error
    return found


def incident_of(entry: dict[str, Any], plans: Sequence[StationPlan], launch: int) -> Incident:
    """Return one incident from its TOML table.

    Raises:
        ValueError: an unknown kind, field, station or factor, or a wrong time.
    """
    kind = entry.get("kind")
    if kind not in KINDS:
        raise ValueError(f"no such kind {kind!r}; there are {', '.join(KINDS)}")
    unknown = entry.keys() - _FIELDS
    if unknown:
        raise ValueError(f"unknown field {', '.join(sorted(unknown))}")
    plan = _station(str(entry.get("station", "")), plans)
    factor = entry.get("factor")
    if kind in _NEEDS_FACTOR and factor is None:
        raise ValueError(f"{kind} needs a factor")
    if factor is not None and factor not in plan.factors:
        raise ValueError(f"station {plan.mn} does not measure {factor}; it measures {', '.join(plan.factors)}")
    start = moment_of(entry.get("start", 0), launch)
    return Incident(
        kind=kind,
        mn=plan.mn,
        start=start,
        end=start + max(1, seconds_of(entry.get("duration", "40m"))),
        factor=factor,
        times=float(entry.get("times", _USUAL_TIMES.get(kind, 1.0))),
        to=None if entry.get("to") is None else float(entry["to"]),
        backfill=bool(entry.get("backfill", True)),
        mark=str(entry.get("mark", "N")),
    )


def _station(name: str, plans: Sequence[StationPlan]) -> StationPlan:
    for plan in plans:
        if plan.mn == name:
            return plan
    if name.isdigit() and len(name) < 6 and 1 <= int(name) <= len(plans):
        return plans[int(name) - 1]
    for plan in plans:
        if plan.profile == name or plan.name == name:
            return plan
    raise ValueError(f"no station {name!r}: give an MN, a number from 1 to {len(plans)}, a name or a profile")


def rewritten_hour(incident: Incident) -> int:
    """Return the start of the hour that a `rewritten` incident sends again: the last full one before it."""
    return incident.start // HOUR * HOUR - HOUR


def disturb(block: Block, plan: StationPlan, incidents: Sequence[Incident], seed: int) -> None:
    """Change the readings of one hour as the incidents that touch it demand."""
    for incident in incidents:
        first = max(0, (incident.start - block.hour * HOUR + 59) // 60)
        last = min(60, (incident.end - block.hour * HOUR + 59) // 60)
        effect = _EFFECTS.get(incident.kind)
        if effect is not None and first < last:
            effect(block, plan, incident, first, last, seed)


def _ramp(block: Block, incident: Incident, minute: int) -> float:
    """0 to 1 over the first two minutes of an incident."""
    return min(1.0, (block.hour * HOUR + minute * 60 + 60 - incident.start) / 120.0)


def _target(plan: StationPlan, incident: Incident) -> float:
    if incident.to is not None:
        return incident.to
    code = str(incident.factor)
    return incident.times * plan.limits.get(code, plan.levels.get(code, FACTORS[code].high / 4))


def _over_limit(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    code = str(incident.factor)
    scale, values = FACTORS[code].scale, block.own(code)
    target = _target(plan, incident)
    oxygen = block.values.get("a19001")
    for minute in range(first, last):
        share = 1.0
        if plan.o2_ref is not None and code in CONVERTED and oxygen is not None:
            share = (21.0 - (oxygen[minute] or 0) / 100.0) / (21.0 - plan.o2_ref)
        before = (values[minute] or 0) / scale
        wave = 1.0 + 0.012 * ((minute * 7 + block.hour * 3) % 11 - 5) / 5.0
        here = before + (target * wave * share - before) * _ramp(block, incident, minute)
        values[minute] = int(here * scale + 0.5)
    block.set_mark(code, first, last, incident.mark)


def _treatment_off(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    for code in plan.levels:
        if code in block.values and code != "w01001":
            values = block.own(code)
            for minute in range(first, last):
                rise = 1.0 + (incident.times - 1.0) * _ramp(block, incident, minute)
                values[minute] = int((values[minute] or 0) * rise + 0.5)
    block.facility_off.extend(range(first, last))


def _flat(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    from ecobureau.simulator.nature import curves_of

    start = curves_of(plan, seed, incident.start // HOUR)
    codes = [incident.factor] if incident.factor else [c for c in plan.factors if FACTORS[c].calibrated]
    for code in codes:
        value = incident.to if incident.to is not None else start[code][incident.start % HOUR // 600]
        values = block.own(code)
        values[first:last] = [int(value * FACTORS[code].scale + 0.5)] * (last - first)


def _missing(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    block.own(str(incident.factor))[first:last] = [None] * (last - first)


def _out_of_range(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    code = str(incident.factor)
    spec = FACTORS[code]
    value = incident.to if incident.to is not None else incident.times * spec.high
    block.own(code)[first:last] = [round(value * spec.scale) + minute % 3 for minute in range(first, last)]
    block.set_mark(code, first, last, incident.mark)


def _night_noise(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    values = block.own("LA")
    rise = int((incident.to if incident.to is not None else 18.0) * 10)
    for minute in range(first, last):
        values[minute] = (values[minute] or 0) + rise


def _water_class(block: Block, plan: StationPlan, incident: Incident, first: int, last: int, seed: int) -> None:
    for code, share in (
        ("w21003", incident.times),
        ("w21011", incident.times),
        ("w01019", incident.times),
        ("w01009", 0.4),
    ):
        if code in block.values:
            values = block.own(code)
            values[first:last] = [int((value or 0) * share + 0.5) for value in values[first:last]]


_EFFECTS = {
    "over_limit": _over_limit,
    "treatment_off": _treatment_off,
    "flat": _flat,
    "missing": _missing,
    "out_of_range": _out_of_range,
    "night_noise": _night_noise,
    "water_class": _water_class,
}
