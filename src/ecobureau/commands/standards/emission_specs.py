"""The small tables beside the samples: outlets, permits, calibration checks, hand samples, declared stops."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ecobureau.commands.standards.emission_rows import factor_table, minute_of
from ecobureau.commands.standards.table import Complaints, InTable, is_missing, number_of
from ecobureau.domain import units
from ecobureau.domain.emission.grid import STEPS
from ecobureau.domain.emission.limits import Profile, profile, profile_names
from ecobureau.domain.emission.outlet import STATE_FACTORS, FactorSpec, OutletSpec
from ecobureau.domain.emission.rules import EmissionRules
from ecobureau.domain.emission.substitution import manual_value
from ecobureau.domain.rules import NoRule, RulePack

BASE_UNIT = {"gas": "mg/m³", "water": "mg/L"}
_PERIOD = re.compile(r"(\d{4})(?:-?(?:[Qq]([1-4])|(\d{1,2})(?:-(\d{1,2}))?))?")
_EVERY = {"year": "year", "quarter": "quarter", "month": "month", "day": "day", "12m": "12m", "12months": "12m"} | {
    "年": "year",
    "季": "quarter",
    "季度": "quarter",
    "月": "month",
    "日": "day",
}


@dataclass
class Given:
    """What outlets.csv says of one outlet.

    Attributes:
        industry, flow, area, kv: of the outlet, None = not said; factors: spec by factor; units, steps, limits by
            factor, where said.
    """

    industry: str = ""
    flow: str = "standard"
    area: float | None = None
    kv: float = 1.0
    factors: dict[str, FactorSpec] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)


def _cells(name: str, complaints: Complaints, encoding: str, *needed: str) -> Iterator[tuple[int, dict[str, str]]]:
    with InTable(name, complaints, encoding) as table:
        table.need(*needed)
        for chunk in table.chunks():
            for at, number in enumerate(chunk.numbers):
                if at not in chunk.ragged:
                    yield number, {name.lower(): cell.strip() for name, cell in chunk.cells(at).items()}


def _number(row: int, cells: Mapping[str, str], column: str, complaints: Complaints, mend: str) -> float | None:
    text = cells.get(column, "")
    try:
        found = number_of(text)
    except ValueError:
        complaints.cell(row, column, text)
        return None
    if found is None:
        return None
    good = 0 <= found < 21 if mend == "emission.mend.o2" else found > 0
    if not good:
        complaints.cell(row, column, text, mend)
        return None
    return float(found)


def read_outlets(name: str, complaints: Complaints, encoding: str) -> dict[str, Given]:
    """Read outlets.csv: one row an outlet and pollutant; unknown columns are not looked at."""
    found: dict[str, Given] = defaultdict(Given)
    for row, cells in _cells(name, complaints, encoding, "outlet_id", "factor"):
        outlet, factor = cells["outlet_id"], cells["factor"].lower()
        factor = factor_table()[1].get(factor, factor)
        if not outlet or not factor:
            column = "factor" if outlet else "outlet_id"
            complaints.cell(row, column, "", f"emission.mend.{column.removesuffix('_id')}")
            continue
        own = found[outlet]
        own.industry = own.industry or cells.get("industry", "")
        own.area = own.area or _number(row, cells, "area_m2", complaints, "emission.mend.positive")
        own.kv = _number(row, cells, "kv", complaints, "emission.mend.positive") or own.kv
        flow = cells.get("flow", "").lower()
        if flow and flow not in ("standard", "actual"):
            complaints.cell(row, "flow", flow, "emission.mend.flow")
        elif flow:
            own.flow = flow
        step = _number(row, cells, "step_minutes", complaints, "emission.mend.positive")
        if step in STEPS:
            own.steps[factor] = int(step)
        elif step:
            steps = ", ".join(str(one) for one in STEPS)
            complaints.cell(row, "step_minutes", cells["step_minutes"], "emission.mend.step", steps=steps)
        limit = _number(row, cells, "limit", complaints, "emission.mend.positive")
        if limit:
            own.limits[factor] = limit
        own.factors[factor] = _spec(row, cells, factor, own, complaints)
    return dict(found)


def _spec(row: int, cells: Mapping[str, str], factor: str, own: Given, complaints: Complaints) -> FactorSpec:
    o2_ref = _number(row, cells, "o2_ref", complaints, "emission.mend.o2")
    o2_air = _number(row, cells, "o2_air", complaints, "emission.mend.positive")
    scale = 1.0
    unit = cells.get("unit", "")
    if unit and factor not in STATE_FACTORS and unit not in ("1", "-"):
        by = units.factor(unit, BASE_UNIT["water" if factor.startswith("w") else "gas"])
        if by is None:
            complaints.cell(row, "unit", unit, "emission.mend.unit")
        else:
            scale, own.units[factor] = float(by), units.spelled(unit)
    return FactorSpec(o2_ref=o2_ref, o2_air=o2_air, scale=scale, mass=factor not in STATE_FACTORS)


def profile_of(given: Given | None, pack: RulePack, on: date) -> Profile | None:
    """Return the industry's profile where outlets.csv names one of the pack."""
    if given is None or given.industry not in profile_names(pack):
        return None
    try:
        return profile(pack, given.industry, on)
    except NoRule:
        return None


def outlet_spec(given: Given | None, own: Profile | None, medium: str, flow: str | None, seen: set[str]) -> OutletSpec:
    """Return what is known of an outlet: its own rows first, then its industry's reference oxygen."""
    given = given or Given()
    factors = dict(given.factors)
    if own is not None and own.o2_ref is not None and own.medium == medium:
        for factor in seen - STATE_FACTORS:
            spec = factors.get(factor, FactorSpec())
            if spec.o2_ref is None:
                factors[factor] = replace(spec, o2_ref=own.o2_ref)
    return OutletSpec(medium, factors, flow or given.flow, given.area, given.kv, given.steps)


@dataclass(frozen=True)
class Permit:
    """One permitted amount: `period` is `year`, `quarter`, `month`, `day` or `12m`; `index` of it, None = each one."""

    period: str
    index: int | None
    kg: Decimal


def read_permits(name: str, complaints: Complaints, encoding: str) -> dict[tuple[str, str], list[Permit]]:
    """Read permits.csv by outlet and factor."""
    found: dict[tuple[str, str], list[Permit]] = defaultdict(list)
    columns = ("outlet_id", "factor", "period", "permitted_kg")
    for row, cells in _cells(name, complaints, encoding, *columns):
        factor = factor_table()[1].get(cells["factor"], cells["factor"]).lower()
        if not cells["outlet_id"] or not factor:
            column = "factor" if cells["outlet_id"] else "outlet_id"
            complaints.cell(row, column, "", f"emission.mend.{column.removesuffix('_id')}")
            continue
        try:
            period, index = permit_period(cells["period"])
        except ValueError:
            complaints.cell(row, "period", cells["period"], "emission.mend.period")
            continue
        try:
            kg = number_of(cells["permitted_kg"])
        except ValueError:
            kg = None
        if kg is None or kg < 0:
            complaints.cell(row, "permitted_kg", cells["permitted_kg"], "emission.mend.permitted")
            continue
        own = found[cells["outlet_id"], factor]
        if any((one.period, one.index) == (period, index) for one in own):
            complaints.row(row, "emission.mend.twice")
            continue
        own.append(Permit(period, index, kg))
    return dict(found)


def permit_period(text: str) -> tuple[str, int | None]:
    """Return the kind of a permit's period and its number since 1970 (None = every one).

    Raises:
        ValueError: no period.
    """
    text = text.strip()
    if text.lower() in _EVERY:
        return _EVERY[text.lower()], None
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, quarter, month, day = (None if one is None else int(one) for one in match.groups())
    assert year is not None
    if quarter is not None:
        return "quarter", (year - 1970) * 4 + quarter - 1
    if month is None:
        return "year", year - 1970
    if day is not None:
        return "day", (date(year, month, day) - date(1970, 1, 1)).days
    return "month", (date(year, month, 1).year - 1970) * 12 + month - 1


def permit_for(permits: list[Permit], period: str, index: int) -> Permit | None:
    """Return the permit of one period: the one that names it, else the one for each."""
    fitting = [one for one in permits if one.period == period and one.index in (index, None)]
    return min(fitting, key=lambda one: one.index is None, default=None)


def read_checks(name: str, complaints: Complaints, encoding: str) -> dict[str, dict[str, list[tuple[int, bool]]]]:
    """Read calibration checks by outlet and factor, in order of time."""
    found: dict[str, dict[str, list[tuple[int, bool]]]] = defaultdict(lambda: defaultdict(list))
    for row, cells in _cells(name, complaints, encoding, "outlet_id", "factor", "time", "passed"):
        at = _minute(row, cells, "time", complaints)
        if cells["passed"] not in ("0", "1"):
            complaints.cell(row, "passed", cells["passed"], "emission.mend.passed")
        elif at is not None:
            found[cells["outlet_id"]][cells["factor"].lower()].append((at // 60, cells["passed"] == "1"))
    return {outlet: {f: sorted(one) for f, one in by_factor.items()} for outlet, by_factor in found.items()}


def read_stops(name: str, complaints: Complaints, encoding: str) -> dict[str, list[tuple[int, int]]]:
    """Read declared stops by outlet: first hour and hour after the last (only whole hours count as stopped)."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, cells in _cells(name, complaints, encoding, "outlet_id", "start", "end", "type"):
        if cells["type"] != "stop":
            continue
        start, end = _minute(row, cells, "start", complaints), _minute(row, cells, "end", complaints)
        if start is None or end is None:
            continue
        if end <= start:
            complaints.cell(row, "end", cells["end"], "emission.mend.span")
            continue
        found[cells["outlet_id"]].append((-(-start // 60), end // 60))
    return dict(found)


Manual = dict[str, dict[str, dict[int, list[tuple[timedelta, float]]]]]


def read_manual(name: str, complaints: Complaints, encoding: str) -> Manual:
    """Read hand samples by outlet, factor and day: time of day and value."""
    found: Manual = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row, cells in _cells(name, complaints, encoding, "outlet_id", "factor", "time", "value"):
        at = _minute(row, cells, "time", complaints)
        try:
            value = number_of(cells["value"])
        except ValueError:
            complaints.cell(row, "value", cells["value"])
            continue
        if at is not None and value is not None:
            moment = timedelta(minutes=at % 1440)
            found[cells["outlet_id"]][cells["factor"].lower()][at // 1440].append((moment, float(value)))
    return found


def manual_hours(
    samples: Mapping[str, Mapping[int, list[tuple[timedelta, float]]]], first: int, count: int, rules: EmissionRules
) -> dict[str, NDArray[np.float64]]:
    """Return by factor the mean of the day's hand samples for each hour, where they are enough."""
    days = (first + np.arange(count, dtype=np.int64)) // 24
    out = {}
    for factor, by_day in samples.items():
        values = np.full(count, np.nan)
        for day, own in by_day.items():
            mean = manual_value(own, rules).value
            if mean is not None:
                values[days == day] = mean
        out[factor] = values
    return out


def _minute(row: int, cells: Mapping[str, str], column: str, complaints: Complaints) -> int | None:
    if is_missing(cells[column]):
        complaints.cell(row, column, cells[column], "emission.mend.time")
        return None
    try:
        return minute_of(cells[column])
    except ValueError:
        complaints.cell(row, column, cells[column], "emission.mend.time")
        return None
